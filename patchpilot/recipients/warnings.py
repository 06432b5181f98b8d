# SPDX-License-Identifier: GPL-2.0-or-later
"""Write warnings about a recipient plan."""

import re
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, PatchpilotError
from patchpilot.maintainers import Section
from patchpilot.maintainers.patterns import folder_of
from patchpilot.model.address import Address, AddressState, AddressVerdict, check_email_address
from patchpilot.model.patch import Patch
from patchpilot.model.recipient import MOST_RECIPIENTS, Recipient, Remedy, RemedyKind
from patchpilot.model.source_tree import Tree
from patchpilot.outgoing.target_tree import find_remote_tree, list_tree_branches, name_tree
from patchpilot.projects.commit_marks import is_backport
from patchpilot.projects.loading import bouncing_addresses
from patchpilot.projects.project import bounces
from patchpilot.recipients.from_maintainers import MaintainersMatch
from patchpilot.recipients.from_message import is_author_or_signer
from patchpilot.recipients.get_maintainer.address_format import (
    split_mailbox,
    split_mailboxes,
)
from patchpilot.topic.base import find_base

MANY = 40
_RELEASE = re.compile(rb"^EXTRAVERSION[ \t]*=[ \t]*(\S*)", re.MULTILINE)


class RecipientFacts(NamedTuple):
    """The facts from which warnings about a recipient plan are derived."""

    recipients: tuple[Recipient, ...]
    maintainers_match: MaintainersMatch
    paths: tuple[str, ...]
    patches: tuple[Patch, ...]
    unsafe: tuple[str, ...]


Warned = tuple[str, Remedy | None]
"""A warning and its remedy."""


def find_recipient_warnings(
    facts: RecipientFacts, tree: Tree, repository: Repository | None
) -> dict[str, Remedy | None]:
    """Return all warnings about a recipient plan with their remedies, most serious first."""
    sections = [match.section for match in facts.maintainers_match.matches if not match.is_rest]
    warnings: tuple[str | Warned, ...] = (
        *_check_addresses(facts),
        *_check_statuses(sections),
        *_check_coverage(facts),
        *_check_moderated_lists(facts),
        *_check_omitted_lists(facts),
        *_check_trees(facts, repository),
        *_check_next_trees(facts, tree),
        *(find_silent_maintainers(sections, repository) if repository else ()),
        *_list_section_rules(sections),
        *_check_count(facts),
    )
    return dict((warning, None) if isinstance(warning, str) else warning for warning in warnings)


def find_address_warnings(facts: RecipientFacts) -> tuple[str, ...]:
    """Return warnings about addresses that are invalid, doubtful, or known to bounce."""
    return tuple(
        warning if isinstance(warning, str) else warning[0] for warning in _check_addresses(facts)
    )


@lru_cache(maxsize=4096)
def judge_address(email: str) -> AddressVerdict:
    """Check an address, with a cache."""
    return check_email_address(email)


def _check_addresses(facts: RecipientFacts) -> Iterator[str | Warned]:
    if len(facts.recipients) > MOST_RECIPIENTS:
        return
    for box in facts.unsafe:
        yield f"{box} is not valid in a mail header and was omitted"
    for recipient in facts.recipients:
        email = recipient.address.email
        verdict = judge_address(email)
        is_own = is_author_or_signer(recipient)
        reason = verdict.reason.rstrip(".") + ("; correct it in the commit" if is_own else "")
        if verdict.state is AddressState.BAD:
            yield (f"{email} ({recipient.role}) is not a valid address and was omitted: {reason}")
        elif verdict.state is AddressState.DOUBTFUL:
            yield (
                f"{email} ({recipient.role}) may be invalid: {reason}",
                None if is_own else Remedy(RemedyKind.EXCLUDE, (email,)),
            )
        bounce = bounces(email, bouncing_addresses())
        if bounce:
            warning = (
                f"{email} ({recipient.role}) is known to bounce: {bounce.domain or bounce.address}:"
                f" {bounce.why}"
            )
            if bounce.instead:
                yield (
                    f"{warning}; use {bounce.instead}",
                    Remedy(RemedyKind.REPLACE, (email,), bounce.instead),
                )
            else:
                yield warning, Remedy(RemedyKind.EXCLUDE, (email,))


