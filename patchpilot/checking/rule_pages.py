# SPDX-License-Identifier: GPL-2.0-or-later
"""Formats rules as Markdown pages.

The sections have a fixed order: summary, reason, bad example, good example, fix, options,
known problems, references, checkpatch.pl type.
"""

import re

from patchpilot.checking.list_rules import RuleExplanation
from patchpilot.model.printable import printable
from patchpilot.model.rule import Example, Rule

MOST_LINES = 40
"""Lines of an example that a page shows; the middle of a longer one is left out."""
_APPLIED = {
    "safe": "`check --fix`",
    "suggest": "suggested, applied manually",
    "none": "manually",
}
_LEVELS = {
    "error": "Error",
    "warning": "Warning",
    "check": "Check",
    "note": "Note",
}


def rule_page(explanation: RuleExplanation) -> str:
    """Returns the Markdown page of a rule."""
    rule = explanation.rule
    lines = [f"# {rule.name}", "", _sentence(rule.summary), ""]
    facts = [
        ("Severity", _LEVELS[str(rule.severity)]),
        ("Id", f"`{rule.id}`"),
        ("Pack", f"`{rule.pack}`"),
        ("checkpatch.pl type", f"`{rule.checkpatch}`" if rule.checkpatch else ""),
        ("Applies", in_force(rule)),
        ("Fix", _APPLIED[rule.remedy.kind]),
    ]
    (name, value), *rest = (fact for fact in facts if fact[1])
    lines += [
        f"| {name} | {value} |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rest),
    ]
    lines += ["", "## Why", "", " ".join(rule.why.split())]
    for title, examples in (("Bad", explanation.bad), ("Good", explanation.good)):
        if examples:
            lines += ["", f"## {title}", "", *_fenced(examples[0])]
    if rule.remedy.text:
        lines += ["", "## Fix", "", _sentence(rule.remedy.text)]
    if rule.remedy.equivalent:
        lines += ["", equivalence(rule)]
    if rule.options:
        lines += [
            "",
            "## Options",
            "",
            *(f"- `{name}`: {text}" for name, text in rule.options.items()),
        ]
    if rule.known_problems:
        lines += [
            "",
            "## Known problems",
            "",
            *(f"- {problem}" for problem in rule.known_problems),
        ]
    if explanation.records:
        lines += ["", "## On real patches", "", *explanation.on_real_patches]
    lines += ["", "## References", "", f"- <{rule.reference}>"]
    lines += [
        "",
        "## Suppress it",
        "",
        "```",
        f"patchpilot check --ignore {rule.name}",
        "```",
    ]
    return "\n".join(lines) + "\n"


def _fenced(example: Example) -> list[str]:
    """An example as a code block with the path above it.

    The fence is longer than any run of backticks in it.
    """
    path = example.path or ""
    lines = printable(example._replace(path=None).text).split("\n")
    if len(lines) > MOST_LINES:
        lines = [*lines[:12], "[…]", *lines[-6:]]
    runs = re.findall("`+", "\n".join(lines))
    fence = "`" * max(3, *(len(run) + 1 for run in runs), 3)
    language = "c" if path.endswith((".c", ".h")) else "text"
    return [f"{fence}{language}" + (f' title="{path}"' if path else ""), *lines, fence]


def _sentence(text: str) -> str:
    flat = _code_safe(" ".join(text.split()))
    start = (
        flat
        if flat.startswith(("git ", "b4 ", "patchpilot "))
        else flat[:1].upper() + flat[1:]
    )
    return start + ("" if flat.endswith((".", "!", "?")) else ".")


def _code_safe(text: str) -> str:
    """Text whose angle brackets and stars are not read as markup."""
    return text.replace("<", "&lt;").replace("*", "\\*")


def in_force(rule: Rule) -> str:
    """Returns the kernel versions and projects to which a rule applies, as text."""
    parts = [f"since {rule.first_kernel}"] if rule.since else []
    parts += [f"until {rule.last_kernel}"] if rule.until else []
    parts += [f"profiles {', '.join(rule.profiles)}"] if rule.profiles else []
    return "; ".join(parts)


def equivalence(rule: Rule) -> str:
    """Return why a rule's fix keeps the meaning of the code; "" if it changes no tokens."""
    why = rule.remedy.equivalent
    return f"The meaning stays the same: {why}." if why else ""
