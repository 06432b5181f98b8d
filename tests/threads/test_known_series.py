# SPDX-License-Identifier: GPL-2.0-or-later
"""Test versions that were sent from this machine.

They belong to the tracked series even before the archive contains them.
"""

import os
from contextlib import chdir
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.home.read import read_topics
from patchpilot.model.progress import ignore_progress
from patchpilot.sending.state import read_topic_state
from patchpilot.threads import known_series
from patchpilot.threads.known_series import add_repository_facts, open_store
from patchpilot.threads.review_ledger import list_latest_requests
from patchpilot.tui.screens.follow_rows import format_open_comment_count
from tests.kit.cli import call
from tests.kit.life import LIST, TITLE, Life, create_life
from tests.kit.mails import ADA, MATT, RITA, build_described_mail
from tests.kit.repos import Repo
from tests.kit.story import build_answer_to, next_step, read_only_series

ASKS = "Please explain why line 1 was wrong.\n\nPlease use a constant here."


def _make_patch_row(row_text: str, name: str) -> str:
    return next(
        line.removeprefix(f"  {name}").strip()
        for line in row_text.splitlines()
        if line.startswith(f"  {name} ")
    )


def _send_and_receive_review(life: Life) -> str:
    """Send v1 and add a maintainer's reply that contains two requests. Return the Message-ID of the
    reply.
    """
    first_id = life.send()
    life.update()
    life.add_reply(first_id, ASKS, MATT)
    return first_id


def _send_next_version(life: Life, **options: bool) -> str:
    life.amend_patch("int next2;\n")
    result = life.run("draft --changelog '- as requested' -v", 2)
    assert result.code == 0, result.err
    return life.send("--reroll", "--to", MATT, **options)


@pytest.mark.parametrize("publish", [False, True])
def test_v2_has_its_own_state(tmp_path: Path, publish: bool) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = _send_and_receive_review(topic)
        before = topic.track("show").out
        assert _make_patch_row(before, "state").startswith("changes-requested")
        second_id = _send_next_version(topic, publish=publish)
        for _ in range(2):
            output = topic.track("show").out
            assert _make_patch_row(output, "state") == "sent: no reply yet"
            assert _make_patch_row(output, "turn").startswith("others: ")
            assert "send v2" not in output
            assert "--reroll" not in output
            assert _make_patch_row(output, "v1").endswith(f"<{first_message_id}>")
            assert _make_patch_row(output, "v2").endswith(f"<{second_id}>")
            listed = topic.track().out
            assert "changes-requested" not in listed
            assert "--reroll" not in listed
            # requests about v1 are still listed under v1
            requests = topic.track("show 1 --ledger --json").json["points"]
            assert [point["version"] for point in requests] == [1, 1]
            assert _make_patch_row(topic.track("show", f"<{second_id}>").out, "state").startswith(
                "sent"
            )
            # the version is known even if the archive lacks it
            topic.update()


def test_unarchived_version_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_life(tmp_path) as topic:
        _send_and_receive_review(topic)
        _send_next_version(topic, publish=False)
        topic.update()
        monkeypatch.setattr(known_series, "ARRIVES", timedelta(0))
        assert "1 message sent 0 hours before it was last" in topic.track("show").out


