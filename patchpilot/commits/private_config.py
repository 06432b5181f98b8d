# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a repository's own settings and hooks, and restrict which of them git may use.

An acting setting names a command, path, server or recipient, and is used only if the user trusts
it; all other settings are plain data. Git reads allowed settings, hooks and attributes from a
private directory that replaces the repository's common directory (GIT_COMMON_DIR in git(1)) and
links to its objects, refs and logs.
"""

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_cached, lazy_pattern
from patchpilot.cache.entries import (
    CacheKind,
    cache_dir,
    evict_oldest,
    is_private_folder,
    make_cache_key,
)
from patchpilot.commits.git_config import (
    OWN_SCOPES,
    ConfigEntry,
    describe_file_state,
    group_by_key,
    is_harmless_setting,
    parse_config_entry,
    read_all_entries,
    select_matching,
)
from patchpilot.commits.pinned_git import run_git
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import GitError
from patchpilot.model.action import Action, Hint, OwnCommand, UntrustedCommandsError
from patchpilot.read_file import read_regular_file
from patchpilot.resources import load_json, state_path, store_json
from patchpilot.urls import hide_url_credentials

_PLACES = lazy_pattern(r"(?P<folders>.+\n.+)\n(?P<bare>true|false)\n(?:(?P<top>.+)\n)?", re.DOTALL)
_TREE_FILES = (".gitattributes", ".gitignore", ".gitmodules", ".mailmap", ".b4-config")
_GIT_FILES = (
    "HEAD",
    "FETCH_HEAD",
    "ORIG_HEAD",
    "config",
    "config.worktree",
    "commondir",
    "gitdir",
    "packed-refs",
    "index",
    "shallow",
    "info/attributes",
    "info/exclude",
    "info/sparse-checkout",
    "objects/info/alternates",
    "objects/info/commit-graph",
    "objects/info/packs",
    "info/grafts",
    "logs/HEAD",
    "rebase-merge/head-name",
    "rebase-apply/head-name",
    "sequencer/todo",
    "sequencer/opts",
    "MERGE_HEAD",
    "CHERRY_PICK_HEAD",
    "REVERT_HEAD",
    "BISECT_START",
    "BISECT_LOG",
)
"""Files that git reads in the working tree and in the git directory."""


class RepositoryPlaces(NamedTuple):
    """The directories of a repository.

    `top` is the working tree, or the git directory if the repository is bare.
    """

    git_dir: Path
    common_dir: Path
    top: Path
    bare: bool


def read_places(directory: Path) -> RepositoryPlaces | None:
    """Return the directories of the repository that contains `directory`, or None.

    Raise `GitError` if git refuses to read the repository, or if it contains a FIFO or device that
    would block git.
    """
    _refuse_special(_list_likely_files(directory))
    options = (
        "--path-format=absolute",
        "--git-dir",
        "--git-common-dir",
        "--is-bare-repository",
    )
    result = run_git(directory, "rev-parse", *options, "--show-toplevel", ok=())
    parts = _PLACES.fullmatch(result.text)
    if parts is None:
        if result.code == 128 and "not a git repository" in result.error_text:
            return None
        run_git(directory, "rev-parse", *options)
        raise GitError(f"git rev-parse failed in {directory}")
    git_dir, common_dir = map(Path, _split_folders(parts["folders"]))
    bare = parts["bare"] == "true"
    if parts["top"]:
        top = Path(parts["top"])
    else:
        top = git_dir if bare else _find_working_tree(git_dir)
    if not bare:
        _refuse_foreign_worktree(git_dir, top)
    _refuse_special(top / name for name in _TREE_FILES)
    git_files = [folder / name for folder in {git_dir, common_dir} for name in _GIT_FILES]
    _refuse_special(git_files)
    _refuse_links(git_files)
    _common[top] = (_find_repository_inode(top), common_dir)
    return RepositoryPlaces(git_dir, common_dir, top, bare)


def _refuse_links(files: Iterable[Path]) -> None:
    """Raise GitError if a file is a symbolic link to a file outside of the repository.

    Error messages by git could contain the content of that file.
    """
    for file in files:
        if file.is_symlink():
            folders = file.resolve().parents
            if not any((folder / "HEAD").exists() for folder in folders):
                message = f"{file} is a symbolic link out of the repository"
                raise GitError(message, hint=f"remove it: rm {shlex.quote(str(file))}")


def _refuse_foreign_worktree(git_dir: Path, top: Path) -> None:
    """Raise GitError if core.worktree is a directory that does not belong to the repository.

    The working tree of a submodule belongs to it, because it has a `.git` file that points to the
    git directory.
    """
    link = top / ".git"
    if git_dir.parent == top or (link.is_dir() and link.samefile(git_dir)):
        return
    with suppress(OSError):
        target = (read_regular_file(link) or b"").removeprefix(b"gitdir:").strip()
        if (top / os.fsdecode(target)).samefile(git_dir):
            return
    raise GitError(
        f"core.worktree of {git_dir} names a directory outside of the repository: {top}",
        hint=f"run `git --git-dir {shlex.quote(str(git_dir))} config --unset core.worktree`",
    )


def _list_likely_files(directory: Path) -> Iterator[Path]:
    for folder in (directory.absolute(), *directory.absolute().parents):
        for path in (folder / ".git", folder):
            if path.is_dir() and (path / "HEAD").exists():
                yield from (path / name for name in _GIT_FILES)
                return
        if (folder / ".git").exists():
            yield folder / ".git"
            return


def _refuse_special(files: Iterable[Path]) -> None:
    for file in files:
        try:
            mode = file.stat().st_mode
        except (OSError, ValueError):
            continue
        if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
            message = f"{file} is not a regular file: git would wait for it"
            raise GitError(message, hint=f"remove it: rm {shlex.quote(str(file))}")


def _split_folders(text: str) -> tuple[str, str]:
    """Split the output of git into the git directory and the common directory.

    A newline separates them, but they may also contain newlines.
    """
    breaks = [index for index, char in enumerate(text) if char == "\n"]
    pairs = [(text[:index], text[index + 1 :]) for index in breaks]
    likely = (pair for pair in pairs if pair[0] == pair[1] or pair[0].startswith(f"{pair[1]}/"))
    return next(likely, pairs[0])


_common: dict[Path, tuple[int, Path]] = {}
"""Maps working trees to their common directory, and to the inode of `.git` when it was read."""


def find_common_dir(top: Path) -> Path:
    """Return the common git directory of a working tree or bare repository."""
    cached = _common.get(top)
    if cached and cached[0] == _find_repository_inode(top):
        return cached[1]
    places = read_places(top)
    if places is None:
        raise GitError(f"{top} is not a git repository")
    return places.common_dir


def _find_repository_inode(top: Path) -> int:
    for path in (top / ".git", top / "HEAD"):
        if path.exists():
            return path.stat().st_ino
    return 0


def _find_working_tree(git_dir: Path) -> Path:
    link = git_dir / "gitdir"
    if target := read_regular_file(link):
        return Path(os.fsdecode(target).strip()).parent
    configured = run_git(git_dir, "config", "-z", "--get", "core.worktree", ok=(0, 1)).text.rstrip(
        "\0"
    )
    return Path(os.path.normpath(git_dir / configured)) if configured else git_dir.parent


Entry = Mapping[str, str]
"""Data stored with a trusted digest: the `label` of the content, and the date `since`."""


def compute_digest(parts: Iterable[tuple[str, bytes]]) -> str:
    """Return a digest of named contents; it depends on their order."""
    import hashlib

    digest = hashlib.sha256()
    for name, data in parts:
        digest.update(f"{name}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
    return digest.hexdigest()


def read_trusted_entries() -> dict[str, Entry]:
    """Return the commands that the user trusts; each digest is mapped to its entry.

    A file that another user could have written is ignored.
    """
    with suppress(OSError, ValueError):
        data = load_json(_trust_file())
        if isinstance(data, dict):
            return {digest: entry for digest, entry in data.items() if _is_valid_entry(entry)}
    return {}


def trust_state() -> str:
    """Return a string that changes if the user trusts another command or no longer trusts one."""
    return describe_file_state(_trust_file())


def trust_digests(labels: Mapping[str, str]) -> None:
    """Record that the user trusts the commands with these digests and labels."""
    today = f"{date.today():%Y-%m-%d}"
    _write_trust_file(
        {
            **read_trusted_entries(),
            **{digest: {"label": label, "since": today} for digest, label in labels.items()},
        }
    )


def forget_trust(digests: Iterable[str], labels: Iterable[str]) -> int:
    """Remove the trusted commands with these digests or labels, and return their number."""
    trusted, label_set = read_trusted_entries(), set(labels)
    removed = {
        digest for digest, entry in trusted.items() if entry.get("label") in label_set
    }.union(digests)
    remaining = {digest: entry for digest, entry in trusted.items() if digest not in removed}
    _write_trust_file(remaining)
    return len(trusted) - len(remaining)


def _is_valid_entry(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("since"), str)


def _trust_file() -> Path:
    return state_path() / "trusted.json"


def _write_trust_file(entries: Mapping[str, Entry]) -> None:
    store_json(_trust_file(), entries, "set XDG_STATE_HOME to a writable directory")


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
"""b4 runs this without a shell. The interpreter is passed as $0 to the inner shell."""


def make_hook_script(name: str) -> str:
    """Return the script of a git hook, which runs the current Python interpreter."""
    return _SCRIPT.replace("PYTHON", shlex.quote(sys.executable)).replace("NAME", name)


def make_b4_command() -> str:
    """Return the command for the configuration of b4.

    It runs patchpilot with the current Python interpreter.
    """
    return B4_CALL + shlex.quote(sys.executable)


class Use(StrEnum):
    """An operation that uses settings which require trust."""

    MAIL = "mail"
    B4 = "b4"
    LOGIN = "login"
    EDIT = "edit"
    FILES = "files"
    COMMIT = "commit"
    FETCH = "fetch"
    ARCHIVE = "archive"
    CHECK = "check"
    AUDIT = "audit"
    BRANCHES = "branches"


_SIGNING = r"gpg\..+|user\.signingkey"
_SETTINGS = {
    # without git send-email, git would run an alias with this name
    Use.MAIL: r"sendemail\..+|imap\..+|alias\.send-email(?:\.command)?"
    r"|format\.(?:to|cc|headers|attach|signaturefile)",
    Use.B4: rf"b4\..+|patatt\..+|{_SIGNING}",
    Use.LOGIN: r"credential\..+|core\.askpass",
    Use.EDIT: r"core\.editor|sequence\.editor",
    Use.FILES: r"filter\..+",
    Use.COMMIT: _SIGNING,
    Use.FETCH: r"core\.(?:sshcommand|gitproxy)|url\..+"
    r"|remote\..+\.(?:uploadpack|vcs|proxy|url)",
    Use.ARCHIVE: r"patchpilot\.(?:lore|mailbox|patchwork)|b4\.(?:mid|search|link)mask",
    Use.CHECK: r"patchpilot\.(?:packs|projects|subsystems)",
    # `--skip` writes to this file
    Use.AUDIT: r"patchpilot\.skiplist",
    Use.BRANCHES: r"patchpilot\.branches",
}
"""Acting settings that each operation needs.

