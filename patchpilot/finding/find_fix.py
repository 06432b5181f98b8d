# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the mainline commits that may fix a symptom in a release or branch."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    BackportSession,
    resolve_onto_revisions,
)
from patchpilot.backports.targets import branch_ref
from patchpilot.backports.unpacked_tree import check_fixes_in_directory
from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, MissingError, PatchpilotError, UsageError
from patchpilot.finding.candidates import (
    CommitDiff,
    count_words,
    find_touching_commits,
    locate_symptom,
    read_changes,
    read_messages,
)
from patchpilot.finding.kernel_version import KernelVersion
from patchpilot.finding.rank_fixes import (
    FIXES,
    LIKELY,
    MOST,
    PROPOSED,
    Query,
    load_evidence_weights,
    may_contain_fix,
    rank_candidates,
    rejection_threshold,
    select_best_candidates,
    weigh_changes,
    weigh_messages,
)
from patchpilot.finding.read_log import Frame, Symptom, read_log
from patchpilot.finding.searched_tree import (
    SearchedTree,
    find_directory_tree,
    find_searched_tree,
    name_version,
)
from patchpilot.finding.try_commit import (
    CommitTrial,
    applies_to_tested,
    ask_for_backport,
    find_branch_fix,
    find_trials,
    list_tested_releases,
    note_shown_trial,
)
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.commit_graph import use_commit_graph
from patchpilot.history.fix_in_branch import History
from patchpilot.history.mainline_commit import find_named_mainline_commit
from patchpilot.history.releases import BranchFix, Releases, name_release, name_series
from patchpilot.history.shallow_clones import list_missing_history_notes
from patchpilot.history.stable_branches import (
    Mainline,
    StableBranch,
    describe_stale_copy,
    find_mainline,
    find_stable_branches,
)
from patchpilot.model.action import Action, Advice
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.source_tree import is_safe_path
from patchpilot.projects.loading import open_thread_pool
from patchpilot.tags import rank_culprits
from patchpilot.tags.bisect_log import is_bisection, parse_bisection
from patchpilot.tags.find_culprits import MIN_OFFERED
from patchpilot.topic.archive_target import fetch_thread, read_archive_setting

MAX_LOG = 1 << 20
"""Maximum number of bytes to read from a log."""
SHOWN, FEW, WORTH = 10, 3, 0.01
"""Maximum and minimum number of candidates, and the minimum probability of the others."""
NAMED = 3
"""Maximum number of commits to name that the searched version has under another id."""
_LEAST_LEFT = 0.2
"""Minimum probability that is left if commits are excluded: their shares are no more certain."""
_MAX_BLAMED = 20
"""Maximum number of commits to blame."""
_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_FILE = re.compile(r"\S*(?:/\S+|\w\.[A-Za-z]\w*)")
_FUNCTION = re.compile(r"[A-Za-z_]\w*(?:\(\))?")


@json_form()
@dataclass(frozen=True, slots=True)
class TreeVerdict:
    """The backport verdict for one branch."""

    branch: str
    verdict: str
    reason: str


