# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the settings for a command or the TUI.

No other module reads, validates or expands settings.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from patchpilot.config import (
    B4_ARCHIVE,
    DEFAULT,
    FILE_NAME,
    FLAG,
    Settings,
    load_settings,
    raise_or_store,
    wrong_value_error,
)
from patchpilot.errors import InputError, PatchpilotError, UsageError, unknown_word_error
from patchpilot.settings.source import (
    Source,
    find_settings_source,
    read_small_file,
)

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.model.send_request import SendRequest

_OPTION_NOUNS = {"profile": "project", "via": "transport"}
"""What the value of an option names, for messages."""
DEMO_INBOX = "inbox.mbox"
"""The newcomer's mailbox, in the sandbox's directory."""
_READ = rf"^patchpilot\.|^{B4_ARCHIVE}$"


def is_in_demo() -> bool:
    """Return whether patchpilot runs in the demo's sandbox, where some advice does not apply."""
    return bool(os.environ.get("PATCHPILOT_DEMO"))


def find_demo_inbox() -> Path | None:
    """Return the newcomer's mailbox in the sandbox, or None outside of the demo.

    It contains the messages of the last send only, because `git am` applies all messages of a file.
    """
    root = os.environ.get("PATCHPILOT_DEMO")
    return Path(root) / DEMO_INBOX if root else None


def is_in_demo_tour() -> bool:
    """Return whether the user's own shell is outside the sandbox, as in the demo's guided workflow.

    Commands that send mail must not be proposed there. In the sandbox's shell, they reach the
    sandbox's mail server only.
    """
    return is_in_demo() and not os.environ.get("PATCHPILOT_DEMO_SHELL")


def read_tracked_file(repository: "Repository", source: Source, file: Path) -> bytes | None:
    """Return a file's content in the source's revision.

    Return b"" if the file is tracked but the revision lacks it, and None if it is not tracked. A
    file is tracked if the revision, the index or HEAD contains the file, or the target of its
    symbolic links.
    """
    top = repository.top.resolve()
    candidates = [
        Path(os.path.normpath(Path.cwd() / file)),
        Path(os.path.realpath(file.parent)) / file.name,
        Path(os.path.realpath(file)),
    ]
    paths = dict.fromkeys(
        candidate.relative_to(top).as_posix()
        for candidate in candidates
        if candidate.is_relative_to(top)
    )
    for path in paths:
        if (data := source.tree.read(path)) is not None:
            return data
    if not paths:
        return None
    pathspecs = ["--", *(f":(top,literal){path}" for path in paths)]
    if repository.git("ls-files", "-z", *pathspecs).text:
        return b""
    if repository.git("ls-tree", "-z", "--full-tree", "HEAD", "--", *paths, ok=()).text:
        return b""
    return None


def read_settings(
    repository: "Repository | None" = None,
    *,
    source: Source | None = None,
    flags: Mapping[str, str | None] | None = None,
    problems: list[PatchpilotError] | None = None,
) -> Settings:
    """Return the effective settings from the tree's file, git's configuration and the options.

    The tree's file is read from `source`; the default is the repository's working tree. The first
    invalid value raises a UsageError or InputError that names its location. If `problems` is given,
    append all errors to this list instead.
    """
    source = source or find_settings_source(repository)
    text = None
    try:
        text = _read_tree_file(source) if source else None
    except InputError as error:
        raise_or_store(error, problems)
    values = _read_git_config(repository) if repository else {}
    settings = load_settings(
        text,
        values,
        flags,
        label=source.label if source else FILE_NAME,
        problems=problems,
    )
    unusable = None
    if source and any(settings.list_value(kind) for kind in ("projects", "subsystems")):
        settings, unusable = _add_tree_files(settings, source)
    use_tree_files_of(settings)
    if unusable and not isinstance(unusable, UsageError):
        raise_or_store(unusable, problems)
    for name, list_names in (("profile", _list_profiles), ("via", _list_transports)):
        if problem := _unknown_value_error(settings, name, list_names):
            # a project of the tree is unknown until the user trusts its file
            problem = unusable or problem if name == "profile" else problem
            raise_or_store(problem, problems)
            settings = settings._replace(wrong=settings.wrong | {name})
    return settings


