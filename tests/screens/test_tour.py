# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour of the demo: a card at each stage points at a real panel, covers no key, and does not come back once it was ended."""

from pathlib import Path

import pytest
from textual.geometry import Offset, Region, Size
from textual.pilot import Pilot

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import make
from patchpilot.tui.saved_state import FILE, SavedState
from patchpilot.tui.stages import Stage
from patchpilot.tui.tour import SEEN, STEPS
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.tour_card import TourCard, beside
from tests.kit.walk import asked, said, settle, still, text_of, until

SIZES = ((80, 24), (120, 36), (160, 50))


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own state directory, in the environment of the demo."""
    monkeypatch.setenv("PATCHPILOT_DEMO", str(tmp_path))
    monkeypatch.setenv(SEEN, str(tmp_path / "own"))
    return tmp_path / "own"


def demo(work: Path) -> PatchpilotApp:
    return make(work, memory=SavedState(work.parent / "sandbox-state.json"))


async def card(pilot: Pilot[int]) -> Panel:
    """The card, once it is where it belongs."""
    app = pilot.app
    await until(pilot, lambda: isinstance(app.screen, TourCard) and app.screen_stack[-2].query(".-pointed"), "a card")
    await still(pilot)
    return app.screen.query_one(Panel)


def test_the_tour_has_one_card_for_each_stage() -> None:
    assert [step.stage for step in STEPS] == list(Stage)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_card_points_at_a_panel_of_its_stage_and_covers_no_key(clone: Path, state: Path, size: tuple[int, int]) -> None:
    app = demo(clone)
    async with app.run_test(size=size) as pilot:
        for step in STEPS:
            shown = await card(pilot)
            assert app.stage is step.stage
            assert f"{STEPS.index(step) + 1}/{len(STEPS)} {step.title}" in str(shown.border_title)
            (panel,) = app.screen_stack[-2].query(".-pointed")
            assert panel.region, "the panel that the card is about is on screen"
            area = Region(0, 2, size[0], size[1] - 3)
            assert area.contains_region(shown.region), (shown.region, area)
            key_line = text_of(app).split("\n")[-1].split()
            assert key_line, "the key line can be read"
            assert "Enter" not in key_line, "Enter is the card's"
            assert step.text.split()[0] in text_of(app)
            last = "Or press Enter to go on" if step is not STEPS[-1] else "Press Enter to end the tour"
            rows = text_of(app).split("\n")[shown.region.y + 1 : shown.region.bottom - 1]
            words = " ".join(" ".join(row[shown.region.x + 1 : shown.region.right - 1] for row in rows).split())
            assert last in words, "whether to try the keys now"
            assert step is STEPS[-1] or f"Try it now (keys of the stage close this card): {step.first}." in words, "what to try"
            await pilot.press("enter")
        await settle(pilot)
        assert app.stage is Stage.COMMIT
        assert "The tour is over. Now do it" in said(app)
        assert "Enter do it" in text_of(app).split("\n")[-1], "Enter is the list's again"
        assert not app.stage_screen.query(".-pointed")  # type: ignore[union-attr]


async def test_back_and_forward_and_any_other_key_is_for_the_stage(clone: Path, state: Path) -> None:
    app = demo(clone)
    async with app.run_test(size=(120, 36)) as pilot:
        await card(pilot)
        await pilot.press("right")
        await card(pilot)
        assert app.stage is Stage.CHECKS
        await pilot.press("left")
        await card(pilot)
        assert app.stage is Stage.COMMIT
        await pilot.press("question_mark")
        await still(pilot)
        assert "HelpScreen" in type(app.screen).__name__
        await pilot.press("escape")
        asked(app)
        await pilot.press(str(Stage.TAGS.number))
        assert "Which commit introduced the bug?" in str((await card(pilot)).border_title), "the card of a stage appears when it is visited"
        assert app.stage is Stage.TAGS


async def test_a_tour_that_was_ended_does_not_come_back_until_it_is_asked_for(clone: Path, state: Path) -> None:
    app = demo(clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await card(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, TourCard)
        asked(app)
        await pilot.press(str(Stage.CHECKS.number))
        await settle(pilot)
        assert app.stage is Stage.CHECKS
        assert not isinstance(app.screen, TourCard)
    assert SavedState(state / FILE).get("tour") == "seen"
    again = demo(clone)
    async with again.run_test(size=(80, 24)) as pilot:
        await still(pilot)
        assert not isinstance(again.screen, TourCard)
        assert again.tour is not None
        again.tour.restart()
        assert "1/8" in str((await card(pilot)).border_title)


async def test_the_demo_ends_with_how_to_do_the_same_in_ones_own_tree(clone: Path, state: Path) -> None:
    app = demo(clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await card(pilot)
        await pilot.press("escape", "q")
        await still(pilot)
        assert isinstance(app.screen, Choose)
        assert "Now with your own tree" in text_of(app)
        assert "patchpilot doctor" in text_of(app)
        await pilot.press("escape", "q")
        await pilot.pause(0.2)
    assert app.return_code == 0


async def test_outside_the_demo_there_is_no_tour(clone: Path, tmp_path: Path) -> None:
    memory = SavedState(tmp_path / "state.json")
    app = make(clone, memory=memory)
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert isinstance(app.screen, Choose), "it is offered once"
        await pilot.press("escape")
        assert app.tour is None
        assert memory.get("tour") == "offered"


@pytest.mark.parametrize(
    ("panel", "at", "side"),
    [
        (Region(0, 2, 40, 30), Offset(40, 2), "left"),
        (Region(80, 2, 40, 30), Offset(30, 2), "right"),
        (Region(0, 2, 120, 10), Offset(0, 12), "up"),
        (Region(0, 20, 120, 15), Offset(0, 12), "down"),
        (Region(0, 2, 120, 33), Offset(68, 26), ""),
    ],
)
def test_a_card_is_beside_its_panel_where_there_is_room(panel: Region, at: Offset, side: str) -> None:
    assert beside(panel, Size(50, 8), Region(0, 2, 120, 33)) == (at, side)
