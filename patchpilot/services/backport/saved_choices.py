# SPDX-License-Identifier: GPL-2.0-or-later
"""Saves the user's choices for a fix's conflicts, so that the work can be resumed."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from patchpilot.backports.adapt.proposals import Proposal, Source
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError
from patchpilot.resources import state_folder, store_json
from patchpilot.services.backport.backport_result import BranchResult


@dataclass(frozen=True, slots=True)
class Choices:
    """The resolutions chosen for the conflicts of a fix on a branch's tip commit.

    `made` lists (conflict key, proposal) with the latest choice last, and `count` is the
    number of conflicts. `earlier` maps conflict keys to the proposals that were chosen for
    another version of the fix or another tip.
    """

    fix: str
    tip: str
    count: int = 0
    made: tuple[tuple[str, Proposal], ...] = ()
    earlier: Mapping[str, Proposal] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, Proposal]:
        """The latest chosen resolution of each conflict, by the conflict's key."""
        return dict(self.made)

    def take(self, conflict: str, proposal: Proposal) -> "Choices":
        """Returns the choices with one more, for the conflict with this key."""
        return replace(self, made=(*self.made, (conflict, proposal)))

    def undo(self) -> "Choices":
        """Returns the choices for a fix's conflicts without the latest one."""
        return replace(self, made=self.made[:-1])

    @property
    def words(self) -> str:
        """The number of conflicts with a choice, as text; empty if there are no choices."""
        return f"{len(self.chosen)} of {self.count} chosen" if self.made else ""


def read_choices(
    repository: Repository, fix: str, branch: BranchResult
) -> tuple[Choices, str]:
    """Returns the saved choices for a fix's conflicts, and the changes since they were made.

    If the fix or the branch changed, the saved choices are the `earlier` ones. The
    description of the changes is empty if neither changed or no choice was saved. Raises
    `InputError` if the file is damaged.
    """
    file = _file(repository, fix, branch)
    try:
        known = _load(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Choices(fix, branch.tip), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"cannot read {file}: {error}",
            hint=f"remove {file}; this discards your choices for the conflicts",
        ) from error
    changed = [
        f"{what} changed ({old[:12]} is now {new[:12]})"
        for what, old, new in (
            ("the fix", known.fix, fix),
            ("the branch", known.tip, branch.tip),
        )
        if old != new
    ]
    if not changed:
        return known, ""
    earlier = {**known.earlier, **known.chosen}
    return Choices(fix, branch.tip, earlier=earlier), " and ".join(
        changed
    ) if earlier else ""


def chosen_words(repository: Repository, fix: str, branch: BranchResult) -> str:
    """Returns the user's progress in resolving conflicts, or why the choices are stale.

    The text is empty if there are no choices or the file cannot be read.
    """
    try:
        choices, changed = read_choices(repository, fix, branch)
    except InputError:
        return ""
    return choices.words or (f"stale choices: {changed}" if changed else "")


def save_choices(
    repository: Repository, choices: Choices, branch: BranchResult
) -> None:
    """Writes the choices for a fix's conflicts to disk, or deletes the file if there are none."""
    data = asdict(choices) if choices.made or choices.earlier else None
    store_json(
        _file(repository, choices.fix, branch), data, "your choice was not saved"
    )


def _file(repository: Repository, fix: str, branch: BranchResult) -> Path:
    """The file for a fix on a branch: amending and rebasing, which give the fix another id, leave
    its author date alone.
    """
    commit = repository.commit(fix)
    of = f"{repository.common_dir.resolve()}\0{commit.author.email}\0{commit.authored.isoformat()}"
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", branch.version or branch.branch).strip(".-")
    digest = hashlib.sha256(of.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return state_folder() / "conflicts" / f"{digest}-{name}.json"


def _load(data: dict[str, Any]) -> Choices:
    earlier = {key: _proposal(one) for key, one in data["earlier"].items()}
    return Choices(
        data["fix"],
        data["tip"],
        int(data["count"]),
        tuple((key, _proposal(one)) for key, one in data["made"]),
        earlier,
    )


def _proposal(data: dict[str, Any]) -> Proposal:
    lines = None if data["lines"] is None else tuple(map(str, data["lines"]))
    known = {
        **data,
        "source": Source(data["source"]),
        "lines": lines,
        "steps": tuple(data["steps"]),
        "unknown": tuple(data["unknown"]),
    }
    return Proposal(**known)
