# SPDX-License-Identifier: GPL-2.0-or-later
"""The backport matrix: text, markdown and JSON."""

import re
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

from patchpilot.cli.output.json_document import document
from patchpilot.model.counted import counted
from patchpilot.model.follow_up import Follower
from patchpilot.model.printable import printable
from patchpilot.services.backport.backport_result import (
    Adaptation,
    BackportResult,
    BranchResult,
    Proposal,
    ProposedConflict,
)
from patchpilot.services.backport.backport_work import WorkDone
from patchpilot.services.backport.stable_request import cc_stable_lines
from patchpilot.services.backport.write_backports import WrittenBackport

_SIDE = 6
_PLACES = 5
_MUCH = 300
_COLUMNS = 80
_NOTHING = WorkDone()


def has_conflict(results: Sequence[BackportResult]) -> bool:
    """Whether a branch conflicts."""
    return any(branch.verdict == "conflict" for result in results for branch in result.branches)


def has_affected(results: Sequence[BackportResult]) -> bool:
    """Whether a branch still needs the fix."""
    return any(branch.wants_fix for result in results for branch in result.branches)


def has_nothing(results: Sequence[BackportResult]) -> bool:
    """Never."""
    del results
    return False


def as_json(results: Sequence[BackportResult], done: WorkDone = _NOTHING) -> str:
    """The document of one fix; of a series that of the last one, with all under `series`."""
    bodies = [_body(result) for result in results]
    return document(
        "backport", bodies[-1] | ({"series": bodies} if len(bodies) > 1 else {}) | _work_body(done)
    )


def _work_body(done: WorkDone) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if done.written:
        found["written"] = [
            {
                "branch": backport.branch,
                "files": [str(file) for file in backport.files],
                "skipped": str(backport.skipped) if backport.skipped else None,
                "in_reply_to": backport.answers or None,
            }
            for backport in done.written
        ]
    if done.resolving:
        resolving = done.resolving
        found["resolve"] = {
            "branch": resolving.branch,
            "folder": str(resolving.folder),
            "state": resolving.state,
            "conflicted": list(resolving.conflicted),
            "advice": [str(line) for line in resolving.advice],
            "files": [str(file) for file in resolving.files],
        }
    if done.built:
        found["builds"] = [
            {
                "branch": built.branch,
                "exit_code": built.code,
                "tail": built.tail,
                "warnings": list(built.warnings),
            }
            for built in done.built
        ]
    if done.request:
        found["request"] = done.request
    return found


def _body(result: BackportResult) -> dict[str, Any]:
    return {
        "commit": result.commit,
        "asked": result.asked,
        "subject": result.subject,
        "culprits": list(result.culprits),
        "branches": [_branch(branch) for branch in result.branches],
        "upstream": result.upstream,
        "cc_stable": list(_asking(result)),
        "followers": [_follower(follower) for follower in result.followers],
        "rules": list(result.rules),
        "missing": [
            {"version": series.version, "command": series.command} for series in result.missing
        ],
    }


def _branch(row: BranchResult) -> dict[str, Any]:
    return {
        "branch": row.branch,
        "version": row.version,
        "tip": row.tip or None,
        "verdict": row.verdict.value,
        "affected": row.affected,
        "applies": row.applies,
        "landed_as": row.landed_as,
        "landed_by": row.landed_by,
        "queued": row.queued,
        "culprit_as": row.culprit_as,
        "reason": row.reason,
        "conflicts": [
            {
                "path": place.path,
                "line": place.line or None,
                "kind": place.kind,
                "ours": list(place.ours),
                "theirs": list(place.theirs),
            }
            for place in row.conflicts
        ],
        "causes": [
            {"commit": cause.commit, "subject": cause.subject, "path": cause.path, "why": cause.why}
            for cause in row.causes
        ],
        "prerequisites": [
            {
                "commit": need.commit,
                "subject": need.subject,
                "lines": need.size,
                "is_fix": need.is_fix,
            }
            for need in row.prerequisites
        ],
        "prerequisites_partial": row.partial,
        "prerequisites_whole": (
            {
                "commits": len(row.whole),
                "lines": sum(need.size for need in row.whole),
            }
            if row.whole
            else None
        ),
        "whole_commits": [
            {"commit": need.commit, "subject": need.subject, "lines": need.size}
            for need in row.whole
        ],
        "search": row.search,
        "adaptation": _adaptation(row.adaptation),
        "proposals": [_proposed(one) for one in row.proposals],
        "commands": list(row.commands),
        "hints": list(row.hints),
        "followers": [_follower(follower) for follower in row.followers],
        "lacking_newer": list(row.lacking_newer),
        "ends": row.ends,
        "stale": row.stale,
    }


def _adaptation(found: Adaptation | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "kind": found.kind,
        "confidence": found.confidence,
        "steps": list(found.steps),
        "files": list(found.files),
    }


