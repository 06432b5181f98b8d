# SPDX-License-Identifier: GPL-2.0-or-later
"""Show the title line.

The subject is on the left; the topic's location or the current activity is on the right.
"""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from patchpilot.tui.view.glyphs import spinner
from patchpilot.tui.view.rich_text import STRONG
from patchpilot.tui.view.title import title_row


class TitleLine(Widget):
    """A line with `subject` and the first of `places` that fits.

    `doing` and a spinner replace the place.
    """

    DEFAULT_CSS = "TitleLine { height: 1; background: $panel; color: $foreground; }"

    def __init__(self) -> None:
        super().__init__()
        self._subject, self._places, self._doing, self._step = (
            "",
            tuple[str, ...](),
            "",
            0,
        )

    def show(self, subject: str, places: Sequence[str] = (), doing: str = "") -> None:
        """Show a subject, places and an activity.

        The spinner advances with each call while there is an activity.
        """
        said = (subject, tuple(places), doing)
        if doing:
            self._step += 1
        elif said == (self._subject, self._places, self._doing):
            return
        self._subject, self._places, self._doing = said
        self.refresh()

    def render(self) -> Text:
        doing = f"{spinner(self._step)} {self._doing}" if self._doing else ""
        return title_text(self._subject, self._places, doing, self.size.width)


def title_text(subject: str, places: Sequence[str], doing: str, wide: int) -> Text:
    """Format the title line in this many columns.

    No style may start before text that is cut off on the left, because Textual would search for its
    line forever.
    """
    row = title_row(subject, places, doing, wide)
    line, end = Text(row, no_wrap=True), row.rstrip()
    at = len(end) - len(doing) if doing and end.endswith(doing) else end.rfind("  ")
    line.stylize(STRONG, 0, at if at > 0 else len(row))
    if doing and at > 0:
        line.stylize("bold", at)
    return line