@json_form(
    "commit subject probability release matches branches works? tried_on=trial.release? trials?"
)
@dataclass(frozen=True, slots=True)
class FoundFix:
    """A commit that may fix the symptom.

    `probability` is calibrated on known fixes, and 0 if the commit `is_excluded`. `release` is the
    first release with the commit. `matches` lists what it has in common with the symptom, apart
    from words. The first verdict is for the searched tree. Merges have no verdicts. `trials` are
    the user's; only the first one can decide. `branch_fix` is set if the stable branch of the
    searched release has the commit, and `is_requestable` if the commit applies to the branches of
    the tested releases.
    """

    commit: str
    subject: str
    probability: float
    release: str | None = None
    matches: tuple[str, ...] = ()
    branches: tuple[TreeVerdict, ...] = ()
    trials: tuple[CommitTrial, ...] = ()
    branch_fix: BranchFix | None = None
    is_requestable: bool = False

    @property
    def works(self) -> str:
        """Return `yes` or `no` if the user tried the commit for the searched symptom and release,
        otherwise "".
        """
        is_same = self.trial.is_same_symptom and self.trial.is_same_release
        return self.trial.answer if is_same else ""

    @property
    def trial(self) -> CommitTrial:
        """Return the first trial; without one, its answer and release are empty."""
        return self.trials[0] if self.trials else CommitTrial("", "")

    @property
    def is_excluded(self) -> bool:
        """Return whether the commit cannot be the fix: the user tried it, or the tree lacks the
        bug that it fixes.
        """
        if self.works:
            return self.works == "no"
        return bool(self.branches) and self.branches[0].verdict == BranchVerdict.NOT_AFFECTED.value

    @property
    def share(self) -> str:
        """Return the probability in percent, or "" if the commit was tried or cannot be the fix."""
        return "" if self.works or self.is_excluded else f"{self.probability:.0%}"

    @property
    def facts(self) -> tuple[str, ...]:
        """Return the first release, the functions and files in common, and the trials."""
        facts = [f"first in {self.release}" if self.release else "not released", *self.matches]
        facts += dict.fromkeys(trial.words for trial in self.trials)
        if self.branch_fix:
            facts.append(self.branch_fix.words)
        return tuple(facts)

    @property
    def verdict_lines(self) -> tuple[str, ...]:
        """Return each verdict with its branches.

        A branch that has the commit is only fixed if the commit is the fix.
        """
        names: dict[str, list[str]] = {}
        for tree in self.branches:
            has_it = tree.verdict == BranchVerdict.FIXED.value
            names.setdefault("already in" if has_it else tree.verdict, []).append(tree.branch)
        return tuple(f"{verdict}: {', '.join(branches)}" for verdict, branches in names.items())

    def next_step(self, messages: Sequence[str] = (), *, is_fix: bool = True) -> Advice:
        """Return the command to run next for this fix.

        It writes how to try the fix and, once it works, requests its backport. If the fix
        conflicts or no branch needs it, the command shows its verdicts. For a merge, it is `find`.
        `messages` are the log's messages.
        """
        if not self.branches:
            # a merge has no patch to backport, but messages may discuss it
            return Action("find", (self.commit[:12],))
        if self.works == "yes" and self.branch_fix:
            return self.branch_fix.advice
        if self.works == "yes":
            tested = list_tested_releases(self.trials)
            return ask_for_backport(
                self.commit, tested, messages, is_requestable=self.is_requestable
            )
        if not is_fix or not any(tree.verdict.startswith("clean") for tree in self.branches):
            return Action("backport", (self.commit[:12],))
        return Action(
            "find",
            ("--try", self.commit[:12], "--in", self.branches[0].branch),
            "build it and try whether the bug is gone: {}",
        )


