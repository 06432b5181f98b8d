# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups posted patches into revisions, and revisions into series."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from patchpilot.model.address import Address
from patchpilot.model.message_id import batch_of, linked_ids
from patchpilot.reading.mail_classifier import Classified, unquoted
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.posted_series import Post, PostedTopic, Revision
from patchpilot.reading.revision_links import link
from patchpilot.reading.vouched_addresses import without_strangers
from patchpilot.series.change_id import change_id_in

__all__ = ["Post", "PostedTopic", "Revision", "find_topics"]

_OWN_HISTORY = re.compile(
    r"^[\s*#-]{0,8}(?:\[\d{1,2}\]:?\s?)?(?:(?:links? to|changes? (?:in|since|from)|previous|prior|older?|the|version|series|rfc|patch) ){0,3}"  # noqa: E501
    r"\(?(?:rfc|patch)?[ -]?v(?P<version>\d{1,3})\b(?!\.\d)[^\n]{0,30}$",
    re.IGNORECASE,
)
"""The words before a link to an earlier version.

A link within a sentence may be to another series'.
"""
_CHANGES = re.compile(
    r"^---\s*\n(?:[^\n]*\n){0,4}?[\s*#-]{0,4}(?:changes (?:in|since) )?v(?P<version>[2-9])\b",
    re.IGNORECASE | re.MULTILINE,
)
"""The first version that the notes below the commit message name."""
_TOGETHER = timedelta(minutes=30)
_LATEST = 64
"""The sendings of an author among which one without references is looked for."""
_NEAR = 8
"""Sendings of an author before one that may have the same cover letter."""
_BEGINNING, _END = 1991, 2090


def find_topics(
    mails: Iterable[Classified], known: Sequence[Address] = (), anchor: str = ""
) -> tuple[PostedTopic, ...]:
    """Returns the series in these messages, the oldest first.

    `known` are addresses that were seen elsewhere. `anchor` is a message of a series whose sender
    is known.
    """
    mails = tuple(mails)
    answered = {mail.message_id: mail.mail.in_reply_to for mail in mails}
    posts = [
        _post(mail)
        for mail in mails
        if mail.kind in (MailKind.PATCH, MailKind.COVER) and not mail.is_reply
    ]
    revisions = [
        revision
        for group in _by_author(_without_notes(_with_covers(posts)))
        for revision in _revisions(group)
    ]
    topics = [
        replace(topic, revisions=completed(topic.revisions, answered))
        for group in link(revisions)
        for topic in _of_known(_in_order(group), known, anchor)
    ]
    return tuple(sorted(topics, key=lambda topic: topic.began))


def _of_known(
    series: Sequence[Revision], known: Sequence[Address], anchor: str
) -> Iterator[PostedTopic]:
    """The series without the later revisions of senders that are not known, and these as series of
    their own.
    """
    mine, others, identities = without_strangers(series, known, anchor)
    yield PostedTopic(_numbered(mine), identities, others)
    if others:
        yield from _of_known(others, known, anchor)


def _with_covers(posts: Sequence[Post]) -> list[Post]:
    """The posts; one without number and diff that a numbered patch of the same author answers, or
    the only patch of that version, is a cover letter, also one whose number is that of a set
    (`[PATCHSET v4 1/2]`)."""
    headed = {
        (post.mail.mail.in_reply_to, post.mail.sender.key)
        for post in posts
        if post.number
    }
    headed_alone = {
        (post.mail.mail.in_reply_to, post.mail.sender.key, post.mail.subject.version)
        for post in posts
        if post.number is None and post.mail.body.has_diff
    }
    found: list[Post] = []
    for post in posts:
        subject = post.mail.subject
        key = (post.message_id, post.mail.sender.key)
        heads = not post.mail.body.has_diff and (
            key in headed or (*key, subject.version) in headed_alone
        )
        if heads and (post.number is None or subject.of_set):
            post = replace(
                post,
                mail=replace(
                    post.mail, kind=MailKind.COVER, subject=subject._replace(number=0)
                ),
            )
        found.append(post)
    return found


