# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the demo's driver in each release.

The driver sends messages to a card's firmware and rejects old cards.
"""

from collections.abc import Collection

MCP = "drivers/net/ethernet/acme/acme_mcp.c"
MAIN = "drivers/net/ethernet/acme/acme_main.c"
HEADER = "drivers/net/ethernet/acme/acme.h"

_HEAD = """\
// SPDX-License-Identifier: GPL-2.0-only
/* Acme FastWire: talking to the management firmware through its mailbox */

#include <linux/bitfield.h>
#include <linux/delay.h>
#include <linux/io.h>

#include "acme.h"

static int acme_mcp_wait(struct acme_hwfn *hwfn, u32 seq, u32 *rsp)
{
	int tries;

	for (tries = 0; tries < ACME_MCP_TRIES; tries++) {
		*rsp = readl(hwfn->regs + ACME_MCP_RSP);
		if ((*rsp & ACME_MSG_SEQ_MASK) == seq)
			return 0;
		usleep_range(ACME_MCP_DELAY_US, 2 * ACME_MCP_DELAY_US);
	}

	return -ETIMEDOUT;
}

int acme_mcp_cmd(struct acme_hwfn *hwfn, u32 cmd, u32 arg, u32 *rsp, u32 *param)
{
	u32 seq = ++hwfn->mcp_seq & ACME_MSG_SEQ_MASK;
	int rc;

	writel(arg, hwfn->regs + ACME_MCP_ARG);
	writel(cmd | seq, hwfn->regs + ACME_MCP_CMD);

	rc = acme_mcp_wait(hwfn, seq, rsp);
	if (rc)
		return rc;

	*param = readl(hwfn->regs + ACME_MCP_PARAM);

	return 0;
}

int acme_mcp_get_version(struct acme_hwfn *hwfn, u32 *version)
{
	u32 rsp;

	return acme_mcp_cmd(hwfn, ACME_CMD_VERSION, 0, &rsp, version);
}
"""

_TEMPERATURE = """
int acme_mcp_get_temperature(struct acme_hwfn *hwfn, int *millidegrees)
{
	u32 rsp, param;
	int rc;

	rc = acme_mcp_cmd(hwfn, ACME_CMD_TEMPERATURE, 0, &rsp, &param);
	if (rc)
		return rc;

	*millidegrees = 1000 * (int)param;

	return 0;
}
"""

_IMAGES = """
int acme_mcp_nvm_num_images(struct acme_hwfn *hwfn, u32 *num_images)
{{
	u32 rsp, param;
	int rc;

	rc = acme_mcp_cmd(hwfn, ACME_CMD_NVM_IMAGES, 0, &rsp, &param);
	if (rc)
		return rc;

{check}
		rc = -EINVAL;

	*num_images = {count};

	return rc;
}}
"""

_LINK = """
int acme_mcp_set_link(struct acme_hwfn *hwfn, bool up)
{
	u32 rsp, param;

	return acme_mcp_cmd(hwfn, ACME_CMD_LINK, up, &rsp, &param);
}
"""

ANSWER = "ACME_MSG_UNSUPPORTED)"
"""The code of the response in each version of the fix."""
CHECK_PLAIN = "\tif (rsp != ACME_MSG_OK)"
CHECK_MASKED = "\tif ((rsp & ACME_MSG_CODE_MASK) != ACME_MSG_OK)"
CHECK_BAD_STYLE = (
    "\tif((rsp & ACME_MSG_CODE_MASK) == ACME_MSG_UNSUPPORTED)\n"
    "\t\trc = -EOPNOTSUPP;\n"
    "\telse if ((rsp & ACME_MSG_CODE_MASK) != ACME_MSG_OK)"
)
CHECK_FIXED = CHECK_BAD_STYLE.replace("if((", "if ((")
CHECK_UNUSED = (
    "\tif ((rsp & ACME_MSG_CODE_MASK) == ACME_MSG_UNSUPPORTED) {\n"
    "\t\tu32 seq = rsp & ACME_MSG_SEQ_MASK;\n"
    "\n\t\trc = -EOPNOTSUPP;\n"
    "\t} else if ((rsp & ACME_MSG_CODE_MASK) != ACME_MSG_OK)"
)
"""The unused variable in v1, which a robot reports."""


CHANGES = ("images", "masked", "field", "temperature")
"""Changes of the demo, in order."""


def make_mcp_source(changes: Collection[str] = CHANGES, check: str = "") -> str:
    """Return acme_mcp.c with these changes and this check of the card's response."""
    text = _HEAD
    if "temperature" in changes:
        text += _TEMPERATURE
    if "images" in changes:
        count = "FIELD_GET(ACME_NVM_COUNT_MASK, param)" if "field" in changes else "param"
        check = check or (CHECK_MASKED if "masked" in changes else CHECK_PLAIN)
        text += _IMAGES.format(check=check, count=count)
    return text + _LINK


