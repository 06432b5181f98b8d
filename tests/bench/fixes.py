# SPDX-License-Identifier: GPL-2.0-or-later
"""`python tests/bench/fixes.py REPO [FIX…]`: finding the culprit beside what people type instead,
on the same fixes.

By hand that is `git show`, `git blame -w` of the lines that the fix removes, `git log` of who is
found, and `git describe --contains` for the release. REPO is any repository; without FIX the last
commits of its mainline that have a Fixes: tag are taken. `fixes` does not read the tags; how often
it and the plain majority of blame name the commit that they name is printed, too.
"""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from patchpilot.commits.repository import Repository
from patchpilot.history.fixes_tag import parse_tag
from patchpilot.history.mainline import mainline
from patchpilot.tags.commit_change import CommitFileChange, read_change
from tests.bench.pairs import Job, once, summary

PATCHPILOT = str(Path(sys.executable).parent / "patchpilot")
_FIXES = 12


def main() -> int:
    """Time both ways in turn, and count how often each finds what the tag says."""
    with Repository.open(sys.argv[1]) as repository:
        fixes = sys.argv[2:] or recent(repository)
        ours = [
            Job(
                fix,
                (
                    (
                        PATCHPILOT,
                        "-C",
                        str(repository.top),
                        "fixes",
                        "--offline",
                        "--format",
                        "json",
                        fix,
                    ),
                ),
            )
            for fix in fixes
        ]
        theirs = [Job(fix, by_hand(repository, fix)) for fix in fixes]
        first = once(ours[0])
        print(
            f"first call, with what is prepared once: {first[0]:.2f} s, {first[1]:.2f} s of"
            " processor time"
        )
        pairs = [
            (once(mine), once(other)) for mine, other in zip(ours, theirs, strict=True)
        ]
        print(f"fixes, {len(fixes)} commits: {summary([mine for mine, _ in pairs])}")
        print(
            f"git show, blame, log and describe by hand: {summary([other for _, other in pairs])}"
        )
        reported = [(fix, tagged) for fix in fixes if (tagged := tags(repository, fix))]
        hits = sum(first_of(repository, fix) in tagged for fix, tagged in reported)
        plain = sum(majority(repository, fix) in tagged for fix, tagged in reported)
        print(
            f"the tagged commit comes first: fixes {hits}, most blamed {plain}, of {len(reported)}"
        )
    return 0


def recent(repository: Repository) -> list[str]:
    """The last commits of the mainline with a Fixes: tag."""
    tip = mainline(repository) or "HEAD"
    return list(
        repository.rev_list(
            "--no-merges", f"--max-count={_FIXES}", "--grep=^Fixes: [0-9a-f]", tip
        )
    )


def changes(repository: Repository, fix: str) -> list[CommitFileChange]:
    """The files that a fix takes lines from."""
    parent = repository.commit(fix).parents[0]
    return [
        one
        for one in read_change(repository, parent, fix)
        if one.old_path and any(run.removed for run in one.runs)
    ]


def by_hand(repository: Repository, fix: str) -> tuple[tuple[str, ...], ...]:
    """What a person who knows what to look for runs."""
    git = ("git", "-C", str(repository.top))
    blames = [
        (*git, "blame", "-w", *ranges(change), f"{fix}^", "--", change.old_path or "")
        for change in changes(repository, fix)
    ]
    found = majority(repository, fix)
    after = (
        [
            (*git, "log", "-1", "--format=fuller", found),
            (*git, "describe", "--contains", found),
        ]
        if found
        else []
    )
    return ((*git, "show", fix), *blames, *after)


def ranges(change: CommitFileChange) -> list[str]:
    """The removed lines as blame's -L."""
    return [f"-L{run.start},{run.end}" for run in change.runs if run.removed]


def majority(repository: Repository, fix: str) -> str:
    """The commit that most of the removed lines are blamed on."""
    owners: Counter[str] = Counter()
    for change in changes(repository, fix):
        done = repository.git(
            "blame",
            "-w",
            "--porcelain",
            *ranges(change),
            f"{fix}^",
            "--",
            change.old_path or "",
            ok=(0, 128),
        )
        owners.update(re.findall(r"^([0-9a-f]{40}) \d+ \d+", done.text, re.MULTILINE))
    return owners.most_common(1)[0][0] if owners else ""


def tags(repository: Repository, fix: str) -> set[str]:
    """The commits that a fix's own tags name."""
    found = (parse_tag(line) for line in repository.commit(fix).lines[1:])
    return {
        known
        for tag in found
        if tag and tag.commit_id and (known := repository.find(tag.commit_id))
    }


def first_of(repository: Repository, fix: str) -> str:
    """The likeliest culprit that `fixes` names."""
    import json

    done = subprocess.run(
        [
            PATCHPILOT,
            "-C",
            str(repository.top),
            "fixes",
            "--offline",
            "--format",
            "json",
            fix,
        ],
        capture_output=True,
        check=False,
    )
    candidates = json.loads(done.stdout or b"{}").get("candidates") or [{"commit": ""}]
    return str(candidates[0]["commit"])


if __name__ == "__main__":
    sys.exit(main())
