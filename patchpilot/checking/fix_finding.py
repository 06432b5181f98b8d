# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix a single finding in a topic, or preview the fix.

The finding is fixed by its rule, by a tag that `prepare` can add, or by a sign-off.
"""

from collections.abc import Collection, Iterable, Sequence

from patchpilot.checking.apply_fixes import FixResult
from patchpilot.checking.result import FindingRemedy, FindingRow
from patchpilot.checking.topic import CheckedTopic, fix_topic_findings
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import find_branch_to_rewrite
from patchpilot.config import Settings
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.rule import Finding
from patchpilot.model.trailer import find_tags
from patchpilot.tags.prepare_commits import (
    PrepareRequest,
    plan_message_changes,
)
from patchpilot.topic.message_changes import MessageChange, Preparation, write_messages

DCO_SUMMARY = (
    "With a Signed-off-by line you certify the Developer's Certificate of Origin 1.1: you wrote"
    " this change or have the right to submit it under the license of the file, and you agree that"
    " the change, your name and your address are public and kept indefinitely."
)
"""Summary of what a sign-off certifies."""
DCO_URL = "https://developercertificate.org/"


Changes = FixResult | Preparation
"""The changes that fix a finding: `diff` contains their lines, or is empty if no fix is certain;
`reason` then says why. `costs` lists the consequences of the rewrite for others.
"""


def fix_finding(
    repository: Repository,
    settings: Settings,
    commit: str,
    findings: Iterable[Finding],
    *,
    strict: bool = False,
    overrides: Collection[str] | None,
    progress: Progress = ignore_progress,
) -> FixResult:
    """Apply the safe fix for findings in a commit, and return the changes.

    If `overrides` is None, preview the fix without writing it. Otherwise, ignore the blocks named
    in `overrides`.
    """
    selected = {(finding.rule, finding.patch_line) for finding in findings}
    return fix_topic_findings(
        repository,
        settings,
        CheckedTopic((commit,), commit),
        strict=strict,
        overrides=overrides,
        is_selected=lambda _, candidate: (candidate.rule, candidate.patch_line) in selected,
        progress=progress,
    )


def find_block(rows: Iterable[FindingRow], row: FindingRow) -> tuple[Finding, ...]:
    """Return the findings of the same rule in the finding's block of lines.

    A block consists of adjacent lines, such as lines that are indented with spaces, and of blank
    lines between them.
    """
    start, patch = row.finding.patch_line, row.own_patch
    if start is None or patch is None:
        return (row.finding,)
    found = {
        other.finding.patch_line: other.finding
        for other in rows
        if (other.commit, other.finding.rule) == (row.commit, row.finding.rule)
        and not other.finding.suppression
    }
    block = {start}
    for step in (-1, 1):
        line = start + step
        while line in found or (1 <= line <= len(patch.lines) and patch.lines[line - 1] == "+"):
            block.add(line)
            line += step
    return tuple(found[line] for line in sorted(block & set(found))) or (row.finding,)


def fix_messages(
    repository: Repository,
    settings: Settings,
    commits: Sequence[str],
    remedy: FindingRemedy,
    *,
    overrides: Collection[str] | None,
    progress: Progress = ignore_progress,
) -> Preparation:
    """Add the certain tags, or the user's sign-off, to commit messages.

    `overrides` works like in `fix_finding`.
    """
    is_sign_off = remedy is FindingRemedy.SIGN_OFF
    changes = _plan_message_changes(repository, settings, commits, is_sign_off, progress)
    for change in changes:
        if is_sign_off and _is_missing_author(repository, change):
            commit = repository.commit(change.commit)
            reason = f"only the author can: {commit.author} of {commit.short}"
            return Preparation(None, "", (change._replace(new=change.old, unsure=reason),))
    return write_messages(
        repository,
        Preparation(*find_branch_to_rewrite(repository), changes),
        "prepare",
        dry_run=overrides is None,
        overrides=overrides or (),
    )


def preview_certain_tags(
    repository: Repository,
    settings: Settings,
    commits: Sequence[str],
    progress: Progress,
) -> Preparation:
    """Return the tags that are certain for these commits, without writing them.

    The commits need not be on a branch.
    """
    changes = _plan_message_changes(repository, settings, commits, False, progress)
    return Preparation(None, "", changes)


def _plan_message_changes(
    repository: Repository,
    settings: Settings,
    commits: Sequence[str],
    is_sign_off: bool,
    progress: Progress,
) -> tuple[MessageChange, ...]:
    request = PrepareRequest(
        profile=settings.get("profile"),
        fixes=("none",) if is_sign_off else ("auto",),
        stable="none" if is_sign_off else "auto",
        signoff=is_sign_off,
    )
    return plan_message_changes(repository, commits, request, progress)


def _is_missing_author(repository: Repository, change: MessageChange) -> bool:
    commit = repository.commit(change.commit)
    signers = [tag.value.lower() for tag in find_tags(change.new.split("\n"), "Signed-off-by")]
    return bool(commit.tags("Signed-off-by")) and not any(
        commit.author.email.lower() in signer for signer in signers
    )
