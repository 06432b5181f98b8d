# SPDX-License-Identifier: GPL-2.0-or-later
"""Assign messages to series, and determine which version each message posts or replies to.

Posts form one posting if they reply to the same message, or if their counts and Message-IDs match.
Postings form one series if they share a change-id or a thread, if one links to another as an
earlier version, or if they have the same author and the same title or diff. All other messages are
assigned to the message to which they reply, or to the title, commit or link that a bot quotes.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from itertools import chain
from types import MappingProxyType

from patchpilot.model.address import Address, parse_address
from patchpilot.model.bounded import EPOCH
from patchpilot.model.mail import Mail, find_batch_part, find_linked_ids
from patchpilot.model.patch import Subject, parse_subject
from patchpilot.projects.commit_marks import find_announced_title
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import OF_TREES, ROUNDS, STABLE, MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.reading.mbox import NO_ID, arrival_time, title_hash, unique
from patchpilot.reading.posted_series import PostedSeries, Reply, Revision
from patchpilot.reading.sender import is_same_person
from patchpilot.series.patch_pairing import title_key

_NAMED = re.compile(
    r"^(?:[A-Za-z-]{1,40}-by|cc|from): {0,12}(\S.{0,200}@.{1,200})$",
    re.MULTILINE | re.IGNORECASE,
)
_MESSAGE = 40_000
"""Number of characters of a patch that are searched for tags."""
_TOGETHER = timedelta(minutes=30)
_ANOTHER_TIME = timedelta(days=550)
_QUOTED = 16
"""Minimum length of a quoted line that identifies a patch."""
_LATEST = 8
"""Maximum number of earlier postings with the same title that are compared."""
_BEGINNING, _END = 1991, 2090
_TITLED = re.compile(
    r"just added the patch titled\s*\n\s*\n\s+(?P<title>\S[^\n]*(?:\n[ ]+\S[^\n]*)?)\n"
)
_MM_TITLE = re.compile(r"^\s+Subject: (?P<title>\S[^\n]*(?:\n[ ]{2,}\S[^\n]*)?)", re.MULTILINE)
_AUTHOR = re.compile(r"^(?:From|Author): {1,12}(\S.{0,200}@.{1,200})$", re.MULTILINE)

REPORTS = (*STABLE, *OF_TREES, MailKind.PULL_MERGED)
"""Kinds of messages that can be the first known ones about a patch."""
Anchors = Mapping[str, Sequence[str]]
"""The Message-IDs of requested series, each with the commits as which the series was merged."""

NO_ANCHORS: Anchors = MappingProxyType({})
_Posted = tuple[int, Revision, Classified]
_Place = tuple[int, Revision | None, Classified | None]


def posted_in(mails: Iterable[Mail], reader: MailReader | None = None) -> tuple[PostedSeries, ...]:
    """Return the series posted in these messages, without their states."""
    reader = reader or MailReader()
    return find_series([reader.classify(mail) for mail in unique(mails)])


def revisions_in(mails: Iterable[Mail], reader: MailReader | None = None) -> Iterator[Revision]:
    """Yield every version of every series posted in these messages."""
    for series in posted_in(mails, reader):
        yield from series.revisions


def find_series(
    mails: Sequence[Classified],
    known: Sequence[Address] = (),
    anchors: Anchors = NO_ANCHORS,
    *,
    with_reports: bool = False,
) -> tuple[PostedSeries, ...]:
    """Return the series in these messages, oldest first, with all messages about them.

    Versions by unknown senders are split off (see `without_strangers`). The addresses in `known`
    and the senders of the messages in `anchors` count as known. If `with_reports` is set, build
    series from the messages in `anchors` that start a discussion without a patch and, if there is
    no series, from bots' messages. Messages of the stable trees about a commit in `anchors` belong
    to its series, even if the commit has another title.
    """
    posts = [mail for mail in mails if mail.is_post and not mail.is_reply]
    posts += _find_versions_in_replies(posts, mails)
    by_author: dict[str, list[Classified]] = defaultdict(list)
    for post in sorted(_find_covers(posts), key=lambda it: (it.when, it.number or 0)):
        by_author[post.sender.key].append(post)
    postings = [sending for group in by_author.values() for sending in _group_posts(group)]
    postings.sort(key=lambda sending: sending.head.when)
    all_series = [
        series
        for group in _group_by_series(postings)
        for series in _known_revisions(group, known, anchors)
    ]
    all_series.sort(key=lambda series: series.began)
    if with_reports:
        posted_ids = frozenset[str]().union(*(series.post_ids for series in all_series))
        all_series += _find_discussions(mails, anchors.keys() - posted_ids)
    if with_reports and not all_series:
        all_series = _series_from_bots(mails)
    return tuple(
        replace(series, replies=replies, identities=_add_copied_addresses(series, replies))
        for series, replies in zip(all_series, _attach(all_series, mails, anchors), strict=True)
    )


def _find_versions_in_replies(
    posts: Sequence[Classified], mails: Sequence[Classified]
) -> list[Classified]:
    """Return the next versions that authors sent with `Re:` in the subject."""
    versions: dict[tuple[str, str], int] = {}
    for post in posts:
        key = post.sender.key, post.key
        versions[key] = max(versions.get(key, 0), post.subject.version)
    return [
        replace(mail, is_reply=False)
        for mail in mails
        if mail.is_reply and mail.kind is MailKind.PATCH and mail.subject.is_patch
        if 0 < versions.get((mail.sender.key, mail.key), 0) < mail.subject.version
    ]


def _known_revisions(
    series: Sequence[Revision], known: Sequence[Address], anchors: Container[str]
) -> Iterator[PostedSeries]:
    """Yield each series. Yield later versions by unknown senders as separate series."""
    mine, others, identities = without_strangers(_sort_revisions(series), known, anchors)
    yield PostedSeries(_complete_versions(mine), identities, others)
    if others:
        yield from _known_revisions(others, known, anchors)


def without_strangers(
    revisions: Sequence[Revision],
    known: Sequence[Address],
    anchors: Container[str],
) -> tuple[tuple[Revision, ...], tuple[Revision, ...], Identities]:
    """Separate later versions by unknown senders from a series.

    Return the accepted revisions, the other revisions, and the resulting known addresses. Trust
    starts at the revision that contains a message in `anchors`. If there is none, it starts at the
    first revision sent from a `known` address, and otherwise at the first revision. Earlier
    revisions by unknown senders are kept, but their addresses are not trusted.
    """
    identities = Identities().add_addresses(known)
    by_known = (it for it in revisions if identities.sender(it.head).key in identities.names)
    anchored = (it for it in revisions if any(post.message_id in anchors for post in it.posts))
    first = next(chain(anchored, by_known), revisions[0])
    identities = identities.add_addresses(_find_named_addresses(first))
    accepted: list[Revision] = []
    rejected: list[Revision] = []
    for revision in revisions:
        is_known = revision is not first and identities.knows(identities.sender(revision.head))
        if is_known:
            identities = identities.add_addresses([], _find_named_addresses(revision))
        is_other = not is_known and first in accepted
        (rejected if is_other else accepted).append(revision)
    return tuple(accepted), tuple(rejected), identities


def _find_named_addresses(revision: Revision) -> Iterator[Address]:
    for post in revision.posts:
        mail = post.mail
        tags = map(parse_address, _NAMED.findall(mail.body[:_MESSAGE]))
        yield from (post.sender, mail.sender, *mail.to, *mail.cc)
        yield from filter(None, tags)


def _find_covers(posts: Sequence[Classified]) -> Iterator[Classified]:
    """Yield the posts, after marking cover letters.

    A post without a diff is a cover letter if patches by the same author and with the same version
    reply to it. It may be numbered (`[PATCHSET v4 1/2]`).
    """
    headed = {
        (it.mail.in_reply_to, it.sender.key, not it.number and it.shape[0])
        for it in posts
        if it.number or it.body.has_diff
    }
    for post in posts:
        subject = post.subject
        ids = post.message_id, post.sender.key
        is_headed = (*ids, False) in headed or (*ids, subject.version) in headed
        is_set = post.number is None or subject.is_set
        if is_headed and is_set and not post.body.has_diff:
            subject = subject._replace(number=0)
            post = replace(post, kind=MailKind.COVER, subject=subject)
        yield post


_PostsByNumber = dict[int | None, Classified]


def _group_posts(posts: Sequence[Classified]) -> list[Revision]:
    """Group the posts of one author, oldest first, into postings."""
    sets: list[_PostsByNumber] = []
    by_id: dict[str, _PostsByNumber] = {}
    latest: dict[tuple[object, ...], _PostsByNumber] = {}
    for post in posts:
        parents = (by_id[it] for it in post.above if it in by_id)
        latest_set = latest.get(post.shape, {})
        if post.subject.inserted_after is None:
            posting = next((it for it in parents if _belongs_to(it, post)), None)
        else:
            posting, post = _insert_post(post, (*parents, latest_set))
        if posting is None and _continues_posting(latest_set, post):
            posting = latest_set
        if posting is None:
            posting = {}
            sets.append(posting)
        posting[post.number] = post
        by_id[post.message_id] = latest[post.shape] = posting
    return [Revision(_posting_version(it), _sort_posts(it.values())) for it in sets]


def _insert_post(
    post: Classified, postings: Sequence[_PostsByNumber]
) -> tuple[_PostsByNumber | None, Classified]:
    """Return the posting into which a patch such as `[PATCH 2.5/3]` was inserted later.

    Also return the patch, with the next free number of this posting. If none of the postings has
    the patch before it, return None and the patch without a number.
    """
    after = post.subject.inserted_after
    for posting in postings:
        total = max((it.subject.total or 0 for it in posting.values()), default=0)
        if total > 1 and (not after or after in posting):
            number = max(total, *(it or 0 for it in posting)) + 1
            subject = post.subject._replace(number=number, total=total)
            return posting, replace(post, subject=subject)
    return None, post


def _belongs_to(posting: _PostsByNumber, post: Classified) -> bool:
    """Return whether a post belongs to the posting to which it replies.

    The number of patches that the cover letter states may be wrong.
    """
    head, total = next(iter(posting.values())), post.subject.total
    is_counted = total or (head.is_cover and head.subject.total is None)
    if not is_counted or post.number in posting:
        return False
    if post.shape in (head.shape, next(reversed(posting.values())).shape):
        return True
    is_version = post.subject.version in (1, head.subject.version)
    return head.is_cover and (
        _share_batch_id(head, post) or (is_version and _sent_together(head, post))
    )


def _continues_posting(posting: _PostsByNumber, post: Classified) -> bool:
    """Return whether an unthreaded post continues the preceding posts with the same prefix."""
    if not posting or post.number in posting or (post.subject.total or 0) < 2:
        return False
    last = next(reversed(posting.values()))
    return _share_batch_id(last, post) or _sent_together(last, post)


def _share_batch_id(first: Classified, second: Classified) -> bool:
    batch = find_batch_part(first.message_id)
    return bool(batch) and batch == find_batch_part(second.message_id)


def _sent_together(first: Classified, second: Classified) -> bool:
    return abs(second.when - first.when) < _TOGETHER


def _posting_version(posting: _PostsByNumber) -> int:
    """Return the version of a posting. Its patches may have different version numbers."""
    head = posting[0].subject.version if 0 in posting else 1
    return head if head > 1 else max(post.subject.version for post in posting.values())


def _sort_posts(posts: Iterable[Classified]) -> tuple[Classified, ...]:
    return tuple(sorted(posts, key=lambda post: (not post.is_cover, post.number or 0)))


def _group_by_series(postings: Sequence[Revision]) -> list[list[Revision]]:
    groups = [[index] for index in range(len(postings))]
    by_id = {post.message_id: index for index, it in enumerate(postings) for post in it.posts}
    indexes_by_key: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for index, revision in enumerate(postings):
        keys = tuple(_grouping_keys(revision))
        is_first = not any(indexes_by_key.get(key) for key in keys)
        related = [
            by_id[id_]
            for post in revision.posts
            for id_ in (*post.above, *post.earlier, *post.superseded)
            if id_ in by_id and _follows(revision, postings[by_id[id_]], id_, is_first=is_first)
        ]
        for key in keys:
            recent = reversed(indexes_by_key[key][-_LATEST:])
            is_id = len(key) == 1
            related += [it for it in recent if is_id or _continues(revision, postings[it])][:1]
            indexes_by_key[key].append(index)
        for other in related:
            if groups[other] is not groups[index]:
                small, large = sorted((groups[index], groups[other]), key=len)
                large += small
                for moved in small:
                    groups[moved] = large
    unique = {id(group): group for group in groups}
    return [[postings[index] for index in group] for group in unique.values()]


def _follows(later: Revision, earlier: Revision, message_id: str, *, is_first: bool) -> bool:
    """Return whether a version is a later version of the one to which it replies or links.

    `is_first` is set if no earlier posting has one of its titles. Then it may be the patches of the
    other version, squashed.
    """
    if any(message_id in post.superseded for post in later.posts):
        is_later = earlier.head.when <= later.head.when
        return is_later and is_same_person(earlier.author, later.author)
    if later.version < 2 or later.backport_to or earlier.version > later.version:
        return False
    shares = bool(later.titles & earlier.titles)
    linked = any(
        post.earlier.get(message_id) == earlier.version < later.version for post in later.posts
    )
    if not is_same_person(earlier.author, later.author):
        return linked and shares
    if linked and (shares or not later.has_other_ids(earlier)):
        return True
    # a fix posted in another series' thread has its own version numbers
    is_next = later.version == earlier.version + 1
    is_squashed = is_next and bool(later.files) and later.files <= earlier.files
    is_single = later.head.number is None and earlier.patch_count > 1
    is_part = shares or (is_first and (is_squashed or not is_single))
    return is_part and any(message_id in post.above for post in later.posts)


def _grouping_keys(revision: Revision) -> Iterator[tuple[str, ...]]:
    """Yield keys that versions of the same series have in common.

    They are change-ids, and titles and diffs with the author and tree. Skip pull requests, because
    they contain patches from several series.
    """
    yield from ((change_id,) for change_id in revision.change_ids)
    if revision.is_pull_request and revision.patch_count > 1:
        return
    author, name = revision.author.key, revision.author.name.lower()
    texts = revision.titles | {it.changes for it in revision.patches if it.changes}
    for author_key in {author, name if " " in name else author}:
        yield from ((text, author_key, revision.backport_to or "") for text in texts)


def _continues(later: Revision, earlier: Revision) -> bool:
    """Return whether two versions with a common title or diff belong to one series.

    Unrelated series may use short titles such as "fix typo".
    """
    elsewhere = later.files and earlier.files and not later.files & earlier.files
    if elsewhere or later.has_other_ids(earlier):
        return False
    is_first = later.version == earlier.version and later.is_rfc == earlier.is_rfc
    is_late = abs(later.head.when - earlier.head.when) > _ANOTHER_TIME
    if is_first and is_late and not later.is_resend:
        return False
    is_next = later.version > earlier.version
    earlier_keys = {post.key for post in earlier.patches}
    if is_next:
        earlier_keys |= {post.changes or post.key for post in earlier.patches}
    shared = [
        patch
        for patch in later.patches
        if patch.key in earlier_keys or patch.changes in earlier_keys
    ]
    is_most = 2 * len(shared) >= min(later.patch_count, earlier.patch_count)
    return is_most or ((is_next or earlier.is_rfc) and later.head.key == earlier.head.key)


def _sort_revisions(group: Sequence[Revision]) -> list[Revision]:
    """Sort versions by date. If a date is implausible, sort them by number."""
    by_number = sorted(group, key=lambda it: (it.version, not it.is_rfc, it.head.when))
    if all(it.sent and _BEGINNING <= it.sent.year < _END for it in group):
        by_number.sort(key=lambda it: it.head.when)
    return by_number


def _complete_versions(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Complete versions that contain only some of the patches.

    If a version replaces some patches of the previous version, take the other patches from there.
    If patches were resent under the same version number, merge them into that version.
    """
    completed: list[Revision] = []
    posts_by_id: dict[str, Classified] = {}
    for revision in revisions:
        if completed:
            previous = completed[-1]
            if revision.is_resend and revision.version == 1:
                revision = replace(revision, version=previous.version)
            if merged := _complete_version(previous, revision, posts_by_id):
                revision = merged
                if merged.version == previous.version:
                    completed.pop()
            elif _repeats(previous, revision):
                revision = replace(revision, is_again=True)
        completed.append(revision)
        posts_by_id.update((post.message_id, post) for post in revision.patches)
    return tuple(completed)


