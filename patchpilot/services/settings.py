# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings of a call, for both front ends: read, validated and expanded here and nowhere else."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.config import FILE_NAME, FLAG, Settings, load, wrong_value
from patchpilot.errors import InputError, PatchpilotError, unknown

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.lint.store import OwnPack
    from patchpilot.services.checked import Wanted

LARGEST = 1 << 20
"""Bytes of a tree's settings or rule pack: a larger one is not read."""


def read_settings(
    repository: "Repository | None" = None,
    *,
    tree: Path | None = None,
    flags: Mapping[str, str | None] | None = None,
    problems: list[PatchpilotError] | None = None,
) -> Settings:
    """The settings in force: the file in `tree` (else in the repository's working tree), git's configuration, options.

    The first value that cannot be used is raised as UsageError or InputError that names its place; with `problems` all are put there instead.
    """
    top = tree or (repository.top if repository else None)
    text = None
    try:
        text = _tree_file(top) if top else None
    except InputError as error:
        _report(error, problems)
    found = load(
        text,
        repository.config_regexp(r"^patchpilot\.") if repository else {},
        flags,
        label=str((top or Path()) / FILE_NAME),
        problems=problems,
    )
    try:
        _known_profile(found)
    except PatchpilotError as error:
        _report(error, problems)
        found = replace(found, wrong=found.wrong | {"profile"})
    return found


def user_settings(
    where: Path | None = None, *, problems: list[PatchpilotError] | None = None, flags: Mapping[str, str | None] | None = None
) -> Settings:
    """The settings of git's configuration as git has it in a directory, inside a repository or outside of any; the defaults without git."""
    from patchpilot.commits.repository import config_values
    from patchpilot.errors import MissingError

    try:
        values = config_values(where, r"^patchpilot\.")
    except MissingError:
        values = {}
    return load(None, values, flags, problems=problems)


def check_request(settings: Settings, **more: Any) -> "Wanted":
    """What a check is asked for by these settings; `more` is what only this call says."""
    from patchpilot.services.checked import Wanted

    wanted: dict[str, Any] = {
        "profile": settings.get("profile"),
        "strict": settings.flag("strict"),
        "select": settings.words("select"),
        "ignore": settings.words("ignore"),
        "fail_on": settings.get("fail-on"),
        "max_line_length": settings.number("max-line-length"),
    }
    return Wanted(**{**wanted, **more})


def own_packs(settings: Settings, top: Path | None) -> "tuple[OwnPack, ...]":
    """The rule packs that the settings name, read. Those a tree names are in it, links followed; InputError names the one that cannot be read."""
    words = settings.words("packs")
    if not words:
        return ()
    from patchpilot.lint.store import OwnPack, read_pack

    if not settings.packs_from_tree or top is None:
        return tuple(read_pack((top or Path()) / Path(word).expanduser()) for word in words)
    return tuple(OwnPack(word, _in_tree(top, word, settings.label)) for word in words)


def _tree_file(top: Path) -> str | None:
    """The text of the tree's settings, None where it has none."""
    if not (top / FILE_NAME).is_symlink() and not (top / FILE_NAME).is_file():
        return None
    data = _in_tree(top, FILE_NAME, str(top))
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{top / FILE_NAME}: not UTF-8: {error.reason}", hint=f"fix or remove {top / FILE_NAME}") from error


def _in_tree(top: Path, path: str, named_in: str) -> bytes:
    """A small regular file of the tree; a link that leads out of the tree is not followed."""
    from patchpilot.commits.tree import DirectoryTree

    place = top / path
    try:
        large = place.stat().st_size > LARGEST
    except OSError as error:
        raise InputError(f"{place}: {error.strerror or error}", hint=f"named in {named_in}") from error
    if large:
        raise InputError(f"{place}: larger than {LARGEST >> 20} MiB", hint=f"named in {named_in}")
    data = DirectoryTree(top).read(path)
    if data is None:
        raise InputError(
            f"{place}: not a regular file inside the tree", hint=f"named in {named_in}; links out of the tree are not followed"
        )
    return data


def _known_profile(settings: Settings) -> None:
    setting = settings.of("profile")
    if not setting.value:
        return
    from patchpilot.lint.profiles import profiles

    known = tuple(profiles())
    if setting.value not in known and setting.origin == FLAG:
        raise unknown("profile", setting.value, known)
    if setting.value not in known:
        raise wrong_value("profile", setting.value, setting.origin, f"is none of {', '.join(known)}", known)


def _report(error: PatchpilotError, problems: list[PatchpilotError] | None) -> None:
    if problems is None:
        raise error
    problems.append(error)
