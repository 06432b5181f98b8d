# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the table of patches and reviewers.

It is shown in `track show`, in its JSON output, in the TUI and in the list of series.
"""

from pathlib import Path

import pytest

from patchpilot.model.address import Address
from patchpilot.reading.review_table import (
    Review,
    ReviewedPatch,
    ReviewState,
    ReviewTable,
)
from patchpilot.tracking.review_lines import format_review_table
from tests.kit import story
from tests.kit.cli import call
from tests.kit.mails import build_mbox

PEOPLE = tuple(Address(f"Person Number{at}", f"p{at}@example.org") for at in range(12))


def make_review_table(patches: int, people: int) -> ReviewTable:
    review_states = tuple(ReviewState)
    rows = []
    for number in range(1, patches + 1):
        table_rows = []
        for person_index, person in enumerate(PEOPLE[:people]):
            state = review_states[(person_index + number) % len(review_states)]
            tags = ("Reviewed-by", "Tested-by") if state in review_states[:4] else ()
            table_rows.append(Review(person, state, tags, 1, "m@example.org"))
        title = f"subsystem: a title that is longer than its column {number}"
        rows.append(ReviewedPatch(number, title, tuple(table_rows)))
    return ReviewTable(2, tuple(rows), PEOPLE[:people])


@pytest.mark.parametrize("patches", [1, 2, 5, 30])
@pytest.mark.parametrize("people", [0, 1, 3, 12])
def test_table_lists_every_reviewer(patches: int, people: int) -> None:
    lines = format_review_table(make_review_table(patches, people), 76)
    assert [line for line in lines if len(line) > 76] == []
    text = "\n".join(lines)
    assert [it.name for it in PEOPLE[:people] if it.name.split()[0] not in text] == []
    assert ("R reviewed" in text) == (patches > 1 and people > 0)


def test_shorter_side_becomes_the_columns() -> None:
    first, row, *_ = format_review_table(make_review_table(5, 2), 76)
    assert first.split() == ["Person", "Person"]
    assert row.startswith("1/5 subsystem: a title")
    assert row.split()[-2:] == [
        "RT+",
        "RT-",
    ]


def test_wide_review_table_is_split() -> None:
    heads = [
        line
        for line in format_review_table(make_review_table(12, 12), 76)
        if line.startswith("patch")
    ]
    numbers = [int(word) for line in heads for word in line.split()[1:]]
    assert (len(heads), numbers) == (2, [*range(1, 13)])


def test_followed_series_shows_its_reviewers(workdir: Path) -> None:
    (workdir / "m").write_bytes(build_mbox(*story.ACCEPTED))
    call("track add --mbox m")
    lines = call("track show 1").out.splitlines()
    index = lines.index("  review    v2: 1 of 1 patch reviewed or acked")
    assert (
        lines[index + 1] == "    Rita Reviewer             Reviewed-by (v2): given to this version"
    )
    assert lines[index + 2] == "    no reply: Matt Maintainer"
    (shown_series,) = call("track show 1 --format json").json["series"]
    review = shown_series["review"]
    assert (review["version"], review["approved"]) == (2, 1)
    assert review["patches"][0]["reviewers"][0] == {
        "name": "Rita Reviewer",
        "email": "rita@example.net",
        "state": "given",
        "tags": ["Reviewed-by"],
        "version": 2,
        "message_id": "r3@example.org",
    }
    assert shown_series["reviewers"][0] == {
        "address": "rita@example.net",
        "name": "Rita Reviewer",
        "patches": [{"number": 1, "state": "given", "tags": ["Reviewed-by"], "version": 2}],
    }
