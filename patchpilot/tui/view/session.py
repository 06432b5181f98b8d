# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the TUI session: a repository, a topic, and the cached result of each stage.

A result is valid until something it depends on changes.
"""

import os
import threading
import zlib
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.errors import MissingError, PatchpilotError
from patchpilot.model.commit import Commit
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.tui.view.stages import (
    OPEN,
    Stage,
    StageState,
    StageStatus,
    first_open,
)

if TYPE_CHECKING:
    from patchpilot.config import Settings
    from patchpilot.model.send_request import SendRequest
    from patchpilot.services.check.check_topic import CheckedTopic
    from patchpilot.services.tags.find_culprits import FixesResult
    from patchpilot.topic.open_repository import Repository, SharedRepository
    from patchpilot.topic.topic_facts import TopicFacts

DEPENDS: dict[Stage, tuple[str, ...]] = {
    Stage.COMMIT: ("topic",),
    Stage.CHECKS: ("topic", "strict", "waivers", "builds"),
    Stage.RECIPIENTS: ("topic", "edits", "answers", "view", "draft"),
    Stage.TAGS: ("commit", "waivers"),
    Stage.BACKPORTS: ("commit", "likely", "refs", "claims"),
    Stage.PREVIEW: ("topic", "edits", "answers", "draft", "via", "sent", "built"),
    Stage.SEND: ("topic", "edits", "answers", "draft", "via", "sent", "built"),
    Stage.FOLLOW: ("topic", "draft", "sent", "followed"),
}
"""The dependencies of each stage's result: only a change to one of them makes it stale."""

LASTING = frozenset(("topic", "strict", "view", "commit", "refs", "via"))
"""Inputs that are still valid after a restart; the others count changes in this session."""

MERGED = ("in-mainline", "in-stable")
"""The states of a series whose mainline commit is known."""

Kept = tuple[str, str, str]
"""A stage's state, note and lasting key, as they are saved."""


def load_states(saved: object) -> dict[Stage, Kept]:
    """Return the stage states saved by the TUI, ignoring invalid values."""
    return {
        Stage(name): (str(known[0]), str(known[1]), str(known[2]))
        for name, known in (saved.items() if isinstance(saved, dict) else ())
        if name in list(Stage)
        and isinstance(known, list | tuple)
        and len(known) == 3
        and known[0] in list(StageState)
    }


@dataclass(frozen=True, slots=True)
class OpenTopic:
    """The topic's commits, oldest first, and a key that changes with them.

    `branch` is the branch whose tip is the last commit.
    """

    target: str | None
    branch: str | None
    base: str | None
    commits: tuple[Commit, ...]

    @property
    def key(self) -> str:
        return " ".join(commit.id for commit in self.commits)

    @property
    def targets(self) -> tuple[str, ...]:
        """Return the topic as a TARGET for commands: a range if there are several commits."""
        if len(self.commits) == 1:
            return (self.commits[0].id,)
        return (f"{self.commits[0].id}^..{self.commits[-1].id}",)

    @property
    def title(self) -> str:
        head = self.commits[-1]
        more = f" (+{len(self.commits) - 1} more)" if len(self.commits) > 1 else ""
        return f"{head.subject}{more}"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """The input of a stage's loader.

    `visited` is False if the loader runs in the background before the user visits the stage; it
    must then not use the network or do slow work.
    """

    repository: "Repository"
    session: "Session"
    progress: Progress
    visited: bool = True
    again: bool = False

    @property
    def topic(self) -> OpenTopic:
        return self.session.topic or self.session.read_topic(self.repository)

    @property
    def commit(self) -> Commit:
        commit = self.session.commit
        if commit is None:
            raise MissingError(
                "the topic has no commits", hint="commit the fix, then press g"
            )
        return commit


Loader = Callable[[JobRequest], tuple[Any, StageStatus]]


@dataclass(frozen=True, slots=True)
class StageResult:
    """A stage's result and the key for which it is valid."""

    key: str
    result: Any
    status: StageStatus


