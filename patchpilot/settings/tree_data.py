# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the rule packs, projects and subsystems that settings name, if the user trusts them.

They are data: no code of the tree runs for them. A tree's own ones are used after the user has
reviewed them, and only until they change.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits import private_config
from patchpilot.commits.private_config import Use, compute_digest, read_trusted_entries
from patchpilot.config import DATA, FILE_NAME, Settings, TreeFile
from patchpilot.errors import UsageError
from patchpilot.model.action import Action, Hint, UntrustedCommandsError
from patchpilot.resources import runs_in_ci
from patchpilot.settings.source import Source, list_tree_data, read_small_file, read_user_file

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import OwnPack


class UntrustedError(UsageError):
    """Raised if the user does not trust a tree's rule packs in their current form."""


def read_own_packs(settings: Settings, source: Source | None) -> "tuple[OwnPack, ...]":
    """Read the rule packs that the settings name.

    The user must trust the current form of a tree's packs, and they must be in the tree. In CI,
    packs of a revision are used without trust: it is the base, whose packs are data that the
    checked commits did not choose. Raise InputError for a pack that cannot be read,
    UntrustedError for untrusted packs of the tree, and UntrustedCommandsError if the repository's
    own configuration names packs that the user does not trust.
    """
    if source is not None:
        # packs that the repository's own configuration names must not be skipped without a word
        private_config.refuse_untrusted(source.top, Use.CHECK)
    paths = settings.list_value("packs")
    if source is not None and settings.data_from_tree:
        require_trust(settings, source)
    if not paths:
        return ()
    from patchpilot.lint.rule_store import read_pack

    if source is None or not settings.is_from_tree("packs"):
        top = source.top if source else Path()
        return tuple(read_pack(top / Path(path).expanduser()) for path in paths)
    return tuple(pack for pack in list_tree_data(settings, source) if pack.label in paths)


def read_trusted_packs(
    settings: Settings, source: Source | None
) -> "tuple[tuple[OwnPack, ...], str]":
    """Read the rule packs like `read_own_packs`, but skip a tree's untrusted packs.

    Return the packs and the reason for skipping some of them ("" if none were skipped).
    """
    try:
        return read_own_packs(settings, source), ""
    except (UntrustedError, UntrustedCommandsError) as error:
        return (), error.message


def read_conventions(settings: Settings, source: Source) -> tuple[TreeFile, ...]:
    """Read the project and subsystem files that the settings name.

    Raise errors like `read_own_packs`.
    """
    if settings.data_from_tree:
        require_trust(settings, source)
    files = []
    for kind in ("projects", "subsystems"):
        for path in settings.list_value(kind):
            if settings.is_from_tree(kind):
                data = read_small_file(source, path)
            else:
                data = read_user_file(source.top / Path(path).expanduser(), kind)
            files.append(TreeFile(kind, path, data))
    return tuple(files)


def require_trust(settings: Settings, source: Source) -> None:
    """Raise UntrustedError unless the user trusts the current content of the settings file and of
    the files with data that it names.

    A revision that the user named, and in CI the base, need no trust.
    """
    if source.trusted or (source.is_revision and runs_in_ci()):
        return
    packs = list_tree_data(settings, source)
    trusted = read_trusted_entries()
    if compute_digest(collect_files(source, packs)) in trusted:
        return
    names = ", ".join(pack.label for pack in packs)
    before = next(
        (entry["since"] for entry in trusted.values() if entry.get("label") == source.label),
        None,
    )
    state = f"changed since you trusted them on {before}" if before else "not trusted yet"
    used = [name for name in DATA if settings.is_from_tree(name) and settings.list_value(name)]
    commands = " and ".join(f"`git config patchpilot.{name} ''`" for name in used)
    disable_note = f"; {commands} {'disables' if len(used) == 1 else 'disable'} them here"
    noun = "rule packs" if used == ["packs"] else "rule packs and conventions"
    revision = ("--config-from", source.tree.label) if source.is_revision else ()
    action = Action("trust", revision, "`{}` shows and trusts them")
    raise UntrustedError(
        f"{source.label}: its {noun} are {state}: {names}",
        hint=Hint((action, disable_note)),
    )


def collect_files(source: Source, packs: "Sequence[OwnPack]") -> tuple[tuple[str, bytes], ...]:
    return (
        (FILE_NAME, read_small_file(source, FILE_NAME)),
        *((pack.label, pack.text) for pack in packs),
    )
