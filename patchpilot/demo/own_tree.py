# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the demo's closing text, which explains how to repeat its steps in the user's own tree."""

import shlex
import shutil
import sys
from pathlib import Path

from patchpilot.demo.sandbox import ENV

_OWN_TREE = """\
The same with your own fix, on a branch of your own kernel tree:

{path}    cd ~/linux
    patchpilot doctor     checks git, the mail server and the archive
    patchpilot            opens these stages on the current branch

Nothing is sent before you saw it. `patchpilot send --to-self` sends a test.
{fate}"""
_KEPT = """\
The sandbox stays in {root}. Its mail server and archive are stopped. To look at it again:

    . {env}; cd {work}
"""


def find_folder_outside_path() -> str:
    """Return the folder of the `patchpilot` command if PATH does not contain it, otherwise "".

    For example, PATH does not contain it after `make demo`.
    """
    return "" if shutil.which("patchpilot") else str(Path(sys.executable).parent)


def format_own_tree_text(folder: str = "", *, kept: bool = False) -> str:
    """Return the closing text, with commands that work in the user's shell.

    `folder` is the command's folder if PATH does not contain it. If `kept` is set, the text of
    `format_kept_text` follows.
    """
    path = f"    PATH={shlex.quote(folder)}:$PATH\n" if folder else ""
    command = shlex.quote(str(Path(folder, "patchpilot"))) if folder else "patchpilot"
    again = f"`{command} demo` starts"
    fate = f"{again} a new sandbox." if kept else f"The demo removes its files; {again} it again."
    return _OWN_TREE.format(path=path, fate=fate)


def format_kept_text(root: Path, work: Path) -> str:
    """Return what stays of a sandbox in `root`, and how to enter its repository."""
    env, directory = (shlex.quote(str(path)) for path in (root / ENV, work))
    return _KEPT.format(root=root, env=env, work=directory).rstrip("\n")
