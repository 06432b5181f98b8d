# SPDX-License-Identifier: GPL-2.0-or-later
"""Store the user's answers whether a bug is gone with a commit on a release."""

from contextlib import suppress
from typing import Any

from patchpilot.commits.repository import Repository
from patchpilot.resources import load_json, state_path, store_json

NO_TRIALS: dict[str, Any] = {"answers": [], "planned": ["", ""], "shown": ["", ""]}


def read_own_trials(repository: Repository) -> dict[str, dict[str, Any]]:
    """Map each commit to its answers, and the release and symptom that were planned and shown."""
    trials: dict[str, dict[str, Any]] = _load_trials().get(repository.key, {})
    return {commit: state for commit, state in trials.items() if isinstance(state, dict)}


def store_trials(repository: Repository, commit: str, state: dict[str, Any], hint: str) -> None:
    own_trials = {**read_own_trials(repository), commit: state}
    store_json(state_path() / "trials.json", {**_load_trials(), repository.key: own_trials}, hint)


def _load_trials() -> dict[str, Any]:
    with suppress(OSError, ValueError):
        trials: dict[str, Any] = load_json(state_path() / "trials.json")
        return trials
    return {}


def list_releases_without_bug(repository: Repository, commit: str) -> tuple[str, ...]:
    """Return the releases and branches on which the user's last answer is that the bug is gone."""
    answers = {
        release: answer
        for answer, release, _ in read_own_trials(repository).get(commit, NO_TRIALS)["answers"]
    }
    return tuple(release for release, answer in answers.items() if answer == "yes")
