# SPDX-License-Identifier: GPL-2.0-or-later
"""`track export`: followed series as an mbox of their mails."""

import re
from collections.abc import Sequence

from patchpilot.threads.track_store import Store


def as_mbox(numbers: Sequence[int], store: Store) -> bytes:
    """The mails of these series, each once, in mboxrd form."""
    seen: set[str] = set()
    parts = []
    for number in numbers:
        for mail in store.mails(number):
            if mail.message_id in seen:
                continue
            seen.add(mail.message_id)
            raw = mail.raw.split(b"\n", 1)[1] if mail.raw.startswith(b"From ") and b"\n" in mail.raw else mail.raw
            parts.append(b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + re.sub(rb"(?m)^(>*From )", rb">\1", raw).rstrip(b"\n") + b"\n\n")
    return b"".join(parts)
