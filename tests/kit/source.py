# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse patchpilot's modules."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "patchpilot"


def trees(*words: str, root: Path = SOURCE) -> Iterator[tuple[Path, ast.Module]]:
    """Yield the path and syntax tree of each module.

    If words are given, yield only modules that contain one of them, because parsing all modules
    takes two seconds.
    """
    for file in sorted(root.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if not words or any(word in text for word in words):
            yield file, ast.parse(text)
