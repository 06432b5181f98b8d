# SPDX-License-Identifier: GPL-2.0-or-later
"""Fit the ranking of `patchpilot find` on known fixes: python -m tests.lab.fit_symptoms cases
--repo DIR --out FILE; then `fit FILE... [--write]` and `test FILE...`.

A symptom is what a fix's message quotes: a trace, a sanitizer's report or a log line. It is
searched for in a window of the history that contains the fix, in unmodified messages ("quoted") and
in messages without quoted lines ("taken out"). Candidates without the fix and its copies are a case
without a fix. Each history is evaluated with weights fitted on the others.

With `--introductions`, a case is the commit that a fix names in its Fixes: tag, searched for among
about `--size` commits around it; `test` then measures `find --good --bad`. Its weights are those
of a fix without the signs of a fix, and weights that are not fitted for added code and for the
directory.
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
from patchpilot.finding import candidates, rank_fixes
from patchpilot.finding.candidates import CommitMessage, WordCounts
from patchpilot.finding.rank_fixes import (
    Evidence,
    Query,
    add_shares,
    convert_to_probability,
    list_features,
    score_evidence,
)
from patchpilot.finding.read_log import read_log
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
_FIX = re.compile(r"\bfix|avoid|prevent|crash|leak|don't|handle|bug\b|race|correct", re.IGNORECASE)
_TRAILER = re.compile(r"^\s*[A-Z][\w-]+(?:-by|s): |^\s*(?:Fixes|Link|Cc|Bug\w*|Closes): ")
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


def is_quotation_line(line: str) -> bool:
    """Return whether a line of a message is a quotation, because it is indented or comes from a
    log.
    """
    return (line.startswith(("  ", "\t", ">")) or bool(_LOG.match(line))) and bool(line.strip())


def extract_quoted_log(message: str) -> str:
    """Return the log that a message quotes, without lists, commands and code, or ""."""
    log: list[str] = []
    log_lines: list[str] = []
    preceding_line = ""
    for line in [*message.splitlines()[1:], ""]:
        if is_quotation_line(line) and not _TRAILER.match(line):
            log_lines.append(line)
            continue
        if log_lines:
            first_line = log_lines[0]
            starts_block = not preceding_line.strip() or preceding_line.rstrip().endswith(":")
            lines = [log_line for log_line in log_lines if not _NO_LOG.search(log_line)]
            log_line = "\n".join(lines)
            if (
                (starts_block or _LOG.match(first_line))
                and not _LIST.match(first_line)
                and _SIGN.search(log_line)
                and not _BUILD.search(log_line)
            ):
                log += lines
        preceding_line, log_lines = line, []
    return "\n".join(log)


def collect_introductions(
    repository: Repository, name: str, size: int, max_symptoms: int
) -> Iterator[Case]:
    """Yield cases in which the correct commit introduced the bug that a later fix quotes.

    The versions that work and fail are on the first-parent line of mainline.
    """
    line = repository.rev_list("--first-parent", "--reverse", "HEAD")
    width = max(10, size * len(line) // (2 * len(repository.rev_list("--no-merges", "HEAD"))))
    positions = {commit: position for position, commit in enumerate(line)}
    fixes = []
    for commit in candidates.read_messages(repository, line[0], "HEAD"):
        tags = rank_fixes.FIXES.findall(commit.message)
        if len(tags) == 1 and (log_text := extract_quoted_log(commit.message)):
            fixes.append((commit, tags[0], read_log(log_text)))
    random.Random(name).shuffle(fixes)
    for commit, tag, symptom in [fix for fix in fixes if len(fix[2].terms()) > 3][:max_symptoms]:
        culprit = repository.find(tag)
        later = f"{culprit}..{commit.id}^"
        merged = [
            position
            for later_commit in (
                repository.rev_list("--first-parent", "--ancestry-path", later) if culprit else ()
            )
            if (position := positions.get(later_commit)) is not None
        ]
        if not merged:
            continue
        first = min(merged)
        good, bad = line[max(0, first - width)], line[min(max(merged), first + width)]
        messages = list(candidates.read_messages(repository, good, bad))
        locations = candidates.locate_symptom(repository, bad, symptom)
        touching = candidates.find_touching_commits(repository, good, bad, tuple(locations.files))
        near = candidates.find_touching_commits(repository, good, bad, tuple(locations.folders))
        query = Query(locations, messages, touching, near)
        counts = candidates.count_words(messages, locations.symptom.terms())
        pool = search_candidates(repository, query, counts, "introduction")
        ids = [messages[candidate.number].id for candidate in pool]
        yield Case(
            name,
            "introduced",
            bool(symptom.frames),
            [candidate.features for candidate in pool],
            {index for index, id_ in enumerate(ids) if id_ == culprit},
            set(),
            len(messages),
        )


def strip_quotes(commit: CommitMessage) -> CommitMessage:
    head, _, body = commit.message.partition("\n")
    lines = [
        line for line in body.splitlines() if not is_quotation_line(line) or _TRAILER.match(line)
    ]
    return commit._replace(message="\n".join([head, *lines]))


def find_history_windows(
    repository: Repository, size: int, max_windows: int
) -> Iterator[tuple[str, str]]:
    """Yield (old, new) commits of mainline that are about `size` commits apart."""
    line = repository.rev_list("--first-parent", "HEAD")
    commit_share = len(line) / len(repository.rev_list("--no-merges", "HEAD"))
    step = max(1, int(size * commit_share))
    for number in range(max_windows):
        if (number + 1) * step < len(line):
            yield line[(number + 1) * step], line[number * step]


def collect_history_cases(
    repository: Repository, name: str, size: int, max_windows: int, max_symptoms: int
) -> Iterator[Case]:
    """Yield cases of a history, at most `max_symptoms` for each window."""
    window_rng = random.Random(name)
    for oldest_commit, tip in find_history_windows(repository, size, max_windows):
        messages = list(candidates.read_messages(repository, oldest_commit, tip))
        pairs = [
            (commit, log_text)
            for commit in messages
            if (log_text := extract_quoted_log(commit.message))
        ]
        pairs = [pair for pair in pairs if _FIX.search(pair[0].message)]
        window_rng.shuffle(pairs)
        symptoms = [(commit, read_log(log_text)) for commit, log_text in pairs[:max_symptoms]]
        symptoms = [pair for pair in symptoms if len(pair[1].terms()) > 3]
        located_symptoms = [
            (commit, candidates.locate_symptom(repository, oldest_commit, symptom))
            for commit, symptom in symptoms
        ]
        searched_words = {
            searched_word
            for _, locations in located_symptoms
            for searched_word in locations.symptom.terms()
        }
        unquoted_messages = [strip_quotes(commit) for commit in messages]
        counts_by_mode = {
            "quoted": (messages, candidates.count_words(messages, searched_words)),
            "taken out": (
                unquoted_messages,
                candidates.count_words(unquoted_messages, searched_words),
            ),
        }
        for commit, locations in located_symptoms:
            touching_commits = candidates.find_touching_commits(
                repository, oldest_commit, tip, tuple(locations.files)
            )
            for quote_mode, (mode_messages, counts) in counts_by_mode.items():
                query = Query(locations, mode_messages, touching_commits)
                ranked_candidates = search_candidates(repository, query, counts)
                fix_indexes = {
                    index
                    for index, candidate in enumerate(ranked_candidates)
                    if mode_messages[candidate.number].subject == commit.subject
                }
                mention_indexes = {
                    index
                    for index, candidate in enumerate(ranked_candidates)
                    if commit.id[:12] in mode_messages[candidate.number].message
                }
                yield Case(
                    name,
                    quote_mode,
                    bool(locations.symptom.frames),
                    [candidate.features for candidate in ranked_candidates],
                    fix_indexes,
                    fix_indexes | mention_indexes,
                    len(messages),
                )
        print(name, oldest_commit[:12], len(messages), len(symptoms), flush=True)


def search_candidates(
    repository: Repository, query: Query, counts: WordCounts, table: str = "candidate"
) -> list[Evidence]:
    symptom_terms = query.sources.symptom.terms()
    own_counts = {
        number: query_words
        for number, row in counts.counts.items()
        if (query_words := {word: count for word, count in row.items() if word in symptom_terms})
    }
    word_counts = WordCounts(own_counts, counts.mean, counts.lengths)
    ranked_rows = rank_fixes.select_best_candidates(
        rank_fixes.weigh_messages(query, word_counts),
        rank_fixes.load_evidence_weights(table),
    )
    ids = [query.messages[candidate.number].id for candidate in ranked_rows]
    return rank_fixes.weigh_changes(query, ranked_rows, candidates.read_changes(repository, ids))


def fit_ranking_weights(cases: Sequence[Case]) -> Row:
    candidate_lists = []
    for case in cases:
        if not case.hits:
            continue
        rows = add_shares(case.pool)
        row_indexes = [
            candidate_index
            for candidate_index in range(len(case.pool))
            if candidate_index < ROWS or candidate_index in case.hits
        ]
        fix_indexes = {
            index
            for index, candidate_index in enumerate(row_indexes)
            if candidate_index in case.hits
        }
        candidate_lists.append(
            (
                [
                    {
                        k: feature_value
                        for k, feature_value in rows[candidate_index].items()
                        if feature_value
                    }
                    for candidate_index in row_indexes
                ],
                fix_indexes,
            )
        )
    return maximize_likelihood(candidate_lists, steps=STEPS)


class Ranking(NamedTuple):
    """The shares of the candidates, and the position of the correct one in the ranking (-1 if there
    is none).
    """

    case: Case
    removed: bool
    rank: int
    first: Row
    shares: list[float]


def rank_case(case: Case, weight_table: Row, *, without_fix: bool = False) -> Ranking:
    """Rank the candidates of a case. If `without_fix` is set, omit the correct ones."""
    pool_rows = [
        position
        for position in range(len(case.pool))
        if not (without_fix and position in case.copies)
    ]
    rows = add_shares([case.pool[position] for position in pool_rows])
    scored_candidates = [
        (score_evidence(weight_table, row), position in case.hits, row)
        for position, row in zip(pool_rows, rows, strict=True)
    ]
    scored_candidates.sort(key=lambda pair: -pair[0])
    exponentials = [math.exp(pair[0] - scored_candidates[0][0]) for pair in scored_candidates]
    probabilities = [value / sum(exponentials) for value in exponentials]
    evidence = [Evidence(0, row) for _, _, row in scored_candidates]
    fix_rank = next((position for position, pair in enumerate(scored_candidates) if pair[1]), -1)
    return Ranking(
        case,
        without_fix,
        fix_rank,
        list_features(evidence, probabilities),
        probabilities,
    )


def rank_all(cases: Sequence[Case], weight_table: Row) -> list[Ranking]:
    return [
        rank_case(case, weight_table, without_fix=without_fix)
        for case in cases
        for without_fix in (False, True)
        if len(case.pool) > (len(case.copies) if without_fix else 0) + 1
    ]


def fit_first_rank(rankings: Sequence[Ranking]) -> Row:
    """Fit the probability that the first candidate is correct, by logistic regression."""
    candidate_lists = [([row.first, {}], {int(row.rank != 0)}) for row in rankings]
    return maximize_likelihood(candidate_lists, steps=STEPS)


def compute_raw_probability(ranking: Ranking, first_rank_weights: Row) -> float:
    return 1 / (1 + math.exp(-score_evidence(first_rank_weights, ranking.first)))


def find_rejection_threshold(
    rankings: Sequence[Ranking], first_rank_weights: Row, calibration_curve: Curve
) -> float:
    """Return the probability below which 80 % of the cases without a fix are rejected.

    Only quoted logs are considered, because they resemble other messages most.
    """
    shares_without_fix = sorted(
        convert_to_probability(compute_raw_probability(row, first_rank_weights), calibration_curve)
        for row in rankings
        if row.removed and row.case.mode == "quoted"
    )
    return shares_without_fix[int(len(shares_without_fix) * NOTHING_SHARE)]


def print_ranking_quality(
    rankings: Sequence[Ranking],
    first_rank_weights: Row | None = None,
    calibration_curve: Curve = (),
    rejection_limit: float = 0.0,
) -> None:
    """Print how often the fix is the first candidate, among the first 3 or 10, or rejected."""
    for quote_mode in ("quoted", "taken out"):
        rows = [row for row in rankings if row.case.mode == quote_mode]
        cases_with_fix = [row for row in rows if not row.removed]
        for case_kind, kind_rows in (
            ("all", cases_with_fix),
            ("traces", [row for row in cases_with_fix if row.case.trace]),
        ):
            top_shares = [
                sum(0 <= row.rank < top_size for row in kind_rows) / max(1, len(kind_rows))
                for top_size in (1, 3, 10)
            ]
            print(
                f"  {quote_mode:9} {case_kind:6} {len(kind_rows):4}",
                " / ".join(f"{top_size:.2f}" for top_size in top_shares),
            )
        if first_rank_weights is None:
            continue
        probabilities = {
            id(row): convert_to_probability(
                compute_raw_probability(row, first_rank_weights), calibration_curve
            )
            for row in rows
        }
        likely = [row for row in rows if probabilities[id(row)] >= rank_fixes.LIKELY]
        correct = sum(row.rank == 0 for row in likely)
        without_fix = [row for row in rows if row.removed]
        unfit_ids = {
            id(row)
            for row in rows
            if probabilities[id(row)] < rejection_limit
            and row.first["functions"] < rank_fixes.LIKELY
        }
        rejected_share = sum(id(row) in unfit_ids for row in without_fix) / max(1, len(without_fix))
        lost_share = sum(id(row) in unfit_ids for row in cases_with_fix) / max(
            1, len(cases_with_fix)
        )
        print(
            f"    likely {len(likely)}, right {correct / max(1, len(likely)):.2f}; nothing fits: "
            f"{rejected_share:.2f} without a fix, {lost_share:.2f} with one"
        )


def print_introduction_quality(cases: Sequence[Case], weight_table: Row) -> None:
    """Print how often the commit that introduced a bug is among the first 1, 3 and 10 candidates:
    of all cases, and of those in which it adds a function or message of the log.
    """
    for name in sorted({case.history for case in cases}):
        rankings = [rank_case(case, weight_table) for case in cases if case.history == name]
        adding = [
            row
            for row in rankings
            if any(row.case.pool[hit]["adds_function"] for hit in row.case.hits)
            or any(row.case.pool[hit]["adds_text"] for hit in row.case.hits)
        ]
        for kind, rows in (("all", rankings), ("adding", adding)):
            shares = [
                sum(0 <= row.rank < top_size for row in rows) / max(1, len(rows))
                for top_size in (1, 3, 10)
            ]
            print(
                f"{name:10} {kind:6} {len(rows):4}", " / ".join(f"{share:.2f}" for share in shares)
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
    parser.add_argument("--introductions", action="store_true")
    parser.add_argument("--write", action="store_true", help="keep the weights")
    args = parser.parse_args(argv)
    if args.what == "cases":
        with Repository.open(args.repo) as repository:
            new_cases = list(
                collect_introductions(repository, args.out.stem, args.size, args.most)
                if args.introductions
                else collect_history_cases(
                    repository, args.out.stem, args.size, args.windows, args.most
                )
            )
        args.out.write_bytes(pickle.dumps(new_cases))
        return 0
    cases = [case for file in args.files for case in pickle.loads(file.read_bytes())]
    data = read_shipped_tables("ranking")["symptoms"]
    if args.what == "test" and args.introductions:
        print_introduction_quality(cases, data["introduction"])
        return 0
    if args.what == "test":
        rankings = rank_all(cases, data["candidate"])
        rules = data["calibration"]
        print_ranking_quality(rankings, data["first"], rules["curve"], rules["nothing"])
        return 0
    # rank each history with weights that were fitted on the others
    held_out: list[Ranking] = []
    for name in sorted({case.history for case in cases}):
        training_cases = [case for case in cases if case.history != name]
        evaluated_cases = [case for case in cases if case.history == name]
        held_out += rank_all(evaluated_cases, fit_ranking_weights(training_cases))
    first_rank_weights, table = fit_first_rank(held_out), fit_ranking_weights(cases)
    pairs: list[tuple[float, bool]] = []
    for name in sorted({case.history for case in cases}):
        other_rankings = [rankings for rankings in held_out if rankings.case.history != name]
        tested_rankings = [rankings for rankings in held_out if rankings.case.history == name]
        row = fit_first_rank(other_rankings)
        calibration_limits = fit_isotonic_curve(
            [(compute_raw_probability(case, row), case.rank == 0) for case in other_rankings]
        )
        pairs += [(compute_raw_probability(case, row), case.rank == 0) for case in tested_rankings]
        sizes = {case.case.size for case in tested_rankings}
        print(f"{name}: {min(sizes):,} to {max(sizes):,} commits, by the others")
        print_ranking_quality(
            tested_rankings,
            row,
            calibration_limits,
            find_rejection_threshold(other_rankings, row, calibration_limits),
        )
        print("  BM25 alone")
        print_ranking_quality(
            [rank_case(case.case, {"bm25": 1.0}) for case in tested_rankings if not case.removed]
        )
    calibration_curve = fit_isotonic_curve(pairs)
    rejection_limit = find_rejection_threshold(held_out, first_rank_weights, calibration_curve)
    if args.write:
        write_tables(table, first_rank_weights, calibration_curve, rejection_limit)
    return 0


def write_tables(
    table: Row,
    first_rank_weights: Row,
    calibration_curve: Curve,
    rejection_limit: float,
) -> None:
    """Replace the tables in the file, and keep its introduction."""
    head = FILE.read_text().partition("\n[candidate]")[0]
    lines = [head]
    for name, row in (("candidate", table), ("first", first_rank_weights)):
        lines += [f"[{name}]", *(f"{key} = {row[key]:.4f}" for key in sorted(row)), ""]
    formatted_points = ", ".join(
        f"[{raw_score:.4f}, {calibrated_share:.4f}]"
        for raw_score, calibrated_share in calibration_curve
    )
    lines += [
        "[calibration]",
        f"nothing = {rejection_limit:.4f}",
        f"words_only = {read_shipped_tables('ranking')['symptoms']['calibration']['words_only']}",
        f"curve = [{formatted_points}]",
        "",
    ]
    FILE.write_text("\n".join(lines))


if __name__ == "__main__":
    sys.exit(main())
