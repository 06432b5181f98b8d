# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the backport matrix as text, Markdown and JSON."""

import re
from collections.abc import Callable, Sequence

from patchpilot.cli.output.json_document import document
from patchpilot.cli.output.stream import wrap_labeled
from patchpilot.model.printable import counted, printable
from patchpilot.services.backport.backport_result import (
    BackportResult,
    BranchResult,
)
from patchpilot.services.backport.backport_work import ActionResults
from patchpilot.services.backport.build_objects import Built
from patchpilot.services.backport.write_backports import WrittenBackport, send_commands

_SIDE = 6
_PLACES = 5
_MUCH = 300
_COLUMNS = 80
_NOTHING = ActionResults()


def has_conflict(results: Sequence[BackportResult]) -> bool:
    """Return whether the fix conflicts on any branch."""
    return any(
        branch.verdict == "conflict" for result in results for branch in result.branches
    )


def has_affected(results: Sequence[BackportResult]) -> bool:
    """Return whether any branch still needs the fix."""
    return any(branch.wants_fix for result in results for branch in result.branches)


def wrote_nothing(results: Sequence[BackportResult], done: ActionResults) -> bool:
    """Return whether no patch was written although branches need the fix."""
    return (
        bool(done.written)
        and has_affected(results)
        and not any(backport.files for backport in done.written)
    )


def as_json(results: Sequence[BackportResult], done: ActionResults = _NOTHING) -> str:
    """Return the JSON document of a fix.

    For a series, it is the last fix's document, with all documents under `series`.
    """
    series = {"series": results} if len(results) > 1 else {}
    return document("backport", results[-1], done, **series)


