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
        evidence_input = read_evidence_input(repository, commit)
        return (
            row["fold"],
            weigh_candidates(repository, evidence_input, tally_blamed_lines(evidence_input)),
            set(row["fixes"]),
        )


def read_cases(repositories: Sequence[str], truth_files: Sequence[Path], jobs: int) -> list[Case]:
    rows = [
        (repo, row | ({"fold": fold_index} if len(repositories) > 1 else {}))
        for fold_index, (repo, truth_file) in enumerate(zip(repositories, truth_files, strict=True))
        for row in map(json.loads, truth_file.read_text().splitlines())
    ]
    with multiprocessing.Pool(jobs) as process_pool:
        raw_cases = list(process_pool.imap(make_case, rows, chunksize=4))
    cases = []
    for fold_index, candidates, correct_ids in raw_cases:
        correct_indexes = [
            index for index, candidate in enumerate(candidates) if candidate in correct_ids
        ]
        cases.append(
            (
                fold_index,
                list(candidates.values()),
                list_features(candidates),
                correct_indexes,
            )
        )
    return cases


def fit_weights(cases: Sequence[Case]) -> tuple[Row, Row]:
    """Fit the weights of candidates on the cases that have a correct candidate.

    Then fit the weights of "none" on all cases.
    """
    cases_with_fix = [
        (rows, correct_indexes) for _, rows, _, correct_indexes in cases if correct_indexes
    ]
    weights = maximize_likelihood(
        [
            ([_pack_row(row) for row in rows], set(correct_indexes))
            for rows, correct_indexes in cases_with_fix
        ],
        expected=load_shipped_weights().candidate,
    )
    candidate_lists: list[tuple[list[Row], set[int]]] = []
    for _, rows, no_fix_row, correct_indexes in cases:
        candidate_scores = [score_candidate(weights, row) for row in rows]
        best_score = max(candidate_scores, default=0.0)
        features = (
            best_score + math.log(sum(math.exp(sum_ - best_score) for sum_ in candidate_scores))
            if candidate_scores
            else 0.0
        )
        candidate_lists.append(([{"": features}, no_fix_row], {0} if correct_indexes else {1}))
    fitted_weights = maximize_likelihood(candidate_lists, fixed_weights={"": 1.0})
    return weights, {name: value for name, value in fitted_weights.items() if name}


def _pack_row(row: Row) -> Row:
    return {name: value for name, value in row.items() if value}


def maximize_likelihood(
    candidate_lists: Sequence[tuple[list[Row], set[int]]],
    fixed_weights: Row | None = None,
    expected: Row | None = None,
    steps: int = STEPS,
) -> Row:
    """Return the weights that maximize the likelihood of the correct candidates.

    The weights in `fixed_weights` do not change.
    """
    fixed_values, expected_sums = fixed_weights or {}, expected or {}
    names = sorted({name for rows, _ in candidate_lists for row in rows for name in row})
    weights = {name: fixed_values.get(name, 0.0) for name in names}
    first_moments, second_moments = dict.fromkeys(names, 0.0), dict.fromkeys(names, 0.0)
    for step in range(1, steps + 1):
        gradient_by_name = {
            name: PRIOR * (value - expected_sums.get(name, 0.0)) for name, value in weights.items()
        }
        for rows, correct_indexes in candidate_lists:
            candidate_scores = [
                sum(weights[name] * value for name, value in row.items()) for row in rows
            ]
            best_score = max(candidate_scores)
            exponentials = [math.exp(value - best_score) for value in candidate_scores]
            total = sum(exponentials)
            for number, row in enumerate(rows):
                error = exponentials[number] / total - (
                    1 / len(correct_indexes) if number in correct_indexes else 0.0
                )
                if abs(error) > NOTHING:
                    for name, value in row.items():
                        gradient_by_name[name] += error * value
        for name in names:
            if name in fixed_values:
                continue
            mean_gradient = gradient_by_name[name] / len(candidate_lists)
            first_moments[name] = 0.9 * first_moments[name] + 0.1 * mean_gradient
            second_moments[name] = (
                0.99 * second_moments[name] + 0.01 * mean_gradient * mean_gradient
            )
            weights[name] -= (
                RATE
                * (first_moments[name] / (1 - 0.9**step))
                / (math.sqrt(second_moments[name] / (1 - 0.99**step)) + 1e-8)
            )
    return weights


