# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine whether a reminder about a patch is due, and which replies it has to mention."""

import textwrap
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from patchpilot.model.action import Action
from patchpilot.model.printable import join_words
from patchpilot.model.send_problem import SendProblem
from patchpilot.projects.loading import default_project
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.thread_values import TAKEN, SeriesState, Turn
from patchpilot.threads.tracked import Tracked

NO_ANSWER = "I have seen no answer yet."
EARLY, ANSWERED, UNTRUE = "early-reminder", "answered-reminder", "untrue-reminder"
HELD = "held-reminder"
REMINDER_PROBLEMS = frozenset([EARLY, ANSWERED])
"""Problems that only need the user's confirmation."""
_COLUMNS = 72
_WAITING = (SeriesState.SENT, SeriesState.UNDER_REVIEW, SeriesState.STALLED)


class Reminder(NamedTuple):
    """The facts for a reminder.

    `answers` is the sentence about the replies on record, or "" if no replies were fetched.
    `problems` are the reasons not to send the reminder now. `is_needless` is set if the patches
    were applied.
    """

    answers: str
    problems: tuple[SendProblem, ...]
    is_needless: bool = False

    @property
    def lines(self) -> str:
        """Return the wrapped sentence for a template, with a line break, or ""."""
        wrapped = textwrap.wrap(self.answers, _COLUMNS, break_on_hyphens=False)
        return "".join(f"{line}\n" for line in wrapped)

    def find_untrue_text(self, text: str) -> SendProblem | None:
        """Return a problem if a text denies the replies that are on record."""
        if self.answers in ("", NO_ANSWER) or NO_ANSWER not in " ".join(text.split()):
            return None
        return SendProblem(
            UNTRUE,
            f"the text contains “{NO_ANSWER}”, which is wrong: {self.answers}",
            "edit the text, or delete the draft with --discard",
        )


def check_reminder(series: Tracked | None, sent: datetime | None) -> Reminder:
    """Return the facts for a reminder about a series that was sent at this time.

    `series` is None if the series is not tracked. Then it is not known whether there are replies.
    """
    posted = series.posted if series else None
    latest, waiting = sent, timedelta(days=default_project().mail.waiting_days)
    if posted:
        latest, waiting = posted.last_activity, posted.waiting
    problems = []
    is_needless = series is not None and series.state in TAKEN
    if not is_needless and latest and datetime.now(UTC) < (due := latest + waiting):
        problems.append(
            SendProblem(
                EARLY,
                f"the latest message is from {latest:%Y-%m-%d}; a reminder is due on"
                f" {due:%Y-%m-%d}",
                Action("track", ("update",), "wait until then; `{}` fetches replies"),
            )
        )
    if series and posted and not _is_waiting(series):
        reason = f": {posted.why}" if posted.why else ""
        problems.append(
            SendProblem(
                ANSWERED,
                f"{'no reminder is needed: ' if is_needless else ''}the state of the series is"
                f" {series.state}{reason}",
                series.step.advice,
            )
        )
    elif series and series.step.is_held:
        problems.append(SendProblem(HELD, "no reminder should be sent for now", series.step.advice))
    is_fetched = series and (series.entry.updated or series.entry.mbox)
    answers = _format_answers(posted) if posted and is_fetched else ""
    return Reminder(answers, tuple(problems), is_needless)


def _is_waiting(series: Tracked) -> bool:
    is_due = series.state is SeriesState.STALLED
    return series.state in _WAITING and (is_due or series.step.need is not Turn.YOURS)


def _format_answers(posted: PostedSeries) -> str:
    """Return a sentence about the replies to the current version."""
    dates = {
        reply.mail.sender.called: f"{reply.when:%Y-%m-%d}"
        for reply in posted.replies
        if not (reply.mail.by_author or reply.mail.bot or reply.mail.robot)
        and (reply.revision is None or reply.revision in posted.current)
    }
    if not dates:
        return NO_ANSWER
    names = join_words([f"{name} ({date})" for name, date in dates.items()])
    return f"So far, I have seen replies by {names}."
