# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing diffs that were written by git, or changed by mail programs or manually."""

from pathlib import Path

import pytest

from patchpilot.model.patch import ParsedDiff, parse_diff
from tests.kit.repos import Repo

HEAD = "diff --git a/f.c b/f.c\nindex 1111111..2222222 100644\n--- a/f.c\n+++ b/f.c\n"
HUNK = "@@ -1,3 +1,4 @@ int f(void)\n int a;\n-int b;\n+int c;\n+int d;\n int e;\n"


def parse_lines(diff_text: str, start: int = 1) -> ParsedDiff:
    return parse_diff(tuple(diff_text.removesuffix("\n").split("\n")), start)


def test_hunk_has_ranges_section_and_lines() -> None:
    (change,) = parse_lines(HEAD + HUNK).files
    (hunk,) = change.hunks
    assert (
        hunk.old_start,
        hunk.new_start,
        hunk.new_count,
        hunk.section,
        hunk.patch_line,
    ) == (
        1,
        1,
        4,
        "int f(void)",
        5,
    )
    assert [(line.kind, line.text, line.patch_line, line.new_line) for line in hunk.lines] == [
        (" ", "int a;", 6, 1),
        ("-", "int b;", 7, None),
        ("+", "int c;", 8, 2),
        ("+", "int d;", 9, 3),
        (" ", "int e;", 10, 4),
    ]
    assert (change.added, change.removed, change.path, change.patch_line) == (
        2,
        1,
        "f.c",
        1,
    )


def test_diff_may_follow_other_text() -> None:
    text = "Why.\n---\n f.c | 3 ++-\n\n" + HEAD + HUNK + HEAD.replace("f.c", "g.c") + HUNK
    files = parse_lines(text, 5).files
    assert [
        (
            file.path,
            file.patch_line,
            file.hunks[0].patch_line,
            file.hunks[0].lines[0].patch_line,
        )
        for file in files
    ] == [
        ("f.c", 5, 9, 10),
        ("g.c", 15, 19, 20),
    ]


def test_missing_newline_marker_is_a_hunk_line() -> None:
    marker = "\\ No newline at end of file\n"
    (change,) = parse_lines(f"{HEAD}@@ -1 +1 @@\n-a\n{marker}+b\n{marker}-- \n2.45\n").files
    assert [(line.kind, line.patch_line) for line in change.hunks[0].lines] == [
        ("-", 6),
        ("\\", 7),
        ("+", 8),
        ("\\", 9),
    ]


@pytest.mark.parametrize(
    "line", ["diff --git a/g.c b/g.c", "--- a/g.c", "@@ -1,2 +1,2 @@", "\\ odd"]
)
def test_header_like_lines_are_hunk_content(line: str) -> None:
    (change,) = parse_lines(f"{HEAD}@@ -1,2 +1,3 @@\n int a;\n+{line}\n int b;\n").files
    assert [line.text for line in change.lines("+")] == [line]


def test_empty_line_is_context() -> None:
    (change,) = parse_lines(f"{HEAD}@@ -1,3 +1,4 @@\n int a;\n\n+int b;\n int c;\n").files
    assert [line.kind for line in change.hunks[0].lines] == [" ", " ", "+", " "]


def test_missing_count_means_one_line() -> None:
    (change,) = parse_lines(
        f"{HEAD}@@ -1 +1 @@\n-a\n+b\n@@ -9,0 +10 @@\n+c\n@@ -12 +12,0 @@\n-d\n"
    ).files
    assert [(hunk.old_start, hunk.new_start, hunk.new_count) for hunk in change.hunks] == [
        (1, 1, 1),
        (9, 10, 1),
        (12, 12, 0),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "@@ -1,9 +1,9 @@\n int a;\n+int b;\n",
        "@@ -1,2 +1,2 @@\n int a;\nrubbish\n int b;\n",
    ],
)
def test_malformed_hunk_keeps_earlier_hunks(
    bad: str,
) -> None:
    diff = parse_lines(HEAD + HUNK + bad + HEAD.replace("f.c", "g.c") + HUNK, 1)
    assert [(file.path, len(file.hunks)) for file in diff.files] == [
        ("f.c", 1),
        ("g.c", 1),
    ]
    assert diff.error is not None
    assert diff.error.startswith("line 1: ")
    assert "f.c" in diff.error
    alone = parse_lines(HEAD + bad)
    assert [(file.path, file.hunks) for file in alone.files] == [("f.c", ())]
    assert alone.error


