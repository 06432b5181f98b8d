# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles: what differs from project to project, as data in checks/profiles/ (a profile may stand on another)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from patchpilot.errors import PackError, unknown
from patchpilot.lint.kept import key_of, recall, remember
from patchpilot.lint.patterns import compiled
from patchpilot.lint.rule import Rule
from patchpilot.model.finding import Severity
from patchpilot.model.patch import Patch
from patchpilot.model.tree import Tree
from patchpilot.resources import data_dir


@dataclass(frozen=True, slots=True)
class Profile:
    """A project's ways: which of its files show a tree to be its own, its lists, and where rules are milder, stricter or left out.

    `waiting_days` is how long to wait for an answer before asking again, `resend_hours` before a new version, `help_lines`
    how long the help text of a new option is at least, `subject_columns` how long a subject is at most (0: as the rule has it),
    `cover_from` from how many patches on a series is to have a cover letter (0: no word of it), `new_thread` whether each version is to start a thread
    of its own.
    """

    name: str
    title: str
    on: str = ""
    tree_has: tuple[str, ...] = ()
    paths_pattern: str = ""
    marks: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    security: str = ""
    stable: str = ""
    subject_columns: int = 0
    waiting_days: int = 14
    resend_hours: int = 24
    help_lines: int = 4
    cover_from: int = 0
    new_thread: bool = False
    ignore: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)


@cache
def profiles() -> Mapping[str, Profile]:
    """Every shipped profile by name; PackError names the file and the key that is wrong."""
    folder = data_dir("checks") / "profiles"
    texts = {file.stem: file.read_bytes() for file in sorted(folder.glob("*.toml"))}
    key = key_of(part for name, text in texts.items() for part in (name.encode(), text))
    tables = recall("profiles", key)
    if not isinstance(tables, dict):
        tables = {name: _parse(name, text) for name, text in texts.items()}
        remember("profiles", key, tables)
    return {name: _profile(name, tables) for name in tables}


def _parse(name: str, text: bytes) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"profiles/{name}.toml: {error}") from error


def _profile(name: str, tables: Mapping[str, Mapping[str, Any]]) -> Profile:
    table = dict(tables[name])
    known = {one.name: one for one in fields(Profile)}
    for key in table:
        if key not in known or key == "name":
            raise PackError(f"profiles/{name}.toml: unknown key {key!r}")
    below: dict[str, Any] = {}
    if table.get("on"):
        if table["on"] not in tables or table["on"] == name:
            raise PackError(f"profiles/{name}.toml: it stands on {table['on']!r}, which is no profile")
        base = _profile(table["on"], tables)
        below = {key: getattr(base, key) for key in known if key not in ("name", "tree_has", "paths_pattern", "marks")}
        table["ignore"] = [*base.ignore, *table.get("ignore", [])]
        table["severity"] = {**base.severity, **table.get("severity", {})}
    values = {**below, **{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}}
    for rule, severity in values.get("severity", {}).items():
        if severity not in tuple(Severity):
            raise PackError(f"profiles/{name}.toml: severity {severity!r} of {rule} is none")
    return Profile(name=name, **{key: value for key, value in values.items() if key != "name"})


def find_profile(name: str) -> Profile:
    """The profile of this name; UsageError with the nearest."""
    known = profiles()
    if name not in known:
        raise unknown("profile", name, known)
    return known[name]


def detect(tree: Tree | None, patches: Iterable[Patch]) -> Profile:
    """The profile of a tree by its files; without one, by the paths the patches touch; linux when nothing tells."""
    known = profiles()
    found = known["linux"]
    members = list(patches)
    for one in known.values():
        if one.tree_has and tree is not None and all(tree.exists(path) for path in one.tree_has):
            found = one
            break
    else:
        if tree is None and members:
            found = _by_patches(known.values(), members) or found
    return layered(found, [patch.subject.words for patch in members])


def layered(profile: Profile, marks: Sequence[Sequence[str]]) -> Profile:
    """The profile that is based on this one and whose trees all these subject prefixes name ([PATCH net-next]); else the profile itself."""
    for one in profiles().values():
        if one.on == profile.name and one.marks and marks and all({word.lower() for word in words} & set(one.marks) for words in marks):
            return one
    return profile


def _by_patches(known: Iterable[Profile], patches: Sequence[Patch]) -> Profile | None:
    """The profile that patches without a tree are for: by the lists they go to, the stable trees they name, or what they touch."""
    paths = [path for patch in patches for path in patch.paths]
    addresses = {one.key for patch in patches for name in ("To", "Cc") for one in patch.addresses(name)}
    addresses |= {tag.address.key for patch in patches for tag in patch.tags("Cc") if tag.address}
    if any(address.endswith("@vger.kernel.org") for address in addresses):
        # other projects' lists read along there
        addresses = set()
    for one in known:
        if (
            not one.on
            and one.paths_pattern
            and (addresses & {*one.lists, one.stable} or any(map(compiled(one.paths_pattern).search, paths)))
        ):
            return one
    return None


def adjusted(rules: Iterable[Rule], profile: Profile) -> tuple[Rule, ...]:
    """The rules as the profile has them: some left out, some of another severity, which then holds for every case of theirs."""
    from dataclasses import replace

    return tuple(
        replace(rule, severity=Severity(profile.severity[rule.name]), severities={}) if rule.name in profile.severity else rule
        for rule in rules
        if not any(word in profile.ignore for word in rule.words)
    )
