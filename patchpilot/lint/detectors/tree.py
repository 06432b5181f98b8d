# SPDX-License-Identifier: GPL-2.0-or-later
"""Compare a patch with the tree, its history and MAINTAINERS.

Check whether the patch applies, whether its Fixes: tags are correct, and whether MAINTAINERS marks
its files as obsolete or names other recipients. Without a tree or history, only contacts are
reported whom the patch itself adds to MAINTAINERS or removes from it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from patchpilot.cache.cached_re import cached_search
from patchpilot.lint.c.line_scan import from_byte_text, scan_patch
from patchpilot.lint.conditions import is_mail
from patchpilot.lint.detector import Arguments, Hits, detector, make_hit
from patchpilot.lint.detectors.generic import make_subject_hit
from patchpilot.lint.habits import find_patch_sections, find_patch_subsystem
from patchpilot.lint.lint_context import Context, HistoryFacts, cached_per_patch
from patchpilot.lint.message_parts import (
    find_tag_lines,
    find_tags_by_name,
    is_same_person,
)
from patchpilot.lint.selection import kernel_release_date
from patchpilot.model.address import Address, parse_address
from patchpilot.model.bounded import parse_header_date
from patchpilot.model.commit_references import find_fix_claim
from patchpilot.model.hunk_fit import fit_file
from patchpilot.model.patch import FileChange, Patch
from patchpilot.model.rule import FindingFix
from patchpilot.model.source_tree import Tree, is_guessed_content
from patchpilot.projects.commit_marks import claimed_upstream_commit

if TYPE_CHECKING:
    from patchpilot.history.earlier_fixes import UpstreamState
    from patchpilot.maintainers import SectionMatch
    from patchpilot.projects.project import Subsystem

MOST_APART = timedelta(days=120)
"""Maximum difference in age. Most patches beyond it do not apply anyway."""


@detector(
    "already-there",
)
def already_applied_patch(context: Context) -> Hits:
    """Report a patch that is already applied: the tree contains the new side of every hunk, but not
    the old side.
    """
    if (
        context.tree is None
        or not context.patch.has_diff
        or _is_older(context.patch, context.tree)
        or _targets_other_tree(context.patch, context.tree)
    ):
        return
    states = _apply_states(context)
    if states and all(state == "there" for _, state in states):
        yield make_hit(states[0][0], tree=context.tree.label)


@detector(
    "does-not-apply",
)
def hunk_missing_from_tree(context: Context) -> Hits:
    """Report a hunk whose old side is missing from a tree about as old as the patch."""
    if (
        context.tree is None
        or not context.patch.has_diff
        or abs(_patch_age(context.patch, context.tree)) >= MOST_APART
        or _targets_other_tree(context.patch, context.tree)
    ):
        return
    states = _apply_states(context)
    line = next((line for line, state in states if state != "fits"), None)
    if line and any(state != "there" for _, state in states):
        yield make_hit(line, tree=context.tree.label)


@cached_per_patch
def _apply_states(context: Context) -> list[tuple[int, str]]:
    """Compare each file that has hunks with the tree.

    Return (patch line, state). The state is "fits", "there" if the tree already has the change, or
    "alien" if it has neither side. Files that depend on an earlier patch that does not apply, and
    files with a truncated line, are skipped.
    """
    assert context.tree is not None
    cut_lines = {line.patch_line for line in context.patch.cut_lines}
    return [
        state
        for change in context.patch.files
        # report only the first patch that does not apply, not the later patches that depend on it
        if not is_guessed_content(context.tree, change.old_path or change.path)
        and cut_lines.isdisjoint(line.patch_line for hunk in change.hunks for line in hunk.lines)
        for state in _compare_with_tree(context.tree, change)
    ]


def _compare_with_tree(tree: Tree, change: FileChange) -> Iterator[tuple[int, str]]:
    if change.is_binary or not change.hunks:
        return
    first = change._replace(hunks=change.hunks[:_MAX_HUNKS])
    misfits = fit_file(first, tree).misfits
    if not misfits:
        yield change.patch_line, "fits"
        return
    hunk = misfits[0].hunk or change.hunks[0]
    is_there = not fit_file(first, tree, reverse=True).misfits
    yield hunk.patch_line, "there" if is_there else "alien"


_MAX_HUNKS = 100
"""Only this many hunks of a file are tried, because each one may be searched in the whole file."""


def _patch_age(patch: Patch, tree: Tree) -> timedelta:
    """Return the time from the tree's release to the date of the message.

    Return the maximum if one of them is unknown.
    """
    sent_date, version = _sent_date(patch), tree.version
    if sent_date is None or version is None or version[0] not in _DATED_MAJORS:
        return timedelta.max
    return sent_date.date() - kernel_release_date(version)


_DATED_MAJORS = (5, 6, 7)
"""Major versions with release dates that can be estimated."""


def _is_older(patch: Patch, tree: Tree) -> bool:
    """Return whether the patch was sent before the tree's release, so the tree may contain it."""
    return patch.commit is None and _patch_age(patch, tree) < timedelta(0)


