# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogs: answers by button, letter and Enter; a key that is no answer answers nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.widgets import Button

from patchpilot import tui
from patchpilot.tui.palette import Palette
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader
from patchpilot.tui.widgets.confirm import Confirm
from patchpilot.tui.widgets.dialog import REPEATED, Answer, letters_of
from patchpilot.tui.widgets.question import QuestionDialog
from tests.kit.walk import text_of

ANSWERS = (
    ("no", "No"),
    ("yes", "Yes", "To security@kernel.org only"),
    ("unknown", "I don't know yet"),
)


class Asking(App[None]):
    """Shows one dialog on the key n, as a stage does, and keeps what it gave."""

    last_key = ""

    def __init__(self, answers: Sequence[Any] = ANSWERS) -> None:
        super().__init__()
        self.answers, self.given = answers, list[str | None]()

    async def on_event(self, event: Any) -> None:
        self.last_key = getattr(event, "key", self.last_key)
        await super().on_event(event)

    def key_n(self) -> None:
        self.push_screen(
            Choose("Could somebody attack a machine?", self.answers, "Security"),
            self.given.append,
        )


def test_each_answer_has_a_letter_of_its_own() -> None:
    labels = ("No", "Yes", "Not yet", "I don't know yet", "???")
    assert [
        label[at] if at >= 0 else ""
        for label, at in zip(labels, letters_of(labels), strict=True)
    ] == ["N", "Y", "o", "I", ""]


@pytest.mark.parametrize(
    ("pressed", "given"),
    [
        ("y", ["yes"]),
        ("i", ["unknown"]),
        ("enter", ["no"]),
        ("escape", [None]),
        ("x", []),
        ("n", []),
        ("p", []),
        ("7", []),
    ],
)
async def test_only_a_key_of_an_answer_answers(
    pressed: str, given: list[str | None]
) -> None:
    app = Asking()
    async with app.run_test() as pilot:
        await pilot.press("n")
        await pilot.pause()
        # n opened the dialog: held down, it is no answer
        await pilot.press(pressed)
        await pilot.pause()
        assert app.given == given


async def test_the_key_that_opened_it_answers_a_moment_later() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        await pilot.press("n")
        await pilot.pause(REPEATED + 0.1)
        await pilot.press("n")
        await pilot.pause()
        assert app.given == ["no"]


async def test_arrows_move_between_buttons_and_each_says_what_happens() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        await pilot.press("n")
        await pilot.pause()
        await pilot.press("right")
        await pilot.pause()
        assert isinstance(app.focused, Button)
        assert (
            str(app.screen.query_one("#then").render()) == "To security@kernel.org only"
        )
        await pilot.press("right", "left", "enter")
        await pilot.pause()
        assert app.given == ["yes"]


