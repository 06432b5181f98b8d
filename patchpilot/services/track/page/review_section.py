# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of the reviews that each patch of the latest version received, with links."""

from patchpilot.model.address import Address
from patchpilot.reading.review_table import (
    ReviewedPatch,
    ReviewState,
    ReviewTable,
    review_table,
)
from patchpilot.reading.status import Status
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.timeline_lanes import Tone
from patchpilot.services.track.review_lines import MEANINGS

_MOST_COLUMNS = 4
"""With more reviewers than that each patch is a card of its own, so that no title is squeezed."""
_TONES = {
    ReviewState.GIVEN: Tone.GOOD,
    ReviewState.CARRIED: Tone.GOOD,
    ReviewState.APPLIED: Tone.GOOD,
    ReviewState.LOST: Tone.BAD,
    ReviewState.OUTDATED: Tone.ASKS,
    ReviewState.ASKED: Tone.ASKS,
    ReviewState.LOOKED: Tone.SENT,
    ReviewState.UNSEEN: Tone.NOTE,
}


def review_section(status: Status, sources: Sources) -> Markup:
    """Returns a table with a row for each patch and a column for each reviewer who replied.

    A legend and a list of the recipients who did not reply follow the table.
    """
    table = review_table(status)
    people = table.answered
    if not table.reviewers:
        return Markup()
    names = (element("th", table.name_of(person), scope="col") for person in people)
    head = element("tr", element("th", "Patch", scope="col"), *names)
    rows = [_row(table, patch, sources) for patch in table.patches]
    form = "cards matrix" + (" many" if len(people) > _MOST_COLUMNS else "")
    silent = ", ".join(table.name_of(person) for person in table.silent)
    grid = element(
        "table", element("thead", head), element("tbody", *rows), class_=form
    )
    total = f"{table.approved} of {len(table.patches)} reviewed or acked"
    return element(
        "section",
        element("h3", "Patches and reviewers ", element("small", total)),
        joined(grid, _legend(table)) if people else Markup(),
        element("p", f"Never looked: {silent}", class_="why") if silent else Markup(),
    )


def _legend(table: ReviewTable) -> Markup:
    """What the words in the cells mean, of the states that the table has."""
    used = {review.state for patch in table.patches for review in patch.reviewers}
    words = "; ".join(f"{it}: {MEANINGS[it]}" for it in ReviewState if it in used)
    return element("p", words, class_="why")


def _row(table: ReviewTable, patch: ReviewedPatch, sources: Sources) -> Markup:
    number = element("span", f"{patch.number} ", class_="number")
    cells = (_cell(table, patch, person, sources) for person in table.answered)
    return element("tr", element("th", number, patch.title, scope="row"), *cells)


def _cell(
    table: ReviewTable, patch: ReviewedPatch, person: Address, sources: Sources
) -> Markup:
    review = table.review(patch, person)
    if review is None:
        return element("td", "–", class_="none", data_label=table.name_of(person))
    pill = element("span", review.state, class_=f"pill {_TONES[review.state]}")
    version = f"v{review.version}" if review.version else ""
    notes = (*review.tags, version)
    return element(
        "td",
        link(sources.mail(review.message_id or ""), pill),
        *(element("small", note) for note in notes if note),
        data_label=table.name_of(person),
    )