All other acting settings are always hidden from git.
"""
_HOOKS = {
    Use.MAIL: ("sendemail-validate",),
    Use.COMMIT: ("post-rewrite",),
}
_HOOKS_KEY = "core.hookspath"
_ALIAS_KEY = lazy_pattern(r"sendemail\.(?:.+\.)?aliasesfile")
_B4_FILE = ".b4-config"
_OPTIONS = "norolestats|nol|nom|nor|no-git-fallback"
_PROGRAM = "patchpilot"
_RECIPIENTS = lazy_pattern(rf"{_PROGRAM} maintainers --format get_maintainer(?: --(?:{_OPTIONS}))*")
"""The command in docs/how-to/use-with-git-send-email.md, which needs no trust."""
_CHECK = f"{_PROGRAM} check --format checkpatch -"
"""The command in docs/how-to/check-in-ci.md, which needs no trust."""


def refuse_untrusted(top: Path, *uses: Use) -> None:
    """Raise `UntrustedCommandsError` if an operation needs an untrusted setting or hook.

    Only the repository's own configuration requires trust.
    """
    commands = list_untrusted_commands(top, *uses)
    if not commands:
        return
    labels = {command.label for command in commands}
    entries = read_trusted_entries().values()
    dates = [entry["since"] for entry in entries if entry.get("label") in labels]
    state = f"changed since you trusted them on {max(dates)}" if dates else "are not trusted yet"
    names = ", ".join(dict.fromkeys(command.name for command in commands))
    target = () if Path.cwd().is_relative_to(top) else (str(top),)
    show_command = Action("trust", target, "`{}` shows and trusts them")
    hint = Hint((show_command, "; your own belong in `git config --global`"))
    message = f"commands and mail settings that {top} names itself {state}: {names}"
    raise UntrustedCommandsError(message, hint=hint, commands=commands)


def make_trust_item(top: Path, name: str, file: str, text: str, content: bytes = b"") -> OwnCommand:
    """Return a command that the user can trust for all worktrees of the repository at `top`.

    `text` is shown to the user. `content`, such as the content of an alias file, must not change
    after the user has trusted the command.
    """
    label = f"{find_common_dir(top).resolve()}: {name}"
    parts = [(label, text.encode("utf-8", "surrogateescape"))]
    parts += [("content", content)] if content else []
    return OwnCommand(name, file, text, compute_digest(parts), label)


def is_trusted_command(command: OwnCommand) -> bool:
    """Return whether the user trusts a command in its current form."""
    return command.digest in read_trusted_entries()


def list_untrusted_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return the repository's commands (see `list_own_commands`) that the user does not trust in
    their current form.
    """
    commands = list_own_commands(top, *uses)
    trusted = read_trusted_entries() if commands else {}
    return tuple(command for command in commands if command.digest not in trusted)


