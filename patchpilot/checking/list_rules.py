# SPDX-License-Identifier: GPL-2.0-or-later
"""List and explain rules for the rules and explain commands."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patchpilot.errors import unknown_word_error
from patchpilot.lint.lint_context import OwnPack
from patchpilot.lint.rule_store import load_examples, load_rules
from patchpilot.lint.selection import (
    find_hidden_rules,
    find_rule_records,
    find_rules_hidden_from_newcomers,
    unknown_rule_hint,
)
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import make_printable
from patchpilot.model.rule import Example, Rule, RuleRecord, Severity

MOST_LINES = 40
"""The middle of longer examples is omitted."""
_APPLIED = {
    "safe": "`check --fix`",
    "suggest": "suggested, applied manually",
    "none": "manually",
}


@json_form(
    "*rule bad=bad_texts good=good_texts shown noise=record.rate? gone=record.gone_share? "
    "asked=record.asked_share?"
)
class RuleExplanation(NamedTuple):
    """A rule, its examples, its past results by severity, and whether it is reported by default."""

    rule: Rule
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    records: Mapping[Severity, RuleRecord]
    shown: bool
    shown_to_newcomers: bool

    @property
    def record(self) -> RuleRecord:
        """Return the past results for the rule's usual severity."""
        return self.records.get(self.rule.severity, RuleRecord())

    @property
    def on_real_patches(self) -> list[str]:
        return [f"As {severity}: {record.sentence}" for severity, record in self.records.items()]

    @property
    def bad_texts(self) -> tuple[str, ...]:
        return tuple(example.text for example in self.bad)

    @property
    def good_texts(self) -> tuple[str, ...]:
        return tuple(example.text for example in self.good)


def explain(word: str, packs: Sequence[OwnPack] = ()) -> tuple[RuleExplanation, ...]:
    """Return the rules with a rule id, a rule name or a checkpatch.pl type.

    Raise `UsageError`, with the most similar name, if there is none.
    """
    rules = load_rules(packs)
    wanted = word.lower()
    found = [
        rule
        for rule in rules
        if wanted in (rule.id.lower(), rule.name, (rule.checkpatch or "").lower())
    ]
    if not found:
        names = [name for rule in rules for name in rule.words[:-1]]
        raise unknown_word_error("rule", word, names, hint=unknown_rule_hint(word, names))
    return explain_all(found, packs)


def explain_all(
    rules: Sequence[Rule], packs: Sequence[OwnPack] = ()
) -> tuple[RuleExplanation, ...]:
    """Return the rules with their examples; the packs are read once."""
    examples = load_examples(rules, packs)
    hidden = find_hidden_rules(load_rules())
    hidden_from_newcomers = find_rules_hidden_from_newcomers(load_rules())
    return tuple(
        RuleExplanation(
            rule,
            tuple(example for example in examples[rule.id] if example.bad),
            tuple(example for example in examples[rule.id] if not example.bad),
            find_rule_records(rule),
            (rule.name, rule.severity) not in hidden,
            (rule.name, rule.severity) not in hidden_from_newcomers,
        )
        for rule in rules
    )


def rule_page(explanation: RuleExplanation) -> str:
    rule = explanation.rule
    lines = [f"# {rule.name}", "", _sentence(rule.summary), ""]
    facts = [
        ("Severity", str(rule.severity).capitalize()),
        ("Id", f"`{rule.id}`"),
        ("Pack", f"`{rule.pack}`"),
        ("checkpatch.pl type", f"`{rule.checkpatch}`" if rule.checkpatch else ""),
        ("Applies", describe_scope(rule)),
        ("Fix", _APPLIED[rule.remedy.kind]),
    ]
    (name, value), *rest = (fact for fact in facts if fact[1])
    lines += [
        f"| {name} | {value} |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rest),
    ]
    text = rule.remedy.text
    fix_lines = [_sentence(text)] if text else []
    decides = rule.remedy.decides
    fix_lines += ["", f"The author decides {decides}."] if decides else []
    fix_lines += ["", equivalence(rule)] if rule.remedy.equivalent else []
    command = f"patchpilot check --ignore {rule.name}"
    for title, body in (
        ("Why", [" ".join(rule.why.split())]),
        ("Bad", _first_code_block(explanation.bad)),
        ("Good", _first_code_block(explanation.good)),
        ("Fix", fix_lines),
        ("Options", [f"- `{name}`: {text}" for name, text in rule.options.items()]),
        ("Known problems", [f"- {problem}" for problem in rule.known_problems]),
        ("On real patches", explanation.on_real_patches),
        ("References", [f"- <{rule.reference}>"]),
        ("Suppress it", ["```", command, "```"]),
    ):
        if body:
            lines += ["", f"## {title}", "", *body]
    return "\n".join(lines) + "\n"


def _first_code_block(examples: Sequence[Example]) -> list[str]:
    """Return the first example, if any, as a code block with its path.

    The fence is longer than any run of backticks in the example.
    """
    if not examples:
        return []
    example = examples[0]
    path = example.path or ""
    lines = make_printable(example._replace(path=None).text).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[:12], "[…]", *lines[-6:]]
    backticks = re.findall("`+", "\n".join(lines))
    fence = "`" * max(3, *(len(run) + 1 for run in backticks), 3)
    language = "c" if path.endswith((".c", ".h")) else "text"
    return [f"{fence}{language}" + (f' title="{path}"' if path else ""), *lines, fence]


def _sentence(text: str) -> str:
    line = _escape_markdown(" ".join(text.split()))
    capitalized = (
        line if line.startswith(("git ", "b4 ", "patchpilot ")) else line[:1].upper() + line[1:]
    )
    return capitalized + ("" if line.endswith((".", "!", "?")) else ".")


def _escape_markdown(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")


def describe_scope(rule: Rule) -> str:
    """Return the kernel versions and projects to which a rule applies."""
    parts = [f"since {rule.first_kernel}"] if rule.since else []
    parts += [f"until {rule.last_kernel}"] if rule.until else []
    parts += [f"profiles {', '.join(rule.profiles)}"] if rule.profiles else []
    return "; ".join(parts)


def equivalence(rule: Rule) -> str:
    """Explain why a rule's fix does not change the meaning of the code, or return ""."""
    why = rule.remedy.equivalent
    return f"The meaning stays the same: {why}." if why else ""


all_rules = load_rules
