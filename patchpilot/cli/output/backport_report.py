# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the backport verdicts as text, Markdown and JSON."""

from collections.abc import Sequence

from patchpilot.backports.branch_choices import read_branch_choices
from patchpilot.backports.branch_rows import (
    DETAIL_KEYS,
    FIX_KEYS,
    describe_build,
    format_branch_rows,
    format_fix_rows,
)
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work import ActionResults
from patchpilot.backports.write import (
    UNSIGNED_HINT,
    WrittenBackport,
    explain_left_out,
    format_send_commands,
)
from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.fact_row import FactRow
from patchpilot.model.printable import format_count, make_printable

_MAX_DIFF_LINES = 12
_MAX_CONFLICTS = 5
_COLUMNS = 80
_NOTHING = ActionResults()


def has_conflict(results: Sequence[BackportResult]) -> bool:
    """Return whether the fix conflicts on any branch."""
    return any(branch.verdict == "conflict" for result in results for branch in result.branches)


def has_affected_branch(results: Sequence[BackportResult]) -> bool:
    """Return whether any branch still needs the fix."""
    return any(branch.wants_fix for result in results for branch in result.branches)


def wrote_no_patch(results: Sequence[BackportResult], action_results: ActionResults) -> bool:
    """Return whether a branch needs the fix but no patch was written."""
    return (
        bool(action_results.written)
        and has_affected_branch(results)
        and not any(backport.files for backport in action_results.written)
    )


def format_backport_json(
    results: Sequence[BackportResult], action_results: ActionResults = _NOTHING
) -> str:
    """Return the JSON document of a fix.

    For several fixes, return the document of the last fix; its key `series` contains all documents.
    """
    series = {"series": results} if len(results) > 1 else {}
    return format_json("backport", results[-1], action_results, **series)


FIX_HEAD = ("asked", "unmerged", "reverted", "rule")
"""The rows of a fix above its branches, in text and Markdown."""
FIX_END = tuple(key for key in FIX_KEYS if key not in ("fix", "tag", *FIX_HEAD))
"""The rows of a fix that are separate paragraphs."""
BRANCH_HEAD = ("branch", "verdict", "why", "until")
"""The rows of a branch on its first line."""
_INDENTED = ("step", "prerequisite")
_PREREQUISITES = ("prerequisites", "prerequisite", "alternative", "total")


def format_fix_text(
    results: Sequence[BackportResult],
    result: BackportResult,
    action_results: ActionResults = _NOTHING,
) -> str:
    """Format the verdicts of a fix: one line per branch, with details below it."""
    fix_rows = format_fix_rows(result)
    lines = _wrap(_find_row(fix_rows, "fix").text, "", "  ")
    for row in _select(fix_rows, FIX_HEAD):
        lines += _wrap_row(row, "  ")
    tables = _list_branch_rows(results, result, action_results)
    width = max((len(_find_row(rows, "branch").text) for rows in tables), default=0)
    for rows in tables:
        lines += _format_branch_head(rows, width)
        lines += [f"      {line}" for line in format_branch_details(rows)]
    for row in _select(fix_rows, ("tag",)):
        lines += [row.text, *(f"    {line}" for line in row.lines)]
    return make_printable("\n".join(lines))


def format_backport_text(
    results: Sequence[BackportResult],
    action_results: ActionResults = _NOTHING,
    *,
    printed: int = 0,
) -> str:
    """Format the verdicts as text, except for the first fixes, which were `printed`."""
    blocks = [format_fix_text(results, result, action_results) for result in results[printed:]]
    blocks += (
        "\n".join([*_wrap_row(row), *(f"  {line}" for line in row.lines)])
        for row in _select(format_fix_rows(results[-1]), FIX_END)
    )
    blocks += [
        *format_action_results(action_results),
        *([str(action_results.next)] if action_results.next else []),
    ]
    return make_printable("\n\n".join(blocks) + "\n") if blocks else ""


def _list_branch_rows(
    results: Sequence[BackportResult], result: BackportResult, action_results: ActionResults
) -> list[tuple[FactRow, ...]]:
    """Return the rows of each branch.

    Only the rows of the last fix have the builds, because a branch is built with all fixes.
    """
    builds = action_results.built if result is results[-1] else ()
    choices = read_branch_choices(result, {}, {})
    return [
        format_branch_rows(
            result,
            branch,
            choices.find_sent_work(branch)._replace(
                builds=tuple(row for row in builds if row.branch == branch.branch)
            ),
        )
        for branch in result.branches
    ]


def _select(rows: Sequence[FactRow], keys: Sequence[str]) -> list[FactRow]:
    return [row for row in rows if row.key in keys]


def _find_row(rows: Sequence[FactRow], key: str) -> FactRow:
    return next(row for row in rows if row.key == key)


def _format_row(row: FactRow) -> str:
    return f"{row.label}: {row.text}" if row.label else row.text


def _format_branch_head(rows: Sequence[FactRow], width: int) -> list[str]:
    return format_branch_line(*_read_head(rows), width)


