# SPDX-License-Identifier: GPL-2.0-or-later
"""Test TARGETs that are files. They may be compressed or endless, and there may be several."""

import gzip
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from patchpilot.commits import range as module
from patchpilot.errors import InputError, NoPatchError, PatchpilotError, UsageError
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series
from tests.kit.cli import call
from tests.kit.patches import build_patch_text

ONE, TWO = (
    build_patch_text(f"[PATCH {number}/2] foo: part {number}").encode() for number in (1, 2)
)


def read_subjects(*target_names: object) -> list[str]:
    return [
        patch.subject.title
        for series in module.read_targets([str(target) for target in target_names], None)
        for patch in series.patches
    ]


def test_concatenated_gzip_is_read(tmp_path: Path) -> None:
    file = tmp_path / "two.mbox.gz"
    file.write_bytes(gzip.compress(ONE) + gzip.compress(TWO))
    assert read_subjects(file) == ["foo: part 1", "foo: part 2"]


def test_compressed_stdin_is_read() -> None:
    outcome = call("check --format checkpatch --select TAG001 -", stdin=gzip.compress(ONE))
    assert (outcome.code, outcome.err) == (0, "")


def test_truncated_gzip_is_not_a_patch(tmp_path: Path) -> None:
    file = tmp_path / "cut.patch.gz"
    file.write_bytes(gzip.compress(ONE)[:-20])
    outcome = call("check", file)
    assert (outcome.code, outcome.out) == (2, "")
    assert "truncated" in outcome.err


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no endless file here")
def test_endless_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_INPUT", 1 << 20)
    with pytest.raises(InputError, match="larger than 1 MiB"):
        read_subjects("/dev/zero")


def test_missing_archive_access_is_reported() -> None:
    with pytest.raises(UsageError, match="cannot read mail archives"):
        read_subjects("<x@example.org>")


@pytest.mark.parametrize(
    ("target", "network", "file"),
    [
        ("https://lore.kernel.org/all/x@example.org/", True, False),
        ("http://lore.kernel.org/x", True, False),
        ("<x@example.org>", True, False),
        ("<x@example.org", False, False),
        ("x@example.org>", False, False),
        ("x.patch", False, True),
        ("x.diff", False, True),
        ("x.mbox", False, True),
        ("x.eml", False, True),
        ("x.gz", False, True),
        ("/x", False, True),
        ("./x", False, True),
        ("../x", False, True),
        ("~x", False, True),
        ("HEAD~1", False, False),
        ("v6.1..", False, False),
    ],
)
def test_target_kind_depends_on_its_form(target: str, network: bool, file: bool) -> None:
    assert module.is_network_target(target) is network
    assert module.looks_like_file(target) is file
    assert module.is_mail_source(target) is (network or file)
    assert module.is_mail_source("-")


@pytest.mark.parametrize(
    ("folders", "word", "is_file"),
    [
        (("objects", "refs"), "HEAD", False),
        (("objects",), "HEAD", True),
        (("refs",), "HEAD", True),
        (("objects", "refs"), "objects", True),
        (("objects", "refs"), "absent", False),
        (("objects", "refs"), "", False),
    ],
)
def test_bare_repository_prefers_commit_head(
    folders: tuple[str, ...],
    word: str,
    is_file: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "HEAD").write_text("ref: refs/heads/main\n")
    for folder in folders:
        (tmp_path / folder).mkdir()
    monkeypatch.chdir(tmp_path)
    assert module.is_existing_file(word) is is_file


class LinearHistory:
    """A stub of a repository with a linear history."""

    def __init__(self, *ids: str, found_commit: str | None = None, **extra_attributes: Any) -> None:
        self.ids, self.found = ids, found_commit
        self.branch: str | None = extra_attributes.pop("branch", "topic")
        self.parents: tuple[str, ...] = extra_attributes.pop("parents", ("p",))
        self.shallow: bool = extra_attributes.pop("shallow", False)
        self.objects: dict[str, str] = extra_attributes.pop("objects", {})

    def find(self, _word: str) -> str | None:
        return self.found

    def resolve(self, revision: str) -> str:
        return f"{revision}-id"

    def rev_list(self, *arguments: str) -> tuple[str, ...]:
        return self.ids[
            : int(next(argument for argument in arguments if "count" in argument).partition("=")[2])
        ]

    def is_shallow(self) -> bool:
        return self.shallow

    def complete_history_hint(self) -> str:
        return "run `git fetch --unshallow`"

    def git(self, *_: str) -> SimpleNamespace:
        return SimpleNamespace(out=b"")

    def commit(self, _id: str) -> SimpleNamespace:
        return SimpleNamespace(parents=self.parents, message="widget: mend\n")

    def commits(self, ids: tuple[str, ...]) -> list[SimpleNamespace]:
        return [SimpleNamespace(id=id_, message="widget: mend\n") for id_ in ids]


