# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds the series that each message is about.

Messages are matched by thread, or otherwise by the title or commit that a bot's message quotes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from patchpilot.model.address import Address, parse_address
from patchpilot.model.message_id import linked_ids
from patchpilot.model.patch_subject import parse_subject
from patchpilot.reading.mail_classifier import Classified
from patchpilot.reading.mail_kinds import STABLE, MailKind
from patchpilot.reading.posted_series import Post, PostedTopic, Revision, plain_title
from patchpilot.reading.sender import same_person
from patchpilot.series.patch_pairing import title_key

T = TypeVar("T")

_TITLED = re.compile(
    r"just added the patch titled\s*\n\s*\n\s+(?P<title>\S[^\n]*(?:\n[ ]+\S[^\n]*)?)\n"
)
_MM_TITLE = re.compile(
    r"^\s+Subject: (?P<title>\S[^\n]*(?:\n[ ]{2,}\S[^\n]*)?)", re.MULTILINE
)
_QUOTED_SUBJECT = re.compile(
    r"[Pp]atch \"(?P<title>.*)\"? (?:has been added|failed to apply|was seriously|added to)"
)
_LISTED = re.compile(
    r"^(?P<what>Patch|Series): (?P<subject>\S.*)\n +Submitter: (?P<author>.+@.+)$",
    re.MULTILINE,
)
"""An entry of patchwork's summary of what was applied."""
_AUTHOR = re.compile(r"^(?:From|Author): {1,12}(\S.{0,200}@.{1,200})$", re.MULTILINE)


MAX_REFERENCES = 50
_Place = tuple[int, Revision | None, Post | None]


@dataclass(frozen=True)
class Reply:
    """A message about a series.

    Contains the revision and post it answers (None if it is about the series as a whole), its
    direct parent message, and the stable tree's message in whose thread it is.
    """

    mail: Classified
    revision: Revision | None
    post: Post | None
    parent: Classified | None
    under: Classified | None = None

    @property
    def message_id(self) -> str:
        """The Message-ID."""
        return self.mail.message_id

    @property
    def when(self) -> datetime:
        """The date, or the epoch if it has none."""
        return self.mail.when

    @property
    def version(self) -> int | None:
        """The version it is about; None for the series as a whole."""
        return self.revision.version if self.revision else None

    @property
    def patch(self) -> int | None:
        """The number of the patch it is about: 1 for an unnumbered patch, 0 for the whole series,
        None when unknown.
        """
        if self.post is None:
            return None
        return 0 if self.post.is_cover else self.post.number or 1


def about(mail: Classified) -> str | None:
    """Returns the title of the patch that a bot's message is about, or None."""
    text = mail.mail.body[:8000]
    if mail.kind in (MailKind.STABLE_REVIEW, MailKind.AUTOSEL):
        return mail.subject.title
    if mail.kind is MailKind.TIP_COMMIT:
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
        return (
            plain_title(
                quoted["title"].rstrip('"')
                if quoted["title"].count('"') % 2
                else quoted["title"]
            )
            if quoted
            else None
        )
    return None


def attach(
    topics: Sequence[PostedTopic], mails: Sequence[Classified]
) -> dict[int, list[Reply]]:
    """Returns the messages about each series, keyed by its index in `topics`, in the given order.

    The series' own posts are not included.
    """
    by_id = {mail.message_id: mail for mail in mails}
    owner = {
        post.message_id: (at, revision, post)
        for at, topic in enumerate(topics)
        for revision in topic.revisions
        for post in revision.posts
    }
    absent = {
        message_id: (at, None, None)
        for at, topic in enumerate(topics)
        for message_id in topic.missing
    }
    titles: dict[str, list[tuple[int, Revision, Post]]] = {}
    for at, revision, post in owner.values():
        titles.setdefault(post.key, []).append((at, revision, post))
    commits: dict[str, int] = {}
    under: dict[str, Classified | None] = {}
    answered: dict[str, _Place | None] = {}
    places: Mapping[str, _Place] = {**absent, **owner}
    by_topic: dict[int, list[Reply]] = {at: [] for at in range(len(topics))}
    for mail in mails:
        if mail.message_id in owner:
            continue
        if listed := _by_summary(mail, titles):
            for about_it in listed:
                by_topic[about_it[0]].append(
                    Reply(mail, about_it[1], about_it[2], None)
                )
            continue
        parent = next(
            (by_id[message_id] for message_id in _above(mail) if message_id in by_id),
            None,
        )
        place = (
            _by_machine(mail, titles, commits)
            or _by_link(mail, owner)
            or _by_thread(mail, by_id, places, titles, commits, answered)
            or _by_subject(mail, titles)
        )
        if place is None:
            continue
        by_topic[place[0]].append(
            Reply(mail, place[1], place[2], parent, _under(mail, by_id, under))
        )
        if mail.kind in (MailKind.APPLIED, MailKind.TIP_COMMIT) and topics[
            place[0]
        ].identities.vouch_for(mail):
            for commit in mail.place.commits:
                commits.setdefault(commit[:12], place[0])
    return by_topic


