# SPDX-License-Identifier: GPL-2.0-or-later
"""Validate the settings from the tree's `.patchpilot.toml`, the user's git config `patchpilot.*`
and options.

Later sources override earlier ones, and each value records its origin. This module does no I/O: the
caller passes the file's text and the git configuration. Settings that name a command, a server, an
address or a path outside the tree are never taken from the tree's file. Every value is validated
here, for all front ends; settings/read_settings.py reads the sources.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

from patchpilot.errors import (
    InputError,
    PatchpilotError,
    UsageError,
    unknown_word_error,
)
from patchpilot.urls import hide_url_credentials

FILE_NAME = ".patchpilot.toml"
COLUMNS = (40, 1000)
"""The smallest and the largest allowed max-line-length."""


class Key(NamedTuple):
    """A setting's name, default, one-line meaning, and whether the tree's file may set it.

    `kind` is one of text, words, paths, flag, columns, choice, path (absolute), archive (a URL or a
    path), server (an https URL without a login; http only on this machine), or folder (an absolute
    path that a repository may set without trust: only records with expected names are read).
    """

    name: str
    default: str
    meaning: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    from_tree: bool = True


DATA = ("packs", "projects", "subsystems")
"""The settings that name files with data."""
FAIL_ON = ("error", "warning", "check", "never")
NEWCOMER, REGULAR = "newcomer", "regular"
EXPERIENCES = ("auto", NEWCOMER, REGULAR)
"""Whose findings `check` shows; `auto` decides by the history and the outbox."""
KEYS = (
    Key("profile", "", "project whose rules apply (empty: detected)"),
    Key(
        "base",
        "",
        "base of the topic (empty: b4's base, the upstream, otherwise the nearest remote branch)",
    ),
    Key(
        "mainline",
        "",
        "branch or commit that is mainline (empty: a remote's master or main, or the local one)",
        from_tree=False,
    ),
    Key(
        "branches",
        "",
        "branches that you keep, each with the form of its messages: NAME=stable, cherry-pick,"
        " suse, quilt or a prefix such as UPSTREAM:, and the recipients, comma-separated",
        "words",
        from_tree=False,
    ),
    Key(
        "ignore",
        "",
        "rules, packs or checkpatch types to skip, comma-separated",
        "words",
    ),
    Key("select", "", "rules to run, comma-separated (empty: all)", "words"),
    Key("max-line-length", "100", "longest code line, in columns", "columns"),
    Key("strict", "false", "report the findings of all rules", "flag"),
    Key(
        "checkers",
        "false",
        "also run dtschema, yamllint, docutils and, in a trusted tree, its own scripts",
        "flag",
        from_tree=False,
    ),
    Key(
        "fail-on",
        "warning",
        "lowest severity that makes check exit with 1: error, warning, check, never",
        "choice",
        FAIL_ON,
    ),
    Key(
        "experience",
        "auto",
        "whose findings check shows: newcomer, regular, auto (a newcomer has no accepted commit and"
        " sent fewer than three topics)",
        "choice",
        EXPERIENCES,
        from_tree=False,
    ),
    Key(
        "packs",
        "",
        "your own rule packs: comma-separated paths, relative to the tree",
        "paths",
    ),
    Key(
        "projects",
        "",
        "your own project files: comma-separated paths, relative to the tree",
        "paths",
    ),
    Key(
        "subsystems",
        "",
        "your own subsystem files: comma-separated paths, relative to the tree",
        "paths",
    ),
    Key("via", "git-send-email", "transport that sends the messages", from_tree=False),
    Key(
        "lore",
        "https://lore.kernel.org/all",
        "mail archive on which replies are tracked",
        "archive",
        from_tree=False,
    ),
    Key(
        "patchwork",
        "",
        "patchwork server, or page of a project on it, whose checks `track update` reads",
        "server",
        from_tree=False,
    ),
    Key(
        "mailbox",
        "",
        "your own mailbox (maildir or mbox) that `track update` searches for bounces and moderation"
        " notices",
        "path",
        from_tree=False,
    ),
    Key(
        "vulns",
        "",
        "your clone of the kernel CVE team's repository, for `backport CVE-…` and `find CVE-…`",
        "folder",
        from_tree=False,
    ),
    Key(
        "omit-trailers",
        "",
        "trailers to omit from messages, such as Change-Id, comma-separated",
        "words",
        from_tree=False,
    ),
    Key(
        "skip-list",
        "",
        "file with the fixes that `backport --missing` skips: COMMIT REASON on each line (empty: a"
        " file for each repository in the state directory)",
        "path",
        from_tree=False,
    ),
    Key("signoff", "false", "add your Signed-off-by in prepare", "flag", from_tree=False),
)
BEFORE_SEND = Key(
    "review-before-send",
    "never",
    "whether `send` has the patches reviewed first: never, ask, always",
    "choice",
    ("never", "ask", "always"),
    from_tree=False,
)
REVIEWER_KEYS = (
    Key("command", "", "program that reviews patches, with its arguments; no shell reads it"),
    Key("local", "false", "whether the program sends nothing to other machines", "flag"),
    Key("timeout", "600", "time limit for a patch, in seconds"),
    Key("environment", "", "variables that it gets besides PATH, HOME and LANG", "words"),
    Key("budget", "30000", "largest size of a review request, in tokens"),
    Key("version", "", "change it to have patches reviewed again"),
)
_REVIEWER_VARIABLES = tuple(key.name for key in REVIEWER_KEYS)
USER_KEYS = (
    BEFORE_SEND,
    *(key._replace(name=f"reviewer.NAME.{key.name}", from_tree=False) for key in REVIEWER_KEYS),
)
"""The settings that only the user's git configuration can set, not the repository's."""
_BY_NAME = {key.name: key for key in KEYS}
TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0", "")
_MANY = ("words", "paths")
_SERVER = r"(?:https://[\w.-]+|https?://(?:127\.0\.0\.1|localhost|\[::1\]))(?::[0-9]{1,5})?(?:/[\w./~-]*)?"
GIT, FLAG, DEFAULT = "git config", "flag", "default"
"""The origins other than files."""
B4_ARCHIVE = "b4.midmask"
"""b4's setting for the mail archive: a URL in which %s is the Message-ID."""


