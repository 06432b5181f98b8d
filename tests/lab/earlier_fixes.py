# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures how many fixes that a history already has are named for copies on older releases.

    python -m tests.lab.earlier_fixes REPOSITORY [FROM..TO] [COUNT]

Each sampled commit is applied to an earlier release. It must be named if mainline is at TO, and
nothing may be named if mainline ends before the commit. Prints the shares and the seconds.
"""

import random
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from patchpilot.backports.applies import AppliesHow, try_fix
from patchpilot.backports.fix_commit import FixCommit
from patchpilot.backports.object_store import Scratch
from patchpilot.commits.repository import Repository
from patchpilot.history.earlier_fixes import (
    EarlierFix,
    PatchToFind,
    Tree,
    earlier_fixes,
)
from patchpilot.history.releases import Releases
from patchpilot.model.diff_parser import parse_diff

_BACK = (1, 2, 4, 8)
"""How many final releases before the commit the topic is based on."""


def main() -> None:
    """Print the table."""
    repository = Repository.open(Path(sys.argv[1]))
    first, _, last = (sys.argv[2] if len(sys.argv) > 2 else "..HEAD").partition("..")
    wanted = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    tip = repository.resolve(last or "HEAD")
    since = (f"^{repository.resolve(first)}",) if first else ()
    commits = list(repository.rev_list("--no-merges", tip, *since))
    random.Random(55).shuffle(commits)
    finals = [release for release in Releases(repository).all if release.is_final]
    named, unrelated = Counter[str](), Counter[str]()
    seconds: list[float] = []
    for commit in commits:
        about = repository.commit(commit)
        when = about.committed.timestamp()
        before = [release for release in finals if release.date < when]
        back = _BACK[sum(named.values()) % len(_BACK)]
        if len(before) < back or not about.parents:
            continue
        base = before[-back].commit
        patch = _placed(repository, commit, base)
        if patch is None:
            continue
        began = time.perf_counter()
        (fix,) = earlier_fixes(repository, [patch], base, [Tree("mainline", tip)])
        seconds.append(time.perf_counter() - began)
        named[_verdict(fix, commit)] += 1
        (other,) = earlier_fixes(
            repository, [patch], base, [Tree("mainline", about.parents[0])]
        )
        unrelated[_verdict(other, "")] += 1
        for kind, one in (("missed", fix), ("wrong", other)):
            if (kind == "missed") != bool(one and one.is_sure):
                print(f"{kind}: {commit[:12]} on {before[-back].name}: {one}")
        if sum(named.values()) == wanted:
            break
    print("named:", dict(named))
    print("unrelated:", dict(unrelated))
    ordered = sorted(seconds)
    print(
        f"seconds: median {statistics.median(ordered):.3f},"
        f" 95 % {ordered[int(len(ordered) * 0.95)]:.3f}, most {ordered[-1]:.3f}"
    )


def _placed(repository: Repository, commit: str, base: str) -> PatchToFind | None:
    """The commit as a patch on an earlier base, or None if it does not apply or is no code."""
    fix = FixCommit.read(repository, commit)
    if not any(change.path.endswith((".c", ".h")) for change in fix.files):
        return None
    with Scratch(repository) as scratch:
        applied = try_fix(scratch, fix, scratch.tree_of(base))
        if applied.how is AppliesHow.CONFLICT or applied.is_empty:
            return None
        text = scratch.git("diff-tree", "-r", "-p", "-M", base, applied.merge.tree).text
    files = parse_diff(tuple(text.split("\n")), 1).files
    return PatchToFind("another title", "", files) if files else None


def _verdict(fix: EarlierFix | None, commit: str) -> str:
    if fix is None:
        return "nothing"
    if not fix.is_sure:
        return "question"
    return "the commit" if fix.commit == commit else "another"


if __name__ == "__main__":
    main()
