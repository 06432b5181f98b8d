# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the verdict of build and test bots on a version.

It is failed, warned, passed or unknown.
"""

import re
from collections.abc import Iterable
from enum import StrEnum

from patchpilot.reading.mail_kinds import TESTS, MailKind

FAILURE = re.compile(
    r"(?<!\b0 )\bFAIL(?:ED|URES?)?\b|\b(?:build|boot|build/boot) failed\b"
    r"|\bfound (?:the following )?(?:errors|warnings|issues?)\b|\bstill triggering\b"
    r"|\b[Ff]ailures? detected\b|\|\s*[Ff]ail(?:ed|ure)?\s*\||^\W*[❌✗]|: failure for\b"
    r"|\breverted in mainline\b|\bnoticed (?:the following|an? -?[\d.]+% regression)\b",
    re.MULTILINE,
)
"""The words and marks of a bot that reports a failure."""
_PASSED = re.compile(
    r"\bPASS(?:ED)?\b|\bBUILD SUCCESS\b|\bdid not trigger any issue\b|^\W*[✅✓]"
    r"|\ball tests passed\b|\|\s*[Ss]uccess\s*\||: success for\b",
    re.MULTILINE,
)


_WARNS = re.compile(
    r"\b(?:build|sparse|smatch|cocci\w*|dtcheck|includecheck) warnings?\b|\bbuild test warning\b"
    r"|^>> [^\n]*\bwarning:",
    re.IGNORECASE | re.MULTILINE,
)
_FAILS = re.compile(
    r"\bbuild (?:test )?errors?\b|\ball errors?\b|\bundefined reference\b|\bcannot apply\b"
    r"|^(?:>>)?[ \t]*(?:[^\s:]\S*:[ \t]+)?(?:fatal )?error(?:\[\w+\])?:|\*\*\* \[",
    re.IGNORECASE | re.MULTILINE,
)
"""The headings of a report of build errors, and the lines that compilers, linkers and make print.

The excerpts of code in a report may contain the word "error" as well.
"""


class CiVerdict(StrEnum):
    """The verdict of the bots on a version, worst first."""

    FAILED = "failed"
    WARNED = "warned"
    PASSED = "passed"


def find_worst_verdict(verdicts: Iterable[CiVerdict | None]) -> CiVerdict | None:
    """Return the worst of the bots' verdicts, or None if there is none."""
    found = set(verdicts)
    return next((verdict for verdict in CiVerdict if verdict in found), None)


def has_only_warnings(report: str) -> bool:
    """Return whether a build report contains warnings but no errors."""
    return bool(_WARNS.search(report)) and not _FAILS.search(report)


def read_verdict(kind: MailKind, text: str, *, only_warns: bool) -> CiVerdict | None:
    """Return the verdict in a bot's message, or None if it contains none.

    `text` is the title and the text of the message; `only_warns` is set if a build report contains
    no errors.
    """
    if kind is MailKind.BUILD_FAILURE:
        return CiVerdict.WARNED if only_warns else CiVerdict.FAILED
    if kind not in TESTS:
        return None
    if FAILURE.search(text):
        return CiVerdict.FAILED
    return CiVerdict.PASSED if _PASSED.search(text) else None
