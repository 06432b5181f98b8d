# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all processes started by the sandbox exit with it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("sent", "ignored"),
    [(signal.SIGTERM, False), (signal.SIGHUP, False), (signal.SIGHUP, True)],
)
def test_closed_terminal_leaves_no_sandbox(
    tmp_path: Path, sent: signal.Signals, ignored: bool
) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    arguments = [sys.executable, "-m", "patchpilot", "demo", "--script"]
    # a signal that is ignored when a program starts stays ignored, for example under nohup
    saved = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        demo = subprocess.Popen(
            arguments, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    finally:
        signal.signal(signal.SIGHUP, saved)
    try:
        assert demo.stdout is not None
        assert demo.stdout.readline()
        demo.send_signal(sent)
        if ignored:
            with pytest.raises(subprocess.TimeoutExpired):
                demo.wait(2)
            demo.terminate()
        demo.communicate(timeout=60)
    finally:
        demo.kill()
        demo.wait()
    assert not list(tmp_path.glob("patchpilot-demo-*"))
