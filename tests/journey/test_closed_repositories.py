# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that commands run in this process leave no open pipes or git processes."""

import gc
import os
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo

CALLS = (
    ("check",),
    ("check", "--diff"),
    ("check", "--format", "sarif"),
    ("maintainers", "--tree", "."),
    ("maintainers",),
    ("maintainers", "--format", "get_maintainer", "HEAD"),
    ("fixes", "HEAD"),
    ("stable", "HEAD"),
    ("backport", "HEAD", "--onto", "HEAD~1"),
    ("prepare", "--dry-run", "--signoff"),
    ("undo", "list"),
    ("send", "--dry-run", "--to", "list@example.org"),
    ("draft",),
    ("trailers", "--dry-run"),
    ("track",),
    ("track", "show"),
    ("setup", "hooks"),
    ("config",),
    ("doctor", "--offline"),
)


def list_open_pipes() -> set[str]:
    pipe_ends = set()
    for name in os.listdir("/proc/self/fd"):
        try:
            end = os.readlink(f"/proc/self/fd/{name}")
        except FileNotFoundError:
            continue
        if end.startswith("pipe:"):
            pipe_ends.add(end)
    return pipe_ends


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="reads /proc")
@pytest.mark.parametrize("words", CALLS, ids=" ".join)
def test_call_closes_its_repository(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit(
        "frob: begin\n",
        {
            "drivers/frob.c": "int one;\n",
            "MAINTAINERS": "FROB\nM:\tAda <ada@example.org>\nF:\tdrivers/\n",
        },
    )
    repo.git("branch start")
    repo.git("config patchpilot.base start")
    repo.commit(
        "frob: fix it\n\nText.\n\nSigned-off-by: Ada <ada@example.org>\n",
        {"drivers/frob.c": "int two;\n"},
    )
    monkeypatch.chdir(repo.path)
    call(*words)
    gc.disable()
    try:
        before = list_open_pipes()
        outcome = call(*words)
        assert list_open_pipes() <= before, outcome.err
    finally:
        gc.enable()
