# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog for adding the tags from replies.

It lists the tags to be added, and those that are only added if the user ticks them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Checkbox, Static

from patchpilot.model.printable import one_line
from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.dialog import AnswerDialog, ButtonRow, Letters

if TYPE_CHECKING:
    from patchpilot.topic.review_trailers import Collected

BUTTONS = ("Add tags", "Cancel")


class CollectTags(AnswerDialog[tuple[str, ...] | None]):
    """A dialog that returns the ticked tags, or None if canceled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "add", "add", priority=True, key_display="Ctrl-S")
    ]
    title_text = "Add tags"

    def __init__(self, rows: Sequence[str], collected: "Collected") -> None:
        super().__init__()
        self._rows = rows
        self._held = [tag for tag in collected.held if not tag.asks]
        self._asking = tuple(
            {tag.trailer: tag for tag in collected.held if tag.asks}.values()
        )

    def content(self) -> ComposeResult:
        """The tags that are added, those that are held back, those to tick, the buttons."""
        self.letters = Letters(self, BUTTONS)
        yield Static(plain("Add these tags to your commits? (press u to undo)"))
        held_back = [
            one_line(f"not added: {tag.trailer} ({tag.why})") for tag in self._held
        ]
        yield Static(plain("\n".join([*self._rows, *held_back])), id="rows")
        for number, tag in enumerate(self._asking):
            yield Tick(
                plain(one_line(f"{tag.trailer}: {tag.why}")),
                value=False,
                id=f"tag-{number}",
                compact=True,
            )
        yield ButtonRow(BUTTONS, self.letters.places)
        yield Static(
            plain("Tab next field · Space tick · Ctrl-S or A add · Esc cancel"),
            classes="keys",
        )

    def on_mount(self) -> None:
        """Focus the first tag to tick, or the button."""
        self.query_one("#tag-0" if self._asking else "#answer-0").focus()

    def answered(self, number: int) -> None:
        """Add the tags, or cancel."""
        if number:
            self.action_no()
        else:
            self.action_add()

    def action_add(self) -> None:
        """Give the ticked tags."""
        ticked = [
            tag.trailer
            for number, tag in enumerate(self._asking)
            if self.query_one(f"#tag-{number}", Checkbox).value
        ]
        self.dismiss(tuple(ticked))