def _without_notes(posts: Sequence[Post]) -> list[Post]:
    """The posts but those without a diff whose title a patch of the same author has: a note ("v2
    was sent") with the patch's subject.
    """
    patches = {
        (post.mail.sender.key, post.key) for post in posts if post.mail.body.has_diff
    }
    return [
        post
        for post in posts
        if post.is_cover
        or post.number
        or post.mail.body.has_diff
        or (post.mail.sender.key, post.key) not in patches
    ]


def _in_order(group: Sequence[Revision]) -> tuple[Revision, ...]:
    """The revisions as they were sent; by their numbers where a date cannot be right."""
    by_number = sorted(
        group,
        key=lambda sent: (
            sent.version,
            not sent.rfc if sent.version == 1 else True,
            sent.head.when,
        ),
    )
    if any(
        revision.sent is None or not _BEGINNING <= revision.sent.year < _END
        for revision in group
    ):
        return tuple(by_number)
    return tuple(sorted(by_number, key=lambda sent: sent.head.when))


def _numbered(group: Sequence[Revision]) -> tuple[Revision, ...]:
    """The revisions, one that was sent without its number as the version that its changelog begins
    with, or that it resends.
    """
    had = {revision.version for revision in group}
    found: list[Revision] = []
    for revision in group:
        if revision.resend and revision.version == 1 and found:
            found.append(replace(revision, version=found[-1].version))
            continue
        is_again = any(
            before.version == revision.version and before.rfc == revision.rfc
            for before in found
        )
        words = (
            _CHANGES.search(unquoted(revision.head.mail.mail.body))
            if is_again and revision.version == 1
            else None
        )
        number = int(words["version"]) if words else 1
        found.append(
            replace(revision, version=number)
            if words and number not in had
            else revision
        )
    return tuple(found)


def _post(mail: Classified) -> Post:
    text = unquoted(mail.mail.body)
    links: set[str] = set()
    earlier: dict[str, int] = {}
    for message_id, at in linked_ids(text):
        links.add(message_id)
        if at is not None and (version := _version_before(text, at)):
            earlier[message_id] = version
    return Post(
        mail, change_id_in(text.split("\n"), gerrit=True), frozenset(links), earlier
    )


def _version_before(text: str, at: int) -> int | None:
    """The version that the words before a link name it as; None for a link to something else."""
    start = text.rfind("\n", 0, at) + 1
    before = text[max(start, at - 90) : at]
    if not before.strip(" \t-*<[]()"):
        # a link on a line of its own, below the words
        end = max(start - 1, 0)
        before = text[text.rfind("\n", 0, end) + 1 : end][:90]
        if not before.rstrip().endswith(":"):
            return None
    words = _OWN_HISTORY.match(before)
    return int(words["version"]) if words else None


def _by_author(posts: Sequence[Post]) -> list[list[Post]]:
    groups: dict[str, list[Post]] = {}
    for post in posts:
        groups.setdefault(post.mail.sender.key, []).append(post)
    return list(groups.values())


def _revisions(posts: Sequence[Post]) -> list[Revision]:
    """Posts of one author, put together into the sendings they belong to."""
    sets: list[list[Post]] = []
    by_id: dict[str, list[Post]] = {}
    by_shape: dict[tuple[object, ...], list[list[Post]]] = defaultdict(list)
    # the numbers of a group's posts: looking at all of them for each post takes quadratic time
    taken: dict[int, set[int | None]] = defaultdict(set)
    for post in sorted(posts, key=lambda post: (post.when, post.number or 0)):
        mail, subject = post.mail.mail, post.mail.subject
        shape = (subject.version, subject.total, subject.resend, subject.rfc)
        home: list[Post] | None = None
        if subject.total or _is_lone_letter(by_id.get(mail.in_reply_to or "", ())):
            near = (
                by_id.get(reference)
                for reference in (mail.in_reply_to or "", *reversed(mail.references))
            )
            free = [
                group
                for group in near
                if group is not None and post.number not in taken[id(group)]
            ]
            home = next(
                (
                    group
                    for group in free
                    if _fits(group, shape) or _under_cover(group, post)
                ),
                None,
            )
        if (
            home is None
            and subject.total
            and (subject.total > 1 or subject.number == 0)
        ):
            latest = by_shape[shape][: -1 - _LATEST : -1]
            free = [group for group in latest if post.number not in taken[id(group)]]
            home = next((group for group in free if _together(group, post)), None)
        if home is None:
            home = []
            sets.append(home)
            by_shape[shape].append(home)
        home.append(post)
        taken[id(home)].add(post.number)
        by_id[post.message_id] = home
    return _whole([Revision(_version(group), in_place(group)) for group in sets])