def test_first_error_is_reported() -> None:
    bad = "@@ -1,9 +1,9 @@\n int a;\n"
    diff = parse_lines(HEAD + bad + HEAD.replace("f.c", "g.c") + bad)
    assert diff.error is not None
    assert "f.c" in diff.error


NAMES = [
    "plain.c",
    "with space.c",
    "a b/c d.c",
    'quo"te.c',
    "back\\slash.c",
    "tab\there.c",
    "grüße.c",
    "b/b.c",
    "a",
]


@pytest.mark.parametrize("name", NAMES)
def test_quoted_file_names_are_unquoted(tmp_path: Path, name: str) -> None:
    repo = Repo(tmp_path / "r")
    base = repo.commit("start", {"keep.c": "int keep;\n"})
    added_commit = repo.commit("add", {name: "int a;\nint b;\nint c;\nint d;\n"})
    (repo.path / name).chmod(0o755)
    mode = repo.commit("mode")
    repo.git("mv", name, "other name.c")
    moved_commit = repo.commit("move")
    changed_commit = repo.commit("change", {"other name.c": "int a;\nint b;\nint c;\nint e;\n"})
    repo.git("rm -q 'other name.c'")
    removed_commit = repo.commit("remove")
    binary = repo.path / name
    binary.parent.mkdir(parents=True, exist_ok=True)
    binary.write_bytes(b"\0\1\2" * 9)
    blob = repo.commit("binary")

    def parse_paths(
        old_name: str, new_name: str, *header_lines: str
    ) -> list[tuple[str | None, str | None, bool, bool, int]]:
        files = parse_lines(repo.git("diff -M", *header_lines, old_name, new_name)).files
        return [
            (
                file.old_path,
                file.new_path,
                file.is_rename,
                file.is_binary,
                len(file.hunks),
            )
            for file in files
        ]

    for quote in ("true", "false"):
        repo.git("config core.quotePath", quote)
        assert parse_paths(base, added_commit) == [(None, name, False, False, 1)]
        assert parse_paths(added_commit, mode) == [(name, name, False, False, 0)]
        assert parse_paths(mode, moved_commit) == [(name, "other name.c", True, False, 0)]
        assert parse_paths(mode, changed_commit) == [(name, "other name.c", True, False, 1)]
        assert parse_paths(changed_commit, removed_commit) == [
            ("other name.c", None, False, False, 1)
        ]
        assert parse_paths(removed_commit, blob) == [(None, name, False, True, 0)]
        assert parse_paths(removed_commit, blob, "--binary") == [(None, name, False, True, 0)]
        assert parse_paths(blob, removed_commit) == [(name, None, False, True, 0)]


def test_copied_file_has_its_source_path() -> None:
    (copy,) = parse_lines(
        "diff --git a/x.c b/y.c\nsimilarity index 100%\ncopy from x.c\ncopy to y.c\n"
    ).files
    assert (copy.old_path, copy.new_path, copy.hunks) == ("x.c", "y.c", ())


