# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each statement in docs/explanation/security.md names the tests that show it."""

import re
from collections.abc import Iterator

from tests.kit.source import ROOT

PAGE = (ROOT / "docs/explanation/security.md").read_text()
_NAME = re.compile(r"`(tests/[\w/]+\.py|\.ci/\w+|test_\w+)`")
PROMISES = (
    *("What is promised, and where it is tested", "Commands that a repository names itself"),
    *("How builds are confined", "What is never run", "Limits", "What a gate sees"),
    *("Text that other programs read", "Files that are imported", "When patchpilot is killed"),
)
"""The sections whose statements are promises. The tables of Network and What is run are tested as
a whole, by tests/journey/test_no_network.py and test_canaries.py.
"""
INTRODUCTIONS = (
    "`SECURITY.md` in the source",
    "git's `safe.directory`",
    "patchpilot never runs any of the following:",
    "A check whose output",
    "A build runs code",
    "Confinement does not prevent",
)
"""Beginnings of blocks that promise nothing."""


def list_blocks(title: str) -> Iterator[str]:
    """Yield the paragraphs, items and rows of tables in a section."""
    section = PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    section = section.partition("Confinement does not prevent")[0]
    for paragraph in section.strip().split("\n\n"):
        rows = paragraph.split("\n")
        if rows[0].startswith("|"):
            yield from rows[2:]
        else:
            yield from (" ".join(part.split()) for part in re.split(r"\n(?=- )", paragraph))


def test_each_promise_names_a_test() -> None:
    missing = [
        block
        for title in PROMISES
        for block in list_blocks(title)
        if not _NAME.search(block) and not block.startswith(INTRODUCTIONS) and block[-1:] != ":"
    ]
    assert missing == []
    assert all(len([*list_blocks(title)]) > 0 for title in PROMISES)


def test_each_named_test_exists() -> None:
    functions = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    names = _NAME.findall(PAGE)
    assert [name for name in names if "/" in name and not (ROOT / name).exists()] == []
    assert [name for name in names if "/" not in name and name not in functions] == []
