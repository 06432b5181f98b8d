# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the frame at every width, in Unicode and ASCII.

It consists of the title line, the stage bar, the panels and the key line.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.printable import width
from patchpilot.tags.prepare_commits import PrepareRequest, prepare_commit_tags
from patchpilot.topic.facts import TopicFacts, summarize_topic
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.view.glyphs import _SIGNS, glyph, uses_ascii
from patchpilot.tui.view.session import OpenTopic
from patchpilot.tui.view.stage_line import fit_stage_cells
from patchpilot.tui.view.stages import Stage, StageState, StageStatus
from patchpilot.tui.view.title import format_title_row, title_texts
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import format_title_line
from tests.kit.walk import keys, last_message, running, settle, still, text_of, until

On = Callable[[Path], PatchpilotApp]
SUBJECT = "net/acme: allow old cards that cannot count their images"
TOPIC = OpenTopic(None, "acme-old-cards", None, ())
FACTS = TopicFacts(2, "net/main", "5f2c1d0a91e2" + "0" * 28, guessed=True, profile="netdev")


def make_status(stage: Stage) -> StageStatus:
    """Return a state for each stage. Two stages have a count."""
    counts = {Stage.CHECKS: "3", Stage.BACKPORTS: "5/6"}
    return StageStatus(
        list(StageState)[stage.number % len(StageState)], count=counts.get(stage, "")
    )


