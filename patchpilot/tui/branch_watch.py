# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the topic, and detect moves of HEAD or a branch from a few small files.

The latter is cheap enough to run every second.
"""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from patchpilot.tui.view.session import OpenTopic, Session


class Watch:
    """The position of HEAD when the topic was read; nothing is watched before `remember`."""

    def __init__(self) -> None:
        self._known: tuple[tuple[Path, Path], str] | None = None

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
    """A topic that was read, the key of its saved state, and the signature of its refs."""

    topic: OpenTopic
    name: str
    refs: str


def read_topic(session: Session, watch: Watch) -> TopicPlace:
    """Read the topic of a session.

    After this call, even if it fails, `watch` observes the topic's repository. Raises
    PatchpilotError if there is no topic.
    """
    with session.repository() as repository:
        folders = repository.git_dir, repository.common_dir
        refs = refs_signature(folders[1])
        # record it before the read, so that a change during the read is noticed
        watch.remember(folders, head_signature(*folders))
        topic = session.topic_now(repository)
    return TopicPlace(topic, f"{folders[1]}:{topic.branch}", refs)
