# SPDX-License-Identifier: GPL-2.0-or-later
"""The options and arguments of the command line, and the tables that commands share."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from patchpilot.errors import UsageError, suggestion

FLAG, TEXT, PATH, CHOICE, NUMBER, DECIMAL = (
    "flag",
    "text",
    "path",
    "choice",
    "number",
    "decimal",
)


class Option(NamedTuple):
    """An option: its spellings, the name of its value, its kind, and its help text.

    The help may be a function that returns the text. `off` are the spellings that turn a flag
    off; such a flag has no default. `limits` are the inclusive limits of a number. `alone` is the
    value if the option is given without one, or the value of a flag. A flag with a metavar may have
    a value after `=`. `convert` converts the text of the value. `hidden` options are not in the
    help.
    """

    spellings: tuple[str, ...]
    help: str | Callable[[], str]
    kind: str = FLAG
    metavar: str | None = None
    name: str = ""
    choices: tuple[str, ...] = ()
    limits: tuple[int, int | None] | None = None
    default: Any = None
    shows_default: bool = False
    multiple: bool = False
    off: tuple[str, ...] = ()
    alone: str | None = None
    convert: Callable[[str], Any] | None = None
    width: int = 1
    hidden: bool = False

    @property
    def label(self) -> str:
        """Return the option's name for errors."""
        return max(self.spellings, key=len)

    @property
    def key(self) -> str:
        """Return the key of the option's value: `name`, or the longest spelling."""
        return self.name or self.label.lstrip("-").replace("-", "_")

    @property
    def default_value(self) -> Any:
        """Return the default value."""
        if self.multiple:
            return self.default or ()
        is_plain = self.kind == FLAG and not self.off and self.alone is None
        return False if is_plain and self.default is None else self.default

    @property
    def form(self) -> str:
        """Return the option as shown in the help: its spellings and the form of its value."""
        if self.off:
            return " / ".join((*self.spellings, *self.off))
        value = f" {value_form(self)}"
        if self.kind == FLAG:
            value = f"[={self.metavar}]" if self.metavar else ""
        return ", ".join(sorted(self.spellings, key=len)) + value

    @property
    def text(self) -> str:
        """Return the help text, with the default if it is shown."""
        text = self.help if isinstance(self.help, str) else self.help()
        return f"{text}  [default: {self.default}]" if self.shows_default else text


class Argument(NamedTuple):
    """A positional argument, or all remaining ones with `several`."""

    key: str
    metavar: str | None = None
    kind: str = TEXT
    choices: tuple[str, ...] = ()
    limits: tuple[int, int | None] | None = None
    default: Any = None
    required: bool = True
    several: bool = False
    convert: Callable[[str], Any] | None = None

    @property
    def form(self) -> str:
        """Return the argument as shown in the usage line."""
        if self.metavar:
            return self.metavar
        name = value_form(self)
        several = "..." if self.several else ""
        return (name if self.required else f"[{name.strip('[]')}]") + several

    @property
    def label(self) -> str:
        """Return the argument's name for errors."""
        return (self.metavar or self.key).strip("[]")


Table = Sequence[Option]


def value_form(row: Option | Argument) -> str:
    """Return the form of a value: its metavar, its choices, or its name in capitals."""
    if row.metavar:
        return row.metavar
    return f"[{'|'.join(row.choices)}]" if row.choices else row.key.upper()


def convert_word(row: Option | Argument, text: str) -> Any:
    """Convert a word to the option's value; raise UsageError if it is invalid."""
    if row.kind == PATH:
        return Path(text)
    if row.choices and text not in row.choices:
        raise UsageError(
            f"{row.label}: unknown value {text!r}",
            hint=suggestion("value", text, row.choices),
        )
    if row.kind in (NUMBER, DECIMAL):
        return _number(row, text)
    return row.convert(text) if row.convert else text


def _number(row: Option | Argument, text: str) -> float:
    low, high = row.limits or (None, None)
    try:
        number = float(text.removesuffix("%")) if row.kind == DECIMAL else int(text)
    except ValueError:
        number = None
    if number is None and row.limits is None:
        raise UsageError(
            f"{row.label}: {text!r} is not a number", hint="use a whole number"
        )
    if (
        number is None
        or (low is not None and number < low)
        or (high is not None and number > high)
    ):
        limits = f"from {low} to {high}" if high is not None else f"of {low} or more"
        raise UsageError(
            f"{row.label}: {text!r} is not a number {limits}",
            hint=f"use a number {limits}",
        )
    return number


def _projects() -> str:
    """Return the help of --profile."""
    from patchpilot.topic.topic_project import project_names

    *names, last = project_names()
    return f"project: {', '.join(names)} or {last} (default: detected)"


def common_table(
    formats: tuple[str, ...], *, short_verbose: bool = True
) -> tuple[Option, ...]:
    """Return the options that all commands share; the first of `formats` is the default.

    Without `short_verbose`, the command uses -v for something else.
    """
    return (
        Option(("-C", "--repo"), "work in this repository", PATH, "DIR"),
        Option(("--tree",), "an unpacked source tree without git", PATH, "DIR"),
        Option(("--profile",), _projects, TEXT, "NAME"),
        Option(
            ("--format",),
            f"output format  [default: {formats[0]}]",
            CHOICE,
            choices=formats,
        ),
        Option(
            ("-o", "--output"),
            "write the result to FILE instead of stdout",
            PATH,
            "FILE",
        ),
        *_json(formats),
        Option(("--offline",), "do not access the network"),
        Option(("-q", "--quiet"), "do not print progress or notes"),
        Option(
            ("-v", "--verbose") if short_verbose else ("--verbose",),
            "print more details on stderr",
        ),
        Option(
            ("--color",),
            "color the output (default: on a terminal)",
            off=("--no-color",),
        ),
    )


def _json(formats: tuple[str, ...]) -> tuple[Option, ...]:
    alike = Option(("--json",), "same as --format json")
    return (alike,) if "json" in formats else ()


def base_table(
    what: str = "base of the topic (default: detected)",
) -> tuple[Option, ...]:
    """Return the options of a command that works on a topic."""
    return (
        Option(("--base",), what, TEXT, "REV"),
        Option(
            ("--explain-base",),
            "print on stderr which base was chosen, why, and the alternatives",
        ),
    )
