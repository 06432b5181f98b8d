# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the recipients listed in MAINTAINERS for a patch's files and keywords."""

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from patchpilot.maintainers import MaintainersFile, Section, SectionMatch
from patchpilot.maintainers.load import match_keywords, match_patch_texts
from patchpilot.model.get_maintainer import GetMaintainerOptions
from patchpilot.model.recipient import SectionInfo as ShownSection
from patchpilot.recipients.get_maintainer.address_format import (
    format_mailbox,
    split_mailbox,
    split_mailboxes,
)
from patchpilot.recipients.merge import MergedRecipients

Texts = Sequence[tuple[str, list[str]]]
_REASONS = 3
"""Maximum number of reasons shown for a recipient."""


class MaintainersMatch(NamedTuple):
    """The MAINTAINERS sections that match a patch, most specific first.

    Subscriber-only lists get no copy; they are listed as (section, list) pairs.
    """

    matches: tuple[SectionMatch, ...]
    left_out: tuple[tuple[str, str], ...]


def add_maintainers_recipients(
    collector: MergedRecipients,
    file: MaintainersFile,
    paths: Sequence[str],
    texts: Texts,
    switches: GetMaintainerOptions,
    patches: Mapping[str, Collection[int]] = MappingProxyType({}),
    texts_by_patch: Mapping[int, Texts] = MappingProxyType({}),
) -> MaintainersMatch:
    """Add the recipients listed in MAINTAINERS.

    For each file, the maintainers and the list in the most specific section are added to To:, and
    reviewers and other lists to Cc:. `patches` maps paths to patch numbers, and `texts_by_patch`
    patch numbers to texts. Contacts get only patches to their files or with their keywords; lists
    get every patch.
    """
    texts = texts if switches.keywords else ()
    matches = match_patch_texts(file, paths, texts, switches.pattern_depth)
    keyword_patches = _find_keyword_patches(file, matches, texts_by_patch)
    own_lists = _find_section_lists(matches)
    left_out: list[tuple[str, str]] = []
    # like get_maintainer.pl, compare names and addresses case-sensitively
    chiefs = (
        set()
        if switches.git_chief_penguins
        else {format_mailbox(name, address) for name, address in file.words.chiefs}
    )
    # like get_maintainer.pl, keep the first name and address found for each contact
    for match in sorted(matches, key=lambda item: item.met):
        section = match.section
        for entry in section.entries:
            if (entry.letter == "M" and switches.m) or (entry.letter == "R" and switches.r):
                role, header = ("maintainer", "to") if entry.letter == "M" else ("reviewer", "cc")
                for box in split_mailboxes(entry.value):
                    if format_mailbox(*split_mailbox(box)) not in chiefs:
                        touched = {
                            number for path in match.paths for number in patches.get(path, ())
                        }
                        # a keyword that only the cover letter has is about all patches
                        touched |= keyword_patches.get(section.number, set())
                        _add_recipient(collector, box, role, header, match, touched)
        for address, remark in section.lists if switches.l else ():
            if "subscribers-only" in remark and not switches.s:
                left_out.append((section.name, address))
            elif "moderated" not in remark or switches.moderated:
                role = "moderated list" if "moderated" in remark else "list"
                _add_recipient(
                    collector,
                    address,
                    role,
                    "to" if address.lower() in own_lists else "cc",
                    match,
                )
    return MaintainersMatch(matches, tuple(left_out))


def _find_keyword_patches(
    file: MaintainersFile, matches: Sequence[SectionMatch], texts: Mapping[int, Texts]
) -> dict[int, set[int]]:
    """Return the numbers of the patches that match a K: line, by the section's number."""
    numbers: dict[int, set[int]] = {}
    if any(entry.letter == "K" for match in matches for entry in match.section.entries):
        for number, patch_texts in texts.items():
            for keyword in match_keywords(file, patch_texts):
                numbers.setdefault(keyword.section, set()).add(number)
    return numbers


def _find_section_lists(matches: Sequence[SectionMatch]) -> set[str]:
    """Return the lists of the most specific section of each file that has any lists.

    The lists of the catch-all section are used only if no other section has any.
    """
    covered_paths: dict[str, None] = {}
    lists: set[str] = set()
    for match in matches:
        if not match.section.lists or match.by_keyword:
            continue
        for path in match.paths:
            if path not in covered_paths:
                covered_paths[path] = None
                lists |= {address.lower() for address, _ in match.section.lists}
    if len([match for match in matches if not match.is_rest and match.section.lists]) and (
        rest_matches := [match for match in matches if match.is_rest]
    ):
        other_lists = {
            address.lower()
            for match in matches
            if not match.is_rest
            for address, _ in match.section.lists
        }
        lists -= {
            address.lower()
            for rest_match in rest_matches
            for address, _ in rest_match.section.lists
        } - other_lists
    return lists


def _add_recipient(
    collector: MergedRecipients,
    box: str,
    role: str,
    header: str,
    match: SectionMatch,
    patches: Collection[int] = (),
) -> None:
    name = match.section.name
    for reason in shorten_reasons(match.reasons):
        collector.add(box, role, header, f"{reason} ({name})", name, patches)


def shorten_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Return the first few reasons, and the number of omitted ones."""
    omitted = len(reasons) - _REASONS
    return (
        *reasons[:_REASONS],
        *([f"and {omitted} more files"] if omitted > 0 else []),
    )


def convert_section(section: Section) -> ShownSection:
    """Convert a section to the form used in results."""
    return ShownSection(
        section.name,
        section.status,
        section.trees,
        tuple(address for address, _ in section.lists),
        tuple((entry.letter, entry.value) for entry in section.entries),
    )
