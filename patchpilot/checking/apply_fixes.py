# SPDX-License-Identifier: GPL-2.0-or-later
"""Apply safe fixes to patch files or commits, then check the result (`check --fix` and
`--diff`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from patchpilot.checking import fix_commits, fix_files
from patchpilot.checking.driver import Driver, PatchSource
from patchpilot.checking.fixed_patch import (
    FixedPatch,
    FixWriter,
    Only,
    add_unfixed_reasons,
    fixed_patch,
)
from patchpilot.checking.result import CheckResult
from patchpilot.commits.undo_refs import Undo
from patchpilot.errors import ExitCode, RefusedError, UsageError
from patchpilot.lint.fixing.try_fixes import NOT_CERTAIN, FixOutcome
from patchpilot.model.json_form import json_form
from patchpilot.model.patch import Patch, Series
from patchpilot.model.printable import make_one_line


@json_form("mode fixed remaining=remaining_count written undo=undo_number costs ids")
class FixResult(NamedTuple):
    """The result of `check --fix`, or the preview of `check --diff`.

    With --fix, `check` contains the findings in the fixed patches; with --diff, it contains the
    findings in the original patches. `is_written` is False for --diff, which writes nothing.
    `output` is the fixed patch if it was read from standard input. `written` lists the changed
    files or the branch. `costs` lists the consequences of the rewrite for others. `ids` maps old
    commit ids to new ones.
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
    def mode(self) -> str:
        return "fix" if self.is_written else "diff"

    @property
    def remaining_count(self) -> int:
        return len(self.remaining.all)

    @property
    def undo_number(self) -> int | None:
        return self.undo.number if self.undo else None

    @property
    def reason(self) -> str:
        """Return why nothing was fixed, or "" if something was."""
        if any(patch.texts for patch in self.patches):
            return ""
        return next((patch.reason for patch in self.patches if patch.reason), NOT_CERTAIN)

    @property
    def fixed(self) -> int:
        """Return the number of fixed findings."""
        return sum(len(patch.fixed) for patch in self.patches)

    @property
    def diff(self) -> list[str]:
        """Return the diff lines of all patches.

        A commit's diff follows a line with its id and subject.
        """
        lines: list[str] = []
        for patch in self.patches:
            if patch.patch.commit and patch.texts:
                lines.append(
                    f"commit {patch.patch.commit} {make_one_line(patch.patch.subject.title)}"
                )
            lines += patch.diff
        return lines


def fix_findings(
    driver: Driver,
    source: PatchSource,
    *,
    write: bool,
    overrides: Collection[str] = (),
    is_committed: bool = True,
    is_selected: Only | None = None,
) -> FixResult:
    """Check each TARGET and apply all safe fixes; if an error occurs, apply none.

    With `write`, modify patch files in place and rewrite commits, with an undo record; without it,
    return a preview. Without `is_committed`, fixes in commits change the files of the working tree,
    and no commit. A merge commit's own changes are checked, but not fixed. `is_selected` selects
    the findings to fix; None selects all. Raise `UsageError` for a TARGET that cannot be
    fixed. Raise `RefusedError` if rewriting the commits is unsafe and `overrides` does not allow it
    (see `rewrite.refuse_unsafe_rewrite`).
    """
    targets, stdin = source.targets, source.stdin
    files = fix_files.PatchFiles.of(targets, stdin)
    repository = driver.repository
    series, earlier_patches = driver.read(source)
    _refuse_mixed_targets(files, series)
    commits = (
        fix_commits.CommitRewrite(repository, source.base, targets, is_committed)
        if repository and not files.data
        else None
    )
    if commits and write:
        with _convert_to_usage_errors():
            commits.refuse_early(overrides)
    check_result = driver.check(series, earlier=earlier_patches)
    patches, by_patch = _fix_patches(driver, check_result, series, commits or files, is_selected)
    changed_patches = [
        (checked_patch.patch, by_patch[id(checked_patch.patch)])
        for checked_patch in check_result.patches
        if id(checked_patch.patch) in by_patch
    ]
    prepared = None
    if commits and write and by_patch:
        with _convert_to_usage_errors():
            prepared = commits.ready(changed_patches, overrides)
    fixed_series = tuple(_make_fixed_series(series_, by_patch) for series_ in series)
    remaining = driver.check(fixed_series, earlier=earlier_patches) if by_patch else check_result
    if is_selected is None:
        check_result, remaining = (
            add_unfixed_reasons(check_result, patches, {}),
            add_unfixed_reasons(remaining, patches, by_patch),
        )
    result = FixResult(remaining if write else check_result, tuple(patches), remaining, write)
    if not by_patch:
        return result._replace(output=stdin if write and files.is_stdin else None)
    if commits and prepared is None:
        return result
    if commits and prepared:
        with _convert_to_usage_errors():
            result = result._replace(**commits.write(prepared, overrides))
        rewritten = _name_new_commits(remaining, result.ids)
        return result._replace(check=rewritten, remaining=rewritten)
    fixed_texts = files.render({patch.source: outcome for patch, outcome in changed_patches})
    if not write:
        return result
    if files.is_stdin:
        return result._replace(output=fixed_texts.get("-", stdin))
    with _convert_to_usage_errors():
        return result._replace(written=files.write(fixed_texts))