class Styled(Asking):
    """The same with the TUI's own styles."""

    CSS_PATH = Path(tui.__file__).parent / "patchpilot.tcss"

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Only the themes of the TUI have this color."""
        return {"text-yours": "#ffffff"}


async def test_many_answers_are_a_list_with_letters() -> None:
    app = Asking(
        [
            (str(number), f"{word} findings")
            for number, word in enumerate(
                ("All", "Errors", "Warnings", "Checks", "Waived")
            )
        ]
    )
    async with app.run_test() as pilot:
        await pilot.press("n")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause()
        assert app.given == ["3"]


async def test_a_line_is_saved_by_ctrl_s_when_it_is_valid() -> None:
    app = Asking()
    async with app.run_test() as pilot:
        app.push_screen(
            LineDialog("Folder:", lambda text: (text == "ab", "")), app.given.append
        )
        await pilot.pause()
        await pilot.press(*"one two", "ctrl+w", "ctrl+s")
        assert app.given == []
        await pilot.press("ctrl+u", *"ab", "ctrl+s")
        await pilot.pause()
        assert app.given == ["ab"]


async def test_a_second_key_closes_no_other_screen() -> None:
    app = Asking()
    screens = (
        Choose("Really?", ANSWERS),
        QuestionDialog("Question", "Really?", (), [Answer("yes", "Yes")]),
        Reader("Text", ["a", "b"]),
        Palette(),
    )
    async with app.run_test() as pilot:
        for screen in screens:
            below = list(app.screen_stack)
            app.push_screen(screen, app.given.append)
            await pilot.pause()
            screen.dismiss(None)
            screen.dismiss(None)
            await pilot.pause()
            assert app.screen_stack == below
    assert app.given == [None] * len(screens)


@pytest.mark.parametrize("key", ["right", "down", "l", "j"])
async def test_moving_never_goes_round_to_an_answer_that_decides(key: str) -> None:
    app, answers = Asking(), [Answer("no", "No"), Answer("yes", "Yes")]
    async with app.run_test() as pilot:
        app.push_screen(
            QuestionDialog("Question", "Really?", (), answers), app.given.append
        )
        await pilot.pause()
        await pilot.press(key, key)
        assert app.given == []
        await pilot.press("enter")
        await pilot.pause()
        assert app.given == ["later"]


async def test_moving_stops_at_the_first_answer() -> None:
    app, answers = Asking(), [Answer("no", "No"), Answer("yes", "Yes")]
    async with app.run_test() as pilot:
        app.push_screen(
            QuestionDialog("Question", "Really?", (), answers), app.given.append
        )
        await pilot.pause()
        await pilot.press("left", "left", "left", "left")
        assert app.given == []
        await pilot.press("enter")
        await pilot.pause()
        assert app.given == ["no"]


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_a_mail_to_confirm_opens_at_its_top_and_tells_that_there_is_more(
    size: tuple[int, int],
) -> None:
    mail = ["Subject: Re: it", "To: ada@example.org", "", *map(str, range(60)), "last"]
    async with Styled().run_test(size=size) as pilot:
        app = pilot.app
        assert isinstance(app, Styled)
        app.push_screen(Confirm("Send it?", "send", mail=mail), app.given.append)
        await pilot.pause()
        await pilot.pause()
        shown = text_of(app)
        for words in ("Send it?", "Subject: Re: it", "To: ada", "more lines below"):
            assert words in shown, words
        assert "Type send" in shown
        assert "last" not in shown
        await pilot.press(*["pagedown"] * 9)
        await pilot.pause()
        shown = text_of(app)
        assert "last" in shown
        assert "more lines below" not in shown
        assert "Send it?" in shown
        await pilot.press(*"send", "enter")
        await pilot.pause()
        assert app.given == [True]


async def test_a_short_mail_to_confirm_is_shown_whole() -> None:
    async with Styled().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        app.push_screen(Confirm("Send it?", "send", mail=["Subject: a", "", "last"]))
        await pilot.pause()
        await pilot.pause()
        assert "last" in text_of(app)
        assert "below" not in text_of(app)


async def test_a_long_question_opens_at_its_top_and_keeps_its_buttons_in_view() -> None:
    reasons = [("Why asked", "because " * 200), ("Last reason", "it ends here")]
    async with Styled().run_test(size=(80, 24)) as pilot:
        app = pilot.app
        answers = [Answer("no", "No", "stays"), Answer("yes", "Yes", "goes")]
        app.push_screen(QuestionDialog("Question", "Really?", reasons, answers))
        await pilot.pause()
        await pilot.pause()
        rows = text_of(app).splitlines()
        assert "Really?" in rows[2]
        assert "Why asked" in rows[4]
        buttons = next(at for at, row in enumerate(rows) if "Yes" in row)
        assert not rows[buttons - 1].strip(" │┃█")
        assert str(app.focused.label) == "I don't know yet"  # type: ignore[union-attr]
        await pilot.press(*["pagedown"] * 4)
        await pilot.pause()
        shown = text_of(app)
        for words in ("Really?", "it ends here", "goes", "PgDn more"):
            assert words in shown, words