def _find_key(name: str) -> Key:
    if name not in _BY_NAME:
        raise unknown_word_error("setting", name, _BY_NAME)
    return _BY_NAME[name]


class SettingSource(NamedTuple):
    """A setting's value and its origin ("default", the file, "git config" or "flag")."""

    name: str
    value: str
    origin: str


class TreeFile(NamedTuple):
    """A project or subsystem file that the settings name.

    `kind` is the directory of such files, "projects" or "subsystems".
    """

    kind: str
    label: str
    text: bytes


class Settings(NamedTuple):
    """All settings of a run.

    `waivers` contains the `[[waiver]]` tables as written in the tree's file, and `label` is the
    name of that file. `wrong` contains the names of settings with an invalid value: `of` and `all`
    return the invalid value, and the other methods return the default. `unread` lists names in
    git's configuration that are not settings. When a setting is read, `report` is called with a
    warning about each of these names that is similar to the setting's name. `tree_files` are the
    projects and subsystems in use.
    """

    values: Mapping[str, SettingSource] = MappingProxyType({})
    waivers: tuple[Mapping[str, Any], ...] = ()
    label: str = FILE_NAME
    wrong: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()
    report: Callable[[PatchpilotError], None] | None = None
    tree_files: tuple[TreeFile, ...] = ()

    def of(self, name: str) -> SettingSource:
        """Return a setting and its origin, with passwords removed from URLs so that it can be
        shown.
        """
        setting = self.values.get(name) or SettingSource(name, _find_key(name).default, DEFAULT)
        return setting._replace(value=hide_url_credentials(setting.value))

    def get(self, name: str) -> str:
        """Return a setting's value as text, with passwords removed from URLs.

        To connect to an address, use `address`.
        """
        value = self.address(name)
        return hide_url_credentials(value) if _find_key(name).kind == "archive" else value

    def address(self, name: str) -> str:
        """Return the value of an address setting for connecting; it may contain a password, so do
        not show it.
        """
        default = _find_key(name).default
        self.report_misspelled(name)
        return default if name in self.wrong or name not in self.values else self.values[name].value

    def report_misspelled(self, name: str) -> None:
        """Report names that may be misspelled names of a setting, or of one below `name`."""
        if self.report:
            for full in self.unread:
                nearest_name = _find_nearest_name(full) or ""
                if nearest_name == name or nearest_name.startswith(f"{name}."):
                    self.report(_unknown_setting_warning(full))

    def flag(self, name: str) -> bool:
        """Return a setting's value as a boolean, parsed as in git."""
        return self.get(name).lower() in TRUE

    def number(self, name: str) -> int:
        return int(self.get(name))

    def list_value(self, name: str) -> tuple[str, ...]:
        """Return a setting's value as a comma-separated list."""
        return split_list(self.get(name))

    def is_from_tree(self, name: str) -> bool:
        """Return whether the tree's file, not the user, sets a setting."""
        return self.of(name).origin not in (GIT, FLAG, DEFAULT)

    @property
    def data_from_tree(self) -> tuple[str, ...]:
        """Return the files that the tree's file names: rule packs, projects and subsystems."""
        return tuple(
            path for name in DATA if self.is_from_tree(name) for path in self.list_value(name)
        )

    @property
    def all(self) -> tuple[SettingSource, ...]:
        """Return every setting, with its default if it is not set."""
        return tuple(self.of(key.name) for key in KEYS)


