# SPDX-License-Identifier: GPL-2.0-or-later
"""What a file has already, and what is wrong in checkpatch.pl, is reported with --strict only."""

import pytest

from patchpilot.lint.engine import run
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch
from tests.kit.snippets import file_diff, mail

CODE = file_diff("a.c", "+int a;")
PRINT = '+\tsnprintf(buf, 4, "a");'
SIGNED = "Why.\n\nSigned-off-by: Max Other <max@example.org>"

PATCH = b"""Subject: a: b

Text.

---
diff --git a/drivers/a.c b/drivers/a.c
--- a/drivers/a.c
+++ b/drivers/a.c
@@ -1,2 +1,3 @@
 int a = one (1);
 int b = one (2);
+int c = one (3);
"""
GONE = b"""diff --git a/Documentation/devicetree/a.txt b/Documentation/devicetree/a.txt
deleted file mode 100644
--- a/Documentation/devicetree/a.txt
+++ /dev/null
@@ -1 +0,0 @@
-text
"""


def test_a_strict_run_reports_what_a_default_one_leaves_out() -> None:
    for data, name in (
        (PATCH, "space-before-call"),
        (GONE, "bindings-mixed-with-code"),
    ):
        for strict in (True, False):
            context = Context(parse_patch(data, "a"), options=Options(strict=strict))
            found = {one.name for one in run(context, load_rules())}
            assert (name in found) is strict


ID = "3d3925ff6433f98992685a9679613a2cc97f3ce2"
HELP = '{0}config A_LONG_NAME\n{0}\tbool "Frob the widgets"\n'


@pytest.mark.parametrize(
    ("name", "accepted", "wrong"),
    [
        (
            "malformed-commit-reference",
            mail("a: b", f"commit {ID} upstream.\n\nWhy.", CODE),
            mail("a: b", f"Since commit {ID}, it fails.", CODE),
        ),
        (
            "author-not-signed",
            mail("a: b", SIGNED, CODE).replace("Ada Fixer", "'Ada' via a-list", 1),
            mail("a: b", SIGNED, CODE),
        ),
        (
            "malformed-tag",
            mail("a: b", "b\nto: c/d.\n", CODE),
            mail("a: b", "Cc: x", CODE),
        ),
        (
            "missing-fixes",
            mail("a: drop b()", f'See {ID[:12]} ("a: Fix kernel panic").', CODE),
            mail("a: drop b()", "It causes a kernel panic.", CODE),
        ),
        (
            "possible-misspelling",
            mail(
                "a: b",
                "Correct recieve.",
                file_diff("a.c", "-/* recieve */\n+/**/"),
            ),
            mail("a: b", "Correct recieve.", CODE),
        ),
        (
            "show-without-sysfs-emit",
            mail(
                "a: b",
                "c",
                file_diff("a.c", f" void f(char *buf, int len)\n {{\n{PRINT}"),
            ),
            mail(
                "a: b", "c", file_diff("a.c", f" int a_show(char *buf)\n {{\n{PRINT}")
            ),
        ),
        (
            "short-kconfig-help",
            mail(
                "a: b", "c", file_diff("Kconfig", HELP.format("-") + HELP.format("+"))
            ),
            mail("a: b", "c", file_diff("Kconfig", HELP.format("+"))),
        ),
        (
            "continued-log",
            mail(
                "a: b",
                "c",
                file_diff(
                    "a.c", ' \tpr_cont("a");\n-\tpr_cont("b");\n+\tpr_cont("c");'
                ),
            ),
            mail("a: b", "c", file_diff("a.c", '+\tpr_cont("b");')),
        ),
    ],
)
def test_what_is_not_the_authors_fault_is_not_reported_by_default(
    name: str, accepted: str, wrong: str
) -> None:
    rules = [rule for rule in load_rules() if rule.name == name]
    for text, times in ((accepted, 0), (wrong, 1)):
        assert len(run(Context(parse_patch(text.encode(), "a")), rules)) == times
