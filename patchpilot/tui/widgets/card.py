# SPDX-License-Identifier: GPL-2.0-or-later
"""Cards: small notes with a border.

A card has a symbol for its severity, a text, and the actions with their keys in the bottom
border.
"""

from collections.abc import Sequence
from typing import NamedTuple

from rich.style import Style
from rich.text import Text
from textual.events import Click
from textual.message import Message
from textual.widgets import Static

from patchpilot.model.printable import crop, one_line, width
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import with_code
from patchpilot.tui.widgets.badge import Tone, ink

BORDER = 6
"""Columns of a border line that its texts cannot take."""
GAP = " · "
SIGNS = {
    Tone.ERROR: "blocked",
    Tone.WARNING: "warning",
    Tone.YOURS: "todo",
    Tone.SUCCESS: "done",
    Tone.ACCENT: "offered",
    Tone.QUIET: "dot",
}


class CardAction(NamedTuple):
    """An action of a card: the displayed key, a verb with its object, and the action for a click.

    The action is written as in a binding.
    """

    key: str
    words: str
    action: str = ""

    @property
    def label(self) -> str:
        """Key and words."""
        return f"{self.key} {self.words}"


class Card(Static):
    """A card that shows a note.

    It takes no focus, because its keys belong to the screen. A click on an action runs it; a
    click elsewhere posts `Chosen`.

    If several cards are shown, the keys apply to the `marked` one, and only that card shows them.
    Its border is brighter, but the thick and the accented border are for what has the focus.
    """

    DEFAULT_CSS = """
    Card {
        height: auto; border: round $foreground 30%; border-title-color: $foreground; border-subtitle-color: $foreground; padding: 0 1;
    }
    Card.-error { border: round $text-error; }
    Card.-warning { border: round $text-warning; }
    Card.-success { border: round $text-success; }
    Card.-primary { border: round $primary; }
    Card.-marked { border: round $foreground 70%; }
    """  # noqa: E501

    class Chosen(Message):
        """The card was clicked."""

        def __init__(self, card: "Card") -> None:
            super().__init__()
            self.card = card

    def __init__(
        self,
        tone: Tone = Tone.QUIET,
        title: str = "",
        text: str | Text = "",
        actions: Sequence[CardAction] = (),
        *,
        count: str = "",
        ident: str | None = None,
        classes: str = "",
    ) -> None:
        super().__init__(id=ident, classes=classes, markup=False)
        self.marked = True
        self.tone, self.title, self.text, self.actions, self.count = (
            tone,
            title,
            text,
            tuple(actions),
            count,
        )
        self._set_tone()

    def fill(
        self,
        tone: Tone,
        title: str,
        text: str | Text,
        actions: Sequence[CardAction] = (),
        *,
        count: str = "",
    ) -> None:
        """Show another note; `count` is where it is among several (`1/3`)."""
        self.tone, self.title, self.text, self.actions, self.count = (
            tone,
            title,
            text,
            tuple(actions),
            count,
        )
        self._set_tone()
        self._draw()

    def mark(self, marked: bool) -> None:
        """Whether the keys are for this card."""
        if marked != self.marked:
            self.marked = marked
            self._draw()

    def on_mount(self) -> None:
        """Draw it."""
        self._draw()
        self.app.theme_changed_signal.subscribe(self, lambda _: self._draw())

    def on_resize(self) -> None:
        """The border's texts follow the width."""
        self._label()

    def _set_tone(self) -> None:
        self.set_classes(
            [
                *(
                    name
                    for name in self.classes
                    if name.removeprefix("-") not in set(Tone)
                ),
                f"-{self.tone}",
            ]
        )

    def _draw(self) -> None:
        self.set_class(self.marked and bool(self.count), "-marked")
        self.update(self.text if isinstance(self.text, Text) else with_code(self.text))
        self._label()

    @property
    def _shown(self) -> tuple[CardAction, ...]:
        """The actions that fit into the border, the first ones."""
        room, fitting = max(0, self.outer_size.width - BORDER), list[CardAction]()
        for action in self.actions if self.marked else ():
            room -= width(action.label) + (len(GAP) if fitting else 0)
            if room < 0:
                break
            fitting.append(action)
        # of one action that is too long the key is what counts
        return tuple(fitting) or (self.actions[:1] if self.marked else ())

    def _label(self) -> None:
        if not self.is_mounted:
            return
        room = max(0, self.outer_size.width - BORDER)
        count = f"  {self.count}" if self.count else ""
        heading = Text(glyph(SIGNS[self.tone]), style=ink(self.app, self.tone))
        heading.append(
            f" {crop(one_line(self.title), max(0, room - 2 - len(count)))}",
            Style(bold=True),
        )
        heading.append(count, Style(dim=True))
        self.border_title = heading
        words = Text()
        for at, action in enumerate(self._shown):
            words.append(GAP if at else "")
            words.append(action.key, Style(bold=True))
            words.append(
                crop(f" {one_line(action.words)}", max(0, room - width(action.key)))
            )
        self.border_subtitle = words if words.plain else None

    async def on_click(self, event: Click) -> None:
        """Run the action under the pointer, or report that this card was chosen."""
        event.stop()
        if event.y == self.outer_size.height - 1:
            shown = self._shown
            # the text ends two columns before the corner
            at = (
                self.outer_size.width
                - 3
                - sum(width(action.label) for action in shown)
                - len(GAP) * (len(shown) - 1)
            )
            for action in shown:
                if at <= event.x < at + width(action.label) and action.action:
                    await self.app.run_action(action.action, self.screen)
                    return
                at += width(action.label) + len(GAP)
        self.post_message(self.Chosen(self))
