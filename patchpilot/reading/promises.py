# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds announcements with a date, and the people whose answer a thread awaits.

An example is "I'll queue it by the end of the week".
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from patchpilot.model.bounded_date import read_day
from patchpilot.model.json_form import json_form
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.mbox import when
from patchpilot.reading.thread_values import FINAL, TAKEN, Reply, Status

_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n\s*\n")
_ANNOUNCES = re.compile(
    r"\b(?:i|we)(?:'ll| will| shall|'m going to| am going to|'re going to| plan to| intend to"
    r"| (?:can|should be able to|hope to|want to) (?:\w+ )?)"
    r"|^(?:ok(?:ay)?|sure|yes|thanks)?[,.! ]*(?:will|going to|let me)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:(?:won't|will not|cannot|can't|unable|if i (?:can|had)|not able)\b|i can see)",
    re.IGNORECASE,
)
_NUMBERS = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "few": 5}
_UNITS = {"hour": 0, "day": 1, "week": 7, "month": 30}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKDAY = (
    r"(?P<weekday>mon|tues?|wednes|wed|thurs?|thu|fri|satur|sat|sun)(?:day)?\b(?!['’])"
)
_RELEASE = re.compile(
    r"\b(?:after|once|when|with|until|by)\b[^.!?]{0,20}?-?(?P<rc>rc\d)\b"
    r"|\b(?:after|once|when|until)\b[^.!?]{0,20}\bmerge window\b(?! (?:opens|starts))",
    re.IGNORECASE,
)
_SUNDAY, _WEDNESDAY = 6, 2

_Day = Callable[[date, re.Match[str]], date]


def _in_week(weekday: int, weeks: int = 0) -> _Day:
    """A day of the week that the message is of, or of a later one."""
    return lambda sent, _: sent + timedelta(days=weekday - sent.weekday() + 7 * weeks)


def _after(days: int) -> _Day:
    return lambda sent, _: sent + timedelta(days=days)


def _counted(sent: date, found: re.Match[str]) -> date:
    word = found["count"].lower()
    number = int(word) if word.isdigit() else _NUMBERS[word]
    return sent + timedelta(days=number * _UNITS[found["unit"].lower()])


def _next_weekday(sent: date, found: re.Match[str]) -> date:
    weekday = _DAYS.index(found["weekday"][:3].lower())
    return sent + timedelta(days=(weekday - sent.weekday() - 1) % 7 + 1)


def _end_of_month(sent: date, _: re.Match[str]) -> date:
    return (sent.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _dated(sent: date, found: re.Match[str]) -> date:
    return read_day(found["date"]) or sent


_TIMES: tuple[tuple[re.Pattern[str], _Day], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), day)
    for pattern, day in (
        (r"\b(?P<date>20\d\d-[01]\d-[0-3]\d)\b", _dated),
        (r"\b(?:early|beginning of|start of) next week\b", _in_week(_WEDNESDAY, 1)),
        (r"\bnext week\b", _in_week(_SUNDAY, 1)),
        (
            r"\b(?:end of (?:the|this) week|this week|eow|(?:on|over|at|during) the weekend"
            r"|this weekend)\b",
            _in_week(_SUNDAY),
        ),
        (r"\b(?:end of (?:the|this) month|this month)\b", _end_of_month),
        (r"\bday after tomorrow\b", _after(2)),
        (r"\btomorrow\b", _after(1)),
        (r"\b(?:today|tonight|this (?:morning|afternoon|evening)|eod)\b", _after(0)),
        (
            r"\b(?:in|within)(?: the next)? (?:a )?"
            r"(?P<count>\d{1,2}|an?|one|two|three|few|couple)(?: of)? "
            r"(?P<unit>hour|day|week|month)s?\b",
            _counted,
        ),
        (rf"\b(?:on|by|until|till|before|this|next|come) {_WEEKDAY}", _next_weekday),
    )
)
"""How a day is named, and which one that is for a message of a day; a week ends with Sunday."""

_ANSWER = (
    r"(?:acks?|acked-by|reviews?|reviewed-by|r-b|opinion|feedback|input|comments?|answer|reply"
    r"|thoughts|response)"
)
_NAME = r"(?P<name>[A-Z][\w-]+(?: [A-Z][\w-]+)?)"
_AWAITED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?:need|want|like|await|[Ww]ait|get|have|see|hear|pending)\w*\b[^.!?]{{0,40}}\b(?i:{_ANSWER})"
        rf" (?:from|by) {_NAME}",
        rf"(?:need|want|like|await|[Ww]ait|get|have|see|hear|pending)\w*\b[^.!?]{{0,30}}\b{_NAME}'s (?i:{_ANSWER})\b",  # noqa: E501
        rf"\b(?:[Ww]ait(?:ing)? (?:for|on)|[Hh]ear from) {_NAME}\b",
        rf"^(?:(?:Hi|Hello|Dear|Hey) )?@?{_NAME}[,:] (?=[^?]{{5,200}}\?)",
        rf"^(?:Hi|Hello|Dear|Hey) {_NAME}[,:] (?=.{{0,60}}(?i:\bping\b|\breminder\b|look at|another look))",  # noqa: E501
    )
)
"""Who is to answer."""


