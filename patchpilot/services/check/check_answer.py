# SPDX-License-Identifier: GPL-2.0-or-later
"""The output of a check: the head before the patches, and the tail after them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from patchpilot import __version__
from patchpilot.checking.check_result import (
    CheckResult,
    FindingCounts,
    SeriesFindings,
)
from patchpilot.checking.suppressions import Baseline, Waivers
from patchpilot.checking.unchecked import unchecked
from patchpilot.model.built_commit import BuiltConfiguration
from patchpilot.model.finding import Finding, Severity, Suppressed
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch

if TYPE_CHECKING:
    from patchpilot.checking.fixed_patch import FixedPatch
    from patchpilot.services.check.apply_fixes import FixResult


@json_form()
@dataclass(frozen=True, slots=True)
class CheckHead:
    """The head of a check's output: the version, repository, tree, project and kernel release."""

    patchpilot: str
    repository: str | None
    tree: str | None
    profile: str
    kernel: str


@json_form()
@dataclass(frozen=True, slots=True)
class CheckFix:
    """The summary of the fixes made by --fix, or previewed by --diff."""

    mode: str
    fixed: int
    remaining: int
    written: tuple[str, ...]
    undo: int | None
    costs: tuple[str, ...]


@json_form(
    "rule=finding.rule",
    "name=finding.name",
    "patch_line=finding.patch_line",
    "message=finding.message",
)
@dataclass(frozen=True, slots=True)
class FixedFinding:
    """A finding that was fixed, or would be fixed."""

    finding: Finding


@json_form("fixed", "left_alone?")
@dataclass(frozen=True, slots=True)
class PatchFixes:
    """The findings fixed in a patch.

    `left_alone` is the reason why the patch was not changed, empty if it was changed.
    """

    fixed: tuple[FixedFinding, ...]
    left_alone: str


@json_form("fixed", "new_commit", "left_alone?")
@dataclass(frozen=True, slots=True)
class CommitFixes(PatchFixes):
    """The findings fixed in a commit, and its new id (None: unchanged)."""

    new_commit: str | None


@json_form("fixed", "left_alone?", "diff")
@dataclass(frozen=True, slots=True)
class FixesPreview(PatchFixes):
    """The findings that would be fixed in a patch, and the changes as a unified diff."""

    diff: str


@json_form(
    "source",
    "commit",
    "*suppressed.finding",
    "reason=suppressed.reason",
    "origin=suppressed.origin",
    "until=suppressed.until",
)
@dataclass(frozen=True, slots=True)
class WaivedFinding:
    """A waived finding with the reason for the waiver.

    `patch` is None for a finding about the whole series.
    """

    patch: Patch | None
    suppressed: Suppressed

    @property
    def source(self) -> str | None:
        """The source of the patch with the finding, or None for a finding about the series."""
        return self.patch.source if self.patch else None

    @property
    def commit(self) -> str | None:
        """The commit of the patch with the finding, or None if there is none."""
        return self.patch.commit if self.patch else None


@json_form("patches", "*counts", "hidden", "new?", "gone?", "exit_code")
@dataclass(frozen=True, slots=True)
class CheckSummary:
    """The number of patches and findings in a check, and the exit code.

    `hidden` is the number of findings shown only with `--strict`. `new` and `gone` are set only if
    the patches were compared with an earlier revision.
    """

    patches: int
    counts: FindingCounts
    hidden: int
    new: int | None
    gone: int | None
    exit_code: int


@json_form("commit", "builds", "configurations", "findings")
@dataclass(frozen=True, slots=True)
class CommitBuild:
    """The build of a single commit: whether it succeeded, its configurations and its findings."""

    commit: str
    builds: bool
    configurations: tuple[BuiltConfiguration, ...]
    findings: tuple[Finding, ...]


@json_form(
    "series",
    "commits?",
    "waived",
    "fix?",
    "waivers?",
    "since?",
    "baseline?",
    "questions",
    "unchecked",
    "summary",
)
@dataclass(frozen=True, slots=True)
class CheckTail:
    """The tail of a check's output, after the patches.

    `commits` is present only if the commits were built. `questions` are the rules whose findings
    only the author can answer, and `unchecked` is what was not checked.
    """

    series: SeriesFindings
    commits: tuple[CommitBuild, ...]
    waived: tuple[WaivedFinding, ...]
    fix: CheckFix | None
    waivers: Waivers | None
    since: str | None
    baseline: Baseline | None
    questions: tuple[str, ...]
    unchecked: tuple[str, ...]
    summary: CheckSummary


def check_head(result: CheckResult) -> CheckHead:
    """Returns the head of the check's output, before the patches."""
    kernel = ".".join(map(str, result.kernel))
    return CheckHead(
        __version__, result.repository, result.tree, result.profile, kernel
    )


def _commit_builds(result: CheckResult) -> Iterator[CommitBuild]:
    """The builds of the commits, with the findings of their patches that a build made."""
    findings = {
        checked.patch.commit: tuple(
            finding for finding in checked.findings if finding.name.startswith("build-")
        )
        for checked in result.patches
    }
    for one in result.commits:
        yield CommitBuild(
            one.commit, one.builds, one.configurations, findings.get(one.commit, ())
        )


def check_tail(
    result: CheckResult,
    counts: Mapping[Severity, int],
    patches: int,
    fix: CheckFix | None = None,
) -> CheckTail:
    """Returns the tail of the check's output, after the patches.

    `patches` is the number of patches, and `counts` are their findings by severity.
    """
    waived = tuple(
        WaivedFinding(patch, suppressed)
        for patch, suppressed in result.suppressed
        if suppressed.by == "waiver"
    )
    baselined = sum(suppressed.by == "baseline" for _, suppressed in result.suppressed)
    compared = result.since is not None
    summary = CheckSummary(
        patches=patches,
        counts=FindingCounts.of(counts, len(waived), baselined),
        hidden=result.left_out,
        new=sum(bool(finding.new) for finding in result.all) if compared else None,
        gone=result.gone if compared else None,
        exit_code=int(result.exit_code),
    )
    return CheckTail(
        SeriesFindings(result.series),
        tuple(_commit_builds(result)),
        waived,
        fix,
        result.waivers,
        result.since,
        result.baseline,
        tuple(question.name for question in result.questions),
        unchecked(result),
        summary,
    )


def run_fixes(result: "FixResult", *, written: bool) -> CheckFix:
    """Returns the summary of all fixes of a run."""
    return CheckFix(
        mode="fix" if written else "diff",
        fixed=result.fixed,
        remaining=len(result.remaining.all),
        written=result.written,
        undo=result.undo.number if result.undo else None,
        costs=result.costs,
    )


def patch_fixes(
    result: "FixResult", patch: "FixedPatch", *, written: bool
) -> PatchFixes:
    """Returns the fixes in one patch.

    The result is a preview with a diff unless the fixes were `written`.
    """
    fixed = tuple(map(FixedFinding, patch.fixed))
    if not written:
        return FixesPreview(
            fixed, patch.refused, "".join(f"{line}\n" for line in patch.diff)
        )
    if patch.patch.commit:
        return CommitFixes(fixed, patch.refused, result.ids.get(patch.patch.commit))
    return PatchFixes(fixed, patch.refused)
