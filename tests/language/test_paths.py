# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the files exist that are named on the pages about the code."""

import re

import pytest

from tests.kit.source import ROOT

_PATH = re.compile(r"`((?:[\w*-]+/)+[\w*-]+\.py|checks/[\w*./-]+)`")
ROOMS = [ROOT / "patchpilot", ROOT]


@pytest.mark.parametrize("page", ["architecture.md", "internals.md"])
def test_files_named_in_pages_exist(page: str) -> None:
    content = (ROOT / "docs" / page).read_text(encoding="utf-8")
    paths = {match[1] for match in _PATH.finditer(content)}
    assert len(paths) > 5
    missing = {name for name in paths if not any(any(folder.glob(name)) for folder in ROOMS)}
    assert not missing


def test_readme_figures_match_their_pages() -> None:
    content = (ROOT / "README.md").read_text(encoding="utf-8")
    section = content.partition("## How well it works")[2].partition("\n## ")[0]
    linked = re.findall(r"\[([^]]*)\]\((docs/reference/[^)]*)\) \|$", section, re.M)
    assert len(linked) == 3
    for result, page in linked:
        figures = re.findall(r"\d+(?:\.\d+)?", result)
        page_text = (ROOT / page.partition("#")[0]).read_text(encoding="utf-8")
        assert figures
        assert [figure for figure in figures if figure not in page_text] == []
