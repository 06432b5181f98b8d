# SPDX-License-Identifier: GPL-2.0-or-later
"""What a file has already, and what is wrong in checkpatch.pl, is reported with --strict only."""

from patchpilot.lint.engine import run
from patchpilot.lint.lint_context import Context, Options
from patchpilot.lint.rule_store import load_rules
from patchpilot.model.mail import parse_patch

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
