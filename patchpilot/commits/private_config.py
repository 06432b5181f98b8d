# SPDX-License-Identifier: GPL-2.0-or-later
"""The private directory from which git reads a repository's configuration, hooks and attributes.

It replaces the repository's common directory (GIT_COMMON_DIR in git(1)). Objects, refs and logs are
links to the repository's. The configuration has only the settings that count, the hooks are those
that may run, and no attribute of the tree selects a diff or merge driver. So git uses exactly what
was checked.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from patchpilot.cache.entries import Kind, key_of
from patchpilot.cache.folder import cache_dir, evict, private_folder
from patchpilot.commits import trust_store
from patchpilot.commits.git_config import (
    OWN_SCOPES,
    ConfigEntry,
    config_entry,
    group_by_key,
    is_plain,
    state_of,
)
from patchpilot.commits.own_commands import (
    Use,
    applied_entries,
    is_acting,
    trusted_hooks,
)
from patchpilot.commits.places import Places, read_places
from patchpilot.commits.run import git
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.urls import public_url

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
"""What git shares between the working trees of a repository (gitrepository-layout(5))."""
_ATTRIBUTES = b"\n* !diff !merge\n"
_KIND = Kind("repositories", (__file__,))
_KEPT = 64
"""Directories that are kept between runs."""


class PrivateConfig:
    """A repository's private directory, created again when the settings that count change."""

    def __init__(self, places: Places) -> None:
        self.places = places
        self.config = b""
        self._entries: tuple[ConfigEntry, ...] | None = None
        self._hooks: tuple[str, str] | None = None
        self._environment: Mapping[str, str] = {}
        self._secrets: Sequence[tuple[str, str]] = ()
        self._temporary: list[TemporaryFolder] = []

    def environment(self) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
        """Return the environment that makes git use the directory, and settings with a password.

        Raise `GitError` if git cannot read the repository's configuration.
        """
        entries = applied_entries(self.places.top)
        hooks = trust_store.state(), state_of(self.places.common_dir / "hooks")
        # another process may delete the cache
        if entries is not self._entries or hooks != self._hooks or not self._is_there():
            files = self._files(entries)
            self.config = files["config"]
            self._environment = self._variables(self._folder(files))
            self._entries, self._hooks = entries, hooks
        return self._environment, self._secrets

    def _is_there(self) -> bool:
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
        own = [
            entry
            for entry in entries
            if entry.scope in OWN_SCOPES and not is_acting(entry, Use.FILES)
        ]
        secret = [entry for entry in own if _has_password(entry)]
        self._secrets = [(entry.key, entry.value) for entry in secret]
        files = {
            "config": config_text(entry for entry in own if entry not in secret),
            "info/attributes": self._info("attributes") + _ATTRIBUTES,
            "info/exclude": self._info("exclude"),
        }
        hooks = trusted_hooks(self.places.top).items()
        return files | {f"hooks/{name}": content for name, content in hooks}

    def _info(self, name: str) -> bytes:
        with suppress(OSError):
            return (self.places.common_dir / "info" / name).read_bytes()
        return b""

    def _folder(self, files: Mapping[str, bytes]) -> Path:
        """Create the directory with these files; its name depends on the content."""
        parts = (
            part for name, content in files.items() for part in (name.encode(), content)
        )
        key = key_of(_KIND, (os.fsencode(self.places.common_dir), *parts))
        folder = cache_dir() / "repositories" / key
        if _contains_files(folder, files):
            # mark as used, so that it is not evicted next
            os.utime(folder)
            return folder
        if not private_folder(folder.parent):
            self._temporary.append(TemporaryFolder("config"))
            return self._write_files(self._temporary[-1].path, files)
        evict(folder.parent, _KEPT)
        fresh = folder.with_suffix(f".{os.urandom(8).hex()}")
        fresh.mkdir(mode=0o700)
        self._write_files(fresh, files)
        # another run was faster, or a program changed its content
        with suppress(OSError):
            return fresh.rename(folder)
        return fresh

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
        return all(
            (folder / name).read_bytes() == content for name, content in files.items()
        )
    except OSError:
        return False


def _has_password(entry: ConfigEntry) -> bool:
    return entry.key.endswith("pass") or public_url(entry.value) != entry.value


def trusted_filters(top: Path) -> tuple[tuple[str, str], ...]:
    """Return the trusted settings of a repository's filters, as pairs of key and value.

    Only calls that write files or compare them with the index need them.
    """
    entries = applied_entries(top)
    return tuple(
        (entry.key, entry.value) for entry in entries if is_acting(entry, Use.FILES)
    )


def config_text(entries: Iterable[ConfigEntry]) -> bytes:
    """Format settings as a configuration file (git-config(1))."""
    lines = []
    for entry in entries:
        section, _, rest = entry.key.partition(".")
        subsection, dot, variable = rest.rpartition(".")
        head = section + (f' "{_escape(subsection)}"' if dot else "")
        value = _escape(entry.value).replace("\n", "\\n").replace("\t", "\\t")
        lines.append(f'[{head}]\n\t{variable} = "{value}"\n')
    return "".join(lines).encode("utf-8", "surrogateescape")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


_private: dict[Path, PrivateConfig] = {}


def environment_of(
    repo: Path,
) -> tuple[Mapping[str, str], Sequence[tuple[str, str]]]:
    """Return the variables for git calls in a directory, and settings with a password.

    Both are empty outside a repository.
    """
    if repo not in _private:
        places = read_places(repo) if repo.is_dir() else None
        if places is None:
            return {}, ()
        use_private_config(places, repo)
    return _private[repo].environment()


def use_private_config(places: Places, repo: Path) -> None:
    """Make git calls in a directory of a repository use its private directory."""
    known = _private.get(repo)
    if known is None or known.places != places:
        _private[repo] = PrivateConfig(places)


def keep_branch_settings(top: Path) -> None:
    """Copy a program's changes to branch settings to the repository's own configuration.

    b4 keeps a branch's cover letter and tracking data there. No other setting is written.
    """
    private = _private[top]
    folder = Path(private.environment()[0]["GIT_COMMON_DIR"])
    before = _branch_settings(private.config)
    now = _branch_settings((folder / "config").read_bytes())
    for key in before.keys() | now.keys():
        if now.get(key) == before.get(key):
            continue
        git(top, "config", "--local", "--unset-all", key, ok=(0, 5))
        for value in now.get(key, ()):
            git(top, "config", "--local", "--add", key, value)


def _branch_settings(text: bytes) -> dict[str, tuple[str, ...]]:
    words = ("config", "--file", "-", "--no-includes", "--list", "-z")
    rows = git(None, *words, stdin=text).text.split("\0")
    entries = (config_entry(OWN_SCOPES[0], "", row) for row in rows if row)
    return group_by_key(
        entry
        for entry in entries
        if entry.key.startswith("branch.") and is_plain(entry.key, entry.value)
    )
