# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply safe fixes to patch files or commits, and check the result again (`check` with --fix or
--diff).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from patchpilot.checking import fix_commits, fix_files
from patchpilot.checking.check_result import CheckResult
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.checking.fixed_patch import (
    FixedPatch,
    FixWriter,
    Only,
    fixed_patch,
    place_of,
)
from patchpilot.commits.undo_refs import Undo
from patchpilot.errors import ExitCode, RefusedError, UsageError
from patchpilot.lint.fixing.try_fixes import (
    NOT_CERTAIN,
    FixOutcome,
)
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import one_line
from patchpilot.model.rule import Finding

WITHOUT_FIX = {
    "none": "the rule has no automatic fix",
    "suggest": "its fix is only a suggestion",
}
"""Kind of a rule's fix → the reason for not fixing."""


class FixResult(NamedTuple):
    """The result of `check --fix`, or the preview of `check --diff`.

    `check` contains the findings in the fixed patches with --fix, or in the original patches with
    --diff, which writes nothing (`is_written`). `output` is the fixed patch if it was read from
    standard input. `written` is the changed files or branch, `costs` describes the rewrite's
    consequences for others, and `ids` maps old commit ids to new ones.
    """

    check: CheckResult
    patches: tuple[FixedPatch, ...]
    remaining: CheckResult
    is_written: bool
    written: tuple[str, ...] = ()
    output: bytes | None = None
    undo: Undo | None = None
    costs: tuple[str, ...] = ()
    ids: Mapping[str, str] = {}

    @property
    def fixed(self) -> int:
        """Return the number of fixed findings."""
        return sum(len(patch.fixed) for patch in self.patches)

    @property
    def diff(self) -> list[str]:
        """Return the lines of all patches' diffs.

        A commit's diff follows a line with its id and subject.
        """
        lines: list[str] = []
        for patch in self.patches:
            if patch.patch.commit and patch.texts:
                lines.append(
                    f"commit {patch.patch.commit} {one_line(patch.patch.subject.title)}"
                )
            lines += patch.diff
        return lines


def fix(
    driver: Driver,
    source: PatchSource,
    *,
    write: bool,
    overrides: Collection[str] = (),
    only: Only | None = None,
) -> FixResult:
    """Check each TARGET and apply all safe fixes, or none after an error.

    With `write`, modify patch files in place, and rewrite commits with an undo record; otherwise
    return a preview. `only` selects the findings to fix (None: all). Raise `UsageError` for a
    TARGET that cannot be fixed, and `RefusedError` if rewriting the commits is unsafe and not
    allowed by `overrides` (see `rewrite.refuse_unless_safe`).
    """
    targets, stdin = source.targets, source.stdin
    files = fix_files.PatchFiles.of(targets, stdin)
    repository = driver.repository
    series, earlier = driver.read(source)
    _refuse_both(files, series)
    commits = (
        fix_commits.CommitRewrite(repository, source.base, targets)
        if repository and not files.data
        else None
    )
    if commits and write:
        with _refusals():
            commits.refuse_early(overrides)
    first = driver.check(series, earlier=earlier)
    patches, by_patch = _fixes(driver, first, series, commits or files, only)
    changing = [
        (checked.patch, by_patch[id(checked.patch)])
        for checked in first.patches
        if id(checked.patch) in by_patch
    ]
    ready = None
    if commits and write and by_patch:
        with _refusals():
            ready = commits.ready(changing, overrides)
    fresh = tuple(_fixed_series(series_, by_patch) for series_ in series)
    remaining = driver.check(fresh, earlier=earlier) if by_patch else first
    if only is None:
        first, remaining = (
            _add_reasons(first, patches, {}),
            _add_reasons(remaining, patches, by_patch),
        )
    result = FixResult(remaining if write else first, tuple(patches), remaining, write)
    if not by_patch:
        return result._replace(output=stdin if write and files.is_stdin else None)
    if commits and ready is None:
        return result
    if commits and ready:
        with _refusals():
            return result._replace(**commits.write(ready, overrides))
    changed = files.render({patch.source: outcome for patch, outcome in changing})
    if not write:
        return result
    if files.is_stdin:
        return result._replace(output=changed.get("-", stdin))
    with _refusals():
        return result._replace(written=files.write(changed))


