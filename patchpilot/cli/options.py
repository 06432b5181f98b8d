# SPDX-License-Identifier: GPL-2.0-or-later
"""The options that commands share, as decorators."""

from collections.abc import Callable
from typing import Any, TypeVar

from patchpilot.cli.common import Common, ProgressLine, progress_of
from patchpilot.cli.option_table import (
    CHOICE,
    NUMBER,
    TEXT,
    Option,
    Table,
    base_table,
    common_table,
)
from patchpilot.cli.verb_command import rows_option
from patchpilot.errors import UsageError
from patchpilot.model.rewrite_overrides import OVERRIDES

__all__ = [
    "Common",
    "ProgressLine",
    "base_options",
    "common_options",
    "progress_of",
    "rewrite_options",
    "series_options",
    "table_options",
]

F = TypeVar("F", bound=Callable[..., Any])
_COMMON = tuple(
    name for name in Common.__annotations__ if name not in ("format", "explain_base")
)


def common_options(*formats: str, short_verbose: bool = True) -> Callable[[F], F]:
    """Return a decorator that adds the common options to a command.

    `formats` are its --format values, the first one the default. The command gets one argument,
    `common`. Without `short_verbose`, the verb keeps `-v` for itself.
    """
    formats = formats or ("text", "json")
    table = common_table(formats, short_verbose=short_verbose)

    def wrap(function: F) -> F:
        def collect(**values: Any) -> Any:
            form = values.pop("format")
            if values.pop("json", False):
                if form not in (None, "json"):
                    raise UsageError(f"--json contradicts --format {form}")
                form = "json"
            common = Common(
                format=form or formats[0],
                explain_base=values.pop("explain_base", False),
                **{name: values.pop(name) for name in _COMMON},
            )
            if str(common.output) == "-":
                common = common._replace(output=None)
            common.verify()
            return function(common=common, **values)

        return rows_option(*table)(_copy_command_form(function, collect))

    return wrap


def _copy_command_form(function: F, collect: Callable[..., Any]) -> F:
    """Give a wrapper the name, help and options of its function."""
    collect.__name__, collect.__doc__ = function.__name__, function.__doc__
    collect.__dict__.update(function.__dict__)
    return collect  # type: ignore[return-value]


def base_options(
    what: str = "base of the topic (default: detected)",
) -> Callable[[F], F]:
    """Return a decorator that adds --base and --explain-base to a command that takes a topic.

    --explain-base is passed to the command in `common`.
    """
    return table_options(base_table(what))


def series_options(function: F) -> F:
    """Add the options for the subject, version and thread of the next send to a command.

    The command gets them as `prefix`, `version` and `in_reply_to`.
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
    """Add the options that override a blocked rewrite to a command.

    The command gets them as the tuple `overrides`.
    """

    def collect(**values: Any) -> Any:
        given = tuple(name for name in OVERRIDES if values.pop(name))
        return function(overrides=given, **values)

    rows = (Option((f"--{name}",), text) for name, text in OVERRIDES.items())
    return rows_option(*rows)(_copy_command_form(function, collect))


def table_options(table: Table) -> Callable[[F], F]:
    """Return a decorator that adds the options in a table to a command, in order."""
    return rows_option(*table)


def via_option(what: str) -> Callable[[F], F]:
    """Return a decorator that adds --via, which selects the transport."""
    from patchpilot.services.send.transport_names import transport_names

    names = tuple(transport_names())
    return rows_option(Option(("--via",), what, CHOICE, choices=names))
