# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which hunk of a candidate is shown first."""

from patchpilot.tags.topic_culprits import find_related_hunk

PATCH = """\
commit 1
diff --git a/a.c b/a.c
index 1..2 100644
--- a/a.c
+++ b/a.c
@@ -1 +1,2 @@ one
+unrelated
@@ -9 +9,3 @@ two
+if (rsp != OK)
+        rc = -EINVAL;
diff --git a/b.c b/b.c
--- a/b.c
+++ b/b.c
@@ -1 +1,2 @@ three
+rc = -EINVAL;
""".splitlines()


FIX = [
    "diff --git a/a.c b/a.c",
    "--- a/a.c",
    "+++ b/a.c",
    "@@ -9,2 +9,2 @@ two",
    "-if (rsp != OK)",
    "+if (rsp & MASK)",
    "         rc = -EINVAL;",
]


def test_hunk_being_fixed_comes_first() -> None:
    assert PATCH[find_related_hunk(PATCH, FIX)] == "@@ -9 +9,3 @@ two"
    assert find_related_hunk([], []) == find_related_hunk(["no patch"], FIX) == 0
