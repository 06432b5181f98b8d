# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipients that the message names: in its tags and Cc: lines, those of the commit it fixes, and
lists with their own rule.
"""

import re
from collections.abc import Iterable, Sequence

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.patch import Patch
from patchpilot.model.trailer import Trailer, parse_trailer
from patchpilot.projects.mailing_lists import ListRule
from patchpilot.recipients.merge_recipients import MergedRecipient

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
_ID = re.compile(r"\b([0-9a-fA-F]{8,40})\b")


def message_tags(patch: Patch) -> tuple[Trailer, ...]:
    """Every tag of a message that names a mailbox, anywhere in it."""
    tags = (parse_trailer(line, at) for at, line in enumerate(patch.message))
    return tuple(
        tag
        for tag in tags
        if tag
        and (tag.key == "cc" or tag.key.endswith("-by"))
        and tag.address
        and "@" in tag.address.email
    )


def add_tagged(
    gathered: MergedRecipient, patch: Patch, rules: Sequence[ListRule]
) -> None:
    """Add the contacts and lists of a message's tags (Cc), and the lists that a rule sends it to."""  # noqa: E501
    special = {rule.address: rule for rule in rules}
    for tag in message_tags(patch):
        address = tag.address
        assert address is not None
        named = special.get(address.key)
        role = named.role if named else ROLES.get(tag.key, tag.key.removesuffix("-by"))
        gathered.add(box(address), role, "cc", f"{tag.name}: in the message")
    text = "\n".join((*patch.message, *patch.notes))
    for rule in rules:
        if rule.matches(text) and all(patch.tags(tag) for tag in rule.tags):
            gathered.add(
                rule.address, rule.role, "cc", f"{rule.reason} ({rule.reference})"
            )


def box(address: Address) -> str:
    """An address as text, its name quoted where it must be."""
    return address.header()


def culprits(patches: Iterable[Patch], repository: Repository) -> list[Commit]:
    """The commits that the patches' Fixes: tags name, those that the repository has, each once."""
    commits: dict[str, Commit] = {}
    for patch in patches:
        for tag in patch.tags("Fixes"):
            word = _ID.search(tag.value)
            commit_id = (
                repository.find(word[1])
                if word and len(commits) < MAX_CULPRITS
                else None
            )
            if commit_id and commit_id not in commits:
                try:
                    commits[commit_id] = repository.commit(commit_id)
                except GitError:
                    continue
    return list(commits.values())


def add_culprit_people(
    gathered: MergedRecipient, commits: Sequence[Commit], chiefs: Iterable[str]
) -> None:
    """The author of each commit that introduced the bug, and those who reviewed, tested and signed
    it (Cc).
    """
    bosses = {chief.lower() for chief in chiefs}
    for commit in commits:
        gathered.add(
            box(commit.author),
            "culprit author",
            "cc",
            f"author of {commit.reference}, which this fixes",
        )
        for line in commit.lines:
            tag = parse_trailer(line)
            if (
                not tag
                or tag.key not in CULPRIT_TAGS
                or not tag.address
                or tag.address.key in bosses
            ):
                continue
            word = ROLES.get(tag.key, "signer")
            gathered.add(
                box(tag.address),
                f"culprit {word}",
                "cc",
                f"{tag.name}: of {commit.short}, which this fixes",
            )
