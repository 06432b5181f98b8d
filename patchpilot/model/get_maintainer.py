# SPDX-License-Identifier: GPL-2.0-or-later
"""The options of get_maintainer.pl, in all its spellings.

It accepts one or two dashes, any case, `--no-x` and `--nox`, and `--x=value` and `--x value`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from patchpilot.errors import UsageError


class GetMaintainerAnswer(NamedTuple):
    """The lines that a run writes to stdout and stderr."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class Switches(NamedTuple):
    """The options of a run; the defaults are the script's."""

    email: bool = True
    git: bool = False
    git_all_signature_types: bool = False
    git_blame: bool = False
    git_blame_signatures: bool = True
    git_fallback: bool = True
    git_chief_penguins: bool = False
    git_min_signatures: int = 1
    git_max_maintainers: int = 5
    git_min_percent: int = 5
    git_since: str = "1-year-ago"
    hg_since: str = "-365"
    interactive: bool = False
    remove_duplicates: bool = True
    mailmap: bool = True
    m: bool = True
    r: bool = True
    n: bool = True
    l: bool = True  # noqa: E741 (the script's own word)
    fixes: bool = True
    moderated: bool = True
    s: bool = False
    multiline: bool = True
    roles: bool = False
    rolestats: bool = True
    separator: str = ", "
    subsystem: bool = False
    status: bool = False
    scm: bool = False
    tree: bool = True
    web: bool = False
    bug: bool = False
    substatus: bool = False
    letters: str = ""
    pattern_depth: int = 0
    keywords: bool = True
    keywords_in_file: bool = True
    sections: bool = False
    file_emails: bool = False
    file: bool = False
    find_maintainer_files: bool = False
    maintainer_path: str = ""
    drop_the_rest_supporter: bool = False

    @property
    def settled(self) -> "Switches":
        """The options, with those implied by others set as the script does at its start."""
        switches = self._replace(
            multiline=self.multiline and self.separator == ", ",
            roles=self.roles or self.rolestats,
            sections=self.sections or bool(self.letters),
        )
        if switches.sections:
            off = {
                "email": False,
                "l": False,
                "scm": False,
                "status": False,
                "subsystem": False,
                "web": False,
                "bug": False,
                "keywords": False,
            }
            return switches._replace(**off)  # type: ignore[arg-type]
        if not (
            self.email
            or self.scm
            or self.status
            or self.subsystem
            or self.web
            or self.bug
        ):
            raise UsageError(
                "nothing to print: --no-email without another output option",
                hint="omit --no-email, or add --scm, --status, --subsystem or --web",
            )
        if self.email and not (
            self.m
            or self.r
            or self.l
            or self.s
            or self.git
            or self.git_chief_penguins
            or self.git_blame
        ):
            raise UsageError(
                "no addresses to print: --no-m, --no-r and --no-l together exclude every address",
                hint="omit one of --no-m, --no-r, --no-l",
            )
        return switches


_OTHER_NAMES = {
    "i": "interactive",
    "k": "keywords",
    "fe": "file_emails",
    "f": "file",
    "mpath": "maintainer_path",
}
_NOT_NEGATED = frozenset(("file", "find_maintainer_files"))
_TYPES: Mapping[str, type] = {
    name: type(value) for name, value in Switches._field_defaults.items()
}
NAMES = (
    {name.replace("_", "-"): name for name in _TYPES}
    | _OTHER_NAMES
    | {"drop_the_rest_supporter": "drop_the_rest_supporter"}
)
SCRIPT_DEFAULTS = {
    "email": "email",
    "email_usename": "n",
    "email_maintainer": "m",
    "email_reviewer": "r",
    "email_fixes": "fixes",
    "email_list": "l",
    "email_moderated_list": "moderated",
    "email_subscriber_list": "s",
    "email_git_penguin_chiefs": "git_chief_penguins",
    "email_git": "git",
    "email_git_all_signature_types": "git_all_signature_types",
    "email_git_blame": "git_blame",
    "email_git_blame_signatures": "git_blame_signatures",
    "email_git_fallback": "git_fallback",
    "email_git_min_signatures": "git_min_signatures",
    "email_git_max_maintainers": "git_max_maintainers",
    "email_git_min_percent": "git_min_percent",
    "email_git_since": "git_since",
    "email_remove_duplicates": "remove_duplicates",
    "email_use_mailmap": "mailmap",
    "output_roles": "roles",
    "output_rolestats": "rolestats",
    "keywords": "keywords",
    "keywords_in_file": "keywords_in_file",
    "email_file_emails": "file_emails",
    "pattern_depth": "pattern_depth",
    "email_drop_the_rest_supporter_if_supporter_found": "drop_the_rest_supporter",
}
"""The script's variables, from which a tree's changed defaults are read."""


def script_defaults(said: Iterable[tuple[str, str]]) -> Switches:
    """Returns the defaults set in the text of a tree's script, given as (variable, value) pairs.

    Unknown variables are ignored.
    """
    values: dict[str, Any] = {}
    for variable, value in said:
        name = SCRIPT_DEFAULTS.get(variable)
        if name:
            values[name] = _value(name, value)
    return Switches()._replace(**values)


def _value(name: str, value: str) -> Any:
    kind = _TYPES[name]
    if kind is bool:
        return value not in ("0", "")
    if kind is int:
        try:
            return int(value)
        except ValueError:
            raise UsageError(
                f"--{name.replace('_', '-')} requires a number, not {value!r}"
            ) from None
    return value


def take(
    words: Sequence[str], keep: Callable[[str], int] = lambda _word: 0
) -> tuple[dict[str, Any], list[str]]:
    """Splits words into get_maintainer.pl options and other words.

    `keep(word)` returns how many words an option of another parser takes, including its values
    (0: unknown). These words are kept, as is everything after `--`. An unknown word that looks
    like an option is returned with the other words.
    """
    values: dict[str, Any] = {}
    rest: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        if word == "--":
            return values, [*rest, *words[at:]]
        key = keep(word)
        if key:
            rest += words[at : at + key]
            at += key
            continue
        name, value, negated = _split(word)
        if name is None:
            rest.append(word)
        elif _TYPES[name] is bool:
            values[name] = not negated
        else:
            if value is None:
                at += 1
                if at >= len(words):
                    raise UsageError(f"{word} requires a value")
                value = words[at]
            values[name] = _value(name, value)
        at += 1
    return values, rest


def _split(word: str) -> tuple[str | None, str | None, bool]:
    """(field, value, negated) of an option.

    Field None when the word is not an option of the script.
    """
    if len(word) < 2 or word[0] != "-":
        return None, None, False
    name, equals, _ = word.lstrip("-").lower().partition("=")
    value = word.partition("=")[2] if equals else None
    if name in NAMES:
        field = NAMES[name]
        return (
            (None, None, False)
            if equals and _TYPES[field] is bool
            else (field, value, False)
        )
    bare = (
        name.removeprefix("no-") if name.startswith("no-") else name.removeprefix("no")
    )
    field = NAMES.get(bare, "") if bare != name else ""
    if field and _TYPES[field] is bool and field not in _NOT_NEGATED and not equals:
        return field, None, True
    return None, None, False


def assemble(defaults: Switches, *layers: Mapping[str, Any]) -> Switches:
    """Returns the defaults, overridden by each of the layers in turn."""
    for layer in layers:
        defaults = defaults._replace(**layer)
    return defaults
