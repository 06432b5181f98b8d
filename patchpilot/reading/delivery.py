# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse delivery reports.

They are bounces and delays (RFC 3464 and older formats), and notices from mailing list software.
"""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from patchpilot.model.action import Action, Advice
from patchpilot.model.address import parse_addresses
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import (
    Mail,
    list_mail_parts,
    message_id_in_header,
    parse_raw_headers,
)
from patchpilot.model.patch import parse_subject
from patchpilot.series.patch_pairing import title_key

MAX_RECIPIENTS = 100
"""Maximum number of recipients parsed from one report."""
_REASON = 200
_TEXT = 8000
_DAEMONS = frozenset(("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon"))
_RETURNED_ID = re.compile(r"^[ \t>]*Message-ID:\s*(<[^<>\s]{1,300}>)", re.IGNORECASE | re.MULTILINE)
_REFUSAL = re.compile(r"\b([45]\d\d[ -][^\n]{3,300})")
_ADDRESS = re.compile(r"^[ \t]*<?([^<>\s:]{1,100}@[^<>\s:]{1,200}?)>?:?[ \t]*$", re.MULTILINE)
_HELD = re.compile(
    r"awaits moderator approval|is being held until the list moderator|message is being"
    r" held|awaiting moderat|held for moderation",
    re.IGNORECASE,
)
_DENIED = re.compile(
    r"^(?:Post to \S+ denied|Request to mailing list .{1,200} rejected)|was unable to be delivered to the list because|message has been rejected by the list"  # noqa: E501
    r"|not allowed to post to this mailing list",
    re.IGNORECASE | re.MULTILINE,
)
_ABOUT = re.compile(r"(?:awaits moderator|moderat|denied|rejected|held)", re.IGNORECASE)
_LIST = re.compile(
    r"(?:[Yy]our (?:mail|message|request) to (?:the )?|Post to |mailing list |to the list )[\'\"<]?([\w.+-]{1,80}(?:@[\w.-]{1,120}\w)?)"  # noqa: E501
)
_SUBJECT = re.compile(
    r"(?:[Ww]ith (?:the )?subject|[Tt]itled?)[ :]*\n?\s*[\'\"]?(?P<subject>[^\n\'\"]{3,300}(?:\n[ ]{4,}[^\n]{1,200})?)"  # noqa: E501
)
_WHY = re.compile(
    r"(?:The reason it is being held|The message is being held because|gave the following reason for rejecting[^:]{0,40}):\s*(?P<why>[^\n]{3,300})"  # noqa: E501
)


class DeliveryProblem(StrEnum):
    """The kinds of delivery problems."""

    BOUNCED = "bounced"
    DELAYED = "delayed"
    HELD = "held"
    REFUSED = "refused"
    MISSING = "missing"


_PROBLEMS = {
    "failed": DeliveryProblem.BOUNCED,
    "delayed": DeliveryProblem.DELAYED,
}
"""The problem reported by each RFC 3464 action; other actions report none."""


@json_form(
    "problem recipient~ reason status~ message_ids=about notice=message_id~ next_step=advice"
)
class DeliveryReport(NamedTuple):
    """A report about another message's delivery.

    `recipient` is an address or list name, and `status` an RFC 3463 status code; each is "" if the
    report has none. `about` contains the Message-IDs of the messages that the report may be about.
    `title` is the patch title if the report quotes only a subject. `message_id` is the Message-ID
    of the report, or "" if the archive lacks the report.
    """

    problem: DeliveryProblem
    recipient: str
    reason: str
    status: str
    about: tuple[str, ...]
    title: str
    message_id: str

    @property
    def words(self) -> str:
        who = self.recipient or "a recipient"
        words = {
            DeliveryProblem.BOUNCED: f"not delivered to {who}",
            DeliveryProblem.DELAYED: f"delivery to {who} is delayed",
            DeliveryProblem.HELD: f"held by the moderator of {who}",
            DeliveryProblem.REFUSED: f"refused by {who}",
            DeliveryProblem.MISSING: f"not in the archive {who}",
        }[self.problem]
        return f"{words}: {self.reason}" if self.reason else words

    @property
    def advice(self) -> Advice:
        if self.problem is DeliveryProblem.DELAYED:
            return "nothing to do yet: the mail server tries again for some days"
        if self.problem is DeliveryProblem.HELD:
            return (
                "wait for the moderator; all other recipients received the mail; if you"
                " subscribe to"
                " the list, later messages are not held"
            )
        if self.problem is DeliveryProblem.REFUSED:
            return Action(
                "send",
                ("--resend",),
                "subscribe to the list or ask its owner, then send it again: {}",
            )
        if self.problem is DeliveryProblem.MISSING:
            return Action(
                "track",
                ("add", "-"),
                "look for a bounce or a moderation notice in your mailbox and pass it to `{}`, or"
                " let it be searched: git config --global patchpilot.mailbox PATH; if there is none"
                ", resend",
            )
        if self.status.startswith("5.1") and self.recipient:
            return Action(
                "maintainers",
                ("--drop", self.recipient),
                "the address does not exist; drop it from the next version: {}",
            )
        if self.status in ("5.2.3", "5.3.4"):
            return (
                "the mail is too large for this server; split the patch, or send a link to a branch"
            )
        if self.status.startswith("5.7"):
            return (
                "the server does not accept mail from your server; ask your mail provider, or"
                " send from"
                " another account"
            )
        return Action("send", ("--resend",), "after the cause is fixed, send it again: {}")


def delivery_reports(mail: Mail) -> tuple[DeliveryReport, ...]:
    """Return the delivery reports in a message (one per recipient), if any."""
    kind = (mail.header("Content-Type") or "").lower()
    local = mail.sender.email.partition("@")[0].lower()
    if "delivery-status" in kind:
        return tuple(_status_blocks(mail))
    if local in _DAEMONS or mail.header("X-Failed-Recipients"):
        return tuple(_status_blocks(mail)) or tuple(_plain_bounce(mail))
    # a person's reply may quote a bounce
    if not _ABOUT.search(mail.subject[:300]) or (
        mail.in_reply_to
        and not local.endswith(("-bounces", "-owner", "-request", "+owner", "+bounces"))
    ):
        return ()
    return _parse_notice(mail)


def _status_blocks(mail: Mail) -> Iterator[DeliveryReport]:
    parts = list_mail_parts(mail.raw)
    text = "\n".join(text for _, text in parts)
    about = _find_returned_ids(mail, text)
    blocks = [
        {name.lower(): value for name, _, value in parse_raw_headers(block.split("\n"))[0]}
        for kind, text in parts
        if kind.startswith("message/delivery-status")
        for block in text.split("\n\n")
    ]
    names = {"final-recipient", "original-recipient"}
    for fields in [it for it in blocks if it.keys() & names][:MAX_RECIPIENTS]:
        problem = _PROBLEMS.get(fields.get("action", "failed").lower())
        if problem is None:
            continue
        status = fields.get("status", "").split(" ")[0]
        recipient = _strip_type(
            fields.get("original-recipient") or fields.get("final-recipient", "")
        )
        reason = _strip_type(fields.get("diagnostic-code", "")) or status
        yield DeliveryReport(
            problem, recipient, reason[:_REASON], status, about, "", mail.message_id
        )


def _strip_type(value: str) -> str:
    """Strip the type from a field value: `rfc822; a@b` becomes `a@b`."""
    return re.sub(r"^[^;]*;", "", value).strip()


def _plain_bounce(mail: Mail) -> Iterator[DeliveryReport]:
    """Parse a plain-text bounce, as sent by qmail and exim."""
    text = mail.body[:_TEXT]
    about = _find_returned_ids(mail, mail.body)
    recipients = [
        address.email for address in parse_addresses(mail.header("X-Failed-Recipients") or "")
    ] or _ADDRESS.findall(text)[:1]
    refusal = _REFUSAL.search(text)
    reason = " ".join(refusal[1].split())[:_REASON] if refusal else ""
    code = re.search(r"\b[45]\.\d{1,3}\.\d{1,3}\b", reason)
    for recipient in recipients[:MAX_RECIPIENTS] or [""]:
        yield DeliveryReport(
            DeliveryProblem.BOUNCED,
            recipient,
            reason,
            code[0] if code else "",
            about,
            "",
            mail.message_id,
        )


def _parse_notice(mail: Mail) -> tuple[DeliveryReport, ...]:
    text = f"{mail.subject}\n{mail.body[:_TEXT]}"
    denied = _DENIED.search(text)
    if not denied and not _HELD.search(text):
        return ()
    list_match = _LIST.search(text)
    subject_match = _SUBJECT.search(text)
    reason_match = _WHY.search(text)
    title = (
        title_key(parse_subject(" ".join(subject_match["subject"].split())).title)
        if subject_match
        else ""
    )
    about = _find_returned_ids(mail, mail.body)
    if not title and not about:
        return ()
    problem = DeliveryProblem.REFUSED if denied else DeliveryProblem.HELD
    reason = " ".join(reason_match["why"].split())[:_REASON] if reason_match else ""
    return (
        DeliveryReport(
            problem,
            list_match[1] if list_match else "",
            reason,
            "",
            about,
            title,
            mail.message_id,
        ),
    )


def _find_returned_ids(mail: Mail, text: str) -> tuple[str, ...]:
    """Return the Message-IDs of the returned message and of the messages that the report replies
    to.
    """
    returned = map(message_id_in_header, _RETURNED_ID.findall(text))
    ids = (*returned, mail.in_reply_to, *mail.references[-5:])
    return tuple(dict.fromkeys(filter(None, ids)))


def reports_about(
    reports: Iterable[DeliveryReport],
    message_ids: frozenset[str],
    titles: Iterable[str],
) -> tuple[DeliveryReport, ...]:
    """Return the reports about messages with any of these Message-IDs or titles."""
    wanted_titles = frozenset(titles)
    return tuple(
        report
        for report in reports
        if message_ids.intersection(report.about)
        or (not report.about and report.title in wanted_titles)
    )
