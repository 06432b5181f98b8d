# SPDX-License-Identifier: GPL-2.0-or-later
"""The settings and hooks of a repository that act, which need the user's trust.

A setting acts if it is not plain data (`plain_settings`): it names a command, a path, a server or
a recipient. It counts only if the user has trusted it in its current form. git's `safe.directory`
blocks repositories of other users, but not a repository that was unpacked or copied. What the
user's own configuration and the environment name needs no trust.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from patchpilot.commits import trust_store
from patchpilot.commits.git_config import (
    OWN_SCOPES,
    ConfigEntry,
    all_entries,
    by_key,
    config_entry,
    matching,
)
from patchpilot.commits.hook_scripts import B4_KEY, b4_command, hook_script
from patchpilot.commits.places import common_dir_of
from patchpilot.commits.plain_settings import is_plain
from patchpilot.commits.run import git
from patchpilot.model.action import Action, Hint
from patchpilot.model.own_command import OwnCommand, UntrustedCommandsError


class Use(StrEnum):
    """The operations of patchpilot that use settings which act."""

    MAIL = "mail"
    B4 = "b4"
    LOGIN = "login"
    EDIT = "edit"
    FILES = "files"
    COMMIT = "commit"
    FETCH = "fetch"
    ARCHIVE = "archive"


_SIGNING = r"gpg\..+|user\.signingkey"
_SETTINGS = {
    # git runs an alias where git-send-email is not installed
    Use.MAIL: r"sendemail\..+|imap\..+|alias\.send-email(?:\.command)?"
    r"|format\.(?:to|cc|headers|attach|signaturefile)",
    Use.B4: rf"b4\..+|patatt\..+|{_SIGNING}",
    Use.LOGIN: r"credential\..+|core\.askpass",
    Use.EDIT: r"core\.editor|sequence\.editor",
    Use.FILES: r"filter\..+",
    Use.COMMIT: _SIGNING,
    Use.FETCH: r"core\.(?:sshcommand|gitproxy)|url\..+"
    r"|remote\..+\.(?:uploadpack|vcs|proxy|url)",
    Use.ARCHIVE: r"patchpilot\.(?:lore|mailbox)|b4\.(?:mid|search|link)mask",
}
"""The sections whose acting settings an operation needs. An acting setting that no operation needs
is never given to git.
"""
_HOOKS = {
    Use.MAIL: ("sendemail-validate",),
    Use.COMMIT: (
        "pre-commit",
        "prepare-commit-msg",
        "commit-msg",
        "post-commit",
        "post-rewrite",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
    ),
}
_HOOKS_KEY = "core.hookspath"
_B4_FILE = ".b4-config"
_OPTIONS = "norolestats|nol|nom|nor|no-git-fallback"
_PROGRAM = "patchpilot"
_RECIPIENTS = re.compile(
    rf"{_PROGRAM} maintainers --format get_maintainer(?: --(?:{_OPTIONS}))*"
)
"""What docs/how-to/use-with-git-send-email.md sets: nothing else may be in such a command."""
_WORD = re.compile(r"[^\s'\"=;|&()<>`$]+")


def refuse_untrusted(top: Path, *uses: Use) -> None:
    """Raise `UntrustedCommandsError` if an operation needs an untrusted setting or hook.

    Only what the repository itself configures needs trust.
    """
    commands = untrusted(top, *uses)
    if not commands:
        return
    labels = {command.label for command in commands}
    known = trust_store.trusted().values()
    dates = [entry["since"] for entry in known if entry.get("label") in labels]
    state = (
        f"changed since you trusted them on {max(dates)}"
        if dates
        else "are not trusted yet"
    )
    names = ", ".join(dict.fromkeys(command.name for command in commands))
    place = () if Path.cwd().is_relative_to(top) else (str(top),)
    shows = Action("trust", place, "`{}` shows and trusts them")
    hint = Hint((shows, "; your own belong in `git config --global`"))
    message = f"commands and mail settings that {top} names itself {state}: {names}"
    raise UntrustedCommandsError(message, hint=hint, commands=commands)


def build_command(top: Path) -> OwnCommand:
    """Return the command for building a tree, as an item that the user can trust.

    The trust applies to the location of the tree. It does not depend on the content, which
    changes with every commit.
    """
    name = "build"
    label = f"{common_dir_of(top).resolve()}: {name}"
    text = (
        "make, with the Makefiles, Kconfig files and scripts of this tree and of every commit"
        " that is built"
    )
    digest = trust_store.digest_of([(label, text.encode())])
    return OwnCommand(name, str(top / "Makefile"), text, digest, label)


def may_build(top: Path) -> bool:
    """Return whether the user has permitted builds of this tree."""
    return build_command(top).digest in trust_store.trusted()


def refuse_untrusted_build(top: Path) -> None:
    """Raise `UntrustedCommandsError` if the user has not permitted builds of this tree."""
    if may_build(top):
        return
    command = build_command(top)
    place = () if Path.cwd().is_relative_to(top) else (str(top),)
    shows = Action("trust", ("--build", *place), "if you would run `make` in it: `{}`")
    message = f"building runs code of the tree, and {top} is not trusted for that yet"
    raise UntrustedCommandsError(message, hint=Hint((shows,)), commands=(command,))


def untrusted(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return the repository's commands that the user has not trusted in their current form.

    See `own_commands` for the commands that are considered.
    """
    commands = own_commands(top, *uses)
    known = trust_store.trusted() if commands else {}
    return tuple(command for command in commands if command.digest not in known)