def _version(posts: Sequence[Post]) -> int:
    """The version of posts sent together: the cover letter's where it has one, since its patches
    may count versions of their own.
    """
    covers = [post.mail.subject.version for post in posts if post.is_cover]
    return (
        max(covers)
        if max(covers, default=1) > 1
        else max(post.mail.subject.version for post in posts)
    )


def _is_lone_letter(group: Sequence[Post]) -> bool:
    """Whether a sending is a cover letter so far that counts no patches."""
    return len(group) == 1 and group[0].is_cover and group[0].mail.subject.total is None


def _whole(sent: Sequence[Revision]) -> list[Revision]:
    """The sendings, each with the patches that were sent again below it, corrected, and with a
    cover letter that was sent more than once.
    """
    whole: list[Revision] = []
    place: dict[str, int] = {}
    for one in sent:
        above = place.get(one.head.mail.mail.in_reply_to or "")
        if above is None or not _corrects(one, whole[above]):
            near = range(len(whole) - 1, max(-1, len(whole) - _NEAR), -1)
            above = next((at for at in near if _same_letter(whole[at], one)), None)
        if above is None:
            above = len(whole)
            whole.append(one)
        else:
            posts = in_place((*whole[above].posts, *one.posts))
            whole[above] = replace(
                whole[above],
                version=max(one.version, whole[above].version),
                posts=posts,
            )
        place.update((post.message_id, above) for post in one.posts)
    return whole


def _corrects(part: Revision, series: Revision) -> bool:
    """Whether some patches in the thread of a series, of no later version, replace those of the
    same number.
    """
    numbers = {post.number for post in series.patches if post.number}
    return (
        part.version <= series.version
        and {post.number for post in part.posts} < numbers
    )


def _same_letter(one: Revision, later: Revision) -> bool:
    """Whether a cover letter was sent twice within minutes, once without the patches."""
    first, second = one.head.mail.subject, later.head.mail.subject
    return (
        one.head.is_cover
        and later.head.is_cover
        and (first.title, first.total, first.rfc)
        == (second.title, second.total, second.rfc)
        and not (one.patches and later.patches)
        and _together(one.posts[:1], later.head)
    )


def _fits(group: Sequence[Post], shape: tuple[object, ...]) -> bool:
    # a cover letter may count no patches
    subjects = (post.mail.subject for post in group[:2])
    return any((it.version, it.total, it.resend, it.rfc) == shape for it in subjects)


def _under_cover(group: Sequence[Post], post: Post) -> bool:
    """Whether the post answers the group's cover letter and was sent with it, though their marks
    differ: a cover miscounts, or has a mark alone.
    """
    cover = group[0]
    if not cover.is_cover:
        return False
    stem = batch_of(cover.message_id)
    if stem is not None and stem == batch_of(post.message_id):
        return True
    # patches without a version are those of the cover letter that they answer
    same = post.mail.subject.version in (1, cover.mail.subject.version)
    return same and abs(post.when - cover.when) < _TOGETHER


def _together(group: Sequence[Post], post: Post) -> bool:
    """Whether the post was sent in one go with the group: by `git send-email`'s Message-ID, or
    within minutes.
    """
    stem, other = batch_of(group[-1].message_id), batch_of(post.message_id)
    return (stem is not None and stem == other) or abs(
        post.when - group[-1].when
    ) < _TOGETHER


_SAME_SENDING = timedelta(hours=1)
_MOST_REFERENCES = 50


