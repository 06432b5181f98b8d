# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commits that fix CVEs, from the records or messages of the CVE team."""

from typing import NamedTuple

from patchpilot.backports.branch_verdicts import BackportRequest
from patchpilot.backports.cve_targets import CveQuery, read_cve_target, read_cves_in_text
from patchpilot.backports.cve_verdicts import CveResult, compute_cve_verdicts
from patchpilot.backports.targets import branch_ref
from patchpilot.commits.range import is_network_target
from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import FoundFix, FoundFixes, TreeVerdict
from patchpilot.finding.read_log import Symptom
from patchpilot.history.releases import Releases
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.progress import Progress, ignore_progress


class FoundCves(NamedTuple):
    """The CVEs that were asked about, their verdicts, and their fixes as candidates."""

    query: CveQuery
    results: tuple[CveResult, ...]
    fixes: FoundFixes


def read_named_cves(what: str, text: str | None, records: str) -> CveQuery | None:
    """Return the CVEs that WHAT or its text names, or None.

    `text` is the content of a page, message or standard input, or None if WHAT is anything else.
    `records` is the local copy of the records, or "".
    """
    if text is not None:
        return read_cves_in_text(text, records)
    # without records, the message itself is read from the archive
    return read_cve_target(what, records) if records or not is_network_target(what) else None


def find_cve_fixes(
    repository: Repository,
    query: CveQuery,
    *,
    tree: str = "",
    profile: str | None = None,
    progress: Progress = ignore_progress,
) -> FoundCves:
    """Return the fixes of CVEs, with the verdicts for a tree and for the stable branches."""
    stable = find_stable_branches(repository, profile=profile)
    start = branch_ref(repository, tree, profile=profile) if tree else ""
    names = [*([start] if start else []), *(branch.name for branch in stable.branches)]
    onto = tuple(dict.fromkeys(names or ["HEAD"]))
    request = BackportRequest(onto=onto, profile=profile, effort=0.0)
    results = tuple(compute_cve_verdicts(repository, query.records, request, progress))
    releases = Releases(repository)
    candidates = {}
    for result in results:
        for fix in result.results:
            commit = fix.commit or ""
            release = releases.first(commit)
            candidates[commit] = FoundFix(
                commit,
                fix.subject,
                1.0,
                release.name if release else None,
                (f"fixes {result.cve}",),
                tuple(TreeVerdict(row.branch, row.verdict, row.reason) for row in result.branches),
            )
    fixes = FoundFixes(
        onto[0],
        repository.resolve(onto[0]),
        0,
        bool(candidates),
        bool(candidates),
        Symptom(),
        tuple(candidates.values()),
        query.notes,
    )
    return FoundCves(query, results, fixes)
