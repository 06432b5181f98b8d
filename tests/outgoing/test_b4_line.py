# SPDX-License-Identifier: GPL-2.0-or-later
"""The line between b4 and the sender.

The program runs as b4 runs it: it is a process of its own.
"""

import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from patchpilot.outgoing.b4.b4_send import listen_in


@pytest.mark.parametrize("length", [1, 200])
def test_a_mail_is_handed_over_in_a_folder_of_any_length(
    tmp_path: Path, length: int
) -> None:
    place = tmp_path / ("x" * length)
    place.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        shim = listen_in(place, listener)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(shim)], stdin=subprocess.PIPE
        )
        assert process.stdin
        process.stdin.write(b"mail")
        process.stdin.close()
        line, _ = listener.accept()
        with line, line.makefile("rb") as mail:
            assert mail.read() == b"mail"
            line.sendall(b"taken")
        assert process.wait(30) == 0


def test_a_short_path_needs_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise FileNotFoundError

    with TemporaryDirectory(dir="/tmp") as place, socket.socket(socket.AF_UNIX) as line:
        monkeypatch.setattr("os.open", fail)
        listen_in(Path(place), line)
        monkeypatch.undo()
        assert line.getsockname().startswith(place)