def _fixes(
    driver: Driver,
    first: CheckResult,
    series: Sequence[Series],
    writer: FixWriter,
    only: Only | None,
) -> tuple[list[FixedPatch], dict[int, FixOutcome]]:
    """Fix the patches; return them, and the outcomes of changed patches by the patch's id()."""
    # rewrite later commits, but not later patch files
    needed_lines = (
        NeededLines.of([checked.patch for checked in first.patches])
        if isinstance(writer, fix_files.PatchFiles)
        else NeededLines()
    )
    patches: list[FixedPatch] = []
    by_patch: dict[int, FixOutcome] = {}
    for number, checked in enumerate(first.patches):
        driver.progress("fixing", number, len(first.patches))
        needed = needed_lines.after(number, checked.patch)
        fixed, outcome = fixed_patch(first, checked, series, writer, needed, only)
        patches.append(fixed)
        if outcome:
            by_patch[id(checked.patch)] = outcome
    return patches, by_patch


def _refuse_both(files: fix_files.PatchFiles, series: Sequence[Series]) -> None:
    """Raise UsageError if the targets mix patch files and commits."""
    patches = (patch for each in series for patch in each.patches)
    if files.data and any(
        patch.commit for patch in patches if patch.source not in files.mails
    ):
        raise UsageError(
            "cannot fix patch files and commits in one run",
            hint="run it once for the files and once for the commits",
        )


@contextmanager
def _refusals() -> Iterator[None]:
    """If fixing is blocked, exit with an error status, because 1 means that findings remain."""
    try:
        yield
    except RefusedError as error:
        error.exit_code = ExitCode.USAGE
        raise


class NeededLines(NamedTuple):
    """The file lines that later patches in a series depend on, and that fixes must not change.

    `lines` maps (file, line) to the number of the last patch with it as a context or removed line.
    A renamed or copied file counts as the same file.
    """

    lines: Mapping[tuple[str, str], int] = {}
    names: Mapping[str, str] = {}

    @classmethod
    def of(cls, patches: Sequence[Patch]) -> "NeededLines":
        """Return the lines that the patches of a series depend on."""
        names: dict[str, str] = {}
        for change in (change for patch in patches for change in patch.files):
            if change.old_path and change.new_path:
                before = _file_key(names, change.old_path)
                after = _file_key(names, change.new_path)
                if before != after:
                    # keep renamed and copied files together: skipping a fix is better than a
                    # wrong one
                    names[after] = before
        return cls(
            {
                (_file_key(names, change.old_path or change.path), line.text): number
                for number, patch in enumerate(patches)
                for change in patch.files
                for hunk in change.hunks
                for line in hunk.lines
                if line.kind in "- "
            },
            names,
        )

    def after(self, number: int, patch: Patch) -> frozenset[int]:
        """Return the lines of a patch that later patches depend on.

        `number` is the patch's position in the series. The result contains 0-based indexes of added
        and context lines.
        """
        return frozenset(
            line.patch_line - 1
            for change in patch.files
            for hunk in change.hunks
            for line in hunk.lines
            if line.kind in "+ "
            and self.lines.get((_file_key(self.names, change.path), line.text), -1)
            > number
        )


def _file_key(names: Mapping[str, str], path: str) -> str:
    """Return the key of a file under any of its names."""
    while path in names:
        path = names[path]
    return path


def _add_reasons(
    check: CheckResult,
    patches: Sequence[FixedPatch],
    outcomes: Mapping[int, FixOutcome],
) -> CheckResult:
    """Add the reason to each finding that was not fixed.

    `outcomes` maps ids of fixed patches to their outcomes.
    """
    kinds = {rule.id: rule.remedy.kind for rule in check.rules}

    def without_fix(finding: Finding) -> Finding:
        return finding._replace(
            left=WITHOUT_FIX.get(kinds.get(finding.rule, ""), WITHOUT_FIX["none"])
        )

    def explained(
        findings: Sequence[Finding], fixed: FixedPatch
    ) -> tuple[Finding, ...]:
        outcome = outcomes.get(id(fixed.patch))
        done = frozenset() if outcome else frozenset(map(place_of, fixed.fixed))
        result = []
        for finding in findings:
            rule, at = place_of(finding)
            if kinds.get(rule) != "safe":
                result.append(without_fix(finding))
            elif (rule, at) in done:
                result.append(finding)
            else:
                origin = outcome.draft.origin[at] if outcome and at >= 0 else at
                result.append(
                    finding._replace(
                        left=fixed.reasons.get((rule, origin), NOT_CERTAIN)
                    )
                )
        return tuple(result)

    return check._replace(
        patches=tuple(
            checked._replace(findings=explained(checked.findings, fixed))
            for checked, fixed in zip(check.patches, patches, strict=True)
        ),
        series=tuple(map(without_fix, check.series)),
    )


def _fixed_series(series: Series, by_patch: dict[int, FixOutcome]) -> Series:
    return series._replace(
        patches=tuple(
            by_patch[id(patch)].draft.patch if id(patch) in by_patch else patch
            for patch in series.patches
        )
    )
