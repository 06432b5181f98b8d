# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors that compare a message with MAINTAINERS: target tree and missing recipients."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from patchpilot.lint.conditions import is_mail
from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.detectors.generic import subject_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.subsystem_facts import sections_of, subsystem
from patchpilot.model.address import Address, parse_address
from patchpilot.model.fix_claim import fix_claim
from patchpilot.model.patch import Patch

if TYPE_CHECKING:
    from patchpilot.maintainers import SectionMatch
    from patchpilot.projects.project import Subsystem


@detector(
    "target-tree",
)
def target_tree(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a missing or malformed target tree in the subject.

    All files must belong to a subsystem that requires one. For a patch file without recipients,
    whose subject may still change, a missing tree is reported with lower severity, and only if
    the profile is the subsystem's.
    """
    patch, wanted = context.patch, subsystem(context)
    if (
        wanted is None
        or not wanted.tree_required
        or patch.commit
        or not patch.subject.is_patch
        or not patch.has_diff
    ):
        return
    known = {*wanted.trees, *wanted.other_trees}
    marks = {word.lower() for word in patch.subject.words}
    if marks.issuperset(wanted.trees):
        yield subject_hit(context, "both", fixes=wanted.trees[0], rest=wanted.trees[-1])
    for word in patch.subject.words:
        if word.lower() in known and word not in known:
            yield subject_hit(context, "upper-case", word=word, tree=word.lower())
    if (
        marks & known
        or patch.subject.rfc
        or any(re.search(r"\d\.\d|stable|-next$", word) for word in marks)
    ):
        return
    fixes, rest = wanted.trees[0], wanted.trees[-1]
    if not is_mail(patch) and not set(context.project.subject_prefixes).intersection(
        wanted.trees
    ):
        return
    if _has_own_tree(context, wanted):
        return
    case = "" if is_mail(patch) else "loose-file"
    yield subject_hit(
        context, case, tree=fixes if _is_fix(patch) else rest, fixes=fixes, rest=rest
    )


def _is_fix(patch: Patch) -> bool:
    """Return whether a patch has a Fixes: tag, or its message claims to fix a bug."""
    return any(tag.key == "fixes" for tag in patch.trailers) or bool(
        fix_claim(patch.subject.title, patch.message, patch.paths)
    )


def _has_own_tree(context: Context, subsystem: "Subsystem") -> bool:
    """Return whether MAINTAINERS gives every file a tree and list different from the
    subsystem's.
    """
    own: set[str] = set()
    for match in sections_of(context):
        lists = {address.lower() for address, _ in match.section.lists}
        if (
            lists
            and lists.isdisjoint(subsystem.lists)
            and match.section.trees
            and not match.by_keyword
        ):
            own.update(match.paths)
    return bool(own) and own.issuperset(
        path for path in context.patch.paths if path != "MAINTAINERS"
    )


@detector(
    "forgotten-maintainer",
)
def forgotten_maintainer(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report a file without a maintainer among the recipients."""
    patch = context.patch
    have = _recipients(patch)
    if not have:
        return
    reported: set[str] = set()
    for section in sections_of(context):
        people, lists = _contacts(context, section)
        if (
            not people
            or section.depth < 1
            or section.by_keyword
            or not section.section.is_maintained
            or any(_contains_person(address, have) for address in people)
        ):
            continue
        listed = any(
            address.lower() == other.key for address in lists for other in have
        )
        if (
            listed and not _is_deepest(context, section)
        ) or section.section.name in reported:
            continue
        reported.add(section.section.name)
        whom = ", ".join(address.called for address in people[:3])
        yield make_hit(
            patch.header_line("Cc") or patch.header_line("To") or 1,
            section=section.section.name,
            maintainers=whom,
        )
        if len(reported) == 3:
            return


def _recipients(patch: Patch) -> list[Address]:
    """Return all recipients, the author and the sender, or [] if the message has no recipients."""
    addressed = [*patch.addresses("To"), *patch.addresses("Cc")]
    if not addressed or not patch.has_diff:
        return []
    return [
        *addressed,
        *(address for address in (patch.sender, patch.author) if address),
    ]


def _contacts(
    context: Context, match: "SectionMatch"
) -> tuple[list[Address], list[str]]:
    """Return a section's maintainers, and its lists except those for every patch."""
    people = [
        address
        for value in match.section.values("M")
        if (address := parse_address(value))
    ]
    return people, [
        address
        for address, _ in match.section.lists
        if address.lower() not in context.project.lists.catch_all
    ]


def _contains_person(person: Address, have: list[Address]) -> bool:
    return any(
        person.key == other.key
        or (person.name and person.name.lower() == other.name.strip('"').lower())
        for other in have
    )


def _is_deepest(context: Context, match: "SectionMatch") -> bool:
    """Return whether the section is the most specific maintained one for any path."""
    for path in match.paths:
        depths = [
            section.depth
            for section in sections_of(context)
            if path in section.paths
            and section.section.values("M")
            and not section.by_keyword
        ]
        if depths and match.depth >= max(depths):
            return True
    return False
