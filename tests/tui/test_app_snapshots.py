# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare every screen at 80x24 and 160x50, light and dark, with stored pictures.

The results that the screens show are computed once. They do not depend on the date or the machine.
"""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from patchpilot.archive.track_store import Store
from patchpilot.backports.adapt import adaptation
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    compute_backport_verdicts,
)
from patchpilot.commits.repository import Repository
from patchpilot.demo import acme, demo_mails
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.demo_repository import Repositories
from patchpilot.demo.robin import fix_first_version
from patchpilot.history.bug_range import compute_bug_range
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState, parse_message
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.build_proof import bind_tested_answer
from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tracking import follow_series
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens import (
    checks_rows,
    commit_rows,
    preview_rows,
    recipients_rows,
    send_rows,
    tags_rows,
)
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.themes import CONTRAST
from patchpilot.tui.view.session import JobRequest, Loader, Session
from patchpilot.tui.view.stages import RECORDED, Stage, StageState, StageStatus
from tests.kit.walk import copy_clone, keys, settle, still

SIZES = ((80, 24), (160, 50))
THEMES = ("textual-dark", "textual-light")
WHEN = datetime(2026, 9, 2, 8, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def fixed_repository(
    demo_repositories: Repositories, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Return a clone with the fixed commit and a separate home. All snapshots share it."""
    home_folder = tmp_path_factory.mktemp("snapshots")
    with pytest.MonkeyPatch.context() as patch:
        for name in [
            name for name in os.environ if name.startswith(("GIT_", "XDG_", "PATCHPILOT_"))
        ]:
            patch.delenv(name)
        patch.setenv("HOME", str(home_folder))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_COMMITTER_DATE", "1788220800 +0000")
        for name in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{name}_HOME", str(home_folder / name.lower()))
        clone_copy = copy_clone(demo_repositories, home_folder)
        # the default is git's version
        signature = ["git", "config", "format.signature", "2.39.5"]
        subprocess.run(signature, cwd=clone_copy, check=True)
        fix_first_version(clone_copy, check=acme.CHECK_FIXED)
        yield clone_copy


@pytest.fixture(scope="module")
def stage_results(fixed_repository: Path) -> dict[Stage, tuple[Any, StageStatus]]:
    """Return the result of each stage for the fixed commit without tags."""
    repository_path = fixed_repository
    with Repository.open(repository_path) as repository:
        session = Session(repository_path)
        session.read_topic(repository)
        job_request = JobRequest(repository, session, lambda *_: None)
        stage_results: dict[Stage, tuple[Any, StageStatus]] = {
            Stage.COMMIT: commit_rows.load_stage(job_request),
            Stage.CHECKS: checks_rows.load_stage(job_request),
            Stage.RECIPIENTS: recipients_rows.load_stage(job_request),
            Stage.TAGS: tags_rows.load_stage(job_request),
        }
        culprit = stage_results[Stage.TAGS][0].candidates[0].commit
        stage_results[Stage.TAGS] = _fix_weights(stage_results[Stage.TAGS][0])
        target_branches = [
            f"stable/linux-{one}.y" for one in ("5.10", "5.15", "6.1", "6.6", "6.12", "6.18")
        ]
        result = compute_backport_verdicts(
            repository,
            BackportRequest(
                session.commit.id if session.commit else None,
                target_branches,
                fixes=[culprit],
            ),
        )[-1]
        stage_results[Stage.BACKPORTS] = (
            replace(
                result,
                branches=tuple(_fix_branch_text(branch) for branch in result.branches),
                bug=compute_bug_range(repository, result.commit, result.culprits, result.branches),
            ),
            StageStatus(StageState.DONE, "5 of 6 branches need it, 1 with a conflict"),
        )
        planned_send = preview_rows.load_stage(job_request)[0]
        dated_mail = re.sub(
            rb"(?m)^Date: .*$",
            b"Date: Wed, 02 Sep 2026 08:00:00 +0000",
            planned_send.send.entries[0].raw,
        )
        dated_mail = re.sub(
            rb"(?mi)^Message-ID: .*$",
            b"Message-ID: <20260902-acme-v1-1@example.net>",
            dated_mail,
        )
        dated_mail = re.sub(rb"(?mi)^(X-Mailer: git-send-email).*$", rb"\1", dated_mail)
        dated_mail = re.sub(rb"(?mi)^change-id: .*$", b"change-id: 20260902-acme", dated_mail)
        mail = parse_message(
            dated_mail,
            planned_send.send.entries[0].envelope_from,
            planned_send.send.entries[0].recipients,
        )
        kept_warnings = tuple(
            warning
            for warning in planned_send.warnings
            if warning.name in ("first-time", "unanswered-security")
        )
        planned_send = replace(
            planned_send,
            send=replace(planned_send.send, entries=(mail,)),
            warnings=kept_warnings,
        )
        stage_results[Stage.PREVIEW] = (
            planned_send,
            preview_rows.plan_status(planned_send),
        )
        stage_results[Stage.SEND] = (
            planned_send,
            send_rows.send_status(planned_send),
        )
        stage_results[Stage.FOLLOW] = _follow_thread(repository_path, dated_mail)
    return stage_results


