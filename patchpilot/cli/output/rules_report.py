# SPDX-License-Identifier: GPL-2.0-or-later
"""Format rules as a list, a page and JSON."""

import textwrap
from collections.abc import Sequence

from patchpilot.checking.list_rules import RuleExplanation, describe_scope, equivalence
from patchpilot.checking.pack_examples import TestedPack
from patchpilot.model.path_fact import PathFact
from patchpilot.model.printable import format_count, make_printable
from patchpilot.model.rule import Rule

COLUMNS = 80


def format_rule_list(rules: Sequence[Rule]) -> str:
    """List the rules by pack, one per line: id, severity, name, checkpatch type and summary."""
    lines: list[str] = []
    pack = ""
    for rule in rules:
        if rule.pack != pack:
            lines += ["", f"{rule.pack}"] if lines else [rule.pack]
            pack = rule.pack
        alias = f" ({rule.checkpatch})" if rule.checkpatch else ""
        lines.append(f"  {rule.id:8s} {rule.severity:8s} {rule.name}{alias}: {rule.summary}")
    return "\n".join(lines)


def format_tested_pack(tested: TestedPack) -> str:
    """Format the examples without the expected result, one per line, and the number of examples."""
    failed = [result for result in tested.examples if result.problem]
    lines = [
        f"{result.rule.origin}: rule {result.rule.id} ({result.rule.name}): {result.kind} example"
        f" {result.number}: {result.problem}"
        for result in failed
    ]
    rules = format_count(len({result.rule.id for result in tested.examples}), "rule")
    total = format_count(len(tested.examples), "example")
    outcome = f"{len(failed)} failed" if failed else "all passed"
    lines.append(f"{tested.pack}: {total} of {rules}: {outcome}")
    return make_printable("\n".join(lines))


DECIDES = "The author decides"
"""The title of what no program may decide."""
_APPLIED_BY = {"safe": " (`check --fix` applies it where that is safe)"}


def _other_severities(rule: Rule) -> str:
    severities = sorted({str(severity) for severity in rule.severities.values()})
    return f" (in some cases {' or '.join(severities)})" if severities else ""


def format_rule_page(explanation: RuleExplanation) -> str:
    """Format the page of a rule: description, reason, bad and good example, fix, and reference."""
    rule = explanation.rule
    alias = f", checkpatch.pl's {rule.checkpatch}" if rule.checkpatch else ""
    strict = "" if explanation.shown else " (shown with --strict only)"
    if not explanation.shown and explanation.shown_to_newcomers:
        strict = " (shown to newcomers, otherwise with --strict)"
    lines = [
        f"{rule.name} ({rule.id}{alias}): {rule.severity}{_other_severities(rule)}{strict}",
        "",
        f"  {rule.summary}",
        "",
        "Why",
        *_wrap_text(rule.why),
    ]
    for title, examples in (("Bad", explanation.bad), ("Good", explanation.good)):
        if examples:
            lines += ["", title, *_indent_lines(examples[0].text)]
    if rule.remedy.text:
        lines += [
            "",
            f"Fix{_APPLIED_BY.get(rule.remedy.kind, '')}",
            *_indent_lines(rule.remedy.text),
            *_wrap_text(equivalence(rule)),
        ]
    if rule.since or rule.until or rule.profiles:
        lines += ["", "Applies", *_indent_lines(describe_scope(rule))]
    for title, entries in _optional_sections(explanation):
        lines += ["", title, *(line for entry in entries for line in _wrap_text(entry))]
    return "\n".join([*lines, "", "Reference", *_indent_lines(rule.reference)])


def format_facts_table(facts: Sequence[PathFact]) -> str:
    """Format one line per fact: subject, value, and document or share."""
    lines = [f"{fact.label}: {fact.value} ({fact.source})" for fact in facts]
    return "\n".join(lines or ["no facts: the path has too few commits"])


def _optional_sections(explanation: RuleExplanation) -> list[tuple[str, list[str]]]:
    """Return the optional sections of a rule's page: options, known problems, and past results."""
    rule = explanation.rule
    notes = (
        (DECIDES, [rule.remedy.decides] if rule.remedy.decides else []),
        ("Options", [f"{name}: {text}" for name, text in rule.options.items()]),
        ("Known problems", list(rule.known_problems)),
        ("On real patches", explanation.on_real_patches),
    )
    return [(title, entries) for title, entries in notes if entries]


def _wrap_text(text: str) -> list[str]:
    return textwrap.wrap(
        make_printable(" ".join(text.split())),
        COLUMNS,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
    )


def _indent_lines(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in make_printable(text).split("\n")]
