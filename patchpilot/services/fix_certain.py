# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply all safe fixes to a topic in one step: its findings' safe fixes, and tags required by other
findings.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from patchpilot.checking.fix_commits import VERB
from patchpilot.commits import rewrite
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import record
from patchpilot.config import Settings
from patchpilot.model.progress import Progress
from patchpilot.services.check.apply_fixes import FixResult
from patchpilot.services.check.check_topic import CheckedTopic, fix_topic
from patchpilot.services.fix_finding import (
    TAG_RULES,
    FindingFixed,
    Remedy,
    fix_messages,
    tags_for,
)

MESSAGE = "/COMMIT_MSG"
"""Suffix of messages among the fixed texts."""


@dataclass(frozen=True, slots=True)
class CertainFixed:
    """The safe fixes applied to a topic, and the tags added to its commits.

    `tags` is empty if no finding requires a tag.
    """

    fixes: FixResult
    tags: FindingFixed

    @property
    def left(self) -> list[str]:
        """Return the remaining findings, and the reasons why patches were not fixed, one per
        line.
        """
        tagged = TAG_RULES if self.tags.diff else {}
        stays = [
            f"{finding.severity}: {finding.message} [{finding.name}]"
            for finding in self.fixes.remaining.all
            if finding.name not in tagged
        ]
        return stays + [
            f"{patch.patch.source}: {patch.refused}"
            for patch in self.fixes.patches
            if patch.refused
        ]


def fixed_messages(fixed: FixResult) -> dict[str, str]:
    """Return the commit messages changed by the safe fixes, by commit id."""
    return {
        patch.patch.commit: "\n".join(text.after)
        for patch in fixed.patches
        for text in patch.texts
        if patch.patch.commit and is_message(text.name)
    }


def is_message(name: str) -> bool:
    """Return whether a text changed by a safe fix is a commit message."""
    return name.endswith(MESSAGE)


def fix_certain(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    tagless: Sequence[str],
    *,
    strict: bool,
    overrides: Collection[str] | None,
    progress: Progress,
) -> CertainFixed:
    """Apply the safe fixes, and add certain tags to the commits in `tagless`.

    If `overrides` is None, nothing is written and the result is a preview. A single undo record
    covers both changes. `overrides` works like in `fix_topic`.
    """
    fixed = fix_topic(
        repository,
        settings,
        topic,
        strict=strict,
        overrides=overrides,
        progress=progress,
    )
    if not tagless:
        return CertainFixed(fixed, FindingFixed(()))
    if overrides is None:
        # the search for tags needs the new messages, so create commits without a ref
        became = rewrite.plan(
            repository,
            *rewrite.branch_of(repository),
            fixed_messages(fixed),
            sign=False,
        ).commits
        return CertainFixed(
            fixed,
            tags_for(
                repository,
                settings,
                [became.get(commit, commit) for commit in tagless],
                progress,
            ),
        )
    commits = [fixed.ids.get(commit, commit) for commit in tagless]
    tags = fix_messages(
        repository,
        settings,
        commits,
        Remedy.TAGS,
        overrides=overrides,
        progress=progress,
    )
    if fixed.undo and tags.diff:
        became = {
            **tags.ids,
            **{old: tags.ids.get(new, new) for old, new in fixed.ids.items()},
        }
        record(
            repository,
            fixed.undo.ref,
            fixed.undo.old,
            rewrite.branch_of(repository)[1],
            VERB,
            became,
        )
    return CertainFixed(fixed, tags)
