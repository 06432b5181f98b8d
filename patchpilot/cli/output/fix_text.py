# SPDX-License-Identifier: GPL-2.0-or-later
"""Format applied fixes as text and as a colored diff."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import count, takewhile

from patchpilot.checking.fixed_patch import FixedPatch
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.printable import counted, one_line, printable
from patchpilot.services.check.apply_fixes import FixResult

BOLD, DIM, GREEN, RED, CYAN, PLAIN = (
    "\x1b[1m",
    "\x1b[2m",
    "\x1b[32m",
    "\x1b[31m",
    "\x1b[36m",
    "\x1b[0m",
)
_COLORS = (("+++ ", BOLD), ("--- ", BOLD), ("@@", CYAN), ("+", GREEN), ("-", RED))
_WORDS = re.compile(r"(\s+)")


def fixed_text(result: FixResult, *, colored: bool = False) -> str:
    """Return one line per fixed finding, and one per patch that could not be fixed."""
    lines = []
    for patch in result.patches:
        for finding in patch.fixed:
            location = format_location(finding, patch.patch)
            word = f"{GREEN}fixed{PLAIN}" if colored else "fixed"
            lines.append(
                f"{location}: {word}: {one_line(finding.message)} [{finding.name}]"
            )
        if patch.refused:
            lines.append(_remaining_findings(patch))
    return "\n".join(lines)


def _remaining_findings(fixed_patch: FixedPatch) -> str:
    return (
        f"{one_line(fixed_patch.patch.source)}:"
        f" {'' if fixed_patch.texts else 'not changed: '}{fixed_patch.refused}"
    )


def summary(result: FixResult) -> str:
    """Summarize the fixes, and how to undo them."""
    left, written = len(result.remaining.all), result.is_written
    text = (
        f"{counted(result.fixed, 'finding')} {'fixed' if written else 'would be fixed'}, {left}"
        f" {_remain(left, written)}"
    )
    if not written:
        text += "".join(
            f"\n{_remaining_findings(patch)}"
            for patch in result.patches
            if patch.refused
        )
        return text
    text += "".join(f"\n{one_line(cost)}" for cost in result.costs)
    if result.undo:
        text += (
            f"\n{one_line(result.written[0])} is rewritten (undo: patchpilot undo restore"
            f" {result.undo.number})"
        )
    return text


def _remain(left: int, written: bool) -> str:
    if written:
        return "remains" if left == 1 else "remain"
    return "would remain"


def color_diff(lines: Sequence[str], *, colored: bool) -> str:
    """Format a diff for a terminal, with changed words of prose in bold."""
    if not colored:
        return "\n".join(map(printable, lines))
    shown: list[str] = []
    at = 0
    while at < len(lines):
        old = _prose_run(lines, at, "-")
        new = _prose_run(lines, at + len(old), "+")
        if old and new:
            shown += _color_word_diff(old, new)
            at += len(old) + len(new)
            continue
        color = next((code for mark, code in _COLORS if lines[at].startswith(mark)), "")
        shown.append(
            f"{color}{printable(lines[at])}{PLAIN}" if color else printable(lines[at])
        )
        at += 1
    return "\n".join(shown)


def _prose_run(lines: Sequence[str], start: int, sign: str) -> list[str]:
    """Return the prose lines from `start` on with this sign (two characters for patch lines in a
    message's diff).
    """
    below = (lines[at] for at in range(start, len(lines)))
    return list(
        takewhile(
            lambda line: (
                line[:1] == sign and line[1:2] not in ("+", "-", "@", " ", "\t")
            ),
            below,
        )
    )


def _color_word_diff(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Color removed and added lines.

    Words found on only one side are bold, even if lines are wrapped differently.
    """
    before, after = (
        [word for line in side for word in line[1:].split()] for side in (old, new)
    )
    changes = [
        opcode
        for opcode in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if opcode[0] != "equal"
    ]
    changed = (
        {at for _, low, high, _, _ in changes for at in range(low, high)},
        {at for _, _, _, low, high in changes for at in range(low, high)},
    )
    return [
        line
        for side, marked, color in zip((old, new), changed, (RED, GREEN), strict=True)
        for line in _bold_words(side, marked, color)
    ]


def _bold_words(
    lines: Sequence[str], bold: AbstractSet[int], color: str
) -> Iterator[str]:
    """Yield lines in a color; `bold` contains word positions, counted over all lines."""
    number = count()
    for line in lines:
        parts = (
            (
                f"{BOLD}{printable(part)}{PLAIN}{color}"
                if part.strip() and next(number) in bold
                else printable(part)
            )
            for part in _WORDS.split(line[1:])
        )
        yield f"{color}{line[0]}{''.join(parts)}{PLAIN}"
