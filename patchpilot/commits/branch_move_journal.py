# SPDX-License-Identifier: GPL-2.0-or-later
"""Record each move of a branch and its files before it starts.

The next run uses the record to recover an interrupted move.
"""

import hashlib
import os
import shlex
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from glob import iglob
from pathlib import Path

from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import validate_branch_ref, validate_commit_id
from patchpilot.errors import RefusedError
from patchpilot.model.printable import format_count
from patchpilot.resources import load_json, state_path, store_json

UNDO = "patchpilot undo"
_LOCK_TIMEOUT = 5.0
_SHORT_LOCK = 1.0
"""Seconds for which a new lock is assumed to belong to a short-lived command."""


@dataclass(frozen=True, slots=True)
class BranchMove:
    """A move of a branch.

    It has the ref of the branch, its old and new value, and the message for the reflog. `ref` is
    None for a detached HEAD.
    """

    ref: str | None
    old: str
    new: str
    why: str

    @property
    def target(self) -> str:
        """Return the commit to which the branch is set after an interrupted move.

        An interrupted undo is completed; all other moves are reverted.
        """
        return self.new if self.why == UNDO else self.old


def record_move_start(repository: Repository, move: BranchMove) -> None:
    """Record a move before it starts, and wait until the record is on disk."""
    store_json(find_record_file(repository), asdict(move), "nothing was changed")


def remove_move_record(repository: Repository) -> None:
    """Remove the record of a move that completed or did not start."""
    store_json(find_record_file(repository), None, "the move is complete")


def find_record_file(repository: Repository) -> Path:
    """Return the path of the record for a working tree, which is outside of the repository."""
    name = hashlib.sha256(os.fsencode(repository.git_dir.resolve())).hexdigest()[:24]
    return state_path() / "moves" / f"{name}.json"


