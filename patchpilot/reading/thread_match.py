# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the series that each message is about, and the addresses that its messages vouch for.

A message is about what it answers, or about the title, commit or link that a bot's message quotes.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from patchpilot.model.address import Address, parse_address
from patchpilot.model.bounded import EPOCH
from patchpilot.model.mail import linked_ids
from patchpilot.model.patch import Subject, parse_subject
from patchpilot.reading.bots import is_bot_address
from patchpilot.reading.identities import Identities
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.mbox import NO_ID, arrival_time, title_hash
from patchpilot.reading.posted_series import Post, PostedSeries, Reply, Revision
from patchpilot.reading.sender import same_person
from patchpilot.series.patch_pairing import title_key

_TITLED = re.compile(
    r"just added the patch titled\s*\n\s*\n\s+(?P<title>\S[^\n]*(?:\n[ ]+\S[^\n]*)?)\n"
)
_MM_TITLE = re.compile(
    r"^\s+Subject: (?P<title>\S[^\n]*(?:\n[ ]{2,}\S[^\n]*)?)", re.MULTILINE
)
_QUOTED_SUBJECT = re.compile(
    r"[Pp]atch \"(?P<title>.*)\"? (?:has been added|failed to apply|was seriously|added to)"
)
_AUTHOR = re.compile(r"^(?:From|Author): {1,12}(\S.{0,200}@.{1,200})$", re.MULTILINE)

_OF_TREES = (MailKind.MM_COMMIT, MailKind.TIP_COMMIT, MailKind.APPLIED)
_ROUNDS = (MailKind.STABLE_REVIEW, MailKind.AUTOSEL)
REPORTS = (*STABLE, *_OF_TREES, MailKind.PULL_MERGED)
"""Messages that may be the first about a patch."""
_Posted = tuple[int, Revision, Post]
_Place = tuple[int, Revision | None, Post | None]


def parse_title(mail: Classified) -> str | None:
    """Return the title of the patch that a bot's message is about, or None."""
    text = mail.mail.body[:8000]
    if mail.kind in (*_ROUNDS, MailKind.TIP_COMMIT):
        return mail.subject.title
    if mail.kind is MailKind.MM_COMMIT:
        match = _MM_TITLE.search(text)
        return " ".join(match["title"].split()) if match else None
    if mail.kind is MailKind.APPLIED and (titled := _TITLED.search(text)):
        return " ".join(titled["title"].split())
    if mail.kind in (MailKind.STABLE_ADDED, MailKind.STABLE_FAILED):
        if titled := _TITLED.search(text):
            return " ".join(titled["title"].split())
        quoted = _QUOTED_SUBJECT.search(mail.mail.subject)
        return parse_subject(quoted["title"].rstrip('"')).title if quoted else None
    return None


def attach(
    every: Sequence[PostedSeries], mails: Sequence[Classified]
) -> list[list[Reply]]:
    """Return the messages about each series, in the given order.

    A message is about what it answers; one without references is matched by its subject. The
    series' own posts are not included.
    """
    posted = Posts(every)
    by_id = {mail.message_id: mail for mail in mails}
    places: dict[str, _Place] = {
        **{
            it: (at, None, None)
            for at, series in enumerate(every)
            for it in series.missing
        },
        **posted.by_id,
    }
    under: dict[str, Classified] = {}
    found: list[list[Reply]] = [[] for _ in every]
    for mail in mails:
        if mail.message_id in posted.by_id:
            continue
        parent = next((by_id[it] for it in mail.above if it in by_id), None)
        if parent and parent.kind in STABLE:
            under[mail.message_id] = parent
        elif parent and parent.message_id in under:
            under[mail.message_id] = under[parent.message_id]
        ids = sorted(mail.above, key=lambda it: it not in posted.by_id)
        above = next((places[it] for it in ids if it in places), None)
        place = posted.quoted(mail) or above
        if place is None and not mail.above:
            place = posted.find_titled(mail)
        if place is None:
            continue
        places[mail.message_id] = place
        at, revision, post = place
        reply = Reply(mail, revision, post, parent, under.get(mail.message_id))
        found[at].append(reply)
        is_taken = mail.kind in (MailKind.APPLIED, MailKind.TIP_COMMIT)
        if is_taken and every[at].identities.vouch_for(mail):
            posted.commits.update((it[:12], at) for it in mail.place.commits)
    return found


def series_from_bots(mails: Sequence[Classified]) -> tuple[PostedSeries, ...]:
    """Return the series known only from bot messages, such as the stable queue's.

    Of the patch, the title, the author that the message names, and perhaps the Message-ID are
    known.
    """
    found: dict[str, PostedSeries] = {}
    for mail in mails:
        if mail.kind not in REPORTS or not is_bot_address(mail.sender):
            continue
        title = parse_title(mail) or mail.subject.title
        authors = find_named_authors(mail)
        links = (it for it, _ in linked_ids(mail.mail.body))
        key = title_key(title)
        # a patch of a stable review replies to the first message of that review
        above = None if mail.kind in _ROUNDS else mail.mail.in_reply_to
        ident = above or next(links, f"{title_hash(key)}@{NO_ID}")
        sent = mail.mail._replace(
            message_id=ident, in_reply_to=None, references=(), date=None
        )
        is_pull = mail.kind is MailKind.PULL_MERGED
        post = replace(
            mail,
            mail=sent,
            sender=authors[0] if authors else Address("an unknown author", ""),
            subject=Subject(title, title, ("GIT PULL",) if is_pull else ()),
            kind=MailKind.COVER if is_pull else MailKind.PATCH,
        )
        revision = Revision(1, (Post(post, None, {}),))
        known = Identities().add_addresses(authors)
        found.setdefault(key, PostedSeries((revision,), known, only_reported=True))
    return tuple(found.values())


