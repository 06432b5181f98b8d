# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the recipient plan for a series or patch.

The plan consists of the To and Cc recipients with all reasons.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from patchpilot.commits.b4_prep import PrepBranch
from patchpilot.commits.repository import Repository
from patchpilot.maintainers import MaintainersFile, Section
from patchpilot.model.address import Address, AddressState, explain_unsafe_address
from patchpilot.model.commit import Commit
from patchpilot.model.get_maintainer import GetMaintainerOptions
from patchpilot.model.patch import Patch
from patchpilot.model.recipient import MOST_RECIPIENTS, TEAM, Recipient, RecipientPlan
from patchpilot.model.source_tree import Tree
from patchpilot.projects.commit_marks import claimed_upstream_commit
from patchpilot.projects.loading import is_on_list_host
from patchpilot.projects.project import Project
from patchpilot.recipients.from_maintainers import (
    MaintainersMatch,
    Texts,
    add_maintainers_recipients,
    convert_section,
)
from patchpilot.recipients.from_message import (
    add_changed_maintainers,
    add_culprit_contacts,
    add_tagged_recipients,
    add_upstream_contacts,
    find_tagged_culprits,
)
from patchpilot.recipients.get_maintainer.address_format import Merger
from patchpilot.recipients.get_maintainer.answer import find_mailboxes_in_files, read_mailmap
from patchpilot.recipients.get_maintainer.collected_roles import (
    CollectedRoles,
    GetMaintainerRequest,
)
from patchpilot.recipients.get_maintainer.git_signers import GitHistory
from patchpilot.recipients.get_maintainer.patch_scan import scan_patch
from patchpilot.recipients.merge import MergedRecipients
from patchpilot.recipients.warnings import (
    RecipientFacts,
    find_address_warnings,
    find_recipient_warnings,
    judge_address,
)

TEAM_REASON = "a security problem goes to the maintainers, with a copy to the security team"
UNDISCLOSED = "undisclosed security fix: sent to the maintainers and the security team only"


class RecipientSources(NamedTuple):
    """The sources of a recipient plan. `repository` and `history` are None if they are not
    available. `notes` describes the tree's options that have no effect.
    """

    file: MaintainersFile
    tree: Tree
    switches: GetMaintainerOptions
    project: Project
    repository: Repository | None = None
    history: GitHistory | None = None
    sender: Address | None = None
    notes: tuple[str, ...] = ()


def plan_patches(
    patches: Sequence[Patch], sources: RecipientSources, prep: PrepBranch | None = None
) -> RecipientPlan:
    """Return the recipient plan for patches sent together, the cover letter last.

    It includes the authors and the recipients in b4's cover letter, but not the sender. Contacts
    receive the patches that concern them, and lists receive all patches; in some projects,
    everybody receives all patches. For patches with a subject prefix for stable, see
    `_plan_backports`.
    """
    if sources.project.lists.stable and all(
        patch.subject.is_for_stable for patch in patches if patch.has_diff
    ):
        return _plan_backports(patches, sources, prep)
    collector, maintainers_match, numbers = _collect_maintainers(patches, sources)
    if sources.repository and sources.switches.fixes:
        add_culprit_contacts(
            collector,
            find_tagged_culprits(patches, sources.repository).values(),
            (address for _, address in sources.file.words.chiefs),
        )
    _add_recipients_of_messages(collector, patches, sources, prep)
    plan = _make_plan(collector, maintainers_match, sources, numbers, tuple(patches))
    all_patch_lists = sources.project.mail.all_to_all
    lists = {recipient.address.key for recipient in plan.recipients}
    is_series = sum(patch.has_diff for patch in patches) > 1
    if is_series and not lists.intersection(all_patch_lists):
        return plan
    recipients = tuple(recipient._replace(patches=()) for recipient in plan.recipients)
    return plan._replace(recipients=recipients)


def _add_recipients_of_messages(
    collector: MergedRecipients,
    patches: Sequence[Patch],
    sources: RecipientSources,
    prep: PrepBranch | None,
) -> None:
    """Add the recipients that the patches' messages and b4's cover letter name."""
    for number, patch in enumerate(patches, 1):
        own_numbers = (number,) if patch.has_diff else ()
        add_tagged_recipients(collector, patch, sources.project.lists.rules, own_numbers)
        add_changed_maintainers(collector, patch, own_numbers)
    for header, addresses in (("to", prep.to), ("cc", prep.cc)) if prep else ():
        for address in addresses:
            collector.add(
                address.header(),
                "in the cover letter",
                header,
                f"{header.title()}: in b4's cover letter",
            )


