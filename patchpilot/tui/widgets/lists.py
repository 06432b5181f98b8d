# SPDX-License-Identifier: GPL-2.0-or-later
"""Textual's lists with vi keys, and the text that y copies."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.widgets import OptionList
from textual.widgets.option_list import Option


class List(OptionList):
    """A list of options; `enter` says what Enter does with one, "" for nothing to show."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "cursor_down", "down", show=False),
        Binding("k", "cursor_up", "up", show=False),
        Binding("G", "last", "last", show=False),
        Binding("enter", "select", "select", key_display="Enter"),
    ]

    def __init__(
        self, *options: Option, ident: str, classes: str = "", enter: str = ""
    ) -> None:
        super().__init__(*options, id=ident, classes=classes, markup=False)
        self.enter = enter

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Do not page in a list without room: its options have no lines then."""
        if action.startswith("page_") and not self.scrollable_content_region:
            return False
        return super().check_action(action, parameters)

    @property
    def line_to_copy(self) -> str:
        """The text of the option under the cursor."""
        at = self.highlighted
        return str(self.get_option_at_index(at).prompt) if at is not None else ""


def event_row(event: OptionList.OptionMessage) -> int:
    """Return the row that an event is about.

    It is -1 if the list has been refilled since, because the row may now be another one.
    """
    options, at = event.option_list.options, event.option_index
    return at if at < len(options) and options[at] is event.option else -1


def description_of(node: DOMNode, binding: Binding) -> str:
    """Return what a key does; of Enter in a list the list says it."""
    if isinstance(node, List) and binding.action == "select":
        return node.enter
    return binding.description
