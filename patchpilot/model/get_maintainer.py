# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the options of get_maintainer.pl in all spellings.

Options have one or two dashes, and their case is ignored. A negated option is `--no-x` or `--nox`,
and a value is given as `--x=value` or `--x value`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from patchpilot.errors import UsageError
from patchpilot.model.printable import make_printable


class GetMaintainerAnswer(NamedTuple):
    """The output of get_maintainer.pl, as lines for stdout and lines for stderr."""

    lines: tuple[str, ...]
    remarks: tuple[str, ...] = ()


class GetMaintainerOptions(NamedTuple):
    """The options for get_maintainer.pl, with the script's default values."""

    git: bool = False
    git_fallback: bool = True
    git_chief_penguins: bool = False
    git_all_signature_types: bool = False
    git_blame: bool = False
    git_blame_signatures: bool = True
    git_min_percent: int = 5
    git_min_signatures: int = 1
    git_max_maintainers: int = 5
    git_since: str = "1-year-ago"
    email: bool = True
    m: bool = True
    r: bool = True
    n: bool = True
    l: bool = True  # noqa: E741 (the script's own word)
    moderated: bool = True
    s: bool = False
    multiline: bool = True
    separator: str = ", "
    roles: bool = False
    rolestats: bool = True
    subsystem: bool = False
    status: bool = False
    scm: bool = False
    web: bool = False
    letters: str = ""
    keywords: bool = True
    sections: bool = False
    file: bool = False
    file_emails: bool = False
    mailmap: bool = True
    pattern_depth: int = 0
    fixes: bool = True
    keywords_in_file: bool = True
    remove_duplicates: bool = True
    drop_the_rest_supporter: bool = False

    @property
    def with_implied(self) -> "GetMaintainerOptions":
        """Return these options with the options that they imply, as in the script."""
        switches = self._replace(
            multiline=self.multiline and self.separator == ", ",
            roles=self.roles or self.rolestats,
            sections=self.sections or bool(self.letters),
        )
        is_off = (*_OF_CONTACTS, *(_OF_LINES if switches.sections else ()))
        without: dict[str, Any] = dict.fromkeys(is_off, False)
        if switches.sections:
            return switches._replace(**without)
        if not self.email:
            if not (self.scm or self.status or self.subsystem or self.web):
                raise UsageError(
                    "--no-email prints no addresses",
                    hint="add --scm, --status, --subsystem or --web",
                )
            return switches._replace(**without)
        if not (self.l or self.s or any(getattr(self, name) for name in _ASKED)):
            raise UsageError(
                "no addresses to print: --no-m, --no-r and --no-l together exclude every address",
                hint="omit one of --no-m, --no-r, --no-l",
            )
        return switches


TYPES: Mapping[str, type] = {
    name: type(value) for name, value in GetMaintainerOptions._field_defaults.items()
}
_ASKED = ("m", "r", "git", "git_chief_penguins", "git_blame")
_OF_CONTACTS = (*_ASKED, "email", "git_fallback", "fixes")
_OF_LINES = ("l", "s", "scm", "status", "subsystem", "web", "keywords")
"""Switches for contacts and for other lines, which --sections turns off."""
_ONLY_IN_SCRIPTS = ("keywords_in_file", "drop_the_rest_supporter")
_DEFAULTS = frozenset(("tree",))
"""Options that only confirm the script's defaults."""
_OF_FILES = frozenset(("mpath", "maintainer-path", "find-maintainer-files"))
"""Options that `maintainers.load` reads."""
_MOST_UNUSED = 20
NAMES = {name.replace("_", "-"): name for name in TYPES if name not in _ONLY_IN_SCRIPTS} | {
    "k": "keywords",
    "f": "file",
    "fe": "file_emails",
}
SCRIPT_DEFAULTS = {
    "email_usename": "n",
    "email_maintainer": "m",
    "email_reviewer": "r",
    "email_fixes": "fixes",
    "email_list": "l",
    "email_moderated_list": "moderated",
    "email_subscriber_list": "s",
    "email_git_penguin_chiefs": "git_chief_penguins",
    "email_git": "git",
    "email_git_fallback": "git_fallback",
    "email_git_all_signature_types": "git_all_signature_types",
    "email_git_blame": "git_blame",
    "email_git_blame_signatures": "git_blame_signatures",
    "email_use_mailmap": "mailmap",
    "email_file_emails": "file_emails",
    "pattern_depth": "pattern_depth",
    "email_git_min_percent": "git_min_percent",
    "email_git_min_signatures": "git_min_signatures",
    "email_git_max_maintainers": "git_max_maintainers",
    "email_git_since": "git_since",
    "email_remove_duplicates": "remove_duplicates",
    "output_roles": "roles",
    "output_rolestats": "rolestats",
    "keywords": "keywords",
    "keywords_in_file": "keywords_in_file",
    "email_drop_the_rest_supporter_if_supporter_found": "drop_the_rest_supporter",
}
"""Variables of the script whose defaults a tree may change, and the option of each."""


