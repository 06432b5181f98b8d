# SPDX-License-Identifier: GPL-2.0-or-later
"""The SQLite database of tracked series in the user's state directory: series, their mails, and which were read."""

import hashlib
import os
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.errors import InputError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.mail import Mail
from patchpilot.series.database import Layout, open_database, writing
from patchpilot.threads.mail_reader import MailReader

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, lore TEXT, mbox TEXT,
    added TEXT NOT NULL, updated TEXT, sent TEXT);
CREATE TABLE IF NOT EXISTS mail (message_id TEXT PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS member (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (series, message_id));
"""
_TICKS = """
CREATE TABLE IF NOT EXISTS tick (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (series, message_id, line));
"""
_NEWS = "ALTER TABLE series ADD COLUMN news TEXT;"
_PASSED_KEPT = 20_000
_PASSED = "CREATE TABLE IF NOT EXISTS passed (message_id TEXT PRIMARY KEY, at TEXT NOT NULL);"
TRACK_LAYOUT = Layout("the database of tracked series", (_SCHEMA, _TICKS, _NEWS + _PASSED))


@dataclass(frozen=True, slots=True)
class TrackEntry:
    """A tracked series: its number, one of its Message-IDs, where it is read (an archive's URL or an mbox), when it was last read, and when it
    last got new mails."""

    id: int
    message_id: str
    subject: str
    lore: str | None
    mbox: str | None
    added: str
    updated: str | None
    news: str | None


def default_file() -> Path:
    """The default path of the store."""
    import platformdirs

    return Path(platformdirs.user_state_dir("patchpilot")) / "track.sqlite"


class Store:
    """The store. Every change is one transaction; two processes may use it at once."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_file()
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise InputError(
                f"cannot create {self.file}: {error.strerror or error}", hint="set XDG_STATE_HOME to a writable directory"
            ) from error
        self._database = open_database(self.file, TRACK_LAYOUT)
        self.reader = MailReader()
        """The reader that caches the mails of this call."""

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction around what is written within; a transaction around it includes it."""
        with writing(self._database):
            yield self._database

    def add(self, message_id: str, subject: str, lore: str | None, mbox: str | None) -> TrackEntry:
        """Track a series; one that is already tracked keeps its number and gets the new source."""
        with self.changing() as database:
            database.execute(
                "INSERT INTO series (message_id, subject, lore, mbox, added) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (message_id) DO UPDATE SET lore = coalesce(excluded.lore, lore), mbox = coalesce(excluded.mbox, mbox)",
                (message_id, _text(subject), lore, _path(mbox), _now()),
            )
        return next(entry for entry in self.entries() if entry.message_id == message_id)

    def entries(self) -> tuple[TrackEntry, ...]:
        """All tracked series, in the order they were added."""
        rows = self._database.execute("SELECT id, message_id, subject, lore, mbox, added, updated, news FROM series ORDER BY id").fetchall()
        return tuple(replace(TrackEntry(*row), mbox=os.fsdecode(row[4]) if row[4] else None) for row in rows)

    def entry(self, number: int) -> TrackEntry:
        """One series; UsageError when there is none of this number."""
        entry_of_number = next((entry for entry in self.entries() if entry.id == number), None)
        if entry_of_number is None:
            known = ", ".join(str(entry.id) for entry in self.entries()) or "none"
            raise UsageError(f"no tracked series has the number {number}", hint=Action("track", (), f"`{{}}` lists them: {known}"))
        return entry_of_number

    def holding(self, message_ids: Iterable[str]) -> TrackEntry | None:
        """The series that was added under one of these ids."""
        ids = set(message_ids)
        return next((entry for entry in self.entries() if entry.message_id in ids), None)

    def keep(self, number: int, subject: str, mails: Sequence[Mail], *, seen: Iterable[str] = ()) -> tuple[str, ...]:
        """Keep these mails of a series; the ids of those that are new. Ids in `seen` are not marked unread."""
        known = {row[0] for row in self._database.execute("SELECT message_id FROM member WHERE series = ?", (number,))}
        read = set(seen)
        new = [mail for mail in mails if mail.message_id not in known]
        with self.changing() as database:
            database.executemany(
                "INSERT OR IGNORE INTO mail (message_id, raw) VALUES (?, ?)",
                ((_text(mail.message_id), zlib.compress(mail.raw, 6)) for mail in new),
            )
            database.executemany(
                "INSERT OR IGNORE INTO member (series, message_id, seen) VALUES (?, ?, ?)",
                ((number, _text(mail.message_id), int(mail.message_id in read)) for mail in new),
            )
            now = _now()
            database.execute("UPDATE series SET updated = ?, subject = ? WHERE id = ?", (now, _text(subject), number))
            if new:
                database.execute("UPDATE series SET news = ? WHERE id = ?", (now, number))
        return tuple(mail.message_id for mail in new)

    def mails(self, number: int) -> tuple[Mail, ...]:
        """The mails of a series."""
        rows = self._database.execute(
            "SELECT mail.message_id, raw FROM mail JOIN member USING (message_id) WHERE series = ? ORDER BY member.rowid", (number,)
        )
        with self._database.guarded():
            return tuple(self._kept(message_id, raw) for message_id, raw in rows)

    def _kept(self, message_id: str, raw: bytes) -> Mail:
        mail = self.reader.parse(zlib.decompress(raw))
        return mail if mail.message_id == message_id else mail._replace(message_id=message_id)

    def message_ids(self, number: int) -> frozenset[str]:
        """The ids of a series' mails."""
        rows = self._database.execute("SELECT message_id FROM member WHERE series = ?", (number,))
        return frozenset(row[0] for row in rows)

    def content(self, number: int) -> str:
        """Text that changes whenever a mail is added to a series: a hash of its mails' ids, in order."""
        rows = self._database.execute(
            "SELECT message_id FROM series WHERE id = ? UNION ALL"
            " SELECT message_id FROM (SELECT message_id FROM member WHERE series = ? ORDER BY rowid)", (number, number)
        )  # fmt: skip
        return hashlib.blake2b("\n".join(row[0] for row in rows).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    def asked(self, number: int) -> None:
        """Note that an archive was asked about a series and had nothing new."""
        with self.changing() as database:
            database.execute("UPDATE series SET updated = ? WHERE id = ?", (_now(), number))

    def passed_over(self) -> frozenset[str]:
        """The ids of mails that a search gave and that are about no series."""
        return frozenset(row[0] for row in self._database.execute("SELECT message_id FROM passed"))

    def pass_over(self, message_ids: Iterable[str]) -> None:
        """Do not look at these mails again; the oldest are forgotten."""
        with self.changing() as database:
            database.executemany("INSERT OR IGNORE INTO passed VALUES (?, ?)", ((_text(ident), _now()) for ident in message_ids))
            database.execute("DELETE FROM passed WHERE rowid NOT IN (SELECT rowid FROM passed ORDER BY at DESC LIMIT ?)", (_PASSED_KEPT,))

    def unread(self, number: int) -> frozenset[str]:
        """The ids of a series' unread mails."""
        rows = self._database.execute("SELECT message_id FROM member WHERE series = ? AND seen = 0", (number,))
        return frozenset(row[0] for row in rows)

    def mark_read(self, number: int, message_ids: Iterable[str] | None = None) -> None:
        """Mark these (or all) mails of a series as read."""
        with self.changing() as database:
            if message_ids is None:
                database.execute("UPDATE member SET seen = 1 WHERE series = ?", (number,))
            else:
                database.executemany(
                    "UPDATE member SET seen = 1 WHERE series = ? AND message_id = ?", ((number, message_id_) for message_id_ in message_ids)
                )

    def ticked(self, number: int) -> frozenset[tuple[str, int]]:
        """The review points of a series that were ticked as addressed: (Message-ID, line of its body)."""
        rows = self._database.execute("SELECT message_id, line FROM tick WHERE series = ?", (number,))
        return frozenset((row[0], row[1]) for row in rows)

    def tick(self, number: int, message_id: str, line: int, *, done: bool) -> None:
        """Tick a review point as addressed, or clear its tick."""
        statement = (
            "INSERT OR IGNORE INTO tick VALUES (?, ?, ?)" if done else "DELETE FROM tick WHERE series = ? AND message_id = ? AND line = ?"
        )
        with self.changing() as database:
            database.execute(statement, (number, _text(message_id), line))

    def remove(self, number: int) -> TrackEntry:
        """Stop tracking a series; mails of no other series are deleted."""
        entry = self.entry(number)
        with self.changing() as database:
            database.execute("DELETE FROM series WHERE id = ?", (number,))
            database.execute("DELETE FROM mail WHERE message_id NOT IN (SELECT message_id FROM member)")
        return entry


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _path(name: str | None) -> str | bytes | None:
    """A file's name as the database can hold it: its bytes where they are no UTF-8."""
    raw = os.fsencode(name) if name else b""
    try:
        return raw.decode() or None
    except UnicodeDecodeError:
        return raw


def _text(value: str) -> str:
    """Text SQLite takes: bytes that were no UTF-8 become U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
