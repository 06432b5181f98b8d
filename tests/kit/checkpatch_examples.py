# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the examples of rules that replace checkpatch.pl types, and patchpilot's findings in them.

tests/packs/checkpatch-6.1.json contains the findings of checkpatch.pl in Linux 6.1. They were
recorded by tests/lab/checkpatch_oracle.py.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from patchpilot.lint.engine import find_findings
from patchpilot.model.rule import Example, Finding
from tests.kit.packs import choose_all_rules, load_shipped_packs
from tests.kit.retired import load_retired_types
from tests.kit.snippets import build_context, build_example_mail

KERNEL = (6, 1)
EXPECTED = Path(__file__).parent.parent / "packs" / "checkpatch-6.1.json"
# skip these types: they need a repository or, without a tree, checkpatch.pl's word lists
SKIPPED_TYPES = {"UNKNOWN_COMMIT_ID"}
WORD_LISTS = {"TYPO_SPELLING", "CONST_STRUCT"}
Findings = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Case:
    """An example of a rule. Its name consists of the rule, "bad" or "good", and a number."""

    name: str
    example: Example

    @property
    def content_hash(self) -> str:
        """Return a hash of the example, which changes when the example changes."""
        return f"{zlib.crc32((build_example_mail(self.example) + repr(sorted(self.example.tree.items()))).encode('utf-8', 'surrogateescape')):08x}"  # noqa: E501


def list_example_cases() -> Iterator[Case]:
    """Yield the examples of rules that replace checkpatch.pl types, and the examples of retired
    types.
    """
    for pack in load_shipped_packs():
        for rule in pack.rules:
            if rule.checkpatch:
                for number, example in enumerate(pack.examples[rule.id]):
                    if not example.series and not example.history:
                        yield Case(
                            f"{rule.id} {'bad' if example.bad else 'good'} {number}",
                            example,
                        )
    for retired_type in load_retired_types():
        yield Case(
            f"retired {retired_type.checkpatch}",
            Example(bad=False, path=retired_type.path, code=retired_type.code),
        )


def find_our_types(example: Example) -> Findings:
    """Return patchpilot's findings in an example by checkpatch.pl type, using the rules for Linux
    6.1 and --checkpatch-compat.
    """
    context = build_context(example._replace(kernel=KERNEL, profile="linux"))
    context.options = context.options._replace(checkpatch_compat=True)
    skipped_types = SKIPPED_TYPES | (set() if example.tree else WORD_LISTS)
    return findings_by_type(
        find_findings(context, choose_all_rules(KERNEL, "linux")),
        skipped_types,
    )


def findings_by_type(findings: Iterable[Finding], excluded_types: set[str]) -> Findings:
    """Return sorted (type, patch line) pairs of the findings that have a checkpatch.pl type."""
    result = [
        (finding.checkpatch, finding.patch_line or 0)
        for finding in findings
        if finding.checkpatch and finding.checkpatch not in excluded_types
    ]
    return sorted(result)