def read_targets(repository: object, *targets: str) -> tuple[Series, ...]:
    return module.read_targets(targets, repository)  # type: ignore[arg-type]


ABSENT = "check the path, or name a commit or a range A..B"
ELSEWHERE = "check the path, or name a repository with -C DIR"
RANGE = "A..B means the commits of B that are not in A"


@pytest.mark.parametrize(
    ("ask", "message", "hint"),
    [
        (lambda: read_targets(None, "x.patch"), "x.patch: no such file", ELSEWHERE),
        (lambda: read_targets(None, "HEAD"), "HEAD: no such file", ELSEWHERE),
        (
            lambda: read_targets(LinearHistory(), "x.patch"),
            "x.patch: no such file",
            ABSENT,
        ),
        (
            lambda: read_targets(LinearHistory(), "<x@y>"),
            "<x@y>: this command cannot read mail archives",
            "run `b4 am <x@y>` first",
        ),
        (
            lambda: module.refuse_missing_files(["HEAD", "a.patch", "b.patch"]),
            "a.patch: no such file",
            "check the path, or name a repository with -C DIR",
        ),
        (
            lambda: module.resolve_commits(LinearHistory(), "x.patch"),
            "x.patch: no such file",
            ABSENT,
        ),
        (
            lambda: module.resolve_commits(LinearHistory(), "-"),
            "-: a commit is required, not a file",
            "run `git am FILE`, then name the commit",
        ),
        (
            lambda: module.resolve_commits(LinearHistory(), "a...b"),
            "a...b: a range needs two dots, not three",
            "use a..b",
        ),
        (
            lambda: module.resolve_commits(LinearHistory(), "a..b"),
            "a..b: no commits in this range",
            RANGE,
        ),
        (
            lambda: module.list_range_commits(LinearHistory(), "a" * 40, "b" * 40),
            f"no commits in {'a' * 12}..{'b' * 12}",
            RANGE,
        ),
        (
            lambda: module.list_range_commits(LinearHistory(*"c" * 1001), "a" * 40, "b" * 40),
            f"more than 1000 commits in {'a' * 12}..{'b' * 12}",
            "pass a shorter range A..B",
        ),
        (
            lambda: module.find_head_commit(LinearHistory()),
            "the branch topic has no commits yet",
            "commit your fix first, or name a commit or a range A..B",
        ),
        (
            lambda: module.find_head_commit(LinearHistory(branch=None)),
            "HEAD has no commits yet",
            "commit your fix first, or name a commit or a range A..B",
        ),
        (
            lambda: module.format_commit_patch(LinearHistory(shallow=True), "c" * 40),
            f"the parent of {'c' * 12} is missing: the clone is shallow",
            "run `git fetch --unshallow`",
        ),
        (
            lambda: module.format_commit_patch(LinearHistory(parents=("p", "q")), "c" * 40),
            f"{'c' * 12} is a merge commit, which has no patch",
            "pass the commit that makes the change, or a range A..B",
        ),
        (
            lambda: module.format_commit_patch(LinearHistory(), "c" * 40),
            f"{'c' * 12} is an empty commit, which has no patch",
            "pass a commit that changes files",
        ),
        (
            lambda: module.format_commit_patch(
                LinearHistory(shallow=True, objects={"p": "there"}), "c" * 40
            ),
            f"{'c' * 12} is an empty commit, which has no patch",
            "pass a commit that changes files",
        ),
        (
            lambda: module.format_commit_patch(LinearHistory(shallow=True, parents=()), "c" * 40),
            f"{'c' * 12} is an empty commit, which has no patch",
            "pass a commit that changes files",
        ),
    ],
)
def test_error_for_unreadable_input_names_expected_form(ask: Any, message: str, hint: str) -> None:
    with pytest.raises(PatchpilotError) as error:
        ask()
    assert error.value.message == message
    assert str(error.value.hint) == hint


def test_b4_cover_letter_is_not_a_patch() -> None:
    error = module.only_cover_error("c" * 40)
    assert error.message == f"no patches: {'c' * 12} is b4's cover letter"
    assert str(error.hint) == (
        "commit your fix on this branch first, or name a commit or a range A..B"
    )


def test_as_many_commits_as_the_limit_are_accepted() -> None:
    ids = tuple(f"{index:040x}" for index in range(1000))
    assert module.list_range_commits(LinearHistory(*ids), "a", "b") == ids  # type: ignore[arg-type]
    assert module.find_head_commit(LinearHistory(found_commit="c" * 40)) == "c" * 40  # type: ignore[arg-type]


