# SPDX-License-Identifier: GPL-2.0-or-later
"""All that is certain to fix in a topic, in one step: the safe fixes of its findings, and the tags
that findings ask for on top of them.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from patchpilot.checking.fix_commits import VERB
from patchpilot.commits import rewrite
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import record
from patchpilot.config import Settings
from patchpilot.model.progress import Progress, silent
from patchpilot.services.check.apply_fixes import FixResult
from patchpilot.services.check.check_topic import CheckedTopic
from patchpilot.services.check.fix_topic import fix_topic
from patchpilot.services.fix_finding import (
    TAG_RULES,
    FindingFixed,
    Remedy,
    fix_messages,
    tags_for,
)

MESSAGE = "/COMMIT_MSG"
"""How the names of messages end among the texts of safe fixes."""


@dataclass(frozen=True, slots=True)
class CertainFixed:
    """The safe fixes, and the tags; those are empty where no finding asks for one."""

    fixes: FixResult
    tags: FindingFixed

    @property
    def left(self) -> list[str]:
        """The findings that remain, and why a patch was not fixed, one per line."""
        tagged = TAG_RULES if self.tags.diff else {}
        stays = [
            f"{one.severity}: {one.message} [{one.name}]"
            for one in self.fixes.remaining.all
            if one.name not in tagged
        ]
        return stays + [
            f"{patch.patch.source}: {patch.refused}"
            for patch in self.fixes.patches
            if patch.refused
        ]


def fixed_messages(fixed: FixResult) -> dict[str, str]:
    """Commit → its message after the safe fixes, of those whose message they change."""
    return {
        patch.patch.commit: "\n".join(text.after)
        for patch in fixed.patches
        for text in patch.texts
        if patch.patch.commit and is_message(text.name)
    }


def is_message(name: str) -> bool:
    """Whether a text of a safe fix is a commit message."""
    return name.endswith(MESSAGE)


def fix_certain(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    tagless: Sequence[str],
    *,
    strict: bool = False,
    overrides: Collection[str] | None = None,
    progress: Progress = silent,
) -> CertainFixed:
    """Fix what is safe and add the tags that are certain to the commits `tagless`: what it would be
    without `overrides`, otherwise written.

    One undo record takes back both. `overrides` as in `fix_topic`.
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
        # objects without a name, so that the tags are found for the messages as they will be
        became = rewrite.plan(
            repository, *rewrite.branch_of(repository), fixed_messages(fixed)
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
