# SPDX-License-Identifier: GPL-2.0-or-later
"""References to other commits in a commit message: backports, reverts and fixes.

The forms are those of the stable trees (Documentation/process/stable-kernel-rules.rst), and those
that their maintainers write manually.
"""

import re
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late
from patchpilot.model.fixes_line import FixesLine, fixes_lines

_SHORT = r"[0-9a-f]{7,40}\b"
_ID = r"[0-9a-f]{12,40}\b"
_OF = r"(?:the[ ])?(?:upstream[ ]|mainline[ ]|stable[ ])?(?:commit:?[ ]+)?"
_MORE = compile_late(
    r"[ \t]*(?:,|&|and\b)[ \t]*(?P<id>[0-9a-f]{7,40})\b", re.IGNORECASE
)
_HEX = compile_late(r"[0-9a-f]{7,40}", re.IGNORECASE)


_UPSTREAM = compile_late(
    rf"""^(?:[\[(][ ]*)?(?:
            commit:?[ ]+(?P<plain>{_SHORT})[ ]+upstream
          | (?:master[ ])?commit:[ ]+(?P<colon>[0-9a-f]{{40}}\b)
          | (?:this[ ]is[ ]an?[ ])?(?:partial[ ])?back-?port(?:ed)?[ ](?:of|from)[ ]{_OF}(?P<backport>{_SHORT})
          | \(?cherry[ -]picked[ ]from[ ]{_OF}({_SHORT})(?=[^\n]*[)\]])
          | (?:backported[ ]from[ ])?upstream[ ]commit:?[ ]+(?P<bracket>{_SHORT})
        )(?:[ ]*[\])(.,;:"'][^\n]*|[ ]*)$""",  # noqa: E501
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


_SEVERAL = compile_late(
    rf"^[\[(]\s*upstream\s+commits?:?\s+({_ID}(?:(?:\s*,\s*|\s+)(?:and\s+)?{_ID})+)\s*[\])]",
    re.IGNORECASE | re.MULTILINE,
)


_REVERT = compile_late(
    r"\bthis\s+(?:patch\s+|commit\s+)?reverts\s+(?:the\s+)?(?:upstream\s+|stable\s+|mainline\s+)?(?:commits?\s+)?(?P<first>[0-9a-f]{7,40})\b"
    r"(?:\s*\([^)\n]*\)?)?(?P<more>(?:(?:\s*,\s*|\s+)(?:and\s+)?(?:commit\s+)?[0-9a-f]{12,40}\b)*)"
    r"(?:[\s,(]+which\s+(?:is|was)\s+(?:upstream\s+)?commit\s+(?P<upstream>[0-9a-f]{12,40})\b)?",
    re.IGNORECASE,
)


class NamedCommit(NamedTuple):
    """An upstream commit named in a message: the id as written, and its line.

    The id has 7 to 40 digits and is in lower case.
    """

    id: str
    at: int


class Fixed(NamedTuple):
    """A parsed `Fixes:` line: the id as written, and the quoted subject ("" if there is none).

    The id has 7 to 40 digits and is in lower case.
    """

    id: str
    subject: str


class Marks(NamedTuple):
    """The upstream, reverted and fixed commits that a message names, with lower-case ids as
    written.
    """

    upstream: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    fixes: tuple[Fixed, ...] = ()


NONE = Marks()
LEAST = 12
"""Shorter hex strings may be ordinary numbers."""


def upstream_commits(message: str) -> tuple[NamedCommit, ...]:
    """Return the upstream commits that a message names, in order.

    Abbreviated ids are included, so that they can be reported.
    """
    lower = message.lower()
    commits: list[NamedCommit] = []
    if (
        "upstream" in lower
        or "cherry" in lower
        or "port" in lower
        or "commit:" in lower
    ):
        for match in _UPSTREAM.finditer(message):
            if match[0][0] not in "[(" or _is_closed(message, match):
                name = next(word for word in match.groups() if word).lower()
                commits.append(
                    NamedCommit(
                        name,
                        message.count("\n", 0, match.start()),
                    )
                )
        for match in _SEVERAL.finditer(message):
            commits += [
                NamedCommit(name.lower(), message.count("\n", 0, match.start()))
                for name in _HEX.findall(match[1])
            ]
    return tuple(commits)


def read_marks(message: str) -> Marks:
    """Return the references to other commits in a message.

    In the sentence "this reverts commit A, which is commit B upstream", B is part of the revert.
    """
    lower = message.lower()
    reverts: dict[str, None] = {}
    undone: set[str] = set()
    if "reverts" in lower:
        for revert in _REVERT.finditer(message):
            for match in (revert["first"], *_HEX.findall(revert["more"])):
                reverts.setdefault(match.lower())
            if revert["upstream"]:
                undone.add(revert["upstream"].lower())
                reverts.setdefault(revert["upstream"].lower())
    upstream = dict.fromkeys(
        upstream_commit.id
        for upstream_commit in upstream_commits(message)
        if len(upstream_commit.id) >= LEAST
    )
    fixes = (
        tuple(fixed for line in fixes_lines(message) for fixed in _fixed_commits(line))
        if "fixes" in lower
        else ()
    )
    if not (upstream or reverts or fixes):
        return NONE
    return Marks(
        tuple(named for named in upstream if named not in undone), tuple(reverts), fixes
    )


def _fixed_commits(line: FixesLine) -> list[Fixed]:
    """Return the commits in a `Fixes:` line: usually one, none without an id.

    A short number is a bug number unless a subject follows it.
    """
    if not _is_readable(line):
        return []
    ids, rest = [line.id], line.gap + line.rest
    while more := _MORE.match(rest):
        ids.append(more["id"])
        rest = rest[more.end() :]
    subject = rest.strip().lstrip(":-").strip()
    for opened, closed in ("()", '""', "''"):
        if subject.startswith(opened):
            subject = subject[1:].rstrip().removesuffix(closed).strip()
    return [
        Fixed(id_.lower(), subject if len(ids) == 1 else "")
        for id_ in ids
        if subject or not (id_.isdigit() and len(id_) < 10)
    ]


def _is_readable(line: FixesLine) -> bool:
    """Return whether the line has spaces between words, and an indentation of at most two
    columns.
    """
    return (
        line.before in ("", " ", "  ")
        and line.is_unquoted
        and bool(line.space)
        and line.is_spaced
        and line.has_digits(7)
    )


def _is_closed(message: str, match: re.Match[str]) -> bool:
    """Return whether the opening bracket is closed on the same line or at the start of the next.

    Otherwise it starts a comment about the commit.
    """
    tail = match[0][1:]
    after = message[match.end() :].lstrip()
    return any(bracket in tail for bracket in "])") or after[:1] in ("]", ")")
