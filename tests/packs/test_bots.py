# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/reference/bots.md holds: every complaint of a robot is made by the rule the page names, or
the page says why not.
"""

from functools import cache

import pytest

from patchpilot.lint.engine import run, run_series
from patchpilot.lint.rule_store import load_packs
from patchpilot.model.rule import Example, Rule
from tests.kit.snippets import context_of
from tests.lab.coverage import (
    ASKED_PAGE,
    PAGE,
    ROOT,
    Row,
    asked,
    asked_page,
    page,
    rows,
)


@cache
def _known() -> dict[str, tuple[Rule, Example]]:
    return {
        rule.name: (rule, pack.examples[rule.id][0])
        for pack in load_packs()
        for rule in pack.rules
    }


def test_the_page_is_made_of_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m tests.lab.coverage"
    )


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.bot}: {row.says[:30]}")
def test_a_row_names_rules_that_are_there_or_says_why_none_is(row: Row) -> None:
    assert bool(row.rules) != bool(row.missing)
    assert set(row.rules) <= set(_known())
    assert not row.proved_by or (ROOT / row.proved_by).is_file()


@pytest.mark.parametrize(
    "row",
    [row for row in rows() if row.proof],
    ids=lambda row: f"{row.bot}: {row.says[:30]}",
)
def test_the_rule_says_what_the_robot_would(row: Row) -> None:
    rule, own = _known()[row.rules[0]]
    example = (
        own
        if isinstance(row.proof, str)
        else Example(
            bad=True, **{**row.proof, "series": tuple(row.proof.get("series", ()))}
        )
    )  # type: ignore[union-attr,dict-item]
    context = context_of(example)
    found = (*run(context, [rule]), *run_series(context, [rule]))
    assert {one.name for one in found} == {row.rules[0]}, context.patch.lines


def test_a_complaint_that_a_rule_makes_has_a_proof() -> None:
    assert all(row.proof or row.proved_by for row in rows() if row.rules)


def test_the_page_of_what_maintainers_ask_is_made_of_its_table_and_names_rules_that_are_there() -> (
    None
):
    assert ASKED_PAGE.read_text(encoding="utf-8") == asked_page(), (
        "run: python -m tests.lab.coverage"
    )
    named = {name for _, entries in asked() for _, names in entries for name in names}
    assert named <= set(_known())
