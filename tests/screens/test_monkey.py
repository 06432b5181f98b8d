# SPDX-License-Identifier: GPL-2.0-or-later
"""Random keys crash nothing; those who press them reach nothing real, and notice what crashes."""

import subprocess
import sys
from pathlib import Path

import pytest

# keys are pressed for a minute, and planted faults are found
pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PLANTED = """
import sys, time
from patchpilot.tui.app import PatchpilotApp
from tests.lab.monkey import watch
from tests.lab.monkey.__main__ import main

watch.PATIENCE = 2.0
PatchpilotApp.action_step = lambda self, by: {fault}
sys.exit(main())
"""


def play(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.mark.long
def test_a_minute_of_random_keys_finds_no_fault(tmp_path: Path) -> None:
    done = play(
        "-m",
        "tests.lab.monkey",
        "--minutes",
        "1",
        "--seed",
        "1",
        "--out",
        str(tmp_path),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no fault" in done.stdout


@pytest.mark.long
@pytest.mark.parametrize(
    ("fault", "reported"),
    [("[][by]", "IndexError: list index out of range"), ("time.sleep(30)", "HANG: ")],
)
def test_a_planted_fault_is_found(fault: str, reported: str, tmp_path: Path) -> None:
    done = play(
        "-c", PLANTED.format(fault=fault), "--minutes", "1", "--out", str(tmp_path)
    )
    assert done.returncode == 1
    assert reported in done.stdout


@pytest.mark.parametrize(
    ("act", "allowed"),
    [
        ("open(inside, 'w')", True),
        ("os.mkdir(inside)", True),
        ("open(os.devnull, 'w')", True),
        ("open(__file__ if '__file__' in globals() else os.__file__)", True),
        ("open(outside, 'w')", False),
        ("open(outside, 'a')", False),
        ("os.mkdir(outside)", False),
        ("os.rename(os.__file__, inside)", False),
        ("os.symlink('x', outside)", False),
        ("sqlite3.connect(outside)", False),
        ("subprocess.run(['xdg-open', 'x'])", False),
        ("socket.create_connection(('192.0.2.1', 25), 1)", False),
        ("socket.getaddrinfo('example.org', 25)", False),
    ],
)
def test_random_keys_are_kept_in_their_folder(
    act: str, allowed: bool, tmp_path: Path
) -> None:
    text = (
        "import os, socket, sqlite3, subprocess\nfrom pathlib import Path\nfrom"
        f" tests.lab.monkey.cage import shut\ninside, outside = {str(tmp_path / 'in' / 'a')!r},"
        f" {str(tmp_path / 'out')!r}\nos.mkdir({str(tmp_path / 'in')!r})\nshut(Path({str(tmp_path / 'in')!r}))\ntry:\n"  # noqa: E501
        f"    {act}\nexcept OSError as error:\n    print('refused')\nelse:\n    print('done')\n"
    )
    assert play("-c", text).stdout == ("done\n" if allowed else "refused\n")
    assert not (tmp_path / "out").exists()