def test_merge_in_the_clone_is_known_without_an_archive(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send("--to", MATT, publish=False)
        assert _make_patch_row(topic.track("show").out, "state") == "sent"
        merged = topic.merge_into_mainline("v6.9")
        # before and after the archive answers that it lacks the message
        for command in ("--json", "update --json"):
            (series,) = topic.track(command).json["series"]
            assert series["state"] == "in-mainline", command
            assert [it["commit"] for it in series["landed"]] == [merged]
            assert "archive" not in series["next_step"]
        (home,) = [it for it in read_topics() if it.branch == "topic"]
        assert (home.state, str(home.step)) == ("in-mainline", series["next_step"])
        # the next version was not merged
        topic.repo.git("commit -q --amend -m", "widget: change line 1 again\n\nWhy.")
        topic.send("--reroll", publish=False)
        assert topic.track("--json").json["series"][0]["state"] == "sent"


def test_own_commit_on_a_local_branch_is_not_merged(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send("--to", MATT, publish=False)
        topic.repo.git("update-ref refs/heads/master topic")
        assert topic.track("--json").json["series"][0]["state"] == "sent"


def test_version_after_acceptance_has_a_note(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send("--to", MATT)
        topic.update()
        topic.add_reply(first_message_id, "Applied, thanks.", MATT)
        topic.amend_patch()
        arguments = ("send", "--reroll", "--dry-run", "--to", MATT, "--format", "json")
        planned_outcome = topic.run(*arguments)
        names = [note["name"] for note in planned_outcome.json["warnings"]]
        assert "accepted-before" in names


def test_applied_version_that_git_has_is_not_held(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.add_reply(topic.send("--to", MATT), "Applied, thanks.", MATT)
        topic.merge_into_mainline()
        topic.amend_patch()
        arguments = ("--reroll", "--dry-run", "--to", MATT, "--format", "json")
        outcome = topic.run("send", *arguments)
        assert outcome.out, outcome.err
        planned = outcome.json
        assert "held" not in [it["name"] for it in planned["refusals"]]
        assert "accepted-before" in [it["name"] for it in planned["warnings"]]
        assert "not seen in a tree" not in str(planned)


def test_version_that_a_maintainer_does_not_want_needs_a_reason(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send("--to", MATT)
        topic.update()
        topic.add_reply(first_message_id, "No need to resend, I'll add the missing tag.", MATT)
        topic.amend_patch()
        arguments = ("send", "--reroll", "--dry-run", "--to", MATT, "--format", "json")
        planned = topic.run(*arguments)
        assert "draft --changelog" not in topic.track("show").out
        (blocker,) = [it for it in planned.json["refusals"] if it["name"] == "held"]
        assert "“No need to resend, I'll add the missing tag.”" in blocker["hint"]
        assert planned.json["state"] == "refused"
        assert topic.run(*arguments, "--force", "asked by mail").json["state"] == "planned"


def test_bounce_is_stored(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        _send_and_receive_review(topic)
        second_id = _send_next_version(topic, publish=False)
        bounce = tmp_path / "bounce"
        bounce.write_text(
            f"From: MAILER-DAEMON@example.net\nTo: {ADA}\nSubject: Undelivered mail\n"
            "Message-ID: <b@example.net>\nContent-Type: multipart/report; boundary=B\n\n"
            "--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\n"
            "Final-Recipient: rfc822; rita@example.net\nAction: failed\nStatus: 5.1.1\n\n"
            f"--B\nContent-Type: message/rfc822\n\nSubject: x\nMessage-ID: <{second_id}>\n\n"
            "--B--\n"
        )
        for _ in range(2):
            outcome = topic.track("add --mbox", bounce)
            assert outcome.code == 0, outcome.err
            assert "rita@example.net" in outcome.out


def _write_answer(file: Path, parent_id: str, body: str, sender: str, message_id: str) -> Path:
    mail_date = format_datetime(datetime.now(UTC))
    raw_mail = (
        f"From: {sender}\nTo: {LIST}\nSubject: Re: [PATCH] {TITLE}\nMessage-ID: <{message_id}>\n"
        f"Date: {mail_date}\nIn-Reply-To: <{parent_id}>\nReferences: <{parent_id}>\n\n"
        f"Ada Fixer wrote:\n> Line 1 was wrong.\n\n{body}\n"
    )
    file.write_text(raw_mail)
    return file


@pytest.mark.parametrize("by", ["mbox", "archive"])
def test_replies_to_all_versions_are_joined(tmp_path: Path, by: str) -> None:
    with create_life(tmp_path) as topic:
        publish = by == "archive"
        first_message_id = topic.send("--to", MATT, publish=publish)
        asks = _write_answer(tmp_path / "reply1", first_message_id, ASKS, MATT, "asks@example.net")
        assert topic.track("add --mbox", asks).code == 0
        second_id = _send_next_version(topic, publish=publish)
        tag = f"Reviewed-by: {RITA}"
        tags = _write_answer(tmp_path / "reply2", second_id, tag, RITA, "tags@example.net")
        assert topic.track("add --mbox", tags).code == 0
        if publish:
            topic.archive.add(asks.read_bytes(), tags.read_bytes())
            topic.track("update")
        takes = _write_answer(
            tmp_path / "reply3",
            second_id,
            "Applied, thanks.",
            MATT,
            "takes@example.net",
        )
        assert topic.track("add --mbox", takes).code == 0
        (series,) = topic.track("--format json").json["series"]
        assert (series["id"], series["state"]) == (1, "accepted")
        output = topic.track("show").out
        assert f"tag v2    {tag}" in output
        assert "v3" not in output, "no version follows an applied one"
        replies = output.partition("  replies\n")[2]
        assert replies.count("Matt Maintainer") == 2
        assert "Matt Maintainer, on v1" in replies


def test_duplicate_entries_are_merged(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = _send_and_receive_review(topic)
        second_id = _send_next_version(topic)
        with open_store() as store:
            # earlier releases of patchpilot stored an entry in this form
            store.add(second_id, TITLE, topic.archive.url, None)
            store.mark(2, "asks@example.net", 3, "declined")
        assert len(topic.track("--format json").json["series"]) == 2
        outcome = topic.track("update --fresh")
        assert "series 2 was the same series and is now part of 1" in outcome.out + outcome.err
        (series,) = topic.track("--format json").json["series"]
        assert [it["message_id"] for it in series["revisions"]] == [
            first_message_id,
            second_id,
        ]
        with open_store() as store:
            assert store.marks(1) == {("asks@example.net", 3): "declined"}


def test_version_joins_its_series(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = _send_and_receive_review(topic)
        for file in (Path(os.environ["XDG_STATE_HOME"]) / "patchpilot").glob("outbox*"):
            file.rename(tmp_path / file.name)
        topic.run("draft --changelog '- more' -v 2")
        topic.amend_patch("int elsewhere;\n")
        second_id = topic.send(publish=False)
        (series,) = topic.track("--format json").json["series"]
        assert [it["message_id"] for it in series["revisions"]] == [
            first_message_id,
            second_id,
        ]


def test_local_tag_is_not_a_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        first_message_id = author.send("--to", MATT)
        author.update()
        author.add_reply(first_message_id, f"Thanks.\n\nReviewed-by: {RITA}")
        before = author.track("show").out
        assert author.run("trailers", "--yes").code == 0
        assert "Reviewed-by" in author.repo.git("show -s --format=%B")
        output = author.track("show").out
        for name in ("state", "turn", "next"):
            assert _make_patch_row(output, name) == _make_patch_row(before, name)
        assert _make_patch_row(output, "topic").endswith(
            "next v2; 1 tag added locally; it goes out with the next version, if one is needed"
        )
        assert "changelog" not in output + author.track().out
        topic = author.track("--format", "json").json["topic"]
        assert "1 tag added locally" in topic["summary"]
        # if a commit message is reworded, a new version starts
        author.amend_patch(message=author.repo.git("show -s --format=%B").replace("was", "is"))
        assert "write the changelog of v2" in author.track("show").out


def test_ledger_defaults_to_the_topic(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        none = topic.track("show --ledger")
        none.expect(3, "no series is tracked")
        _send_and_receive_review(topic)
        expected = topic.track("show 1 --ledger").out
        assert "Please use a constant here." in expected
        assert topic.track("show --ledger").out == expected
        assert "1 declined" in topic.track("show --ledger --mark 1 declined").out
        with open_store() as store:
            store.add("another@example.net", "another", None, None)
        # the topic's series is the default; without a topic, the user must choose
        assert topic.track("show --ledger").code == 0
        topic.repo.git("checkout -q master")
        several = topic.track("show --ledger")
        several.expect(2, "`patchpilot track show 1`")


def test_answered_request_is_closed(tmp_path: Path) -> None:
    question = "Why does nobody else need this?"
    with create_life(tmp_path) as author:
        first_message_id = author.send("--to", MATT)
        author.update()
        author.add_reply(first_message_id, f"{question}\n\n> int line1;\n\n{ASKS}", MATT)
        assert "3 requests by Matt Maintainer" in _make_patch_row(author.track("show").out, "open")
        author.add_reply("reply1@example.net", f"> {question}\n\nBecause it is new.", ADA)
        assert _make_patch_row(author.track("show").out, "open") == (
            "2 requests by Matt Maintainer; 1 request answered, not marked done"
        )
        assert "2 open, 1 answered" in author.track("show", "--ledger").out
        with Repository.open(author.repo.path) as repository:
            topic = read_topic_state(repository, None, None)
        assert topic
        assert topic.series
        assert format_open_comment_count(topic.series) == "2"
        rows = [item.open or item.done for item in list_latest_requests(topic.series)]
        assert [not row for row in rows] == [
            True,
            False,
            False,
        ]


def test_next_version_counts_open_requests(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send("--to", MATT)
        topic.update()
        topic.add_reply(
            first_message_id,
            f"> +int changed1; /* größer 1 */\n\nPlease drop this.\n\n> x\n\n{ASKS}",
            MATT,
        )
        open_now = topic.track("show --ledger --open").out
        assert "3 open" in open_now
        topic.repo.git("commit -q --amend --no-edit --trailer 'Acked-by: A <a@b.org>'")
        dry_run = topic.run("send --to", LIST, "--reroll", "--dry-run")
        assert "v2 differs from v1 only in tags" in dry_run.out + dry_run.err
        file = topic.repo.path / "widget.c"
        file.write_text(file.read_text().replace("changed1; /* größer 1 */", "other1;"))
        topic.repo.git("commit -q -a --amend --no-edit")
        dry_run = topic.run("send --to", LIST, "--reroll", "--dry-run", "--force", "x")
        assert "v1 has 3 open requests, 2 of them not addressed by your commits: " in (
            " ".join((dry_run.out + dry_run.err).split())
        )


def test_repository_option_selects_the_repository(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.add_applied_notice(topic.send())
        asks = "with -C REPOSITORY"
        for command in (("show",), (), ("update",)):
            assert asks not in topic.track(*command).out
        assert "this is checked in git whenever you fetch" in topic.track("show").out
        # run the command outside any repository
        with chdir(tmp_path):
            assert asks in call("track show 1").out


def test_requests_of_an_unarchived_version_are_known(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send("--to", MATT, publish=False)
        tag = f"Acked-by: {RITA}"
        file = _write_answer(tmp_path / "reply1", first_message_id, tag, RITA, "acks@example.net")
        assert topic.track("add --mbox", file).code == 0
        second_id = _send_next_version(topic, publish=False)
        file = _write_answer(tmp_path / "reply2", second_id, ASKS, MATT, "asks@example.net")
        assert topic.track("add --mbox", file).code == 0
        topic.amend_patch("int next3;\n")
        dry_run = topic.run("send --to", LIST, "--reroll", "--dry-run", "--force", "x")
        output = " ".join((dry_run.out + dry_run.err).split())
        assert "v2 has 2 open requests: " in output


def test_earlier_version_is_searched_for(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send("--to", MATT, publish=False)
        file = _write_answer(tmp_path / "reply1", first_message_id, ASKS, MATT, "asks@example.net")
        assert topic.track("add --mbox", file).code == 0
        second_id = _send_next_version(topic)
        with open_store() as store:
            assert store.message_ids(1) == {"asks@example.net"}
        assert topic.track("update --lore", topic.archive.url).code == 0
        with open_store() as store:
            assert store.message_ids(1) == {"asks@example.net", second_id}
        assert _make_patch_row(topic.track("show").out, "v1").endswith(f"<{first_message_id}>")


PUMP = """
PUMP DRIVERS
M:	Matt Maintainer <matt@example.org>
S:	Maintained
T:	git git://git.example.org/matt/linux.git pumps-next
T:	git https://git.example.org/pumps/fixes.git
F:	drivers/demo/
"""


@pytest.mark.parametrize(
    ("words", "command"),
    [
        (
            "Applied to pumps-next, thanks!",
            "git remote add matt git://git.example.org/matt/linux.git",
        ),
        (
            "Applied to pumps/fixes.git (main), thanks!",
            "git remote add fixes https://git.example.org/pumps/fixes.git",
        ),
        (
            "Applied to https://git.example.net/other.git (main), thanks!",
            "git remote add other https://git.example.net/other.git",
        ),
        ("Applied to ext::sh://x.git, thanks!", ""),
        ("Applied, thanks!", ""),
    ],
)
def test_tree_that_applied_a_series_is_added_as_a_remote(
    words: str, command: str, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("begin", {"MAINTAINERS": PUMP, "drivers/demo/pump.c": "int a;\n"})
    to_matt = build_described_mail(f"v1 [PATCH] {TITLE}", to=f"{MATT}, demo@lists.example.org")
    series = read_only_series(to_matt, build_answer_to(words, parent_id="v1", subject=TITLE))

    def read_step() -> str:
        with Repository.open(repo.path) as repository:
            return next_step(add_repository_facts(series, repository, ignore_progress))

    before = f"{command} && " if command else ""
    assert f"`{before}git fetch --all --tags`, then" in read_step()
    if command:
        repo.git(command.removeprefix("git "))
        name = command.split()[3]
        for branch in ("pumps-next", "main"):
            repo.git(f"update-ref refs/remotes/{name}/{branch} HEAD")
        assert "fetch the tree to check this: `git fetch --all --tags`" in read_step()
