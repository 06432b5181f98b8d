# SPDX-License-Identifier: GPL-2.0-or-later
"""The colored label with the state of a series or of a patch."""

from patchpilot.reading.thread_values import SeriesState
from patchpilot.services.track.page.markup import Markup, element
from patchpilot.services.track.page.timeline_lanes import Tone

_TONES = {
    SeriesState.CHANGES_REQUESTED: Tone.ASKS,
    SeriesState.STALLED: Tone.ASKS,
    SeriesState.REJECTED: Tone.BAD,
    SeriesState.ACCEPTED: Tone.GOOD,
    SeriesState.IN_NEXT: Tone.GOOD,
    SeriesState.IN_MAINLINE: Tone.GOOD,
    SeriesState.IN_STABLE: Tone.GOOD,
    SeriesState.SENT: Tone.SENT,
    SeriesState.UNDER_REVIEW: Tone.SENT,
    SeriesState.PARTLY_ACCEPTED: Tone.SENT,
}
"""The color of each state; the others are neutral."""


def state_pill(state: SeriesState) -> Markup:
    """Returns the colored label for a state, which is the same on the whole page."""
    return element(
        "span", state.replace("-", " "), class_=f"pill {_TONES.get(state, Tone.NOTE)}"
    )
