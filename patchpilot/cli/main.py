# SPDX-License-Identifier: GPL-2.0-or-later
"""The `patchpilot` command.

Verbs are imported when they are called; error_exit reports how a call ends.
"""

import gc
import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NoReturn

import click

from patchpilot import __version__
from patchpilot.cli.error_exit import ended, interrupted, leave, say, unread
from patchpilot.cli.other_programs import command_hint
from patchpilot.cli.trust_question import trusting
from patchpilot.cli.usage_errors import UnknownCommandError, worded
from patchpilot.cli.verbs import VERBS, overview
from patchpilot.errors import ExitCode, nearest


class Verbs(click.Group):
    """A command group whose verbs are imported one by one from `patchpilot.cli.commands.<verb>`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order of the overview."""
        import importlib.util

        return [name for name in VERBS if importlib.util.find_spec(_module(name))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, imported when first used."""
        if cmd_name not in VERBS:
            return None
        try:
            module = importlib.import_module(_module(cmd_name))
        except ModuleNotFoundError as error:
            if error.name == _module(cmd_name):
                return None
            raise
        command: click.Command = module.command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """As click does, but with the exit code of SIGPIPE where the reader went away (`| head
        -1`): click would exit with 1.
        """
        try:
            with _debugging() if ctx.params.pop("debug") else nullcontext():
                return super().invoke(ctx)
        except BrokenPipeError:
            return unread()

    def get_help(self, ctx: click.Context) -> str:
        """The verbs in groups, without importing them."""
        return overview()

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Resolve a command as click does, and suggest the nearest one in errors."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            failure = UnknownCommandError(f"unknown command {args[0]!r}", ctx)
            near = nearest(args[0], VERBS)
            failure.hint = command_hint("", args[0]) or (
                f"did you mean {near!r}?"
                if near
                else "run `patchpilot --help` to list the commands"
            )
            raise failure
        return super().resolve_command(ctx, args)


def _module(verb: str) -> str:
    """The module of a click command.

    Those of the other front ends are in their rooms, which cli does not import otherwise.
    """
    return (
        f"patchpilot.{verb}.command"
        if verb in ("tui", "lsp")
        else f"patchpilot.cli.commands.{verb.replace('-', '_')}"
    )


@contextmanager
def _debugging() -> Iterator[None]:
    """Write the debug log of what is done inside, and print its name at the end."""
    from patchpilot.cli.error_exit import notice
    from patchpilot.services.setup.debug_log import debug_log

    with debug_log() as log:
        try:
            yield
        finally:
            notice("note", f"the debug log is {log.name}")


@click.group(
    cls=Verbs,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name="patchpilot")
@click.option(
    "-C",
    "--repo",
    "repo",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="work in this repository",
)
@click.option(
    "--home",
    is_flag=True,
    help="open the guided workflow with all topics of all repositories",
)
@click.option(
    "--no-pager", is_flag=True, help="show long text without the pager, as git does"
)
@click.option(
    "--debug",
    is_flag=True,
    help="write a log with git commands, times and errors",
)
@click.pass_context
def cli(ctx: click.Context, repo: Path | None, home: bool, no_pager: bool) -> None:
    """Take a Linux kernel fix from git commit to mainline and every LTS branch."""
    ctx.ensure_object(dict)["repo"] = repo
    if no_pager:
        os.environ["GIT_PAGER"] = "cat"
    if home and ctx.invoked_subcommand:
        raise click.UsageError(
            f"--home takes no command, but {ctx.invoked_subcommand!r} was given"
        )
    if ctx.invoked_subcommand is None:
        command = ctx.command
        assert isinstance(command, click.Group)
        tui = command.get_command(ctx, "tui")
        if tui is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
            click.echo(ctx.get_help())
            ctx.exit(ExitCode.OK if tui is None else ExitCode.USAGE)
        ctx.invoke(tui, home=home)


def main() -> NoReturn:
    """Run the command line and exit with its exit code.

    This is the console script; the user never sees a traceback.
    """
    # most verbs end before garbage collection pays off: start-up creates many objects that stay
    gc.set_threshold(100_000, 50, 50)
    code = run(sys.argv[1:])
    if sys.argv[1:2] in (["check"], ["track"]):
        leave(code)
    sys.exit(code)


def run(argv: list[str]) -> int:
    """Run the command line and return its exit code."""
    return ended(lambda: trusting(lambda: _run(argv)), argv)


def _run(argv: list[str]) -> int | None:
    try:
        code: int | None = cli.main(
            args=argv, prog_name="patchpilot", standalone_mode=False
        )
        return code
    except click.exceptions.Abort as error:
        return interrupted(error.__cause__)
    except click.ClickException as error:
        return say(*worded(error), ExitCode.USAGE)
