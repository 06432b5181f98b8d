# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot explain`: explain a rule, or list all rules."""

from pathlib import Path

from patchpilot.cli.command import (
    Common,
    argument,
    common_options,
    make_command,
    option,
)


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot explain\n"
        "  patchpilot explain missing-fixes\n"
        "  patchpilot explain BAD_FIXES_TAG\n"
        "  patchpilot explain --path drivers/iio\n"
        "  patchpilot explain --test ours.toml"
    )
)
@common_options("text", "json", "markdown")
@argument("rule", metavar="[RULE]", required=False)
@option(
    "--path",
    metavar="PATH",
    help="Show how patches to PATH are written, with the share of commits, instead of a rule.",
)
@option(
    "--test",
    metavar="PACK",
    type=Path,
    help="Run the examples in the rule pack PACK, a file.",
)
def command(common: Common, rule: str | None, path: str | None, test: Path | None) -> int:
    """Explain RULE: what it checks and why, with examples, the fix and a reference.

    RULE is an id, a name or a checkpatch type. Without RULE: list all rules by pack, with your own
    packs last. With --path: the facts about a directory or file that rules use. With --test: run
    each example of a pack with its rule; exit code 1 if a bad example has no finding, or a good one
    has any.
    """
    if test:
        return _test_pack(common, test)
    from patchpilot.checking.list_rules import (
        all_rules,
        explain,
        explain_all,
        rule_page,
    )
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.cli.output import rules_report as output
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.settings.tree_data import read_trusted_packs

    with common.workplace() as workplace:
        if path:
            from patchpilot.checking.path_facts import path_facts

            facts = path_facts(path, workplace.repository_if_any())
            common.write(
                format_json("facts", facts=facts)
                if common.format == "json"
                else output.format_facts_table(facts)
            )
            return 0
        packs, problem = read_trusted_packs(workplace.settings(), workplace.source())
    if problem:
        print_notice("note", problem)
    rules = () if rule else all_rules(packs)
    explanations = explain(rule, packs) if rule else ()
    if common.format == "json":
        common.write(
            format_json("explain", rules=explanations)
            if rule
            else format_json("rules", rules=rules)
        )
    elif common.format == "markdown":
        pages = explanations or explain_all(rules, packs)
        common.write("\n".join(map(rule_page, pages)).rstrip("\n"))
    elif rule is None:
        common.write(output.format_rule_list(rules))
    else:
        common.write("\n\n".join(map(output.format_rule_page, explanations)), fold=True)
    return 0


def _test_pack(common: Common, pack: Path) -> int:
    from patchpilot.checking.pack_examples import run_pack_examples
    from patchpilot.cli.output.json_document import format_json
    from patchpilot.cli.output.rules_report import format_tested_pack
    from patchpilot.errors import findings_exit_code

    tested = run_pack_examples(pack)
    common.write(
        format_json("pack-test", tested, examples=tested.examples)
        if common.format == "json"
        else format_tested_pack(tested)
    )
    return int(findings_exit_code(not tested.passed))
