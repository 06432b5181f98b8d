# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each fault of the store of tracked series is reported with a command that repairs the
store.
"""

import contextlib
import re
import sqlite3
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.series import database
from patchpilot.series.database import list_backups
from tests.kit import story
from tests.kit.cli import Outcome, call
from tests.kit.mails import build_described_mail, build_mbox

OTHER = build_described_mail("w+5 [PATCH] valve: open it", author=story.OTTO)
HARMFUL = re.compile(r"\b(?:delete|remove|rm|move)\b")


@pytest.fixture(autouse=True)
def start_fresh_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset this process to the state of a new process, and shorten its timeouts."""
    monkeypatch.setattr(database, "_verified", set())
    monkeypatch.setattr(database, "PATIENCE", 0.05)


def start_next_process() -> None:
    database._verified.clear()


@pytest.fixture
def store_file(workdir: Path) -> Path:
    """Return the file of a store that has two series. Its backup has only the first one."""
    for name, mails in (("whole.mbox", story.WHOLE), ("other.mbox", (OTHER,))):
        (workdir / name).write_bytes(build_mbox(*mails))
    call("track add --mbox whole.mbox")
    call("track show 1")
    start_next_process()
    call("track add --mbox other.mbox")
    assert list_backups(default_store_file())
    start_next_process()
    return default_store_file()


def overwrite_bytes(file: Path, start: int, size: int) -> None:
    data = bytearray(file.read_bytes())
    data[start : start + size] = b"\xa5" * len(data[start : start + size])
    file.write_bytes(data)


def run_sql(*statements: str) -> Callable[[Path], None]:
    def execute_statements(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    return execute_statements


def damage_page(table: str) -> Callable[[Path], None]:
    """Return a fault that damages the first page of a table."""

    def overwrite_page(file: Path) -> None:
        with contextlib.closing(sqlite3.connect(file)) as connection:
            size = connection.execute("PRAGMA page_size").fetchone()[0]
            page = connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = ?", (table,)
            ).fetchone()[0]
        overwrite_bytes(file, size * (page - 1), size)

    return overwrite_page


DAMAGED = "the database of tracked series is damaged"
FAULTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "a damaged header": (
        lambda file: overwrite_bytes(file, 0, 100),
        DAMAGED,
        "doctor --recover",
    ),
    "a damaged first page": (
        lambda file: overwrite_bytes(file, 100, 3000),
        DAMAGED,
        "doctor --recover",
    ),
    "a damaged page of mails": (damage_page("mail"), DAMAGED, "doctor --recover"),
    "a damaged page of series": (damage_page("series"), DAMAGED, "doctor --recover"),
    "a damaged page of members": (damage_page("member"), DAMAGED, "doctor --recover"),
    "cut in half": (
        lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2 + 100]),
        DAMAGED,
        "doctor --recover",
    ),
    "emptied": (lambda file: file.write_bytes(b""), DAMAGED, "doctor --recover"),
    "not a database": (
        lambda file: file.write_bytes(b"hello\n" * 1000),
        DAMAGED,
        "doctor --recover",
    ),
    **{
        f"no table {name}": (run_sql(f"DROP TABLE {name}"), DAMAGED, "doctor --recover")
        for name in ("series", "mail", "member", "tick", "passed")
    },
    "no column": (
        run_sql("ALTER TABLE series DROP COLUMN news"),
        DAMAGED,
        "doctor --recover",
    ),
    "text that is not UTF-8": (
        run_sql("UPDATE series SET subject = CAST(x'ff' AS TEXT) WHERE id = 1"),
        DAMAGED,
        "doctor --recover",
    ),
    "a title that is no text": (
        run_sql("UPDATE series SET subject = x'00ff' WHERE id = 1"),
        DAMAGED,
        "doctor --recover",
    ),
    "a time that is none": (
        run_sql("UPDATE series SET updated = 'yesterday' WHERE id = 1"),
        DAMAGED,
        "doctor --recover",
    ),
    "a member that is no text": (
        run_sql("UPDATE member SET message_id = x'ff' WHERE message_id = 'v2@example.org'"),
        DAMAGED,
        "doctor --recover",
    ),
}


def read_messages() -> list[bytes]:
    with Store() as store:
        return sorted(mail.raw for entry in store.entries() for mail in store.mails(entry.id))


