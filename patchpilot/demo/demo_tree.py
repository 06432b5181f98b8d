# SPDX-License-Identifier: GPL-2.0-or-later
"""Generate the files of the sandbox tree that are not drivers: MAINTAINERS, Kconfig, Makefile,
Documentation.
"""

from patchpilot.demo.demo_people import (
    CROWD,
    KERNEL_LIST,
    LINUS,
    MAINTAINER,
    NET_LIST,
    NET_MAINTAINER,
    NET_REVIEWER,
)

MAINTAINERS = f"""\
List of maintainers
===================

Descriptions of section entries and preferred order
---------------------------------------------------

	M: *Mail* patches to: FullName <address@domain>
	R: Designated *Reviewer*: FullName <address@domain>
	L: *Mailing list* that is relevant to this area
	S: *Status*, one of the following:
	   Supported, Maintained, Odd Fixes, Orphan, Obsolete
	T: *SCM* tree type and location.
	F: *Files* and directories wildcard patterns.
	X: *Excluded* files and directories
	N: Files and directories *Regex* patterns.
	K: *Content regex* (perl extended) pattern match in a patch or file.

Maintainers List
----------------

ACME FASTWIRE ETHERNET DRIVER
M:	{MAINTAINER.trailer()}
L:	{NET_LIST}
S:	Supported
F:	drivers/net/ethernet/acme/

AUDIO CODECS
M:	{CROWD[1].trailer()}
L:	alsa-devel@lists.example.org (moderated for non-subscribers)
S:	Maintained
T:	git git://git.example.org/sound.git
F:	sound/soc/

CLOCK FRAMEWORK
M:	{CROWD[2].trailer()}
S:	Maintained
F:	drivers/clk/

DOCUMENTATION
M:	{CROWD[3].trailer()}
L:	linux-doc@lists.example.org
S:	Maintained
P:	Documentation/process/doc-guide.rst
F:	Documentation/
X:	Documentation/devicetree/

FOSSIL TIME CAPSULE
S:	Orphan
F:	drivers/misc/fossil.c

HARDWARE MONITORING
M:	{CROWD[4].trailer()}
L:	linux-hwmon@lists.example.org
S:	Maintained
W:	https://hwmon.example.org/
Q:	https://patchwork.example.org/project/linux-hwmon/list/
F:	Documentation/hwmon/
F:	drivers/hwmon/

MMC, SD AND SDIO
M:	{CROWD[5].trailer()}
L:	linux-mmc@lists.example.org
S:	Maintained
F:	drivers/mmc/

NETWORKING DRIVERS
M:	{NET_MAINTAINER.trailer()}
R:	{NET_REVIEWER.trailer()}
L:	{NET_LIST}
S:	Maintained
P:	Documentation/process/maintainer-netdev.rst
T:	git git://git.example.org/netdev/net.git
T:	git git://git.example.org/netdev/net-next.git
F:	drivers/net/
F:	include/linux/netdevice.h

REGISTER ACCESS
M:	{CROWD[6].trailer()}
S:	Odd Fixes
K:	\\b(readl|writel)_relaxed\\b

SPI SUBSYSTEM
M:	{CROWD[7].trailer()}
L:	linux-spi@lists.example.org
S:	Maintained
F:	drivers/spi/

TAFEL HARDWARE
M:	{CROWD[8].trailer()}
S:	Supported
N:	tf[0-9]+
N:	vw[0-9]+

USB SUBSYSTEM
M:	{CROWD[9].trailer()}
L:	linux-usb@lists.example.org
S:	Supported
B:	mailto:linux-usb@lists.example.org
C:	irc://irc.example.org/usb
F:	drivers/usb/
X:	drivers/usb/misc/dock.c

THE REST
M:	{LINUS.trailer()}
L:	{KERNEL_LIST}
S:	Buried alive in reporters
T:	git git://git.example.org/linux.git
F:	*
F:	*/
"""

KCONFIG = """\
# SPDX-License-Identifier: GPL-2.0-only
mainmenu "Sandbox kernel configuration"

source "drivers/net/ethernet/acme/Kconfig"
"""

ACME_KCONFIG = """\
# SPDX-License-Identifier: GPL-2.0-only
config ACME
	tristate "Acme FastWire Ethernet support"
	depends on PCI
	help
	  This driver supports the Acme FastWire family of 25 and 50 Gbit/s
	  Ethernet adapters. The management firmware of the card is asked
	  for its version and for the images in its flash at start.

	  To compile this driver as a module, choose M here.
"""

CODING_STYLE = """\
.. SPDX-License-Identifier: GPL-2.0

Coding style of this tree
=========================

Tabs are eight characters. A keyword is followed by a space, a function's
name is not. One statement a line.
"""


def make_makefile(version: str) -> str:
    """Return the top-level Makefile of a release such as "6.1", "6.1.4" or "7.1-rc2"."""
    number, _, extra = version.partition("-")
    parts = [*number.split("."), "0", "0"][:3]
    return (
        f"# SPDX-License-Identifier: GPL-2.0\nVERSION = {parts[0]}\nPATCHLEVEL ="
        f" {parts[1]}\nSUBLEVEL = {parts[2]}\nEXTRAVERSION = {'-' + extra if extra else ''}\nNAME ="
        " Sandbox\n\nobj-y += drivers/ sound/\n"
    )


NETDEV_RST = """\
.. SPDX-License-Identifier: GPL-2.0

Networking
==========

Name the tree in the subject: ``[PATCH net]`` for fixes, ``[PATCH net-next]``
for everything else.
"""

TF75_RST = """\
Kernel driver tf75
==================

The TF75 reports one temperature.
"""

ACME_MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0-only
obj-$(CONFIG_ACME) += acme.o
acme-y := acme_main.o acme_mcp.o
"""

NETDEVICE_H = """\
/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _LINUX_NETDEVICE_H
#define _LINUX_NETDEVICE_H

struct net_device;

#endif
"""


def make_first_files() -> dict[str, str]:
    return {
        "COPYING": "The sandbox tree is GPL-2.0-only.\n",
        "Documentation/process/coding-style.rst": CODING_STYLE,
        "Documentation/process/maintainer-netdev.rst": NETDEV_RST,
        "Documentation/hwmon/tf75.rst": TF75_RST,
        "Kconfig": KCONFIG,
        "MAINTAINERS": MAINTAINERS,
        "drivers/net/ethernet/acme/Kconfig": ACME_KCONFIG,
        "drivers/net/ethernet/acme/Makefile": ACME_MAKEFILE,
        "include/linux/netdevice.h": NETDEVICE_H,
    }