def _complete_version(
    series: Revision, part: Revision, posts_by_id: Mapping[str, Classified]
) -> Revision | None:
    """Merge resent patches into the previous version. Return None if they are a separate series.

    As in b4, each patch must reply to the patch with the same number. `posts_by_id` contains the
    patches of all earlier versions.
    """
    if part.head.is_cover or _posting_marks(series) != _posting_marks(part):
        return None
    totals = {post.number: post.subject.total for post in series.patches}
    new: dict[int, Classified] = {}
    for post in part.patches:
        old = next((posts_by_id[it] for it in post.above if it in posts_by_id), None)
        if old is None or old.number not in totals or not old.number:
            return None
        total = totals[old.number]
        is_same = post.key == old.key if post.number is None else post.number == old.number
        if not is_same or post.subject.total not in (None, total):
            return None
        subject = post.subject._replace(number=old.number, total=total)
        new[old.number] = replace(post, subject=subject)
    is_new = part.version > series.version
    unchanged = [it for it in series.posts if it.is_cover or it.number not in new]
    if all(post.is_cover for post in unchanged):
        return None
    if not is_new:
        return replace(series, posts=_sort_posts((*series.posts, *new.values())))
    carried = frozenset(post.message_id for post in unchanged)
    return Revision(part.version, _sort_posts((*unchanged, *new.values())), carried)


