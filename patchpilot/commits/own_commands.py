# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings and hooks of a repository that run something and need the user's trust.

A setting acts if it is not plain data (`plain_settings`): it names a command, a path, a server or a
recipient. It counts only if the user has trusted it in its current form. git's `safe.directory`
blocks repositories of other users, but not a repository that was unpacked or copied. The user's own
configuration and the environment need no trust.
"""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_cached, compile_late
from patchpilot.commits import trust_store
from patchpilot.commits.git_config import (
    OWN_SCOPES,
    ConfigEntry,
    all_entries,
    config_entry,
    group_by_key,
    is_plain,
    select_matching,
)
from patchpilot.commits.places import common_dir_of
from patchpilot.commits.run import git
from patchpilot.model.action import Action, Hint
from patchpilot.model.own_command import OwnCommand, UntrustedCommandsError

MARK = "# put here by `patchpilot setup hooks`; `patchpilot setup hooks --remove` removes it"
B4_KEY = "b4.prep-perpatch-check-cmd"
_SCRIPT = f"""#!/bin/sh
{MARK}
python=PYTHON
"$python" -P -c 'import patchpilot' 2>/dev/null && exec "$python" -P -m patchpilot setup hooks NAME --run "$1"
patchpilot --version >/dev/null 2>&1 && exec patchpilot setup hooks NAME --run "$1"
echo 'patchpilot: warning: not installed: the hook NAME is skipped' >&2
"""  # noqa: E501
B4_CALL = (
    """sh -c '"$0" -P -c "import patchpilot" 2>/dev/null && exec "$0" -P -m patchpilot check --format checkpatch -; """  # noqa: E501
    """exec patchpilot check --format checkpatch -' """
)
"""b4 runs it without a shell; the interpreter follows, as the shell's $0."""


def hook_script(name: str) -> str:
    """Return the script of a git hook, which runs the current Python interpreter."""
    return _SCRIPT.replace("PYTHON", shlex.quote(sys.executable)).replace("NAME", name)


def b4_command() -> str:
    """Return the value for b4's setting, a command that runs the current Python interpreter."""
    return B4_CALL + shlex.quote(sys.executable)


class Use(StrEnum):
    """The operations that use settings which need trust."""

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
_ALIAS_KEY = compile_late(r"sendemail\.(?:.+\.)?aliasesfile")
_B4_FILE = ".b4-config"
_OPTIONS = "norolestats|nol|nom|nor|no-git-fallback"
_PROGRAM = "patchpilot"
_RECIPIENTS = compile_late(
    rf"{_PROGRAM} maintainers --format get_maintainer(?: --(?:{_OPTIONS}))*"
)
"""What docs/how-to/use-with-git-send-email.md sets: nothing else may be in such a command."""


def refuse_untrusted(top: Path, *uses: Use) -> None:
    """Raise `UntrustedCommandsError` if an operation needs an untrusted setting or hook.

    Only the repository's own configuration needs trust.
    """
    commands = untrusted_commands(top, *uses)
    if not commands:
        return
    labels = {command.label for command in commands}
    known = trust_store.trusted_entries().values()
    dates = [entry["since"] for entry in known if entry.get("label") in labels]
    state = (
        f"changed since you trusted them on {max(dates)}"
        if dates
        else "are not trusted yet"
    )
    names = ", ".join(dict.fromkeys(command.name for command in commands))
    target = () if Path.cwd().is_relative_to(top) else (str(top),)
    shows = Action("trust", target, "`{}` shows and trusts them")
    hint = Hint((shows, "; your own belong in `git config --global`"))
    message = f"commands and mail settings that {top} names itself {state}: {names}"
    raise UntrustedCommandsError(message, hint=hint, commands=commands)


def own_command(
    top: Path, name: str, file: str, text: str, content: bytes = b""
) -> OwnCommand:
    """Return an item that the user can trust, for all worktrees of the repository at `top`.

    `text` is shown to the user. `content`, for example of an alias file, is trusted with it.
    """
    label = f"{common_dir_of(top).resolve()}: {name}"
    parts = [(label, text.encode("utf-8", "surrogateescape"))]
    parts += [("content", content)] if content else []
    return OwnCommand(name, file, text, trust_store.digest_of(parts), label)


def is_trusted(command: OwnCommand) -> bool:
    """Return whether the user has trusted a command in its current form."""
    return command.digest in trust_store.trusted_entries()


def untrusted_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return the repository's commands that the user has not trusted in their current form.

    See `own_commands` for the commands that are considered.
    """
    commands = own_commands(top, *uses)
    known = trust_store.trusted_entries() if commands else {}
    return tuple(command for command in commands if command.digest not in known)


def own_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return the acting settings and hooks of a repository for the given operations.

    Those that patchpilot installs or documents are not included.
    """
    of_tree = b4_file_entries(top) if {Use.B4, Use.ARCHIVE} & {*uses} else ()
    entries = (*all_entries(top), *of_tree)
    settings = [entry for entry in entries if is_acting(entry, *uses)]
    hooks = [hook for use in uses for hook in _HOOKS.get(use, ())]
    if not settings and not hooks:
        return ()
    repository = _Place(top)
    commands = [repository.setting(entry) for entry in settings]
    commands += [command for _, command in repository.hooks(hooks).values() if command]
    return tuple(dict.fromkeys(commands))


