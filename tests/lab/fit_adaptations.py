# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the confidence of `backport --adapt`: python -m tests.lab.fit_adaptations NAME=DIR… [--rows
FILE] [--limit N] [--write | --beside].

Adapts the backports in `tests/lab/adaptations/rows.jsonl` (or FILE) whose repository NAME is in
DIR, and compares each with the stable maintainer's backport, ignoring whitespace. Prints how many
are equal at each confidence, with the shipped weights, and with weights fitted on the other
repositories. --write fits and stores weights for all repositories; this needs no packages. --beside
also compares the results of wiggle and `git merge -X theirs`, and counts them by kind. `others` in
a row are earlier backports of the fix to other branches.
"""

import argparse
import json
import math
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from patchpilot.backports.adapt.adaptation import adapt_conflicts
from patchpilot.backports.adapt.confidence import UNSURE, compute_confidence
from patchpilot.backports.adapted_fix import OtherBackport
from patchpilot.commits.fix_commit import FixCommit
from patchpilot.commits.merging import Entry, Merge
from patchpilot.commits.object_store import ScratchStore
from patchpilot.commits.repository import Repository

HERE = Path(__file__).parent
ROWS = HERE / "adaptations" / "rows.jsonl"
WEIGHTS = HERE.parents[1] / "checks" / "ranking" / "adaptations.toml"
HEAD = (
    "# SPDX-License-Identifier: GPL-2.0-or-later\n"
    "# Written by tests/lab/fit_adaptations.py: do not edit.\n"
    "\n[confidence]\n"
)
STEPS, RATE, DECAY = 4000, 0.3, 0.002
BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.9, 1.01)
SIDES = {2: "ours", 1: "base", 3: "theirs"}
TOOLS = {
    "git": ["git", "merge-file", "-p", "--theirs", *SIDES.values()],
    "wiggle": ["timeout", "30", "wiggle", "--merge", *SIDES.values()],
}


class Case(NamedTuple):
    """The features of an adaptation, and whether it equals the stable maintainer's backport."""

    features: Mapping[str, float]
    is_same: bool


def collect_adaptation_cases(
    folder: Path, rows: Sequence[Mapping[str, str]], count: Counter[str] | None = None
) -> Iterator[Case]:
    """Yield the cases of a repository's rows. Fixes that cannot be adapted are skipped.

    If `count` is given, the results of each tool and of each kind are counted in it.
    """
    with Repository.open(folder) as repository, ScratchStore(repository) as scratch:
        for row in rows:
            fix_commit = FixCommit.read(repository, row["fix"])
            target, expected_tree = (
                scratch.tree_of(row["base"]),
                scratch.tree_of(row["backport"]),
            )
            merge = scratch.pick(fix_commit.id, target, fix_commit.base)
            others = [OtherBackport("another branch", commit) for commit in row.get("others", ())]
            adaptation = adapt_conflicts(scratch, merge, target, fix_commit, others)
            results = {"patchpilot": adaptation.made if adaptation else None}
            if adaptation:
                results |= {adaptation.kind: adaptation.made}
                results |= {"written": adaptation.made} if adaptation.is_sure else {}
            for tool in TOOLS if count is not None else ():
                results[tool] = _merge_with_tool(scratch, merge, TOOLS[tool])
            is_equal = {
                name: bool(tree) and _is_same_change(scratch, tree, expected_tree, target)
                for name, tree in results.items()
            }
            if count is not None:
                count.update(
                    f"{name}: {'exact' if is_equal[name] else 'wrong' if results[name] else 'none'}"
                    for name in results
                )
            if adaptation and adaptation.features:
                yield Case(adaptation.features, is_equal["patchpilot"])


def _merge_with_tool(scratch: ScratchStore, merge: Merge, command: Sequence[str]) -> str | None:
    """Return the tree that a tool makes of a conflicting merge, or None if a conflict remains."""
    entries: dict[str, Entry] = {}
    for path in merge.paths:
        conflict_sides = merge.stages.get(path, {})
        if not SIDES.keys() <= conflict_sides.keys():
            return None
        with tempfile.TemporaryDirectory() as folder:
            for number, name in SIDES.items():
                (Path(folder) / name).write_bytes(scratch.content(conflict_sides[number]) or b"")
            completed = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if completed.returncode:
            return None
        entries[path] = (conflict_sides[2][0], scratch.write("blob", completed.stdout))
    return scratch.write_with_files(merge.tree, entries)


