# SPDX-License-Identifier: GPL-2.0-or-later
"""Undo records: refs that preserve the value of a branch before it was rewritten."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from patchpilot.commits.repository import Repository
from patchpilot.errors import GitError, InputError

REFS = "refs/patchpilot/undo"
_TRIES = 20
_WHO = "patchpilot <patchpilot@invalid>"


@dataclass(frozen=True, slots=True)
class Undo:
    """An undo record for a rewritten branch.

    `ref` is the branch, or None for a detached HEAD; `old` and `new` are its values. `verb` is
    the command that rewrote the branch, and `when` is the time in seconds. `commits` has the
    old and the new id of each rewritten commit.
    """

    number: int
    ref: str | None
    old: str
    new: str
    verb: str
    when: int
    commits: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The full name of the undo record's ref."""
        return f"{REFS}/{self.number}"


def record(
    repository: Repository,
    ref: str | None,
    old: str,
    new: str,
    verb: str,
    commits: Mapping[str, str] = MappingProxyType({}),
) -> Undo:
    """Writes an undo record, which protects both values from garbage collection.

    The ref is created and never overwritten, so parallel calls get different numbers.
    """
    when = int(time.time())
    pairs = tuple(commits.items())
    facts = json.dumps(
        {
            "ref": ref,
            "old": old,
            "new": new,
            "verb": verb,
            "when": when,
            "commits": pairs,
        },
        sort_keys=True,
    )
    tree = repository.commit(old).tree
    raw = (
        f"tree {tree}\nparent {old}\nparent {new}\nauthor {_WHO} {when} +0000\ncommitter {_WHO}"
        f" {when} +0000\n\npatchpilot undo\n\n{facts}\n"
    )
    commit = repository.git(
        "hash-object",
        "-t",
        "commit",
        "-w",
        "--stdin",
        stdin=raw.encode("utf-8", "surrogateescape"),
    ).text.strip()
    number = max((one.number for one in listed(repository)), default=0) + 1
    for attempt in range(number, number + _TRIES):
        if (
            repository.git(
                "update-ref", f"{REFS}/{attempt}", commit, "0" * len(commit), ok=()
            ).code
            == 0
        ):
            return Undo(attempt, ref, old, new, verb, when, pairs)
    raise GitError(
        "the undo record could not be written",
        hint=f"run `git for-each-ref {REFS}` to list the records",
    )


def listed(repository: Repository) -> tuple[Undo, ...]:
    """Returns all undo records, latest first."""
    done = repository.git("for-each-ref", "--format=%(refname) %(objectname)", REFS)
    result = []
    for line in done.text.splitlines():
        name, commit = line.split()
        number = name.rpartition("/")[2]
        if number.isascii() and number.isdigit():
            result.append(_read(repository, int(number), commit))
    return tuple(sorted(result, key=lambda one: -one.number))


def _read(repository: Repository, number: int, commit: str) -> Undo:
    message = repository.commit(commit).message
    try:
        facts = json.loads(message.partition("\n\n")[2])
        ref = facts["ref"]
        pairs = tuple((str(one), str(other)) for one, other in facts.get("commits", ()))
        return Undo(
            number,
            None if ref is None else str(ref),
            str(facts["old"]),
            str(facts["new"]),
            str(facts["verb"]),
            int(facts["when"]),
            pairs,
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(
            f"{REFS}/{number} is not an undo record",
            hint=f"run `git update-ref -d {REFS}/{number}` to remove the ref",
        ) from error
