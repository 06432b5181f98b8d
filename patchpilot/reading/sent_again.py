# SPDX-License-Identifier: GPL-2.0-or-later
"""Versions that repeat an earlier one or replace only a few of its patches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from patchpilot.reading.posted_series import Post, Revision

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
        elif both := _side_by_side(found, revision):
            found[-1] = both
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


def _side_by_side(found: Sequence[Revision], part: Revision) -> Revision | None:
    """The version that an unnumbered patch makes with those before it: patches of one series that
    were each sent alone as its next version; else None.
    """
    before = found[-1]
    series = next((it for it in reversed(found) if it.version < part.version), None)
    if series is None or (part.version, part.rfc) != (before.version, before.rfc):
        return None
    places = {post.key: post.mail.subject for post in series.patches}
    posts = (*before.posts, *part.posts)
    keys = [post.key for post in posts]
    is_whole = len(keys) >= len(places) or len(set(keys)) < len(keys)
    if is_whole or before.carried or part.head.number or not set(keys) <= places.keys():
        return None
    new = []
    for key, post in zip(keys, posts, strict=True):
        subject = post.mail.subject
        subject = subject._replace(number=places[key].number, total=places[key].total)
        new.append(replace(post, mail=replace(post.mail, subject=subject)))
    return replace(before, posts=in_place(new))


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
