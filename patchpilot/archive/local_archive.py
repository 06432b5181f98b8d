# SPDX-License-Identifier: GPL-2.0-or-later
"""Query a local archive through the interface of remote archives.

The archive is a public-inbox directory or epoch, a maildir (as written by lei) or an mbox. An index
in the cache directory stores each message's sender, recipients, subject and references, and the
commits, Message-IDs, change-ids and files that its text mentions, but not the text. Opening the
archive updates the index.
"""

import hashlib
import itertools
import re
import sqlite3
import threading
from collections.abc import Container, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from patchpilot.archive.archive import MailArchive, NotInArchiveError
from patchpilot.archive.local_mails import FoundMail, LocalMails, open_local_mails
from patchpilot.archive.local_query import (
    clean_sql_text,
    find_message_ids,
    normalize_words,
    translate_to_sql,
)
from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.cache.entries import cache_dir, is_private_folder
from patchpilot.errors import CancelledError, InputError, NetworkError
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.reading.delivery import delivery_reports
from patchpilot.reading.mail_reader import ParseMail
from patchpilot.reading.mbox import with_id
from patchpilot.resources import try_lock

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT, place TEXT NOT NULL UNIQUE, message_id TEXT NOT NULL, subject TEXT NOT NULL, sender TEXT NOT NULL,
    people TEXT NOT NULL, arrived REAL NOT NULL);
