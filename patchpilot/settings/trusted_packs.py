# SPDX-License-Identifier: GPL-2.0-or-later
"""Ask the user to trust code that a tree names before it runs for the first time.

This code consists of rule packs in the tree's `.patchpilot.toml`, and of commands in the
repository's configuration and hooks. It runs only after the user has reviewed it, and only until it
changes. Hashes of the content are stored in the user's state directory. Therefore, other worktrees
with the same files need no new confirmation, and for packs, neither do other clones.
"""

from collections.abc import Iterable
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
from patchpilot.config import FILE_NAME
from patchpilot.errors import MissingError
from patchpilot.model.action import OwnCommand
from patchpilot.model.json_form import json_form
from patchpilot.settings.read_settings import read_settings
from patchpilot.settings.source import (
    Source,
    find_settings_source,
    list_tree_data,
    make_revision_source,
)
from patchpilot.settings.tree_data import collect_files

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


@json_form("path bytes=size")
@dataclass(frozen=True, slots=True)
class FileSize:
    """A file and its size in bytes."""

    path: str
    size: int


@json_form("configuration=label digest trusted files=sizes commands")
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


def find_revision_configuration(repository: "Repository", revision: str) -> TreeConfiguration:
    """Return the rule packs, projects and subsystems of a revision, with the settings that name
    them.

    Raise MissingError if the revision has no settings.
    """
    return read_tree_configuration(make_revision_source(repository, revision))


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
    has_settings = (
        source.tree.exists(FILE_NAME) if source.is_revision else (source.top / FILE_NAME).exists()
    )
    if not has_settings:
        raise MissingError(
            f"{source.tree.label if source.is_revision else source.top}: no {FILE_NAME}",
            hint="only trees with their own settings need to be trusted",
        )
    settings = read_settings(source=source, problems=[])
    packs = list_tree_data(settings, source)
    files = collect_files(source, packs)
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
