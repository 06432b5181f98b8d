# SPDX-License-Identifier: GPL-2.0-or-later
"""How many rules need no Python of their own: a detector that any rule can use does their work with
what the pack gives it.
"""

from patchpilot.lint.detector import DETECTORS
from patchpilot.lint.rule_store import import_detectors, load_rules

LEAST = 300
"""Falls never."""


def code_free() -> list[str]:
    """Return the names of the rules that are data alone."""
    import_detectors()
    return [rule.name for rule in load_rules() if DETECTORS[rule.detector].generic]


def test_so_many_rules_are_data_alone() -> None:
    names = code_free()
    print(f"{len(names)} rules need no code")
    assert len(names) >= LEAST


def test_a_generic_detector_serves_more_than_one_rule() -> None:
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
