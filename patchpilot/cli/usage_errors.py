# SPDX-License-Identifier: GPL-2.0-or-later
"""Rewords click's usage errors in the form of all other errors.

The message says what is wrong; the hint names the nearest word or the valid range.
"""

import click

from patchpilot.cli.other_programs import arguments_hint, command_hint, option_hint
from patchpilot.errors import nearest, suggestion


def worded(error: click.ClickException) -> tuple[str, str]:
    """Return the message and the hint of a usage error."""
    ctx = error.ctx if isinstance(error, click.UsageError) else None
    command = ctx.command_path if ctx else "patchpilot"
    see = f"run `{command} --help`"
    if isinstance(error, UnknownCommandError):
        return error.message, error.hint
    if isinstance(error, click.NoSuchOption):
        options = (
            [
                name
                for parameter in ctx.command.get_params(ctx)
                for name in parameter.opts
                if name.startswith("--")
            ]
            if ctx
            else []
        )
        # without the hyphens, which make short names of other words alike
        near = nearest(
            error.option_name.lstrip("-"), [name.lstrip("-") for name in options]
        )
        habit = option_hint(name_of(ctx), error.option_name)
        return (
            f"unknown option {error.option_name!r} for {command}",
            habit or (f"did you mean '--{near}'?" if near else see),
        )
    if isinstance(error, click.MissingParameter):
        name = error.param.make_metavar(ctx) if error.param and ctx else "an argument"
        return (
            f"{name.strip('[]')} is missing",
            f"usage: {' '.join([command, *ctx.command.collect_usage_pieces(ctx)])}"
            if ctx
            else see,
        )
    if isinstance(error, click.BadParameter) and error.param is not None:
        return _bad_value(error, error.param, see)
    if isinstance(error, click.BadOptionUsage):
        return f"{error.option_name} needs a value", see
    message = error.format_message().rstrip(".")
    extra = message.removeprefix("Got unexpected extra argument")
    if extra != message:
        words = extra.removeprefix("s").strip(" ()")
        return f"unexpected arguments for {command}: {words}", (
            arguments_hint(name_of(ctx)) or see
        )
    return message, see


def name_of(ctx: click.Context | None) -> str:
    """Returns the words of the command below `patchpilot`, empty for patchpilot itself."""
    return ctx.command_path.partition(" ")[2] if ctx else ""


def _bad_value(
    error: click.BadParameter, parameter: click.Parameter, see: str
) -> tuple[str, str]:
    name = (
        max(parameter.opts, key=len)
        if isinstance(parameter, click.Option)
        else (parameter.metavar or str(parameter.name)).strip("[]")
    )
    given = error.message.partition("'")[2].partition("'")[0]
    kind = parameter.type
    if isinstance(kind, click.Choice):
        return (
            f"{name}: unknown value {given!r}",
            suggestion("value", given, map(str, kind.choices)),
        )
    if isinstance(kind, click.IntRange | click.FloatRange):
        word = given or error.message.partition(" ")[0]
        low, high = kind.min, kind.max
        limits = (
            f"from {low} to {high}"
            if low is not None and high is not None
            else f"of {low} or more"
            if low is not None
            else f"up to {high}"
        )
        return f"{name}: {word!r} is not a number {limits}", f"use a number {limits}"
    return f"{name}: {error.message.rstrip('.')}", see


def unknown_command(
    ctx: click.Context, word: str, known: list[str]
) -> click.UsageError:
    """Return the error for an unknown command."""
    failure = UnknownCommandError(
        f"unknown command {word!r} for {ctx.command_path}", ctx
    )
    failure.hint = command_hint(name_of(ctx), word) or suggestion(
        "command", word, known
    )
    return failure


class UnknownCommandError(click.UsageError):
    """An unknown subcommand, with the nearest one in `hint`."""

    hint = ""