def format_branch_line(name: str, verdict: str, reason: str, width: int) -> list[str]:
    """Return the first line about a branch, wrapped; `width` is the length of the longest name."""
    line_start = f"  {name:<{width}}  {verdict:<13}  "
    return _wrap(reason, line_start, " " * min(len(line_start), _COLUMNS // 2))


def _read_head(rows: Sequence[FactRow]) -> tuple[str, str, str]:
    """Return the branch's name, the verdict, and the reason with the branch's end of support."""
    head = {row.key: row for row in _select(rows, BRANCH_HEAD)}
    ends = f" ({head['until'].label} {head['until'].text})" if "until" in head else ""
    return head["branch"].text, head["verdict"].text, f"{head['why'].text}{ends}"


def format_branch_details(rows: Sequence[FactRow]) -> list[str]:
    """Return the details below a branch's line; code and commands are not wrapped."""
    lines: list[str] = []
    conflicts = _select(rows, ("conflict",))
    for row in _select(rows, DETAIL_KEYS):
        if row in conflicts[_MAX_CONFLICTS:]:
            continue
        indent = "  " if row.key in _INDENTED else ""
        lines += _wrap_row(row, indent, _COLUMNS - 6)
        lines += _crop_diff(row.lines) if row.key == "conflict" else row.lines
        if len(conflicts) > _MAX_CONFLICTS and row is conflicts[_MAX_CONFLICTS - 1]:
            lines.append(f"and {format_count(len(conflicts) - _MAX_CONFLICTS, 'more conflict')}")
    return lines


def _crop_diff(lines: Sequence[str]) -> list[str]:
    """Return the first lines of a diff, with a space after the sign."""
    more = ["…"] if len(lines) > _MAX_DIFF_LINES else []
    return [*(f"  {line[:1]} {line[1:]}" for line in lines[:_MAX_DIFF_LINES]), *more]


def format_action_results(action_results: ActionResults) -> list[str]:
    """Return paragraphs about written patches, resolved conflicts, builds and the request."""
    blocks = []
    if action_results.written:
        blocks.append(
            "\n".join(line for backport in action_results.written for line in _list_files(backport))
        )
        blocks += _format_send_commands(action_results.written)
    if action_results.resolving:
        resolving = action_results.resolving
        heading = (
            f"{resolving.branch}: resolved"
            if resolving.state == "done"
            else f"{resolving.branch}: complete the cherry-pick in {resolving.folder}"
        )
        blocks.append(
            "\n".join(
                [
                    heading,
                    *(f"  {line}" for line in resolving.advice),
                    *(str(file) for file in resolving.files),
                ]
            )
        )
    for build in action_results.built:
        outcome = describe_build(build)
        details = build.warnings if build.code == 0 else build.tail.split("\n")
        blocks.append("\n".join([f"{build.branch}: {outcome}", *(f"  {line}" for line in details)]))
    if action_results.request:
        blocks.append(action_results.request.rstrip("\n"))
    return blocks


def _wrap_row(row: FactRow, indent: str = "", width: int = _COLUMNS) -> list[str]:
    label = f"{row.label}: " if row.label else ""
    return _wrap(row.text, f"{indent}{label}", f"{indent}  ", width)


def _wrap(text: str, first: str, indent: str, width: int = _COLUMNS) -> list[str]:
    return list(wrap_labeled(first, text, width, len(indent)))


def _list_files(backport: WrittenBackport) -> list[str]:
    if not backport.files:
        return [f"{backport.branch}: nothing written: {backport.skipped}"]
    reply_notes = [f"{backport.branch}: in reply to {backport.answers}"] if backport.answers else []
    return [
        *reply_notes,
        *(str(file) for file in backport.files),
        *([f"help: {backport.hint}"] if backport.hint else []),
        *map(explain_left_out, backport.left_out),
    ]


def _format_send_commands(backports: Sequence[WrittenBackport]) -> list[str]:
    commands = format_send_commands(backports)
    if not commands:
        return []
    order_note = ", the latest branch first" if len(commands) > 1 else ""
    lines = [f"read them, then send them{order_note}:"]
    lines += [f"  {command}" for command in commands]
    if not all(backport.is_signed or backport.hint for backport in backports if backport.send):
        lines.append(f"help: {UNSIGNED_HINT}")
    if separate := [
        backport.branch for backport in backports if backport.send and not backport.answers
    ]:
        lines.append(
            f"help: no FAILED message is known for {', '.join(separate)}; if you received one, use"
            " --in-reply-to"
        )
    return ["\n".join(lines)]


def format_backport_markdown(
    results: Sequence[BackportResult], action_results: ActionResults = _NOTHING
) -> str:
    """Format the verdicts as a Markdown table for a cover letter or an issue."""
    blocks = []
    for result in results:
        fix_rows = format_fix_rows(result)
        lines = [f"**{escape_cell(_find_row(fix_rows, 'fix').text)}**", ""]
        notes = [*_select(fix_rows, FIX_HEAD), *_select(fix_rows, ("tag",))]
        for row in notes:
            lines += [
                f"- {escape_cell(_format_row(row))}",
                *(f"      {line}" for line in row.lines),
            ]
        lines += [""] if notes else []
        lines += ["| branch | verdict | why | prerequisites |", "|---|---|---|---|"]
        lines += map(_format_table_line, _list_branch_rows(results, result, action_results))
        blocks.append("\n".join(lines))
    blocks += (
        "\n".join([escape_cell(_format_row(row)), *(f"    {line}" for line in row.lines)])
        for row in _select(format_fix_rows(results[-1]), FIX_END)
    )
    blocks += [
        "\n".join(f"    {line}" for line in block.split("\n"))
        for block in format_action_results(action_results)
    ]
    return make_printable("\n\n".join(blocks) + "\n")


def _format_table_line(rows: Sequence[FactRow]) -> str:
    details = _select(rows, [key for key in DETAIL_KEYS if key not in _PREREQUISITES])
    name, verdict, reason = _read_head(rows)
    cells = (
        [name],
        [verdict],
        [reason, *map(_format_row, details)],
        [_format_row(row) for row in _select(rows, _PREREQUISITES)],
    )
    return f"| {' | '.join('<br>'.join(map(escape_cell, cell)) for cell in cells)} |"


def escape_cell(text: str) -> str:
    """Return the text of a cell in a Markdown table."""
    for character in "\\|`*_[]":
        text = text.replace(character, "\\" + character)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