def list_own_commands(top: Path, *uses: Use) -> tuple[OwnCommand, ...]:
    """Return a repository's acting settings and hooks for these operations.

    Omit settings and hooks that patchpilot installs or documents.
    """
    b4_entries = read_b4_file_entries(top) if {Use.B4, Use.ARCHIVE} & {*uses} else ()
    entries = (*read_all_entries(top), *b4_entries)
    settings = [entry for entry in entries if is_acting_setting(entry, *uses)]
    hooks = [hook for use in uses for hook in _HOOKS.get(use, ())]
    if not settings and not hooks:
        return ()
    repository = _OwnSettings(top)
    commands = [repository.setting(entry) for entry in settings]
    commands += [command for _, command in repository.hooks(hooks).values() if command]
    return tuple(dict.fromkeys(commands))


def is_acting_setting(entry: ConfigEntry, *uses: Use) -> bool:
    """Return whether a setting of a repository could do harm in these operations, or by default in
    any.
    """
    if entry.scope not in OWN_SCOPES:
        return False
    key = entry.key
    if key.startswith("patchpilot."):
        # patchpilot's settings may be spelled without hyphens in git's configuration
        key = key.replace("-", "")
    pattern = "|".join(_SETTINGS[use] for use in uses or Use)
    return (
        bool(entry.value)
        and bool(compile_cached(pattern, re.DOTALL).fullmatch(key))
        and not _needs_no_trust(entry)
    )


