# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot explain`: explain a rule, or list all rules."""

from patchpilot.cli.options import Common, common_options
from patchpilot.cli.verb_command import argument, verb


@verb(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot explain\n"
        "  patchpilot explain missing-fixes\n"
        "  patchpilot explain BAD_FIXES_TAG"
    )
)
@common_options("text", "json", "markdown")
@argument("rule", metavar="[RULE]", required=False)
def command(common: Common, rule: str | None) -> int:
    """Explain RULE: what it checks and why, with examples, the fix and a reference.

    RULE is an id, a name or a checkpatch type. Without RULE: list all rules by pack, with your own
    packs last.
    """
    from patchpilot.checking.list_rules import all_rules, explain, explain_all
    from patchpilot.cli.error_exit import notice
    from patchpilot.cli.output import rules_report as output
    from patchpilot.cli.output.json_document import document
    from patchpilot.settings.trusted_packs import packs_if_trusted

    with common.workplace() as place:
        packs, problem = packs_if_trusted(place.settings(), place.source())
    if problem:
        notice("note", problem)
    rules = () if rule else all_rules(packs)
    explanations = explain(rule, packs) if rule else ()
    if common.format == "json":
        common.write(
            document("explain", rules=explanations)
            if rule
            else document("rules", rules=rules)
        )
    elif common.format == "markdown":
        common.write(output.reference(explanations or explain_all(rules, packs)))
    elif rule is None:
        common.write(output.listing(rules))
    else:
        common.write("\n\n".join(map(output.page, explanations)), fold=True)
    return 0