@json_form("tree commit searched likely fits version~ functions modules messages candidates notes")
@dataclass(frozen=True, slots=True)
class FoundFixes:
    """The commits that may fix a symptom, the most likely first.

    `commit` is the commit at which the search started, and `searched` the number of commits after
    it. `likely` is set if the first candidate is probably the fix, and `fits` if any commit matches
    the symptom. `files` contains the source files that the symptom names, the most likely first.
    `until` is the newer version without the bug at which the search ended, or "".
    """

    tree: str
    commit: str
    searched: int
    likely: bool
    fits: bool
    symptom: Symptom
    candidates: tuple[FoundFix, ...]
    notes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    until: str = ""

    @property
    def scope(self) -> str:
        """Return which commits were searched, or that there is no later commit of mainline."""
        if not self.searched:
            return f"no search: {self.tree} has all commits of mainline that are here"
        start = "in" if ".." in self.tree else "since"
        noun = "commit" if self.searched == 1 else "commits"
        if self.until:
            end = f"{self.tree}..{self.until}, as {self.until} is newer and works"
            return f"{self.searched:,} {noun} in {end}"
        return f"{self.searched:,} {noun} {start} {self.tree}"

    @property
    def working(self) -> FoundFix | None:
        """Return the first commit that fixes the bug, as the user tried, or None."""
        return next((fix for fix in self.candidates if fix.works == "yes"), None)

    @property
    def proposed(self) -> FoundFix | None:
        """Return the candidate that is worth a separate step, or None.

        It works, or it is the first one, and it was not tried.
        """
        open_fixes = (fix for fix in self.candidates if not fix.is_excluded)
        first = next(open_fixes, None) if self.fits else None
        is_proposed = first and (self.symptom.name or first.probability >= PROPOSED)
        return self.working or (first if is_proposed and first and not first.works else None)

    @property
    def update(self) -> BranchFix | None:
        """Return the first commit in a later release of the log's own branch, or None.

        An update comes before a build or a report.
        """
        first = self.candidates[0] if self.candidates and not self.symptom.name else None
        is_open = first and not first.works and first.branch_fix and first.branch_fix.release
        return first.branch_fix if first and is_open and not self.working else None

    @property
    def outlook(self) -> str:
        """Return in words how likely it is that the candidates of a log have the fix.

        The share is the measured one of searches whose first candidate is as probable as this one.
        Return "" if there are no candidates, or if they are not ranked by probability.
        """
        if not self.candidates or not self.searched or (self.symptom.name and self.fits):
            return ""
        first = self.candidates[0]
        if working := self.working:
            return f"{working.commit[:12]} fixes it, as you tried"
        tried = [fix.commit[:12] for fix in self.candidates if fix.works == "no"]
        refuted = f"{' and '.join(tried)} {'are' if len(tried) > 1 else 'is'} not the fix, as you"
        start = f"{refuted} tried; " if tried else ""
        if first.is_excluded:
            return f"{start}none of these commits is the fix"
        share = f"in {first.share} of such searches"
        if update := self.update:
            return (
                f"{start}{update.series}.y has the first commit since {update.release}: update"
                f" first, then see whether it still happens; the commit is the fix {share}"
            )
        if first.probability < rejection_threshold():
            return f"{start}probably none of these commits is the fix; the first one is {share}"
        adverb = "may be"
        if first.probability >= PROPOSED:
            adverb = "is likely" if first.probability >= LIKELY else "is probably"
        return f"{start}the first commit {adverb} the fix; it is {share}"

    @property
    def functions(self) -> tuple[str, ...]:
        """Return the functions in the symptom, in the order in which they are searched for."""
        return tuple(frame.function for frame in self.symptom.frames)

    @property
    def modules(self) -> tuple[str, ...]:
        """Return the modules and drivers in the symptom."""
        return self.symptom.modules

    @property
    def messages(self) -> tuple[str, ...]:
        """Return the messages in the symptom that are searched for, errors first."""
        return self.symptom.messages

    @property
    def version(self) -> KernelVersion:
        """Return the kernel that printed the log."""
        return self.symptom.version


class SearchedBug(NamedTuple):
    """The key of a symptom, the names of the release that is searched, and the release with the
    bug, "" if it is unknown.
    """

    symptom_key: str = ""
    releases: tuple[str, ...] = ()
    kernel: str = ""


_NO_BUG = SearchedBug()


class Search(NamedTuple):
    """The ranked commits of a search, the most likely first.

    For a symptom that is only a name, these are the commits that change it, the latest first.
    `backported` lists the commits that were left out because the tree has a backport of them.
    `tree_note` is set if the tree is not exactly the kernel that the log names. `files` contains
    the source files that the symptom names or that print its messages.
    """

    tree: str
    rev: str
    mainline: Mainline
    symptom: Symptom
    searched: int
    fixes: Sequence[FoundFix]
    fits: bool
    backported: Sequence[str] = ()
    tree_note: str = ""
    files: Sequence[str] = ()


