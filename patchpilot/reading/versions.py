# SPDX-License-Identifier: GPL-2.0-or-later
"""Group posted patches into versions, and versions into series.

Posts belong to one sending by the message that they answer, or by their counts and Message-IDs.
Sendings belong to one series by a change-id, the thread, a link to an earlier version that is
named as such, and by an equal title or equal changes of the same author.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from patchpilot.model.address import Address, parse_address
from patchpilot.model.mail import Mail, batch_of, linked_ids
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import unique
from patchpilot.reading.posted_series import Post, PostedSeries, Revision
from patchpilot.reading.sender import same_person
from patchpilot.series.change_id import change_id_in

_OWN_HISTORY = re.compile(
    r"^[\s*#-]{0,8}(?:\[\d{1,2}\]:?\s?)?(?:(?:links? to|changes? (?:in|since|from)|previous|prior|older?|the|version|series|rfc|patch) ){0,3}"  # noqa: E501
    r"\(?(?:rfc|patch)?[ -]?v(?P<version>\d{1,3})\b(?!\.\d)[^\n]{0,30}$",
    re.IGNORECASE,
)
"""The words before a link to an earlier version.

A link within a sentence may be to another series'.
"""
_NAMED = re.compile(
    r"^(?:[A-Za-z-]{1,40}-by|cc|from): {0,12}(\S.{0,200}@.{1,200})$",
    re.MULTILINE | re.IGNORECASE,
)
_MESSAGE = 40_000
"""Characters of a patch in which its tags are searched."""
_TOGETHER = timedelta(minutes=30)
_ANOTHER_TIME = timedelta(days=550)
_LATEST = 8
"""Earlier sendings with the same title that a later one may go on with."""
_BEGINNING, _END = 1991, 2090


def posted_in(
    mails: Iterable[Mail], reader: MailReader | None = None
) -> tuple[PostedSeries, ...]:
    """Return the series that these messages post, without what is said about them."""
    reader = reader or MailReader()
    return find_series(map(reader.classify, unique(mails)))


def find_series(
    mails: Iterable[Classified], known: Sequence[Address] = (), anchor: str = ""
) -> tuple[PostedSeries, ...]:
    """Return the series that these messages post, the oldest first.

    Revisions from senders that neither the series nor `known` names are split off; the message
    `anchor` is the one whose sender is known (see `without_strangers`).
    """
    posts = [
        _post(mail)
        for mail in mails
        if mail.kind in (MailKind.PATCH, MailKind.COVER) and not mail.is_reply
    ]
    by_author: dict[str, list[Post]] = defaultdict(list)
    for post in sorted(_find_covers(posts), key=lambda it: (it.when, it.number or 0)):
        by_author[post.mail.sender.key].append(post)
    sent = [sending for group in by_author.values() for sending in _sendings(group)]
    sent.sort(key=lambda one: one.head.when)
    topics = (
        topic
        for group in _linked(sent)
        for topic in _known_revisions(group, known, anchor)
    )
    return tuple(sorted(topics, key=lambda topic: topic.began))


def _known_revisions(
    series: Sequence[Revision], known: Sequence[Address], anchor: str
) -> Iterator[PostedSeries]:
    """Yield the series; later versions by unknown senders become separate series."""
    mine, others, identities = without_strangers(_sort_revisions(series), known, anchor)
    yield PostedSeries(_completed(mine), identities, others)
    if others:
        yield from _known_revisions(others, known, anchor)


def named_in(post: Post) -> list[Address]:
    """Return the addresses in a patch or cover letter: its sender, recipients and tags."""
    mail = post.mail.mail
    tags = (parse_address(text) for text in _NAMED.findall(mail.body[:_MESSAGE]))
    return [
        post.mail.sender,
        mail.sender,
        *mail.to,
        *mail.cc,
        *(address for address in tags if address),
    ]


def without_strangers(
    revisions: Sequence[Revision], known: Sequence[Address], anchor: str = ""
) -> tuple[tuple[Revision, ...], tuple[Revision, ...], Identities]:
    """Separate versions by unknown senders from the other versions.

    Return the accepted revisions, the revisions by unknown senders, and the identities for which
    known senders vouch. The other revisions are judged from the one that contains the message
    `anchor`, otherwise from the first one by a `known` address, otherwise from the first one.
    Earlier revisions by unknown senders are kept as history but vouch for nobody.
    """
    given = Identities().add_addresses(known)
    named = next(
        (
            revision
            for revision in revisions
            if anchor in (post.message_id for post in revision.posts)
        ),
        None,
    )
    mine = (
        revision
        for revision in revisions
        if given.sender(revision.head.mail).key in given.names
    )
    first = named or next(mine, revisions[0])
    found = given.add_addresses(_earlier_links(first))
    kept, others = [], []
    is_later = False
    for revision in revisions:
        is_later = is_later or revision is first
        if revision is not first and found.knows(found.sender(revision.head.mail)):
            found = found.add_addresses([], _earlier_links(revision))
        elif revision is not first and is_later:
            others.append(revision)
            continue
        kept.append(revision)
    return tuple(kept), tuple(others), found


def _earlier_links(revision: Revision) -> list[Address]:
    return [address for post in revision.posts for address in named_in(post)]


def _post(mail: Classified) -> Post:
    text = mail.unquoted
    versions = {
        message_id: _version_before(text, at)
        for message_id, at in linked_ids(text)
        if at is not None
    }
    earlier = {message_id: it for message_id, it in versions.items() if it}
    return Post(mail, change_id_in(text.split("\n"), gerrit=True), earlier)


def _version_before(text: str, at: int) -> int:
    """Return the version mentioned before a link, or 0 if the link is about something else."""
    before = text[max(0, at - 200) : at]
    above, _, line = before.rpartition("\n")
    if not line.strip(" \t-*<[]()"):
        # a link on its own line, below the text
        line = above.rpartition("\n")[2].rstrip()
        if not line.endswith(":"):
            return 0
    words = _OWN_HISTORY.match(line[-90:])
    return int(words["version"]) if words else 0


def _find_covers(posts: Sequence[Post]) -> Iterator[Post]:
    """Yield the posts, and recognize cover letters among those without a number and diff.

    A patch by the same author with the same version replies to such a letter, even if it has a
    number (`[PATCHSET v4 1/2]`).
    """
    headed = {
        (it.mail.mail.in_reply_to, it.mail.sender.key, not it.number and it.shape[0])
        for it in posts
        if it.number or it.mail.body.has_diff
    }
    for post in posts:
        mail, subject = post.mail, post.mail.subject
        ids = post.message_id, mail.sender.key
        is_headed = (*ids, False) in headed or (*ids, subject.version) in headed
        is_set = post.number is None or subject.is_set
        if is_headed and is_set and not mail.body.has_diff:
            subject = subject._replace(number=0)
            mail = replace(mail, kind=MailKind.COVER, subject=subject)
            post = replace(post, mail=mail)
        yield post


_Sent = dict[int | None, Post]


def _sendings(posts: Sequence[Post]) -> list[Revision]:
    """Group one author's posts, oldest first, into postings."""
    sets: list[_Sent] = []
    by_id: dict[str, _Sent] = {}
    latest: dict[tuple[object, ...], _Sent] = {}
    for post in posts:
        above = (by_id[it] for it in post.mail.above if it in by_id)
        near = latest.get(post.shape, {})
        home = next((it for it in above if _is_under(it, post)), None)
        if home is None and _is_next(near, post):
            home = near
        if home is None:
            home = {}
            sets.append(home)
        home[post.number] = post
        by_id[post.message_id] = latest[post.shape] = home
    return [Revision(_version(it), in_place(it.values())) for it in sets]


