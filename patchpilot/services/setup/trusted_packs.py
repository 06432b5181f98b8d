# SPDX-License-Identifier: GPL-2.0-or-later
"""Trust on first use: the rule packs that a tree's own `.patchpilot.toml` names run after the user has seen them, and only as they were seen.

What is remembered is a hash of the content, in the user's state directory: a worktree or a clone with the same files need not be trusted again.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.config import FILE_NAME, Settings
from patchpilot.errors import InputError, MissingError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.services.settings import Source, packs_of_tree, read_settings, read_small, source_of

if TYPE_CHECKING:
    from patchpilot.lint.rule_store import OwnPack


class UntrustedError(UsageError):
    """Rule packs of a tree that the user has not trusted, or that changed since."""


@dataclass(frozen=True, slots=True)
class TreeConfiguration:
    """What a tree configures: its files (path and content, the settings first), the hash of all of it, and whether the user trusts that."""

    label: str
    files: tuple[tuple[str, bytes], ...]
    digest: str
    trusted: bool

    @property
    def needs_trust(self) -> bool:
        """Whether it names rule packs: settings and waivers alone run nothing."""
        return len(self.files) > 1


def configuration_of(directory: Path | None, *, repo: Path | None = None, tree: Path | None = None) -> TreeConfiguration:
    """What the tree around a directory configures (`tree` names another, `repo` a repository); the directory itself outside a repository."""
    source = source_of(None, tree or _top(directory, repo))
    assert source
    return configuration(source)


def _top(directory: Path | None, repo: Path | None) -> Path:
    from patchpilot.commits.repository import Repository

    try:
        with Repository.open(directory or repo) as repository:
            return repository.top
    except MissingError:
        if directory and directory.is_dir():
            return directory
        raise


def configuration(source: Source) -> TreeConfiguration:
    """What the tree of a source configures; MissingError where it has no settings."""
    if not source.is_revision and not (source.top / FILE_NAME).exists():
        raise MissingError(f"{source.top}: no {FILE_NAME}", hint="only trees with their own settings need to be trusted")
    settings = read_settings(source=source)
    packs = packs_of_tree(settings, source) if settings.packs_from_tree else ()
    files = _files(source, packs)
    digest = _digest(files)
    return TreeConfiguration(source.label, files, digest, digest in _known())


def trust(configuration: TreeConfiguration) -> None:
    """Remember that the user trusts this content."""
    _write({**_known(), configuration.digest: {"label": configuration.label, "since": f"{date.today():%Y-%m-%d}"}})


def revoke(configuration: TreeConfiguration) -> int:
    """Forget every content that was trusted for this tree; how many there were."""
    known = _known()
    left = {
        digest: entry for digest, entry in known.items() if digest != configuration.digest and entry.get("label") != configuration.label
    }
    _write(left)
    return len(known) - len(left)


def own_packs(settings: Settings, source: Source | None) -> "tuple[OwnPack, ...]":
    """The rule packs that the settings name, read. Those that a tree names are in it, and the user has trusted them as they are now.

    InputError names the one that cannot be read, UntrustedError those nobody trusted.
    """
    words = settings.words("packs")
    if not words:
        return ()
    from patchpilot.lint.rule_store import read_pack

    if not settings.packs_from_tree or source is None:
        top = source.top if source else Path()
        return tuple(read_pack(top / Path(word).expanduser()) for word in words)
    found = packs_of_tree(settings, source)
    if not source.trusted:
        verify(source, found)
    return found


def packs_if_trusted(settings: Settings, source: Source | None) -> "tuple[tuple[OwnPack, ...], str]":
    """As `own_packs`, but without those of a tree that nobody trusted, and then why not; else ""."""
    try:
        return own_packs(settings, source), ""
    except UntrustedError as error:
        return (), error.message


def verify(source: Source, packs: "Sequence[OwnPack]") -> None:
    """UntrustedError unless the user trusts these packs and the settings that name them, as they are."""
    known = _known()
    if _digest(_files(source, packs)) in known:
        return
    names = ", ".join(pack.label for pack in packs)
    before = next((entry["since"] for entry in known.values() if entry.get("label") == source.label), None)
    state = f"changed since you trusted them on {before}" if before else "not trusted yet"
    without = "; `git config patchpilot.packs ''` disables them"
    named = Action("", ("--config-from", "REV"), "{} names a revision whose packs you trust")
    way = named if source.is_revision else Action("trust", (), "`{}` shows and trusts them")
    raise UntrustedError(f"{source.label}: its rule packs are {state}: {names}", hint=Hint((way, without)))


def _files(source: Source, packs: "Sequence[OwnPack]") -> tuple[tuple[str, bytes], ...]:
    return ((FILE_NAME, read_small(source, FILE_NAME)), *((pack.label, pack.text) for pack in packs))


def _digest(files: Sequence[tuple[str, bytes]]) -> str:
    whole = hashlib.sha256()
    for name, data in files:
        whole.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return whole.hexdigest()


def _file() -> Path:
    from patchpilot.series.topic_database import state_folder

    return state_folder() / "trusted.json"


def _known() -> dict[str, dict[str, Any]]:
    with suppress(OSError, ValueError):
        data = json.loads(_file().read_text(encoding="utf-8"))
        if isinstance(data, dict):
            return {digest: entry for digest, entry in data.items() if isinstance(entry, dict) and isinstance(entry.get("since"), str)}
    return {}


def _write(known: dict[str, dict[str, Any]]) -> None:
    file = _file()
    fresh = file.with_suffix(".new")
    try:
        fresh.write_text(json.dumps(known, indent=1), encoding="utf-8")
        fresh.replace(file)
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror or error}", hint="set XDG_STATE_HOME to a writable directory") from error