def find_fixes(
    repository: Repository,
    symptom: Symptom,
    *,
    tree: str = "",
    profile: str | None = None,
    to_report: bool = False,
    progress: Progress = ignore_progress,
    until: str = "",
) -> FoundFixes:
    """Return the mainline commits that may fix a symptom, with a verdict for each branch.

    `tree` is the revision with the bug; by default, it is the version in the log, or HEAD if there
    is none. `until` is a newer revision without the bug; by default, search all of mainline.
    Raise `InputError` if the symptom contains no search term, `MissingError` if there is no
    mainline branch, and `UsageError` if the tree has all of mainline, unless the bug is
    `to_report`.
    """
    search = rank_fix_candidates(
        repository,
        symptom,
        tree=tree,
        profile=profile,
        to_report=to_report,
        progress=progress,
        until=until,
    )
    progress("checking the branches")
    listed_fixes = [
        fix
        for index, fix in enumerate(search.fixes[:SHOWN])
        if index < FEW or fix.probability >= WORTH or search.symptom.name
    ]
    listed_fixes = list(
        add_backport_verdicts(
            repository,
            listed_fixes,
            search.tree,
            profile,
            progress,
            SearchedBug(
                symptom.key,
                (search.tree, tree, symptom.release),
                _name_kernel(search.tree, symptom),
            ),
        )
    )
    if _is_directory(repository, tree, profile):
        listed_fixes = [_add_directory_verdict(repository, fix, tree) for fix in listed_fixes]
    if not search.symptom.name:
        listed_fixes = _move_excluded_last(listed_fixes)
    is_likely = bool(listed_fixes) and listed_fixes[0].probability >= LIKELY
    notes = list_missing_history_notes(repository)
    notes += [search.tree_note] if search.tree_note else []
    notes += (
        f"{branch.name}: {stale}"
        for branch in (
            find_stable_branches(repository, profile=profile).branches if listed_fixes else ()
        )
        if (stale := describe_stale_copy(branch.as_of))
    )
    if backported := search.backported:
        names = [repository.commit(id_).reference for id_ in backported[:NAMED]]
        more = f" and {len(backported) - NAMED} more" if len(backported) > NAMED else ""
        notes.append(
            f"{search.tree} has {', '.join(names)}{more} already, under another id: not listed; if"
            " the bug is still there, they do not fix it"
        )
    if search.symptom.name and len(search.fixes) > SHOWN:
        notes.append(f"{len(search.fixes)} commits change it: these are the latest ones")
    found_fixes = FoundFixes(
        search.tree,
        search.rev,
        search.searched,
        is_likely and not search.symptom.name,
        search.fits and not all(fix.is_excluded for fix in listed_fixes),
        search.symptom,
        tuple(listed_fixes),
        tuple(notes),
        tuple(search.files),
        until,
    )
    _note_shown_trials(repository, found_fixes, symptom.key)
    return found_fixes


def _note_shown_trials(repository: Repository, fixes: FoundFixes, symptom_key: str) -> None:
    for fix in fixes.candidates:
        if fix.branches and not fix.is_excluded:
            note_shown_trial(repository, fix.commit, fix.branches[0].branch, symptom_key)


def _move_excluded_last(fixes: Sequence[FoundFix]) -> list[FoundFix]:
    """Move the commits that cannot be the fix last, and give their shares to the others."""
    left = 1 - sum(fix.probability for fix in fixes if fix.is_excluded)
    left = max(left, _LEAST_LEFT)
    possible = [
        replace(fix, probability=round(min(1.0, fix.probability / left), 3))
        for fix in fixes
        if not fix.is_excluded
    ]
    return [*possible, *(replace(fix, probability=0.0) for fix in fixes if fix.is_excluded)]


def _name_kernel(tree: str, symptom: Symptom) -> str:
    """Return the release with the bug: the log's, unless another series is searched."""
    series = name_series(tree)
    return tree if series and series != name_series(symptom.release) else symptom.release


def _is_directory(repository: Repository, tree: str, profile: str | None) -> bool:
    """Return whether --in names a directory, and no revision or stable version."""
    if not tree or repository.find(tree):
        return False
    return not repository.find(branch_ref(repository, tree, profile=profile)) and (
        Path(tree).is_dir()
    )


def _add_directory_verdict(repository: Repository, fix: FoundFix, folder: str) -> FoundFix:
    """Add the verdict for a directory, by its content, before the branches."""
    try:
        patch = format_commit_patch(repository, fix.commit)
        (answer,) = check_fixes_in_directory([(patch, fix.commit)], folder, repository)
    except PatchpilotError:
        # a merge has no patch
        return fix
    verdict = TreeVerdict(folder, answer.verdict.value, answer.reason)
    return replace(fix, branches=(verdict, *fix.branches))


