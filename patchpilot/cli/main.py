# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the `patchpilot` command.

Each subcommand is imported only when it is called. `error_exit` converts errors to exit codes.
"""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

from patchpilot.cli.command import (
    COMMANDS,
    ROOT_OPTIONS,
    Command,
    HelpRequested,
    Parser,
    format_overview,
    table_options,
)
from patchpilot.cli.error_exit import exit_quickly, run_and_report_errors
from patchpilot.errors import (
    ExitCode,
    PatchpilotError,
    UsageError,
    did_you_mean,
)


class Commands(Mapping[str, Command]):
    """The commands.

    Each is imported from `patchpilot.cli.commands.<name>` when it is looked up.
    """

    def __getitem__(self, name: str) -> Command:
        if name not in COMMANDS:
            raise KeyError(name)
        module = f"patchpilot.cli.commands.{name}"
        command: Command = importlib.import_module(module).command
        command.name = name
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


@table_options(ROOT_OPTIONS)
def _root(repo: Path | None, home: bool, **_: bool) -> int | None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        print(format_overview())
        return ExitCode.USAGE
    return root.commands["tui"].run(["--home"] if home else [], repo)


root = Command(_root, "", "")
root.commands = Commands()


def main() -> NoReturn:
    """Run the command line, and exit with its exit code.

    This is the console script; it never shows a traceback.
    """
    code = run(sys.argv[1:])
    if sys.argv[1:2] in (["check"], ["explain"], ["maintainers"], ["send"], ["track"]):
        exit_quickly(code)
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Run the command line, and return its exit code."""
    if "_PATCHPILOT_COMPLETE" in os.environ:
        from patchpilot.cli.complete_values import print_completions

        return run_and_report_errors(lambda: print_completions(root), argv)
    return run_and_report_errors(lambda: _run_with_trust(argv), argv)


def _run_with_trust(argv: list[str]) -> int | None:
    """Run the command line.

    If it needs commands that a repository configures, ask the user to trust them, and run it again.
    """
    while True:
        try:
            return _parse_and_run(argv)
        except PatchpilotError as error:
            from patchpilot.cli.trust_question import ask_for_trust

            if not ask_for_trust(error):
                raise


def _parse_and_run(argv: list[str]) -> int | None:
    try:
        values, remaining = Parser(root).parse(argv)
        if values["version"]:
            from patchpilot import __version__

            print(f"patchpilot, version {__version__}")
            return ExitCode.OK
        if values["home"] and remaining:
            raise UsageError(f"--home takes no command, but {remaining[0]!r} was given")
        if values["no_pager"]:
            os.environ["GIT_PAGER"] = "cat"
        return _run_command(remaining, values["repo"]) if remaining else root.function(**values)
    except HelpRequested as request:
        from patchpilot.cli.help_page import format_help

        print(format_help(request.command) if request.command.name else format_overview())
        return ExitCode.OK


def _run_command(argv: list[str], repo: Path | None) -> int | None:
    name = argv[0]
    if name not in COMMANDS:
        from patchpilot.cli.other_programs import command_hint

        listing = "run `patchpilot --help` to list the commands"
        raise UsageError(
            f"unknown command {name!r}",
            hint=command_hint("", name) or did_you_mean(name, COMMANDS, listing),
        )
    return root.sub(name).run(argv[1:], repo)
