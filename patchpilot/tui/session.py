# SPDX-License-Identifier: GPL-2.0-or-later
"""What the walk is about: a repository, a topic, and what each stage found, remembered until the topic changes."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchpilot.commits.range import resolve_commits
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.commit import Commit
from patchpilot.model.progress import Progress
from patchpilot.tui.stages import Stage, Standing, State

Loader = Callable[[Repository, "Topic", Progress], Any]
NEEDS_REFS = frozenset({Stage.TAGS, Stage.BACKPORTS})


@dataclass(frozen=True, slots=True)
class Topic:
    """The commits in hand, oldest first, and a key that changes whenever one of them does."""

    target: str | None
    branch: str | None
    base: str | None
    commits: tuple[Commit, ...]

    @property
    def key(self) -> str:
        """The ids in one string."""
        return " ".join(commit.id for commit in self.commits)

    @property
    def targets(self) -> tuple[str, ...]:
        """The topic as a TARGET of the verbs: a range where there are several commits."""
        if len(self.commits) == 1:
            return (self.commits[0].id,)
        return (f"{self.commits[0].id}^..{self.commits[-1].id}",)

    @property
    def title(self) -> str:
        """What the topic is called on screen."""
        head = self.commits[-1]
        more = f" (+{len(self.commits) - 1} more)" if len(self.commits) > 1 else ""
        return f"{head.subject}{more}"


@dataclass(frozen=True, slots=True)
class Found:
    """A stage's result and the key it was made for."""

    key: str
    result: Any
    standing: Standing


@dataclass
class Session:
    """The walk's memory. `loaders` are the services, one a stage; results are kept by stage and go stale when the topic changes."""

    directory: Path | None
    target: str | None = None
    base: str | None = None
    loaders: dict[Stage, Loader] = field(default_factory=dict)
    topic: Topic | None = None
    found: dict[Stage, Found] = field(default_factory=dict)
    busy: set[Stage] = field(default_factory=set)
    errors: dict[Stage, PatchpilotError] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read_topic(self) -> Topic:
        """Read the topic's commits again (tens of milliseconds); the session keeps them."""
        with Repository.open(self.directory) as repository:
            ids = resolve_commits(repository, self.target, self.base)
            topic = Topic(self.target, repository.branch, self.base, tuple(repository.commits(ids)))
        self.topic = topic
        return topic

    def load(self, stage: Stage, progress: Progress) -> Any:
        """Run a stage's service on the topic as it is now; its result, remembered."""
        with Repository.open(self.directory) as repository:
            topic = self.topic or self.read_topic()
            key = self.key(stage, topic)
            result, standing = self.loaders[stage](repository, topic, progress)
        with self._lock:
            self.found[stage] = Found(key, result, standing)
            self.errors.pop(stage, None)
        return result

    def remember(self, stage: Stage, result: Any, standing: Standing) -> None:
        """Keep a result that was made outside `load`."""
        if self.topic:
            with self._lock:
                self.found[stage] = Found(self.key(stage, self.topic), result, standing)

    def fresh(self, stage: Stage) -> Any | None:
        """The remembered result when it is still about the topic as it is, else None."""
        found = self.found.get(stage)
        return found.result if found and self.topic and found.key == self.key(stage, self.topic) else None

    def key(self, stage: Stage, topic: Topic) -> str:
        """What a stage's result depends on."""
        return topic.key

    def standing(self, stage: Stage) -> Standing:
        """How a stage stands now."""
        if stage in self.busy:
            return Standing(State.BUSY, "working …")
        if stage in self.errors:
            return Standing(State.BLOCKED, self.errors[stage].message)
        found = self.found.get(stage)
        if found is None:
            return Standing(State.TODO)
        if self.topic and found.key != self.key(stage, self.topic):
            return Standing(State.STALE, "you amended since: press r")
        return found.standing