_MAIN = """\
// SPDX-License-Identifier: GPL-2.0-only
/* Acme FastWire: probe and remove */

#include <linux/module.h>
#include <linux/pci.h>

#include "acme.h"

static int acme_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{{
	struct acme_hwfn *hwfn;
	u32 version;
	int rc;

	hwfn = devm_kzalloc(&pdev->dev, sizeof(*hwfn), GFP_KERNEL);
	if (!hwfn)
		return -ENOMEM;

	rc = acme_mcp_get_version(hwfn, &version);
	if (rc)
		return rc;
{images}
	pci_set_drvdata(pdev, hwfn);

	return acme_mcp_set_link(hwfn, true);
}}

static void acme_remove(struct pci_dev *pdev)
{{
	acme_mcp_set_link(pci_get_drvdata(pdev), false);
}}

static const struct pci_device_id acme_ids[] = {{
	{{ PCI_DEVICE(0x1acb, 0x4500) }},
	{{ }}
}};
MODULE_DEVICE_TABLE(pci, acme_ids);

static struct pci_driver acme_driver = {{
	.name = "acme",
	.id_table = acme_ids,
	.probe = acme_probe,
	.remove = acme_remove,
}};
module_pci_driver(acme_driver);

MODULE_DESCRIPTION("Acme FastWire Ethernet driver");
MODULE_LICENSE("GPL");
"""


_CALL = """
	rc = acme_mcp_nvm_num_images(hwfn, &hwfn->num_images);
	if (rc && rc != -EOPNOTSUPP)
		return rc;
"""

_HEADER = """\
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef ACME_H
#define ACME_H

#include <linux/types.h>

#define ACME_MCP_CMD		0x00
#define ACME_MCP_ARG		0x04
#define ACME_MCP_RSP		0x08
#define ACME_MCP_PARAM		0x0c
#define ACME_MCP_TRIES		500
#define ACME_MCP_DELAY_US	10

#define ACME_MSG_SEQ_MASK	0x0000ffff
#define ACME_MSG_CODE_MASK	0xffff0000
#define ACME_MSG_OK		0x00160000
#define ACME_MSG_UNSUPPORTED	0x00000000

#define ACME_CMD_VERSION	0x00010000
#define ACME_CMD_LINK		0x00020000
images:#define ACME_CMD_NVM_IMAGES	0x00030000
temperature:#define ACME_CMD_TEMPERATURE	0x00040000
field:
field:#define ACME_NVM_COUNT_MASK	0x000000ff

struct acme_hwfn {
	void __iomem *regs;
	u32 mcp_seq;
images:	u32 num_images;
};

int acme_mcp_cmd(struct acme_hwfn *hwfn, u32 cmd, u32 arg, u32 *rsp, u32 *param);
int acme_mcp_get_version(struct acme_hwfn *hwfn, u32 *version);
temperature:int acme_mcp_get_temperature(struct acme_hwfn *hwfn, int *millidegrees);
images:int acme_mcp_nvm_num_images(struct acme_hwfn *hwfn, u32 *num_images);
int acme_mcp_set_link(struct acme_hwfn *hwfn, bool up);

#endif /* ACME_H */
"""
"""acme.h; names that belong to a change begin with its name."""


def make_acme_files(changes: Collection[str]) -> dict[str, str]:
    header_lines = []
    for line in _HEADER.splitlines(keepends=True):
        change, colon, text = line.partition(":")
        if colon and change in CHANGES:
            header_lines.append(text if change in changes else "")
        else:
            header_lines.append(line)
    return {
        MCP: make_mcp_source(changes),
        MAIN: _MAIN.format(images=_CALL if "images" in changes else ""),
        HEADER: "".join(header_lines),
    }
