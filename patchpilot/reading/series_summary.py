# SPDX-License-Identifier: GPL-2.0-or-later
"""A summary of a tracked series as plain values, computed once so that its messages need not be
read again.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.bounded_date import stored_time
from patchpilot.reading.delivery import DeliveryProblem, DeliveryReport
from patchpilot.reading.thread_values import NextStep, NextStepNeed, SeriesState, Status


@dataclass(frozen=True, slots=True)
class SeriesSummary:
    """The summary of a series: state, next step, latest version, title, and keys for finding its
    messages.

    `tags` maps tag names to counts. `ci` is the bots' verdict on the latest version, `sent` the
    time when that was sent, and `posts` its patches' Message-IDs. `head` is the Message-ID of the
    latest version's first message; `titles` are the keys of all titles; `message_ids` are all
    messages about the series. `related` are the titles of its follow-ups. `approved` is the
    number of patches of the latest version with a Reviewed-by or Acked-by.
    """

    state: str
    why: str
    subject: str
    version: int
    tags: Mapping[str, int]
    ci: str
    sent: str | None
    posts: tuple[str, ...]
    need: str
    advice: tuple[str | tuple[str, tuple[str, ...], str], ...]
    head: str
    change_id: str | None
    authors: tuple[str, ...]
    titles: tuple[str, ...]
    commits: tuple[str, ...]
    files: tuple[str, ...]
    message_ids: tuple[str, ...]
    first: str | None
    last: str | None
    delivery: tuple[tuple[str, str, str, str, tuple[str, ...], str, str], ...] = ()
    related: tuple[str, ...] = ()
    approved: int = 0
    proven: str = ""

    @classmethod
    def of(cls, status: Status) -> Self:
        """The summary of a status."""
        from patchpilot.reading.ci_verdict import ci_verdict
        from patchpilot.reading.next_step import advise
        from patchpilot.reading.review_table import review_table

        topic, step = status.topic, advise(status)
        parts: list[Any] = [
            part if isinstance(part, str) else (part.verb, part.arguments, part.reason)
            for part in _parts(step.advice)
        ]
        first, newest = topic.revisions[0].sent, topic.latest
        return cls(
            state=str(status.state), why=status.why, subject=topic.subject, version=newest.version,
            tags=dict(Counter(credit.trailer.partition(":")[0] for credit in status.trailers if "-by:" in credit.trailer)),  # noqa: E501
            ci=str(ci_verdict(reply.mail for reply in status.replies if reply.revision is newest)),
            sent=newest.sent.isoformat() if newest.sent else None, posts=tuple(post.message_id for post in newest.patches),  # noqa: E501
            need=str(step.need), advice=tuple(parts),
            head=newest.message_id, change_id=topic.change_id,
            authors=tuple(dict.fromkeys(revision.author.key for revision in topic.revisions)), titles=tuple(sorted(topic.titles)),  # noqa: E501
            commits=tuple(dict.fromkeys(landed.commit for landed in status.landed if landed.commit and len(landed.commit) >= 12)),  # noqa: E501
            files=tuple(sorted(newest.files)), message_ids=tuple(sorted(status.message_ids)),
            related=tuple(dict.fromkeys(it.subject for it in status.follow_ups)),
            proven=str(status.proven),
            approved=review_table(status).approved,
            delivery=tuple((str(it.problem), *it[1:]) for it in status.delivery),
            first=first.isoformat() if first else None, last=status.last_activity.isoformat() if status.last_activity else None,  # noqa: E501
        )  # fmt: skip

    @property
    def reviewed(self) -> str:
        """`2/4`: how many patches of the latest version are reviewed or acked, of how many; "" for
        none.
        """
        return f"{self.approved}/{len(self.posts)}" if self.approved else ""

    @property
    def series_state(self) -> SeriesState:
        """The state as a value."""
        return SeriesState(self.state)

    @property
    def proven_state(self) -> SeriesState:
        """The state that evidence proves."""
        return SeriesState(self.proven)

    @property
    def step(self) -> NextStep:
        """The next step."""
        parts = tuple(
            part if isinstance(part, str) else Action(part[0], tuple(part[1]), part[2])
            for part in self.advice
        )
        advice: Advice = parts[0] if len(parts) == 1 else Hint(parts)
        return NextStep(NextStepNeed(self.need), advice)

    @property
    def reports(self) -> tuple[DeliveryReport, ...]:
        """What mails say about the delivery of its mails."""
        return tuple(
            DeliveryReport(DeliveryProblem(report[0]), *report[1:])
            for report in self.delivery
        )

    @property
    def sent_at(self) -> datetime | None:
        """The date of its latest version."""
        return stored_time(self.sent) if self.sent else None

    @property
    def last_activity(self) -> datetime | None:
        """The date of its latest mail."""
        return stored_time(self.last) if self.last else None

    @property
    def began(self) -> datetime | None:
        """The date of its first version."""
        return stored_time(self.first) if self.first else None

    def plain(self) -> dict[str, Any]:
        """As values that can be cached."""
        return asdict(self)

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Self:
        """From cached values."""
        return cls(**value)


def _parts(advice: Advice) -> tuple[str | Action, ...]:
    return advice.parts if isinstance(advice, Hint) else (advice,)
