# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that patchpilot has the same findings in each example as Linux 6.1's checkpatch.pl.

See tests/lab/checkpatch_oracle.py.
"""

import json
from functools import cache
from typing import Any

import pytest

from tests.kit.checkpatch_examples import EXPECTED, Case, find_our_types, list_example_cases
from tests.kit.packs import load_all_rules
from tests.kit.retired import load_retired_types


@cache
def _load_expected_results() -> dict[str, Any]:
    return dict(json.loads(EXPECTED.read_text()))


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=case.name.replace(" ", "-")) for case in list_example_cases()],
)
def test_examples_match_checkpatch(case: Case) -> None:
    expected = _load_expected_results().get(case.name)
    assert expected is not None, "new example: make the expectations anew"
    assert expected["stamp"] == case.content_hash, "changed example: make the expectations anew"
    assert [list(our) for our in find_our_types(case.example)] == expected["findings"]


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
