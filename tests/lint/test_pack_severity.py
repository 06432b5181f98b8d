# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the pack sets the severity of a rule and of its cases.

A profile can override a severity, but a detector cannot.
"""

import ast
from itertools import chain

import pytest

from patchpilot.errors import PackError
from patchpilot.lint.engine import find_findings
from patchpilot.lint.pack import parse_pack
from patchpilot.lint.rule_store import import_detectors, load_rules
from patchpilot.lint.selection import adjust_rules
from patchpilot.model.rule import Example, Rule, Severity
from patchpilot.projects.loading import find_project
from tests.kit.snippets import build_context
from tests.kit.source import SOURCE, trees

OWN_TAG = Example(
    bad=True,
    trailers="Reviewed-by: Ada Fixer <ada@example.org>\nSigned-off-by: Ada Fixer <ada@example.org>",
)


def read_severity(rule: Rule) -> Severity:
    (finding,) = find_findings(build_context(OWN_TAG), [rule])
    return finding.severity


def test_profile_overrides_the_pack_severity() -> None:
    rule = next(rule for rule in load_rules() if rule.name == "self-given-tag")
    assert read_severity(rule) is Severity.WARNING
    assert read_severity(rule._replace(severities={})) is Severity.CHECK
    linux = find_project("linux")
    strict = linux._replace(style=linux.style._replace(severity={"self-given-tag": "error"}))
    assert read_severity(*adjust_rules([rule], strict)) is Severity.ERROR


def test_unknown_severity_is_reported() -> None:
    text = (
        (SOURCE.parent / "checks" / "tags.toml")
        .read_text()
        .replace('review = "warning"', 'review = "grave"')
    )
    import_detectors()
    with pytest.raises(PackError, match=r"severity of review .grave. must be one of"):
        parse_pack(text, "tags.toml")


def test_detectors_have_no_severity() -> None:
    cases: set[str] = set()
    folders = ("lint/detectors", "lint/c", "history")
    for file, tree in chain.from_iterable(trees(root=SOURCE / folder) for folder in folders):
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert "Severity" not in names, file
        cases |= {
            node.value
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    # cases that generic detectors distinguish are listed in packs
    cases |= {case for rule in load_rules() for case in rule.arguments.get("case_patterns", ())}
    cases |= {
        table.get("case", "") for rule in load_rules() for table in rule.arguments.get("of", ())
    }
    cases |= {form for case in cases for form in (f"loose-file-{case}", f"{case}-and-stable")}
    severity_cases = {case for rule in load_rules() for case in rule.severities}
    assert severity_cases
    assert severity_cases <= cases
