# SPDX-License-Identifier: GPL-2.0-or-later
"""Count the git processes that a test starts, using git's trace2 events."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def count_git_processes(folder: Path) -> Iterator[Counter[tuple[str, ...]]]:
    """Count the git processes that are started in this context, by their arguments without `-c`.

    Processes that git itself starts are not counted.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    folder.mkdir()
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("GIT_TRACE2_EVENT", str(folder))
        yield counts
    for file in folder.iterdir():
        events = (json.loads(line) for line in file.read_text(errors="replace").splitlines())
        start = next((event for event in events if event["event"] == "start"), None)
        # if the id contains a slash, another traced process started this one
        if start and "/" not in start["sid"]:
            counts[_strip_config_options(start["argv"])] += 1


def _strip_config_options(argv: list[str]) -> tuple[str, ...]:
    arguments = iter(argv)
    remaining = []
    for argument in arguments:
        if argument == "-c":
            next(arguments, None)
        else:
            remaining.append(argument)
    return tuple(remaining)
