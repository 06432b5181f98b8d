# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples in checks/ of rules that stand for a type of checkpatch.pl, and what patchpilot
finds in each.

What checkpatch.pl of Linux 6.1 found in them is in tests/packs/checkpatch-6.1.json:
tests/lab/checkpatch_oracle.py asked it.
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
# the words are those of the tree the script lies in, and without a repository every commit is
# unknown to it
LEFT_OUT = {"UNKNOWN_COMMIT_ID"}
WORD_LISTS = {"TYPO_SPELLING", "CONST_STRUCT"}
Findings = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Case:
    """An example and its place: rule, "bad" or "good", number."""

    name: str
    example: Example

    @property
    def stamp(self) -> str:
        """Changes when the example does."""
        return f"{zlib.crc32((mail_of(self.example) + repr(sorted(self.example.tree.items()))).encode('utf-8', 'surrogateescape')):08x}"  # noqa: E501


def cases() -> Iterator[Case]:
    """Yield the examples of all rules that stand for a type of checkpatch.pl, and the code that
    would give the types it never reports.
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


def ours(example: Example, rules: tuple[Rule, ...]) -> Findings:
    """What patchpilot says of an example, as of 6.1 and by checkpatch.pl's names."""
    context = context_of(example._replace(kernel=KERNEL, profile="linux"))
    left_out = LEFT_OUT | (set() if example.tree else WORD_LISTS)
    return by_type(
        run(context, choose(rules, kernel=KERNEL, profile="linux")), left_out
    )


def by_type(findings: object, left_out: set[str]) -> Findings:
    """(type, patch line) of findings that stand for a type, sorted."""
    found = [
        (finding.checkpatch, finding.patch_line or 0)
        for finding in findings
        if finding.checkpatch and finding.checkpatch not in left_out
    ]  # type: ignore[attr-defined]
    return sorted(found)
