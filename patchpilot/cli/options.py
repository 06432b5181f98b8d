# SPDX-License-Identifier: GPL-2.0-or-later
"""The options every verb has."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from patchpilot.cli.common import Common, ProgressLine, progress_of
from patchpilot.errors import unknown

__all__ = ["Common", "ProgressLine", "base_options", "common_options", "progress_of"]

F = TypeVar("F", bound=Callable[..., Any])


class _ProjectOption(click.Option):
    """The option that names a project; its help lists them when it is shown, as reading them is not for every start."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """The option and its help."""
        from patchpilot.services.topic.topic_project import project_names

        *names, last = project_names()
        self.help = f"{', '.join(names)} or {last} (default: detected)"
        return super().get_help_record(ctx)


def common_options(*formats: str, short_verbose: bool = True) -> Callable[[F], F]:
    """Add the common options to a verb; `formats` are its --format values, the first the default. The verb gets one argument, `common`.

    Without `short_verbose` the verb keeps `-v` for itself.
    """

    def wrap(function: F) -> F:
        def collect(**values: Any) -> Any:
            context = click.get_current_context()
            outer = context.find_root().obj or {}
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
        for option in reversed(_options(formats or ("text", "json"), ("-v", "--verbose") if short_verbose else ("--verbose",))):
            option(collect)
        return collect  # type: ignore[return-value]

    return wrap


def base_options(what: str = "what your topic is based on") -> Callable[[F], F]:
    """Add --base and --explain-base to a verb that takes a topic; the second one reaches it in `common`."""

    def wrap(function: F) -> F:
        explain = click.option("--explain-base", is_flag=True, help="say on stderr what the base is, why, and what else it may be")
        return click.option("--base", metavar="REV", help=what)(explain(function))

    return wrap


class _TransportName(click.Choice):  # type: ignore[type-arg]  # click 8.1 has no parameter there
    """One of the transports; a wrong name names the nearest."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value not in self.choices:
            raise unknown("transport", value, self.choices)
        return value


def via_option(what: str) -> Callable[[F], F]:
    """Add --via, the transport."""
    from patchpilot.services.send.transport_names import transport_names

    return click.option("--via", type=_TransportName(transport_names()), help=what)


def _options(formats: tuple[str, ...], verbose: tuple[str, ...]) -> list[Callable[[Any], Any]]:
    folder = click.Path(path_type=Path)
    return [
        click.option("-C", "--repo", metavar="DIR", type=folder, help="work in this repository"),
        click.option("--tree", metavar="DIR", type=folder, help="an unpacked source tree without git"),
        click.option("--profile", cls=_ProjectOption, metavar="NAME"),
        click.option("--format", type=click.Choice(formats), default=formats[0], show_default=True, help="output form"),
        click.option("-o", "--output", metavar="FILE", type=folder, help="write the result there instead of stdout"),
        click.option("--offline", is_flag=True, help="never touch the network"),
        click.option("-q", "--quiet", is_flag=True, help="no progress, no remarks"),
        click.option(*verbose, is_flag=True, help="say more on stderr"),
        click.option("--color/--no-color", default=None, help="colour or not (default: on a terminal)"),
    ]
