# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the versions, backups, damage and recovery of the user's databases."""

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot import private_files
from patchpilot.archive.track_store import Store, default_store_file
from patchpilot.errors import InputError, PatchpilotError
from patchpilot.extras import upgrade_hint
from patchpilot.model.draft import Draft
from patchpilot.model.message import MailState
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.resources import state_folder
from patchpilot.series import database
from patchpilot.series.database import (
    DamagedError,
    DatabaseLayout,
    list_backups,
    open_database,
    recover_database,
    write_transaction,
)
from patchpilot.series.draft import Drafts
from patchpilot.series.topic_database import open_topic_database
from tests.kit.cli import call
from tests.kit.outbox import CHANGE, record_send
from tests.kit.topics import topic

FIRST = "CREATE TABLE IF NOT EXISTS a (x TEXT NOT NULL UNIQUE)"
ONE = DatabaseLayout("the record", (FIRST,))
TWO = DatabaseLayout(
    "the record", (FIRST, "ALTER TABLE a ADD COLUMN y TEXT; CREATE INDEX a_y ON a (y)")
)


@pytest.fixture(autouse=True)
def forget_checked_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reset this process to the state in which no database has been opened."""
    monkeypatch.setattr(database, "_verified", set())


def forget_verified_files() -> None:
    database._verified.clear()


def read_stored_rows(file: Path) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        return connection.execute("SELECT x FROM a ORDER BY x").fetchall()


def overwrite_bytes(file: Path, start: int, size: int = 512) -> None:
    data = bytearray(file.read_bytes())
    data[start : start + size] = b"\xa5" * len(data[start : start + size])
    file.write_bytes(data)


def test_new_database_uses_a_write_ahead_log(
    tmp_path: Path,
) -> None:
    with contextlib.closing(open_database(tmp_path / "a.sqlite3", TWO)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (2,)
        assert base.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert base.execute("PRAGMA synchronous").fetchone() == (2,)
        base.execute("INSERT INTO a VALUES ('1', '2')")
        assert {file.stat().st_mode & 0o77 for file in tmp_path.glob("a.sqlite3*")} == {0}
    assert not list_backups(tmp_path / "a.sqlite3")


def test_database_created_by_another_process_meanwhile_is_not_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.sqlite3"
    file.touch(0o600)
    find_exposure = private_files.describe_exposure

    def create_meanwhile(path: Path) -> str:
        monkeypatch.setattr(database, "describe_exposure", find_exposure)
        for _ in range(2):
            # the second one makes the first backup
            open_database(file, ONE).close()
        forget_verified_files()
        return find_exposure(path)

    monkeypatch.setattr(database, "describe_exposure", create_meanwhile)
    with contextlib.closing(open_database(file, ONE)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (1,)
    assert list_backups(file)


def test_migration_makes_a_backup(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    with contextlib.closing(open_database(file, ONE)) as base:
        base.execute("INSERT INTO a VALUES ('kept')")
    for _ in range(2):
        with contextlib.closing(open_database(file, TWO)) as base:
            assert base.execute("SELECT x, y FROM a").fetchall() == [("kept", None)]
    assert read_stored_rows(file.parent / "backups" / "a-version-1.sqlite3") == [("kept",)]
    with pytest.raises(InputError, match="newer version") as raised:
        open_database(file, ONE)
    assert str(raised.value.hint).startswith(f"{upgrade_hint()}; its state before")


def test_failed_migration_changes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    open_database(file, ONE).close()
    with pytest.raises(PatchpilotError):
        open_database(
            file,
            DatabaseLayout(
                "the record",
                (
                    FIRST,
                    "ALTER TABLE a ADD COLUMN y TEXT; ALTER TABLE none ADD COLUMN y TEXT",
                ),
            ),
        )
    with contextlib.closing(open_database(file, TWO)) as base:
        assert base.execute("PRAGMA user_version").fetchone() == (2,)


def test_backups_are_kept_for_a_week(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    (tmp_path / "backups").mkdir()
    for day in range(1, 10):
        (tmp_path / "backups" / f"a-2020-01-0{day}.sqlite3").touch()
    for text in ("1", "2", "3"):
        with contextlib.closing(open_database(file, ONE)) as base:
            base.execute("INSERT INTO a VALUES (?)", (text,))
    known = list_backups(file)
    assert read_stored_rows(known[-1]) == [("1",)]
    assert known[-1].stat().st_mode & 0o77 == 0
    assert len(known) == database.KEPT


def test_two_connections_can_read_concurrently(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    with (
        contextlib.closing(open_database(file, ONE)) as database,
        contextlib.closing(open_database(file, ONE)) as other,
    ):
        with write_transaction(database):
            database.execute("INSERT INTO a VALUES ('new')")
            assert not other.execute("SELECT x FROM a").fetchall()
            other.execute("PRAGMA busy_timeout = 1")
            with (
                pytest.raises(PatchpilotError, match="locked by another process"),
                write_transaction(other),
            ):
                raise AssertionError("two write at once")
        assert other.execute("SELECT x FROM a").fetchall() == [("new",)]


def test_constraint_violation_is_rolled_back(
    tmp_path: Path,
) -> None:
    with contextlib.closing(open_database(tmp_path / "a.sqlite3", ONE)) as base:
        with pytest.raises(sqlite3.IntegrityError), write_transaction(base):
            base.executemany("INSERT INTO a VALUES (?)", [("x",), ("x",)])
        assert not base.execute("SELECT x FROM a").fetchall()


def fill_outbox() -> Path:
    """Fill the outbox with many pages of data and a draft. Then reset this process to the state of
    a new one.
    """
    with Outbox() as outbox, Drafts() as drafts:
        for number in range(30):
            record_send(outbox, change_id=f"{CHANGE[:-2]}{number:02d}")
        drafts.save(Draft(CHANGE, "/src/linux", "widget", cover_text="text " * 2000))
    forget_verified_files()
    for backup in list_backups(state_folder() / "outgoing.sqlite3"):
        os.utime(backup, (1, 1))
    return state_folder() / "outgoing.sqlite3"


DAMAGE: dict[str, Callable[[Path], object]] = {
    "the header": lambda file: overwrite_bytes(file, 0, 100),
    "the first page": lambda file: overwrite_bytes(file, 100, 3000),
    "a page in the middle": lambda file: overwrite_bytes(
        file, 4096 * (file.stat().st_size // 8192), 4096
    ),
    "every page but the first": lambda file: overwrite_bytes(file, 4096, file.stat().st_size),
    "cut in half": lambda file: file.write_bytes(
        file.read_bytes()[: file.stat().st_size // 2 + 100]
    ),
    "emptied": lambda file: file.write_bytes(b""),
    "no database": lambda file: file.write_bytes(b"hello\n" * 100),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damaged_outbox_is_recovered(name: str, tmp_path: Path) -> None:
    file = fill_outbox()
    open_topic_database().close()  # restore the day's backup
    with Outbox() as outbox:
        late_send = record_send(outbox, change_id="20261120-late-0123456789ab")
    forget_verified_files()
    DAMAGE[name](file)
    repo = topic(tmp_path / "r", 1)
    for arguments in (
        ("draft", "-C", repo.path),
        ("send", "-C", repo.path, "--to", "l@lists.example.org", "--yes"),
    ):
        result = call(*arguments)
        assert result.code == 2, result.err
        assert "the outbox is damaged" in result.err
        assert "patchpilot doctor --recover" in result.err
        forget_verified_files()
    assert "the outbox is damaged" in repo.patchpilot("doctor --offline").out
    forget_verified_files()
    result = call("doctor --recover")
    assert result.code == 0, result.err
    assert "restored from" in result.out
    forget_verified_files()
    with Outbox() as outbox, Drafts() as drafts:
        assert len(outbox.sends(f"{CHANGE[:-2]}07")) == 1
        assert drafts.get(CHANGE)
        assert outbox.sends(late_send.change_id) in ((), (late_send,))
    assert repo.patchpilot("draft").code == 0
    assert "intact: nothing was changed" in call("doctor --recover").out
    assert list(state_folder().glob("outgoing.sqlite3.damaged-*"))


def test_recovery_keeps_readable_rows(tmp_path: Path) -> None:
    file = fill_outbox()
    open_topic_database().close()
    with Outbox() as outbox:
        late_send = record_send(outbox, MailState.PENDING, change_id="20261120-late-0123456789ab")
        outbox.mark(late_send.id, 0, Outcome(MailState.UNKNOWN, "nobody knows"))
        late_send = outbox.get(late_send.id)
    forget_verified_files()
    with contextlib.closing(sqlite3.connect(file)) as plain:
        page = plain.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'sends_topic'"
        ).fetchone()[0]
    overwrite_bytes(file, 4096 * (page - 1), 4096)
    assert call("doctor --recover").code == 0
    forget_verified_files()
    with Outbox() as outbox:
        assert outbox.sends(late_send.change_id) == (late_send,)
        assert len(outbox.sends(f"{CHANGE[:-2]}07")) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE mails SET state = 'gone'",
        "UPDATE mails SET recipients = '{'",
        "UPDATE sends SET bcc = x'ff'",
        "UPDATE sends SET version = 'x'",
        "UPDATE drafts SET data = '{\"patches\": 3}'",
        "UPDATE drafts SET data = 'x'",
        "UPDATE facts SET value = '{'",
        "DROP TABLE facts",
        "UPDATE sends SET branch = CAST(x'ff' AS TEXT)",
    ],
)
def test_invalid_row_is_damage(statement: str) -> None:
    with Outbox() as outbox, Drafts() as drafts:
        send = record_send(outbox)
        outbox.drop_recipients(send.id, ["x@example.org"])
        drafts.save(Draft(CHANGE, "/src/linux", "widget"))
    with contextlib.closing(sqlite3.connect(state_folder() / "outgoing.sqlite3")) as plain:
        plain.execute(statement)
        plain.commit()
    with Outbox() as outbox, Drafts() as drafts, pytest.raises(DamagedError) as error:
        assert outbox.sends(CHANGE) and drafts.get(CHANGE)  # noqa: PT018
    assert error.value.hint
    assert "doctor --recover" in error.value.hint


def test_damaged_series_is_recovered() -> None:
    with Store() as store:
        store.add("a@example.org", "a subject", None, None)
    forget_verified_files()
    with Store() as store:
        pass
    forget_verified_files()
    overwrite_bytes(default_store_file(), 4096, 40000)
    result = call("track")
    assert result.code == 2
    assert "doctor --recover" in result.err
    forget_verified_files()
    assert call("doctor --recover").code == 0
    assert "a subject" in call("track").out


def test_missing_database_is_created(
    tmp_path: Path,
) -> None:
    file = fill_outbox()
    open_topic_database().close()
    for leftover in state_folder().glob("outgoing.sqlite3*"):
        leftover.unlink()
    forget_verified_files()
    with Outbox() as outbox:
        assert not outbox.has_sent()
    file.unlink()
    forget_verified_files()
    file.mkdir()
    with pytest.raises(InputError, match="cannot be opened"):
        open_topic_database()


def test_recovery_does_not_change_an_intact_database(tmp_path: Path) -> None:
    file = tmp_path / "a.sqlite3"
    open_database(file, ONE).close()
    assert recover_database(file, ONE) is None
