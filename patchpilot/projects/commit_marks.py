# SPDX-License-Identifier: GPL-2.0-or-later
"""Read which mainline commit a backport names, in the formats of all projects and vendors.

The formats are in the `[marks]` tables of the project files, including the user's files. All of
them apply to every message, because a repository may contain branches of several vendors.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.commit_references import (
    FixedCommit,
    find_fixed_commits,
    find_reverted_commits,
)
from patchpilot.model.patch import Patch
from patchpilot.projects.loading import projects
from patchpilot.projects.project import Project, UpstreamMark

LEAST = 12
"""Minimum number of digits; shorter hexadecimal strings may be ordinary numbers."""
_HEX = re.compile(r"[0-9a-f]{7,40}\b")
_COPIED = re.compile(
    r">?(?:From (?=[0-9a-f]{40} Mon Sep 17 00:00:00 2001$)|git cherry-pick -x )([0-9a-f]{40})\b"
)
_ANNOUNCEMENT = re.compile(
    r"^(?:\[[^\]]*\] )?(?:\w+: ){0,2}patch \"(?:\[PATCH[^\]]*\] )?(?P<title>.+)\""
    r" (?:(?:has been |was )?added|failed to apply|was seriously submitted) ",
    re.IGNORECASE,
)


class NamedCommit(NamedTuple):
    """An upstream commit that a message names.

    It consists of the id (7 to 40 digits, in lower case) and the index of its line.
    """

    id: str
    at: int


class CommitMarks(NamedTuple):
    """The upstream, reverted and fixed commits named in a message, with ids in lower case."""

    upstream: tuple[str, ...] = ()
    reverts: tuple[str, ...] = ()
    fixes: tuple[FixedCommit, ...] = ()


NONE = CommitMarks()


class _MarkTable(NamedTuple):
    """The marks, the pattern for vendor prefixes in subjects, and the text of both.

    A pattern is compiled when a message has one of its words.
    """

    marks: tuple[tuple[UpstreamMark, re.Pattern[str]], ...]
    prefixes: re.Pattern[str]
    text: bytes

    def find(self, message: str) -> Iterator[tuple[UpstreamMark, re.Match[str]]]:
        """Yield the matches of all marks; search only for those whose words are in the message."""
        lower = message.lower()
        for mark, pattern in self.marks:
            if any(word in lower for word in mark.words):
                yield from ((mark, match) for match in pattern.finditer(message))


_compiled: list[tuple[Mapping[str, Project], _MarkTable]] = []
"""The table of the projects that were loaded last."""
NOTE = lazy_pattern(
    r"^\s*\[ ?(?!upstream\b)[^\]\n:]{1,80}: *\S.*|^\s*#? ?Conflicts?:"
    r"|^\s*(?:back-?port|adapt)[\w -]*:\s",
    re.IGNORECASE,
)
"""The first line of a note that explains how a backport differs from its origin."""


def list_upstream_marks() -> tuple[UpstreamMark, ...]:
    """Return the formats in which the projects and vendors name the mainline commit."""
    rows = (mark for project in projects().values() for mark in project.marks.upstream)
    return tuple(dict.fromkeys(rows))


def marks_digest() -> str:
    """Return a digest of the formats, which changes if a project file changes them."""
    # import lazily: check reads marks, but no digest
    import hashlib

    return hashlib.sha256(_mark_table().text).hexdigest()[:16]


def _mark_table() -> _MarkTable:
    known_projects = projects()
    if not _compiled or _compiled[0][0] is not known_projects:
        _compiled[:] = [(known_projects, _compile_marks(known_projects))]
    return _compiled[0][1]


def _compile_marks(known_projects: Mapping[str, Project]) -> _MarkTable:
    marks = list_upstream_marks()
    words = sorted(
        {word for project in known_projects.values() for word in project.marks.subject_prefixes}
    )
    alternatives = "|".join(map(re.escape, words)) or "(?!)"
    prefixes = rf"^(?:(?:{alternatives})(?:\([^)\n]*\))?: *|\[(?:{alternatives})\] *)+"
    text = repr((marks, words)).encode("utf-8", "surrogateescape")
    return _MarkTable(
        tuple(
            (mark, lazy_pattern(mark.expression, re.IGNORECASE | re.MULTILINE)) for mark in marks
        ),
        lazy_pattern(prefixes, re.IGNORECASE),
        text,
    )


def strip_vendor_prefixes(subject: str) -> str:
    """Return a subject without the prefixes that vendors add, such as `UPSTREAM:`."""
    return _mark_table().prefixes.sub("", subject.strip())


def find_upstream_commits(message: str, subject: str | None = None) -> tuple[NamedCommit, ...]:
    """Return the upstream commits that a message names, in order.

    The result includes ids that are too short, so that they can be reported. The subject is the
    first line of the message if it is not given. A quoted commit counts only if its subject is the
    same: a message may also quote the commit that introduced the bug.
    """
    commits: dict[NamedCommit, int] = {}
    for _, commit, start in _find_marks(message, subject):
        commits.setdefault(commit, start)
    return tuple(sorted(commits, key=lambda commit: (commit.at, commits[commit])))


def find_marked_commits(message: str) -> tuple[tuple[str, str, int], ...]:
    """Return the vendor of each mark in a message, the id that it names and the index of its line,
    in order.
    """
    marks = sorted(_find_marks(message, None), key=lambda mark: mark[2])
    return tuple((mark.vendor, commit.id, commit.at) for mark, commit, _ in marks)


def _find_marks(
    message: str, subject: str | None
) -> Iterator[tuple[UpstreamMark, NamedCommit, int]]:
    """Yield each mark in a message with the commit that it names and the position of the id."""
    title = message.lstrip("\n").partition("\n")[0] if subject is None else subject
    for mark, match in _mark_table().find(message):
        quoted = match.groupdict().get("title")
        if quoted is not None and not _is_same_title(quoted, title):
            continue
        if match[0][0] in "[(" and not _is_bracket_closed(message, match):
            continue
        for name in _HEX.finditer(match["id"].lower()):
            start = match.start("id") + name.start()
            yield mark, NamedCommit(name[0], message.count("\n", 0, start)), start


def _is_same_title(quoted: str, subject: str) -> bool:
    first, second = (" ".join(text.lower().split()) for text in (quoted, subject))
    return bool(first and second) and (second.endswith(first) or first.endswith(second))


def _is_bracket_closed(message: str, match: re.Match[str]) -> bool:
    """Return whether a bracket is closed on the same line or at the start of the next line.

    If it is not, it opens a comment about the commit.
    """
    tail = match[0][1:]
    following = message[match.end() :].lstrip()
    return any(bracket in tail for bracket in "])") or following[:1] in ("]", ")")


def read_commit_marks(message: str, subject: str | None = None) -> CommitMarks:
    """Return the references to other commits in a message.

    In "this reverts commit A, which is commit B upstream", both are reverted.
    """
    reverts, reverted_upstream = find_reverted_commits(message)
    upstream = dict.fromkeys(
        commit.id
        for commit in find_upstream_commits(message, subject)
        if len(commit.id) >= LEAST and commit.id not in reverted_upstream
    )
    fixes = find_fixed_commits(message)
    return CommitMarks(tuple(upstream), reverts, fixes) if upstream or reverts or fixes else NONE


def claimed_upstream_commit(patch: Patch) -> str | None:
    """Return the upstream commit that a backport names, or None."""
    commits = _find_in_patch(patch)
    return commits[0].id if commits else None


def list_named_commits(patch: Patch) -> tuple[str, ...]:
    """Return the ids of the upstream commits that the message of a patch names, in order."""
    commits = _find_in_patch(patch)
    return tuple(dict.fromkeys(commit.id for commit in commits if len(commit.id) >= LEAST))


def find_announced_title(subject: str) -> str:
    """Return the title that the subject of a stable maintainer's announcement quotes, or ""."""
    match = _ANNOUNCEMENT.match(subject)
    return match["title"] if match else ""