def split_list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list."""
    return tuple(item.strip() for item in text.split(",") if item.strip())


def load_settings(
    tree_file: str | None = None,
    git_config: Mapping[str, Sequence[str]] | None = None,
    flags: Mapping[str, str | None] | None = None,
    *,
    label: str = FILE_NAME,
    problems: list[PatchpilotError] | None = None,
) -> Settings:
    """Return the settings from the tree's file, git's configuration and options.

    `tree_file` is the text of the file. `git_config` maps `patchpilot.NAME` to its values. It may
    contain b4.midmask, which sets `lore` if patchpilot.lore is not set. An invalid value raises an
    error that names its location and the setting. If `problems` is given, append the error to this
    list instead, and use the default.
    """
    reading = _SettingsReader()
    data = _parse_tree_file(tree_file or "", label, problems)
    waivers = _read_waivers(data.pop("waiver", []), label, problems)
    for key, value in _read_tree_values(data, label, problems):
        reading.take(key, value, label)
    for full, values in (git_config or {}).items():
        if full != B4_ARCHIVE:
            reading.store_git_values(full, values)
        elif values:
            reading.store_b4_archive(values[-1])
    for name, flag in (flags or {}).items():
        if flag is None:
            continue
        if name not in _BY_NAME:
            raise unknown_word_error("setting", name, _BY_NAME)
        reading.take(_BY_NAME[name], flag, FLAG)
    for error in reading.wrong.values():
        raise_or_store(error, problems)
    return Settings(
        reading.sources, waivers, label, frozenset(reading.wrong), tuple(reading.unread)
    )


class _SettingsReader:
    """The settings read so far with the location of each, the errors, and the unknown names."""

    def __init__(self) -> None:
        self.sources: dict[str, SettingSource] = {}
        self.wrong: dict[str, PatchpilotError] = {}
        self.unread: list[str] = []

    def take(self, key: Key, value: str, origin: str) -> None:
        """Store a value, overriding earlier sources."""
        self.sources[key.name] = SettingSource(key.name, value, origin)
        self.wrong.pop(key.name, None)
        if error := setting_error(key, value, origin):
            self.wrong[key.name] = error

    def store_b4_archive(self, mask: str) -> None:
        """Set `lore` from b4.midmask if it is the URL of an archive followed by "/%s"."""
        key = _BY_NAME["lore"]
        url = mask.removesuffix("/%s")
        if key.name not in self.sources and url != mask and not setting_error(key, url, B4_ARCHIVE):
            self.take(key, url, B4_ARCHIVE)

    def store_git_values(self, full: str, values: Sequence[str]) -> None:
        """Store the values of a setting from git's configuration, whether or not its name has
        hyphens.
        """
        lookup_name = full.lower().removeprefix("patchpilot.").replace("-", "")
        name = next((name for name in _BY_NAME if name.replace("-", "") == lookup_name), None)
        if name is None:
            if full != f"patchpilot.{BEFORE_SEND.name}" and not reviewer_of(full):
                self.unread.append(full)
        elif values:
            key = _BY_NAME[name]
            self.take(key, ",".join(values) if key.kind in _MANY else values[-1], GIT)


def reviewer_of(full: str) -> str:
    """Return NAME if a name in git's configuration is patchpilot.reviewer.NAME.VARIABLE."""
    head, _, variable = full.removeprefix("patchpilot.reviewer.").rpartition(".")
    is_known = full.startswith("patchpilot.reviewer.") and variable in _REVIEWER_VARIABLES
    return head if is_known else ""


