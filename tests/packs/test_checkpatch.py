# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patchpilot has the same findings in each example as Linux 6.1's checkpatch.pl.

See tests/lab/checkpatch_oracle.py.
"""

import json
from functools import cache
from typing import Any

import pytest

from tests.kit.checkpatch_examples import EXPECTED, Case, find_our_types, list_example_cases
from tests.kit.packs import load_all_rules, mark_most_as_long
from tests.kit.retired import load_retired_types


@cache
def _load_expected_results() -> dict[str, Any]:
    return dict(json.loads(EXPECTED.read_text()))


@pytest.mark.parametrize(
    "case",
    [mark_most_as_long(case, name=case.name.replace(" ", "-")) for case in list_example_cases()],
)
def test_examples_match_checkpatch(case: Case) -> None:
    expected = _load_expected_results()[case.name]["findings"]
    assert [list(our) for our in find_our_types(case.example)] == expected


def test_results_of_checkpatch_are_of_the_same_examples() -> None:
    expected = {name: result["stamp"] for name, result in _load_expected_results().items()}
    examples = {case.name: case.content_hash for case in list_example_cases()}
    assert examples.items() <= expected.items(), "record the results of checkpatch.pl again"


def test_every_checkpatch_type_is_covered() -> None:
    types = set((EXPECTED.parent / "checkpatch-6.1.types").read_text().split())
    covered_types = {rule.checkpatch for rule in load_all_rules() if rule.checkpatch}
    retired = {retired_type.checkpatch for retired_type in load_retired_types()}
    assert not types - covered_types - retired
    assert not retired & covered_types


def test_retired_type_is_never_reported() -> None:
    for retired_type in load_retired_types():
        assert retired_type.checkpatch not in {
            kind
            for kind, _ in _load_expected_results()[f"retired {retired_type.checkpatch}"][
                "findings"
            ]
        }
