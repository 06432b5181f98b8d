# SPDX-License-Identifier: GPL-2.0-or-later
"""Create, migrate, check, back up and recover the user's databases.

All SQLite errors are raised as PatchpilotErrors.
"""

import contextlib
import errno
import functools
import os
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

from patchpilot.errors import InputError, PatchpilotError
from patchpilot.extras import upgrade_hint
from patchpilot.model.action import Action
from patchpilot.model.bounded import clamp_time
from patchpilot.private_files import describe_exposure, make_private_folder

KEPT = 7
"""The number of daily backups."""
FRESH = 3600.0
"""Maximum age in seconds of a backup that is not replaced. On the first day, the day's backup is
the only one, so it is renewed.
"""
PATIENCE = 10.0
"""Seconds to wait while another process writes."""
_CORRUPT, _NOT_A_DATABASE, _BUSY, _LOCKED, _GENERIC, _FULL = 11, 26, 5, 6, 1, 13
_UNREADABLE = (sqlite3.Error, ValueError)
"""Exceptions from reading a damaged file: sqlite3 also decodes its column names."""
_verified: set[Path] = set()
Row = Mapping[str, Any]


def _accept_row(_table: str, _row: Row) -> bool:
    return True


class DatabaseLayout(NamedTuple):
    """The layout of a database.

    `label` is its name in error messages. `migrations` contains scripts: the first one creates the
    database, and each of the others migrates it to the next version. `is_valid` validates a row; a
    recovery drops invalid rows.
    """

    label: str
    migrations: tuple[str, ...]
    is_valid: Callable[[str, Row], bool] = _accept_row


class DamagedError(InputError):
    """The database cannot be read; `patchpilot doctor --recover` restores a backup."""


class _SharedDatabases:
    """The databases that `share_databases` keeps open, by file."""

    def __init__(self, *, saves: bool) -> None:
        self.saves = saves
        self.by_file: dict[Path, Database] = {}


_shared: ContextVar[_SharedDatabases | None] = ContextVar("_shared", default=None)


@contextlib.contextmanager
def share_databases(*, saves: bool = True) -> Iterator[None]:
    """Open each database once for the code in this block, however often it is opened and closed.

    Unless the block `saves`, it works on copies in memory: changes are lost at its end, and no file
    is created or changed. Other threads open their own connections.
    """
    shared = _SharedDatabases(saves=saves)
    token = _shared.set(shared)
    try:
        yield
    finally:
        _shared.reset(token)
        for database in shared.by_file.values():
            database.is_shared = False
            database.close()


def open_database(file: Path, layout: DatabaseLayout) -> "Database":
    """Open a database in autocommit mode: each statement is on disk when it returns.

    The database is checked once per process, and backed up daily and before each migration.
    """
    shared = _shared.get()
    if shared is None:
        return _open_file(file, layout)
    if file not in shared.by_file:
        opened = _open_file(file, layout) if shared.saves else _copy_database(file, layout)
        opened.is_shared = True
        shared.by_file[file] = opened
    return shared.by_file[file]


def _copy_database(file: Path, layout: DatabaseLayout) -> "Database":
    """Return a copy of a database in memory, with the tables of the layout."""
    database = sqlite3.connect(":memory:", isolation_level=None, factory=Database)
    database.file, database.label = file, layout.label
    try:
        with database.convert_errors():
            if file.is_file() and file.stat().st_size:
                _refuse_exposed_file(file, layout)
                # SQLite creates files next to a database that it opens, unless it is immutable
                is_written = Path(f"{file}-wal").exists()
                mode = "mode=ro" if is_written else "immutable=1"
                source = sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True)
                with contextlib.closing(source):
                    source.backup(database)
        database.execute("PRAGMA foreign_keys = ON")
        _migrate(database, layout, lambda _name: None)
    except BaseException:
        database.close()
        raise
    return database


def _refuse_exposed_file(file: Path, layout: DatabaseLayout) -> None:
    """Raise InputError if another user could have written the file."""
    if exposure := describe_exposure(file):
        raise InputError(
            f"{layout.label} cannot be trusted: {exposure}",
            hint="restore your own copy of the file, readable and writable only by you",
        )


