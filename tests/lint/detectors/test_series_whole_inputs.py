# SPDX-License-Identifier: GPL-2.0-or-later
"""Test rules that use the other messages of a series, or crashes described in a message."""

import pytest

from patchpilot.checking.driver import Driver
from patchpilot.commits.range import group_into_series, parse_patches
from patchpilot.lint.lint_context import Options
from patchpilot.model.patch import Patch
from tests.kit.snippets import MemoryTree

ASKED = {"missing-fixes", "fix-without-fixes"}
BINDING = "Documentation/devicetree/bindings/frob/acme,frob.yaml"


def make_patch(
    prefix: str,
    number: int,
    body: str = "Wait.",
    *,
    notes: str = "",
    title: str = "frob: wait",
    path: str = "drivers/frob/frob.c",
    added: str = "new();",
) -> Patch:
    reply = "In-Reply-To: <s0@example.org>\n" if number else ""
    diff = (
        f"---\n{notes}\ndiff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"
        f"@@ -1,3 +1,3 @@\n \tint ret;\n-\told({number});\n+\t{added}\n \n"
    )
    patch_text = (
        "From: Ada Fixer <ada@example.org>\nDate: Thu, 1 Jan 2026 10:00:00 +0000\n"
        f"Subject: [{prefix}] {title} {number}\nMessage-ID: <s{number}@example.org>\n{reply}\n"
        f"{body}\n\nSigned-off-by: Ada Fixer <ada@example.org>\n{diff if number else notes}"
    )
    return parse_patches(patch_text.encode(), "x")[0]


def list_finding_names(
    *mails: Patch, tree: MemoryTree | None = None, strict: bool = True
) -> set[str]:
    result = Driver(Options(strict=strict), tree=tree).check(group_into_series(mails))
    findings = [finding for patch in result.patches for finding in patch.findings]
    return {finding.name for finding in (*findings, *result.series)}


def test_missing_cover_letter_is_accepted() -> None:
    patches = [make_patch("PATCH v2 1/2", 1), make_patch("PATCH v2 2/2", 2)]
    assert "version-in-old-thread" not in list_finding_names(*patches)


@pytest.mark.parametrize("separator", ["", "---\n"])
def test_changelog_in_the_cover_letter_is_enough(separator: str) -> None:
    cover = make_patch("PATCH v2 0/1", 0, notes=f"{separator}Changes in v2:\n - waited\n")
    assert "missing-changelog" not in list_finding_names(cover, make_patch("PATCH v2 1/1", 1))


@pytest.mark.parametrize("order", [1, -1])
def test_compatible_may_be_documented_in_another_patch(order: int) -> None:
    driver = {"added": '{ .compatible = "acme,frob" },'}
    binding = {"path": BINDING, "added": "const: acme,frob"}
    tree = MemoryTree({"Documentation/devicetree/bindings/a.yaml": "x\n"})
    first, second = (driver, binding)[::order]
    patches = make_patch("PATCH 1/2", 1, **first), make_patch("PATCH 2/2", 2, **second)
    assert "undocumented-compatible" in list_finding_names(
        make_patch("PATCH", 1, **driver), tree=tree
    )
    result = Driver(Options(strict=True), tree=tree).check(group_into_series(patches))
    assert "acme,frob" not in str([patch.findings for patch in result.patches])


@pytest.mark.parametrize(
    "body",
    [
        "The link is late, and the kernel oopses.",
        "This ends in a NULL pointer\ndereference. Wait.",
        "It shows:\n\n BUG: sleeping function called from invalid context",
        "It shows:\n\n INFO: task frob:1 blocked for more than 120 seconds.",
        "It shows:\n\n Call Trace:\n  frob_start+0x1/0x2",
    ],
)
def test_crash_fix_needs_a_fixes_tag(body: str) -> None:
    assert list_finding_names(make_patch("PATCH", 1, body), strict=False) & ASKED
    new_patch = make_patch("PATCH", 1, body, title="frob: introduce a wait")
    assert "missing-fixes" not in list_finding_names(new_patch, strict=False)


def test_binding_fix_needs_a_tag() -> None:
    binding = make_patch("PATCH", 1, title="dt-bindings: frob: fix reg", path=BINDING)
    assert "missing-fixes" in list_finding_names(binding)
    document = make_patch("PATCH", 1, title="frob: fix reg", path="Documentation/frob.rst")
    assert "missing-fixes" not in list_finding_names(document)


def test_newest_message_rules_are_used() -> None:
    old = MemoryTree({"Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"})
    body = "Wait.\n\nReported-by: Ben Reader <ben@example.org>"
    patch = make_patch("PATCH", 1, body)
    assert "report-without-closes" in list_finding_names(patch, tree=old)
    chosen = Options(strict=True, kernel=(6, 1), origins={"kernel": "flag"})
    findings = Driver(chosen, tree=old).check(group_into_series([patch])).patches[0].findings
    assert "report-without-closes" not in {finding.name for finding in findings}