def _proposed(found: ProposedConflict) -> dict[str, Any]:
    conflict = found.conflict
    return {
        "path": conflict.path,
        "line": conflict.line or None,
        "ours": _plain(conflict.ours),
        "base": _plain(conflict.base),
        "theirs": _plain(conflict.theirs),
        "proposals": [_proposal(one) for one in found.proposals],
    }


def _proposal(one: Proposal) -> dict[str, Any]:
    return {
        "source": one.source.value,
        "confidence": one.confidence,
        "why": one.why,
        "commit": one.commit or None,
        "path": one.path or None,
        "lines": _plain(one.lines),
        "unknown": list(one.unknown),
    }


def _plain(lines: Sequence[str] | None) -> list[str] | None:
    """Lines of a file without their newlines; None where there is no file."""
    return None if lines is None else [line.rstrip("\n") for line in lines]


def _asking(result: BackportResult) -> tuple[str, ...]:
    """For a fix that is not upstream yet: the Cc: stable lines that name the prerequisites of each
    tree.
    """
    return cc_stable_lines(result) if result.upstream is False else ()


def _follower(follower: Follower) -> dict[str, Any]:
    return {
        "commit": follower.commit,
        "subject": follower.subject,
        "kind": follower.kind,
        "reverted": follower.undone,
    }


