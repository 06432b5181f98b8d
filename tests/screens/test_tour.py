# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour of the demo: a card at each stage points at a real panel and names the one key that is
next, until the patch is merged.
"""

import os
import re
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.pilot import Pilot

from patchpilot.demo.answers import Answers
from patchpilot.demo.sandbox import Sandbox, open_sandbox, ticking
from patchpilot.model.mail import parse_mail
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import make
from patchpilot.tui.screens import follow_screen
from patchpilot.tui.stage.saved_state import FILE, SavedState
from patchpilot.tui.tour import SEEN, STEPS
from patchpilot.tui.view.shown_keys import WAIT
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.confirm import Confirm
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.question import QuestionDialog
from patchpilot.tui.widgets.tour_card import TourCard
from tests.kit.walk import asked, running, said, settle, settled, still, text_of, until

# each card of the tour is taken to its end
pytestmark = pytest.mark.long

SIZES = ((80, 24), (100, 30), (160, 45))
LEAST = 3
"""Lines that a panel has at least, with its border, while a card is about it."""
PRESS = re.compile(r"Press  (\S+) : (.+)")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own state directory, in the environment of the demo."""
    monkeypatch.setenv("PATCHPILOT_DEMO", str(tmp_path))
    monkeypatch.setenv(SEEN, str(tmp_path / "own"))
    return tmp_path / "own"


def demo(work: Path) -> PatchpilotApp:
    return make(work, memory=SavedState(work.parent / "sandbox-state.json"))


async def card(pilot: Pilot[int]) -> TourCard:
    """The card of the stage on screen, once it is where it belongs."""
    await until(pilot, lambda: pilot.app.screen.query(".-pointed"), "a card")
    await still(pilot)
    return pilot.app.screen.query_one(TourCard)


def words_of(shown: TourCard) -> str:
    """The text of a card in one line, as the screen shows it."""
    app = shown.app
    assert isinstance(app, PatchpilotApp)
    rows = text_of(app).split("\n")[shown.region.y + 1 : shown.region.bottom - 1]
    return " ".join(
        row[shown.region.x + 1 : shown.region.right - 1].strip() for row in rows
    )


SAID = "Older than 2.4; v2 will name it."


def replies(sandbox: Sandbox) -> str:
    """The texts of the replies that the mail server took."""
    return "\n".join(
        mail.body
        for mail in (parse_mail(taken.data) for taken in sandbox.sink.take())
        if mail.in_reply_to
    )


def key_line(app: PatchpilotApp) -> str:
    return text_of(app).split("\n")[-1].strip()


def test_the_tour_has_one_card_for_each_stage() -> None:
    assert [step.stage for step in STEPS] == list(Stage)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_each_card_points_at_a_panel_of_its_stage_and_names_one_key_which_the_key_line_shows(
    clone: Path, state: Path, size: tuple[int, int]
) -> None:
    app = demo(clone)
    async with app.run_test(size=size) as pilot:
        for step in STEPS:
            await settle(pilot)
            asked(app)
            await pilot.press(str(step.stage.number))
            await settle(pilot)
            shown = await card(pilot)
            assert app.stage is step.stage
            assert f"{step.stage.number}/{len(STEPS)} {step.title}" in str(
                shown.border_title
            )
            (panel,) = app.screen.query(".-pointed")
            area = Region(0, 2, size[0], size[1] - 3)
            assert area.contains_region(shown.region), (shown.region, area)
            for covered in app.screen.query(Panel):
                if covered is not shown and covered.region:
                    assert not covered.region.overlaps(shown.region), covered
            assert area.contains_region(panel.region), (panel.region, area)
            assert panel.region.height >= LEAST, "what the card is about is on screen"
            words = words_of(shown)
            assert step.text.split()[0] in words
            assert (found := PRESS.search(words)), words
            assert key_line(app) == f"{found[1]} {found[2].strip()}  ? help  q quit", (
                "no other key of the stage is offered meanwhile"
            )


