# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that fixed a bug by bisection.

Choose the commit to build next, and record the user's answers. The state is kept in the user's
state directory, because the user may boot another kernel between two runs.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.finding.find_fix import (
    FoundFix,
    Search,
    SearchedBug,
    add_backport_verdicts,
    rank_fix_candidates,
)
from patchpilot.finding.next_build import UNFIXED, UNLIKELY_FIXED, choose_next_build
from patchpilot.finding.rank_fixes import rejection_threshold
from patchpilot.finding.read_log import Symptom
from patchpilot.finding.try_commit import find_trials
from patchpilot.history.releases import name_release
from patchpilot.model.action import Action
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.resources import load_json, state_path, store_json
from patchpilot.threads.trials import read_own_trials

ANSWERS = ("good", "bad", "skip", "undo", "reset")


@json_form()
@dataclass(frozen=True, slots=True)
class BisectStep:
    """The state of a bisection, with the commit to build next or the fix.

    `commit` is the latest commit of `tree`, which has the bug, and the commits from there to
    `mainline` are searched. `left` is the number of commits that may be the fix, and `builds` the
    estimated number of remaining builds. If `next` and `found` are both None, either mainline still
    has the bug (`left` is 0) or the user skipped all remaining builds. `answers` lists the answers
    so far and their commits.
    """

    tree: str
    commit: str
    mainline: str
    built: int
    left: int
    builds: int
    next: str | None
    subject: str
    found: FoundFix | None
    answers: tuple[str, ...] = ()


def continue_bisection(
    repository: Repository,
    answer: str | Symptom,
    *,
    tree: str = "",
    profile: str | None = None,
    progress: Progress = ignore_progress,
) -> BisectStep:
    """Start a bisection for a symptom, or record an answer about the commit to build.

    The answer is `good` (the bug is gone), `bad`, `skip`, `undo` (discard the last answer), `reset`
    (discard all answers) or "" (return the current state). Raise `UsageError` if there is no
    bisection or no commit to build, or if a new bisection would discard answers.
    """
    file, key = state_path() / "bisections.json", repository.key
    bisections = {}
    with suppress(OSError, ValueError):
        bisections = load_json(file)
    state = bisections.get(key)
    if isinstance(answer, Symptom):
        if (
            state
            and state["answers"]
            and _find_bisect_step(repository, state, profile, progress).next
        ):
            raise UsageError(
                f"a bisection of the bug in {state['tree']} has answers already",
                hint=Action("find", ("--bisect", "reset"), "{} discards them"),
            )
        search = rank_fix_candidates(
            repository, answer, tree=tree, profile=profile, progress=progress
        )
        likely = _drop_refuted_fixes(repository, search, answer)
        is_unlikely = max(likely.values(), default=0.0) < rejection_threshold()
        state = {
            "tree": search.tree,
            "commit": search.rev,
            "mainline": search.mainline.name,
            "tip": search.mainline.tip,
            "likely": likely,
            "unfixed": UNLIKELY_FIXED if is_unlikely and not search.symptom.name else UNFIXED,
            "searched": search.searched,
            "symptom": answer.key,
            "answers": [],
        }
    elif state is None:
        raise UsageError(
            "no bisection was started in this repository",
            hint=Action("find", ("--bisect", "LOG"), "start one with {}"),
        )
    elif answer in ("undo", "reset"):
        state["answers"] = state["answers"][:-1] if answer == "undo" else []
    elif answer:
        step = _find_bisect_step(repository, state, profile, progress)
        if step.next is None:
            raise UsageError("the bisection is finished: there is nothing to build")
        state["answers"].append((answer, step.next))
    store_json(file, {**bisections, key: state}, "set XDG_STATE_HOME to a writable directory")
    return _find_bisect_step(repository, state, profile, progress)


def _drop_refuted_fixes(
    repository: Repository, search: Search, symptom: Symptom
) -> dict[str, float]:
    """Return the probability of each commit that the user did not try without success."""
    releases = [name_release(repository, search.tree)]
    tried = read_own_trials(repository)
    return {
        fix.commit: fix.probability
        for fix in search.fixes
        if fix.commit not in tried
        or replace(fix, trials=find_trials(repository, fix.commit, symptom.key, releases)).works
        != "no"
    }


def _find_bisect_step(
    repository: Repository,
    state: dict[str, Any],
    profile: str | None,
    progress: Progress,
) -> BisectStep:
    good_commits, bad_commits, skipped_commits = (
        [
            repository.resolve(tested_commit)
            for answer, tested_commit in state["answers"]
            if answer == kind
        ]
        for kind in ANSWERS[:3]
    )
    affected_commit, tip = map(repository.resolve, (state["commit"], state["tip"]))
    rev_list = repository.git(
        "rev-list",
        "--topo-order",
        "--parents",
        [tip, *good_commits][-1],
        "--not",
        affected_commit,
        *bad_commits,
    ).text.splitlines()
    parents = {commit: ids for commit, *ids in map(str.split, rev_list)}
    next_commit = choose_next_build(
        parents,
        state["likely"],
        state["searched"],
        skipped_commits,
        is_good=bool(good_commits),
        unfixed=state.get("unfixed", UNFIXED),
    )
    found_fix = None
    if next_commit is None and len(parents) == 1:
        (fix_commit,) = parents
        fix = FoundFix(fix_commit, repository.commit(fix_commit).subject, 1.0)
        (found_fix,) = add_backport_verdicts(
            repository,
            [fix],
            state["tree"],
            profile,
            progress,
            SearchedBug(state.get("symptom", ""), (state["tree"],)),
        )
    return BisectStep(
        state["tree"],
        affected_commit,
        state["mainline"],
        len(state["answers"]),
        len(parents),
        next_commit.builds if next_commit else 0,
        next_commit.commit if next_commit else None,
        repository.commit(next_commit.commit).subject if next_commit else "",
        found_fix,
        tuple(f"{answer} {tested_commit}" for answer, tested_commit in state["answers"]),
    )