def _is_stable(tree: Tree) -> bool:
    return bool(
        re.search(
            rb"^SUBLEVEL = *[1-9]",
            (tree.read("Makefile") or b"")[:500],
            re.MULTILINE,
        )
    )


def _targets_other_tree(patch: Patch, tree: Tree) -> bool:
    """Return whether the patch targets another stable release, or targets mainline while the tree
    is stable.
    """
    stables = patch.subject.stables
    if not stables and patch.commit is None and _is_stable(tree):
        return True
    return bool(stables) and (
        tree.version is None or f"{tree.version[0]}.{tree.version[1]}" not in stables
    )


@detector(
    "wrong-fixes",
    kinds=list,
)
def wrong_fixes_tag(context: Context, arguments: Arguments) -> Hits:
    """Report a Fixes: tag that contradicts the history (see history/fixes_tag.py)."""
    patch, history = context.patch, context.history
    if history is None:
        return
    from patchpilot.history.fixes_tag import Relations, judge_message

    lines = (patch.subject.title, *patch.message)
    for_stable = any("stable@" in tag.value for _, tag in find_tags_by_name(context, "cc"))
    # the Fixes: tag of a backport is about the mainline commit
    origin = history.compare_with_origin(patch) if claimed_upstream_commit(patch) else None
    upstream = history.find_mainline_commit(origin.commit.id) if origin else None
    commit_id = (upstream or origin.commit).id if origin else patch.commit
    commits = dict.fromkeys(filter(None, (commit_id, patch.commit)))
    relations = Relations(
        is_ancestor=lambda target: _is_ancestor_of_any(history, target.id, commits),
        in_mainline=lambda target: None if origin else history.is_ancestor_of_mainline(target.id),
        first_release=lambda target: history.first_release(target.id),
        own_release=(
            history.first_release(commit_id)
            if patch.commit and commit_id and history.find_commit(commit_id)
            else None
        ),
        series=context.cache_for_series("commits", _commit_ids),
        mainline_commit=lambda target: history.find_mainline_commit(target.id),
        changed_paths=lambda target: history.list_changed_paths(target.id),
        paths=patch.paths,
    )
    for judgment in judge_message(lines, history.find_commit, relations=relations):
        for problem in judgment.problems:
            if problem.kind in arguments["kinds"]:
                # fixes are often merged in the release that introduced the bug
                case = (
                    "same-release-for-stable"
                    if problem.kind == "same-release" and for_stable
                    else problem.kind
                )
                fix = FindingFix("suggest", judgment.suggestion) if judgment.suggestion else None
                values = {
                    "commit": judgment.tag.commit_id,
                    "release": relations.own_release or "",
                }
                yield make_hit(
                    patch.message_line + judgment.tag.line - 1,
                    case,
                    None,
                    fix,
                    **values,
                )
        if (
            judgment.target
            and not patch.commit
            and (sent_date := _sent_date(patch))
            and judgment.target.committed > sent_date + timedelta(days=1)
        ):
            commit_date = f"{judgment.target.committed:%Y-%m-%d}"
            yield make_hit(
                patch.message_line + judgment.tag.line - 1,
                "newer",
                commit=judgment.tag.commit_id,
                date=commit_date,
            )


def _is_ancestor_of_any(history: HistoryFacts, target: str, commits: Iterable[str]) -> bool | None:
    """Return whether a commit is an ancestor of a backport or of its origin, or None if unknown."""
    answers = [history.is_ancestor(target, commit) for commit in commits]
    return True if any(answers) else None if None in answers or not answers else False


