# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands whose help has sections: `-h` shows the most common options, `--help` all of them."""

from collections.abc import Callable
from typing import Any

import click

from patchpilot.cli.help_sections import LONG_ONLY, sections_of
from patchpilot.cli.usage_errors import unknown_command

_LONG = "patchpilot.long-help"


class _Sectioned(click.Command):
    """A command that shows its options in sections."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """As click does.

        Every usage error has its command, which click's parser omits where a value is missing.
        """
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The parameters, and the two help options.

        For a shell's completion the parameters know their values.
        """
        if ctx.resilient_parsing:
            from patchpilot.cli.complete_values import complete_values

            complete_values(self.params)
        return [*self.params, *_help_options()]

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The long one, which errors refer to."""
        return _help_options()[1]

    def format_options(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """The options, section by section; without --help only those that are used often."""
        options = [
            option
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
        ]
        records = {
            str(option.name): record
            for option in options
            if (record := option.get_help_record(ctx))
        }
        long = ctx.meta.get(_LONG, True)
        hidden = False
        for title, keys in sections_of(ctx.info_name or "", records):
            rows = [records[key] for key in keys]
            if rows and not long and title in LONG_ONLY:
                hidden = True
            elif rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)
        if hidden:
            formatter.write_paragraph()
            formatter.write_text(f"{ctx.command_path} --help shows all options.")


class VerbCommand(_Sectioned):
    """A command whose help has sections."""


class VerbGroup(_Sectioned, click.Group):
    """A command with subcommands whose help has sections."""

    command_class = VerbCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a wrong command names the nearest."""
        if (
            args
            and not args[0].startswith("-")
            and self.get_command(ctx, args[0]) is None
        ):
            raise unknown_command(ctx, args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def verb(**given: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Return a decorator that makes a function a verb; the arguments are click's.

    `cls` overrides the class of the command.
    """
    wrap: Callable[[Callable[..., Any]], click.Command] = click.command(
        **{"cls": VerbCommand, **given}
    )
    return wrap


def _help_options() -> tuple[click.Option, click.Option]:
    return (
        click.Option(
            ["-h", "short_help_"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help="show the common options",
            callback=_shown(long=False),
        ),
        click.Option(
            ["--help", "help_"],
            is_flag=True,
            expose_value=False,
            is_eager=True,
            help="show all options",
            callback=_shown(long=True),
        ),
    )


def _shown(*, long: bool) -> Callable[[click.Context, click.Parameter, bool], None]:
    def show(ctx: click.Context, _parameter: click.Parameter, given: bool) -> None:
        if given and not ctx.resilient_parsing:
            ctx.meta[_LONG] = long
            click.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()

    return show