def read_script_defaults(settings: Iterable[tuple[str, str]]) -> GetMaintainerOptions:
    """Return the default options of a tree's get_maintainer.pl.

    The arguments are the variables and values in the script; unknown variables are ignored.
    """
    values: dict[str, Any] = {}
    for variable, value in settings:
        name = SCRIPT_DEFAULTS.get(variable)
        if name:
            values[name] = _convert_value(name, value)
    return GetMaintainerOptions()._replace(**values)


def _convert_value(name: str, value: str) -> Any:
    kind = TYPES[name]
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


def list_unused_options(arguments: Sequence[str]) -> tuple[str, ...]:
    """Return a description of each option in a .get_maintainer.conf that has no effect here."""
    unused = []
    previous = None
    for argument in arguments:
        name = argument.lstrip("-").lower().partition("=")[0]
        is_option = len(argument) > 1 and argument.startswith("-")
        if is_option and _split_option(argument)[0] is None:
            if name not in _DEFAULTS and name not in _OF_FILES:
                unused.append(f".get_maintainer.conf: {argument[:60]}: not supported")
        elif not is_option and not (previous or "").startswith("-"):
            unused.append(f".get_maintainer.conf: {argument[:60]}: not an option")
        previous = argument
    return tuple(map(make_printable, unused[:_MOST_UNUSED]))


def parse_conf_options(arguments: Sequence[str]) -> dict[str, Any]:
    """Return the options in a .get_maintainer.conf; `list_unused_options` names the others."""
    values: dict[str, Any] = {}
    remaining = iter(arguments)
    for argument in remaining:
        name, value, negated = _split_option(argument)
        if name is None:
            continue
        if TYPES[name] is bool:
            values[name] = not negated
            continue
        if value is None and (value := next(remaining, None)) is None:
            raise UsageError(f"{argument} requires a value")
        values[name] = _convert_value(name, value)
    return values


def _split_option(option: str) -> tuple[str | None, str | None, bool]:
    """Split an option into its field, its value, and whether it is negated.

    If the script does not have the option, the field is None.
    """
    if len(option) < 2 or option[0] != "-":
        return None, None, False
    name, equals, _ = option.lstrip("-").lower().partition("=")
    value = option.partition("=")[2] if equals else None
    if name in NAMES:
        field = NAMES[name]
        return (None, None, False) if equals and TYPES[field] is bool else (field, value, False)
    positive_name = name.removeprefix("no-") if name.startswith("no-") else name.removeprefix("no")
    field = NAMES.get(positive_name, "") if positive_name != name else ""
    if field and TYPES[field] is bool and field != "file" and not equals:
        return field, None, True
    return None, None, False


def apply_option_layers(
    defaults: GetMaintainerOptions, *layers: Mapping[str, Any]
) -> GetMaintainerOptions:
    """Override the defaults with each layer in order."""
    for layer in layers:
        defaults = defaults._replace(**layer)
    return defaults
