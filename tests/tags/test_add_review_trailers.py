# SPDX-License-Identifier: GPL-2.0-or-later
"""Test to which commits `trailers` adds a tag."""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail
from patchpilot.outgoing.outbox import Outbox
from patchpilot.series.draft import Drafts
from patchpilot.tags.add_review_trailers import add_review_trailers
from patchpilot.tags.review_trailers import TagChoice, TrailersRequest
from tests.kit.life import create_life
from tests.kit.mails import MATT, RITA
from tests.kit.outbox import build_message, build_send
from tests.kit.repos import Repo
from tests.kit.terminal import TerminalCommand
from tests.kit.topics import unpacked

EVE = "Eve <eve@evil.example>"


def test_series_tag_skips_unsent_commits(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path, 2) as topic:
        assert (
            topic.run("draft", "--cover", "widget: change two lines\n\nBoth were wrong.").code == 0
        )
        cover = topic.send()
        topic.add_reply(
            cover,
            f"Reviewed-by: {RITA}",
            subject="Re: [PATCH 0/2] widget: change two lines",
        )
        topic.repo.commit(
            "widget: something new\n\nNew.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
            {"new.c": "int later;\n"},
        )
        outcome = topic.run("trailers --yes")
        assert outcome.code == 0, outcome.err
        messages = topic.repo.git(
            "log -3 '--format=%s%n%(trailers:key=Reviewed-by,valueonly)%x00'"
        ).split("\0")
        assert [RITA in message for message in messages[:3]] == [False, True, True]


def test_tag_repeated_without_its_condition_is_offered_once(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, f"With the typo fixed:\n\nReviewed-by: {RITA}")
        request = TrailersRequest(dry_run=True)
        whys = []
        for _ in range(2):
            assert topic.run("track update --fresh").code == 0
            with Repository.open(topic.repo.path) as repository:
                (choice,) = add_review_trailers(repository, request).choices
            whys.append(choice.why)
            topic.add_reply(first_message_id, f"Reviewed-by: {RITA}")
        assert whys == ["given conditionally: With the typo fixed", ""]