def _is_under(sent: _Sent, post: Post) -> bool:
    """Return whether a post belongs to the posting that it replies to; the cover letter may
    miscount.
    """
    head, total = next(iter(sent.values())), post.mail.subject.total
    is_counted = total or (head.is_cover and head.mail.subject.total is None)
    if not is_counted or post.number in sent:
        return False
    if post.shape in (head.shape, next(reversed(sent.values())).shape):
        return True
    is_version = post.mail.subject.version in (1, head.mail.subject.version)
    return head.is_cover and (
        _is_batch(head, post) or (is_version and _is_soon(head, post))
    )


def _is_next(sent: _Sent, post: Post) -> bool:
    """Return whether an unthreaded post continues the preceding posts of the same form."""
    if not sent or post.number in sent or (post.mail.subject.total or 0) < 2:
        return False
    last = next(reversed(sent.values()))
    return _is_batch(last, post) or _is_soon(last, post)


def _is_batch(one: Post, other: Post) -> bool:
    batch = batch_of(one.message_id)
    return batch is not None and batch == batch_of(other.message_id)


def _is_soon(one: Post, other: Post) -> bool:
    return abs(other.when - one.when) < _TOGETHER


def _version(sent: _Sent) -> int:
    """Return a posting's version; its patches may be numbered differently."""
    head = sent[0].mail.subject.version if 0 in sent else 1
    return head if head > 1 else max(it.mail.subject.version for it in sent.values())


def in_place(posts: Iterable[Post]) -> tuple[Post, ...]:
    return tuple(sorted(posts, key=lambda post: (not post.is_cover, post.number or 0)))


def _linked(sent: Sequence[Revision]) -> list[list[Revision]]:
    """Group postings, oldest first, into series."""
    groups = [[at] for at in range(len(sent))]
    by_id = {post.message_id: at for at, it in enumerate(sent) for post in it.posts}
    known: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for at, mine in enumerate(sent):
        before = [
            by_id[id_]
            for post in mine.posts
            for id_ in (*post.mail.above, *post.earlier)
            if id_ in by_id and _follows(mine, sent[by_id[id_]], id_)
        ]
        for key in _keys(mine):
            near = reversed(known[key][-_LATEST:])
            is_id = len(key) == 1
            before += [it for it in near if is_id or _continues(mine, sent[it])][:1]
            known[key].append(at)
        for other in before:
            if groups[other] is not groups[at]:
                small, large = sorted((groups[at], groups[other]), key=len)
                large += small
                for moved in small:
                    groups[moved] = large
    unique = {id(group): group for group in groups}
    return [[sent[at] for at in group] for group in unique.values()]


