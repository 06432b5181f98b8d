# SPDX-License-Identifier: GPL-2.0-or-later
"""Open the file of the history index; create it again if it is corrupt, old or missing."""

import contextlib
import hashlib
import os
import sqlite3
from pathlib import Path

from patchpilot.cache.entries import is_private_folder, repository_cache_path
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.private_files import is_private
from patchpilot.projects.commit_marks import marks_digest
from patchpilot.read_file import read_regular_file

VERSION = 6
MOST_REPOSITORIES = 32
_SCHEMA = """
create table meta (name text primary key, value text);
create table tips (id text primary key, added integer not null);
create table commits (ord integer primary key, id blob not null, subject integer not null);
create table parents (chunk integer primary key, data blob not null);
create table octopus (ord integer not null, parent integer not null);
create table upstream (id text not null, ord integer not null);
create table unknown_names (id text primary key);
create table reverts (id text not null, ord integer not null);
create table fixes (id text not null, ord integer not null);
create table reach (ord integer primary key, used integer not null, data blob not null);
create table patch_id (ord integer primary key, id text not null);
create unique index commits_by_id on commits (id);
"""


def delete_index(repository: Repository) -> None:
    """Delete a repository's index; the next query creates it again."""
    file = _create_file(repository)
    if file:
        _delete_index_file(file)


def _create_file(repository: Repository) -> Path | None:
    """Return the file, creating it if necessary.

    Return None if no private file can be created.
    """
    stem = repository_cache_path("history", repository.common_dir, VERSION)
    file = stem.with_name(f"{stem.name}.sqlite")
    if not is_private_folder(file.parent):
        return None
    with contextlib.suppress(OSError):
        os.close(
            os.open(
                file,
                os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC,
                0o600,
            )
        )
        _delete_oldest_indexes(file.parent)
    if not is_private(file):
        _delete_index_file(file)
        return None
    return file if os.access(file, os.W_OK) and os.access(file.parent, os.W_OK) else None


def _delete_oldest_indexes(folder: Path) -> None:
    indexes = sorted(folder.glob("*.sqlite"), key=lambda file: file.lstat().st_mtime)
    for file in indexes[:-MOST_REPOSITORIES]:
        _delete_index_file(file)


def _compute_state(repository: Repository) -> str:
    data = read_regular_file(repository.common_dir / "shallow")
    state = "whole" if data is None else hashlib.sha256(data).hexdigest()[:16]
    return f"{VERSION} {marks_digest()} {state}"


def open_index_database(repository: Repository) -> sqlite3.Connection:
    """Open the index database of a repository, or one in memory if no file can be created.

    It is created again if it is corrupt, or if its version, the formats in which backports name
    their mainline commit, or the state of a shallow clone differ.
    """
    file, state = _create_file(repository), _compute_state(repository)
    for attempt in (file, file, None):
        with contextlib.suppress(OSError, sqlite3.DatabaseError):
            database = sqlite3.connect(
                attempt or ":memory:",
                timeout=300,
                isolation_level=None,
                check_same_thread=False,
            )
            try:
                if _create_missing_tables(database, state):
                    return database
            except sqlite3.DatabaseError:
                database.close()
                if attempt:
                    _delete_index_file(attempt)
                raise
            database.close()
            if attempt:
                _delete_index_file(attempt)
    raise GitError(
        "the history index cannot be created",
        hint="make the cache directory writable, or set XDG_CACHE_HOME",
    )


def _create_missing_tables(database: sqlite3.Connection, state: str) -> bool:
    """Create missing tables; return whether the database is usable."""
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = off")
    database.execute("pragma mmap_size = 268435456")
    database.execute("pragma cache_size = -65536")
    if not database.execute("select count(*) from sqlite_master").fetchone()[0]:
        database.execute("begin immediate")
        if not database.execute("select count(*) from sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                if statement.strip():
                    database.execute(statement)
            database.execute("insert into meta values ('state', ?)", (state,))
        database.execute("commit")
    row = database.execute("select value from meta where name = 'state'").fetchone()
    return bool(row and row[0] == state)


def _delete_index_file(file: Path) -> None:
    for name in (
        file,
        file.with_name(file.name + "-wal"),
        file.with_name(file.name + "-shm"),
    ):
        with contextlib.suppress(OSError):
            name.unlink()
