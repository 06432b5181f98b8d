# SPDX-License-Identifier: GPL-2.0-or-later
"""Wait for processes that the test itself did not start."""

import time
from pathlib import Path

_TIMEOUT = 10.0


def has_ended(pid: int) -> bool:
    """Return whether the process ends within ten seconds."""
    deadline = time.monotonic() + _TIMEOUT
    while _is_running(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _is_running(pid: int) -> bool:
    try:
        state = (
            Path(f"/proc/{pid}/stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()[0]
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
    # a zombie has already exited, but its parent has not waited for it yet
    return state != "Z"