def _by_machine(
    mail: Classified,
    titles: dict[str, list[tuple[int, Revision, Post]]],
    commits: dict[str, int],
) -> _Place | None:
    """Match a bot's mail by what it quotes: mails of the stable trees are not in the author's
    thread.
    """
    if mail.kind not in STABLE and mail.kind not in (
        MailKind.MM_COMMIT,
        MailKind.TIP_COMMIT,
        MailKind.APPLIED,
    ):
        return None
    for commit in mail.place.commits if mail.kind in STABLE else ():
        if commit[:12] in commits:
            return commits[commit[:12]], None, None
    title = about(mail)
    if not title:
        return None
    key = title_key(title)
    places = titles.get(key)
    if places is None and len(key) >= 20 and mail.kind is MailKind.STABLE_FAILED:
        places = next(
            (known for name, known in titles.items() if name.startswith(key)), None
        )
    places = [place for place in places or () if _by_its_author(mail, place)]
    if not places:
        return None
    # a forwarded patch has the same title: the mail is about its author's patch
    named = authors_named(mail)
    places = [
        place
        for place in places
        if any(same_person(place[2].mail.sender, author) for author in named)
    ] or places
    mainline = [place for place in places if not place[1].backport_to] or places
    at, revision, post = mainline[-1]
    return (at, None, None) if mail.kind in STABLE else (at, revision, post)


def _by_summary(
    mail: Classified, titles: Mapping[str, Sequence[tuple[int, Revision, Post]]]
) -> list[_Place]:
    """The series and patches that patchwork's summary lists; a listed series is meant whole."""
    if mail.robot != "patchwork-bot" or mail.mail.in_reply_to:
        return []
    found: list[_Place] = []
    for entry in _LISTED.finditer(mail.mail.body):
        subject, author = (
            parse_subject(entry["subject"]),
            parse_address(entry["author"]),
        )
        places = [
            place for place in titles.get(title_key(subject.title), ())
            if author and same_person(place[2].mail.sender, author) and _not_after(place[2], mail)
        ]  # fmt: skip
        if places:
            at, revision, post = (
                [place for place in places if place[1].version == subject.version]
                or places
            )[-1]
            found.append((at, revision, None if entry["what"] == "Series" else post))
    return found


def _by_link(
    mail: Classified, owner: Mapping[str, tuple[int, Revision, Post]]
) -> _Place | None:
    """Match a mail of a stable tree by the patch's link to what its author sent: maintainers change
    titles.
    """
    if mail.kind not in STABLE:
        return None
    named = {author.key for author in authors_named(mail)}
    linked = (
        owner[message_id]
        for message_id, at in linked_ids(mail.mail.body)
        if at is not None and message_id in owner
    )
    return next(
        ((at, None, None) for at, _, post in linked if post.mail.sender.key in named),
        None,
    )


def authors_named(mail: Classified) -> list[Address]:
    """Returns the authors that a bot's message names for the patch it quotes."""
    return [
        address
        for line in _AUTHOR.findall(mail.mail.body[:16_000])
        if (address := parse_address(line))
    ]


def _by_its_author(mail: Classified, place: _Place) -> bool:
    """Whether the patch that a bot's mail quotes is that author's: titles such as "fix typo" are
    common.
    """
    named = authors_named(mail)
    if not named or place[2] is None:
        return True
    known = patch_authors(place[2])
    return any(same_person(address, other) for address in named for other in known)


