# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply all safe fixes to a topic together, and add the tags that its other findings require."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from patchpilot.checking.apply_fixes import FixResult
from patchpilot.checking.fix_commits import VERB
from patchpilot.checking.fix_files import PatchText
from patchpilot.checking.fix_finding import (
    fix_messages,
    preview_certain_tags,
)
from patchpilot.checking.fixed_patch import FixedPatch
from patchpilot.checking.result import TAG_RULES, FindingRemedy
from patchpilot.checking.topic import CheckedTopic, fix_topic_findings
from patchpilot.commits import rewrite
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import record_undo
from patchpilot.config import Settings
from patchpilot.model.progress import Progress
from patchpilot.topic.message_changes import MessageChange, Preparation

MESSAGE = "/COMMIT_MSG"
"""Name suffix of a commit message among the fixed texts."""


@dataclass(frozen=True, slots=True)
class CertainFixes:
    """The safe fixes applied to a topic, and the tags added to its commits after that.

    `tags` is empty if no finding requires a tag. `commits` contains the ids of its commits before
    the fixes.
    """

    fixes: FixResult
    tags: Preparation
    commits: Sequence[str] = ()

    @property
    def diff(self) -> list[str]:
        """Return the diff of the fixes and the tags together: one for each text."""
        changes = dict(zip(self.commits, self.tags.changes, strict=True))
        patches = (
            _add_message_change(patch, changes.get(patch.patch.commit or ""))
            for patch in self.fixes.patches
        )
        return self.fixes._replace(patches=tuple(patches)).diff

    @property
    def left(self) -> list[str]:
        """Return one line for each remaining finding and each patch that was not fixed."""
        tagged = TAG_RULES if self.tags.diff else {}
        remaining = [
            f"{finding.severity}: {finding.message} [{finding.name}]"
            for finding in self.fixes.remaining.all
            if finding.name not in tagged
        ]
        return remaining + [
            f"{patch.patch.source}: {patch.refused}"
            for patch in self.fixes.patches
            if patch.refused
        ]


def _add_message_change(patch: FixedPatch, change: MessageChange | None) -> FixedPatch:
    """Return a fixed patch whose commit message also has a later change."""
    if change is None or not change.changed:
        return patch
    message = next((text for text in patch.texts if is_message_name(text.name)), None)
    others = tuple(text for text in patch.texts if text is not message)
    name = f"{(patch.patch.commit or '')[:12]}{MESSAGE}"
    before = message.before if message else tuple(change.old.split("\n"))
    return patch._replace(texts=(PatchText(name, before, tuple(change.new.split("\n"))), *others))


def collect_fixed_messages(result: FixResult) -> dict[str, str]:
    """Map commit ids to the commit messages that the safe fixes changed."""
    return {
        patch.patch.commit: "\n".join(text.after)
        for patch in result.patches
        for text in patch.texts
        if patch.patch.commit and is_message_name(text.name)
    }


def is_message_name(name: str) -> bool:
    """Return whether a file name in a result denotes a commit message."""
    return name.endswith(MESSAGE)


def apply_certain_fixes(
    repository: Repository,
    settings: Settings,
    topic: CheckedTopic,
    tagless: Sequence[str],
    *,
    strict: bool,
    overrides: Collection[str] | None,
    progress: Progress,
) -> CertainFixes:
    """Apply the safe fixes, then add the certain tags to the commits in `tagless`.

    If `overrides` is None, preview the changes without writing them. Both changes share one undo
    record. `overrides` works like in `fix_topic_findings`.
    """
    fix_result = fix_topic_findings(
        repository,
        settings,
        topic,
        strict=strict,
        overrides=overrides,
        progress=progress,
    )
    if not tagless:
        return CertainFixes(fix_result, Preparation(None, "", ()))
    if overrides is None:
        # tags depend on the fixed messages, so create the commits, but do not change the branch
        new_ids = rewrite.rewrite_commits(
            repository,
            *rewrite.find_branch_to_rewrite(repository),
            collect_fixed_messages(fix_result),
            sign=False,
        ).commits
        return CertainFixes(
            fix_result,
            preview_certain_tags(
                repository,
                settings,
                [new_ids.get(commit, commit) for commit in tagless],
                progress,
            ),
            tagless,
        )
    new_commits = [fix_result.ids.get(commit, commit) for commit in tagless]
    tags = fix_messages(
        repository,
        settings,
        new_commits,
        FindingRemedy.TAGS,
        overrides=overrides,
        progress=progress,
    )
    if fix_result.undo and tags.diff:
        new_ids = {
            **tags.ids,
            **{old: tags.ids.get(new, new) for old, new in fix_result.ids.items()},
        }
        record_undo(
            repository,
            fix_result.undo.ref,
            fix_result.undo.old,
            rewrite.find_branch_to_rewrite(repository)[1],
            VERB,
            new_ids,
        )
    return CertainFixes(fix_result, tags, tagless)
