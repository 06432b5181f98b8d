# SPDX-License-Identifier: GPL-2.0-or-later
"""Settings: the tree's `.patchpilot.toml`, then the person's git config `patchpilot.*`, then flags; later wins, and each knows where it came from.

Pure: whoever calls hands in the file's text and the git configuration. What names a command, a server, an address or a path outside the
tree is never taken from the tree's file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patchpilot.errors import InputError, unknown

FILE_NAME = ".patchpilot.toml"
WAIVERS_GIVEN = "waivers-given"
"""A file in the user's state directory that is there since a first waiver was given for a topic: without it nobody need ask for one."""


@dataclass(frozen=True, slots=True)
class Key:
    """A setting's name, default, one-line meaning, and whether the tree's file may set it."""

    name: str
    default: str
    meaning: str
    from_tree: bool = True


KEYS = (
    Key("profile", "", "rule profile: linux, netdev, u-boot, dpdk, xen (empty: detected)"),
    Key("base", "", "what your topic is based on (empty: upstream, else origin/master)"),
    Key("ignore", "", "rules, names, packs or checkpatch types to leave out, comma-separated"),
    Key("select", "", "rules to run, comma-separated (empty: all)"),
    Key("max-line-length", "100", "columns before a code line is too long"),
    Key("strict", "false", "also give findings of severity check"),
    Key("fail-on", "warning", "severity from which check exits 1: error, warning, check, never"),
    Key("packs", "", "rule packs of your own, comma-separated paths inside the tree"),
    Key("via", "git-send-email", "transport: git-send-email or b4", from_tree=False),
    Key("lore", "https://lore.kernel.org/all", "archive to follow replies on", from_tree=False),
    Key("lts-remote", "", "remote that has the stable branches (empty: any that has linux-X.Y.y)", from_tree=False),
    Key("signoff", "false", "add your Signed-off-by in prepare", from_tree=False),
    Key("editor", "", "editor for messages (empty: git's)", from_tree=False),
)
CHOICES = {"fail-on": ("error", "warning", "check", "never"), "via": ("git-send-email", "b4")}
"""The settings that take one of some words."""
_BY_NAME = {key.name: key for key in KEYS}


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's value and where it comes from ("default", the file, "git config" or "flag")."""

    name: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run. `waivers` are the `[[waiver]]` tables of the tree's file as they stand there, `label` is that file."""

    values: Mapping[str, Setting] = field(default_factory=dict)
    waivers: tuple[Mapping[str, Any], ...] = ()
    label: str = FILE_NAME

    def get(self, name: str) -> str:
        """The value of a known setting, as text."""
        if name not in _BY_NAME:
            raise unknown("setting", name, _BY_NAME)
        found = self.values.get(name)
        return found.value if found else _BY_NAME[name].default

    def flag(self, name: str) -> bool:
        """The value of a known setting, as git reads a boolean."""
        return self.get(name).lower() in ("true", "yes", "on", "1")

    def words(self, name: str) -> tuple[str, ...]:
        """The value of a known setting, as a comma-separated list."""
        return tuple(word.strip() for word in self.get(name).split(",") if word.strip())

    @property
    def all(self) -> tuple[Setting, ...]:
        """Every setting, with its default where nothing set it."""
        return tuple(self.values.get(key.name) or Setting(key.name, key.default, "default") for key in KEYS)


def load(
    tree_file: str | None = None,
    git_config: Mapping[str, Sequence[str]] | None = None,
    flags: Mapping[str, str | None] | None = None,
    *,
    label: str = FILE_NAME,
) -> Settings:
    """Settings from the tree's file (its text), git's configuration (`patchpilot.NAME` → values) and flags. InputError names the file and the key."""
    found: dict[str, Setting] = {}
    data = _tree_data(tree_file or "", label)
    waivers = _waivers(data.pop("waiver", []), label)
    for name, value in _tree_values(data, label).items():
        found[name] = Setting(name, value, label)
    for full, values in (git_config or {}).items():
        name = full.lower().removeprefix("patchpilot.")
        key = next((one for one in _BY_NAME if one.replace("-", "") == name.replace("-", "")), None)
        if key and values:
            found[key] = Setting(key, ",".join(values) if key in ("ignore", "select", "packs") else values[-1], "git config")
    for name, flag in (flags or {}).items():
        if flag is not None:
            if name not in _BY_NAME:
                raise unknown("setting", name, _BY_NAME)
            found[name] = Setting(name, flag, "flag")
    return Settings(found, waivers, label)


def _tree_data(text: str, label: str) -> dict[str, Any]:
    if not text.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(f"{label}: {error}", hint=f"mend or remove {label}") from error


def _waivers(value: Any, label: str) -> tuple[Mapping[str, Any], ...]:
    """The tables as they stand: what a waiver may say, lint knows."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise InputError(f"{label}: waiver is no list of tables", hint='write each as [[waiver]], with rule = "…" and reason = "…"')
    return tuple(value)


def _tree_values(data: Mapping[str, Any], label: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in data.items():
        key = _BY_NAME.get(name)
        if key is None:
            raise InputError(f"{label}: {unknown('setting', name, _BY_NAME).message}", hint=unknown("setting", name, _BY_NAME).hint)
        if not key.from_tree:
            raise InputError(f"{label}: {name} is not taken from a tree", hint=f"set it yourself: git config patchpilot.{name} VALUE")
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            value = ",".join(value)
        elif isinstance(value, bool):
            value = str(value).lower()
        elif not isinstance(value, str | int):
            raise InputError(f"{label}: {name} must be a word, a number or a list of words")
        if name == "packs" and any(part.startswith(("/", "~")) or ".." in part.split("/") for part in str(value).split(",")):
            raise InputError(f"{label}: packs must be inside the tree")
        found[name] = str(value)
    return found
