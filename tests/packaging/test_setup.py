# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `make` waits for apt's lock when it installs Debian packages.

The real apt-get is run with a separate state directory.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

INSTALL = Path(__file__).parents[2] / ".ci" / "apt-install"
WATCH = INSTALL.with_name("watch")
STATUS = Path("/var/lib/dpkg/status")
needs_apt = pytest.mark.skipif(
    not shutil.which("apt-get") or not STATUS.exists(), reason="needs Debian's apt-get"
)


@pytest.fixture
def apt_environment(tmp_path: Path) -> dict[str, str]:
    """Return an environment for apt-get.

    It has the installed packages, but no package sources and no system locks.
    """
    for folder in ("lists/partial", "cache/archives/partial", "dpkg", "etc"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(STATUS, tmp_path / "dpkg" / "status")
    config = tmp_path / "apt.conf"
    config.write_text(
        f'Dir::State "{tmp_path}/";\nDir::State::Lists "{tmp_path}/lists/";\nDir::State::status'
        f' "{tmp_path}/dpkg/status";\nDir::Cache "{tmp_path}/cache/";\nDir::Etc::SourceList'
        f' "/dev/null";\nDir::Etc::SourceParts "{tmp_path}/etc/";\nAPT::Sandbox::User "root";\n'
    )
    return {**os.environ, "APT_CONFIG": str(config)}


@needs_apt
def test_waiting_for_a_lock_is_reported(apt_environment: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "lists" / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        running = subprocess.Popen(
            [INSTALL, "git"], env=apt_environment, stderr=subprocess.PIPE, text=True
        )
        assert running.stderr
        first = running.stderr.readline()
        assert "waiting for another process that holds apt's lock" in first
        assert str(os.getpid()) in first
        assert running.poll() is None
    rest = running.stderr.read()
    assert running.wait(60) == 0, rest
    assert "going on" in rest


@needs_apt
def test_waiting_for_a_lock_times_out(apt_environment: dict[str, str], tmp_path: Path) -> None:
    with (tmp_path / "lists" / "lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        completed = subprocess.run(
            [INSTALL, "git"],
            env={**apt_environment, "APT_WAIT": "2"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert completed.returncode == 1
    assert "still held after 2 seconds" in completed.stderr


@needs_apt
def test_other_failures_are_not_retried(apt_environment: dict[str, str]) -> None:
    completed = subprocess.run(
        [INSTALL, "no-such-package-at-all"],
        env=apt_environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert completed.returncode == 1
    assert "no-such-package-at-all" in completed.stderr
    assert "waiting" not in completed.stderr


def test_long_step_reports_progress() -> None:
    step = "echo Collecting textual; sleep 1.5; echo Installing collected packages"
    completed = subprocess.run(
        [WATCH, "installing", "bash", "-c", step],
        env={**os.environ, "WATCH_SECONDS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = completed.stderr.splitlines()
    assert lines[0] == "setup: installing"
    assert "installing (1 s): Collecting textual" in lines[1]
    assert completed.stdout == ""


def test_failed_step_has_a_reason() -> None:
    step = (
        "echo 'WARNING: Retrying: SSLError(certificate verify failed)'; echo 'ERROR: No matching"
        " distribution'; exit 3"
    )
    completed = subprocess.run(
        [WATCH, "installing", "bash", "-c", step],
        capture_output=True,
        text=True,
        check=False,
    )
    assert completed.returncode == 3
    assert "certificate verify failed" in completed.stderr
    assert "No matching distribution" in completed.stderr
