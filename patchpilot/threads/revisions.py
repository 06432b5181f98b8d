# SPDX-License-Identifier: GPL-2.0-or-later
"""Which posted patches are one series, and which series are revisions of one work: by change-id, links, threading, else subject and author."""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from patchpilot.threads.classify import Classified, unquoted
from patchpilot.threads.kinds import Kind
from patchpilot.threads.mbox import when
from patchpilot.threads.posts import Post, Revision, Topic
from patchpilot.threads.sender import same_person

__all__ = ["Post", "Revision", "Topic", "find_topics"]

_CHANGE_ID = re.compile(r"^change-id:\s*(\S+)\s*$", re.MULTILINE | re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"')\]]{3,400}", re.IGNORECASE)
_NAMED_ID = re.compile(r"^message-id:\s{0,8}<?([^\s<>]{3,300})>?", re.MULTILINE | re.IGNORECASE)
_VERSION_BEFORE = re.compile(r"\bv(?P<version>\d{1,3})\b[^\n]{0,30}$", re.IGNORECASE)
_TOGETHER = timedelta(minutes=30)


def find_topics(mails: Iterable[Classified]) -> tuple[Topic, ...]:
    """The works among these mails, the one that began first in front."""
    posts = [_post(mail) for mail in mails if mail.kind in (Kind.PATCH, Kind.COVER) and not mail.is_reply]
    revisions = [revision for group in _by_author(posts) for revision in _revisions(group)]
    topics = [Topic(tuple(sorted(group, key=_order))) for group in _link(revisions)]
    return tuple(sorted(topics, key=lambda topic: min(when(one.head.mail.mail) for one in topic.revisions)))


def _order(revision: Revision) -> tuple[int, bool, datetime]:
    return revision.version, not revision.rfc if revision.version == 1 else True, when(revision.head.mail.mail)


def _post(mail: Classified) -> Post:
    text = unquoted(mail.mail.body)
    found = _CHANGE_ID.search(text)
    links: set[str] = {_clean_id(one) for one in _NAMED_ID.findall(text) if "@" in one}
    earlier: dict[str, int] = {}
    for url in itertools.islice(_URL.finditer(text[:200_000]), 500):
        message_id = _id_of(url[0])
        if message_id is None:
            continue
        links.add(message_id)
        before = _VERSION_BEFORE.search(text, max(0, url.start() - 40), url.start())
        if before:
            earlier[message_id] = int(before["version"])
    return Post(mail, found[1] if found else None, frozenset(links), earlier)


def _id_of(url: str) -> str | None:
    part = next((part for part in reversed(url.split("/")[3:]) if "@" in part or "%40" in part), None)
    return _clean_id(part) if part else None


def _clean_id(link: str) -> str:
    return link.replace("%40", "@").rstrip(").,;")


def _by_author(posts: Sequence[Post]) -> list[list[Post]]:
    groups: list[list[Post]] = []
    known: dict[str, list[Post]] = {}
    for post in posts:
        sender = post.mail.sender
        group = known.get(sender.key) or (known.get(f"name {sender.name.lower()}") if " " in sender.name else None)
        if group is None:
            group = []
            groups.append(group)
        group.append(post)
        known[sender.key] = known[f"name {sender.name.lower()}"] = group
    return groups


def _revisions(posts: Sequence[Post]) -> list[Revision]:
    """Posts of one author, put together into the sendings they belong to."""
    sets: list[list[Post]] = []
    by_id: dict[str, list[Post]] = {}
    by_shape: dict[tuple[object, ...], list[list[Post]]] = defaultdict(list)
    for post in sorted(posts, key=lambda one: (when(one.mail.mail), one.number or 0)):
        mail, subject = post.mail.mail, post.mail.subject
        shape = (subject.version, subject.total, subject.resend, subject.rfc)
        home: list[Post] | None = None
        if subject.total and (subject.total > 1 or subject.number == 0):
            near = (by_id.get(one) for one in (mail.in_reply_to or "", *reversed(mail.references)))
            home = next((group for group in near if group is not None and _fits(group, post, shape)), None)
            home = home or next(
                (group for group in reversed(by_shape[shape]) if _fits(group, post, shape) and _together(group, post)), None
            )
        if home is None:
            home = []
            sets.append(home)
            by_shape[shape].append(home)
        home.append(post)
        by_id[post.message_id] = home
    return [
        Revision(group[0].mail.subject.version, tuple(sorted(group, key=lambda one: (not one.is_cover, one.number or 0)))) for group in sets
    ]


