# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for declarations: their order, and initial values that are never read."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from patchpilot.lint.detector import Arguments, Hit, detector, make_hit
from patchpilot.lint.lint_context import Context
from patchpilot.lint.new_side import (
    NewHunk,
    NewLine,
    c_hunks,
    is_declaration,
)
from patchpilot.lint.subsystem_facts import file_subsystem


@detector("unsorted-declarations", spaced=bool)
def unsorted_declarations(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Report declarations of a new block that are not in reverse Christmas tree order.

    That is the order from the longest to the shortest line; subsystems that do not use it are
    skipped.
    """

    for hunk in c_hunks(context, (".c",)):
        subsystem = file_subsystem(context, hunk.change.path)
        wanted = subsystem.declarations if subsystem else ""
        if wanted == "any":
            continue
        for block in declaration_blocks(hunk):
            for above, below in pairwise(block):
                longer = len(below.text.expandtabs(8)) > len(above.text.expandtabs(8))
                if (
                    longer
                    and (below.added or above.added)
                    and not _depends(above, below)
                ):
                    at = below.patch_line if below.added else above.patch_line
                    required = subsystem if wanted == "longest-first" else None
                    yield (
                        make_hit(at, "required", subsystem=required.title)
                        if required
                        else Hit(at)
                    )
                    break


def declaration_blocks(hunk: NewHunk) -> Iterator[list[NewLine]]:
    """Yield the blocks of one-line declarations in a hunk.

    A block starts right after an opening brace, or at the start of a hunk inside a function.
    """
    lines = hunk.lines
    if "(" in (hunk.hunk.section or "") and (
        block := _following_declarations(lines, 0)
    ):
        yield block
    for at, line in enumerate(lines):
        if not re.search(r"\{\s*$", line.code) or re.search(
            r"=\s*\{|\b(?:struct|union|enum)\b[\w\s]*\{|\bswitch\b", line.code
        ):
            continue
        if block := _following_declarations(lines, at + 1):
            yield block


def _following_declarations(lines: Sequence[NewLine], start: int) -> list[NewLine]:
    """Return the one-line declarations from `start` on, or () if there are fewer than two."""
    block: list[NewLine] = []
    for line in lines[start:]:
        if not is_declaration(line.code) or line.code.strip().startswith("static "):
            break
        block.append(line)
    return block if len(block) >= 2 else []


def _depends(above: NewLine, below: NewLine) -> bool:
    """Return whether the second declaration uses the variable of the first."""
    found = re.search(r"(\w+)(?:\[[^\]]*\])*\s*(?:=.*)?;\s*$", above.code)
    return bool(
        found
        and "=" in below.code
        and re.search(rf"\b{found[1]}\b", below.code.partition("=")[2])
    )
