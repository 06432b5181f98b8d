# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing the change of a commit."""

from hypothesis import given
from hypothesis import strategies as st

from patchpilot.tags.commit_change import parse_change

DIFF = """\
diff --git a/x.c b/x.c
index 1..2 100644
--- a/x.c
+++ b/x.c
@@ -3 +3,2 @@ int f(void)
--- not a header
+++ nor this
+more
@@ -9,0 +11 @@
+added
@@ -12,2 +13,0 @@
-one
-two
diff --git a/old.c b/new.c
similarity index 90%
rename from old.c
rename to new.c
diff --git a/gone.c b/gone.c
deleted file mode 100644
--- a/gone.c
+++ /dev/null
@@ -1 +0,0 @@
-bye
"""


def test_runs_record_line_numbers() -> None:
    first, gone = parse_change(DIFF)
    assert (
        first.old_path,
        [(run.start, run.end, run.new_start) for run in first.runs],
    ) == (
        "x.c",
        [(3, 3, 3), (9, 9, 11), (12, 13, 13)],
    )
    assert first.runs[0].removed == ("-- not a header",)
    assert first.runs[0].added == ("++ nor this", "more")
    assert (gone.new_path, gone.size) == (None, 1)


@given(st.text(max_size=400))
def test_change_parser_accepts_any_text(text: str) -> None:
    lines = text.splitlines()
    changed = (
        line
        for file in parse_change(text)
        for run in file.runs
        for line in (*run.removed, *run.added)
    )
    assert all(any(line in whole for whole in lines) for line in changed)
