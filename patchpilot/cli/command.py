# SPDX-License-Identifier: GPL-2.0-or-later
"""Define commands with their options and arguments, parse command lines, and share common
options.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from patchpilot.cli.common import Common, ProgressLine, clear_progress, show_progress
from patchpilot.errors import UsageError, find_nearest_word, suggest_valid_words
from patchpilot.model.action import OVERRIDES

GROUPS: dict[str, dict[str, str]] = {
    "Prepare": {
        "find": "find the commit that fixes a symptom; the thread of a commit",
        "check": "check patches as maintainers and bots do; --fix fixes them",
        "build": "compile the files of each commit; report new warnings",
        "fixes": "find the commit that introduced the bug",
        "stable": "print the Cc: stable line that a fix needs",
        "prepare": "write Fixes:, Cc: stable and other tags into commit messages",
        "backport": "check whether the fix applies to each LTS branch",
        "maintainers": "list the recipients of the patch, with reasons",
    },
    "Send": {
        "draft": "edit cover letter, notes, changelog and prefix of a topic",
        "send": "preview and send the messages, each message once",
    },
    "Follow": {
        "track": "track replies in the archive until the fix is merged",
        "trailers": "add review tags from replies to the commits",
    },
    "Setup": {
        "doctor": "check this machine: git, mail server, archive, stable branches",
        "demo": "try everything in a sandbox; no message leaves this machine",
    },
}
OTHERS = {
    "undo": "restore commits that prepare, trailers or check --fix rewrote",
    "explain": "list all rules, or explain one with examples",
    "config": "list every setting with its value and origin",
    "setup": "fix what doctor finds; set up mail, stable branches, hooks",
    "trust": "allow the rule packs and commands of a tree",
    "lsp": "show findings in an editor (language server)",
    "mcp": "serve a repository to a coding agent (MCP)",
    "tui": "open the guided workflow",
    "help": "show help on a command or a topic",
    "completion": "print the completion script of a shell",
}
"""Commands that the short overview lists by name only."""
COMMANDS = {name: line for group in (*GROUPS.values(), OTHERS) for name, line in group.items()}


def format_overview() -> str:
    """Return the output of `patchpilot --help`: at most 24 lines of 80 columns."""
    import textwrap

    lines = ["Usage: patchpilot [-C DIR] COMMAND [OPTIONS] [TARGET]..."]
    lines += [
        "Take a Linux kernel fix from git commit to mainline and every LTS branch.",
        "Without COMMAND: the guided workflow in the terminal (--home: all your topics).",
        "",
    ]
    for title, commands in GROUPS.items():
        lines.append(title)
        lines += [f"  {name:<12} {line}" for name, line in commands.items()]
    names = " ".join(name for name in OTHERS if name != "help")
    lines += [
        *textwrap.wrap(f"Also: {names}", 80, subsequent_indent="      ", break_on_hyphens=False),
        "`patchpilot help COMMAND` shows its options; `patchpilot help` lists the topics.",
    ]
    return "\n".join(lines)


FLAG, TEXT, PATH, CHOICE, NUMBER, DECIMAL = (
    "flag",
    "text",
    "path",
    "choice",
    "number",
    "decimal",
)


class Option(NamedTuple):
    """An option: its spellings, the name and kind of its value, and its help text.

    The help may be a function that returns the text. `off` lists the spellings that turn off a
    flag; such a flag has no default. `limits` are the smallest and largest values of a number.
    `alone` is the value of a flag, or of an option that is given without a value. A flag with a
    metavar accepts a value after `=`. `convert` converts the text of the value. The help does not
    list `hidden` options.
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
        """Return the option's name for error messages."""
        return max(self.spellings, key=len)

    @property
    def key(self) -> str:
        """Return the key of the option's value: its `name` or, if it has none, its longest
        spelling.
        """
        return self.name or self.label.lstrip("-").replace("-", "_")

    @property
    def default_value(self) -> Any:
        if self.multiple:
            return self.default or ()
        is_plain = self.kind == FLAG and not self.off and self.alone is None
        return False if is_plain and self.default is None else self.default

    @property
    def form(self) -> str:
        """Return the option as listed in the help: its spellings and value placeholder."""
        if self.off:
            return " / ".join((*self.spellings, *self.off))
        value = f" {value_placeholder(self)}"
        if self.kind == FLAG:
            value = f"[={self.metavar}]" if self.metavar else ""
        return ", ".join(sorted(self.spellings, key=len)) + value

    @property
    def text(self) -> str:
        """Return the help text, including the default if it is shown."""
        text = self.help if isinstance(self.help, str) else self.help()
        return f"{text}  [default: {self.default}]" if self.shows_default else text


