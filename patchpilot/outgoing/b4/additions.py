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
from patchpilot.model.message_id import bracketed, id_in_header
from patchpilot.model.rendered_mail import RenderedMail, captured
from patchpilot.outgoing.compose_mails import SeriesText, insert_note
from patchpilot.outgoing.outgoing_mail import OutgoingMail

_ENCODING = re.compile(
    rb"^content-transfer-encoding:[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)
_THREAD = re.compile(
    rb"^(?:in-reply-to|references):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE | re.MULTILINE,
)


def additions(
    series_text: SeriesText,
    notes: Mapping[str, str],
    outgoing_mails: Sequence[OutgoingMail],
) -> tuple[str, ...]:
    """Returns the text to insert into each message: the note on its patch.

    The first message also gets the texts of the series that are not part of its cover letter.
    """
    texts = [
        (notes.get(outgoing_mail.commit, "") if outgoing_mail.commit else "")
        for outgoing_mail in outgoing_mails
    ]
    if texts:
        texts[0] = "\n\n".join(
            part for part in (texts[0], *series_text.extras) if part.strip()
        )
    return tuple(texts)


def put_in(
    mails: Sequence[RenderedMail],
    outgoing_mails: Sequence[OutgoingMail],
    texts: Sequence[str],
    parent: str | None,
) -> tuple[RenderedMail, ...]:
    """Inserts these texts into the messages and, if `parent` is given, makes them replies to it."""
    changed = []
    for mail, outgoing_mail, text in zip(mails, outgoing_mails, texts, strict=True):
        raw = mail.raw
        if text.strip():
            raw = _rewritten(
                raw, partial(_with, text=text, outgoing_mail=outgoing_mail)
            )
        if parent:
            raw = _answering(raw, parent, mails[0].message_id)
        changed.append(
            mail
            if raw == mail.raw
            else captured(raw, mail.envelope_from, mail.recipients)
        )
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


def _with(body: bytes, text: str, outgoing_mail: OutgoingMail) -> bytes:
    if outgoing_mail.commit is not None:
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


def _answering(raw: bytes, parent: str, first: str) -> bytes:
    """The mail in the thread of `parent`: the first one answers it, the others still answer the
    first.
    """
    head, gap, body = raw.partition(b"\n\n")
    mine = id_in_header(
        str(message_from_bytes(head + gap, policy=compat32).get("In-Reply-To", ""))
    )
    chain = (bracketed(parent), *((bracketed(first),) if mine else ()))
    lines = (
        f"In-Reply-To: {bracketed(mine or parent)}\nReferences: "
        + "\n ".join(chain)
        + "\n"
    )
    return _THREAD.sub(b"", head + b"\n") + lines.encode("ascii") + gap[1:] + body
