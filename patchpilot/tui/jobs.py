# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the TUI's background jobs: read the topic, run one job per stage in threads, and load quick
stages before the user opens them.
"""

from functools import partial
from typing import Any

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.topic.head_watch import Watch
from patchpilot.tui.opening import Opening, TopicPlace, read_topic
from patchpilot.tui.stage.thread_jobs import ThreadJobs
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import AHEAD, RECORDED, Stage


class StageJobs:
    """The background jobs of the stages.

    The results of replaced or canceled jobs are discarded.
    """

    def __init__(self, app: Any, session: Session, opening: Opening | None) -> None:
        self._app, self._session, self._opening = app, session, opening
        self._watch = opening.watch if opening else Watch()
        self._threads = ThreadJobs(app)
        self.ahead: list[Stage] = []
        self.reads_facts, self._facts_failed = False, ""
        self.is_open = False
        self._store_stamp: tuple[int, ...] = ()
        self._tracked: frozenset[str] = frozenset()

    def close(self) -> None:
        self._threads.cancel()

    def begin(self, stage: Stage, *, visited: bool = True, again: bool = False) -> None:
        self._session.busy[stage] = "working …"
        self._session.errors.pop(stage, None)
        self._threads.start(
            f"stage-{stage}",
            partial(self._session.load, stage, visited=visited, again=again),
            lambda _: self._done(stage),
            # if the job fails, its stage must not stay busy
            partial(self.finish_stage, stage),
            partial(self._progressed, stage),
        )
        self._app.redraw()

    def cancel(self, stage: Stage) -> None:
        if stage in self._session.busy:
            self._threads.cancel(f"stage-{stage}")
            self.finish_stage(stage, CancelledError("canceled; press g to refresh"))

    def finish_stage(self, stage: Stage, error: PatchpilotError | None = None) -> None:
        self._session.busy.pop(stage, None)
        if error:
            self._session.errors[stage] = error
            self._show_error()
        self._app.redraw()
        self.refresh_stale()

    def _done(self, stage: Stage) -> None:
        self._session.busy.pop(stage, None)
        screen = self._app.stage_screen
        if screen and screen.stage is stage:
            if self._session.fresh(stage) is None:
                # only the saved record was read, or an input of the result has changed
                self.begin(stage)
                return
            screen.renew()
        elif (
            screen
            and self._session.last(screen.stage) is not None
            and self._session.must_run(screen.stage)
        ):
            # the screen displays an outdated result of this stage
            self.begin(screen.stage)
        self.finish_stage(stage)
        self._app.remember()

    def refresh_stale(self) -> None:
        if not self.ahead:
            self.ahead = [
                ahead
                for ahead in AHEAD
                if self._session.last(ahead) is not None
                and self._session.fresh(ahead) is None
            ]
        self._next_ahead()

    def _progressed(self, stage: Stage, line: str) -> None:
        if stage in self._session.busy:
            self._session.busy[stage] = line
            screen = self._app.stage_screen
            if screen and screen.stage is stage:
                screen.place()

    def _show_error(self) -> None:
        screen = self._app.stage_screen
        if screen and screen.stage in self._session.errors:
            screen.show_error(self._session.errors[screen.stage])

    def _next_ahead(self) -> None:
        if any(stage in self._session.busy for stage in AHEAD):
            return
        while self.ahead:
            stage = self.ahead.pop(0)
            if stage in RECORDED and self._session.last(stage) is not None:
                # the displayed result is stale; the next visit updates it
                continue
            if self._session.must_run(stage):
                self.begin(stage, visited=stage is self._app.stage)
                return
        self._read_facts()

    def _read_facts(self) -> None:
        session, wanted = self._session, self._session.wanted_facts
        if self.reads_facts or wanted in (session.facts_key, self._facts_failed):
            return
        self.reads_facts = True

        def ended(error: PatchpilotError | None) -> None:
            self.reads_facts = False
            if error:
                # the error is shown by the stage that needs the facts
                self._facts_failed = wanted
            self._app.redraw()

        self._threads.start("facts", lambda _: session.read_facts(), ended, ended)

    def notice_changes(self) -> None:
        if not self._app.sending and self._watch.moved:
            self.read_topic()
        if self._session.last(Stage.FOLLOW) is not None:
            self._notice_store()

    def _notice_store(self) -> None:
        from patchpilot.services.track.follow_topic import (
            read_followed_ids,
            read_store_timestamps,
        )

        stamp = read_store_timestamps()
        if stamp != self._store_stamp:
            self._store_stamp = stamp
            # a locked or damaged store is read again at the next visit, and Follow shows the error
            self._threads.start(
                "store", lambda _: read_followed_ids(), self._store_read, str
            )

    def _store_read(self, ids: frozenset[str]) -> None:
        """Reload the series if a series was added to or removed from the store.

        An update changes the store as well, but must not trigger another update.
        """
        if Stage.FOLLOW in self._session.busy:
            # the running job may have read older data, so compare again at the next visit
            self._store_stamp = ()
            return
        known, self._tracked = self._tracked, ids
        shown = {one.entry.message_id for one in self._session.last(Stage.FOLLOW) or ()}
        if ids in (known, shown):
            return
        self._session.changed("followed")
        if self._app.stage is Stage.FOLLOW:
            self.begin(Stage.FOLLOW)
        else:
            self.refresh_stale()

    def read_topic(self) -> None:
        opening, self._opening = self._opening, None
        read = (
            opening.place
            if opening
            else partial(read_topic, self._session, self._watch)
        )
        self._threads.start("topic", lambda _: read(), self._was_read, self._unread)

    def _unread(self, error: PatchpilotError) -> None:
        self.is_open, self._session.topic = True, None
        self._session.errors.update(
            (stage, error) for stage in Stage if stage is not Stage.FOLLOW
        )
        self._app.without_topic(error)
        self._show_error()
        self._app.redraw()
        if (
            self._app.stage is Stage.FOLLOW
            and self._session.fresh(Stage.FOLLOW) is None
        ):
            self.begin(Stage.FOLLOW)
        self._next_ahead()

    def _was_read(self, topic_place: TopicPlace) -> None:
        """Run the current stage and the quick stages for the new topic.

        Other stages become stale if something that they depend on has changed.
        """
        self.is_open = True
        self._session.topic, self._session.refs = topic_place.topic, topic_place.refs
        for stage in Stage:
            if stage not in self._session.busy:
                self._session.errors.pop(stage, None)
        screen = self._app.stage_screen
        if screen:
            screen.close_error()
        self._app.restore_place(topic_place.name)
        self.ahead = list(AHEAD)
        if self._app.stage_screen and self._session.fresh(self._app.stage) is None:
            self.begin(self._app.stage)
        self._next_ahead()
        self._app.redraw()
