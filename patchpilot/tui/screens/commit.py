# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 1, commit: the topic's commits, a message with its trailers set apart, the diff."""

import os
import subprocess
from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from patchpilot.commits.range import commit_patch
from patchpilot.commits.repository import Repository, environment_for_editor
from patchpilot.model.patch import Patch
from patchpilot.model.progress import Progress
from patchpilot.model.trailer import is_trailer
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import STRONG, diff_line, plain
from patchpilot.tui.widgets.pager import Pager, patch_stops


def load(repository: Repository, topic: Topic, _: Progress) -> tuple[tuple[Patch, ...], Standing]:
    """The topic's commits as patches."""
    patches = tuple(commit_patch(repository, commit.id) for commit in topic.commits)
    changed = sum(change.added + change.removed for patch in patches for change in patch.files)
    many = f"{len(patches)} commits" if len(patches) > 1 else "one commit"
    return patches, Standing(State.DONE, f"{many}, {changed} lines changed")


def message_line(row: str) -> Text:
    """A line of a commit: trailers and headers strong, the diff in its colours."""
    return plain(row, STRONG) if is_trailer(row) or row.startswith(("From: ", "Subject: ", "Date: ")) else diff_line(row)


class CommitScreen(StageScreen):
    """What is to be sent."""

    stage = Stage.COMMIT
    BINDINGS: ClassVar[list[BindingType]] = [Binding("e", "edit", "edit", tooltip="amend the last commit's message in your editor")]

    def body(self) -> ComposeResult:
        """A list of commits where there are several, and the commit."""
        yield OptionList(id="commits", classes="list", markup=False)
        yield Pager(ident="commit", styler=message_line)

    def show(self, result: Any) -> None:
        """Fill both."""
        chosen = self.query_one("#commits", OptionList)
        chosen.clear_options()
        chosen.add_options(Option(plain(f"{patch.commit[:12] if patch.commit else ''} {patch.subject.title}")) for patch in result)
        chosen.display = len(result) > 1
        self._show_one(result[0])
        self.query_one("#commit").focus()

    def _show_one(self, patch: Patch) -> None:
        rows = [row for row in patch.lines if not row.startswith("From ")]
        self.query_one("#commit", Pager).fill(rows, stops=patch_stops(rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the commit under the cursor."""
        result = self.session.fresh(self.stage)
        if result and event.option_index < len(result):
            self._show_one(result[event.option_index])

    def action_edit(self) -> None:
        """Amend in the editor, then read the topic again."""
        with self.app.suspend():
            subprocess.call(
                ["git", "-C", os.fspath(self.session.directory or "."), "commit", "--amend", "--allow-empty"], env=environment_for_editor()
            )
        self.action_reload()
