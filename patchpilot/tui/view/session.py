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
from typing import TYPE_CHECKING, Any, NamedTuple

from patchpilot.errors import CancelledError, MissingError, PatchpilotError
from patchpilot.model.action import UntrustedCommandsError
from patchpilot.model.commit import Commit
from patchpilot.model.printable import format_count
from patchpilot.model.progress import Progress
from patchpilot.topic.head_watch import head_signature
from patchpilot.tui.view.stages import (
    OPEN,
    Stage,
    StageState,
    StageStatus,
    first_open_stage,
)

if TYPE_CHECKING:
    from patchpilot.checking.topic import CheckedTopic
    from patchpilot.commits.repository import Repository
    from patchpilot.config import Settings
    from patchpilot.model.send_request import SendRequest
    from patchpilot.tags.find_culprits import FixesResult
    from patchpilot.topic.facts import TopicFacts
    from patchpilot.topic.open_repository import SharedRepository

_OF_MAILS = ("topic", "edits", "answers", "draft", "via", "sent", "built")
DEPENDS: dict[Stage, tuple[str, ...]] = {
    Stage.COMMIT: ("topic",),
    Stage.CHECKS: ("topic", "strict", "waivers", "builds"),
    Stage.RECIPIENTS: ("topic", "edits", "answers", "view", "draft"),
    Stage.TAGS: ("commit", "topic", "waivers"),
    Stage.BACKPORTS: ("commit", "likely", "refs", "claims", "reported"),
    Stage.PREVIEW: _OF_MAILS,
    Stage.SEND: (*_OF_MAILS, "marks"),
    Stage.FOLLOW: ("topic", "draft", "sent", "followed"),
}
"""The dependencies of each stage's result: only a change to one of them makes it stale."""

LASTING = frozenset(("topic", "strict", "view", "commit", "refs", "via"))
"""Inputs that are still valid after a restart; the others count changes in this session."""

Kept = tuple[str, str, str]
"""A stage's state, note and lasting key, as they are saved."""


def load_saved_states(saved: object) -> dict[Stage, Kept]:
    """Return the stage states saved by the TUI, ignoring invalid values."""
    return {
        Stage(name): (str(state_values[0]), str(state_values[1]), str(state_values[2]))
        for name, state_values in (saved.items() if isinstance(saved, dict) else ())
        if name in list(Stage)
        and isinstance(state_values, list | tuple)
        and len(state_values) == 3
        and state_values[0] in list(StageState)
    }


def error_state(error: PatchpilotError) -> StageState:
    """Return the state of a stage with this error: canceled, waiting for trust, or blocked."""
    if isinstance(error, CancelledError):
        return StageState.UNOPENED
    is_question = isinstance(error, UntrustedCommandsError)
    return StageState.TODO if is_question else StageState.BLOCKED


class OpenTopic(NamedTuple):
    """The topic's commits, oldest first, and a key that changes with them.

    The last commit is the tip of `branch`. `is_merged` is set if the user named a mainline commit.
    `main` is the index of the commit that is selected first.
    """

    target: str | None
    branch: str | None
    base: str | None
    commits: tuple[Commit, ...]
    is_merged: bool = False
    main: int = -1

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
        last_commit = self.commits[-1]
        more_text = f" (+{len(self.commits) - 1} more)" if len(self.commits) > 1 else ""
        return f"{last_commit.subject}{more_text}"


class TopicPlace(NamedTuple):
    """An opened topic, the key of its saved state, and the signatures of its refs and of HEAD."""

    topic: OpenTopic
    name: str
    refs: str
    head: str


class JobRequest(NamedTuple):
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
            raise MissingError("the topic has no commits", hint="commit the fix, then press g")
        return commit


Loader = Callable[[JobRequest], tuple[Any, StageStatus]]


class StageResult(NamedTuple):
    """A stage's result and the key for which it is valid."""

    key: str
    result: Any
    status: StageStatus