class Argument(NamedTuple):
    """A positional argument. If `several` is set, it takes all remaining arguments."""

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
        """Return the argument as it appears in the usage line."""
        if self.metavar:
            return self.metavar
        name = value_placeholder(self)
        ellipsis = "..." if self.several else ""
        return (name if self.required else f"[{name.strip('[]')}]") + ellipsis

    @property
    def label(self) -> str:
        """Return the argument's name for error messages."""
        return (self.metavar or self.key).strip("[]")


Table = Sequence[Option]


def value_placeholder(parameter: Option | Argument) -> str:
    """Return the placeholder for a value: its metavar, its choices, or its name in uppercase."""
    if parameter.metavar:
        return parameter.metavar
    return f"[{'|'.join(parameter.choices)}]" if parameter.choices else parameter.key.upper()


def convert_argument(parameter: Option | Argument, text: str) -> Any:
    """Convert a command-line argument to its value, or raise UsageError if it is invalid."""
    if parameter.kind == PATH:
        return Path(text)
    if parameter.choices and text not in parameter.choices:
        raise UsageError(
            f"{parameter.label}: unknown value {text!r}",
            hint=suggest_valid_words("value", text, parameter.choices),
        )
    if parameter.kind in (NUMBER, DECIMAL):
        return _convert_number(parameter, text)
    return parameter.convert(text) if parameter.convert else text


def _convert_number(parameter: Option | Argument, text: str) -> float:
    minimum, maximum = parameter.limits or (None, None)
    try:
        number = float(text.removesuffix("%")) if parameter.kind == DECIMAL else int(text)
    except ValueError:
        number = None
    if number is None and parameter.limits is None:
        raise UsageError(f"{parameter.label}: {text!r} is not a number", hint="use a whole number")
    if (
        number is None
        or (minimum is not None and number < minimum)
        or (maximum is not None and number > maximum)
    ):
        limits = f"from {minimum} to {maximum}" if maximum is not None else f"of {minimum} or more"
        raise UsageError(
            f"{parameter.label}: {text!r} is not a number {limits}",
            hint=f"use a number {limits}",
        )
    return number


def _profile_help() -> str:
    from patchpilot.topic.project import list_projects

    *names, last_name = list_projects()
    return f"project: {', '.join(names)} or {last_name} (default: detected)"


