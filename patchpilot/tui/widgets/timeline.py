# SPDX-License-Identifier: GPL-2.0-or-later
"""A vertical timeline: for each event a symbol and a sentence, and below it the date and the
evidence.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from patchpilot.model.printable import crop, one_line
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import QUIET, plain, wrapped

if TYPE_CHECKING:
    from patchpilot.topic.followed.story import StoryEvent

SIGNS = {
    "sent": ("sent", "bold"),
    "reply": ("circle", ""),
    "problem": ("blocked", "bold red"),
    "good": ("done", "green"),
    "later": ("ruler-clean", "bold"),
}
"""The kind of an event → the name of its glyph, and its style."""


def timeline(events: "Sequence[StoryEvent]", columns: int) -> Text:
    """Return the events as lines of at most so many columns, the first one at the top."""
    lines: list[Text] = []
    for at, event in enumerate(events):
        sign, style = SIGNS[str(event.kind)]
        line = glyph("tree-line")[:1] if at + 1 < len(events) else " "
        told = style if event.kind in ("sent", "problem", "later") else ""
        first, *rest = wrapped(plain(event.text).plain, columns - 3)
        lines.append(Text.assemble((f"{glyph(sign)} ", style), (first, told)))
        lines += [Text.assemble((f"{line} ", QUIET), (text, told)) for text in rest]
        if proof := _proof(event):
            lines.append(plain(f"{line} {crop(one_line(proof), columns - 3)}", QUIET))
    return Text("\n").join(lines)


def _proof(event: "StoryEvent") -> str:
    """The date and the proof, where they are known."""
    day = f"{event.when.astimezone():%Y-%m-%d %H:%M}" if event.when else ""
    proof = f"<{event.proof}>" if "@" in event.proof else event.proof
    return f" {glyph('dot')} ".join(part for part in (day, proof) if part)


class Timeline(VerticalScroll):
    """The timeline of a series; scrolls if it is longer than its panel."""

    def __init__(self, *, ident: str) -> None:
        super().__init__(id=ident)
        self._events: Sequence[StoryEvent] = ()

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(markup=False)

    def show_events(self, events: "Sequence[StoryEvent]") -> None:
        """Show these events, fitted to the width."""
        self._events = events
        self._draw()

    def on_resize(self) -> None:
        """Fit the text to the new width."""
        self._draw()

    def _draw(self) -> None:
        if self.is_mounted:
            self.query_one(Static).update(
                timeline(self._events, max(24, self.size.width - 3))
            )
