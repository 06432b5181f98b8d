# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a request to the stable maintainers: its subject, and the answers to it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

_REQUESTED = re.compile(r"\b(?P<commit>[0-9a-f]{12,40}) \(\".*\"\) to (?P<places>.+)$")
_VERSION = re.compile(r"(?<![\w.])(\d+\.\d+)(?=[\s.,:;)?!]|$)(?:\.(?:y|\d+))?")
_NOT_APPLIED = re.compile(
    r"\b(?:(?:not|n't|fail\w*(?: to)?) (?:\w+ ){0,2}appl\w+"
    r"|(?:send|post|submit|provide|need\w*|make|do) (?:\w+ ){0,3}backports?)\b",
    re.IGNORECASE,
)
"""The words in an answer to a request by which the fix needs a backport."""
_APPLIED_TO = re.compile(r"\bapply(?: \w+)? (?:to|on|in) (?:the )?(?:linux-)?(?=\d)", re.IGNORECASE)
_TAKEN = re.compile(r"\b(?:queued|applied|added|merged|picked|took|taken)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"(?<=[.!?])\s+|;\s+|,?\s+but\s+", re.IGNORECASE)


def parse_request_subject(subject: str) -> tuple[str, tuple[str, ...]]:
    """Return the commit that a request names, and the branches, or "" and () for another subject.

    The branches are as named, for example `6.1` or `linux-6.6.y`.
    """
    match = _REQUESTED.search(subject.strip())
    if match is None:
        return "", ()
    return match["commit"], tuple(re.split(r",?\s+and\s+|[,\s]+", match["places"].strip()))


def find_versions(text: str) -> tuple[str, ...]:
    """Return the versions of stable branches that a text names: `6.1` for `6.1.y` and `6.1.76`."""
    return tuple(dict.fromkeys(_VERSION.findall(text.replace("linux-", ""))))


class StableAnswer(NamedTuple):
    """The states of branches according to an answer to a request.

    `refusal` is the first clause by which the fix needs a backport, or "", and `promise` the first
    one by which it is taken. `failed` contains the
    versions that need one, and `queued` the versions that get the fix.
    """

    refusal: str
    promise: str
    failed: tuple[str, ...]
    queued: tuple[str, ...]


def parse_answer(text: str, asked: Sequence[str], *, is_queued: bool) -> StableAnswer:
    """Return the states of the `asked` versions according to an answer, and of others that it
    asks for.

    An answer that names none of them is about all. If some may be queued (`is_queued`), a refusal
    without a version is about the versions that are not named. A question queues nothing.
    """
    named = [it for it in find_versions(text) if it in asked]
    every = _CLAUSE_END.split(text.strip())
    clauses = [it for it in every if _NOT_APPLIED.search(it)]
    taken = [it for it in every if _TAKEN.search(it) and it not in clauses and it[-1:] != "?"]
    is_queued = is_queued and bool(taken)
    refusing = " ".join(clauses)
    # `5.15.y` without a request is a wish for a backport, and `5.15` may only be an explanation
    is_named = bool(_APPLIED_TO.search(refusing))
    failed = [
        it for it in find_versions(refusing) if is_named or it in asked or f"{it}.y" in refusing
    ]
    if clauses and not failed:
        failed = [it for it in asked if it not in named] if is_queued else named or [*asked]
    queued = [it for it in named or asked if is_queued and it not in failed]
    refusal, promise = (" ".join("".join(it[:1]).split()).rstrip(".!?") for it in (clauses, taken))
    return StableAnswer(refusal, promise, tuple(failed), tuple(queued))
