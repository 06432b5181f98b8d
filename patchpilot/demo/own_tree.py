# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the demo's closing text, which explains how to repeat its steps in the user's own tree."""

import shlex
import shutil
import sys
from pathlib import Path

_OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

{path}    cd ~/linux
    patchpilot doctor     checks git, the mail server and the archive
    patchpilot            opens these stages on the current branch

Nothing is sent before you saw it. `patchpilot send --to-self` sends a test.
{fate}; `{command} demo` starts it again."""


def find_folder_outside_path() -> str:
    """Return the folder of the `patchpilot` command if PATH does not contain it, otherwise "".

    For example, PATH does not contain it after `make demo`.
    """
    return "" if shutil.which("patchpilot") else str(Path(sys.executable).parent)


def format_own_tree_text(folder: str = "", *, kept: bool = False) -> str:
    """Return the closing text, with commands that work in the user's shell.

    `folder` is the command's folder if PATH does not contain it. `kept` is set if the sandbox is
    kept.
    """
    path = f"    PATH={shlex.quote(folder)}:$PATH\n" if folder else ""
    return _OWN_TREE.format(
        path=path,
        fate=f"The demo {'keeps' if kept else 'removes'} its files",
        command=shlex.quote(str(Path(folder, "patchpilot"))) if folder else "patchpilot",
    )