def _fix_branch_text(branch_result: BranchResult) -> BranchResult:
    """Return a branch with fixed texts and dates.

    Other tests cover the texts and dates of `backport`.
    """
    fixed_causes = tuple(
        replace(cause, why="it changed lines the fix stands on") for cause in branch_result.causes
    )
    return replace(
        branch_result,
        ends="2028-12",
        stale=False,
        reason=f"so it is {branch_result.verdict}",
        causes=fixed_causes,
        hints=(),
    )


def _fix_weights(result: FixesResult) -> tuple[FixesResult, StageStatus]:
    """Return candidates with fixed weights and texts.

    Other tests cover the weights and texts of `fixes`.
    """
    candidate_titles = (
        "acme: mask the sequence number off the response code",
        "acme: take the image count from its bit field",
    )
    first_candidate, other_candidates = (
        result.candidates[0],
        [
            candidate
            for title in candidate_titles
            for candidate in result.candidates
            if candidate.subject == title
        ],
    )
    fixed_candidates = (
        first_candidate._replace(
            confidence=0.93,
            evidence=(
                "the message states that this commit introduced the bug",
                "last changed a line within 3 lines of the change",
            ),
        ),
        *(
            one._replace(
                confidence=0.03,
                evidence=("last changed the lines with identifiers that the message mentions",),
            )
            for one in other_candidates
        ),
    )
    status_text = f"likely {first_candidate.commit[:12]}, 93%: Enter adds the tag"
    return replace(result, candidates=fixed_candidates, reason="", notes=()), StageStatus(
        StageState.TODO, status_text
    )


def _follow_thread(home_folder: Path, sent_mail: bytes) -> tuple[Any, StageStatus]:
    mail = parse_mail(sent_mail)
    sent_mail_record = Sent(mail.message_id, mail.subject, mail.body, WHEN)
    mbox_file = home_folder.parent / "thread.mbox"
    parts = [
        sent_mail.replace(b"\r\n", b"\n"),
        demo_mails.make_question(sent_mail_record),
        demo_mails.make_review(sent_mail_record),
        demo_mails.make_build_report(sent_mail_record),
    ]
    mbox_file.write_bytes(
        b"".join(
            b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mbox_part.rstrip(b"\n") + b"\n\n"
            for mbox_part in parts
        )
    )
    with Store() as store:
        followed_series = follow_series.track_series_in_mbox(mbox_file, store=store)
    return followed_series, StageStatus(
        StageState.BLOCKED,
        "v1 changes-requested: kernel test robot reported a build failure (3 unread messages)",
        "3",
    )


def make_walk_app(
    results: dict[Stage, tuple[Any, StageStatus]], repository: Path, theme: str
) -> Any:
    file = repository.parent / "walk.json"
    # start at the top instead of the position in the previous test
    file.unlink(missing_ok=True)
    saved_state = SavedState(file)
    saved_state.save_values(theme=theme)
    app = create_app(repository, memory=saved_state)

    def find_loader(stage: Stage) -> Loader:
        # until a stage is opened for the first time, only its stored record is read
        return lambda ask: (
            results[stage]
            if ask.visited or stage not in RECORDED
            else (None, StageStatus(StageState.TODO))
        )

    app.session.loader_of = find_loader
    return app


