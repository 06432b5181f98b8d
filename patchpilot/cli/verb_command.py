# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands: their decorators, and the parser of their arguments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from patchpilot.cli.option_table import (
    CHOICE,
    DECIMAL,
    FLAG,
    NUMBER,
    PATH,
    TEXT,
    Argument,
    Option,
    convert_word,
)
from patchpilot.errors import UsageError, nearest, suggestion

F = TypeVar("F", bound=Callable[..., Any])
_KINDS = {Path: PATH, int: NUMBER, float: DECIMAL}
HELP = ("-h", "--help")


class HelpRequested(Exception):  # noqa: N818 (not an error)
    """Raised if the call asks for help."""

    def __init__(self, command: "Command") -> None:
        super().__init__()
        self.command = command


class Command:
    """A command with its options and arguments, or a group with subcommands.

    `name` contains the words after `patchpilot`, such as "track add". A group's function is only
    called without a subcommand.
    """

    def __init__(self, function: Callable[..., Any], name: str, epilog: str) -> None:
        self.function, self.name, self.epilog = function, name, epilog
        self.help = function.__doc__ or ""
        rows = tuple(reversed(function.__dict__.get("rows", ())))
        self.options = tuple(row for row in rows if isinstance(row, Option))
        self.arguments = tuple(row for row in rows if isinstance(row, Argument))
        self.commands: Mapping[str, Command] = {}

    @property
    def path(self) -> str:
        return f"patchpilot {self.name}".rstrip()

    @property
    def usage(self) -> str:
        more = ["[COMMAND]"] if self.commands else [row.form for row in self.arguments]
        return " ".join([self.path, "[OPTIONS]", *more])

    def command(self, name: str = "", *, epilog: str = "") -> Callable[[F], F]:
        """Return a decorator that makes a function a command of this group."""

        def wrap(function: F) -> F:
            self.add(verb(name, epilog=epilog)(function))
            return function

        return wrap

    def add(self, command: "Command") -> None:
        """Add a command to this group."""
        self.commands = {**self.commands, command.name: command}

    def sub(self, name: str) -> "Command":
        """Return a command of this group; raise UsageError if it does not exist."""
        command = self.commands.get(name)
        if command is None:
            from patchpilot.cli.other_programs import command_hint

            raise UsageError(
                f"unknown command {name!r} for {self.path}",
                hint=command_hint(self.name, name)
                or suggestion("command", name, sorted(self.commands)),
            )
        if self.name and not command.name.startswith(f"{self.name} "):
            command.name = f"{self.name} {command.name}"
        return command

    def run(self, words: Sequence[str], repo: Path | None = None) -> int | None:
        """Parse the arguments and call the function.

        `repo` is the repository that was given before the command.
        """
        values, rest = Parser(self).parse(words)
        repo = values.get("repo") or repo
        if rest:
            return self.sub(rest[0]).run(rest[1:], repo)
        if "repo" in values:
            values["repo"] = repo
        code: int | None = self.function(**values)
        return code


