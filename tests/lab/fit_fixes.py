# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the weights of `patchpilot fixes` on known fixes: python -m tests.lab.fit_fixes --repo DIR
--truth FILE [--write].

FILE has one JSON row per fix: `commit`, `fixes` (the ids in its tag) and `fold` (0-4). With several
pairs of `--repo` and `--truth`, each history is a fold. Each fold is evaluated with weights fitted
on the others; these results calibrate the confidence. The shipped weights are fitted on all folds,
with a penalty on the distance from the previous weights. No packages are needed.
"""

import argparse
import json
import math
import multiprocessing
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.tags.blame_features import tally_blamed_lines
from patchpilot.tags.evidence_input import read_evidence_input
from patchpilot.tags.rank_culprits import weigh_candidates
from patchpilot.tags.ranker import list_features, load_shipped_weights, score_candidate

Row = dict[str, float]
Case = tuple[int, list[Row], Row, list[int]]
FILE = Path(__file__).parents[2] / "checks" / "ranking" / "fixes.toml"
FOLDS = 5
PRIOR = 2.0
STEPS = 300
RATE = 0.05
NOTHING = 1e-5


def make_case(job: tuple[str, dict[str, Any]]) -> tuple[int, dict[str, Row], set[str]]:
    """Return (fold, features by candidate, correct ids) for a row."""
    repo, row = job
    with Repository.open(repo) as repository:
        commit = repository.commit(row["commit"])
        scene = read_evidence_input(repository, commit)
        return (
            row["fold"],
            weigh_candidates(repository, scene, tally_blamed_lines(scene)),
            set(row["fixes"]),
        )


def read_cases(repos: Sequence[str], truths: Sequence[Path], jobs: int) -> list[Case]:
    rows = [
        (repo, row | ({"fold": fold} if len(repos) > 1 else {}))
        for fold, (repo, truth) in enumerate(zip(repos, truths, strict=True))
        for row in map(json.loads, truth.read_text().splitlines())
    ]
    with multiprocessing.Pool(jobs) as pool:
        raw_cases = list(pool.imap(make_case, rows, chunksize=4))
    cases = []
    for fold, candidates, true in raw_cases:
        hits = [
            index for index, candidate in enumerate(candidates) if candidate in true
        ]
        cases.append((fold, list(candidates.values()), list_features(candidates), hits))
    return cases


def fit_weights(cases: Sequence[Case]) -> tuple[Row, Row]:
    """Fit the weights of candidates on the cases that have a correct candidate.

    Then fit the weights of "none" on all cases.
    """
    hit = [(rows, hits) for _, rows, _, hits in cases if hits]
    weights = maximize_likelihood(
        [([_pack_row(row) for row in rows], set(hits)) for rows, hits in hit],
        expected=load_shipped_weights().candidate,
    )
    lists: list[tuple[list[Row], set[int]]] = []
    for _, rows, none, hits in cases:
        sums = [score_candidate(weights, row) for row in rows]
        top = max(sums, default=0.0)
        features = (
            top + math.log(sum(math.exp(sum_ - top) for sum_ in sums)) if sums else 0.0
        )
        lists.append(([{"": features}, none], {0} if hits else {1}))
    fitted = maximize_likelihood(lists, fixed_weights={"": 1.0})
    return weights, {name: value for name, value in fitted.items() if name}


def _pack_row(row: Row) -> Row:
    return {name: value for name, value in row.items() if value}


def maximize_likelihood(
    lists: Sequence[tuple[list[Row], set[int]]],
    fixed_weights: Row | None = None,
    expected: Row | None = None,
    steps: int = STEPS,
) -> Row:
    """Return the weights that maximize the likelihood of the correct candidates.

    The weights in `fixed_weights` do not change.
    """
    fixed, expected_sums = fixed_weights or {}, expected or {}
    names = sorted({name for rows, _ in lists for row in rows for name in row})
    weights = {name: fixed.get(name, 0.0) for name in names}
    first, second = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for step in range(1, steps + 1):
        slope = {
            name: PRIOR * (value - expected_sums.get(name, 0.0))
            for name, value in weights.items()
        }
        for rows, true in lists:
            sums = [
                sum(weights[name] * value for name, value in row.items())
                for row in rows
            ]
            top = max(sums)
            exponentials = [math.exp(value - top) for value in sums]
            total = sum(exponentials)
            for number, row in enumerate(rows):
                error = exponentials[number] / total - (
                    1 / len(true) if number in true else 0.0
                )
                if abs(error) > NOTHING:
                    for name, value in row.items():
                        slope[name] += error * value
        for name in names:
            if name in fixed:
                continue
            gradient = slope[name] / len(lists)
            first[name] = 0.9 * first[name] + 0.1 * gradient
            second[name] = 0.99 * second[name] + 0.01 * gradient * gradient
            weights[name] -= (
                RATE
                * (first[name] / (1 - 0.9**step))
                / (math.sqrt(second[name] / (1 - 0.99**step)) + 1e-8)
            )
    return weights


def rated_answers(
    cases: Sequence[Case], weights: tuple[Row, Row]
) -> list[tuple[float, bool, bool]]:
    """Return a result for each case.

    It has the raw share of the first candidate, whether this candidate is correct, and whether one
    of the first three is.
    """
    outcomes = []
    for _, rows, none, hits in cases:
        sums = [score_candidate(weights[0], row) for row in rows]
        none_score = score_candidate(weights[1], none)
        if not sums:
            outcomes.append((0.0, False, False))
            continue
        order = sorted(range(len(sums)), key=lambda index: -sums[index])
        top = max(none_score, sums[order[0]])
        total = math.exp(none_score - top) + sum(
            math.exp(value - top) for value in sums
        )
        outcomes.append(
            (
                math.exp(sums[order[0]] - top) / total,
                order[0] in hits,
                any(index in hits for index in order[:3]),
            )
        )
    return outcomes


def fit_isotonic_curve(
    pairs: Sequence[tuple[float, bool]],
) -> list[tuple[float, float]]:
    """Fit an increasing curve by pooling adjacent violators.

    Each step has at least thirty cases.
    """
    blocks: list[list[float]] = []
    ordered = sorted(pairs)
    for index in range(0, len(ordered), 30):
        part = ordered[index : index + 30]
        blocks.append(
            [
                sum(raw for raw, _ in part),
                float(sum(right for _, right in part)),
                float(len(part)),
            ]
        )
        while (
            len(blocks) > 1
            and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]
        ):
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return [(raw / count, right / count) for raw, right, count in blocks]


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repo", action="append", required=True)
    parser.add_argument("--truth", action="append", required=True, type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help="keep the weights")
    args = parser.parse_args(argv)
    cases = read_cases(args.repo, args.truth, args.jobs)
    by_fold = cross_validate(cases)
    for fold, results in enumerate(by_fold):
        print(f"fold {fold}: {_share(results, 1)} / {_share(results, 2)}")
    held_out = [row for results in by_fold for row in results]
    print(
        f"held out, all folds: top-1 {_share(held_out, 1)}, top-3 {_share(held_out, 2)} of"
        f" {len(held_out)}"
    )
    weights = fit_weights(cases)
    curve = fit_isotonic_curve([(raw, right) for raw, right, _ in held_out])
    if args.write:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(_format_weights(weights, curve))
    return 0


def cross_validate(cases: Sequence[Case]) -> list[list[tuple[float, bool, bool]]]:
    parts = [
        (
            [case for case in cases if case[0] == fold],
            [case for case in cases if case[0] != fold],
        )
        for fold in range(FOLDS)
    ]
    return [
        rated_answers(results, fit_weights(training)) for results, training in parts
    ]


def _share(answered: Sequence[tuple[float, bool, bool]], column: int) -> str:
    return f"{100 * sum(row[column] for row in answered) / max(1, len(answered)):.1f} %"


def _format_weights(
    weights: tuple[Row, Row], curve: Sequence[tuple[float, float]]
) -> str:
    lines = [
        "# SPDX-License-Identifier: GPL-2.0-or-later",
        "# Written by tests/lab/fit_fixes.py: fit anew, do not edit.",
        "",
    ]
    for name, table in (("candidate", weights[0]), ("none", weights[1])):
        lines += [
            f"[{name}]",
            *(f"{key} = {value:.4f}" for key, value in sorted(table.items())),
            "",
        ]
    points = ", ".join(f"[{raw:.4f}, {share:.4f}]" for raw, share in curve)
    return "\n".join([*lines, "[calibration]", f"curve = [{points}]", ""])


if __name__ == "__main__":
    sys.exit(main())
