# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the prerequisites of a commit that a branch lacks.

Commits that the branch already has are omitted.
"""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from patchpilot.backports import missing_commits
from patchpilot.backports.line_history import LineEditStep, LineTouch, Span
from patchpilot.backports.missing_commits import MissingCommits
from patchpilot.commits.merging import Merge

TEXT = "".join(f"line {number}\n" for number in range(1, 21))
FIRST, SECOND = (2, 3), (10, 11)


def make_edit_step(
    *spans: Span, old_path: str | None = "f.c", new_path: str | None = "f.c"
) -> LineEditStep:
    hunks = tuple((span, span) for span in spans)
    return LineEditStep(old_path, new_path, hunks)


def make_conflicted_file(*their_lines: str) -> str:
    """Return a conflicted file in which the commit's side has these lines."""
    return "".join(("<<<<<<< ours\nx\n=======\n", *their_lines, ">>>>>>> theirs\n"))


class FakeHistory:
    """A branch, the commits before the fix, and a record of the git calls during a search."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *line_touches: LineTouch) -> None:
        self.touches = line_touches
        self.fix = LineTouch("fix", (make_edit_step(FIRST, SECOND),))
        self.blobs: dict[tuple[str, str], str] = {}
        self.in_branch: set[str] = {"f.c"}
        self.present: set[str] = set()
        self.landed: dict[str, bool] = {}
        self.asked: list[str] = []
        monkeypatch.setattr(missing_commits, "read_line_touch", self._read_touch)
        monkeypatch.setattr(missing_commits, "read_line_touches", self._read_touches)
        monkeypatch.setattr(missing_commits, "find_older_names", self._older_names)

    def _read_touch(self, _: object, commit: str) -> LineTouch:
        self.asked.append(f"show {commit}")
        matching_touches = [touch for touch in (*self.touches, self.fix) if touch.commit == commit]
        return matching_touches[0]

    def _read_touches(
        self,
        _: object,
        paths: tuple[str, ...],
        tip: str,
        excluded: list[str],
        *,
        timeout: float,
    ) -> tuple[LineTouch, ...]:
        self.asked.append(f"log {' '.join(paths)} of {tip} less {' '.join(excluded)} in {timeout}")
        return self.touches

    def _older_names(
        self,
        _: object,
        paths: tuple[str, ...],
        tip: str,
        excluded: str,
        *,
        timeout: float,
    ) -> tuple[str, ...]:
        self.asked.append(f"names {' '.join(paths)} of {tip} less {excluded} in {timeout}")
        return tuple(f"old-{path}" for path in paths)

    def search(self, parents: tuple[str, ...] = ("top",)) -> MissingCommits:
        history = SimpleNamespace(
            repository=SimpleNamespace(commit=lambda _: SimpleNamespace(parents=parents)),
            missing=lambda commits, _: tuple(
                commit for commit in commits if commit not in self.present
            ),
            landed=self._find_landing,
        )
        fake_scratch = SimpleNamespace(
            has=lambda _, path: path in self.in_branch,
            blob=lambda tree, path: self._read_blob(tree, path),
        )
        arguments = (cast("Any", history), cast("Any", fake_scratch))
        return MissingCommits(*arguments, "fix", "tip", "tree", lambda: 7.0)

    def _read_blob(self, tree: str, path: str) -> bytes | None:
        content = self.blobs.get((tree, path))
        return None if content is None else content.encode()

    def _find_landing(self, commit: str, _: str) -> object:
        self.asked.append(f"landed {commit}")
        return SimpleNamespace(holds=self.landed[commit]) if commit in self.landed else None


def make_two_writers(monkeypatch: pytest.MonkeyPatch) -> FakeHistory:
    """Return two commits that wrote different lines. The fix changes lines of both."""
    return FakeHistory(
        monkeypatch,
        LineTouch("a", (make_edit_step(FIRST),)),
        LineTouch("b", (make_edit_step(SECOND),)),
    )


@pytest.mark.parametrize(
    ("conflict", "expected"),
    [
        (make_conflicted_file("line 11\n"), ("b",)),
        (make_conflicted_file("line 3\n"), ("a",)),
        (
            make_conflicted_file("line 3\n") + make_conflicted_file("line 11\n"),
            ("a", "b"),
        ),
        # lines directly before and after a hunk belong to it
        (make_conflicted_file("line 2\n"), ("a",)),
        (make_conflicted_file("line 4\n"), ("a",)),
        (make_conflicted_file("line 12\n"), ("b",)),
        # these conflicts are outside the hunks, in lines that do not exist, without lines, or
        # without markers
        (make_conflicted_file("line 6\n"), ("a", "b")),
        (
            make_conflicted_file("line 11\n") + make_conflicted_file("line 6\n"),
            ("a", "b"),
        ),
        (make_conflicted_file("line 30\n"), ("a", "b")),
        (make_conflicted_file(), ("a", "b")),
        ("x\n", ("a", "b")),
    ],
)
def test_only_conflicting_hunks_are_traced(
    conflict: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    branch = make_two_writers(monkeypatch)
    branch.blobs = {("theirs", "f.c"): TEXT, ("merged", "f.c"): conflict}
    assert (
        branch.search().find_writers("fix", Merge("merged", False, ("f.c",)), "theirs") == expected
    )


def test_conflict_at_the_end_of_file_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = make_two_writers(monkeypatch)
    branch.fix = LineTouch("fix", (make_edit_step(FIRST, (10, 11)),))
    text = "".join(f"line {number}\n" for number in range(1, 12))
    branch.blobs = {
        ("theirs", "f.c"): text,
        ("merged", "f.c"): make_conflicted_file("line 11\n"),
    }
    assert branch.search().find_writers("fix", Merge("merged", False, ("f.c",)), "theirs") == ("b",)


@pytest.mark.parametrize(
    ("change", "blobs"),
    [
        (
            make_edit_step(FIRST, SECOND),
            {("merged", "f.c"): make_conflicted_file("line 11\n")},
        ),
        (
            make_edit_step(FIRST, SECOND, old_path="f.c", new_path="g.c"),
            {("theirs", "g.c"): TEXT},
        ),
        (make_edit_step(FIRST, SECOND, new_path=None), {("theirs", ""): TEXT}),
    ],
)
def test_deleted_file_traces_every_hunk(
    change: LineEditStep,
    blobs: dict[tuple[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = make_two_writers(monkeypatch)
    branch.fix = LineTouch("fix", (change,))
    branch.blobs = {("merged", "g.c"): make_conflicted_file("line 11\n"), **blobs}
    merge = Merge("merged", False, ("f.c", "g.c"))
    assert branch.search().find_writers("fix", merge, "theirs") == ("a", "b")


def test_same_change_with_another_id_is_not_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = make_two_writers(monkeypatch)
    assert branch.search().dependencies_of("fix", ["f.c"], 0) == ("a", "b")
    branch.landed = {"a": True, "b": False}
    assert branch.search().dependencies_of("fix", ["f.c"], 0) == ("b",)
    branch.landed, branch.present = {}, {"b"}
    search = branch.search()
    branch.asked.clear()
    assert search.dependencies_of("fix", ["f.c"], 0) == ("a",)
    assert search.dependencies_of("fix", ["f.c"], 0) == ("a",)
    assert branch.asked.count("landed a") == 1
    assert branch.asked.count("show fix") == 1
    assert "landed b" not in branch.asked


@pytest.mark.parametrize(("count", "expected"), [(20, 0), (21, 21)])
def test_search_is_limited_to_a_few_commits(
    count: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    touches = [LineTouch(f"c{number}", (make_edit_step(FIRST),)) for number in range(count)]
    branch = FakeHistory(monkeypatch, *touches)
    branch.landed = dict.fromkeys((touch.commit for touch in touches), True)
    assert len(branch.search().dependencies_of("fix", ["f.c"], 0)) == expected


def test_only_conflicting_files_are_searched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = FakeHistory(
        monkeypatch,
        LineTouch("f", (make_edit_step(FIRST),)),
        LineTouch("g", (make_edit_step(FIRST, old_path="g.c", new_path="g.c"),)),
    )
    branch.in_branch = {"f.c", "g.c", "h.c"}
    edits = (
        make_edit_step(FIRST),
        make_edit_step(FIRST, old_path="g.c", new_path="h.c"),
    )
    branch.fix = LineTouch("fix", edits)
    for conflicts, expected in (
        (["f.c"], ("f",)),
        (["g.c"], ("g",)),
        (["h.c"], ("g",)),
        (["other.c"], ("f", "g")),
    ):
        assert branch.search().dependencies_of("fix", conflicts, 0) == expected, conflicts


def test_earlier_names_are_searched_if_a_file_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = FakeHistory(monkeypatch)
    search = branch.search()
    assert search.with_older_names(["f.c"]) == ("f.c",)
    assert branch.asked == []
    for _ in range(2):
        assert search.with_older_names(["f.c", "g.c"]) == ("f.c", "g.c", "old-g.c")
    assert branch.asked == ["names g.c of top less tip in 7.0"]
    assert branch.search(parents=()).with_older_names(["g.c"]) == ("g.c",)


def test_common_history_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    branch = FakeHistory(
        monkeypatch,
        LineTouch("a", (make_edit_step(FIRST),)),
        LineTouch("b", (make_edit_step(FIRST, old_path="g.c", new_path="g.c"),)),
        LineTouch("c", (make_edit_step(FIRST, old_path="g.c", new_path="h.c"),)),
    )
    search = branch.search()

    def read_earlier_touches(commit: str, *paths: str) -> list[str]:
        return [touch.commit for touch in search.read_earlier_touches(commit, paths)]

    assert read_earlier_touches("fix", "f.c", "g.c", "h.c") == ["a", "b", "c"]
    assert read_earlier_touches("b", "f.c", "g.c", "h.c") == ["a"]
    assert read_earlier_touches("unknown", "f.c", "g.c", "h.c") == ["a", "b", "c"]
    assert read_earlier_touches("fix", "f.c") == ["a"]
    assert read_earlier_touches("fix", "g.c") == ["b", "c"]
    assert read_earlier_touches("c", "g.c") == ["b"]
    assert read_earlier_touches("fix", "h.c") == ["c"]
    assert branch.asked == ["log f.c g.c h.c of top less tip in 7.0"]
    assert branch.search(parents=()).read_earlier_touches("fix", ("f.c",)) == ()


def test_most_recent_commits_are_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(missing_commits, "MOST", 2)
    branch = FakeHistory(
        monkeypatch, *(LineTouch(name, (make_edit_step(FIRST),)) for name in "abc")
    )
    branch.present = {"c"}
    assert branch.search().latest("fix", ["f.c"]) == ("b",)