def rank_fix_candidates(
    repository: Repository,
    symptom: Symptom,
    *,
    tree: str = "",
    profile: str | None = None,
    to_report: bool = False,
    progress: Progress = ignore_progress,
    until: str = "",
) -> Search:
    """Rank the commits after a tree up to mainline by how likely they fix the symptom; see
    `find_fixes`.
    """
    if not symptom:
        raise InputError(
            "no function, message or module found in the symptom",
            hint="pass the lines of dmesg from the first error on, or a function or file",
        )
    mainline = find_mainline(repository)
    if mainline is None:
        raise MissingError(
            "no mainline branch found",
            hint="fetch one, or name it with `git config patchpilot.mainline REF`",
        )
    if _is_directory(repository, tree, profile):
        found_tree = find_directory_tree(repository, tree)
    else:
        found_tree = SearchedTree(tree) if tree else find_searched_tree(repository, symptom.version)
    name = branch_ref(repository, found_tree.name, profile=profile)
    revision = repository.resolve(name)
    tip = repository.resolve(until) if until else mainline.tip
    use_commit_graph(repository, mainline.tip, progress)
    progress(f"reading the commits since {name}, and the source that the symptom names")
    with open_thread_pool(1) as pool:
        pending_locations = pool.submit(locate_symptom, repository, revision, symptom)
        messages = list(read_messages(repository, revision, tip))
    locations = pending_locations.result()
    files, symptom = tuple(locations.files), locations.symptom
    if symptom.files and not (files or symptom.frames or symptom.messages):
        raise InputError(
            f"no file {symptom.files[0]!r} here or in {name}",
            hint="pass a file with a log, or a source file, for example drivers/net/tun.c",
        )
    if not messages:
        if to_report:
            return Search(name, revision, mainline, symptom, 0, (), False, files=files)
        raise UsageError(
            f"{name} has all commits of {mainline.name}: there is nothing to search",
            hint=Action(
                "",
                ("--in", "v6.1"),
                "name the version with the bug, as in {}; --report reports a bug of mainline",
            ),
        )
    touching_ids = find_touching_commits(repository, revision, tip, files)
    if symptom.name:
        matching = [message for message in messages if message.id in touching_ids]
        if symptom.frames:
            changes = read_changes(repository, [message.id for message in matching[:MOST]])
            matching = [
                message
                for message in matching
                if message.id in changes and symptom.name in changes[message.id].functions
            ]
        backported = _find_backported(repository, [message.id for message in matching], revision)
        matching = [message for message in matching if message.id not in backported]
        if matching:
            probability = round(1 / len(matching), 3)
            matches = (f"changes {symptom.name}{'()' if symptom.frames else ''}",)
            fixes, copied = _leave_out_copied(
                repository,
                [
                    FoundFix(message.id, message.subject, probability, None, matches)
                    for message in matching
                ],
                name,
                profile,
            )
            return Search(
                name,
                revision,
                mainline,
                symptom,
                len(messages),
                fixes,
                bool(fixes),
                (*backported, *copied),
                found_tree.note,
                files,
            )
    query = Query(locations, messages, touching_ids)
    progress("comparing the commits")
    word_counts = count_words(messages, symptom.terms())
    evidence = select_best_candidates(weigh_messages(query, word_counts), load_evidence_weights())
    changes = read_changes(
        repository,
        [messages[candidate_evidence.number].id for candidate_evidence in evidence],
    )
    ranking = rank_candidates(weigh_changes(query, evidence, changes), messages)
    ids = [messages[ranked.evidence.number].id for ranked in ranking]
    backported = _find_backported(repository, ids, revision)
    ranking = [ranked for ranked, id_ in zip(ranking, ids, strict=True) if id_ not in backported]
    fixes, copied = _leave_out_copied(
        repository,
        [
            FoundFix(
                messages[ranked.evidence.number].id,
                messages[ranked.evidence.number].subject,
                round(ranked.probability, 3),
                matches=ranked.evidence.matches,
            )
            for ranked in ranking
        ],
        name,
        profile,
    )
    ranking = [ranked for ranked in ranking if messages[ranked.evidence.number].id not in copied]
    return Search(
        name,
        revision,
        mainline,
        symptom,
        len(messages),
        fixes,
        may_contain_fix(ranking[:FEW]),
        (*backported.intersection(ids[:SHOWN]), *copied),
        found_tree.note,
        files,
    )


def _leave_out_copied(
    repository: Repository, fixes: Sequence[FoundFix], tree: str, profile: str | None
) -> tuple[list[FoundFix], tuple[str, ...]]:
    """Leave out the first fixes that a tree contains. Return the others, and the ids left out.

    A backport without a mark is recognized only by its content. In a partial clone, the files would
    have to be downloaded.
    """
    if repository.is_partial():
        return list(fixes), ()
    stable = find_stable_branches(repository, profile=profile)
    branches = resolve_onto_revisions(repository, stable, [tree])
    kept: list[FoundFix] = []
    copied: list[str] = []
    request = BackportRequest(effort=0.0, profile=profile)
    with BackportSession(repository, stable, request, ignore_progress) as session:
        for number, fix in enumerate(fixes):
            if len(kept) == SHOWN or number == 2 * SHOWN:
                return [*kept, *fixes[number:]], tuple(copied)
            is_merge = len(repository.commit(fix.commit).parents) > 1
            results = () if is_merge else session.ask([fix.commit], branches)
            if any(result.branches[0].verdict is BranchVerdict.FIXED for result in results):
                copied.append(fix.commit)
            else:
                kept.append(fix)
    return kept, tuple(copied)


