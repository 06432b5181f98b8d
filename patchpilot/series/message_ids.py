# SPDX-License-Identifier: GPL-2.0-or-later
"""Create and store the Message-IDs of a series' messages.

They are stored with the draft, so that a send or preview can reuse the last preview's Message-IDs.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from patchpilot.model.address import Address, check_email_address
from patchpilot.model.draft import Draft
from patchpilot.model.message import Message
from patchpilot.series.change_id import change_id_words
from patchpilot.series.draft import Drafts


def make_message_ids(
    change_id: str, version: int, count: int, sender: Address, day: date
) -> tuple[str, ...]:
    """Return new Message-IDs for messages 0 to `count` of a series, such as
    `20261120-topic-v2-1-0123456789ab@example.org`.

    They share a random part.
    """
    slug = (
        re.sub(r"[^A-Za-z0-9._]+", "-", change_id_words(change_id)).strip("-.")[:40].strip("-.")
        or "patch"
    )
    domain = (
        re.sub(
            r"[^A-Za-z0-9.-]",
            "",
            (check_email_address(sender.email).wire or "").rpartition("@")[2],
        )
        or "localhost"
    )
    random_part = secrets.token_hex(6)
    return tuple(
        f"{day:%Y%m%d}-{slug}-v{version}-{number}-{random_part}@{domain}"
        for number in range(count + 1)
    )


def reuse_previewed_ids(
    draft: Draft,
    kind: str,
    content: Iterable[bytes | str],
    generate: Callable[[], tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the Message-IDs of the last preview if its messages had the same content. Otherwise,
    generate and store new ones.

    A message that was exported or sent manually must not share its id with a different message.
    """
    digest = hashlib.sha256()
    for part in content:
        data = part.encode("utf-8", "surrogateescape") if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)
    previous = draft.shown.get(kind, ())
    if previous and previous[0] == digest.hexdigest():
        return tuple(previous[1:])
    ids = generate()
    with Drafts() as drafts, drafts.transaction():
        current = drafts.get(draft.change_id) or draft
        previous = current.shown.get(kind, ())
        if previous and previous[0] == digest.hexdigest():
            # another process has previewed the same messages in the meantime, so use its
            # Message-IDs
            return tuple(previous[1:])
        drafts.save(replace(current, shown={**current.shown, kind: (digest.hexdigest(), *ids)}))
    return ids


def forget_ids(change_id: str, *, to_self: bool = False) -> None:
    """Delete the stored Message-IDs after a send, because later messages will be different.

    After a test send to the user, keep the Message-IDs that were shown for the real messages.
    """
    with Drafts() as drafts, drafts.transaction():
        draft = drafts.get(change_id)
        if draft and draft.shown:
            remaining = {
                kind: ids
                for kind, ids in draft.shown.items()
                if kind.endswith("to-self") is not to_self
            }
            drafts.save(replace(draft, shown=remaining))


def reuse_message_ids(draft: Draft, kind: str, mails: tuple[Message, ...]) -> tuple[Message, ...]:
    """Replace newly generated Message-IDs with the ones shown before for the same messages.

    This is for tools that generate new Message-IDs on each run. In those of an undisclosed fix, the
    words of the change-id are left out.
    """
    content = [
        part
        for mail in mails
        for part in (
            mail.subject,
            mail.sender.header(),
            "answer" if mail.in_reply_to else "",
            mail.raw.partition(b"\n\n")[2],
        )
    ]
    generated = tuple(mail.message_id for mail in mails)

    def generate() -> tuple[str, ...]:
        if not draft.is_undisclosed:
            return generated
        numbers = [mail.number for mail in mails]
        ids = make_message_ids(
            "", draft.version, max(numbers), mails[0].sender, datetime.now(UTC).date()
        )
        return tuple(ids[number] for number in numbers)

    if draft.is_undisclosed:
        content.append("undisclosed")
    reused = reuse_previewed_ids(draft, kind, content, generate)
    if reused == generated or len(reused) != len(generated):
        return mails
    renamed = []
    for mail in mails:
        head, separator, body = mail.raw.partition(b"\n\n")
        for old, new in zip(generated, reused, strict=True):
            head = head.replace(b"<" + old.encode() + b">", b"<" + new.encode() + b">")
        renamed.append(mail.replace_raw(head + separator + body))
    return tuple(renamed)
