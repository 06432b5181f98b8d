# SPDX-License-Identifier: GPL-2.0-or-later
"""Test concurrent processes if some of them are killed or the store is corrupt."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.series import database
from tests.kit import story
from tests.kit.cli import call
from tests.kit.mails import build_mbox, build_thread_mbox
from tests.lab import store_kills


@pytest.mark.long
@pytest.mark.parametrize("delay", [0.02, 0.4])
def test_killed_process_leaves_no_partial_series(
    delay: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CONFIG", "DATA", "STATE", "CACHE"):
        # monkeypatch undoes the changes after the test
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path))
    store_kills.create_series_store(tmp_path)
    right, what = store_kills.kill_writers_and_check(tmp_path, 7, delay)
    assert right, what


def test_concurrent_writers_are_serialized(workdir: Path) -> None:
    names = [f"s{number}" for number in range(6)]
    for name in names:
        (workdir / f"{name}.mbox").write_bytes(build_thread_mbox(name, 12))
    running = [
        subprocess.Popen(
            [
                sys.executable,
                "-m",
                "patchpilot",
                "track",
                "add",
                "--mbox",
                f"{name}.mbox",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in names
    ]
    for process in running:
        _, error_output = process.communicate(timeout=60)
        assert (process.returncode, error_output) == (0, b"")
    with Store() as store:
        assert sorted(entry.message_id for entry in store.entries()) == [
            f"{name}@example.org" for name in names
        ]
        assert {len(store.mails(entry.id)) for entry in store.entries()} == {12}


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 4, 5, 6])
def test_corrupt_row_can_be_repaired(
    seed: int, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workdir / "m").write_bytes(build_mbox(*story.WHOLE))
    call("track add --mbox m")
    monkeypatch.setattr(database, "_verified", set())
    chance = random.Random(seed)
    content = default_store_file().read_bytes()
    for number in range(8):
        monkeypatch.setenv("XDG_CACHE_HOME", str(workdir / f"cache-{number}"))
        data = bytearray(content)
        for _ in range(chance.choice((1, 1, 3, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        for file in default_store_file().parent.glob("track.sqlite*"):
            file.unlink()
        default_store_file().write_bytes(data)
        for arguments in (
            (),
            ("show", "1", "--keep-unread"),
            ("update", "--offline"),
        ):
            outcome = call("track", *arguments)
            assert outcome.code in (0, 2), (arguments, outcome.err)
            assert "a bug in patchpilot" not in outcome.err
            database._verified.clear()
        assert call("doctor --recover").code == 0
        database._verified.clear()
        call("track update --all")
        call("track add --mbox m")
        outcome = call("track")
        assert (outcome.code, outcome.err) == (0, ""), outcome.err
        database._verified.clear()
