# SPDX-License-Identifier: GPL-2.0-or-later
"""The display data of a tracked series, computed once for each of its states."""

from typing import TYPE_CHECKING, NamedTuple

from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.empty import Parts, empty_rows
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.thread_tree import (
    Laid,
    ThreadLayout,
    TreeRow,
    lay_thread,
)

if TYPE_CHECKING:
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.review_ledger import LedgerItem
    from patchpilot.topic.followed.story import StoryEvent

NOTHING = (
    "A series that you send is tracked from then on: its replies as a conversation, the requests"
    " of reviewers and bots as a checklist for the next version, and its history up to mainline"
    " and the stable kernels."
)
"""What is here later, while no series is tracked."""
NOTHING_KEYS = (
    (str(Stage.SEND.number), f"go to {Stage.SEND.label}, where you send your series"),
    ("a", "track any other series by its Message-ID or archive link"),
    ("0", "show all topics"),
)
READING_KEYS = (("Esc", "cancel"), ("0", "show all topics"))


class Reading(NamedTuple):
    """The display data of a series.

    It has the review comments, the messages and their rows in so many columns, and the history
    with the next step.
    """

    series: "Tracked"
    items: "tuple[LedgerItem, ...]"
    mails: "tuple[ConversationMail, ...]"
    laid: Laid
    layout: ThreadLayout
    columns: int
    events: "tuple[StoryEvent, ...]"


def read_conversation(series: "Tracked", columns: int) -> Reading:
    """Return the display data of a series for a conversation of so many columns.

    This takes a second for thousands of messages.
    """
    from patchpilot.services.track.conversation import conversation
    from patchpilot.topic.followed.review_ledger import checklist
    from patchpilot.topic.followed.story import StoryEvent, StoryKind, story

    laid: Laid = {}
    items, mails = checklist(series), conversation(series)
    layout = lay_thread(mails, items, series.unread, None, columns, laid)
    after = StoryEvent(
        StoryKind.LATER, f"next: {in_keys(series.step.advice, Stage.FOLLOW)}"
    )
    return Reading(series, items, mails, laid, layout, columns, (*story(series), after))


def nothing_rows(columns: int, lines: int) -> list[TreeRow]:
    """Return the rows shown while no series is tracked, in so many columns and lines."""
    return _rows(
        empty_rows("No series is tracked yet.", NOTHING, NOTHING_KEYS, columns, lines)
    )


def reading_rows(columns: int, lines: int) -> list[TreeRow]:
    """Return the rows shown until the tracked series were read for the first time."""
    text = (
        "patchpilot is checking the archive for new messages. This can take a minute the"
        " first time."
    )
    title = "Reading the tracked series …"
    return _rows(empty_rows(title, text, READING_KEYS, columns, lines))


def _rows(rows: "list[Parts]") -> list[TreeRow]:
    return [TreeRow(*row) for row in rows]