def _is_documented_setting(entry: ConfigEntry) -> bool:
    if entry.key in (B4_KEY, "b4.am-perpatch-check-cmd"):
        return entry.value in (_CHECK, make_b4_command())
    names_command = entry.key.startswith(("sendemail.", "b4."))
    return names_command and bool(_RECIPIENTS.fullmatch(entry.value))


_Entries = tuple[ConfigEntry, ...]
_applied: dict[Path, tuple[_Entries, frozenset[ConfigEntry], str | None, _Entries]] = {}
"""Maps directories to all settings, acting settings, the state of the trusted entries, and settings
in effect.
"""


def list_applied_entries(top: Path, *, tolerant: bool = False) -> _Entries:
    """Return the settings that are in effect in a directory, in git's order.

    These are the settings of the user, and the plain, documented or trusted settings of the
    repository. Raise `GitError` like `read_all_entries`.
    """
    entries = read_all_entries(top, tolerant=tolerant)
    cached_entries, acting, old_trust, applied = _applied.get(top, ((), frozenset(), None, ()))
    if cached_entries is not entries:
        acting, old_trust = frozenset(filter(is_acting_setting, entries)), None
    # reading the trusted commands is rarely necessary
    trust = trust_state() if acting else ""
    if old_trust != trust:
        trusted = _list_trusted_settings(top, acting)
        applied = tuple(entry for entry in entries if entry in trusted or _needs_no_trust(entry))
        _applied[top] = entries, acting, trust, applied
    return applied