def _find_backported(repository: Repository, ids: Sequence[str], revision: str) -> frozenset[str]:
    """Return the commits with marked backports in a tree.

    There is nothing to look up in a mainline release, which is most often searched.
    """
    mainline = find_mainline(repository)
    if mainline is None or repository.is_ancestor(revision, mainline.tip):
        return frozenset()
    with History(repository) as history:
        return frozenset(ids).difference(history.missing(ids, revision))


def read_symptom_text(repository: Repository, argument: str) -> str:
    """Return the text of a symptom.

    The argument is a log file, the path of a source file in the repository, or the text itself.
    Raise `InputError` if a file cannot be read.
    """
    file = Path(argument).expanduser()
    path = os.path.relpath(file, repository.top)
    if _is_tracked(repository, path):
        return path
    if _is_tracked(repository, argument) or not file.is_file():
        return argument
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_LOG).decode("utf-8", "replace")
    except OSError as error:
        raise InputError(f"cannot read {file}: {error.strerror or error}") from error


def _is_tracked(repository: Repository, path: str) -> bool:
    head = is_safe_path(path) and repository.find("HEAD")
    return bool(head) and repository.blob("HEAD", path) is not None


def find_later_fixes(
    repository: Repository,
    introduced_by: str,
    progress: Progress = ignore_progress,
    *,
    tree: str = "",
    profile: str | None = None,
) -> FoundFixes:
    """Return the mainline commits that fix a bug introduced by a commit.

    They name the commit in a Fixes: tag or change its lines. `introduced_by` is the commit, or the
    log of a bisection that found it. The first verdict is for `tree`, by default the first bad
    version of the bisection, otherwise the commit.
    """
    bad_ids: tuple[str, ...] = ()
    if "\n" in introduced_by or is_bisection(introduced_by):
        first_bad, bad_ids = parse_bisection(introduced_by)[:2]
        if not first_bad:
            raise InputError(
                "the bisection is not finished: it names no first bad commit",
                hint="go on with `git bisect`, then write the log again",
            )
        introduced_by = first_bad
    first_bad, mainline = repository.resolve(introduced_by), find_mainline(repository)
    # fixes name the mainline commit of a backport
    revision = find_named_mainline_commit(repository, first_bad) or first_bad
    bad = next((name_version(repository, id_) for id_ in bad_ids[:1] if repository.find(id_)), "")
    tip = mainline.tip if mainline else "HEAD"
    messages = list(read_messages(repository, revision, tip))
    introducing_change = read_changes(repository, [revision]).get(revision, CommitDiff())
    touching_ids = find_touching_commits(repository, revision, tip, introducing_change.files)
    changed_ids = [message.id for message in messages if message.id in touching_ids][:MOST]
    changes = read_changes(repository, changed_ids)
    candidates, blame_count = [], 0
    for message in messages:
        tags = FIXES.findall(message.message)
        confidence = 1.0 if any(revision.startswith(tag) for tag in tags) else 0.0
        is_near = (
            not tags
            and introducing_change.functions.keys()
            & changes.get(message.id, CommitDiff()).functions.keys()
        )
        if is_near and blame_count < _MAX_BLAMED:
            progress(f"finding the commit that {message.id[:12]} fixes")
            blame_count += 1
            culprits = rank_culprits.find_likely_culprits(repository, repository.commit(message.id))
            confidence = sum(
                candidate.confidence
                for candidate in culprits.candidates
                if candidate.commit == revision
            )
        if confidence >= MIN_OFFERED:
            match = f"fixes {revision[:12]}" if tags else f"changes lines of {revision[:12]}"
            candidates.append(FoundFix(message.id, message.subject, confidence, matches=(match,)))
    candidates.sort(key=lambda fix: -fix.probability)
    searched = branch_ref(repository, tree, profile=profile) if tree else bad or revision
    bug = SearchedBug(first_bad, (searched, tree), searched)
    fixes = add_backport_verdicts(repository, candidates[:SHOWN], searched, profile, progress, bug)
    is_likely = bool(fixes) and fixes[0].probability >= LIKELY
    found_fixes = FoundFixes(
        revision[:12],
        revision,
        len(messages),
        is_likely,
        bool(fixes),
        Symptom(),
        fixes,
        files=tuple(introducing_change.files),
    )
    _note_shown_trials(repository, found_fixes, first_bad)
    return found_fixes


