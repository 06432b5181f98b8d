# SPDX-License-Identifier: GPL-2.0-or-later
"""Judge many fixes for branches on a Dask cluster, with the same result as the command line."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.backports.audit import AuditRequest, plan_list
from patchpilot.backports.audit_rows import format_audit_line
from patchpilot.backports.branch_verdicts import BackportRequest
from patchpilot.batch.cluster import run_units
from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress, ignore_progress

if TYPE_CHECKING:
    from distributed import Client

FIXES = 100
"""Number of fixes in a part: some seconds of work."""


def judge_fixes(
    client: "Client",
    repository: Path,
    fixes: Sequence[str],
    branches: Sequence[str],
    *,
    effort: float = 0.0,
    count: int = FIXES,
    progress: Progress = ignore_progress,
) -> Iterator[str]:
    """Judge fixes on the cluster, and yield the lines of each part as it completes.

    The arguments are the same as for `judge_part`; a part has `count` fixes. All machines must have
    the repository, with the branches, at the same path. Raise MissingError if the extra `cluster`
    is not installed.
    """
    starts = range(0, len(fixes), count)
    parts = [(tuple(fixes[start : start + count]),) for start in starts]
    judge = partial(_judge_in_worker, repository, branches, effort)
    for lines in run_units(client, judge, parts, "judging", progress):
        yield from lines


def _judge_in_worker(
    repository: Path, branches: Sequence[str], effort: float, fixes: Sequence[str]
) -> list[str]:
    return list(judge_part(repository, fixes, branches, effort=effort))


def judge_part(
    repository: Path, fixes: Sequence[str], branches: Sequence[str], *, effort: float = 0.0
) -> Iterator[str]:
    """Yield the JSON lines of fixes for branches, without a summary.

    `fixes` are commit ids, and `branches` the names that `--onto` takes; without any, the stable
    branches are used. The lines are the same as in `backport --format jsonl`. `effort` is the time
    limit in seconds of the search for prerequisites.
    """
    request = AuditRequest(BackportRequest(onto=tuple(branches), effort=effort), jobs=1)
    with Repository.open(repository) as repo:
        for row in plan_list(repo, request, fixes).judge():
            yield format_audit_line(row)
