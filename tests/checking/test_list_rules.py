# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every rule has a page, which the list links to. All pages have the same sections in the
same order.
"""

import re
import runpy
from pathlib import Path

import pytest

from patchpilot.checking.list_rules import all_rules, explain, explain_all, rule_page
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.source import ROOT

ORDER = [
    "Why",
    "Bad",
    "Good",
    "Fix",
    "Options",
    "Known problems",
    "On real patches",
    "References",
    "Suppress it",
]


def test_every_rule_has_a_complete_page() -> None:
    for explanation in explain_all(all_rules()):
        page = rule_page(explanation)
        without_code = re.sub(r"^(`{3,}).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL)
        sections = re.findall(r"^## (.+)$", without_code, re.MULTILINE)
        assert sections == [name for name in ORDER if name in sections], explanation.rule.name
        assert {"Why", "Bad", "References"} <= set(sections), explanation.rule.name


def test_good_and_bad_examples_differ() -> None:
    alike = {
        each.rule.name
        for each in explain_all(all_rules())
        if set(each.bad_texts) & set(each.good_texts)
    }
    assert not alike


def test_list_links_to_each_rule() -> None:
    pages = runpy.run_path(str(ROOT / ".ci/reference_pages.py"))["rule_pages"]()
    links = re.findall(r"\]\(([^)#]+)#([^)]+)\)", pages.pop("index"))
    assert len(links) == len(all_rules())
    for file, name in links:
        assert f"\n## {name}\n" in pages[file.removesuffix(".md")]


def test_page_lists_options_and_known_problems() -> None:
    (explanation,) = explain("long-subject")
    assert "## Options\n\n- `[style] subject_columns`: the maximum length of" in rule_page(
        explanation
    )
    (explanation,) = explain("unsorted-declarations")
    assert "## Known problems\n\n- Only one-line declarations" in rule_page(explanation)


OWN = """
[[rule]]
id = "OUR001"
name = "no-magic-board"
severity = "warning"
scope = "diff"
summary = "boards are identified by their compatible"
why = "Board numbers were reused."
reference = "https://example.org/boards"
[rule.match]
detector = "like"
where = "added"
pattern = 'board_number'
[[rule.bad]]
path = "drivers/frob/frob.c"
code = "	if (board_number == 3)"
[[rule.good]]
path = "drivers/frob/frob.c"
code = "	if (frob->is_three)"
"""


def test_user_rules_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "linux")
    repo.commit("start", {"a.c": "int a;\n"})
    (tmp_path / "ours.toml").write_text(OWN)
    repo.git("config --global patchpilot.packs", str(tmp_path / "ours.toml"))
    monkeypatch.chdir(repo.path)
    outcome = call("explain no-magic-board")
    assert outcome.code == 0, outcome.err
    assert "Board numbers were reused." in outcome.out
    assert "no-magic-board" in call("explain").out


def test_untrusted_pack_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "linux")
    repo.commit("start", {"ours.toml": OWN, ".patchpilot.toml": 'packs = ["ours.toml"]\n'})
    monkeypatch.chdir(repo.path)
    for arguments in (("explain",), ("explain", "missing-fixes")):
        outcome = call(*arguments)
        assert outcome.code == 0, outcome.err
        assert "no-magic-board" not in outcome.out
        assert "its rule packs are not trusted yet: ours.toml" in outcome.err
