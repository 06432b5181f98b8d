# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which data becomes outdated after changes, and which data is kept after a restart.

Text from commits is never interpreted as markup.
"""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from textual.events import MouseDown
from textual.geometry import Offset

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.model.progress import ignore_progress
from patchpilot.model.recipient import Remedy, RemedyKind
from patchpilot.topic import base as topic_base
from patchpilot.topic.head_watch import HeadWatch, head_signature
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.opening import read_topic
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.stage.stage_screen import StageScreen
from patchpilot.tui.view.session import OpenTopic, Session
from patchpilot.tui.view.stages import OPEN, Stage, StageState, StageStatus
from patchpilot.tui.view.title import title_texts
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.stagebar import StageBar
from tests.kit.walk import PATIENCE, keys, running, settle, still, text_of, until, visible

On = Callable[[Path], PatchpilotApp]


def list_displayed_panels(app: PatchpilotApp) -> list[Panel]:
    return [panel for panel in app.screen.query(Panel) if panel.region.area]


async def test_amend_makes_dependent_stages_stale(fixed_clone: Path, app: PatchpilotApp) -> None:
    async with running(app, (80, 24), Stage.BACKPORTS) as pilot:
        assert app.session.stage_status(Stage.BACKPORTS).state is not StageState.STALE
        await keys(pilot, Stage.RECIPIENTS)
        before_follow = app.session.results[Stage.FOLLOW]
        before = app.session.topic
        git(fixed_clone, "commit", "-q", "--amend", "-m", "net/acme: another subject")
        await until(
            pilot,
            lambda: app.session.topic and before and app.session.topic.key != before.key,
            "the amend to be seen",
        )
        await settle(pilot)
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.STALE
        assert app.session.stage_status(Stage.CHECKS).state is not StageState.STALE
        # progress depends on the commits, so it is computed again when they change
        assert app.session.results[Stage.FOLLOW] is not before_follow


async def test_latest_read_of_the_topic_is_used(
    fixed_clone: Path, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_read, go_on, real = (
        threading.Event(),
        threading.Event(),
        topic_base.list_topic_commits,
    )

    def read_topic_slowly(
        repository: Repository, target: str | None, base: str | None
    ) -> tuple[str, ...]:
        ids = real(repository, target, base)
        if not first_read.is_set():
            first_read.set()
            assert go_on.wait(PATIENCE)
        return ids

    monkeypatch.setattr(topic_base, "list_topic_commits", read_topic_slowly)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await until(pilot, first_read.is_set, "the first read")
            git(
                fixed_clone,
                "commit",
                "-q",
                "--amend",
                "-m",
                "net/acme: another subject",
            )
            # the session may detect by itself that the commit was amended, or be notified
            app.jobs.read_topic()
            await until(pilot, lambda: app.jobs.is_open, "the second read")
            go_on.set()
            await until(
                pilot,
                lambda: (
                    not any(
                        worker.group == "topic" and not worker.is_finished for worker in app.workers
                    )
                ),
                "the first read's end",
            )
            await settle(pilot)
            assert app.session.topic is not None
            assert app.session.topic.commits[-1].subject == "net/acme: another subject"
    finally:
        go_on.set()


async def test_canceled_stage_yields(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24), Stage.CHECKS) as pilot:
        app.session.busy[Stage.CHECKS] = "working …"
        app.session.mark_changed("edits")
        app.jobs.ahead = [Stage.RECIPIENTS]
        await keys(pilot, "escape")
        assert Stage.CHECKS not in app.session.busy
        assert "canceled" in app.session.errors[Stage.CHECKS].message
        assert app.session.fresh_result(Stage.RECIPIENTS) is not None


def test_amend_during_a_read_is_noticed(fixed_clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = topic_base.list_topic_commits

    def amend_while_reading(
        repository: Repository, target: str | None, base: str | None
    ) -> tuple[str, ...]:
        ids = real(repository, target, base)
        git(fixed_clone, "commit", "-q", "--amend", "-m", "net/acme: another subject")
        return ids

    monkeypatch.setattr(topic_base, "list_topic_commits", amend_while_reading)
    watch = HeadWatch()
    read_topic(Session(fixed_clone), watch)
    assert watch.moved


@pytest.mark.parametrize("moves", ["before", "meanwhile"])
def test_result_of_another_branch_is_not_valid(fixed_clone: Path, moves: str) -> None:
    def load(request: object) -> tuple[str, StageStatus]:
        if moves == "meanwhile":
            git(fixed_clone, "checkout", "-q", "other")
        return "mails", StageStatus(StageState.DONE)

    git(fixed_clone, "branch", "other", "HEAD~1")
    session = Session(fixed_clone, loader_of=lambda _: load)
    session.take_topic(read_topic(session, HeadWatch()))
    if moves == "before":
        git(fixed_clone, "checkout", "-q", "other")
    session.run_stage(Stage.SEND, ignore_progress)
    git(fixed_clone, "checkout", "-q", "-")
    assert session.fresh_result(Stage.SEND) is None
    assert session.stage_status(Stage.SEND).state is StageState.STALE
    moves = ""
    session.run_stage(Stage.SEND, ignore_progress)
    assert session.fresh_result(Stage.SEND) == "mails"


async def test_recipient_edit_keeps_other_stages(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        checks, tags = (
            app.session.results[Stage.CHECKS],
            app.session.results[Stage.TAGS],
        )
        app.session.mark_changed("answers")
        await keys(pilot, Stage.RECIPIENTS, "space")
        people = app.session.fresh_result(Stage.RECIPIENTS)
        assert [one.address.email for one in people.planned.left_out] == ["maya@acme.example.com"]
        assert people.rows[-1][0] == "out"
        assert app.session.results[Stage.CHECKS] is checks
        assert app.session.results[Stage.TAGS] is tags
        await keys(pilot, "space")
        assert not app.session.fresh_result(Stage.RECIPIENTS).planned.left_out


async def test_address_is_checked_while_typing(fixed_clone: Path, open_app_on: On) -> None:
    app = open_app_on(fixed_clone)
    async with running(app, (80, 24), Stage.RECIPIENTS, "w") as pilot:
        await pilot.press(*"ada@example..org")
        await pilot.pause()
        assert "not valid yet" in text_of(app)
        await pilot.press(*["backspace"] * 4, *"org", "enter")
        await settle(pilot)
        assert "ada@example.org" in {
            one.address.email for _, one in app.session.fresh_result(Stage.RECIPIENTS).rows
        }
    again = open_app_on(fixed_clone)
    async with running(again, (80, 24)) as pilot:
        assert again.stage is Stage.RECIPIENTS
        assert "ada@example.org" in {
            one.address.email for _, one in again.session.fresh_result(Stage.RECIPIENTS).rows
        }


async def test_written_tags_can_be_undone(fixed_clone: Path, app: PatchpilotApp) -> None:
    first_commit = git(fixed_clone, "rev-parse", "HEAD").text
    async with running(app, (80, 24), Stage.TAGS, "enter") as pilot:
        await visible(pilot, "{+Fixes: ")
        assert git(fixed_clone, "rev-parse", "HEAD").text == first_commit
        assert "[ ] Signed-off-by" in text_of(app)
        await keys(pilot, "ctrl+s")
        await until(
            pilot,
            lambda: app.session.stage_status(Stage.TAGS).state is StageState.DONE,
            "the tags",
        )
        assert "Fixes: " in git(fixed_clone, "log", "-1", "--format=%B").text
        await keys(pilot, "u")
        await visible(pilot, "Undo the last change")
        await keys(pilot, "enter")
        await until(
            pilot,
            lambda: git(fixed_clone, "rev-parse", "HEAD").text == first_commit,
            "the undo",
        )
        await settle(pilot)
        assert app.session.stage_status(Stage.TAGS).state is StageState.OFFERED


async def test_message_markup_is_not_interpreted(fixed_clone: Path, app: PatchpilotApp) -> None:
    evil = (
        "net/acme: [red]not[/red] [31mred ‮txet\n\n[link=http://example.org]x[/link] 31m \n[bold\n"
    )
    git(
        fixed_clone,
        "commit",
        "-q",
        "--amend",
        "--cleanup=verbatim",
        "-F",
        "-",
        stdin=evil.encode(),
    )
    async with running(app, (80, 24)) as pilot:
        for stage in (Stage.COMMIT, Stage.CHECKS, Stage.TAGS, Stage.PREVIEW):
            await keys(pilot, stage)
            screen_text = text_of(app)
            assert not set(screen_text) & {"\x1b", "\x9b", "\x07", "\u202e"}
            assert app.session.errors.keys() <= {Stage.PREVIEW}
        await keys(pilot, Stage.COMMIT)
        assert "[red]not[/red]" in text_of(app)


async def test_empty_branch_shows_a_way_out(fixed_clone: Path, app: PatchpilotApp) -> None:
    git(fixed_clone, "switch", "-q", "-c", "empty", "origin/master")
    async with app.run_test(size=(80, 24)) as pilot:
        await visible(pilot, "What do you have?")
        assert "no commits on top of the base" in str(app.session.errors[Stage.COMMIT])


async def test_missing_topic_error_explains_how_to_start(
    tmp_path: Path, fixed_clone: Path, open_app_on: On
) -> None:
    git(None, "init", "-q", "-b", "new", str(tmp_path / "unborn"))
    git(None, "init", "-q", "-b", "topic", str(tmp_path / "alone"))
    for number in (1, 2):
        git(
            tmp_path / "alone",
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@example.org",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            f"x: {number}",
        )
    (tmp_path / "nothing").mkdir()
    for place, said in (
        (
            "unborn",
            (
                "the branch new has no commits yet",
                "or press b to choose a commit or a range",
            ),
        ),
        ("alone", ("no upstream", "What is your topic based on?")),
        (
            "nothing",
            (
                "not in a git repository",
                "press q, then run patchpilot -C DIR, or cd into your clone",
            ),
        ),
    ):
        app = open_app_on(tmp_path / place)
        async with running(app, (80, 24)) as pilot:
            await keys(pilot, Stage.CHECKS, Stage.COMMIT)
            screen_text = " ".join(text_of(app).replace("│", " ").split())
            assert all(one in screen_text for one in said), screen_text
            assert "checking the target" not in screen_text
            assert "✗ 2" not in screen_text
            await keys(pilot, "b")
            assert app.screen.is_modal == (place != "nothing")


async def test_merge_commit_is_reported(fixed_clone: Path, app: PatchpilotApp) -> None:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org")
    git(fixed_clone, "switch", "-q", "-c", "side", "origin/master")
    (fixed_clone / "COPYING").write_text("other words\n")
    git(fixed_clone, *who, "commit", "-q", "-a", "-m", "x: side")
    git(fixed_clone, "switch", "-q", "acme-old-cards")
    git(fixed_clone, *who, "merge", "-q", "--no-edit", "side")
    async with running(app, (80, 24)):
        assert "2 patches" in text_of(app)
        assert "merge commits are skipped (use git rebase)" in text_of(app)


def test_unread_stage_is_open_after_a_restart() -> None:
    session = Session(None, topic=OpenTopic(None, "topic", None, ()))
    session.restore_states(
        {
            "preview": ["not opened yet", "", "00000000"],
            "send": ["done", "v1 was sent", "00000000"],
        }
    )
    assert session.stage_status(Stage.PREVIEW).state is StageState.UNOPENED
    assert session.stage_status(Stage.SEND).state is StageState.STALE
    # if a stage was never opened, only its stored record was read
    session.saved_states.clear()
    session.store_result(Stage.SEND, None, StageStatus(StageState.TODO))
    session.mark_changed("answers", "edits", "draft")
    assert session.stage_status(Stage.SEND).state is StageState.UNOPENED


async def test_narrow_terminal_shows_one_panel(
    app: PatchpilotApp,
) -> None:
    async with running(app, (70, 20), Stage.RECIPIENTS) as pilot:
        assert "80x24 needed" in text_of(app)
        await pilot.resize_terminal(40, 12)
        await still(pilot)
        rows = text_of(app).split("\n")
        assert rows[1].strip() == "● 1 ✗ 2 ● 3 To/Cc ◇ 4 ○ 5 ○ 6 ○ 7 ○ 8"
        assert "40x12 is too small for all panels" in text_of(app)
        assert len(list_displayed_panels(app)) == 1
        await pilot.click(StageBar, offset=(rows[1].index(str(Stage.CHECKS.number)), 0))
        await settle(pilot)
        assert app.stage is Stage.CHECKS


def test_merged_topic_has_no_open_checks() -> None:
    session = Session(None)
    session.store_result(Stage.CHECKS, "", StageStatus(StageState.BLOCKED, "3 errors"))
    verdicts = SimpleNamespace(upstream=True)
    session.store_result(Stage.BACKPORTS, verdicts, StageStatus(StageState.DONE))
    assert session.stage_status(Stage.CHECKS).state is StageState.BLOCKED
    session.store_result(Stage.SEND, None, StageStatus(StageState.DONE, "sent"))
    assert session.stage_status(Stage.CHECKS).state is StageState.NOTHING


def test_send_of_an_earlier_version_is_stale() -> None:
    session = Session(None)
    session.store_result(Stage.SEND, None, StageStatus(StageState.DONE, "v1 was sent"))
    session.mark_changed("draft")
    assert session.stage_status(Stage.SEND).state is StageState.STALE


async def test_search_restores_n_afterwards(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        pager = app.screen.query_one("#commit", DiffView)
        await pilot.press("slash", *"acme", "enter")
        await pilot.pause()
        first = pager.cursor
        await pilot.press("n")
        await pilot.pause()
        assert app.stage is Stage.COMMIT
        assert pager.cursor > first
        await pilot.press("slash", "escape")
        await pilot.pause()
        await keys(pilot, "n")
        assert app.stage is Stage.CHECKS


async def test_help_names_every_bound_key(
    app: PatchpilotApp,
) -> None:
    from textual.actions import parse

    from patchpilot.tui.palette import list_commands
    from patchpilot.tui.view.key_bindings import display_key

    async with running(app, (80, 24)) as pilot:
        for stage in Stage:
            await keys(pilot, str(stage.number))
            screen = app.screen
            assert isinstance(screen, StageScreen)
            reported = {
                key for command in list_commands(app, screen) for key in command.key.split()
            }
            bound = {
                key
                for binding in type(screen).BINDINGS
                for key in binding.key.split(",")
                if screen.check_action(*parse(binding.action)[1:])
            }  # type: ignore[union-attr]
            assert {display_key(key) for key in bound} - reported <= {"Enter"}


async def test_hundred_thousand_lines_are_drawn_lazily(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = DiffView.render_line
    monkeypatch.setattr(
        DiffView, "render_line", lambda view, y: (drawn.append(y), draw(view, y))[1]
    )
    async with running(app, (80, 24)) as pilot:
        pager = app.screen.query_one("#commit", DiffView)
        drawn.clear()
        pager.set_rows([f"+line {number}" for number in range(100_000)])
        pager.focus()
        await pilot.press("G")
        await pilot.pause()
        assert pager.cursor == 99_999
        assert len(drawn) < 500


def test_head_is_watched_without_git(fixed_clone: Path) -> None:
    folder = fixed_clone / ".git"
    before = head_signature(folder, folder)
    git(
        fixed_clone,
        "commit",
        "-q",
        "--amend",
        "--no-edit",
        "--date=2026-09-03T00:00:00Z",
        env={"GIT_COMMITTER_DATE": "1788300000 +0000"},
    )
    assert head_signature(folder, folder) != before
    moved = head_signature(folder, folder)
    git(fixed_clone, "pack-refs", "--all")
    git(fixed_clone, "switch", "-q", "--detach")
    assert head_signature(folder, folder) not in (before, moved)


def test_unwritable_state_is_tolerated(tmp_path: Path) -> None:
    file = tmp_path / "walk.json"
    file.write_text("not json")
    memory = SavedState(file)
    assert memory.is_new
    memory.save_values("place", stage="send")
    assert json.loads(file.read_text()) == {"place": {"stage": "send"}}
    assert SavedState(file).get("stage", "place") == "send"
    assert not os.path.exists(file.with_suffix(f".{os.getpid()}"))


async def test_click_on_a_removed_widget_is_ignored(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(app, (80, 24)):
        gone = Panel()
        monkeypatch.setattr(app.screen, "get_widget_and_offset_at", lambda *_: (gone, Offset(0, 0)))
        await app.on_event(MouseDown(None, 2, 2, 0, 0, 1, False, False, False, 2, 2))
        assert app.is_running


def test_commit_is_not_done_while_to_cc_has_a_question() -> None:
    session, done = Session(None), StageStatus(StageState.DONE)
    question = SimpleNamespace(remedy=Remedy(RemedyKind.ANSWER, ("security",)))
    tree = SimpleNamespace(remedy=Remedy(RemedyKind.PREFIX, ("net",)))
    session.store_result(Stage.COMMIT, object(), done)
    # the Commit stage asks for the tree as well
    for notes, state, count in (
        ([], StageState.DONE, ""),
        ([tree], StageState.TODO, "1"),
        ([question, tree], StageState.TODO, "2"),
    ):
        session.store_result(Stage.RECIPIENTS, SimpleNamespace(advice=notes), done)
        status = session.stage_status(Stage.COMMIT)
        assert (status.state, status.count) == (state, count)


def test_mainline_commit_is_no_topic_of_a_branch(fixed_clone: Path) -> None:
    merged = git(fixed_clone, "rev-parse", "origin/master").text.strip()
    session = Session(fixed_clone, merged)
    with session.open_repository() as repository:
        topic = session.read_topic(repository)
    session.close()
    assert topic.is_merged
    assert session.is_merged
    assert title_texts(topic, None)[0] == f"{merged[:12]} · in mainline"
    # no question about its patch is open, even while no stage has a result
    session.open_questions = frozenset(["security"])
    assert session.stage_status(Stage.COMMIT).state not in OPEN