def _posting_marks(revision: Revision) -> tuple[object, ...]:
    return revision.is_rfc, revision.backport_to


def _repeats(previous: Revision, revision: Revision) -> bool:
    first, second = (
        [*_posting_marks(it), *((post.key, post.content) for post in it.patches)]
        for it in (previous, revision)
    )
    is_same = previous.version == revision.version and first == second
    return is_same and all(it.changes for it in revision.patches)


def parse_title(mail: Classified) -> str | None:
    """Return the title of the patch that a bot's message is about, or None."""
    text = mail.mail.body[:8000]
    if mail.kind in (*ROUNDS, MailKind.TIP_COMMIT):
        return mail.subject.title
    is_queued = mail.kind in (MailKind.STABLE_ADDED, MailKind.STABLE_FAILED)
    pattern = _MM_TITLE if mail.kind is MailKind.MM_COMMIT else _TITLED
    if is_queued or mail.kind in (MailKind.MM_COMMIT, MailKind.APPLIED):
        if titled := pattern.search(text):
            return " ".join(titled["title"].split())
        if is_queued and (quoted := find_announced_title(mail.mail.subject)):
            return parse_subject(quoted).title
    return None


def _attach(
    all_series: Sequence[PostedSeries], mails: Sequence[Classified], anchors: Anchors
) -> Iterator[tuple[Reply, ...]]:
    """Yield the messages about each series, in the order of the series.

    A message is about the post to which it replies. If it has no references, it is matched by
    subject. The posts are included only if they answer a discussion without a patch.
    """
    posted = Posts(all_series)
    posted.add_commits(anchors)
    by_id = {mail.message_id: mail for mail in mails}
    places: dict[str, _Place] = {
        it: (index, None, None) for index, series in enumerate(all_series) for it in series.missing
    }
    places |= posted.by_id
    stable_parents: dict[str, Classified | None] = {}
    guessed: set[str] = set()
    order = {message_id: number for number, message_id in enumerate(by_id)}
    replies: list[list[Reply]] = [[] for _ in all_series]
    for mail in _parents_first(mails):
        if mail.message_id in posted.by_id:
            for number, revision, post in _find_answered_discussions(mail, places, all_series):
                replies[number].append(Reply(mail, revision, post, None))
            continue
        parent = next((by_id[it] for it in mail.above if it in by_id), None)
        under = stable_parents.get(parent.message_id) if parent else None
        is_stable = mail.kind in STABLE
        stable_parents[mail.message_id] = mail if is_stable else under
        place, is_guessed = posted.quoted(mail), False
        if place is None and mail.above:
            place, is_guessed = _find_answered_place(mail, places, by_id, guessed)
        elif place is None:
            place = posted.find_titled(mail) or posted.find_by_quoted_lines(mail)
        if place is None:
            continue
        places[mail.message_id] = place
        if is_guessed:
            guessed.add(mail.message_id)
        index, revision, post = place
        reply = Reply(mail, revision, post, parent, under, is_guessed=is_guessed)
        replies[index].append(reply)
        is_taken = mail.kind in (MailKind.APPLIED, MailKind.TIP_COMMIT)
        if is_taken and all_series[index].identities.vouch_for(mail):
            posted.commits.update((it[:12], index) for it in mail.placement.commits)
    return (
        tuple(sorted(attached, key=lambda reply: order[reply.message_id])) for attached in replies
    )


