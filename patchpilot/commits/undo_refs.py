# SPDX-License-Identifier: GPL-2.0-or-later
"""Record the value of a branch before it is rewritten.

A ref in the repository protects the commits from garbage collection. The record itself is read only
from the user's state directory, because others may be able to write to the repository.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError
from patchpilot.resources import load_json, state_path, store_json

REFS = "refs/patchpilot/undo"
_ID = lazy_pattern(r"[0-9a-f]{40}")
_BRANCH = lazy_pattern(
    r"refs/heads/(?![-./])(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|$)))[^\x00-\x20\x7f~^:?*\[\\]+(?<![/.])"
)
"""The full name of a branch (git-check-ref-format(1)) that git cannot mistake for an option."""
_MAX_TRIES = 20
_MAX_DIGITS = 10
_IDENT = "patchpilot <patchpilot@invalid>"


@dataclass(frozen=True, slots=True)
class Undo:
    """The undo record of a rewritten branch.

    `ref` is the branch, or None for a detached HEAD; `old` and `new` are its values. `command` is
    the command that rewrote it, and `when` the time in seconds. `commits` contains the old id and
    the new id of each rewritten commit.
    """

    number: int
    ref: str | None
    old: str
    new: str
    command: str
    when: int
    commits: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Return the full name of the undo record's ref."""
        return f"{REFS}/{self.number}"


def record_undo(
    repository: Repository,
    ref: str | None,
    old: str,
    new: str,
    command: str,
    commits: Mapping[str, str] = MappingProxyType({}),
) -> Undo:
    """Write an undo record, which protects both values from garbage collection.

    Refs are never overwritten, so concurrent runs get different numbers.
    """
    when = int(time.time())
    pairs = tuple(commits.items())
    tree = repository.commit(old).tree
    raw = (
        f"tree {tree}\nparent {old}\nparent {new}\nauthor {_IDENT} {when} +0000\ncommitter {_IDENT}"
        f" {when} +0000\n\n{command}\n"
    )
    commit = repository.git(
        "hash-object",
        "-t",
        "commit",
        "-w",
        "--stdin",
        stdin=raw.encode("utf-8", "surrogateescape"),
    ).text.strip()
    facts = {"ref": ref, "old": old, "new": new, "verb": command, "when": when}
    error = "nothing was changed, since it could not be undone"
    store_json(_undo_file(commit), facts | {"commits": pairs}, error)
    refs = [*_read_undo_records(repository)]
    number = max((int(name.rpartition("/")[2]) for name, _ in refs), default=0) + 1
    for attempt in range(number, number + _MAX_TRIES):
        if (
            repository.git("update-ref", f"{REFS}/{attempt}", commit, "0" * len(commit), ok=()).code
            == 0
        ):
            return Undo(attempt, ref, old, new, command, when, pairs)
    raise GitError(
        "the undo record could not be written",
        hint=f"run `git for-each-ref {REFS}` to list the records",
    )


def read_undo_refs(repository: Repository) -> tuple[tuple[Undo, ...], tuple[str, ...]]:
    """Return the undo records in this user's state directory, latest first, and the names of the
    refs without one.

    An earlier version wrote these refs, the repository came from another machine, or somebody else
    made them. Their first parent is the old value of a branch, but nothing states which.
    """
    records = [*_read_undo_records(repository)]
    undos = sorted((undo for _, undo in records if undo), key=lambda undo: -undo.number)
    return tuple(undos), tuple(name for name, undo in records if not undo)


def _read_undo_records(repository: Repository) -> Iterator[tuple[str, Undo | None]]:
    output = repository.git("for-each-ref", "--format=%(refname) %(objectname)", REFS)
    for line in output.text.splitlines():
        name, commit = line.split()
        number = name.removeprefix(f"{REFS}/")
        if number.isascii() and number.isdigit() and len(number) < _MAX_DIGITS:
            yield name, _read_undo_record(int(number), commit)


def _undo_file(commit: str) -> Path:
    return state_path() / "undo" / f"{commit}.json"


def validate_branch_ref(value: object) -> str | None:
    """Return a stored ref name, or None for a detached HEAD.

    Raise ValueError if it is invalid.
    """
    if value is None or (isinstance(value, str) and _BRANCH.fullmatch(value)):
        return value
    raise ValueError("not the name of a branch")


def validate_commit_id(value: object) -> str:
    """Return a stored commit id of 40 hexadecimal digits; raise ValueError if it is invalid."""
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise ValueError("not the id of a commit")


def _read_undo_record(number: int, commit: str) -> Undo | None:
    """Read the record of an undo ref; return None if it is not in the user's state directory."""
    try:
        facts = load_json(_undo_file(commit))
        pairs = tuple(
            (validate_commit_id(old), validate_commit_id(new)) for old, new in facts["commits"]
        )
        return Undo(
            number,
            validate_branch_ref(facts["ref"]),
            validate_commit_id(facts["old"]),
            validate_commit_id(facts["new"]),
            str(facts["verb"]),
            int(facts["when"]),
            pairs,
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