def _list_trusted_settings(top: Path, acting: frozenset[ConfigEntry]) -> frozenset[ConfigEntry]:
    digests = read_trusted_entries() if acting else {}
    if not digests:
        return frozenset()
    repository = _OwnSettings(top)
    return frozenset(entry for entry in acting if repository.setting(entry).digest in digests)


def read_config_values(directory: Path | None, pattern: str) -> dict[str, tuple[str, ...]]:
    """Return the settings in effect in a directory whose keys match `pattern`; each key is mapped
    to its values.

    The default is the current directory. Return {} if git cannot read its configuration. Raise
    `MissingError` if git is not installed.
    """
    entries = list_applied_entries(directory or Path.cwd(), tolerant=True)
    return select_matching(group_by_key(entries), pattern)


def _needs_no_trust(entry: ConfigEntry) -> bool:
    return (
        entry.scope not in OWN_SCOPES
        or is_harmless_setting(entry.key, entry.value)
        or _is_documented_setting(entry)
    )


def read_trusted_hooks(top: Path) -> dict[str, bytes]:
    """Return the hooks that may run, which are patchpilot's hooks and hooks that the user trusts.

    Each name is mapped to the content of the hook, so that git runs exactly the content that was
    checked.
    """
    repository = _OwnSettings(top)
    hooks = repository.hooks([name for names in _HOOKS.values() for name in names])
    digests = read_trusted_entries() if hooks else {}
    return {
        name: content
        for name, (content, command) in hooks.items()
        if command is None or command.digest in digests
    }


def read_trusted_hook(top: Path, name: str) -> bytes | None:
    """Return the content of a hook that may run, or None.

    A hook in the user's own directory needs no trust.
    """
    if not _has_own_hooks(top):
        return read_trusted_hooks(top).get(name)
    file = find_hooks_folder(top) / name
    return _read_file(file) if file.is_file() and os.access(file, os.X_OK) else None


def _has_own_hooks(top: Path) -> bool:
    """Return whether hooks come from a directory of the user: one that the user's configuration
    sets, and that is not a part of the repository, as a relative path usually is.
    """
    entries = [entry for entry in read_all_entries(top) if entry.key == _HOOKS_KEY]
    if not entries or entries[-1].scope in OWN_SCOPES:
        return False
    folder = top / find_hooks_folder(top)
    return not (folder.is_relative_to(top) or folder.resolve().is_relative_to(top.resolve()))


def find_hooks_folder(top: Path) -> Path:
    """Return the directory from which git runs hooks.

    The path is relative only in a bare repository.
    """
    common = find_common_dir(top)
    values = [entry.value for entry in read_all_entries(top) if entry.key == _HOOKS_KEY]
    if not values:
        return common / "hooks"
    # this path may contain ~ and %(prefix), which git expands
    key = "patchpilot.path"
    arguments = (
        "-c",
        f"{key}={values[-1]}",
        "config",
        "--type=path",
        "-z",
        "--get",
        key,
    )
    path = Path(run_git(top, *arguments).text.rstrip("\0"))
    return path if top == common else top / path


def read_b4_file_entries(top: Path) -> list[ConfigEntry]:
    """Return the settings in the tree's `.b4-config`, which b4 reads."""
    file = top / _B4_FILE
    if not file.is_file():
        return []
    result = run_git(top, "config", "--file", str(file), "--no-includes", "--list", "-z", ok=())
    lines = [word for word in result.text.split("\0") if word]
    return [parse_config_entry(OWN_SCOPES[0], _B4_FILE, setting) for setting in lines]


def _read_file(file: Path) -> bytes:
    return read_regular_file(file) or b""