def _find_answered_discussions(
    mail: Classified, places: Mapping[str, _Place], all_series: Sequence[PostedSeries]
) -> list[_Place]:
    """Return the place of the discussion that a patch answers, if it answers one."""
    answered = (places[it] for it in mail.above if it in places)
    return [place for place in answered if all_series[place[0]].is_discussion][:1]


def _find_answered_place(
    mail: Classified,
    places: Mapping[str, _Place],
    by_id: Mapping[str, Classified],
    guessed: Set[str],
) -> tuple[_Place | None, bool]:
    """Return the place of the message that a reply answers, and whether it is a guess.

    The answered message is the one in In-Reply-To. If it is missing, use the place of the nearest
    ancestor in References, whose order is not trusted because some mail programs reverse it.
    """
    known = [it for it in mail.above if it in places]
    if not known:
        return None, False
    if known[0] == mail.above[0]:
        return places[known[0]], known[0] in guessed
    older = {id_ for it in known if it in by_id for id_ in by_id[it].above}
    nearest = next((it for it in known if it not in older), known[0])
    index, revision, post = place = places[nearest]
    if revision is None or post is None:
        return place, False
    if nearest not in guessed and _is_only_answerable(mail, nearest, revision, post):
        return place, False
    titled = [patch for patch in revision.patches if patch.key == mail.key]
    return (index, revision, titled[0] if len(titled) == 1 else post), True


