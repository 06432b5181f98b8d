# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that rules which cannot run for lack of a package are named."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.lint.selection import list_missing_packages
from tests.kit.cli import call
from tests.kit.repos import Repo

MESSAGE = "frob: start\n\nIt must start.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"


@pytest.fixture
def without_tree_sitter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(sys.modules, "tree_sitter", None)
    list_missing_packages.cache_clear()
    yield
    list_missing_packages.cache_clear()


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    new_repo = Repo(tmp_path / "r")
    new_repo.commit("all: start\n", {"frob.c": "int a;\n", "notes.txt": "a\n"})
    new_repo.commit(MESSAGE, {"frob.c": "int a;\nint b;\n"})
    return new_repo


@pytest.mark.usefixtures("without_tree_sitter")
def test_missing_package_is_named(repo: Repo) -> None:
    out = " ".join(call("check HEAD -C", repo.path).out.split())
    assert re.search(r"\d+ rules about C syntax \(tree-sitter not installed: `", out)
    assert "install tree-sitter`" in out
    (unchecked,) = [
        text
        for text in call("check HEAD --json -C", repo.path).json["unchecked"]
        if "C syntax" in text
    ]
    assert re.match(r"\d+ rules about C syntax \(tree-sitter not installed: `", unchecked)


@pytest.mark.usefixtures("without_tree_sitter")
@pytest.mark.parametrize("word", ["device-table-not-exported", "semantics"])
def test_selected_rule_that_cannot_run_is_an_error(repo: Repo, word: str) -> None:
    outcome = call("check HEAD --select", word, "-C", repo.path)
    outcome.expect(3, "needs tree-sitter, which is not installed", "install tree-sitter`")


@pytest.mark.usefixtures("without_tree_sitter")
def test_patch_without_c_does_not_miss_them(repo: Repo) -> None:
    repo.commit(MESSAGE, {"notes.txt": "b\n"})
    assert "C syntax" not in call("check HEAD -C", repo.path).out


def test_nothing_is_named_if_all_rules_run(repo: Repo) -> None:
    assert "C syntax" not in call("check HEAD -C", repo.path).out
    assert call("check HEAD --select semantics -C", repo.path).code == 0
