# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 6, preview: every mail as its bytes will be, who gets it and why, and what refuses."""

from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress
from patchpilot.outgoing.plan import Request, SendPlan
from patchpilot.services.send import plan
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import STRONG, diff_line, plain
from patchpilot.tui.widgets.pager import Pager, patch_stops


def load(repository: Repository, topic: Topic, progress: Progress) -> tuple[SendPlan, Standing]:
    """The plan of a send: nothing leaves."""
    result = plan(repository, Request(target=topic.target, base=topic.base), progress=progress)
    if result.refused:
        return result, Standing(State.BLOCKED, result.refusals[0].message)
    return result, Standing(State.DONE, f"{len(result.mails)} mails to {len(result.recipients)} recipients")


def mail_line(row: str) -> Text:
    """A line of a mail: headers strong, the diff in its colours."""
    return (
        plain(row, STRONG) if row.startswith(("From: ", "To: ", "Cc: ", "Subject: ", "Message-ID: ", "In-Reply-To: ")) else diff_line(row)
    )


class PreviewScreen(StageScreen):
    """What leaves, before it leaves."""

    stage = Stage.PREVIEW

    def body(self) -> ComposeResult:
        """What refuses or warns, the mails, and one of them."""
        yield Static(id="problems", markup=False, classes="row")
        yield OptionList(id="mails", classes="list", markup=False)
        yield Pager(ident="mail", styler=mail_line)

    def show(self, result: SendPlan) -> None:
        """Fill all three."""
        words = [f"refused: {one.message}" for one in result.refusals] + [f"warning: {one.message}" for one in result.warnings]
        self.query_one("#problems", Static).update(plain("\n".join(words[:5])))
        chosen = self.query_one("#mails", OptionList)
        chosen.clear_options()
        chosen.add_options(Option(plain(letter.subject)) for letter in result.letters)
        chosen.display = len(result.letters) > 1
        self._show_one(result, 0)
        self.query_one("#mail").focus()

    def _show_one(self, result: SendPlan, at: int) -> None:
        if at < len(result.mails):
            rows = result.mails[at].raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
            self.query_one("#mail", Pager).fill(rows, stops=patch_stops(rows))

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the mail under the cursor."""
        result: SendPlan | None = self.session.fresh(self.stage)
        if result:
            self._show_one(result, event.option_index)
