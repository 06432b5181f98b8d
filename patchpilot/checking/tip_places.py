# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the lines of a range's findings in its last commit, which a forge shows.

Later commits of a range may shift or remove the lines, or rename the file.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property

from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.commits.rebase_edits import read_blob_hunks
from patchpilot.commits.repository import Repository
from patchpilot.model.patch import Patch
from patchpilot.model.rule import Finding, FindingEdit, TipPlace

GONE = TipPlace()


def add_tip_places(
    result: CheckResult, tips: Mapping[int, str], repository: Repository
) -> CheckResult:
    """Add the position in the last commit of the range to each finding in a file.

    `tips` maps the id() of a patch to that commit. Proposed edits are changed to edits of that
    commit, and dropped if later commits change these lines.
    """
    patches, of_series = [], result.every_of_series
    for checked in result.patches:
        patch = checked.patch
        if patch.commit and (tip := tips.get(id(patch))):
            commit_map = _CommitMap(repository, patch.commit, tip)
            # findings about the series are shown at a change of their patch
            checked = _map_patch(checked, commit_map, needs_anchor=bool(of_series))
            of_series = tuple(
                _map_finding(finding, commit_map) if finding.of_patch is patch else finding
                for finding in of_series
            )
        patches.append(checked)
    return result._replace(patches=tuple(patches), every_of_series=of_series)


def _map_patch(
    checked: CheckedPatch, commit_map: "_CommitMap", *, needs_anchor: bool
) -> CheckedPatch:
    findings = tuple(_map_finding(finding, commit_map) for finding in checked.every)
    anchor = None
    if needs_anchor or any(finding.tip in (None, GONE) for finding in findings):
        places = (commit_map.find(path, line) for path, line in _list_changes(checked.patch))
        anchor = next((place for place in places if place not in (None, GONE)), None)
    return checked._replace(every=findings, anchor=anchor)


def _list_changes(patch: Patch) -> Iterator[tuple[str, int]]:
    """Yield the path and line of each added line, and then each changed file."""
    paths = [change.new_path for change in patch.files if change.new_path]
    for change in patch.files:
        for line in change.lines("+"):
            if change.new_path and line.new_line:
                yield change.new_path, line.new_line
    yield from ((path, 0) for path in paths)


def _map_finding(finding: Finding, commit_map: "_CommitMap") -> Finding:
    path, fix = finding.path, finding.fix
    if not path:
        return finding
    if fix and fix.edits:
        edits = [commit_map.map_edit(path, edit) for edit in fix.edits]
        kept = tuple(edit for edit in edits if edit)
        fix = fix._replace(edits=kept if len(kept) == len(edits) else ())
    return finding._replace(tip=commit_map.find(path, finding.line or 0), fix=fix)


class _CommitMap:
    """Map lines of a commit to lines of a later commit."""

    def __init__(self, repository: Repository, commit: str, tip: str) -> None:
        self._repository, self._commit, self._tip = repository, commit, tip
        self._files: dict[str, tuple[str, tuple[tuple[int, int, int], ...]] | None] = {}

    def find(self, path: str, line: int) -> TipPlace | None:
        """Return the position of a line, or None if the commit has no such file.

        For line 0, return the position of the file.
        """
        if self._commit == self._tip:
            return TipPlace(path, line)
        if self._find_blob(self._commit, path) is None:
            return None
        tip_file = self._read_file(path)
        if tip_file is None:
            return GONE
        tip_path, hunks = tip_file
        tip_line = _map_line(line, hunks) if line else 0
        return GONE if tip_line is None else TipPlace(tip_path, tip_line)

    def map_edit(self, path: str, edit: FindingEdit) -> FindingEdit | None:
        """Return the edit of the same lines in the tip, or None if they were changed."""
        lines = range(edit.start, max(edit.start, edit.end) + 1)
        places = [self.find(path, line) for line in lines]
        first = places[0]
        if first is None or first == GONE:
            return None
        expected = [TipPlace(first.path, first.line + at) for at in range(len(places))]
        if places != expected:
            return None
        shift = first.line - edit.start
        return edit._replace(path=first.path, start=first.line, end=edit.end + shift)

    def _find_blob(self, commit: str, path: str) -> str | None:
        entry = self._repository.objects.info(f"{commit}:{path}")
        return entry[0] if entry and entry[1] == "blob" else None

    def _read_file(self, path: str) -> tuple[str, tuple[tuple[int, int, int], ...]] | None:
        """Return the path in the tip and the changed parts: the first line, and the numbers of
        removed and added lines.
        """
        if path not in self._files:
            tip_path = path
            old, new = self._find_blob(self._commit, path), self._find_blob(self._tip, path)
            if new is None and (tip_path := self._renamed.get(path, "")):
                new = self._find_blob(self._tip, tip_path)
            self._files[path] = None
            if old and new:
                self._files[path] = tip_path, self._diff(old, new) if old != new else ()
        return self._files[path]

    def _diff(self, old: str, new: str) -> tuple[tuple[int, int, int], ...]:
        # without removed lines, a hunk's number is that of the line before the added ones
        return tuple(
            (hunk.start + (not hunk.old), hunk.old, hunk.new)
            for hunk in read_blob_hunks(self._repository, old, new)
        )

    @cached_property
    def _renamed(self) -> dict[str, str]:
        arguments = ("-r", "-M", "--diff-filter=R", "--name-status", "-z")
        output = self._repository.git("diff-tree", *arguments, self._commit, self._tip).out
        fields = output.decode("utf-8", "surrogateescape").split("\0")
        return dict(zip(fields[1::3], fields[2::3], strict=False))


def _map_line(line: int, hunks: tuple[tuple[int, int, int], ...]) -> int | None:
    """Return the number of a line after these changes, or None if they remove it."""
    shift = 0
    for first, removed, added in hunks:
        if line < first:
            break
        if line < first + removed:
            return None
        shift += added - removed
    return line + shift
