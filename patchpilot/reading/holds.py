# SPDX-License-Identifier: GPL-2.0-or-later
"""Find reviewers' requests not to send a new version, a resend or a reminder.

Such a request may be final ("no need to resend, I will fix it up"), or end at a time ("net-next is
closed", "travelling until Dec 20"). Their phrases are in holds.toml in this folder.
"""

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from patchpilot.reading.phrases import OFFERS_TO_TAKE
from patchpilot.reading.posted_series import PostedSeries, Reply
from patchpilot.reading.request_model import WANTS_VERSION
from patchpilot.reading.statements import FOR_THE_FUTURE, MOST_QUOTED

_WAIT = timedelta(days=21)
"""How long a request to wait applies if it names no time."""
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DATE = re.compile(
    r"\b(?P<year>20\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b"
    rf"|\b(?P<name>{'|'.join(_MONTHS)})[a-z]*\.? (?P<day_after>\d{{1,2}})(?:st|nd|rd|th)?\b"
    rf"|\b(?P<day_before>\d{{1,2}})(?:st|nd|rd|th)?\.? (?:of )?(?P<name_after>{'|'.join(_MONTHS)})[a-z]*",  # noqa: E501
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"\b(?P<count>\d{1,3}|an?|one|two|three|(?:a )?(?:few|couple(?: of)?)) ?"
    r"(?P<unit>h|hrs?|hours?|d|days?|w|weeks?)\b",
    re.IGNORECASE,
)
_NO_WAIT = re.compile(
    r"^\W*(?:why|if|unless)\b|\b(?:(?:is|are|was)(?: not|n't)|not) (?:needed|necessary|required)\b"
    r"|\bno need to wait\b|\b(?:do(?: not|n't)|need not|needn't) (?:have to |need to )?wait\b",
    re.IGNORECASE,
)
_SOON = re.compile(
    r"(?<!\bi'll )(?<!\bi will )(?<!\bwe will )\b(?:re-?(?:send|submit|post|spin|roll)\b"
    r"|(?:send|submit|post)\b[^.;]*\b(?:v\d+|version|this|it|patch|series)\b)[^.;]*\b"
    r"(?:(?<!too )soon|quickly|asap|right away|immediately|today)\b(?! as\b)",
    re.IGNORECASE,
)
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3}
_FEW = 3
_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


class Hold(NamedTuple):
    """A reviewer's request not to send anything about a series for now.

    `until` is the time at which the request ends, or None if it does not end by itself.
    """

    reply: Reply
    sentence: str
    until: datetime | None

    @property
    def quote(self) -> str:
        """Quote the request."""
        return f"{self.reply.mail.sender_name}: “{self.sentence}”"

    @property
    def words(self) -> str:
        """Quote the request, with the day on which it ends."""
        end = f" (until {self.until:%Y-%m-%d})" if self.until else ""
        return f"{self.quote}{end}"


def find_hold(series: PostedSeries) -> Hold | None:
    """Return the last request not to send anything, or None.

    It ends with its time, with a new version, and with a later request for another version.
    """
    for reply in reversed(series.attached):
        mail = reply.mail
        if reply.when < series.since or mail.by_author or mail.bot:
            continue
        if hold := _read_hold(reply):
            is_over = hold.until is not None and hold.until < series.now
            return None if is_over else hold
        if any(WANTS_VERSION in names for names in mail.features):
            return None
    return None


def is_wanted_soon(series: PostedSeries) -> bool:
    """Return whether a reviewer of the latest version asked to send the next one soon."""
    return any(
        _SOON.search(sentence.text) and not _NO_WAIT.search(sentence.text)
        for reply in series.attached
        if reply.when >= series.since and not (reply.mail.by_author or reply.mail.bot)
        for sentence in reply.mail.body.sentences
    )


def _read_hold(reply: Reply) -> Hold | None:
    texts = [sentence.text for sentence in reply.mail.body.sentences]
    for text in reversed(texts):
        if is_final_no(text):
            return Hold(reply, text[:MOST_QUOTED], None)
    prose = [sentence.text for sentence in reply.mail.body.sentences if not sentence.top.on_code]
    for text in reversed(prose):
        if is_request_to_wait(text):
            until = _find_end(text, reply.when) or reply.when + _WAIT
            return Hold(reply, text[:MOST_QUOTED], until)
    return None


@cache
def _phrases(kind: str) -> re.Pattern[str]:
    """Return the pattern of a kind of phrases in holds.toml."""
    file = files("patchpilot.reading") / "holds.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    parts = {name: _join(lines) for name, lines in table["parts"].items()}
    pattern = re.sub(r"<(\w+)>", lambda name: parts[name[1]], _join(table[kind]))
    return re.compile(pattern.replace("'", "['’]?"), re.IGNORECASE)


def _join(lines: str) -> str:
    return f"(?:{'|'.join(lines.splitlines())})"


def is_final_no(sentence: str) -> bool:
    """Return whether a sentence rules out another version."""
    text = sentence[:MOST_QUOTED]
    return bool(_phrases("final").search(text)) and not (
        _phrases("neither").search(text) or OFFERS_TO_TAKE.search(text) or text.endswith("?")
    )


def is_request_to_wait(sentence: str) -> bool:
    """Return whether a sentence asks to wait before anything else is sent."""
    text = sentence[:MOST_QUOTED]
    is_other = FOR_THE_FUTURE.search(text) or _NO_WAIT.search(text)
    return bool(_phrases("wait").search(text)) and not is_other


def _find_end(text: str, now: datetime) -> datetime | None:
    """Return the end of a request to wait, or None if it names none.

    This is the date in the sentence, as the first such day after the message, or the message's date
    plus the longest duration.
    """
    days: Iterable[tuple[int | None, int, int]] = (
        (
            int(match["year"]) if match["year"] else None,
            int(match["month"])
            if match["month"]
            else _MONTHS.index((match["name"] or match["name_after"])[:3].lower()) + 1,
            int(match["day"] or match["day_after"] or match["day_before"]),
        )
        for match in _DATE.finditer(text)
    )
    for year, month, day in days:
        for candidate in (year,) if year else (now.year, now.year + 1):
            try:
                end = datetime(candidate, month, day, 23, 59, tzinfo=UTC)
            except ValueError:
                continue
            if end > now:
                return end
    waits = [_read_duration(match) for match in _DURATION.finditer(text)]
    return now + max(waits) if waits else None


def _read_duration(match: re.Match[str]) -> timedelta:
    count, unit = match["count"].lower(), match["unit"][0].lower()
    number = int(count) if count.isdigit() else _COUNTS.get(count, _FEW)
    return number * _UNITS[unit]
