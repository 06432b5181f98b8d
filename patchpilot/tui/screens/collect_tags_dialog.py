# SPDX-License-Identifier: GPL-2.0-or-later
"""Add the tags from replies to the topic's commits, or keep them, after the user has ticked them.

Each tag is shown with its patch and any reason to doubt it.
"""

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Checkbox, Static

from patchpilot.model.action import PUBLISHED
from patchpilot.model.printable import make_one_line
from patchpilot.tags.add_review_trailers import TagDecisions, add_review_trailers, decide_ticked
from patchpilot.tags.review_trailers import CollectedTags, TrailersRequest
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.screens.write_tags_dialog import Tick
from patchpilot.tui.view.rich_text import STRONG, plain_text
from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_screen import AnyScreen


def list_held_tags(collected: CollectedTags) -> list[str]:
    """List the tags that must not be added to a commit message, with the reasons."""
    return [
        make_one_line(f"not added: {tag.trailer} ({tag.why})")
        for tag in collected.held
        if not tag.offer
    ]


class CollectTags(Choose):
    """A dialog that returns the decisions about the tags, or None if canceled.

    Initially, the tags without a reason for doubt are ticked.
    """

    def __init__(self, collected: CollectedTags) -> None:
        answers = [("accept", "Accept ticked tags"), ("no", "Cancel")]
        super().__init__("Which tags should the commits have?", answers, "Tags")
        self._collected = collected
        # show one heading for a tag, even if it is for several patches
        trailers = [choice.trailer for choice in collected.choices]
        self._choices = sorted(collected.choices, key=lambda choice: trailers.index(choice.trailer))
        self.hints = [("Space", "tick"), *self.hints]

    def compose_rest(self) -> ComposeResult:
        changes = self._collected.preparation.changes
        numbers = {change.commit: index for index, change in enumerate(changes, 1)}
        with VerticalScroll(id="rest", can_focus=False):
            for trailer, choices in groupby(self._choices, lambda candidate: candidate.trailer):
                yield Static(plain_text(make_one_line(trailer), STRONG))
                for choice in choices:
                    number = numbers.get(choice.commit.id, 1)
                    label_text = f"{number}/{max(1, len(changes))} {choice.commit.subject}"
                    label = plain_text(make_one_line(label_text))
                    yield Tick(label, value=not choice.why, compact=True)
                    if choice.why:
                        yield Static(plain_text(f"    {make_one_line(choice.remark)}"))
            yield Static("\n".join(list_held_tags(self._collected)), markup=False)

    def on_mount(self) -> None:
        self.query(Checkbox).first().focus()

    def accept_answer(self, name: str) -> None:
        ticks = (tick.value for tick in self.query(Checkbox))
        self.dismiss(decide_ticked(self._choices, ticks) if name == "accept" else None)


def collect_tags(screen: "AnyScreen") -> None:
    def show_choices(collected: CollectedTags) -> None:
        if collected.choices:
            screen.app.push_screen(CollectTags(collected), add_ticked)
        else:
            screen.notify("; ".join(list_held_tags(collected)) or "no new tags")

    def add_ticked(decisions: TagDecisions | None) -> None:
        if decisions:
            work = partial(_add_tags, screen, decisions)
            report = partial(_report_decisions, screen, decisions)
            confirm_rewrite(screen, "changing the tags", work, report, (PUBLISHED,))

    screen.run_in_thread("collecting the tags", partial(_add_tags, screen, None), show_choices)


def _report_decisions(
    screen: "AnyScreen", decisions: TagDecisions, collected: CollectedTags
) -> None:
    undo = "; press u to undo" if collected.preparation.written else ""
    screen.notify(f"{decisions}{undo}")
    screen.session.mark_changed("draft")
    screen.reread_topic()


def _add_tags(
    screen: "AnyScreen",
    decisions: TagDecisions | None,
    repository: Any,
    progress: Any,
    overrides: tuple[str, ...] = (),
) -> CollectedTags:
    """Add and remove tags as decided, or only collect all tags if `decisions` is None."""
    request = TrailersRequest(
        screen.session.target,
        screen.session.topic_base,
        dry_run=decisions is None,
        overrides=overrides,
    )
    choose = (lambda _: decisions) if decisions else None
    return add_review_trailers(repository, request, choose=choose, progress=progress)
