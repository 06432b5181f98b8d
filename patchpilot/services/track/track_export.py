# SPDX-License-Identifier: GPL-2.0-or-later
"""`track export`: followed series as an mbox of their mails or as one HTML page that needs nothing else."""

import html
import re
from collections.abc import Sequence

from patchpilot.services.track.follow_series import Tracked
from patchpilot.threads.track_store import Store

_STYLE = (
    "body{font:16px/1.5 sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse}td,th{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
    "td:last-child{white-space:pre-wrap;overflow-wrap:anywhere}.state{font-weight:bold}"
)


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


def as_html(series: Sequence[Tracked]) -> str:
    """A page with a section for each series; everything in it is escaped."""
    body = "".join(_section(series_) for series_ in series) or "<p>No series is followed.</p>"
    head = f'<head><meta charset="utf-8"><title>Followed series</title><style>{_STYLE}</style></head>'
    return f'<!DOCTYPE html>\n<html lang="en">{head}\n<body>{body}</body></html>\n'


def _section(series: Tracked) -> str:
    head = f'<h2>{_text(series.subject)}</h2>\n<p><span class="state">{_text(series.state)}</span> — {_text(series.next_step)}</p>\n'
    if series.status is None:
        return head
    status = series.status
    head += f"<p>{_text(status.why)}</p>\n"
    revisions = [(it.label, f"{it.sent:%Y-%m-%d}" if it.sent else "", it.head.message_id) for it in status.topic.revisions]
    landed = [(it.tree, it.commit or "", it.release or "release unknown") for it in series.landed if not it.tree.startswith("stable/")]
    stable = [(it.version, it.words, (it.commit or "")[:12]) for it in series.stable]
    tags = [(f"v{it.version}", it.trailer) for it in status.trailers]
    after = [(it.subject, f"v{it.version}, {it.state}", f"{it.relation} it") for it in status.follow_ups]
    replies = [
        (
            f"{it.mail.mail.date:%Y-%m-%d}" if it.mail.mail.date else "",
            it.mail.kind,
            it.mail.sender.name or it.mail.sender.email,
            it.mail.body.text[:300],
        )
        for it in status.replies
    ]
    tables = (("Revisions", revisions), ("Tags", tags), ("Landed", landed), ("Stable", stable), ("After it", after), ("Replies", replies))
    return head + "".join(_table(title, rows) for title, rows in tables if rows)


def _table(title: str, rows: Sequence[Sequence[str]]) -> str:
    lines = "".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<h3>{title}</h3>\n<table>{lines}</table>\n"


def _text(value: str) -> str:
    shown = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "\ufffd", str(value))
    return html.escape(shown)
