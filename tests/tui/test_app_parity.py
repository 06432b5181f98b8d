# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each stage shows the same results as the command's JSON output for the same topic."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.demo import demo_mails
from patchpilot.demo.demo_mails import Sent
from patchpilot.model.address import parse_address
from patchpilot.model.mail import join_mbox, parse_mail
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens import tags_rows
from patchpilot.tui.view.session import JobRequest, Session
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.lists import RowList
from tests.kit.cli import call
from tests.kit.culprits import FIX, create_ring_history
from tests.kit.walk import keys, running, text_of, until, visible

pytestmark = pytest.mark.long


def run_json_command(*argv: object) -> Any:
    result = call(*argv, "--format", "json")
    assert result.out, result.err
    return json.loads(result.out)


@pytest.mark.parametrize("tagged", [False, True])
async def test_stages_show_their_service_result(
    fixed_clone: Path, app: PatchpilotApp, tagged: bool
) -> None:
    if tagged:
        assert call("prepare -C", fixed_clone, "--signoff").code == 0
    async with running(app, (80, 24), Stage.BACKPORTS, Stage.PREVIEW):
        got = {
            stage: app.session.fresh_result(stage)
            for stage in Stage
            if app.session.fresh_result(stage) is not None
        }
        likely = app.session.likely

    said = run_json_command("check", "-C", fixed_clone)["patches"][0]["findings"]
    assert [
        (finding.name, finding.patch_line) for finding in got[Stage.CHECKS].patches[0].findings
    ] == [(one["name"], one["patch_line"]) for one in said]

    people = run_json_command("maintainers", "-C", fixed_clone)["results"][0]["recipients"]
    planned = got[Stage.RECIPIENTS].planned.plan.recipients
    assert [(one.address.email, one.header, list(one.reasons)) for one in planned] == [
        (person["email"], person["header"], person["reasons"]) for person in people
    ]

    fixes = run_json_command("fixes", "-C", fixed_clone, "HEAD")
    assert [
        (candidate.commit, candidate.tag, list(candidate.evidence))
        for candidate in got[Stage.TAGS].candidates
    ] == [(fix["commit"], fix["tag"], fix["evidence"]) for fix in fixes["candidates"]]

    # without a Fixes: tag, the stage uses the likely commit and states this
    assumed = ("--fixes", likely) if likely else ()
    assert bool(assumed) != tagged
    branches = run_json_command("backport", "-C", fixed_clone, *assumed, "HEAD")["branches"]
    assert [
        (
            branch.version,
            str(branch.verdict),
            [need.commit for need in branch.prerequisites],
        )
        for branch in got[Stage.BACKPORTS].branches
    ] == [
        (
            branch["version"],
            branch["verdict"],
            [need["commit"] for need in branch["prerequisites"]],
        )
        for branch in branches
    ]

    sent = run_json_command("send", "-C", fixed_clone, "--dry-run")
    first = sent["messages"][0]
    plan = got[Stage.PREVIEW]
    assert [mail.subject for mail in plan.send.entries] == [
        one["subject"] for one in sent["messages"]
    ]
    assert [refusal.name for refusal in plan.blockers] == [one["name"] for one in sent["refusals"]]
    assert {
        recipient.address.email for recipient in plan.recipients if recipient.header in ("to", "cc")
    } == {found.email for one in (*first["to"], *first["cc"]) if (found := parse_address(one))}


