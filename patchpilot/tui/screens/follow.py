# SPDX-License-Identifier: GPL-2.0-or-later
"""Stage 8, follow: what was sent, what came back, where it has landed."""

from typing import Any

from textual.app import ComposeResult
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from patchpilot.commits.repository import Repository
from patchpilot.model.progress import Progress
from patchpilot.services import track
from patchpilot.threads.store import Store
from patchpilot.tui.screens.base import StageScreen
from patchpilot.tui.session import Topic
from patchpilot.tui.stages import Stage, Standing, State
from patchpilot.tui.text import plain
from patchpilot.tui.widgets.pager import Pager


def load(repository: Repository, _: Topic, progress: Progress) -> tuple[tuple[track.Tracked, ...], Standing]:
    """The followed series, asked anew of their archives."""
    with Store() as store:
        found = track.update(store=store, archive_at=track.default_archive(), repository=repository, progress=progress)
        known = found or track.listed(store=store, repository=repository, progress=progress)
    unread = sum(len(one.unread) for one in known)
    if not known:
        return known, Standing(State.TODO, "nothing is followed yet: what you send appears here")
    return known, Standing(State.DONE, f"{len(known)} series, {unread} new mails")


class FollowScreen(StageScreen):
    """What became of it."""

    stage = Stage.FOLLOW

    def body(self) -> ComposeResult:
        """The series, and one of them in full."""
        yield OptionList(id="series", classes="list", markup=False)
        yield Pager(ident="thread")

    def show(self, result: tuple[track.Tracked, ...]) -> None:
        """Fill both."""
        chosen = self.query_one("#series", OptionList)
        chosen.clear_options()
        chosen.add_options(Option(plain(f"{one.state:<18} {len(one.unread):>3} new  {one.subject}")) for one in result)
        if result:
            chosen.highlighted = 0
        chosen.focus()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the series under the cursor."""
        result: Any = self.session.fresh(self.stage)
        if result and event.option_index < len(result):
            self.query_one("#thread", Pager).fill(_in_words(result[event.option_index]))


def _in_words(one: track.Tracked) -> list[str]:
    rows = [f"next: {one.next_step}"]
    rows += [f"landed: {place.tree} {place.commit or ''} {place.release or ''}" for place in one.landed]
    rows += [f"stable {branch.version}: {branch.state} {branch.note}" for branch in one.stable]
    if one.status is None:
        return rows
    rows += [f"tag: {credit.trailer} (v{credit.version})" for credit in one.status.trailers]
    for reply in one.status.replies:
        mail = reply.mail.mail
        rows += ["", f"--- {reply.mail.kind}: {mail.sender} {mail.date or ''}", *mail.body.rstrip().split("\n")]
    return rows
