# SPDX-License-Identifier: GPL-2.0-or-later
"""checkpatch.pl's types that have no rule, because the script never reports them."""

import tomllib
from pathlib import Path
from typing import NamedTuple


class RetiredType(NamedTuple):
    """A type without findings, the reason, and code that ought to trigger it."""

    checkpatch: str
    why: str
    path: str
    code: str


def retired_types() -> tuple[RetiredType, ...]:
    """Return all of retired.toml."""
    tables = tomllib.loads(
        Path(__file__).with_name("retired.toml").read_text(encoding="utf-8")
    )["retired"]
    return tuple(RetiredType(**table) for table in tables)
