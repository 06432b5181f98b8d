# SPDX-License-Identifier: GPL-2.0-or-later
"""Followed series and classified mails, as JSON and as text."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from patchpilot.cli.output.json_document import document
from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.model.mail import Mail
from patchpilot.model.printable import crop, one_line, printable, width
from patchpilot.services.track.classify_mails import ClassifiedFiles
from patchpilot.services.track.follow_topic import PatchState, Proof
from patchpilot.services.track.notify import news_lines
from patchpilot.services.track.patchwork_state import ci_of, known_patchwork
from patchpilot.services.track.series_turns import turn_of
from patchpilot.services.track.transfer_series import Imported
from patchpilot.topic.followed.forecast import Usual, forecast_lines, known_forecast
from patchpilot.topic.followed.known_series import Tracked
from patchpilot.topic.followed.story import StoryKind, story
from patchpilot.topic.topic_state import TopicState

TEXT_LIMIT = 4000


def series_json(
    series: Sequence[Tracked], topic: TopicState | None = None, imported: Imported | None = None
) -> str:
    """The document of `track`.

    `topic` is that of the current branch, `imported` what `track import` did.
    """
    body: dict[str, Any] = {
        "series": [_series(series_) for series_ in series],
        "topic": topic_json(topic) if topic else None,
    }
    if imported:
        body["imported"] = {
            "added": list(imported.added),
            "merged": list(imported.merged),
            "mails": imported.mails,
            "problems": list(imported.problems),
        }
    return document("track", body)


def news_text(news: Sequence[Tracked]) -> str:
    """Each series with its new mails, a line each, and the next step."""
    lines = []
    for series in news:
        lines += [
            f"{series.entry.id:>3}  {one_line(series.subject)}",
            *(f"     {line}" for line in news_lines(series)),
        ]
        lines.append(f"     next: {one_line(series.next_step)}")
    return "\n".join(lines)


def imported_text(imported: Imported) -> str:
    """What `track import` did, in words."""
    numbers = f" as {', '.join(map(str, imported.added))}" if imported.added else ""
    merged = (
        f"; {counted(len(imported.merged), 'series', 'series')} already followed"
        if imported.merged
        else ""
    )
    return (
        f"{counted(len(imported.added), 'series', 'series')} added{numbers}{merged};"
        f" {counted(imported.mails, 'new mail')}"
    )


def topic_json(topic: TopicState) -> dict[str, Any]:
    """How far a topic is; `series` is the number of the followed series that is its own."""
    return {
        "state": topic.state,
        "summary": topic.summary,
        "next_version": topic.next_version,
        "next_step": topic.next_step,
        "series": topic.series.entry.id if topic.series else None,
    }


def _series(tracked: Tracked) -> dict[str, Any]:
    status, summary = tracked.status, tracked.summary
    return {
        "id": tracked.entry.id,
        "message_id": tracked.entry.message_id,
        "subject": tracked.subject,
        "this_topic": tracked.own,
        "state": str(tracked.state),
        "turn": str(turn_of(tracked)),
        "why": (
            status.why
            if status
            else "undisclosed"
            if tracked.undisclosed
            else "no archive has it yet"
        ),
        "author": status.topic.author.trailer() if status else None,
        "source": tracked.entry.lore or tracked.entry.mbox,
        "updated": tracked.entry.updated,
        "last_activity": _date(status.last_activity) if status else None,
        "revisions": _revisions(tracked),
        "missing_revisions": (
            [
                {"version": version, "message_id": message_id}
                for message_id, version in status.topic.missing.items()
            ]
            if status
            else []
        ),
        "trailers": [
            {
                "trailer": tag.trailer,
                "message_id": tag.message_id,
                "version": tag.version,
                "patch": tag.patch,
                "conditional": tag.conditional,
                "asks": tag.asks or None,
            }
            for tag in (status.trailers if status else ())
        ],
        "claims": [
            {
                "message_id": it.message_id,
                "from": it.sender.trailer(),
                "date": _date(it.date),
                "what": it.what,
            }
            for it in (status.claims if status else ())
        ],
        "tags": dict(summary.tags) if summary else {},
        "ci": ci_of(tracked) or None,
        "replies": _replies(tracked),
        "patches": [_patch(it) for it in (status.patches if status else ())],
        "landed": [
            {
                "tree": it.tree,
                "commit": it.commit,
                "release": it.release,
                "how": it.how,
                "patch": it.patch,
                "title": it.title,
                "message_id": it.message_id,
            }
            for it in tracked.landed
        ],
        "stable": [
            {
                "version": it.version,
                "state": it.state,
                "commit": it.commit,
                "message_id": it.message_id,
                "note": it.note,
            }
            for it in tracked.stable
        ],
        "follow_ups": [
            {
                "relation": it.relation,
                "subject": it.subject,
                "author": it.author.trailer(),
                "message_id": it.message_id,
                "version": it.version,
                "state": str(it.state),
                "commit": it.commit,
                "tree": it.tree,
                "lacking": None if it.lacking is None else list(it.lacking),
            }
            for it in (status.follow_ups if status else ())
        ],
        "unread": len(tracked.unread),
        "new": list(tracked.new),
        "troubles": list(tracked.notes),
        "delivery": [
            {
                "problem": str(it.problem),
                "recipient": it.recipient or None,
                "reason": it.reason,
                "status": it.status or None,
                "message_ids": list(it.about),
                "notice": it.message_id or None,
                "next_step": str(it.advice),
            }
            for it in tracked.delivery
        ],
        "next_step": tracked.next_step,
        "next_commands": [action.command for action in actions(tracked.step.advice)],
        "forecast": _forecast(tracked),
        "merge_window": _window(tracked),
        "patchwork": [
            {
                "patch": it.number,
                "state": it.record.state if it.record else None,
                "url": it.record.url if it.record else None,
                "checks": [check._asdict() for check in it.record.checks] if it.record else [],
            }
            for it in known_patchwork(tracked)
        ],
    }


def _forecast(tracked: Tracked) -> dict[str, Any] | None:
    forecast = known_forecast(tracked)
    if forecast is None:
        return None
    return {
        "first_answer": _usual(forecast.answer),
        "acceptance": _usual(forecast.acceptance),
        "reminder_from": forecast.ping.isoformat() if forecast.ping else None,
        "list": forecast.address,
        "areas": list(forecast.areas),
        "series": forecast.series,
        "from": forecast.first.isoformat(),
        "to": forecast.last.isoformat(),
    }


def _window(tracked: Tracked) -> dict[str, Any] | None:
    window = tracked.window
    if window is None:
        return None
    dates = {"opens": window.opens.isoformat(), "closes": window.closes.isoformat()}
    return {"after": window.after, "open": window.is_open, **dates, "cycles": list(window.cycles)}


def _usual(usual: Usual | None) -> dict[str, Any] | None:
    if usual is None:
        return None
    days = {
        name: round(value.total_seconds() / 86400, 2)
        for name, value in (("median", usual.median), ("low", usual.low), ("high", usual.high))
    }
    return {"series": usual.known, "of": usual.count, "days": days}


def _patch(patch: PatchState) -> dict[str, Any]:
    return {
        "number": patch.number,
        "version": patch.version,
        "title": patch.title,
        "message_id": patch.message_id,
        "state": str(patch.state),
        "why": patch.why,
        "proof": _proof(patch.proof),
        "trees": [
            {
                "tree": it.tree,
                "state": it.state,
                "release": it.release,
                "note": it.note,
                "proof": _proof(it.proof),
            }
            for it in patch.trees
        ],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    return {"date": _date(proof.date), "message_id": proof.message_id, "commit": proof.commit}


def _revisions(tracked: Tracked) -> list[dict[str, Any]]:
    return [
        {
            "version": it.version, "message_id": it.head.message_id, "sent": _date(it.sent), "label": it.label, "subject": it.head.title,  # noqa: E501
            "patches": len(it.patches), "rfc": it.rfc, "resend": it.resend, "date_damaged": it.head.mail.mail.date_damaged,  # noqa: E501
        }
        for it in (tracked.status.topic.revisions if tracked.status else ())
    ]  # fmt: skip


def _replies(tracked: Tracked) -> list[dict[str, Any]]:
    return [
        {
            "message_id": reply.mail.mail.message_id,
            "from": reply.mail.sender.trailer(),
            "date": _date(reply.mail.mail.date),
            "date_damaged": reply.mail.mail.date_damaged,
            "kind": str(reply.mail.kind),
            "confidence": reply.mail.confidence,
            "bot": reply.mail.bot,
            "unread": reply.mail.mail.message_id in tracked.unread,
            "subject": reply.mail.mail.subject,
            "version": reply.version,
            "patch": reply.patch,
            "unseen_address": reply.mail.doubtful,
            "text": reply.mail.body.text[:TEXT_LIMIT],
        }
        for reply in (tracked.status.replies if tracked.status else ())
    ]


def _date(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


def series_text(tracked: Tracked, topic: TopicState | None = None) -> str:
    """Everything about a series."""
    lines = [
        printable(tracked.subject),
        f"  state     {tracked.state}"
        + (f": {printable(tracked.status.why)}" if tracked.status else ""),
    ]
    if tracked.own and topic:
        changed = "; your commits have changed since" if topic.changed else ""
        lines.append(
            f"  topic     {printable(topic.draft.branch or topic.draft.change_id)}, next"
            f" v{topic.next_version}{changed}"
        )
    if tracked.status:
        lines += _thread_lines(tracked)
    for it in tracked.delivery:
        lines += [f"  delivery  {printable(it.words)}", f"            {printable(str(it.advice))}"]
    lines.append(f"  next      {printable(tracked.next_step)}")
    lines += [
        f"  run       {printable(action.command)}"
        for action in actions(tracked.step.advice)
        if action.command not in tracked.next_step
    ]
    lines += [f"  patchwork {printable(it.words)}" for it in known_patchwork(tracked)]
    lines += [f"  forecast  {printable(line)}" for line in forecast_lines(tracked)]
    lines += [f"  note      {printable(trouble)}" for trouble in tracked.notes]
    return "\n".join(lines)


def _thread_lines(tracked: Tracked) -> list[str]:
    """The thread of a series: versions, tags, trees and replies."""
    status = tracked.status
    if status is None:
        return []
    labels = Counter(revision.label for revision in status.topic.revisions)
    lines = [f"  author    {printable(status.topic.author.trailer())}"]
    lines += [
        f"  {it.label:<9} {_day(it.sent)}  {_counted(len(it.patches))} "
        f" <{printable(it.head.message_id)}>{_date_note(it.head.mail.mail)}"
        for it in status.topic.revisions
    ]
    lines += [
        f"  v{version:<8} mail not found  <{printable(message_id)}>"
        for message_id, version in status.topic.missing.items()
    ]
    if len(status.patches) > 1:
        for it in status.patches:
            name = (
                f"{it.number}/{len(status.topic.latest.patches)}"
                if it.version == status.topic.latest.version
                else f"v{it.version} {it.number}"
            )
            proof = (it.proof.commit or "")[:12] or f"<{printable(it.proof.message_id or '')}>"
            lines.append(
                f"  {name:<9} {_day(it.proof.date)}  {it.state:<17} {proof}  {printable(it.title)}"
            )
    for tag in status.trailers:
        about = (
            f" (patch {tag.patch})" if tag.patch and len(status.topic.latest.patches) > 1 else ""
        )
        condition = f" (conditional: {printable(tag.conditional)})" if tag.conditional else ""
        asks = f" (not added by itself: {printable(tag.asks)})" if tag.asks else ""
        lines.append(f"  tag v{tag.version:<4} {printable(tag.trailer)}{about}{condition}{asks}")
    lines += [
        f"  claim     {printable(it.words)}  <{printable(it.message_id)}>" for it in status.claims
    ]
    for place in tracked.landed:
        if place.tree.startswith("stable/"):
            continue
        release = (
            f", first in {place.release}"
            if place.release
            else _no_release(place.how)
            if place.in_mainline
            else ""
        )
        lines.append(
            f"  landed    {printable(place.tree)} {place.commit or '(commit unknown)'}{release}"
        )
    for branch in tracked.stable:
        commit = (
            f" ({branch.commit[:12]})"
            if branch.commit and branch.state in ("merged", "released")
            else ""
        )
        lines.append(f"  stable    {branch.version:<6} {printable(branch.words)}{commit}")
    for later in status.follow_ups:
        where = f", in {printable(later.tree or '?')} as {later.commit}" if later.commit else ""
        lines.append(
            f"  follow-up {printable(later.subject)} (v{later.version}, {later.state}{where})"
            f" {later.relation} it"
        )
    lines += _story_lines(tracked)
    if status.replies:
        lines.append("  replies")
    for reply in status.replies:
        mark = "*" if reply.mail.mail.message_id in tracked.unread else " "
        who = printable(reply.mail.who)
        bot = " (bot)" if reply.mail.bot else ""
        label = reply.revision.label if reply.revision else ""
        if reply.revision and labels[label] > 1:
            label += f" of {_day(reply.revision.sent)}"
        about = f", on {label}" if label else ""
        note = _date_note(reply.mail.mail)
        lines.append(
            f"   {mark} {_day(reply.mail.mail.date)}  {reply.mail.kind:<13} {who}{bot}{about}{note}"
        )
        if not reply.mail.bot:
            lines += [f"        {line}" for line in _excerpt(reply.mail.body.text)]
    return lines


def _story_lines(tracked: Tracked) -> list[str]:
    """What happened, a line an event, with its proof: a mail or a commit."""
    lines = ["  story"]
    for event in story(tracked):
        if event.kind is not StoryKind.LATER:
            proof = (
                f"  <{event.proof}>"
                if "@" in event.proof
                else f"  {event.proof}"
                if event.proof
                else ""
            )
            lines.append(
                f"    {f'{event.when:%Y-%m-%d}' if event.when else 'now       '} "
                f" {one_line(event.text + proof)}"
            )
    return lines


def _no_release(how: str) -> str:
    return (
        ", in no release yet"
        if how.startswith("in the repository")
        else ", first release unknown without a repository (-C DIR)"
    )


def _counted(patches: int) -> str:
    return f"{patches} patch{'es' if patches != 1 else ''}"


def _excerpt(text: str, most: int = 24) -> list[str]:
    lines = [line.rstrip() for line in printable(text).split("\n")]
    lines_shown = [line for at, line in enumerate(lines) if line or (at and lines[at - 1])]
    return [
        *(crop(line, 110) for line in lines_shown[:most]),
        *(["…"] if len(lines_shown) > most else []),
    ]


def _date_note(mail: Mail) -> str:
    return f" ({mail.date_note})" if mail.date_note else ""


def _day(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d}" if when else "????-??-??"


def classified_text(files: ClassifiedFiles) -> str:
    """One line a mail, its tags below it."""
    broad = max((width(str(classified.mail.kind)) for classified in files.mails), default=0)
    lines = []
    for classified in files.mails:
        mail = classified.mail
        lines.append(
            f"{printable(classified.source)}: {mail.kind:<{broad}}"
            f" {classified.confidence:.2f}{' bot' if mail.bot else ''} "
            f" {crop(printable(mail.mail.subject), 80)}"
        )
        lines += [
            f"    {printable(str(tag))}"
            + ("" if tag.credited else f"  [not credited: {printable(tag.why)}]")
            for tag in mail.trailers
        ]
    return "\n".join(lines)
