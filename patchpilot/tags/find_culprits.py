# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `fixes` command: find the commit that introduced a bug, and check Fixes: tags."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import cache, partial

from patchpilot.commits.range import (
    find_latest_patch_commit,
    is_mail_source,
    resolve_commits,
    resolve_patch,
)
from patchpilot.commits.repository import Repository
from patchpilot.commits.tree_readers import CommitTree
from patchpilot.errors import UsageError
from patchpilot.history.commit_graph import use_commit_graph
from patchpilot.history.fixes_tag import JudgedTag, Relations, judge_message, parse_tag
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.releases import Releases
from patchpilot.history.shallow_clones import list_missing_history_notes
from patchpilot.model.action import Action
from patchpilot.model.commit import Commit
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.projects.commit_marks import read_commit_marks
from patchpilot.projects.loading import detect, find_project
from patchpilot.tags import rank_culprits as finder
from patchpilot.tags.fix_claims import judge_fix
from patchpilot.tags.rank_culprits import Candidate
from patchpilot.tags.tag_reach import find_reach
from patchpilot.topic.base import find_base
from patchpilot.topic.upstream_state import list_upstream_notes as upstream_notes

LIMIT = 5
MAX_SERIES = 200
"""Maximum number of commits in a series."""
SURE_ENOUGH = 0.8
MIN_OFFERED = 0.3
"""Minimum confidence for offering to add a candidate's tag."""


@json_form("commit subject present candidates tags sure reason notes is_fix")
@dataclass(frozen=True, slots=True)
class FixesResult:
    """A commit's existing Fixes: tags, the candidates for the commit that introduced the bug, and
    the tags to write.

    `sure` is set if the first candidate is certain; otherwise, `reason` explains the doubt. `tags`
    contains the lines to write, ordered from the oldest named commit to the latest. Usually there
    is one line, or none if no candidate is certain. `is_fix` is set if the commit is considered a
    fix.
    """

    commit: str
    subject: str
    present: tuple[JudgedTag, ...]
    candidates: tuple[Candidate, ...]
    sure: bool
    reason: str
    notes: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    is_fix: bool = True

    @property
    def has_problem(self) -> bool:
        """Return whether an existing Fixes: tag has a problem.

        Ignore tags that cannot be checked, unlikely tags, and tags that are correct but name a
        commit in the same release.
        """
        return any(
            problem.kind not in ("same-release", "unverified", "unlikely")
            for tag in self.present
            for problem in tag.problems
        )

    def list_other_tags(self, commits: Collection[str]) -> tuple[str, ...]:
        """Return the existing Fixes: tags that name none of these commits."""
        return tuple(
            it.tag.text
            for it in self.present
            if it.introduced_by is None or it.introduced_by.id not in commits
        )

    @property
    def best_candidate(self) -> Candidate | None:
        """Return the best candidate.

        Return None if the commit has a valid Fixes: tag or the evidence for the candidate is weak.
        """
        has_valid_tag = self.present and not self.has_problem
        return next(
            (
                candidate
                for candidate in self.candidates[:1]
                if not has_valid_tag and candidate.confidence >= MIN_OFFERED
            ),
            None,
        )

    def explain_doubt(self, candidate: Candidate) -> str:
        """Return why a candidate is only a guess, or "" if it is more than a guess."""
        return self.reason if candidate in self.candidates[:1] else candidate.doubt

    @property
    def is_unverified(self) -> bool:
        """Return whether a Fixes: tag names a commit that is missing from a shallow clone."""
        return any(problem.kind == "unverified" for tag in self.present for problem in tag.problems)


@dataclass(frozen=True, slots=True)
class FixesRequest:
    """A fix, and options for finding the commit that introduced the bug.

    `target` is the fix; None means the latest commit. With `verify`, only check existing Fixes:
    tags. `bisect_log` is the output of `git bisect log`, or a report that quotes its end. `profile`
    is the project that defines the layout of tags; by default, it is detected from the commit's
    tree. Commits that are sent together with the fix get no tag. These are the commits in `series`
    and the commits since `base`, which is the upstream branch by default.
    """

    target: str | None = None
    limit: int = LIMIT
    verify: bool = False
    bisect_log: str | None = None
    base: str | None = None
    series: Collection[str] = ()
    profile: str = ""


def find_culprits_of_each(
    repository: Repository,
    request: FixesRequest,
    *,
    progress: Progress = ignore_progress,
) -> tuple[FixesResult, ...]:
    """Return the result of `find_culprits` for each commit of a target, oldest first.

    The target is a commit or a range. Raise `UsageError` for a patch file, because it has no
    history.
    """
    target = find_latest_patch_commit(repository) if request.target is None else request.target
    if is_mail_source(target) and not repository.find(target):
        raise UsageError(
            f"{target}: a patch file has no git history to search",
            hint=Action("fixes", ("HEAD",), "run `git am FILE`, then {}"),
        )
    if ".." not in target:
        return (find_culprits(repository, replace(request, target=target), progress=progress),)
    series = (*request.series, *_list_unpublished_commits(repository, target))
    return tuple(
        find_culprits(repository, replace(request, target=id_, series=series), progress=progress)
        for id_ in resolve_commits(repository, target)
    )


