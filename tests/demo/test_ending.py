# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sandbox starts ends with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

_HOLDER = """
import subprocess, sys, time
from patchpilot.demo.demo_archive import _guard
server = subprocess.Popen(["sleep", "60"])
guard = _guard(server.pid)
print("up", flush=True)
sys.stdin.readline()
guard.communicate(b"closed\\n")
print("closed", server.poll(), flush=True)
server.kill()
"""


def test_a_server_ends_when_its_demo_is_killed() -> None:
    # the server holds our pipe too: it is at its end only when all of them are gone
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    holder.kill()
    out, _ = holder.communicate(timeout=20)
    assert out == b""


def test_a_server_that_was_closed_is_left_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _HOLDER],
        input=b"go\n",
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stdout == b"up\nclosed None\n"


@pytest.mark.parametrize(
    ("sent", "ignored"),
    [(signal.SIGTERM, False), (signal.SIGHUP, False), (signal.SIGHUP, True)],
)
def test_a_closed_terminal_leaves_no_sandbox(
    tmp_path: Path, sent: signal.Signals, ignored: bool
) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    words = [sys.executable, "-m", "patchpilot", "demo", "--script"]
    # what is ignored when a program starts stays ignored in it: nohup's way
    saved = signal.signal(signal.SIGHUP, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        demo = subprocess.Popen(
            words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
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