def in_place(posts: Iterable[Post]) -> tuple[Post, ...]:
    """Sorts posts by number, the cover letter first."""
    return tuple(sorted(posts, key=lambda post: (not post.is_cover, post.number or 0)))


def completed(
    revisions: Sequence[Revision], answered: Mapping[str, str | None]
) -> tuple[Revision, ...]:
    """Returns the revisions in order, each with all its patches.

    `answered` maps each message of the threads to the message it answers. A revision that
    replaces some patches of the previous version gets the other patches from there. A revision
    without other changes is a resend of that version, or a part of it if it was sent within an
    hour.
    """
    found: list[Revision] = []
    known: dict[str, Post] = {}
    for revision in revisions:
        before = found[-1] if found else None
        if before is None:
            found.append(revision)
        elif whole := _with_the_rest(before, revision, known, answered):
            if before.carried and (before.version, False) == (
                whole.version,
                whole.is_again,
            ):
                found.pop()
            revision = whole
            found.append(whole)
        elif not _repeats(before, revision):
            found.append(revision)
        elif _is_soon(before, revision):
            posts = in_place((*before.posts, *revision.posts))
            found[-1] = replace(before, posts=posts)
        else:
            found.append(replace(revision, is_again=True))
        known.update((post.message_id, post) for post in revision.patches)
    return tuple(found)


def _with_the_rest(
    series: Revision,
    part: Revision,
    known: Mapping[str, Post],
    answered: Mapping[str, str | None],
) -> Revision | None:
    """The version that a few patches make with the others of the version before; None if it is a
    series of its own.

    As in b4, each has to be an answer to the patch of its number; `known` has the patches of
    all earlier versions by Message-ID.
    """
    is_fitting = part.version >= series.version and part.rfc == series.rfc
    is_other = part.head.is_cover or part.backport_to != series.backport_to
    if is_other or not is_fitting:
        return None
    is_again = part.version == series.version and not series.carried
    totals = {post.number: post.mail.subject.total for post in series.patches}
    new: dict[int, Post] = {}
    for post in part.patches:
        old = next(
            (known[above] for above in _above(post, answered) if above in known), None
        )
        number = old.number if old else None
        if old is None or number is None or not _takes_its_place(post, old):
            return None
        if is_again and not (post.content and post.content == old.content):
            return None
        if number not in totals or post.mail.subject.total not in (
            None,
            totals[number],
        ):
            return None
        subject = post.mail.subject._replace(number=number, total=totals[number])
        new[number] = replace(post, mail=replace(post.mail, subject=subject))
    rest = [post for post in series.posts if post.is_cover or post.number not in new]
    if all(post.is_cover for post in rest):
        return None
    carried = frozenset(post.message_id for post in rest)
    if part.version == series.version and not is_again:
        carried &= series.carried
    return Revision(part.version, in_place((*rest, *new.values())), carried, is_again)


def _above(post: Post, answered: Mapping[str, str | None]) -> Iterator[str]:
    """The mails that a post answers, the nearest first: by their own headers, then by its."""
    mail = post.mail.mail
    above = mail.in_reply_to
    for _ in range(_MOST_REFERENCES):
        if not above:
            break
        yield above
        above = answered.get(above)
    yield from reversed(mail.references[-_MOST_REFERENCES:])


def _takes_its_place(post: Post, old: Post) -> bool:
    """Whether a patch has the number of the one that it answers, or none and its title."""
    if post.number is None:
        return post.key == old.key
    return post.number == old.number


def _is_soon(before: Revision, revision: Revision) -> bool:
    """Whether a revision was sent within an hour of the one before it."""
    first, second = before.sent, revision.sent
    return bool(first and second and timedelta(0) <= second - first < _SAME_SENDING)


def _repeats(before: Revision, revision: Revision) -> bool:
    """Whether a revision has the version and the patches of the one before it, unchanged."""
    if revision.version != before.version or revision.resend or revision.pull_request:
        return False
    if (before.rfc, before.backport_to) != (revision.rfc, revision.backport_to):
        return False
    mine = [(post.key, post.content) for post in before.patches]
    yours = [(post.key, post.content) for post in revision.patches]
    return mine == yours and all(content for _, content in mine)
