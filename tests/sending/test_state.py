# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the state of a topic that each command shows, from its first commit to the merge."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.progress import ignore_progress
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.mail_recipients import save_question_answer
from patchpilot.sending.state import add_last_send, plan_topic_send, read_topic_state
from patchpilot.threads import known_series
from patchpilot.threads.known_series import open_store, read_all_series
from patchpilot.tui.screens import recipients_rows
from patchpilot.tui.screens.follow_rows import load_stage
from patchpilot.tui.screens.preview_rows import read_recorded_status
from patchpilot.tui.view.session import JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.cli import call
from tests.kit.life import LIST, Life, create_life
from tests.kit.mails import MATT, RITA
from tests.kit.topics import SIGNED


def test_draft_names_the_next_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        assert "next:     v1" in topic.run("draft").out
        topic.send()
        assert "next:     v2" in topic.run("draft").out


def test_quick_resend_is_too_soon(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send()
        topic.run("draft --changelog '- better' -v 2")
        topic.send()
        output = topic.run("send --resend --dry-run --to", LIST).out
        assert "v2 was sent less than an hour ago" in output
        assert "v1 was sent" not in output


def test_no_reminder_is_due_after_the_merge(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic, Repository.open(topic.repo.path) as repository:
        topic.send()
        sending = plan_topic_send(repository, SendRequest(to=(LIST,)), ignore_progress)
        merged = SendProblem("already-fixed", "merged as 1a2b3c4d5e6f", "see what is next")
        is_due = "before a reminder"
        assert is_due in " ".join(map(str, add_last_send(repository, sending).now))
        sending = replace(sending, blockers=(*sending.blockers, merged))
        assert add_last_send(repository, sending).now == (merged.message, merged.hint)


def test_age_of_v1_is_hidden_after_v2(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send()
        topic.run("draft --changelog '- better' -v 2")
        topic.send()
        output = topic.run("send --dry-run --to", LIST).out
        assert "[already-sent]" in output
        assert "[too-soon]" not in output


def test_notes_precede_the_verdict(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        output = topic.run("send --dry-run --to", LIST).out
        notes = [line for line in output.split("\n") if line.startswith("note: ")]
        assert notes
        assert len(notes) == len(set(notes))
        assert output.index("━━━ mail 1") < output.index(notes[0])
        blocked = topic.run("send --dry-run --to", LIST, "--base", "HEAD~1").out
        assert blocked.rstrip().split("\n")[-1] == blocked.split("\n")[0]


def test_tags_are_found_without_an_archive(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send(publish=False)
        outcome = topic.run("trailers --yes")
        assert "not followed" not in outcome.err
        assert "track update" in outcome.err


def test_other_repositories_are_separate(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        other = topic.create_repository("other")
        (other.path / "widget.c").write_text("int quite_different;\n")
        other.git("commit -q -a --amend --no-edit")
        topic.send()
        topic.update()
        assert other.patchpilot("trailers --yes").code == 3
        assert "next:     v1" in other.patchpilot("draft").out


def test_closed_store_is_read_again(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        topic.send()
        topic.update()
        # without the outbox, only the messages show who the author is
        for file in (Path(os.environ["XDG_STATE_HOME"]) / "patchpilot").glob("outbox*"):
            file.unlink()
        with Repository.open(topic.repo.path) as repository:
            with open_store() as store:
                known = read_all_series(store=store, repository=repository, whole=False)
            assert not known[0].is_read
            state = read_topic_state(repository, None, None, known)
            assert state
            assert state.series
            assert state.series.is_read


def test_unrelated_series_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_life(tmp_path) as topic:
        other = topic.create_repository("other")
        other.git("commit -q --amend -m", f"gadget: wait\n\n{SIGNED}")
        topic.send()
        topic.update()
        with Repository.open(other.path) as repository:
            with open_store() as store:
                for series in read_all_series(store=store, whole=False):
                    assert series.version
            monkeypatch.setattr(known_series._SeriesReader, "_read", _fail_if_called)
            state = read_topic_state(repository, None, None)
            assert state
            assert state.series is None


def test_summary_is_kept_while_topics_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with create_life(tmp_path) as topic:
        topic.send()
        topic.update()

        def read_topic_state() -> str:
            with (
                Repository.open(topic.repo.path) as repository,
                open_store() as store,
            ):
                (series,) = read_all_series(store=store, repository=repository, whole=False)
                return str(series.state)

        before = read_topic_state()
        with monkeypatch.context() as patch:
            patch.setattr(known_series._SeriesReader, "_read", _fail_if_called)
            topic.repo.git("commit -q --allow-empty -m more")
            assert read_topic_state() == before
            # if this branch changes, the series may have been merged
            topic.repo.git("update-ref refs/heads/master HEAD")
            with pytest.raises(AssertionError, match="were read"):
                read_topic_state()


def _fail_if_called(*_: object) -> NoReturn:
    raise AssertionError("the mails were read")


def test_show_defaults_to_the_topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_life(tmp_path) as topic:
        none = topic.track("show")
        assert (none.code, none.out) == (3, "")
        assert "patchpilot track add" in none.err
        topic.send()
        topic.update()
        other = topic.create_repository("other")
        other.git(
            "commit -q --amend -m",
            "widget: something else\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        )
        assert other.patchpilot("send --force 'a test' --yes --to", LIST).code == 0
        assert "widget: change line 1" in topic.track("show").out
        assert "widget: something else" in other.patchpilot("track show").out
        monkeypatch.chdir(tmp_path)
        which = call("track show")
        assert (which.code, which.out) == (2, "")
        assert "2  widget: something else" in which.err


def test_list_marks_the_topic(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        assert "not-sent" in topic.track().out
        topic.send()
        topic.update()
        assert "\n* 1  sent" in topic.track().out
        other = topic.create_repository("other")
        other.git(
            "commit -q --amend -m",
            "widget: something else\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        )
        lines = other.patchpilot("track").out.splitlines()
        assert any(line.startswith("  1  sent") for line in lines), lines
        assert any(
            line.startswith(" *   not-sent") and "widget: something else" in line for line in lines
        ), lines


def send_dry_run(life: Life) -> None:
    assert life.run("send --dry-run --to", LIST).code in (0, 1)


def send_to_self(life: Life) -> None:
    assert life.run("send --to-self --yes --to", LIST).code == 0


def prepare_topic(life: Life) -> None:
    assert life.run("prepare --trailer 'Cc: Otto Other <otto@example.com>' --yes").code == 0


def send_and_be_rejected(life: Life) -> None:
    life.server.faults.reject_all = True
    assert life.run("send --to", LIST, "--force", "a test", "--yes").code != 0
    life.server.faults.heal()


def send_partly(life: Life) -> None:
    life.server.faults.close_after_data = 2
    assert life.run("send --to", LIST, "--force", "a test", "--yes").code != 0
    life.server.faults.heal()


def send_first_version(life: Life) -> str:
    message_id = life.send()
    life.update()
    return message_id


def receive_tag(life: Life) -> None:
    life.add_reply(send_first_version(life), f"Thanks.\n\nReviewed-by: {RITA}")


def receive_question(life: Life) -> None:
    life.add_reply(send_first_version(life), "What happens when the widget has no lines?")


def receive_change_request(life: Life) -> None:
    life.add_reply(
        send_first_version(life),
        "Please check the return value here as well, and send a v2.",
    )


def amend_commit(life: Life) -> None:
    receive_change_request(life)
    life.amend_patch()


def reword_commit(life: Life) -> None:
    receive_tag(life)
    life.repo.git(
        "commit -q --amend -m",
        f"widget: correct line 1\n\nLine 1 was wrong.\n\n{SIGNED}",
    )


def send_second_version(life: Life) -> str:
    amend_commit(life)
    life.run("draft --changelog '- check the return value (Rita)'")
    message_id = life.send()
    life.update()
    return message_id


def resend_second_version(life: Life) -> None:
    send_second_version(life)
    life.send("--resend")
    life.update()


def receive_applied_notice(life: Life) -> None:
    life.add_applied_notice(send_first_version(life))


def merge_into_mainline(life: Life) -> None:
    receive_applied_notice(life)
    life.merge_into_mainline("v6.9-rc1")


def merge_into_stable(life: Life) -> None:
    receive_applied_notice(life)
    life.backport_to_stable(life.merge_into_mainline("v6.9-rc1"), "6.6")


def receive_refusal(life: Life) -> None:
    life.add_refused_notice(send_first_version(life))


def receive_drop_by_stranger(life: Life) -> None:
    applied_id = life.add_applied_notice(send_first_version(life))
    life.add_reply(applied_id, "I have dropped it again.", MATT)


def stop_following(life: Life) -> None:
    send_first_version(life)
    assert life.track("remove 1").code == 0


def forget_draft(life: Life) -> None:
    receive_tag(life)
    assert life.run("draft --forget").code == 0


def track_version_sent_elsewhere(life: Life) -> None:
    mail = life.repo.git("format-patch --stdout -1").partition("\n")[2]
    life.archive.add(f"Message-ID: <other@example.org>\nTo: {LIST}\n{mail}".encode())
    assert life.track("add <other@example.org>").code == 0


def work_in_other_repository(life: Life) -> None:
    receive_tag(life)
    life.repo = life.create_repository("other")
    life.amend_patch("int quite_different;\n")


@dataclass(frozen=True)
class TopicMoment:
    """A point in the life of a topic, and the texts shown at this point.

    They are the states of Follow and Send in the stage bar, the note of Follow, the next version in
    `draft`, the state in `track`, and the result of `trailers`, which is 0 or a part of its error.
    """

    make: Callable[[Life], object]
    follow: StageState
    send: StageState
    words: str
    next_version: int
    track: str
    trailers: str = ""
    patches: int = 1


UNOPENED, TODO, DONE, WAITING, BLOCKED = (
    StageState.UNOPENED,
    StageState.TODO,
    StageState.DONE,
    StageState.WAITING,
    StageState.BLOCKED,
)
NOT_FOLLOWED = "no series of this topic is tracked"
LIFE = {
    "committed": TopicMoment(
        lambda topic: None, UNOPENED, UNOPENED, "not sent", 1, "not-sent", NOT_FOLLOWED
    ),
    "checked": TopicMoment(
        lambda topic: topic.run("check"),
        UNOPENED,
        UNOPENED,
        "not sent",
        1,
        "not-sent",
        NOT_FOLLOWED,
    ),
    "prepared": TopicMoment(
        prepare_topic, UNOPENED, UNOPENED, "not sent", 1, "not-sent", NOT_FOLLOWED
    ),
    "dry-run": TopicMoment(
        send_dry_run, UNOPENED, UNOPENED, "not sent", 1, "not-sent", NOT_FOLLOWED
    ),
    "sent to self": TopicMoment(
        send_to_self,
        UNOPENED,
        UNOPENED,
        "not sent (v1 was sent to yourself on",
        1,
        "not-sent",
        NOT_FOLLOWED,
    ),
    "rejected by the server": TopicMoment(
        send_and_be_rejected,
        UNOPENED,
        BLOCKED,
        "v1 not sent: 0 of 1 message accepted",
        1,
        "not-sent",
        NOT_FOLLOWED,
    ),
    "partly sent": TopicMoment(
        send_partly,
        TODO,
        BLOCKED,
        "v1 partly sent: 1 of 2 messages accepted, 1 unknown",
        1,
        "partly-sent",
        "is not tracked",
        patches=2,
    ),
    "sent, not on the archive": TopicMoment(
        lambda topic: topic.send(publish=False),
        WAITING,
        DONE,
        "v1 sent, not in the archive yet",
        2,
        "sent",
        "no mail from this topic",
    ),
    "sent": TopicMoment(send_first_version, WAITING, DONE, "v1 sent: no reply yet", 2, "sent"),
    "sent, not followed": TopicMoment(
        stop_following,
        TODO,
        DONE,
        "not tracked",
        2,
        "sent",
        "v1 of this topic is not tracked",
    ),
    "sent long ago with another program": TopicMoment(
        track_version_sent_elsewhere,
        TODO,
        UNOPENED,
        "v1 stalled: no mail since 2023-11-14",
        2,
        "stalled",
    ),
    "draft forgotten": TopicMoment(
        forget_draft, WAITING, DONE, "v1 under-review", 2, "under-review"
    ),
    "under review": TopicMoment(
        receive_tag, WAITING, DONE, "v1 under-review: 1 reply", 2, "under-review"
    ),
    "a question is open": TopicMoment(
        receive_question, TODO, DONE, "a question by Rita Reviewer", 2, "under-review"
    ),
    "changes requested": TopicMoment(
        receive_change_request,
        TODO,
        DONE,
        "Rita Reviewer requested changes",
        2,
        "changes-requested",
    ),
    "amended after v1": TopicMoment(
        amend_commit,
        TODO,
        UNOPENED,
        "your commits have changed since",
        2,
        "changes-requested",
    ),
    "reworded after a review": TopicMoment(
        reword_commit,
        TODO,
        UNOPENED,
        "your commits have changed since",
        2,
        "under-review",
    ),
    "v2 sent": TopicMoment(send_second_version, WAITING, DONE, "v2 sent: no reply yet", 3, "sent"),
    "v2 resent": TopicMoment(
        resend_second_version, WAITING, DONE, "v2 RESEND sent: no reply yet", 3, "sent"
    ),
    "accepted": TopicMoment(
        receive_applied_notice,
        WAITING,
        DONE,
        "v1 accepted: applied to netdev/net.git",
        2,
        "accepted",
    ),
    "in mainline": TopicMoment(
        merge_into_mainline,
        DONE,
        DONE,
        "v1 in-mainline: first in v6.9-rc1",
        2,
        "in-mainline",
    ),
    "in stable": TopicMoment(
        merge_into_stable,
        DONE,
        DONE,
        "v1 in-stable: 6.6 merged, in no release yet",
        2,
        "in-stable",
    ),
    "rejected": TopicMoment(receive_refusal, TODO, DONE, "v1 rejected", 2, "rejected"),
    "dropped by a stranger": TopicMoment(
        receive_drop_by_stranger, TODO, DONE, "v1 accepted", 2, "accepted"
    ),
    "another repository's": TopicMoment(
        work_in_other_repository,
        UNOPENED,
        UNOPENED,
        "not sent",
        1,
        "not-sent",
        NOT_FOLLOWED,
    ),
}


LONG = {
    "reworded after a review",
    "rejected",
    "draft forgotten",
    "amended after v1",
    "v2 resent",
    "in mainline",
    "dropped by a stranger",
}
"""Moments similar to those of the fast tests: another draft, version, reply or branch."""


def test_message_names_its_series(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic:
        first_message_id = topic.send()
        topic.update()
        by_number = topic.track("show 1 --json").out
        for word in (
            f"<{first_message_id}>",
            first_message_id,
            f"{topic.archive.url}/{first_message_id}/",
        ):
            assert topic.track("show", word, "--json").out == by_number
        none = topic.track("show <nobody@example.org>")
        none.expect(
            2,
            "no tracked series has the message <nobody@example.org>",
            "patchpilot track add '<nobody@example.org>'",
        )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in LIFE],
)
def test_commands_agree_on_the_state(name: str, tmp_path: Path) -> None:
    moment = LIFE[name]
    with create_life(tmp_path, moment.patches) as topic:
        moment.make(topic)
        session = Session(topic.repo.path)
        with Repository.open(topic.repo.path) as repository:
            session.read_topic(repository)
            ask = JobRequest(repository, session, ignore_progress, visited=False)
            follow, send = load_stage(ask)[1], read_recorded_status(ask, Stage.SEND)
        drafted = topic.run("draft --format json").json["topic"]
        listed_topic = topic.track("--format json").json["topic"]
        output = topic.run("draft").out
        trailers = topic.run("trailers --dry-run")
    assert (follow.state, send.state) == (moment.follow, moment.send), (follow, send)
    assert moment.words in follow.note
    assert drafted == listed_topic
    assert (drafted["state"], drafted["next_version"]) == (
        moment.track,
        moment.next_version,
    )
    assert f"state:    {drafted['summary']}\nnext:     v{moment.next_version} " in output
    assert follow.note.startswith(drafted["summary"])
    assert moment.trailers in trailers.err
    assert trailers.code == (3 if moment.trailers else 0)


def test_finished_version_is_ready_for_review(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as topic:
        amend_commit(topic)
        topic.run("draft --changelog '- check the return value (Rita)'")
        output = topic.track("show").out
        assert (
            "next      settle 1 open request (`patchpilot track show 1 --ledger`); then" in output
        )
        assert "review v2, then send it (`patchpilot send --reroll --dry-run`)" in output


def test_recipients_added_by_an_answer_are_listed(tmp_path: Path) -> None:
    with create_life(tmp_path) as topic, Repository.open(topic.repo.path) as repository:
        topic.repo.git("config --global sendemail.cc otto@example.com")
        topic.repo.git("config patchpilot.profile linux")
        session = Session(topic.repo.path, loader_of=lambda stage: recipients_rows.load_stage)
        session.run_stage(Stage.RECIPIENTS, ignore_progress)
        request = session.make_send_request(repository)
        assert save_question_answer(repository, "regression", "yes", request).startswith(
            "1 more recipient: regressions@lists.linux.dev ("
        )
        session.run_stage(Stage.RECIPIENTS, ignore_progress)
        assert (
            "1 more recipient: regressions@lists.linux.dev (answered: this fixes a regression);"
            " now 0 in To, 2 in Cc" in session.results[Stage.RECIPIENTS].status.note
        )
        assert (
            save_question_answer(repository, "regression", "no", request)
            == "1 recipient removed: regressions@lists.linux.dev"
        )
        assert save_question_answer(repository, "regression", "no", request) == ""