def _list_unpublished_commits(repository: Repository, target: str) -> tuple[str, ...]:
    """Return the commits in a range that no tag or remote contains.

    These commits are sent together. Return () if there are too many for a series.
    """
    old, _, new = target.partition("..")
    start, end = repository.resolve(old or "HEAD"), repository.resolve(new or "HEAD")
    ids = repository.rev_list(
        f"--max-count={MAX_SERIES + 1}", end, "--not", start, "--tags", "--remotes"
    )
    return ids if len(ids) <= MAX_SERIES else ()


def find_culprits(
    repository: Repository,
    request: FixesRequest,
    *,
    progress: Progress = ignore_progress,
) -> FixesResult:
    """Check a commit's Fixes: tags, and find the commits that probably introduced the bug.

    The search ignores the existing tags, and is skipped if `verify` is set in the request.
    """
    bisect_log, series = request.bisect_log, request.series
    commit = repository.commit(
        resolve_patch(
            repository,
            find_latest_patch_commit(repository) if request.target is None else request.target,
        )
    )
    use_commit_graph(
        repository,
        (commit.parents or (commit.id,))[0],
        progress,
        create=not request.verify,
    )
    releases = Releases(repository)
    sent_together = cache(
        lambda: (
            frozenset((*_list_commits_since_base(repository, commit, request.base), *series))
            - {commit.id}
        )
    )
    relations = _find_tag_relations(repository, commit, releases, sent_together, progress)
    project = (
        find_project(request.profile)
        if request.profile
        else detect(CommitTree(repository, commit.id))
    )
    separate_block = "tags-not-in-one-block" in project.style.ignore
    present = judge_message(
        commit.lines,
        partial(_find_commit, repository),
        relations=relations,
        separate_block=separate_block,
    )
    if request.verify:
        return FixesResult(commit.id, commit.subject, present, (), True, "")
    if len(commit.parents) != 1 and bisect_log is None:
        reason = (
            "the commit is a merge: name the commit that fixes the bug"
            if commit.parents
            else "the commit is the first one: there is no earlier commit"
        )
        return FixesResult(commit.id, commit.subject, present, (), False, reason)
    ranking = (
        finder.find_likely_culprits(repository, commit, limit=request.limit, progress=progress)
        if len(commit.parents) == 1
        else finder.RankedCulprits(())
    )
    candidates = ranking.candidates
    joint_causes, import_note = ranking.together, ranking.imported
    notes: list[str] = []
    if candidates and candidates[0].commit not in joint_causes:
        joint_causes = ()
    if bisect_log is not None or "revert" in commit.message.lower():
        # most fixes do not need these modules, so import them lazily
        from patchpilot.tags import overrides
        from patchpilot.tags.bisect_log import parse_bisection

        if bisect_log is None:
            reordered_candidates = overrides.move_reverted_first(repository, commit, candidates)
        else:
            bisection = parse_bisection(bisect_log)
            reordered_candidates, notes = overrides.move_bisected_first(
                repository, commit, bisection, candidates
            )
        if reordered_candidates != candidates:
            # a bisection or a revert is better evidence than git blame
            candidates, import_note = reordered_candidates[: request.limit], ""
            joint_causes = tuple(
                candidate.commit
                for candidate in candidates
                if candidate.confidence >= overrides.REVERTED
            )
    reason = finder.explain_doubt(candidates, import_note)
    culprits = tuple(_add_release(repository, releases, candidate) for candidate in candidates)
    series_commits = frozenset(series) | {
        culprit.commit
        for culprit in culprits
        if not culprit.first_release and culprit.commit in sent_together()
    }
    fix_claim = judge_fix(repository, commit)
    if (
        culprits
        and culprits[0].confidence >= finder.LIKELY
        and fix_claim.is_fix
        and culprits[0].commit in series_commits
    ):
        notes.append(format_same_series_note(culprits[0].subject))
    notes += list_missing_history_notes(repository)
    notes += upstream_notes(repository, commit.id, progress)
    notes += _find_contradicting_evidence(present, culprits)
    if not fix_claim.is_fix:
        notes.append(f"{fix_claim.reason}: `prepare` and `stable` propose no tag for it")
    tags = () if reason else _format_fixes_lines(repository, culprits, joint_causes, series_commits)
    return FixesResult(
        commit.id,
        commit.subject,
        present,
        culprits,
        not reason,
        reason,
        tuple(notes),
        tags,
        fix_claim.is_fix,
    )


def _add_release(repository: Repository, releases: Releases, candidate: Candidate) -> Candidate:
    credited_candidate = candidate
    if candidate.is_marked:
        from patchpilot.tags.overrides import find_mainline_candidate

        credited_candidate = find_mainline_candidate(repository, candidate)
        if credited_candidate.commit != candidate.commit and not repository.find(
            credited_candidate.commit
        ):
            return credited_candidate
    release = releases.first(credited_candidate.commit, credited_candidate.committed)
    return credited_candidate._replace(first_release=release.name if release else None)


