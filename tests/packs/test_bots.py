# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the rule listed in bots.toml reports each complaint of a bot.

If no rule does, the complaint's row must explain why.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from patchpilot.lint.engine import find_findings, run_series
from patchpilot.model.rule import Example, Rule
from tests.kit.packs import load_shipped_packs
from tests.kit.snippets import build_context

TABLE = Path(__file__).with_name("bots.toml")
ROWS = tomllib.loads(TABLE.read_text(encoding="utf-8"))["row"]


def read_row_name(row: dict[str, Any]) -> str:
    return f"{row['bot']}: {row['says'][:30]}"


@cache
def _read_known_rules() -> dict[str, tuple[Rule, Example]]:
    return {
        rule.name: (rule, pack.examples[rule.id][0])
        for pack in load_shipped_packs()
        for rule in pack.rules
    }


@pytest.mark.parametrize("row", ROWS, ids=read_row_name)
def test_bot_rows_name_existing_rules(
    row: dict[str, Any],
) -> None:
    assert ("rules" in row) != ("not" in row)
    assert set(row.get("rules", ())) <= set(_read_known_rules())
    if "rules" in row:
        assert "proof" in row or (Path(__file__).parents[2] / row["proved_by"]).is_file()


@pytest.mark.parametrize("row", [row for row in ROWS if "proof" in row], ids=read_row_name)
def test_rules_report_bot_findings(row: dict[str, Any]) -> None:
    rule, example = _read_known_rules()[row["rules"][0]]
    if row["proof"] == "own":
        context = build_context(example)
    else:
        series = tuple(row["proof"].get("series", ()))
        context = build_context(Example(bad=True, **{**row["proof"], "series": series}))
    findings = (*find_findings(context, [rule]), *run_series(context, [rule]))
    assert {finding.name for finding in findings} == {row["rules"][0]}, context.patch.lines