def _plan_backports(
    patches: Sequence[Patch], sources: RecipientSources, prep: PrepBranch | None
) -> RecipientPlan:
    """Return the recipient plan for patches for stable.

    The stable list is in To:, and the contacts of the mainline commits and of the messages are in
    Cc: (Documentation/process/stable-kernel-rules.rst). MAINTAINERS is only used if a mainline
    commit is unknown: otherwise, the maintainers who merged it are among its contacts.
    """
    commits = [_find_upstream_commit(patch, sources) for patch in patches if patch.has_diff]
    collector, match = _collect_recipients(sources), MaintainersMatch((), ())
    if None in commits:
        collector, match, _ = _collect_maintainers(patches, sources)
    collector.skip(sources.sender)
    stable_list = sources.project.lists.stable
    collector.add(stable_list, "stable list", "to", "backports go to the stable maintainers")
    _add_recipients_of_messages(collector, patches, sources, prep)
    for commit in filter(None, commits):
        add_upstream_contacts(collector, commit)
    all_recipients = tuple(
        recipient._replace(header="cc" if recipient.section else recipient.header, patches=())
        for recipient in collector.recipients()
    )
    facts = RecipientFacts(all_recipients, match, (), tuple(patches), collector.unsafe)
    recipients = _drop_invalid_recipients(all_recipients)
    return RecipientPlan(recipients, (), find_address_warnings(facts))


def _find_upstream_commit(patch: Patch, sources: RecipientSources) -> Commit | None:
    """Return the mainline commit that a backport names, if the repository has it."""
    claim, repository = claimed_upstream_commit(patch), sources.repository
    commit_id = repository.find(claim) if repository and claim else None
    return repository.commit(commit_id) if repository and commit_id else None


def plan_undisclosed(patches: Sequence[Patch], sources: RecipientSources) -> RecipientPlan:
    """Return the recipient plan for an undisclosed fix.

    The maintainers (`M:`) are in To:, the security team is in Cc:, and nobody else receives the fix
    (Documentation/process/security-bugs.rst). If there is no maintainer, the security team is in
    To:. A mailing list in an `M:` line does not count as a maintainer.
    """
    collector, maintainers_match, _ = _collect_maintainers(patches, _limit_to_maintainers(sources))
    return _plan_undisclosed(collector, maintainers_match, sources)


def plan_undisclosed_for_paths(
    paths: Sequence[str], sources: RecipientSources, texts: Texts = ()
) -> RecipientPlan:
    """Return the recipient plan for an undisclosed fix to these files or folders.

    See `plan_undisclosed`.
    """
    limited = _limit_to_maintainers(sources)
    collector = _collect_recipients(limited)
    return _plan_undisclosed(
        collector,
        add_maintainers_recipients(collector, limited.file, paths, texts, limited.switches),
        sources,
    )


def _limit_to_maintainers(sources: RecipientSources) -> RecipientSources:
    return sources._replace(switches=sources.switches._replace(m=True, r=False, l=False))


def _plan_undisclosed(
    collector: MergedRecipients,
    maintainers_match: MaintainersMatch,
    sources: RecipientSources,
) -> RecipientPlan:
    all_recipients = collector.recipients()
    team = sources.project.lists.security
    candidates = [
        recipient
        for recipient in _drop_invalid_recipients(all_recipients)
        if recipient.address.key != team.lower()
    ]
    list_addresses = _find_listed_addresses(sources.file)
    lists = [
        recipient
        for recipient in candidates
        if is_on_list_host(recipient.address.email) or recipient.address.key in list_addresses
    ]
    maintainers = (
        [recipient for recipient in candidates if recipient not in lists] if lists else candidates
    )
    contact = Recipient(
        Address("", team), TEAM, None, "cc" if maintainers else "to", (TEAM_REASON,)
    )
    facts = RecipientFacts(all_recipients, maintainers_match, (), (), collector.unsafe)
    warnings = (
        UNDISCLOSED if team else f"{UNDISCLOSED}; this project has no security team",
        *(
            f"{recipient.address.email} ({recipient.section}) is a mailing list and was omitted"
            for recipient in lists
        ),
        *find_address_warnings(facts),
    )
    sections = tuple(convert_section(match.section) for match in maintainers_match.matches)
    return RecipientPlan((*maintainers, *((contact,) if team else ())), sections, warnings)


def _find_listed_addresses(file: MaintainersFile) -> frozenset[str]:
    """Return the addresses in L: lines, in lower case.

    These addresses are mailing lists even if an `M:` line also names them.
    """
    lines = re.findall(r"(?im)^L:([^\n]*)", file.text)
    return frozenset(
        address.lower()
        for line in lines
        for address in re.findall(r"[^\s<>(),;:\"]+@[\w-]+(?:\.[\w-]+)*", line)
    )


