# SPDX-License-Identifier: GPL-2.0-or-later
"""Format reviews as text, for the command line and the TUI."""

from collections.abc import Sequence

from patchpilot.model.printable import counted, one_line
from patchpilot.services.review.review_patches import Review


def review_text(reviews: Sequence[Review], *, unfolded: bool = False) -> str:
    """Return the reviews as text; `unfolded` includes uncertain comments."""
    return "\n".join(line for review in reviews for line in _lines(review, unfolded))


def _lines(review: Review, unfolded: bool) -> list[str]:
    lines, folded, same = [], 0, 0
    for patch in review.patches:
        start = one_line(patch.patch.source)
        if patch.error:
            lines.append(f"    {start}: no review: {one_line(patch.error)}")
        for finding in patch.findings:
            same += bool(finding.same_as)
            if not (finding.is_shown or unfolded):
                folded += not finding.same_as
                continue
            location = (
                f"{finding.path or 'message'}:{finding.line}" if finding.line else "?"
            )
            why = finding.reason or finding.waived or finding.same_as
            lines.append(
                f"    {start}:{one_line(location)}: {one_line(finding.comment.problem)}"
                f" ({finding.comment.confidence:.1f}) [{finding.name}]"
                + (f" ({one_line(why)})" if why else "")
            )
        if patch.takes_over:
            lines.append(
                f"    {start}: the message repeats the reviewer: add Assisted-by:"
                " (Documentation/process/coding-assistants.rst)"
            )
        lines += [
            f"    {start}: resolved since the last version: {one_line(problem)}"
            for problem in patch.resolved
        ]
    more = (
        "" if lines else "nothing found",
        f"{same} as findings above" if same else "",
        f"{folded} folded (uncertain, waived or without a proven place): see --all"
        if folded
        else "",
        f"{counted(review.tokens, 'token')} in requests" if review.tokens else "",
    )
    details = "; ".join(filter(None, more))
    title = f"review by {one_line(review.reviewer.name)}" + (
        f": {details}" if details else ""
    )
    return [title, *lines]
