# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that every rule can check patches that were damaged by mail programs, by users or on
purpose.
"""

from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.errors import PatchpilotError
from patchpilot.lint.engine import Findings, find_findings
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.lint.selection import choose_rules
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch

_WHOLE = """From 0123456789abcdef0123456789abcdef01234567 Mon Sep 17 00:00:00 2001
From: Ada Fixer <ada@example.org>
Date: Tue, 6 Jan 2026 10:00:00 +0000
Subject: [PATCH] frob: count what is read

It was not counted.

Signed-off-by: Ada Fixer <ada@example.org>
---
 drivers/frob/frob.c | 9 ++++++++-

diff --git a/drivers/frob/frob.c b/drivers/frob/frob.c
index 1111111..2222222 100644
--- a/drivers/frob/frob.c
+++ b/drivers/frob/frob.c
@@ -1,3 +1,3 @@
-static int frob(void);
-#define FROB 1
-
@@ -10,6 +10,13 @@ static int frob(struct frob *f)
 {
 \tint n = 0;
-\tread(f);
+#ifdef CONFIG_FROB
+\tif (f->ready && (n = read(f)) > 0) {
+\t\tf->count += n; /* so many */
+\t} else
+\t\treturn -EIO;
+#endif
+\tswitch (n) { case 1: break; }
 \treturn n;
 }
--\x20
2.43.0
"""
_LINES = _WHOLE.split("\n")
_SNIPPETS = st.sampled_from(
    [
        "(",
        ")",
        "{",
        "}",
        "#if 1",
        "#else",
        "#endif",
        "#define A(",
        '"',
        "'",
        "/*",
        "*/",
        "\\",
        ";",
        "\r",
        "\0",
        "+",
        "-",
        " ",
        "\t",
    ]
)
_EDIT = st.tuples(
    st.sampled_from(["cut", "twice", "put", "sign", "drop"]),
    st.integers(0, 60),
    st.integers(0, 40),
    _SNIPPETS,
)


def _damage_patch(edits: list[tuple[str, int, int, str]]) -> bytes:
    lines = list(_LINES)
    for damage_kind, index, column, snippet in edits:
        index %= len(lines) or 1
        if not lines:
            break
        line = lines[index]
        if damage_kind == "drop":
            del lines[index]
        elif damage_kind == "twice":
            lines.insert(column % len(lines), line)
        else:
            lines[index] = {
                "cut": line[:column],
                "put": line[:column] + snippet + line[column:],
                "sign": snippet[:1] + line[1:],
            }[damage_kind]
    return "\n".join(lines).encode()


def _check_patch(patch: Patch) -> Findings:
    rules = choose_rules(load_rules(), kernel=(6, 1), profile="linux")
    return find_findings(Context(patch=patch, options=Options(strict=True)), rules)


@settings(max_examples=60, deadline=None)
@given(st.lists(_EDIT, max_size=14))
def test_damaged_patch_is_read_completely(
    edits: list[tuple[str, int, int, str]],
) -> None:
    raw_mail = _damage_patch(edits)
    patch, problem = None, ""
    try:
        patch = parse_patch(raw_mail, "0001-frob.patch")
    except PatchpilotError as error:
        problem = f"{error.message} {error.hint}"
    if patch is None:
        assert "0001-frob.patch" in problem
        return
    findings = _check_patch(patch)
    last_line = len(patch.lines)
    assert all(0 <= (finding.patch_line or 0) <= last_line for finding in findings)


def test_empty_hunk_has_no_statement() -> None:
    raw = "\n".join(line for line in _LINES if not line.startswith(("+\t", " {"))).encode()
    assert _check_patch(parse_patch(raw, "x"))
