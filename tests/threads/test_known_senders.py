# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that senders are known from the repository and the user's settings, and not only from the
series.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.threads.known_senders import confirm_senders
from patchpilot.threads.known_series import read_tracked_series
from patchpilot.threads.own_addresses import find_own_addresses
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.follow_series import track_series_in_mbox
from tests.kit.cli import call
from tests.kit.life import create_life
from tests.kit.mails import build_mbox, build_patch_mail
from tests.kit.repos import Repo
from tests.kit.story import V1, build_answer_to

# `track` would index the commits of this repository
pytestmark = pytest.mark.usefixtures("workdir")

CAROL = "Carol <carol@example.com>"
TAKEN = build_answer_to("Applied, thanks!", parent_id="v1", sender=CAROL)
HOME = build_answer_to(
    "Please drop this patch, I withdraw it.",
    parent_id="v1",
    sender="Ada Fixer <ada@home.example>",
)


@pytest.fixture
def follow_with_replies(tmp_path: Path) -> "Callable[..., Tracked]":
    def follow_mails(*reply_mails: bytes, repository: Repo | None = None) -> Tracked:
        file = tmp_path / "thread.mbox"
        file.write_bytes(build_mbox(V1, *reply_mails))
        with Store(tmp_path / "track.sqlite") as store:
            (series,) = track_series_in_mbox(file, store=store)
            if repository is None:
                return read_tracked_series(series.entry.id, store=store)
            with Repository.open(repository.path) as open_repository:
                return read_tracked_series(series.entry.id, store=store, repository=open_repository)

    return follow_mails


