# SPDX-License-Identifier: GPL-2.0-or-later
"""What the sandbox starts ends with it, however it ends."""

import subprocess
import sys

_HOLDER = """
import subprocess, sys, time
from patchpilot.demo.archive import _guard
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
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    holder.kill()
    out, _ = holder.communicate(timeout=20)
    assert out == b""


def test_a_server_that_was_closed_is_left_alone() -> None:
    done = subprocess.run([sys.executable, "-c", _HOLDER], input=b"go\n", capture_output=True, timeout=20, check=True)
    assert done.stdout == b"up\nclosed None\n"
