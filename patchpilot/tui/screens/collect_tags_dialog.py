# SPDX-License-Identifier: GPL-2.0-or-later
"""Provide a dialog for adding the tags from replies.

Each tag is shown with its patch and any reason to doubt it.
"""

from itertools import groupby

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, Static

from patchpilot.model.printable import make_one_line
from patchpilot.tags.review_trailers import CollectedTags, TagChoice
from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.rich_text import STRONG, plain_text
from patchpilot.tui.widgets.choose import Choose


def list_held_tags(collected: CollectedTags) -> list[str]:
    """List the tags that must not be added to a commit message, with the reasons."""
    return [
        make_one_line(f"not added: {tag.trailer} ({tag.why})")
        for tag in collected.held
        if not tag.offer
    ]


class CollectTags(Choose):
    """A dialog that returns the ticked tags, or None if canceled.

    Initially, the tags without a reason for doubt are ticked.
    """

    def __init__(self, collected: CollectedTags) -> None:
        answers = [("add", "Add ticked tags"), ("no", "Cancel")]
        super().__init__("Which tags should be added?", answers, "Add tags")
        self._collected = collected
        # show one heading for a tag, even if it is for several patches
        trailers = [choice.trailer for choice in collected.choices]
        self._choices = sorted(collected.choices, key=lambda choice: trailers.index(choice.trailer))
        self.hints = [("Space", "tick"), *self.hints]

    def compose_rest(self) -> ComposeResult:
        changes = self._collected.preparation.changes
        numbers = {change.commit: index for index, change in enumerate(changes, 1)}
        with VerticalScroll(id="rest", can_focus=False):
            for trailer, choices in groupby(self._choices, lambda candidate: candidate.trailer):
                yield Static(plain_text(make_one_line(trailer), STRONG))
                for choice in choices:
                    number = numbers.get(choice.commit.id, 1)
                    label_text = f"{number}/{max(1, len(changes))} {choice.commit.subject}"
                    label = plain_text(make_one_line(label_text))
                    yield Tick(label, value=not choice.why, compact=True)
                    if choice.why:
                        yield Static(plain_text(f"    {make_one_line(choice.why)}"))
            yield Static("\n".join(list_held_tags(self._collected)), markup=False)

    def on_mount(self) -> None:
        self.query(Checkbox).first().focus()

    def accept_answer(self, name: str) -> None:
        ticks = self.query(Checkbox)
        ticked: tuple[TagChoice, ...] = tuple(
            choice for choice, tick in zip(self._choices, ticks, strict=True) if tick.value
        )
        self.dismiss(ticked if name == "add" else None)
