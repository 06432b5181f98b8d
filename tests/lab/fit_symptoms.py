# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the ranking of `patchpilot find` on known fixes: python -m tests.lab.fit_symptoms cases
--repo DIR --out FILE; then `fit FILE... [--write]` and `test FILE...`.

A symptom is what a fix's message quotes: a trace, a sanitizer's report or a log line. It is
searched for in a window of the history that contains the fix, in unmodified messages ("quoted") and
in messages without quoted lines ("taken out"). Candidates without the fix and its copies are a case
without a fix. Each history is evaluated with weights fitted on the others.
"""

import argparse
import math
import pickle
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.entries import read_shipped_tables
from patchpilot.commits.repository import Repository
from patchpilot.symptoms import candidates, rank_fixes
from patchpilot.symptoms.candidates import CommitMessage, WordCounts
from patchpilot.symptoms.rank_fixes import (
    Evidence,
    Query,
    add_shares,
    convert_to_probability,
    list_features,
    score_evidence,
)
from patchpilot.symptoms.read_log import read_log
from tests.lab.fit_fixes import Row, fit_isotonic_curve, maximize_likelihood

Curve = Sequence[Sequence[float]]
ROWS, STEPS = 16, 90
NOTHING_SHARE = 0.85
FILE = Path(__file__).parents[2] / "checks" / "ranking" / "symptoms.toml"
_LOG = re.compile(
    r"^\s*(?:>|\[ *\d+\.\d+\]|==+\d+|#\d{1,3}:? |<\d>|\w+\+0x[0-9a-f]+|"
    r"(?:ERROR|WARNING|BUG|PANIC|VERIFY\w*|EAL|RIP|Call Trace|Backtrace|Direct leak|"
    r"Indirect leak|(?:READ|WRITE) of size)\b)"
)
_SIGN = re.compile(
    r"#\d+:? |\+0x[0-9a-f]+|(?:at|by) 0x[0-9A-F]+|\b(?:error|failed|failure|panic|assert\w*|"
    r"bug|warning|timed? ?out|segmentation|unable|cannot|invalid|abort\w*|leak\w*|verify\w*|"
    r"overflow)\b",
    re.IGNORECASE,
)
_FIX = re.compile(
    r"\bfix|avoid|prevent|crash|leak|don't|handle|bug\b|race|correct", re.IGNORECASE
)
_TRAILER = re.compile(
    r"^\s*[A-Z][\w-]+(?:-by|s): |^\s*(?:Fixes|Link|Cc|Bug\w*|Closes): "
)
_NO_LOG = re.compile(
    r"^\s*(?:\$|#\s|=>|[a-z-]+@\S+[$#]|[+-]{1,3}|\*|diff|commit [0-9a-f]+)|[;{}]\s*$"
)
_BUILD = re.compile(
    r"\.[chS]:\d+(?::\d+)?: (?:\w+ )?(?:error|warning|note)|undefined reference|gcc|clang|"
    r"checkpatch|-W\w+=|dtsi?:|make\[|\bwarning: |warning C\d"
)
_LIST = re.compile(r"^\s+(?:[-*]|\d+[.)]|[a-z][.)]|[a-z]+ [a-z]+ [a-z]+ [a-z]+\b)")


class Case(NamedTuple):
    """The candidates for a symptom, with their evidence. `hits` contains the ones that count as
    correct.
    """

    history: str
    mode: str
    trace: bool
    pool: list[Row]
    hits: set[int]
    copies: set[int]
    size: int


def is_quoted(line: str) -> bool:
    """Return whether a line of a message is a quotation, because it is indented or comes from a
    log.
    """
    return (line.startswith(("  ", "\t", ">")) or bool(_LOG.match(line))) and bool(
        line.strip()
    )


def quoted_log(message: str) -> str:
    """Return the log that a message quotes, without lists, commands and code, or ""."""
    log: list[str] = []
    block: list[str] = []
    before = ""
    for line in [*message.splitlines()[1:], ""]:
        if is_quoted(line) and not _TRAILER.match(line):
            block.append(line)
            continue
        if block:
            first = block[0]
            starts = not before.strip() or before.rstrip().endswith(":")
            lines = [text for text in block if not _NO_LOG.search(text)]
            text = "\n".join(lines)
            if (
                (starts or _LOG.match(first))
                and not _LIST.match(first)
                and _SIGN.search(text)
                and not _BUILD.search(text)
            ):
                log += lines
        before, block = line, []
    return "\n".join(log)


def strip_quotes(commit: CommitMessage) -> CommitMessage:
    head, _, body = commit.message.partition("\n")
    lines = [
        line
        for line in body.splitlines()
        if not is_quoted(line) or _TRAILER.match(line)
    ]
    return commit._replace(message="\n".join([head, *lines]))


def history_windows(
    repository: Repository, size: int, max_windows: int
) -> Iterator[tuple[str, str]]:
    """Yield (old, new) commits of mainline that are about `size` commits apart."""
    line = repository.rev_list("--first-parent", "HEAD")
    share = len(line) / len(repository.rev_list("--no-merges", "HEAD"))
    step = max(1, int(size * share))
    for number in range(max_windows):
        if (number + 1) * step < len(line):
            yield line[(number + 1) * step], line[number * step]


def history_cases(
    repository: Repository, name: str, size: int, max_windows: int, per: int
) -> Iterator[Case]:
    """Yield cases of a history, at most `per` symptoms for each window."""
    chance = random.Random(name)
    for since, tip in history_windows(repository, size, max_windows):
        messages = list(candidates.read_messages(repository, since, tip))
        pairs = [
            (commit, text)
            for commit in messages
            if (text := quoted_log(commit.message))
        ]
        pairs = [pair for pair in pairs if _FIX.search(pair[0].message)]
        chance.shuffle(pairs)
        symptoms = [(commit, read_log(text)) for commit, text in pairs[:per]]
        symptoms = [pair for pair in symptoms if len(pair[1].terms()) > 3]
        located = [
            (commit, candidates.locate_symptom(repository, since, symptom))
            for commit, symptom in symptoms
        ]
        words = {word for _, locations in located for word in locations.symptom.terms()}
        plain = [strip_quotes(commit) for commit in messages]
        counted = {
            "quoted": (messages, candidates.count_words(messages, words)),
            "taken out": (plain, candidates.count_words(plain, words)),
        }
        for commit, locations in located:
            touching = candidates.find_touching_commits(
                repository, since, tip, tuple(locations.files)
            )
            for mode, (texts, counts) in counted.items():
                query = Query(locations, texts, touching)
                pool = search_candidates(repository, query, counts)
                hits = {
                    index
                    for index, candidate in enumerate(pool)
                    if texts[candidate.number].subject == commit.subject
                }
                nearby = {
                    index
                    for index, candidate in enumerate(pool)
                    if commit.id[:12] in texts[candidate.number].message
                }
                yield Case(
                    name,
                    mode,
                    bool(locations.symptom.frames),
                    [candidate.features for candidate in pool],
                    hits,
                    hits | nearby,
                    len(messages),
                )
        print(name, since[:12], len(messages), len(symptoms), flush=True)


def search_candidates(
    repository: Repository, query: Query, counts: WordCounts
) -> list[Evidence]:
    terms = query.sources.symptom.terms()
    own_counts = {
        number: query_words
        for number, row in counts.counts.items()
        if (
            query_words := {word: count for word, count in row.items() if word in terms}
        )
    }
    word_counts = WordCounts(own_counts, counts.mean, counts.lengths)
    ranked = rank_fixes.select_best_candidates(
        rank_fixes.weigh_messages(query, word_counts),
        rank_fixes.load_evidence_weights(),
    )
    ids = [query.messages[candidate.number].id for candidate in ranked]
    return rank_fixes.weigh_changes(
        query, ranked, candidates.read_changes(repository, ids)
    )


def fit(cases: Sequence[Case]) -> Row:
    lists = []
    for case in cases:
        if not case.hits:
            continue
        rows = add_shares(case.pool)
        row_indexes = [
            at for at in range(len(case.pool)) if at < ROWS or at in case.hits
        ]
        hits = {index for index, at in enumerate(row_indexes) if at in case.hits}
        lists.append(
            ([{k: v for k, v in rows[at].items() if v} for at in row_indexes], hits)
        )
    return maximize_likelihood(lists, steps=STEPS)


class Ranking(NamedTuple):
    """The shares of the candidates, and the position of the correct one in the ranking (-1 if there
    is none).
    """

    case: Case
    removed: bool
    rank: int
    first: Row
    shares: list[float]


def rank_case(case: Case, table: Row, *, removed: bool = False) -> Ranking:
    """Rank the candidates of a case. If `removed` is set, leave out the correct ones."""
    pool_rows = [
        position
        for position in range(len(case.pool))
        if not (removed and position in case.copies)
    ]
    rows = add_shares([case.pool[position] for position in pool_rows])
    pool = [
        (score_evidence(table, row), position in case.hits, row)
        for position, row in zip(pool_rows, rows, strict=True)
    ]
    pool.sort(key=lambda pair: -pair[0])
    exponentials = [math.exp(pair[0] - pool[0][0]) for pair in pool]
    shares = [value / sum(exponentials) for value in exponentials]
    evidence = [Evidence(0, row) for _, _, row in pool]
    rank = next((position for position, pair in enumerate(pool) if pair[1]), -1)
    return Ranking(case, removed, rank, list_features(evidence, shares), shares)


def rank_all(cases: Sequence[Case], table: Row) -> list[Ranking]:
    return [
        rank_case(case, table, removed=removed)
        for case in cases
        for removed in (False, True)
        if len(case.pool) > (len(case.copies) if removed else 0) + 1
    ]


def fit_first_rank(rankings: Sequence[Ranking]) -> Row:
    """Fit the probability that the first candidate is correct, by logistic regression."""
    lists = [([row.first, {}], {int(row.rank != 0)}) for row in rankings]
    return maximize_likelihood(lists, steps=STEPS)


def raw_probability(ranking: Ranking, first: Row) -> float:
    return 1 / (1 + math.exp(-score_evidence(first, ranking.first)))


def rejection_threshold(rankings: Sequence[Ranking], first: Row, curve: Curve) -> float:
    """Return the probability below which 80 % of the cases without a fix are rejected.

    Only quoted logs are considered, because they resemble other messages most.
    """
    shares_without_fix = sorted(
        convert_to_probability(raw_probability(row, first), curve)
        for row in rankings
        if row.removed and row.case.mode == "quoted"
    )
    return shares_without_fix[int(len(shares_without_fix) * NOTHING_SHARE)]


def print_ranking_quality(
    rankings: Sequence[Ranking],
    first: Row | None = None,
    curve: Curve = (),
    nothing: float = 0.0,
) -> None:
    """Print how often the fix is the first candidate, among the first 3 or 10, or rejected."""
    for mode in ("quoted", "taken out"):
        rows = [row for row in rankings if row.case.mode == mode]
        real = [row for row in rows if not row.removed]
        for kind, kind_rows in (
            ("all", real),
            ("traces", [row for row in real if row.case.trace]),
        ):
            tops = [
                sum(0 <= row.rank < top for row in kind_rows) / max(1, len(kind_rows))
                for top in (1, 3, 10)
            ]
            print(
                f"  {mode:9} {kind:6} {len(kind_rows):4}",
                " / ".join(f"{top:.2f}" for top in tops),
            )
        if first is None:
            continue
        sure = {
            id(row): convert_to_probability(raw_probability(row, first), curve)
            for row in rows
        }
        likely = [row for row in rows if sure[id(row)] >= rank_fixes.LIKELY]
        right = sum(row.rank == 0 for row in likely)
        without_fix = [row for row in rows if row.removed]
        unfit = {
            id(row)
            for row in rows
            if sure[id(row)] < nothing and row.first["functions"] < rank_fixes.LIKELY
        }
        rejected = sum(id(row) in unfit for row in without_fix) / max(
            1, len(without_fix)
        )
        lost_share = sum(id(row) in unfit for row in real) / max(1, len(real))
        print(
            f"    likely {len(likely)}, right {right / max(1, len(likely)):.2f}; nothing fits: "
            f"{rejected:.2f} without a fix, {lost_share:.2f} with one"
        )


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("cases", "fit", "test"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--repo")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--size", type=int, default=10000)
    parser.add_argument("--windows", type=int, default=2)
    parser.add_argument("--most", type=int, default=50)
    parser.add_argument("--write", action="store_true", help="keep the weights")
    args = parser.parse_args(argv)
    if args.what == "cases":
        with Repository.open(args.repo) as repository:
            new_cases = list(
                history_cases(
                    repository, args.out.stem, args.size, args.windows, args.most
                )
            )
        args.out.write_bytes(pickle.dumps(new_cases))
        return 0
    cases = [case for file in args.files for case in pickle.loads(file.read_bytes())]
    data = read_shipped_tables("ranking")["symptoms"]
    if args.what == "test":
        rankings = rank_all(cases, data["candidate"])
        rules = data["calibration"]
        print_ranking_quality(rankings, data["first"], rules["curve"], rules["nothing"])
        return 0
    # rank each history with weights that were fitted on the others
    held_out: list[Ranking] = []
    for name in sorted({case.history for case in cases}):
        training = [case for case in cases if case.history != name]
        evaluated = [case for case in cases if case.history == name]
        held_out += rank_all(evaluated, fit(training))
    first, table = fit_first_rank(held_out), fit(cases)
    pairs: list[tuple[float, bool]] = []
    for name in sorted({case.history for case in cases}):
        other_rankings = [
            rankings for rankings in held_out if rankings.case.history != name
        ]
        tested = [rankings for rankings in held_out if rankings.case.history == name]
        row = fit_first_rank(other_rankings)
        limits = fit_isotonic_curve(
            [(raw_probability(case, row), case.rank == 0) for case in other_rankings]
        )
        pairs += [(raw_probability(case, row), case.rank == 0) for case in tested]
        sizes = {case.case.size for case in tested}
        print(f"{name}: {min(sizes):,} to {max(sizes):,} commits, by the others")
        print_ranking_quality(
            tested, row, limits, rejection_threshold(other_rankings, row, limits)
        )
        print("  BM25 alone")
        print_ranking_quality(
            [rank_case(case.case, {"bm25": 1.0}) for case in tested if not case.removed]
        )
    curve = fit_isotonic_curve(pairs)
    nothing = rejection_threshold(held_out, first, curve)
    if args.write:
        write_tables(table, first, curve, nothing)
    return 0


def write_tables(table: Row, first: Row, curve: Curve, nothing: float) -> None:
    """Replace the tables in the file, and keep its introduction."""
    head = FILE.read_text().partition("\n[candidate]")[0]
    lines = [head]
    for name, row in (("candidate", table), ("first", first)):
        lines += [f"[{name}]", *(f"{key} = {row[key]:.4f}" for key in sorted(row)), ""]
    points = ", ".join(f"[{at:.4f}, {share:.4f}]" for at, share in curve)
    lines += ["[calibration]", f"nothing = {nothing:.4f}", f"curve = [{points}]", ""]
    FILE.write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
