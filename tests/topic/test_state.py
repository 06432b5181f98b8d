# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what a topic's next step names before the next version is sent."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.home.read import read_topics
from patchpilot.outgoing.outbox import Outbox
from patchpilot.tracking.follow_topic import read_followed_series
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from tests.kit.life import LIST, TITLE, Life, create_life
from tests.kit.mails import ADA, MATT, OTTO, RITA, build_described_mail, build_mbox

ROBOT = "kernel test robot <lkp@intel.com>"


def read_step(author: Life) -> str:
    """Return the topic's next step, which Home and the Follow stage must show as well."""
    (series,) = json.loads(author.track("--format", "json").out)["series"]
    (topic,) = [topic for topic in read_topics() if topic.branch == "topic"]
    assert str(topic.step) == series["next_step"]
    with Repository.open(author.repo.path) as repository:
        (followed,) = read_followed_series(repository, None, None).series
    assert followed.next_step == series["next_step"]
    step: str = series["next_step"]
    return step


def start_next_version(author: Life) -> None:
    author.amend_patch()
    assert author.run("draft", "--changelog", "- add a test").code == 0


def test_requests_and_failed_builds_come_before_the_next_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        first = author.send()
        author.add_reply(first, "Please add a test for line 1.")
        report = (
            "kernel test robot noticed the following build errors:\n\n>> widget.c:1:1: error: x"
        )
        author.add_reply(first, report, sender=ROBOT)
        assert ": fix it, build it, then send v2" in read_step(author)
        start_next_version(author)
        assert read_step(author).partition("; send v2 from ")[0] == (
            "settle 2 open requests (`patchpilot track show 1 --ledger`); then build it, as a"
            " check of v1 failed (`patchpilot build`); then review v2, then send it"
            " (`patchpilot send --reroll --dry-run`)"
        )


def test_next_step_names_the_placeholder_of_the_changelog(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), "Please add a test for line 1.")
        author.amend_patch()
        assert author.run("draft -v 2 --changelog", "- check it\n- EDITME review: x {}").code == 0
        step = "; then write the changelog of v2 (`patchpilot draft --changelog '- what changed'`)"
        assert f"{step}: fill in or delete “- EDITME review: x {{}}”" in read_step(author)


def test_version_without_changes_is_not_ready_to_be_sent(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), "Please add a test for line 1.")
        assert author.run("draft -v 2 --changelog", "- add a test").code == 0
        assert "; then change your commits, then review v2 and send it; " in read_step(author)
        # send would not block the same commits for another tree
        assert author.run("draft --subject-prefix", "PATCH net-next").code == 0
        assert "then review v2, then send it (`" in read_step(author)
        assert author.run("draft --subject-prefix", "PATCH").code == 0
        author.amend_patch()
        assert "then review v2, then send it (`" in read_step(author)


def test_tag_is_checked_whenever_its_patch_changed(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), f"Reviewed-by: {RITA}")
        message = author.repo.git("log -1 --format=%B")
        author.repo.git("commit -q --amend -m", f"{message}\nReviewed-by: {RITA}")
        assert "still holds" not in read_step(author)
        start_next_version(author)
        asked = "check that 1 tag of changed patches still holds (`patchpilot trailers`)"
        assert read_step(author).startswith(asked)
        author.send("--reroll")
        assert "still holds" not in read_step(author)
        start_next_version(author)
        assert read_step(author).startswith(asked)
        # the answer holds until the patch changes again
        assert "--changed keeps it" in author.run("trailers --yes").err
        assert read_step(author).startswith(asked)
        assert author.run("trailers --yes --changed").code == 0
        assert "still holds" not in read_step(author)
        assert "--changed keeps it" not in author.run("trailers --yes").err
        author.amend_patch()
        assert read_step(author).startswith(asked)


def test_tag_added_to_a_changed_patch_is_not_asked_about_again(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), f"Reviewed-by: {RITA}")
        start_next_version(author)
        refused = author.run("trailers --changed")
        assert "nothing was written" in refused.err
        assert RITA not in author.run("draft").out
        assert author.run("trailers --yes --changed").code == 0
        assert RITA in author.run("draft").out
        assert RITA in author.repo.git("log -1 --format=%B")
        assert "still holds" not in read_step(author)
        author.amend_patch()
        assert "still holds" in read_step(author)


def test_next_step_names_the_time_of_the_next_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        first = author.send()
        author.update()
        assert "send v2 from" not in read_step(author)
        author.add_reply(first, "Please add a test for line 1.")
        # the Date of the mail may be of the next minute
        with Outbox() as outbox:
            (send,) = outbox.find_by_messages([first])
        moment = datetime.fromisoformat(send.begun).astimezone() + timedelta(days=1)
        for _ in range(2):
            start = f"; send v2 from {moment:%Y-%m-%d %H:%M}, not earlier"
            assert start in read_step(author)
            # the list of series has the same next step
            assert start in author.run("track").out
            start_next_version(author)
        plan = author.run("send --reroll --dry-run --json --to", LIST).json
        (warning,) = (note for note in plan["warnings"] if note["name"] == "too-soon")
        assert f"until {moment:%Y-%m-%d %H:%M}" in warning["message"]


