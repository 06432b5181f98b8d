# SPDX-License-Identifier: GPL-2.0-or-later
"""The options that commands share, as decorators."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from patchpilot.cli.common import Common, ProgressLine, progress_of
from patchpilot.cli.option_table import (
    CHOICE,
    FLAG,
    NUMBER,
    PATH,
    Option,
    Table,
    base_table,
    common_table,
)
from patchpilot.errors import unknown
from patchpilot.model.rewrite_overrides import OVERRIDES

__all__ = [
    "Common",
    "ProgressLine",
    "base_options",
    "click_option",
    "common_options",
    "progress_of",
    "rewrite_options",
    "table_options",
]

F = TypeVar("F", bound=Callable[..., Any])


class _LateHelp(click.Option):
    """An option whose help is made only when it is shown, since that takes time."""

    def __init__(self, *args: Any, made_help: Callable[[], str], **given: Any) -> None:
        super().__init__(*args, **given)
        self._made_help = made_help

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and its help."""
        self.help = self._made_help()
        return super().get_help_record(ctx)


def common_options(*formats: str, short_verbose: bool = True) -> Callable[[F], F]:
    """Return a decorator that adds the common options to a verb.

    `formats` are its --format values, the first one the default. The verb gets one argument,
    `common`. Without `short_verbose`, the verb keeps `-v` for itself.
    """

    def wrap(function: F) -> F:
        def collect(**values: Any) -> Any:
            context = click.get_current_context()
            outer = context.find_root().obj or {}
            if values.pop("json", False):
                _as_json(context, values)
            common = Common(
                repo=values.pop("repo") or outer.get("repo"),
                tree=values.pop("tree"),
                profile=values.pop("profile"),
                format=values.pop("format"),
                output=values.pop("output"),
                offline=values.pop("offline"),
                quiet=values.pop("quiet"),
                verbose=values.pop("verbose"),
                color=values.pop("color"),
                explain_base=values.pop("explain_base", False),
            )
            common.verify()
            return function(common=common, **values)

        collect.__name__, collect.__doc__ = function.__name__, function.__doc__
        collect.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
        for option in reversed(
            common_table(formats or ("text", "json"), short_verbose=short_verbose)
        ):
            click_option(option)(collect)
        if not formats or "json" in formats:
            text = "same as --format json"
            click.option("--json", is_flag=True, help=text)(collect)
        return collect  # type: ignore[return-value]

    return wrap


def _as_json(context: click.Context, values: dict[str, Any]) -> None:
    """Make the format JSON; UsageError where --format names another one."""
    given = context.get_parameter_source("format") is ParameterSource.COMMANDLINE
    if given and values["format"] != "json":
        raise click.UsageError(f"--json contradicts --format {values['format']}")
    values["format"] = "json"


def base_options(
    what: str = "base of the topic (default: detected)",
) -> Callable[[F], F]:
    """Return a decorator that adds --base and --explain-base to a verb that takes a topic.

    --explain-base is passed to the verb in `common`.
    """
    return table_options(base_table(what))


def rewrite_options(function: F) -> F:
    """Add the options that override a refusal to rewrite commits to a verb.

    The verb gets them as the tuple `overrides`.
    """

    def collect(**values: Any) -> Any:
        given = tuple(name for name in OVERRIDES if values.pop(name))
        return function(overrides=given, **values)

    collect.__name__, collect.__doc__ = function.__name__, function.__doc__
    collect.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    for name, text in reversed(OVERRIDES.items()):
        click.option(f"--{name}", is_flag=True, help=text)(collect)
    return collect  # type: ignore[return-value]


def table_options(table: Table) -> Callable[[F], F]:
    """Return a decorator that adds the options of a table to a verb, in order."""

    def wrap(function: F) -> F:
        for option in reversed(table):
            function = click_option(option)(function)
        return function

    return wrap


class _TransportName(click.Choice):  # type: ignore[type-arg]  # click 8.1 has no parameter there
    """One of the transports; a wrong name names the nearest."""

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        if value not in self.choices:
            raise unknown("transport", value, self.choices)
        return value


def via_option(what: str) -> Callable[[F], F]:
    """Return a decorator that adds the option --via for the transport."""
    from patchpilot.services.send.transport_names import transport_names

    return click.option("--via", type=_TransportName(transport_names()), help=what)


def click_option(option: Option) -> Callable[[F], F]:
    """Return click's option for a row of the option table."""
    given: dict[str, Any] = (
        {"help": option.help}
        if isinstance(option.help, str)
        else {"cls": _LateHelp, "made_help": option.help}
    )
    if option.kind == FLAG:
        given["is_flag"] = True
    if option.kind == CHOICE:
        given["type"] = click.Choice(option.choices)
    if option.kind == PATH:
        given["type"] = click.Path(path_type=Path)
    if option.kind == NUMBER and option.limits:
        given["type"] = click.IntRange(*option.limits)
    if option.metavar:
        given["metavar"] = option.metavar
    if option.multiple:
        given["multiple"] = True
    if option.alone is not None:
        given |= {"is_flag": False, "flag_value": option.alone}
    if option.default is not None or option.off:
        given["default"] = option.default
    if option.shows_default:
        given["show_default"] = True
    spellings = (
        [f"{on}/{off}" for on, off in zip(option.spellings, option.off, strict=True)]
        if option.off
        else option.spellings
    )
    return click.option(*spellings, option.key, **given)
