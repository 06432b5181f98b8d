# SPDX-License-Identifier: GPL-2.0-or-later
"""Run b4 in processes forked from a server that has imported b4, because the import is slow."""

import atexit
import json
import os
import shlex
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from tests.kit.repos import Repo

_SERVER = """
import json, os, sys, traceback
import b4.command, b4.ez

def run(call):
    os.chdir(call["cwd"])
    os.environ.clear()
    os.environ.update(call["env"])
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(os.open(call[name], os.O_RDONLY if number == 0 else os.O_WRONLY), number)
    sys.argv = ["b4", "-n", *call["words"]]
    b4.command.cmd()

for line in sys.stdin:
    child = os.fork()
    if not child:
        code = 1
        try:
            run(json.loads(line))
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


def run_b4(
    repo: Repo, line: str, *arguments: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run b4 in the repository without network access, and require that it succeeds.

    `line` is split as in a shell.
    """
    argv = (*shlex.split(line), *arguments)
    server = _start_server()
    assert server.stdin is not None
    assert server.stdout is not None
    with tempfile.TemporaryDirectory(prefix="patchpilot-b4-") as folder:
        files = {name: Path(folder) / name for name in ("stdin", "stdout", "stderr")}
        for name, file in files.items():
            file.write_text(stdin if name == "stdin" else "")
        request = {
            "cwd": str(repo.path),
            "env": dict(os.environ),
            "words": argv,
            **{name: str(file) for name, file in files.items()},
        }
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        exit_code = int(server.stdout.readline())
        outcome = subprocess.CompletedProcess(
            argv, exit_code, files["stdout"].read_text(), files["stderr"].read_text()
        )
    assert outcome.returncode == 0, outcome.stderr
    return outcome


@cache
def _start_server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", _SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server