class Posts:
    """The posts of all series by Message-ID and by title, and the commits that they became."""

    def __init__(self, every: Sequence[PostedSeries]) -> None:
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

    def quoted(self, mail: Classified) -> _Place | None:
        """Return the post quoted by a bot outside the author's thread, by commit, link or title."""
        is_stable = mail.kind in STABLE
        if not is_stable and mail.kind not in _OF_TREES:
            return None
        named = find_named_authors(mail)
        if is_stable:
            ids = (self.commits.get(it[:12]) for it in mail.place.commits)
            linked = (self.by_id.get(it) for it, _ in linked_ids(mail.mail.body))
            keys = {author.key for author in named}
            by_link = (it[0] for it in linked if it and it[2].mail.sender.key in keys)
            at = next((it for it in (*ids, *by_link) if it is not None), None)
            if at is not None:
                return at, None, None
        # a forwarded patch has the same title, and the message is about its author's patch
        places = [
            place
            for place in self.titles.get(title_key(parse_title(mail) or ""), ())
            if not named or is_by(named, patch_authors(place[2]))
        ]
        places = [it for it in places if is_by(named, [it[2].mail.sender])] or places
        places = [it for it in places if not it[1].backport_to] or places
        if not places:
            return None
        return (places[-1][0], None, None) if is_stable else places[-1]

    def find_titled(self, mail: Classified) -> _Place | None:
        """Return the earlier post to which a reply without references belongs, by subject and
        people, preferably of the same version.
        """
        quoted = " ".join(mail.body.attributions[:2])
        people = (*mail.mail.to, *mail.mail.cc, mail.sender)
        known = self.titles.get(title_key(mail.subject.title), ())
        places = [
            place
            for place in known
            if mail.is_reply and (mail.mail.date is None or place[2].when <= mail.when)
            if place[1].author.called in quoted or is_by(people, [place[1].author])
        ]
        version = mail.subject.version
        places.sort(key=lambda place: place[1].version == version)
        return places[-1] if places else None


def find_named_authors(mail: Classified) -> list[Address]:
    """Return the authors that a bot's message names for the patch it quotes."""
    named = map(parse_address, _AUTHOR.findall(mail.mail.body[:16_000]))
    return [address for address in named if address]


def patch_authors(post: Post) -> list[Address]:
    """Return a patch's sender, and its named author if that is another person."""
    inner = _AUTHOR.match(post.body)
    author = parse_address(inner[1]) if inner else None
    return [post.mail.sender, *([author] if author else [])]


def is_by(people: Iterable[Address], authors: Sequence[Address]) -> bool:
    """Return whether one of these people is an author; a title such as "fix typo" proves
    nothing.
    """
    return any(same_person(it, author) for it in people for author in authors)


def add_copied_addresses(series: PostedSeries, attached: Sequence[Reply]) -> Identities:
    """Extend the identities of a series by the addresses that known senders copied.

    An address is not added if it wrote, or was copied by an unknown sender, earlier in the
    thread: a reply to all is sent to such addresses automatically.
    """
    found = dict(series.identities.names)
    posts = (post.mail for revision in series.strangers for post in revision.posts)
    mails = {mail.message_id: mail for mail in (*posts, *(it.mail for it in attached))}
    named: set[str] = set()
    for mail in _parents_first(mails):
        # a rewritten header is the sender's if the list that rewrote it is known
        by = {mail.sender.key, mail.mail.sender.key}
        copied = {address.key for address in (*mail.mail.to, *mail.mail.cc)}
        if by <= found.keys():
            found |= dict.fromkeys(copied - named - found.keys(), frozenset())
        elif not any(is_bot_address(Address("", key)) for key in by):
            # a bot sends copies to whomever it is told to
            named |= by | copied
    return Identities(found)


def _parents_first(mails: Mapping[str, Classified]) -> Iterator[Classified]:
    """Yield messages in order of arrival, parents first."""
    waiting = sorted(mails.values(), key=lambda mail: arrival_time(mail.mail) or EPOCH)
    waiting.reverse()
    given: set[str] = set()
    opened: set[str] = set()
    while waiting:
        mail = waiting.pop()
        above = [
            mails[it] for it in mail.above if it in mails and it not in given | opened
        ]
        if above and mail.message_id not in opened:
            opened.add(mail.message_id)
            waiting += (mail, *above)
        elif mail.message_id not in given:
            given.add(mail.message_id)
            yield mail