@json_form("who", "by_author", "words", "day", "release", "message_id")
@dataclass(frozen=True, slots=True)
class Promise:
    """An announcement with a date.

    `release` is the release candidate that it waits for. `day` is then None if no release of that
    name is known yet.
    """

    who: str
    by_author: bool
    words: str
    day: date | None
    release: str
    message_id: str

    def has_passed(self, today: date) -> bool:
        """Whether its day is over."""
        return self.day is not None and today > self.day

    @property
    def until(self) -> str:
        """The day in words: `Friday, 2024-03-08`, or the release."""
        if self.day is None:
            return f"after {self.release}"
        return f"{self.day:%A, %Y-%m-%d}"


def promises(status: Status) -> tuple[Promise, ...]:
    """Returns the announcements that have not been fulfilled yet, the oldest first.

    An author's announcement is fulfilled by a later version, another person's by their next
    message. For an applied series, only the announcement to apply it counts, until a commit is
    known.
    """
    is_taken = status.state in TAKEN
    has_commit = any(landed.commit for landed in status.landed)
    if status.state in FINAL or (is_taken and has_commit):
        return ()
    found: list[Promise] = []
    for number, reply in enumerate(status.replies):
        later = status.replies[number + 1 :]
        if is_taken and reply.mail.kind is not MailKind.APPLIED:
            continue
        if not (_is_by_machine(reply) or _is_kept(reply, later, status)):
            found += _announced(reply, status)
    return tuple(found)


def _is_by_machine(reply: Reply) -> bool:
    return reply.mail.bot or reply.mail.semi or reply.mail.kind in STABLE


def _is_kept(reply: Reply, later: Sequence[Reply], status: Status) -> bool:
    latest = status.topic.latest
    if latest.sent and when(reply.mail.mail) < latest.sent:
        return True
    if reply.mail.by_author:
        return False
    same = status.topic.identities.same
    return any(same(reply.mail.sender, one.mail.sender) for one in later)


def _announced(reply: Reply, status: Status) -> Iterator[Promise]:
    mail = reply.mail
    if mail.mail.date is None:
        return
    sent = mail.mail.date.date()
    for sentence in _SENTENCE.split(mail.body.text):
        words = " ".join(sentence.split())
        if len(words) > 300 or not _ANNOUNCES.search(words) or _NOT.search(words):
            continue
        day = next(
            (
                day(sent, found)
                for pattern, day in _TIMES
                if (found := pattern.search(words))
            ),
            None,
        )
        release = ""
        if day is None and (found := _RELEASE.search(words)):
            release = f"-{(found['rc'] or 'rc1').lower()}"
            day = _released(release, sent, status)
        if day or release:
            yield Promise(
                mail.who,
                bool(mail.by_author),
                words,
                day,
                release,
                mail.mail.message_id,
            )


def _released(release: str, sent: date, status: Status) -> date | None:
    """The day of the first release of such a name after a message, as far as releases are known."""
    return next(
        (
            day
            for name, day in status.candidates
            if name.endswith(release) and day >= sent
        ),
        None,
    )


def awaited(status: Status) -> tuple[str, ...]:
    """Returns the names of the people whose answer is awaited.

    If the last message is the author's and asks somebody, they come first. They are followed by
    people who were named and have not written since, the most recently named first.
    """
    known = _known_people(status)
    replies = [reply for reply in status.replies if not _is_by_machine(reply)]
    latest = status.topic.latest
    names: dict[str, None] = dict.fromkeys(_asked_by_author(replies))
    for number, reply in reversed(list(enumerate(replies))):
        if latest.sent and when(reply.mail.mail) < latest.sent:
            break
        since = {one.mail.who for one in replies[number + 1 :]}
        for name in _named(reply, known):
            if name not in (*since, reply.mail.who):
                names.setdefault(name)
    return tuple(names)


def _asked_by_author(replies: Sequence[Reply]) -> Iterator[str]:
    """Who the last message asks or reminds, where it is the author's: the one it answers."""
    if not replies or not replies[-1].mail.by_author:
        return
    last = replies[-1].mail
    if "?" in last.body.text:
        for one in replies:
            if (
                one.mail.mail.message_id == last.mail.in_reply_to
                and not one.mail.by_author
            ):
                yield one.mail.who


def _known_people(status: Status) -> tuple[str, ...]:
    """The names of those who write or are addressed, without the author."""
    head = status.topic.latest.head.mail.mail
    every = (
        *(reply.mail.who for reply in status.replies if not reply.mail.bot),
        *(it.called for it in (*head.to, *head.cc) if it.name),
    )
    author = status.topic.author.called
    return tuple(name for name in dict.fromkeys(every) if name != author)


def _named(reply: Reply, known: Sequence[str]) -> Iterator[str]:
    """The known people that a message names as those who are to answer."""
    for sentence in _SENTENCE.split(reply.mail.body.text):
        words = " ".join(sentence.split())
        for pattern in _AWAITED:
            found = pattern.search(words[:400])
            name = found["name"] if found else ""
            matching = [it for it in known if name and name in (it, it.split()[0])]
            if len(matching) == 1:
                yield matching[0]
