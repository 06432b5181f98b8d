# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that quoted paths are parsed and written like in git."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.patch import quote_path, unquote_path
from tests.kit.repos import Repo


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_quoted_path_round_trips(path: str) -> None:
    assert unquote_path(quote_path(path)) == path


@pytest.mark.parametrize("text", ["plain", '"', '"half', r"back\slash", r'"\q"', r'"\9"', ""])
def test_unquoted_path_is_unchanged(text: str) -> None:
    assert unquote_path(text) in (text, text[1:-1])


def test_quoting_matches_git(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    names = [
        'quo"te',
        "tab\there",
        "line\nbreak",
        "back\\slash",
        "bell\a\x01\x7f",
        "größe",
    ]
    for name in names:
        repo.put(name, "x")
    repo.git("add -A")
    quoted_names = repo.git("-c core.quotePath=false ls-files").split("\n")
    assert sorted(unquote_path(name) for name in quoted_names) == sorted(names)
    assert {quote_path(name) for name in names if name != "größe"} == set(quoted_names) - {"größe"}
    plain_git_output = repo.git("-c core.quotePath=true ls-files").split("\n")
    assert sorted(unquote_path(name) for name in plain_git_output) == sorted(names)


@pytest.mark.parametrize("text", ["a\0b.c", '"a\\000b.c"'])
def test_nul_in_a_path_is_replaced(text: str) -> None:
    assert unquote_path(text) == "a\ufffdb.c"
