# SPDX-License-Identifier: GPL-2.0-or-later
"""Every rule has a page with the same sections in the same order, and the list links to each of them."""

import re
from pathlib import Path

import pytest

from patchpilot.cli.output.rule_pages import index_page, rule_page
from patchpilot.services.setup.list_rules import all_rules, explain, explain_all
from tests.kit.cli import call
from tests.kit.repos import Repo

ORDER = ["Why", "Bad", "Good", "Fix", "Options", "Known problems", "References", "Suppress it"]


def test_every_rule_has_a_page_with_its_sections_in_order() -> None:
    for explanation in explain_all(all_rules()):
        page = rule_page(explanation)
        without_code = re.sub(r"^(`{3,}).*?^\1$", "", page, flags=re.MULTILINE | re.DOTALL)
        sections = re.findall(r"^## (.+)$", without_code, re.MULTILINE)
        assert sections == [name for name in ORDER if name in sections], explanation.rule.name
        assert {"Why", "Bad", "References"} <= set(sections), explanation.rule.name


def test_the_list_links_to_every_page() -> None:
    explained = explain_all(all_rules())
    page = index_page(explained)
    assert {f"{explanation.rule.name}.md" for explanation in explained} == set(re.findall(r"\]\(([^)]+)\)", page))


def test_a_rule_is_explained_by_a_former_name_and_its_page_lists_it() -> None:
    (explanation,) = explain("bare-revert")
    assert explanation.rule.name == "revert-without-reason"
    assert "| Former name | `bare-revert` |" in rule_page(explanation)


def test_a_page_has_the_options_and_the_known_problems_of_its_rule() -> None:
    (explanation,) = explain("long-subject")
    assert "## Options\n\n- `[style] subject_columns`: of a project file" in rule_page(explanation)
    (explanation,) = explain("unsorted-declarations")
    assert "## Known problems\n\n- Only one-line declarations" in rule_page(explanation)


def test_explain_prints_the_page_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = Repo(tmp_path / "r")
    repo.git("config", "patchpilot.docs-url", "https://docs.example.org/patchpilot/")
    monkeypatch.chdir(repo.path)
    assert call("explain", "long-line").out.rstrip().endswith("  https://docs.example.org/patchpilot/reference/rules/long-line.html")
