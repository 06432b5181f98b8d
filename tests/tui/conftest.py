# SPDX-License-Identifier: GPL-2.0-or-later
"""Build the repositories of the sandbox once. Each test gets a clone and a session."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.demo import acme
from patchpilot.demo.answers import Answers
from patchpilot.demo.demo_app import DemoFollow
from patchpilot.demo.demo_repository import Repositories, make_repositories
from patchpilot.demo.robin import fix_first_version
from patchpilot.demo.sandbox import Sandbox, deliver_regularly, open_sandbox
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.stage.saved_state import SavedState
from tests.kit.stylesheets import cache_parsed_rules
from tests.kit.walk import copy_clone


@pytest.fixture(scope="session", autouse=True)
def _share_stylesheets() -> Iterator[None]:
    with cache_parsed_rules():
        yield


@pytest.fixture(scope="session")
def demo_repositories(tmp_path_factory: pytest.TempPathFactory) -> Repositories:
    return make_repositories(tmp_path_factory.mktemp("sandbox"))


@pytest.fixture
def clone(demo_repositories: Repositories, tmp_path: Path) -> Path:
    """Return the newcomer's clone.

    Its mail server and remotes do not depend on this machine.
    """
    return copy_clone(demo_repositories, tmp_path)


@pytest.fixture
def fixed_clone(clone: Path) -> Path:
    """Return the clone after the demo's newcomer has fixed the style error and the message."""
    fix_first_version(clone, check=acme.CHECK_FIXED)
    return clone


@pytest.fixture
def open_app_on(tmp_path: Path) -> Callable[[Path], PatchpilotApp]:
    """Return a session with saved state, which therefore shows no welcome screen."""

    def open_walk(repository: Path) -> PatchpilotApp:
        saved_state = SavedState(tmp_path / "state" / "walk.json")
        if saved_state.is_new:
            saved_state.save_values(theme="patchpilot-dark")
        return create_app(repository, memory=saved_state)

    return open_walk


@pytest.fixture
def app(fixed_clone: Path, open_app_on: Callable[[Path], PatchpilotApp]) -> PatchpilotApp:
    return open_app_on(fixed_clone)


@pytest.fixture
def newcomer_app(clone: Path, open_app_on: Callable[[Path], PatchpilotApp]) -> PatchpilotApp:
    # findings that only newcomers are shown have tests of their own
    git(clone, "config", "patchpilot.experience", "regular")
    return open_app_on(clone)


@pytest.fixture
def used_state_file() -> Path:
    """Return the saved state of a TUI that was used before."""
    state = Path(os.environ["XDG_STATE_HOME"]) / "patchpilot" / "walk.json"
    state.parent.mkdir(parents=True, exist_ok=True)
    state.write_text('{"": {"theme": "patchpilot-dark"}}')
    return state


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Return the demo's sandbox, in which replies arrive quickly.

    This process uses the environment of the sandbox.
    """
    monkeypatch.setattr(DemoFollow, "INTERVAL", 0.3)
    with (
        open_sandbox(tmp_path / "sandbox") as demo_sandbox,
        deliver_regularly(demo_sandbox, 0.1, Answers(demo_sandbox, (0.1, 0.2, 0.3)).answer),
    ):
        for name in [name for name in os.environ if name.startswith(("XDG_", "GIT_"))]:
            monkeypatch.delenv(name)
        for name, value in demo_sandbox.env.items():
            monkeypatch.setenv(name, value)
        yield demo_sandbox
