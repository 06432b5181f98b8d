# SPDX-License-Identifier: GPL-2.0-or-later
"""The commands in a repository's own configuration and hooks, which need the user's trust.

Settings that determine who receives mail and passwords are treated in the same way. They
are used only if the user has trusted them in their current form. git's `safe.directory`
blocks repositories of other users, but not a repository that was unpacked or copied.
Commands in the global and system configuration and in the environment belong to the user
and need no trust.
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
from patchpilot.commits.git_config import ConfigEntry, config_entries, config_entry
from patchpilot.commits.git_reading import common_dir_of
from patchpilot.commits.hook_scripts import B4_KEY, b4_command, hook_script
from patchpilot.commits.run import git
from patchpilot.model.action import Action, Hint
from patchpilot.model.hosts import LOOPBACK
from patchpilot.model.own_command import OwnCommand, UntrustedCommandsError


class Use(StrEnum):
    """The operations of patchpilot that may run commands from git's configuration."""

    MAIL = "mail"
    SERVER = "server"
    ALIASES = "aliases"
    B4 = "b4"
    LOGIN = "login"
    EDIT = "edit"
    FILES = "files"
    COMMIT = "commit"
    FETCH = "fetch"


_GPG = r"gpg\.(?:.+\.)?program|gpg\.ssh\.defaultkeycommand"
_SERVER = r"sendemail\.(?:.+\.)?smtpserver"
_CONNECTION = r"sendemail\.(?:.+\.)?smtp(?:serverport|encryption|ssl|sslcertpath|auth)"
_ENDPOINT = r"b4\.send-endpoint-web"
_B4_ADDRESSES = r"b4\.send-series-(?:to|cc)|b4\.(?:mid|search|link)mask"
"""Settings of b4 that name recipients and archives: they need trust in the tree's own file only."""
_KEYS = {
    # git runs an alias where git-send-email is not installed
    Use.MAIL: r"sendemail\.(?:.+\.)?(?:(?:to|cc|header|sendmail)cmd|smtpserveroption)"
    r"|imap\.tunnel|alias\.send-email(?:\.command)?",
    Use.SERVER: rf"{_SERVER}|{_CONNECTION}|sendemail\.(?:.+\.)?(?:imapsentfolder|useimaponly)"
    r"|imap\.(?:host|port|sslverify|authmethod)",
    Use.ALIASES: r"sendemail\.alias(?:esfile|filetype)",
    Use.B4: rf"b4\..*(?:cmd|hook|bin)|{_ENDPOINT}|patatt\.(?:.+\.)?(?:gpg|ssh-keygen)-bin|{_GPG}",
    Use.LOGIN: r"credential\.(?:.+\.)?helper|core\.askpass",
    Use.EDIT: r"core\.editor",
    Use.FILES: r"filter\..+\.(?:clean|smudge|process)",
    Use.COMMIT: rf"core\.fsmonitor|{_GPG}",
    Use.FETCH: r"core\.(?:sshcommand|gitproxy|alternaterefscommand)|protocol\.(?:ext\.)?allow"
    r"|remote\..+\.(?:uploadpack|vcs|url)|url\..+\.insteadof",
}
"""The settings that name commands, or to whom mail goes, as `git config --list` writes them."""
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
_LEGACY_REMOTES = ("remotes", "branches")
"""The folders with a file for each remote, from before git's configuration had them."""
OWN_SCOPES = ("local", "worktree")
"""The scopes of what a repository's own files set."""
_B4_FILE = ".b4-config"
_HELPER = "::"
"""What URLs of remote helpers have, such as ext::COMMAND."""
_HERE = re.compile(
    r"https?://(?:[^/\\@?#\s]*@)?(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:/[!-~]*)?"
)
"""URLs of this machine, in a form that every program reads alike."""
_NO_STRANGER = ("", *LOOPBACK)
"""Servers that need no trust: what listens on this machine was not started by the repository."""
_SWITCH = re.compile("true|false|yes|no|on|off|[01]")
_OPTIONS = "norolestats|nol|nom|nor|no-git-fallback"
_PROGRAM = "patchpilot"
_RECIPIENTS = re.compile(
    rf"{_PROGRAM} maintainers --format get_maintainer(?: --(?:{_OPTIONS}))*"
)
"""What docs/how-to/use-with-git-send-email.md sets: nothing else may be in such a command."""
_WORD = re.compile(r"[^\s'\"=;|&()<>`$]+")


def refuse_untrusted(top: Path, *uses: Use) -> None:
    """Raises `UntrustedCommandsError` if a use would run an untrusted command.

    Only commands that the repository itself configures need trust.
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
    """Returns the command for building a tree, as an item that the user can trust.

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
    """Returns whether the user has permitted builds of this tree."""
    return build_command(top).digest in trust_store.trusted()


def refuse_untrusted_build(top: Path) -> None:
    """Raises `UntrustedCommandsError` if the user has not permitted builds of this tree."""
    if may_build(top):
        return
    command = build_command(top)
    place = () if Path.cwd().is_relative_to(top) else (str(top),)
    shows = Action("trust", ("--build", *place), "if you would run `make` in it: `{}`")
    message = f"building runs code of the tree, and {top} is not trusted for that yet"
    raise UntrustedCommandsError(message, hint=Hint((shows,)), commands=(command,))