def test_series_from_archives_come_before_series_from_files(tmp_path: Path) -> None:
    file = tmp_path / "one.patch"
    file.write_bytes(ONE)
    requested = []

    def read_from_archive(target: str) -> Series:
        requested.append(target)
        return Series((), base="archive")

    series = module.read_targets([str(file), "<x@y>", "-"], None, read_from_archive, stdin=TWO)
    assert requested == ["<x@y>"]
    assert [target.base for target in series] == ["archive", None]
    assert [patch.subject.number for patch in series[1].patches] == [1, 2]
    assert [patch.source for patch in series[1].patches] == [str(file), "-"]


def test_folder_is_read_in_order(tmp_path: Path) -> None:
    for name in (
        "b.eml",
        "a.patch",
        "d.mbox",
        "c.diff",
        ".e.patch",
        "f.txt",
        "g.patch~",
    ):
        (tmp_path / name).write_bytes(ONE)
    (tmp_path / "h.patch").mkdir()
    names = [file.name for file in module.list_patch_files(str(tmp_path))]
    assert names == ["a.patch", "b.eml", "c.diff", "d.mbox"]
    assert module.list_patch_files("absent.txt") == (Path("absent.txt"),)
    empty_file = tmp_path / "h.patch"
    with pytest.raises(InputError) as error:
        module.list_patch_files(str(empty_file))
    assert error.value.message == f"{empty_file}: no patches in this directory"
    assert error.value.hint == "patch file names must end in .patch, .diff, .eml or .mbox"


def test_other_file_names_are_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.patch").write_text("text\n")
    skipped: list[str] = []

    def read_folder(target: Path, report: Any) -> tuple[Series, ...]:
        return module.read_targets([str(target)], None, skipped=report)

    with pytest.raises(NoPatchError):
        read_folder(tmp_path, None)
    with pytest.raises(NoPatchError):
        read_folder(tmp_path / "a.patch", skipped.append)
    with pytest.raises(InputError) as error:
        read_folder(tmp_path, skipped.append)
    assert error.value.message == f"{tmp_path}: no patches in this directory"
    assert error.value.hint == "run `git format-patch -o DIR A..B` to create patches"
    (tmp_path / "b.patch").write_bytes(ONE)
    assert [len(series.patches) for series in read_folder(tmp_path, skipped.append)] == [1]
    assert skipped == [f"{tmp_path}/a.patch:1: neither a mail nor a diff"] * 2


COVER = build_patch_text("[PATCH 0/2] foo: both", diff="").encode()
ANSWER = build_patch_text("Re: [PATCH 1/2] foo: part 1", diff="").encode()
MEETING = build_patch_text("Re: meeting 0/1", diff="").encode()


def test_mailbox_has_patches_and_cover_letters() -> None:
    patches = module.parse_patches(ANSWER + MEETING + COVER + ONE + TWO, "x")
    assert [patch.source for patch in patches] == ["x:3", "x:4", "x:5"]
    patches = module.parse_patches(
        COVER + ONE + TWO, "x", choose_mails=lambda mails: [len(mails) - 1]
    )
    assert [patch.source for patch in patches] == ["x:3"]
    # if a file has only one message, it is read whatever its subject is
    assert [patch.source for patch in module.parse_patches(ANSWER, "x")] == ["x"]


def test_oversized_message_is_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("patchpilot.model.mail.MAX_LINE", 200)
    long = ONE.replace(b"part 1", b"part" * 100)
    skipped: list[str] = []
    patches = module.parse_patches(long + TWO, "x", skipped.append)
    assert [patch.source for patch in patches] == ["x:2"]
    assert [message.partition(" too long")[0] for message in skipped] == ["x:1: line 4"]
    with pytest.raises(InputError, match="x:1: line 4 too long"):
        module.parse_patches(long + TWO, "x")


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (-1, True)])
def test_file_as_large_as_the_limit_is_accepted(
    more: int, is_refused: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.patch"
    file.write_bytes(ONE)
    monkeypatch.setattr(module, "MAX_INPUT", len(ONE) + more)
    for ask in (
        lambda: module.read_input_bytes(file),
        lambda: module.parse_patches(ONE, str(file)),
    ):
        if is_refused:
            with pytest.raises(InputError, match=rf"{file}: larger than 0 MiB") as error:
                ask()
            assert error.value.hint == "pass the patches, or the mbox of one thread"
        else:
            assert ask()
    with pytest.raises(InputError, match=r"^cannot read .*absent: No such file or directory$"):
        module.read_input_bytes(tmp_path / "absent")


def make_series_patch(
    subject: str, source: str = "x", *, author: str = "Ada", **headers: str
) -> Patch:
    """Return a patch or, for number 0, a cover letter."""
    diff = "" if " 0/" in subject else "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    header_lines = "".join(
        f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items()
    )
    mail_text = (
        f"From: {author} <{author}@example.org>\nSubject: "
        f"[{subject}] t\n{header_lines}\nWhy.\n---\n{diff}"
    )
    return parse_patch(mail_text.encode(), source)