def _follows(mine: Revision, yours: Revision, message_id: str) -> bool:
    """Return whether a later version replies to, or links to, an earlier one."""
    if mine.version < 2 or mine.backport_to or yours.version > mine.version:
        return False
    shares = bool(mine.titles & yours.titles)
    linked = any(
        post.earlier.get(message_id) == yours.version < mine.version
        for post in mine.posts
    )
    if not same_person(yours.author, mine.author):
        return linked and shares
    if linked and (shares or not mine.has_other_ids(yours)):
        return True
    # a fix in the thread of a series has its own versions
    is_part = shares or mine.head.number is not None or yours.patch_count < 2
    return is_part and any(message_id in post.mail.above for post in mine.posts)


def _keys(revision: Revision) -> Iterator[tuple[str, ...]]:
    """Yield keys shared by versions of a series: a change-id, or a title or change by one author
    for one tree.

    Pull requests are skipped, because they forward patches of several series.
    """
    yield from ((change_id,) for change_id in revision.change_ids)
    if revision.pull_request and revision.patch_count > 1:
        return
    author, name = revision.author.key, revision.author.name.lower()
    texts = revision.titles | {it.changes for it in revision.patches if it.changes}
    for who in {author, name if " " in name else author}:
        yield from ((text, who, revision.backport_to or "") for text in texts)


def _continues(mine: Revision, yours: Revision) -> bool:
    """Return whether versions with a common title or change are the same series, not two called
    "fix typo".
    """
    elsewhere = mine.files and yours.files and not mine.files & yours.files
    if elsewhere or mine.has_other_ids(yours):
        return False
    is_first = mine.version == yours.version and mine.rfc == yours.rfc
    is_late = abs(mine.head.when - yours.head.when) > _ANOTHER_TIME
    if is_first and is_late and not mine.resend:
        return False
    is_next = mine.version > yours.version
    known = {post.key for post in yours.patches}
    if is_next:
        known |= {post.changes or post.key for post in yours.patches}
    shared = [it for it in mine.patches if it.key in known or it.changes in known]
    is_most = 2 * len(shared) >= min(mine.patch_count, yours.patch_count)
    return is_most or ((is_next or yours.rfc) and mine.head.key == yours.head.key)


def _sort_revisions(group: Sequence[Revision]) -> list[Revision]:
    """Sort versions by date, or by number if a date is impossible."""
    is_dated = all(it.sent and _BEGINNING <= it.sent.year < _END for it in group)
    by_number = sorted(group, key=lambda it: (it.version, not it.rfc, it.head.when))
    return sorted(by_number, key=lambda it: it.head.when) if is_dated else by_number


def _completed(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Complete versions that contain only some of the patches.

    A revision that replaces some patches of the previous version gets the other patches from
    there; some patches sent again are of the same version.
    """
    found: list[Revision] = []
    known: dict[str, Post] = {}
    for revision in revisions:
        if found:
            before = found[-1]
            if revision.resend and revision.version == 1:
                revision = replace(revision, version=before.version)
            if whole := _complete_version(before, revision, known):
                revision = whole
                if whole.version == before.version:
                    found.pop()
            elif _repeats(before, revision):
                revision = replace(revision, is_again=True)
        found.append(revision)
        known.update((post.message_id, post) for post in revision.patches)
    return tuple(found)


def _complete_version(
    series: Revision, part: Revision, known: Mapping[str, Post]
) -> Revision | None:
    """Merge a few resent patches with the others of the previous version; return None for a
    separate series.

    As in b4, each must reply to the patch with its number; `known` has the patches of all earlier
    versions by Message-ID.
    """
    marks = [(it.rfc, it.backport_to) for it in (series, part)]
    if part.head.is_cover or marks[0] != marks[1]:
        return None
    totals = {post.number: post.mail.subject.total for post in series.patches}
    new: dict[int, Post] = {}
    for post in part.patches:
        old = next((known[it] for it in post.mail.above if it in known), None)
        if old is None or old.number not in totals or not old.number:
            return None
        total = totals[old.number]
        is_place = (
            post.key == old.key if post.number is None else post.number == old.number
        )
        if not is_place or post.mail.subject.total not in (None, total):
            return None
        subject = post.mail.subject._replace(number=old.number, total=total)
        new[old.number] = replace(post, mail=replace(post.mail, subject=subject))
    is_new = part.version > series.version
    rest = [it for it in series.posts if it.is_cover or it.number not in new]
    if all(post.is_cover for post in rest):
        return None
    if not is_new:
        return replace(series, posts=in_place((*series.posts, *new.values())))
    carried = frozenset(post.message_id for post in rest)
    return Revision(part.version, in_place((*rest, *new.values())), carried)


def _repeats(before: Revision, revision: Revision) -> bool:
    """Return whether a version resends the previous one unchanged."""
    first, second = (
        [
            it.version,
            it.rfc,
            it.backport_to,
            *((post.key, post.content) for post in it.patches),
        ]
        for it in (before, revision)
    )
    return first == second and all(it.changes for it in revision.patches)
