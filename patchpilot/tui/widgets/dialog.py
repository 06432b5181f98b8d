# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the layout of all dialogs: a titled box of at most 90 columns.

The question and the answers are at the top, and the explanation scrolls below them. The key line
shows the keys.
"""

from typing import TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widget import Widget

from patchpilot.model.printable import format_count
from patchpilot.tui.view.key_bindings import OffersActions, bind_keys
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.message_row import MessageRow
from patchpilot.tui.widgets.panel import Panel

T = TypeVar("T")
WIDE = 90
"""Maximum width of a dialog."""
FOOT = 5
"""Lines for the border, the space above the explanation, the message row and the key line."""
LEAST = 3
"""Minimum number of visible lines of the explanation."""

FIELD_HELP = (
    Binding("ctrl+p", "app.help", "help"),
    Binding("question_mark", "app.help", "help", show=False),
)
"""Keys for the help in a dialog with a text field, where ? is only a character."""


class Modal(OffersActions, ModalScreen[T]):
    """A screen on top of another that can be closed only once."""

    BINDINGS = bind_keys(
        Binding("question_mark", "app.help", "help"),
        # the focused field would copy its selection
        Binding("ctrl+c", "dismiss", "cancel", show=False, priority=True),
    )

    def compose_foot(self) -> ComposeResult:
        with Vertical(classes="foot"):
            yield MessageRow()
            yield KeyLine()

    def dismiss(self, result: T | None = None) -> AwaitComplete:
        """Close the dialog with a result.

        A second key pressed before it closes is ignored, because it would close the screen below.
        """
        return super().dismiss(result) if self.is_active else AwaitComplete()


class Dialog(Modal[T]):
    """A dialog whose `compose_head()` yields the question and the answers; Escape returns None.

    Up and Down go to the next field, unless the focused widget uses them.

    `compose_rest()` yields the explanation, a widget named `rest`, which scrolls on a low terminal.
    """

    BINDINGS = bind_keys(
        Binding("escape", "dismiss", "cancel"),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "previous field", show=False),
        Binding("pagedown", "page(1)", "scroll", priority=True),
        Binding("pageup", "page(-1)", "scroll back", show=False, priority=True),
    )
    title_text = ""

    def compose(self) -> ComposeResult:
        with Panel(title=self.title_text, classes="dialog"):
            with Vertical(id="head"):
                yield from self.compose_head()
            yield from self.compose_rest()
        yield from self.compose_foot()

    def compose_head(self) -> ComposeResult:
        raise NotImplementedError

    def compose_rest(self) -> ComposeResult:
        return iter(())

    @property
    def _rest_widget(self) -> Widget | None:
        return next(iter(self.query("#rest")), None)

    def on_mount(self) -> None:
        if rest_widget := self._rest_widget:
            self.watch(rest_widget, "scroll_y", self._show_hidden_line_count, init=False)
            # a layout changes the height and the number of lines
            self.screen_layout_refresh_signal.subscribe(self, self._show_hidden_line_count)

    def on_resize(self) -> None:
        self.call_after_refresh(self.fit_rest)

    def fit_rest(self) -> None:
        if rest_widget := self._rest_widget:
            head = self.query_one("#head").outer_size.height
            rest_widget.styles.max_height = max(LEAST, self.size.height - FOOT - head)

    def _show_hidden_line_count(self, _changed: object) -> None:
        if (rest_widget := self._rest_widget) and self.is_mounted:
            hidden_lines = rest_widget.max_scroll_y - round(rest_widget.scroll_y)
            self.query_one(Panel).count = (
                f"{format_count(hidden_lines, 'more line')} below" if hidden_lines > 0 else ""
            )
            self.refresh_bindings()

    @property
    def can_page(self) -> bool:
        """Return whether the explanation can be scrolled, with PgDn and PgUp."""
        rest_widget = self._rest_widget
        return rest_widget is not None and rest_widget.max_scroll_y > 0

    def action_page(self, step: int) -> None:
        if rest_widget := self._rest_widget:
            lines = max(1, rest_widget.scrollable_content_region.height - 1)
            rest_widget.scroll_relative(y=step * lines, animate=False)