def own_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return the acting settings and hooks of a repository for the given operations.

    What patchpilot installs or documents is not included.
    """
    entries = all_entries(top)
    settings = [entry for entry in entries if is_acting(entry, *uses)]
    if Use.B4 in uses or Use.ARCHIVE in uses:
        pattern = re.compile("|".join(_SETTINGS[use] for use in uses))
        of_tree = (one for one in b4_file_entries(top) if pattern.fullmatch(one.key))
        settings += [one for one in of_tree if _needs_trust(one)]
    hooks = tuple(dict.fromkeys(hook for use in uses for hook in _HOOKS.get(use, ())))
    if not settings and not hooks:
        return ()
    place = _Place(top, common_dir_of(top).resolve())
    found = [place.setting(entry) for entry in settings]
    found += place.hooks(hooks) if hooks else ()
    return tuple(dict.fromkeys(found))


def is_acting(entry: ConfigEntry, *uses: Use) -> bool:
    """Return whether a repository's own setting acts in an operation, by default in any."""
    if entry.scope not in OWN_SCOPES:
        return False
    key = entry.key
    if key.startswith("patchpilot."):
        # git's configuration may have the hyphens of our names or not
        key = key.replace("-", "")
    pattern = "|".join(_SETTINGS[use] for use in uses or Use)
    return (
        bool(re.fullmatch(pattern, key, re.DOTALL))
        and not is_plain(entry.key, entry.value)
        and _needs_trust(entry)
    )


def _needs_trust(entry: ConfigEntry) -> bool:
    """Return whether a setting that may act is neither empty nor what patchpilot documents."""
    return bool(entry.value) and not is_documented(entry)


def is_documented(entry: ConfigEntry) -> bool:
    """Return whether a setting names patchpilot itself, as its documentation says."""
    if entry.key == B4_KEY:
        return entry.value == b4_command()
    names_command = entry.key.startswith(("sendemail.", "b4."))
    return names_command and bool(_RECIPIENTS.fullmatch(entry.value))


_counted: dict[Path, tuple[tuple[ConfigEntry, ...], str, tuple[ConfigEntry, ...]]] = {}
"""Directory → its settings, the state of what is trusted, and the settings that count."""


def counted_entries(top: Path, *, tolerant: bool = False) -> tuple[ConfigEntry, ...]:
    """Return the settings that count in a directory, in git's order.

    They are the user's, and of the repository's own the plain ones, those that patchpilot
    documents, and those that the user trusts. Raises `GitError` as `all_entries` does.
    """
    entries = all_entries(top, tolerant=tolerant)
    trust = trust_store.state()
    known = _counted.get(top)
    if known is None or known[0] is not entries or known[1] != trust:
        counted = tuple(_counting(top, entries))
        known = _counted[top] = (entries, trust, counted)
    return known[2]


def _counting(top: Path, entries: Sequence[ConfigEntry]) -> Iterator[ConfigEntry]:
    acting = {entry for entry in entries if is_acting(entry)}
    trusted = trust_store.trusted() if acting else {}
    place = _Place(top, common_dir_of(top).resolve()) if trusted else None
    for entry in entries:
        if _counts_untrusted(entry) or (
            place and entry in acting and place.setting(entry).digest in trusted
        ):
            yield entry


