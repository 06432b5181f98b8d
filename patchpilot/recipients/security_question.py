# SPDX-License-Identifier: GPL-2.0-or-later
"""The question whether a bug is a security problem, which a fix and a report of the bug ask.

The words of a security problem are a reason to ask, not an answer
(Documentation/process/security-bugs.rst).
"""

import re
from collections.abc import Iterable

from patchpilot.cache.cached_re import lazy_pattern

SECURITY_WORDS = lazy_pattern(
    r"\b(?:CVE-\d{4}-\d+|use[- ]after[- ]free|out[- ]of[- ]bounds|(?:buffer|stack|heap|integer) overflow|double free|privilege|exploit\w*|"  # noqa: E501
    r"attacker|unprivileged|info(?:rmation)? leak|uninit\w+ (?:memory|stack)|type"
    r" confusion|KASAN|KMSAN|spectre)\b",
    re.IGNORECASE,
)
_MEMORY_ERRORS = lazy_pattern(
    r"\b(?:(?P<use_after_free>use[- ]after[- ]free|UAF)|(?P<out_of_bounds>out[- ]of[- ]bounds?|OOB)"
    r"|double[- ]free|(?:buffer|stack|heap) overflow)\b",
    re.IGNORECASE,
)
QUESTION = "Could somebody use this bug to attack a machine (a security problem)?"


def list_memory_errors(texts: Iterable[str]) -> list[str]:
    """Return the kinds of accesses to wrong memory that texts name, each as one word."""
    kinds = {
        re.sub(r"[\W_]", "-", match.lastgroup or match[0].lower())
        for text in texts
        for match in _MEMORY_ERRORS.finditer(text)
    }
    return sorted(kinds)


def explain_undisclosed(noun: str, team: str) -> str:
    """Return who receives a `fix` or `report` of a security problem, and why."""
    return (
        f"Such {noun} are sent to the maintainers with a copy to {team} first, and to nobody else:"
        " attackers read lists before users can update. Only a bug that an AI found goes to the"
        " lists at once, as others can find it the same way. Mainline defines a security bug in"
        " Documentation/process/threat-model.rst."
    )


def explain_answers(team: str) -> str:
    """Return which bugs are security problems."""
    return (
        "Who can trigger it? Only root, or only a faulty device: no.\n"
        "If any local user or anybody over the network can, what happens? Memory is overwritten,"
        " data leaks, the machine crashes, or a user gets more rights: yes. Memory read out of"
        " bounds or after it was freed is a leak: yes, even if it only makes a number wrong."
        " Otherwise, if a device fails or a number is wrong: no.\n"
        f"In doubt, ask the maintainers or {team} privately before you answer."
    )
