# SPDX-License-Identifier: GPL-2.0-or-later
"""A dialog that shows the repairs before a send, in words and as a diff of files and messages."""

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from patchpilot.tui.view.rich_text import plain
from patchpilot.tui.widgets.dialog import Dialog
from patchpilot.tui.widgets.diff_view import DiffView

if TYPE_CHECKING:
    from patchpilot.services.repair import Repairs


class RepairDialog(Dialog[bool]):
    """A dialog that shows the repairs and returns True if the user applies them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "repair", "apply", key_display="Enter")
    ]
    title_text = "Apply all safe fixes?"

    def __init__(self, repairs: "Repairs") -> None:
        super().__init__()
        self._repairs = repairs

    def content(self) -> ComposeResult:
        """What is repaired, what is left, the differences, the keys."""
        yield Static(
            plain("\n".join(self._repairs.words)), markup=False, id="repair-words"
        )
        if self._repairs.left:
            yield Static(
                plain("To fix manually: " + "; ".join(self._repairs.left)), markup=False
            )
        yield DiffView(ident="repair-diff")
        yield Static(
            plain("Enter apply · [ ] previous and next part · Esc cancel"),
            markup=False,
            classes="keys",
        )

    def on_mount(self) -> None:
        """Fill it."""
        diff = self.query_one(DiffView)
        diff.display = bool(self._repairs.diff)
        diff.fill(self._repairs.diff)
        diff.focus()

    def action_repair(self) -> None:
        """Make the repairs that are shown."""
        self.dismiss(True)
