# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot maintainers`: who gets a patch, and why."""

import sys
from collections.abc import Sequence
from typing import Any

import click

from patchpilot.cli.error_exit import notice
from patchpilot.cli.get_maintainer_args import COMMON, FORMATS, OPTIONS, width_of
from patchpilot.cli.options import Common, common_options, progress_of, table_options
from patchpilot.cli.verb_command import VerbCommand, verb
from patchpilot.errors import UsageError
from patchpilot.model.address import Address
from patchpilot.model.get_maintainer import take

_HELP = """List the recipients of TARGET (a patch, commits, or with -f files, directories and globs), in which header, and why.

\b
Switches of get_maintainer.pl are accepted in its spellings (--x, --nox, --no-x, -x):
  --git --git-fallback --git-min-percent N --git-chief-penguins
  --m --r --l --s --n --moderated --roles --rolestats --multiline
  --separator TEXT --scm --status --subsystem --keywords --sections -f
"""  # noqa: E501


class _MaintainersCommand(VerbCommand):
    """A command that takes the script's switches before click looks at the words: click has no
    `-norolestats`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the switches and leave the rest to click."""
        switches, rest = take(args, width_of((*COMMON, *OPTIONS)))
        ctx.meta["patchpilot.switches"] = switches
        return super().parse_args(ctx, rest)


@verb(
    cls=_MaintainersCommand,
    name="maintainers",
    help=_HELP,
    epilog="\b\nExample:\n  patchpilot maintainers --tree ~/linux 0001-net-fix-leak.patch",
)
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@table_options(OPTIONS)
@common_options(*FORMATS)
def command(
    common: Common,
    targets: tuple[str, ...],
    **values: Any,
) -> int | None:
    """List the recipients of TARGET."""
    switches: dict[str, Any] = click.get_current_context().meta["patchpilot.switches"]
    drop_in = common.format == "get_maintainer" or switches.get("sections")
    if drop_in and values["security"]:
        raise UsageError(
            "--security cannot be combined with the output of get_maintainer.pl",
            hint="omit --format get_maintainer and --sections",
        )
    if drop_in:
        _drop_in(common, targets, switches)
    else:
        _plan(common, targets, switches, values)
    return None


def _drop_in(
    common: Common, targets: tuple[str, ...], switches: dict[str, Any]
) -> None:
    from patchpilot.cli.get_maintainer_args import shown
    from patchpilot.services.maintainers.get_maintainer_answer import drop_in

    result = drop_in(
        targets,
        switches,
        tree=common.tree,
        repo=common.repo,
        from_archive=common.workplace().from_archive,
    )
    common.write(
        shown(
            result,
            quiet=common.quiet,
            to_terminal=not common.output and sys.stdout.isatty(),
        )
    )


def _plan(
    common: Common,
    targets: tuple[str, ...],
    switches: dict[str, Any],
    given: dict[str, Any],
) -> None:
    from patchpilot.cli.output.recipients_report import as_json, as_text
    from patchpilot.topic import topic_recipients as service

    edits = {
        name: given[option]
        for name, option in (
            ("to", "add_to"),
            ("cc", "add_cc"),
            ("drop", "drop"),
            ("restore", "restore"),
        )
    }
    base = given["base"]
    with common.workplace() as place, progress_of(common) as progress:
        if not targets and not common.tree:
            base = place.base(place.settings(), base)
        request = service.MaintainersRequest(
            targets,
            common.tree,
            common.repo,
            base,
            switches,
            common.profile or "",
            given["per_patch"],
            given["security"],
            place.from_archive,
            None if targets or common.tree else place.repository_if_any(),
        )

        def ask() -> service.PlanResult:
            return (
                service.plan_files(request)
                if switches.get("file")
                else service.plan_targets(request, progress=progress)
            )

        result = ask()
        missed: Sequence[Address] = ()
        if any(edits.values()) or given["reset"]:
            for plan in {planned.topic: planned for planned in result.results}.values():
                service.edit(plan, **edits, reset=given["reset"])
            missed = (
                ()
                if common.quiet
                else service.not_in_plan(result.results, given["drop"])
            )
            result = ask()
    for address in missed:
        notice(
            "note",
            f"{address.email} is not among the recipients now; it will also be dropped later (undo:"
            f" --restore {address.email})",
        )
    common.write(
        as_json(result)
        if common.format == "json"
        else as_text(result, reasons=not given["brief"]),
        fold=True,
    )