def _is_only_answerable(
    mail: Classified, nearest: str, revision: Revision, post: Classified
) -> bool:
    """Return whether the missing parent of a message can only be about `post`.

    `nearest` is the nearest known ancestor. If References lacks the parent, other ancestors may be
    missing from it as well. Otherwise, the parent may be about any patch below `nearest`, or it may
    be a patch.
    """
    is_threaded = mail.above[0] in mail.mail.references
    is_incomplete = (post.subject.total or 1) > revision.patch_count
    return not (is_incomplete and nearest == post.message_id) and not any(
        nearest in other.above or not is_threaded for other in revision.posts if other is not post
    )


def _series_from_bots(mails: Sequence[Classified]) -> list[PostedSeries]:
    """Return series that are known only from bots' messages, for example from the stable queue.

    Only the patch's title, the author named in the message, and perhaps the Message-ID are known.
    """
    by_title: dict[str, PostedSeries] = {}
    for mail in mails:
        if mail.kind not in REPORTS or not is_bot_address(mail.sender):
            continue
        title = parse_title(mail) or mail.subject.title
        authors = find_named_authors(mail)
        links = (it for it, _ in find_linked_ids(mail.mail.body))
        key = title_key(title)
        # in a stable review, patches reply to the first message of the review
        parent_id = None if mail.kind in ROUNDS else mail.mail.in_reply_to
        message_id = parent_id or next(links, f"{title_hash(key)}@{NO_ID}")
        patch_mail = mail.mail._replace(
            message_id=message_id, in_reply_to=None, references=(), date=None
        )
        is_pull = mail.kind is MailKind.PULL_MERGED
        post = replace(
            mail,
            mail=patch_mail,
            sender=authors[0] if authors else Address("an unknown author", ""),
            subject=Subject(title, title, ("GIT PULL",) if is_pull else ()),
            kind=MailKind.COVER if is_pull else MailKind.PATCH,
        )
        revision = Revision(1, (post,))
        known = Identities().add_addresses(authors)
        by_title.setdefault(key, PostedSeries((revision,), known, only_reported=True))
    return list(by_title.values())