def _check_statuses(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        status = (section.status or "").lower()
        if status.startswith("orphan"):
            yield f"{section.name} is orphaned; send questions to its list"
        elif status.startswith("obsolete"):
            yield f"{section.name} is obsolete; avoid unnecessary changes to it"


def _check_coverage(facts: RecipientFacts) -> Iterator[str]:
    rest_note = next(
        (
            f" other than {match.section.name}"
            for match in facts.maintainers_match.matches
            if match.is_rest
        ),
        "",
    )
    covered = {
        path
        for match in facts.maintainers_match.matches
        if not match.is_rest
        for path in match.paths
    }
    uncovered = [path for path in facts.paths if path not in covered and path != "MAINTAINERS"]
    if uncovered:
        has_history = any(recipient.role == "recent contributor" for recipient in facts.recipients)
        more_note = f" and {len(uncovered) - 3} more" if len(uncovered) > 3 else ""
        yield (
            f"{', '.join(uncovered[:3])}{more_note}: not in any section of MAINTAINERS{rest_note}"
            + ("" if has_history else "; `git log` names its recent authors")
        )


def _check_moderated_lists(facts: RecipientFacts) -> Iterator[str]:
    for recipient in facts.recipients:
        if recipient.role == "moderated list":
            yield f"{recipient.address.email} is moderated: your first mail may be held for days"


def _check_omitted_lists(facts: RecipientFacts) -> Iterator[Warned]:
    for section, address in facts.maintainers_match.left_out:
        yield (
            f"{section}: {address} omitted: subscribers only (--s adds it)",
            Remedy(RemedyKind.ADD, (address,)),
        )


def _check_trees(facts: RecipientFacts, repository: Repository | None) -> Iterator[Warned]:
    """Yield a warning if the topic is based on no T: tree of its sections.

    If the subject names some of these trees, such as [PATCH net], only they count.
    """
    if repository is None or any(map(is_backport, facts.patches)):
        return
    listed = [
        (match.section.name, tree, branch)
        for match in facts.maintainers_match.matches
        for kind, tree, branch in match.section.tree_urls
        if kind == "git" and not match.is_rest
    ]
    words = {word for patch in facts.patches for word in patch.subject.words}
    listed = [row for row in listed if words.intersection(name_tree(*row[1:]))] or listed
    remote = _find_remote(repository) if listed else None
    if remote is None or any(_is_same_tree(remote[1], tree) for _, tree, _ in listed):
        return
    values = [f"git {tree} {branch}".strip() for _, tree, branch in listed]
    if not _are_based_on(facts.patches, values, repository):
        section = listed[0][0]
        own = [value for (name, *_), value in zip(listed, values, strict=True) if name == section]
        tree_names = ", ".join(value.removeprefix("git ") for value in own[:3])
        yield (
            f"{section} uses the tree {tree_names}; your branch is based on {remote[0]}"
            f" ({remote[1]})",
            Remedy(RemedyKind.REBASE, tuple(own)),
        )


def _are_based_on(patches: Sequence[Patch], trees: Sequence[str], repository: Repository) -> bool:
    """Return whether the commits are based on one of these T: trees.

    They are on top of the latest commit of the tree's main branch, at the tip of another branch, or
    start in the tree at a base that the user named. Most trees contain commits of mainline, so this
    is not enough for a base that was found.
    """
    first = next((patch.commit for patch in patches if patch.commit), None)
    start = next(iter(repository.commit(first).parents if first else ()), None)
    if start is None:
        return False
    found_start = ""
    with suppress(PatchpilotError):
        found_start = find_base(repository).start
    if any(start == it.tip for tree in trees for it in list_tree_branches(repository, tree)):
        return True
    tips = (found.tip for tree in trees if (found := find_remote_tree(repository, tree)))
    return any(
        repository.is_ancestor(tip, start)
        or (start != found_start and repository.is_ancestor(start, tip))
        for tip in tips
    )


def _find_remote(repository: Repository) -> tuple[str, str] | None:
    """Return the (name, URL) of the remote with the topic's base.

    Otherwise, return the remote of the current branch, or origin.
    """
    branch = repository.branch
    with suppress(PatchpilotError):
        base = find_base(repository)
        for key in repository.config_regexp(r"^remote\..*\.url$"):
            name = key.removeprefix("remote.").removesuffix(".url")
            if base.branch.startswith(f"{name}/") and (urls := repository.remote_urls(name)):
                return name, urls[0]
    names = (
        *(repository.config(f"branch.{branch}.remote") if branch else ()),
        "origin",
    )
    for name in names:
        urls = repository.remote_urls(name) if name != "." else ()
        if urls:
            return name, urls[0]
    return None


def _is_same_tree(first: str, second: str) -> bool:
    def path_parts(url: str) -> list[str]:
        path = re.sub(r"^\w+://[^/]*/|^[^/:]+@[^:]+:", "", url).rstrip("/").removesuffix(".git")
        return [
            part for part in path.split("/") if part not in ("pub", "scm", "linux", "kernel", "git")
        ]

    return path_parts(first)[-2:] == path_parts(second)[-2:]


def _check_next_trees(facts: RecipientFacts, tree: Tree) -> Iterator[str]:
    """Yield warnings for patches to -next trees during the merge window.

    The merge window is recognized by a current tree that is a release without a later -rc1.
    """
    prefixes = sorted(
        {
            prefix
            for patch in facts.patches
            for prefix in patch.subject.words
            if prefix.endswith("-next")
        }
    )
    release_match = _RELEASE.search(tree.read("Makefile") or b"") if prefixes else None
    if release_match and not release_match[1] and tree.version:
        release = ".".join(map(str, tree.version))
        yield (
            f"{', '.join(prefixes)} may be closed: the tree is at {release}, so the merge window"
            " may be open"
        )


def _list_section_rules(sections: Iterable[Section]) -> Iterator[str]:
    for section in sections:
        for value in section.values("P"):
            yield f"{section.name} has its own rules: {value.strip()}"
        for value in section.values("Q"):
            yield f"{section.name} tracks patches at {value.strip()}"


def format_too_many_warning(count: int) -> str:
    """Return the warning for a plan with too many recipients."""
    return (
        f"{count:,} recipients, more than {MOST_RECIPIENTS}: their addresses were not checked, and"
        " send --force REASON is required"
    )


def _check_count(facts: RecipientFacts) -> Iterator[str]:
    if len(facts.recipients) > MOST_RECIPIENTS:
        yield format_too_many_warning(len(facts.recipients))
    elif len(facts.recipients) > MANY:
        yield (
            f"{len(facts.recipients)} recipients: some servers reject messages with so many;"
            " consider splitting"
            " the series by subsystem"
        )


YEARS = 3
_SILENT = ": no commit or review in "
BUDGET = 4.0
_YEAR = 366 * 86400
_FORMAT = "--format=%an <%ae>%n%(trailers:only=true,unfold=true)"


def find_silent_maintainers(
    sections: Iterable[Section], repository: Repository, budget: float = BUDGET
) -> tuple[str, ...]:
    """Return a warning for each M: contact who has been inactive for three years.

    Inactive means that the contact wrote, signed or reviewed no commit that matches the section's
    F: patterns. Return () if the history is too short or does not contain these files, or if time
    runs out.
    """
    end = time.monotonic() + budget
    if not _is_old_enough(repository):
        return ()
    warnings: list[str] = []
    for section in sections:
        if not section.is_maintained or not section.values("M"):
            continue
        active = _read_active_names(section, repository, end - time.monotonic())
        if not active:
            continue
        for value in section.values("M"):
            for box in split_mailboxes(value):
                name, address = split_mailbox(box)
                if (
                    address
                    and address.lower() not in active
                    and (not name or name.strip('"').lower() not in active)
                ):
                    warnings.append(
                        f"{name.strip(chr(34)) or address}{_SILENT}{section.name} for {YEARS} years"
                    )
    return tuple(warnings)


def drop_silence_warnings(warnings: Iterable[str], active: Collection[Address]) -> tuple[str, ...]:
    """Return the warnings without the ones that these people, who replied, are inactive."""
    starts = tuple(
        f"{label}{_SILENT}" for one in active for label in (one.name, one.email) if label
    )
    return tuple(warning for warning in warnings if not warning.startswith(starts))


def _is_old_enough(repository: Repository) -> bool:
    if repository.is_shallow():
        return False
    since = time.time() - (YEARS + 1) * _YEAR
    if any(ref.date and ref.date < since for ref in repository.all_refs):
        return True
    completed = repository.git("rev-list", "-1", f"--until={YEARS}.years.ago", "HEAD", ok=())
    return bool(completed.out.strip())


def _read_active_names(section: Section, repository: Repository, seconds: float) -> str:
    """Return all names, in lower case, in the last three years of commits to a section's files.

    Return "" if they are unknown.
    """
    patterns = [value.strip() for value in section.values("F")]
    # search the folder of a pattern with wildcards, because a missing warning is better than a
    # wrong one
    paths = [
        (folder_of(pattern) if set(pattern) & set("*?[{") else pattern).rstrip("/")
        for pattern in patterns
    ]
    paths = [path for path in dict.fromkeys(paths) if path]
    if not paths or seconds <= 0.05:
        return ""
    try:
        completed = repository.git(
            "log",
            "--no-merges",
            f"--since={YEARS}.years.ago",
            "--use-mailmap",
            _FORMAT,
            "HEAD",
            "--",
            *paths,
            ok=(),
            timeout=seconds,
        )
    except GitError:
        return ""
    return completed.text.lower()