def read_announced_title(patch: Patch) -> str:
    """Return the title of a patch, or the one that a stable maintainer's announcement quotes."""
    return find_announced_title(patch.subject.title) or patch.subject.title


def _find_in_patch(patch: Patch) -> tuple[NamedCommit, ...]:
    """Return the commits that a patch's message names.

    A stable maintainer's announcement may contain the message of the commit indented.
    """
    lines = patch.message
    if find_announced_title(patch.subject.title):
        lines = tuple(line.strip() for line in lines)
    return find_upstream_commits("\n".join(lines), read_announced_title(patch))


def list_copied_commits(patch: Patch) -> tuple[str, ...]:
    """Return the commits from which a patch may have been made.

    These are the commit in the first line that git format-patch writes, and the commit in the
    stable maintainers' "failed to apply" message.
    """
    return find_copied_commits(patch.lines[: patch.diff_line])


def find_copied_commits(lines: Iterable[str]) -> tuple[str, ...]:
    """Return the commits in the lines of git format-patch and of "failed to apply" messages."""
    matches = map(_COPIED.match, lines)
    return tuple(dict.fromkeys(match[1] for match in matches if match))


def is_backport(patch: Patch) -> bool:
    """Return whether a patch is for a stable tree, or names the commit that it backports."""
    return patch.subject.is_for_stable or claimed_upstream_commit(patch) is not None


def find_own_part(patch: Patch) -> int:
    """Return the index of the message line below which the tags of a backport are given for itself.

    It is the first note among the sign-offs, such as `[ Ada: the driver has no rings here ]`, or
    the last sign-off if it is not the author's. Otherwise, return the number of lines.
    """
    lines = patch.message
    signed = patch.tags("Signed-off-by") if is_backport(patch) else ()
    if not signed:
        return len(lines)
    first, last = signed[0].line - 1, signed[-1]
    notes = (at for at, line in enumerate(lines) if at > first and NOTE.match(line))
    is_authors = last.address and patch.author and last.address.key == patch.author.key
    return next(notes, len(lines) if is_authors else last.line - 1)
