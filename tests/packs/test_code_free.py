# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that many rules need no Python code.

A generic detector interprets the data in the pack.
"""

from patchpilot.lint.detector import DETECTORS
from patchpilot.lint.rule_store import import_detectors, load_rules

LEAST = 300
"""Falls never."""


def list_code_free_rules() -> list[str]:
    import_detectors()
    return [rule.name for rule in load_rules() if DETECTORS[rule.detector].generic]


def test_enough_rules_need_no_code() -> None:
    assert len(list_code_free_rules()) >= LEAST


def test_generic_detectors_serve_several_rules() -> None:
    import_detectors()
    used = [
        name
        for rule in load_rules()
        for name in {
            rule.detector,
            *(table["detector"] for table in rule.arguments.get("of", ())),
        }
    ]
    assert not [
        name
        for name, registered in DETECTORS.items()
        if registered.generic and used.count(name) < 2
    ]