def _open_file(file: Path, layout: DatabaseLayout) -> "Database":
    exists = file.exists()
    try:
        make_private_folder(file.parent, file.parent)
        if not exists:
            # open the file only if it does not exist, because closing a file in use would drop this
            # process's SQLite locks
            with contextlib.suppress(FileExistsError):
                os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        has_content = file.stat().st_size > 0
        if not file.is_file():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        _refuse_exposed_file(file, layout)
    except OSError as error:
        raise InputError(
            f"{layout.label} cannot be opened: {error.strerror or error}: {file}",
            hint="set XDG_STATE_HOME to a writable directory",
        ) from error
    if exists and not has_content and list_backups(file) and file not in _verified:
        # another process may have created the tables and the backup since the size was read
        has_content = file.stat().st_size > 0
        if not has_content:
            raise damaged_error(file, layout.label, "the file is empty")
    database = sqlite3.connect(file, timeout=PATIENCE, isolation_level=None, factory=Database)
    database.file, database.label = file, layout.label
    try:
        file.chmod(0o600)
        _prepare_database(database, layout, has_content)
    except BaseException:
        database.close()
        raise
    return database


def _prepare_database(database: "Database", layout: DatabaseLayout, has_content: bool) -> None:
    database.execute("PRAGMA foreign_keys = ON")
    database.execute("PRAGMA synchronous = FULL")
    if database.file not in _verified:
        row = database.execute("PRAGMA quick_check(1)").fetchone()
        if row is None or row[0] != "ok":
            raise damaged_error(
                database.file,
                layout.label,
                str(row[0]).splitlines()[-1] if row else "no answer",
            )
    _use_wal(database)

    def back_up(name: str) -> None:
        if has_content:
            back_up_database(database, name)

    back_up(f"{datetime.now(UTC):%Y-%m-%d}")
    _migrate(database, layout, back_up)
    if database.file not in _verified:
        if missing := _describe_missing(database, layout):
            raise damaged_error(database.file, layout.label, f"{missing} is missing")
        _verified.add(database.file)


def _migrate(database: "Database", layout: DatabaseLayout, back_up: Callable[[str], None]) -> None:
    """Bring a database to the layout's version; raise InputError if its version is newer.

    `back_up` is called with the name of a backup before the database is migrated.
    """
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version > len(layout.migrations):
        raise InputError(
            f"{database.file} was written by a newer version of patchpilot",
            hint=_downgrade_hint(database.file, layout),
        )
    if version < len(layout.migrations):
        back_up(f"version-{version}")
        _run_migrations(database, layout)


def _use_wal(database: "Database") -> None:
    """Let other processes read during a write.

    If another program is using the file, the setting is changed at a later call.
    """
    if database.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    try:
        database.execute("PRAGMA journal_mode = WAL")
    except DamagedError:
        raise
    except PatchpilotError:
        pass


def _run_migrations(database: "Database", layout: DatabaseLayout) -> None:
    with write_transaction(database):
        version = database.execute("PRAGMA user_version").fetchone()[0]
        for script in layout.migrations[version:]:
            for statement in filter(str.strip, script.split(";")):
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {len(layout.migrations)}")


def _downgrade_hint(file: Path, layout: DatabaseLayout) -> str:
    """Return a hint for a database that is too new.

    The hint mentions the backup made before the migration, if there is one.
    """
    backup = file.parent / "backups" / f"{file.stem}-version-{len(layout.migrations)}.sqlite3"
    note = (
        f"; its state before that is {backup}, which `sqlite3` and this version can read"
        if backup.exists()
        else ""
    )
    return f"{upgrade_hint()}{note}"


def _describe_missing(database: sqlite3.Connection, layout: DatabaseLayout) -> str:
    """Describe the first table or column missing from the database, or return ""."""
    for name, columns in _list_tables(layout.migrations).items():
        existing = {row[1] for row in database.execute(f"PRAGMA table_info({name})")}
        if not existing:
            return f"the table {name}"
        if missing := sorted(columns - existing):
            return f"the column {missing[0]} of the table {name}"
    return ""


@functools.cache
def _list_tables(migrations: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    with contextlib.closing(sqlite3.connect(":memory:")) as model:
        for script in migrations:
            model.executescript(script)
        names = [
            row[0]
            for row in model.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            )
        ]
        return {
            name: frozenset(row[1] for row in model.execute(f"PRAGMA table_info({name})"))
            for name in names
        }