class _OwnSettings(NamedTuple):
    top: Path

    def setting(self, entry: ConfigEntry) -> OwnCommand:
        """Return the command that a setting contains.

        If it names an alias file, the content of the file is part of the command, because it
        determines recipients.
        """
        content = b""
        if _ALIAS_KEY.fullmatch(entry.key):
            file = Path(entry.value).expanduser()
            content = _read_file(file) if file.is_file() else b""
        return make_trust_item(self.top, entry.key, entry.file, entry.value, content)

    def hooks(self, names: Sequence[str]) -> dict[str, tuple[bytes, OwnCommand | None]]:
        """Return the hooks that git would run: each name is mapped to the content and to the
        command to trust.

        For hooks of patchpilot, the command is None. There are no hooks if they come from a
        directory of the user.
        """
        result: dict[str, tuple[bytes, OwnCommand | None]] = {}
        if _has_own_hooks(self.top):
            return result
        folder = find_hooks_folder(self.top)
        for name in names:
            file = folder / name
            if file.is_file() and os.access(file, os.X_OK):
                content = _read_file(file)
                text = content.decode("utf-8", "surrogateescape")
                is_ours = content == make_hook_script(name).encode()
                command = make_trust_item(self.top, f"hook {name}", str(file), text)
                result[name] = content, None if is_ours else command
        return result


_SHARED = (
    "HEAD",
    "objects",
    "refs",
    "reftable",
    "packed-refs",
    "logs",
    "shallow",
    "worktrees",
    "rr-cache",
)
"""Files shared by the working trees of a repository (gitrepository-layout(5))."""
_ATTRIBUTES = b"\n* !diff !merge\n"
_KIND = CacheKind("repositories", (__file__,))
_MAX_FOLDERS = 64
"""Number of private directories kept between runs."""


class PrivateConfig:
    """A repository's private directory, which is recreated when the allowed settings change."""

    def __init__(self, places: RepositoryPlaces) -> None:
        self.places = places
        self.config = b""
        self._entries: tuple[ConfigEntry, ...] | None = None
        self._hooks: tuple[str, str] | None = None
        self._environment: Mapping[str, str] = {}
        self._secrets: Sequence[tuple[str, str]] = ()
        self._temporary: list[TemporaryFolder] = []

    def environment(self) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
        """Return the variables that make git use the directory, and settings that contain
        passwords.

        Raise `GitError` if git cannot read the repository's configuration.
        """
        entries = list_applied_entries(self.places.top)
        hooks = trust_state(), describe_file_state(self.places.common_dir / "hooks")
        # another process may have deleted the directory from the cache
        if entries is not self._entries or hooks != self._hooks or not self._exists():
            files = self._files(entries)
            self.config = files["config"]
            self._environment = self._variables(self._folder(files))
            self._entries, self._hooks = entries, hooks
        return self._environment, self._secrets

    def _exists(self) -> bool:
        return os.path.exists(self._environment["GIT_COMMON_DIR"])  # noqa: PTH110 (each call)

    def _variables(self, folder: Path) -> Mapping[str, str]:
        result = {
            "GIT_DIR": str(self.places.git_dir),
            "GIT_COMMON_DIR": str(folder),
        }
        if not self.places.bare:
            result["GIT_WORK_TREE"] = str(self.places.top)
        return result

    def _files(self, entries: Iterable[ConfigEntry]) -> dict[str, bytes]:
        own_entries = [
            entry
            for entry in entries
            if entry.scope in OWN_SCOPES and not is_acting_setting(entry, Use.FILES)
        ]
        secret_entries = [entry for entry in own_entries if _contains_password(entry)]
        self._secrets = [(entry.key, entry.value) for entry in secret_entries]
        files = {
            "config": format_config(entry for entry in own_entries if entry not in secret_entries),
            "info/attributes": self._read_info("attributes") + _ATTRIBUTES,
            "info/exclude": self._read_info("exclude"),
        }
        hooks = read_trusted_hooks(self.places.top).items()
        return files | {f"hooks/{name}": content for name, content in hooks}

    def _read_info(self, name: str) -> bytes:
        return read_regular_file(self.places.common_dir / "info" / name) or b""

    def _folder(self, files: Mapping[str, bytes]) -> Path:
        """Create a directory with these files, named by a digest of their content."""
        parts = (part for name, content in files.items() for part in (name.encode(), content))
        key = make_cache_key(_KIND, (os.fsencode(self.places.common_dir), *parts))
        folder = cache_dir() / "repositories" / key
        if _contains_files(folder, files):
            # update the modification time, because the oldest directories are removed first
            os.utime(folder)
            return folder
        if not is_private_folder(folder.parent):
            self._temporary.append(TemporaryFolder("config"))
            return self._write_files(self._temporary[-1].path, files)
        evict_oldest(folder.parent, _MAX_FOLDERS)
        new_folder = folder.with_suffix(f".{os.urandom(8).hex()}")
        new_folder.mkdir(mode=0o700)
        self._write_files(new_folder, files)
        # renaming fails if another process was faster, or if a program changed the directory
        with suppress(OSError):
            return new_folder.rename(folder)
        return new_folder

    def _write_files(self, folder: Path, files: Mapping[str, bytes]) -> Path:
        for name in _SHARED:
            (folder / name).symlink_to(self.places.common_dir / name)
        for name, content in files.items():
            file = folder / name
            file.parent.mkdir(mode=0o700, exist_ok=True)
            file.write_bytes(content)
            if file.parent.name == "hooks":
                file.chmod(0o700)
        return folder