def list_common_options(
    formats: tuple[str, ...], *, short_verbose: bool = True
) -> tuple[Option, ...]:
    """Return the options that all commands share.

    The first of `formats` is the default format. Without `short_verbose`, --verbose has no short
    form, because the command uses -v for another option.
    """
    return (
        Option(("-C", "--repo"), "work in this repository", PATH, "DIR"),
        Option(("--tree",), "an unpacked source tree without git", PATH, "DIR"),
        Option(("--profile",), _profile_help, TEXT, "NAME"),
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
        *_json_option(formats),
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


def _json_option(formats: tuple[str, ...]) -> tuple[Option, ...]:
    json_option = Option(("--json",), "same as --format json")
    return (json_option,) if "json" in formats else ()


def list_base_options(
    help_text: str = "base of the topic (default: detected)",
) -> tuple[Option, ...]:
    """Return the options of commands that work on a topic."""
    return (
        Option(("--base",), help_text, TEXT, "REV"),
        Option(
            ("--explain-base",),
            "print on stderr which base was chosen, why, and the alternatives",
        ),
    )


ROOT_OPTIONS = (
    Option(("-C", "--repo"), "work in this repository", PATH, "DIR"),
    Option(("--home",), "open the guided workflow with all topics of all repositories"),
    Option(("--no-pager",), "show long text without the pager, as git does"),
    Option(("-V", "--version"), "print the version"),
)
"""The options of `patchpilot` itself, before the command."""
F = TypeVar("F", bound=Callable[..., Any])
_KINDS = {Path: PATH, int: NUMBER, float: DECIMAL}
HELP_SPELLINGS = ("-h", "--help")


class HelpRequested(Exception):  # noqa: N818 (not an error)
    """An exception that is raised to show the help."""

    def __init__(self, command: "Command") -> None:
        super().__init__()
        self.command = command


class Command:
    """A command with its options and arguments, or a group of subcommands.

    `name` is the full name without `patchpilot`, such as "track add". A group's function runs only
    if no subcommand is given.
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
        operands = ["[COMMAND]"] if self.commands else [row.form for row in self.arguments]
        return " ".join([self.path, "[OPTIONS]", *operands])

    def command(self, name: str = "", *, epilog: str = "") -> Callable[[F], F]:
        """Return a decorator that turns a function into a subcommand."""

        def wrap(function: F) -> F:
            self.add(make_command(name, epilog=epilog)(function))
            return function

        return wrap

    def add(self, command: "Command") -> None:
        """Add a subcommand."""
        self.commands = {**self.commands, command.name: command}

    def sub(self, name: str) -> "Command":
        """Return a subcommand, or raise UsageError if there is none with this name."""
        command = self.commands.get(name)
        if command is None:
            from patchpilot.cli.other_programs import command_hint

            raise UsageError(
                f"unknown command {name!r} for {self.path}",
                hint=command_hint(self.name, name)
                or suggest_valid_words("command", name, sorted(self.commands)),
            )
        if self.name and not command.name.startswith(f"{self.name} "):
            command.name = f"{self.name} {command.name}"
        return command

    def run(self, arguments: Sequence[str], repo: Path | None = None) -> int | None:
        """Parse the arguments and call the function.

        `repo` is the repository given before the command's name.
        """
        values, remaining = Parser(self).parse(arguments)
        repo = values.get("repo") or repo
        if remaining:
            return self.sub(remaining[0]).run(remaining[1:], repo)
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

    def parse(self, arguments: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
        """Parse all options and arguments.

        For a group, also return the remaining arguments, starting with the subcommand.
        """
        remaining = list(arguments)
        operands: list[str] = []
        while remaining:
            argument = remaining.pop(0)
            if argument == "--":
                operands += remaining
                break
            if not _is_option(argument):
                if self.command.commands:
                    return self.values, [argument, *remaining]
                operands.append(argument)
            else:
                self._parse_option(argument, remaining)
        self._assign_arguments(operands)
        return self.values, []

    def _parse_option(self, argument: str, remaining: list[str]) -> None:
        name, equals, text = argument.partition("=")
        option = self._spellings.get(argument)
        if option is None and argument in HELP_SPELLINGS:
            raise HelpRequested(self.command)
        if option is not None:
            self._set_option(option, argument, remaining)
        elif equals and name.startswith("--") and name in self._spellings:
            option = self._spellings[name]
            if option.kind == FLAG and not option.metavar:
                raise UsageError(f"{name} takes no value", hint=self._help_hint)
            self._store(option, [text])
        elif not argument.startswith("--") and argument[:2] in (*self._spellings, "-h"):
            self._parse_short_options(argument, remaining)
        else:
            self._unknown(name if argument.startswith("--") else argument)

    def _parse_short_options(self, argument: str, remaining: list[str]) -> None:
        """Parse `-oFILE`, or several flags in one argument."""
        option = self._spellings.get(argument[:2])
        if option is not None and option.kind != FLAG:
            self._store(option, [argument[2:]])
            return
        self._parse_option(argument[:2], remaining)
        self._parse_option(f"-{argument[2:]}", remaining)

    def _set_option(self, option: Option, spelling: str, remaining: list[str]) -> None:
        if option.kind == FLAG:
            flag_value = True if option.alone is None else option.alone
            self.values[option.key] = False if spelling in option.off else flag_value
        elif option.alone is not None and (not remaining or _is_option(remaining[0])):
            self.values[option.key] = option.alone
        elif len(remaining) < option.width:
            raise UsageError(f"{spelling} needs a value", hint=self._help_hint)
        else:
            self._store(option, [remaining.pop(0) for _ in range(option.width)])

    def _store(self, option: Option, texts: Sequence[str]) -> None:
        values = tuple(convert_argument(option, text) for text in texts)
        value = values if option.width > 1 else values[0]
        if option.multiple:
            previous_values = self._given.get(option.key, ())
            self._given[option.key] = value = (*previous_values, value)
        self.values[option.key] = value

    def _assign_arguments(self, values: list[str]) -> None:
        for argument in self.command.arguments:
            if argument.several:
                self.values[argument.key] = tuple(
                    convert_argument(argument, text) for text in values
                )
                is_missing, values = argument.required and not values, []
            else:
                is_missing = argument.required and not values
                self.values[argument.key] = (
                    convert_argument(argument, values.pop(0)) if values else argument.default
                )
            if is_missing:
                raise UsageError(
                    f"{argument.form.strip('[]')} is missing",
                    hint=f"usage: {self.command.usage}",
                )
        if values:
            from patchpilot.cli.other_programs import arguments_hint

            raise UsageError(
                f"unexpected arguments for {self.command.path}: {' '.join(values)}",
                hint=arguments_hint(self.command.name) or self._help_hint,
            )

    @property
    def _help_hint(self) -> str:
        return f"run `{self.command.path} --help`"

    def _unknown(self, name: str) -> None:
        from patchpilot.cli.other_programs import option_hint

        # compare the names without hyphens, which would make unrelated short names look similar
        spellings = [
            spelling.lstrip("-")
            for option in self.command.options
            for spelling in option.spellings
            if spelling.startswith("--") and not option.hidden
        ]
        nearest_spelling = find_nearest_word(name.lstrip("-"), spellings)
        raise UsageError(
            f"unknown option {name!r} for {self.command.path}",
            hint=option_hint(self.command.name, name)
            or (f"did you mean '--{nearest_spelling}'?" if nearest_spelling else self._help_hint),
        )


def _is_option(argument: str) -> bool:
    return argument.startswith("-") and argument != "-"


def make_command(name: str = "", *, epilog: str = "") -> Callable[[Callable[..., Any]], Command]:
    """Return a decorator that turns a function into a command.

    The default name is the function's name or, for a function called `command`, the name of its
    module.
    """
    return lambda function: Command(function, name or function.__name__, epilog)


def option(
    *spellings: str,
    help: str,  # noqa: A002
    is_flag: bool = False,
    type: Any = None,  # noqa: A002
    choices: Sequence[str] = (),
    **attributes: Any,
) -> Callable[[F], F]:
    """Return a decorator that adds an option to a command.

    `spellings` lists the spellings of the option ("--on/--off" for a flag that can be turned off).
    A last item without hyphens is the name of the option's value.
    """
    pairs = [spelling.partition("/") for spelling in spellings if spelling.startswith("-")]
    negations = tuple(pair[2] for pair in pairs if pair[2])
    kind = CHOICE if choices else _KINDS.get(type, TEXT)
    return rows_option(
        Option(
            tuple(pair[0] for pair in pairs),
            help,
            FLAG if is_flag or negations else kind,
            name="".join(spelling for spelling in spellings if not spelling.startswith("-")),
            choices=tuple(choices),
            off=negations,
            convert=type if kind == TEXT else None,
            **attributes,
        )
    )


def argument(
    key: str,
    *,
    type: Any = None,  # noqa: A002
    choices: Sequence[str] = (),
    **attributes: Any,
) -> Callable[[F], F]:
    """Return a decorator that adds an argument to a command."""
    kind = CHOICE if choices else _KINDS.get(type, TEXT)
    is_required = not attributes.get("several") and attributes.get("default") is None
    required = attributes.pop("required", is_required)
    return rows_option(
        Argument(
            key,
            kind=kind,
            choices=tuple(choices),
            required=required,
            convert=type if kind == TEXT else None,
            **attributes,
        )
    )


def rows_option(*rows: Option | Argument) -> Callable[[F], F]:
    """Return a decorator that adds the given options and arguments to a command, in order."""

    def wrap(function: F) -> F:
        function.__dict__.setdefault("rows", []).extend(reversed(rows))
        return function

    return wrap


def walk_commands(root: Command) -> Iterator[Command]:
    """Yield all commands; a group precedes its subcommands."""
    for name in root.commands:
        command = root.sub(name)
        yield command
        yield from walk_commands(command)


__all__ = [
    "Common",
    "ProgressLine",
    "base_options",
    "clear_progress",
    "common_options",
    "rewrite_options",
    "series_options",
    "show_progress",
    "table_options",
]


_COMMON = tuple(name for name in Common.__annotations__ if name not in ("format", "explain_base"))


def common_options(
    *formats: str, short_verbose: bool = True, verifies_project: bool = True
) -> Callable[[F], F]:
    """Return a decorator that adds the common options to a command.

    The command receives the options as its argument `common`. `formats` are the values of --format,
    starting with the default. Without `short_verbose`, --verbose has no short form, because the
    command uses -v for another option. Without `verifies_project`, the command itself reports an
    unknown --profile.
    """
    formats = formats or ("text", "json")
    table = list_common_options(formats, short_verbose=short_verbose)

    def wrap(function: F) -> F:
        def collect(**values: Any) -> Any:
            output_format = values.pop("format")
            if values.pop("json", False):
                if output_format not in (None, "json"):
                    raise UsageError(f"--json contradicts --format {output_format}")
                output_format = "json"
            common = Common(
                format=output_format or formats[0],
                explain_base=values.pop("explain_base", False),
                **{name: values.pop(name) for name in _COMMON},
            )
            if str(common.output) == "-":
                common = common._replace(output=None)
            if verifies_project:
                common.verify()
            return function(common=common, **values)

        return rows_option(*table)(_copy_command_form(function, collect))

    return wrap


def _copy_command_form(function: F, collect: Callable[..., Any]) -> F:
    collect.__name__, collect.__doc__ = function.__name__, function.__doc__
    collect.__dict__.update(function.__dict__)
    return collect  # type: ignore[return-value]


def base_options(
    help_text: str = "base of the topic (default: detected)",
) -> Callable[[F], F]:
    """Return a decorator that adds --base and --explain-base.

    The command receives --explain-base as part of `common`.
    """
    return table_options(list_base_options(help_text))


def series_options(function: F) -> F:
    """Add the options for the subject, version and thread of the next send.

    The command receives them as `prefix`, `version` and `in_reply_to`.
    """
    rows = (
        Option(
            ("--subject-prefix",),
            "prefix in the brackets of the subject, for example 'PATCH net'",
            TEXT,
            "WORDS",
            name="prefix",
        ),
        Option(
            ("-v", "--reroll-count"),
            "version to send",
            NUMBER,
            "N",
            limits=(1, 999),
            name="version",
        ),
        Option(
            ("--in-reply-to",),
            "send the series as a reply to this mail",
            TEXT,
            "MSGID|URL",
        ),
    )
    return rows_option(*rows)(function)


def rewrite_options(function: F) -> F:
    """Add the options that override a blocked rewrite.

    The command receives them as the tuple `overrides`.
    """

    def collect(**values: Any) -> Any:
        overrides = tuple(name for name in OVERRIDES if values.pop(name))
        return function(overrides=overrides, **values)

    rows = (Option((f"--{name}",), text) for name, text in OVERRIDES.items())
    return rows_option(*rows)(_copy_command_form(function, collect))


def table_options(table: Table) -> Callable[[F], F]:
    """Return a decorator that adds a table's options to a command, in order."""
    return rows_option(*table)


def via_option(help_text: str) -> Callable[[F], F]:
    """Return a decorator that adds --via to choose the transport."""
    from patchpilot.sending.transport_names import transport_names

    names = tuple(transport_names())
    return rows_option(Option(("--via",), help_text, CHOICE, choices=names))
