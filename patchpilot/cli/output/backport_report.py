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
from patchpilot.services.backport.backport_result import BackportResult, BranchResult
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
    return document("backport", bodies[-1] | ({"series": bodies} if len(bodies) > 1 else {}) | _deeds(done))


def _deeds(done: WorkDone) -> dict[str, Any]:
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
        one = done.resolving
        found["resolve"] = {
            "branch": one.branch,
            "folder": str(one.folder),
            "state": one.state,
            "conflicted": list(one.conflicted),
            "advice": [str(line) for line in one.advice],
            "files": [str(file) for file in one.files],
        }
    if done.built:
        found["builds"] = [{"branch": built.branch, "exit_code": built.code, "tail": built.tail} for built in done.built]
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
        "missing": [{"version": series.version, "command": series.command} for series in result.missing],
    }


def _branch(one: BranchResult) -> dict[str, Any]:
    return {
        "branch": one.branch,
        "version": one.version,
        "tip": one.tip or None,
        "verdict": one.verdict.value,
        "affected": one.affected,
        "applies": one.applies,
        "landed_as": one.landed_as,
        "landed_by": one.landed_by,
        "queued": one.queued,
        "culprit_as": one.culprit_as,
        "reason": one.reason,
        "conflicts": [
            {"path": place.path, "line": place.line or None, "kind": place.kind, "ours": list(place.ours), "theirs": list(place.theirs)}
            for place in one.conflicts
        ],
        "causes": [{"commit": cause.commit, "subject": cause.subject, "path": cause.path, "why": cause.why} for cause in one.causes],
        "prerequisites": [
            {"commit": need.commit, "subject": need.subject, "lines": need.size, "is_fix": need.is_fix} for need in one.prerequisites
        ],
        "prerequisites_partial": one.partial,
        "prerequisites_whole": {"commits": len(one.whole), "lines": sum(need.size for need in one.whole)} if one.whole else None,
        "whole_commits": [{"commit": need.commit, "subject": need.subject, "lines": need.size} for need in one.whole],
        "search": one.search,
        "commands": list(one.commands),
        "hints": list(one.hints),
        "followers": [_follower(follower) for follower in one.followers],
        "lacking_newer": list(one.lacking_newer),
        "ends": one.ends,
        "stale": one.stale,
    }


def _asking(result: BackportResult) -> tuple[str, ...]:
    """For a fix that is not upstream yet: the lines for its message that name what each tree needs first."""
    return cc_stable_lines(result) if result.upstream is False else ()


def _follower(one: Follower) -> dict[str, Any]:
    return {"commit": one.commit, "subject": one.subject, "kind": one.kind, "reverted": one.undone}