def open_stage(*stage_keys: str) -> Callable[[Pilot[int]], Any]:
    async def press_keys(pilot: Pilot[int]) -> None:
        await settle(pilot)
        await keys(pilot, *stage_keys)
        await still(pilot)

    return press_keys


# the light theme differs only in its colors
@pytest.mark.parametrize("theme", [THEMES[0], pytest.param(THEMES[1], marks=pytest.mark.long)])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("stage", list(Stage), ids=str)
def test_stages_look_unchanged(
    snap_compare: Any,
    stage_results: Any,
    fixed_repository: Path,
    stage: Stage,
    size: tuple[int, int],
    theme: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    app = make_walk_app(stage_results, fixed_repository, theme)
    assert snap_compare(app, terminal_size=size, run_before=open_stage(stage))


@pytest.mark.parametrize(
    "size",
    # a dialog is only as wide as its text, so a larger screen would only test its position
    [SIZES[0], *(pytest.param(size, marks=pytest.mark.long) for size in SIZES[1:])],
    ids=lambda size: f"{size[0]}x{size[1]}",
)
@pytest.mark.parametrize(
    ("name", "pressed"),
    [
        ("question", ("a",)),
        ("write-tags", (Stage.TAGS, "enter")),
        ("confirm", (Stage.SEND, "s")),
        ("sign-off", (Stage.CHECKS, "a")),
        ("sent", (Stage.SEND,)),
        ("branch", (Stage.BACKPORTS, "enter")),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_dialogs_look_unchanged(
    snap_compare: Any,
    stage_results: Any,
    fixed_repository: Path,
    name: str,
    pressed: tuple[str, ...],
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    # use a fixed probability, because another test covers its computation
    monkeypatch.setattr(adaptation, "compute_confidence", lambda *_: 0.8)
    if name == "confirm":
        sending = stage_results[Stage.SEND][0]
        stage_results = dict(stage_results)
        kept = tuple(warning for warning in sending.warnings if warning.name == "first-time")
        tested = {"tested": bind_tested_answer(sending.draft, "built")}
        stage_results[Stage.SEND] = (
            replace(
                sending, draft=replace(sending.draft, answers=tested), blockers=(), warnings=kept
            ),
            StageStatus(StageState.TODO, 'press s, then type "send" to confirm'),
        )
    if name == "sent":
        stage_results = dict(stage_results)
        stage_results[Stage.SEND] = _make_partial_send(stage_results[Stage.SEND][0])
    app = make_walk_app(stage_results, fixed_repository, THEMES[0])
    assert snap_compare(app, terminal_size=size, run_before=open_stage(*pressed))


def _make_partial_send(planned_send: Sending) -> tuple[Sending, StageStatus]:
    first_mail = planned_send.send.entries[0]
    mails = (
        replace(first_mail, state=MailState.ACCEPTED),
        replace(
            first_mail,
            state=MailState.REJECTED,
            subject="[PATCH] net/acme: another",
            message_id="second@example.net",
            detail="piet@example.org: 550 no such user",
        ),
    )
    link = f"https://archive.example.org/{first_mail.message_id}/"
    resume_action = Action("send", ("--resume",), "send the rest, with the same Message-IDs: {}")
    partial_send = replace(planned_send.send, entries=mails, begun="2026-09-02T10:00:00+00:00")
    return replace(planned_send, last=partial_send, link=link, now=(resume_action,)), StageStatus(
        StageState.BLOCKED, "press s to resume"
    )


def test_without_colours_nothing_is_lost(
    snap_compare: Any, stage_results: Any, fixed_repository: Path
) -> None:
    assert snap_compare(
        make_walk_app(stage_results, fixed_repository, THEMES[0]),
        terminal_size=SIZES[0],
        run_before=open_stage(Stage.CHECKS),
    )


@pytest.mark.parametrize(
    "stage", [Stage.CHECKS, Stage.TAGS, Stage.BACKPORTS, Stage.PREVIEW], ids=str
)
def test_in_high_contrast(
    snap_compare: Any,
    stage_results: Any,
    fixed_repository: Path,
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert snap_compare(
        make_walk_app(stage_results, fixed_repository, CONTRAST.name),
        terminal_size=SIZES[0],
        run_before=open_stage(stage),
    )
