# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the verdicts for CVEs as text, Markdown, JSON, JSON Lines and CSV."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from patchpilot.backports.branch_rows import format_branch_rows
from patchpilot.backports.cve_targets import CveQuery
from patchpilot.backports.cve_verdicts import (
    CveAnswer,
    CveBranch,
    CveLine,
    CveResult,
    CveSummary,
    CveSummaryLine,
)
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work import ActionResults
from patchpilot.cli.output.backport_report import (
    escape_cell,
    format_action_results,
    format_branch_details,
    format_branch_line,
)
from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.json_form import json_object
from patchpilot.model.json_text import json_text
from patchpilot.model.printable import format_count, join_words, make_one_line, make_printable

_COLUMNS = 80
_MOST_NAMED = 3
_COLUMN_NAMES = (
    *("cve", "branch", "verdict", "fix", "landed_as", "prerequisites"),
    *("culprit", "culprit_in_branch", "reason"),
)


class _Counts:
    """Counts the verdicts while they are formatted."""

    def __init__(self) -> None:
        self.cves = 0
        self.branches: dict[str, Counter[str]] = {}
        self.others: Counter[str] = Counter()

    def add(self, result: CveResult) -> None:
        self.cves += 1
        if not result.branches:
            self.others[result.verdict] += 1
        for row in result.branches:
            self.branches.setdefault(row.branch, Counter())[row.verdict] += 1

    def summarize(self, query: CveQuery, *, interrupted: bool = False) -> CveSummary:
        others, branches = dict(self.others), self.branches
        read = query.left_out, query.snapshot
        return CveSummary(self.cves, others, branches, *read, interrupted)


def stream_text(
    query: CveQuery, results: Iterable[CveResult], *, are_details_shown: bool = False
) -> Iterator[str]:
    """Yield a block for each CVE, and finally the totals."""
    counts = _Counts()
    try:
        for result in results:
            counts.add(result)
            block = format_cve(result, are_details_shown=are_details_shown)
            yield make_printable(f"{block}\n\n")
    except KeyboardInterrupt:
        yield make_printable(_format_totals(query, counts.summarize(query)))
        raise
    yield make_printable(_format_totals(query, counts.summarize(query)))


def stream_json_lines(query: CveQuery, results: Iterable[CveResult]) -> Iterator[str]:
    """Yield a line for each CVE and branch, and finally the summary."""
    counts = _Counts()
    try:
        for result in results:
            counts.add(result)
            yield "".join(_format_line(CveLine(result, row)) for row in result.rows)
    except KeyboardInterrupt:
        yield _format_line(CveSummaryLine(counts.summarize(query, interrupted=True)))
        raise
    yield _format_line(CveSummaryLine(counts.summarize(query)))


def _format_line(line: CveLine | CveSummaryLine) -> str:
    return json_text({"schema": "patchpilot/backport-cve/1", **json_object(line)}) + "\n"


def stream_csv(_query: CveQuery, results: Iterable[CveResult]) -> Iterator[str]:
    """Yield the names of the columns, and a line for each CVE and branch."""
    yield _format_cells(_COLUMN_NAMES)
    for result in results:
        for row in result.rows:
            yield _format_cells(
                (
                    *(result.cve, row.branch, row.verdict, row.commit, row.landed_as or ""),
                    str(len(row.prerequisites)),
                    *(row.culprit, row.culprit_in_branch or "", row.reason),
                )
            )


def _format_cells(cells: Sequence[str]) -> str:
    line = io.StringIO()
    # a spreadsheet runs a cell that begins with one of these
    safe = (f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell for cell in cells)
    csv.writer(line, lineterminator="\n").writerow([make_one_line(cell) for cell in safe])
    return line.getvalue()


def format_cves_json(
    query: CveQuery, results: Sequence[CveResult], action_results: ActionResults
) -> str:
    """Return the JSON document of the last fix, with all CVEs and the verdicts for all fixes."""
    fixes = [fix for result in results for fix in result.results]
    last = fixes[-1] if fixes else BackportResult(None, results[-1].record.title)
    counts = _Counts()
    for result in results:
        counts.add(result)
    return format_json(
        "backport",
        last,
        action_results,
        CveAnswer(results, counts.summarize(query)),
        **({"series": fixes} if len(fixes) > 1 else {}),
    )


