# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules as a list, as a page, and as JSON."""

import textwrap
from collections.abc import Sequence
from typing import Any

from patchpilot.model.finding import Severity
from patchpilot.model.printable import printable
from patchpilot.model.rule import Example, Rule
from patchpilot.services.setup.list_rules import RuleExplanation

COLUMNS = 80
MOST_LINES = 40


def listing(rules: Sequence[Rule]) -> str:
    """One line a rule: id, severity, name, checkpatch type, summary; pack by pack."""
    lines: list[str] = []
    pack = ""
    for rule in rules:
        if rule.pack != pack:
            lines += ["", f"{rule.pack}"] if lines else [rule.pack]
            pack = rule.pack
        alias = f" ({rule.checkpatch})" if rule.checkpatch else ""
        lines.append(f"  {rule.id:8s} {rule.severity:8s} {rule.name}{alias}: {rule.summary}")
    return "\n".join(lines)


def body_of(rule: Rule) -> dict[str, Any]:
    """A rule as JSON has it."""
    return {
        "id": rule.id,
        "name": rule.name,
        "aliases": list(rule.aliases),
        "checkpatch": rule.checkpatch,
        "pack": rule.pack,
        "severity": str(rule.severity),
        "severities": {case: str(severity) for case, severity in rule.severities.items()},
        "scope": rule.scope,
        "since": _version(rule.since),
        "until": _version(rule.until),
        "profiles": list(rule.profiles),
        "summary": rule.summary,
        "why": rule.why,
        "reference": rule.reference,
        "fix": {"kind": rule.remedy.kind, "text": rule.remedy.text},
    }


def _cases(rule: Rule) -> str:
    """The other severities a finding of the rule may have."""
    others = sorted({str(severity) for severity in rule.severities.values()})
    return f" (in some cases {' or '.join(others)})" if others else ""


def page(one: RuleExplanation) -> str:
    """What, why, bad and good example, fix, reference: always in that order."""
    rule = one.rule
    alias = f", checkpatch.pl's {rule.checkpatch}" if rule.checkpatch else ""
    strict = " (mostly shown with --strict only)" if rule.severity is Severity.CHECK else ""
    lines = [
        f"{rule.name} ({rule.id}{alias}): {rule.severity}{_cases(rule)}{strict}",
        "",
        f"  {rule.summary}",
        "",
        "Why",
        *_wrapped(rule.why),
    ]
    for title, examples in (("Bad", one.bad), ("Good", one.good)):
        if examples:
            lines += ["", title, *_indented(shown(examples[0]))]
    if rule.remedy.text:
        lines += [
            "",
            "Instead" if rule.remedy.kind != "safe" else "Instead (`check --fix` does it where that is certain)",
            *_indented(rule.remedy.text),
        ]
    if rule.since or rule.until or rule.profiles:
        lines += ["", "In force", *_indented(in_force(rule))]
    for title, entries in _notes(rule):
        lines += ["", title, *(line for entry in entries for line in _wrapped(entry))]
    return "\n".join([*lines, "", "Reference", *_indented(rule.reference)])


def reference(rules: Sequence[RuleExplanation]) -> str:
    """All rules as one Markdown document: docs/reference/rules.md."""
    lines = [
        "# Rules",
        "",
        "Made by `patchpilot rules --format markdown` out of `checks/`. Each rule says what, why, a bad and a good example, and where it is written.",
    ]
    pack = ""
    for explanation in rules:
        rule = explanation.rule
        if rule.pack != pack:
            pack = rule.pack
            lines += ["", f"## {pack}"]
        alias = f", checkpatch.pl: `{rule.checkpatch}`" if rule.checkpatch else ""
        lines += [
            "",
            f"### {rule.name}",
            "",
            f"`{rule.id}`, {rule.severity}{_cases(rule)}{alias}. {_sentence(rule.summary)}",
            "",
            " ".join(rule.why.split()),
        ]
        for title, examples in (("Bad", explanation.bad), ("Good", explanation.good)):
            if examples:
                lines += ["", f"{title}:", "", *(f"    {line}".rstrip() for line in _short(shown(examples[0])))]
        if rule.remedy.text:
            by_itself = ". `check --fix` does it where that is certain." if rule.remedy.kind == "safe" else ""
            lines += ["", f"Instead: {rule.remedy.text}{by_itself}"]
        if conditions := in_force(rule):
            lines += ["", f"In force: {conditions}"]
        for title, entries in _notes(rule):
            lines += ["", f"{title}:", "", *(f"- {' '.join(entry.split())}" for entry in entries)]
        lines += ["", f"Reference: <{rule.reference}>"]
    return "\n".join(lines)


def _notes(rule: Rule) -> list[tuple[str, list[str]]]:
    """What some rules have besides: options, known problems, names that they had before."""
    notes = (
        ("Options", [f"{name}: {text}" for name, text in rule.options.items()]),
        ("Known problems", list(rule.known_problems)),
        ("Former names", [", ".join(rule.aliases)] if rule.aliases else []),
    )
    return [(title, entries) for title, entries in notes if entries]


def _sentence(text: str) -> str:
    flat = " ".join(text.split())
    return flat[:1].upper() + flat[1:] + ("" if flat.endswith((".", "!", "?")) else ".")


def _short(text: str) -> list[str]:
    """An example's lines, a very long one cut in the middle."""
    lines = printable(text).split("\n")
    return lines if len(lines) <= MOST_LINES else [*lines[:12], "[…]", *lines[-6:]]


def in_force(rule: Rule) -> str:
    """For which kernels and profiles a rule holds."""
    parts = [f"since {_version(rule.since)}"] if rule.since else []
    parts += [f"until {_version(rule.until)}"] if rule.until else []
    parts += [f"profiles {', '.join(rule.profiles)}"] if rule.profiles else []
    return "; ".join(parts)


def shown(example: Example) -> str:
    """The telling part of an example."""
    parts = [
        f"Subject: {example.subject}" if example.subject else "",
        (example.message or "").strip("\n"),
        (example.trailers or "").strip("\n"),
        f"{example.path}:" if example.path else "",
        (example.code or example.diff or "").strip("\n"),
        (example.patch or "").strip("\n"),
        "\n".join(series_.strip("\n") for series_ in example.series),
    ]
    return "\n".join(part for part in parts if part)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(printable(" ".join(text.split())), COLUMNS, initial_indent="  ", subsequent_indent="  ", break_long_words=False)


def _indented(text: str) -> list[str]:
    return [f"  {line}".rstrip() for line in printable(text).split("\n")]


def _version(kernel: tuple[int, int] | None) -> str | None:
    return f"{kernel[0]}.{kernel[1]}" if kernel else None
