# SPDX-License-Identifier: GPL-2.0-or-later
"""The topic, read: what it is remembered under, and what tells cheaply that it moved."""

from dataclasses import dataclass
from pathlib import Path

from patchpilot.tui.session import Session
from patchpilot.tui.watch import Watch, refs_signature


@dataclass(frozen=True, slots=True)
class Place:
    """What the topic is remembered under, and the state of the refs it was read at."""

    name: str
    refs: str


def read_topic(session: Session, watch: Watch) -> Place:
    """Read the topic into the session; from now on (also after an error) `watch` looks at its repository. PatchpilotError when there is no topic."""
    from patchpilot.commits.repository import Repository

    with Repository.open(session.directory) as repository:
        folders: tuple[Path, Path] = (repository.git_dir, repository.common_dir)
        watch.remember(folders)
        refs = refs_signature(folders[1])
        try:
            topic = session.read_topic(repository)
        except BaseException:
            session.topic = None
            raise
    return Place(f"{folders[1]}:{topic.branch}", refs)
