# SPDX-License-Identifier: GPL-2.0-or-later
"""Events of a series reported in mails: applied, queued, failed, rejected, withdrawn."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from patchpilot.projects.loading import default_project
from patchpilot.threads.mail_kinds import STABLE, MailKind
from patchpilot.threads.thread_match import Attached

_TAKEN_BACK = re.compile(
    r"\b(?:dropp?(?:ed|ing|s)?\b(?! a note)|revert(?:ed|ing)?|not really|wrong (?:branch|tree|patch|version)|un-?applied|"
    r"removed (?:it|this)|please (?:drop|don't|do not)|"
    r"should not be (?:applied|backported|merged|added|queued)|do(?:es)? not (?:apply|backport|take|queue) this|"
    r"don't (?:apply|backport|take|queue) (?:this|it)|not (?:be )?(?:suitable|needed|applicable) (?:for|in|to))\b",
    re.IGNORECASE,
)
_KEPT = re.compile(r"\b(?:not|n't|never|why)\s+(?:\w+\s+)?(?:drop|revert)|should (?:i|we) (?:drop|revert)", re.IGNORECASE)
_OTHERS = re.compile(
    r"\b(?:version (?:from|by|of) |(?:someone|somebody) else|superseded|another patch|(?:same|identical|similar) patch|"
    r"already (?:fixed|applied|merged))\b",
    re.I,
)
_REMOVED = re.compile(r"\bremoved from\b.*-mm|^\s*\[(?P<why>[\w ./-]+)\] .*removed", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Event:
    """An event reported in a mail; `what` is applied, merged (mainline), queued, review, proposed, failed (stable) or refused; `tree`,
    `commit`, `version` where reported; `withdrawn` says in whose words it was taken back."""

    what: str
    date: datetime | None
    message_id: str
    by: str
    tree: str | None = None
    commit: str | None = None
    version: str | None = None
    patch: int | None = None
    title: str | None = None
    withdrawn: str | None = None


def events_of(attached: Sequence[Attached]) -> tuple[Event, ...]:
    """The events in a series' mails, in the mails' order; those withdrawn in a reply are marked."""
    events: list[Event] = []
    at: dict[str, list[int]] = {}
    for reply in attached:
        new = _events(reply)
        for event in new:
            at.setdefault(reply.mail.mail.message_id, []).append(len(events))
            events.append(event)
        if not new and reply.parent is not None and (words := _taken_back(reply)):
            parents = at.get(reply.parent.mail.message_id, [])
            for place in parents:
                events[place] = replace(events[place], withdrawn=words)
            if parents and _OTHERS.search(words):
                events.append(Event("superseded", reply.mail.mail.date, reply.mail.mail.message_id, reply.mail.sender.trailer()))
    return tuple(events)


def _taken_back(reply: Attached) -> str | None:
    if (
        reply.mail.bot
        or reply.parent is None
        or reply.parent.kind not in (*STABLE, MailKind.APPLIED, MailKind.TIP_COMMIT, MailKind.MM_COMMIT)
    ):
        return None
    words = reply.mail.body.text
    match = _TAKEN_BACK.search(words)
    if not match or _KEPT.search(words):
        return None
    sentence = re.search(r"[^.!?]*" + re.escape(match[0]) + r"[^.!?\n]*", words)
    return " ".join((sentence[0] if sentence else match[0]).split())[:160]


def _events(reply: Attached) -> list[Event]:
    mail = reply.mail
    place, kind = mail.place, mail.kind
    base = Event("", mail.mail.date, mail.mail.message_id, mail.sender.trailer(), place.tree, patch=reply.patch)
    if kind is MailKind.APPLIED:
        if reply.under is not None:
            return [replace(base, what="queued", version=version) for version in reply.under.place.versions]
        if place.landings:
            return [
                replace(base, what="applied", commit=line.commit, patch=line.number or base.patch, title=line.title)
                for line in place.landings
                if line.commit
            ] or ([] if mail.robot == "patchwork-bot" else [replace(base, what="applied")])
        aim = reply.revision.backport_to if reply.revision else None
        return [replace(base, what="queued" if aim else "applied", commit=commit, version=aim) for commit in place.commits or (None,)]
    if kind is MailKind.TIP_COMMIT:
        return [replace(base, what="applied", commit=commit) for commit in place.commits or (None,)]
    if kind is MailKind.MM_COMMIT:
        return _mm(mail.mail.subject, base)
    if kind is MailKind.PULL_MERGED:
        return [replace(base, what="merged", tree=place.tree or default_project().mainline, commit=next(iter(place.commits), None))]
    what = {
        MailKind.STABLE_ADDED: "queued",
        MailKind.STABLE_REVIEW: "review",
        MailKind.AUTOSEL: "proposed",
        MailKind.STABLE_FAILED: "failed",
    }.get(kind)
    if what:
        commit = next(iter(place.commits), None)
        return [replace(base, what=what, commit=commit, version=version) for version in place.versions]
    if kind is MailKind.NACK:
        return [replace(base, what="refused", tree=None, title=mail.why)]
    return []


def _mm(subject: str, base: Event) -> list[Event]:
    removed = _REMOVED.search(subject)
    if not removed:
        return [replace(base, what="applied")]
    why = (removed["why"] or "").lower()
    if why.startswith("merged") or "folded" in why:
        return [replace(base, what="applied")]
    return [replace(base, what="refused" if any(word in why for word in ("nack", "reject")) else "dropped", title=why or "removed")]
