# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a store with an older schema is migrated without losing data."""

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from patchpilot.archive.track_store import TRACK_LAYOUT, Store, default_store_file
from patchpilot.series.database import list_backups
from tests.kit import story
from tests.kit.cli import call
from tests.kit.mails import build_mbox

OLD = Path(__file__).parent / "stores"
CURRENT = len(TRACK_LAYOUT.migrations)
VERSIONS = sorted(int(file.stem.rpartition("-")[2]) for file in OLD.glob("version-*.sql"))
IDS = ("v1@example.org", "r1@example.org")


def create_old_store(version: int) -> Path:
    """Return a store with an older schema.

    It contains a series of two messages, one of which was read.
    """
    file = default_store_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as base:
        base.executescript((OLD / f"version-{version}.sql").read_text(encoding="utf-8"))
        base.executemany(
            "INSERT INTO mail VALUES (?, ?)",
            zip(IDS, map(zlib.compress, story.BEGINNING), strict=True),
        )
        base.executemany(
            "INSERT INTO member (series, message_id, seen) VALUES (2, ?, ?)",
            zip(IDS, (1, 0), strict=True),
        )
        base.commit()
        assert base.execute("PRAGMA user_version").fetchone() == (version,)
    return file


def test_every_older_schema_is_tested() -> None:
    assert set(range(1, CURRENT)) <= set(VERSIONS)
    assert max(VERSIONS) <= CURRENT


@pytest.mark.parametrize("version", VERSIONS)
def test_old_store_is_migrated_completely(version: int, workdir: Path) -> None:
    file = create_old_store(version)
    output = call("track show 2 --keep-unread --mails")
    assert (output.code, output.err) == (0, "")
    assert "Please add a Fixes: tag" in output.out
    with Store() as store:
        (entry,) = store.entries()
        assert (entry.id, entry.message_id, entry.lore) == (
            2,
            "v1@example.org",
            "http://127.0.0.1:9/demo",
        )
        assert (entry.added, entry.updated) == (
            "2024-03-04T10:00:00+00:00",
            "2024-03-05T10:00:00+00:00",
        )
        assert [mail.raw for mail in store.mails(2)] == list(story.BEGINNING)
        assert store.unread(2) == {"r1@example.org"}
        assert store.marks(2) == ({("r1@example.org", 4): "addressed"} if version > 1 else {})
    saved = [backup for backup in list_backups(file) if f"-version-{version}." in backup.name]
    assert len(saved) == (1 if version < CURRENT else 0)
    for backup in saved:
        with closing(sqlite3.connect(backup)) as base:
            assert base.execute("PRAGMA user_version").fetchone() == (version,)


@pytest.mark.parametrize("version", VERSIONS)
def test_migrated_store_matches_a_new_one(
    version: int, workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_tables(file: Path) -> dict[str, list[tuple[object, ...]]]:
        with closing(sqlite3.connect(file)) as base:
            names = [
                row[0]
                for row in base.execute(
                    "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name"
                )
            ]
            return {name: base.execute(f"PRAGMA table_info({name})").fetchall() for name in names}

    with Store(create_old_store(version)):
        pass
    with Store(workdir / "new.sqlite"):
        pass
    assert read_tables(default_store_file()) == read_tables(workdir / "new.sqlite")
    (workdir / "m").write_bytes(build_mbox(*story.WHOLE))
    assert call("track add --mbox m").code == 0
    with Store() as store:
        assert [entry.id for entry in store.entries()] == [2]
    assert call("track remove 2").code == 0


def test_newer_store_is_restored_from_its_backup(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = create_old_store(CURRENT)
    newer = TRACK_LAYOUT.__class__(
        TRACK_LAYOUT.label,
        (*TRACK_LAYOUT.migrations, "ALTER TABLE series ADD COLUMN more TEXT"),
    )
    with monkeypatch.context() as patched_module:
        patched_module.setattr("patchpilot.archive.track_store.TRACK_LAYOUT", newer)
        with Store():
            pass
    outcome = call("track")
    assert outcome.code == 2
    assert "was written by a newer version of patchpilot" in outcome.err
    (saved,) = [backup for backup in list_backups(file) if "-version-" in backup.name]
    assert str(saved) in outcome.err
    with Store(saved) as store:
        assert store.message_ids(2) == set(IDS)
