# SPDX-License-Identifier: GPL-2.0-or-later
"""The follow stage: the mails that were sent, the replies, where the patch was merged; and the next version."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from patchpilot.model.counted import counted
from patchpilot.model.printable import printable
from patchpilot.tui.rich_text import fitted, plain
from patchpilot.tui.screens.stage_screen import StageScreen
from patchpilot.tui.screens.thread import ThreadLayout, lay, thread_line
from patchpilot.tui.session import JobRequest
from patchpilot.tui.stages import Stage, StageState, StageStatus
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader
from patchpilot.tui.widgets.lists import List
from patchpilot.tui.widgets.panel import Columns, Panel
from patchpilot.tui.widgets.patch_pager import Pager

if TYPE_CHECKING:
    from patchpilot.services.tags.add_review_trailers import Collected
    from patchpilot.services.topic.topic_state import TopicState
    from patchpilot.services.track.follow_series import Tracked

OFTEN, SELDOM = 3.0, 600.0
"""Seconds between two requests to the archive: on loopback, and to a public one."""
CALM, RARELY = 5, 10
"""On loopback: after CALM requests without news, only every RARELY-th is made."""


def load(ask: JobRequest) -> "tuple[tuple[Tracked, ...], StageStatus]":
    """The followed series: from the local store before a visit, updated from their archives when the stage is visited."""
    from patchpilot.services.track.follow_topic import followed

    session = ask.session
    fresh = ask.visited and (ask.again or _is_local(session.settings(ask.repository).get("lore")))
    shown = followed(ask.repository, session.target, session.topic_base, ask=ask.visited, fresh=fresh, progress=ask.progress)
    return shown.series, status_of(shown.topic, shown.series)


def status_of(topic: "TopicState | None", series: "Sequence[Tracked]") -> StageStatus:
    """The stage's state is that of the current topic; other followed series are only counted."""
    from patchpilot.services.track.follow_topic import NextStepNeed

    unread = sum(len(followed.unread) for followed in series)
    others = [followed for followed in series if topic is None or topic.series is None or followed.entry.id != topic.series.entry.id]
    numbers = [counted(len(others), "other series" if topic else "series", "other series" if topic else "series")] if others else []
    numbers += [counted(unread, "unread mail")] if unread else []
    more = f" ({', '.join(numbers)})" if numbers else ""
    if topic is None:
        return StageStatus(StageState.TODO, f"no topic{more}" if series else "no series is followed yet; series that you send appear here")
    if not topic.is_sent:
        return StageStatus(StageState.TODO, f"{topic.summary}{more}")
    state = {NextStepNeed.ACTION: StageState.TODO, NextStepNeed.PATIENCE: StageState.WAITING, NextStepNeed.NOTHING: StageState.DONE}[
        topic.step.need
    ]
    return StageStatus(state, f"{topic.summary}{more}")


def _is_local(url: str) -> bool:
    return "//127.0.0.1" in url or "//localhost" in url


