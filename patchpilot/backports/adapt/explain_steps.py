# SPDX-License-Identifier: GPL-2.0-or-later
"""Describe how a conflict was resolved, so that a stable maintainer can verify it."""

from collections.abc import Iterable, Sequence

from patchpilot.backports.adapt.absent_names import find_code_names, find_foreign_names
from patchpilot.backports.adapt.adapted_file import AdaptedFile
from patchpilot.backports.adapt.alignment import align_items, find_unpaired_ranges
from patchpilot.backports.adapt.three_way import CarriedChange, CarryMethod, is_comment_line
from patchpilot.backports.adapt.tokens import normalize_line
from patchpilot.backports.adapted_fix import AdaptedStep
from patchpilot.backports.conflict_reasons import CHANGED_LINES, OWN_LINES, Cause
from patchpilot.model.printable import format_count

CHECK_IT = "check it"
_WITHOUT = "check that the fix works without it"
_DIFFERS = "differs from mainline's"
_MOST_NAMES = 4
_IN_LINE = f"made the change in the branch's line, which {_DIFFERS}"
_WORDS = {
    CarryMethod.ALREADY: "the branch already contains this change",
    CarryMethod.TOKENS: _IN_LINE,
    CarryMethod.EDGE: "made the change next to neighboring lines that differ",
    CarryMethod.REMOVED: "removed the branch's lines, which differ from mainline's",
    CarryMethod.ABSENT: "omitted: the branch does not have this code",
    CarryMethod.BESIDE: "kept the branch's other lines here",
    CarryMethod.OVER: "replaced other lines of the branch",
    CarryMethod.PIECE: _IN_LINE,
    CarryMethod.NO_FILE: "omitted: the branch does not have this file",
    CarryMethod.LEFT_OUT: "omitted: the branch has other entries, or not this list of changes",
    CarryMethod.LISTED: "the branch has other entries at the same place; added the fix's entries",
}
_ADVICE = {
    CarryMethod.TOKENS: "check the changed line",
    CarryMethod.EDGE: "check the position of the change",
    CarryMethod.REMOVED: "check that none is needed",
    CarryMethod.ABSENT: _WITHOUT,
    CarryMethod.BESIDE: "check the order",
    CarryMethod.OVER: "check what they did",
    CarryMethod.PIECE: "check the whole line",
    CarryMethod.NO_FILE: _WITHOUT,
}


def describe_step(path: str, carried: CarriedChange) -> AdaptedStep:
    """Describe how one change was adapted, with its file and line."""
    how = carried.how
    if carried.is_beside and _WORDS[how] == _IN_LINE:
        how = CarryMethod.EDGE
    words = _WORDS[how].replace(_DIFFERS, _name_difference(carried))
    line = carried.line + 1 if carried.line else 0
    if _WORDS[how] == _IN_LINE and len(carried.ours) != len(carried.base):
        own, other = format_count(len(carried.ours), "line"), len(carried.base)
        advice = f"check every line here: the branch has {own} instead of mainline's {other}"
        return AdaptedStep(f"{path}: {words}", advice, line, has_other_form=True)
    return AdaptedStep(f"{path}: {words}", _ADVICE.get(how, ""), line)


def _name_difference(carried: CarriedChange) -> str:
    """Return how the branch's lines differ, by a few names if possible."""
    ours, base = find_code_names(carried.ours), find_code_names(carried.base)
    own, other = (", ".join(sorted(names)) for names in (ours - base, base - ours))
    if not 0 < len(ours ^ base) <= _MOST_NAMES:
        return _DIFFERS
    if own and other:
        return f"has {own} instead of {other}"
    return f"also has {own}" if own else f"lacks {other}"


def describe_context_step(path: str, file: AdaptedFile) -> AdaptedStep:
    """Describe the step for a file in which only git found a conflict, by the lines that differ
    around the fix's changes.
    """
    lines = _find_differing_context(file.ours or (), file.base, file.theirs)
    if not lines:
        return AdaptedStep(f"{path}: the lines around the change differ in white space only")
    words = "a comment" if all(map(is_comment_line, lines)) else "another line"
    return AdaptedStep(f"{path}: {words} next to the change differs in the branch")


def describe_foreign_names(path: str, file: AdaptedFile) -> list[AdaptedStep]:
    """Describe the names that an adapted function took over from mainline's function, and that the
    branch's function does not use.
    """
    names = find_foreign_names(file.ours or (), file.base, file.made)
    return [
        AdaptedStep(
            f"{path}: the branch's {function}() does not use {', '.join(sorted(foreign))}",
            CHECK_IT,
        )
        for function, foreign in names.items()
    ]


_NEAR = 3
"""Lines of context that git compares."""


def _find_differing_context(
    ours: Sequence[str], base: Sequence[str], theirs: Sequence[str]
) -> list[str]:
    """Return the lines near the fix's changes that only the branch or only the base has."""
    branch, old, new = ([normalize_line(line) for line in side] for side in (ours, base, theirs))
    changes = [span for span, _ in find_unpaired_ranges(align_items(old, new), len(old), len(new))]
    lines: list[str] = []
    for span, own in find_unpaired_ranges(align_items(old, branch), len(old), len(branch)):
        if any(span[0] <= high + _NEAR and low - _NEAR <= span[1] for low, high in changes):
            lines += (*base[slice(*span)], *ours[slice(*own)])
    return [line for line in lines if line.strip()]


def add_causes(steps: Iterable[AdaptedStep], causes: Sequence[Cause]) -> tuple[AdaptedStep, ...]:
    """Append to each step the commit that changed the lines of its file, if there is exactly one
    such commit.
    """
    line_causes = [cause for cause in causes if cause.why in (CHANGED_LINES, OWN_LINES)]
    return tuple(
        _add_cause(step, [cause for cause in line_causes if step.text.startswith(f"{cause.path}:")])
        for step in steps
    )


def _add_cause(step: AdaptedStep, causes: Sequence[Cause]) -> AdaptedStep:
    if len(causes) != 1:
        return step
    (cause,) = causes
    relation = "the branch lacks" if cause.why == CHANGED_LINES else "since"
    return step._replace(text=f'{step.text} ({relation} {cause.commit[:12]} "{cause.subject}")')
