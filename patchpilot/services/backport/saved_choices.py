# SPDX-License-Identifier: GPL-2.0-or-later
"""What was chosen for the conflicts of a fix on a branch, saved after each choice: half-way done,
it is there again later.
"""

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
    """The choices for a fix (an id) on a branch's tip, the latest last: (key of the conflict,
    proposal). `count` is the number of conflicts.

    `earlier` are those that were made for another fix or tip: key of the conflict → proposal.
    """

    fix: str
    tip: str
    count: int = 0
    made: tuple[tuple[str, Proposal], ...] = ()
    earlier: Mapping[str, Proposal] = field(default_factory=dict)

    @property
    def chosen(self) -> dict[str, Proposal]:
        """Key of a conflict → what was chosen last for it."""
        return dict(self.made)

    def take(self, conflict: str, proposal: Proposal) -> "Choices":
        """With a choice more."""
        return replace(self, made=(*self.made, (conflict, proposal)))

    def undo(self) -> "Choices":
        """Without the latest choice."""
        return replace(self, made=self.made[:-1])

    @property
    def words(self) -> str:
        """How far it is, "" where nothing was chosen."""
        return f"{len(self.chosen)} of {self.count} chosen" if self.made else ""


def read_choices(
    repository: Repository, fix: str, branch: BranchResult
) -> tuple[Choices, str]:
    """The saved choices, and what changed since they were made: they are `earlier` ones then; ""
    where nothing did, or nothing is saved.
    """
    file = _file(repository, fix, branch)
    try:
        known = _load(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Choices(fix, branch.tip), ""
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"cannot read {file}: {error}",
            hint=f"remove {file}; this loses what you chose for the conflicts",
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
    """How far the choices are, and what changed since they were made; "" where there are none, or
    they cannot be read.
    """
    try:
        choices, changed = read_choices(repository, fix, branch)
    except InputError:
        return ""
    return choices.words or (f"stale choices: {changed}" if changed else "")


def save_choices(
    repository: Repository, choices: Choices, branch: BranchResult
) -> None:
    """Save the choices; on disk when this returns. Without any, the file is deleted."""
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
