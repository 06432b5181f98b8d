# SPDX-License-Identifier: GPL-2.0-or-later
"""List checkpatch.pl types that need no rule, because checkpatch.pl never reports them."""

import tomllib
from pathlib import Path
from typing import NamedTuple


class RetiredType(NamedTuple):
    """A checkpatch.pl type that is never reported. It has the reason, and code that should trigger
    it.
    """

    checkpatch: str
    why: str
    path: str
    code: str


def load_retired_types() -> tuple[RetiredType, ...]:
    tables = tomllib.loads(Path(__file__).with_name("retired.toml").read_text(encoding="utf-8"))[
        "retired"
    ]
    return tuple(RetiredType(**table) for table in tables)