@dataclass
class Session:
    """The data of the TUI.

    `loader_of` returns the loader of a stage. `at` is the index of the selected commit of a series.
    `builds` is the key of the topic whose commits the user wants to compile.

    `introduced_by` maps a merged fix to the commit that the user chose as the origin of its bug.

    `head` is the signature of HEAD when the topic was read, or "" before that.

    `reports` is what was reported about the fix on stable branches when LTS was read last.

    `series` is the number of the tracked series to show (0: the topic's own series), and
    `conversation` contains its messages. `known_settings` are the last settings read, for screens
    that cannot wait for git. `facts` describe the topic for the title line.
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
    head: str = ""
    reports: str = ""
    versions: Counter[str] = field(default_factory=Counter)
    results: dict[Stage, StageResult] = field(default_factory=dict)
    busy: dict[Stage, str] = field(default_factory=dict)
    errors: dict[Stage, PatchpilotError] = field(default_factory=dict)
    saved_states: dict[Stage, Kept] = field(default_factory=dict)
    introduced_by: dict[str, str] = field(default_factory=dict)
    open_questions: frozenset[str] = frozenset()
    series: int = 0
    seen_in: str = ""
    conversation: Any = None
    known_settings: "Settings | None" = None
    facts: "TopicFacts | None" = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _shared: "SharedRepository | None" = None

    def open_repository(self) -> AbstractContextManager["Repository"]:
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
        head = head_signature(repository.git_dir, repository.common_dir)
        old_topic, topic = self.topic, self.read_topic_now(repository)
        with self._lock:
            if self.topic is old_topic:
                self.topic, self.head = topic, head
            return self.topic or topic

    def take_topic(self, place: TopicPlace) -> None:
        """Make an opened topic the topic of the session."""
        self.topic, self.refs, self.head = place.topic, place.refs, place.head

    def read_topic_now(self, repository: "Repository") -> OpenTopic:
        """Read the topic's commits without storing them; this takes tens of milliseconds."""
        from patchpilot.tags.fix_claims import find_main_fix
        from patchpilot.topic.base import BaseSearch, list_topic_commits

        settings = self.read_settings(repository)
        base = self.base or settings.get("base") or None
        ids = list_topic_commits(repository, self.target, base)
        branch, is_merged = repository.topic_branch, False
        if self.target is not None:
            from patchpilot.topic.upstream_state import is_in_mainline

            is_merged = is_in_mainline(repository, ids[-1])
            branch = None if is_merged else BaseSearch(repository, ids[-1]).branch
        commits = tuple(repository.commits(ids))
        return OpenTopic(
            self.target, branch, base, commits, is_merged, find_main_fix(repository, commits)
        )

    @property
    def facts_key(self) -> str:
        """Return the key of the topic's facts, which changes with them."""
        inputs = self.result_key(Stage.FOLLOW)
        return f"{self.target}|{self.base}|{inputs}" if self.topic else ""

    def read_topic_facts(self) -> None:
        """Read and store the facts about the topic for the title line.

        Call this in a thread; without a topic, there are no facts.
        """
        from patchpilot.topic.facts import summarize_topic

        with self.open_repository() as repository:
            profile = self.read_settings(repository).get("profile")
            self.facts = summarize_topic(
                repository,
                self.target,
                self.topic_base,
                str(profile or ""),
                self.fresh_result(Stage.FOLLOW) or (),
            )

    def read_settings(self, repository: "Repository") -> "Settings":
        from patchpilot.settings.read_settings import read_settings, share_tree_files_of

        self.known_settings = read_settings(repository)
        # the event loop and jobs that read no settings use these as well
        share_tree_files_of(self.known_settings)
        return self.known_settings

    def make_send_request(
        self, repository: "Repository | None" = None, **more: Any
    ) -> "SendRequest":
        """Return the request to send this topic, with the transport chosen here or, by default, the
        one in the settings.
        """
        from patchpilot.config import Settings
        from patchpilot.settings.read_settings import make_send_request

        settings = self.read_settings(repository) if repository else Settings()
        transport = {"via": self.via} if self.via else {}
        return make_send_request(
            settings, target=self.target, base=self.topic_base, **transport, **more
        )

    @property
    def signs_off(self) -> bool:
        """Return whether to sign off without asking, according to the last settings read."""
        return bool(self.known_settings and self.known_settings.flag("signoff"))

    @property
    def subject_prefix(self) -> str:
        return self.facts.mark if self.facts else "PATCH"

    @property
    def checked_topic(self) -> "CheckedTopic":
        """Return the topic in the form that the check service expects."""
        from patchpilot.checking.topic import CheckedTopic

        return CheckedTopic(self.topic.targets if self.topic else (), self.target, self.topic_base)

    @property
    def topic_base(self) -> str | None:
        return self.topic.base if self.topic else self.base

    @property
    def commit(self) -> Commit | None:
        if self.topic is None:
            return None
        return self.topic.commits[self.position]

    @property
    def position(self) -> int:
        """Return the index of the selected commit: the main fix until the user selects another."""
        topic = self.topic
        return self.at if topic is None or 0 <= self.at < len(topic.commits) else topic.main

    @property
    def chosen_culprit(self) -> str:
        """Return the commit that introduced the bug, as the user chose it, or ""."""
        return self.introduced_by.get(self.commit.id, "") if self.commit else ""

    @property
    def likely(self) -> str:
        """Return the commit that introduced the bug if no tag names it: the chosen one, otherwise
        a certain candidate.
        """
        if self.chosen_culprit:
            return self.chosen_culprit
        tags: FixesResult | None = self.fresh_result(Stage.TAGS)
        if tags is None or not tags.sure or not tags.is_fix or tags.present:
            return ""
        return tags.candidates[0].commit if tags.candidates else ""

    def run_stage(
        self,
        stage: Stage,
        progress: Progress,
        *,
        visited: bool = True,
        is_retry: bool = False,
    ) -> Any:
        """Run a stage's service on the current topic, store the result and return it.

        Call this in a thread.
        """

        assert self.loader_of is not None
        with self.open_repository() as repository:
            if self.topic is None and stage is not Stage.FOLLOW:
                self.read_topic(repository)
            key = self.result_key(stage)
            is_at_topic = self._is_at_topic(repository)
            result, status = self.loader_of(stage)(
                JobRequest(repository, self, progress, visited, is_retry)
            )
            # a result that was read while HEAD was somewhere else is never valid
            is_at_topic = is_at_topic and self._is_at_topic(repository)
        self.store_result(stage, result, status, key if is_at_topic else "moved")
        return result

    def _is_at_topic(self, repository: "Repository") -> bool:
        """Return whether HEAD is as it was when the topic was read."""
        head = head_signature(repository.git_dir, repository.common_dir)
        return self.target is not None or self.head in ("", head)

    def store_result(self, stage: Stage, result: Any, status: StageStatus, key: str = "") -> None:
        with self._lock:
            self.results[stage] = StageResult(key or self.result_key(stage), result, status)
            self.errors.pop(stage, None)

    def mark_changed(self, *names: str) -> None:
        """Mark inputs as changed.

        Results and saved states that depend on them become stale, and their errors are cleared.
        """
        with self._lock:
            self.versions.update(names)
            for stage in Stage:
                if not set(names).isdisjoint(DEPENDS[stage]):
                    self.errors.pop(stage, None)
                    if saved := self.saved_states.get(stage):
                        self.saved_states[stage] = (*saved[:2], "")

    def fresh_result(self, stage: Stage) -> Any | None:
        """Return the stored result if it is still valid, otherwise None."""
        stored = self.results.get(stage)
        return stored.result if stored and stored.key == self.result_key(stage) else None

    def must_run(self, stage: Stage) -> bool:
        """Return whether a stage has no valid result, no error, and no running job."""
        is_settled = self.fresh_result(stage) is not None or stage in self.errors
        return not is_settled and stage not in self.busy

    def last_result(self, stage: Stage) -> Any | None:
        stored = self.results.get(stage)
        return stored.result if stored else None

    def result_key(self, stage: Stage) -> str:
        return "|".join(self._format_dependency(name) for name in DEPENDS[stage])

    def _format_dependency(self, name: str) -> str:
        if name == "topic":
            return self.topic.key if self.topic else ""
        if name == "commit":
            return self.commit.id if self.commit else ""
        value = getattr(self, name, None)
        return f"{name}{self.versions[name]}" if value is None else str(value)

    def states_to_save(self) -> dict[str, list[str]]:
        values = {str(stage): list(kept_result) for stage, kept_result in self.saved_states.items()}
        for stage, kept_result in list(self.results.items()):
            if kept_result.key == self.result_key(stage):
                status = self.stage_status(stage)
                # if the stage is running, save its previous state
                saved_status = kept_result.status if status.state is StageState.BUSY else status
                values[str(stage)] = [
                    str(saved_status.state),
                    saved_status.note,
                    self._lasting_key(stage),
                ]
        return values

    def restore_states(self, saved: object) -> None:
        self.saved_states.update(load_saved_states(saved))

    def _lasting_key(self, stage: Stage) -> str:
        parts = "|".join(
            self._format_dependency(name) for name in DEPENDS[stage] if name in LASTING
        )
        return f"{zlib.crc32(os.fsencode(parts)):08x}"

    def restored_status(self, stage: Stage) -> StageStatus:
        """Return a stage's saved state, stale if the topic has changed."""
        saved_state = self.saved_states.get(stage)
        if saved_state is None or self.topic is None:
            return StageStatus(StageState.UNOPENED)
        state, note, key = saved_state
        if state == StageState.UNOPENED:
            # without a result, the state cannot be stale
            return StageStatus(StageState.UNOPENED, note)
        return (
            StageStatus(StageState(state), note)
            if key == self._lasting_key(stage)
            else self._stale_status(stage)
        )

    @staticmethod
    def _stale_status(stage: Stage) -> StageStatus:
        note = f"out of date; stage {stage.number} is refreshed when you open it"
        return StageStatus(StageState.STALE, note)

    def stage_status(self, stage: Stage) -> StageStatus:
        """Return a stage's state. If the topic is merged, only LTS and Follow can be open."""
        status = self._own_status(stage)
        is_after_merge = stage in (Stage.BACKPORTS, Stage.FOLLOW)
        if is_after_merge or status.state not in OPEN or not self.is_merged:
            return status
        return StageStatus(StageState.NOTHING, "the patch was merged")

    @property
    def is_merged(self) -> bool:
        """Return whether mainline contains the topic's commits, according to LTS or Follow."""
        if self.topic and self.topic.is_merged:
            return True
        if any(series.is_topic_merged for series in self.fresh_result(Stage.FOLLOW) or ()):
            return True
        is_sent = self.target or self._own_status(Stage.SEND).state is StageState.DONE
        # ignore commits that were not sent: they may need work even if others in the topic were
        # merged
        backports = self.fresh_result(Stage.BACKPORTS)
        return bool(is_sent) and getattr(backports, "upstream", None) is True

    def _own_status(self, stage: Stage) -> StageStatus:
        if stage in self.busy:
            return StageStatus(StageState.BUSY, self.busy[stage])
        if stage in self.errors:
            error = self.errors[stage]
            # stages cannot start until there is a topic
            state = error_state(error) if self.topic else StageState.UNOPENED
            return StageStatus(state, error.message)
        stored = self.results.get(stage)
        if stored is None or (
            stored.result is None
            and stored.key != self.result_key(stage)
            and stored.status.state is not StageState.DONE
        ):
            return self.restored_status(stage)
        if stored.key != self.result_key(stage):
            return self._stale_status(stage)
        if stage is Stage.COMMIT and (count := self._open_question_count):
            note = f"press a to answer {format_count(count, 'question')}"
            return StageStatus(StageState.TODO, note, str(count))
        return stored.status

    @property
    def _open_question_count(self) -> int:
        """Return the number of open questions according to the Commit stage or, if it has not run,
        To/Cc.
        """
        recipients = self.fresh_result(Stage.RECIPIENTS)
        notes = recipients.advice if recipients else ()
        # the tree in the subject is a question as well
        kinds = [note.remedy.kind for note in notes if note.remedy]
        return len(self.open_questions) or kinds.count("answer") + kinds.count("prefix")

    @property
    def next_stage(self) -> Stage | None:
        return first_open_stage(self.stage_status)
