# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the git configuration that applies in a directory.

The result is cached until a configuration file changes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from re import Pattern
from threading import Lock
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_search, lazy_pattern
from patchpilot.commits.pinned_git import make_git_argv, run_git

_HARMLESS_VALUES = {
    r"(?i:true|false|yes|no|on|off|[01]?)": """
        core.bare core.commitgraph core.filemode core.ignorecase core.logallrefupdates
        core.multipackindex core.precomposeunicode core.protecthfs core.protectntfs
        core.symlinks core.sparsecheckout core.sparsecheckoutcone core.trustctime
        core.usereplacerefs core.warnambiguousrefs index.sparse commit.gpgsign tag.gpgsign
        user.useconfigonly remote.*.promisor remote.*.prune remote.*.skipdefaultupdate
        remote.*.skipfetchall branch.*.patchpilot-enrolled notes.rewrite.* format.numbered
        format.signoff format.encodeemailheaders format.forceinbodyfrom sendemail.annotate
        sendemail.chainreplyto sendemail.signedoffbycc sendemail.suppressfrom sendemail.thread
        sendemail.validate sendemail.xmailer sendemail.multiedit sendemail.assume8bitencoding
        b4.send-same-thread b4.send-no-patatt-sign b4.send-hide-cover-to-cc""",
    r"-?\d{1,9}[kKmMgG]?": """
        core.repositoryformatversion core.bigfilethreshold core.compression core.abbrev
        index.version diff.renamelimit merge.renamelimit format.filenamemaxlength""",
    r"[A-Za-z0-9#;][A-Za-z0-9,.:+_=-]{0,99}": """
        core.autocrlf core.eol core.safecrlf core.sharedrepository core.checkstat
        core.commentchar extensions.objectformat extensions.refstorage extensions.partialclone
        extensions.noop extensions.preciousobjects i18n.commitencoding i18n.logoutputencoding
        remote.*.tagopt remote.*.partialclonefilter branch.*.rebase diff.algorithm
        branch.*.b4-prep-cover-strategy b4.prep-cover-strategy format.thread
        format.useautobase format.coverletter format.coverfromdescription sendemail.confirm
        sendemail.suppresscc sendemail.transferencoding
        sendemail.identity""",
    r"[^\x00-\x1f\x7f]*": """
        user.name user.email author.name author.email committer.name committer.email
        sendemail.from format.from format.subjectprefix format.suffix format.notes
        format.signature notes.displayref
        b4.send-prefixes""",
    r"[^\x00]*": """
        branch.*.description branch.*.b4-tracking branch.*.patchpilot-description""",
    r"(?!-)[^\x00-\x20\x7f~^:?*\[\\]+": """
        branch.*.merge branch.*.remote branch.*.pushremote remote.pushdefault
        core.notesref""",
    r"[+^]?(?![-/%])[^\x00-\x20\x7f~^:?\[\\]*(?::[^\x00-\x20\x7f~^:?\[\\]*)?": """
        remote.*.fetch remote.*.push notes.rewriteref""",
    # accept only URLs, and not options or remote helpers such as ext::COMMAND
    # (gitremote-helpers(7))
    r"(?:(?:https?|git|ssh)://(?!-)|file://|(?!-)(?![^/]*:(?::|//)))[^\x00-\x1f\x7f]+": """
        remote.*.url remote.*.pushurl""",
}
"""Maps the pattern of a harmless value to the settings that it applies to; `*` matches one part."""
_ACTING_KINDS = ("archive", "server", "url", "path", "paths")


@cache
def _load_value_patterns() -> dict[str, Pattern[str]]:
    return {
        name: lazy_pattern(pattern)
        for pattern, names in _HARMLESS_VALUES.items()
        for name in names.split()
    }


def is_harmless_setting(key: str, value: str) -> bool:
    """Return whether a setting is harmless even if it comes from the repository and is not trusted.

    `key` is in the form that git prints: section and variable are in lower case.
    """
    section, _, remainder = key.partition(".")
    subsection, dot, variable = remainder.rpartition(".")
    if section == "patchpilot":
        # an empty list names no file
        is_empty = variable in ("packs", "projects", "subsystems") and not value
        # a branch may have recipients
        is_plain = variable != "branches" or "@" not in value
        return is_empty or (is_plain and variable.replace("-", "") not in list_acting_settings())
    if dot and not subsection:
        # git cannot open a repository if such a setting is present
        return False
    names = (f"{section}.*.{variable}", f"{section}.{subsection}.*") if dot else (key,)
    pattern = next(
        (_load_value_patterns()[name] for name in names if name in _load_value_patterns()),
        None,
    )
    return pattern is not None and pattern.fullmatch(value) is not None


@cache
def list_acting_settings() -> frozenset[str]:
    """Return the names, without hyphens, of patchpilot's settings that contain servers, paths or
    commands.
    """
    # import lazily, because importing this module takes longer than most commands
    from patchpilot.config import KEYS

    return frozenset(key.name.replace("-", "") for key in KEYS if key.kind in _ACTING_KINDS)


_FILES = ("HEAD", "config", "config.worktree", "packed-refs", "FETCH_HEAD", "shallow")
_FOLDERS = ("refs", "reftable")


