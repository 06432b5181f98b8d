# SPDX-License-Identifier: GPL-2.0-or-later
"""A full-screen page about one branch, with its conflicts."""

from difflib import unified_diff
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.tui.screens.branch_rows import FIRST, LABEL, detail_rows
from patchpilot.tui.screens.branch_texts import BranchTexts
from patchpilot.tui.view.rich_text import HUNK, QUIET, plain

if TYPE_CHECKING:
    from patchpilot.services.backport.backport_result import BranchResult

_SIGNS = {"-": "red", "+": "green", "@": HUNK}


def conflict_rows(branch: "BranchResult") -> list[str]:
    """Return the conflicts of a branch as a diff from its lines to those of the fix."""
    rows: list[str] = []
    for place in branch.conflicts:
        rows.append(f"@@ {place.path}:{place.line} ({place.kind}) @@")
        lines = len(place.ours) + len(place.theirs)
        rows += list(unified_diff(place.ours, place.theirs, n=lines, lineterm=""))[3:]
    return rows


def page_rows(texts: BranchTexts, branch: "BranchResult", columns: int) -> list[str]:
    """Return the lines of a branch's page."""
    known, wide = texts.facts(branch), columns - LABEL
    first, more = (
        [fact for fact in known if (fact[0] in FIRST) is is_first]
        for is_first in (True, False)
    )
    rows = [row.plain for row in detail_rows(first, wide)]
    if branch.conflicts and branch.wants_fix:
        rows += ["", "From the branch (-) to the fix (+):", *conflict_rows(branch)]
    rows += ["", *(row.plain for row in detail_rows(more, wide))] if more else []
    commands = [f"  {command}" for command in texts.commands(branch)]
    rows += ["", "In a shell:", *commands] if commands else []
    return rows


def row_look(row: str) -> Text:
    """Return a line with its colors; a label has the first columns of a row for itself."""
    if row[:1].isalpha() and row[LABEL - 2 : LABEL].isspace():
        return Text.assemble((row[:LABEL], QUIET), row[LABEL:])
    return plain(row, _SIGNS.get(row[:1], ""))
