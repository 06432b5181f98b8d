# SPDX-License-Identifier: GPL-2.0-or-later
"""Adds parts that b4 does not support to the messages it made.

These are notes below the `---` and threading to a parent message. The captured bytes are what is
sent.
"""

import base64
import quopri
import re
from collections.abc import Callable, Mapping, Sequence
from email import message_from_bytes
from email.policy import compat32
from functools import partial

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action
from patchpilot.model.message import Message
from patchpilot.model.message_id import bracketed
from patchpilot.outgoing.compose_mails import SeriesText, insert_note
from patchpilot.outgoing.compose_message import with_fields

_ENCODING = re.compile(
    rb"^content-transfer-encoding:[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


def additions(
    series_text: SeriesText,
    notes: Mapping[str, str],
    mails: Sequence[Message],
) -> tuple[str, ...]:
    """Returns the text to insert into each message: the note on its patch.

    The first message also gets the texts of the series that are not part of its cover letter.
    """
    texts = [notes.get(mail.commit or "", "") for mail in mails]
    if texts:
        texts[0] = "\n\n".join(
            part for part in (texts[0], *series_text.extras) if part.strip()
        )
    return tuple(texts)


def put_in(
    mails: Sequence[Message],
    texts: Sequence[str],
    parent: str | None,
) -> tuple[Message, ...]:
    """Inserts these texts into the messages and, if `parent` is given, makes them replies to it."""
    changed = []
    for mail, text in zip(mails, texts, strict=True):
        raw = mail.raw
        if text.strip():
            raw = _rewritten(raw, partial(_with, text=text, is_patch=bool(mail.commit)))
        if parent:
            # the first one answers the parent, the others still answer the first
            chain = [parent] + [mails[0].message_id] * bool(mail.in_reply_to)
            references = "\n ".join(map(bracketed, chain))
            raw = with_fields(
                raw,
                {
                    "In-Reply-To": bracketed(mail.in_reply_to or parent),
                    "References": references,
                },
            )
        changed.append(mail.with_raw(raw))
    return tuple(changed)


def refuse_signed(texts: Sequence[str], *, why: str) -> None:
    """Raises RefusedError if there are texts to insert into messages that must stay as b4 made
    them.
    """
    if any(text.strip() for text in texts):
        raise RefusedError(
            f"cannot add a note to these messages: {why}",
            hint=Action(
                "draft", ("--edit",), "use --via git-send-email, or remove the note: {}"
            ),
        )


def _with(body: bytes, text: str, *, is_patch: bool) -> bytes:
    if is_patch:
        return insert_note(body, text)
    before, mark, after = body.partition(b"\n---\n")
    return (
        before.rstrip(b"\n")
        + b"\n\n"
        + text.strip("\n").encode("utf-8", "surrogateescape")
        + b"\n"
        + mark
        + after
    )


def _rewritten(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """A mail with another body, in the encoding it has.

    One that was ASCII and is no longer becomes 8bit.
    """
    head, gap, body = raw.partition(b"\n\n")
    coding = (
        str(
            message_from_bytes(head + gap, policy=compat32).get(
                "Content-Transfer-Encoding", ""
            )
        )
        .strip()
        .lower()
    )
    if coding == "quoted-printable":
        return head + gap + quopri.encodestring(change(quopri.decodestring(body)))
    if coding == "base64":
        return head + gap + base64.encodebytes(change(base64.b64decode(body)))
    body = change(body)
    if not body.isascii() and coding in ("", "7bit"):
        head = _plain_head(head)
    return head + gap + body


def _plain_head(head: bytes) -> bytes:
    message = message_from_bytes(head + b"\n\n", policy=compat32)
    if message.get_content_charset() not in ("utf-8", "utf8"):
        head = re.sub(
            rb"\ncontent-type:[^\n]*(?:\n[ \t][^\n]*)*",
            b"",
            b"\n" + head,
            flags=re.IGNORECASE,
        )[1:]
        head += b'\nContent-Type: text/plain; charset="utf-8"'
    head = _ENCODING.sub(b"Content-Transfer-Encoding: 8bit", head)
    return (
        head if _ENCODING.search(head) else head + b"\nContent-Transfer-Encoding: 8bit"
    )