def as_text(results: Sequence[BackportResult], done: WorkDone = _NOTHING) -> str:
    """The matrix as text: one line per branch, with details below it."""
    blocks = []
    for result in results:
        lines = _wrapped(_name(result), "", "  ")
        newer = any(branch.lacking_newer for branch in result.branches)
        if result.asked:
            lines += _wrapped(f"upstream commit of {result.asked[:12]}", "  ", "  ")
        if result.upstream is False:
            lines.append(
                "  not in mainline yet: stable trees accept it only after that"
                + (", newer trees first" if newer else "")
            )
        for rule in result.rules:
            lines += _wrapped(f"note: {rule}", "  ", "    ")
        width = max((len(_label(branch)) for branch in result.branches), default=0)
        for branch in result.branches:
            ends = f" ({'ended' if branch.is_over else 'EOL'} {branch.ends})" if branch.ends else ""
            head = f"  {_label(branch):<{width}}  {branch.verdict.value:<13}  "
            lines += _wrapped(f"{branch.reason}{ends}", head, " " * min(len(head), _COLUMNS // 2))
            lines += [
                f"      {line}" for line in _details(branch, upstream=result.upstream is not False)
            ]
        if _asking(result):
            lines += ["  add to its message:", *(f"    {line}" for line in _asking(result))]
        blocks.append("\n".join(lines))
    blocks += _missing(results[-1])
    blocks += _work_text(done)
    return printable("\n\n".join(blocks) + "\n")


def _missing(result: BackportResult) -> list[str]:
    """The series that are not in the repository, once for all fixes, with one command for those it
    can fetch.
    """
    if not result.missing:
        return []
    fetches: dict[str, list[str]] = {}
    for series in result.missing:
        command, _, ref = series.command.rpartition(" ")
        fetches.setdefault(command, []).append(ref)
    said = _wrapped(
        "not in this repository: " + ", ".join(series.version for series in result.missing),
        "",
        "  ",
    )
    return [
        "\n".join([*said, *(f"  {command} {' '.join(refs)}" for command, refs in fetches.items())])
    ]


def _label(row: BranchResult) -> str:
    return row.branch[:12] if re.fullmatch(r"[0-9a-f]{40}", row.branch) else row.branch


def _work_text(done: WorkDone) -> list[str]:
    blocks = []
    if done.written:
        blocks.append("\n".join(line for backport in done.written for line in _files(backport)))
    if done.resolving:
        resolving = done.resolving
        head = (
            f"{resolving.branch}: resolved"
            if resolving.state == "done"
            else f"{resolving.branch}: resolve the conflicts in {resolving.folder}"
        )
        blocks.append(
            "\n".join(
                [
                    head,
                    *(f"  {line}" for line in resolving.advice),
                    *(str(file) for file in resolving.files),
                ]
            )
        )
    for built in done.built:
        word = (
            "builds"
            if built.code == 0
            else f"does not build (exit {built.code})"
            if built.code > 0
            else "not built"
        )
        if built.warnings:
            word += f" with {counted(len(built.warnings), 'new warning')}"
        below = built.warnings if built.code == 0 else built.tail.split("\n")
        blocks.append("\n".join([f"{built.branch}: {word}", *(f"  {line}" for line in below)]))
    if done.request:
        blocks.append(done.request.rstrip("\n"))
    return blocks


def _name(result: BackportResult) -> str:
    return f'{result.commit[:12]} ("{result.subject}")' if result.commit else result.subject


def _wrapped(text: str, first: str, other: str, width: int = _COLUMNS) -> list[str]:
    """A sentence in lines of at most `width`; a word that is longer stays whole."""
    flat = " ".join(text.split())
    found = textwrap.wrap(
        flat,
        width,
        initial_indent=first,
        subsequent_indent=other,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return found or [first.rstrip()]


def _details(row: BranchResult, *, upstream: bool) -> list[str]:
    """The details below a branch's line; code and commands are never wrapped."""
    lines: list[str] = []

    def say(text: str, indent: str = "") -> None:
        lines.extend(_wrapped(text, indent, indent + "  ", _COLUMNS - 6))

    if row.queued:
        say("queued for the next release")
    if row.wants_fix:
        for place in row.conflicts[:_PLACES]:
            kind = f" ({place.kind})" if place.kind != "content" or not place.line else ""
            lines.append(
                f"conflict: {place.path}" + (f":{place.line}" if place.line else "") + kind
            )
            lines += [f"  - {line}" for line in _short(place.ours)] + [
                f"  + {line}" for line in _short(place.theirs)
            ]
        if len(row.conflicts) > _PLACES:
            say(f"and {counted(len(row.conflicts) - _PLACES, 'more conflict')}")
        if row.adaptation:
            say(f"adapted ({row.adaptation.kind}, confidence {row.adaptation.confidence:.2f}):")
            for step in row.adaptation.steps:
                say(step, "  ")
        for cause in row.causes:
            say(f'caused by {cause.commit[:12]} ("{cause.subject}"): {cause.why}')
        _say_needs(row, say)
        for hint in row.hints:
            say(f"help: {hint}")
        # where no tree can take the fix yet, this is printed once, above
        if row.lacking_newer and upstream:
            say(f"needed in newer trees first: {', '.join(row.lacking_newer)}")
    for follower in row.followers:
        say(f'also needed: {follower.commit[:12]} ("{follower.subject}"), a {follower.kind} of it')
    if row.stale and row.ends and row.wants_fix:
        say("the local copy of the branch is outdated: fetch it again")
    return lines


def _say_needs(branch: BranchResult, say: Callable[..., None]) -> None:
    if branch.prerequisites:
        say(
            "prerequisites"
            + (" (only their changes to the files of the fix)" if branch.partial else "")
            + ":"
        )
        for need in branch.prerequisites:
            say(
                f'{need.commit[:12]} ("{need.subject}"), {counted(need.size, "line")}'
                + (", itself a fix" if need.is_fix else ""),
                "  ",
            )
        total = sum(need.size for need in branch.prerequisites)
        if total > _MUCH:
            say(f"{total} lines in total: adapting the fix may be smaller")
        if branch.whole:
            lines_in_all = sum(need.size for need in branch.whole)
            say(
                f"as whole commits: {len(branch.whole)}, with {counted(lines_in_all, 'line')}"
                " (--write writes both variants):"
            )
            for need in branch.whole:
                say(f'{need.commit[:12]} ("{need.subject}"), {counted(need.size, "line")}', "  ")
    elif branch.search == "gave-up":
        say("no prerequisites found within the time limit (see --effort)")
    elif branch.search == "none":
        say("no missing commit makes it apply: adapt the fix manually")


def _short(side: Sequence[str]) -> list[str]:
    return [*side[:_SIDE], "…"] if len(side) > _SIDE else list(side)


def _files(backport: WrittenBackport) -> list[str]:
    if not backport.files:
        return [f"{backport.branch}: nothing written: {backport.skipped}"]
    answers = [f"{backport.branch}: in reply to {backport.answers}"] if backport.answers else []
    return [
        *answers,
        *(str(file) for file in backport.files),
        *([f"help: {backport.hint}"] if backport.hint else []),
    ]


def as_markdown(results: Sequence[BackportResult], done: WorkDone = _NOTHING) -> str:
    """The matrix as a table for a cover letter or an issue."""
    blocks = []
    for result in results:
        lines = [
            f"**{_cell(_name(result))}**",
            "",
            "| branch | verdict | why | prerequisites |",
            "|---|---|---|---|",
        ]
        for branch in result.branches:
            needs = "<br>".join(
                _cell(f'{need.commit[:12]} ("{need.subject}")') for need in branch.prerequisites
            )
            needs += (
                "<br>(only their changes to the files of the fix)"
                if branch.partial and needs
                else ""
            )
            also = "".join(
                f"<br>also needed: {_cell(follower.commit[:12])}" for follower in branch.followers
            )
            lines.append(
                f"| {_cell(branch.branch)} | {branch.verdict.value} | {_cell(branch.reason)}{also}"
                f" | {needs} |"
            )
        blocks.append("\n".join(lines))
    blocks += ["\n".join(f"    {line}" for line in block.split("\n")) for block in _work_text(done)]
    return printable("\n\n".join(blocks) + "\n")


def _cell(text: str) -> str:
    for mark in "\\|`*_[]":
        text = text.replace(mark, "\\" + mark)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
