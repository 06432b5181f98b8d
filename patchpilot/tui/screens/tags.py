# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 4, tags: which commit brought the bug, how sure that is and why, and the tags that follow from it."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress
from patchpilot.services.fixes import FixesResult, find_culprits
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain


def load(repository: Repository, topic: Topic, progress: Progress) -> tuple[FixesResult, Standing]:
    """The candidates for the topic's last commit."""
    result = find_culprits(repository, topic.commits[-1].id, progress=progress)
    if result.present and not result.troubled:
        return result, Standing(State.DONE, f"{len(result.present)} Fixes: tag, as it should be")
    if result.troubled:
        return result, Standing(State.TODO, "a Fixes: tag is not right")
    if result.candidates:
        best = result.candidates[0]
        return result, Standing(State.TODO, f"likely {best.commit[:12]}, {best.confidence:.0%} sure: Enter writes it")
    return result, Standing(State.TODO, result.reason or "no candidate")


class TagsScreen(StageScreen):
    """Where the bug came from."""

    stage = Stage.TAGS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "write", "write tags"),
        Binding("u", "undo", "undo", tooltip="take back the last change of the messages"),
    ]

    def body(self) -> ComposeResult:
        """What is there, the candidates, and why the one under the cursor."""
        yield Static(id="present", markup=False)
        yield OptionList(id="candidates", markup=False)
        with VerticalScroll(classes="side"):
            yield Static(id="evidence", markup=False)

    def show(self, result: FixesResult) -> None:
        """Fill all three."""
        rows = [f"{judged.tag.text}: {'; '.join(one.message for one in judged.problems) or 'right'}" for judged in result.present]
        self.query_one("#present", Static).update(plain("\n".join(rows) or "no Fixes: tag yet"))
        chosen = self.query_one("#candidates", OptionList)
        chosen.clear_options()
        chosen.add_options(
            Option(plain(f"{one.confidence:4.0%}  {one.commit[:12]}  {one.first_release or 'unreleased':<11} {one.subject}"))
            for one in result.candidates
        )
        if result.candidates:
            chosen.highlighted = 0
        chosen.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say why."""
        result: FixesResult | None = self.session.fresh(self.stage)
        if result and event.option_index < len(result.candidates):
            one = result.candidates[event.option_index]
            why = [one.tag, *(f"- {reason}" for reason in one.evidence)]
            if result.reason:
                why.append(f"unsure: {result.reason}")
            self.query_one("#evidence", Static).update(plain("\n".join(why)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter on a candidate writes it."""
        self.action_write()

    def action_write(self) -> None:
        """Write the chosen tag, after showing what changes."""

    def action_undo(self) -> None:
        """Take back."""

    def _chosen(self) -> Any:
        result: FixesResult | None = self.session.fresh(self.stage)
        at = self.query_one("#candidates", OptionList).highlighted
        return result.candidates[at] if result and at is not None and at < len(result.candidates) else None
