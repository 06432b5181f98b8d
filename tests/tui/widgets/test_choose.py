# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that only letters and Enter answer a dialog."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from patchpilot import tui
from patchpilot.tui.widgets import choose
from patchpilot.tui.widgets.choose import (
    REPEATED,
    Choose,
    Confirm,
    LineDialog,
    Reader,
)
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.search import find_copyable_text
from tests.kit.walk import text_of

ANSWERS = (
    ("no", "No"),
    ("yes", "Yes", "To security@kernel.org only"),
    ("unknown", "I don't know yet"),
)


class QuestionApp(App[None]):
    """An app that shows a dialog when o is pressed, and stores its result."""

    last_key = ""

    def __init__(self, answers: Sequence[Any] = ANSWERS) -> None:
        super().__init__()
        self.answers, self.given = answers, list[str | None]()

    async def on_event(self, event: Any) -> None:
        self.last_key = getattr(event, "key", self.last_key)
        await super().on_event(event)

    def key_o(self) -> None:
        self.push_screen(
            Choose("Could somebody attack a machine?", self.answers, "Security"),
            self.given.append,
        )


@pytest.mark.parametrize(
    ("pressed", "given"),
    [
        ("y", ["yes"]),
        ("i", ["unknown"]),
        ("enter", ["no"]),
        ("escape", [None]),
        ("x", []),
        ("n", []),
        ("o", []),
        ("p", []),
        ("7", []),
    ],
)
async def test_only_answer_keys_answer(
    pressed: str, given: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    # a busy machine may take longer between the two keys
    monkeypatch.setattr(choose, "REPEATED", 60.0)
    app = QuestionApp()
    async with app.run_test() as pilot:
        await pilot.press("o")
        await pilot.pause()
        # the user may still hold down o, which opened the dialog; this must not answer it
        await pilot.press(pressed)
        await pilot.pause()
        assert app.given == given


async def test_arrows_move_and_the_opening_key_answers_after_a_delay() -> None:
    app = QuestionApp()
    async with app.run_test() as pilot:
        await pilot.press("o")
        await pilot.pause()
        assert "To security@kernel.org only" in text_of(app)
        await pilot.press("down", "down", "k", "enter")
        await pilot.pause()
        assert app.given == ["yes"]
        await pilot.press("o")
        await pilot.pause(REPEATED + 0.1)
        await pilot.press("o")
        await pilot.pause()
        assert app.given == ["yes", "no"]


class StyledQuestionApp(QuestionApp):
    """An app with the TUI's styles that shows a dialog."""

    CSS_PATH = Path(tui.__file__).parent / "patchpilot.tcss"


@pytest.mark.parametrize("label", ["", "send them: "])
async def test_reader_shows_and_copies_a_path_wider_than_the_screen(label: str) -> None:
    command = f"patchpilot send /home/robin/{'resolve/' * 12}5.15.y"
    app = StyledQuestionApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(Reader("Resolve the conflict", [f"  {label}{command}", "end"]))
        await pilot.pause()
        text = "".join(line.strip("│┃ ") for line in text_of(app).split("\n"))
        assert command.rpartition(" ")[2] in text
        assert find_copyable_text(app.screen.focused) == ("command", command)


async def test_ctrl_s_saves_a_valid_line() -> None:
    app = QuestionApp()
    async with app.run_test() as pilot:
        app.push_screen(LineDialog("Folder:", lambda text: (text == "ab", "")), app.given.append)
        await pilot.pause()
        await pilot.press(*"one two", "ctrl+w", "ctrl+s")
        assert app.given == []
        await pilot.press("ctrl+u", *"ab", "ctrl+s")
        await pilot.pause()
        assert app.given == ["ab"]


async def test_second_key_closes_nothing_else() -> None:
    app = QuestionApp()
    screens = (
        Choose("Really?", ANSWERS),
        Reader("Text", ["a", "b"]),
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


@pytest.mark.parametrize(
    "dialog",
    [
        lambda: Choose("Really?", ANSWERS),
        lambda: Confirm("Send it?", "send"),
        lambda: LineDialog("Folder:"),
        lambda: Reader("Text", ["a", "b"]),
    ],
)
async def test_ctrl_c_cancels_every_dialog(dialog: Callable[[], Any]) -> None:
    app = QuestionApp()
    async with app.run_test() as pilot:
        app.push_screen(dialog(), app.given.append)
        await pilot.pause()
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert app.given == [None]


@asynccontextmanager
async def open_dialog(
    dialog: Choose | Confirm, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[StyledQuestionApp, Pilot[None]]]:
    app = StyledQuestionApp()
    async with app.run_test(size=size) as pilot:
        app.push_screen(dialog, app.given.append)
        await pilot.pause()
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_long_mail_opens_at_its_top(
    size: tuple[int, int],
) -> None:
    mail = ["Subject: Re: it", "To: ada@example.org", "", *map(str, range(60)), "last"]
    async with open_dialog(Confirm("Send it?", "send", mail_lines=mail), size) as (
        app,
        pilot,
    ):
        screen_text = text_of(app)
        for words in ("Send it?", "Subject: Re: it", "To: ada", "more lines below"):
            assert words in screen_text, words
        assert "Type send" in screen_text
        assert "last" not in screen_text
        await pilot.press(*["pagedown"] * 9)
        await pilot.pause()
        screen_text = text_of(app)
        assert "last" in screen_text
        assert "more line" not in screen_text
        assert "Send it?" in screen_text
        await pilot.press(*"send", "enter")
        await pilot.pause()
        assert app.given == ["yes"]


async def test_answers_of_a_long_question_stay_visible() -> None:
    why = f"{'because ' * 200}\n\nit ends here"
    answers = [*ANSWERS[:2], ("later", "I don't know yet", "stays open")]
    question = Choose(f"Really?\n\n{why}", answers, "Question", at="later")
    async with open_dialog(question) as (app, pilot):
        rows = text_of(app).splitlines()
        (first,) = [index for index, row in enumerate(rows) if "Really?" in row]
        assert "I don't know yet" in rows[first + 5]
        assert "because" in rows[first + 8]
        assert app.screen.query_one(List).highlighted == 2
        await pilot.press(*["pagedown"] * 4)
        await pilot.pause()
        screen_text = text_of(app)
        for words in ("Really?", "it ends here", "I don't know yet", "stays open"):
            assert words in screen_text, words