def config_values(where: Path | None, pattern: str) -> dict[str, tuple[str, ...]]:
    """Return key → values for the keys that match `pattern` and count in a directory.

    The default is the current directory, which may be in or outside a repository. The result is
    empty if git cannot read its configuration. Raises `MissingError` if git is not installed.
    """
    entries = counted_entries(where or Path.cwd(), tolerant=True)
    return matching(by_key(entries), pattern)


def _counts_untrusted(entry: ConfigEntry) -> bool:
    return (
        entry.scope not in OWN_SCOPES
        or is_plain(entry.key, entry.value)
        or is_documented(entry)
    )


def trusted_hooks(top: Path) -> dict[str, bytes]:
    """Return the hooks of a repository that may run: patchpilot's own and the trusted ones.

    The result maps names to contents, so that what was checked is what runs.
    """
    place = _Place(top, common_dir_of(top).resolve())
    names = [name for names in _HOOKS.values() for name in names]
    files = {name: _read(file) for name, file in place.hook_files(names)}
    known = trust_store.trusted() if files else {}
    waiting = {
        command.name.removeprefix("hook ")
        for command in place.hooks(names)
        if command.digest not in known
    }
    return {name: text for name, text in files.items() if name not in waiting}


def hooks_folder(top: Path) -> Path:
    """Return the folder from which git runs hooks; relative only in a bare repository."""
    common = common_dir_of(top)
    named = [one.value for one in all_entries(top) if one.key == _HOOKS_KEY]
    if not named:
        return common / "hooks"
    # git's own expansion of ~ and %(prefix)
    key = "patchpilot.path"
    words = ("-c", f"{key}={named[-1]}", "config", "--type=path", "-z", "--get", key)
    path = Path(git(top, *words, raw=True).text.rstrip("\0"))
    return path if top == common else top / path


def b4_file_entries(top: Path) -> list[ConfigEntry]:
    """Return the settings in the tree's `.b4-config`, which b4 reads."""
    file = top / _B4_FILE
    if not file.is_file():
        return []
    done = git(
        top, "config", "--file", str(file), "--no-includes", "--list", "-z", ok=()
    )
    settings = [word for word in done.text.split("\0") if word]
    return [config_entry(OWN_SCOPES[0], _B4_FILE, setting) for setting in settings]


def _read(file: Path) -> bytes:
    """Return a hook's content, or b"" if only git may read it."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


class _Place(NamedTuple):
    """A repository: its working tree and its common directory."""

    top: Path
    common: Path

    def setting(self, entry: ConfigEntry) -> OwnCommand:
        """Return the command that a setting configures."""
        return self._command(entry.key, entry.file, entry.value)

    def hooks(self, names: Sequence[str]) -> Iterator[OwnCommand]:
        """Yield the hooks that git would run, except hooks installed by patchpilot."""
        for name, file in self.hook_files(names):
            content = _read(file)
            if content != hook_script(name).encode():
                text = content.decode("utf-8", "surrogateescape")
                yield self._command(f"hook {name}", str(file), text)

    def hook_files(self, names: Sequence[str]) -> Iterator[tuple[str, Path]]:
        """Yield the name and file of each hook that the repository has."""
        if not self._has_own_hooks():
            return
        folder = hooks_folder(self.top)
        for name in names:
            file = folder / name
            if file.is_file() and os.access(file, os.X_OK):
                yield name, file

    def _has_own_hooks(self) -> bool:
        """Return whether the repository, and not the user, names the folder of its hooks."""
        named = [one for one in all_entries(self.top) if one.key == _HOOKS_KEY]
        return not named or named[-1].scope in OWN_SCOPES

    def _command(self, name: str, file: str, text: str) -> OwnCommand:
        label = f"{self.common}: {name}"
        parts = [
            (label, text.encode("utf-8", "surrogateescape")),
            *self._contents(text),
        ]
        return OwnCommand(name, file, text, trust_store.digest_of(parts), label)

    def _contents(self, text: str) -> Iterator[tuple[str, bytes]]:
        """Yield the repository's files that a command names, each with its content's digest."""
        for word in dict.fromkeys(_WORD.findall(text)):
            with suppress(OSError, ValueError, RuntimeError):
                file = self.top / Path(word).expanduser()
                if file.is_file() and self._has(file):
                    with file.open("rb") as content:
                        yield word, hashlib.file_digest(content, "sha256").digest()

    def _has(self, file: Path) -> bool:
        folders = (self.top, self.common)
        names = (Path(os.path.normpath(file)), file.resolve())
        return any(name.is_relative_to(folder) for name in names for folder in folders)
