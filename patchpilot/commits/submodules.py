# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep git from examining submodules.

To detect changes in a submodule, git runs `git status` there, which would run filters and the file
system monitor of the submodule's own configuration.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from patchpilot.commits.run import git

_KEY = re.compile(r"submodule\.(?P<name>.+)\.[^.]+", re.DOTALL)
_FOR_ALL = (
    ("diff.ignoreSubmodules", "dirty"),
    ("diff.submodule", "short"),
    ("status.submoduleSummary", "false"),
    ("submodule.recurse", "false"),
)
_FILE = ".gitmodules"
_PLACES = (("--file", _FILE), ("--blob", f":{_FILE}"), ("--blob", f"HEAD:{_FILE}"))
"""Sources of submodule names: working tree, index and commit."""


def submodule_settings(top: Path) -> tuple[tuple[str, str], ...]:
    """Return settings for git commands without a suitable option, such as `git commit`.

    They override `ignore` of each submodule.
    """
    names = dict.fromkeys(_list_names(top))
    return (*_FOR_ALL, *((f"submodule.{name}.ignore", "dirty") for name in names))


def _list_names(top: Path) -> Iterator[str]:
    keys: list[str] = []
    for option, variable in _PLACES:
        # reading a FIFO would block
        if option == "--blob" or (top / variable).is_file():
            listed = git(
                top, "config", option, variable, "--list", "--name-only", "-z", ok=()
            )
            keys += listed.text.split("\0")
    yield from (match["name"] for key in keys if (match := _KEY.fullmatch(key)))