@cache
def _find_nearest_name(full: str) -> str | None:
    """Return the setting with the name most similar to an unknown name, or None."""
    from patchpilot.errors import find_nearest_word

    name = full.partition(".")[2]
    head, _, variable = name.rpartition(".")
    if head.partition(".")[0] != "reviewer":
        return find_nearest_word(name, (*_BY_NAME, BEFORE_SEND.name))
    nearest_name = find_nearest_word(variable, _REVIEWER_VARIABLES)
    head = head if "." in head else "reviewer.NAME"
    return f"{head}.{nearest_name}" if nearest_name else None


def _unknown_setting_warning(full: str) -> PatchpilotError:
    import shlex

    nearest_name = _find_nearest_name(full)
    location = f"git config --show-origin --get-all {shlex.quote(full)}"
    hint = (
        f"did you mean patchpilot.{nearest_name}? Where it is set: {location}"
        if nearest_name
        else f"where it is set: {location}"
    )
    return UsageError(f"{full}: unknown setting in git config", hint=hint)


def unknown_setting_warnings(settings: Settings) -> tuple[PatchpilotError, ...]:
    """Return warnings about all unknown names in git's configuration.

    Only commands that explain settings show them all, because a newer version may know these names;
    the others show the names that are similar to a setting that they read (`Settings.report`).
    """
    return tuple(map(_unknown_setting_warning, settings.unread))


def setting_error(key: Key, value: str, origin: str) -> PatchpilotError | None:
    """Return the error in a setting's value, or None.

    Whether a profile, a rule, a transport or a revision exists is checked elsewhere.
    """
    reason, choices = "", None
    if key.kind == "columns" and not (
        re.fullmatch(r"[0-9]{1,5}", value) and COLUMNS[0] <= int(value) <= COLUMNS[1]
    ):
        reason = f"is not a number from {COLUMNS[0]} to {COLUMNS[1]}"
    elif key.kind == "flag" and value.lower() not in (*TRUE, *_FALSE):
        reason = "is not true or false"
    elif key.choices and not {
        item.strip() for item in (value.split(",") if key.kind in _MANY else [value])
    } <= set(key.choices):
        reason, choices = f"is not one of {', '.join(key.choices)}", key.choices
    elif key.kind == "archive" and not re.fullmatch(
        r"https?://[^/\s]+(/\S*)?|(file://)?[/~].*", value
    ):
        reason = "is neither an http or https URL nor an absolute path"
    elif key.kind == "server" and value and not re.fullmatch(_SERVER, value):
        reason = "is not an https URL without a login"
    elif key.kind in ("path", "folder") and value and not re.fullmatch(r"[/~].*", value):
        reason = "is not an absolute path"
    elif "\0" in value or "\n" in value:
        reason = "contains a line break"
    return wrong_value_error(key.name, value, origin, reason, choices) if reason else None


