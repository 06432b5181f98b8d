# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every key in the tutorial works in its stage.

The generated page of keys lists the keys of each stage.
"""

import re
import runpy

import pytest

from patchpilot.tui.view.stages import Stage
from tests.kit.source import ROOT

TUTORIAL = ROOT / "docs" / "tutorial" / "guided-workflow.md"
KEYS_PAGE = runpy.run_path(str(ROOT / ".ci" / "reference_pages.py"))["keys_page"]
EVERYWHERE = (
    "Everywhere",
    "In lists",
    "In patches and messages",
    "In a search",
    "In the dialog that writes tags",
    "In the sandbox",
)
WIDGETS = frozenset(("Tab", "Space"))
"""Keys of Textual, which the page of keys names in its first paragraph."""


def split_page_sections(page: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def find_table_keys(table_text: str) -> set[str]:
    cells = re.findall(r"^\| (`.*?`) \| ", table_text, re.MULTILINE)
    return {key.replace("\\", "") for cell in cells for key in re.findall(r"`(.+?)`", cell)}


@pytest.mark.parametrize("stage", list(Stage), ids=str)
def test_tutorial_keys_work(stage: Stage) -> None:
    name = f"{stage.number} {stage.label}"
    known = split_page_sections(KEYS_PAGE())
    works = WIDGETS.union(*(find_table_keys(known[heading]) for heading in (*EVERYWHERE, name)))
    named = re.findall(
        r"`(\S|PgDn|PgUp|Tab|Enter|Space|Ctrl-\w)`",
        split_page_sections(TUTORIAL.read_text(encoding="utf-8"))[name],
    )
    assert named
    assert set(named) - works == set()