@contextlib.contextmanager
def write_transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Run a write transaction, during which other processes cannot change the data.

    Nested calls join the outer transaction.
    """
    if database.in_transaction:
        yield
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error, PatchpilotError):
            database.execute("ROLLBACK")
        raise


class Database(sqlite3.Connection):
    """An SQLite connection that raises PatchpilotErrors, including while rows are fetched.

    Constraint violations are still raised as SQLite errors.
    """

    file = Path()
    label = "the database"
    is_shared = False
    """Whether the database stays open until its `share_databases` block ends."""

    def close(self) -> None:
        if not self.is_shared:
            super().close()

    def cursor(self, factory: Any = None) -> Any:
        return super().cursor(factory or DatabaseCursor)

    def execute(self, *words: Any) -> Any:
        return self.cursor().execute(*words)

    def executemany(self, *words: Any) -> Any:
        return self.cursor().executemany(*words)

    @contextlib.contextmanager
    def convert_errors(self) -> Iterator[None]:
        """Convert SQLite errors and errors about invalid values to PatchpilotErrors."""
        try:
            yield
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError) as error:
            if "TRIGGER" in getattr(error, "sqlite_errorname", ""):
                raise self._database_error(error) from error
            raise
        except sqlite3.Error as error:
            raise self._database_error(error) from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise damaged_error(self.file, self.label, f"invalid row: {error}") from error

    def _database_error(self, error: sqlite3.Error) -> PatchpilotError:
        code = getattr(error, "sqlite_errorcode", _CORRUPT) & 0xFF
        if code in (_CORRUPT, _NOT_A_DATABASE, _GENERIC):
            return damaged_error(self.file, self.label, str(error))
        if code in (_BUSY, _LOCKED):
            return PatchpilotError(
                f"{self.label} is locked by another process: {error}",
                hint=(
                    "wait for the other patchpilot process to finish; `fuser -v"
                    f" {shlex.quote(str(self.file))}` lists it; if there is none, the file system"
                    " has no locks: set XDG_STATE_HOME to a local directory"
                ),
            )
        folder = shlex.quote(str(self.file.parent))
        if code == _FULL:
            return PatchpilotError(
                f"{self.label} cannot be written: {error}",
                hint=f"free up disk space (see `df -h {folder}`), then run the command again",
            )
        return PatchpilotError(
            f"{self.label} cannot be written: {error}",
            hint=(
                f"check the disk and the permissions of {self.file}, with `ls -l {folder}` and `df"
                f" -h {folder}`"
            ),
        )


class DatabaseCursor(sqlite3.Cursor):
    """A cursor of a Database."""

    def execute(self, *words: Any) -> Self:
        with self._database.convert_errors():
            return super().execute(*words)

    def executemany(self, *words: Any) -> Self:
        with self._database.convert_errors():
            return super().executemany(*words)

    def fetchone(self) -> Any:
        with self._database.convert_errors():
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with self._database.convert_errors():
            return super().fetchall()

    def __next__(self) -> Any:
        with self._database.convert_errors():
            return super().__next__()

    @property
    def _database(self) -> Database:
        assert isinstance(self.connection, Database)
        return self.connection


def damaged_error(file: Path, problem: str, reason: str) -> DamagedError:
    """Return the error for an unreadable database, with a hint for recovering it."""
    existing = list_backups(file)
    note = (
        f"the latest backup is from {clamp_time(existing[-1].stat().st_mtime):%Y-%m-%d %H:%M} UTC"
        if existing
        else "no backup"
    )
    return DamagedError(
        f"{problem} is damaged: {file}: {reason}",
        hint=Action(
            "doctor",
            ("--recover",),
            f"`{{}}` restores the latest backup and all rows that can still be read ({note}); it"
            " keeps the damaged file",
        ),
    )


def list_backups(file: Path) -> tuple[Path, ...]:
    """Return the backups of a database, latest last."""
    return tuple(
        sorted(
            (file.parent / "backups").glob(f"{file.stem}-*.sqlite3"),
            key=lambda file: (file.stat().st_mtime_ns, file.name),
        )
    )


def back_up_database(database: Database, label: str) -> None:
    """Back up an intact database unless a recent backup with this label exists.

    Ignore failures.
    """
    folder = database.file.parent / "backups"
    target = folder / f"{database.file.stem}-{label}.sqlite3"
    if target.exists() and time.time() - target.stat().st_mtime < FRESH:
        return
    temporary = folder / f".{target.name}.{os.getpid()}"
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        with contextlib.closing(sqlite3.connect(temporary)) as copy:
            temporary.chmod(0o600)
            database.backup(copy)
        temporary.replace(target)
        for old in [
            backup for backup in list_backups(database.file) if "-version-" not in backup.name
        ][:-KEPT]:
            old.unlink()
    except (OSError, sqlite3.Error):
        temporary.unlink(missing_ok=True)


class Recovery(NamedTuple):
    """The result of a recovery.

    It has the damaged file's new path, the backup that was used, and the number of rows taken from
    each.
    """

    damaged: Path
    backup: Path | None
    restored: int
    salvaged: int


def recover_database(file: Path, layout: DatabaseLayout) -> Recovery | None:
    """Replace a damaged database with its latest valid backup and the valid rows of the damaged
    file.

    Return None if the database is not damaged.
    """
    _verified.discard(file)
    with (
        contextlib.suppress(DamagedError),
        contextlib.closing(open_database(file, layout)) as database,
    ):
        if all(
            layout.is_valid(name, row)
            for name in _list_tables(layout.migrations)
            for row in _read_rows(database, name)
        ):
            return None
    damaged_file = file.with_name(f"{file.name}.damaged-{datetime.now(UTC):%Y%m%d-%H%M%S}")
    for suffix in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            file.with_name(file.name + suffix).rename(
                damaged_file.with_name(damaged_file.name + suffix)
            )
    backup = next(
        (backup for backup in reversed(list_backups(file)) if _is_sound_database(backup)),
        None,
    )
    if backup and _read_version(backup) < len(layout.migrations):
        # opening the backup below migrates it
        file.write_bytes(backup.read_bytes())
    _verified.add(file)
    with contextlib.closing(open_database(file, layout)) as database:
        tables = list(_list_tables(layout.migrations))
        # turn off foreign keys, so that replacing a row does not delete the rows that reference it
        database.execute("PRAGMA foreign_keys = OFF")
        with write_transaction(database):
            # copy row by row, because a damaged backup may pass the checks
            restored = (
                sum(_salvage_rows(database, backup, name, layout) for name in tables)
                if backup
                else 0
            )
            salvaged = sum(_salvage_rows(database, damaged_file, name, layout) for name in tables)
            for row in database.execute("PRAGMA foreign_key_check").fetchall():
                database.execute(f"DELETE FROM {row[0]} WHERE rowid = ?", (row[1],))
    return Recovery(damaged_file, backup, restored, salvaged)


def _read_version(file: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
        return int(database.execute("PRAGMA user_version").fetchone()[0])


def _is_sound_database(file: Path) -> bool:
    try:
        with contextlib.closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as database:
            return bool(database.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except _UNREADABLE:
        return False


def _read_rows(database: Database, table: str) -> Iterator[Row]:
    """Yield a table's rows by column name. Raise DamagedError if a row cannot be read."""
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, values, strict=True)) for values in cursor)


