# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the topic, and detects moves of HEAD or a branch from a few small files.

The latter is cheap enough to run every second.
"""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from patchpilot.tui.view.session import Session


class Watch:
    """Tracks the position of HEAD and numbers each read of the topic.

    Nothing is watched before the first call of `remember`.
    """

    def __init__(self) -> None:
        self._known: tuple[tuple[Path, Path], str] | None = None
        self._number, self._lock = 0, threading.Lock()

    def begin(self) -> int:
        """Start a read and return its number; results of earlier reads are discarded from now
        on.
        """
        with self._lock:
            self._number += 1
            return self._number

    @contextlib.contextmanager
    def newest(self, number: int) -> Iterator[bool]:
        """Return whether this is the latest read; no read can start within the context."""
        with self._lock:
            yield number == self._number

    def remember(self, folders: tuple[Path, Path], head: str) -> None:
        """Record the HEAD that a read started from, in (git directory, common directory)."""
        self._known = (folders, head)

    @property
    def moved(self) -> bool:
        known = self._known
        return known is not None and head_signature(*known[0]) != known[1]


def head_signature(git_dir: Path, common_dir: Path) -> str:
    """Return a string that changes whenever HEAD points to another commit.

    This happens when a commit is amended in another terminal or another branch is checked out.
    """
    with contextlib.suppress(OSError):
        head = (git_dir / "HEAD").read_text(errors="replace").strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        for folder in (git_dir, common_dir):
            with contextlib.suppress(OSError):
                return f"{head} {(folder / ref).read_text(errors='replace').strip()}"
        return f"{head} {_stamp(common_dir / 'packed-refs')} {_stamp(common_dir / 'reftable')}"
    return ""


def refs_signature(common_dir: Path) -> str:
    """Return a string that changes when remote-tracking branches may have moved.

    It is derived from FETCH_HEAD and packed-refs.
    """
    return f"{_stamp(common_dir / 'FETCH_HEAD')} {_stamp(common_dir / 'packed-refs')}"


def _stamp(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns
    return 0


@dataclass(frozen=True, slots=True)
class TopicPlace:
    """The key of the topic's saved state, and the signature of its refs when it was read."""

    name: str
    refs: str


def read_topic(session: Session, watch: Watch, number: int) -> TopicPlace:
    """Read the topic into the session, unless a later read has started in the meantime.

    A later read has a higher number from `watch.begin`. After this call, even if it fails,
    `watch` observes the topic's repository. Raises PatchpilotError if there is no topic.
    """

    with session.repository() as repository:
        folders: tuple[Path, Path] = (repository.git_dir, repository.common_dir)
        # record it before the read, so that a change during the read is noticed
        head, refs = head_signature(*folders), refs_signature(folders[1])
        with watch.newest(number) as newest:
            if newest:
                watch.remember(folders, head)
        topic = None
        try:
            topic = session.topic_now(repository)
        finally:
            with watch.newest(number) as newest:
                if newest:
                    session.topic = topic
    return TopicPlace(f"{folders[1]}:{topic.branch}", refs)
