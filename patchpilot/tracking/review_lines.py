# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the table of patches and reviewers.

A review is described in words, or by signs that a legend explains.
"""

import textwrap
from collections.abc import Sequence

from patchpilot.model.address import Address
from patchpilot.model.printable import crop_text, make_one_line, width
from patchpilot.reading.review_table import (
    Review,
    ReviewedPatch,
    ReviewState,
    ReviewTable,
)

SIGNS = {
    ReviewState.GIVEN: "",
    ReviewState.CARRIED: "+",
    ReviewState.LOST: "-",
    ReviewState.OUTDATED: "~",
    ReviewState.ASKED: "!",
    ReviewState.APPLIED: "=",
    ReviewState.LOOKED: "c",
    ReviewState.UNSEEN: ".",
}
"""The sign that follows the letters of the tags."""
MEANINGS = {
    ReviewState.GIVEN: "given to this version",
    ReviewState.CARRIED: "is in the posted patch",
    ReviewState.LOST: "lost: add the tag or ask again",
    ReviewState.OUTDATED: "patch changed since: ask again",
    ReviewState.ASKED: "asked for changes",
    ReviewState.APPLIED: "applied it",
    ReviewState.LOOKED: "commented",
    ReviewState.UNSEEN: "no reply",
}
"""The description of each state."""
_NAME, _TITLE = 24, 30
"""Maximum widths of a reviewer's name and of a patch's title."""
_HEADING_WIDTH = 8
"""Width of a reviewer's name in a column heading."""


def format_review_table(table: ReviewTable, columns: int) -> tuple[str, ...]:
    """Format the review table for a terminal with this number of columns.

    Each row is a patch and each column is a reviewer who replied; if this makes the table narrower,
    rows and columns are swapped. After the table, add the legend and the recipients who did not
    reply. For a single patch, each reviewer has a row in words.
    """
    reviewers, patches = table.answered, table.patches
    lines: list[str] = []
    if reviewers and len(patches) == 1:
        lines = [_describe_review(table, reviewer, columns) for reviewer in reviewers]
    elif reviewers:
        lines = [
            *_format_sign_table(table, columns),
            *_wrap_text(format_legend(table), columns),
        ]
    if without_reply := ", ".join(
        make_one_line(table.name_of(reviewer)) for reviewer in table.silent
    ):
        lines += _wrap_text(f"{MEANINGS[ReviewState.UNSEEN]}: {without_reply}", columns)
    return tuple(lines)


def describe_review(review: Review) -> str:
    """Describe a review, for example as `Reviewed-by (v1): is in the posted patch`."""
    meaning = MEANINGS[review.state]
    if not review.tags:
        return f"{meaning} (v{review.version})" if review.version else meaning
    return f"{make_one_line(', '.join(review.tags))} (v{review.version}): {meaning}"


def format_legend(table: ReviewTable) -> str:
    used = {review.state for patch in table.patches for review in patch.reviewers}
    letters = "R reviewed, A acked, T tested"
    signs = [
        f"{SIGNS[state]} {MEANINGS[state]}"
        for state in ReviewState
        if state in used and SIGNS[state]
    ]
    return " · ".join((letters, *signs))


def format_review_sign(review: Review | None) -> str:
    """Return the letters of a review's tags and the sign of its state, such as `R+`.

    Return "" if the reviewer was not sent the patch.
    """
    if review is None:
        return ""
    tags = " ".join(review.tags).lower()
    letters = "".join(name[0].upper() for name in ("reviewed", "acked", "tested") if name in tags)
    return letters + SIGNS[review.state]


def _describe_review(table: ReviewTable, reviewer: Address, columns: int) -> str:
    review = table.review(table.patches[0], reviewer)
    name = _pad_text(crop_text(make_one_line(table.name_of(reviewer)), _NAME), _NAME)
    description = describe_review(review) if review else ""
    return crop_text(f"{name}  {description}", columns).rstrip()


def _format_sign_table(table: ReviewTable, columns: int) -> list[str]:
    """Return the table of signs.

    Rows and columns are swapped if this makes the table narrower, and a table that is too wide is
    split.
    """
    reviewers, patches = table.answered, table.patches
    patch_count = len(patches)

    def cell(patch: ReviewedPatch, reviewer: Address) -> str:
        return format_review_sign(table.review(patch, reviewer))

    if len(reviewers) < patch_count and len(reviewers) * (_HEADING_WIDTH + 2) + _TITLE <= columns:
        headings = [_short_reviewer_name(reviewer) for reviewer in reviewers]
        rows = [
            (
                f"{patch.number}/{patch_count} {patch.title}",
                [cell(patch, reviewer) for reviewer in reviewers],
            )
            for patch in patches
        ]
        return _format_table("", headings, rows, columns)
    per_table = max(1, (columns - _NAME) // 6)
    lines: list[str] = []
    for start in range(0, patch_count, per_table):
        shown_patches = patches[start : start + per_table]
        headings = [str(patch.number) for patch in shown_patches]
        cells = [
            (
                table.name_of(reviewer),
                [cell(patch, reviewer) for patch in shown_patches],
            )
            for reviewer in reviewers
        ]
        lines += _format_table("patch", headings, cells, columns)
    return lines


def _format_table(
    corner_text: str,
    headings: Sequence[str],
    rows: Sequence[tuple[str, Sequence[str]]],
    columns: int,
) -> list[str]:
    widths = [
        max(
            4,
            *(width(row_name) for row_name in (head, *(cells[column] for _, cells in rows))),
        )
        for column, head in enumerate(headings)
    ]
    remaining = columns - sum(width + 2 for width in widths)
    name_width = min(
        remaining,
        max(
            width(make_one_line(row_name)) for row_name in (corner_text, *(row[0] for row in rows))
        ),
    )
    lines = []
    for row_name, cells in ((corner_text, headings), *rows):
        padded_cells = (
            _pad_text(cell, column_width) for cell, column_width in zip(cells, widths, strict=True)
        )
        name_cell = _pad_text(crop_text(make_one_line(row_name), name_width), name_width)
        lines.append("  ".join((name_cell, *padded_cells)).rstrip())
    return lines


def _pad_text(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _short_reviewer_name(reviewer: Address) -> str:
    words = make_one_line(reviewer.called).split() or [reviewer.email]
    return crop_text(words[0], _HEADING_WIDTH)


def _wrap_text(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, subsequent_indent="  ", break_on_hyphens=False)
