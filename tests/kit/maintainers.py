# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the MAINTAINERS of a small invented kernel, and write a tree with the files that it
lists.
"""

from pathlib import Path

MAINTAINERS = """\
List of maintainers
===================

	M: an indented line is prose

ACME WIDGET DRIVER
M:	Ada Fixer <ada@widgets.example>
M:	"Bo, Jr." <bo@widgets.example>, Cy Lister <cy@widgets.example>
R:	Dee Reader <dee@readers.example>
L:	widgets@lists.example (moderated for non-subscribers)
S:	Supported
W:	https://widgets.example/
B:	https://bugs.example/
P:	Documentation/process/widgets.rst
Q:	https://patches.example/widgets
T:	git git://git.example/widgets.git for-next
T:	quilt https://quilt.example/
F:	drivers/widget/
F:	include/linux/widget*.h
X:	drivers/widget/legacy/
K:	\\bwidget_(get|put)\\b

# a comment never ends a section
LEGACY WIDGETS
L:	old-widgets@lists.example (subscribers-only)
S:	Orphan
F:	drivers/widget/legacy/

NETWORK DRIVERS
M:	Eve Router <eve@net.example>
L:	netlist@lists.example
S:	Maintained
T:	git git://git.example/net.git
F:	drivers/net/

SOC GADGET
M:	Flo Chip <flo@soc.example>
L:	soc@lists.example
S:	Odd Fixes
N:	gadget[0-9]?
K:	(?i)gadget-tree

STALE THING
M:	Gus Gone <gus@codeaurora.org>
S:	Obsolete
F:	lib/stale.c

THE REST
M:	Linus Torvalds <torvalds@linux-foundation.org>
L:	everybody@lists.example
S:	Buried alive in reporters
T:	git git://git.example/linux.git
F:	*
F:	*/
"""

FILES = {
    "MAINTAINERS": MAINTAINERS,
    "Makefile": "VERSION = 6\nPATCHLEVEL = 1\nEXTRAVERSION =\n",
    "drivers/widget/core.c": "int widget;\n",
    "drivers/widget/legacy/old.c": "int old;\n",
    "drivers/net/port.c": "int port;\n",
    "include/linux/widget-core.h": "int widget_get(void);\n",
    "lib/stale.c": "int stale;\n",
    "lib/plain.c": "int plain;\n",
    "scripts/README": "none\n",
}


def write_widget_tree(folder: Path, **extra_files: str) -> Path:
    """Write the tree and additional files, in whose names `__` stands for `/`."""
    for name, content in {
        **FILES,
        **{name.replace("__", "/"): content for name, content in extra_files.items()},
    }.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return folder


def build_widget_patch(
    path: str = "drivers/widget/core.c",
    message: str = "",
    subject: str = "widget: mend it",
    added_line: str = "int mended;",
) -> str:
    """Return a patch that adds one line, in the format of git format-patch."""
    return f"""\
From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: Nia New <nia@newcomers.example>
Date: Mon, 1 Jan 2024 00:00:00 +0000
Subject: [PATCH] {subject}

{message}
Signed-off-by: Nia New <nia@newcomers.example>
---
 {path} | 1 +
 1 file changed, 1 insertion(+)

diff --git a/{path} b/{path}
index 1111111..2222222 100644
--- a/{path}
+++ b/{path}
@@ -1 +1,2 @@
 int widget;
+{added_line}
-- 
2.40.0
"""
