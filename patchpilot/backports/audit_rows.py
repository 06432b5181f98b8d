# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the rows of an audit: a fix with its verdict for a branch, and a fix that is listed apart.

The rows are stored while an audit runs, so that it can be continued.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, NamedTuple

from patchpilot import __version__
from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.result import BackportResult
from patchpilot.cache.entries import (
    evict_oldest,
    is_private_folder,
    read_cache_file,
    repository_cache_path,
)
from patchpilot.commits.repository import Repository
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.missing_fixes import MissingFix
from patchpilot.model.json_form import json_form, json_object, json_value
from patchpilot.model.json_text import json_text

_VERSION = 1
_LARGEST = 256 << 20
_MOST = 64


class Apart(StrEnum):
    """Why a fix is not among the missing ones."""

    REVERTED = "reverted"
    REVERTED_HERE = "reverted-in-branch"
    SKIPPED = "skipped"
    NOT_COMPILED = "not-compiled"
    IN_OTHER_BRANCH = "in-other-branch"
    NOT_CARRIED = "not-carried"
    ALREADY_FIXED = "already-fixed"
    NOT_AFFECTED = "not-affected"
    NO_CULPRIT = "no-culprit"


VERDICT_WORDS = {
    BranchVerdict.CLEAN: "all context lines match; not built, not tested",
    BranchVerdict.THREE_WAY: "only a three-way merge applies them",
    BranchVerdict.CONFLICT: "do not apply",
    BranchVerdict.UNKNOWN: "could not be judged",
    BranchVerdict.FIXED: "are in the branch",
    BranchVerdict.NOT_AFFECTED: "fix a bug missing from the branch",
}
"""The words next to the number of fixes with a verdict."""
APART_WORDS = {
    Apart.REVERTED: "reverted in mainline",
    Apart.REVERTED_HERE: "reverted in the branch",
    Apart.SKIPPED: "in the skip list",
    Apart.NOT_COMPILED: "not compiled with this .config",
    Apart.IN_OTHER_BRANCH: "already in another branch: a merge brings them",
    Apart.NOT_CARRIED: "fix no backport of the branch",
    Apart.ALREADY_FIXED: "already there under another subject",
    Apart.NOT_AFFECTED: "of a bug that was reverted in the branch",
    Apart.NO_CULPRIT: "name no commit that introduced the bug; --all judges them",
}
"""The words next to the number of fixes that are apart for a reason."""


@json_form()
class NamedCommit(NamedTuple):
    """A commit with its subject."""

    commit: str
    subject: str


@json_form()
class ConflictLine(NamedTuple):
    """The place of a conflict in the branch; the line is None if the file is missing."""

    path: str
    line: int | None


@json_form()
@dataclass(frozen=True, slots=True)
class ApartFix:
    """A fix that is listed apart: the kind and the reason."""

    branch: str
    commit: str
    subject: str
    kind: str
    reason: str


