# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the topic, with the key of its saved state and a cheap signature of its refs."""

from dataclasses import dataclass
from pathlib import Path

from patchpilot.tui.branch_watch import Watch, head_signature, refs_signature
from patchpilot.tui.view.session import Session


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
        # taken before the read, so that a change during it is noticed
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