def _salvage_rows(database: Database, source: Path, table: str, layout: DatabaseLayout) -> int:
    """Copy the valid rows of a damaged table, and return their number.

    The table is read from both ends, because rows after the damage cannot be reached from the
    start.
    """
    columns = sorted(_list_tables(layout.migrations)[table])
    rows: dict[int, tuple[Any, ...]] = {}
    for order in ("ASC", "DESC"):
        try:
            with contextlib.closing(sqlite3.connect(source)) as damaged:
                existing = {row[1] for row in damaged.execute(f"PRAGMA table_info({table})")}
                columns = [name for name in columns if name in existing]
                # make SQLite read the table itself, not an index
                numbers = damaged.execute(
                    f"SELECT rowid FROM {table} NOT INDEXED ORDER BY rowid {order}"
                )
                previous: int | None = None
                for (number,) in numbers:
                    if previous is not None and (
                        number <= previous if order == "ASC" else number >= previous
                    ):
                        # stop, because damaged pages can form a cycle
                        break
                    previous = number
                    if number not in rows and (row := _read_row(damaged, table, columns, number)):
                        rows[number] = row
        except _UNREADABLE:
            continue
    count = 0
    for _, row in sorted(rows.items()):
        if layout.is_valid(table, dict(zip(columns, row, strict=True))):
            with contextlib.suppress(sqlite3.Error):
                database.execute(
                    f"INSERT OR REPLACE INTO {table} ({', '.join(columns)}) VALUES"
                    f" ({', '.join('?' * len(columns))})",
                    row,
                )
                count += 1
    return count


def _read_row(
    database: sqlite3.Connection, table: str, columns: Sequence[str], number: int
) -> tuple[Any, ...] | None:
    try:
        row: tuple[Any, ...] | None = database.execute(
            f"SELECT {', '.join(columns)} FROM {table} WHERE rowid = ?", (number,)
        ).fetchone()
    except _UNREADABLE:
        return None
    return row