def is_commit_argument(repository: Repository, argument: str) -> bool:
    """Return whether the argument names a commit rather than a file.

    Raise UsageError for an unknown commit id.
    """
    if Path(argument).is_file():
        return False
    if _COMMIT.fullmatch(argument):
        return bool(repository.resolve(argument))
    return repository.find(argument) is not None


def read_symptom(repository: Repository, text: str) -> Symptom:
    """Parse a function name, a source file name or a log as a symptom.

    That of a bisection is only compared: it is named after the first bad commit.
    """
    if is_bisection(text):
        first_bad = parse_bisection(text).first_bad or ""
        return Symptom(files=(repository.find(first_bad) or first_bad,) if first_bad else ())
    if _is_tracked(repository, text):
        return Symptom(files=(text,))
    if _FUNCTION.fullmatch(text):
        return Symptom((Frame(text.removesuffix("()"), 1.0),))
    symptom = read_log(text)
    if _FILE.fullmatch(text) and not symptom.frames and not symptom.files:
        return Symptom(files=(text,))
    return symptom


def fetch_report_text(
    target: str,
    lore: str | None,
    *,
    offline: bool = False,
    directory: Path | None = None,
) -> str:
    """Return the text of an archived message, such as a bug report."""
    message_id, mails = fetch_thread(
        target,
        lore=lore or read_archive_setting(directory),
        offline=offline,
        directory=directory,
    )
    return "\n".join(
        f"{mail.subject}\n{mail.body}" for mail in mails if mail.message_id == message_id
    )


def add_backport_verdicts(
    repository: Repository,
    fixes: Sequence[FoundFix],
    tree: str,
    profile: str | None,
    progress: Progress,
    bug: SearchedBug = _NO_BUG,
) -> tuple[FoundFix, ...]:
    """Add the first release, the verdicts for a tree and the stable branches, and the results of
    the user's trials to each commit.

    A trial decides only if it was for this `bug`. Merges have no verdicts. In a partial clone, no
    commit has verdicts.
    """
    all_releases = Releases(repository)
    tried_releases = [name_release(repository, release) for release in bug.releases]
    stable = find_stable_branches(repository, profile=profile)
    searched = resolve_onto_revisions(repository, stable, [tree])
    branches: list[StableBranch] = [
        *searched,
        *(branch for branch in stable.branches if branch.tip != searched[0].tip),
    ]
    stable_by_tip = {branch.tip: branch for branch in stable.branches}
    fixes_with_verdicts = []
    # verdicts require many versions of files, which would have to be downloaded in a partial clone
    is_partial = repository.is_partial()
    request = BackportRequest(effort=0.0, profile=profile)
    with BackportSession(repository, stable, request, progress) as session:
        for fix in fixes:
            release = all_releases.first(fix.commit)
            is_merge = len(repository.commit(fix.commit).parents) > 1
            is_skipped = is_merge or is_partial
            results = [
                branch
                for result in (() if is_skipped else session.ask([fix.commit], branches))
                for branch in result.branches
            ]
            verdicts = tuple(
                TreeVerdict(branch.branch, branch.verdict.value, branch.reason)
                for branch in results
            )
            stable_results = [
                replace(row, branch=branch.name, version=branch.version)
                for row in results
                if (branch := stable_by_tip.get(row.tip))
            ]
            trials = find_trials(repository, fix.commit, bug.symptom_key, tried_releases)
            fixes_with_verdicts.append(
                replace(
                    fix,
                    release=release.name if release else None,
                    branches=verdicts,
                    trials=trials,
                    branch_fix=find_branch_fix(repository, bug.kernel, results),
                    is_requestable=applies_to_tested(list_tested_releases(trials), stable_results),
                )
            )
    return tuple(fixes_with_verdicts)
