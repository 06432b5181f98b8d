# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot lts`: the maintained stable series and their end dates."""

from dataclasses import replace

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb
from patchpilot.errors import UsageError


@verb(epilog="\b\nExamples:\n  patchpilot lts --fetch\n  patchpilot lts --update")
@click.option(
    "--update",
    "refresh",
    is_flag=True,
    help="download the project's list of releases to your data directory",
)
@click.option(
    "--from", "url", metavar="URL", help="with --update: download the list from URL"
)
@click.option(
    "--all", "every", is_flag=True, help="include series that are no longer maintained"
)
@click.option(
    "--fetch",
    "wants_branches",
    is_flag=True,
    help="fetch the maintained branches that this repository lacks",
)
@common_options("text", "json")
def command(
    common: Common, refresh: bool, url: str | None, every: bool, wants_branches: bool
) -> int:
    """List the maintained stable series and their end-of-life dates.

    With --fetch: fetch the stable branches into this repository, from the remote that provides
    them. If there is none, a remote named stable is added. Ctrl-C stops the fetch.
    """
    from patchpilot.cli.output.json_document import document
    from patchpilot.model.printable import printable
    from patchpilot.services.setup.lts_branches import lts, update

    if url and not refresh:
        raise UsageError("--from requires --update", hint="add --update")
    if wants_branches:
        return _fetch(common)
    branches = (
        update(common.profile, url=url, offline=common.offline)
        if refresh
        else lts(common.profile)
    )
    rows = [series_ for series_ in branches.series if every or not series_.is_over]
    if common.format == "json":
        common.write(document("lts", replace(branches, series=tuple(rows))))
    else:
        lines = [
            f"{row.version:<6} EOL {row.ends}" + (" (ended)" if row.is_over else "")
            for row in rows
        ]
        common.write(
            printable(
                "\n".join([*lines, f"{branches.family}, as of {branches.updated}"])
            )
        )
    return 0


def _fetch(common: Common) -> int:
    from patchpilot.cli.error_exit import notice
    from patchpilot.services.setup.fetch_branches import (
        fetch_branches,
        missing_branches,
    )

    if common.offline:
        raise UsageError("--fetch and --offline cannot be combined")
    with common.workplace() as place:
        wanted = missing_branches(place.repository, common.profile)
        if wanted is None:
            notice("note", "no maintained stable branch is missing here")
            return 0
        notice("note", f"fetching {wanted.summary}")
        fetch_branches(place.repository, wanted)
    return 0
