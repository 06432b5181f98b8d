# SPDX-License-Identifier: GPL-2.0-or-later
"""Cache parsed and classified messages while a command runs."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from patchpilot.model.address import Address
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.model.progress import Progress, ignore_progress

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified
    from patchpilot.reading.series_summary import SeriesSummary
    from patchpilot.reading.thread_values import SentBackports

ParseMail = Callable[[bytes], Mail]


class OutboxFacts(NamedTuple):
    """The facts about messages sent from this machine that reading threads needs.

    `recent` contains the Message-ID, time and send number of each recently sent message. `topics`
    maps Message-IDs to change-ids. `undisclosed` contains the Message-IDs that must not be looked
    up in an archive, and `tests` the Message-IDs of messages sent with `send --to-self`.
    `backports` maps mainline commits and stable versions to the time and branch of the last send.
    """

    recent: Sequence[tuple[str, datetime, int]]
    topics: Mapping[str, str]
    undisclosed: frozenset[str]
    tests: frozenset[str]
    backports: "SentBackports"


class MailReader:
    """A cache that parses each distinct message once, and classifies it once for each context.

    `now` is the time of the call. If `from_poll` is set, waiting days end at the last update of the
    archive. `online` allows network access. `progress` is called while a long thread is read.
    `threads` caches the results of `read_thread`. `outbox` contains the facts about messages sent
    from this machine, and `requests` maps the numbers of tracked requests to the stable maintainers
    to their commits; `fixes` contains the numbers and summaries of the tracked series that close a
    report. Each is None until it is loaded. `summaries` contains the cached summaries of series.
    Messages that the previous call parsed are reused, because the TUI reads the same threads
    repeatedly.
    """

    _latest: ClassVar[dict[bytes, Mail]] = {}

    def __init__(self) -> None:
        self._before = MailReader._latest
        self.now = datetime.now(UTC)
        self.from_poll = False
        self.online = False
        self.progress: Progress = ignore_progress
        self.outbox: OutboxFacts | None = None
        self.requests: Mapping[int, str] | None = None
        self.fixes: Sequence[tuple[int, SeriesSummary]] | None = None
        self.summaries: dict[str, dict[int, Any]] = {}
        self.threads: dict[tuple[object, ...], Any] = {}
        self._parsed: dict[bytes, Mail] = {}
        self._classified: dict[tuple[object, ...], Classified] = {}

    def parse(self, raw: bytes) -> Mail:
        """Parse a message, or return it from the cache."""
        mail = self._parsed.get(raw)
        if mail is None:
            mail = self._parsed[raw] = self._before.get(raw) or parse_mail(raw)
            MailReader._latest = self._parsed
        return mail

    def classify(self, mail: Mail) -> "Classified":
        """Classify a message. The author of the patch is guessed from the quotes."""
        from patchpilot.reading.mail_classifier import classify

        return self._cached(mail, (), lambda: classify(mail))

    def classify_for(
        self, mail: "Classified", sender: Address, by_author: bool, answered: str
    ) -> "Classified":
        """Classify a message, using its sender and the message that it answers."""
        from patchpilot.reading.mail_classifier import classify_for

        context = sender, by_author, answered
        return self._cached(mail.mail, context, lambda: classify_for(mail, *context))

    def _cached(
        self,
        mail: Mail,
        context: tuple[object, ...],
        classify_message: "Callable[[], Classified]",
    ) -> "Classified":
        cached = self._classified.get((mail.message_id, *context))
        if cached is None or cached.mail.raw != mail.raw:
            cached = self._classified[mail.message_id, *context] = classify_message()
        return cached
