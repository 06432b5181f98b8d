# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the relative paths and fingerprints of findings for code scanning and quality formats."""

import hashlib
import os
from collections import Counter
from pathlib import Path

from patchpilot.checking.result import CheckedPatch, CheckResult
from patchpilot.cli.output.findings_text import commit_message_line, is_from_commit
from patchpilot.model.patch import Patch
from patchpilot.model.printable import make_one_line
from patchpilot.model.rule import Finding


def relative_path(path: str, result: CheckResult) -> str:
    """Return a path relative to the repository or the working directory.

    Return the path unchanged if it is outside both, or if it is already relative.
    """
    if path.startswith("/"):
        for top in (result.repository, str(Path.cwd())):
            if top and Path(path).is_relative_to(top):
                return os.path.relpath(path, top)
    return path


class Fingerprints:
    """The fingerprints of the findings in a result.

    A fingerprint is unique per finding. It does not change if the commit is amended or rebased, or
    if the line moves.
    """

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def of(self, finding: Finding, patch: Patch | None) -> str:
        """Return the fingerprint of the next finding.

        Findings that differ only in their line are numbered.
        """
        path = finding.path or (patch.subject.title if patch else "")
        key = "\0".join((finding.rule, path, finding.message))
        self._seen[key] += 1
        return hashlib.sha256(
            f"{key}\0{self._seen[key]}".encode("utf-8", "surrogateescape")
        ).hexdigest()


def locate_in_file(
    finding: Finding, patch: Patch | None, result: CheckResult
) -> tuple[str, int] | None:
    """Return the file and line of a finding, or None if it is in a message that is no file, or on a
    line that later commits of the range removed.

    A commit, a message of an mbox or an archive, and standard input are no files.

    The file is the changed file; in a range, as it is in the last commit. For a finding in the
    message of a patch file, it is the patch file.
    """
    if finding.tip is not None:
        return (finding.tip.path, finding.tip.line or 1) if finding.tip.path else None
    if finding.path:
        return finding.path, finding.line or 1
    if patch is None or not Path(patch.source).is_file():
        return None
    return relative_path(patch.source, result), finding.patch_line or 1


def locate_change(checked: CheckedPatch) -> tuple[str, int] | None:
    """Return the file and line of the first line that a patch adds; in a range, as it is in the
    last commit.

    If it adds no line, return the first line of a changed file. Return None if it changes no file.
    """
    if checked.anchor:
        return checked.anchor.path, checked.anchor.line or 1
    return _locate_first_change(checked.patch)


def _locate_first_change(patch: Patch) -> tuple[str, int] | None:
    added_lines = (
        (change.new_path, line.new_line)
        for change in patch.files
        for hunk in change.hunks
        for line in hunk.lines
        if change.new_path and line.kind == "+" and line.new_line
    )
    paths = [
        *(change.new_path for change in patch.files if change.new_path),
        *(change.old_path for change in patch.files if change.old_path),
    ]
    return next(added_lines, (paths[0], 1) if paths else None)


def locate_in_commit(finding: Finding, patch: Patch | None, *, is_message: bool) -> str:
    """Return "FILE:LINE: " for a finding of a hook, as editors read it, or "" if it has no line.

    FILE is "message" for a line of the message of a commit, if `is_message` is set.
    """
    if finding.path:
        return make_one_line(f"{finding.path}:{finding.line or 1}: ")
    patch_line = finding.patch_line
    if patch is None or patch_line is None or patch_line >= patch.diff_line:
        return ""
    line = commit_message_line(finding, patch)
    return f"message:{line}: " if is_message else make_one_line(f"{patch.source}:{patch_line}: ")


def name_message(finding: Finding, patch: Patch | None) -> tuple[str, int]:
    """Return a path and a line that identify a message that is in no file."""
    if patch and is_from_commit(patch):
        return f"commit {patch.source}", commit_message_line(finding, patch)
    return "stdin" if patch is None or patch.source == "-" else patch.source, 1
