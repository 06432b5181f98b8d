# SPDX-License-Identifier: GPL-2.0-or-later
"""The pages about the code name files that there are."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PATH = re.compile(r"`((?:[\w*-]+/)+[\w*-]+\.py|checks/[\w*./-]+)`")
ROOMS = [ROOT / "patchpilot", ROOT]


@pytest.mark.parametrize("page", ["architecture.md", "internals.md"])
def test_a_file_that_a_page_names_is_there(page: str) -> None:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    named = {match[1] for match in _PATH.finditer(text)}
    assert len(named) > 5
    missing = {
        name for name in named if not any(any(room.glob(name)) for room in ROOMS)
    }
    assert not missing
