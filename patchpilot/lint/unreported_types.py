# SPDX-License-Identifier: GPL-2.0-or-later
"""Types of checkpatch.pl that no rule stands for, because the script itself never reports them."""

import tomllib
from dataclasses import dataclass

from patchpilot.errors import PackError
from patchpilot.resources import data_dir


@dataclass(frozen=True, slots=True)
class UnreportedTypes:
    """A type that is dead, why it is, and code (added to `path`) that would give it if it were not."""

    checkpatch: str
    why: str
    path: str
    code: str


def retired_types() -> tuple[UnreportedTypes, ...]:
    """All of checks/retired.toml; PackError names an entry that lacks something."""
    tables = tomllib.loads((data_dir("checks") / "retired.toml").read_text(encoding="utf-8"))["retired"]
    try:
        return tuple(UnreportedTypes(table["checkpatch"], table["why"], table["path"], table["code"]) for table in tables)
    except KeyError as error:
        raise PackError(f"retired.toml: an entry has no {error}") from error
