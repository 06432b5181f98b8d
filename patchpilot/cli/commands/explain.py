# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot explain`: explain a rule."""

from pathlib import Path

import click

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import verb


@verb(
    epilog="\b\nExamples:\n  patchpilot explain missing-fixes\n  patchpilot explain BAD_FIXES_TAG"
)
@common_options("text", "json")
@click.argument("rule", metavar="RULE")
def command(common: Common, rule: str) -> int:
    """Explain RULE: what it checks and why, with examples, the fix and a reference.

    RULE is an id, a name or a checkpatch type.
    """
    from patchpilot.checking.list_rules import explain
    from patchpilot.cli.error_exit import notice
    from patchpilot.cli.output import rules_report as output
    from patchpilot.cli.output.json_document import document
    from patchpilot.settings.trusted_packs import packs_if_trusted

    with common.workplace() as place:
        settings = place.settings()
        packs, problem = packs_if_trusted(settings, place.source())
    if problem:
        notice("note", problem)
    explanations = explain(rule, packs)
    if common.format == "json":
        common.write(document("explain", rules=explanations))
    else:
        site = settings.get("docs-url").rstrip("/")
        own = {Path(one.label).stem for one in packs}
        pages = [
            output.page(explanation)
            + (
                f"\n  {site}/reference/rules/{explanation.rule.name}.html"
                if site and explanation.rule.pack not in own
                else ""
            )
            for explanation in explanations
        ]
        common.write("\n\n".join(pages), fold=True)
    return 0
