# SPDX-License-Identifier: GPL-2.0-or-later
"""Check the patches of a topic for stable as backports of their mainline commits."""

from collections.abc import Iterator, Mapping, Sequence

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.branch_verdicts import BackportRequest, compute_backport_verdicts
from patchpilot.backports.resolved_code import PatchedFiles, list_undeclared
from patchpilot.backports.result import BackportResult
from patchpilot.backports.stable_states import StableStates
from patchpilot.commits.patched_tree import PatchStack
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import PatchpilotError
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.origin import find_origin_problem, find_unsigned_note
from patchpilot.model.action import Action
from patchpilot.model.commit import Commit
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Patch, parse_subject
from patchpilot.model.printable import join_words
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.send_problem import SendProblem


def find_unexplained_backports(
    repository: Repository, mark: str, changes: Sequence[str | Patch]
) -> tuple[SendProblem, ...]:
    """Return the problems of commits or patch files for stable that change other lines than their
    origins without a note.
    """
    if not parse_subject(f"[{mark}] x").is_for_stable:
        return ()
    problems = (find_origin_problem(repository, change) for change in changes)
    return tuple(filter(None, problems))


def warn_about_backports(
    repository: Repository,
    draft: Draft,
    changes: Sequence[str | Patch],
    profile: str | None = None,
    progress: Progress = ignore_progress,
) -> tuple[SendProblem, ...]:
    """Return the problems of commits or patch files that are sent with a subject prefix for stable.

    Return none for another prefix, and for patches without a mainline commit.
    """
    subject = parse_subject(f"[{draft.mark}] x")
    if not subject.is_for_stable:
        return ()
    notes = (find_unsigned_note(repository, change) for change in changes)
    problems = [*filter(None, notes)]
    named = [(find_named_mainline_commit(repository, change), change) for change in changes]
    commits = dict.fromkeys(upstream for upstream, change in named if upstream != change)
    if upstreams := [commit for commit in commits if commit]:
        progress("checking the backports")
        try:
            request = BackportRequest(
                commits=upstreams, profile=profile, effort=0.0, everything=True
            )
            results = StableStates(repository).add(compute_backport_verdicts(repository, request))
        except PatchpilotError as error:
            message = f"not checked as a backport: {error.message}"
            return (*problems, SendProblem("backport-unchecked", message))
        rows = [(it, row) for it in results for row in it.branches]
        rows = [(it, row) for it, row in rows if row.version in subject.stables]
        problems += _find_verdict_problems(rows)
        by_commit = {result.commit: row.tip for result, row in rows}
        problems += _find_undeclared(repository, named, by_commit)
        failed = next((row.failed for _, row in rows if row.failed and row.wants_fix), "")
        if failed and not draft.in_reply_to and draft.version == 1:
            message = f"the stable maintainers reported a conflict: <{failed}>"
            action = Action("send", ("--in-reply-to", f"<{failed}>"), "reply to it: `{}`")
            problems.append(SendProblem("failure-unanswered", message, action))
    return tuple(problems)


def _find_undeclared(
    repository: Repository,
    named: Sequence[tuple[str | None, str | Patch]],
    tips: Mapping[str | None, str],
) -> Iterator[SendProblem]:
    """Yield the problems of backports that use undeclared variables.

    `named` contains each change after its mainline commit; `tips` maps these commits to the tips of
    the branch, on which patch files are based.
    """
    files = tuple(change for _, change in named if isinstance(change, Patch))
    tip = next(iter(tips.values()), "")
    # the content before a patch that repeats the last one is the content after all of them
    stack = PatchStack(CommitTree(repository, tip), (*files, *files[-1:]))
    for upstream, change in named:
        if not upstream or upstream == change or not tip:
            continue
        if isinstance(change, Patch):
            number = files.index(change)
            changed: Commit | PatchedFiles = {
                path: (stack.before(path, number)[0], stack.before(path, number + 1)[0])
                for path in change.paths
            }
        else:
            changed = repository.commit(change)
        for sentence in list_undeclared(repository, changed, repository.commit(upstream)):
            yield SendProblem("undeclared-variable", sentence)


def _find_verdict_problems(
    rows: Sequence[tuple[BackportResult, BranchResult]],
) -> Iterator[SendProblem]:
    """Yield the problems of backports, each of which is judged on top of the ones before it."""
    for result, branch in rows:
        upstream = result.commit or ""
        if not branch.wants_fix:
            yield SendProblem(
                "backport-not-needed",
                f"{branch.branch}: {branch.verdict}: {branch.reason}",
                _show_verdicts(upstream),
            )
            continue
        lacking, queued, _ = result.split_newer(branch)
        if lacking or queued:
            message = _describe_newer(upstream[:12], lacking, queued)
            yield SendProblem("newer-first", message, _show_verdicts(upstream))


def _describe_newer(commit: str, lacking: Sequence[str], queued: Sequence[str]) -> str:
    """Describe the newer branches that lack a commit or have it only in their queue."""
    queue_note = f"queued for {join_words(queued)}" if queued else ""
    if not lacking:
        return f"{commit} is {queue_note}, in no release yet"
    verb = "lacks" if len(lacking) == 1 else "lack"
    note = f" ({queue_note})" if queued else ""
    return (
        f"{join_words(lacking)} {verb} {commit}{note}: users who update to a newer branch would"
        " lose it"
    )


def _show_verdicts(upstream: str) -> Action:
    return Action("backport", (upstream[:12],), "see each branch: {}")
