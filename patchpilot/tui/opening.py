# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the first frame, with the stage bar, before Textual is imported.

Meanwhile, the topic is read.
"""

import contextlib
import os
import sys
import threading

from patchpilot.topic.head_watch import HeadWatch, head_signature, refs_signature
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.session import Session, TopicPlace
from patchpilot.tui.view.stage_line import fit_stage_cells
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.view.title import format_title_row, title_texts

PATIENCE = 0.25
"""Seconds to wait for the topic before importing Textual, because doing both at once is slower."""

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?1049l\x1b[?25h"
_CLEAR, _BOLD, _REVERSE, _PLAIN = "\x1b[H\x1b[2J", "\x1b[1m", "\x1b[1;7m", "\x1b[0m"


def read_topic(session: Session, watch: HeadWatch) -> TopicPlace:
    """Read the topic of a session.

    Afterwards, even if this fails, `watch` observes the topic's repository. Raise PatchpilotError
    if there is no topic.
    """
    with session.open_repository() as repository:
        folders = repository.git_dir, repository.common_dir
        refs = refs_signature(folders[1])
        # record the state before reading, so that a change in the meantime is noticed
        head = head_signature(*folders)
        watch.remember(folders, head)
        topic = session.read_topic_now(repository)
    return TopicPlace(topic, f"{folders[1]}:{topic.branch}", refs, head)


class Opening:
    """A thread that starts at once and reads the topic.

    `draw_first_frame` shows what has been read so far. `wait_for_topic` waits for the topic.
    """

    def __init__(self, session: Session, memory: SavedState) -> None:
        self.session, self.memory, self.watch = session, memory, HeadWatch()
        self._place: TopicPlace | None = None
        self._error: BaseException | None = None
        self._is_ours, self._drawing = False, threading.Lock()
        self._thread = threading.Thread(
            target=self._read_topic, daemon=True, name="patchpilot-topic"
        )
        self._thread.start()

    def _read_topic(self) -> None:
        try:
            self._place = read_topic(self.session, self.watch)
        except BaseException as error:  # noqa: BLE001 (shown in the error card, once there is one)
            self._error = error
        else:
            self._write_first_frame()

    @property
    def name(self) -> str:
        return self._place.name if self._place and not self._thread.is_alive() else ""

    def wait_for_topic(self) -> TopicPlace:
        self._thread.join()
        if self._error or self._place is None:
            raise self._error or RuntimeError("nothing was read")
        return self._place

    def draw_first_frame(self) -> None:
        """Switch the terminal to its alternate screen, wait briefly for the commits, and show what
        is known so far.
        """
        sys.stderr.write(_ENTER)
        self._is_ours = True
        self._write_first_frame()
        self._thread.join(PATIENCE)

    def _write_first_frame(self) -> None:
        # if this fails, Textual soon draws the same frame anyway
        with self._drawing, contextlib.suppress(OSError, ValueError):
            if self._is_ours:
                columns, _ = os.get_terminal_size(sys.stderr.fileno())
                sys.stderr.write(
                    _CLEAR + render_first_frame(self.session, self.memory, self._place, columns)
                )
                sys.stderr.flush()

    def stop_drawing(self) -> None:
        with self._drawing:
            self._is_ours = False

    def leave_alternate_screen(self) -> None:
        self.stop_drawing()
        sys.stderr.write(_LEAVE)
        sys.stderr.flush()


def restore_states(session: Session, memory: SavedState, topic_key: str) -> Stage | None:
    """Restore the saved states of a topic's stages; return the stage last visited, or None."""
    if session.target is None:
        session.restore_states(memory.get("standings", topic_key))
        session.reports = memory.get("reports", topic_key) or ""
    stage = memory.get("stage", topic_key)
    return Stage(stage) if stage in list(Stage) else None


def render_first_frame(
    session: Session, memory: SavedState, topic_place: TopicPlace | None, columns: int
) -> str:
    """Return the first frame as text: the title line, and the stages with their saved states."""
    opened_stage = Stage.COMMIT
    if topic_place:
        session.take_topic(topic_place)
        opened_stage = restore_states(session, memory, topic_place.name) or opened_stage
        topic = topic_place.topic
        title = format_title_row(topic.title, title_texts(topic, None), "", columns)
    else:
        title = format_title_row("patchpilot", (), "reading topic …", columns)
    cells = "".join(
        f"{_REVERSE if cell.stage is opened_stage else ''}{cell.text}{_PLAIN}{cell.gap}"
        for cell in fit_stage_cells(session.stage_status, opened_stage, columns)
    )
    return f"{_BOLD}{title}{_PLAIN}\r\n {cells}"