@pytest.mark.parametrize(
    ("path", "text", "state"),
    [
        (
            "MAINTAINERS",
            "DEMO\nM:\tCarol <carol@example.com>\nF:\tdrivers/demo/\n",
            "accepted",
        ),
        (
            "MAINTAINERS",
            "DEMO\nM:\tCarol <carol@example.com.evil.example>\nF:\tdrivers/demo/\n",
            "sent",
        ),
        (".mailmap", "Carol <carol@example.org> <carol@example.com>\n", "accepted"),
        (".mailmap", "# Carol <carol@example.com>\n", "sent"),
    ],
)
def test_maintainer_is_known_by_mainline_files(
    follow_with_replies: "Callable[..., Tracked]",
    tmp_path: Path,
    path: str,
    text: str,
    state: str,
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first", {path: text})
    assert follow_with_replies(TAKEN, repository=repo).state == state


def test_maintainer_is_known_by_mainline_commits(
    follow_with_replies: "Callable[..., Tracked]", tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first", {"a": "1\n"}, author="Otto <otto@example.com>")
    repo.git("checkout -q -b topic")
    repo.commit("second", {"a": "2\n"}, author=CAROL)
    assert follow_with_replies(TAKEN, repository=repo).state == "sent"
    repo.git("checkout -q master")
    repo.commit("third", {"a": "3\n"}, author=CAROL)
    assert follow_with_replies(TAKEN, repository=repo).state == "accepted"


def test_stable_maintainer_is_known_as_committer(
    follow_with_replies: "Callable[..., Tracked]", tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first", {"a": "1\n"})
    repo.branch("work")
    repo.commit("second", {"a": "2\n"}, author=CAROL)
    repo.git("update-ref refs/remotes/stable/linux-6.12.y HEAD")
    repo.checkout("master")
    assert follow_with_replies(TAKEN, repository=repo).state == "sent"
    repo.checkout("work")
    repo.git("-c user.name=Carol -c user.email=carol@example.com commit -q --amend --no-edit")
    repo.git("update-ref refs/remotes/stable/linux-6.12.y HEAD")
    repo.checkout("master")
    assert follow_with_replies(TAKEN, repository=repo).state == "accepted"


@pytest.mark.parametrize(
    ("line", "state"),
    [
        ("Ada Fixer <ada@example.org> <ada@home.example>\n", "withdrawn"),
        ("Otto <ada@home.example>\n", "sent"),
    ],
)
def test_mailmap_joins_author_addresses(
    follow_with_replies: "Callable[..., Tracked]", tmp_path: Path, line: str, state: str
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first", {".mailmap": line})
    (repo.path / ".mailmap").unlink()
    assert follow_with_replies(HOME, repository=repo).state == state


@pytest.mark.parametrize("is_committed", [False, True])
def test_mailmap_outside_of_mainline_joins_no_addresses(
    follow_with_replies: "Callable[..., Tracked]", tmp_path: Path, is_committed: bool
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first", {"a": "1\n"})
    repo.git("checkout -q -b topic")
    line = "Ada Fixer <ada@example.org> <ada@home.example>\n"
    if is_committed:
        repo.commit("second", {".mailmap": line})
    else:
        (repo.path / ".mailmap").write_text(line)
    series = follow_with_replies(HOME, repository=repo)
    assert series.state == "sent"
    assert "not seen before" in series.next_step
    with Repository.open(repo.path) as repository:
        assert "ada@home.example" not in find_own_addresses(repository)


def test_confirmed_senders_are_remembered(
    follow_with_replies: "Callable[..., Tracked]", tmp_path: Path
) -> None:
    series = follow_with_replies(HOME)
    message_id = "x2100@example.org"
    assert f"track confirm '<{message_id}>'" in series.next_step
    with Store(tmp_path / "track.sqlite") as store:
        assert confirm_senders([f"<{message_id}>"], is_known=False, store=store) == (1,)
        again = read_tracked_series(1, store=store)
        assert (again.state, again.posted and again.posted.claims) == ("sent", ())
        assert "not seen before" not in again.next_step
        confirm_senders([message_id], is_known=True, store=store)
        assert read_tracked_series(1, store=store).state == "withdrawn"
        with pytest.raises(MissingError, match="no tracked series has"):
            confirm_senders(["other@example.org"], is_known=True, store=store)


def test_claim_can_be_confirmed(
    tmp_path: Path,
) -> None:
    file = tmp_path / "thread.mbox"
    file.write_bytes(build_mbox(V1, HOME))
    assert call("track add --mbox", file).code == 0
    output = call("track show 1").out
    assert "Ada Fixer <ada@home.example>, from an address not seen before" in output
    assert "sent: no reply yet" in output
    (series,) = call("track show 1 --format json").json["series"]
    assert [reply["unseen_address"] for reply in series["replies"]] == [True]
    (command,) = [command for command in series["next_commands"] if "confirm" in command]
    assert [claim["message_id"] for claim in series["claims"]] == ["x2100@example.org"]
    assert call(*command.replace("'", "").split()[1:]).code == 0
    assert "withdrawn" in call("track show 1").out


def test_tag_given_for_another_person_is_a_claim(
    tmp_path: Path,
) -> None:
    tag = "Acked-by: Linus Torvalds <torvalds@kernel.example>"
    with create_life(tmp_path) as topic:
        topic.add_reply(topic.send(), tag, sender="Linus Torvalds <eve@evil.example>")
        outcome = topic.run("trailers --yes")
        assert (
            "it names torvalds@kernel.example, but the message is from eve@evil.example; patchpilot"
            " trailers --also" in outcome.err
        )
        assert "torvalds" not in topic.repo.git("log -1 --format=%B")
        held = topic.run("trailers --dry-run --format json").json["held"]
        assert [entry["command"] for entry in held] == [f"patchpilot trailers --also '{tag}'"]
        assert topic.run("trailers --yes --also", tag).code == 0
        assert tag in topic.repo.git("log -1 --format=%B")


EVE = "Ada Fixer <ada@evil.example>"
EVE2 = "Eve Two <eve2@evil.example>"
BY_EVE = {"author": EVE, "to": EVE2}
TITLE = "demo: check the pointer before use"
TAKEN_BY_EVE2 = build_answer_to("Applied, thanks!", parent_id="v1", sender=EVE2)


def add_own_series(tmp_path: Path, *mails: bytes, target: str | None = None) -> tuple[Tracked, ...]:
    """Add the series in an mbox to the tracked series.

    This is done in a repository whose user is Ada.
    """
    repo = Repo(tmp_path / "r")
    file = tmp_path / "thread.mbox"
    file.write_bytes(build_mbox(*mails))
    with (
        Store(tmp_path / "track.sqlite") as store,
        Repository.open(repo.path) as open_repository,
    ):
        return track_series_in_mbox(file, target, store=store, repository=open_repository)


@pytest.mark.parametrize("target", [None, "<v1@example.org>"])
def test_older_patch_confirms_no_sender(tmp_path: Path, target: str | None) -> None:
    older_mail = build_patch_mail(f"[PATCH] {TITLE}", id="v0", minutes=-5000, **BY_EVE)
    tracked_series = add_own_series(tmp_path, older_mail, V1, TAKEN_BY_EVE2, target=target)
    (series,) = [
        tracked for tracked in tracked_series if tracked.entry.message_id == "v1@example.org"
    ]
    assert series.state == "sent"
    assert series.posted
    assert [claim.sender.email for claim in series.posted.claims] == ["eve2@evil.example"]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("target", [None, "<v1@example.org>"])
def test_own_message_takes_priority_over_duplicate_id(
    tmp_path: Path, is_first: bool, target: str | None
) -> None:
    copy = build_patch_mail(f"[PATCH] {TITLE}", id="v1", **BY_EVE)
    pair = (copy, V1) if is_first else (V1, copy)
    (series,) = add_own_series(tmp_path, *pair, TAKEN_BY_EVE2, target=target)
    assert series.state == "sent"
    assert series.posted
    assert series.posted.author.email == "ada@example.org"


@pytest.mark.parametrize("is_first", [True, False])
def test_duplicate_id_by_unknown_sender_is_ignored(tmp_path: Path, is_first: bool) -> None:
    reply = build_answer_to("Applied, thanks!", parent_id="v1", sender=CAROL)
    other = build_answer_to("Applied, thanks!", parent_id="v1", sender="matt@example.com")
    pair = (reply, other) if is_first else (other, reply)
    (series,) = add_own_series(tmp_path, V1, *pair)
    assert series.state == "sent"
    (note,) = series.update_notes
    assert "carol@example.com" in note
    assert "matt@example.com" in note


def test_copy_rewritten_by_a_list_is_the_same_message(tmp_path: Path) -> None:
    header = "\"'Matt Maintainer' via demo\" <demo@lists.example.org>"
    rewritten = build_answer_to("Applied, thanks!", parent_id="v1", sender=header).replace(
        b"To: ", b"X-Original-From: matt@example.com\nTo: ", 1
    )
    direct = build_answer_to("Applied, thanks!", parent_id="v1", sender="matt@example.com")
    (series,) = add_own_series(tmp_path, V1, rewritten, direct)
    assert series.state == "accepted"
    assert series.update_notes == ()