def find_unfinished_move(repository: Repository) -> BranchMove | None:
    """Return the interrupted move in this working tree, or None."""
    try:
        facts = load_json(find_record_file(repository))
        move = BranchMove(
            validate_branch_ref(facts["ref"]),
            validate_commit_id(facts["old"]),
            validate_commit_id(facts["new"]),
            str(facts["why"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if _is_consistent(repository, move):
        remove_move_record(repository)
        return None
    return move


def _is_consistent(repository: Repository, move: BranchMove) -> bool:
    """Return whether an interrupted git command changed either nothing or everything."""
    if _list_locks(repository, move.ref) or repository.find("HEAD") not in (
        move.old,
        move.new,
    ):
        return False
    paths = [os.fsdecode(name) for name in _list_changed_paths(repository, move) if name]
    return not repository.git(
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=no",
        "--no-renames",
        "--",
        *paths,
        runs_filters=True,
    ).out


def _list_changed_paths(repository: Repository, move: BranchMove) -> list[bytes]:
    return repository.git(
        "diff-tree", "-r", "-z", "--name-only", "--no-renames", move.old, move.new
    ).out.split(b"\0")


def restore_interrupted_move(repository: Repository, move: BranchMove) -> None:
    """Restore the branch, index and files after an interrupted move.

    Raise `RefusedError` if a file was edited since then, or if git is still running.
    """
    _clear_locks(repository, move.ref)
    branch = f"refs/heads/{repository.branch}" if repository.branch else None
    head = repository.find("HEAD")
    if branch != move.ref or head not in (move.old, move.new):
        raise RefusedError(
            "the branch was changed after an interrupted update of its files",
            hint=(
                f"check `git status` and `git diff {move.old[:12]}`, then run `rm"
                f" {shlex.quote(str(find_record_file(repository)))}`"
            ),
        )
    paths = [os.fsdecode(name) for name in _list_changed_paths(repository, move) if name]
    edited = [path for path in paths if not _matches_either(repository, path, move)]
    if edited:
        raise RefusedError(
            f"{edited[0]} was edited after an interrupted update of the branch",
            hint="save a copy of the edit, then run `git checkout -- FILE`",
        )
    exists = {path: repository.blob(move.target, path) is not None for path in paths}
    _check_out(repository, move.target, [path for path in paths if exists[path]])
    _remove_files(repository, [path for path in paths if not exists[path]])
    repository.git(
        "update-ref",
        "-m",
        move.why,
        "--no-deref",
        move.ref or "HEAD",
        move.target,
        head,
    )
    remove_move_record(repository)


def _matches_either(repository: Repository, path: str, move: BranchMove) -> bool:
    """Return whether the content of a file is its content in one of the two commits.

    The content may be truncated, because git may have been killed while it wrote the file.
    """
    file = repository.top / path
    versions = [repository.blob(commit, path) for commit in (move.old, move.new)]
    try:
        data = os.fsencode(file.readlink()) if file.is_symlink() else file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    if any(side is not None and side.startswith(data) for side in versions):
        return True
    blob_ids = {
        repository.git("rev-parse", "--verify", "--quiet", f"{commit}:{path}", ok=()).text.strip()
        for commit in (move.old, move.new)
    }
    return repository.git("hash-object", "--", str(file)).text.strip() in blob_ids


def _check_out(repository: Repository, commit: str, paths: Sequence[str]) -> None:
    if paths:
        stdin = "\0".join(paths).encode("utf-8", "surrogateescape")
        repository.git(
            "checkout",
            "--quiet",
            "--no-recurse-submodules",
            commit,
            "--pathspec-from-file=-",
            "--pathspec-file-nul",
            stdin=stdin,
        )


def _remove_files(repository: Repository, paths: Sequence[str]) -> None:
    if paths:
        stdin = "\0".join(paths).encode("utf-8", "surrogateescape")
        repository.git("update-index", "--force-remove", "-z", "--stdin", stdin=stdin)
        for path in paths:
            (repository.top / path).unlink(missing_ok=True)


def _clear_locks(repository: Repository, ref: str | None) -> None:
    """Wait for a git process that is running, and remove the locks of a git process that was
    killed.

    These locks are newer than the record of the move, and no process has them open.
    """
    started, deadline = (
        find_record_file(repository).stat().st_mtime,
        time.monotonic() + _LOCK_TIMEOUT,
    )
    while (
        any(_is_open_file(lock) for lock in _list_locks(repository, ref))
        and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    refuse_locked(repository, ref, since=started)
    for lock in _list_locks(repository, ref):
        lock.unlink(missing_ok=True)


def _list_locks(repository: Repository, ref: str | None) -> list[Path]:
    locks = [repository.git_dir / "index.lock", repository.git_dir / "HEAD.lock"]
    locks += [repository.common_dir / f"{ref}.lock"] if ref else []
    return [lock for lock in locks if lock.exists()]


def refuse_locked(
    repository: Repository, ref: str | None = None, *, since: float | None = None
) -> None:
    """Raise `RefusedError` if a git lock file exists; the error contains the lock's age and a hint.

    Check the locks of the index, HEAD and `ref`. Ignore a lock that was created after `since` (in
    seconds) and that no process has open. Wait briefly for a new lock to disappear, because a shell
    prompt or an editor may be running `git status`.
    """
    deadline = time.monotonic() + _SHORT_LOCK
    while (
        since is None
        and any(_is_new_lock(lock) for lock in _list_locks(repository, ref))
        and time.monotonic() < deadline
    ):
        time.sleep(0.02)
    for lock in _list_locks(repository, ref):
        if _is_open_file(lock):
            raise RefusedError(
                f"git is running in this repository: a process has {lock} open",
                hint="wait for it to finish, then try again",
            )
        try:
            created = lock.stat().st_mtime
        except FileNotFoundError:
            continue
        if since is not None and created >= since - 1:
            continue
        minutes = max(0, int((time.time() - created) // 60))
        age = format_count(minutes, "minute") if minutes else "less than a minute"
        raise RefusedError(
            f"stale lock {lock}, created {age} ago: no process has it open",
            hint=(
                "if no git runs in this repository (check with `pgrep -a git`), run `rm"
                f" {shlex.quote(str(lock))}`"
            ),
        )


def _is_new_lock(lock: Path) -> bool:
    try:
        return time.time() - lock.stat().st_mtime < _SHORT_LOCK
    except FileNotFoundError:
        return False


def _is_open_file(file: Path) -> bool:
    name = str(file.resolve())
    # Path.glob raises an exception if a process ends during the scan
    for link in map(Path, iglob("/proc/[0-9]*/fd/*")):  # noqa: PTH207
        try:
            if str(link.readlink()) == name:
                return True
        except OSError:
            continue
    return False