async def test_a_dialog_hides_the_card_and_the_key_line_shows_its_keys_only(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with running(app, (100, 30)) as pilot:
        assert "answer the open questions" in words_of(await card(pilot))
        assert key_line(app) == "a answer the open questions  ? help  q quit"
        await pilot.press("a")
        await until(pilot, lambda: "Security question" in text_of(app), "the question")
        await until(
            pilot, lambda: not app.screen_stack[-2].query(".-pointed"), "the card to go"
        )
        await still(pilot)
        assert key_line(app) == "Esc cancel  ? help"
        assert "1/8" not in text_of(app)
        await pilot.press("escape")
        assert "answer the open questions" in words_of(await card(pilot)), (
            "what was not done is still next"
        )


async def test_the_questions_of_the_demo_name_the_answers_of_its_author_and_the_subject_shows_the_tree(  # noqa: E501
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with running(app, (100, 30)) as pilot:
        await pilot.press("a")
        for title in ("Security question", "Regression question", "Tree question"):
            await until(pilot, lambda title=title: title in text_of(app), title)  # type: ignore[misc]
            await still(pilot)
            assert "In the demo" in text_of(app)
            assert str(app.focused.label) == "I don't know yet"  # type: ignore[union-attr]
            # to the first answer, No or [PATCH net]
            await pilot.press("left", "left", "enter")
        await settle(pilot)
        await until(
            pilot,
            lambda: "Subject: [PATCH net] net/acme: allow" in text_of(app),
            "the subject with its tree",
        )
        assert "go on to Checks" in words_of(await card(pilot))


async def test_enter_alone_does_not_walk_through_the_cards(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with running(app, (100, 30)) as pilot:
        await card(pilot)
        await pilot.press("enter")
        await until(
            pilot,
            lambda: "Security question" in text_of(app),
            "what Enter does in the list below the card",
        )
        assert app.stage is Stage.COMMIT


async def test_while_the_screen_shows_what_was_before_the_card_names_no_key(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with running(app, (100, 30), asks=False) as pilot:
        await pilot.press(str(Stage.SEND.number))
        await settle(pilot)
        await card(pilot)
        app.session.changed("sent")
        assert app.tour
        assert app.stage_screen
        assert app.tour._key(app.stage_screen) is WAIT


async def test_the_keys_of_the_cards_lead_from_the_first_screen_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follow_screen, "OFTEN", 0.3)
    with (
        open_sandbox(tmp_path / "sandbox") as sandbox,
        ticking(sandbox, 0.1, Answers(sandbox, (0.1, 0.2, 0.3)).look),
    ):
        for name in [name for name in os.environ if name.startswith(("XDG_", "GIT_"))]:
            monkeypatch.delenv(name)
        for name, value in {**sandbox.env, SEEN: str(tmp_path / "own")}.items():
            monkeypatch.setenv(name, value)
        # what Robin writes below the question
        monkeypatch.setenv("GIT_EDITOR", f"sed -i '$a {SAID}'")
        app = make(sandbox.work)
        pressed: list[str] = []
        async with app.run_test(size=(100, 30)) as pilot:
            while "The patch was merged. Now try your own tree" not in text_of(app):
                assert len(pressed) < 30, pressed
                screen = app.screen
                if isinstance(screen, Confirm):
                    await pilot.press(*"send", "enter")
                elif isinstance(screen, QuestionDialog):
                    # Enter would leave it open; below "In the demo" is the answer
                    await still(pilot)
                    if app.screen is screen:
                        is_tree = screen.title_text == "Tree question"
                        await pilot.press("f" if is_tree else "n")
                elif screen.is_modal:
                    # the last one may be there before its text is
                    await still(pilot)
                    if app.screen is screen and "Merged. Now" not in text_of(app):
                        await pilot.press("enter")
                else:
                    await until(
                        pilot,
                        lambda: (
                            app.screen.is_modal
                            or (settled(app) and app.screen.query(".-pointed"))
                        ),
                        "a card",
                    )
                    await still(pilot)
                    if (
                        app.screen.is_modal
                        or (
                            found := PRESS.search(
                                words_of(app.screen.query_one(TourCard))
                            )
                        )
                        is None
                    ):
                        await pilot.pause(0.3)
                        continue
                    pressed.append(found[1])
                    await pilot.press(found[1])
                await pilot.pause(0.5)
            assert pressed[:3] == ["a", "n", "A"]
            # the user answers the question before the changes for v2 are made
            assert pressed.index("r") < pressed.index("M")
            assert SAID in replies(sandbox)
            assert pressed[-1] == "f"
            assert SavedState(tmp_path / "own" / FILE).get("tour") == "seen"


async def test_a_tour_that_was_ended_does_not_come_back_until_it_is_asked_for(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await card(pilot)
        await pilot.press("escape")
        await until(
            pilot, lambda: "The tour is over" in said(app), "the end of the tour"
        )
        await settle(pilot)
        asked(app)
        await pilot.press(str(Stage.CHECKS.number))
        await settle(pilot)
        assert app.stage is Stage.CHECKS
        assert not app.screen.query(".-pointed")
    assert SavedState(state / FILE).get("tour") == "seen"
    again = demo(clone)
    async with again.run_test(size=(80, 24)) as pilot:
        await still(pilot)
        assert not again.screen.query(TourCard)
        assert again.tour is not None
        again.tour.restart()
        assert "1/8" in str((await card(pilot)).border_title)


async def test_the_demo_ends_with_how_to_do_the_same_in_ones_own_tree(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await card(pilot)
        await pilot.press("escape", "q")
        await still(pilot)
        assert isinstance(app.screen, Choose)
        assert "Now try your own tree" in text_of(app)
        assert "patchpilot doctor" in text_of(app)
        await pilot.press("escape", "q")
        await pilot.pause(0.2)
    assert app.return_code == 0


async def test_outside_the_demo_there_is_no_tour(clone: Path, tmp_path: Path) -> None:
    memory = SavedState(tmp_path / "state.json")
    app = make(clone, memory=memory)
    async with running(app, (80, 24)) as pilot:
        assert isinstance(app.screen, Choose), "it is offered once"
        await pilot.press("escape")
        assert app.tour is None
        assert memory.get("tour") == "offered"


async def test_at_80_columns_the_card_leaves_room_for_the_evidence(
    clone: Path, state: Path
) -> None:
    app = demo(clone)
    async with running(app, (80, 24), asks=False) as pilot:
        await pilot.press(str(Stage.TAGS.number))
        await settle(pilot)
        assert (await card(pilot)).region.height == 4
        assert app.screen.query_one("#why").region.height >= 7
        assert app.screen.query_one("#where").region.height == 0
        await pilot.press("escape")
        await still(pilot)
        assert app.screen.query_one("#where").region.height > 4
