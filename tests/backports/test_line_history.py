# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the earlier commits on which a fix depends. Only line numbers are used."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from patchpilot.backports import line_history
from patchpilot.backports.line_history import (
    LineEditStep,
    LineTouch,
    Span,
    find_crossing_touches,
    find_dependencies,
    find_last_writers,
    find_older_names,
    read_line_touch,
    read_line_touches,
    read_touches_of_commits,
)
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo

NONE: frozenset[str] = frozenset()
PATHS = frozenset(["f.c"])


def make_edit_step(
    *hunks: tuple[Span, Span], old: str | None = "f.c", new: str | None = "f.c"
) -> LineEditStep:
    return LineEditStep(old, new, hunks)


def replace_lines(*spans: Span, **names: str | None) -> LineEditStep:
    """Return an edit that replaces these lines with the same number of new lines."""
    return make_edit_step(*((span, span) for span in spans), **names)


def make_touch(name: str, *edits: LineEditStep) -> LineTouch:
    return LineTouch(name, edits)


def list_commit_ids(touches: tuple[LineTouch, ...]) -> list[str]:
    return [touch.commit for touch in touches]


def make_fix(*spans: Span) -> LineTouch:
    """Return a fix that changes these spans. A span is a pair of positions between lines."""
    return make_touch("fix", replace_lines(*spans))


@pytest.mark.parametrize(
    ("changed", "meets"),
    [
        ((10, 12), True),
        ((5, 10), True),
        ((12, 14), True),
        ((5, 9), False),
        ((13, 14), False),
        ((11, 11), True),
        ((0, 40), True),
    ],
)
def test_fix_depends_on_nearby_changes(changed: Span, meets: bool) -> None:
    before = make_touch("a", replace_lines(changed))
    assert list_commit_ids(find_dependencies([before], make_fix((10, 12)), NONE)) == (
        ["a"] if meets else []
    )
    assert list_commit_ids(find_last_writers([before], make_fix((10, 12)), NONE, PATHS)) == (
        ["a"] if meets else []
    )
    assert find_dependencies([before], make_fix((10, 12)), frozenset("a")) == ()
    assert find_last_writers([before], make_fix((10, 12)), frozenset("a"), PATHS) == ()


@pytest.mark.parametrize(
    ("changed", "margin", "meets"),
    [
        ((5, 9), 1, True),
        ((5, 8), 1, False),
        ((13, 14), 1, True),
        ((15, 16), 3, True),
        ((16, 17), 3, False),
        ((0, 1), 20, True),
    ],
)
def test_margin_includes_adjacent_lines(changed: Span, margin: int, meets: bool) -> None:
    assert (
        bool(
            find_dependencies(
                [make_touch("a", replace_lines(changed))],
                make_fix((10, 12)),
                NONE,
                margin=margin,
            )
        )
        is meets
    )


@pytest.mark.parametrize(
    ("old", "new", "mapped"),
    [
        # if lines above are added, removed or replaced, the lines below get other numbers
        ((0, 0), (0, 5), (5, 7)),
        ((0, 5), (0, 0), (15, 17)),
        ((2, 4), (2, 5), (9, 11)),
        # the edit is below the lines
        ((20, 20), (20, 29), (10, 12)),
        # the edit ends where the first line starts
        ((4, 4), (4, 8), (6, 8)),
        # the edit overlaps the start or end of the lines, covers them, or lies within them
        ((8, 11), (8, 12), (8, 11)),
        ((11, 15), (11, 14), (10, 15)),
        ((8, 18), (8, 14), (8, 18)),
        ((11, 11), (11, 12), (10, 11)),
        ((11, 14), (11, 11), (10, 15)),
        # the edit is adjacent to the lines
        ((12, 12), (12, 15), (10, 12)),
        ((12, 15), (12, 12), (10, 15)),
        ((9, 10), (9, 10), (10, 12)),
        # the edit is before the first line
        ((0, 3), (0, 0), (13, 15)),
    ],
)
def test_line_numbers_map_through_commits(old: Span, new: Span, mapped: Span) -> None:
    second_touch = make_touch("b", make_edit_step((old, new)))
    low, high = mapped
    for line in range(30):
        first_touch = make_touch("a", replace_lines((line, line + 1)))
        expected = low <= line + 1 and line <= high
        assert (
            "a"
            in list_commit_ids(
                find_dependencies([first_touch, second_touch], make_fix((10, 12)), frozenset("b"))
            )
        ) is expected, line