def as_text(results: Sequence[BackportResult], done: WorkDone = _NOTHING) -> str:
    """The matrix as text: one line per branch, with details below it."""
    blocks = []
    for result in results:
        lines = _wrapped(_name(result), "", "  ")
        newer = any(branch.lacking_newer for branch in result.branches)
        if result.asked:
            lines += _wrapped(f"upstream commit of {result.asked[:12]}", "  ", "  ")
        if result.upstream is False:
            lines.append("  not in mainline yet: stable trees accept it only after that" + (", newer trees first" if newer else ""))
        for rule in result.rules:
            lines += _wrapped(f"note: {rule}", "  ", "    ")
        width = max((len(_label(branch)) for branch in result.branches), default=0)
        for branch in result.branches:
            ends = f" ({'ended' if branch.is_over else 'EOL'} {branch.ends})" if branch.ends else ""
            head = f"  {_label(branch):<{width}}  {branch.verdict.value:<13}  "
            lines += _wrapped(f"{branch.reason}{ends}", head, " " * min(len(head), _COLUMNS // 2))
            lines += [f"      {line}" for line in _details(branch, upstream=result.upstream is not False)]
        if _asking(result):
            lines += ["  add to its message:", *(f"    {line}" for line in _asking(result))]
        blocks.append("\n".join(lines))
    blocks += _missing(results[-1])
    blocks += _deeds_text(done)
    return printable("\n\n".join(blocks) + "\n")


def _missing(result: BackportResult) -> list[str]:
    """The series that are not in the repository, once for all fixes, with one command for those it can fetch."""
    if not result.missing:
        return []
    fetches: dict[str, list[str]] = {}
    for series in result.missing:
        command, _, ref = series.command.rpartition(" ")
        fetches.setdefault(command, []).append(ref)
    said = _wrapped("not in this repository: " + ", ".join(series.version for series in result.missing), "", "  ")
    return ["\n".join([*said, *(f"  {command} {' '.join(refs)}" for command, refs in fetches.items())])]


def _label(one: BranchResult) -> str:
    return one.branch[:12] if re.fullmatch(r"[0-9a-f]{40}", one.branch) else one.branch


def _deeds_text(done: WorkDone) -> list[str]:
    blocks = []
    if done.written:
        blocks.append("\n".join(line for backport in done.written for line in _files(backport)))
    if done.resolving:
        one = done.resolving
        head = f"{one.branch}: resolved" if one.state == "done" else f"{one.branch}: resolve the conflicts in {one.folder}"
        blocks.append("\n".join([head, *(f"  {line}" for line in one.advice), *(str(file) for file in one.files)]))
    for built in done.built:
        word = "builds" if built.code == 0 else f"does not build (exit {built.code})" if built.code > 0 else "not built"
        tail = "" if built.code == 0 else "\n" + "\n".join(f"  {line}" for line in built.tail.split("\n"))
        blocks.append(f"{built.branch}: {word}{tail}")
    if done.request:
        blocks.append(done.request.rstrip("\n"))
    return blocks


def _name(result: BackportResult) -> str:
    return f'{result.commit[:12]} ("{result.subject}")' if result.commit else result.subject


def _wrapped(text: str, first: str, other: str, width: int = _COLUMNS) -> list[str]:
    """A sentence in lines of at most `width`; a word that is longer stays whole."""
    flat = " ".join(text.split())
    found = textwrap.wrap(flat, width, initial_indent=first, subsequent_indent=other, break_long_words=False, break_on_hyphens=False)
    return found or [first.rstrip()]


def _details(one: BranchResult, *, upstream: bool) -> list[str]:
    """The details below a branch's line; code and commands are never wrapped."""
    lines: list[str] = []

    def say(text: str, indent: str = "") -> None:
        lines.extend(_wrapped(text, indent, indent + "  ", _COLUMNS - 6))

    if one.queued:
        say("queued for the next release")
    if one.wants_fix:
        for place in one.conflicts[:_PLACES]:
            kind = f" ({place.kind})" if place.kind != "content" or not place.line else ""
            lines.append(f"conflict: {place.path}" + (f":{place.line}" if place.line else "") + kind)
            lines += [f"  - {line}" for line in _short(place.ours)] + [f"  + {line}" for line in _short(place.theirs)]
        if len(one.conflicts) > _PLACES:
            say(f"and {counted(len(one.conflicts) - _PLACES, 'more conflict')}")
        for cause in one.causes:
            say(f'caused by {cause.commit[:12]} ("{cause.subject}"): {cause.why}')
        _say_needs(one, say)
        for hint in one.hints:
            say(f"help: {hint}")
        # where no tree can take the fix yet, this is printed once, above
        if one.lacking_newer and upstream:
            say(f"needed in newer trees first: {', '.join(one.lacking_newer)}")
    for follower in one.followers:
        say(f'also needed: {follower.commit[:12]} ("{follower.subject}"), a {follower.kind} of it')
    if one.stale and one.ends and one.wants_fix:
        say("the local copy of the branch is outdated: fetch it again")
    return lines


def _say_needs(one: BranchResult, say: Callable[..., None]) -> None:
    if one.prerequisites:
        say("prerequisites" + (" (only their changes to the files of the fix)" if one.partial else "") + ":")
        for need in one.prerequisites:
            say(f'{need.commit[:12]} ("{need.subject}"), {need.size} lines' + (", itself a fix" if need.is_fix else ""), "  ")
        total = sum(need.size for need in one.prerequisites)
        if total > _MUCH:
            say(f"{total} lines in total: adapting the fix may be smaller")
        if one.whole:
            lines_in_all = sum(need.size for need in one.whole)
            say(f"as whole commits: {len(one.whole)}, with {lines_in_all} lines (--write writes both variants):")
            for need in one.whole:
                say(f'{need.commit[:12]} ("{need.subject}"), {need.size} lines', "  ")
    elif one.search == "gave-up":
        say("no prerequisites found within the time limit (see --effort)")
    elif one.search == "none":
        say("no missing commit makes it apply: adapt the fix manually")


def _short(side: Sequence[str]) -> list[str]:
    return [*side[:_SIDE], "…"] if len(side) > _SIDE else list(side)


def _files(one: WrittenBackport) -> list[str]:
    if not one.files:
        return [f"{one.branch}: nothing written: {one.skipped}"]
    answers = [f"{one.branch}: in reply to {one.answers}"] if one.answers else []
    return [*answers, *(str(file) for file in one.files)]


def as_markdown(results: Sequence[BackportResult], done: WorkDone = _NOTHING) -> str:
    """The matrix as a table for a cover letter or an issue."""
    blocks = []
    for result in results:
        lines = [f"**{_cell(_name(result))}**", "", "| branch | verdict | why | prerequisites |", "|---|---|---|---|"]
        for branch in result.branches:
            needs = "<br>".join(_cell(f'{need.commit[:12]} ("{need.subject}")') for need in branch.prerequisites)
            needs += "<br>(only their changes to the files of the fix)" if branch.partial and needs else ""
            also = "".join(f"<br>also needed: {_cell(follower.commit[:12])}" for follower in branch.followers)
            lines.append(f"| {_cell(branch.branch)} | {branch.verdict.value} | {_cell(branch.reason)}{also} | {needs} |")
        blocks.append("\n".join(lines))
    blocks += ["\n".join(f"    {line}" for line in block.split("\n")) for block in _deeds_text(done)]
    return printable("\n\n".join(blocks) + "\n")


def _cell(text: str) -> str:
    for mark in "\\|`*_[]":
        text = text.replace(mark, "\\" + mark)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
