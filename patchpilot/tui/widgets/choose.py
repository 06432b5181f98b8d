# SPDX-License-Identifier: GPL-2.0-or-later
"""Dialogs: choose one of several answers, type a line that is validated as it is typed, read a text."""

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static
from textual.widgets.option_list import Option

from patchpilot.tui.rich_text import plain, wrapped
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.patch_pager import Pager, Styler

Judge = Callable[[str], tuple[bool, str]]
"""Whether a line is valid, and a note about it."""


class Choose(ModalScreen[str | None]):
    """A text and answers, (name, words) each; gives the name, None on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", "cancel")]

    def __init__(self, text: str, answers: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._text, self._answers = text, answers

    def compose(self) -> ComposeResult:
        """The text and the list."""
        with Vertical(classes="dialog"):
            yield Static(plain(self._text), markup=False)
            yield List(*(Option(plain(words)) for _, words in self._answers), ident="answers")
            yield Static(plain("↑↓ select · Enter confirm · Esc cancel", "dim"), markup=False)

    def on_mount(self) -> None:
        """The first answer is under the cursor."""
        self.query_one(List).highlighted = 0

    def on_option_list_option_selected(self, event: List.OptionSelected) -> None:
        """The answer."""
        event.stop()
        self.dismiss(self._answers[event.option_index][0])

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)


class LineDialog(ModalScreen[str | None]):
    """A question answered with one line; `judge` validates it while it is typed. None on Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "no", "cancel")]

    def __init__(self, text: str, judge: Judge, value: str = "", placeholder: str = "") -> None:
        super().__init__()
        self._text, self._judge, self._value, self._placeholder = text, judge, value, placeholder

    def compose(self) -> ComposeResult:
        """The text, the line, and the note about it."""
        with Vertical(classes="dialog"):
            yield Static(plain(self._text), markup=False)
            yield LineInput(self._value, placeholder=self._placeholder, id="line", select_on_focus=False, compact=True)
            yield Static(id="note", markup=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Validate the line as typed so far."""
        good, note = self._judge(event.value)
        text = note or ("Enter confirm · Esc cancel" if good else "")
        self.query_one("#note", Static).update(plain(text if good or not note else f"not valid yet: {note}"))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the line if it is valid."""
        event.stop()
        if self._judge(event.value)[0]:
            self.dismiss(event.value.strip())

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)


class Reader(ModalScreen[None]):
    """A text on the whole screen, with a title; `fold` wraps long lines at its width (then there are no stops)."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "close", "close", key_display="Esc"),
        # the application's keys do not work in a dialog
        Binding("y", "app.copy", "copy line", show=False),
    ]

    def __init__(self, title: str, rows: Sequence[str], *, styler: Styler = plain, stops: Sequence[int] = (), fold: bool = False) -> None:
        super().__init__()
        self._fold = fold
        self._title, self._rows, self._styler, self._stops = title, rows, styler, stops

    def compose(self) -> ComposeResult:
        """Title, text, keys."""
        with Vertical(classes="reader"):
            yield Static(Text.assemble(plain(self._title, "bold")), markup=False)
            yield Pager(ident="text", styler=self._styler)
            yield Static(plain("j/k scroll · Space page · ] [ next and previous part · y copy · Esc close", "dim"), markup=False)

    def on_mount(self) -> None:
        """Fill it."""
        pager = self.query_one(Pager)
        wide = max(20, self.size.width - 5)
        rows = [part for row in self._rows for part in wrapped(row, wide)] if self._fold else self._rows
        pager.fill(rows, stops=self._stops)
        pager.focus()

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)