def test_prerequisites_of_prerequisites_are_needed() -> None:
    first_touch = make_touch("a", replace_lines((30, 31)))
    second_touch = make_touch("b", replace_lines((10, 11), (30, 31)))
    assert list_commit_ids(
        find_dependencies([first_touch, second_touch], make_fix((10, 12)), NONE)
    ) == [
        "a",
        "b",
    ]
    assert (
        list_commit_ids(
            find_dependencies([first_touch, second_touch], make_fix((10, 12)), frozenset("b"))
        )
        == []
    )
    # the commits that wrote the lines have no prerequisites themselves
    assert list_commit_ids(
        find_last_writers([first_touch, second_touch], make_fix((10, 12)), NONE, PATHS)
    ) == ["b"]


def test_rewritten_lines_are_not_traced() -> None:
    old, new = (
        make_touch("a", replace_lines((10, 12))),
        make_touch("b", replace_lines((10, 12))),
    )
    assert list_commit_ids(find_last_writers([old, new], make_fix((10, 12)), NONE, PATHS)) == ["b"]
    half = make_touch("b", replace_lines((10, 11)))
    assert list_commit_ids(find_last_writers([old, half], make_fix((10, 12)), NONE, PATHS)) == [
        "a",
        "b",
    ]
    middle = make_touch("b", replace_lines((12, 16)))
    for line, expected in ((10, True), (17, True), (13, False)):
        assert (
            "a"
            in list_commit_ids(
                find_last_writers(
                    [make_touch("a", replace_lines((line, line + 1))), middle],
                    make_fix((10, 19)),
                    NONE,
                    PATHS,
                )
            )
        ) is expected
    removed_touch = make_touch("b", make_edit_step(((10, 12), (10, 10))))
    assert list_commit_ids(
        find_last_writers([old, removed_touch], make_fix((9, 11)), NONE, PATHS)
    ) == [
        "a",
        "b",
    ]


def test_only_requested_files_are_considered() -> None:
    fix_touch = make_touch(
        "fix", replace_lines((1, 2)), replace_lines((1, 2), old="g.c", new="h.c")
    )
    touches = [
        make_touch("f", replace_lines((1, 2))),
        make_touch("g", replace_lines((1, 2), old="g.c", new="g.c")),
    ]
    assert list_commit_ids(find_dependencies(touches, fix_touch, NONE)) == ["f", "g"]
    for requested, expected in (
        (["f.c"], ["f"]),
        (["g.c"], ["g"]),
        (["h.c"], ["g"]),
        (["x.c"], []),
    ):
        assert (
            list_commit_ids(find_dependencies(touches, fix_touch, NONE, frozenset(requested)))
            == expected
        )
        assert (
            list_commit_ids(find_last_writers(touches, fix_touch, NONE, frozenset(requested)))
            == expected
        )
    created = make_touch("fix", make_edit_step(((0, 0), (0, 9)), old=None, new="n.c"))
    assert (
        find_dependencies(
            [make_touch("n", make_edit_step(((0, 0), (0, 9)), old=None, new="n.c"))],
            created,
            NONE,
        )
        == ()
    )


def test_rename_can_be_a_prerequisite() -> None:
    first_touch = make_touch("a", replace_lines((10, 11), old="old.c", new="old.c"))
    move = make_touch("m", make_edit_step(old="old.c", new="f.c"))
    assert list_commit_ids(find_dependencies([first_touch, move], make_fix((10, 12)), NONE)) == [
        "a",
        "m",
    ]
    assert list_commit_ids(
        find_dependencies([first_touch, move], make_fix((10, 12)), frozenset("m"))
    ) == ["a"]
    assert list_commit_ids(
        find_last_writers([first_touch, move], make_fix((10, 12)), NONE, PATHS)
    ) == ["a"]
    assert list_commit_ids(find_crossing_touches([first_touch, move], "f.c", (10, 12))) == ["a"]
    rename = make_touch("c", make_edit_step(((0, 0), (0, 40)), old=None, new="f.c"))
    assert list_commit_ids(
        find_dependencies(
            [make_touch("x", replace_lines((10, 11))), rename], make_fix((10, 12)), NONE
        )
    ) == ["c"]


