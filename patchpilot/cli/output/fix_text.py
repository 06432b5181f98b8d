# SPDX-License-Identifier: GPL-2.0-or-later
"""Format applied fixes as text and as a colored diff."""

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher
from itertools import count, takewhile

from patchpilot.checking.apply_fixes import FixResult
from patchpilot.checking.fixed_patch import FixedPatch
from patchpilot.cli.output.findings_text import format_location
from patchpilot.model.printable import format_count, make_one_line, make_printable

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


def format_fixed_findings(result: FixResult, *, colored: bool = False) -> str:
    """Return a line per fixed finding, and a line per patch that could not be fixed."""
    lines = []
    for patch in result.patches:
        for finding in patch.fixed:
            location = format_location(finding, patch.patch)
            label = f"{GREEN}fixed{PLAIN}" if colored else "fixed"
            lines.append(f"{location}: {label}: {make_one_line(finding.message)} [{finding.name}]")
        if patch.refused:
            lines.append(_remaining_findings(patch))
    return "\n".join(lines)


def _remaining_findings(fixed_patch: FixedPatch) -> str:
    return (
        f"{make_one_line(fixed_patch.patch.source)}:"
        f" {'' if fixed_patch.texts else 'not changed: '}{fixed_patch.refused}"
    )


def format_fix_summary(result: FixResult) -> str:
    """Summarize the fixes, and explain how to undo them."""
    remaining, is_written = len(result.remaining.all), result.is_written
    text = (
        f"{format_count(result.fixed, 'finding')} {'fixed' if is_written else 'would be fixed'},"
        f" {remaining} {_remain_verb(remaining, is_written)}"
    )
    if not is_written:
        text += "".join(
            f"\n{_remaining_findings(patch)}" for patch in result.patches if patch.refused
        )
        return text
    text += "".join(f"\n{make_one_line(cost)}" for cost in result.costs)
    if result.undo:
        text += (
            f"\n{make_one_line(result.written[0])} is rewritten (undo: patchpilot undo restore"
            f" {result.undo.number})"
        )
    return text


def _remain_verb(count: int, is_written: bool) -> str:
    if is_written:
        return "remains" if count == 1 else "remain"
    return "would remain"


def color_diff(lines: Sequence[str], *, colored: bool) -> str:
    """Color a diff for a terminal.

    In prose, changed words are bold.
    """
    if not colored:
        return "\n".join(map(make_printable, lines))
    colored_lines: list[str] = []
    index = 0
    while index < len(lines):
        old = _find_prose_run(lines, index, "-")
        new = _find_prose_run(lines, index + len(old), "+")
        if old and new:
            colored_lines += _color_word_diff(old, new)
            index += len(old) + len(new)
            continue
        color = next((code for prefix, code in _COLORS if lines[index].startswith(prefix)), "")
        colored_lines.append(
            f"{color}{make_printable(lines[index])}{PLAIN}"
            if color
            else make_printable(lines[index])
        )
        index += 1
    return "\n".join(colored_lines)


def _find_prose_run(lines: Sequence[str], start: int, prefix: str) -> list[str]:
    """Return the consecutive prose lines with this sign, starting at index `start`.

    In the diff of a message, a line of the patch starts with two signs, so it is not prose.
    """
    next_lines = (lines[index] for index in range(start, len(lines)))
    return list(
        takewhile(
            lambda line: line[:1] == prefix and line[1:2] not in ("+", "-", "@", " ", "\t"),
            next_lines,
        )
    )


def _color_word_diff(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Color the removed and added lines.

    Words that only one side contains are bold, even if the lines are wrapped differently.
    """
    before, after = ([word for line in lines for word in line[1:].split()] for lines in (old, new))
    changes = [
        opcode
        for opcode in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if opcode[0] != "equal"
    ]
    changed_indexes = (
        {index for _, start, end, _, _ in changes for index in range(start, end)},
        {index for _, _, _, start, end in changes for index in range(start, end)},
    )
    return [
        line
        for lines, bold_indexes, color in zip(
            (old, new), changed_indexes, (RED, GREEN), strict=True
        )
        for line in _bold_words(lines, bold_indexes, color)
    ]


def _bold_words(lines: Sequence[str], bold: AbstractSet[int], color: str) -> Iterator[str]:
    """Yield the lines in a color.

    `bold` contains the positions of bold words, counted over all lines.
    """
    positions = count()
    for line in lines:
        parts = (
            (
                f"{BOLD}{make_printable(part)}{PLAIN}{color}"
                if part.strip() and next(positions) in bold
                else make_printable(part)
            )
            for part in _WORDS.split(line[1:])
        )
        yield f"{color}{line[0]}{''.join(parts)}{PLAIN}"
