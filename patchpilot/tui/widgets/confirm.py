# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog that is confirmed by typing a word, to avoid accidental confirmation."""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from patchpilot.model.counted import counted
from patchpilot.model.printable import printable
from patchpilot.tui.view.rich_text import plain, with_code
from patchpilot.tui.widgets.dialog import FIELD_HELP, Dialog, room_for, scroll_page
from patchpilot.tui.widgets.input_line import LineInput
from patchpilot.tui.widgets.plain_text import PlainText

LEAST = 3
"""Lines of the mail that are shown at least."""


class Confirm(Dialog[bool]):
    """A dialog that shows a text, the lines of a `mail` below it, and waits for `word`.

    The mail opens at its top and scrolls by itself, so that the text and the input line stay in
    view. Returns True once the word is typed, False on Escape.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pagedown", "page(1)", "scroll", show=False),
        Binding("pageup", "page(-1)", "scroll back", show=False),
        Binding("down", "line(1)", "line down", show=False),
        Binding("up", "line(-1)", "line up", show=False),
        *FIELD_HELP,
    ]
    DEFAULT_CSS = """
    Confirm #mail { height: auto; margin: 1 0 0 0; border-top: solid $foreground 50%; }
    Confirm #more { height: 1; text-style: bold reverse; }
    Confirm #more.-none { visibility: hidden; }
    """

    def __init__(
        self, text: str, word: str, title: str = "", mail: Sequence[str] = ()
    ) -> None:
        super().__init__()
        self._text, self._word, self._mail = text, word, mail
        self.title_text = title

    def content(self) -> ComposeResult:
        """The text, the mail, and the input line."""
        yield Static(with_code(self._text), markup=False)
        if self._mail:
            with VerticalScroll(id="mail", can_focus=False):
                yield Static(
                    plain("\n".join(printable(line) for line in self._mail)),
                    markup=False,
                    classes="mail",
                )
            yield PlainText("more")
        yield Static(
            f"Type {self._word} and press Enter to confirm, or press Esc to cancel.",
            markup=False,
            classes="typed",
        )
        yield LineInput(id="answer", compact=True)

    def on_mount(self) -> None:
        """The line below the mail follows its position."""
        if self._mail:
            for name in ("scroll_y", "virtual_size", "show_vertical_scrollbar"):
                self.watch(self._scroll, name, self._tell_then, init=False)

    def on_resize(self) -> None:
        """The mail has the lines that the rest leaves."""
        if self._mail:
            self.call_after_refresh(self._fit)

    @property
    def _scroll(self) -> VerticalScroll:
        return self.query_one("#mail", VerticalScroll)

    def _fit(self) -> None:
        scroll = self._scroll
        box = scroll.parent
        if not isinstance(box, VerticalScroll):
            return
        # without the lines of `more` and of the margin and the border above the mail
        room = (
            room_for(scroll, (widget for widget in box.children if widget.id != "more"))
            - 3
        )
        scroll.styles.max_height = max(LEAST, room) + 1
        self.call_after_refresh(self._tell)

    def _tell_then(self) -> None:
        self.call_after_refresh(self._tell)

    def _tell(self) -> None:
        """Show how much of the mail is below."""
        scroll = self._scroll
        last = scroll.max_scroll_y
        below = last - round(scroll.scroll_y)
        words = f" {counted(below, 'more line')} below: PgDn "
        more = self.query_one("#more", Static)
        more.set_class(last == 0, "-none")
        more.update(plain(words if below > 0 else " the end; PgUp goes back "))

    def action_page(self, step: int) -> None:
        """Scroll the mail by a page."""
        if self._mail:
            scroll_page(self._scroll, step)

    def action_line(self, step: int) -> None:
        """Scroll the mail by a line."""
        if self._mail:
            self._scroll.scroll_relative(y=step, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Accept the word; clear anything else."""
        if event.value.strip() == self._word:
            self.dismiss(True)
        else:
            event.input.value = ""

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(False)