def as_text(results: Sequence[BackportResult], done: ActionResults = _NOTHING) -> str:
    """Return the matrix as text, with one line per branch and details below it."""
    blocks = []
    for result in results:
        lines = _wrap(_name(result), "", "  ")
        newer = any(branch.lacking_newer for branch in result.branches)
        if result.asked:
            lines += _wrap(f"mainline commit for {result.asked[:12]}", "  ", "  ")
        if result.upstream is False:
            lines.append(
                "  not in mainline yet: stable trees accept it only after that"
                + (", newer trees first" if newer else "")
            )
        for rule in result.rules:
            lines += _wrap(f"note: {rule}", "  ", "    ")
        width = max((len(_label(branch)) for branch in result.branches), default=0)
        for branch in result.branches:
            ends = (
                f" ({'ended' if branch.is_over else 'EOL'} {branch.ends})"
                if branch.ends
                else ""
            )
            head = f"  {_label(branch):<{width}}  {branch.verdict.value:<13}  "
            lines += _wrap(
                f"{branch.reason}{ends}", head, " " * min(len(head), _COLUMNS // 2)
            )
            lines += [
                f"      {line}"
                for line in _details(branch, upstream=result.upstream is not False)
            ]
            # a branch is built with all its fixes, so show the build with the last
            if result is results[-1]:
                lines += [f"      {word}" for word in _build_words(branch, done)]
        if result.cc_stable:
            lines += [
                "add to the commit message:",
                *(f"    {line}" for line in result.cc_stable),
            ]
        blocks.append("\n".join(lines))
    blocks += _missing_series(results[-1])
    blocks += [*_work_text(done), *([str(done.next)] if done.next else [])]
    return printable("\n\n".join(blocks) + "\n")


def _missing_series(result: BackportResult) -> list[str]:
    """List the stable series missing from the repository, with a command that fetches those
    available.
    """
    if not result.missing:
        return []
    fetches: dict[str, list[str]] = {}
    for series in result.missing:
        command, _, ref = series.command.rpartition(" ")
        fetches.setdefault(command, []).append(ref)
    missing = _wrap(
        "not in this repository: "
        + ", ".join(series.version for series in result.missing),
        "",
        "  ",
    )
    return [
        "\n".join(
            [
                *missing,
                *(f"  {command} {' '.join(refs)}" for command, refs in fetches.items()),
            ]
        )
    ]


def _label(row: BranchResult) -> str:
    return row.branch[:12] if re.fullmatch(r"[0-9a-f]{40}", row.branch) else row.branch


def _work_text(done: ActionResults) -> list[str]:
    blocks = []
    if done.written:
        blocks.append(
            "\n".join(line for backport in done.written for line in _files(backport))
        )
        blocks += _send_commands(done.written)
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
        word = _build_word(built)
        below = built.warnings if built.code == 0 else built.tail.split("\n")
        blocks.append(
            "\n".join([f"{built.branch}: {word}", *(f"  {line}" for line in below)])
        )
    if done.request:
        blocks.append(done.request.rstrip("\n"))
    return blocks


def _build_words(branch: BranchResult, done: ActionResults) -> list[str]:
    """Return the outcome of a branch's build, or [] if no build was requested."""
    return [_build_word(built) for built in done.built if built.branch == branch.branch]


def _build_word(built: Built) -> str:
    """Describe the outcome of a build."""
    if built.code < 0:
        return "not built"
    if built.code:
        return f"does not build (exit {built.code})"
    if built.warnings:
        return f"builds with {counted(len(built.warnings), 'new warning')}"
    return "builds"


def _name(result: BackportResult) -> str:
    return (
        f'{result.commit[:12]} ("{result.subject}")'
        if result.commit
        else result.subject
    )


def _wrap(text: str, first: str, other: str, width: int = _COLUMNS) -> list[str]:
    """Wrap a sentence to `width` columns without breaking long words."""
    return list(wrap_labeled(first, text, width, len(other)))


def _details(row: BranchResult, *, upstream: bool) -> list[str]:
    """Return the details below a branch's line, without wrapping code and commands."""
    lines: list[str] = []

    def say(text: str, indent: str = "") -> None:
        lines.extend(_wrap(text, indent, indent + "  ", _COLUMNS - 6))

    if row.queued:
        say("queued for the next release")
    if row.wants_fix:
        lines += _conflicts(row)
        _explain_verdict(row, say)
        lines += row.adaptation.range_diff.splitlines() if row.adaptation else []
        _list_prerequisites(row, say)
        for hint in row.hints:
            say(f"help: {hint}")
        # if no tree can take the fix yet, this was printed once above
        if row.lacking_newer and upstream:
            say(f"needed in newer trees first: {', '.join(row.lacking_newer)}")
    for follower in row.followers:
        say(
            f'also needed: {follower.commit[:12]} ("{follower.subject}"), a {follower.kind} of it'
        )
    if row.stale and row.ends and row.wants_fix:
        say("the local copy of the branch is outdated: fetch it again")
    return lines


def _conflicts(row: BranchResult) -> list[str]:
    """Return both sides' conflicting lines."""
    lines: list[str] = []
    for conflict in row.conflicts[:_PLACES]:
        kind = (
            f" ({conflict.kind})"
            if conflict.kind != "content" or not conflict.line
            else ""
        )
        at = f"{conflict.path}:{conflict.line}" if conflict.line else conflict.path
        lines.append(f"conflict: {at}{kind}")
        lines += [f"  - {line}" for line in _crop_side(conflict.ours)]
        lines += [f"  + {line}" for line in _crop_side(conflict.theirs)]
    if len(row.conflicts) > _PLACES:
        lines.append(f"and {counted(len(row.conflicts) - _PLACES, 'more conflict')}")
    return lines


def _explain_verdict(row: BranchResult, say: Callable[..., None]) -> None:
    """Explain how the fix was adapted, and which commits caused its conflicts."""
    if row.adaptation:
        say(
            f"adapted ({row.adaptation.kind}, confidence {row.adaptation.confidence:.2f}):"
        )
        for step in row.adaptation.steps:
            say(step, "  ")
    for cause in row.causes:
        say(f'caused by {cause.commit[:12]} ("{cause.subject}"): {cause.why}')


def _list_prerequisites(branch: BranchResult, say: Callable[..., None]) -> None:
    if branch.prerequisites:
        say(
            "prerequisites"
            + (
                " (only their changes to the files of the fix)"
                if branch.partial
                else ""
            )
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
    elif branch.search == "gave-up":
        say("no prerequisites found within the time limit (see --effort)")
    elif branch.search == "none":
        say("no missing commit makes it apply: adapt the fix manually")


def _crop_side(side: Sequence[str]) -> list[str]:
    return [*side[:_SIDE], "…"] if len(side) > _SIDE else list(side)


def _files(backport: WrittenBackport) -> list[str]:
    if not backport.files:
        return [f"{backport.branch}: nothing written: {backport.skipped}"]
    answers = (
        [f"{backport.branch}: in reply to {backport.answers}"]
        if backport.answers
        else []
    )
    return [
        *answers,
        *(str(file) for file in backport.files),
        *([f"help: {backport.hint}"] if backport.hint else []),
    ]


def _send_commands(written: Sequence[WrittenBackport]) -> list[str]:
    """Return the commands that send the patches, if they are for a mailing list."""
    commands = send_commands(written)
    if not commands:
        return []
    order = ", the latest branch first" if len(commands) > 1 else ""
    lines = [f"read them, then send them{order}:"]
    lines += [f"  {command}" for command in commands]
    if not all(
        backport.is_signed or backport.hint for backport in written if backport.send
    ):
        lines.append("help: they lack your Signed-off-by; --signoff adds it")
    return ["\n".join(lines)]


def as_markdown(
    results: Sequence[BackportResult], done: ActionResults = _NOTHING
) -> str:
    """Return the matrix as a Markdown table for a cover letter or an issue."""
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
                _cell(f'{need.commit[:12]} ("{need.subject}")')
                for need in branch.prerequisites
            )
            needs += (
                "<br>(only their changes to the files of the fix)"
                if branch.partial and needs
                else ""
            )
            also = "".join(
                f"<br>also needed: {_cell(follower.commit[:12])}"
                for follower in branch.followers
            )
            if result is results[-1]:
                also += "".join(f"<br>{word}" for word in _build_words(branch, done))
            lines.append(
                f"| {_cell(branch.branch)} | {branch.verdict.value} | {_cell(branch.reason)}{also}"
                f" | {needs} |"
            )
        blocks.append("\n".join(lines))
    blocks += [
        "\n".join(f"    {line}" for line in block.split("\n"))
        for block in _work_text(done)
    ]
    return printable("\n\n".join(blocks) + "\n")


def _cell(text: str) -> str:
    for mark in "\\|`*_[]":
        text = text.replace(mark, "\\" + mark)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\n", " ")