@pytest.mark.parametrize(
    ("old", "new", "span", "crosses"),
    [
        ((4, 6), (4, 6), (5, 9), True),
        ((4, 5), (4, 5), (5, 9), False),
        ((9, 10), (9, 10), (5, 9), False),
        ((8, 10), (8, 10), (5, 9), True),
        # removing lines affects the line before and the line after them
        ((5, 8), (5, 5), (5, 9), True),
        ((5, 8), (5, 5), (2, 5), True),
        ((5, 8), (5, 5), (6, 9), False),
        ((5, 8), (5, 5), (2, 4), False),
        ((0, 3), (0, 0), (0, 1), True),
        ((0, 3), (0, 0), (1, 2), False),
    ],
)
def test_commit_may_overlap_the_start_of_a_span(
    old: Span, new: Span, span: Span, crosses: bool
) -> None:
    assert (
        bool(find_crossing_touches([make_touch("a", make_edit_step((old, new)))], "f.c", span))
        is crosses
    )


def test_span_maps_back_to_the_oldest_commit() -> None:
    touches = [
        make_touch("a", replace_lines((5, 6))),
        make_touch("b", make_edit_step(((0, 0), (0, 10)))),
        make_touch("c", make_edit_step(((15, 16), (15, 18)))),
    ]
    assert list_commit_ids(find_crossing_touches(touches, "f.c", (16, 17))) == [
        "a",
        "c",
    ]
    assert find_crossing_touches(touches, "g.c", (16, 17)) == ()


def test_commit_size_counts_changed_lines() -> None:
    assert (
        make_touch(
            "a",
            make_edit_step(((0, 2), (0, 5)), ((9, 9), (12, 13))),
            make_edit_step(((1, 1), (1, 2)), old="g.c", new="g.c"),
        ).size
        == 2 + 3 + 2 + 1 + 1
    )


