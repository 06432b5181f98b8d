# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the recipients implied by a commit message.

They are contacts in tags and Cc: lines, contacts of the commit being fixed, and lists whose rule
matches the message.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from functools import partial

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.maintainers import find_changed_contacts
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    is_header_safe,
    parse_addresses,
)
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Patch
from patchpilot.model.recipient import Recipient
from patchpilot.model.trailer import Trailer, parse_trailer
from patchpilot.projects.project import ListRule
from patchpilot.recipients.merge import MergedRecipients

ROLES = {
    "reported-by": "reporter",
    "reported-and-tested-by": "reporter",
    "suggested-by": "suggester",
    "tested-by": "tester",
    "reviewed-by": "reviewer",
    "acked-by": "acker",
    "co-developed-by": "co-author",
    "signed-off-by": "signer",
    "debugged-by": "debugger",
    "diagnosed-by": "debugger",
    "cc": "cc",
}
CULPRIT_TAGS = (
    "reviewed-by",
    "acked-by",
    "tested-by",
    "reported-by",
    "suggested-by",
    "co-developed-by",
    "signed-off-by",
)
MAX_CULPRITS = 20
_ID = lazy_pattern(r"\b([0-9a-fA-F]{8,40})\b")
_PEOPLE = lazy_pattern(r"^(?:.*-by|cc|co-developed-by)$", re.IGNORECASE)


def find_message_tags(patch: Patch) -> tuple[Trailer, ...]:
    """Return all tags with a mailbox, anywhere in a message or below its `---`."""
    lines = (*patch.message, *patch.notes)
    tags = (parse_trailer(line, index) for index, line in enumerate(lines))
    return tuple(
        tag
        for tag in tags
        if tag
        and (tag.key == "cc" or tag.key.endswith("-by"))
        and tag.address
        and "@" in tag.address.email
    )


def _list_addresses(tag: Trailer) -> tuple[Address, ...]:
    """Return the address of a tag, or all addresses of a Cc: line."""
    assert tag.address
    addresses = parse_addresses(tag.value.partition(" #")[0]) if tag.key == "cc" else ()
    others = tuple(
        address
        for address in map(_split_name, addresses)
        if "@" in address.email and address.key != tag.address.key
    )
    return (tag.address, *others)


def _split_name(address: Address) -> Address:
    """Split an address without angle brackets after a name, such as `Ada Fixer ada@example.org`."""
    name, space, email = address.email.rpartition(" ")
    return Address(name, email) if space and "@" not in name else address


_AUTHOR, _SIGNED_OFF = "author of the patch", "Signed-off-by: in the message"


def add_tagged_recipients(
    collector: MergedRecipients,
    patch: Patch,
    rules: Sequence[ListRule],
    numbers: Collection[int] = (),
) -> None:
    """Add to Cc: the recipients that a message implies.

    They are the author, the contacts and lists in its tags, and lists whose rule matches. `numbers`
    contains the patch's number; for the cover letter, it is empty.
    """
    add = partial(collector.add, header="cc", patches=numbers)
    if patch.author:
        add(patch.author.header(), "author", reason=_AUTHOR)
    special = {rule.address: rule for rule in rules}
    tagged = set[str]()
    for tag in find_message_tags(patch):
        for address in _list_addresses(tag):
            list_rule = special.get(address.key)
            role = list_rule.role if list_rule else ROLES.get(tag.key, tag.key.removesuffix("-by"))
            tagged.add(address.key)
            add(address.header(), role, reason=f"{tag.name}: in the message")
    text = "\n".join((*patch.message, *patch.notes))
    for rule in rules:
        if rule.address in tagged:
            continue
        if rule.matches(text) and all(patch.tags(tag) for tag in rule.tags):
            add(rule.address, rule.role, reason=f"{rule.reason} ({rule.reference})")


def is_author_or_signer(recipient: Recipient) -> bool:
    """Return whether a recipient is the author of a patch, or signed it off."""
    return not {_AUTHOR, _SIGNED_OFF}.isdisjoint(recipient.reasons)


def add_changed_maintainers(
    collector: MergedRecipients, patch: Patch, numbers: Collection[int] = ()
) -> None:
    """Add to Cc: the contacts whom a patch adds to MAINTAINERS or removes from it."""
    for contact in find_changed_contacts(patch):
        reason = f"{contact.change} by the patch"
        collector.add(contact.address.header(), contact.role, "cc", reason, patches=numbers)


def find_tagged_culprits(
    patches: Iterable[Patch], repository: Repository
) -> dict[str, tuple[Commit, set[int]]]:
    """Map each known commit named in a Fixes: tag to the numbers of the patches with such a tag.

    Omit the first commit of a history, whose author usually imported older lines.
    """
    commits: dict[str, tuple[Commit, set[int]]] = {}
    for number, patch in enumerate(patches, 1):
        for tag in patch.tags("Fixes"):
            id_match = _ID.search(tag.value)
            commit_id = (
                repository.find(id_match[1]) if id_match and len(commits) < MAX_CULPRITS else None
            )
            if commit_id:
                with suppress(GitError):
                    commit = repository.commit(commit_id)
                    if commit.parents:
                        commits.setdefault(commit_id, (commit, set()))[1].add(number)
    return commits


def add_culprit_contacts(
    collector: MergedRecipients,
    commits: Iterable[tuple[Commit, Collection[int]]],
    chiefs: Iterable[str],
) -> None:
    """Add the contacts of each commit that introduced a bug to Cc: of the patches that fix it.

    These contacts are the commit's author, reviewers, testers and signers.
    """
    chief_addresses = {chief.lower() for chief in chiefs}
    for commit, numbers in commits:
        add = partial(collector.add, header="cc", patches=numbers)
        add(
            commit.author.header(),
            "culprit author",
            reason=f"author of {commit.reference}, which this fixes",
        )
        for line in commit.lines:
            tag = parse_trailer(line)
            if (
                not tag
                or tag.key not in CULPRIT_TAGS
                or not tag.address
                or tag.address.key in chief_addresses
            ):
                continue
            role = ROLES.get(tag.key, "signer")
            add(
                tag.address.header(),
                f"culprit {role}",
                reason=f"{tag.name}: of {commit.short}, which this fixes",
            )


def find_backport_contacts(
    commits: Sequence[Commit], excluded: Sequence[str] = ()
) -> tuple[Address, ...]:
    """Return the addresses to Cc: on a backport, which are the authors and the people in trailers.

    Omit duplicates, addresses in `excluded`, and invalid addresses.
    """
    addresses: dict[str, Address] = {}
    for commit in commits:
        trailer_addresses = [
            trailer.address for trailer in commit.trailers if _PEOPLE.match(trailer.name)
        ]
        for address in (commit.author, *trailer_addresses):
            if (
                address
                and address.key not in excluded
                and not address.key.startswith("stable@")
                and is_header_safe(address)
            ):
                addresses.setdefault(address.key, address)
    return tuple(
        address
        for address in addresses.values()
        if check_email_address(address.email).state is not AddressState.BAD
    )


def add_upstream_contacts(collector: MergedRecipients, commit: Commit) -> None:
    """Add the contacts of a mainline commit to Cc:, for the patches that backport it."""
    for address in find_backport_contacts([commit]):
        is_author = address.key == commit.author.key
        collector.add(
            address.header(),
            "upstream author" if is_author else "upstream contact",
            "cc",
            f"{'author of' if is_author else 'named in'} upstream commit {commit.short}",
        )
