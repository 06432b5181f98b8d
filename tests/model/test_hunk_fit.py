# SPDX-License-Identifier: GPL-2.0-or-later
"""Test applying a file's change to a tree, with its positions, offsets and failures."""

import pytest

from patchpilot.model.hunk_fit import Fit, find_misfit_hunks, fit_file, split_text_lines
from patchpilot.model.patch import parse_diff
from tests.kit.snippets import MemoryTree

HEAD = "diff --git a/f.c b/f.c\n--- a/f.c\n+++ b/f.c\n"


def fit_hunks(hunks: str, tree: dict[str, str], *, head: str = HEAD, reverse: bool = False) -> Fit:
    (change,) = parse_diff(tuple((head + hunks).removesuffix("\n").split("\n")), 1).files
    return fit_file(change, MemoryTree(tree), reverse=reverse)


def join_lines(*words: str) -> str:
    return "".join(f"{word}\n" for word in words)


def apply_fit(hunk_fit: Fit) -> str | None:
    return None if hunk_fit.lines is None else "".join(hunk_fit.lines)


CHANGE = "@@ -3,3 +3,3 @@\n c\n-d\n+D\n e\n"


def test_lines_keep_their_newlines() -> None:
    assert split_text_lines(b"") == []
    assert split_text_lines(b"a\nb") == ["a\n", "b"]
    assert split_text_lines(b"a\n\n") == ["a\n", "\n"]
    assert split_text_lines(b"\xff\r\n") == ["\udcff\r\n"]


@pytest.mark.parametrize("before", range(4))
def test_hunk_is_applied_at_an_offset(before: int) -> None:
    file = join_lines(*("x" for _ in range(before)), "c", "d", "e", "f")
    fitted = fit_hunks(CHANGE, {"f.c": file})
    assert apply_fit(fitted) == file.replace("d", "D")
    assert (fitted.misfits, fitted.offsets) == ((), (before - 2,))


@pytest.mark.parametrize(
    ("positions", "nearest"), [((1, 6), 1), ((0, 3), 3), ((2, 9), 2), ((0, 4), 4)]
)
def test_hunk_uses_the_nearest_match(positions: tuple[int, int], nearest: int) -> None:
    words = [str(position) for position in range(14)]
    for position in positions:
        words[position : position + 3] = ["c", "d", "e"]
    fitted = fit_hunks(CHANGE, {"f.c": join_lines(*words)})
    assert fitted.lines is not None
    assert fitted.lines[nearest + 1] == "D\n"
    assert fitted.offsets == (nearest - 2,)


def test_hunks_do_not_overlap() -> None:
    two_hunks = "@@ -1,3 +1,3 @@\n c\n-d\n+d\n e\n@@ -3,3 +3,3 @@\n c\n-d\n+D\n e\n"
    fitted = fit_hunks(two_hunks, {"f.c": join_lines("c", "d", "e", "x")})
    assert [misfit.why for misfit in fitted.misfits] == ["context not found"]
    fitted_twice = fit_hunks(two_hunks, {"f.c": join_lines("c", "d", "e", "c", "d", "e")})
    assert (fitted_twice.misfits, apply_fit(fitted_twice)) == (
        (),
        join_lines("c", "d", "e", "c", "D", "e"),
    )


def test_failed_hunk_is_reported_with_its_line() -> None:
    fitted = fit_hunks(
        "@@ -2,1 +2,1 @@\n-no\n+yes\n" + "@@ -9,2 +9,2 @@\n y\n-z\n+Z\n",
        {"f.c": join_lines(*"abcdefgh", "y", "z")},
    )
    (misfit,) = fitted.misfits
    assert (misfit.path, misfit.line, misfit.why) == ("f.c", 2, "context not found")
    assert misfit.hunk is not None
    assert apply_fit(fitted) == join_lines(*"abcdefgh", "y", "Z")
    assert fitted.offsets == (0,)


def test_change_can_be_undone() -> None:
    fitted = fit_hunks(CHANGE, {"f.c": join_lines("a", "b", "c", "D", "e")}, reverse=True)
    assert (apply_fit(fitted), fitted.offsets) == (
        join_lines("a", "b", "c", "d", "e"),
        (0,),
    )
    assert fit_hunks(CHANGE, {"f.c": join_lines("a", "b", "c", "d", "e")}, reverse=True).misfits


def test_hunk_at_a_file_boundary_is_not_moved() -> None:
    start = "@@ -1,2 +1,3 @@\n+new\n a\n b\n"
    assert apply_fit(fit_hunks(start, {"f.c": join_lines("a", "b", "c")})) == join_lines(
        "new", "a", "b", "c"
    )
    assert fit_hunks(start, {"f.c": join_lines("x", "a", "b")}).misfits
    end = "@@ -8,2 +8,3 @@\n y\n z\n+new\n"
    assert apply_fit(fit_hunks(end, {"f.c": join_lines("y", "z", "x", "y", "z")})) == join_lines(
        "y", "z", "x", "y", "z", "new"
    )
    assert fit_hunks(end, {"f.c": join_lines("y", "z", "x")}).misfits
    hunk = "@@ -1,1 +1,2 @@\n a\n+b\n"
    assert apply_fit(fit_hunks(hunk, {"f.c": join_lines("a")})) == join_lines("a", "b")
    assert fit_hunks(hunk, {"f.c": join_lines("a", "x")}).misfits
    assert fit_hunks(hunk, {"f.c": ""}).misfits


