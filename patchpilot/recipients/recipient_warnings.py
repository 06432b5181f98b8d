# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sender should know before using a plan."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from patchpilot.commits.repository import Repository
from patchpilot.maintainers import Section
from patchpilot.model.address import AddressState, AddressVerdict, judge
from patchpilot.model.patch import Patch
from patchpilot.model.recipient import Recipient
from patchpilot.model.source_tree import Tree
from patchpilot.projects.loading import gone_addresses
from patchpilot.projects.mailing_lists import bounces
from patchpilot.recipients.activity import silent_maintainers
from patchpilot.recipients.from_maintainers import NamedRecipient

MANY = 40
_RELEASE = re.compile(rb"^EXTRAVERSION[ \t]*=[ \t]*(\S*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class RecipientFacts:
    """A plan's recipients and what led to them."""

    recipients: tuple[Recipient, ...]
    named: NamedRecipient
    paths: tuple[str, ...]
    patches: tuple[Patch, ...]
    unsafe: tuple[str, ...]


def warnings_of(facts: RecipientFacts, tree: Tree, repository: Repository | None) -> tuple[str, ...]:
    """All warnings, the gravest first, each a sentence."""
    sections = [match.section for match in facts.named.matches if not match.is_rest]
    warnings = (
        *_addresses(facts),
        *_statuses(sections),
        *_nobody(facts),
        *_lists(facts),
        *facts.named.left_out,
        *_trees(facts, repository),
        *_next(facts, tree),
        *(silent_maintainers(sections, repository) if repository else ()),
        *_own_rules(sections),
        *_too_many(facts),
    )
    return tuple(dict.fromkeys(warnings))


@lru_cache(maxsize=4096)
def judged(email: str) -> AddressVerdict:
    """The judgement of an address, remembered."""
    return judge(email)


def _addresses(facts: RecipientFacts) -> Iterator[str]:
    for box in facts.unsafe:
        yield f"{box} cannot stand in a mail header: left out"
    for recipient in facts.recipients:
        email = recipient.address.email
        verdict = judged(email)
        if verdict.state is AddressState.BAD:
            yield f"{email} ({recipient.role}) is not an address, so it is left out: {verdict.reason}"
        elif verdict.state is AddressState.DOUBTFUL:
            yield f"{email} ({recipient.role}) is doubtful: {verdict.reason}"
        gone = bounces(email, gone_addresses())
        if gone:
            yield f"{email} ({recipient.role}) is known to bounce: {gone.domain or gone.address}: {gone.why}" + (
                f"; write to {gone.instead}" if gone.instead else ""
            )


def _statuses(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        status = (section.status or "").lower()
        if status.startswith("orphan"):
            yield f"{section.name} is orphaned: nobody may answer, and its list is the one to ask"
        elif status.startswith("obsolete"):
            yield f"{section.name} is obsolete: something newer replaces it, and it should not be changed without need"


def _nobody(facts: RecipientFacts) -> Iterator[str]:
    rest = next((f" but {match.section.name}" for match in facts.named.matches if match.is_rest), "")
    taken = {path for match in facts.named.matches if not match.is_rest for path in match.paths}
    alone = [path for path in facts.paths if path not in taken and path != "MAINTAINERS"]
    if alone:
        more = f" and {len(alone) - 3} more" if len(alone) > 3 else ""
        yield f"{', '.join(alone[:3])}{more}: no section of MAINTAINERS{rest} takes it; ask those who changed it last (--git)"


def _lists(facts: RecipientFacts) -> Iterator[str]:
    for recipient in facts.recipients:
        if recipient.role == "moderated list":
            yield f"{recipient.address.email} is moderated: a first mail of yours may wait there for days"


def _trees(facts: RecipientFacts, repository: Repository | None) -> Iterator[str]:
    """A section's T: trees, where the branch the topic is on comes from none of them."""
    if repository is None or not facts.named.matches:
        return
    section = next((match.section for match in facts.named.matches if not match.is_rest and match.section.tree_urls), None)
    remote = _remote(repository) if section else None
    if section is None or remote is None:
        return
    name, url = remote
    trees = [(tree, branch) for kind, tree, branch in section.tree_urls if kind == "git"]
    if trees and not any(_same_tree(url, tree) for tree, _ in trees):
        shown = ", ".join(f"{tree} {branch}".strip() for tree, branch in trees[:3])
        yield f"{section.name} takes patches in {shown}; you are on {name} ({url})"


def _remote(repository: Repository) -> tuple[str, str] | None:
    """(name, URL) of the remote the current branch follows, else of origin."""
    branch = repository.branch
    names = (*(repository.config(f"branch.{branch}.remote") if branch else ()), "origin")
    for name in names:
        urls = repository.config(f"remote.{name}.url") if name != "." else ()
        if urls:
            return name, urls[0]
    return None


def _same_tree(one: str, other: str) -> bool:
    def bare(url: str) -> list[str]:
        path = re.sub(r"^\w+://[^/]*/|^[^/:]+@[^:]+:", "", url).rstrip("/").removesuffix(".git")
        return [part for part in path.split("/") if part not in ("pub", "scm", "linux", "kernel", "git")]

    return bare(one)[-2:] == bare(other)[-2:]


def _next(facts: RecipientFacts, tree: Tree) -> Iterator[str]:
    """A patch for a -next tree while the tree at hand is a release, before its -rc1: the merge window is open."""
    words = sorted({word for patch in facts.patches for word in patch.subject.words if word.endswith("-next")})
    extra = _RELEASE.search(tree.read("Makefile") or b"") if words else None
    if extra and not extra[1] and tree.version:
        release = ".".join(map(str, tree.version))
        yield f"{', '.join(words)} may be closed: the tree is at {release}, before the next -rc1, when the merge window is open"


def _own_rules(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        for value in section.values("P"):
            yield f"{section.name} has rules of its own: {value.strip()}"
        for value in section.values("Q"):
            yield f"{section.name} tracks patches at {value.strip()}"


def _too_many(facts: RecipientFacts) -> Iterator[str]:
    if len(facts.recipients) > MANY:
        yield f"{len(facts.recipients)} addresses: some servers refuse so many, and a series over many subsystems is better cut up"
