# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that both parts of the demo use only public commands, leave no files, and report a step that
fails.
"""

import io
import os
import subprocess
import tempfile
from datetime import date
from pathlib import Path

import pytest

from patchpilot.demo.demo_history import LTS
from patchpilot.demo.demo_script import run_script
from patchpilot.demo.journey import Journey, StepFailedError, require_condition
from patchpilot.demo.sandbox import (
    Sandbox,
    open_sandbox,
    sandbox_environment,
    write_supported_series,
)
from patchpilot.errors import InputError
from patchpilot.projects.loading import default_project


def test_both_parts_succeed_and_leave_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    out = io.StringIO()
    run_script(output=out)
    reported = out.getvalue()
    assert "arrived: [PATCH net] net/acme" in reported
    assert "arrived: [PATCH net v2] net/acme" in reported
    assert "6.12 already-fixed" in reported
    assert "state in-stable" in reported
    assert not list(tmp_path.glob("patchpilot-demo-*"))


def test_keep_refuses_a_nonempty_directory(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(InputError), open_sandbox(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "x"


def test_kept_sandbox_has_an_environment_file(tmp_path: Path) -> None:
    folder = tmp_path / "it's kept"
    with open_sandbox(folder) as sandbox:
        assert sandbox.archive.url
    reported = subprocess.run(
        ["sh", "-c", '. "$1/env"; printf %s "$HOME"', "sh", folder],
        capture_output=True,
        text=True,
        check=True,
    )
    assert reported.stdout == str(folder / "home")


def test_sandbox_ignores_the_users_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_CONFIG_GLOBAL", "B4_CONFIG", "SMTP_PASSWORD"):
        monkeypatch.setenv(name, "mine")
    env = sandbox_environment(tmp_path)
    assert "mine" not in env.values()
    assert Path(env["HOME"]).is_relative_to(tmp_path)


def test_sandbox_uses_the_same_compiled_modules(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # otherwise each command compiles the modules again if it cannot write next to them
    monkeypatch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path / "compiled"))
    env = sandbox_environment(tmp_path)
    assert env["PYTHONPYCACHEPREFIX"] == str(tmp_path / "compiled")


def test_failing_step_ends_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "patchpilot.demo.demo_script.play_before_send",
        lambda journey: journey.run("patchpilot check", expect=[0]),
    )
    with pytest.raises(StepFailedError, match="expected 0") as error:
        run_script(output=io.StringIO())
    assert error.value.exit_code == 1


def test_failed_expectation_ends_the_script(tmp_path: Path) -> None:
    journey = Journey(
        Sandbox(tmp_path, _create_empty_demo(tmp_path), None, None, dict(os.environ)),
        io.StringIO(),
    )  # type: ignore[arg-type]
    with pytest.raises(StepFailedError):
        journey.read(
            "git --version",
            judge=lambda output: require_condition(output == 1, "one"),
        )


def _create_empty_demo(path: Path):
    from patchpilot.demo.demo_history import DemoFacts
    from patchpilot.demo.demo_repository import Repositories

    return Repositories(path, path, path, DemoFacts("", "", "", {}, 0))


def test_branches_of_the_demo_never_reach_end_of_life(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_supported_series(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home" / "data"))
    assert {
        maintained.version
        for maintained in default_project().stable.find_maintained(
            date(date.today().year + 1, 1, 1)
        )
    } >= set(LTS)
