# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine which senders in a tracked series are known.

Known senders are the user, senders confirmed by the user, addresses in the repository, and senders
of signed messages.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, MissingError
from patchpilot.history.stable_branches import find_mainline_tip, find_stable_branches
from patchpilot.model.action import Action
from patchpilot.model.address import Address, parse_address
from patchpilot.model.mail import parse_message_id

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.reading.posted_series import PostedSeries


WHOLE_MAIL = -1
"""Line number for marks about a message's sender."""
KNOWN, STRANGER = "known", "stranger"


def confirm_senders(message_ids: Sequence[str], *, is_known: bool, store: Store) -> tuple[int, ...]:
    """Record whether the senders of messages are who they claim to be.

    Return the numbers of their series. Raise MissingError for a message that is in no tracked
    series.
    """
    numbers: dict[str, int] = {}
    for target in message_ids:
        message_id = parse_message_id(target) or target
        entry = store.find_by_mail(message_id)
        if entry is None:
            raise MissingError(
                f"no tracked series has the message <{message_id}>",
                hint=Action("track", ("show",)),
            )
        numbers[message_id] = entry.id
    with store.transaction():
        for message_id, number in numbers.items():
            store.mark(number, message_id, WHOLE_MAIL, KNOWN if is_known else STRANGER)
    return tuple(dict.fromkeys(numbers.values()))


def select_marked_messages(marks: Mapping[tuple[str, int], str], state: str) -> frozenset[str]:
    """Return the Message-IDs of messages whose senders the user marked with this state."""
    return frozenset(
        message_id
        for (message_id, line), mark in marks.items()
        if line == WHOLE_MAIL and mark == state
    )


def find_known_senders(
    posted: "PostedSeries", number: int, store: Store, repository: "Repository | None"
) -> tuple[Address, ...]:
    """Return the addresses of known senders whose messages claim an event in a series, with their
    names.
    """
    from patchpilot.archive.signatures import find_proven_senders, look_up_dkim_key
    from patchpilot.threads.own_addresses import find_own_addresses

    reader = store.reader
    confirmed = store.read_stored(select_marked_messages(store.marks(number), KNOWN))
    own_emails = {email.lower() for email in find_own_addresses(repository)}
    author = posted.first_known.author
    name = author.name if author.key in own_emails else ""
    open_claims = [claim for claim in posted.claims if not claim.known]
    senders = [claim.sender for claim in open_claims]
    claim_mails = store.read_stored([claim.message_id for claim in open_claims])
    posts = [post.mail for post in posted.posts]
    replies = [
        reply.mail.mail
        for reply in posted.replies
        if posted.identities.knows(reply.mail.mail.sender)
    ]
    return (
        *(mail.sender for mail in confirmed),
        *(Address(name, address.email) for address in senders if address.key in own_emails),
        *(
            find_addresses_in_tree(repository, senders, posted.first_known.head.when.year)
            if repository is not None
            else ()
        ),
        *find_proven_senders(
            claim_mails,
            (*posts, *replies),
            posted.identities,
            partial(look_up_dkim_key, online=reader.online),
        ),
    )


_FILES = ("MAINTAINERS", ".mailmap")
_MAILBOX = re.compile(r"[^<>]*<[^<>\s]+>")
_YEARS = 3
_SECONDS = 5.0
_MAX_SEARCHES = 5
"""Maximum number of addresses to search for in commits; each search walks years of history."""


def find_addresses_in_tree(
    repository: Repository, addresses: Iterable[Address], year: int
) -> tuple[Address, ...]:
    """Return the addresses that occur in mainline, each with the name that is used there.

    Search MAINTAINERS, .mailmap, and the commits since three years before `year`. The commits of a
    topic are not searched. In stable branches, only committers are searched.
    """
    tip = find_mainline_tip(repository)
    if tip is None:
        return ()
    keys = {address.key for address in addresses}
    matches = [address for address in _addresses_in_files(repository, tip) if address.key in keys]
    remaining = sorted(keys - {address.key for address in matches})[:_MAX_SEARCHES]
    if not remaining:
        return tuple(matches)
    stable = tuple(
        branch.tip for branch in find_stable_branches(repository, include_ended=True).branches
    )
    for key in remaining:
        for role, tips in (("author", (tip,)), ("committer", (tip, *stable))):
            matches += _addresses_in_commits(repository, tips, role, key, year - _YEARS)
    return tuple(matches)


def _addresses_in_files(repository: Repository, tip: str) -> Iterator[Address]:
    for path in _FILES:
        text = (repository.blob(tip, path) or b"").decode("utf-8", "replace")
        for line in text.split("\n"):
            if "@" not in line or line.startswith("#"):
                continue
            name = ""
            for part in _MAILBOX.findall(
                line.partition("\t")[2] if path == "MAINTAINERS" else line
            ):
                if address := parse_address(part.strip()):
                    # a line in .mailmap may have several addresses but only one name, at its start
                    name = address.name or name
                    yield Address(name, address.email)


def _addresses_in_commits(
    repository: Repository, tips: Iterable[str], role: str, key: str, year: int
) -> Iterator[Address]:
    arguments = (
        "-1",
        f"--since={year:04}-01-01T00:00:00Z",
        "-F",
        "-i",
        f"--{role}=<{key}>",
        f"--format=%{role[0]}n%x00%{role[0]}e",
        *tips,
    )
    try:
        name, _, email = (
            repository.git("log", *arguments, timeout=_SECONDS).text.strip().partition("\0")
        )
    except GitError:
        return
    if email.lower() == key:
        yield Address(name, email)