class FollowScreen(StageScreen):
    """The follow stage: replies and the status of the patch."""

    stage = Stage.FOLLOW
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "fold", "fold quote", key_display="Enter", tooltip="fold or unfold the quoted lines under the cursor"),
        Binding("v", "version", "make next version", tooltip="start the next version: its changelog, then the preview"),
        Binding("c", "collect", "collect tags", tooltip="add the tags from replies (Reviewed-by: …) to your commits"),
        Binding("g", "reload", "refresh", tooltip="read the mail archive again"),
        Binding(
            "f",
            "fetch",
            "git fetch",
            show=False,
            tooltip="run git fetch, after confirmation, to see where the patch was merged",
        ),
        Binding("a", "add", "follow series", show=False, tooltip="follow another series by its Message-ID or link"),
        Binding("m", "read", "mark read", show=False, tooltip="mark all mails of the series as read"),
        Binding("X", "remove", "unfollow", show=False, tooltip="stop following this series"),
    ]

    def __init__(self, session: Any) -> None:
        super().__init__(session)
        self._unfolded: frozenset[str] = frozenset()
        self._laid = ThreadLayout((), (), (), {})
        self._number = 0
        self._timer: Timer | None = None
        self._passed: set[str] = set()
        self._known: tuple[Tracked, ...] | None = None
        self._looks = 0

    def body(self) -> ComposeResult:
        """The list of series, and the selected one in full."""
        with Columns():
            yield Panel(List(ident="series"), title="Series", id="series-list")
            yield Panel(Pager(ident="thread", styler=thread_line), title="Conversation", classes="main")

    def may_begin(self) -> bool:
        """Following a series needs no topic."""
        return self.tui.jobs.is_open

    def on_screen_resume(self) -> None:
        """Show the stored state, read the archive, and refresh periodically while the screen is shown."""
        super().on_screen_resume()
        self._looks = 0
        if self.stage not in self.session.busy and self.may_begin():
            self.tui.jobs.begin(self.stage)
        if self._timer is None:
            self._timer = self.set_interval(OFTEN if self.tui.demo else SELDOM, self._again)
        else:
            self._timer.resume()

    def on_screen_suspend(self) -> None:
        """Stop refreshing; mails that the cursor passed count as read."""
        series, passed = self._current(), frozenset(self._passed)
        if series and passed & series.unread:
            from patchpilot.services.track.follow_topic import mark_read

            mark_read(series.entry.id, passed & series.unread)
            self.session.changed("followed")
        if self._timer:
            self._timer.pause()

    def _again(self) -> None:
        self._looks += 1
        if self.tui.demo and self._looks > CALM and self._looks % RARELY:
            return
        if self.stage not in self.session.busy and self.app.screen is self:
            self.tui.jobs.begin(self.stage)

    def action_reload(self) -> None:
        """Refresh, and then frequently for a while."""
        self._looks = 0
        super().action_reload()

    def show(self, result: "tuple[Tracked, ...]") -> None:
        """Fill the list and the thread; the cursor stays. An unchanged result is not drawn again."""
        # the time of the last update alone is no change
        seen = tuple(replace(series, entry=replace(series.entry, updated=None), new=()) for series in result)
        if seen and seen == self._known:
            return
        self._known, self._looks = seen, 0
        chosen = self.query_one("#series", List)
        with self.prevent(OptionList.OptionHighlighted):
            chosen.clear_options()
            for series in result:
                new = f"{len(series.unread)} new" if series.unread else ""
                mark = "*" if series.own else " "
                chosen.add_option(Option(plain(f"{mark} {fitted(str(series.state), 18)} {new:<7} {series.subject}")))
            self.query_one("#series-list").display = len(result) > 1
            own = next((at for at, series in enumerate(result) if series.own), len(result) - 1)
            at = next((at for at, series in enumerate(result) if series.entry.id == self._number), own)
            if result and len(result) > 1:
                chosen.highlighted = at
        pager = self.query_one("#thread", Pager)
        if not result:
            rows = [
                "No series is followed yet.",
                "",
                "Series that you send are followed automatically. Press a to follow another series by its Message-ID or link.",
            ]
            self._laid = ThreadLayout(tuple(rows), (), (), {})
            pager.fill(rows)
        else:
            self._lay(result[at], keep=result[at].entry.id == self._number)
        if self.focused is None or (self.focused is chosen and len(result) < 2):
            pager.focus()

    def _lay(self, series: "Tracked", *, keep: bool) -> None:
        self._number = series.entry.id
        self._laid = lay(series, self._unfolded, (self.size.width or 80) - 4)
        self.query_one("#thread", Pager).fill(self._laid.rows, stops=self._laid.mails, keep=keep)

    def on_pager_moved(self, event: Pager.Moved) -> None:
        """Record which mails were seen."""
        self._passed |= {ident for at, ident in zip(self._laid.mails, self._laid.ids, strict=True) if at <= event.line}

    def _current(self) -> "Tracked | None":
        result: tuple[Tracked, ...] | None = self.session.last(self.stage)
        return next((series for series in result or () if series.entry.id == self._number), None)

    def id_to_copy(self) -> str:
        """The series' Message-ID."""
        series = self._current()
        return f"<{series.entry.message_id}>" if series else super().id_to_copy()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Show the series under the cursor."""
        result: tuple[Tracked, ...] | None = self.session.last(self.stage)
        if result and event.option_index < len(result):
            self._lay(result[event.option_index], keep=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Focus the thread."""
        self.query_one("#thread").focus()

    def action_fold(self) -> None:
        """Fold or unfold the quote under the cursor."""
        pager, series = self.query_one("#thread", Pager), self._current()
        name = self._laid.folds.get(pager.cursor)
        if series and name:
            first = min(at for at, known in self._laid.folds.items() if known == name)
            self._unfolded = self._unfolded ^ {name}
            self._lay(series, keep=True)
            pager.go(first)

    def action_read(self) -> None:
        """Mark all mails as read."""
        from patchpilot.services.track.follow_topic import mark_read

        series = self._current()
        if series:
            mark_read(series.entry.id)
            self.session.changed("followed")
            self.tui.jobs.begin(self.stage)

    def action_fetch(self) -> None:
        """Run git fetch: whether a fix is in mainline and the stable branches is read from the local refs."""
        from patchpilot.services.topic.edit_commits import fetch_all, remotes
        from patchpilot.services.topic.open_repository import open_repository
        from patchpilot.tui.editing import suspended

        with open_repository(self.session.directory) as repository:
            top, known = repository.top, remotes(repository)
        if not known:
            self.notify("no remote to fetch from", timeout=3)
            return

        def answered(choice: str | None) -> None:
            if choice != "yes":
                return
            # on the terminal: git may ask for a password, shows its progress, and Ctrl-C stops it
            with suspended(self.app):
                done = fetch_all(top)
            if not done:
                self.notify("git fetch failed; the status is updated from what was fetched", severity="warning")
            self.session.changed("followed")
            self.reread()
            self.action_reload()

        names = ", ".join(printable(remote) for remote in known)
        text = f"Fetch from {names}?\n(git fetch --all --tags)\n\nThis shows whether the patch is in mainline and the stable branches."
        self.app.push_screen(Choose(text, (("yes", "Fetch"), ("no", "Cancel"))), answered)

    def action_add(self) -> None:
        """Follow another series."""

        def answered(value: str | None) -> None:
            if value:
                self._add(value)

        self.app.push_screen(LineDialog("Message-ID or archive link of the series:", lambda text: (bool(text.strip()), "")), answered)

    def _add(self, value: str) -> None:
        from patchpilot.services.track.follow_topic import add_series

        def work(repository: Any, progress: Any) -> "tuple[Tracked, ...]":
            return add_series(repository, self.session.settings(repository), value, progress)

        def added(added_series: "tuple[Tracked, ...]") -> None:
            self._number = added_series[-1].entry.id if added_series else self._number
            self.session.changed("followed")
            self.tui.jobs.begin(self.stage)

        self.in_thread("reading the archive", work, added)

    def action_remove(self) -> None:
        """Stop following the series."""
        series = self._current()
        if series is None:
            return

        def answered(choice: str | None) -> None:
            if choice == "yes":
                from patchpilot.services.track.follow_topic import remove_series

                remove_series(series.entry.id)
                self.session.changed("followed")
                self.tui.jobs.begin(self.stage)

        self.app.push_screen(
            Choose(f"Stop following this series?\n\n{series.subject}", (("no", "Keep following"), ("yes", "Unfollow"))), answered
        )

    def action_collect(self) -> None:
        """Show the tags from replies, then add them to the commits."""
        from patchpilot.services.tags.add_review_trailers import TrailersRequest, add_review_trailers

        session = self.session

        def run(repository: Any, progress: Any, dry_run: bool) -> "Collected":
            request = TrailersRequest(session.target, session.topic_base, dry_run=dry_run, published=True)
            return add_review_trailers(repository, request, progress=progress)

        def planned(collected: "Collected") -> None:
            rows = [row for change in collected.preparation.changed for row in change.marked.rstrip("\n").split("\n") if "{+" in row]
            held_back = [f"not added: {trailer.trailer} ({trailer.why})" for trailer in collected.held]
            if not rows:
                self.notify("; ".join(held_back) or "no new tags", markup=False, timeout=5)
                return
            text = "Add these tags to your commits? (u undoes it)\n\n" + "\n".join([*rows, *held_back])
            self.app.push_screen(Choose(text, (("yes", "Add tags"), ("no", "Cancel"))), answered)

        def answered(choice: str | None) -> None:
            if choice == "yes":
                self.in_thread("adding the tags", lambda repository, progress: run(repository, progress, False), lambda _: self.reread())

        self.in_thread("collecting the tags", lambda repository, progress: run(repository, progress, True), planned)

    def action_version(self) -> None:
        """Start the next version and show its changelog."""
        from patchpilot.services.send.edit_draft import begin_version

        session = self.session

        def show(draft: Any) -> None:
            session.changed("draft")
            rows = [
                f"Version {draft.version} is started. Next steps:",
                "",
                f"1. Amend your commits as requested in review (stage {Stage.COMMIT.number}, e) and collect the tags (c here).",
                f"2. Write the changelog (stage {Stage.PREVIEW.number}, e); the differences from the previous version are listed there.",
                f"3. Send it (stage {Stage.SEND.number}) as a new thread with a link to the previous version.",
                "",
                "The changelog so far:",
                *draft.changelog.split("\n"),
            ]
            self.app.push_screen(Reader(f"Version {draft.version}", rows))

        self.in_thread(
            "starting the next version",
            lambda repository, _: begin_version(repository, session.request(repository)),
            show,
        )