@dataclass
class Session:
    """The data of the TUI.

    `loader_of` returns the loader of a stage; `at` is the index of the selected commit of a
    series. `builds` is the key of the topic whose commits the user wants to compile.

    `series` is the number of the tracked series to show (0: the topic's own), and `conversation`
    its messages. `known_settings` are the last settings read, for screens that cannot wait for git;
    `facts` about the topic are valid for `facts_key`.
    """

    directory: Path | None
    target: str | None = None
    base: str | None = None
    loader_of: Callable[[Stage], Loader] | None = None
    topic: OpenTopic | None = None
    at: int = -1
    via: str = ""
    strict: bool = False
    builds: str = ""
    view: str = "series"
    refs: str = ""
    versions: Counter[str] = field(default_factory=Counter)
    found: dict[Stage, StageResult] = field(default_factory=dict)
    busy: dict[Stage, str] = field(default_factory=dict)
    errors: dict[Stage, PatchpilotError] = field(default_factory=dict)
    kept: dict[Stage, Kept] = field(default_factory=dict)
    open_questions: int = 0
    series: int = 0
    conversation: Any = None
    known_settings: "Settings | None" = None
    facts: "TopicFacts | None" = None
    facts_key: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shared: "SharedRepository | None" = None

    def repository(self) -> AbstractContextManager["Repository"]:
        """Return the session's repository, which its threads share.

        It is reopened after changes on disk.
        """
        from patchpilot.topic.open_repository import SharedRepository

        with self._lock:
            self._shared = self._shared or SharedRepository(self.directory)
            return self._shared.use()

    def close(self) -> None:
        with self._lock:
            if self._shared:
                self._shared.close()

    def read_topic(self, repository: "Repository") -> OpenTopic:
        before, topic = self.topic, self.read_topic_now(repository)
        with self._lock:
            if self.topic is before:
                self.topic = topic
            return self.topic or topic

    def read_topic_now(self, repository: "Repository") -> OpenTopic:
        """Read the topic's commits without storing them; this takes tens of milliseconds."""
        from patchpilot.topic.topic_base import BaseSearch, topic_commits

        settings = self.settings(repository)
        base = self.base or settings.get("base") or None
        ids = topic_commits(repository, self.target, base)
        branch = repository.branch
        if self.target is not None:
            branch = BaseSearch(repository, ids[-1]).branch
        return OpenTopic(self.target, branch, base, tuple(repository.commits(ids)))

    @property
    def wanted_facts(self) -> str:
        """Return the key for which facts about the current topic must be valid."""
        inputs = self.key(Stage.FOLLOW)
        return f"{self.target}|{self.base}|{inputs}" if self.topic else ""

    def read_facts(self) -> None:
        """Read and store the facts about the topic for the title line.

        Call this in a thread; without a topic, there are no facts.
        """
        from patchpilot.topic.topic_facts import topic_facts

        key = self.wanted_facts
        with self.repository() as repository:
            profile = self.settings(repository).get("profile")
            facts = topic_facts(
                repository,
                self.target,
                self.topic_base,
                str(profile or ""),
                self.fresh(Stage.FOLLOW) or (),
            )
        with self._lock:
            self.facts, self.facts_key = facts, key

    def settings(self, repository: "Repository") -> "Settings":
        from patchpilot.settings.read_settings import read_settings

        self.known_settings = read_settings(repository)
        return self.known_settings

    def request(
        self, repository: "Repository | None" = None, **more: Any
    ) -> "SendRequest":
        """Return the request for `send`: this topic, with the transport from the settings or the
        one chosen here.
        """
        from patchpilot.config import Settings
        from patchpilot.settings.read_settings import make_send_request

        settings = self.settings(repository) if repository else Settings()
        chosen = {"via": self.via} if self.via else {}
        return make_send_request(
            settings, target=self.target, base=self.topic_base, **chosen, **more
        )

    @property
    def mark(self) -> str:
        return self.facts.mark if self.facts else "PATCH"

    @property
    def checked_topic(self) -> "CheckedTopic":
        """Return the topic in the form that the check service expects."""
        from patchpilot.services.check.check_topic import CheckedTopic

        return CheckedTopic(
            self.topic.targets if self.topic else (), self.target, self.topic_base
        )

    @property
    def topic_base(self) -> str | None:
        return self.topic.base if self.topic else self.base

    @property
    def commit(self) -> Commit | None:
        if self.topic is None:
            return None
        commits = self.topic.commits
        return commits[self.at if -len(commits) <= self.at < len(commits) else -1]

    @property
    def likely(self) -> str:
        tags: FixesResult | None = self.fresh(Stage.TAGS)
        if tags is None or not tags.sure or not tags.is_fix or tags.present:
            return ""
        return tags.candidates[0].commit if tags.candidates else ""

    def load(
        self,
        stage: Stage,
        progress: Progress,
        *,
        visited: bool = True,
        again: bool = False,
    ) -> Any:
        """Run a stage's service on the current topic, store the result and return it.

        Call this in a thread.
        """

        assert self.loader_of is not None
        with self.repository() as repository:
            if self.topic is None and stage is not Stage.FOLLOW:
                self.read_topic(repository)
            key = self.key(stage)
            result, status = self.loader_of(stage)(
                JobRequest(repository, self, progress, visited, again)
            )
        self.remember(stage, result, status, key)
        return result

    def remember(
        self, stage: Stage, result: Any, status: StageStatus, key: str = ""
    ) -> None:
        with self._lock:
            self.found[stage] = StageResult(key or self.key(stage), result, status)
            self.errors.pop(stage, None)

    def changed(self, *names: str) -> None:
        """Mark inputs as changed.

        Results that depend on them become stale, and their errors are cleared.
        """
        with self._lock:
            self.versions.update(names)
            for stage in Stage:
                if not set(names).isdisjoint(DEPENDS[stage]):
                    self.errors.pop(stage, None)

    def fresh(self, stage: Stage) -> Any | None:
        """Return the stored result if it is still valid, otherwise None."""
        known = self.found.get(stage)
        return known.result if known and known.key == self.key(stage) else None

    def must_run(self, stage: Stage) -> bool:
        """Return whether a stage has no valid result, no error, and no running job."""
        known = self.fresh(stage) is not None or stage in self.errors
        return not known and stage not in self.busy

    def last(self, stage: Stage) -> Any | None:
        known = self.found.get(stage)
        return known.result if known else None

    def key(self, stage: Stage) -> str:
        return "|".join(self._part(name) for name in DEPENDS[stage])

    def _part(self, name: str) -> str:
        if name == "topic":
            return self.topic.key if self.topic else ""
        if name == "commit":
            return self.commit.id if self.commit else ""
        known = getattr(self, name, None)
        return f"{name}{self.versions[name]}" if known is None else str(known)

    def keepsakes(self) -> dict[str, list[str]]:
        values = {
            str(stage): list(kept_result) for stage, kept_result in self.kept.items()
        }
        for stage, kept_result in list(self.found.items()):
            if kept_result.key == self.key(stage):
                status = self.status(stage)
                # if the stage is running, save its previous state
                shown = (
                    kept_result.status if status.state is StageState.BUSY else status
                )
                values[str(stage)] = [
                    str(shown.state),
                    shown.note,
                    self._lasting(stage),
                ]
        return values

    def recall(self, saved: object) -> None:
        self.kept.update(load_states(saved))

    def _lasting(self, stage: Stage) -> str:
        parts = "|".join(self._part(name) for name in DEPENDS[stage] if name in LASTING)
        return f"{zlib.crc32(os.fsencode(parts)):08x}"

    def restored_status(self, stage: Stage) -> StageStatus:
        """Return a stage's saved state, stale if the topic has changed."""
        known = self.kept.get(stage)
        if known is None or self.topic is None:
            return StageStatus(StageState.UNOPENED)
        state, note, key = known
        if state == StageState.UNOPENED:
            # without a result, nothing can be stale
            return StageStatus(StageState.UNOPENED, note)
        return (
            StageStatus(StageState(state), note)
            if key == self._lasting(stage)
            else self._stale(stage)
        )

    @staticmethod
    def _stale(stage: Stage) -> StageStatus:
        words = f"out of date; stage {stage.number} is refreshed when you open it"
        return StageStatus(StageState.STALE, words)

    def status(self, stage: Stage) -> StageStatus:
        """Return a stage's state. If the topic is merged, only LTS and Follow can be open."""
        status = self._status(stage)
        is_after = stage in (Stage.BACKPORTS, Stage.FOLLOW)
        if is_after or status.state not in OPEN or not self.is_merged:
            return status
        return StageStatus(StageState.NOTHING, "the patch was merged")

    @property
    def is_merged(self) -> bool:
        """Return whether mainline contains the topic's commits, according to LTS or Follow."""
        followed = self.fresh(Stage.FOLLOW) or ()
        is_sent = self.target or self._status(Stage.SEND).state is StageState.DONE
        # commits that were not sent may need work even if others in the topic were merged
        return bool(is_sent) and (
            getattr(self.fresh(Stage.BACKPORTS), "upstream", None) is True
            or any(it.own and str(it.proven) in MERGED for it in followed)
        )

    def _status(self, stage: Stage) -> StageStatus:
        if stage in self.busy:
            return StageStatus(StageState.BUSY, self.busy[stage])
        if stage in self.errors:
            # stages cannot start until there is a topic
            state = StageState.BLOCKED if self.topic else StageState.UNOPENED
            return StageStatus(state, self.errors[stage].message)
        known = self.found.get(stage)
        if known is None or (
            known.result is None
            and known.key != self.key(stage)
            and known.status.state is not StageState.DONE
        ):
            return self.restored_status(stage)
        if known.key != self.key(stage):
            return self._stale(stage)
        if stage is Stage.COMMIT and (count := self._unanswered):
            words = f"press a to answer {format_count(count, 'question')}"
            return StageStatus(StageState.TODO, words, str(count))
        return known.status

    @property
    def _unanswered(self) -> int:
        """Return the number of open questions, from the Commit stage if it has run, otherwise from
        To/Cc.
        """
        known = self.fresh(Stage.RECIPIENTS)
        notes = known.advice if known else ()
        asked = (it.remedy for it in notes if it.remedy and it.remedy.kind == "answer")
        return self.open_questions or sum(1 for _ in asked)

    @property
    def next_stage(self) -> Stage | None:
        return first_open(self.status)
