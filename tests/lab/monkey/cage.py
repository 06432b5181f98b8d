# SPDX-License-Identifier: GPL-2.0-or-later
"""What random keys must not reach: files outside the world, hosts beyond loopback, programs such as
a browser.

Python's audit hooks see these before they happen, and cannot be removed: for a process of its own.
What is refused fails as the system would refuse it (no permission, no route, no such program),
which the TUI has to survive.
"""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS: dict[str, tuple[tuple[int, int | None], ...]] = {
    "os.mkdir": ((0, 2),),
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.symlink": ((1, 2),),
    "os.link": ((1, 3),),
    "os.rename": ((0, 2), (1, 3)),
    "sqlite3.connect": ((0, None),),
}
"""Events that change files.

Which of their arguments are a path and the folder that it is relative to.
"""
PROGRAMS = frozenset(
    ("git", "sh", "b4", "make", "python", "python3", "ssh-keygen", "gpg", "perl")
)
LOOPBACK = ("127.", "::1", "localhost")


def shut(*roots: Path) -> None:
    """Let this process change files below `roots` only, from now on."""
    allowed = tuple(os.path.realpath(root) for root in roots)

    def judge(event: str, args: tuple[Any, ...]) -> None:
        if check := CHECKS.get(event):
            check(args)
        paths = [
            (args[path], args[folder] if folder else -1)
            for path, folder in PATHS.get(event, ())
        ]
        if event == "open" and isinstance(args[2], int) and args[2] & WRITES:
            paths.append((args[0], -1))
        for path, folder in paths:
            if not _is_inside(path, folder, allowed):
                raise PermissionError(
                    errno.EACCES, os.strerror(errno.EACCES), os.fsdecode(path)
                )

    sys.addaudithook(judge)


def _is_inside(path: Any, folder: int, roots: tuple[str, ...]) -> bool:
    """Whether a path, relative to an open folder or not, is below one of these."""
    if isinstance(path, int) or path in (None, ":memory:", ""):
        return True
    text = os.fsdecode(path).removeprefix("file:").partition("?")[0]
    real = os.path.realpath(
        os.path.join(f"/proc/self/fd/{folder}", text) if folder >= 0 else text
    )
    return real == os.devnull or any(
        real == root or real.startswith(f"{root}/") for root in roots
    )


def _connects(args: tuple[Any, ...]) -> None:
    address = args[1]
    if isinstance(address, tuple) and not str(address[0]).startswith(LOOPBACK):
        raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


def _resolves(args: tuple[Any, ...]) -> None:
    import socket

    host = args[0].decode() if isinstance(args[0], bytes) else args[0]
    if host and not str(host).startswith(LOOPBACK):
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


def _starts(args: tuple[Any, ...]) -> None:
    program = os.path.basename(os.fsdecode(args[0]))
    if program not in PROGRAMS and not program.startswith("public-inbox"):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), program)


CHECKS: dict[str, Callable[[tuple[Any, ...]], None]] = {
    "socket.connect": _connects,
    "socket.getaddrinfo": _resolves,
    "subprocess.Popen": _starts,
}