@pytest.mark.parametrize(
    ("patches", "sizes"),
    [
        ([], []),
        ([make_series_patch("PATCH")], [1]),
        ([make_series_patch("PATCH"), make_series_patch("PATCH")], [1, 1]),
        ([make_series_patch("PATCH 1/2"), make_series_patch("PATCH 2/2")], [2]),
        ([make_series_patch("PATCH 1/3"), make_series_patch("PATCH 3/3")], [2]),
        ([make_series_patch("PATCH 2/2"), make_series_patch("PATCH 1/2")], [1, 1]),
        ([make_series_patch("PATCH 1/2"), make_series_patch("PATCH 1/2")], [1, 1]),
        ([make_series_patch("PATCH 1/2"), make_series_patch("PATCH 2/3")], [1, 1]),
        ([make_series_patch("PATCH 0/2")], [0]),
        ([make_series_patch("PATCH 1/2"), make_series_patch("PATCH v2 2/2")], [1, 1]),
        ([make_series_patch("PATCH 1/2"), make_series_patch("PATCH")], [1, 1]),
        ([make_series_patch("PATCH"), make_series_patch("PATCH 2/2")], [1, 1]),
        # messages with different totals and versions are still one thread
        (
            [
                make_series_patch("PATCH 1/2", Message_ID="<a@x>"),
                make_series_patch("PATCH 2/3", In_Reply_To="<a@x>"),
                make_series_patch("PATCH v2 3/3", References="<z@x> <a@x>"),
            ],
            [3],
        ),
        (
            [
                make_series_patch("PATCH 1/2", Message_ID="<a@x>"),
                make_series_patch("PATCH 2/3"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH 1/2"),
                make_series_patch("PATCH 2/3", In_Reply_To="<a@x>"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH 1/2", Message_ID="<a@x>"),
                make_series_patch("PATCH 3/3", In_Reply_To="<a@x>"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH 1/2", Message_ID="<a@x>"),
                make_series_patch("PATCH 2/3", In_Reply_To="<a@x>", author="Bob"),
            ],
            [1, 1],
        ),
        # `git format-patch` numbers the files that it writes
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("PATCH", "0002-b.patch"),
            ],
            [2],
        ),
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("PATCH", "0003-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH 1/2", "0001-a.patch"),
                make_series_patch("PATCH 2/3", "0002-b.patch"),
            ],
            [2],
        ),
        (
            [
                make_series_patch("PATCH 1/2", "0001-a.patch"),
                make_series_patch("PATCH 3/3", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH 1/2", "0001-a.patch"),
                make_series_patch("PATCH", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("PATCH 2/2", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("PATCH v2", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("foo", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("foo", "0001-a.patch"),
                make_series_patch("PATCH", "0002-b.patch"),
            ],
            [1, 1],
        ),
        (
            [
                make_series_patch("PATCH", "0001-a.patch"),
                make_series_patch("PATCH", "0002-b.patch", author="Bob"),
            ],
            [1, 1],
        ),
    ],
)
def test_files_are_grouped_into_series(patches: list[Patch], sizes: list[int]) -> None:
    assert [len(series.patches) for series in module.group_into_series(patches)] == sizes


def test_cover_letter_is_grouped_with_series() -> None:
    letter, patch = make_series_patch("PATCH 0/1"), make_series_patch("PATCH 1/1")
    (series,) = module.group_into_series([letter, patch])
    assert (series.cover, series.patches) == (letter, (patch,))
    (alone,) = module.group_into_series([patch])
    assert (alone.cover, alone.patches) == (None, (patch,))
    # a message with number 0 and a diff is a patch, not a cover letter
    odd_patch = parse_patch(ONE.replace(b"1/2", b"0/2"), "x")._replace(diff_line=1)
    (series,) = module.group_into_series([odd_patch])
    assert (series.cover, series.patches) == (None, (odd_patch,))


@pytest.mark.parametrize(
    ("before", "after", "follows"),
    [
        ("0001-a.patch", "0002-b.patch", True),
        ("d/0001-a.patch", "d/0002-b.patch", True),
        ("v2-0009-a.patch", "v2-0010-b.eml", True),
        ("0001-a.patch", "0003-b.patch", False),
        ("0001-a.patch", "0001-b.patch", False),
        ("0002-a.patch", "0001-b.patch", False),
        ("d/0001-a.patch", "e/0002-b.patch", False),
        ("v2-0001-a.patch", "v3-0002-b.patch", False),
        ("v2-0001-a.patch", "0002-b.patch", False),
        ("a.patch", "0002-b.patch", False),
        ("0001-a.patch", "b.patch", False),
    ],
)
def test_files_are_ordered_by_number(before: str, after: str, follows: bool) -> None:
    assert module.follows_in_folder(before, after) is follows
