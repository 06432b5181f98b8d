# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the user to trust code that a tree names before it runs for the first time.

This code consists of rule packs in the tree's `.patchpilot.toml`, and of commands in the
repository's configuration and hooks. It runs only after the user has reviewed it, and only until it
changes. Hashes of the content are stored in the user's state directory. Therefore, other worktrees
with the same files need no new confirmation, and for packs, neither do other clones.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from patchpilot.commits import private_config
from patchpilot.commits.build_trust import list_build_changes, make_build_trust_item
from patchpilot.commits.private_config import (
    Use,
    compute_digest,
    list_own_commands,
    read_trusted_entries,
)
from patchpilot.config import DATA, FILE_NAME, Settings
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.action import Action, Hint, OwnCommand, UntrustedCommandsError
from patchpilot.model.json_form import json_form
from patchpilot.projects.loading import TreeFile
from patchpilot.resources import runs_in_ci
from patchpilot.settings.read_settings import (
    Source,
    find_settings_source,
    list_tree_data,
    read_settings,
    read_small_file,
    read_user_file,
)

if TYPE_CHECKING:
    from patchpilot.lint.lint_context import OwnPack


class UntrustedError(UsageError):
    """Raised if the user does not trust a tree's rule packs in their current form."""


@json_form("path", "bytes=size")
@dataclass(frozen=True, slots=True)
class FileSize:
    """A file and its size in bytes."""

    path: str
    size: int


@json_form("configuration=label", "digest", "trusted", "files=sizes", "commands")
@dataclass(frozen=True, slots=True)
class TreeConfiguration:
    """The configuration of a tree.

    It consists of files (path and content, settings first) and their hash. `commands` contains the
    commands in the repository's own configuration. `trusted` is true if the user trusts everything.
    """

    label: str
    files: tuple[tuple[str, bytes], ...]
    digest: str
    trusted: bool
    commands: tuple[OwnCommand, ...] = ()

    @property
    def sizes(self) -> tuple[FileSize, ...]:
        return tuple(FileSize(path, len(data)) for path, data in self.files)

    @property
    def needs_trust(self) -> bool:
        """Return whether the configuration names any rule pack or command. Other settings and
        waivers run no code.
        """
        return self.has_packs or bool(self.commands)

    @property
    def has_packs(self) -> bool:
        return len(self.files) > 1


def find_tree_configuration(
    directory: Path | None,
    *,
    repo: Path | None = None,
    tree: Path | None = None,
    build: bool = False,
    commits: str = "",
) -> TreeConfiguration:
    """Return the configuration of the tree that contains a directory.

    If `tree` is given, use this tree; if `repo` is given, use this repository. Outside of a
    repository, the directory itself is the tree. If `build` is set, include commands that run when
    the tree is built. If `commits` is a revision range, also include these commits' changes to such
    commands.
    """
    top = tree or _find_top(directory, repo)
    source = find_settings_source(None, top)
    assert source
    commands = _read_commands(top, build=build or bool(commits), commits=commits)
    if commands and not (top / FILE_NAME).exists():
        return TreeConfiguration(
            str(top), (), "", trusted=_are_trusted(commands), commands=commands
        )
    tree_configuration = read_tree_configuration(source)
    is_trusted = (tree_configuration.trusted or not tree_configuration.has_packs) and _are_trusted(
        commands
    )
    if commands:
        return replace(tree_configuration, trusted=is_trusted, commands=commands)
    return tree_configuration


def _read_commands(top: Path, *, build: bool, commits: str) -> tuple[OwnCommand, ...]:
    """Return the commands configured in the repository that contains a directory, if any."""
    from patchpilot.commits.repository import Repository

    try:
        with Repository.open(top) as repository:
            repository_top = repository.top
            commands = [*list_own_commands(repository_top, *Use)]
            if build:
                commands.append(make_build_trust_item(repository_top))
            if commits:
                ids = repository.rev_list("--reverse", "--end-of-options", commits)
                first, dots, _ = commits.partition("..")
                start = repository.resolve(first or "HEAD") if dots else None
                for id_ in ids:
                    commands += list_build_changes(repository_top, repository_top, id_, start)
            return tuple(dict.fromkeys(commands))
    except MissingError:
        return ()


def _are_trusted(commands: Iterable[OwnCommand]) -> bool:
    return {command.digest for command in commands} <= read_trusted_entries().keys()


def _find_top(directory: Path | None, repo: Path | None) -> Path:
    from patchpilot.commits.repository import Repository

    try:
        with Repository.open(directory or repo) as repository:
            return repository.top
    except MissingError:
        if directory and directory.is_dir():
            return directory
        raise


def read_tree_configuration(source: Source) -> TreeConfiguration:
    """Return the configuration of a source's tree.

    Raise MissingError if it has no settings.
    """
    if not source.is_revision and not (source.top / FILE_NAME).exists():
        raise MissingError(
            f"{source.top}: no {FILE_NAME}",
            hint="only trees with their own settings need to be trusted",
        )
    settings = read_settings(source=source, problems=[])
    packs = list_tree_data(settings, source)
    files = _collect_files(source, packs)
    digest = compute_digest(files)
    return TreeConfiguration(source.label, files, digest, digest in read_trusted_entries())


def trust_configuration(configuration: TreeConfiguration) -> None:
    """Record that the user trusts this content."""
    if configuration.has_packs:
        private_config.trust_digests({configuration.digest: configuration.label})
    trust_commands(configuration.commands)


def trust_commands(commands: Iterable[OwnCommand]) -> None:
    """Record that the user trusts these commands exactly as displayed."""
    private_config.trust_digests({command.digest: command.label for command in commands})


def revoke_trust(configuration: TreeConfiguration) -> int:
    """Revoke trust in all content of this tree and return the number of revoked entries."""
    # also revoke trust in commands that the repository no longer names
    starts = tuple({command.label.removesuffix(command.name) for command in configuration.commands})
    labels = [entry.get("label", "") for entry in read_trusted_entries().values()]
    packs = [label for label in labels if label == configuration.label or label.startswith(starts)]
    return private_config.forget_trust([configuration.digest], packs)


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
    if compute_digest(_collect_files(source, packs)) in trusted:
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
    same_packs = Action("", ("--config-from", "REV"), "{} names a revision whose packs you trust")
    action = same_packs if source.is_revision else Action("trust", (), "`{}` shows and trusts them")
    raise UntrustedError(
        f"{source.label}: its {noun} are {state}: {names}",
        hint=Hint((action, disable_note)),
    )


def _collect_files(source: Source, packs: "Sequence[OwnPack]") -> tuple[tuple[str, bytes], ...]:
    return (
        (FILE_NAME, read_small_file(source, FILE_NAME)),
        *((pack.label, pack.text) for pack in packs),
    )
