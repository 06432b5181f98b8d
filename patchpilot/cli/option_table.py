# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of the command line's options.

click's options are made from it, and the fast paths use it for parsing.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

FLAG, TEXT, PATH, CHOICE, NUMBER = "flag", "text", "path", "choice", "number"


class Option(NamedTuple):
    """An option: its spellings, the name of its value, its kind, and its help text.

    The help may be a function that returns the text. `off` are the spellings that turn a flag
    off; such a flag has no default. `limits` are the inclusive limits of a number. `alone` is the
    value if the option is given without one. Options that are not `plain` are only parsed by
    click.
    """

    spellings: tuple[str, ...]
    help: str | Callable[[], str]
    kind: str = FLAG
    metavar: str | None = None
    name: str = ""
    choices: tuple[str, ...] = ()
    limits: tuple[int, int] | None = None
    default: Any = None
    shows_default: bool = False
    multiple: bool = False
    off: tuple[str, ...] = ()
    alone: str | None = None
    plain: bool = True

    @property
    def key(self) -> str:
        """The name of its value: as the longest spelling says, unless it has a `name`."""
        return self.name or max(self.spellings, key=len).lstrip("-").replace("-", "_")

    @property
    def unset(self) -> Any:
        """Its value where it is not given."""
        if self.multiple:
            return ()
        return (
            False
            if self.kind == FLAG and not self.off and self.default is None
            else self.default
        )

    def convert(self, text: str) -> Any:
        """The value of a word; None for one that is not plainly a value of this option."""
        if self.kind == PATH:
            return Path(text)
        if self.kind == CHOICE:
            return text if text in self.choices else None
        if self.kind == NUMBER:
            low, high = self.limits or (0, 99999)
            return (
                int(text)
                if text.isascii()
                and text.isdigit()
                and len(text) < 6
                and low <= int(text) <= high
                else None
            )
        return text


Table = Sequence[Option]


def _projects() -> str:
    """The help of --profile."""
    from patchpilot.topic.topic_project import project_names

    *names, last = project_names()
    return f"project: {', '.join(names)} or {last} (default: detected)"


def common_table(
    formats: tuple[str, ...], *, short_verbose: bool = True
) -> tuple[Option, ...]:
    """Return the options that all verbs share; the first of `formats` is the default.

    Without `short_verbose`, the verb uses -v for something else.
    """
    return (
        Option(("-C", "--repo"), "work in this repository", PATH, "DIR"),
        Option(("--tree",), "an unpacked source tree without git", PATH, "DIR"),
        Option(("--profile",), _projects, TEXT, "NAME"),
        Option(
            ("--format",),
            "output format",
            CHOICE,
            choices=formats,
            default=formats[0],
            shows_default=True,
        ),
        Option(
            ("-o", "--output"),
            "write the result to FILE instead of stdout",
            PATH,
            "FILE",
        ),
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


def base_table(
    what: str = "base of the topic (default: detected)",
) -> tuple[Option, ...]:
    """Return the options of a command that works on a topic."""
    return (
        Option(("--base",), what, TEXT, "REV"),
        Option(
            ("--explain-base",),
            "print on stderr which base was chosen, why, and the alternatives",
            plain=False,
        ),
    )


def widths(table: Iterable[Option]) -> dict[str, int]:
    """Return the number of arguments of each spelling of an option, including its value."""
    return {
        spelling: 1 if option.kind == FLAG or option.alone is not None else 2
        for option in table
        for spelling in (*option.spellings, *option.off)
    }


def read_plain(
    table: Iterable[Option], words: Iterable[str]
) -> tuple[dict[str, Any], tuple[str, ...]] | None:
    """Return the values of all plain options and the other words of a call.

    Returns None if a word is not plain, so that click must parse the call. Such words are an
    option missing from the table, an invalid value, a group of short options, `--` and --help.
    """
    plain = [option for option in table if option.plain]
    flags = {
        spelling: (option.key, True)
        for option in plain
        if option.kind == FLAG
        for spelling in option.spellings
    }
    flags |= {
        spelling: (option.key, False) for option in plain for spelling in option.off
    }
    valued = {
        spelling: option
        for option in plain
        if option.kind != FLAG
        for spelling in option.spellings
    }
    values = {option.key: option.unset for option in plain}
    others = []
    rest = iter(words)
    for word in rest:
        spelling, equals, text = word.partition("=")
        if word in flags:
            key, value = flags[word]
            values[key] = value
        elif spelling in valued and (not equals or spelling.startswith("--")):
            option = valued[spelling]
            text = text if equals else next(rest, "")
            if (
                not text
                or text.startswith("-")
                or (value := option.convert(text)) is None
            ):
                return None
            values[option.key] = (
                (*values[option.key], value) if option.multiple else value
            )
        elif word.startswith("-") and word != "-":
            return None
        else:
            others.append(word)
    return values, tuple(others)
