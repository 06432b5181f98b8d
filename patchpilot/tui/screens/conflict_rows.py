# SPDX-License-Identifier: GPL-2.0-or-later
"""The rows of the conflict panel.

They show the conflicts with their proposals and the changes of a proposal. Also makes the text
for the editor.
"""

from collections.abc import Sequence
from difflib import unified_diff
from itertools import islice
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.hunk_fit import text_lines
from patchpilot.tui.view.glyphs import glyph
from patchpilot.tui.view.rich_text import QUIET, STRONG, fitted, lines, plain, wrapped
from patchpilot.tui.view.stages import NEEDS_YOU

if TYPE_CHECKING:
    from patchpilot.services.backport.choose_conflicts import (
        Built,
        OpenConflict,
        Proposal,
    )

LABEL = 15
"""Columns of what a proposal is, before its reason."""
_CONTEXT = 3
_CUT = "# ------------------------ >8 ------------------------"
LABELS = {
    "adapted": "adapted",
    "prerequisite": "prerequisite",
    "dropped": "drop change",
    "fix": "fix",
    "branch": "branch",
    "edited": "edited",
}


def conflict_row(
    open_: "OpenConflict", number: int, count: int, chosen: "Proposal | None"
) -> Text:
    """Return the heading of a conflict: its place, its number, and whether a proposal is chosen."""
    state = (
        ("done", "chosen", "green") if chosen else ("todo", "nothing chosen", NEEDS_YOU)
    )
    return Text.assemble(
        (f"{glyph(state[0])} ", state[2]),
        plain(open_.conflict.place, STRONG),
        plain(f"  {number}/{count}  {state[1]}", QUIET),
    )


def proposal_row(proposal: "Proposal", columns: int, *, is_chosen: bool) -> Text:
    """Return the row of a proposal: whether it is chosen, its source, confidence and reason.

    The reason is wrapped into as many rows as necessary.
    """
    confidence = (
        f" {proposal.confidence:.2f}"
        if proposal.confidence is not None and proposal.source == "adapted"
        else ""
    )
    head = fitted(f"{LABELS[str(proposal.source)]}{confidence}", LABEL)
    tick = f"[{glyph('ticked')}]" if is_chosen else "[ ]"
    first, *rest = wrapped(proposal.why, columns - LABEL - 6)
    indent = " " * (LABEL + 5)
    return lines(
        [
            Text.assemble(plain(f"{tick} "), plain(head, STRONG), plain(f" {first}")),
            *(plain(f"{indent}{row}") for row in rest),
        ]
    )


def result_rows(open_: "OpenConflict", proposal: "Proposal") -> list[str]:
    """Return the changes of a proposal to the branch's lines, as a diff."""
    conflict = open_.conflict
    path = proposal.path or conflict.path
    old, new = (
        open_.files.get(proposal.path) if proposal.path else conflict.ours,
        proposal.lines,
    )
    if old == new:
        return [
            "no change: the branch's own lines are kept"
            if old is not None
            else "no change: the file is not added to the branch"
        ]
    names = (
        "/dev/null" if old is None else f"a/{path}",
        "/dev/null" if new is None else f"b/{path}",
    )
    # of a conflict inside a file the place is known, and its lines are few
    is_part = bool(conflict.line) and not proposal.path
    context = max(len(old or ()), len(new or ())) if is_part else _CONTEXT
    rows = [
        line.rstrip("\n")
        for line in islice(
            unified_diff(old or (), new or (), *names, n=context), 2, None
        )
    ]
    if is_part:
        rows[0] = (
            f"@@ -{conflict.line},{len(old or ())} +{conflict.line},{len(new or ())} @@"
        )
    return [
        f"diff --git a/{path} b/{path}",
        f"--- {names[0]}",
        f"+++ {names[1]}",
        *rows,
    ]


def text_to_edit(open_: "OpenConflict", proposal: "Proposal") -> str:
    """Return the lines of a proposal as a text for the editor.

    Below a scissors line, the text lists the versions of the conflict.
    """
    conflict = open_.conflict
    versions = (
        ("branch", conflict.ours),
        ("base", conflict.base),
        ("fix", conflict.theirs),
    )
    below = [
        f"# {name} of {conflict.place}:\n{''.join(side or ())}"
        for name, side in versions
    ]
    return "".join(
        [
            *(proposal.lines or ()),
            f"{_CUT}\n# Everything below this line is ignored.\n",
            *below,
        ]
    )


def lines_of(text: str) -> tuple[str, ...]:
    """Return the edited lines above the scissors line."""
    kept = text.partition(_CUT)[0]
    return tuple(
        text_lines(
            (kept if kept.endswith("\n") or not kept else f"{kept}\n").encode("utf-8")
        )
    )


def is_same(one: "Proposal", other: "Proposal | None") -> bool:
    """Whether two proposals have the same lines in the same file."""
    return other is not None and (one.path, one.lines) == (other.path, other.lines)


def is_utf8(text: str) -> bool:
    """Whether a text can be edited without loss: it must be valid UTF-8."""
    return not any("\ud800" <= char <= "\udfff" for char in text)


def built_words(built: "Built") -> str:
    """Return the result of compiling the changed files, as text."""
    if built.code < 0:
        return built.tail
    if built.code:
        return f"The changed files do not compile:\n{built.tail}"
    warnings = [f"- {warning}" for warning in built.warnings]
    return "\n".join(
        ["The changed files compile, with these new warnings:", *warnings]
        if warnings
        else ["The changed files compile, without new warnings."]
    )


def before_writing(branch: str, steps: Sequence[str], doubts: Sequence[str]) -> str:
    """Return what the patch's message will contain, and what to review before sending it."""
    said = [f"- {step}" for step in steps]
    look = (
        [
            "",
            "Review this before you send the patch:",
            *(f"- {doubt}" for doubt in doubts),
        ]
        if doubts
        else []
    )
    return "\n".join(
        [f"The message of the patch for {branch} will contain:", "", *said, *look]
    )
