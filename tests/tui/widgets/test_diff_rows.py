# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the kind of each row in well-formed and malformed patches."""

from patchpilot.tui.widgets.diff_rows import DiffRows, LineKind

PATCH = """From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
From: Ada Fixer <ada@example.org>
Subject: [PATCH] frob: check the count before
 it is used

The count comes from the device.
Fixes: 123456789012 ("frob: begin")
Signed-off-by: Ada Fixer <ada@example.org>
---
 drivers/frob.c | 4 ++--
 1 file changed, 2 insertions(+), 2 deletions(-)

diff --git a/drivers/frob.c b/drivers/frob.c
index 1111111..2222222 100644
--- a/drivers/frob.c
+++ b/drivers/frob.c
@@ -10,4 +10,4 @@ static int frob(void)
 {
-	int count;
-	frob_read(&count);
+	u32 count;
+--- not a header
 }
diff --git a/new.rst b/new.rst
new file mode 100644
index 0000000..1
--- /dev/null
+++ b/new.rst
@@ -0,0 +1 @@
+Title
\\ No newline at end of file
--
2.43.0
""".replace("\n--\n", "\n-- \n").split("\n")


def test_every_patch_line_is_recognized() -> None:
    kinds = [kind.name for kind in DiffRows(PATCH).kinds]
    assert kinds == [
        *(
            "PATCH",
            "HEADER",
            "SUBJECT",
            "SUBJECT",
            "TEXT",
            "TEXT",
            "TRAILER",
            "TRAILER",
            "RULE",
            "STAT",
            "STAT",
            "TEXT",
        ),
        *(
            "FILE",
            "META",
            "META",
            "META",
            "HUNK",
            "CONTEXT",
            "REMOVED",
            "REMOVED",
            "ADDED",
            "ADDED",
            "CONTEXT",
        ),
        *(
            "FILE",
            "META",
            "META",
            "META",
            "META",
            "HUNK",
            "ADDED",
            "MARK",
            "RULE",
            "TEXT",
            "TEXT",
        ),
    ]


def test_rows_have_line_numbers_of_the_new_file() -> None:
    parts = DiffRows(PATCH)
    at = parts.hunks[0].start + 1
    assert parts.new[at : at + 6] == [10, 0, 0, 11, 12, 13]


def test_files_and_hunks_have_names() -> None:
    parts = DiffRows(PATCH)
    assert [(file.name, file.note, *parts.count_changes(file)) for file in parts.files] == [
        ("drivers/frob.c", "", 2, 2),
        ("new.rst", "new file", 1, 0),
    ]
    assert parts.hunks[0].name == "static int frob(void)"
    assert parts.find_change(parts.hunks[0].start + 3) == (range(18, 20), range(20, 22))


def test_short_hunk_ends_at_the_next_header() -> None:
    rows = [
        "--- a/x.c",
        "+++ b/x.c",
        "@@ -1,9 +1,9 @@",
        " one",
        "diff --git a/y.c b/y.c",
        "--- a/y.c",
        "+++ b/y.c",
        "@@ -1 +1 @@",
        "-a",
        "+b",
    ]
    kinds = DiffRows(rows).kinds
    assert kinds[4] is LineKind.FILE
    assert kinds[-2:] == [LineKind.REMOVED, LineKind.ADDED]


def test_any_text_is_read() -> None:
    for rows in (
        [],
        [""],
        ["@@ -1 +1 @@", "+a"],
        ["\\ No newline"],
        ["--- ", "+++ "],
        ["diff --git "],
    ):
        assert len(DiffRows(rows).kinds) == len(rows)
