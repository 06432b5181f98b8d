# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a fix should ask for the stable trees, in which line, and why (Documentation/process/stable-kernel-rules.rst)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from patchpilot.model.commit import Commit
from patchpilot.projects.project import Project

_STABLE = re.compile(r"^\s*(?:cc|backport)\s*:.*?(?:stable\S*@|\d+\.\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class BranchState:
    """A stable branch: its version, whether it has the bug (None: unknown), and the id there of the commit that introduced it."""

    version: str
    branch: str
    affected: bool | None
    culprit_as: str | None = None


@dataclass(frozen=True, slots=True)
class Culprits:
    """The commits that introduced the bug: how many, and the first mainline release that has each (None: unreleased)."""

    ids: tuple[str, ...]
    releases: tuple[str | None, ...]

    @property
    def oldest_release(self) -> str | None:
        """The first release that has any of them."""
        return next((release for release in self.releases if release), None)


@dataclass(frozen=True, slots=True)
class StableAdvice:
    """The lines to add (none where none is needed), whether the fix is for stable at all, why, and warnings."""

    lines: tuple[str, ...]
    eligible: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def present_lines(commit: Commit) -> tuple[str, ...]:
    """The lines of a message that already ask for a stable backport (or against one)."""
    return tuple(line.strip() for line in commit.lines[1:] if _STABLE.match(line))


@dataclass(frozen=True, slots=True)
class StableFacts:
    """The facts about a fix; `culprits` is None where unknown. `tagged`: the message has (or will have) a Fixes: tag; `versions`: `# X.Y+` was asked for.

    `no_backport` is the reason against a stable backport; `size` the lines of the patch, added, removed and context;
    `no_fix` why the commit does not count as a fix; `fixed_in` the first release that has the fix itself; `present` the lines that ask for stable.
    """

    culprits: Culprits | None
    branches: Sequence[BranchState] = ()
    present: Sequence[str] = ()
    tagged: bool = True
    versions: bool = False
    no_backport: str | None = None
    size: int = 0
    no_fix: str = ""
    fixed_in: str | None = None


def advise(project: Project, facts: StableFacts) -> StableAdvice:
    """The lines that ask a project's stable trees to take a fix, or why there are none."""
    culprits, branches, size, no_backport = facts.culprits, facts.branches, facts.size, facts.no_backport
    if not project.tags.line:
        return StableAdvice((), False, (f"{project.name} does not use a tag to request backports",))
    if facts.present:
        return StableAdvice((), True, (f"already present: {facts.present[0]}",), _warnings(project, size))
    if no_backport is not None:
        if not project.tags.no_backport:
            return StableAdvice((), False, (f"{project.name} does not use a tag to prevent backports",))
        return StableAdvice(
            (project.tags.no_backport.format(address=project.lists.no_backport, reason=no_backport),),
            False,
            (f"backport not wanted: {no_backport}",),
        )
    if culprits is None and facts.no_fix:
        return StableAdvice((), False, (facts.no_fix,))
    if culprits is None:
        return StableAdvice((), False, ("the commit that introduced the bug is not known; name it with --fixes",))
    affected = [branch for branch in branches if branch.affected]
    release = culprits.oldest_release
    if release is None and not affected:
        return StableAdvice((), False, ("the bug is not in any release or stable branch, so no backport is needed",))
    if release and release == facts.fixed_in and not affected:
        return StableAdvice((), False, (f"{release} has both the bug and the fix, so no release has only the bug",))
    version = (release or "").lstrip("v")
    reasons = [f"the bug is in every release since {release}"] if release else ["the bug is not in any mainline release"]
    if affected:
        reasons.append("stable branches with the bug: " + ", ".join(one.version for one in affected))
    elif branches:
        reasons.append("no stable branch in this repository has the bug; newer ones will")
    wants_version = bool(version and project.tags.line_versions) and (
        facts.versions or not facts.tagged or "{version}" in project.tags.line
    )
    form = project.tags.line_versions if wants_version else project.tags.line
    return StableAdvice((form.format(address=project.lists.stable, version=version),), True, tuple(reasons), _warnings(project, size))


def _warnings(project: Project, size: int) -> tuple[str, ...]:
    if project.stable.max_lines and size > project.stable.max_lines:
        return (f"the patch has {size} lines with context; stable trees take at most {project.stable.max_lines}",)
    return ()