def _find_discussions(mails: Sequence[Classified], anchors: Set[str]) -> list[PostedSeries]:
    """Return the threads that start with these messages, which are no patches.

    Each is like a series with a cover letter and no patches.
    """
    return [
        PostedSeries(
            (Revision(1, (replace(mail, kind=MailKind.COVER),)),),
            Identities().add_addresses(_find_named_addresses(Revision(1, (mail,)))),
            is_discussion=True,
        )
        for mail in mails
        if mail.message_id in anchors and not (mail.is_reply or mail.is_post)
        if not (mail.bot or mail.semi or mail.kind in REPORTS)
    ]


class Posts:
    """An index that finds posts by Message-ID or title, and series by commit id."""

    def __init__(self, every: Sequence[PostedSeries]) -> None:
        self._all_series = every
        self.by_id: dict[str, _Posted] = {
            post.message_id: (at, revision, post)
            for at, series in enumerate(every)
            for revision in series.revisions
            for post in revision.posts
        }
        self.titles: dict[str, list[_Posted]] = defaultdict(list)
        for place in self.by_id.values():
            self.titles[place[2].key].append(place)
        self.commits: dict[str, int] = {}

    def add_commits(self, anchors: Anchors) -> None:
        for index, series in enumerate(self._all_series):
            for anchor in anchors.keys() & series.post_ids:
                self.commits |= {it[:12]: index for it in anchors[anchor]}

    def quoted(self, mail: Classified) -> _Place | None:
        """Return the post that a bot's message refers to by commit, link or title, or None."""
        is_stable = mail.kind in STABLE
        if not is_stable and mail.kind not in OF_TREES:
            return None
        authors = find_named_authors(mail)
        if is_stable:
            ids = (self.commits.get(it[:12]) for it in mail.placement.commits)
            linked = (self.by_id.get(it) for it, _ in find_linked_ids(mail.mail.body))
            keys = {author.key for author in authors}
            by_link = (it[0] for it in linked if it and it[2].sender.key in keys)
            indexes = (it for it in (*ids, *by_link) if it is not None)
            index = next((it for it in indexes if self._all_series[it].may_have(mail)), None)
            if index is not None:
                return index, None, None
        # prefer the author's own patch, because other people may have forwarded patches with the
        # same title
        places = [
            place
            for place in self._find_by_title(mail, parse_title(mail) or "")
            if not authors or is_by(authors, patch_authors(place[2]))
        ]
        if not places:
            return None
        places.sort(key=lambda it: (is_by(authors, [it[2].sender]), not it[1].backport_to))
        return (places[-1][0], None, None) if is_stable else places[-1]

    def _find_by_title(self, mail: Classified, title: str) -> Iterator[_Posted]:
        """Yield the posts with a title, without backports to other branches than the mail's."""
        for place in self.titles.get(title_key(title), ()):
            if self._all_series[place[0]].may_have(mail):
                yield place

    def find_titled(self, mail: Classified) -> _Place | None:
        """Return the earlier post to which a reply without references belongs, or None.

        The post is found by subject and participants. A post with the same version is preferred.
        """
        quoted = " ".join(mail.body.attributions[:2])
        people = (*mail.mail.to, *mail.mail.cc, mail.sender)
        places = [
            place
            for place in self._find_by_title(mail, mail.subject.title)
            if mail.is_reply and (mail.mail.date is None or place[2].when <= mail.when)
            if place[1].author.called in quoted or is_by(people, [place[1].author])
        ]
        version = mail.subject.version
        places.sort(key=lambda place: place[1].version == version)
        return places[-1] if places else None

    @cached_property
    def _places_by_line(self) -> dict[str, list[_Posted]]:
        places: dict[str, list[_Posted]] = defaultdict(list)
        for place in self.by_id.values():
            for line in set(map(_normalize_quoted, place[2].content.split("\n"))):
                places[line].append(place)
        return places

    def find_by_quoted_lines(self, mail: Classified) -> _Place | None:
        """Return the only post from which a reply without references quotes lines, or None.

        Of posts with equally many of these lines, versions of one patch, the latest is returned.
        """
        if not mail.is_reply:
            return None
        lines = {_normalize_quoted(line) for line in mail.body.quoted}
        counts: dict[str, int] = defaultdict(int)
        for line in lines:
            for _, _, post in self._places_by_line.get(line, ()) if len(line) >= _QUOTED else ():
                counts[post.message_id] += mail.mail.date is None or post.when <= mail.when
        most = max(counts.values(), default=0)
        places = [self.by_id[message_id] for message_id, count in counts.items() if count == most]
        places = [place for place in places if self._all_series[place[0]].may_have(mail)]
        if not places or len({place[2].key for place in places}) != 1:
            return None
        return max(places, key=lambda place: place[2].when)


