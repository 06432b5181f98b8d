# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot trailers`: add review tags from replies."""

import sys
from typing import Any

import click

from patchpilot.cli.commands.prepare import text
from patchpilot.cli.options import (
    Common,
    base_options,
    common_options,
    progress_of,
    rewrite_options,
)
from patchpilot.cli.verb_command import verb
from patchpilot.errors import ExitCode, RefusedError
from patchpilot.model.printable import one_line
from patchpilot.services.tags.add_review_trailers import add_review_trailers
from patchpilot.topic.message_changes import Preparation
from patchpilot.topic.review_trailers import TrailersRequest


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot track update\n"
        "  patchpilot trailers --dry-run\n"
        "  patchpilot trailers"
    )
)
@common_options("text", "json")
@base_options()
@click.option(
    "--changed",
    is_flag=True,
    help="also add conditional tags and tags for a patch that has changed since",
)
@click.option(
    "--also",
    metavar="TRAILER",
    multiple=True,
    help="also add this tag, which is added on request only; repeatable",
)
@rewrite_options
@click.option(
    "--dry-run", is_flag=True, help="print what would be written; write nothing"
)
@click.option(
    "--yes",
    is_flag=True,
    help="write without asking; required if stdin is not a terminal",
)
@click.argument("target", required=False)
def command(
    common: Common, target: str | None, base: str | None, yes: bool, **options: Any
) -> int:
    """Add Reviewed-by: and other tags from replies to the commits of TARGET (default: the topic).

    Only messages change; `patchpilot undo` restores the commits.
    """

    def confirm(preparation: Preparation) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            raise RefusedError(
                "nothing was written: stdin is not a terminal",
                hint="check the output of --dry-run, then add --yes",
            )
        click.echo(text(preparation, common.colored), err=True)
        return click.confirm("Write these messages?", err=True)

    with common.workplace() as place, progress_of(common) as progress:
        repository, settings = place.repository, place.settings()
        collected = add_review_trailers(
            repository,
            TrailersRequest(target, place.base(settings, base, (target,)), **options),
            confirm=confirm,
            progress=progress,
        )
    if common.format == "json":
        from patchpilot.cli.output.json_document import document

        common.write(document("trailers", collected))
        return ExitCode.OK
    common.write(text(collected.preparation, common.colored))
    for held_trailer in collected.held:
        offer = f"; {held_trailer.offer}" if held_trailer.offer else ""
        click.echo(
            one_line(
                f"not added: {held_trailer.trailer} (v{held_trailer.version}):"
                f" {held_trailer.why}{offer}"
            ),
            err=True,
        )
    if not collected.preparation.changed and not common.quiet:
        click.echo("nothing to add", err=True)
    return ExitCode.OK
