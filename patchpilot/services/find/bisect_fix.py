# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the commit that fixed a bug by building: return the next commit to build, and process
answers.

The state is stored in the user's state directory, because the user may boot another kernel between
two calls.
"""

import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.action import Action
from patchpilot.model.json_form import json_form
from patchpilot.model.progress import Progress, silent
from patchpilot.resources import state_path, store_json
from patchpilot.services.find.find_fix import FoundFix, add_verdicts, search_fixes
from patchpilot.symptoms.next_build import next_build
from patchpilot.symptoms.read_log import Symptom

ANSWERS = ("good", "bad", "skip", "undo", "reset")


@json_form()
@dataclass(frozen=True, slots=True)
class BisectStep:
    """The state of a bisection: the commit to build next, or the fix.

    `tree` has the bug, `commit` is its id, and `mainline` is searched. `left` is the number of
    commits that may be the fix, and `builds` an estimate of the remaining builds. Without `next`
    and `found`, mainline has the bug as well (`left` is 0), or all remaining builds were skipped.
    `answers` lists the answers so far with their commits.
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


def bisect(
    repository: Repository,
    answer: str | Symptom,
    *,
    tree: str = "",
    profile: str | None = None,
    progress: Progress = silent,
) -> BisectStep:
    """Start a bisection with a symptom, or process an answer about the commit to build.

    The answers are `good` (the bug is gone), `bad`, `skip`, `undo` (discard the last answer),
    `reset` (discard all), and "" to repeat the step. Raise `UsageError` without a bisection or
    commit to build, or if a new bisection would discard an unfinished one's answers.
    """
    file, key = state_path() / "bisections.json", str(repository.common_dir)
    known: dict[str, Any] = {}
    with suppress(OSError, ValueError):
        known = json.loads(file.read_text(encoding="utf-8"))
    state = known.get(key)
    if isinstance(answer, Symptom):
        if (
            state
            and state["answers"]
            and _step(repository, state, profile, progress).next
        ):
            raise UsageError(
                f"a bisection of the bug in {state['tree']} has answers already",
                hint=Action("find", ("--bisect", "reset"), "{} discards them"),
            )
        search = search_fixes(
            repository, answer, tree=tree, profile=profile, progress=progress
        )
        state = {
            "tree": search.tree,
            "commit": search.rev,
            "mainline": search.mainline.name,
            "tip": search.mainline.tip,
            "likely": {fix.commit: fix.probability for fix in search.fixes},
            "searched": search.searched,
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
        step = _step(repository, state, profile, progress)
        if step.next is None:
            raise UsageError("the bisection is finished: there is nothing to build")
        state["answers"].append((answer, step.next))
    store_json(
        file, {**known, key: state}, "set XDG_STATE_HOME to a writable directory"
    )
    return _step(repository, state, profile, progress)


def _step(
    repository: Repository,
    state: dict[str, Any],
    profile: str | None,
    progress: Progress,
) -> BisectStep:
    good, bad, skipped = (
        [
            repository.resolve(built)
            for answer, built in state["answers"]
            if answer == kind
        ]
        for kind in ANSWERS[:3]
    )
    since, tip = map(repository.resolve, (state["commit"], state["tip"]))
    lines = repository.git(
        "rev-list", "--topo-order", "--parents", [tip, *good][-1], "--not", since, *bad
    ).text.splitlines()
    parents = {commit: above for commit, *above in map(str.split, lines)}
    build = next_build(
        parents, state["likely"], state["searched"], skipped, is_good=bool(good)
    )
    fixing = None
    if build is None and len(parents) == 1:
        (fixed,) = parents
        fix = FoundFix(fixed, repository.commit(fixed).subject, 1.0)
        (fixing,) = add_verdicts(repository, [fix], state["tree"], profile, progress)
    return BisectStep(
        state["tree"],
        since,
        state["mainline"],
        len(state["answers"]),
        len(parents),
        build.builds if build else 0,
        build.commit if build else None,
        repository.commit(build.commit).subject if build else "",
        fixing,
        tuple(f"{answer} {built}" for answer, built in state["answers"]),
    )
