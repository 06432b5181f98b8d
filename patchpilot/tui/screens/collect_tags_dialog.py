# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog for adding the tags from replies.

It lists the tags to be added, and those that are only added if the user ticks them.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Checkbox

from patchpilot.model.printable import one_line
from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from patchpilot.topic.review_trailers import Collected


class CollectTags(Choose):
    """A dialog that returns the ticked tags, or None if canceled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "add", "add", priority=True)
    ]

    def __init__(self, rows: Sequence[str], collected: "Collected") -> None:
        held_back = [
            one_line(f"not added: {tag.trailer} ({tag.why})")
            for tag in collected.held
            if not tag.asks
        ]
        super().__init__(
            "\n".join(("Add these tags to your commits?", "", *rows, *held_back)),
            [("add", "Add tags"), ("no", "Cancel")],
            "Add tags",
        )
        self._asking = tuple(
            {tag.trailer: tag for tag in collected.held if tag.asks}.values()
        )

    def head(self) -> ComposeResult:
        """The tags to tick, above the answers."""
        for number, tag in enumerate(self._asking):
            yield Tick(
                plain(one_line(f"{tag.trailer}: {tag.why}")),
                value=False,
                id=f"tag-{number}",
                compact=True,
            )
        yield from super().head()

    def answered(self, name: str) -> None:
        """Give the ticked tags, or None."""
        ticks = self.query(Checkbox)
        ticked = tuple(
            tag.trailer
            for tag, tick in zip(self._asking, ticks, strict=True)
            if tick.value
        )
        self.dismiss(ticked if name == "add" else None)

    def action_add(self) -> None:
        """Give the ticked tags."""
        self.answered("add")
