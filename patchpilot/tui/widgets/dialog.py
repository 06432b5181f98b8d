# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of dialogs: a titled box of at most 90 columns.

The answers are buttons with an underlined letter each.
"""

import time
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input

from patchpilot.model.printable import width
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.panel import Panel

T = TypeVar("T")
WIDE = 90
"""Columns that a dialog takes at most."""

REPEATED = 0.6
"""Seconds in which the key that opened a dialog does not answer it: it may be held down, or pressed
twice.
"""


class Answer(NamedTuple):
    """An answer: the name that the dialog returns, the label of its button, and its effect.

    The effect is shown while the button has the focus.
    """

    name: str
    words: str
    then: str = ""


HELP = Binding("question_mark", "app.help", "help", key_display="?")
FIELD_HELP = (
    Binding("f1", "app.help", "help", key_display="F1"),
    Binding("question_mark", "app.help", "help", show=False, key_display="?"),
)
"""The keys for the help of a dialog with a text field, in which ? is only a character."""


class Modal(ModalScreen[T]):
    """A screen on top of another one that can only be closed once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        HELP,
        Binding("f1", "app.help", "help", show=False, key_display="F1"),
    ]

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close and give the result.

        A second key that was pressed before it closed would close the screen below.
        """
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(Modal[T]):
    """A dialog whose `content()` yields the widgets inside the box; Escape returns None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "cancel", key_display="Esc")
    ]
    title_text = ""

    def compose(self) -> ComposeResult:
        """The box; where the terminal is low its content scrolls."""
        with (
            Panel(title=self.title_text, classes="dialog"),
            VerticalScroll(can_focus=False),
        ):
            yield from self.content()

    def content(self) -> ComposeResult:
        """The widgets inside."""
        raise NotImplementedError

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)


def letters_of(labels: Sequence[str]) -> tuple[int, ...]:
    """Return the index of the shortcut letter in each label, or -1 if none is left.

    The letter is the first letter or digit that no previous label uses, preferably at the start
    of a word.
    """
    taken: set[str] = set()
    places = []
    for label in labels:
        starts = [
            at
            for at, sign in enumerate(label)
            if sign.isalnum() and (at == 0 or not label[at - 1].isalnum())
        ]
        rest = [
            at for at, sign in enumerate(label) if sign.isalnum() and at not in starts
        ]
        place = next(
            (at for at in (*starts, *rest) if label[at].lower() not in taken), -1
        )
        taken |= {label[place].lower()} if place >= 0 else set()
        places.append(place)
    return tuple(places)


def underlined(label: str, at: int) -> Text:
    """Return the label with the letter at this index underlined."""
    text = plain(label)
    if at >= 0:
        text.stylize("bold underline", at, at + 1)
    return text


class Letters:
    """Maps keys to the answers of a dialog by their underlined letters.

    Other letters choose nothing.
    """

    def __init__(self, screen: ModalScreen[Any], labels: Sequence[str]) -> None:
        self.places, self.labels = letters_of(labels), labels
        self._letters = [
            label[at].lower() if at >= 0 else ""
            for label, at in zip(labels, self.places, strict=True)
        ]
        self._opener, self._opened = (
            getattr(screen.app, "last_key", ""),
            time.monotonic(),
        )

    @property
    def keys(self) -> Sequence[tuple[str, str]]:
        """The letters, each with its answer."""
        pairs = zip(self._letters, self.labels, strict=True)
        return [(letter, label) for letter, label in pairs if letter]

    def answer(self, event: events.Key) -> int | None:
        """The number of the answer that a key gives, None for any other key."""
        key = (event.character or "").lower()
        if not key.isalnum() or key not in self._letters:
            return None
        if event.key == self._opener and time.monotonic() - self._opened < REPEATED:
            return None
        return self._letters.index(key)


class ButtonRow(Horizontal):
    """A row of buttons; the arrow keys move between them and stop at both ends.

    The last button is often the one that changes nothing: a key pressed once too often must not
    go on to the first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down,j,l", "move(1)", "next", show=False),
        Binding("left,up,k,h", "move(-1)", "previous", show=False),
    ]

    @staticmethod
    def fits(labels: Sequence[str], room: int) -> bool:
        """Whether these labels fit into one row."""
        return sum(width(label) + 6 for label in labels) <= room

    def __init__(self, labels: Sequence[str], places: Sequence[int]) -> None:
        buttons: list[Widget] = [
            Button(underlined(label, at), id=f"answer-{number}", compact=True)
            for number, (label, at) in enumerate(zip(labels, places, strict=True))
        ]
        super().__init__(*buttons, classes="buttons")

    def action_move(self, step: int) -> None:
        """Focus the button next to the focused one, if there is one."""
        buttons = list(self.query(Button))
        at = next((at for at, button in enumerate(buttons) if button.has_focus), 0)
        buttons[min(max(0, at + step), len(buttons) - 1)].focus()


class AnswerDialog(Dialog[T]):
    """A dialog with answers, which are given by a button or by their underlined letters."""

    letters: Letters

    def answered(self, number: int) -> None:
        """Act on the answer of this number."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """The underlined letter of an answer gives it, unless it is typed into a field."""
        number = None if isinstance(self.focused, Input) else self.letters.answer(event)
        if number is not None:
            event.stop()
            self.answered(number)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Give the answer of the button."""
        event.stop()
        self.answered(number_of(event.button))


def number_of(button: Button) -> int:
    """Return the number of the answer that a button gives."""
    return int((button.id or "").removeprefix("answer-"))


def room_for(scroll: VerticalScroll, widgets: Iterable[Widget]) -> int:
    """Return the lines that the other widgets of a dialog leave to a part that scrolls.

    A dialog takes at most 95 % of the screen, with its border.
    """
    rest = sum(
        widget.outer_size.height + widget.styles.margin.height
        for widget in widgets
        if widget is not scroll
    )
    return scroll.screen.size.height * 95 // 100 - 2 - rest


def scroll_page(scroll: VerticalScroll, step: int) -> None:
    """Scroll by a page."""
    lines = max(1, scroll.scrollable_content_region.height - 1)
    scroll.scroll_relative(y=step * lines, animate=False)
