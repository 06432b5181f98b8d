# SPDX-License-Identifier: GPL-2.0-or-later
"""Prevent git from examining submodules.

To detect changes in a submodule, git runs `git status` in it, which would run filters and the file
system monitor from the submodule's own configuration.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from patchpilot.commits.git_command import git

_KEY = re.compile(r"submodule\.(?P<name>.+)\.[^.]+", re.DOTALL)
_GLOBAL_SETTINGS = (
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.submodule", "short"),
    ("status.submoduleSummary", "false"),
    ("submodule.recurse", "false"),
)
_FILE = ".gitmodules"
_SOURCES = (("--file", _FILE), ("--blob", f":{_FILE}"), ("--blob", f"HEAD:{_FILE}"))
"""Sources of submodule names: working tree, index and commit."""


def list_submodule_settings(top: Path) -> tuple[tuple[str, str], ...]:
    """Return settings that make git ignore submodules.

    They are for commands such as `git commit` that have no option for this. They override the
    `ignore` setting of each submodule.
    """
    names = dict.fromkeys(_list_submodule_names(top))
    return (
        *_GLOBAL_SETTINGS,
        *((f"submodule.{name}.ignore", "dirty") for name in names),
    )


def _list_submodule_names(top: Path) -> Iterator[str]:
    keys: list[str] = []
    for option, variable in _SOURCES:
        # reading a FIFO would block
        if option == "--blob" or (top / variable).is_file():
            output = git(top, "config", option, variable, "--list", "--name-only", "-z", ok=())
            keys += output.text.split("\0")
    yield from (match["name"] for key in keys if (match := _KEY.fullmatch(key)))