def compute_git_signature(git_dir: Path, common_dir: Path) -> tuple[str, ...]:
    """Return strings that change with the refs, HEAD or the configuration.

    Included configuration files are not covered. Changed refs are detected by the modification time
    of their directory.
    """
    folders = dict.fromkeys((git_dir, common_dir))
    paths = [folder / name for folder in folders for name in _FILES]
    paths += [
        path
        for folder in folders
        for name in _FOLDERS
        for path in _list_config_folders(folder / name)
    ]
    return tuple(describe_file_state(path) for path in (*paths, *list_user_config_files()))


def _list_config_folders(top: Path) -> Iterator[Path]:
    for folder, _, _ in os.walk(top):
        yield Path(folder)


def list_user_config_files() -> tuple[Path, ...]:
    """Return the paths of the user's git configuration files."""
    home = Path.home()
    config = os.environ.get("XDG_CONFIG_HOME") or home / ".config"
    return home / ".gitconfig", Path(config) / "git" / "config"


def describe_file_state(path: Path) -> str:
    """Return a string that changes if the path, time, size or inode of a file changes."""
    try:
        status = path.stat()
    except OSError:
        return f"{path} none"
    return f"{path} {status.st_mtime_ns} {status.st_size} {status.st_ino}"


OWN_SCOPES = ("local", "worktree")
"""Scopes of settings in the repository's own configuration files."""
_LIST = ("config", "--list", "-z", "--show-scope", "--show-origin")
_CONFIGS = (".git/config", ".git/config.worktree", "config")
_CALLER_VARIABLES = (
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_CONFIG_KEY",
    "GIT_CONFIG_VALUE",
)
_MAX_CACHED = 8
_TIMEOUT = 10.0
"""Timeout in seconds; an included FIFO would block git forever."""


class ConfigEntry(NamedTuple):
    """A git setting.

    Its scope is `system`, `global`, `local`, `worktree` or `command` (`git -c`).
    """

    scope: str
    file: str
    key: str
    value: str


class _CachedSettings(NamedTuple):
    """Cached settings, and the state of each file from which they were read."""

    states: Mapping[Path, str]
    entries: tuple[ConfigEntry, ...]


_cache: dict[tuple[object, ...], _CachedSettings] = {}
"""The latest settings, keyed by directory, user files and the caller's settings."""
_cache_lock = Lock()
"""Held while reading, so that concurrent threads share the result."""


def read_all_entries(directory: Path, *, tolerant: bool = False) -> tuple[ConfigEntry, ...]:
    """Return every setting that git would use in a directory, trusted or not, in git's order.

    Settings passed on the command line (`git -c KEY=VALUE patchpilot`) are included. Raise
    `GitError` if git cannot read a file; with `tolerant`, return no settings instead. Raise
    `MissingError` if git is not installed.
    """
    caller_settings = [
        (name, os.environ[name]) for name in os.environ if name.startswith(_CALLER_VARIABLES)
    ]
    key = (directory, *list_user_config_files(), *caller_settings)
    with _cache_lock:
        cached = _cache.pop(key, None)
        if cached is None or any(
            describe_file_state(file) != state for file, state in cached.states.items()
        ):
            cached = _list_settings(directory, tolerant)
        while len(_cache) >= _MAX_CACHED:
            _cache.pop(next(iter(_cache)))
        _cache[key] = cached
        return cached.entries


def read_user_values(directory: Path) -> dict[str, str]:
    """Return the last value of each setting that is not from the repository's configuration."""
    entries = read_all_entries(directory)
    return {entry.key: entry.value for entry in entries if entry.scope not in OWN_SCOPES}


def _list_settings(directory: Path, tolerant: bool) -> _CachedSettings:
    files = (*(directory / name for name in _CONFIGS), *list_user_config_files())
    states = {file: describe_file_state(file) for file in files}
    result = run_git(directory, *_LIST, ok=() if tolerant else (0,), timeout=_TIMEOUT)
    fields = result.text.split("\0")
    rows = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    entries = tuple(parse_config_entry(*row) for row in rows)
    # the last entries are the -c options that patchpilot itself passes
    entries = entries[: -make_git_argv(None).count("-c")]
    included = {directory / entry.file for entry in entries}
    return _CachedSettings(
        states | {file: describe_file_state(file) for file in included - set(states)},
        entries,
    )


def parse_config_entry(scope: str, origin: str, setting: str) -> ConfigEntry:
    """Parse a setting as printed by `git config --list -z`."""
    key, equals, value = setting.partition("\n")
    # a key without "=" is true
    return ConfigEntry(scope, origin.removeprefix("file:"), key, value if equals else "true")


def group_by_key(entries: Iterable[ConfigEntry]) -> dict[str, tuple[str, ...]]:
    """Map each key to its values, in git's order.

    Sections and variables are in lower case.
    """
    result: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        result[entry.key] = (*result.get(entry.key, ()), entry.value)
    return result


def select_matching(
    values: Mapping[str, tuple[str, ...]], pattern: str
) -> dict[str, tuple[str, ...]]:
    """Return the settings with a key that matches a regular expression, like `git config
    --get-regexp`.
    """
    return {key: value for key, value in values.items() if cached_search(pattern, key)}


def normalize_key(key: str) -> str:
    """Return a key in the form that git prints.

    Section and variable are in lower case, and the subsection is unchanged.
    """
    section, _, remainder = key.partition(".")
    middle, dot, variable = remainder.rpartition(".")
    return f"{section.lower()}.{middle}{dot}{variable.lower()}"