def read_user_settings(
    location: "Path | Repository | None" = None,
    *,
    problems: list[PatchpilotError] | None = None,
    flags: Mapping[str, str | None] | None = None,
) -> Settings:
    """Return the settings from git's configuration for a repository or directory.

    Without git, return the defaults.
    """
    from patchpilot.commits.private_config import read_config_values
    from patchpilot.errors import MissingError

    try:
        if location is None or isinstance(location, Path):
            values = read_config_values(location, _READ)
        else:
            values = _read_git_config(location)
    except MissingError:
        values = {}
    return load_settings(None, values, flags, problems=problems)


def make_send_request(settings: Settings, **other_fields: Any) -> "SendRequest":
    """Return the send request with these settings and the given fields."""
    from patchpilot.model.send_request import SendRequest

    return SendRequest(
        **{
            "via": settings.get("via"),
            "profile": settings.get("profile"),
            **other_fields,
        }
    )


def _add_tree_files(settings: Settings, source: Source) -> tuple[Settings, PatchpilotError | None]:
    """Return the settings with the projects and subsystems that they name, and without them the
    error if they cannot be used.
    """
    from patchpilot.projects.loading import projects, subsystems
    from patchpilot.settings.tree_data import read_conventions

    try:
        with_files = settings._replace(tree_files=read_conventions(settings, source))
        use_tree_files_of(with_files)
        projects()
        subsystems()
    except PatchpilotError as error:
        return settings, error
    return with_files, None


def use_tree_files_of(settings: Settings) -> None:
    """Use the projects and subsystems of these settings in this thread or task, until others are
    used there.

    A process that serves several trees calls this before each request.
    """
    if settings.tree_files or "patchpilot.projects.loading" in sys.modules:
        from patchpilot.projects.loading import use_tree_files

        use_tree_files(settings.tree_files)


def share_tree_files_of(settings: Settings) -> None:
    """Use the projects and subsystems of these settings in all threads and tasks without others."""
    if settings.tree_files or "patchpilot.projects.loading" in sys.modules:
        from patchpilot.projects.loading import share_tree_files

        share_tree_files(settings.tree_files)


def _read_git_config(repository: "Repository") -> dict[str, tuple[str, ...]]:
    values = repository.config_regexp(_READ)
    if B4_ARCHIVE not in values:
        from patchpilot.commits.b4_prep import read_b4_values

        values[B4_ARCHIVE] = read_b4_values(repository, B4_ARCHIVE)
    return values


def _read_tree_file(source: Source) -> str | None:
    if not source.is_revision:
        file = source.top / FILE_NAME
        if not file.is_symlink() and not file.is_file():
            return None
    elif not source.tree.exists(FILE_NAME):
        return None
    try:
        return read_small_file(source, FILE_NAME).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{source.label}: not UTF-8: {error.reason}",
            hint=f"fix or remove {source.label}",
        ) from error


def _unknown_value_error(
    settings: Settings, name: str, known_names: Callable[[], Sequence[str]]
) -> PatchpilotError | None:
    """Return the error for a setting that names an unknown profile, rule or transport, or None if
    the name is known.
    """
    setting = settings.of(name)
    if not setting.value or setting.origin == DEFAULT:
        return None
    valid_names = known_names()
    if setting.value in valid_names:
        return None
    if setting.origin == FLAG:
        return unknown_word_error(_OPTION_NOUNS[name], setting.value, valid_names)
    return wrong_value_error(
        name,
        setting.value,
        setting.origin,
        f"is not one of {', '.join(valid_names)}",
        valid_names,
    )


def _list_profiles() -> Sequence[str]:
    from patchpilot.projects.loading import projects

    return tuple(projects())


def _list_transports() -> Sequence[str]:
    from patchpilot.outgoing.transports import list_transport_names

    return list_transport_names()


def read_user_pager() -> str | None:
    """Return core.pager from the user's git configuration.

    The repository's own configuration is ignored.
    """
    from patchpilot.commits.git_command import git

    result = git(None, "config", "--global", "--get", "core.pager", ok=(0, 1))
    return result.text.strip() or None
