# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the TUI's background jobs: read the topic, run one job per stage in threads, and load quick
stages before the user opens them.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from patchpilot.errors import CancelledError, PatchpilotError
from patchpilot.topic.head_watch import HeadWatch
from patchpilot.tui.opening import Opening, read_topic
from patchpilot.tui.stage.thread_jobs import ThreadJobs
from patchpilot.tui.view.session import Session, TopicPlace
from patchpilot.tui.view.stages import AHEAD, RECORDED, Stage

if TYPE_CHECKING:
    from patchpilot.tracking.follow_topic import StoreState


class StageJobs:
    """The background jobs of the stages.

    The results of replaced or canceled jobs are discarded.
    """

    def __init__(self, app: Any, session: Session, opening: Opening | None) -> None:
        self._app, self._session, self._opening = app, session, opening
        self._watch = opening.watch if opening else HeadWatch()
        self._threads = ThreadJobs(app)
        self._rewriting_threads: set[int] = set()
        self.ahead: list[Stage] = []
        self.reads_facts, self._facts_key = False, ""
        self.is_open = False
        self._store_stamp: tuple[int, ...] = ()
        self._tracked: frozenset[str] = frozenset()

    def close(self) -> None:
        self._threads.cancel_jobs()

    def start_stage(self, stage: Stage, *, visited: bool = True, is_retry: bool = False) -> None:
        self._session.busy[stage] = "working …"
        self._session.errors.pop(stage, None)
        self._threads.start_job(
            f"stage-{stage}",
            partial(self._session.run_stage, stage, visited=visited, is_retry=is_retry),
            lambda _: self._handle_result(stage),
            # if the job fails, its stage must not stay busy
            partial(self.finish_stage, stage),
            partial(self._show_progress, stage),
        )
        self._app.redraw_stage()

    def cancel_stage(self, stage: Stage) -> None:
        if stage in self._session.busy:
            self._threads.cancel_jobs(f"stage-{stage}")
            self.finish_stage(stage, CancelledError("canceled; press g to refresh"))

    def finish_stage(self, stage: Stage, error: PatchpilotError | None = None) -> None:
        self._session.busy.pop(stage, None)
        if error:
            self._session.errors[stage] = error
            self._show_error()
        self._app.redraw_stage()
        self.refresh_stale_stages()

    def _handle_result(self, stage: Stage) -> None:
        self._session.busy.pop(stage, None)
        screen = self._app.stage_screen
        if screen and screen.stage is stage:
            if self._session.fresh_result(stage) is None:
                # run the stage again: only its saved record was read, or one of its inputs has
                # changed
                self.start_stage(stage)
                return
            screen.show_new_result()
        self.finish_stage(stage)
        self._app.save_progress()

    def refresh_stale_stages(self) -> None:
        screen, session = self._app.stage_screen, self._session
        if (
            screen
            and session.last_result(screen.stage) is not None
            and session.must_run(screen.stage)
        ):
            # run the displayed stage again, because it depends on what changed
            self.start_stage(screen.stage)
        if not self.ahead:
            self.ahead = [
                stage
                for stage in AHEAD
                if self._session.last_result(stage) is not None
                and self._session.fresh_result(stage) is None
            ]
        self._start_next_stage()

    def _show_progress(self, stage: Stage, line: str) -> None:
        if stage in self._session.busy:
            self._session.busy[stage] = line
            screen = self._app.stage_screen
            if screen and screen.stage is stage:
                screen.update_titles()

    def _show_error(self) -> None:
        screen = self._app.stage_screen
        if screen and screen.stage in self._session.errors:
            screen.show_error(self._session.errors[screen.stage])

    def _start_next_stage(self) -> None:
        if any(stage in self._session.busy for stage in AHEAD):
            return
        while self.ahead:
            stage = self.ahead.pop(0)
            if stage in RECORDED and self._session.last_result(stage) is not None:
                # skip a displayed result that is stale, because the next visit to the stage updates
                # it
                continue
            if self._session.must_run(stage):
                self.start_stage(stage, visited=stage is self._app.stage)
                return
        self._start_reading_facts()

    def _start_reading_facts(self) -> None:
        session, facts_key = self._session, self._session.facts_key
        if self.reads_facts or facts_key == self._facts_key:
            return
        self.reads_facts, self._facts_key = True, facts_key

        def handle_end(_: PatchpilotError | None) -> None:
            # show no error here, because the stage that needs the facts shows it
            self.reads_facts = False
            self._app.redraw_stage()

        self._threads.start_job(
            "facts", lambda _: session.read_topic_facts(), handle_end, handle_end
        )

    @contextmanager
    def delay_topic_reads(self) -> Iterator[None]:
        """Do not read the topic again while the calling thread rewrites its commits.

        A rewrite may move the branch several times; the commits in between are no topic.
        """
        thread = threading.get_ident()
        self._rewriting_threads.add(thread)
        try:
            yield
        finally:
            self._rewriting_threads.discard(thread)

    def notice_changes(self) -> None:
        is_busy = self._app.sending or self._rewriting_threads
        if not is_busy and self._watch.moved:
            self.read_topic()
        if self._session.last_result(Stage.FOLLOW) is not None:
            self._check_store()

    def _check_store(self) -> None:
        from patchpilot.tracking.follow_topic import (
            read_store_state,
            read_store_timestamps,
        )

        timestamps = read_store_timestamps()
        if timestamps != self._store_stamp:
            self._store_stamp = timestamps
            # if the store is locked or damaged, Follow shows the error, and the next visit reads
            # the store again
            self._threads.start_job(
                "store",
                lambda _: read_store_state(self._session.reports, self._session.open_repository),
                self._handle_store_state,
                str,
            )

    def _handle_store_state(self, state: "StoreState") -> None:
        """Reload the series if a series was added to or removed from the store, and LTS if
        something else is reported about the fix.

        An update changes the store as well, but must not trigger another update.
        """
        session = self._session
        if session.busy:
            # the running job may have read older data, so compare again at the next visit
            self._store_stamp = ()
            return
        old_ids, self._tracked = self._tracked, state.ids
        shown_ids = {series.entry.message_id for series in session.last_result(Stage.FOLLOW) or ()}
        if state.ids not in (old_ids, shown_ids):
            session.mark_changed("followed")
        if state.reports != session.reports:
            session.reports = state.reports
            session.mark_changed("reported")
        self.refresh_stale_stages()
        self._app.redraw_stage()

    def read_topic(self) -> None:
        opening, self._opening = self._opening, None
        read_function = (
            opening.wait_for_topic if opening else partial(read_topic, self._session, self._watch)
        )
        self._threads.start_job(
            "topic",
            lambda _: read_function(),
            self._handle_read_topic,
            self._handle_missing_topic,
        )

    def _handle_missing_topic(self, error: PatchpilotError) -> None:
        self.is_open, self._session.topic = True, None
        self._session.errors.update((stage, error) for stage in Stage if stage is not Stage.FOLLOW)
        self._app.handle_missing_topic(error)
        self._show_error()
        self._app.redraw_stage()
        if self._app.stage is Stage.FOLLOW and self._session.fresh_result(Stage.FOLLOW) is None:
            self.start_stage(Stage.FOLLOW)
        self._start_next_stage()

    def _handle_read_topic(self, read_result: TopicPlace) -> None:
        """Run the current stage and the quick stages for the new topic.

        Other stages become stale if something that they depend on has changed.
        """
        self.is_open = True
        self._session.take_topic(read_result)
        for stage in Stage:
            if stage not in self._session.busy:
                self._session.errors.pop(stage, None)
        screen = self._app.stage_screen
        if screen:
            screen.close_stage_error()
        self._app.restore_saved_stage(read_result.name)
        self.ahead = list(AHEAD)
        if self._app.stage_screen and self._session.fresh_result(self._app.stage) is None:
            self.start_stage(self._app.stage)
        self._start_next_stage()
        self._app.redraw_stage()