def wrong_value_error(
    name: str,
    value: str,
    origin: str,
    reason: str,
    choices: Sequence[str] | None = None,
) -> PatchpilotError:
    """Return the error for an invalid value.

    The error names the location and the setting, and suggests a command that fixes it.
    """
    from patchpilot.errors import find_nearest_word

    location = {GIT: f"patchpilot.{name}", FLAG: f"--{name}"}.get(origin, f"{origin}: {name}")
    closest = find_nearest_word(value, choices) if choices else None
    fix = {
        GIT: (
            f"git config patchpilot.{name} {closest or 'VALUE'} (git config --unset"
            f" patchpilot.{name} restores the default)"
        )
    }
    hint = fix.get(
        origin,
        (
            f"did you mean {closest!r}?"
            if closest
            else f"correct {name} in {origin}"
            if origin != FLAG
            else "see --help"
        ),
    )
    error = UsageError if origin in (GIT, FLAG) else InputError
    return error(f"{location}: {value!r} {reason}", hint=hint)


def raise_or_store(error: PatchpilotError, problems: list[PatchpilotError] | None) -> None:
    """Append the error to the problems, or raise it if there is no list."""
    if problems is None:
        raise error
    problems.append(error)


def _parse_tree_file(
    text: str, label: str, problems: list[PatchpilotError] | None
) -> dict[str, Any]:
    if not text.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        problem = InputError(f"{label}: not valid TOML: {error}", hint=f"fix or remove {label}")
        problem.__cause__ = error
        raise_or_store(problem, problems)
        return {}


def _read_waivers(
    value: Any, label: str, problems: list[PatchpilotError] | None
) -> tuple[Mapping[str, Any], ...]:
    """Return the waiver tables as written; the lint package validates their contents."""
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        hint = 'write each as [[waiver]], with rule = "…" and reason = "…"'
        raise_or_store(InputError(f"{label}: waiver must be a list of tables", hint=hint), problems)
        return ()
    return tuple(value)


def _read_tree_values(
    data: Mapping[str, Any], label: str, problems: list[PatchpilotError] | None
) -> list[tuple[Key, str]]:
    result: list[tuple[Key, str]] = []
    for name, value in data.items():
        try:
            result.append(_read_tree_value(name, value, label))
        except InputError as error:
            raise_or_store(error, problems)
    return result


def _read_tree_value(name: str, value: Any, label: str) -> tuple[Key, str]:
    key = _BY_NAME.get(name)
    if key is None:
        error = unknown_word_error("setting", name, _BY_NAME)
        raise InputError(f"{label}: {error.message}", hint=error.advice)
    if not key.from_tree:
        raise InputError(
            f"{label}: {name} cannot be set in the settings of a tree",
            hint=f"run `git config patchpilot.{name} VALUE` to set it for yourself",
        )
    if (
        isinstance(value, list)
        and all(isinstance(item, str) for item in value)
        and key.kind in _MANY
    ):
        value = ",".join(value)
    elif isinstance(value, bool) and key.kind == "flag":
        value = str(value).lower()
    elif isinstance(value, int) and not isinstance(value, bool) and key.kind == "columns":
        value = str(value)
    elif not isinstance(value, str):
        expected_kinds = {
            "words": "a list of words",
            "paths": "a list of paths",
            "flag": "true or false",
            "columns": "a number",
        }
        raise InputError(
            f"{label}: {name} must be {expected_kinds.get(key.kind, 'a string')}",
            hint=f"correct {name} in {label}",
        )
    if key.kind == "paths" and any(
        part.strip().startswith(("/", "~")) or ".." in part.split("/") for part in value.split(",")
    ):
        raise InputError(
            f"{label}: {name} must be a path inside the tree",
            hint=f"use a path relative to the directory of {FILE_NAME}",
        )
    return key, value
