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
from typing import Any, NamedTuple

from patchpilot.commits.repository import Repository
from patchpilot.tags.blame_features import tally_blamed_lines
from patchpilot.tags.evidence_input import read_evidence_input
from patchpilot.tags.rank_culprits import weigh_candidates
from patchpilot.tags.ranker import describe_first, load_shipped_weights, score_candidate

Row = dict[str, float]
Case = tuple[int, list[Row], list[int]]


class Answer(NamedTuple):
    """The features of the first candidate, and whether it or one of the first three is correct."""

    features: Row
    is_first: bool
    is_in_three: bool


FILE = Path(__file__).parents[2] / "checks" / "ranking" / "fixes.toml"
FOLDS = 5
PRIOR = 2.0
SINGLE_PRIOR = 0.25
"""The same for single features, which only few fixes have."""
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
    return [
        (
            fold_index,
            list(candidates.values()),
            [index for index, candidate in enumerate(candidates) if candidate in correct_ids],
        )
        for fold_index, candidates, correct_ids in raw_cases
    ]


def fit_weights(cases: Sequence[Case], only: Sequence[str] = ()) -> Row:
    """Fit the weights of candidates on the cases that have a correct candidate.

    With `only`, fit the weights of these features, and keep the others.
    """
    shipped = dict(load_shipped_weights().candidate)
    return maximize_likelihood(
        [
            ([_pack_row(row) for row in rows], set(correct_indexes))
            for _, rows, correct_indexes in cases
            if correct_indexes
        ],
        {name: value for name, value in shipped.items() if name not in only} if only else {},
        {} if only else shipped,
        prior=SINGLE_PRIOR if only else PRIOR,
    )


def fit_certainty(answers: Sequence[Answer]) -> Row:
    """Fit the weights that decide how certain the first candidate is."""
    return maximize_likelihood(
        [([answer.features, {}], {0} if answer.is_first else {1}) for answer in answers]
    )


def _pack_row(row: Row) -> Row:
    return {name: value for name, value in row.items() if value}


def maximize_likelihood(
    candidate_lists: Sequence[tuple[list[Row], set[int]]],
    fixed_weights: Row | None = None,
    expected: Row | None = None,
    steps: int = STEPS,
    prior: float = PRIOR,
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
            name: prior * (value - expected_sums.get(name, 0.0)) for name, value in weights.items()
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


def rate_answers(cases: Sequence[Case], weights: Row) -> list[Answer]:
    """Return the answer for each case that has candidates."""
    answers = []
    for _, rows, correct_indexes in cases:
        if rows:
            candidates = {str(index): row for index, row in enumerate(rows)}
            shares, features = describe_first(candidates, weights)
            hits = [int(name) in correct_indexes for name, _ in shares[:3]]
            answers.append(Answer(features, hits[0], any(hits)))
    return answers


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
    parser.add_argument(
        "--only",
        action="append",
        metavar="FEATURE",
        help="fit the weight of this feature, and keep all others and the calibration; only the"
        " fixes that have the feature are needed",
    )
    parser.add_argument("--write", action="store_true", help="keep the weights")
    args = parser.parse_args(argv)
    cases = read_cases(args.repo, args.truth, args.jobs)
    if args.only:
        _fit_features(cases, args.only, args.write)
        return 0
    by_fold = cross_validate(cases)
    for fold_index, answers in enumerate(by_fold):
        print(f"fold {fold_index}: {_describe_answers(answers)}")
    held_out = [answer for answers in by_fold for answer in answers]
    print(f"held out, all folds: {_describe_answers(held_out)} of {len(held_out)}")
    pairs = calibrate(by_fold)
    for share in (0.2, 0.3, 0.4, 0.5):
        best = sorted(pairs, reverse=True)[: int(share * len(cases))]
        right = sum(is_correct for _, is_correct in best) / max(1, len(best))
        least = min(best, default=(0.0, False))[0]
        print(f"the most certain {share:.0%}: {right:.1%} right, from {least:.4f}")
    if args.write:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        weights = fit_weights(cases), fit_certainty(held_out)
        FILE.write_text(_format_weights(weights, fit_isotonic_curve(pairs)))
    return 0


def _fit_features(cases: Sequence[Case], only: Sequence[str], write: bool) -> None:
    shipped = load_shipped_weights()
    weights = {**shipped.candidate, **fit_weights(cases, only)}
    print(*(f"{name} = {weights[name]:.4f}" for name in only), sep="\n")
    for name, tried in (("before", shipped.candidate), ("after", weights)):
        print(f"{name}: {_describe_answers(rate_answers(cases, dict(tried)))} of {len(cases)}")
    if write:
        FILE.write_text(_format_weights((weights, dict(shipped.first)), shipped.curve))


def cross_validate(cases: Sequence[Case]) -> list[list[Answer]]:
    parts = [
        (
            [case for case in cases if case[0] == fold_index],
            [case for case in cases if case[0] != fold_index],
        )
        for fold_index in range(FOLDS)
    ]
    return [
        rate_answers(fold_cases, fit_weights(training_cases))
        for fold_cases, training_cases in parts
        if fold_cases
    ]


def calibrate(by_fold: Sequence[Sequence[Answer]]) -> list[tuple[float, bool]]:
    """Return the certainty of each first candidate, and whether it is correct.

    The weights are fitted on the other folds.
    """
    pairs = []
    for number, answers in enumerate(by_fold):
        others = [each for index, fold in enumerate(by_fold) if index != number for each in fold]
        weights = fit_certainty(others or answers)
        pairs += [
            (1 / (1 + math.exp(-score_candidate(weights, answer.features))), answer.is_first)
            for answer in answers
        ]
    return pairs


def _describe_answers(answers: Sequence[Answer]) -> str:
    count = max(1, len(answers))
    first = sum(answer.is_first for answer in answers) / count
    three = sum(answer.is_in_three for answer in answers) / count
    return f"top-1 {first:.1%}, top-3 {three:.1%}"


def _format_weights(
    weights: tuple[Row, Row], calibration_curve: Sequence[tuple[float, float]]
) -> str:
    lines = [
        "# SPDX-License-Identifier: GPL-2.0-or-later",
        "# Written by tests/lab/fit_fixes.py: fit anew, do not edit.",
        "",
    ]
    for name, table in (("candidate", weights[0]), ("first", weights[1])):
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