def _name_new_commits(check_result: CheckResult, ids: Mapping[str, str]) -> CheckResult:
    """Return the findings in rewritten patches with the new ids of their commits."""

    def rename(patch: Patch) -> Patch:
        new = ids.get(patch.commit or "", "")
        return patch._replace(commit=new, source=new[: len(patch.source)]) if new else patch

    patches = (it._replace(patch=rename(it.patch)) for it in check_result.patches)
    return check_result._replace(patches=tuple(patches))


def _fix_patches(
    driver: Driver,
    check_result: CheckResult,
    series: Sequence[Series],
    writer: FixWriter,
    is_selected: Only | None,
) -> tuple[list[FixedPatch], dict[int, FixOutcome]]:
    """Fix the patches, and return them.

    The second value maps the id() of each changed patch to its outcome.
    """
    # --fix updates the commits after a fixed commit, but not the patch files after a fixed patch
    # file
    needed_lines = (
        NeededLines.of([checked_patch.patch for checked_patch in check_result.patches])
        if isinstance(writer, fix_files.PatchFiles)
        else NeededLines()
    )
    patches: list[FixedPatch] = []
    by_patch: dict[int, FixOutcome] = {}
    for number, checked_patch in enumerate(check_result.patches):
        driver.progress("fixing", number, len(check_result.patches))
        kept_lines = needed_lines.find_lines_needed_later(number, checked_patch.patch)
        fixed, outcome = fixed_patch(
            check_result.setting, checked_patch, series, writer, kept_lines, is_selected
        )
        patches.append(fixed)
        if outcome:
            by_patch[id(checked_patch.patch)] = outcome
    return patches, by_patch


def _refuse_mixed_targets(files: fix_files.PatchFiles, series: Sequence[Series]) -> None:
    patches = (patch for part in series for patch in part.patches)
    if files.data and any(patch.commit for patch in patches if patch.source not in files.mails):
        raise UsageError(
            "cannot fix patch files and commits in one run",
            hint="run it once for the files and once for the commits",
        )


@contextmanager
def _convert_to_usage_errors() -> Iterator[None]:
    """Exit with the code for usage errors if a fix is blocked, because exit code 1 means that
    findings remain.
    """
    try:
        yield
    except RefusedError as error:
        error.exit_code = ExitCode.USAGE
        raise


class NeededLines(NamedTuple):
    """The file lines that later patches in a series depend on and that fixes must not change.

    `lines` maps (file, line) to the last patch that has it as a context or removed line. A renamed
    or copied file counts as the same file.
    """

    lines: Mapping[tuple[str, str], int] = {}
    names: Mapping[str, str] = {}

    @classmethod
    def of(cls, patches: Sequence[Patch]) -> "NeededLines":
        """Return the lines that the patches of a series depend on."""
        names: dict[str, str] = {}
        for change in (change for patch in patches for change in patch.files):
            if change.old_path and change.new_path:
                old_key = _common_file_key(names, change.old_path)
                new_key = _common_file_key(names, change.new_path)
                if old_key != new_key:
                    # use one key for all names of a renamed or copied file, because skipping a fix
                    # is better than applying a wrong one
                    names[new_key] = old_key
        return cls(
            {
                (
                    _common_file_key(names, change.old_path or change.path),
                    line.text,
                ): number
                for number, patch in enumerate(patches)
                for change in patch.files
                for hunk in change.hunks
                for line in hunk.lines
                if line.kind in "- "
            },
            names,
        )

    def find_lines_needed_later(self, number: int, patch: Patch) -> frozenset[int]:
        """Return the lines of a patch that later patches depend on.

        `number` is the patch's position in the series. The result contains the 0-based indexes of
        added and context lines.
        """
        return frozenset(
            line.patch_line - 1
            for change in patch.files
            for hunk in change.hunks
            for line in hunk.lines
            if line.kind in "+ "
            and self.lines.get((_common_file_key(self.names, change.path), line.text), -1) > number
        )


def _common_file_key(names: Mapping[str, str], path: str) -> str:
    while path in names:
        path = names[path]
    return path


def _make_fixed_series(series: Series, by_patch: dict[int, FixOutcome]) -> Series:
    return series._replace(
        patches=tuple(
            by_patch[id(patch)].draft.patch if id(patch) in by_patch else patch
            for patch in series.patches
        )
    )