CREATE INDEX IF NOT EXISTS by_message_id ON mail (message_id);
CREATE INDEX IF NOT EXISTS by_arrival ON mail (arrived);
CREATE TABLE IF NOT EXISTS reference (above TEXT NOT NULL, mail INTEGER NOT NULL REFERENCES mail (id) ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS by_above ON reference (above);
CREATE INDEX IF NOT EXISTS by_reference ON reference (mail);
CREATE TABLE IF NOT EXISTS token (token TEXT NOT NULL, mail INTEGER NOT NULL REFERENCES mail (id) ON DELETE CASCADE);
CREATE INDEX IF NOT EXISTS by_token ON token (token);
CREATE INDEX IF NOT EXISTS by_token_mail ON token (mail);
CREATE TABLE IF NOT EXISTS state (state TEXT NOT NULL, since REAL NOT NULL, whole INTEGER NOT NULL);
"""  # noqa: E501
_COLUMNS = "place, message_id, subject, sender, people, arrived"
_INDEX_VERSION = 5
REPORT = "delivery-report"
"""Search term for bounces and moderation notices."""
_TICK = 0.1
"""Seconds between checks whether another process has finished indexing."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_BATCH = 500
"""Number of messages indexed per transaction; an interruption loses only the last one."""
_MAX_MATCHES, _MAX_THREAD = 20_000, 20_000
_MAX_TOKENS = 2_000
_REQUESTED_ID = lazy_pattern(r'\bm:"?([^"\s()]+)')
_COMMIT = lazy_pattern(r"[0-9a-f](?<!\w.)[0-9a-f]{11,39}\b")
_CHANGE_ID = lazy_pattern(r"\bchange-id:[ \t]*(\S+)", re.IGNORECASE)
_FILE = lazy_pattern(r"^(?:diff --git a/|\+\+\+ b/| (?=\S+ +\| +\d))(\S+)", re.MULTILINE)


class LocalArchive(MailArchive):
    """A local archive, for use in one thread.

    `requests` counts queries. The first query raises `NetworkError` if the path is not an archive.
    """

    def __init__(self, path: Path, *, progress: Progress = ignore_progress) -> None:
        self.url = self.host = str(path)
        self._queries = 0
        self.remembered = self.online = False
        self.skipped: list[str] = []
        self.parse_mail: ParseMail = parse_mail
        self._progress = progress
        self._path = path.expanduser().resolve()
        self._mails: LocalMails | None = None
        self._state = ""
        self._index: sqlite3.Connection | None = None
        self._stop = threading.Event()

    @property
    def requests(self) -> int:
        return self._queries

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        if self._mails is not None:
            self._mails.close()
        self._index = self._mails = None

    def cancel(self) -> None:
        self._stop.set()

    def thread(self, message_id: str, *, fresh: bool = False) -> tuple[Mail, ...]:
        """Return all messages in the thread of a message.

        Raise `NotInArchiveError` if the message is not in the archive.
        """
        mails = self._read(self._find_thread(self._open_index(), [message_id]))
        if not any(mail.message_id == message_id for mail in mails):
            raise self._not_found_error(message_id)
        return mails

    def mail(self, message_id: str, *, fresh: bool = False) -> Mail:
        """Return the message with the given Message-ID.

        Raise `NotInArchiveError` if it is not in the archive.
        """
        index = self._open_index()
        mails = self._read(
            row[0]
            for row in index.execute(
                "SELECT id FROM mail WHERE message_id = ?", (message_id,)
            ).fetchall()
        )
        if not mails:
            raise self._not_found_error(message_id)
        return mails[0]

    def search(
        self,
        query: str,
        *,
        full_threads: bool = False,
        fresh: bool = False,
        excluded_ids: Container[str] = (),
    ) -> tuple[Mail, ...]:
        """Return the messages that match a query, except those with one of the `excluded_ids`.

        If `full_threads` is set, return the complete threads of the matches. If there are too many
        matches, return the latest ones.
        """
        parsed_query = translate_to_sql(query)
        index = self._open_index(parsed_query.since if not full_threads else 0.0)
        # messages requested by Message-ID come first, so that the limit never drops them
        requested_ids = _REQUESTED_ID.findall(query)
        order = f"message_id IN ({','.join('?' * len(requested_ids))}) DESC, arrived DESC, id DESC"
        rows = index.execute(
            f"SELECT id, message_id FROM mail WHERE {parsed_query.sql} ORDER BY {order}",
            (*parsed_query.values, *requested_ids),
        )
        matches = list(
            itertools.islice((row for row in rows if row[1] not in excluded_ids), _MAX_MATCHES)
        )
        return self._read(
            self._find_thread(index, [row[1] for row in matches])
            if full_threads
            else [row[0] for row in matches]
        )

    def reaches(self) -> None:
        """Return None. This value is not needed, because the index shows which messages are new."""

    def _not_found_error(self, message_id: str) -> NotInArchiveError:
        return NotInArchiveError(
            f"{self._path} has no message {message_id}",
            hint="update the archive, or pass another one with --lore",
        )

    def _read(self, numbers: Iterable[int]) -> tuple[Mail, ...]:
        assert self._index is not None
        assert self._mails is not None
        mails: dict[str, Mail] = {}
        for number in sorted(set(numbers)):
            row = self._index.execute("SELECT place FROM mail WHERE id = ?", (number,)).fetchone()
            raw = self._mails.read(position := str(row[0])) if row else None
            mail = self._parse_mail(raw, position, self.parse_mail) if raw is not None else None
            if mail is not None:
                mails.setdefault(mail.message_id, mail)
        return tuple(mails.values())

    def _parse_mail(self, raw: bytes, position: str, parse: ParseMail) -> Mail | None:
        """Parse a message with a valid Message-ID. If it cannot be parsed, report it as skipped and
        return None.

        If the message is needed only temporarily, pass `parse_mail` from the model, because
        `self.parse_mail` may cache every message.
        """
        try:
            return with_id(parse(raw))
        except InputError as error:
            self.skipped.append(f"{self._path}: {position}: {error.message}: skipped")
            return None

    def _find_thread(self, index: sqlite3.Connection, message_ids: Iterable[str]) -> set[int]:
        """Return the numbers of all messages connected by references, including through missing
        messages.
        """
        pending, visited, numbers = list(message_ids), set[str](), set[int]()
        while pending and len(numbers) < _MAX_THREAD:
            current_id = pending.pop()
            if current_id in visited:
                continue
            visited.add(current_id)
            rows = index.execute(
                "SELECT id, message_id FROM mail WHERE message_id = ? UNION SELECT mail.id,"
                " mail.message_id FROM reference JOIN mail ON mail.id = reference.mail WHERE"
                " reference.above = ?",
                (current_id, current_id),
            )
            for number, message_id in rows.fetchall():
                if number not in numbers:
                    numbers.add(number)
                    pending.append(message_id)
                    pending += [
                        row[0]
                        for row in index.execute(
                            "SELECT above FROM reference WHERE mail = ?", (number,)
                        )
                    ]
        return numbers

    def _open_index(self, since: float = 0.0) -> sqlite3.Connection:
        self._queries += 1
        try:
            if self._mails is None:
                self._mails = open_local_mails(self._path)
                self._state = self._mails.state()
            file = self._file()
            with self._index_lock(file):
                if self._index is None:
                    self._index = _open_database(file)
                    self._index.create_function("says", 2, self._body_contains, deterministic=True)
                self._update_index(self._index, self._mails, since)
        except OSError as error:
            raise NetworkError(
                f"{self._path} cannot be read: {error.strerror}",
                hint="check the path and its permissions",
            ) from error
        return self._index

    def _update_index(self, index: sqlite3.Connection, mails: LocalMails, since: float) -> None:
        """Index new messages, latest first, in one transaction per batch."""
        row = index.execute("SELECT state, since, whole FROM state").fetchone()
        indexed_state, indexed_since, is_whole = (
            (str(row[0]), float(row[1]), bool(row[2])) if row else ("", since, False)
        )
        if is_whole and indexed_state == self._state and indexed_since <= since:
            return
        with _lock_for_writing(index):
            if not indexed_state or mails.is_replaced(indexed_state):
                index.execute("DELETE FROM mail")
                is_whole, indexed_since = False, since
            known_positions = {
                str(position) for (position,) in index.execute("SELECT place FROM mail")
            }
            index.executemany(
                "DELETE FROM mail WHERE place = ?",
                ((position,) for position in list(mails.find_removed(iter(known_positions)))),
            )
        # an incomplete index has gaps: scan everything and skip indexed messages
        since = min(since, indexed_since) if is_whole else since
        from_state = indexed_state if is_whole and since == indexed_since else ""
        new_mails = mails.read_new(from_state, known_positions, since)
        number, total = (
            0,
            mails.count(from_state, since) - (0 if from_state else len(known_positions)),
        )
        while not self._stop.is_set():
            with _lock_for_writing(index):
                added = 0
                for mail in itertools.islice(new_mails, _BATCH):
                    self._add(index, mail)
                    added += 1
                # the last field states whether all messages have been indexed
                index.execute("DELETE FROM state")
                state = (self._state, since, added < _BATCH)
                index.execute("INSERT INTO state VALUES (?, ?, ?)", state)
            number += added
            if added < _BATCH:
                return
            self._progress(
                f"indexing the messages of {self._path.name}",
                number,
                max(total, number),
            )
        raise CancelledError()

    def _file(self) -> Path | None:
        """Return the index file, or None to keep the index in memory."""
        folder = cache_dir() / "local-archives"
        name = hashlib.sha256(
            f"{_INDEX_VERSION} {self._path}".encode("utf-8", "surrogateescape")
        ).hexdigest()[:24]
        return folder / f"{name}.sqlite" if is_private_folder(folder) else None

    @contextmanager
    def _index_lock(self, file: Path | None) -> Iterator[None]:
        """Lock the index, waiting while another process updates it."""
        if file is None:
            yield
            return
        with file.with_suffix(".lock").open("a") as handle:
            while not try_lock(handle):
                self._progress(f"waiting for another patchpilot that indexes {self._path.name}")
                if self._stop.wait(_TICK):
                    raise CancelledError()
            yield

    def _add(self, index: sqlite3.Connection, found_mail: FoundMail) -> None:
        mail = self._parse_mail(found_mail.raw, found_mail.position, parse_mail)
        if mail is None or not mail.headers:
            return
        correspondents = " ".join(
            f"{address.name} {address.email}" for address in (mail.sender, *mail.to, *mail.cc)
        )
        arrived = found_mail.arrived or (mail.date.timestamp() if mail.date else 0.0)
        values = (
            found_mail.position,
            clean_sql_text(mail.message_id),
            normalize_words(mail.subject),
            normalize_words(f"{mail.sender.name} {mail.sender.email}"),
            normalize_words(correspondents),
            arrived,
        )
        number = index.execute(
            f"INSERT OR REPLACE INTO mail ({_COLUMNS}) VALUES ({', '.join('?' * len(values))})",
            values,
        ).lastrowid
        references = {reference for reference in (mail.in_reply_to, *mail.references) if reference}
        index.executemany(
            "INSERT INTO reference VALUES (?, ?)",
            ((clean_sql_text(reference), number) for reference in references),
        )
        index.executemany(
            "INSERT INTO token VALUES (?, ?)",
            ((clean_sql_text(token), number) for token in _make_search_tokens(mail)),
        )

    def _body_contains(self, position: str, phrase: str) -> bool:
        raw = self._mails.read(position) if self._mails else None
        mail = self._parse_mail(raw, position, parse_mail) if raw is not None else None
        return mail is not None and phrase in normalize_words(mail.body)


def _open_database(file: Path | None) -> sqlite3.Connection:
    for may_rebuild in (True, False):
        index = sqlite3.connect(file or ":memory:", isolation_level=None, timeout=60)
        try:
            index.execute("PRAGMA journal_mode = WAL")
            index.execute("PRAGMA synchronous = NORMAL")
            index.execute("PRAGMA foreign_keys = ON")
            index.executescript(_SCHEMA)
        except sqlite3.DatabaseError as error:
            index.close()
            if not may_rebuild or file is None or error.sqlite_errorcode not in _DAMAGED:
                raise
            file.unlink(missing_ok=True)
        else:
            return index
    raise AssertionError


@contextmanager
def _lock_for_writing(index: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    index.execute("BEGIN IMMEDIATE")
    try:
        yield index
    except BaseException:
        index.execute("ROLLBACK")
        raise
    index.execute("COMMIT")


def _make_search_tokens(mail: Mail) -> set[str]:
    """Return search tokens for the commits, Message-IDs, change-ids and files that a message
    mentions, and for delivery reports.
    """
    body = mail.body
    tokens: dict[str, None] = {REPORT: None} if delivery_reports(mail) else {}
    for terms in (
        (commit for commit in _COMMIT.findall(body) if not commit.isalpha()),
        find_message_ids(body),
        (match[1].lower() for match in _CHANGE_ID.finditer(body)),
        (f"file:{match[1]}" for match in _FILE.finditer(body)),
    ):
        tokens.update(dict.fromkeys(terms))
    return set(list(tokens)[:_MAX_TOKENS])
