# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the JSON document of `check`."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from patchpilot import __version__
from patchpilot.checking.result import (
    CheckResult,
    FindingCounts,
    FindingRow,
    SeriesFindings,
    list_unchecked,
)
from patchpilot.errors import ExitCode
from patchpilot.model.built_commit import BuiltConfiguration
from patchpilot.model.json_form import json_form, json_object
from patchpilot.model.json_text import json_text
from patchpilot.model.origin import Origin
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, Severity

if TYPE_CHECKING:
    from patchpilot.checking.apply_fixes import FixResult
    from patchpilot.checking.fixed_patch import FixedPatch


@json_form(
    "position message_id=patch.message_id~ source=patch.source commit=patch.commit "
    "subject=patch.subject.title profile origin? findings"
)
class CheckedLine(NamedTuple):
    """The JSON line for a patch, with its position, its origin and its findings."""

    position: str
    patch: Patch
    profile: str
    findings: tuple[Finding, ...]
    origin: Origin | None = None


@json_form("position message_id~ source error")
class DamagedLine(NamedTuple):
    """The JSON line for a message that could not be checked."""

    position: str
    message_id: str | None
    source: str
    error: str


@json_form("mails patches damaged *counts exit_code")
class LineCounts(NamedTuple):
    """The number of messages, patches, damaged messages and findings, and the exit code."""

    mails: int
    patches: int
    damaged: int
    counts: FindingCounts
    exit_code: int


@json_form("summary series?")
class SummaryLine(NamedTuple):
    """The last JSON line of a check: the counts and the findings about the series."""

    summary: LineCounts
    series: SeriesFindings | None


def serialize_line(line: "CheckedLine | DamagedLine | SummaryLine") -> str:
    """Serialize a line as JSON."""
    return json_text({"schema": "patchpilot/check-line/1", **json_object(line)}) + "\n"


def make_summary_line(
    counts: "Counter[str]", exit_code: ExitCode, series: Sequence[Finding] = ()
) -> str:
    """Return the last JSON line of a check."""
    by_severity = {severity: counts[severity] for severity in Severity}
    summary = LineCounts(
        mails=counts["mails"],
        patches=counts["patches"],
        damaged=counts["damaged"],
        counts=FindingCounts.of(by_severity, counts["waived"], counts["baselined"]),
        exit_code=int(exit_code),
    )
    return serialize_line(SummaryLine(summary, SeriesFindings(tuple(series)) if series else None))


@json_form(
    "rule=finding.rule name=finding.name patch_line=finding.patch_line message=finding.message"
)
class FixedFinding(NamedTuple):
    """A finding that was fixed, or that would be fixed."""

    finding: Finding


@json_form("fixed left_alone?")
@dataclass(frozen=True, slots=True)
class PatchFixes:
    """The fixed findings of a patch.

    `left_alone` is the reason why the patch was not changed, or "" if it was changed.
    """

    fixed: tuple[FixedFinding, ...]
    left_alone: str


@json_form("fixed new_commit left_alone?")
@dataclass(frozen=True, slots=True)
class CommitFixes(PatchFixes):
    """The fixed findings of a commit, and its new id; the id is None if the commit is unchanged."""

    new_commit: str | None


@json_form("fixed left_alone? diff")
@dataclass(frozen=True, slots=True)
class FixesPreview(PatchFixes):
    """The findings that would be fixed in a patch, and the unified diff."""

    diff: str


@json_form("patches *counts hidden new? gone? exit_code")
class CheckSummary(NamedTuple):
    """The number of patches and findings in a check, and the exit code.

    `hidden` counts the findings that only `--strict` shows. `new` and `gone` are set only after a
    comparison with an earlier revision.
    """

    patches: int
    counts: FindingCounts
    hidden: int
    new: int | None
    gone: int | None
    exit_code: int


@json_form()
class CommitBuild(NamedTuple):
    """The build of one commit: whether it succeeded, its configurations and findings."""

    commit: str
    builds: bool
    configurations: tuple[BuiltConfiguration, ...]
    findings: tuple[Finding, ...]


@json_form(
    "patchpilot repository=result.repository tree=result.tree profile=result.profile kernel "
    "patches=result.patches series commits? waived fix? waivers=result.waivers? "
    "since=result.since? baseline=result.baseline? questions unchecked summary"
)
class CheckAnswer(NamedTuple):
    """The JSON document of `check`; `fix` is the result of --fix or --diff.

    `commits` is present only if the commits were built. `questions` lists rules whose findings are
    questions to the author. `unchecked` lists the skipped checks.
    """

    result: CheckResult
    fix: "FixResult | None" = None
    patchpilot: str = __version__

    @property
    def kernel(self) -> str:
        """Return the kernel version that determines which rules apply."""
        return ".".join(map(str, self.result.kernel))

    @property
    def series(self) -> SeriesFindings:
        """Return the findings about the series."""
        return SeriesFindings(self.result.series)

    @property
    def commits(self) -> tuple[CommitBuild, ...]:
        """Return the builds of the commits, with their findings."""
        findings = {
            checked_patch.patch.commit: tuple(
                finding for finding in checked_patch.findings if finding.name.startswith("build-")
            )
            for checked_patch in self.result.patches
        }
        return tuple(
            CommitBuild(
                commit.commit,
                commit.builds,
                commit.configurations,
                findings.get(commit.commit, ()),
            )
            for commit in self.result.commits
        )

    @property
    def waived(self) -> tuple[FindingRow, ...]:
        return self.result.list_suppressed("waiver")

    @property
    def questions(self) -> tuple[str, ...]:
        """Return the names of the rules that ask questions."""
        return tuple(question.name for question in self.result.questions)

    @property
    def unchecked(self) -> tuple[str, ...]:
        """Return the skipped checks and the reasons."""
        return tuple(list_unchecked(self.result))

    @property
    def summary(self) -> CheckSummary:
        """Return the number of patches and findings."""
        result = self.result
        is_compared = result.since is not None
        return CheckSummary(
            patches=len(result.patches),
            counts=FindingCounts.of(
                result.counts,
                len(result.list_suppressed("waiver")),
                len(result.list_suppressed("baseline")),
            ),
            hidden=result.left_out,
            new=sum(bool(finding.new) for finding in result.all) if is_compared else None,
            gone=result.gone if is_compared else None,
            exit_code=int(result.exit_code),
        )


def summarize_patch_fixes(result: "FixResult", patch: "FixedPatch") -> PatchFixes:
    """Return the fixes in one patch; for --diff, include the diff."""
    fixed_findings = tuple(map(FixedFinding, patch.fixed))
    if not result.is_written:
        return FixesPreview(
            fixed_findings, patch.refused, "".join(f"{line}\n" for line in patch.diff)
        )
    if patch.patch.commit:
        return CommitFixes(fixed_findings, patch.refused, result.ids.get(patch.patch.commit))
    return PatchFixes(fixed_findings, patch.refused)