def is_acting(entry: ConfigEntry, *uses: Use) -> bool:
    """Return whether a repository's setting can cause harm in these operations, by default in
    any.
    """
    if entry.scope not in OWN_SCOPES:
        return False
    key = entry.key
    if key.startswith("patchpilot."):
        # git's configuration may omit the hyphens of our names
        key = key.replace("-", "")
    pattern = "|".join(_SETTINGS[use] for use in uses or Use)
    return (
        bool(entry.value)
        and bool(compile_cached(pattern, re.DOTALL).fullmatch(key))
        and not _counts_untrusted(entry)
    )


def _is_documented(entry: ConfigEntry) -> bool:
    """Return whether a setting only names patchpilot, as documented."""
    if entry.key == B4_KEY:
        return entry.value == b4_command()
    names_command = entry.key.startswith(("sendemail.", "b4."))
    return names_command and bool(_RECIPIENTS.fullmatch(entry.value))


_Entries = tuple[ConfigEntry, ...]
_counted: dict[Path, tuple[_Entries, frozenset[ConfigEntry], str | None, _Entries]] = {}
"""Directory → its settings, those that act, what was trusted, and the settings that count."""


def applied_entries(top: Path, *, tolerant: bool = False) -> _Entries:
    """Return the settings that apply in a directory, in git's order.

    They are the user's settings and, of the repository's own, those that are plain, documented by
    patchpilot, or trusted. Raise `GitError` as `all_entries` does.
    """
    entries = all_entries(top, tolerant=tolerant)
    known, acting, before, counted = _counted.get(top, ((), frozenset(), None, ()))
    if known is not entries:
        acting, before = frozenset(filter(is_acting, entries)), None
    # most repositories have no acting setting, so skip the trust lookup
    trust = trust_store.state() if acting else ""
    if before != trust:
        trusted = _trusted_settings(top, acting)
        counted = tuple(
            entry for entry in entries if entry in trusted or _counts_untrusted(entry)
        )
        _counted[top] = entries, acting, trust, counted
    return counted


def _trusted_settings(
    top: Path, acting: frozenset[ConfigEntry]
) -> frozenset[ConfigEntry]:
    known = trust_store.trusted_entries() if acting else {}
    if not known:
        return frozenset()
    repository = _Place(top)
    return frozenset(
        entry for entry in acting if repository.setting(entry).digest in known
    )


def config_values(directory: Path | None, pattern: str) -> dict[str, tuple[str, ...]]:
    """Return the settings that apply in a directory and match `pattern`, as key → values.

    The default is the current directory, which may be in or outside a repository. The result is
    empty if git cannot read its configuration. Raise `MissingError` if git is not installed.
    """
    entries = applied_entries(directory or Path.cwd(), tolerant=True)
    return select_matching(group_by_key(entries), pattern)


def _counts_untrusted(entry: ConfigEntry) -> bool:
    return (
        entry.scope not in OWN_SCOPES
        or is_plain(entry.key, entry.value)
        or _is_documented(entry)
    )


def trusted_hooks(top: Path) -> dict[str, bytes]:
    """Return the hooks of a repository that may run: patchpilot's own and the trusted ones.

    Contents are returned by name, so that git runs exactly what was checked.
    """
    repository = _Place(top)
    hooks = repository.hooks([name for names in _HOOKS.values() for name in names])
    known = trust_store.trusted_entries() if hooks else {}
    return {
        name: content
        for name, (content, command) in hooks.items()
        if command is None or command.digest in known
    }


def hooks_folder(top: Path) -> Path:
    """Return the folder from which git runs hooks, relative only in a bare repository."""
    common = common_dir_of(top)
    named = [entry.value for entry in all_entries(top) if entry.key == _HOOKS_KEY]
    if not named:
        return common / "hooks"
    # git itself expands ~ and %(prefix)
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
    try:
        return file.read_bytes()
    except OSError:
        return b""


class _Place(NamedTuple):
    top: Path

    def setting(self, entry: ConfigEntry) -> OwnCommand:
        """Return the command that a setting configures.

        An alias file decides who receives messages, so its content is part of it.
        """
        content = b""
        if _ALIAS_KEY.fullmatch(entry.key):
            file = Path(entry.value).expanduser()
            content = _read(file) if file.is_file() else b""
        return own_command(self.top, entry.key, entry.file, entry.value, content)

    def hooks(self, names: Sequence[str]) -> dict[str, tuple[bytes, OwnCommand | None]]:
        """Return the hooks that git would run: name → content, and the command to be trusted.

        The command is None for a hook that patchpilot installed. There are no hooks if the user's
        configuration, not the repository's, names their folder.
        """
        named = [entry for entry in all_entries(self.top) if entry.key == _HOOKS_KEY]
        result: dict[str, tuple[bytes, OwnCommand | None]] = {}
        if named and named[-1].scope not in OWN_SCOPES:
            return result
        folder = hooks_folder(self.top)
        for name in names:
            file = folder / name
            if file.is_file() and os.access(file, os.X_OK):
                content = _read(file)
                text = content.decode("utf-8", "surrogateescape")
                is_ours = content == hook_script(name).encode()
                command = own_command(self.top, f"hook {name}", str(file), text)
                result[name] = content, None if is_ours else command
        return result
