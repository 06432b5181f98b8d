# SPDX-License-Identifier: GPL-2.0-or-later
"""Store reviews of patches in the user's state directory.

A review is reused for the same patch-id, command and version. Earlier versions of a patch are
recognized by their author date, which survives amending and rebasing.
"""

import contextlib
import hashlib
import json
from pathlib import Path

from patchpilot.resources import load_json, state_folder, state_path
from patchpilot.reviewers.answer import Comments, parse_answer
from patchpilot.reviewers.reviewer import Reviewer
from patchpilot.write_file import PRIVATE, replace_file

MOST = 2000
"""Reviews that are kept; the oldest are deleted."""
_LARGEST = 1 << 20


PatchKey = tuple[str, str]
"""The text that identifies a patch, and the one that identifies all of its versions."""


def stored_review(reviewer: Reviewer, key: PatchKey) -> Comments | None:
    """Return the stored review of a patch by a reviewer's current command and version, or None."""
    return _read_review(_folder() / _file_name(reviewer, key))


def earlier_review(reviewer: Reviewer, key: PatchKey) -> Comments | None:
    """Return the latest review of an earlier version of the patch, or None."""
    name = _file_name(reviewer, key)
    other_files = [
        file
        for file in _folder().glob(f"{_digest(key[1])}-*.json")
        if file.name != name and file.name.endswith(name.rpartition("-")[2])
    ]
    with contextlib.suppress(OSError):
        other_files.sort(key=lambda file: file.stat().st_mtime_ns)
    return _read_review(other_files[-1]) if other_files else None


def store_review(reviewer: Reviewer, key: PatchKey, comments: Comments) -> None:
    """Store the review of a patch.

    Ignore write errors, because the review can be repeated.
    """
    folder = state_folder() / "reviews"
    rows = [comment._asdict() for comment in comments]
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
        replace_file(folder / _file_name(reviewer, key), json.dumps(rows), mode=PRIVATE)
        files = sorted(folder.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for file in files[:-MOST]:
            file.unlink(missing_ok=True)


def _folder() -> Path:
    return state_path() / "reviews"


def _file_name(reviewer: Reviewer, key: PatchKey) -> str:
    command = f"{reviewer.name}\0{reviewer.shown}\0{reviewer.version}"
    return f"{_digest(key[1])}-{_digest(key[0])}-{_digest(command)}.json"


def _digest(text: str) -> str:
    data = text.encode("utf-8", "surrogateescape")
    return hashlib.sha256(data).hexdigest()[:20]


def _read_review(file: Path) -> Comments | None:
    try:
        if file.stat().st_size > _LARGEST:
            return None
        rows = load_json(file)
        return parse_answer("\n".join(map(json.dumps, rows))) or ()
    except (OSError, ValueError, TypeError):
        return None
