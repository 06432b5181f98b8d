# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect the examples in checks/ for checkpatch.pl's types, each with patchpilot's findings.

The findings of Linux 6.1's checkpatch.pl, recorded by tests/lab/checkpatch_oracle.py, are in
tests/packs/checkpatch-6.1.json.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from patchpilot.lint.engine import run
from patchpilot.lint.rule_store import load_packs
from patchpilot.lint.selection import choose
from patchpilot.model.rule import Example, Rule
from tests.kit.retired import retired_types
from tests.kit.snippets import context_of, mail_of

KERNEL = (6, 1)
EXPECTED = Path(__file__).parent.parent / "packs" / "checkpatch-6.1.json"
# skip types that depend on the word list in the script's tree or on a repository
LEFT_OUT = {"UNKNOWN_COMMIT_ID"}
WORD_LISTS = {"TYPO_SPELLING", "CONST_STRUCT"}
Findings = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Case:
    """An example and its position: rule, "bad" or "good", number."""

    name: str
    example: Example

    @property
    def stamp(self) -> str:
        """Return a hash that changes with the example."""
        return f"{zlib.crc32((mail_of(self.example) + repr(sorted(self.example.tree.items()))).encode('utf-8', 'surrogateescape')):08x}"  # noqa: E501


def cases() -> Iterator[Case]:
    """Yield the examples of all rules with checkpatch.pl types, and code for types that it never
    reports.
    """
    for pack in load_packs():
        for rule in pack.rules:
            if rule.checkpatch:
                for number, example in enumerate(pack.examples[rule.id]):
                    if not example.series and not example.history:
                        yield Case(
                            f"{rule.id} {'bad' if example.bad else 'good'} {number}",
                            example,
                        )
    for retired_type in retired_types():
        yield Case(
            f"retired {retired_type.checkpatch}",
            Example(bad=False, path=retired_type.path, code=retired_type.code),
        )


def find_our_types(example: Example, rules: tuple[Rule, ...]) -> Findings:
    """Return patchpilot's findings in an example, as of 6.1, under checkpatch.pl's names."""
    context = context_of(example._replace(kernel=KERNEL, profile="linux"))
    left_out = LEFT_OUT | (set() if example.tree else WORD_LISTS)
    return by_type(
        run(context, choose(rules, kernel=KERNEL, profile="linux")), left_out
    )


def by_type(findings: object, left_out: set[str]) -> Findings:
    """Return sorted (type, patch line) pairs of findings that have a type."""
    result = [
        (finding.checkpatch, finding.patch_line or 0)
        for finding in findings
        if finding.checkpatch and finding.checkpatch not in left_out
    ]  # type: ignore[attr-defined]
    return sorted(result)
