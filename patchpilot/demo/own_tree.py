# SPDX-License-Identifier: GPL-2.0-or-later
"""How to do in one's own tree what the demo showed: the text that the demo ends with, in the TUI
and on the command line.
"""

import shlex
import shutil
import sys
from pathlib import Path

ALL_DONE = """\
The patch is in mainline and in a stable kernel. Cc: stable brings it to
the branches to which it applies. One step is left, for 6.1, to which it does not:
press z at stage 5 to resolve the conflict.

"""
"""What the TUI's end card says before that."""
_OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

{path}    cd ~/linux
    patchpilot doctor     checks git, the mail server and the archive
    patchpilot            opens these stages on the current branch

Nothing is sent before you saw it. `patchpilot send --to-self` sends a test.
When you quit, the demo removes its files; `{command} demo` starts it again."""
FOLDER = "PATCHPILOT_FOLDER"
"""The variable with what `folder_outside_path` found, for the TUI in the sandbox, whose PATH is
another.
"""


def folder_outside_path() -> str:
    """The folder of the command `patchpilot` where the PATH does not have it (as after `make
    demo`), otherwise "".
    """
    return "" if shutil.which("patchpilot") else str(Path(sys.executable).parent)


def own_tree(folder: str = "") -> str:
    """The text, with the commands as they work in the user's shell.

    `folder` is the one that the PATH lacks.
    """
    path = f"    PATH={shlex.quote(folder)}:$PATH\n" if folder else ""
    return _OWN_TREE.format(
        path=path,
        command=shlex.quote(str(Path(folder, "patchpilot")))
        if folder
        else "patchpilot",
    )
