# SPDX-License-Identifier: GPL-2.0-or-later
"""Add and correct tags in a commit message, and compute the word diff of the change."""

import difflib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.model.trailer import (
    add_trailers,
    explain_refused_trailers,
    explain_unfit_trailer,
    find_trailer_block,
    parse_trailers,
)

_PIECES = re.compile(r"\s+|[^\s]+")


class MessageEdits(NamedTuple):
    """The changes to make to a message.

    They are trailers to add as (name, value) pairs, co-developers to add, and lines to replace, or
    to remove if the new text is "".
    """

    trailers: tuple[tuple[str, str], ...] = ()
    developers: tuple[str, ...] = ()
    mended: Mapping[int, str] | None = None

    @property
    def refused(self) -> tuple[str, ...]:
        """Return an error message for each trailer that is not allowed in a commit message."""
        developers = [("Co-developed-by", developer) for developer in self.developers]
        replaced = [
            (name, value)
            for name, _, value in (line.partition(": ") for line in (self.mended or {}).values())
            if name
        ]
        return explain_refused_trailers((*self.trailers, *developers, *replaced))


def apply_message_edits(message: str, request: MessageEdits) -> str:
    """Apply the requested changes to a message, except the ones in `refused`.

    The rest of the message, including unknown trailers, is unchanged.
    """
    lines = message.rstrip("\n").split("\n")
    # remove lines from the end, so that the other indexes remain valid
    for index, text in sorted((request.mended or {}).items(), reverse=True):
        if not explain_unfit_trailer(text):
            lines[index : index + 1] = [text] if text else []
    text = "\n".join(lines).rstrip("\n") + "\n"
    text = add_trailers(text, request.trailers) if request.trailers else text
    for developer in request.developers:
        text = text if explain_unfit_trailer(developer) else _add_developer(text, developer)
    return text


def _add_developer(message: str, developer: str) -> str:
    """Add Co-developed-by and Signed-off-by above the last sign-off (the submitter's)."""
    lines = message.rstrip("\n").split("\n")
    new_lines = [f"Co-developed-by: {developer}", f"Signed-off-by: {developer}"]
    if any(line.lower() == new_lines[0].lower() for line in lines):
        return message
    trailers = parse_trailers(lines)
    signoffs = [trailer.line for trailer in trailers if trailer.key == "signed-off-by"]
    others = [line for line in signoffs if lines[line].lower() != new_lines[1].lower()]
    if signoffs and not others:
        lines.insert(signoffs[0], new_lines[0])
        return "\n".join(lines) + "\n"
    if others:
        lines[others[-1] : others[-1]] = new_lines
    else:
        block = find_trailer_block(lines)
        if len(block):
            lines[block.stop : block.stop] = new_lines
        else:
            lines += ["", *new_lines]
    return "\n".join(lines) + "\n"


def compute_word_diff(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Compute the word diff of two messages as (sign, text) pieces.

    The signs are " " (unchanged), "-" (removed) and "+" (added). Each unchanged line is one piece.
    """
    before, after = old.rstrip("\n").split("\n"), new.rstrip("\n").split("\n")
    pieces: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            pieces += [(" ", f"{line}\n") for line in before[a:b]]
        elif kind == "replace" and b - a == d - c:
            for old_line, new_line in zip(before[a:b], after[c:d], strict=True):
                pieces += [*_diff_words(old_line, new_line), (" ", "\n")]
        else:
            pieces += [("-", f"{line}\n") for line in before[a:b]]
            pieces += [("+", f"{line}\n") for line in after[c:d]]
    return tuple(pieces)


def _diff_words(old: str, new: str) -> list[tuple[str, str]]:
    before, after = _PIECES.findall(old), _PIECES.findall(new)
    pieces: list[tuple[str, str]] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(
        None, before, after, autojunk=False
    ).get_opcodes():
        if kind == "equal":
            pieces.append((" ", "".join(before[a:b])))
            continue
        for sign, text in (("-", "".join(before[a:b])), ("+", "".join(after[c:d]))):
            if text:
                pieces.append((sign, text))
    return pieces


def format_word_diff(pieces: Sequence[tuple[str, str]]) -> str:
    """Format a word diff as plain text in git's style, with `[-removed-]` and `{+added+}`."""
    marks = {" ": ("", ""), "-": ("[-", "-]"), "+": ("{+", "+}")}
    result = []
    for sign, text in pieces:
        before, after = marks[sign]
        body, newline = (text[:-1], "\n") if sign != " " and text.endswith("\n") else (text, "")
        result.append(f"{before}{body}{after}{newline}")
    return "".join(result)
