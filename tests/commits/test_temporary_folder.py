# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a run removes temporary directories left by killed runs, but no other directories."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.temporary_folder import (
    FILES,
    LOCK,
    YOUNG,
    TemporaryFolder,
    remove_leftover_folders,
)
from tests.kit.source import ROOT

RUN = (
    "import sys; from patchpilot.commits.temporary_folder import TemporaryFolder\nfolder ="
    " TemporaryFolder('objects'); (folder.path / 'ab').mkdir(); (folder.path / 'ab' /"
    " 'cd').write_text('x')\nprint(folder.path.parent, flush=True); sys.stdin.read()"
)


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    remove_leftover_folders.cache_clear()
    yield tmp_path
    remove_leftover_folders.cache_clear()


def age_folder_lock(folder: Path) -> Path:
    """Set the time of a directory's lock to a few minutes ago."""
    os.utime(folder / LOCK, (0, 0))
    return folder


def create_stale_folder(temporary_folder: Path, name: str, *files: str) -> Path:
    folder = temporary_folder / name
    (folder / FILES / "ab").mkdir(parents=True)
    (folder / LOCK).touch()
    for file in files:
        (folder / file).touch()
    return age_folder_lock(folder)


def start_program(temporary_folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def read_first_line(process: "subprocess.Popen[str]") -> Path:
    assert process.stdout
    return Path(process.stdout.readline().strip())


def test_folder_is_removed_on_exit(temporary_folder: Path) -> None:
    with TemporaryFolder("objects") as folder:
        assert folder.is_relative_to(temporary_folder)
        (folder / "x").write_text("x")
    assert not list(temporary_folder.iterdir())


def test_next_run_removes_stale_folders(
    temporary_folder: Path,
) -> None:
    with (
        start_program(temporary_folder) as killed,
        start_program(temporary_folder) as living,
    ):
        removed, kept_folder = (
            age_folder_lock(read_first_line(killed)),
            age_folder_lock(read_first_line(living)),
        )
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        argv = [sys.executable, "-m", "patchpilot", "doctor", "--offline"]
        outcome = subprocess.run(
            argv,
            cwd=temporary_folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert f"removed 1 folder of killed runs: {removed}" in " ".join(outcome.stdout.split())
        assert not removed.exists()
        assert (kept_folder / FILES / "ab" / "cd").read_text() == "x"
        living.communicate("")
    assert not kept_folder.exists()


def test_one_run_removes_all_stale_folders(temporary_folder: Path) -> None:
    folders = [
        create_stale_folder(temporary_folder, f"patchpilot-{name}")
        for name in ("objects-a", "mails-b", "demo-c")
    ]
    with TemporaryFolder("text"):
        assert not [folder for folder in folders if folder.exists()]
        second = create_stale_folder(temporary_folder, "patchpilot-objects-d")
        with TemporaryFolder("text"):
            assert second.exists()


def test_recent_and_foreign_folders_are_kept(
    temporary_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept_folders = [
        create_stale_folder(temporary_folder, "patchpilot-notes", "notes.txt"),
        create_stale_folder(temporary_folder, "linux-objects-a"),
        temporary_folder / "patchpilot-empty",
        temporary_folder / "patchpilot-link",
        create_stale_folder(temporary_folder, "patchpilot-young"),
    ]
    kept_folders[2].mkdir()
    kept_folders[3].symlink_to(create_stale_folder(temporary_folder, "elsewhere"))
    (kept_folders[4] / LOCK).touch()
    (temporary_folder / "patchpilot-bug-x.log").touch()
    foreign = create_stale_folder(temporary_folder, "patchpilot-objects-x")
    with monkeypatch.context() as patched_module:
        patched_module.setattr(os, "geteuid", lambda: 12345)
        assert remove_leftover_folders() == ()
    assert all(folder.exists() for folder in (*kept_folders, foreign))
    remove_leftover_folders.cache_clear()
    assert remove_leftover_folders() == (foreign,)
    assert all(folder.exists() for folder in kept_folders)
    assert YOUNG < 3600


def test_only_one_module_creates_temporary_folders() -> None:
    creation = re.compile(r"\b(?:TemporaryDirectory|mkdtemp)\(")
    places = [
        file.name
        for file in (ROOT / "patchpilot").rglob("*.py")
        if creation.search(file.read_text(encoding="utf-8"))
    ]
    assert places == ["temporary_folder.py"]