def test_conditional_tag_for_a_patch_changed_since_has_both_reasons(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.add_reply(topic.send(), f"With the typo fixed:\n\nReviewed-by: {RITA}")
        assert topic.run("track update --fresh").code == 0
        topic.amend_patch()
        with Repository.open(topic.repo.path) as repository:
            request = TrailersRequest(dry_run=True)
            (choice,) = add_review_trailers(repository, request).choices
        reasons = "given conditionally: With the typo fixed; the patch has changed since v1"
        assert choice.why == reasons


def test_late_tag_for_an_old_version_is_kept(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.amend_patch()
        topic.run("draft --changelog '- more' -v", 2)
        topic.add_reply(topic.send("--reroll"), f"Reviewed-by: {RITA}")
        topic.add_reply(first_message_id, f"Reviewed-by: {RITA}")
        with Repository.open(topic.repo.path) as repository:
            request = TrailersRequest(dry_run=True)
            (choice,) = add_review_trailers(repository, request).choices
        assert (choice.version, choice.why) == (2, "")


def test_tag_on_a_patch_changed_since_is_named_before_sending(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:

        def list_outdated_tags() -> list[str]:
            document = topic.run("send --reroll --dry-run --json").json
            named = [note for note in document["warnings"] if note["name"] == "outdated-tag"]
            return [note["message"] for note in named]

        topic.add_reply(topic.send(), f"Reviewed-by: {RITA}")
        topic.run("trailers --yes")
        topic.run("draft --changelog '- more' -v", 2)
        assert list_outdated_tags() == []
        topic.amend_patch()
        given = f"Reviewed-by: {RITA} was given to v1, and the patch has changed since"
        assert list_outdated_tags() == [given]
        # once reviewers have seen the tag on the new patch, or it was kept, it is not named again
        topic.send("--reroll")
        assert topic.run("track update --fresh").code == 0
        topic.run("draft --changelog '- more' -v", 3)
        assert list_outdated_tags() == []
        topic.amend_patch()
        assert list_outdated_tags() == [given]
        screen = TerminalCommand("trailers", "-C", str(topic.repo.path))
        screen.wait_for("the patch has changed since v1", "Keep it?")
        screen.type("n\n")
        assert screen.end() == 0
        assert list_outdated_tags() == []
        assert RITA not in topic.repo.git("log -1 --format=%B")
        topic.run("undo")
        assert list_outdated_tags() == [given]
        screen = TerminalCommand("trailers", "-C", str(topic.repo.path))
        screen.wait_for("Keep it?")
        screen.type("y\n")
        assert screen.end() == 0
        assert list_outdated_tags() == []


def test_unsafe_tag_is_skipped(
    tmp_path: Path,
) -> None:
    tags = (
        "Reviewed-by: Rita\rSigned-off-by: X",
        "Tested-by: R\x85ita",
        "Acked-by: Rita \u202eReviewer",
    )
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        for tag in tags:
            topic.add_reply(first_message_id, f"{tag} <rita@example.net>")
        topic.add_reply(first_message_id, f"Reviewed-by: {RITA}")
        outcome = topic.run("trailers --yes")
        assert outcome.code == 0, outcome.err
        message = topic.repo.git("log -1 --format=%B")
        assert message.count("-by: ") == 2
        assert f"Reviewed-by: {RITA}" in message
        assert [line for line in outcome.err.splitlines() if line.startswith("not added")] == [
            (
                "not added: Reviewed-by: Rita\\x0dSigned-off-by: X <rita@example.net> (v1):"
                " contains \\x0d"
            ),
            "not added: Tested-by: R\\x85ita <rita@example.net> (v1): contains \\x85",
            "not added: Acked-by: Rita <U+202E>Reviewer <rita@example.net> (v1): contains <U+202E>",
        ]


def test_unique_sender_tag_is_written(
    tmp_path: Path,
) -> None:
    tags = (
        f"Acked-by: {EVE} [Cc: <x@y.example>]",
        f"Signed-off-by: {EVE}",
        f"Co-developed-by: {EVE}",
    )
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        for tag in tags:
            topic.add_reply(first_message_id, tag, sender=EVE)
        topic.add_reply(first_message_id, f"Tested-by: {EVE}", sender=EVE)
        outcome = topic.run("trailers --yes")
        assert outcome.code == 0, outcome.err
        message = topic.repo.git("log -1 --format=%B")
        assert f"Tested-by: {EVE}" in message
        assert message.count("evil.example") == 1
        for tag in tags:
            assert f"not added: {tag} (v1): " in outcome.err
            assert f"--also '{tag}'" in outcome.err
        assert topic.run("trailers --yes --also", tags[1]).code == 0
        assert tags[1] in topic.repo.git("log -1 --format=%B")


def test_unusable_tag_is_skipped(
    tmp_path: Path,
) -> None:
    option = "Eve <-oProxy=eve@evil.example>"
    unseen = "Acked-by: Matt\u200b Maintainer <eve@evil.example>"
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, f"Reviewed-by: {option}", sender=option)
        topic.add_reply(first_message_id, unseen, sender=EVE)
        topic.add_reply(first_message_id, f"Tested-by: {EVE}, {RITA}", sender=EVE)
        for arguments in ((), ("--also", f"Reviewed-by: {option}", "--also", unseen)):
            outcome = topic.run("trailers --yes", *arguments)
            assert outcome.code == 0, outcome.err
            assert "evil" not in topic.repo.git("log -1 --format=%B")
            assert "-oProxy=eve@evil.example: it begins with '-'" in outcome.err
            assert "contains <U+200B>" in outcome.err
            assert "not 'Name <address>'" in outcome.err


def test_proposed_tags_are_offered(tmp_path: Path) -> None:
    tag = f"Tested-by: {RITA} # on a Rock 5"
    with create_life(tmp_path) as topic:
        culprit = topic.repo.git("rev-parse HEAD~1")
        fixes = f'Fixes: {culprit[:12]} ("widget: begin")'
        first_message_id = topic.send()
        topic.add_reply(
            first_message_id,
            f"Please add\n\n{fixes}\nLink: https://example.org/x\n\n{tag}",
        )
        outcome = topic.run("trailers --yes")
        assert f"not added: {fixes} (v1): " in outcome.err
        assert "--also 'Link: https://example.org/x'" in outcome.err
        assert tag in topic.repo.git("log -1 --format=%B")
        assert topic.run("trailers --yes --also", fixes).code == 0
        assert fixes in topic.repo.git("log -1 --format=%B")
        assert fixes not in topic.run("trailers --yes").err


@pytest.mark.parametrize("is_renamed", [True, False])
def test_renamed_file_is_unchanged(tmp_path: Path, is_renamed: bool) -> None:
    tag = f"Reviewed-by: {RITA}"
    with create_life(tmp_path) as topic:
        repo = topic.repo
        repo.path.joinpath("logo.bin").write_bytes(bytes(range(256)) * 8)
        repo.path.joinpath("text.c").write_text("int line;\n" * 30)
        repo.git("checkout -q master")
        repo.git("add logo.bin text.c")
        repo.git("commit -q -sm 'widget: begin with a logo'")
        repo.git("update-ref refs/remotes/origin/master HEAD")
        repo.git("rebase -q master topic")
        repo.git("mv text.c other.c")
        if is_renamed:
            repo.git("mv logo.bin mark.bin")
        else:
            repo.path.joinpath("logo.bin").write_bytes(bytes(range(255, -1, -1)) * 8)
        repo.git("commit -qa --amend --no-edit")
        first_message_id = topic.send()
        topic.add_reply(first_message_id, tag)
        repo.git("commit -q --amend --date=2024-01-01T00:00:00Z --no-edit")
        assert topic.run("trailers --yes").code == 0
        assert tag in repo.git("log -1 --format=%B")
        repo.path.joinpath("logo.bin").write_bytes(bytes(range(7, 99)) * 20)
        repo.git("add logo.bin")
        repo.git("commit -q --amend --no-edit")
        topic.add_reply(first_message_id, f"Acked-by: {MATT}", sender=MATT)
        assert "has changed since v1" in topic.run("trailers --yes").err


def test_refused_tag_is_remembered(
    tmp_path: Path,
) -> None:
    mine, other = f"Reviewed-by: {RITA}", f"Acked-by: {MATT}"
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, mine)
        topic.add_reply(first_message_id, other, sender=MATT)
        screen = TerminalCommand("trailers", "-C", str(topic.repo.path))
        screen.wait_for(mine, "do not ask again")
        screen.type("n\n")
        screen.wait_for(other)
        screen.type("q\n")
        assert screen.end() == 0
        assert "-by: " not in topic.repo.git("log -1 --format=%B").partition("Signed")[0]
        outcome = topic.run("trailers --yes")
        message = topic.repo.git("log -1 --format=%B")
        assert (mine in message, other in message) == (False, True)
        assert f"not added: {mine} (v1): you refused the tag; --again asks again" in outcome.err
        topic.amend_patch("int later;\n")
        assert mine in topic.run("trailers --yes").err, "an amended commit is the same"
        assert topic.run("trailers --yes --again --changed").code == 0
        assert mine in topic.repo.git("log -1 --format=%B")


def test_terminal_names_the_reason_against_a_tag_with_changed(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, f"With the typo fixed:\n\nReviewed-by: {RITA}")
        topic.add_reply(first_message_id, f"Tested-by: {MATT}", sender=MATT)
        screen = TerminalCommand("trailers", "--changed", "-C", str(topic.repo.path))
        screen.wait_for("given conditionally: With the typo fixed", "Add it?")
        screen.type("n\n")
        screen.wait_for(f"Tested-by: {MATT} (v1)")
        screen.type("q\n")
        assert screen.end() == 0


def test_skipped_tags_have_a_note(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.add_reply(first_message_id, f"Reviewed-by: {RITA}")
        topic.add_reply(first_message_id, f"Co-developed-by: {EVE}", sender=EVE)
        screen = TerminalCommand("trailers", "-C", str(topic.repo.path))
        screen.wait_for("do not ask again")
        screen.type("a\n")
        assert screen.end() == 0
        message = topic.repo.git("log -1 --format=%B")
        assert (RITA in message, EVE in message) == (True, False)


def test_retitled_commit_is_matched_by_diff(
    tmp_path: Path,
) -> None:
    tag = f"Reviewed-by: {RITA}"
    with create_life(tmp_path, 2) as topic:
        topic.run("draft", "--cover", "widget: change two lines\n\nBoth were wrong.")
        topic.send()
        sent = next(
            parse_mail(mail).message_id
            for mail in map(unpacked, topic.server.take())
            if b"[PATCH 1/2]" in mail
        )
        topic.add_reply(sent, tag, subject="Re: [PATCH 1/2] widget: change line 1")
        second_commit = topic.repo.git("rev-parse HEAD")
        topic.repo.git("reset -q --hard HEAD~1")
        file = topic.repo.path / "widget.c"
        file.write_text(file.read_text() + "\nint more;\n")
        topic.repo.git(
            "commit -qa --amend --date=2024-01-01T00:00:00Z -m",
            "pump: do it in another way\n\nBetter.\n\nSigned-off-by: A <a@b.org>",
        )
        topic.repo.git("cherry-pick", second_commit)

        # this is the state if the series was sent with another program
        with (
            Outbox() as outbox,
            Drafts() as drafts,
            Repository.open(topic.repo.path) as repository,
        ):
            for draft in drafts.all(repository.key):
                for send in outbox.sends(draft.change_id):
                    outbox.forget(send.id)

        def offer_tags(*, fuzzy: bool) -> tuple[TagChoice, ...]:
            with Repository.open(topic.repo.path) as repository:
                request = TrailersRequest(fuzzy=fuzzy, dry_run=True)
                return add_review_trailers(repository, request).choices

        assert offer_tags(fuzzy=False) == ()
        (choice,) = offer_tags(fuzzy=True)
        assert (choice.trailer, choice.commit.subject) == (
            tag,
            "pump: do it in another way",
        )
        assert choice.why == "the patch has changed since v1"


@pytest.mark.parametrize("target", [None, "HEAD", "HEAD~1"])
def test_tag_is_not_given_to_a_new_patch(tmp_path: Path, target: str | None) -> None:
    with create_life(tmp_path) as topic:
        topic.add_reply(topic.send(), f"Reviewed-by: {RITA}")
        topic.repo.git("commit -q --amend -m", "widget: correct the first line of the table")
        assert topic.run("draft show").code == 0
        topic.amend_patch()
        topic.repo.commit("pump: count the strokes\n\nNew.", {"pump.c": "int strokes;\n"})
        assert topic.run("draft show").code == 0
        with Repository.open(topic.repo.path) as repository:
            choices = add_review_trailers(
                repository, TrailersRequest(target, changed=True, dry_run=True)
            ).choices
    titles = [choice.commit.subject for choice in choices]
    assert titles == ([] if target == "HEAD" else ["widget: correct the first line of the table"])


@pytest.mark.parametrize("is_from_files", [True, False])
def test_missing_commits_of_a_sent_backport_file_are_to_be_applied(
    tmp_path: Path, is_from_files: bool
) -> None:
    repo = Repo(tmp_path / "repo")
    repo.commit("all: begin", {"a.c": "int a;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("update-ref refs/remotes/stable/linux-5.15.y HEAD")
    message = build_message(1)
    message = replace(message, raw=message.raw.replace(b"[PATCH 1/9]", b"[PATCH 5.15.y]"))
    with Outbox() as outbox, Store() as store:
        outbox.add(build_send(message, head=None if is_from_files else "2" * 40))
        store.add(message.message_id, message.subject, None, None)
    outcome = repo.patchpilot("trailers")
    advice = "git switch -c NAME stable/linux-5.15.y && git am FILES"
    assert (outcome.code, advice in outcome.err) == (2, is_from_files)
