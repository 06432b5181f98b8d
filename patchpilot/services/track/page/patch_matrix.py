# SPDX-License-Identifier: GPL-2.0-or-later
"""Which patch of a series is in which tree, each with its proof."""

from collections.abc import Sequence

from patchpilot.series.patch_pairing import title_key
from patchpilot.services.track.page.markup import Markup, element, link
from patchpilot.services.track.page.sources import Sources
from patchpilot.services.track.page.timeline_lanes import Tone
from patchpilot.threads.posted_series import Post
from patchpilot.threads.status import LandedCommit, StableBranch, Status

_MOST_COLUMNS = 4
"""With more trees than that each patch is a card of its own, so that no title is squeezed."""
_TONES = {"queued": Tone.GOOD, "merged": Tone.GOOD, "released": Tone.GOOD, "failed": Tone.BAD, "dropped": Tone.BAD}


def patch_matrix(status: Status, sources: Sources) -> Markup:
    """A table with a row for each patch and a column for each tree; nothing while it is in no tree."""
    landed = [place for place in status.landed if not place.tree.startswith("stable/")]
    trees = tuple(dict.fromkeys(place.tree for place in sorted(landed, key=lambda place: place.in_mainline)))
    if not trees and not status.stable:
        return Markup()
    titles = [*trees, *(branch.version for branch in status.stable)]
    head = element("tr", element("th", "Patch", scope="col"), *(element("th", title, scope="col") for title in titles))
    rows = [_row(post, len(status.topic.latest.patches), trees, landed, status.stable, sources) for post in status.topic.latest.patches]
    table = element(
        "table", element("thead", head), element("tbody", *rows), class_="cards matrix" + (" many" if len(titles) > _MOST_COLUMNS else "")
    )
    return element("section", element("h3", "Patches and trees"), table)


def _row(
    post: Post, count: int, trees: Sequence[str], landed: Sequence[LandedCommit], stable: Sequence[StableBranch], sources: Sources
) -> Markup:
    number = post.number or 1
    title = element(
        "th", element("span", f"{number}/{count} ", class_="number"), link(sources.mail(post.message_id), post.title), scope="row"
    )
    cells = [_in_tree(tree, [it for it in landed if it.tree == tree and _is_about(it, post, number)], sources) for tree in trees]
    return element("tr", title, *cells, *(_in_branch(branch, sources) for branch in stable))


def _is_about(place: LandedCommit, post: Post, number: int) -> bool:
    if place.title:
        return title_key(place.title) == title_key(post.title)
    return place.patch in (None, 0, number)


def _in_tree(tree: str, found: Sequence[LandedCommit], sources: Sources) -> Markup:
    if not found:
        return element("td", element("span", "–", class_="none"), data_label=tree)
    place = found[-1]
    words = place.release or ("applied" if not place.in_mainline else "merged")
    proof = sources.commit(place.commit or "", tree) if place.commit and place.in_mainline else sources.mail(place.message_id or "")
    shown = (place.commit or "")[:12]
    return element("td", link(proof, element("span", words, class_="pill good"), element("code", shown)), data_label=tree)


def _in_branch(branch: StableBranch, sources: Sources) -> Markup:
    in_git = branch.state in ("merged", "released") and branch.commit
    proof = sources.commit(branch.commit or "", f"stable/{branch.version}") if in_git else sources.mail(branch.message_id or "")
    pill = element("span", branch.words, class_=f"pill {_TONES.get(branch.state, Tone.NOTE)}")
    return element("td", link(proof, pill), data_label=branch.version)
