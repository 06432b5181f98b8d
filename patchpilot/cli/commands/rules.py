# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot rules`: list all rules."""

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb


@verb(
    epilog="\b\nExamples:\n  patchpilot rules --pack tags\n  patchpilot rules --format json"
)
@common_options("text", "json", "markdown")
@click.option("--pack", metavar="NAME", help="list only the rules of this pack")
def command(common: Common, pack: str | None) -> int:
    """List all rules by pack, with your own packs last."""
    from patchpilot.checking.list_rules import all_rules, explain_all
    from patchpilot.cli.error_exit import notice
    from patchpilot.cli.output import rules_report as output
    from patchpilot.cli.output.json_document import document
    from patchpilot.errors import unknown
    from patchpilot.settings.trusted_packs import packs_if_trusted

    with common.workplace() as place:
        own, problem = packs_if_trusted(place.settings(), place.source())
    if problem:
        notice("note", problem)
    listed = all_rules(own)
    if pack is not None:
        packs = {rule.pack for rule in listed}
        if pack not in packs:
            raise unknown("pack", pack, packs)
        listed = tuple(rule for rule in listed if rule.pack == pack)
    if common.format == "json":
        common.write(document("rules", rules=listed))
    elif common.format == "markdown":
        common.write(output.reference(explain_all(listed, own)))
    else:
        common.write(output.listing(listed))
    return 0
