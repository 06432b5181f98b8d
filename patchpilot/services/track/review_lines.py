# SPDX-License-Identifier: GPL-2.0-or-later
"""Format the table of patches and reviewers as text, in words or in signs with a legend."""

import textwrap
from collections.abc import Sequence

from patchpilot.model.address import Address
from patchpilot.model.printable import crop, one_line, width
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
"""The sign after the letters of the tags."""
MEANINGS = {
    ReviewState.GIVEN: "given to this version",
    ReviewState.CARRIED: "is in the posted patch",
    ReviewState.LOST: "lost: add the tag or ask again",
    ReviewState.OUTDATED: "patch changed since: ask again",
    ReviewState.ASKED: "asked for changes, no reply since",
    ReviewState.APPLIED: "applied it",
    ReviewState.LOOKED: "commented",
    ReviewState.UNSEEN: "never looked",
}
"""Descriptions of the states."""
_NAME, _TITLE = 24, 30
"""Maximum widths of a reviewer's name and of a patch's title."""
_HEAD = 8
"""Width of a reviewer's name above a column."""


def review_lines(table: ReviewTable, columns: int) -> tuple[str, ...]:
    """Return the review table as lines that fit this number of columns.

    Rows are patches and columns are the reviewers who replied, or vice versa if that is narrower.
    Below the table are a legend and the recipients who did not reply. For a single patch, each
    reviewer has a row in words.
    """
    reviewers, patches = table.answered, table.patches
    lines: list[str] = []
    if reviewers and len(patches) == 1:
        lines = [_describe_review(table, person, columns) for person in reviewers]
    elif reviewers:
        lines = [*_grid(table, columns), *_wrap(legend(table), columns)]
    if silent := ", ".join(one_line(table.name_of(person)) for person in table.silent):
        lines += _wrap(f"never looked: {silent}", columns)
    return tuple(lines)


def describe_review(review: Review) -> str:
    """Describe a review, for example `Reviewed-by (v1): is in the posted patch`."""
    meaning = MEANINGS[review.state]
    if not review.tags:
        return f"{meaning} (v{review.version})" if review.version else meaning
    return f"{one_line(', '.join(review.tags))} (v{review.version}): {meaning}"


def legend(table: ReviewTable) -> str:
    used = {review.state for patch in table.patches for review in patch.reviewers}
    letters = "R reviewed, A acked, T tested"
    signs = [
        f"{SIGNS[state]} {MEANINGS[state]}"
        for state in ReviewState
        if state in used and SIGNS[state]
    ]
    return " · ".join((letters, *signs))


def sign_of(review: Review | None) -> str:
    """Return the letters of a review's tags and the sign for its state, such as `R+`, or "" if the
    patch was not sent to the reviewer.
    """
    if review is None:
        return ""
    tags = " ".join(review.tags).lower()
    letters = "".join(
        name[0].upper() for name in ("reviewed", "acked", "tested") if name in tags
    )
    return letters + SIGNS[review.state]


def _describe_review(table: ReviewTable, person: Address, columns: int) -> str:
    review = table.review(table.patches[0], person)
    name = _pad(crop(one_line(table.name_of(person)), _NAME), _NAME)
    words = describe_review(review) if review else ""
    return crop(f"{name}  {words}", columns).rstrip()


def _grid(table: ReviewTable, columns: int) -> list[str]:
    """Return the table of review signs, transposed if that is narrower and split if too wide."""
    reviewers, patches = table.answered, table.patches
    total = len(patches)

    def sign(patch: ReviewedPatch, person: Address) -> str:
        return sign_of(table.review(patch, person))

    if len(reviewers) < total and len(reviewers) * (_HEAD + 2) + _TITLE <= columns:
        heads = [_short_name(person) for person in reviewers]
        rows = [
            (
                f"{patch.number}/{total} {patch.title}",
                [sign(patch, person) for person in reviewers],
            )
            for patch in patches
        ]
        return _format_table("", heads, rows, columns)
    room = max(1, (columns - _NAME) // 6)
    lines: list[str] = []
    for start in range(0, total, room):
        shown_patches = patches[start : start + room]
        heads = [str(patch.number) for patch in shown_patches]
        cells = [
            (table.name_of(person), [sign(patch, person) for patch in shown_patches])
            for person in reviewers
        ]
        lines += _format_table("patch", heads, cells, columns)
    return lines


def _format_table(
    corner: str,
    heads: Sequence[str],
    rows: Sequence[tuple[str, Sequence[str]]],
    columns: int,
) -> list[str]:
    wide = [
        max(4, *(width(text) for text in (head, *(cells[at] for _, cells in rows))))
        for at, head in enumerate(heads)
    ]
    room = columns - sum(width + 2 for width in wide)
    name = min(
        room, max(width(one_line(text)) for text in (corner, *(row[0] for row in rows)))
    )
    lines = []
    for text, cells in ((corner, heads), *rows):
        padded = (_pad(cell, to) for cell, to in zip(cells, wide, strict=True))
        first = _pad(crop(one_line(text), name), name)
        lines.append("  ".join((first, *padded)).rstrip())
    return lines


def _pad(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def _short_name(person: Address) -> str:
    words = one_line(person.called).split() or [person.email]
    return crop(words[0], _HEAD)


def _wrap(text: str, columns: int) -> list[str]:
    return textwrap.wrap(text, columns, subsequent_indent="  ", break_on_hyphens=False)
