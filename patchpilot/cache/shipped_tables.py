# SPDX-License-Identifier: GPL-2.0-or-later
"""The TOML files of the shipped data, which take longer to parse than a patch to check."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from patchpilot.cache.entries import Kind, kept
from patchpilot.resources import data_dir


@cache
def shipped_tables(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the tables in a folder of checks/, by the names of their files."""
    folder = data_dir("checks") / name

    def parsed() -> dict[str, Mapping[str, Any]]:
        import tomllib

        return {
            file.stem: tomllib.loads(file.read_text(encoding="utf-8"))
            for file in sorted(folder.glob("*.toml"))
        }

    tables: Mapping[str, Mapping[str, Any]] = kept(
        Kind("tables", (str(folder),)), (), parsed
    )
    return tables
