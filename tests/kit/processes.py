# SPDX-License-Identifier: GPL-2.0-or-later
"""Wait for processes that the test did not start itself."""

import time
from pathlib import Path

_PATIENCE = 10.0


def has_ended(process: int) -> bool:
    """Return whether a process ends within ten seconds."""
    end = time.monotonic() + _PATIENCE
    while _runs(process):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _runs(process: int) -> bool:
    try:
        state = (
            Path(f"/proc/{process}/stat")
            .read_text(encoding="utf-8", errors="replace")
            .rpartition(")")[2]
            .split()[0]
        )
    except (FileNotFoundError, ProcessLookupError):
        return False
    # a zombie remains until its parent waits for it
    return state != "Z"