def _contains_files(folder: Path, files: Mapping[str, bytes]) -> bool:
    try:
        return all((folder / name).read_bytes() == content for name, content in files.items())
    except OSError:
        return False


def _contains_password(entry: ConfigEntry) -> bool:
    return entry.key.endswith("pass") or hide_url_credentials(entry.value) != entry.value


def list_trusted_filters(top: Path) -> tuple[tuple[str, str], ...]:
    """Return the trusted settings of the repository's filters.

    They are needed only by commands that write files or compare them with the index.
    """
    entries = list_applied_entries(top)
    return tuple(
        (entry.key, entry.value) for entry in entries if is_acting_setting(entry, Use.FILES)
    )


def format_config(entries: Iterable[ConfigEntry]) -> bytes:
    """Format settings as a configuration file (git-config(1))."""
    lines = []
    for entry in entries:
        section, _, remainder = entry.key.partition(".")
        subsection, dot, variable = remainder.rpartition(".")
        head = section + (f' "{_escape_value(subsection)}"' if dot else "")
        value = _escape_value(entry.value).replace("\n", "\\n").replace("\t", "\\t")
        lines.append(f'[{head}]\n\t{variable} = "{value}"\n')
    return "".join(lines).encode("utf-8", "surrogateescape")


def _escape_value(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


_configs: dict[Path, PrivateConfig] = {}


def make_git_environment(
    repo: Path,
) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
    """Return the environment for git in a directory, and settings that contain passwords.

    Both are empty outside of a repository.
    """
    if repo not in _configs:
        places = read_places(repo) if repo.is_dir() else None
        if places is None:
            return {}, ()
        use_private_config(places, repo)
    return _configs[repo].environment()


def use_private_config(places: RepositoryPlaces, repo: Path) -> None:
    """Make git use a repository's private directory if it is called from `repo`."""
    current = _configs.get(repo)
    if current is None or current.places != places:
        _configs[repo] = PrivateConfig(places)


def copy_branch_settings(top: Path) -> None:
    """Copy settings of branches that a program wrote to the private directory to the repository's
    configuration.

    b4 stores the cover letter and tracking data of a branch in such settings. No other setting is
    copied.
    """
    private = _configs[top]
    folder = Path(private.environment()[0]["GIT_COMMON_DIR"])
    old = _parse_branch_settings(private.config)
    new = _parse_branch_settings((folder / "config").read_bytes())
    for key in old.keys() | new.keys():
        if new.get(key) == old.get(key):
            continue
        run_git(top, "config", "--local", "--unset-all", key, ok=(0, 5))
        for value in new.get(key, ()):
            run_git(top, "config", "--local", "--add", key, value)


def _parse_branch_settings(text: bytes) -> dict[str, tuple[str, ...]]:
    arguments = ("config", "--file", "-", "--no-includes", "--list", "-z")
    rows = run_git(None, *arguments, stdin=text).text.split("\0")
    entries = (parse_config_entry(OWN_SCOPES[0], "", row) for row in rows if row)
    return group_by_key(
        entry
        for entry in entries
        if entry.key.startswith("branch.") and is_harmless_setting(entry.key, entry.value)
    )