def rate_answers(cases: Sequence[Case], weights: tuple[Row, Row]) -> list[tuple[float, bool, bool]]:
    """Return a result for each case.

    It has the raw share of the first candidate, whether this candidate is correct, and whether one
    of the first three is.
    """
    case_results = []
    for _, rows, no_fix_row, correct_indexes in cases:
        candidate_scores = [score_candidate(weights[0], row) for row in rows]
        none_score = score_candidate(weights[1], no_fix_row)
        if not candidate_scores:
            case_results.append((0.0, False, False))
            continue
        ranked_indexes = sorted(
            range(len(candidate_scores)), key=lambda index: -candidate_scores[index]
        )
        best_score = max(none_score, candidate_scores[ranked_indexes[0]])
        total = math.exp(none_score - best_score) + sum(
            math.exp(value - best_score) for value in candidate_scores
        )
        case_results.append(
            (
                math.exp(candidate_scores[ranked_indexes[0]] - best_score) / total,
                ranked_indexes[0] in correct_indexes,
                any(index in correct_indexes for index in ranked_indexes[:3]),
            )
        )
    return case_results


def fit_isotonic_curve(
    pairs: Sequence[tuple[float, bool]],
) -> list[tuple[float, float]]:
    """Fit an increasing curve by pooling adjacent violators.

    Each step has at least thirty cases.
    """
    pooled_blocks: list[list[float]] = []
    sorted_pairs = sorted(pairs)
    for index in range(0, len(sorted_pairs), 30):
        pair_group = sorted_pairs[index : index + 30]
        pooled_blocks.append(
            [
                sum(raw_score for raw_score, _ in pair_group),
                float(sum(is_correct for _, is_correct in pair_group)),
                float(len(pair_group)),
            ]
        )
        while (
            len(pooled_blocks) > 1
            and pooled_blocks[-2][1] / pooled_blocks[-2][2]
            >= pooled_blocks[-1][1] / pooled_blocks[-1][2]
        ):
            last_block = pooled_blocks.pop()
            pooled_blocks[-1] = [a + b for a, b in zip(pooled_blocks[-1], last_block, strict=True)]
    return [
        (raw_score / count, is_correct / count) for raw_score, is_correct, count in pooled_blocks
    ]


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
    for fold_index, results in enumerate(by_fold):
        print(f"fold {fold_index}: {_share_of(results, 1)} / {_share_of(results, 2)}")
    held_out = [row for results in by_fold for row in results]
    print(
        f"held out, all folds: top-1 {_share_of(held_out, 1)}, top-3 {_share_of(held_out, 2)} of"
        f" {len(held_out)}"
    )
    weights = fit_weights(cases)
    calibration_curve = fit_isotonic_curve(
        [(raw_score, is_correct) for raw_score, is_correct, _ in held_out]
    )
    if args.write:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(_format_weights(weights, calibration_curve))
    return 0


def cross_validate(cases: Sequence[Case]) -> list[list[tuple[float, bool, bool]]]:
    parts = [
        (
            [case for case in cases if case[0] == fold_index],
            [case for case in cases if case[0] != fold_index],
        )
        for fold_index in range(FOLDS)
    ]
    return [rate_answers(results, fit_weights(training_cases)) for results, training_cases in parts]


def _share_of(answered_cases: Sequence[tuple[float, bool, bool]], column: int) -> str:
    return f"{100 * sum(row[column] for row in answered_cases) / max(1, len(answered_cases)):.1f} %"


def _format_weights(
    weights: tuple[Row, Row], calibration_curve: Sequence[tuple[float, float]]
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
    formatted_points = ", ".join(
        f"[{raw_score:.4f}, {correct_share:.4f}]" for raw_score, correct_share in calibration_curve
    )
    return "\n".join([*lines, "[calibration]", f"curve = [{formatted_points}]", ""])


if __name__ == "__main__":
    sys.exit(main())
