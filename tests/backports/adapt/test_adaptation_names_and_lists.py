# SPDX-License-Identifier: GPL-2.0-or-later
"""Test adapting files in which names and lists are different in the branch, and checking the
adapted file.
"""

from pathlib import Path

import pytest

from patchpilot.backports.adapt.adaptation import adapt_conflicts
from patchpilot.backports.adapt.verify import is_sound_result
from patchpilot.backports.adapted_fix import Adaptation
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository
from tests.kit.repos import Repo


def format_function(name: str, *body: str) -> str:
    return f"int {name}(struct foo *f)\n{{\n" + "".join(f"\t{line}\n" for line in body) + "}\n"


def adapt_fix(
    path: Path,
    files: dict[str, str],
    before_fix: dict[str, str],
    after_fix: dict[str, str],
    changelogs: tuple[str, ...] = (),
) -> tuple[Adaptation | None, dict[str, str]]:
    """Adapt the fix to a branch with these files. The fix changes `before_fix` to
    `after_fix`.

    Return the adaptation and its files.
    """
    repo = Repo(path / "repo")
    branch_commit = repo.commit("start", files)
    repo.commit("move on", before_fix)
    fix_commit = repo.commit("fix it", after_fix)
    with Repository.open(repo.path) as repository, ScratchStore(repository) as scratch:
        commit = FixCommit.read(repository, fix_commit)
        branch_tree = scratch.tree_of(branch_commit)
        merge = scratch.pick(fix_commit, branch_tree, commit.base)
        assert not merge.clean
        adaptation = adapt_conflicts(scratch, merge, branch_tree, commit, changelogs=changelogs)
        tree = adaptation.tree(scratch, merge) if adaptation else branch_tree
        return (
            adaptation,
            {name: (scratch.blob(tree, name) or b"").decode() for name in files},
        )


def test_missing_name_lowers_the_confidence(tmp_path: Path) -> None:
    calls = ["foo_lookup(f, 1);", "other(f);", "foo_lookup(f, 2);", "last(f);"]
    new = [line.replace("foo_lookup", "foo_get") for line in calls]
    adaptation, _ = adapt_fix(
        tmp_path,
        {
            "a.c": format_function("work", *calls),
            "b.c": format_function("foo_lookup", "return 1;"),
        },
        {
            "a.c": format_function("work", *new),
            "b.c": format_function("foo_get", "return 1;"),
        },
        {"a.c": format_function("work", *new[:3], "foo_get(f, 3);", *new[3:])},
    )
    assert adaptation is not None
    assert adaptation.confidence < 0.5
    assert adaptation.advised_steps[-1] == "a.c: the branch's work() does not use foo_get; check it"


def test_name_that_only_the_fix_uses_is_named(tmp_path: Path) -> None:
    calls = ["one(f);", "two(f);", "three(f);"]
    adaptation, _ = adapt_fix(
        tmp_path,
        {"a.c": format_function("work", *calls), "b.c": format_function("two", "return 1;")},
        {
            "a.c": format_function("work", "first(f);", *calls[1:]),
            "b.c": format_function("foo_get", "return 1;"),
        },
        {"a.c": format_function("work", "first(f);", "foo_get(f, 3);", *calls[1:])},
    )
    assert adaptation is not None
    assert adaptation.advised_steps[-1] == "the branch does not have foo_get; check it"


NOTES = "doc/rel/notes.rst"
OLD_NOTES = "Bugs\n====\n\n* start\n"
NEW_NOTES = "Fixed\n=====\n\nThe ring was full.\n\n* start\n"


@pytest.mark.parametrize(
    ("branch", "before", "after", "result"),
    [
        # the branch has no such file
        (None, NEW_NOTES, NEW_NOTES.replace("full", "empty"), ""),
        # it has other text at this place
        (OLD_NOTES, NEW_NOTES, NEW_NOTES.replace("was full", "is empty"), OLD_NOTES),
        # only the position of an entry conflicts
        (
            "* of the branch\n* start\n",
            "* of mainline\n* start\n",
            "* fix\n* of mainline\n* start\n",
            "* fix\n* of the branch\n* start\n",
        ),
    ],
)
@pytest.mark.parametrize("is_known", [True, False])
def test_change_of_release_notes_prevents_no_adaptation(
    tmp_path: Path, branch: str | None, before: str, after: str, result: str, is_known: bool
) -> None:
    work, fixed = (format_function("work", line) for line in ("a(f);", "b(f);"))
    adaptation, files = adapt_fix(
        tmp_path,
        {"a.c": work, "c.c": work, **({NOTES: branch} if branch else {})},
        {NOTES: before},
        {NOTES: after, "a.c": fixed},
        ("doc/rel/*",) if is_known else (),
    )
    is_sure = adaptation is not None and adaptation.is_sure
    assert is_sure is (is_known or result.startswith("* fix"))
    if adaptation and is_known:
        assert (files.get(NOTES, ""), files["a.c"]) == (result, fixed)
        words = "omitted" if result in ("", OLD_NOTES) else "added the fix's entries"
        assert any(NOTES in step and words in step for step in adaptation.notes)


def test_branch_list_entries_are_kept(tmp_path: Path) -> None:
    work = format_function("work", "a(f);")
    adaptation, files = adapt_fix(
        tmp_path,
        {"ChangeLog": "* of the branch\n* start\n", "a.c": work},
        {"ChangeLog": "* of mainline\n* start\n"},
        {
            "ChangeLog": "* fix\n* of mainline\n* start\n",
            "a.c": format_function("work", "b(f);"),
        },
    )
    assert adaptation is not None
    assert files["ChangeLog"] == "* fix\n* of the branch\n* start\n"
    assert adaptation.kind == "context"
    assert adaptation.confidence >= 0.7


@pytest.mark.parametrize(
    ("adapted", "expected"),
    [
        (format_function("work", "a(f);"), True),
        (format_function("work", "if (f) {", "a(f);"), False),
        (format_function("work", "<<<<<<< ours", "a(f);").replace("\t", ""), False),
        (format_function("work", 'a("{");', "/* } ) */"), True),
    ],
)
def test_damaged_adaptation_is_rejected(adapted: str, expected: bool) -> None:
    plain = format_function("work", "a(f);").splitlines(keepends=True)
    lines = adapted.splitlines(keepends=True)
    assert is_sound_result("work.c", lines, plain, plain, plain) is expected


@pytest.mark.parametrize(
    ("path", "ours", "adapted", "expected"),
    [
        ("plan.txt", "if a:\n", "elif a:\n", True),
        ("plan.txt", "a\n", "<<<<<<< ours\na\n", False),
    ],
)
def test_brackets_are_checked_only_in_c(path: str, ours: str, adapted: str, expected: bool) -> None:
    branch_lines = ours.splitlines(keepends=True)
    assert (
        is_sound_result(
            path,
            adapted.splitlines(keepends=True),
            branch_lines,
            branch_lines,
            branch_lines,
        )
        is expected
    )
