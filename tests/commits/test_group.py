# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and commits become series: by their numbers, versions and threads."""

from pathlib import Path

import pytest

from patchpilot.commits.range import (
    commit_patch,
    commits_series,
    group,
    patches_of,
    read_file,
    resolve_commits,
    revision_series,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch
from tests.kit.patches import BODY, DIFF, mail
from tests.kit.repos import Repo
from tests.kit.topics import topic


def one(
    mark: str,
    *,
    diff: str = DIFF,
    ident: str = "",
    above: str = "",
    author: str = "Ada <ada@example.org>",
) -> Patch:
    headers = {
        name: value
        for name, value in (("Message-ID", ident), ("In-Reply-To", above))
        if value
    }
    text = mail(f"[{mark}] frob: x", diff=diff, headers=headers).replace(
        "Ada Fixer <ada@example.org>", author, 1
    )
    return parse_patch(text.encode(), mark)


def shape(*patches: Patch) -> list[tuple[bool, list[int | None]]]:
    """Whether each series has a cover, and the numbers of its patches."""
    return [
        (found.cover is not None, [member.subject.number for member in found.patches])
        for found in group(patches)
    ]


@pytest.mark.parametrize(
    ("marks", "expected"),
    [
        (("PATCH 1/2", "PATCH 2/2"), [(False, [1, 2])]),
        (("PATCH 1/2", "PATCH 1/2"), [(False, [1]), (False, [1])]),
        (("PATCH 2/2", "PATCH 1/2"), [(False, [2]), (False, [1])]),
        (("PATCH 1/2", "PATCH 2/3"), [(False, [1]), (False, [2])]),
        (("PATCH 1/2", "PATCH v2 2/2"), [(False, [1]), (False, [2])]),
        (("PATCH", "PATCH"), [(False, [None]), (False, [None])]),
        (("PATCH 1/2", "PATCH"), [(False, [1]), (False, [None])]),
        (("PATCH", "PATCH 2/2"), [(False, [None]), (False, [2])]),
        (("PATCH v2 1/3", "PATCH v2 3/3"), [(False, [1, 3])]),
        ((), []),
    ],
)
def test_patches_are_grouped_by_number_total_and_version(
    marks: tuple[str, ...], expected: list[tuple[bool, list[int]]]
) -> None:
    assert shape(*(one(mark) for mark in marks)) == expected


def test_a_cover_letter_is_the_mail_number_0_without_a_diff() -> None:
    cover = one("PATCH 0/2", diff="")
    assert shape(cover, one("PATCH 1/2"), one("PATCH 2/2")) == [(True, [1, 2])]
    assert shape(one("PATCH 0/2"), one("PATCH 1/2")) == [(False, [0, 1])]
    assert shape(cover) == [(True, [])]
    # without a diff, but not number 0: a slip that a rule will tell
    assert shape(cover, one("PATCH 1/2", diff="")) == [(True, [1])]


@pytest.mark.parametrize(
    ("mark", "above", "author", "together"),
    [
        ("PATCH 2/3", "<a@example.org>", "Ada <ada@example.org>", True),
        ("PATCH v2 2/2", "<a@example.org>", "Ada <ada@example.org>", True),
        ("PATCH 2/3", "<other@example.org>", "Ada <ada@example.org>", False),
        ("PATCH 2/3", "", "Ada <ada@example.org>", False),
        ("PATCH 3/3", "<a@example.org>", "Ada <ada@example.org>", False),
        ("PATCH 2/3", "<a@example.org>", "Bob <bob@example.com>", False),
    ],
)
def test_a_slip_in_the_marks_does_not_part_a_thread(
    mark: str, above: str, author: str, together: bool
) -> None:
    first = one("PATCH 1/2", ident="<a@example.org>")
    assert (len(group([first, one(mark, above=above, author=author)])) == 1) is together
    # a mail without an id is above nothing
    assert len(group([one("PATCH 1/2"), one(mark, above=above, author=author)])) == 2


def test_of_an_mbox_only_patches_and_cover_letters_are_taken() -> None:
    cover = mail("[PATCH 0/1] frob: x", diff="")
    answer = mail("Re: [PATCH 1/1] frob: x", diff="")
    zero = mail("Re: meeting 0/1", diff="")
    patch = mail("[PATCH 1/1] frob: x")
    found = patches_of("\n".join((cover, answer, zero, patch)).encode(), "m.mbox")
    assert [(each.subject.number, each.source) for each in found] == [
        (0, "m.mbox:1"),
        (1, "m.mbox:4"),
    ]
    assert [each.source for each in patches_of(patch.encode(), "p")] == ["p"]
    assert [each.source for each in patches_of(answer.encode(), "p")] == ["p"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no\.patch: No such file"):
        read_file(tmp_path / "no.patch")
    with pytest.raises(InputError, match="directory"):
        read_file(tmp_path)


def test_commits_are_named_one_by_one_or_by_a_range(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 3)
    ids = repo.git("rev-list", "--reverse", "master..topic").split()
    with Repository.open(repo.path) as repository:
        assert resolve_commits(repository, "HEAD~1") == (ids[1],)
        repo.git("branch", "0001-fix.patch", ids[0])
        assert resolve_commits(repository, "0001-fix.patch") == (ids[0],)
        assert list(resolve_commits(repository, "master..")) == ids
        assert list(resolve_commits(repository, f"{ids[0]}..HEAD~1")) == [ids[1]]
        series = revision_series(repository, f"{ids[0]}..{ids[2]}")
        assert ([each.commit for each in series.patches], series.base) == (
            ids[1:],
            ids[0],
        )
        alone = revision_series(repository, "HEAD")
        assert ([each.commit for each in alone.patches], alone.base) == ([ids[2]], None)
        assert commits_series(repository, ids, "b").base == "b"
        for target, word in (
            ("master...topic", "two dots"),
            ("topic..master", "no commits in this range"),
        ):
            with pytest.raises(UsageError, match=word) as error:
                resolve_commits(repository, target)
            assert error.value.hint


def test_a_commit_as_a_patch_has_no_number_no_signature_and_nobody_to_send_to(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 2)
    for name, value in (
        ("format.to", "a@example.org"),
        ("format.numbered", "true"),
        ("format.headers", "X-A: b\n"),
        ("format.signature", "s"),
    ):
        repo.git("config", name, value)
    with Repository.open(repo.path) as repository:
        patch = commit_patch(repository, repo.git("rev-parse", "HEAD"))
    assert patch.header("Subject") == "[PATCH] widget: change line 2"
    assert (patch.header("To"), patch.header("X-A")) == (None, None)
    assert not [line for line in patch.lines if line.rstrip() == "--"]
    assert patch.commit == repo.git("rev-parse", "HEAD")
    assert patch.source == repo.git("rev-parse", "HEAD")[:12]


def test_a_merge_and_an_empty_commit_have_no_patch(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"a.c": "int a;\n"})
    repo.branch("side")
    repo.commit("side", {"b.c": "int b;\n"})
    repo.checkout("master")
    empty = repo.commit(f"empty\n\n{BODY}")
    repo.git("merge", "-q", "--no-ff", "-m", "merge", "side")
    with Repository.open(repo.path) as repository:
        for commit, word in (
            (repo.git("rev-parse", "HEAD"), "is a merge"),
            (empty, "is an empty commit"),
        ):
            with pytest.raises(UsageError, match=word) as error:
                commit_patch(repository, commit)
            assert error.value.hint
