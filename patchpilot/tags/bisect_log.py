# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the output of `git bisect log`, or the end of a bisection as pasted into a bug report."""

import re
from typing import NamedTuple

from patchpilot.errors import InputError

_FIRST = re.compile(r"^(?:#\s*)?first (?!good|old)\w+ commit: \[([0-9a-f]{7,64})\]", re.MULTILINE)
_IS_FIRST = re.compile(r"\b([0-9a-f]{7,64}) is the first (?!good|old)\w+ commit\b")
_STEP = re.compile(r"^git bisect (\S+)((?:[ \t]+'?[0-9a-f]{7,64}'?)+)[ \t]*$", re.MULTILINE)
_START = re.compile(r"^git bisect start((?:[ \t]+\S+)*)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^# (\w+): \[([0-9a-f]{7,64})\]", re.MULTILINE)
_TERM = re.compile(r"--term-(new|bad|old|good)'?[= ]'?(\S+?)'?(?=\s|$)")

_HEAD = re.compile(
    r"git bisect start\b|#\s*(?:status|bad|good|new|old|skip|first \w+ commit)\b.*\n|"
    r"[0-9a-f]{7,64} is the first (?!good|old)\w+ commit\b"
)


def is_bisection(text: str) -> bool:
    """Return whether a text is the output of `git bisect log` or the end of a bisection."""
    return bool(_HEAD.match(text.lstrip("\ufeff \t\r\n")))


class Bisection(NamedTuple):
    """A parsed bisection with the first bad commit, and the ids of bad, good and skipped commits in
    order.

    The first bad commit is None if the bisection is unfinished.
    """

    first_bad: str | None
    bad: tuple[str, ...] = ()
    good: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()


def parse_bisection(text: str, name: str = "the bisection") -> Bisection:
    """Parse a bisection log.

    Raise InputError if the text does not contain a bisection.
    """
    text = text.replace("\r\n", "\n")
    bad_terms, good_terms = {"bad", "new"}, {"good", "old"}
    for kind, term in _TERM.findall(text):
        (bad_terms if kind in ("new", "bad") else good_terms).add(term)
    marks: dict[str, list[str]] = {"bad": [], "good": [], "skip": []}
    start = _START.search(text)
    if start:
        # a name in the command, such as a tag, has its commit on a line before it
        for term, id_ in _COMMENT.findall(text[: start.start()]):
            marks["bad" if term in bad_terms else "good" if term in good_terms else "skip"] += [id_]
        ids = [
            term.strip("'")
            for term in start[1].split()
            if re.fullmatch(r"'?[0-9a-f]{7,64}'?", term)
        ]
        marks["bad"] += ids[:1]
        marks["good"] += ids[1:]
    for term, ids in _STEP.findall(text):
        kind = "bad" if term in bad_terms else "good" if term in good_terms else term
        if kind in marks:
            marks[kind] += [id_.strip("'") for id_ in ids.split()]
    result = [*_FIRST.findall(text), *_IS_FIRST.findall(text)]
    if not result and not marks["bad"]:
        raise InputError(
            f"{name}: no bisect log and no first bad commit found",
            hint="run `git bisect log > FILE` to write the log",
        )
    return Bisection(
        result[-1] if result else None,
        tuple(marks["bad"]),
        tuple(marks["good"]),
        tuple(marks["skip"]),
    )
