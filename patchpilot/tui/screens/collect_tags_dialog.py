# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog for adding the tags from replies: each with its patch and the reason to hesitate."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, Static

from patchpilot.model.printable import one_line
from patchpilot.topic.review_trailers import Collected, TagChoice
from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.choose import Choose


def held_tags(collected: Collected) -> list[str]:
    """Return the tags that no commit message may have, each with the reason."""
    return [
        one_line(f"not added: {tag.trailer} ({tag.why})")
        for tag in collected.held
        if not tag.offer
    ]


class CollectTags(Choose):
    """A dialog that returns the ticked tags, or None if canceled.

    A tag without a reason to hesitate is ticked at first.
    """

    def __init__(self, collected: Collected) -> None:
        answers = [("add", "Add ticked tags"), ("no", "Cancel")]
        super().__init__("Which tags do your commits get?", answers, "Add tags")
        self._collected = collected
        self.hints = [("Space", "tick"), *self.hints]

    def rest(self) -> ComposeResult:
        with VerticalScroll(id="rest", can_focus=False):
            for choice in self._collected.choices:
                words = f"{choice.trailer} {glyph('dot')} {choice.commit.subject}"
                yield Tick(plain(one_line(words)), value=not choice.why, compact=True)
                if choice.why:
                    yield Static(f"    {one_line(choice.why)}", markup=False)
            yield Static("\n".join(held_tags(self._collected)), markup=False)

    def on_mount(self) -> None:
        """The first tag has the focus: Space ticks it."""
        self.query(Checkbox).first().focus()

    def answered(self, name: str) -> None:
        """Give the ticked tags, or None."""
        ticks = self.query(Checkbox)
        ticked: tuple[TagChoice, ...] = tuple(
            choice
            for choice, tick in zip(self._collected.choices, ticks, strict=True)
            if tick.value
        )
        self.dismiss(ticked if name == "add" else None)