@json_form(
    "branch commit subject culprit~ culprit_in_branch~ carried verdict~ affected applies "
    "landed_as reason conflicts prerequisites prerequisites_partial confidence followers "
    "reverted_by rank rank_reasons"
)
@dataclass(frozen=True, slots=True)
class AuditRow:
    """A fix and its verdict for a branch.

    `culprit` is the commit that introduced the bug, and `culprit_in_branch` is this commit in the
    branch; they differ if the bug is `carried`: it came with a backport. `verdict` is "" if no
    verdict was requested. `confidence` is that of an adaptation, or None. `followers` are the
    follow-ups that the branch needs as well. `reverted_by` is the mainline commit that reverted the
    fix, or None. `rank` is the place of the fix among the fixes that the branch lacks, with the
    reasons; it is None in a list of fixes.
    """

    branch: str
    commit: str
    subject: str
    culprit: str = ""
    culprit_in_branch: str = ""
    carried: bool = False
    verdict: str = ""
    affected: bool | None = None
    applies: str | None = None
    landed_as: str | None = None
    reason: str = ""
    conflicts: tuple[ConflictLine, ...] = ()
    prerequisites: tuple[NamedCommit, ...] = ()
    prerequisites_partial: bool = False
    confidence: float | None = None
    followers: tuple[NamedCommit, ...] = ()
    reverted_by: str | None = None
    rank: int | None = None
    rank_reasons: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Return whether the branch needs no work: it has the fix, or not the bug."""
        return self.verdict in (BranchVerdict.FIXED, BranchVerdict.NOT_AFFECTED)


def make_audit_row(fix: MissingFix, result: BackportResult, answer: BranchResult) -> AuditRow:
    """Return the row of a fix that was judged."""
    culprit = fix.culprit or next(iter(result.culprits), "")
    in_branch = fix.culprit_in_branch or answer.culprit_as or ""
    return AuditRow(
        answer.branch,
        result.commit or "",
        result.subject,
        culprit,
        in_branch,
        bool(in_branch) and in_branch not in (culprit, *result.culprits),
        answer.verdict.value,
        answer.affected,
        answer.applies.value if answer.applies else None,
        answer.landed_as,
        answer.reason,
        tuple(ConflictLine(place.path, place.line) for place in answer.conflicts),
        tuple(NamedCommit(need.commit, need.subject) for need in answer.prerequisites),
        answer.partial,
        answer.adaptation.confidence if answer.adaptation else None,
        tuple(NamedCommit(row.commit, row.subject) for row in answer.follow_ups),
        result.reverted.commit if result.reverted else None,
        fix.rank,
        fix.rank_reasons,
    )


def make_unjudged_row(branch: str, fix: MissingFix, subject: str, reason: str) -> AuditRow:
    """Return the row of a fix without a verdict, or for which none is possible, with the reason."""
    return AuditRow(
        branch,
        fix.commit,
        subject,
        fix.culprit,
        fix.culprit_in_branch,
        fix.is_carried,
        BranchVerdict.UNKNOWN.value if reason else "",
        reason=reason,
        rank=fix.rank,
        rank_reasons=fix.rank_reasons,
    )


def format_audit_line(line: object) -> str:
    """Return a row of an audit, or its summary, as a line of JSON."""
    return json_text({"schema": "patchpilot/audit-line/1", **json_object(line)}) + "\n"


class AuditStore:
    """The rows of the last audit with the same inputs, in a private file of the cache.

    `inputs` is everything that a verdict depends on. Without `resume`, start again.
    """

    def __init__(self, repository: Repository, inputs: Sequence[str], *, resume: bool) -> None:
        text = json.dumps([__version__, *inputs])
        name = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]
        folder = repository_cache_path("audits", repository.common_dir, _VERSION)
        self._file = folder / f"{name}.jsonl"
        self.rows = {(row.branch, row.commit): row for row in self._read()} if resume else {}
        self._is_usable = is_private_folder(folder)
        with contextlib.suppress(OSError):
            evict_oldest(folder, _MOST)
            if not resume:
                self._file.unlink(missing_ok=True)

    def add(self, rows: Iterable[AuditRow]) -> None:
        """Store rows; without a cache directory, do nothing."""
        if not self._is_usable:
            return
        text = "".join(f"{json.dumps(json_value(row))}\n" for row in rows)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        with contextlib.suppress(OSError), os.fdopen(os.open(self._file, flags, 0o600), "a") as out:
            out.write(text)

    def _read(self) -> Iterator[AuditRow]:
        data = read_cache_file(self._file, _LARGEST) or b""
        for line in data.decode("utf-8", "replace").splitlines():
            # the last line may be incomplete
            with contextlib.suppress(ValueError, KeyError, TypeError):
                yield _parse_row(json.loads(line))


def _parse_row(data: Mapping[str, Any]) -> AuditRow:
    values = {field.name: data[field.name] for field in fields(AuditRow)}
    for name in ("culprit", "culprit_in_branch", "verdict"):
        values[name] = values[name] or ""
    values["rank_reasons"] = tuple(values["rank_reasons"])
    for name, form in _LISTS.items():
        values[name] = tuple(form(**item) for item in values[name])
    return AuditRow(**values)


_LISTS: dict[str, type] = {
    "conflicts": ConflictLine,
    "prerequisites": NamedCommit,
    "followers": NamedCommit,
}