@pytest.mark.parametrize("name", FAULTS)
def test_store_fault_names_the_repair_command(
    name: str, store_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored_messages = read_messages()
    start_next_process()
    make, expected, command = FAULTS[name]
    make(store_file)
    outcomes: list[Outcome] = []
    for number, words in enumerate(
        (
            (),
            ("show", "1"),
            ("show", "1", "--ledger"),
            ("update", "--offline"),
        )
    ):
        # cached values must not hide the fault
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache-{number}"))
        outcomes.append(call("track", *words))
        start_next_process()
    for outcome in outcomes:
        assert (outcome.code, outcome.out) == (2, ""), outcome.err
        assert expected in outcome.err
        assert f"`patchpilot {command}`" in outcome.err
        assert not HARMFUL.search(outcome.err), outcome.err
    repaired_outcome = call(*command.split())
    assert repaired_outcome.code == 0, repaired_outcome.err
    start_next_process()
    # rows that were added after the backup may be lost, but they are restored from the tracked
    # files
    for file in ("whole.mbox", "other.mbox"):
        assert call("track add --mbox", file).code == 0
    assert call("track").code == 0
    if command.startswith("track") or "page" not in name:
        assert read_messages() == stored_messages
    assert not call("track show 1 --keep-unread").err


BAD_MAILS = {
    "a bad blob": "UPDATE mail SET raw = x'0102' WHERE message_id = 'v2@example.org'",
    "a cut blob": "UPDATE mail SET raw = substr(raw, 1, 90) WHERE message_id = 'v2@example.org'",
    "a blob that is text": "UPDATE mail SET raw = 'x' WHERE message_id = 'v2@example.org'",
    "a mail that is gone": "DELETE FROM mail WHERE message_id = 'v2@example.org'",
}
SAID = (
    "series 1: the mail <v2@example.org> is damaged; `patchpilot track update 1` fetches it again"
)


@pytest.mark.parametrize("name", BAD_MAILS)
def test_unreadable_message_is_skipped(
    name: str, store_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stored_messages = read_messages()
    output = call("track show 1 --keep-unread").out
    start_next_process()
    run_sql(BAD_MAILS[name])(store_file)
    for number, words in enumerate((("show", "1"), (), ("--json",))):
        # cached values must not hide the fault
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / f"cache-{number}"))
        outcome = call("track", *words)
        assert (outcome.code, "damaged" in outcome.out) == (2, True), outcome.err
        assert outcome.err == f"patchpilot: warning: {SAID}\n"
        assert ("valve: open it" in outcome.out) is (words != ("show", "1"))
        start_next_process()
    # the file still contains the series, so it can be restored from there
    updated_outcome = call("track update")
    assert (updated_outcome.code, updated_outcome.err) == (0, "")
    assert read_messages() == stored_messages
    assert call("track show 1 --keep-unread").out == output


def test_lost_message_is_restored_from_a_backup(
    store_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    saved = list_backups(store_file)
    run_sql(BAD_MAILS["a bad blob"])(store_file)
    Path("whole.mbox").unlink()
    assert call("track update").code == 0
    assert call("track show 1").code == 0
    start_next_process()
    run_sql(BAD_MAILS["a bad blob"])(store_file)
    for backup in saved:
        backup.unlink()
    # use a cache that was filled before the damage
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    outcome = call("track update")
    assert (outcome.code, outcome.err) == (2, f"patchpilot: warning: {SAID}\n")


def test_fully_damaged_series_skips_the_archive(
    store_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run_sql("UPDATE mail SET raw = x'00' WHERE message_id = 'w@example.org'")(store_file)
    outcome = call("track show 2")
    assert outcome.code == 2
    assert "next      fetch its damaged messages again: `patchpilot track update 2`" in outcome.out


@contextmanager
def fill_disk(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real_prepare = database._prepare_database

    def prepare_with_full_disk(
        base: database.Database, layout: database.DatabaseLayout, has_database: bool
    ) -> None:
        real_prepare(base, layout, has_database)
        base.execute(f"PRAGMA max_page_count = {base.execute('PRAGMA page_count').fetchone()[0]}")

    with monkeypatch.context() as patched_database:
        patched_database.setattr(database, "_prepare_database", prepare_with_full_disk)
        yield


@contextmanager
def lock_store(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hold a write transaction on the store, as another program would."""
    with contextlib.closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def migrate_to_newer(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    version = 0
    with contextlib.closing(sqlite3.connect(file)) as connection:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        connection.execute("PRAGMA user_version = 99")
    yield
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(f"PRAGMA user_version = {version}")


@contextmanager
def replace_with_folder(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder = file.with_name("there")
    file.rename(folder)
    file.mkdir()
    yield
    file.rmdir()
    folder.rename(file)


PASSING = {
    "full disk": (
        fill_disk,
        "cannot be written: database or disk is full",
        "free up disk space (see `df -h /",
    ),
    "locked": (
        lock_store,
        "is locked by another process",
        "wait for the other patchpilot process to finish; `fuser -v",
    ),
    "newer": (migrate_to_newer, "was written by a newer version", "upgrade patchpilot"),
    "a directory": (
        replace_with_folder,
        "cannot be opened: Is a directory",
        "set XDG_STATE_HOME to a writable directory",
    ),
}


@pytest.mark.parametrize("name", PASSING)
def test_temporary_fault_changes_nothing(
    name: str, store_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = call("track --format json").out
    start_next_process()
    big_mail = build_described_mail(
        "big [PATCH] pump: large",
        message=f"{zlib.crc32(b'')}\n"
        + "".join(f"{zlib.crc32(bytes([n % 256, n // 256]))}\n" for n in range(9000)),
    )
    Path("big.mbox").write_bytes(build_mbox(big_mail))
    make, expected, hint = PASSING[name]
    with make(store_file, monkeypatch):
        outcome = call("track add --mbox big.mbox")
        assert (outcome.code, outcome.out) == (2, ""), outcome.err
        assert expected in outcome.err
        assert hint in outcome.err
        assert not HARMFUL.search(outcome.err), outcome.err
    start_next_process()
    assert call("track --format json").out == before


def test_update_fetches_messages_missed_by_recovery(store_file: Path) -> None:
    with Store() as store:
        ids = store.message_ids(1)
    start_next_process()
    for backup in list_backups(store_file):
        backup.unlink()
    run_sql("UPDATE mail SET raw = x'01'")(store_file)
    assert call("doctor --recover").code == 0
    start_next_process()
    assert "`patchpilot track update 1`" in call("track show 1").err
    assert call("track update --all").code == 0
    with Store() as store:
        assert store.message_ids(1) == ids
        assert {mail.message_id for mail in store.mails(1)} == ids
