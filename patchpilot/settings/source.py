# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the files of a tree's settings, from a directory or a revision."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.config import FILE_NAME, Settings
from patchpilot.errors import InputError

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.lint.lint_context import OwnPack
    from patchpilot.model.source_tree import Tree

LARGEST = 1 << 20
"""Bytes of a tree's settings or rule pack: a larger one is not read."""


class Source(NamedTuple):
    """The place from which a tree's settings, and the rule packs that they name, are read.

    It is a directory (`top`) or the tree of a revision (`tree`). `trusted` is set if the user named
    the revision explicitly, which implies trust.
    """

    top: Path
    tree: "Tree"
    is_revision: bool = False
    trusted: bool = False

    @property
    def label(self) -> str:
        """Return the name of the settings file to show in messages."""
        return f"{self.tree.label}:{FILE_NAME}" if self.is_revision else str(self.top / FILE_NAME)


def find_settings_source(
    repository: "Repository | None", tree: Path | None = None
) -> Source | None:
    """Return the settings source for `tree`. Without `tree`, use the repository's working tree.
    Return None without either.
    """
    top = tree or (repository.top if repository else None)
    if top is None:
        return None
    from patchpilot.commits.tree_readers import DirectoryTree

    return Source(top, DirectoryTree(top))


def make_revision_source(
    repository: "Repository", revision: str, *, trusted: bool = False
) -> Source:
    """Return the settings source for a revision, independent of the working tree."""
    from patchpilot.commits.tree_readers import CommitTree

    return Source(
        repository.top,
        CommitTree(repository, repository.resolve(revision)),
        is_revision=True,
        trusted=trusted,
    )


def list_tree_data(settings: Settings, source: Source) -> "tuple[OwnPack, ...]":
    """Return the rule packs, projects and subsystems named in a tree's own settings file, whether
    trusted or not.
    """
    from patchpilot.lint.lint_context import OwnPack

    return tuple(OwnPack(path, read_small_file(source, path)) for path in settings.data_from_tree)


def read_user_file(file: Path, setting: str) -> bytes:
    """Read a file that the user's settings name."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {file}: {error.strerror or error}", hint=f"check the setting `{setting}`"
        ) from error


def read_small_file(source: Source, path: str) -> bytes:
    """Read a small regular file from the tree.

    Do not follow a symbolic link out of the tree.
    """
    label = source.label.removesuffix(FILE_NAME) + path
    hint = f"named in {source.label}" if path != FILE_NAME else f"replace or remove {label}"
    if not source.is_revision:
        try:
            if (source.top / path).stat().st_size > LARGEST:
                raise InputError(f"{label}: larger than {LARGEST >> 20} MiB", hint=hint)
        except OSError as error:
            raise InputError(
                f"cannot read {label}: {error.strerror or error}", hint=hint
            ) from error
    data = source.tree.read(path)
    if data is None:
        raise InputError(
            f"{label}: not a regular file inside the tree; links that lead out of the tree are"
            " not followed",
            hint=hint,
        )
    if len(data) > LARGEST:
        raise InputError(f"{label}: larger than {LARGEST >> 20} MiB", hint=hint)
    return data