def _drop_invalid_recipients(recipients: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """Drop recipients with invalid addresses.

    If there are very many recipients, drop only those with dangerous addresses.
    """
    if len(recipients) > MOST_RECIPIENTS:
        return tuple(
            recipient
            for recipient in recipients
            if not explain_unsafe_address(recipient.address.email)
        )
    return tuple(
        recipient
        for recipient in recipients
        if judge_address(recipient.address.email).state is not AddressState.BAD
    )


def plan_paths(paths: Sequence[str], sources: RecipientSources, texts: Texts = ()) -> RecipientPlan:
    """Return the recipient plan for source files or folders.

    `texts` contains the contents of the files, which are searched for keywords.
    """
    collector = _collect_recipients(sources)
    maintainers_match = add_maintainers_recipients(
        collector, sources.file, paths, texts, sources.switches
    )
    return _make_plan(collector, maintainers_match, sources, dict.fromkeys(paths, ()), ())


def is_maintained_section(section: Section) -> bool:
    """Return whether a MAINTAINERS section lists contacts and is not orphaned or obsolete."""
    status = (section.status or "").lower()
    return bool(section.values("M") or section.values("R")) and not status.startswith(
        ("orphan", "obsolete")
    )


def _collect_maintainers(
    patches: Sequence[Patch], sources: RecipientSources
) -> tuple[MergedRecipients, MaintainersMatch, dict[str, list[int]]]:
    """Return the recipients from MAINTAINERS, the matching sections, and the patch numbers of each
    file.

    The sender is not included.
    """
    collector = _collect_recipients(sources)
    collector.skip(sources.sender)
    numbers: dict[str, list[int]] = {}
    texts: list[tuple[str, list[str]]] = []
    texts_by_patch: dict[int, Texts] = {}
    for number, patch in enumerate(patches, 1):
        scan_result = scan_patch("\n".join(patch.lines))
        for path in {*scan_result.files} - {"dev/null"}:
            numbers.setdefault(path, []).append(number)
        texts += scan_result.texts
        if patch.has_diff:
            texts_by_patch[number] = scan_result.texts
    maintainers_match = add_maintainers_recipients(
        collector,
        sources.file,
        sorted(numbers),
        texts,
        sources.switches,
        numbers,
        texts_by_patch if sources.switches.keywords else {},
    )
    return collector, maintainers_match, dict(sorted(numbers.items()))


def _collect_recipients(sources: RecipientSources) -> MergedRecipients:
    return MergedRecipients(read_mailmap(sources.tree, sources.switches))


def _make_plan(
    collector: MergedRecipients,
    maintainers_match: MaintainersMatch,
    sources: RecipientSources,
    numbers: Mapping[str, Collection[int]],
    patches: tuple[Patch, ...],
) -> RecipientPlan:
    paths = tuple(numbers)
    for path in paths:
        for mailbox in find_mailboxes_in_files((path,), sources.tree, sources.switches):
            collector.add(mailbox, "named in file", "cc", f"named in {path}", None, numbers[path])
    # with so many recipients, do not add more from the history
    is_full = collector.count > MOST_RECIPIENTS
    remarks: tuple[str, ...] = ()
    if sources.history and not is_full:
        ranges = [one for patch in patches for one in scan_patch("\n".join(patch.lines)).ranges]
        request = GetMaintainerRequest(
            paths, _find_maintained_paths(maintainers_match), (), tuple(ranges)
        )
        remarks = _add_history(collector, sources, sources.history, request)
    all_recipients = collector.recipients()
    recipients = _drop_invalid_recipients(all_recipients)
    facts = RecipientFacts(all_recipients, maintainers_match, paths, patches, collector.unsafe)
    sections = tuple(convert_section(match.section) for match in maintainers_match.matches)
    warnings = find_recipient_warnings(facts, sources.tree, sources.repository)
    remedies = tuple((warning, remedy) for warning, remedy in warnings.items() if remedy)
    all_warnings = (*warnings, *remarks, *sources.notes)
    return RecipientPlan(recipients, sections, all_warnings, remedies)


def _find_maintained_paths(maintainers_match: MaintainersMatch) -> frozenset[str]:
    return frozenset(
        path
        for match in maintainers_match.matches
        if not match.is_rest and is_maintained_section(match.section)
        for path in match.paths
    )


def _add_history(
    collector: MergedRecipients,
    sources: RecipientSources,
    history: GitHistory,
    request: GetMaintainerRequest,
) -> tuple[str, ...]:
    """Add signers from git to Cc:.

    This is done for files that only the catch-all section matches or, with --git, for all files.
    get_maintainer.pl queries the history whenever no pattern is exact, which adds more signers than
    maintainers.
    """
    collected = CollectedRoles(
        sources.switches.with_implied, sources.file.words, Merger(collector.mailmap)
    )
    history.add_file_contacts(collected, request)
    for row in collected.rows:
        for role in row.role.split(","):
            collector.add(
                row.printed_address,
                "recent contributor",
                "cc",
                f"from git history: {role.replace('_', ' ')}",
            )
    return tuple(history.remarks)