def test_missing_newline_belongs_to_the_last_line() -> None:
    adds = "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n"
    assert apply_fit(fit_hunks(adds, {"f.c": "a\nb"})) == "a\nb\n"
    assert fit_hunks(adds, {"f.c": "a\nb\n"}).misfits
    drops = "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n"
    assert apply_fit(fit_hunks(drops, {"f.c": "a\nb\n"})) == "a\nb"
    context = "@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"
    assert apply_fit(fit_hunks(context, {"f.c": "a\nb"})) == "A\nb"
    assert fit_hunks(context, {"f.c": "a\nx"}).misfits
    # like in git, a last context line without a newline also matches a line with a newline
    longer = "@@ -1,3 +1,3 @@\n-a\n+A\n x\n b\n\\ No newline at end of file\n"
    assert fit_hunks(longer, {"f.c": "a\nx\nb\n"}).misfits == ()
    assert fit_hunks(longer, {"f.c": "a\nx\nb"}).misfits == ()
    assert fit_hunks(longer, {"f.c": "a\ny\nb\n"}).misfits
    assert fit_hunks(longer, {"f.c": "a\nx\nb b\n"}).misfits
    assert fit_hunks(context, {"f.c": "a\nbb\n"}).misfits
    assert fit_hunks(context, {"f.c": "x\nb\n"}).misfits


NEW = "diff --git a/f.c b/f.c\nnew file mode 100644\n--- /dev/null\n+++ b/f.c\n"
GONE = "diff --git a/f.c b/f.c\ndeleted file mode 100644\n--- a/f.c\n+++ /dev/null\n"
MOVED = (
    "diff --git a/f.c b/g.c\n"
    "similarity index 90%\n"
    "rename from f.c\n"
    "rename to g.c\n"
    "--- a/f.c\n"
    "+++ b/g.c\n"
)


@pytest.mark.parametrize(
    ("head", "hunks", "tree", "result", "why"),
    [
        (NEW, "@@ -0,0 +1,1 @@\n+a\n", {}, "a\n", None),
        (
            NEW,
            "@@ -0,0 +1,1 @@\n+a\n",
            {"f.c": "x"},
            None,
            ("f.c", 0, "file already exists"),
        ),
        (NEW, "", {}, "", None),
        (HEAD, CHANGE, {}, None, ("f.c", 0, "file does not exist")),
        (GONE, "@@ -1,1 +0,0 @@\n-a\n", {"f.c": "a\n"}, None, None),
        (
            GONE,
            "@@ -1,1 +0,0 @@\n-a\n",
            {"f.c": "b\n"},
            None,
            ("f.c", 1, "context not found"),
        ),
        (GONE, "@@ -1,1 +0,0 @@\n-a\n", {}, None, ("f.c", 0, "file does not exist")),
        (GONE, "", {"f.c": ""}, None, None),
        (
            GONE,
            "",
            {"f.c": "a\n"},
            None,
            ("f.c", 1, "the file to delete has lines that the fix does not remove"),
        ),
        (MOVED, CHANGE, {"f.c": "a\nb\nc\nd\ne\n"}, "a\nb\nc\nD\ne\n", None),
        (
            MOVED,
            CHANGE,
            {"f.c": "a\nb\nc\nd\ne\n", "g.c": ""},
            None,
            ("g.c", 0, "file already exists"),
        ),
        (
            HEAD,
            "Binary files a/f.c and b/f.c differ\n",
            {"f.c": "a"},
            None,
            ("f.c", 0, "binary file: cannot be checked without git"),
        ),
    ],
)
def test_files_can_be_added_deleted_and_renamed(
    head: str,
    hunks: str,
    tree: dict[str, str],
    result: str | None,
    why: tuple[str, int, str] | None,
) -> None:
    fitted = fit_hunks(hunks, tree, head=head)
    assert apply_fit(fitted) == result
    assert [(misfit.path, misfit.line, misfit.why) for misfit in fitted.misfits[:1]] == (
        [why] if why else []
    )
    if head in (NEW, GONE, MOVED) and not why:
        (change,) = parse_diff(tuple((head + hunks).removesuffix("\n").split("\n")), 1).files
        after = {} if result is None else {change.path: result}
        reversed_fit = fit_file(change, MemoryTree(after), reverse=True)
        assert reversed_fit.misfits == ()
        assert apply_fit(reversed_fit) == (None if head == NEW else tree["f.c"])


def test_failed_hunks_are_grouped_by_file() -> None:
    diff = HEAD + CHANGE + HEAD.replace("f.c", "g.c") + CHANGE
    files = parse_diff(tuple(diff.removesuffix("\n").split("\n")), 1).files
    good = join_lines("a", "b", "c", "d", "e")
    assert find_misfit_hunks(files, MemoryTree({"f.c": good, "g.c": good})) == ()
    assert [misfit.path for misfit in find_misfit_hunks(files, MemoryTree({"f.c": good}))] == [
        "g.c"
    ]
    assert len(find_misfit_hunks(files, MemoryTree({"f.c": good, "g.c": good}), reverse=True)) == 2


def test_deleted_file_reports_hunk_offsets() -> None:
    hunks = "@@ -2,1 +1,0 @@\n-b\n"
    assert fit_hunks(hunks, {"f.c": join_lines("a", "b")}, head=GONE).offsets == (1,)
