# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of a series' patches and the trees that contain them, with evidence."""

from collections.abc import Sequence

from patchpilot.reading.thread_values import STABLE_WORDS, PatchState, TreeState
from patchpilot.services.track.page.markup import Markup, element, joined, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.state_pill import state_pill
from patchpilot.services.track.page.timeline_lanes import Tone, tree_label

_MOST_COLUMNS = 4
"""With more trees than that each patch is a card of its own, so that no title is squeezed."""
_TONES = {
    **dict.fromkeys(("review", "proposed", "not-needed"), Tone.NOTE),
    **dict.fromkeys(("failed", "dropped", "reverted", "objected"), Tone.BAD),
}


def patch_matrix(patches: Sequence[PatchState], sources: Sources) -> Markup:
    """Returns a table with a row for each patch and a column for each tree with a patch.

    Empty if there are no patches.
    """
    if not patches:
        return Markup()
    trees = tuple(dict.fromkeys(it.tree for patch in patches for it in patch.trees))
    head = element(
        "tr",
        *(
            element("th", title, scope="col")
            for title in ("Patch", *map(tree_label, trees))
        ),
    )
    # the reason of a single patch is that of the series
    rows = [
        _row(patch, patch.why if len(patches) > 1 else "", trees, sources)
        for patch in patches
    ]
    form = "cards matrix" + (" many" if len(trees) > _MOST_COLUMNS else "")
    return element(
        "section",
        element("h3", "Patches and trees"),
        element("table", element("thead", head), element("tbody", *rows), class_=form),
    )


def _row(patch: PatchState, why: str, trees: Sequence[str], sources: Sources) -> Markup:
    title = link(sources.mail(patch.message_id), patch.title)
    reason = link(sources.mail(patch.proof.message_id or ""), why)
    state = element("p", state_pill(patch.state), " ", reason, class_="next")
    found = {it.tree: it for it in patch.trees}
    cells = [
        _cell(found[tree], sources)
        if tree in found
        else element("td", "–", class_="none", data_label=tree_label(tree))
        for tree in trees
    ]
    return element(
        "tr",
        element(
            "th",
            element("span", f"{patch.number} ", class_="number"),
            title,
            state,
            scope="row",
        ),
        *cells,
    )


def _cell(place: TreeState, sources: Sources) -> Markup:
    proof = place.proof
    words = STABLE_WORDS[place.state] if place.state in _TONES else place.state
    pill = element(
        "span",
        place.release or words,
        class_=f"pill {_TONES.get(place.state, Tone.GOOD)}",
    )
    day = f"{proof.date:%Y-%m-%d}" if proof.date else ""
    commit = element("code", proof.commit[:12]) if proof.commit else Markup()
    address = (
        sources.commit(proof.commit, place.tree) if proof.commit else ""
    ) or sources.mail(proof.message_id or "")
    shown = link(address, joined(pill, commit))
    return element(
        "td",
        shown,
        *(element("small", text) for text in (day, place.note) if text),
        data_label=tree_label(place.tree),
    )
