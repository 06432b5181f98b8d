# SPDX-License-Identifier: GPL-2.0-or-later
"""Count the git processes that a call starts, using git's trace (git's api-trace2 document)."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def counted_processes(folder: Path) -> Iterator[Counter[tuple[str, ...]]]:
    """Count the git calls in the context by their arguments, ignoring `-c`.

    Skip calls by git or its scripts.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("GIT_TRACE2_EVENT", str(folder))
        yield seen
    for file in folder.iterdir():
        events = (
            json.loads(line) for line in file.read_text(errors="replace").splitlines()
        )
        start = next((event for event in events if event["event"] == "start"), None)
        # the id of a process started by another traced process contains a slash
        if start and "/" not in start["sid"]:
            seen[_without_pins(start["argv"])] += 1


def _without_pins(argv: list[str]) -> tuple[str, ...]:
    words = iter(argv)
    kept = []
    for word in words:
        if word == "-c":
            next(words, None)
        else:
            kept.append(word)
    return tuple(kept)
