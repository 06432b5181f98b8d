# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the weights of `patchpilot fixes` on known fixes: python -m tests.kit.fit_fixes --repo DIR --truth FILE [--write].

FILE has a JSON row a fix: `commit`, `fixes` (the ids its tag names) and `fold` (0-4). Each fold is judged by weights fitted on the
others; the confidence is calibrated on those held-out answers; what ships is fitted on all. Plain Python: no package is needed.
"""

import argparse
import json
import math
import multiprocessing
import pickle
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.tags.features import features, tally
from patchpilot.tags.ranker import list_features
from patchpilot.tags.scene import read_scene

Row = dict[str, float]
Case = tuple[int, list[Row], Row, list[int]]
FILE = Path(__file__).parents[2] / "checks" / "ranking" / "fixes.toml"
FOLDS = 5
PRIOR = 3.0
STEPS = 300
RATE = 0.05


def case_of(job: tuple[str, dict[str, Any]]) -> tuple[int, dict[str, Row], set[str]]:
    """(fold, features by candidate, the true ids) of one row."""
    repo, row = job
    with Repository.open(repo) as repository:
        commit = repository.commit(row["commit"])
        scene = read_scene(repository, commit)
        return row["fold"], features(scene, tally(scene)), set(row["fixes"])


def read_cases(repo: str, truth: Path, cache: Path | None, jobs: int) -> list[Case]:
    """The cases of a truth file; with `cache`, kept there for the next run."""
    if cache and cache.exists():
        raw = pickle.loads(cache.read_bytes())
    else:
        rows = [json.loads(line) for line in truth.read_text().splitlines()]
        with multiprocessing.Pool(jobs) as pool:
            raw = list(pool.imap(case_of, [(repo, row) for row in rows], chunksize=4))
        if cache:
            cache.write_bytes(pickle.dumps(raw))
    cases = []
    for fold, found, true in raw:
        hits = [at for at, one in enumerate(found) if one in true]
        cases.append((fold, list(found.values()), list_features(found), hits))
    return cases


def fit(cases: Sequence[Case], steps: int = STEPS) -> tuple[Row, Row]:
    """Weights of candidates and of "none of these": the likelihood of the true answers under a softmax, held back by a quadratic prior; Adam."""
    names = sorted({name for _, rows, _, _ in cases for row in rows for name in row})
    none_names = sorted({name for _, _, row, _ in cases for name in row})
    data = []
    for _, rows, none, hits in cases:
        packed = [[(at, row[name]) for at, name in enumerate(names) if row[name]] for row in rows]
        data.append((packed, [(len(names) + at, none[name]) for at, name in enumerate(none_names) if none[name]], hits))
    size = len(names) + len(none_names)
    weights, first, second = [0.0] * size, [0.0] * size, [0.0] * size
    for step in range(1, steps + 1):
        slope = [PRIOR * weight for weight in weights]
        for packed, rest, hits in data:
            lists = [*packed, rest]
            sums = [sum(weights[at] * value for at, value in one) for one in lists]
            top = max(sums)
            raised = [math.exp(value - top) for value in sums]
            total = sum(raised)
            true = set(hits or [len(packed)])
            for number, one in enumerate(lists):
                error = raised[number] / total - (1 / len(true) if number in true else 0.0)
                if abs(error) > 1e-5:
                    for at, value in one:
                        slope[at] += error * value
        for at in range(size):
            gradient = slope[at] / len(data)
            first[at] = 0.9 * first[at] + 0.1 * gradient
            second[at] = 0.99 * second[at] + 0.01 * gradient * gradient
            weights[at] -= RATE * (first[at] / (1 - 0.9**step)) / (math.sqrt(second[at] / (1 - 0.99**step)) + 1e-8)
    return dict(zip(names, weights, strict=False)), dict(zip(none_names, weights[len(names) :], strict=True))


def answers(cases: Sequence[Case], weights: tuple[Row, Row]) -> list[tuple[float, bool, bool]]:
    """(raw share of the first, whether it is right, whether one of three is) of each case."""
    found = []
    for _, rows, none, hits in cases:
        sums = [sum(weights[0].get(name, 0.0) * value for name, value in row.items()) for row in rows]
        rest = sum(weights[1].get(name, 0.0) * value for name, value in none.items())
        if not sums:
            found.append((0.0, False, False))
            continue
        order = sorted(range(len(sums)), key=lambda at: -sums[at])
        top = max(rest, sums[order[0]])
        total = math.exp(rest - top) + sum(math.exp(value - top) for value in sums)
        found.append((math.exp(sums[order[0]] - top) / total, order[0] in hits, any(at in hits for at in order[:3])))
    return found


def isotonic(pairs: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """The rising curve through held-out answers, pooled by neighbours that break the rise; at least thirty answers a step."""
    blocks: list[list[float]] = []
    ordered = sorted(pairs)
    for at in range(0, len(ordered), 30):
        part = ordered[at : at + 30]
        blocks.append([sum(raw for raw, _ in part), float(sum(right for _, right in part)), float(len(part))])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    return [(raw / count, right / count) for raw, right, count in blocks]


def main(argv: Sequence[str] | None = None) -> int:
    """Fit, judge by fold, and with --write keep the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--truth", required=True, type=Path)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args(argv)
    cases = read_cases(args.repo, args.truth, args.cache, args.jobs)
    held: list[tuple[float, bool, bool]] = []
    for fold in range(FOLDS):
        judged = answers([one for one in cases if one[0] == fold], fit([one for one in cases if one[0] != fold]))
        held += judged
        print(f"fold {fold}: {_share(judged, 1)} / {_share(judged, 2)}")
    print(f"held out, all folds: top-1 {_share(held, 1)}, top-3 {_share(held, 2)} of {len(held)}")
    weights = fit(cases)
    curve = isotonic([(raw, right) for raw, right, _ in held])
    if args.write:
        FILE.parent.mkdir(parents=True, exist_ok=True)
        FILE.write_text(_toml(weights, curve))
    return 0


def _share(judged: Sequence[tuple[float, bool, bool]], column: int) -> str:
    return f"{100 * sum(one[column] for one in judged) / max(1, len(judged)):.1f} %"


def _toml(weights: tuple[Row, Row], curve: Sequence[tuple[float, float]]) -> str:
    lines = ["# SPDX-License-Identifier: GPL-2.0-or-later", "# Written by tests/kit/fit_fixes.py: fit anew, do not edit.", ""]
    for name, table in (("candidate", weights[0]), ("none", weights[1])):
        lines += [f"[{name}]", *(f"{key} = {value:.4f}" for key, value in sorted(table.items())), ""]
    points = ", ".join(f"[{raw:.4f}, {share:.4f}]" for raw, share in curve)
    return "\n".join([*lines, "[calibration]", f"curve = [{points}]", ""])


if __name__ == "__main__":
    sys.exit(main())