def _fits(group: Sequence[Post], post: Post, shape: tuple[object, ...]) -> bool:
    first = group[0].mail.subject
    if (first.version, first.total, first.resend, first.rfc) != shape:
        return False
    return all(one.number != post.number for one in group)


def _together(group: Sequence[Post], post: Post) -> bool:
    """Whether the post was sent in one go with the group: by `git send-email`'s Message-ID, or within minutes."""
    stem, other = _stem(group[-1].message_id), _stem(post.message_id)
    return (stem is not None and stem == other) or abs(when(post.mail.mail) - when(group[-1].mail.mail)) < _TOGETHER


def _stem(message_id: str) -> str | None:
    found = re.match(r"^(\d{14}\.\d+)-\d+-|^(\d+-\d+)-git-send-email|^(.*-v\d+)-\d+-[0-9a-f]+@", message_id)
    return next((one for one in found.groups() if one), None) if found else None


def _link(revisions: Sequence[Revision]) -> list[list[Revision]]:
    """Revisions joined into works."""
    parent = list(range(len(revisions)))

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    by_change: dict[str, int] = {}
    by_title: dict[tuple[str, str], int] = {}
    by_id = {post.message_id: at for at, revision in enumerate(revisions) for post in revision.posts}
    for at, revision in enumerate(revisions):
        joins = [by_change.setdefault(post.change_id, at) for post in revision.posts if post.change_id]
        aim = revision.backport_to or ""
        for title in revision.titles:
            joins.append(by_title.setdefault((title, f"{revision.author.key} {aim}"), at))
            if " " in revision.author.name:
                joins.append(by_title.setdefault((title, f"{revision.author.name.lower()} {aim}"), at))
        if revision.version > 1 and not aim:
            named = {link for post in revision.posts for link in post.links}
            above = {one for post in revision.posts for one in (post.mail.mail.in_reply_to or "", *post.mail.mail.references)}
            joins += [by_id[one] for one in named | above if one in by_id and same_person(revisions[by_id[one]].author, revision.author)]
        for other in joins:
            parent[root(at)] = root(other)
    _join_renamed(revisions, root, parent)
    groups: dict[int, list[Revision]] = defaultdict(list)
    for at, revision in enumerate(revisions):
        groups[root(at)].append(revision)
    return list(groups.values())


def _join_renamed(revisions: Sequence[Revision], root: object, parent: list[int]) -> None:
    """Join a lone vN with an earlier version of the same author whose title is nearly the same (a reworded subject)."""
    find = root
    assert callable(find)
    late = [at for at, one in enumerate(revisions) if one.version > 1 and not one.backport_to]
    for at in late[:200]:
        mine = revisions[at]
        if any(find(other) == find(at) and revisions[other].version < mine.version for other in range(len(revisions)) if other != at):
            continue
        best, score = -1, 0.5
        for other, one in enumerate(revisions[:2000]):
            if one.version >= mine.version or one.backport_to or not same_person(one.author, mine.author):
                continue
            likeness = _likeness(one.head.title, mine.head.title)
            if likeness > score:
                best, score = other, likeness
        if best >= 0:
            parent[find(at)] = find(best)


def _likeness(one: str, other: str) -> float:
    mine, yours = set(re.findall(r"\w+", one.lower())), set(re.findall(r"\w+", other.lower()))
    return len(mine & yours) / max(1, len(mine | yours))