class Parser:
    """A parser for the arguments of a command."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self._spellings = {
            spelling: option
            for option in command.options
            for spelling in (*option.spellings, *option.off)
        }
        self.values = {option.key: option.default_value for option in command.options}
        self._given: dict[str, tuple[Any, ...]] = {}

    def parse(self, words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Parse all options and arguments.

        For a group, also return the remaining words, starting with the subcommand's name.
        """
        rest = list(words)
        others: list[str] = []
        while rest:
            word = rest.pop(0)
            if word == "--":
                others += rest
                break
            if not _is_option(word):
                if self.command.commands:
                    return self.values, [word, *rest]
                others.append(word)
            else:
                self._take(word, rest)
        self._fill(others)
        return self.values, []

    def _take(self, word: str, rest: list[str]) -> None:
        """Parse an option, and take its value from `rest` if it needs one."""
        name, equals, text = word.partition("=")
        option = self._spellings.get(word)
        if option is None and word in HELP:
            raise HelpRequested(self.command)
        if option is not None:
            self._set(option, word, rest)
        elif equals and name.startswith("--") and name in self._spellings:
            option = self._spellings[name]
            if option.kind == FLAG and not option.metavar:
                raise UsageError(f"{name} takes no value", hint=self._see)
            self._store(option, [text])
        elif not word.startswith("--") and word[:2] in (*self._spellings, "-h"):
            self._take_short(word, rest)
        else:
            self._unknown(name if word.startswith("--") else word)

    def _take_short(self, word: str, rest: list[str]) -> None:
        """Parse `-oFILE` or several flags in one word."""
        option = self._spellings.get(word[:2])
        if option is not None and option.kind != FLAG:
            self._store(option, [word[2:]])
            return
        self._take(word[:2], rest)
        self._take(f"-{word[2:]}", rest)

    def _set(self, option: Option, word: str, rest: list[str]) -> None:
        if option.kind == FLAG:
            on = True if option.alone is None else option.alone
            self.values[option.key] = False if word in option.off else on
        elif option.alone is not None and (not rest or _is_option(rest[0])):
            self.values[option.key] = option.alone
        elif len(rest) < option.width:
            raise UsageError(f"{word} needs a value", hint=self._see)
        else:
            self._store(option, [rest.pop(0) for _ in range(option.width)])

    def _store(self, option: Option, texts: Sequence[str]) -> None:
        values = tuple(convert_word(option, text) for text in texts)
        value = values if option.width > 1 else values[0]
        if option.multiple:
            given = self._given.get(option.key, ())
            self._given[option.key] = value = (*given, value)
        self.values[option.key] = value

    def _fill(self, words: list[str]) -> None:
        """Assign the remaining words to the arguments, in order."""
        for argument in self.command.arguments:
            if argument.several:
                self.values[argument.key] = tuple(
                    convert_word(argument, word) for word in words
                )
                is_missing, words = argument.required and not words, []
            else:
                is_missing = argument.required and not words
                self.values[argument.key] = (
                    convert_word(argument, words.pop(0)) if words else argument.default
                )
            if is_missing:
                raise UsageError(
                    f"{argument.form.strip('[]')} is missing",
                    hint=f"usage: {self.command.usage}",
                )
        if words:
            from patchpilot.cli.other_programs import arguments_hint

            raise UsageError(
                f"unexpected arguments for {self.command.path}: {' '.join(words)}",
                hint=arguments_hint(self.command.name) or self._see,
            )

    @property
    def _see(self) -> str:
        return f"run `{self.command.path} --help`"

    def _unknown(self, name: str) -> None:
        from patchpilot.cli.other_programs import option_hint

        # compare without hyphens, which make unrelated short names similar
        known = [
            spelling.lstrip("-")
            for option in self.command.options
            for spelling in option.spellings
            if spelling.startswith("--") and not option.hidden
        ]
        near = nearest(name.lstrip("-"), known)
        raise UsageError(
            f"unknown option {name!r} for {self.command.path}",
            hint=option_hint(self.command.name, name)
            or (f"did you mean '--{near}'?" if near else self._see),
        )


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-"


def verb(
    name: str = "", *, epilog: str = ""
) -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that makes a function a command.

    Its name is that of the function by default; a module's `command` gets its name when it is
    looked up.
    """
    return lambda function: Command(function, name or function.__name__, epilog)


def option(
    *words: str,
    help: str,  # noqa: A002
    is_flag: bool = False,
    type: Any = None,  # noqa: A002
    choices: Sequence[str] = (),
    **given: Any,
) -> Callable[[F], F]:
    """Return a decorator that adds an option to a command.

    `words` are its spellings --off" for a flag that can be turned off), and the name of its value
    if it is/("--on/--off" for a flag that can be turned off), and the name of its value if it
    is/--off" for a flag that can be turned off), and the name of its value if it is another one.
    """
    pairs = [word.partition("/") for word in words if word.startswith("-")]
    off = tuple(pair[2] for pair in pairs if pair[2])
    kind = CHOICE if choices else _KINDS.get(type, TEXT)
    return rows_option(
        Option(
            tuple(pair[0] for pair in pairs),
            help,
            FLAG if is_flag or off else kind,
            name="".join(word for word in words if not word.startswith("-")),
            choices=tuple(choices),
            off=off,
            convert=type if kind == TEXT else None,
            **given,
        )
    )


def argument(
    key: str,
    *,
    type: Any = None,  # noqa: A002
    choices: Sequence[str] = (),
    **given: Any,
) -> Callable[[F], F]:
    """Return a decorator that adds an argument to a command."""
    kind = CHOICE if choices else _KINDS.get(type, TEXT)
    is_needed = not given.get("several") and given.get("default") is None
    needed = given.pop("required", is_needed)
    return rows_option(
        Argument(
            key,
            kind=kind,
            choices=tuple(choices),
            required=needed,
            convert=type if kind == TEXT else None,
            **given,
        )
    )


def rows_option(*rows: Option | Argument) -> Callable[[F], F]:
    """Return a decorator that adds rows of an option table to a command, in order."""

    def wrap(function: F) -> F:
        function.__dict__.setdefault("rows", []).extend(reversed(rows))
        return function

    return wrap


def walk_commands(root: Command) -> Iterator[Command]:
    """Yield all commands, each group before its subcommands."""
    for name in root.commands:
        command = root.sub(name)
        yield command
        yield from walk_commands(command)
