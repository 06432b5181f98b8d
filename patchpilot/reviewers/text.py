# SPDX-License-Identifier: GPL-2.0-or-later
"""Format reviews as text for the command line and the TUI."""

from collections.abc import Sequence

from patchpilot.model.printable import format_count, make_one_line
from patchpilot.reviewers.review import ProgramReview


def format_reviews(reviews: Sequence[ProgramReview], *, show_all: bool = False) -> str:
    """Format the reviews as text; `show_all` includes uncertain comments."""
    return "\n".join(line for review in reviews for line in _format_review(review, show_all))


def _format_review(review: ProgramReview, show_all: bool) -> list[str]:
    lines, hidden_count, duplicate_count = [], 0, 0
    for patch in review.patches:
        source = make_one_line(patch.patch.source)
        if patch.error:
            lines.append(f"    {source}: no review: {make_one_line(patch.error)}")
        for finding in patch.findings:
            duplicate_count += bool(finding.same_as)
            if not (finding.is_shown or show_all):
                hidden_count += not finding.same_as
                continue
            location = f"{finding.path or 'message'}:{finding.line}" if finding.line else "?"
            reason = finding.reason or finding.waived or finding.same_as
            lines.append(
                f"    {source}:{make_one_line(location)}: {make_one_line(finding.comment.problem)}"
                f" ({finding.comment.confidence:.1f}) [{finding.name}]"
                + (f" ({make_one_line(reason)})" if reason else "")
            )
        if patch.takes_over:
            lines.append(
                f"    {source}: the message repeats the reviewer: add Assisted-by:"
                " (Documentation/process/coding-assistants.rst)"
            )
        lines += [
            f"    {source}: resolved since the last version: {make_one_line(problem)}"
            for problem in patch.resolved
        ]
    counts = (
        "" if lines else "nothing found",
        f"{duplicate_count} as findings above" if duplicate_count else "",
        f"{hidden_count} folded (uncertain, waived or without a proven place): see --all"
        if hidden_count
        else "",
        f"{format_count(review.tokens, 'token')} in requests" if review.tokens else "",
    )
    details = "; ".join(filter(None, counts))
    title = f"review by {make_one_line(review.reviewer.name)}" + (f": {details}" if details else "")
    return [title, *lines]
