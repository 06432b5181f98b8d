# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that devicetree bindings are required only if the tree has any."""

import pytest

from patchpilot.lint.engine import find_findings
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.rule import Example
from tests.kit.snippets import build_context

CODE = '\t{ .compatible = "nobody,frob" },\n'


@pytest.mark.parametrize(
    ("file", "compat", "reported"),
    [
        ("Documentation/devicetree/bindings/other.yaml", False, True),
        ("doc/device-tree-bindings/other.txt", False, False),
        ("doc/device-tree-bindings/other.txt", True, True),
    ],
)
def test_binding_is_required_if_the_tree_has_bindings(
    file: str, compat: bool, reported: bool
) -> None:
    context = build_context(
        Example(
            bad=True,
            code=CODE,
            path="drivers/frob/frob.c",
            tree={file: "const: acme,other\n"},
        )
    )
    context.options = context.options._replace(checkpatch_compat=compat)
    findings = find_findings(context, load_rules())
    assert any(finding.name == "undocumented-compatible" for finding in findings) is reported