def test_changes_are_read_from_git_unmodified(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    text = [f"line {n}\n" for n in range(1, 21)]
    base = repo.commit("start", {"f.c": "".join(text), "keep.c": "int k;\n"})
    changed = [*text[:2], "new\n", "more\n", *text[2:9], *text[10:19], "end\n"]
    commit = repo.commit("change", {"f.c": "".join(changed)})
    repo.git("mv f.c 'grü ße.c'")
    second_commit = repo.commit("move")
    repo.git("rm -q 'grü ße.c'")
    three = repo.commit("remove", {"empty.c": ""})
    with Repository.open(repo.path) as repository:
        touched = read_line_touch(repository, commit)
        assert touched.commit == commit
        (edited,) = touched.edits
        assert (edited.old_path, edited.new_path) == ("f.c", "f.c")
        assert edited.hunks == (
            ((2, 2), (2, 4)),
            ((9, 10), (11, 11)),
            ((19, 20), (20, 21)),
        )
        (moved,) = read_line_touch(repository, second_commit).edits
        assert (moved.old_path, moved.new_path, moved.hunks) == ("f.c", "grü ße.c", ())
        edits = {
            row.old_path or row.new_path: row for row in read_line_touch(repository, three).edits
        }
        assert (edits["grü ße.c"].new_path, edits["grü ße.c"].hunks) == (
            None,
            (((0, 21), (0, 0)),),
        )
        assert (edits["empty.c"].old_path, edits["empty.c"].hunks) == (None, ())
        first = read_line_touch(repository, base)
        assert {row.new_path: row.hunks for row in first.edits}["keep.c"] == (((0, 0), (0, 1)),)
        assert [
            change.commit for change in read_line_touches(repository, ["f.c"], three, [base])
        ] == [
            commit,
            second_commit,
        ]
        assert [
            change.commit
            for change in read_line_touches(repository, ["f.c", "empty.c"], three, [commit])
        ] == [second_commit, three]
        by_commit = read_touches_of_commits(repository, [second_commit, commit, base], ["f.c"])
        assert list(by_commit) == [second_commit, commit, base]
        assert by_commit[commit] == touched
        assert read_touches_of_commits(repository, [commit, three], ["keep.c"]) == {
            name: LineTouch(name, ()) for name in (commit, three)
        }
        assert find_older_names(repository, ["grü ße.c"], second_commit, base) == ("f.c",)
        assert find_older_names(repository, ["grü ße.c"], second_commit, second_commit) == ()
        assert find_older_names(repository, ["keep.c"], second_commit, base) == ()


def test_earlier_file_names_are_found_newest_first(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "r")
    base = repo.commit(
        "start",
        {
            "a.c": "".join(f"int a{n};\n" for n in range(9)),
            "z.c": "".join(f"int z{n};\n" for n in range(9)),
        },
    )
    for old, new in (("a.c", "b.c"), ("b.c", "c.c"), ("z.c", "y.c")):
        repo.git("mv", old, new)
        tip = repo.commit(f"move {old}")
    with Repository.open(repo.path) as repository:
        assert find_older_names(repository, ["c.c"], tip, base) == ("b.c", "a.c")
        assert find_older_names(repository, ["c.c", "y.c"], tip, base) == (
            "b.c",
            "z.c",
            "a.c",
        )
        assert find_older_names(repository, ["c.c", "b.c"], tip, base) == ("a.c",)


class FakeGit:
    """A stub for git.

    It returns a given result for each subcommand, and records timeouts. Each call takes two seconds
    of simulated time.
    """

    def __init__(self, **git_outputs: bytes) -> None:
        self.answers, self.now = git_outputs, 100.0
        self.asked: list[tuple[tuple[str, ...], float | None]] = []

    def git(
        self, *arguments: str, timeout: float | None = None, stdin: bytes | None = None
    ) -> SimpleNamespace:
        self.asked.append((arguments, timeout))
        self.now += 2
        output = self.answers[arguments[0].replace("-", "_")]
        return SimpleNamespace(out=output, text=output.decode())

    @property
    def repository(self) -> Repository:
        return cast("Any", self)


def test_remaining_time_limits_each_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeGit(log=b"c1\nc2\n", diff_tree=b"R100\0older.c\0new.c\0M\0")
    monkeypatch.setattr(line_history, "time", SimpleNamespace(monotonic=lambda: fake.now))
    assert find_older_names(fake.repository, ["new.c"], "tip", "less", timeout=5) == ("older.c",)
    calls = [(words[0], words[-1], pytest.approx(timeout)) for words, timeout in fake.asked]
    assert calls == [
        ("log", "new.c", 5),
        ("diff-tree", "c1", 3),
        ("diff-tree", "c2", 1),
        ("log", "older.c", 0.1),
        ("diff-tree", "c1", 0.1),
        ("diff-tree", "c2", 0.1),
    ]


def test_rename_search_is_bounded() -> None:
    fake = FakeGit(log=b"c\n" * 50, diff_tree=b"")
    assert find_older_names(fake.repository, ["new.c"], "tip", "less") == ()
    assert [words[0] for words, _ in fake.asked] == ["log"] + ["diff-tree"] * 40
    assert find_older_names(fake.repository, [], "tip", "less") == ()
    assert len(fake.asked) == 41
    chain = b"".join(b"R100\0%d\0%d\0" % (number + 1, number) for number in range(9))
    fake = FakeGit(log=b"c\n", diff_tree=chain)
    assert find_older_names(fake.repository, ["0"], "tip", "less") == tuple("123456")


def test_lines_of_created_file_have_no_earlier_commits() -> None:
    first_touch = make_touch("a", replace_lines((30, 31)))
    creation = make_edit_step(((0, 0), (0, 9)), old=None, new="n.c")
    moved_touch = make_touch("b", creation, make_edit_step(((0, 0), (0, 20))))
    assert list_commit_ids(
        find_dependencies([first_touch, moved_touch], make_fix((50, 51)), frozenset("b"))
    ) == ["a"]
    assert (
        list_commit_ids(
            find_dependencies([first_touch, moved_touch], make_fix((30, 31)), frozenset("b"))
        )
        == []
    )


def test_path_arguments_limit_git() -> None:
    fake = FakeGit(log=b"")
    assert read_line_touch(fake.repository, "c", ["f.c"]) == LineTouch("c", ())
    assert read_line_touch(fake.repository, "c") == LineTouch("c", ())
    assert read_line_touches(fake.repository, ["f.c"], "tip", ["a", "b"]) == ()
    (paths, _), (unlimited, _), (several, seconds) = fake.asked
    assert paths[-3:] == ("c", "--", "f.c")
    assert unlimited[-1] == "c"
    assert several[-5:] == ("tip", "^a", "^b", "--", "f.c")
    assert seconds == 60


def test_hunk_belongs_to_its_diff() -> None:
    head = b"\x01c\n\n"
    raws = b"".join(
        b":100644 100644 %s %s M\t%s\n" % (b"1" * 40, b"2" * 40, name) for name in (b"f.c", b"g.c")
    )
    diff = b"\ndiff --git a/f.c b/f.c\n@@ -1 +1,2 @@\n-@@ -5 +5 @@\n+x\n@@ no hunk @@\n"
    fake = FakeGit(log=head + b"@@ -7 +7 @@\n" + raws + diff)
    touch = read_line_touch(fake.repository, "c")
    assert touch.commit == "c"
    assert [(edit.new_path, edit.hunks) for edit in touch.edits] == [
        ("f.c", (((0, 1), (0, 2)),)),
        ("g.c", ()),
    ]
