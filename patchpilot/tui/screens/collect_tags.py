# SPDX-License-Identifier: GPL-2.0-or-later
"""Add the tags from replies to the topic's commits, after the user has ticked them."""

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from patchpilot.model.action import PUBLISHED
from patchpilot.model.printable import format_count
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.collect_tags_dialog import CollectTags, list_held_tags

if TYPE_CHECKING:
    from patchpilot.tags.review_trailers import CollectedTags, TagChoice
    from patchpilot.tui.stage.stage_screen import AnyScreen


def collect_tags(screen: "AnyScreen") -> None:
    def show_choices(collected: "CollectedTags") -> None:
        if collected.choices:
            screen.app.push_screen(CollectTags(collected), add_ticked)
        else:
            screen.notify("; ".join(list_held_tags(collected)) or "no new tags")

    def add_ticked(ticked: "Sequence[TagChoice] | None") -> None:
        if ticked:
            confirm_rewrite(
                screen,
                "adding the tags",
                partial(_add_tags, screen, ticked),
                lambda _: report_added(len(ticked)),
                (PUBLISHED,),
            )

    def report_added(count: int) -> None:
        screen.notify(f"added {format_count(count, 'tag')}; press u to undo")
        screen.reread_topic()

    screen.run_in_thread("collecting the tags", partial(_add_tags, screen, None), show_choices)


def _add_tags(
    screen: "AnyScreen",
    ticked: "Sequence[TagChoice] | None",
    repository: Any,
    progress: Any,
    overrides: tuple[str, ...] = (),
) -> "CollectedTags":
    """Add the ticked tags, or only collect all tags if `ticked` is None."""
    from patchpilot.tags.add_review_trailers import TagDecisions, add_review_trailers
    from patchpilot.tags.review_trailers import TrailersRequest

    def choose_ticked(collected: "CollectedTags") -> TagDecisions:
        return TagDecisions(
            tuple(choice for choice in collected.choices if choice in (ticked or ()))
        )

    request = TrailersRequest(
        screen.session.target,
        screen.session.topic_base,
        dry_run=ticked is None,
        overrides=overrides,
    )
    return add_review_trailers(
        repository,
        request,
        choose=None if ticked is None else choose_ticked,
        progress=progress,
    )
