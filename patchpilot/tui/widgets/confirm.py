# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog that is confirmed by typing a word, to avoid accidental confirmation."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, Static

from patchpilot.model.printable import printable
from patchpilot.tui.view.rich_text import plain, with_code
from patchpilot.tui.widgets.dialog import FIELD_HELP, Dialog
from patchpilot.tui.widgets.input_line import LineInput


class Confirm(Dialog[bool]):
    """A dialog that shows a text, below the lines of a `mail`, and waits for `word` to be typed.

    Returns True once it is typed, False on Escape.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*FIELD_HELP]

    def __init__(
        self, text: str, word: str, title: str = "", mail: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._text, self._word, self._mail = text, word, mail
        self.title_text = title

    def content(self) -> ComposeResult:
        """The text and the input line."""
        if self._mail:
            yield Static(
                plain("\n".join(printable(line) for line in self._mail)),
                markup=False,
                classes="mail",
            )
        yield Static(with_code(self._text), markup=False)
        yield Static(
            f"Type {self._word} and press Enter to confirm, or press Esc to cancel.",
            markup=False,
            classes="typed",
        )
        yield LineInput(id="answer", compact=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the word; clear anything else."""
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            event.input.value = ""

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(False)