@pytest.mark.parametrize(
    ("head", "old", "new", "renamed", "binary"),
    [
        ("--- a/f.c\n+++ b/f.c\n", "f.c", "f.c", False, False),
        ("--- b/f.c\n+++ a/f.c\n", "f.c", "f.c", False, False),
        ("--- old/d/f.c\n+++ new/d/f.c\n", "d/f.c", "d/f.c", False, False),
        ("--- f.c\t2026\n+++ f.c\t2026\n", "f.c", "f.c", False, False),
        ("--- /dev/null\n+++ b/f.c\n", None, "f.c", False, False),
        ("--- a/f.c\n+++ /dev/null\n", "f.c", None, False, False),
        ('--- "a/f\\tg"\n+++ "b/f\\tg"\n', "f\tg", "f\tg", False, False),
        ("diff --git a/f g b/f g\nold mode 100644\n", "f g", "f g", False, False),
    ],
)
def test_header_lines_name_the_file(
    head: str, old: str | None, new: str | None, renamed: bool, binary: bool
) -> None:
    (change,) = parse_lines(head).files
    assert (change.old_path, change.new_path) == (old, new)
    assert (change.is_rename, change.is_binary) == (renamed, binary)
    if "+++" in head:
        (change,) = parse_lines(head + "@@ -1 +1 @@\n-a\n+b\n").files
        assert (change.old_path, change.new_path, len(change.hunks)) == (old, new, 1)


@pytest.mark.parametrize(
    ("counts", "body", "line_count"),
    [
        ("-1,2 +1,2", " a\n-b\n+c\n", 3),
        ("-1 +1", "-b\n+c\n", 2),
        ("-1,0 +1,2", "+b\n+c\n", 2),
        ("-1,2 +1,0", "-b\n-c\n", 2),
        ("-0,0 +1", "+b\n", 1),
    ],
)
def test_hunk_ends_after_the_counted_lines(counts: str, body: str, line_count: int) -> None:
    for following in ("", "-- \n2.45\n", " d\n", "+d\n", "-d\n"):
        diff = parse_lines(f"{HEAD}@@ {counts} @@\n{body}{following}")
        assert diff.error is None
        assert len(diff.files[0].hunks[0].lines) == line_count


@pytest.mark.parametrize("counts", ["-1,3 +1,4", "-1,4 +1,3", "-1 +1,2", "-1,2 +1"])
def test_file_starts_after_the_counted_lines(counts: str) -> None:
    old, new = (int(count.partition(",")[2] or 1) for count in counts.replace("+", "-").split())
    body = "-diff --git a/x b/x\n" * old + "+diff --git a/x b/x\n" * new
    files = parse_lines(f"{HEAD}@@ {counts} @@\n{body}{HEAD.replace('f.c', 'g.c')}{HUNK}").files
    assert [(change.path, change.removed, change.added) for change in files] == [
        ("f.c", old, new),
        ("g.c", 1, 2),
    ]


OTHER = "diff --git a/g.c b/g.c\nold mode 100644\nnew mode 100755\n"


def parse_file_names(diff_text: str) -> list[str]:
    return [change.path for change in parse_lines(diff_text).files]


@pytest.mark.parametrize(
    ("before", "files"),
    [
        (HEAD + HUNK, ["f.c", "g.c"]),
        # git also applies a diff below a signature
        (f"{HEAD}{HUNK}-- \n2.45.2\n", ["f.c", "g.c"]),
        (f"{HEAD}@@ -1,2 +1 @@\n a\n-- \n", ["f.c", "g.c"]),
        (f"{HEAD}@@ -1 +1 @@\n-a\n+b\n-- \n", ["f.c", "g.c"]),
        (f"{HEAD}{HUNK}-- \n" + "more\n" * 20, ["f.c", "g.c"]),
    ],
)
def test_signature_does_not_end_a_diff(before: str, files: list[str]) -> None:
    assert parse_file_names(before + OTHER) == files


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("--- a/x\n+++ b/x\n", ["x"]),
        ("--- a/x\ntext\n+++ b/x\n", []),
        ("--- a/x\n", []),
        ("+++ b/x\n+++ b/x\n", []),
        (f"--- a/x\n+++ b/x\n{HUNK}--- a/y\n+++ b/y\n{HUNK}", ["x", "y"]),
        (f"-- a/x\n+++ b/x\n{HUNK}", []),
    ],
)
def test_file_name_lines_can_start_a_file(text: str, files: list[str]) -> None:
    assert parse_file_names(text) == files
