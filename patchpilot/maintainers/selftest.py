# SPDX-License-Identifier: GPL-2.0-or-later
"""A self-test of MAINTAINERS.

It finds patterns that match nothing or are invalid, and sections that are incomplete, duplicate
or out of order.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.maintainers.file_patterns import folder_of, matches
from patchpilot.maintainers.perl_patterns import PerlPattern
from patchpilot.maintainers.role_words import RoleWords
from patchpilot.maintainers.section import Section, list_and_remark
from patchpilot.maintainers.section_index import MaintainersFile, build
from patchpilot.model.address import AddressState, judge, parse_addresses
from patchpilot.model.json_form import json_form

STATUSES = (
    "supported",
    "maintained",
    "odd fixes",
    "orphan",
    "obsolete",
    "buried alive in reporters",
)
_GLOB = frozenset("*?[{")
_SCM = ("git", "quilt", "hg")


@json_form("path", "line", "kind", "message", "text")
class SelfTestProblem(NamedTuple):
    """A problem in a MAINTAINERS file.

    Contains the file's path, the 1-based line, the kind (sections, patterns, order, addresses,
    scm), a description, and the line's text.
    """

    path: str
    line: int
    kind: str
    message: str
    text: str


def self_test(
    contents: Sequence[tuple[str, bytes]], paths: Sequence[str], words: RoleWords
) -> tuple[SelfTestProblem, ...]:
    """Returns the problems of MAINTAINERS files ((path, content)), sorted by file and line.

    `paths` are the files in the tree, sorted.
    """
    files = sorted(paths)
    names: dict[str, tuple[str, int]] = {}
    problems: list[SelfTestProblem] = []
    for path, content in contents:
        text = content.decode("utf-8", "surrogateescape")
        file = MaintainersFile(text, build(text), words)
        for section in file.sections:
            problems += _section(path, section, words)
            problems += _patterns(path, section, files)
            problems += _addresses(path, section)
            first = names.setdefault(section.name, (path, section.line))
            if first != (path, section.line):
                problems.append(
                    SelfTestProblem(
                        path,
                        section.line,
                        "sections",
                        f"duplicate heading: already in {first[0]}:{first[1]}",
                        section.name,
                    )
                )
        problems += _order(
            path, [section for section in file.sections if section.name != words.rest]
        )
    return tuple(sorted(problems, key=lambda problem: (problem.path, problem.line)))


def _order(path: str, sections: Sequence[Section]) -> Iterator[SelfTestProblem]:
    """The sections out of alphabetical order: the fewest that would have to move."""
    ends: list[str] = []
    places: list[int] = []
    before: list[int] = []
    for at, section in enumerate(sections):
        place = bisect_right(ends, section.name.upper())
        before.append(places[place - 1] if place else -1)
        ends[place : place + 1] = [section.name.upper()]
        places[place : place + 1] = [at]
    in_order: set[int] = set()
    at = places[-1] if places else -1
    while at >= 0:
        in_order.add(at)
        at = before[at]
    sorted_names = [sections[index].name for index in sorted(in_order)]
    uppers = [name.upper() for name in sorted_names]
    for at, section in enumerate(sections):
        if at not in in_order:
            place = bisect_left(uppers, section.name.upper())
            where = (
                f"belongs before {sorted_names[place]}"
                if place < len(sorted_names)
                else f"belongs after {sorted_names[-1]}"
            )
            yield SelfTestProblem(path, section.line, "order", where, section.name)


def _section(
    path: str, section: Section, words: RoleWords
) -> Iterator[SelfTestProblem]:
    def problem(message: str) -> SelfTestProblem:
        return SelfTestProblem(path, section.line, "sections", message, section.name)

    letters = {entry.letter for entry in section.entries}
    status = (section.status or "").lower()
    if not letters & {"M", "R", "L"} and not status.startswith(("orphan", "obsolete")):
        yield problem("no address: M:, R: or L: required")
    if section.status is None:
        yield problem("no status (S:)")
    elif not all(
        part.strip() in STATUSES or part.strip() in dict(words.roles)
        for part in status.split("/")
    ):
        yield problem(f"unknown status: {section.status}")
    if not letters & {"F", "N", "K"}:
        yield problem("no pattern: F:, N: or K: required")
    for value in section.values("T"):
        if value.split(" ")[0].strip() not in _SCM or len(value.split()) < 2:
            line = next(
                entry.line
                for entry in section.entries
                if entry.letter == "T" and entry.value == value
            )
            yield SelfTestProblem(
                path,
                line,
                "scm",
                "invalid tree: expected `git URL [branch]`",
                f"T:\t{value}",
            )


def _patterns(
    path: str, section: Section, files: Sequence[str]
) -> Iterator[SelfTestProblem]:
    seen: set[tuple[str, str]] = set()
    for letter, value, line in section.entries:
        if letter not in "FXNK":
            continue
        text = f"{letter}:\t{value}"
        if (letter, value) in seen:
            yield SelfTestProblem(
                path, line, "patterns", "duplicate line in this section", text
            )
        seen.add((letter, value))
        if letter in "NK":
            trouble = PerlPattern(value).error
            if trouble:
                yield SelfTestProblem(path, line, "patterns", trouble, text)
        elif not takes_any(value, files):
            folders = not value.endswith("/") and takes_any(f"{value}/", files)
            message = (
                "matches only folders: add a trailing slash"
                if folders
                else "no file matches"
            )
            yield SelfTestProblem(path, line, "patterns", message, text)


def takes_any(pattern: str, files: Sequence[str]) -> bool:
    """Whether a pattern matches any of these files, which must be sorted."""
    if not _GLOB.intersection(pattern):
        at = bisect_left(files, pattern)
        return at < len(files) and files[at].startswith(pattern)
    folder = folder_of(pattern)
    at = bisect_left(files, folder)
    while at < len(files) and files[at].startswith(folder):
        if matches(pattern, files[at], lambda _path: False):
            return True
        at += 1
    return False


def _addresses(path: str, section: Section) -> Iterator[SelfTestProblem]:
    for entry in section.entries:
        if entry.letter not in "MRL":
            continue
        value = list_and_remark(entry.value)[0] if entry.letter == "L" else entry.value
        text = f"{entry.letter}:\t{entry.value}"
        if "@" not in value:
            yield SelfTestProblem(
                path, entry.line, "addresses", "no address on this line", text
            )
            continue
        for address in parse_addresses(value):
            verdict = judge(address.email)
            if verdict.state is AddressState.BAD:
                yield SelfTestProblem(
                    path,
                    entry.line,
                    "addresses",
                    f"invalid address: {verdict.reason}",
                    text,
                )


def naming(
    file: MaintainersFile, word: str
) -> tuple[tuple[Section, tuple[str, ...]], ...]:
    """Returns the sections whose M:, R: or L: lines contain this text, with these lines.

    The text is an address, a name or a part of one.

    The comparison ignores case.
    """
    lowered = word.lower()
    sections = []
    for section in file.sections:
        lines = tuple(
            f"{entry.letter}: {entry.value}"
            for entry in section.entries
            if entry.letter in "MRL" and lowered in entry.value.lower()
        )
        if lines:
            sections.append((section, lines))
    return tuple(sections)
