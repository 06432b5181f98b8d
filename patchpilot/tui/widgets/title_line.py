# SPDX-License-Identifier: GPL-2.0-or-later
"""Show the title line.

The subject is on the left; the topic's location or the current activity is on the right.
"""

from collections.abc import Sequence

from rich.text import Text
from textual.widget import Widget

from patchpilot.tui.view.glyphs import spinner_frame
from patchpilot.tui.view.rich_text import STRONG
from patchpilot.tui.view.title import format_title_row


class TitleLine(Widget):
    """A line with a subject and the first of several places that fits.

    An activity with a spinner replaces the place.
    """

    DEFAULT_CSS = "TitleLine { height: 1; background: $panel; color: $foreground; }"

    _texts: tuple[str, Sequence[str], str] = "", (), ""
    _step = 0

    def show_texts(self, subject: str, places: Sequence[str] = (), activity: str = "") -> None:
        """Show a subject, places and an activity.

        The spinner advances with each call while there is an activity.
        """
        texts = (subject, tuple(places), activity)
        if activity:
            self._step += 1
        elif texts == self._texts:
            return
        self._texts = texts
        self.refresh()

    def render(self) -> Text:
        subject, places, activity = self._texts
        activity = f"{spinner_frame(self._step)} {activity}" if activity else ""
        return format_title_line(subject, places, activity, self.size.width)


def format_title_line(subject: str, places: Sequence[str], activity: str, columns: int) -> Text:
    """Format the title line in this many columns.

    If text is cut off on the left, no style starts before it, because Textual would search for its
    line forever.
    """
    row = format_title_row(subject, places, activity, columns)
    line, end = Text(row, no_wrap=True), row.rstrip()
    activity_start = (
        len(end) - len(activity) if activity and end.endswith(activity) else end.rfind("  ")
    )
    line.stylize(STRONG, 0, activity_start if activity_start > 0 else len(row))
    if activity and activity_start > 0:
        line.stylize("bold", activity_start)
    return line