async def test_follow_matches_track(fixed_clone: Path, app: PatchpilotApp, tmp_path: Path) -> None:
    mail = git(fixed_clone, "format-patch", "--stdout", "-1").out.split(b"\n", 1)[1]
    first = b"Message-ID: <20260902-acme-v1-1@example.net>\n" + mail
    known = parse_mail(first)
    sent = Sent(
        known.message_id,
        known.subject,
        known.body,
        datetime(2026, 9, 2, 8, 0, tzinfo=UTC),
    )
    mbox_file = tmp_path / "thread.mbox"
    mbox_file.write_bytes(
        join_mbox(
            [
                first,
                demo_mails.make_question(sent),
                demo_mails.make_review(sent),
                demo_mails.make_build_report(sent),
            ]
        )
    )
    assert call("track add --mbox", mbox_file, "-C", fixed_clone).code == 0
    async with running(app, (80, 24), Stage.FOLLOW):
        (got,) = app.session.fresh_result(Stage.FOLLOW)
        rows = app.screen.query_one("#thread", RowList).searchable_lines()
        shown = " ".join((text_of(app), *rows))
    (said,) = run_json_command("track", "-C", fixed_clone)["series"]
    assert (got.entry.id, got.subject, str(got.state), got.next_step) == (
        said["id"],
        said["subject"],
        said["state"],
        said["next_step"],
    )
    assert [
        (trailer.trailer, trailer.message_id, trailer.patch) for trailer in got.posted.trailers
    ] == [(one["trailer"], one["message_id"], one["patch"]) for one in said["trailers"]]
    assert [
        (reply.mail.mail.message_id, str(reply.mail.kind), reply.mail.bot)
        for reply in got.posted.replies
    ] == [(one["message_id"], one["kind"], one["bot"]) for one in said["replies"]]
    assert len(said["replies"]) == 3
    assert sorted(got.unread) == sorted(
        one["message_id"] for one in said["replies"] if one["unread"]
    )
    assert [(one.tree, one.commit) for one in got.about.landed] == [
        (one["tree"], one["commit"]) for one in said["landed"]
    ]
    assert [(one.version, one.state) for one in got.about.stable] == [
        (one["version"], one["state"]) for one in said["stable"]
    ]
    words = re.sub(r" \(\w\)", "", " ".join(shown.split()))
    for part in (
        said["state"].replace("-", " "),
        *(one["trailer"] for one in said["trailers"]),
        *(reply.mail.label for reply in got.posted.replies),
    ):
        assert part in words
    # compare only the first part, because names of keys follow it
    assert said["next_step"].partition(";")[0] in words


def test_chosen_base_reaches_the_tags_stage(
    tmp_path: Path,
) -> None:
    story = create_ring_history(tmp_path / "r")
    story.repo.commit("ring: fix the mask again\n", {"ring.c": FIX.replace("size - 1", "size - 2")})
    with Repository.open(story.repo.path) as repository:
        session = Session(story.repo.path, base="v1.2")
        session.read_topic(repository)
        # the fix of the series is selected first
        session.at = 1
        result, _ = tags_rows.load_stage(JobRequest(repository, session, lambda *_: None))
    assert any("squash it" in note for note in result.notes)
    assert run_json_command("fixes", "-C", story.repo.path, "--base", "v1.2")["notes"] == list(
        result.notes
    )


def test_description_of_a_failure_is_a_question(tmp_path: Path) -> None:
    message = "ring: return an error early\n\nThe mask does not cover the last slot."
    story = create_ring_history(tmp_path / "r", message)
    with Repository.open(story.repo.path) as repository:
        session = Session(story.repo.path, base="v1.2")
        session.read_topic(repository)
        _, status = tags_rows.load_stage(JobRequest(repository, session, lambda *_: None))
    assert status.state is StageState.OFFERED
    assert "claims no fix; press Enter if it is a fix" in status.note


async def test_non_fix_needs_no_tag(
    tmp_path: Path, open_app_on: Callable[[Path], PatchpilotApp]
) -> None:
    story = create_ring_history(
        tmp_path / "r",
        "ring: use strscpy()\n\nstrlcpy() reads the whole source. Use strscpy().",
    )
    story.repo.git("update-ref refs/remotes/origin/master", story.later)
    app = open_app_on(story.repo.path)
    async with running(app, (80, 24), Stage.TAGS) as pilot:
        assert app.session.stage_status(Stage.TAGS).state is StageState.DONE
        assert "its message names no bug" in text_of(app)
        assert story.culprit[:12] not in text_of(app)
        await keys(pilot, "enter")
        await until(pilot, lambda: story.culprit[:12] in text_of(app), "the candidates")
        assert run_json_command("fixes", "-C", story.repo.path, "HEAD")["is_fix"]
        await keys(pilot, "G", "enter")
        await visible(pilot, "you answered that it is not a fix")
        assert not run_json_command("fixes", "-C", story.repo.path, "HEAD")["is_fix"]