def _sent_date(patch: Patch) -> datetime | None:
    return parse_header_date(patch.header("Date") or "")


@detector(
    "fixed-upstream",
)
def fix_already_upstream(context: Context) -> Hits:
    """Report a fix that mainline or a maintainer's tree already has.

    If a commit changes the same lines in another way, the finding is only a question.
    """
    state = _upstream_state(context)
    fixes = zip(context.series.patches, state.fixes if state else (), strict=False)
    fix = next((fix for patch, fix in fixes if patch is context.patch), None)
    if fix is None:
        return
    if state and state.stable and fix.in_mainline:
        command = f"patchpilot backport {fix.commit[:12]}"
    else:
        command = f"git show {fix.commit[:12]}"
    case = "" if fix.is_sure else "question"
    yield make_subject_hit(context, case, FindingFix("suggest", command), words=fix.words)


@detector(
    "stable-base",
)
def series_based_on_stable(context: Context) -> Hits:
    """Report a series for mainline that is based on a stable branch."""
    state = _upstream_state(context)
    if state and state.stable and context.patch is context.series.patches[0]:
        fix = FindingFix("suggest", state.stable.rebase)
        yield make_subject_hit(context, "", fix, words=state.stable.words)


def _upstream_state(context: Context) -> "UpstreamState | None":
    history = context.history
    return (
        context.cache_for_series("upstream", history.upstream_state)
        if history and context.patch.has_diff
        else None
    )


def _commit_ids(patches: Sequence[Patch]) -> tuple[str, ...]:
    return tuple(patch.commit for patch in patches if patch.commit)


_SCRIPT = "scripts/get_maintainer.pl"


@detector(
    "checkpatch-obsolete",
)
def change_to_obsolete_file(context: Context) -> Hits:
    """Report changes to files in an obsolete MAINTAINERS section.

    A file missing from the tree counts as obsolete if its name contains "obsolete". The finding is
    on the file's header line.
    """
    tree = context.tree
    lines = [line for line in scan_patch(context).lines if line.starts_file]
    if tree is None or not lines or not tree.exists(_SCRIPT):
        return
    abandoned = {
        path
        for match in find_patch_sections(context)
        if "obsolete" in (match.section.status or "").lower()
        for path in match.paths
    }
    for line in lines:
        path = from_byte_text(line.file)
        if path in abandoned if tree.exists(path) else "obsolete" in path.lower():
            yield make_hit(line.number, path=path)


_LONGEST_SERIES = 15
"""Networking trees take at most this number of patches at once."""


@detector(
    "target-tree",
)
def wrong_target_tree(context: Context) -> Hits:
    """Report a missing or malformed target tree in the subject.

    All files must belong to a subsystem that requires a target tree. In a patch file without
    recipients, the target tree may still be added later. The finding is then less severe, and
    requires the subsystem's profile or a Fixes: tag, which decides the tree.
    """
    patch, subsystem = context.patch, find_patch_subsystem(context)
    if (
        subsystem is None
        or not subsystem.tree_required
        or patch.commit
        or not patch.subject.is_patch
        or not patch.has_diff
    ):
        return
    known_trees = {*subsystem.trees, *subsystem.other_trees}
    marks = {word.lower() for word in patch.subject.words}
    if marks.issuperset(subsystem.trees):
        yield make_subject_hit(context, "both", fixes=subsystem.trees[0], rest=subsystem.trees[-1])
    for word in patch.subject.words:
        # a bracket besides [PATCH] is a subsystem prefix of the old form
        if (
            word.lower() in known_trees
            and word not in known_trees
            and word not in patch.subject.marks
        ):
            yield make_subject_hit(context, "upper-case", word=word, tree=word.lower())
    if (
        marks & known_trees
        or patch.subject.is_rfc
        # a series across subsystems, which no networking tree takes
        or (patch.subject.total or 0) > _LONGEST_SERIES
        or any(cached_search(r"\d\.\d|stable|-next$", word) for word in marks)
    ):
        return
    fixes, next_tree = subsystem.trees[0], subsystem.trees[-1]
    if not (
        is_mail(patch)
        or patch.tags("Fixes")
        or set(context.project.subject_prefixes).intersection(subsystem.trees)
    ):
        return
    if _has_own_tree(context, subsystem):
        return
    case = "" if is_mail(patch) else "loose-file"
    yield make_subject_hit(
        context,
        case,
        tree=fixes if _is_fix(patch) else next_tree,
        fixes=fixes,
        rest=next_tree,
    )