def _is_same_change(
    scratch: ScratchStore, adapted_tree: str, real_tree: str, base_tree: str
) -> bool:
    paths = (
        scratch.changed(base_tree, adapted_tree).keys()
        | scratch.changed(base_tree, real_tree).keys()
    )
    return all(
        _strip_file_whitespace(scratch, adapted_tree, path)
        == _strip_file_whitespace(scratch, real_tree, path)
        for path in paths
    )


def _strip_file_whitespace(scratch: ScratchStore, tree: str, path: str) -> bytes:
    return b"".join((scratch.blob(tree, path) or b"").split())


def fit_weights(cases: Sequence[Case]) -> dict[str, float]:
    """Return the weights of a logistic regression. The bias has no penalty."""
    names = sorted({name for case in cases for name in case.features} - {UNSURE})
    feature_rows = [[1.0, *(case.features.get(name, 0.0) for name in names)] for case in cases]
    weights = [0.0] * (len(names) + 1)
    for _ in range(STEPS):
        slopes = [0.0] * len(weights)
        for row, case in zip(feature_rows, cases, strict=True):
            error = (
                1
                / (
                    1
                    + math.exp(
                        -sum(weight * value for weight, value in zip(weights, row, strict=True))
                    )
                )
                - case.is_same
            )
            slopes = [slope + error * value for slope, value in zip(slopes, row, strict=True)]
        weights = [
            weight - RATE * (slope / len(cases) + DECAY * weight * (index > 0))
            for index, (weight, slope) in enumerate(zip(weights, slopes, strict=True))
        ]
    return dict(zip(["bias", *names], weights, strict=True))


def format_confidence_rows(rated_cases: Sequence[tuple[float, Case]]) -> Iterator[str]:
    """Yield table rows with the number of adaptations, and of correct ones, for each range of
    confidence.
    """
    for lower_bound, upper_bound in pairwise(BINS):
        results = [
            case.is_same
            for confidence, case in rated_cases
            if lower_bound <= confidence < upper_bound
        ]
        if results:
            yield (
                f"{lower_bound} to {min(upper_bound, 1.0)}: {sum(results)} of {len(results)}"
                f" ({sum(results) / len(results):.0%})"
            )


def cross_validate(
    by_repository: Mapping[str, Sequence[Case]],
) -> Iterator[tuple[float, Case]]:
    """Yield each case with the confidence computed by weights that were fitted on the other
    repositories.
    """
    for name, own_cases in by_repository.items():
        weights = fit_weights(
            [
                case
                for other_name, cases_ in by_repository.items()
                if other_name != name
                for case in cases_
            ]
        )
        yield from ((compute_confidence(case.features, weights), case) for case in own_cases)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("repositories", nargs="+", metavar="NAME=DIR")
    parser.add_argument("--rows", type=Path, default=ROWS)
    parser.add_argument("--limit", type=int, help="rows of each repository")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--beside", action="store_true")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.rows.read_text(encoding="utf-8").splitlines()]
    by_repository: dict[str, list[Case]] = {}
    for name, _, folder in (argument.partition("=") for argument in args.repositories):
        own_cases = [row for row in rows if row["repo"] == name][: args.limit]
        count: Counter[str] = Counter()
        by_repository[name] = list(
            collect_adaptation_cases(Path(folder), own_cases, count if args.beside else None)
        )
        print(
            f"{name}: {len(by_repository[name])} of {len(own_cases)} adapted,"
            f" {sum(case.is_same for case in by_repository[name])} as the maintainer made them",
            *sorted(f"{tool} {number}" for tool, number in count.items()),
            sep="\n  ",
            flush=True,
        )
    all_cases = [case for own_cases in by_repository.values() for case in own_cases]
    print(
        "with the shipped weights",
        *format_confidence_rows([(compute_confidence(case.features), case) for case in all_cases]),
        sep="\n  ",
    )
    if len(by_repository) > 1:
        print(
            "with the weights of the other repositories",
            *format_confidence_rows(list(cross_validate(by_repository))),
            sep="\n  ",
        )
    if args.write:
        lines = [f"{name} = {weight:.2f}\n" for name, weight in fit_weights(all_cases).items()]
        WEIGHTS.write_text(HEAD + "".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
