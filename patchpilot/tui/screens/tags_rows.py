# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the rows of the tags stage: the candidates, the choices below them, the existing tags, and
the evidence for a candidate.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from rich.text import Text

from patchpilot.model.printable import format_count
from patchpilot.tui.view.glyphs import STYLE_OF, glyph
from patchpilot.tui.view.rich_text import fit_text, plain_text, wrap_with_indent
from patchpilot.tui.view.session import JobRequest
from patchpilot.tui.view.stages import StageState, StageStatus
from patchpilot.tui.widgets.lists import Row

if TYPE_CHECKING:
    from patchpilot.tags.candidate_impact import CandidateImpact
    from patchpilot.tags.find_culprits import FixesResult
    from patchpilot.tags.rank_culprits import Candidate


def load_stage(request: JobRequest) -> "tuple[FixesResult, StageStatus]":
    from patchpilot.tags.fix_claims import UNCLAIMED, describe_untagged_fix
    from patchpilot.tags.topic_culprits import find_topic_culprits

    settings = request.session.read_settings(request.repository)
    result = find_topic_culprits(
        request.repository,
        settings,
        request.commit,
        request.topic.base,
        request.progress,
    )
    state, note = StageState.TODO, result.reason or "no candidates"
    if not result.is_fix:
        state = StageState.OFFERED if result.reason == UNCLAIMED else StageState.DONE
        note = f"{result.reason}; press Enter if it is a fix"
    elif result.has_problem:
        note = "invalid Fixes: tag; press w to fix its format"
    elif result.present:
        state = StageState.DONE
        note = format_count(len(result.present), "valid Fixes: tag")
    elif best := result.best_candidate:
        state, note = StageState.OFFERED, offer_note(result, [best])
    untagged = describe_untagged_fix(request.repository, request.topic.commits, request.commit)
    if untagged and state is StageState.DONE:
        state, note = StageState.OFFERED, f"{untagged}: < and > select the patch"
    return result, StageStatus(state, note)


def offer_note(result: "FixesResult", chosen: "Sequence[Candidate]") -> str:
    """Return the note that names the tags which `w` adds for the chosen candidates."""
    if len(chosen) != 1:
        tags = format_count(len(chosen), "Fixes: tag")
        return f"press w to add {tags}" if chosen else "select a commit to add its Fixes: tag"
    candidate = chosen[0]
    likely = "a guess" if result.explain_doubt(candidate) else "likely"
    confidence = f" ({likely}, {candidate.confidence:.0%})" if candidate.confidence < 1 else ""
    return f"press w to add Fixes: {candidate.commit[:12]}{confidence}"


OTHER, NOT_A_FIX, A_FIX = "other", "not-a-fix", "a-fix"
"""The choices below the candidates."""
CHOICES = {
    OTHER: "Another commit introduced it …",
    NOT_A_FIX: "This is not a fix: no Fixes: tag, no Cc: stable, no backports",
    A_FIX: "This is a fix: find the commit that introduced the bug",
}
SURE, LIKELY = 0.8, 0.5
"""Minimum confidence for showing a candidate in green, and in yellow."""
BORDERS = 3
FIXED_COLUMNS = 4 + 4 + 1 + 2 + 12 + 2 + 10 + 2
"""Columns in a candidate's row, without its subject."""


def candidate_rows(
    candidates: "Sequence[Candidate]",
    columns: int,
    ticked: AbstractSet[str],
    *,
    is_fix: bool,
) -> list[Row]:
    rows = [
        Row(
            _candidate_row(candidate, columns, candidate.commit in ticked),
            candidate,
            candidate.commit,
        )
        for candidate in candidates
    ]
    choices = (OTHER, NOT_A_FIX) if is_fix else (A_FIX,)
    return rows + [
        Row(plain_text(f"    {CHOICES[choice]}", "dim"), choice, choice) for choice in choices
    ]


def _candidate_row(candidate: "Candidate", columns: int, is_ticked: bool) -> Text:
    confidence = candidate.confidence
    style = "green" if confidence >= SURE else "yellow" if confidence >= LIKELY else "dim"
    check_box = f"[{glyph('ticked')}]" if is_ticked else ""
    row = Text.assemble(f"{check_box:<4}", (f"{confidence:4.0%} ", style), no_wrap=True)
    release = fit_text((candidate.first_release or "unreleased").removeprefix("v"), 10)
    subject = fit_text(candidate.subject, max(8, columns - BORDERS - FIXED_COLUMNS))
    return row.append(plain_text(f"  {candidate.commit[:12]}  {release}  {subject}"))


def existing_tag_rows(result: "FixesResult") -> list[Text]:
    rows = []
    for judged_tag in result.present:
        problems = "; ".join(problem.message for problem in judged_tag.problems)
        sign, style = ("blocked", "red") if problems else ("done", "green")
        rows.append(plain_text(f"{glyph(sign)} {judged_tag.tag.text}", style))
        rows += [plain_text(f"  {problems}")] if problems else []
    rows += [plain_text(f"note: {note}") for note in result.notes]
    if not result.is_fix:
        message = f"{result.reason}: only a fix needs a Fixes: tag and Cc: stable"
        rows.append(plain_text(f"{glyph('nothing')} {message}"))
    elif not rows and not result.candidates:
        rows.append(plain_text(f"{glyph('unknown')} {result.reason or 'no candidates'}"))
    return rows


def evidence_rows(
    result: "FixesResult",
    candidate: "Candidate | None",
    impact: "CandidateImpact | None",
    columns: int,
    *,
    can_write: bool = True,
) -> list[Text]:
    """Return the evidence for a candidate, the releases with the bug, and what is written."""

    def format_reason(sign: str, reason: str) -> Text:
        prefix = f"{glyph(sign)} "
        return plain_text(prefix + wrap_with_indent(reason, columns, len(prefix)), STYLE_OF[sign])

    rows = []
    if candidate:
        rows += [format_reason("done", reason) for reason in candidate.evidence]
        rows += [format_reason("warning", reason) for reason in candidate.against]
        rows += [format_reason("nothing", reason) for reason in candidate.lacks]
        if doubt := result.explain_doubt(candidate):
            rows.append(format_reason("warning", f"a guess: {doubt}"))
        release = candidate.first_release or "none yet"
        rows += map(plain_text, ("", candidate.tag, f"first release: {release}"))
    if impact:
        affected_versions, unaffected_versions = (
            ", ".join(
                branch.version
                for branch in impact.stable.branches
                if branch.affected is is_affected
            )
            for is_affected in (True, False)
        )
        if impact.stable.branches:
            unaffected_text = (
                f"; not affected: {unaffected_versions}" if unaffected_versions else ""
            )
            rows.append(plain_text(f"affected LTS: {affected_versions or 'none'}{unaffected_text}"))
            rows += (
                format_reason("warning", f"{branch.branch}: {branch.stale_note}")
                for branch in impact.stable.branches
                if branch.stale_note
            )
    if impact and can_write:
        advice = impact.stable.advice
        reasons = [f"no Cc: stable: {'; '.join(advice.reasons)}"]
        rows += map(plain_text, [f"adds: {line}" for line in advice.lines] or reasons)
    if not rows and not result.is_fix:
        hint = "If it is a fix, press Enter to list the commits that may have introduced the bug."
        rows.append(plain_text(hint))
    return rows