def format_cves_text(
    query: CveQuery, results: Sequence[CveResult], action_results: ActionResults
) -> str:
    """Format a few CVEs with all details, and the results of actions."""
    blocks = "".join(stream_text(query, results, are_details_shown=True))
    more = format_action_results(action_results)
    return blocks + (make_printable("\n" + "\n\n".join(more) + "\n") if more else "")


def format_cves_markdown(
    query: CveQuery, results: Sequence[CveResult], action_results: ActionResults
) -> str:
    """Format the verdicts as a Markdown table, and the results of actions."""
    lines = ["| CVE | branch | verdict | why |", "|---|---|---|---|"]
    for result in results:
        for row in result.rows:
            cells = (result.cve, _shorten(row), row.verdict, row.reason)
            lines.append(f"| {' | '.join(map(escape_cell, cells))} |")
    blocks = ["\n".join(lines), *format_action_results(action_results), *query.notes]
    return make_printable("\n\n".join(blocks) + "\n")


def format_cve(result: CveResult, *, are_details_shown: bool = False) -> str:
    """Return the text about a CVE: its fixes, their bugs, and a line for each branch."""
    lines = list(wrap_labeled(f"{result.cve}  ", _describe(result), _COLUMNS, 4))
    if result.note and result.branches:
        lines += wrap_labeled("  note: ", result.note, _COLUMNS, 4)
    width = max((len(_shorten(row)) for row in result.branches), default=0)
    for row in result.branches:
        lines += format_branch_line(_shorten(row), row.verdict, row.reason, width)
        if are_details_shown and row.judged:
            fix = next(fix for fix in result.results if fix.commit == row.commit)
            details = format_branch_details(format_branch_rows(fix, row.judged))
            lines += [f"      {line}" for line in details]
    return "\n".join(lines)


def _shorten(row: CveBranch) -> str:
    is_id = len(row.branch) == 40 and not set(row.branch) - set("0123456789abcdef")
    return row.branch[:12] if is_id else row.branch


def _describe(result: CveResult) -> str:
    """Return the fixes of a CVE and the commits that introduced the bug, or why there are none."""
    record = result.record
    if not result.branches:
        return f'{result.note} ("{record.title}")' if record.title else result.note
    fixes = [f'{fix.commit[:12]} ("{fix.subject}")' for fix in result.results if fix.commit]
    fixes = fixes or [fix[:12] for fix in record.fixes]
    if record.title and not result.results and fixes:
        fixes[-1] += f' ("{record.title}")'
    culprits = {culprit: "" for fix in result.results for culprit in fix.culprits} or dict.fromkeys(
        record.culprits, ""
    )
    since = {pair.culprit: pair.since for pair in record.pairs if pair.since}
    named = [
        f"{culprit[:12]} ({since[culprit]})" if culprit in since else culprit[:12]
        for culprit in culprits
    ]
    parts = [f"fixed by {' or '.join(fixes)}"] if fixes else [f'"{record.title}", not fixed']
    if named:
        more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
        parts.append(f"introduced by {', '.join(named[:_MOST_NAMED])}{more}")
    return ", ".join(parts)


def _format_totals(query: CveQuery, summary: CveSummary) -> str:
    """Return the number of CVEs by verdict for each branch, and the age of the records."""
    lines = []
    if summary.cves != 1:
        others = _join_counts(summary.others)
        lines.append(f"{format_count(summary.cves, 'CVE')}{f': {others}' if others else ''}")
        lines += [
            f"  {branch}: {_join_counts(counts)}" for branch, counts in summary.branches.items()
        ]
    lines += query.notes
    if query.snapshot and query.snapshot.date:
        lines.append(f"records of {query.snapshot.date} in {query.snapshot.path}")
    return "".join(f"{line}\n" for line in lines)


def _join_counts(counts: Mapping[str, int]) -> str:
    rows = sorted(counts.items(), key=lambda row: -row[1])
    return join_words([f"{number} {verdict}" for verdict, number in rows]) if rows else ""
