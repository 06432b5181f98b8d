# SPDX-License-Identifier: GPL-2.0-or-later
"""The mails of one call, each parsed and classified once."""

import itertools
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from patchpilot.model.address import Address
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.threads.sender import same_person

if TYPE_CHECKING:
    from patchpilot.threads.mail_classifier import Classified
    from patchpilot.threads.reply_prose import Answered

ParseMail = Callable[[bytes], Mail]


class MailReader:
    """A cache for one call: the same bytes are parsed once, the same mail is classified once.

    `now` is the time of the call; `threads` is where `read_thread` caches its results, `sent` what was
    sent from here and `undisclosed` the ids of what no archive is to be asked about, once they were read. Mails that the call before this one parsed are taken
    from it: the TUI reads a thread again and again, and holds what it shows meanwhile.
    """

    _latest: ClassVar[dict[bytes, Mail]] = {}

    def __init__(self) -> None:
        self._before = MailReader._latest
        self.now = datetime.now(UTC)
        self.sent: Sequence[tuple[str, datetime, int]] | None = None
        self.undisclosed: frozenset[str] | None = None
        self.threads: dict[tuple[object, ...], Any] = {}
        self._parsed: dict[bytes, Mail] = {}
        self._classified: dict[str, Classified] = {}
        self._for_author: dict[tuple[str, bool, Answered], Classified] = {}

    def parse(self, raw: bytes) -> Mail:
        """The mail in these bytes."""
        mail = self._parsed.get(raw)
        if mail is None:
            mail = self._parsed[raw] = self._before.get(raw) or parse_mail(raw)
            MailReader._latest = self._parsed
        return mail

    def classify(self, mail: Mail) -> "Classified":
        """Classify a mail, guessing the patch's author from the quotes."""
        known = self._classified.get(mail.message_id)
        if known is None or known.mail.raw != mail.raw:
            from patchpilot.threads.mail_classifier import classify
            from patchpilot.threads.reply_prose import Answered

            known = self._classified[mail.message_id] = classify(mail)
            for by_author, answered in itertools.product((False, True), Answered):
                self._for_author.pop((mail.message_id, by_author, answered), None)
        return known

    def classify_for(self, mail: "Classified", author: Address, answered: "Answered") -> "Classified":
        """Classify a mail where the patch's author is known, and what it answers."""
        key = (mail.mail.message_id, same_person(mail.sender, author), answered)
        known = self._for_author.get(key)
        if known is None or known.mail.raw != mail.mail.raw:
            from patchpilot.threads.mail_classifier import classify_for

            known = self._for_author[key] = classify_for(mail, author, answered)
        return known
