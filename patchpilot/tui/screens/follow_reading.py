# SPDX-License-Identifier: GPL-2.0-or-later
"""The display data of a tracked series, computed once for each of its states."""

from typing import TYPE_CHECKING, NamedTuple

from patchpilot.tui.view.action_keys import in_keys
from patchpilot.tui.view.rich_text import STRONG, wrapped
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.thread_tree import (
    Laid,
    ThreadLayout,
    TreeRow,
    lay_thread,
)

if TYPE_CHECKING:
    from patchpilot.services.track.checklist import CheckItem
    from patchpilot.services.track.conversation import ConversationMail
    from patchpilot.topic.followed.known_series import Tracked
    from patchpilot.topic.followed.story import StoryEvent

NOTHING = (
    (
        f"A series that you send at stage {Stage.SEND.number} is followed by itself: the replies"
        " are here as a conversation, next to it what reviewers and bots ask, as a checklist for"
        " the next version, and the story of the series up to mainline and the stable kernels."
    ),
    (
        "Press a to follow any other series by its Message-ID or its link in the archive."
        " `patchpilot track discover` lists the series you sent before."
    ),
)
"""What is here later, while no series is tracked."""


class Reading(NamedTuple):
    """The display data of a series.

    It has the review comments, the messages and their rows in so many columns, and the history
    with the next step.
    """

    series: "Tracked"
    items: "tuple[CheckItem, ...]"
    mails: "tuple[ConversationMail, ...]"
    laid: Laid
    layout: ThreadLayout
    columns: int
    events: "tuple[StoryEvent, ...]"


def read_conversation(series: "Tracked", columns: int) -> Reading:
    """Return the display data of a series for a conversation of so many columns.

    This takes a second for thousands of messages.
    """
    from patchpilot.services.track.checklist import checklist
    from patchpilot.services.track.conversation import conversation
    from patchpilot.topic.followed.story import StoryEvent, StoryKind, story

    laid: Laid = {}
    items, mails = checklist(series), conversation(series)
    layout = lay_thread(mails, items, series.unread, None, columns, laid)
    after = StoryEvent(
        StoryKind.LATER, f"next: {in_keys(series.step.advice, Stage.FOLLOW)}"
    )
    return Reading(series, items, mails, laid, layout, columns, (*story(series), after))


def nothing_rows(columns: int) -> list[TreeRow]:
    """Return the rows shown while no series is tracked, in so many columns."""
    rows = [TreeRow(("No series is tracked yet.", STRONG))]
    for words in NOTHING:
        rows += [
            TreeRow(("", "")),
            *(TreeRow((line, "")) for line in wrapped(words, columns)),
        ]
    return rows