def _is_fix(patch: Patch) -> bool:
    claim = find_fix_claim(patch.subject.title, patch.message, patch.paths)
    return bool(patch.tags("Fixes") or claim)


def _has_own_tree(context: Context, subsystem: "Subsystem") -> bool:
    """Return whether MAINTAINERS gives each file a tree and list other than the subsystem's.

    Lists are compared by name, because a list keeps its name when it moves to another server.
    """
    own_trees: set[str] = set()
    subsystem_lists = {_list_name(address) for address in subsystem.lists}
    for match in find_patch_sections(context):
        lists = {_list_name(address) for address, _ in match.section.lists}
        if (
            lists
            and lists.isdisjoint(subsystem_lists)
            and match.section.trees
            and not match.by_keyword
        ):
            own_trees.update(match.paths)
    return bool(own_trees) and own_trees.issuperset(
        path for path in context.patch.paths if path != "MAINTAINERS"
    )


def _list_name(address: str) -> str:
    return address.partition("@")[0].lower()


@detector(
    "forgotten-maintainer",
)
def forgotten_maintainer(context: Context) -> Hits:
    """Report a file without a maintainer among the recipients."""
    patch = context.patch
    recipients = _all_recipients(patch)
    if not recipients:
        return
    reported: set[str] = set()
    for section in find_patch_sections(context):
        people, lists = _section_contacts(context, section)
        if (
            not people
            or section.depth < 1
            or section.by_keyword
            or not section.section.is_maintained
            or any(
                is_same_person(person, recipient) for person in people for recipient in recipients
            )
        ):
            continue
        listed = any(
            address.lower() == recipient.key for address in lists for recipient in recipients
        )
        if (listed and not _is_most_specific(context, section)) or section.section.name in reported:
            continue
        reported.add(section.section.name)
        maintainer_names = ", ".join(address.called for address in people[:3])
        yield make_hit(
            patch.header_line("Cc") or patch.header_line("To") or 1,
            section=section.section.name,
            maintainers=maintainer_names,
        )
        if len(reported) == 3:
            return


@detector(
    "unaddressed-contact",
)
def unaddressed_contact(context: Context) -> Hits:
    """Report maintainers and reviewers whom a patch adds to MAINTAINERS or removes from it, and who
    do not get it.

    Nothing is reported about contacts whom a tag names, or whose address bounces according to the
    message.
    """
    patch = context.patch
    recipients = _all_recipients(patch)
    if not recipients or not any("MAINTAINERS" in path for path in patch.paths):
        return
    from patchpilot.maintainers import find_changed_contacts

    text = "\n".join((patch.subject.title, *patch.message, *patch.notes))
    if cached_search(_IS_GONE, text):
        return
    informed = [*recipients, *(tag.address for _, tag in find_tag_lines(context) if tag.address)]
    for contact in find_changed_contacts(patch):
        if not any(is_same_person(contact.address, person) for person in informed):
            yield make_hit(
                contact.patch_line, contact=contact.address.called, change=contact.change
            )


_IS_GONE = r"(?i)\bbounc|\bdead\b|\bpassed away|\bunreachable\b|\bno longer (?:valid|works?)\b"


def _all_recipients(patch: Patch) -> list[Address]:
    """Return the list of recipients, author and sender, or [] if there are no recipients."""
    addressed = [*patch.addresses("To"), *patch.addresses("Cc")]
    if not addressed or not patch.has_diff:
        return []
    return [
        *addressed,
        *(address for address in (patch.sender, patch.author) if address),
    ]


def _section_contacts(context: Context, match: "SectionMatch") -> tuple[list[Address], list[str]]:
    """Return a section's maintainers and lists, except lists that get every patch."""
    people = [address for value in match.section.values("M") if (address := parse_address(value))]
    return people, [
        address
        for address, _ in match.section.lists
        if address.lower() not in context.project.lists.catch_all
    ]


def _is_most_specific(context: Context, match: "SectionMatch") -> bool:
    for path in match.paths:
        depths = [
            section.depth
            for section in find_patch_sections(context)
            if path in section.paths and section.section.values("M") and not section.by_keyword
        ]
        if depths and match.depth >= max(depths):
            return True
    return False
