# SPDX-License-Identifier: GPL-2.0-or-later
"""Locate the data shipped with patchpilot and the user's state directory.

The data may be in a wheel, an editable install or a checkout.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from errno import EPERM
from functools import cache
from pathlib import Path
from typing import IO, Any

from patchpilot.errors import InputError, MissingError
from patchpilot.private_files import make_private_folder, read_private_file
from patchpilot.write_file import PRIVATE, replace_file

DRAFT_AGE = 14 * 86400
"""Seconds for which a draft counts as recent."""
_SENT = ".sent"
"""The ending of the empty file that marks a draft as sent."""
_NAME_LENGTH = 51
"""The maximum length of the name of a draft."""
_GENERATED = ".generated"
"""The ending of the copy of a draft as it was generated, which shows whether the user edited it."""
_KEPT = "-kept"
"""The end of the name of a kept earlier draft, before its number."""
TOPIC_DATABASE = "outgoing.sqlite3"
"""The file in the state directory with the drafts and the outbox."""
TRACK_DATABASE = "track.sqlite"
"""The file in the state directory with the tracked series."""
MAX_STATE = 64 << 20
"""The maximum size of a file in the state directory in bytes."""


def runs_in_ci() -> bool:
    """Return whether a CI system started this program, according to its variable CI."""
    return bool(os.environ.get("CI"))


@cache
def data_dir(name: str) -> Path:
    """Return the folder `name` ("checks" or "templates") of the shipped data.

    Raise MissingError if it is not installed.
    """
    package = Path(__file__).parent
    for folder in (package / "_data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    from patchpilot.extras import upgrade_hint

    raise MissingError(
        f"the data folder {name!r} is not installed with patchpilot",
        hint=upgrade_hint("reinstall"),
    )


def try_lock(handle: IO[Any]) -> bool:
    """Lock an open file until it is closed, and return False if another process holds the lock.

    Raise InputError if the file system has no locks, as some network file systems do.
    """
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise InputError(
            f"cannot lock {handle.name}: {error.strerror or error}",
            hint="use a file system with locks: set XDG_STATE_HOME and XDG_CACHE_HOME to local"
            " directories",
        ) from error
    return True


def store_json(file: Path, data: Mapping[str, Any] | None, consequence: str) -> None:
    """Write data as JSON to a file in the state directory, atomically. If there is no data, delete
    the file.

    If this fails, the error's hint contains `consequence`, which describes what the user loses.
    """
    try:
        if data is None:
            file.unlink(missing_ok=True)
            return
        if not make_private_folder(file.parent, state_path()):
            raise PermissionError(EPERM, f"{file.parent} belongs to another user")
        import json

        replace_file(file, json.dumps(data, indent=1), mode=PRIVATE, is_synced=True)
    except OSError as error:
        raise InputError(
            f"cannot write {file}: {error.strerror or error}",
            hint=f"check the permissions; {consequence}",
        ) from error


def load_json(file: Path) -> Any:
    """Return the content of a JSON file in the state directory.

    Raise OSError if it cannot be read or another user could have written it, and ValueError if it
    is not JSON.
    """
    data = read_private_file(file, state_path(), MAX_STATE)
    import json

    return json.loads(data.decode("utf-8"))


def state_folder() -> Path:
    """Return the user's state directory for patchpilot.

    It is created if missing, readable only by its owner.
    """
    folder = state_path()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        make_private_folder(folder, folder)
    except OSError as error:
        raise InputError(
            f"cannot create {folder}: {error.strerror or error}",
            hint="set XDG_STATE_HOME to a writable directory",
        ) from error
    return folder


SEND_QUESTIONS = (
    "press Enter when git asks for recipients and for a Message-ID; the file has its recipients"
)
"""How to answer the questions of `git send-email` about a file with its own To: header."""
NO_MAIL_IN_DEMO = (
    "In the demo, do not send mail yourself: your shell would use your own mail server."
)
NO_DRAFTS_IN_DEMO = "the demo sends no drafts; m on Home marks it as sent"
FILL_IN = "FILL IN"
"""The mark in a draft where the user must add something before sending it."""


def save_draft_file(kind: str, name: str, text: str) -> Path:
    """Save a message that the user may send as a file in the state directory, and return the file.

    A draft with the same kind (which is the name of its folder) and name is replaced. The text must
    be printable.
    """
    file = _draft_path(kind, name)
    state_folder()
    file.parent.mkdir(mode=0o700, exist_ok=True)
    replace_file(file, text, mode=PRIVATE)
    file.with_suffix(_SENT).unlink(missing_ok=True)
    return file


def save_new_draft_file(kind: str, name: str, text: str) -> Path:
    """Save a draft like `save_draft_file`, but keep a draft that has another text or was sent.

    A number is then added to the name.
    """
    return save_draft_file(kind, _find_free_name(kind, name, text), text)


def update_draft_file(kind: str, name: str, text: str) -> Path:
    """Save a generated draft like `save_draft_file`, but keep what the user edited or sent.

    A draft that was edited stays as it is if the generated text is the same as before; otherwise,
    the earlier draft gets a new name, which `describe_kept_drafts` shows.
    """
    file = _draft_path(kind, name)
    generated = file.with_suffix(_GENERATED)
    sent = file.with_suffix(_SENT)
    if file.exists():
        before = _read_own_file(generated)
        is_edited = read_draft_file(kind, name) not in (before, text)
        if is_edited and before == text and not sent.exists():
            return file
        if is_edited or sent.exists():
            kept = _draft_path(kind, _find_free_name(kind, f"{name}{_KEPT}"))
            if sent.exists():
                sent.rename(kept.with_suffix(_SENT))
            file.rename(kept)
    save_draft_file(kind, name, text)
    replace_file(generated, text, mode=PRIVATE)
    return file


def describe_kept_drafts(file: Path) -> list[str]:
    """Return a line for each earlier version of a draft that was edited or sent."""
    _, *kept = list_draft_names(file.parent.name, file.stem)
    return [
        f"an earlier draft, edited or sent, is kept as {file.with_name(f'{name}.txt')}"
        for name in kept
    ]


def list_draft_names(kind: str, name: str) -> list[str]:
    """Return the name of a draft, and the names of its earlier versions that were kept."""
    file = _draft_path(kind, name)
    return [
        file.stem,
        *(path.stem for path in sorted(file.parent.glob(f"{file.stem}{_KEPT}*.txt"))),
    ]


def _find_free_name(kind: str, name: str, text: str | None = None) -> str:
    """Return the name for a draft, with a number if there is another draft with this name.

    A draft with the same text that was not sent is not another one.
    """
    number, free = 1, name
    while _draft_path(kind, free).exists():
        if read_draft_file(kind, free) == text and not find_sent_time(kind, free):
            break
        number += 1
        # leave room for the number in a name of limited length
        free = f"{name[: _NAME_LENGTH - 5]}-{number}"
    return free


def read_draft_file(kind: str, name: str) -> str:
    """Return the text of a draft, or "" if there is none or another user could have written it."""
    return _read_own_file(_draft_path(kind, name))


def _read_own_file(file: Path) -> str:
    try:
        data = read_private_file(file, state_path(), MAX_STATE)
    except OSError:
        return ""
    return data.decode("utf-8", errors="replace")


def list_recent_drafts(kind: str) -> Iterator[Path]:
    """Yield the files of recent drafts of a `kind` that are not marked as sent."""
    for file in (state_path() / kind).glob("*.txt"):
        with suppress(OSError):
            is_recent = time.time() - file.stat().st_mtime < DRAFT_AGE
            if is_recent and not file.with_suffix(_SENT).exists():
                yield file


def find_sent_time(kind: str, name: str) -> float | None:
    """Return when a draft, or patches with this name, were marked as sent, or None.

    The time is in seconds since the epoch.
    """
    try:
        status = _draft_path(kind, name).with_suffix(_SENT).stat()
    except OSError:
        return None
    return status.st_mtime


def list_sent_marks(kind: str) -> list[tuple[str, float]]:
    """Return the names of the marks that drafts or patches were sent, and their times."""
    marks = []
    for file in (state_path() / kind).glob(f"*{_SENT}"):
        with suppress(OSError):
            marks.append((file.name, file.stat().st_mtime))
    return sorted(marks)


def mark_sent(kind: str, name: str, *, is_sent: bool = True) -> None:
    """Mark a draft, or patches with this name, as sent with another program; or remove the mark."""
    file = _draft_path(kind, name).with_suffix(_SENT)
    if is_sent:
        state_folder()
        file.parent.mkdir(mode=0o700, exist_ok=True)
        replace_file(file, "", mode=PRIVATE)
    else:
        file.unlink(missing_ok=True)


def _draft_path(kind: str, name: str) -> Path:
    safe_name = "".join(character if character.isalnum() else "-" for character in name)
    return state_path() / kind / f"{safe_name[:_NAME_LENGTH]}.txt"


def state_path() -> Path:
    """Return the path of the user's state directory for patchpilot, which may not exist."""
    return Path(user_dir("state"))


def user_dir(kind: str) -> str:
    """Return the path of the user's directory for patchpilot: "data" or "state"."""
    if sys.platform in ("darwin", "win32"):
        import platformdirs

        paths = platformdirs.PlatformDirs("patchpilot", appauthor=False)
        return str(getattr(paths, f"user_{kind}_dir"))
    # do not use platformdirs here: importing it takes longer than reading all project files
    base = os.environ.get(f"XDG_{kind.upper()}_HOME", "").strip()
    if not base.startswith("/"):
        # Path.home() raises an exception if there is no home
        home = os.environ.get("HOME", "").rstrip("/") or os.path.expanduser("~")  # noqa: PTH111
        subfolder = {"data": "share", "state": "state"}[kind]
        base = f"{home}/.local/{subfolder}" if home.startswith("/") else os.devnull
    return f"{base}/patchpilot"