def untrusted(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Returns the repository's commands that the user has not trusted in their current form.

    See `own_commands` for the commands that are considered.
    """
    commands = own_commands(top, *uses)
    known = trust_store.trusted() if commands else {}
    return tuple(command for command in commands if command.digest not in known)


def own_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Returns the commands that a repository itself configures for the given uses.

    Commands that patchpilot installs or documents are not included.
    """
    entries = list(config_entries(top))
    pattern = re.compile("|".join(_KEYS[use] for use in uses), re.IGNORECASE)
    of_tree = b4_file_entries(top) if Use.B4 in uses else []
    named = [entry for entry in entries if entry.scope in OWN_SCOPES] + of_tree
    settings = [
        entry for entry in named if pattern.fullmatch(entry.key) and _is_command(entry)
    ]
    settings += [
        entry for entry in of_tree if entry.value and _is(_B4_ADDRESSES, entry)
    ]
    # of each identity the last one counts
    servers = {
        entry.key: entry.value for entry in entries if _is(_SERVER, entry)
    }.values()
    if all(
        server in _NO_STRANGER or server.startswith(("/", "~")) for server in servers
    ):
        # nothing goes over a network
        settings = [entry for entry in settings if not _is(_CONNECTION, entry)]
    hooks = tuple(dict.fromkeys(hook for use in uses for hook in _HOOKS.get(use, ())))
    if not settings and not hooks and Use.FETCH not in uses:
        return ()
    place = _Place(top, common_dir_of(top).resolve())
    found = [place.setting(entry) for entry in settings]
    folder = _hooks_folder(entries, place)
    found += place.hooks(folder, hooks) if folder else ()
    found += place.legacy_remotes() if Use.FETCH in uses else ()
    return tuple(dict.fromkeys(found))


def b4_file_entries(top: Path) -> list[ConfigEntry]:
    """Returns the settings in the tree's `.b4-config`, which b4 reads."""
    file = top / _B4_FILE
    if not file.is_file():
        return []
    done = git(top, "config", "--file", str(file), "--includes", "--list", "-z", ok=())
    settings = [word for word in done.text.split("\0") if word]
    return [config_entry(OWN_SCOPES[0], _B4_FILE, setting) for setting in settings]


def _is_command(entry: ConfigEntry) -> bool:
    """Whether the value of a setting that may name a command names one that needs trust."""
    key, value = entry.key.lower(), entry.value
    if _is(_CONNECTION, entry):
        # no value is one too: without encryption, with any certificate
        return True
    if (
        not value
        or _RECIPIENTS.fullmatch(value)
        or (key == B4_KEY and value == b4_command())
    ):
        return False
    if _is(_SERVER, entry):
        return value not in _NO_STRANGER
    if _is(_ENDPOINT, entry):
        return not _HERE.fullmatch(value)
    if key.endswith((".url", ".insteadof")):
        return _HELPER in key or _HELPER in value
    if key.startswith("protocol."):
        # without it git runs no ext::COMMAND
        return value.lower() != "never"
    return key != "core.fsmonitor" or not _SWITCH.fullmatch(value.lower())


def _is(pattern: str, entry: ConfigEntry) -> bool:
    return bool(re.fullmatch(pattern, entry.key, re.IGNORECASE))


def _hooks_folder(entries: Sequence[ConfigEntry], place: "_Place") -> Path | None:
    """Where the repository has its own hooks; None where the user's configuration says where."""
    named = [entry for entry in entries if entry.key == "core.hookspath"]
    if not named:
        return place.common / "hooks"
    last = named[-1]
    return (
        place.top / Path(last.value).expanduser() if last.scope in OWN_SCOPES else None
    )


def _read(file: Path) -> bytes:
    """A hook's content; b"" where only git may run it."""
    try:
        return file.read_bytes()
    except OSError:
        return b""


class _Place(NamedTuple):
    """A repository: its working tree and its common directory."""

    top: Path
    common: Path

    def setting(self, entry: ConfigEntry) -> OwnCommand:
        """Returns the command that a setting configures."""
        return self._command(entry.key, entry.file, entry.value)

    def hooks(self, folder: Path, names: Sequence[str]) -> Iterator[OwnCommand]:
        """Yields the hooks that git would run, except hooks installed by patchpilot."""
        for name in names:
            file = folder / name
            if not (file.is_file() and os.access(file, os.X_OK)):
                continue
            content = _read(file)
            if content != hook_script(name).encode():
                text = content.decode("utf-8", "surrogateescape")
                yield self._command(f"hook {name}", str(file), text)

    def legacy_remotes(self) -> Iterator[OwnCommand]:
        """Yields the files in `remotes` and `branches` whose URL names a remote helper."""
        folders = (self.common / name for name in _LEGACY_REMOTES)
        for file in sorted(file for folder in folders for file in folder.glob("*")):
            text = (
                _read(file).decode("utf-8", "surrogateescape") if file.is_file() else ""
            )
            if _HELPER in text:
                yield self._command(f"{file.parent.name}/{file.name}", str(file), text)

    def _command(self, name: str, file: str, text: str) -> OwnCommand:
        label = f"{self.common}: {name}"
        parts = [
            (label, text.encode("utf-8", "surrogateescape")),
            *self._contents(text),
        ]
        return OwnCommand(name, file, text, trust_store.digest_of(parts), label)

    def _contents(self, text: str) -> Iterator[tuple[str, bytes]]:
        """The repository's files that a command names, each with the digest of its content."""
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
