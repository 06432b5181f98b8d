# SPDX-License-Identifier: GPL-2.0-or-later
"""Draw the first frame, with the stage bar, before Textual is imported.

Meanwhile, the topic is read.
"""

import contextlib
import os
import sys
import threading
from dataclasses import dataclass

from patchpilot.topic.head_watch import Watch, head_signature, refs_signature
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.session import OpenTopic, Session
from patchpilot.tui.view.stage_line import stage_cells
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.view.title import title_row, title_texts

PATIENCE = 0.25
"""Seconds to wait for the topic before importing Textual, because doing both at once is slower."""

_ENTER, _LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?1049l\x1b[?25h"
_CLEAR, _BOLD, _REVERSE, _PLAIN = "\x1b[H\x1b[2J", "\x1b[1m", "\x1b[1;7m", "\x1b[0m"


@dataclass(frozen=True, slots=True)
class TopicPlace:
    """An opened topic, the key of its saved state, and the signature of its refs."""

    topic: OpenTopic
    name: str
    refs: str


def read_topic(session: Session, watch: Watch) -> TopicPlace:
    """Read the topic of a session.

    Afterwards, even if this fails, `watch` observes the topic's repository. Raise PatchpilotError
    if there is no topic.
    """
    with session.repository() as repository:
        folders = repository.git_dir, repository.common_dir
        refs = refs_signature(folders[1])
        # record the state before reading, so that a change in the meantime is noticed
        watch.remember(folders, head_signature(*folders))
        topic = session.read_topic_now(repository)
    return TopicPlace(topic, f"{folders[1]}:{topic.branch}", refs)


class Opening:
    """A thread that reads the topic, started at once.

    `draw` shows what has been read so far; `place` waits for the topic.
    """

    def __init__(self, session: Session, memory: SavedState) -> None:
        self.session, self.memory, self.watch = session, memory, Watch()
        self._place: TopicPlace | None = None
        self._error: BaseException | None = None
        self._ours, self._drawing = False, threading.Lock()
        self._thread = threading.Thread(
            target=self._read, daemon=True, name="patchpilot-topic"
        )
        self._thread.start()

    def _read(self) -> None:
        try:
            self._place = read_topic(self.session, self.watch)
        except BaseException as error:  # noqa: BLE001 (shown in the error card, once there is one)
            self._error = error
        else:
            self._show()

    @property
    def name(self) -> str:
        return self._place.name if self._place and not self._thread.is_alive() else ""

    def place(self) -> TopicPlace:
        self._thread.join()
        if self._error or self._place is None:
            raise self._error or RuntimeError("nothing was read")
        return self._place

    def draw(self) -> None:
        """Switch the terminal to its alternate screen, wait briefly for the commits, and show what
        is known so far.
        """
        sys.stderr.write(_ENTER)
        self._ours = True
        self._show()
        self._thread.join(PATIENCE)

    def _show(self) -> None:
        # if this fails, Textual soon draws the same frame anyway
        with self._drawing, contextlib.suppress(OSError, ValueError):
            if self._ours:
                wide, _ = os.get_terminal_size(sys.stderr.fileno())
                sys.stderr.write(
                    _CLEAR + frame(self.session, self.memory, self._place, wide)
                )
                sys.stderr.flush()

    def stop_drawing(self) -> None:
        with self._drawing:
            self._ours = False

    def leave(self) -> None:
        self.stop_drawing()
        sys.stderr.write(_LEAVE)
        sys.stderr.flush()


def frame(
    session: Session, memory: SavedState, topic_place: TopicPlace | None, wide: int
) -> str:
    """Return the first frame as text: the title line, and the stages with their saved states."""
    opens = Stage.COMMIT
    if topic_place:
        known = memory.get("stage", topic_place.name)
        opens = Stage(known) if known in list(Stage) else opens
        session.topic, session.refs = topic_place.topic, topic_place.refs
        session.recall(
            memory.get("standings", topic_place.name)
            if session.target is None
            else None
        )
    subject, places = (
        (topic_place.topic.title, title_texts(topic_place.topic, None))
        if topic_place
        else ("patchpilot", ())
    )
    rows = [
        _BOLD
        + title_row(subject, places, "" if topic_place else "reading topic …", wide)
        + _PLAIN
    ]
    cells = stage_cells(session.status, opens, wide)
    rows.append(
        " "
        + "".join(
            (_REVERSE if cell.stage is opens else "") + cell.text + _PLAIN + cell.gap
            for cell in cells
        )
    )
    return "\r\n".join(rows)
