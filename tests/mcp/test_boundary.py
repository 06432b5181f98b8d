# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which paths, targets and topics an agent may not name."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError, RefusedError, UsageError
from patchpilot.mcp.boundary import Boundary
from patchpilot.model.draft import Draft, KnownPatch
from patchpilot.series.draft import Drafts
from tests.kit.repos import Repo
from tests.kit.topics import topic


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Create a topic, with links to a file and a directory outside of it."""
    outside = tmp_path_factory.mktemp("outside")
    repo = topic(outside / "r")
    (outside / "secret.patch").write_text("secret")
    for name in ("sub", "outgoing"):
        (repo.path / name).mkdir()
    (repo.path / "link.patch").symlink_to(outside / "secret.patch")
    (repo.path / "folder").symlink_to(outside)
    return repo


@pytest.fixture(scope="module")
def boundary(repo: Repo) -> Boundary:
    return Boundary(repo.path)


@pytest.mark.parametrize(
    "target",
    [
        "/etc/passwd",
        "../secret.patch",
        "sub/../../secret.patch",
        "link.patch",
        "folder/secret.patch",
        "~/secret.patch",
        ".git/config",
        ".git",
        "https://example.org/steal?data",
        "http://127.0.0.1:8080/",
        "file:///etc/passwd",
    ],
)
def test_outside_targets_are_refused(boundary: Boundary, target: str) -> None:
    with pytest.raises(RefusedError):
        boundary.refuse_outside_target(target)


@pytest.mark.parametrize("target", ["HEAD", "HEAD~2..HEAD", "v6.1", "widget.c", "<a@b.example>"])
def test_inside_targets_are_accepted(boundary: Boundary, target: str) -> None:
    boundary.refuse_outside_target(target)


def test_directory_is_no_file(boundary: Boundary) -> None:
    with pytest.raises(MissingError, match="not a file"):
        boundary.refuse_outside_target("outgoing")
    boundary.refuse_outside_path("outgoing", must_exist=False)


@pytest.mark.parametrize("text", ["", "--write=/tmp/x", "-", "HEAD\n--fix", "a\0b", "\x1b[2J"])
def test_texts_like_options_are_refused(boundary: Boundary, text: str) -> None:
    with pytest.raises(UsageError, match="target"):
        boundary.refuse_unsafe_text("target", text)


def test_bare_repository_and_missing_repository(tmp_path: Path) -> None:
    Repo(tmp_path / "bare", is_bare=True)
    (tmp_path / "plain").mkdir()
    with pytest.raises(MissingError, match="bare"):
        Boundary(tmp_path / "bare")
    with pytest.raises(PatchpilotError, match="git repository"):
        Boundary(tmp_path / "plain")


@pytest.fixture
def undisclosed(repo: Repo) -> str:
    """Mark the topic as undisclosed, and return its subject."""
    subject, authored = repo.git("log -1 --format=%s%n%at").splitlines()
    with Repository.open(repo.path) as repository, Drafts() as drafts:
        known = KnownPatch("", subject, repo.git("rev-parse HEAD"), authored)
        drafts.save(
            Draft("id-1", repository.key, "topic", answers={"security": "yes"}, patches=(known,))
        )
    return subject


def test_undisclosed_patch_is_refused(repo: Repo, boundary: Boundary, undisclosed: str) -> None:
    patch = repo.git("format-patch -1 --stdout").encode()
    (repo.path / "mine.patch").write_bytes(patch)
    for targets, text in (
        (["mine.patch"], b""),
        (["master"], patch),
        ([None], b""),
        (["HEAD"], b""),
        (["master", "HEAD~1..HEAD"], b""),
    ):
        with pytest.raises(RefusedError, match="undisclosed"):
            boundary.refuse_undisclosed(targets, text)
    boundary.refuse_undisclosed(["master"], b"widget: another change")


def test_undisclosed_objects_are_withheld(boundary: Boundary, undisclosed: str) -> None:
    shown = {"id": 1, "subject": "other: fix"}
    hidden = {"id": 2, "patches": [{"title": f"[PATCH] {undisclosed}"}]}
    assert boundary.withhold_undisclosed({"series": [shown, hidden]}) == {"series": [shown]}
    with pytest.raises(RefusedError, match="undisclosed"):
        boundary.withhold_undisclosed({"subject": undisclosed})


def test_nothing_is_withheld_without_undisclosed_topics(boundary: Boundary) -> None:
    document = {"series": [{"subject": "widget: change line 1"}]}
    assert boundary.withhold_undisclosed(document) == document
    boundary.refuse_undisclosed([None, "HEAD"], b"widget: change line 1")