def _format_fixes_lines(
    repository: Repository,
    culprits: tuple[Candidate, ...],
    joint_causes: tuple[str, ...],
    series_commits: frozenset[str],
) -> tuple[str, ...]:
    """Return the Fixes: lines for the commits that introduced the bug, oldest commit first.

    If several commits introduced the bug together, each gets a line; otherwise, only the first
    candidate does. Omit commits that are sent together with the fix.
    """
    if len(joint_causes) < 2 or culprits[0].commit not in joint_causes:
        return () if culprits[0].commit in series_commits else (culprits[0].tag,)
    causes = sorted(
        (repository.commit(culprit) for culprit in joint_causes if culprit not in series_commits),
        key=lambda cause: cause.committed,
    )
    return tuple(finder.format_fixes_tag(repository, culprit) for culprit in causes)


def format_same_series_note(subject: str) -> str:
    """Return the note for a fix of an earlier commit in the same series.

    That commit is not merged and its id will change, so the fix should be squashed into it.
    """
    return f'this fixes an earlier patch of this series: squash it into "{subject}" (git rebase -i)'


def _list_commits_since_base(
    repository: Repository, commit: Commit, base_name: str | None
) -> tuple[str, ...]:
    """Return the commits since the topic's base, or () if there are too many for a series."""
    try:
        base = find_base(repository, base_name, commit.id)
    except UsageError:
        if base_name:
            raise
        return ()
    # unless the user or b4 set the base, commits in a tag count as released, except in the sent/
    # tags of patchpilot and b4
    release_options = ("--exclude=sent/*", "--tags") if base.is_guessed else ()
    ids = repository.rev_list(
        f"--max-count={MAX_SERIES + 1}",
        commit.id,
        "--not",
        base.start,
        *release_options,
    )
    return ids if len(ids) <= MAX_SERIES else ()


def _find_contradicting_evidence(
    present: tuple[JudgedTag, ...], culprits: tuple[Candidate, ...]
) -> list[str]:
    tagged_commits = [tag.target for tag in present if tag.target]
    if (
        not tagged_commits
        or not culprits
        or culprits[0].confidence < SURE_ENOUGH
        or culprits[0].commit in {culprit.id for culprit in tagged_commits}
    ):
        return []
    return [
        f"the tag names {tagged_commits[0].short}, but the evidence points to"
        f" {culprits[0].commit[:12]} ({culprits[0].confidence:.0%}): check the tag"
    ]


def _find_commit(repository: Repository, revision: str) -> Commit | None:
    commit = repository.find(revision)
    return repository.commit(commit) if commit else None


def _find_tag_relations(
    repository: Repository,
    commit: Commit,
    releases: Releases,
    sent_together: Callable[[], frozenset[str]],
    progress: Progress,
) -> Relations:
    """Return how the commits that Fixes: tags name are related to this commit.

    If there are no such tags, git does not run.
    """
    if not any(parse_tag(line) for line in commit.lines[1:]):
        return Relations()
    is_complete = not repository.is_shallow()

    # the Fixes: tag of a backport is about the mainline commit
    is_marked = read_commit_marks(commit.message).upstream
    upstream = find_named_mainline_commit(repository, commit.id) if is_marked else None
    tagged = upstream or commit.id

    def is_ancestor(target: Commit) -> bool | None:
        is_below = target.id != tagged and repository.is_ancestor(target.id, tagged)
        return is_below if is_below or is_complete else None

    def in_mainline(target: Commit) -> bool | None:
        from patchpilot.history.stable_branches import find_mainline_tip

        tip = find_mainline_tip(repository)
        if tip is None or repository.is_ancestor(target.id, tip):
            return None if tip is None else True
        # the commit that a tag names may also be missing because mainline is outdated or the clone
        # is shallow
        return (
            None
            if not is_complete or repository.commit(tip).committed < target.committed
            else False
        )

    def first_release(target: Commit) -> str | None:
        release = releases.first(target.id, int(target.committed.timestamp()), final=True)
        return release.name if release else None

    def is_ambiguous(prefix: str) -> bool:
        ids = repository.git("rev-parse", f"--disambiguate={prefix}", ok=()).text.split()
        return (
            sum(
                1
                for id_ in ids
                if (target_object := repository.objects.get(id_)) and target_object[1] == "commit"
            )
            > 1
        )

    def mainline_commit(target: Commit) -> Commit | None:
        found = find_named_mainline_commit(repository, target.id)
        return repository.commit(found) if found and found != target.id else None

    def titled(subject: str) -> Commit | None:
        from patchpilot.history.fix_in_branch import History

        with History(repository, progress) as history:
            found = [other for other in history.titled(subject, commit.id) if other != commit.id]
        return repository.commit(found[0]) if len(found) == 1 else None

    def reach(target: Commit) -> str:
        return find_reach(repository, commit, target.id) if len(commit.parents) == 1 else ""

    series = sent_together()
    own_release = None if series else first_release(commit)
    return Relations(
        is_ancestor,
        in_mainline,
        first_release,
        own_release,
        series,
        is_ambiguous,
        is_complete,
        mainline_commit,
        titled,
        repository.changed_paths,
        repository.changed_paths(commit),
        reach,
    )
