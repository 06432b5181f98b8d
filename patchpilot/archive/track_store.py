# SPDX-License-Identifier: GPL-2.0-or-later
"""Store tracked series, their messages, and which messages are unread, in an SQLite database in the
user's state directory.
"""

import contextlib
import os
import sqlite3
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.errors import InputError, UsageError, find_nearest_word
from patchpilot.model.action import Action, join_hints
from patchpilot.model.bounded import parse_iso_time, parse_stored_time
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.reading.mail_reader import MailReader
from patchpilot.resources import TRACK_DATABASE, state_path
from patchpilot.series.database import (
    DamagedError,
    DatabaseLayout,
    Row,
    damaged_error,
    list_backups,
    open_database,
    write_transaction,
)
from patchpilot.urls import hide_url_credentials

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, lore TEXT, mbox TEXT,
    added TEXT NOT NULL, updated TEXT, sent TEXT);
CREATE TABLE IF NOT EXISTS mail (message_id TEXT PRIMARY KEY, raw BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS member (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (series, message_id));
"""  # noqa: E501
_TICKS = """
CREATE TABLE IF NOT EXISTS tick (
    series INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, message_id TEXT NOT NULL, line INTEGER NOT NULL,
    PRIMARY KEY (series, message_id, line));
"""  # noqa: E501
_NEWS = "ALTER TABLE series ADD COLUMN news TEXT;"
_TICKED = "addressed"
_MARKS = f"ALTER TABLE tick ADD COLUMN state TEXT NOT NULL DEFAULT '{_TICKED}';"
_MAX_PASSED = 20_000
_PASSED = "CREATE TABLE IF NOT EXISTS passed (message_id TEXT PRIMARY KEY, at TEXT NOT NULL);"
_REACHED = "ALTER TABLE series ADD COLUMN reached TEXT;"
_WEIGHT = "ALTER TABLE member ADD COLUMN weight INTEGER;"
_CHOSEN = "ALTER TABLE series ADD COLUMN chosen INTEGER NOT NULL DEFAULT 0;"
_CHECKS = """
CREATE TABLE IF NOT EXISTS server_checks (
    series INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE, server TEXT NOT NULL, asked TEXT NOT NULL,
    head TEXT NOT NULL, answer TEXT NOT NULL);
"""  # noqa: E501
MOST_READ = 2000
"""Maximum number of messages to read for showing a series: more would take seconds, and anybody can
send them.
"""
FIRST_READ = 100
"""How many of these are the earliest messages, which include the patches."""
_BINARY_COLUMNS = {
    "raw": (bytes,),
    "mbox": (str, bytes, type(None)),
    "weight": (int, type(None)),
}
_PATCHES = (MailKind.PATCH, MailKind.COVER)
_DISCUSSION = (*_PATCHES, MailKind.REVIEW, MailKind.QUESTION, MailKind.OTHER)
_INTEGER_COLUMNS = ("id", "series", "seen", "line", "chosen")
_TIME_COLUMNS = ("added", "updated", "sent", "news", "at", "reached", "asked")


def _normalize_archive(lore: str | None) -> str | None:
    """Return an archive's URL without the password, because the stored URL is exported and shown.

    A slash at the end makes no difference.
    """
    return hide_url_credentials(lore).rstrip("/") if lore else lore


def _is_valid_row(table: str, row: Row) -> bool:
    """Return whether a row of a table is valid. A row with a truncated message is not."""
    for name, value in row.items():
        types = _BINARY_COLUMNS.get(name, (int,) if name in _INTEGER_COLUMNS else (str, type(None)))
        if not isinstance(value, types) or (name in _TIME_COLUMNS and not _is_valid_time(value)):
            return False
    return table != "mail" or _unpack_mail(row["raw"]) is not None


def _is_valid_time(value: object) -> bool:
    return value is None or parse_iso_time(str(value)) is not None


def _unpack_mail(raw: object) -> bytes | None:
    with contextlib.suppress(zlib.error, TypeError):
        return zlib.decompress(raw)  # type: ignore[arg-type]  # what the file holds
    return None


TRACK_LAYOUT = DatabaseLayout(
    "the database of tracked series",
    (_SCHEMA, _TICKS, _NEWS + _PASSED, _MARKS, _REACHED, _WEIGHT, _CHOSEN, _CHECKS),
    _is_valid_row,
)


@json_form("id message_id subject")
class TrackEntry(NamedTuple):
    """A tracked series in the store.

    `lore` or `mbox` is the source of its messages. `updated` is the time of the last update, and
    `news` the time of the last new message. `reached` is the arrival time of the archive's latest
    message at the last update. `chosen` is 1 if the user named the archive, and 0 if it is the one
    that was configured; later updates then use the archive that is configured at their time.
    """

    id: int
    message_id: str
    subject: str
    lore: str | None
    mbox: str | None
    added: str
    updated: str | None
    news: str | None
    reached: str | None = None
    chosen: int = 0


class StoredChecks(NamedTuple):
    """The answer of a patchwork server about the version whose first message is `head`.

    `server` is the address that was asked, `asked` the time, and `answer` the JSON text.
    """

    server: str
    asked: str
    head: str
    answer: str


class StoredMails(NamedTuple):
    """A series' readable messages, the ids of its damaged messages, and the number of messages left
    out.
    """

    mails: tuple[Mail, ...]
    damaged: tuple[str, ...]
    left_out: int = 0


def default_store_file() -> Path:
    return state_path() / TRACK_DATABASE


class Store:
    """The store of tracked series.

    Each change is a transaction; several processes may use the store at the same time.
    """

    def __init__(self, file: Path | None = None) -> None:
        self.file = file or default_store_file()
        self._database = open_database(self.file, TRACK_LAYOUT)
        self._unpacked: dict[str, tuple[object, Mail]] = {}
        """The messages that were read, each with its stored form."""
        self.reader = MailReader()
        """Caches the messages of this call."""
        self.on_close: dict[str, Callable[[], object]] = {}
        """Functions to call when the store is closed."""

    def __enter__(self) -> "Store":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        with closing(self._database):
            for write in self.on_close.values():
                write()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in the current transaction, or in a new one if there is none."""
        self.reader.requests = self.reader.fixes = None
        with write_transaction(self._database):
            yield self._database

    def _change(self, query: str, *values: object) -> None:
        with self.transaction() as database:
            database.execute(query, values)

    def add(
        self,
        message_id: str,
        subject: str,
        lore: str | None,
        mbox: str | None,
        *,
        is_chosen: bool = False,
    ) -> TrackEntry:
        """Track a series and return its entry.

        A series that is already tracked keeps its number and gets the new source. `is_chosen` is
        set if the user named the archive.
        """
        self._change(
            "INSERT INTO series (message_id, subject, lore, mbox, added, chosen)"
            " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (message_id) DO UPDATE SET"
            " chosen = CASE WHEN excluded.lore IS NULL THEN chosen ELSE excluded.chosen END,"
            " lore = coalesce(excluded.lore, lore), mbox = coalesce(excluded.mbox, mbox)",
            message_id,
            _encode_text(subject),
            _normalize_archive(lore),
            _encode_path(mbox),
            _format_current_time(),
            int(is_chosen),
        )
        return self._entries("WHERE message_id = ?", message_id)[0]

    def entries(self) -> tuple[TrackEntry, ...]:
        return self._entries("")

    def _entries(self, condition: str, *values: object) -> tuple[TrackEntry, ...]:
        names = TrackEntry._fields
        entries = []
        for stored in self._database.execute(
            f"SELECT {', '.join(names)} FROM series {condition} ORDER BY id", values
        ):
            row = dict(zip(names, stored, strict=True))
            if not _is_valid_row("series", row):
                raise self._invalid(f"series {row['id']}")
            row["lore"] = _normalize_archive(row["lore"])
            row["mbox"] = os.fsdecode(row["mbox"]) if row["mbox"] else None
            entries.append(TrackEntry(**row))
        return tuple(entries)

    def _invalid(self, problem: str) -> DamagedError:
        return damaged_error(self.file, TRACK_LAYOUT.label, f"invalid row: {problem}")

    def entry(self, number: int) -> TrackEntry:
        """Return the tracked series with the given number.

        Raise `UsageError` if there is none.
        """
        # pass the number as text, because SQLite has no integers of more than 64 bits
        matches = self._entries("WHERE id = ?", str(number))
        if not matches:
            numbers = [str(entry.id) for entry in self.entries()]
            suggestion = find_nearest_word(str(number), numbers)
            list_hint = f"`{{}}` lists them: {', '.join(numbers) or 'none'}"
            raise UsageError(
                f"no tracked series has the number {number}",
                hint=join_hints(
                    f"did you mean {suggestion}? " if suggestion else "",
                    Action("track", (), list_hint),
                ),
            )
        return matches[0]

    def find_by_mail(self, message_id: str) -> TrackEntry | None:
        """Return the series that contains a message, or None.

        If several series contain it, return the one added first.
        """
        number = self._database.execute(
            "SELECT min(series) FROM member WHERE message_id = ?",
            (_encode_text(message_id),),
        ).fetchone()[0]
        return self.entry(number) if number else None

    def keep(
        self,
        number: int,
        subject: str,
        mails: Sequence[Mail],
        *,
        seen_ids: Iterable[str] = (),
    ) -> tuple[str, ...]:
        """Store messages of a series, and return the Message-IDs of the new ones.

        New messages are unread, except those in `seen_ids`.
        """
        stored_ids = set(
            self._ids(
                "SELECT message_id FROM member JOIN mail USING (message_id) WHERE series = ?",
                number,
            )
        )
        read_ids = set(seen_ids)
        new_mails = [mail for mail in mails if mail.message_id not in stored_ids]
        with self.transaction() as database:
            self._insert(number, new_mails, read_ids)
            now = _format_current_time()
            database.execute(
                "UPDATE series SET updated = ?, subject = ? WHERE id = ?",
                (now, _encode_text(subject), number),
            )
            if new_mails:
                database.execute("UPDATE series SET news = ? WHERE id = ?", (now, number))
        return tuple(mail.message_id for mail in new_mails)

    def store_sent_mail(self, number: int, mail: Mail) -> None:
        """Store a message sent from this machine; mark it and the message that it answers as read.

        Every series with the message that it answers gets it. The time of the last update does not
        change.
        """
        answered = self._database.execute(
            "SELECT series FROM member WHERE message_id = ?",
            (_encode_text(mail.in_reply_to or ""),),
        )
        with self.transaction():
            for receiver in {number, *(row[0] for row in answered)}:
                self._insert(receiver, [mail], {mail.message_id})
            self.mark_read([mail.in_reply_to or ""])

    def _insert(self, number: int, mails: Sequence[Mail], read_ids: Collection[str]) -> None:
        """Add messages to a series. Messages not in `read_ids` are unread."""
        with self.transaction() as database:
            database.executemany(
                "INSERT OR IGNORE INTO mail (message_id, raw) VALUES (?, ?)",
                ((_encode_text(mail.message_id), zlib.compress(mail.raw, 6)) for mail in mails),
            )
            database.executemany(
                "INSERT OR IGNORE INTO member (series, message_id, seen, weight) VALUES (?, ?,"
                " ?, ?)",
                (
                    (
                        number,
                        _encode_text(mail.message_id),
                        int(mail.message_id in read_ids),
                        compute_mail_weight(self.reader.classify(mail)),
                    )
                    for mail in mails
                ),
            )

    def mails(self, number: int) -> tuple[Mail, ...]:
        """Return the messages of a series.

        Raise `DamagedError` if one of them cannot be read.
        """
        mails, damaged = self.readable_mails(number)
        if damaged:
            more = f", and {len(damaged) - 1} more" if len(damaged) > 1 else ""
            raise DamagedError(
                f"series {number}: the mail {damaged[0]} is damaged in {self.file}{more}",
                hint=Action("track", ("update", str(number)), "`{}` fetches it again"),
            )
        return mails

    def iterate_mails(self, number: int, may_matter: Callable[[bytes], object]) -> Iterator[Mail]:
        """Yield the readable messages of a series that may matter according to their bytes.

        Only they are parsed.
        """
        for message_id, packed in self._database.execute(
            "SELECT message_id, raw FROM member JOIN mail USING (message_id) WHERE series = ?"
            " ORDER BY member.rowid",
            (number,),
        ):
            raw = _unpack_mail(packed)
            if raw is not None and may_matter(raw) and (mail := self._unpack(message_id, packed)):
                yield mail

    def readable_mails(self, number: int) -> tuple[tuple[Mail, ...], tuple[str, ...]]:
        """Return a series' readable messages, and the ids of its unreadable ones."""
        rows = self._database.execute(
            "SELECT member.message_id, raw FROM member LEFT JOIN mail USING (message_id) WHERE"
            " series = ? ORDER BY member.rowid",
            (number,),
        )
        return self._read(number, rows)

    def _read(
        self, number: int, rows: Iterable[tuple[object, object]]
    ) -> tuple[tuple[Mail, ...], tuple[str, ...]]:
        """Return the readable messages in rows of a series, and the ids of the unreadable ones."""
        mails, damaged = [], []
        for message_id, packed in rows:
            if not isinstance(message_id, str):
                raise self._invalid(f"a mail of series {number}")
            mail = self._unpack(message_id, packed)
            if mail is None:
                damaged.append(message_id)
            else:
                mails.append(mail)
        return tuple(mails), tuple(damaged)

    def read_important_mails(self, number: int, max_mails: int) -> StoredMails:
        """Return up to `max_mails` messages of a series: the earliest and latest messages, patches,
        and messages that change the state.

        Important ones are preferred.
        """
        left_out = max(0, len(self.message_ids(number)) - max_mails)
        if not left_out:
            return StoredMails(*self.readable_mails(number))
        self._compute_weights(number)
        rowids = "SELECT rowid AS at FROM member WHERE series = ?"
        rows = self._database.execute(
            "SELECT member.message_id, raw FROM member LEFT JOIN mail USING (message_id) WHERE"
            f" member.rowid IN (SELECT at FROM (SELECT at FROM ({rowids} ORDER BY at LIMIT ?) UNION"
            f" SELECT at FROM ({rowids} ORDER BY weight DESC, at DESC LIMIT ?)) LIMIT ?) ORDER BY"
            " member.rowid",
            (number, FIRST_READ, number, max_mails, max_mails),
        )
        return StoredMails(*self._read(number, rows), left_out)

    def _compute_weights(self, number: int) -> None:
        """Compute the weights of messages that were imported or that an earlier release stored
        without weights.
        """
        query = (
            "SELECT member.message_id, raw FROM member JOIN mail USING (message_id) WHERE series ="
            " ? AND weight IS NULL"
        )
        rows = self._database.execute(query, (number,))
        weights = [
            (_compute_raw_weight(raw), number, message_id)
            for message_id, packed in rows
            if (raw := _unpack_mail(packed)) is not None
        ]
        if weights:
            with self.transaction() as database:
                database.executemany(
                    "UPDATE member SET weight = ? WHERE series = ? AND message_id = ?",
                    weights,
                )

    def _unpack(self, message_id: str, packed: object) -> Mail | None:
        """Return a stored message, or None if it is damaged; each one is unpacked once."""
        if (known := self._unpacked.get(message_id)) and known[0] == packed:
            return known[1]
        raw = _unpack_mail(packed)
        if raw is None:
            return None
        mail = self.reader.parse(raw)
        if mail.message_id != message_id:
            mail = mail._replace(message_id=message_id)
        self._unpacked[message_id] = packed, mail
        return mail

    def restore(self, message_ids: Iterable[str]) -> None:
        """Replace damaged messages with the copies in the store's backups."""
        missing = set(message_ids)
        for backup in reversed(list_backups(self.file)):
            if not missing:
                break
            with (
                contextlib.suppress(sqlite3.Error, ValueError),
                contextlib.closing(
                    sqlite3.connect(f"{backup.as_uri()}?mode=ro", uri=True)
                ) as backup_database,
            ):
                for message_id in sorted(missing):
                    row = backup_database.execute(
                        "SELECT raw FROM mail WHERE message_id = ?", (message_id,)
                    ).fetchone()
                    if row and (raw := _unpack_mail(row[0])) is not None:
                        self.store_raw(message_id, raw)
                        missing.remove(message_id)

    def message_ids(self, number: int) -> frozenset[str]:
        return frozenset(self.stored_order(number))

    def stored_order(self, number: int) -> tuple[str, ...]:
        """Return the Message-IDs of a series in the order in which they were stored."""
        return self._ids("SELECT message_id FROM member WHERE series = ? ORDER BY rowid", number)

    def _ids(self, query: str, *values: object) -> tuple[str, ...]:
        """Return the Message-IDs that a query selects; raise DamagedError if one is not text."""
        ids = tuple(row[0] for row in self._database.execute(query, values).fetchall())
        if not all(isinstance(message_id, str) for message_id in ids):
            raise self._invalid("a Message-ID")
        return ids

    def note_poll(self, number: int) -> None:
        self._change("UPDATE series SET updated = ? WHERE id = ?", _format_current_time(), number)

    def note_archive(self, number: int, lore: str) -> None:
        """Record from which archive a series was read, if it is another one than before."""
        address = _normalize_archive(lore)
        self._change(
            "UPDATE series SET lore = ?, reached = NULL WHERE id = ? AND lore IS NOT ?",
            address,
            number,
            address,
        )

    def note_reached(self, number: int, reached: datetime) -> None:
        """Record the arrival time of the latest message in a series' archive, unless a later time
        is recorded.
        """
        time = reached.astimezone(UTC).isoformat(timespec="seconds")
        self._change(
            "UPDATE series SET reached = max(coalesce(reached, ''), ?) WHERE id = ?",
            time,
            number,
        )

    def last_arrival(self, lore: str, since: datetime) -> datetime | None:
        """Return the arrival time of the latest message in an archive, or None.

        Only series updated from this archive since a given time are considered.
        """
        times = [
            entry.reached
            for entry in self.entries()
            if entry.lore == lore
            and entry.reached
            and entry.updated
            and parse_stored_time(entry.updated) >= since
        ]
        return parse_stored_time(max(times)) if times else None

    def passed_over(self) -> frozenset[str]:
        return frozenset(self._ids("SELECT message_id FROM passed"))

    def read_stored(self, message_ids: Iterable[str]) -> tuple[Mail, ...]:
        """Return the stored messages with these Message-IDs, from any series."""
        stored = []
        for message_id in message_ids:
            row = self._database.execute(
                "SELECT raw FROM mail WHERE message_id = ?", (_encode_text(message_id),)
            ).fetchone()
            if row and (mail := self._unpack(message_id, row[0])):
                stored.append(mail)
        return tuple(stored)

    def store_raw(self, message_id: str, raw: bytes) -> None:
        """Store a message that does not belong to a series yet, unless a readable copy is stored.

        Raise `InputError` if the message is too large.
        """
        self.reader.parse(raw)
        if not self.read_stored([message_id]):
            self._change(
                "INSERT OR REPLACE INTO mail (message_id, raw) VALUES (?, ?)",
                _encode_text(message_id),
                zlib.compress(raw, 6),
            )

    def merge(self, source_number: int, target_number: int) -> None:
        """Move the messages and marks of one series to another, and stop tracking the first one."""
        source, target = self.entry(source_number), self.entry(target_number)
        is_newer = _latest(target.updated, source.updated) != target.updated
        with self.transaction() as database:
            database.execute(
                "UPDATE series SET subject = ?, lore = ?, chosen = ?, mbox = ?, added = ?,"
                " updated = ?, news = ? WHERE id = ?",
                (
                    source.subject if is_newer else target.subject,
                    target.lore or source.lore,
                    target.chosen if target.lore else source.chosen,
                    _encode_path(target.mbox or source.mbox),
                    min(target.added, source.added, key=parse_stored_time),
                    _latest(target.updated, source.updated),
                    _latest(target.news, source.news),
                    target_number,
                ),
            )
            database.execute(
                "INSERT INTO member (series, message_id, seen, weight)"
                " SELECT ?, message_id, seen, weight FROM member WHERE series = ?"
                " ORDER BY rowid ON CONFLICT DO UPDATE SET seen = max(seen, excluded.seen)",
                (target_number, source_number),
            )
            database.execute(
                "INSERT OR REPLACE INTO tick (series, message_id, line, state)"
                " SELECT ?, message_id, line, state FROM tick WHERE series = ?",
                (target_number, source_number),
            )
            database.execute(
                "UPDATE OR IGNORE server_checks SET series = ? WHERE series = ?",
                (target_number, source_number),
            )
            self.remove(source_number)

    def clear_irrelevant_ids(self) -> None:
        """Clear the list of irrelevant search results."""
        self._change("DELETE FROM passed")

    def add_irrelevant_ids(self, message_ids: Iterable[str]) -> None:
        """Remember search results that belong to no series, so that later searches skip them.

        The number of entries is limited; the oldest are deleted.
        """
        with self.transaction() as database:
            database.executemany(
                "INSERT OR IGNORE INTO passed VALUES (?, ?)",
                ((_encode_text(message_id), _format_current_time()) for message_id in message_ids),
            )
            database.execute(
                "DELETE FROM passed WHERE rowid NOT IN (SELECT rowid FROM passed ORDER BY at DESC"
                " LIMIT ?)",
                (_MAX_PASSED,),
            )

    def unread(self, number: int) -> frozenset[str]:
        """Return the Message-IDs of the new messages of a series.

        A message of several series is new in the last one, which is about a part of the others.
        """
        new = "SELECT message_id FROM member WHERE series = ? AND seen = 0"
        return frozenset(
            self._ids(
                f"{new} EXCEPT SELECT message_id FROM member WHERE series IN"
                f" (SELECT id FROM series WHERE id > ?) AND message_id IN ({new})",
                *[number] * 3,
            )
        )

    def mark_read(self, message_ids: Iterable[str]) -> None:
        """Mark messages as read in all series."""
        with self.transaction() as database:
            database.executemany(
                # the key of the table begins with the series
                "UPDATE member SET seen = 1 WHERE series IN (SELECT id FROM series)"
                " AND message_id = ?",
                ((_encode_text(message_id),) for message_id in message_ids),
            )

    def marks(self, number: int) -> dict[tuple[str, int], str]:
        """Return the states of review requests that the user has set, by (Message-ID, line of the
        body).
        """
        rows = self._database.execute(
            "SELECT message_id, line, state FROM tick WHERE series = ?", (number,)
        )
        return {(str(message_id), int(line)): str(state) for message_id, line, state in rows}

    def mark(self, number: int, message_id: str, line: int, state: str | None) -> None:
        """Set the state of a review request.

        None deletes the user's state, so that it is derived from the messages again.
        """
        with self.transaction() as database:
            key = (number, _encode_text(message_id), line)
            database.execute(
                "DELETE FROM tick WHERE series = ? AND message_id = ? AND line = ?", key
            )
            if state:
                database.execute(
                    "INSERT INTO tick (series, message_id, line, state) VALUES (?, ?, ?, ?)",
                    (*key, state),
                )

    def server_checks(self, number: int) -> StoredChecks | None:
        """Return the last answer of a patchwork server about a series, or None."""
        names = StoredChecks._fields
        row = self._database.execute(
            f"SELECT {', '.join(names)} FROM server_checks WHERE series = ?", (number,)
        ).fetchone()
        if row is None or not _is_valid_row("server_checks", dict(zip(names, row, strict=True))):
            return None
        return StoredChecks(*row)

    def keep_server_checks(self, number: int, checks: StoredChecks | None) -> None:
        """Store the answer of a patchwork server about a series, or delete it if it is None."""
        with self.transaction() as database:
            database.execute("DELETE FROM server_checks WHERE series = ?", (number,))
            if checks:
                database.execute(
                    "INSERT INTO server_checks (series, server, asked, head, answer)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (number, *map(_encode_text, checks)),
                )

    def remove_damaged(self, number: int, message_ids: Iterable[str]) -> None:
        """Remove damaged messages from a series."""
        with self.transaction() as database:
            for message_id in message_ids:
                key = (number, message_id)
                database.execute("DELETE FROM member WHERE series = ? AND message_id = ?", key)
                # a damaged message is of no use to any series
                database.execute("DELETE FROM mail WHERE message_id = ?", (message_id,))

    def remove(self, number: int) -> TrackEntry:
        """Stop tracking a series and return its entry.

        Messages that no other series contains are deleted.
        """
        entry = self.entry(number)
        with self.transaction() as database:
            database.execute("DELETE FROM series WHERE id = ?", (number,))
            database.execute(
                "DELETE FROM mail WHERE message_id NOT IN (SELECT message_id FROM member)"
            )
        return entry


def _format_current_time() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _latest(*times: str | None) -> str | None:
    return max(filter(None, times), key=parse_stored_time, default=None)


def _encode_path(name: str | None) -> str | bytes | None:
    """Return a file name in the form stored in the database, which is bytes if it is not UTF-8."""
    raw = os.fsencode(name) if name else b""
    try:
        return raw.decode() or None
    except UnicodeDecodeError:
        return raw


def _encode_text(value: str) -> str:
    """Return text that SQLite can store, with invalid UTF-8 replaced by U+FFFD."""
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def compute_mail_weight(mail: "Classified") -> int:
    """Return how important a message is for its series' state.

    Return 2 for a patch or cover letter, 1 for a tag, a bot's report or a maintainer's decision,
    and 0 for any other message.
    """
    if mail.kind in _PATCHES and not mail.is_reply:
        return 2
    return int(bool(mail.trailers or mail.bot or mail.kind not in _DISCUSSION))


def _compute_raw_weight(raw: bytes) -> int | None:
    """Return the weight of a raw message, or None if it cannot be parsed.

    Parsed messages are not cached, because there may be many.
    """
    from patchpilot.reading.mail_classifier import classify

    try:
        return compute_mail_weight(classify(parse_mail(raw)))
    except InputError:
        return None
