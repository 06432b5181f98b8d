# SPDX-License-Identifier: GPL-2.0-or-later
"""What was fixed: as text, as a diff in colors, and as JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

from patchpilot.model.counted import counted
from patchpilot.model.finding import Finding
from patchpilot.model.printable import one_line, printable
from patchpilot.services.check.apply_fixes import FixedPatch, FixResult

BOLD, DIM, GREEN, RED, CYAN, PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[31m", "\x1b[36m", "\x1b[0m"
_COLORS = (("+++ ", BOLD), ("--- ", BOLD), ("@@", CYAN), ("+", GREEN), ("-", RED))


def fixed(result: FixResult, *, colored: bool = False) -> str:
    """One line per fixed finding, and one per patch in which nothing could be fixed."""
    lines = []
    for patch in result.patches:
        for finding in patch.fixed:
            place = one_line(f"{patch.patch.source}:{finding.patch_line}" if finding.patch_line else patch.patch.source)
            word = f"{GREEN}fixed{PLAIN}" if colored else "fixed"
            lines.append(f"{place}: {word}: {one_line(finding.message)} [{finding.name}]")
        if patch.refused:
            lines.append(_left(patch))
    return "\n".join(lines)


def _left(fixed_patch: FixedPatch) -> str:
    return f"{one_line(fixed_patch.patch.source)}: {'' if fixed_patch.texts else 'not changed: '}{fixed_patch.refused}"


def summary(result: FixResult, *, written: bool) -> str:
    """The summary, and how to undo it."""
    left = len(result.remaining.all)
    text = f"{counted(result.fixed, 'finding')} {'fixed' if written else 'would be fixed'}, {left} {_remain(left, written)}"
    if not written:
        text += "".join(f"\n{_left(patch)}" for patch in result.patches if patch.refused)
        return text
    text += "".join(f"\n{one_line(cost)}" for cost in result.costs)
    if result.undo:
        text += f"\n{one_line(result.written[0])} is rewritten (undo: patchpilot undo restore {result.undo.number})"
    return text


def _remain(left: int, written: bool) -> str:
    if written:
        return "remains" if left == 1 else "remain"
    return "would remain"


def painted(lines: Sequence[str], *, colored: bool) -> str:
    """A diff for a terminal."""
    shown = []
    for line in lines:
        color = next((code for mark, code in _COLORS if line.startswith(mark)), "") if colored else ""
        text = printable(line)
        shown.append(f"{color}{text}{PLAIN}" if color else text)
    return "\n".join(shown)


def bodies(result: FixResult, *, written: bool) -> Mapping[str, Any]:
    """The keys that a check's JSON gets: `fix` for the run, and for each patch what was fixed, or why not."""
    return {
        "fix": {
            "mode": "fix" if written else "diff",
            "fixed": result.fixed,
            "remaining": len(result.remaining.all),
            "written": list(result.written),
            "undo": result.undo.number if result.undo else None,
            "costs": list(result.costs),
        },
        "patches": [
            {
                "fixed": [_body(finding) for finding in patch.fixed],
                **({"new_commit": result.ids.get(patch.patch.commit)} if written and patch.patch.commit else {}),
                **({"left_alone": patch.refused} if patch.refused else {}),
                **({} if written else {"diff": "".join(f"{line}\n" for line in patch.diff)}),
            }
            for patch in result.patches
        ],
    }


def _body(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "name": finding.name, "patch_line": finding.patch_line, "message": finding.message}