def _normalize_quoted(line: str) -> str:
    return " ".join(line.split())


def find_named_authors(mail: Classified) -> list[Address]:
    """Return the authors of the patch that a bot's message quotes."""
    addresses = map(parse_address, _AUTHOR.findall(mail.mail.body[:16_000]))
    return [address for address in addresses if address]


def patch_authors(post: Classified) -> list[Address]:
    """Return the sender of a patch, and the author from its From: line if there is one."""
    inner = _AUTHOR.match(post.mail.body)
    author = parse_address(inner[1]) if inner else None
    return [post.sender, *([author] if author else [])]


def is_by(people: Iterable[Address], authors: Sequence[Address]) -> bool:
    """Return whether any of these addresses is an author of the patch."""
    return any(is_same_person(person, author) for person in people for author in authors)


def _add_copied_addresses(series: PostedSeries, attached: Sequence[Reply]) -> Identities:
    """Return the identities with the addresses that known senders put in To: or Cc:.

    Skip an address if an unknown sender used or copied it earlier in the thread, because a reply to
    all copies it automatically.
    """
    names = dict(series.identities.names)
    posts = (post for revision in series.strangers for post in revision.posts)
    mails = [*posts, *(it.mail for it in attached)]
    mails.sort(key=lambda mail: arrival_time(mail.mail) or EPOCH)
    untrusted: set[str] = set()
    for mail in _parents_first(mails):
        # if a list rewrote From:, both the list and the sender must be known
        senders = {mail.sender.key, mail.mail.sender.key}
        copied = {address.key for address in (*mail.mail.to, *mail.mail.cc)}
        if senders <= names.keys():
            names |= dict.fromkeys(copied - untrusted - names.keys(), frozenset())
        elif not any(is_bot_address(Address("", key)) for key in senders):
            # do not distrust bots, which copy any address they are given
            untrusted |= senders | copied
    return Identities(names)


def _parents_first(sorted_mails: Sequence[Classified]) -> Iterator[Classified]:
    """Yield messages in their order, but always yield a message before its replies."""
    mails = {mail.message_id: mail for mail in sorted_mails}
    waiting = [*reversed(mails.values())]
    yielded: set[str] = set()
    opened: set[str] = set()
    while waiting:
        mail = waiting.pop()
        parents = [mails[it] for it in mail.above if it in mails and it not in yielded | opened]
        if parents and mail.message_id not in opened:
            opened.add(mail.message_id)
            waiting += (mail, *parents)
        elif mail.message_id not in yielded:
            yielded.add(mail.message_id)
            yield mail