@pytest.mark.parametrize(
    ("request_text", "is_urgent"),
    [
        ("Please add a test for line 1. And please send a v2 soon.", True),
        ("Please add a test for line 1, and resend it right away.", True),
        ("Please add a test for line 1. I will send my series soon.", False),
        ("Please add a test for line 1. The card must send the frame soon.", False),
    ],
)
def test_version_that_a_reviewer_wants_soon_need_not_wait(
    tmp_path: Path, request_text: str, is_urgent: bool
) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), request_text)
        start_next_version(author)
        assert ("not earlier" in read_step(author)) is not is_urgent


def test_time_of_the_next_version_stays_after_an_answer(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        question = author.add_reply(author.send(), "Why is this needed?")
        author.add_reply(question, "It is not, I will drop it.", ADA)
        assert "wait for the maintainer; " in read_step(author)
        assert "; if v2 is needed, send it from 20" in read_step(author)


def test_change_of_an_applied_patch_is_no_next_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.send()
        author.update()
        author.merge_into_mainline()
        assert "on top of it" not in read_step(author)
        start_next_version(author)
        assert read_step(author).endswith(
            "; v1 was applied: send further changes as a patch on top of it, with a Fixes: tag if"
            " they fix it, not as v2"
        )


def test_change_of_a_rejected_patch_is_sent_only_if_agreed(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_refused_notice(author.send())
        assert "agreed" not in read_step(author)
        start_next_version(author)
        step = read_step(author)
        assert step.startswith("Matt Maintainer rejects it; answer the objection")
        assert step.endswith(
            "; send v2 only if that was agreed on the list (`patchpilot send --reroll --dry-run`)"
        )
        plan = author.run("send --reroll --dry-run --json --to", LIST).json
        assert "held" in [problem["name"] for problem in plan["refusals"]]
        author.send("--reroll")


def test_next_step_names_only_the_tags_that_the_commits_lack(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        first = author.send()
        author.add_reply(first, "Please add a test for line 1.")
        author.add_reply(first, f"Reviewed-by: {OTTO}", sender=OTTO)
        author.add_reply(first, f"Acked-by: {MATT}", sender=MATT)
        # add it as git interpret-trailers does; its line may differ in spacing
        message = author.repo.git("log -1 --format=%B")
        assert "add 2 tags, then send v2" in read_step(author)
        author.repo.git("commit -q --amend -m", f"{message.rstrip()}\nReviewed-by:  {OTTO}")
        assert "add 1 tag, then send v2" in read_step(author)
        assert author.run("trailers --yes").code == 0
        assert "tag" not in read_step(author)
        assert "send v2" in read_step(author)


def test_missing_tags_are_added_before_the_next_version(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), f"Reviewed-by: {RITA}")
        assert author.run("draft --changelog", "- add a tag").code == 0
        assert author.run("draft -v 2").code == 0
        assert read_step(author).startswith("add 1 tag (`patchpilot trailers`); then ")
        # a tag of a changed patch is not carried over without a decision
        author.amend_patch()
        assert "tag" not in read_step(author)


def test_patch_of_another_author_is_read_first(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        assert author.run("draft").code == 0
        (topic,) = read_topics()
        assert "review the messages" in str(topic.step)
        file = tmp_path / "other.mbox"
        file.write_bytes(build_mbox(build_described_mail(f"o1 [PATCH] {TITLE}", author=OTTO)))
        assert author.track("add", "--mbox", file).code == 0
        (topic,) = [topic for topic in read_topics() if topic.branch == "topic"]
        assert str(topic.step) == (
            f"somebody else sent “{TITLE}”: read it before you send yours"
            " (`patchpilot track show 1`)"
        )


def test_started_version_of_a_merged_patch_needs_no_work(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.send()
        author.update()
        author.merge_into_mainline()
        start_next_version(author)
        with Repository.open(author.repo.path) as repository:
            (series,) = read_followed_series(repository, None, None).series
            assert series.is_next_begun
            assert series.is_topic_merged
            session = Session(author.repo.path)
            session.read_topic(repository)
            session.store_result(Stage.CHECKS, object(), StageStatus(StageState.BLOCKED))
            session.store_result(Stage.SEND, object(), StageStatus(StageState.TODO))
            session.store_result(Stage.FOLLOW, (series,), StageStatus(StageState.DONE))
            assert session.stage_status(Stage.CHECKS).state is StageState.NOTHING
            assert session.stage_status(Stage.SEND).state is StageState.NOTHING
            session.close()
        # a commit that was not sent needs all stages
        author.repo.commit("widget: add a line\n\nIt was missing.", {"Makefile": "all:\n"})
        with Repository.open(author.repo.path) as repository:
            (series,) = read_followed_series(repository, None, None).series
            assert series.own
            assert not series.is_topic_merged


def test_next_version_of_a_backport_branch_names_no_files(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        first = author.send("--subject-prefix", "PATCH 6.12.y", "--force", "x")
        author.add_reply(first, "Please add a test for line 1.")
        assert "send v2: `git switch topic && patchpilot send --reroll`" in read_step(author)
