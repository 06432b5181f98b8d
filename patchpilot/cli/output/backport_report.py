# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the backport verdicts as text, Markdown and JSON."""

import re
from collections.abc import Callable, Sequence

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.build_objects import BranchBuild
from patchpilot.backports.result import BackportResult
from patchpilot.backports.work import ActionResults
from patchpilot.backports.write import (
    WrittenBackport,
    format_send_commands,
)
from patchpilot.cli.output.json_document import format_json
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.printable import format_count, make_printable

_MAX_SIDE_LINES = 6
_MAX_CONFLICTS = 5
_MANY_LINES = 300
_COLUMNS = 80
_PARTS = " (only their changes to the files of the fix)"
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


def format_backport_text(
    results: Sequence[BackportResult], action_results: ActionResults = _NOTHING
) -> str:
    """Format the verdicts as text: one line per branch, with details below it."""
    blocks = []
    for result in results:
        lines = _wrap(_describe_commit(result), "", "  ")
        lacks_newer = any(branch.lacking_newer for branch in result.branches)
        if result.asked:
            lines += _wrap(f"mainline commit for {result.asked[:12]}", "  ", "  ")
        if result.upstream is False:
            lines.append(
                "  not in mainline yet: stable trees accept it only after that"
                + (", newer trees first" if lacks_newer else "")
            )
        if result.reverted:
            lines += _wrap(result.reverted.words, "  ", "    ")
        for rule in result.rules:
            lines += _wrap(f"note: {rule}", "  ", "    ")
        width = max((len(_branch_label(branch)) for branch in result.branches), default=0)
        for branch in result.branches:
            eol = f" ({'ended' if branch.is_over else 'EOL'} {branch.ends})" if branch.ends else ""
            line_start = f"  {_branch_label(branch):<{width}}  {branch.verdict.value:<13}  "
            lines += _wrap(
                f"{branch.reason}{eol}",
                line_start,
                " " * min(len(line_start), _COLUMNS // 2),
            )
            lines += [
                f"      {line}"
                for line in _format_branch_details(
                    branch, result.commit, upstream=result.upstream is not False
                )
            ]
            # show the build only after the last fix, because a branch is built with all fixes
            if result is results[-1]:
                lines += [
                    f"      {outcome}" for outcome in _format_build_outcome(branch, action_results)
                ]
        if result.cc_stable:
            lines += [
                "add to the commit message:",
                *(f"    {line}" for line in result.cc_stable),
            ]
        blocks.append("\n".join(lines))
    blocks += _list_unread_patches(results[-1])
    blocks += _count_left_out(results[-1])
    blocks += _missing_series(results[-1])
    blocks += [
        *_format_action_results(action_results),
        *([str(action_results.next)] if action_results.next else []),
    ]
    return make_printable("\n\n".join(blocks) + "\n")


def _list_unread_patches(result: BackportResult) -> list[str]:
    return [
        "\n".join(_wrap(f"{row.source}: {row.problem}", "not judged: ", "  "))
        for row in result.unread
    ]


def _count_left_out(result: BackportResult) -> list[str]:
    count = format_count(result.left_out, "commit")
    text = f"{count} of the range without a fix; --all judges and stacks all commits"
    return ["\n".join(_wrap(text, "not judged: ", "  "))] if result.left_out else []


def _missing_series(result: BackportResult) -> list[str]:
    if not result.missing:
        return []
    fetches: dict[str, list[str]] = {}
    for series in result.missing:
        command, _, ref = series.command.rpartition(" ")
        fetches.setdefault(command, []).append(ref)
    wrapped_lines = _wrap(
        "not in this repository: " + ", ".join(series.version for series in result.missing),
        "",
        "  ",
    )
    return [
        "\n".join(
            [
                *wrapped_lines,
                *(f"  {command} {' '.join(refs)}" for command, refs in fetches.items()),
            ]
        )
    ]


def _branch_label(branch: BranchResult) -> str:
    return branch.branch[:12] if re.fullmatch(r"[0-9a-f]{40}", branch.branch) else branch.branch


def _format_action_results(action_results: ActionResults) -> list[str]:
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
            else f"{resolving.branch}: resolve the conflicts in {resolving.folder}"
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
        outcome = _describe_build(build)
        details = build.warnings if build.code == 0 else build.tail.split("\n")
        blocks.append("\n".join([f"{build.branch}: {outcome}", *(f"  {line}" for line in details)]))
    if action_results.request:
        blocks.append(action_results.request.rstrip("\n"))
    return blocks


def _format_build_outcome(branch: BranchResult, action_results: ActionResults) -> list[str]:
    return [
        _describe_build(build) for build in action_results.built if build.branch == branch.branch
    ]


def _describe_build(build: BranchBuild) -> str:
    if build.code < 0:
        return "not built"
    if build.code:
        return f"does not build (exit {build.code})"
    if build.warnings:
        return f"builds with {format_count(len(build.warnings), 'new warning')}"
    return "builds"


def _describe_commit(result: BackportResult) -> str:
    return f'{result.commit[:12]} ("{result.subject}")' if result.commit else result.subject


def _wrap(text: str, first: str, indent: str, width: int = _COLUMNS) -> list[str]:
    return list(wrap_labeled(first, text, width, len(indent)))


def _format_branch_details(branch: BranchResult, fix: str | None, *, upstream: bool) -> list[str]:
    """Return the details below a branch's line; code and commands are not wrapped."""
    lines: list[str] = []

    def add_text(text: str, indent: str = "") -> None:
        lines.extend(_wrap(text, indent, indent + "  ", _COLUMNS - 6))

    if branch.stacked_others and branch.wants_fix:
        add_text(
            f"judged on top of {format_count(branch.stacked, 'other commit')},"
            f" {branch.stacked_others} without a fix"
        )
    if branch.queued:
        add_text("queued for the next release")
    if branch.wants_fix:
        lines += _format_conflicts(branch)
        _explain_verdict(branch, add_text)
        lines += branch.adaptation.range_diff.splitlines() if branch.adaptation else []
        _list_prerequisites(branch, add_text)
        for hint in branch.hints:
            add_text(f"help: {hint}")
        # if the fix is not in mainline yet, another line reports this once for all branches
        if branch.lacking_newer and upstream:
            add_text(f"needed in newer trees first: {', '.join(branch.lacking_newer)}")
    for follower in branch.followers:
        label = "instead" if follower.kind == "replacement" and branch.wants_fix else "also needed"
        add_text(f"{label}: {follower.reference}, {follower.describe_relation(fix)}")
    if branch.stale and branch.ends and branch.wants_fix:
        add_text("the local copy of the branch is outdated: fetch it again")
    return lines


def _format_conflicts(branch: BranchResult) -> list[str]:
    lines: list[str] = []
    for conflict in branch.conflicts[:_MAX_CONFLICTS]:
        kind = f" ({conflict.kind})" if conflict.kind != "content" or not conflict.line else ""
        location = f"{conflict.path}:{conflict.line}" if conflict.line else conflict.path
        lines.append(f"conflict: {location}{kind}")
        lines += [f"  - {line}" for line in _crop_side(conflict.ours)]
        lines += [f"  + {line}" for line in _crop_side(conflict.theirs)]
    if len(branch.conflicts) > _MAX_CONFLICTS:
        lines.append(f"and {format_count(len(branch.conflicts) - _MAX_CONFLICTS, 'more conflict')}")
    return lines


def _explain_verdict(branch: BranchResult, add_text: Callable[..., None]) -> None:
    """Explain how the fix was adapted, and which commits caused its conflicts."""
    if branch.adaptation:
        add_text(
            f"adapted ({branch.adaptation.kind}, confidence {branch.adaptation.confidence:.2f}):"
        )
        for step in branch.adaptation.steps:
            add_text(step, "  ")
    for difference in branch.differences:
        add_text(
            f"differs from mainline: {difference.function}() in {difference.path}:"
            f" {difference.commit_words}"
        )
    for cause in branch.causes:
        add_text(f'caused by {cause.commit[:12]} ("{cause.subject}"): {cause.why}')


def _list_prerequisites(branch: BranchResult, add_text: Callable[..., None]) -> None:
    if branch.prerequisites:
        are_parts = all(prerequisite.paths for prerequisite in branch.prerequisites)
        add_text(f"prerequisites{_PARTS if are_parts else ''}:")
        for prerequisite in branch.prerequisites:
            add_text(
                f'{prerequisite.commit[:12]} ("{prerequisite.subject}"),'
                f" {format_count(prerequisite.size, 'line')}"
                + (_PARTS if prerequisite.paths and not are_parts else "")
                + (", itself a fix" if prerequisite.is_fix else "")
                + (f", named by {prerequisite.named_by}" if prerequisite.named_by else "")
                + (f", only for {prerequisite.serves[:12]}" if prerequisite.serves else ""),
                "  ",
            )
        total = sum(prerequisite.size for prerequisite in branch.prerequisites)
        if total > _MANY_LINES:
            add_text(f"{total} lines in total: adapting the fix may be smaller")
    if branch.too_large:
        add_text(
            f"not proposed: {branch.too_large.reference} changes"
            f" {format_count(branch.too_large.size, 'line')}, over a hundred times more than the"
            " fix; adapt the fix (--adapt), or use --all"
        )
    elif branch.search == "gave-up":
        add_text("no prerequisites found within the time limit (see --effort)")
    elif branch.search == "none":
        add_text("no missing commit makes it apply: adapt the fix manually")


def _crop_side(lines: Sequence[str]) -> list[str]:
    return [*lines[:_MAX_SIDE_LINES], "…"] if len(lines) > _MAX_SIDE_LINES else list(lines)


def _list_files(backport: WrittenBackport) -> list[str]:
    if not backport.files:
        return [f"{backport.branch}: nothing written: {backport.skipped}"]
    reply_notes = [f"{backport.branch}: in reply to {backport.answers}"] if backport.answers else []
    return [
        *reply_notes,
        *(str(file) for file in backport.files),
        *([f"help: {backport.hint}"] if backport.hint else []),
        *(
            f"not written: {follower.reference} does not apply after the fix; see `patchpilot"
            f" backport {follower.commit[:12]}`"
            for follower in backport.left_out
        ),
    ]


def _format_send_commands(backports: Sequence[WrittenBackport]) -> list[str]:
    commands = format_send_commands(backports)
    if not commands:
        return []
    order_note = ", the latest branch first" if len(commands) > 1 else ""
    lines = [f"read them, then send them{order_note}:"]
    lines += [f"  {command}" for command in commands]
    if not all(backport.is_signed or backport.hint for backport in backports if backport.send):
        lines.append("help: they lack your Signed-off-by; --signoff adds it")
    return ["\n".join(lines)]


def format_backport_markdown(
    results: Sequence[BackportResult], action_results: ActionResults = _NOTHING
) -> str:
    """Format the verdicts as a Markdown table for a cover letter or an issue."""
    blocks = []
    for result in results:
        lines = [
            f"**{_escape_cell(_describe_commit(result))}**",
            "",
            *([_escape_cell(result.reverted.words), ""] if result.reverted else []),
            "| branch | verdict | why | prerequisites |",
            "|---|---|---|---|",
        ]
        for branch in result.branches:
            prerequisite_cell = "<br>".join(
                _escape_cell(f'{prerequisite.commit[:12]} ("{prerequisite.subject}")')
                for prerequisite in branch.prerequisites
            )
            prerequisite_cell += (
                "<br>(only their changes to the files of the fix)"
                if branch.partial and prerequisite_cell
                else ""
            )
            related = "".join(
                f"<br>also needed: {_escape_cell(follower.commit[:12])}"
                for follower in branch.followers
            )
            if result is results[-1]:
                related += "".join(
                    f"<br>{outcome}" for outcome in _format_build_outcome(branch, action_results)
                )
            lines.append(
                f"| {_escape_cell(branch.branch)} | {branch.verdict.value} |"
                f" {_escape_cell(branch.reason)}{related}"
                f" | {prerequisite_cell} |"
            )
        blocks.append("\n".join(lines))
    blocks += map(_escape_cell, _list_unread_patches(results[-1]))
    blocks += map(_escape_cell, _count_left_out(results[-1]))
    blocks += [
        "\n".join(f"    {line}" for line in block.split("\n"))
        for block in _format_action_results(action_results)
    ]
    return make_printable("\n\n".join(blocks) + "\n")


def _escape_cell(text: str) -> str:
    for character in "\\|`*_[]":
        text = text.replace(character, "\\" + character)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