def patch_authors(post: Post) -> list[Address]:
    """Returns the sender of a patch and the author named in it, if that is another person."""
    inner = _AUTHOR.match(post.body)
    return [
        post.mail.sender,
        *([address] if inner and (address := parse_address(inner[1])) else []),
    ]


def _by_thread(
    mail: Classified,
    by_id: dict[str, Classified],
    owner: Mapping[str, _Place],
    titles: dict[str, list[tuple[int, Revision, Post]]],
    commits: dict[str, int],
    known: dict[str, _Place | None],
) -> _Place | None:
    """Match a mail by the mails it replies to, at any distance.

    Results for the mails on the way are cached in `known`.
    """

    def look(ids: list[str], above: Classified | None) -> _Place | None:
        place = next((owner[id_] for id_ in ids if id_ in owner), None)
        return (
            _by_machine(above, titles, commits)
            if place is None and above and above.kind in STABLE
            else place
        )

    return _walk_up(mail, by_id, known, look)


def _walk_up(
    mail: Classified,
    by_id: Mapping[str, Classified],
    known: dict[str, T | None],
    look: Callable[[list[str], Classified | None], T | None],
) -> T | None:
    """Ask `look` about each mail above, the nearest first, until it answers or a mail of a stable
    tree was reached.

    `look` takes the ids that a mail replies to and the nearest mail among them. Results for the
    mails on the way are cached in `known`.
    """
    path: list[str] = []
    current, answer = mail, None
    while current.mail.message_id not in known:
        known[current.mail.message_id] = None
        path.append(current.mail.message_id)
        ids = _above(current)
        above = next((by_id[id_] for id_ in ids if id_ in by_id), None)
        answer = look(ids, above)
        if answer is not None or above is None or above.kind in STABLE:
            break
        current = above
    else:
        answer = known[current.mail.message_id]
    known.update(dict.fromkeys(path, answer))
    return answer


def _above(mail: Classified) -> list[str]:
    """The ids a mail replies to, the nearest first, limited against malicious References lines."""
    return [
        reference
        for reference in (
            mail.mail.in_reply_to,
            *reversed(mail.mail.references[-MAX_REFERENCES:]),
        )
        if reference
    ]


def _under(
    mail: Classified,
    by_id: Mapping[str, Classified],
    known: dict[str, Classified | None],
) -> Classified | None:
    """The nearest mail of a stable tree that this one answers, at any distance.

    Results are cached in `known`.
    """
    return _walk_up(
        mail,
        by_id,
        known,
        lambda _ids, above: above if above and above.kind in STABLE else None,
    )


def _by_subject(
    mail: Classified, titles: dict[str, list[tuple[int, Revision, Post]]]
) -> _Place | None:
    """Match a reply with a broken thread by its subject: the latest such patch sent before it."""
    if not mail.is_reply:
        return None
    places = titles.get(title_key(mail.subject.title))
    if not places:
        return None
    places = [place for place in places if _speaks_to(mail, place[1].author)]
    if not places:
        return None
    same = [
        place for place in places if place[1].version == mail.subject.version
    ] or places
    earlier = [place for place in same if _not_after(place[2], mail)]
    return (earlier or same)[-1]


def _speaks_to(mail: Classified, author: Address) -> bool:
    """Whether a reply is addressed to the author, or quotes them, or comes from them: another's
    patch may have the same title.
    """
    said = " ".join(mail.body.attributions[:2])
    return (
        any(
            same_person(author, address)
            for address in (*mail.mail.to, *mail.mail.cc, mail.sender)
        )
        or author.email in said
        or (bool(author.name) and author.name in said)
    )


def _not_after(post: Post, mail: Classified) -> bool:
    return (
        post.mail.mail.date is None
        or mail.mail.date is None
        or post.mail.mail.date <= mail.mail.date
    )


def quotes_commit(mail: Classified, commits: Sequence[str]) -> bool:
    """Whether a message names one of these commits, even in a quote."""
    return any(commit[:12] in mail.mail.body for commit in commits if len(commit) >= 7)
