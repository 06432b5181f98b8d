# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogs for choosing an answer, typing a line, and reading a text.

A line is validated while it is typed.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Input, Static
from textual.widgets.option_list import Option

from patchpilot.tui.view.rich_text import plain, with_code, wrapped
from patchpilot.tui.widgets.dialog import (
    FIELD_HELP,
    WIDE,
    Answer,
    AnswerDialog,
    ButtonRow,
    Dialog,
    Letters,
    Modal,
    number_of,
    underlined,
)
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.pager import Pager, Styler
from patchpilot.tui.widgets.panel import Panel
from patchpilot.tui.widgets.plain_text import PlainText

FEW = 4
"""So many answers may be buttons in a row."""

Judge = Callable[[str], tuple[bool, str]]
"""Whether a line is valid, and a note about it."""


class Choose(AnswerDialog[str | None]):
    """A dialog with a text and answers; returns the name of the answer, or None on Escape.

    An answer is (name, words) or (name, words, effect). A few short answers become buttons,
    others a list; pressing the underlined letter of an answer chooses it immediately. `at` is the
    name of the answer to focus first (default: the first).
    """

    def __init__(
        self,
        text: str,
        answers: Sequence[tuple[str, str] | tuple[str, str, str]],
        title: str = "",
        *,
        at: str = "",
    ) -> None:
        super().__init__()
        self._text, self._answers = text, [Answer(*answer) for answer in answers]
        self.title_text = title
        self._at = next(
            (
                number
                for number, answer in enumerate(self._answers)
                if answer.name == at
            ),
            0,
        )

    def content(self) -> ComposeResult:
        """The text, the answers, what happens then, and the keys."""
        labels = [answer.words for answer in self._answers]
        self.letters = Letters(self, labels)
        yield Static(with_code(self._text), markup=False)
        self._in_row = len(labels) <= FEW and ButtonRow.fits(
            labels, min(WIDE, self.app.size.width) - 4
        )
        if self._in_row:
            yield ButtonRow(labels, self.letters.places)
        else:
            yield List(
                *(
                    Option(underlined(label, at))
                    for label, at in zip(labels, self.letters.places, strict=True)
                ),
                ident="answers",
            )
        yield PlainText("then")
        yield Static(
            plain(
                f"{'←→' if self._in_row else '↑↓'} select · Enter or underlined letter"
                f" confirm · Esc cancel"
            ),
            classes="keys",
        )

    def on_mount(self) -> None:
        """Focus the first answer, or the one that was named."""
        self.query_one("#then").display = any(answer.then for answer in self._answers)
        if self._in_row:
            self.query_one(f"#answer-{self._at}").focus()
        else:
            self.query_one(List).highlighted = self._at

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what happens with the focused answer."""
        if isinstance(event.widget, Button):
            self._explain(number_of(event.widget))

    def on_option_list_option_highlighted(self, event: List.OptionHighlighted) -> None:
        """Say what happens with the answer under the cursor."""
        self._explain(event.option_index)

    def _explain(self, number: int) -> None:
        self.query_one("#then", Static).update(plain(self._answers[number].then))

    def answered(self, number: int) -> None:
        """Return the answer's name."""
        self.dismiss(self._answers[number].name)

    def on_option_list_option_selected(self, event: List.OptionSelected) -> None:
        """The answer."""
        event.stop()
        self.answered(event.option_index)


def is_text(line: str) -> tuple[bool, str]:
    """Accept any line with text other than spaces."""
    return bool(line.strip()), ""


class LineDialog(Dialog[str | None]):
    """A dialog for one line of text; returns None on Escape.

    `judge` validates the line while it is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "confirm", show=False, key_display="Ctrl-S"),
        *FIELD_HELP,
    ]

    def __init__(
        self,
        text: str,
        judge: Judge = is_text,
        value: str = "",
        placeholder: str = "",
        title: str = "",
    ) -> None:
        super().__init__()
        self._text, self._judge, self._value, self._placeholder = (
            text,
            judge,
            value,
            placeholder,
        )
        self.title_text = title

    def content(self) -> ComposeResult:
        """The text, the line, and the note about it."""
        yield Static(with_code(self._text), markup=False)
        yield LineInput(
            self._value,
            placeholder=self._placeholder,
            id="line",
            select_on_focus=False,
            compact=True,
        )
        yield PlainText("note")
        yield Static(
            plain(
                "Enter or Ctrl-S confirm · Ctrl-W delete word · Ctrl-U delete all · Esc cancel"
            ),
            classes="keys",
        )

    def on_input_changed(self, event: Input.Changed) -> None:
        """Validate the line as typed so far."""
        good, note = self._judge(event.value)
        self.query_one("#note", Static).update(
            plain(note if good or not note else f"not valid yet: {note}")
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the line if it is valid."""
        event.stop()
        self.action_save()

    def action_save(self) -> None:
        """Accept the line if it is valid."""
        value = self.query_one(Input).value
        if self._judge(value)[0]:
            self.dismiss(value.strip())


def _folded(row: str, wide: int) -> list[str]:
    """A row in lines of so many columns, its indent on each.

    A longer word, such as a path, goes on in the next line.
    """
    indent = row[: len(row) - len(row.lstrip())]
    return [
        line[at : at + wide]
        for line in wrapped(row.strip(), wide, indent)
        for at in range(0, max(1, len(line)), wide)
    ]


class Reader(Modal[None]):
    """A full-screen text with a title.

    `fold` wraps long lines at the screen's width; such a text has no stops. `pager` replaces the
    default viewer. `make` returns the lines and stops again when the width changes.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", key_display="Esc"),
        # the application's keys do not work in a dialog
        Binding("y", "app.copy", "copy line", show=False),
    ]

    def __init__(
        self,
        title: str,
        rows: Sequence[str] = (),
        *,
        styler: Styler = plain,
        stops: Sequence[int] = (),
        fold: bool = False,
        pager: Pager | None = None,
        make: Callable[[], tuple[Sequence[str], Sequence[int]]] | None = None,
    ) -> None:
        super().__init__()
        self._fold, self._make = fold, make
        self._title, self._rows, self._stops = title, rows, stops
        self._pager = pager or Pager(ident="text", styler=styler)

    def compose(self) -> ComposeResult:
        """The text in a panel with the title and the keys in its border."""
        yield Panel(self._pager, title=self._title, classes="reader")

    def on_mount(self) -> None:
        """Fill it."""
        self._fill()
        self._pager.focus()

    def on_resize(self) -> None:
        """The lines follow the width."""
        if self._make or self._fold:
            self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        if self._make:
            self._rows, self._stops = self._make()
        parts = " · [ ] previous and next part" if self._stops else ""
        self.query_one(Panel).count = f"PgUp PgDn page{parts} · y copy line · Esc close"
        wide = max(20, self.size.width - 5)
        rows = (
            [part for row in self._rows for part in _folded(row, wide)]
            if self._fold
            else self._rows
        )
        self._pager.fill(rows, stops=self._stops)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


def ask_yes(app: App[Any], question: Choose, then: Callable[[], None]) -> None:
    """Show a question and call `then` if the user chooses the answer named yes."""
    app.push_screen(question, lambda answer: then() if answer == "yes" else None)


def ask_line(app: App[Any], question: LineDialog, then: Callable[[str], None]) -> None:
    """Show a question and call `then` with the line, unless it is empty or was canceled."""
    app.push_screen(question, lambda line: then(line) if line else None)