@pytest.mark.parametrize("ascii_only", ["0", "1"])
@pytest.mark.parametrize("current", Stage)
def test_stage_bar_fits_every_width(
    current: Stage, ascii_only: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", ascii_only)
    for wide in range(44, 200):
        cells = fit_stage_cells(make_status, current, wide)
        line = " " + "".join(cell.text + cell.gap for cell in cells)
        assert width(line) <= wide
        assert all(str(cell.stage.number) in cell.text for cell in cells)
        for cell in cells if wide >= 80 else ():
            sign = glyph(cell.state.sign)
            assert cell.text.startswith(sign)
            name = cell.text.removeprefix(sign).removeprefix(" ")
            assert name.startswith(f"{cell.stage.number} {cell.stage.label}")
            assert not cell.gap or (cell.gap[0] == cell.gap[-1] == " ")
        assert current.label in line
    assert line.isascii() is (ascii_only == "1")
    assert "5/6" in line


def test_title_is_cut_from_the_right() -> None:
    places = title_texts(TOPIC, FACTS)
    shown = [format_title_row(SUBJECT, places, "", wide) for wide in (200, 120, 80, 50)]
    assert [width(row) for row in shown] == [200, 120, 80, 50]
    assert (
        shown[0]
        .rstrip()
        .endswith("acme-old-cards · v2 · 0 patches · base net/main (guessed) 5f2c1d0a91e2 · netdev")
    )
    assert shown[1].startswith(f" {SUBJECT}  ")
    assert shown[1].rstrip().endswith("acme-old-cards · v2 · 0 patches · base net/main (guessed)")
    assert shown[2].rstrip().endswith(f"{SUBJECT}   acme-old-cards · v2")
    assert shown[3].startswith(" net/acme: allow old cards")
    assert SUBJECT in shown[0]
    assert (
        format_title_row(SUBJECT, places, "reading 3/10", 80)
        .rstrip()
        .endswith("  acme-old-cards · v2 · 0 patches · reading 3/10")
    )
    assert (
        format_title_row(SUBJECT, places, "reading " * 5, 80)
        .rstrip()
        .endswith("  reading reading reading reading reading")
    )
    assert "\n" not in format_title_row("a\nb\x1b[31m", places, "x\ny", 80)


def test_title_style_starts_at_its_text() -> None:
    # Textual would never finish searching a line like this
    for doing in ("", "* reading the history of the files"):
        for wide in range(120):
            spans = format_title_line(SUBJECT, ("my-fix",), doing, wide).spans
            assert all(0 <= span.start <= span.end for span in spans), (doing, wide)


def test_topic_facts_are_shown(fixed_clone: Path) -> None:
    with Repository.open(fixed_clone) as repository:
        found = summarize_topic(repository, None, None, "")
        assert (found.version, found.base, found.guessed, found.profile) == (
            1,
            "origin/master",
            True,
            "linux",
        )
        assert found.start == git(fixed_clone, "rev-parse", "HEAD^").text.strip()
        named = summarize_topic(repository, None, "HEAD^", "netdev")
        assert (named.base, named.guessed, named.profile) == ("HEAD^", False, "netdev")
        assert summarize_topic(repository, "HEAD^..HEAD", None, "").base == ""


def test_every_glyph_has_an_ascii_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in _SIGNS:
        monkeypatch.setenv("PATCHPILOT_ASCII", "0")
        assert width(glyph(name)) == 1
        monkeypatch.setenv("PATCHPILOT_ASCII", "1")
        assert glyph(name).isascii()


@pytest.mark.parametrize(
    ("env", "ascii_only"),
    [
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "C", "PATCHPILOT_ASCII": "0"}, False),
        ({}, False),
    ],
)
def test_limited_terminal_gets_ascii(
    env: dict[str, str], ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "TERM", "PATCHPILOT_ASCII"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert uses_ascii() is ascii_only


@pytest.mark.parametrize(
    "size",
    [
        (80, 24),
        *(pytest.param(size, marks=pytest.mark.long) for size in ((120, 36), (160, 50))),
    ],
    ids=str,
)
async def test_stage_layout_is_uniform(app: PatchpilotApp, size: tuple[int, int]) -> None:
    async with running(app, size) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            await still(pilot)
            rows = text_of(app).split("\n")
            assert "acme-old-cards · v1" in rows[0]
            assert f"{stage.number} {stage.label}" in rows[1]
            assert rows[2].startswith(("╭", "┏"))
            assert "? help" in rows[-1]
            assert ("n go to" in rows[-1]) is (stage is not Stage.FOLLOW)
            if stage is Stage.BACKPORTS:
                assert rows[-1].startswith(" Enter ")
            for panel in app.screen.query(Panel):
                assert panel.region.right <= size[0]
                assert panel.region.bottom < size[1]


@pytest.mark.long
async def test_ascii_mode_draws_ascii_only(
    fixed_clone: Path, open_app_on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    app = open_app_on(fixed_clone)
    async with running(app, (100, 30)) as pilot:
        for stage in Stage:
            await keys(pilot, stage)
            await still(pilot)
            odd = {sign for sign in text_of(app) if not sign.isascii()}
            assert not odd, (stage, odd)


async def test_help_explains_and_runs_keys(
    app: PatchpilotApp,
) -> None:
    async with running(app, (100, 40), Stage.RECIPIENTS) as pilot:
        await keys(pilot, "question_mark")
        screen_text = text_of(app)
        assert "Keys of 3 To/Cc" in screen_text
        assert "Who receives the patch, in To or Cc, and why" in screen_text
        assert f"{glyph('todo')} needs you" in screen_text
        assert re.search(r" w +write the address of another recipient", screen_text)
        assert re.search(r" 2 +go to Checks", screen_text)
        await pilot.press("2")
        await until(pilot, lambda: app.stage is Stage.CHECKS, "the chosen stage")


async def test_undone_change_is_redone(fixed_clone: Path, app: PatchpilotApp) -> None:
    with Repository.open(fixed_clone) as repository:
        prepare_commit_tags(repository, PrepareRequest(signoff=True))
    first_commit, second_commit = (
        git(fixed_clone, "rev-parse", name).text.strip() for name in ("HEAD@{1}", "HEAD")
    )
    async with running(app, (100, 30)) as pilot:
        for key, word, commit, message in (
            ("u", "Undo the last change", first_commit, "undone; press U to redo"),
            ("U", "Redo the last change", second_commit, "redone; press u to undo"),
        ):
            await keys(pilot, key)
            await until(pilot, lambda word=word: word in text_of(app), word)  # type: ignore[misc]
            await pilot.press("enter")
            await until(pilot, lambda message=message: last_message(app) == message, message)  # type: ignore[misc]
            assert git(fixed_clone, "rev-parse", "HEAD").text.strip() == commit
            await settle(pilot)
        await keys(pilot, "U")
        assert last_message(app) == "nothing to redo: no rewrite of these commits was undone"


async def test_late_results_are_harmless(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        await keys(pilot, Stage.CHECKS)
        screen = app.stage_screen
        assert screen is not None
        await screen.query_one(StageBar).remove()
        assert screen.is_mounted
        app.redraw_stage()
        app.jobs._show_error()
        screen.show_error(PatchpilotError("late"))
        await screen.remove_children()
        await pilot.press("escape", "enter")
        assert app.is_running
        screen.run_in_thread("waiting", lambda *_: None, lambda _: screen.update_titles())
    screen.update_titles()
    screen.show_error(PatchpilotError("late"))
    screen.close_error()
    screen._finish_side_job("waiting", lambda result: screen.update_titles(), None)
    app.redraw_stage()


async def test_plus_enlarges_the_focused_panel(
    app: PatchpilotApp,
) -> None:
    async with running(app, (100, 30), Stage.CHECKS) as pilot:
        await keys(pilot, "plus")
        assert "2 Checks" not in text_of(app)
        assert "+ shrink" in text_of(app)
        assert app.screen.query_one("#finding-list").size.width == 98
        await keys(pilot, "escape")
        assert "2 Checks" in text_of(app)
