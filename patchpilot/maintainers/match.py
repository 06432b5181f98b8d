# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the MAINTAINERS sections that match a path or a patch's text, and their matching lines."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patchpilot.maintainers.file_patterns import depth, matches
from patchpilot.maintainers.perl_patterns import PerlPattern
from patchpilot.maintainers.section import Section
from patchpilot.maintainers.section_index import Keyword, MaintainersFile


class PathMatch(NamedTuple):
    """A section that matches a path.

    Contains the matching line (`letter`, `pattern`), its depth, and whether it is an exact match,
    so that no pattern could be more specific.
    """

    section: int
    letter: str
    pattern: str
    depth: int
    exact: bool


class SectionMatch(NamedTuple):
    """A section that matches a patch.

    Contains the depth of its deepest pattern, a reason for each path or keyword, and the matching
    paths. `met` is its position in the order of get_maintainer.pl, which is file by file with
    keywords last. `exact` are the paths for which no deeper pattern is possible.
    """

    section: Section
    depth: int
    reasons: tuple[str, ...]
    paths: tuple[str, ...]
    by_keyword: bool = False
    met: int = 0
    exact: tuple[str, ...] = ()

    @property
    def is_rest(self) -> bool:
        """Return whether only the catch-all pattern matched."""
        return self.depth < 0 and not self.by_keyword


def match_path(file: MaintainersFile, path: str) -> tuple[PathMatch, ...]:
    """Return the sections that match a path, the deepest pattern first, ties in file order.

    As in get_maintainer.pl, the last matching line of a section counts, and any matching X: line
    excludes the section.
    """
    places: dict[int, tuple[int, str, str]] = {}
    exact: set[int] = set()
    out: set[int] = set()
    slashes = path.count("/")
    for number, candidate, letter, pattern in file.candidates(path):
        if number in out or not matches(pattern, path, file.is_folder):
            continue
        if letter == "X":
            out.add(number)
            places.pop(number, None)
            continue
        if depth(pattern) >= slashes:
            exact.add(number)
        if number not in places or candidate > places[number][0]:
            places[number] = (candidate, letter, pattern)
    lowered = path.lower()
    for number, candidate, name in file.name_patterns:
        if (
            number not in out
            and name.may_match(lowered)
            and name.search(path)
            and (number not in places or candidate > places[number][0])
        ):
            places[number] = (candidate, "N", name.source)
    rows = [
        PathMatch(
            number,
            letter,
            pattern,
            depth(pattern) if letter == "F" else 0,
            number in exact,
        )
        for number, (_, letter, pattern) in places.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.depth, row.section)))


def keyword_matches(
    file: MaintainersFile, texts: Sequence[tuple[str, Iterable[str]]]
) -> tuple[Keyword, ...]:
    """Return the K: lines that match the lines of a patch.

    Each of `texts` is a pattern for the start of a line, and the lines.
    """
    groups = [(prefix, list(lines)) for prefix, lines in texts]
    lowered = [[line.lower() for line in lines] for _, lines in groups]
    whole = ["\n".join(lines) for lines in lowered]
    keywords = []
    for keyword in file.keywords:
        for (prefix, lines), low, all_of in zip(groups, lowered, whole, strict=True):
            if keyword.pattern.may_match(all_of) and _match_lines(
                keyword.pattern, prefix, lines, low
            ):
                keywords.append(keyword)
                break
    return tuple(keywords)


def _match_lines(
    pattern: PerlPattern, prefix: str, lines: list[str], lowered: list[str]
) -> bool:
    whole = PerlPattern(pattern.source, prefix=prefix, words=pattern.words)
    return any(
        whole.may_match(low) and whole.search(line)
        for line, low in zip(lines, lowered, strict=True)
    )


def keywords_in_text(file: MaintainersFile, text: str) -> tuple[Keyword, ...]:
    """Return the K: lines that match the text of a source file."""
    lowered = text.lower()
    return tuple(
        keyword
        for keyword in file.keywords
        if keyword.pattern.may_match(lowered) and keyword.pattern.search(text)
    )


def match(
    file: MaintainersFile, paths: Iterable[str], text: str = ""
) -> tuple[SectionMatch, ...]:
    """Return the sections that match a patch touching `paths`, most specific first, each with its
    reasons.

    `text` is the patch as a message (commit message and diff). Its whole commit message and the
    changed lines of its diff are searched for K: keywords.
    """
    return match_texts(file, paths, split_text(text) if text else ())


def match_texts(
    file: MaintainersFile,
    paths: Iterable[str],
    texts: Sequence[tuple[str, Iterable[str]]] = (),
) -> tuple[SectionMatch, ...]:
    """Match texts that are already split (see `keyword_matches`), like `match`."""
    depths: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    touched: dict[int, list[str]] = {}
    exact: dict[int, list[str]] = {}
    for path in paths:
        for match in match_path(file, path):
            depths[match.section] = max(match.depth, depths.get(match.section, -2))
            reasons.setdefault(match.section, []).append(
                f"{path} matches {match.letter}: {match.pattern.strip()}"
            )
            touched.setdefault(match.section, []).append(path)
            if match.exact:
                exact.setdefault(match.section, []).append(path)
    by_keyword = set()
    for keyword in (
        sorted(keyword_matches(file, texts), key=lambda match: str(match.place))
        if texts
        else ()
    ):
        number = keyword.section
        if number not in depths:
            by_keyword.add(number)
            depths[number] = 0
        reasons.setdefault(number, []).append(
            f"the patch matches K: {keyword.pattern.source.strip()}"
        )
    met = {number: at for at, number in enumerate(depths)}
    order = sorted(
        depths, key=lambda number: (number in by_keyword, -depths[number], number)
    )
    return tuple(
        SectionMatch(
            file.section(number),
            depths[number],
            tuple(reasons[number]),
            tuple(touched.get(number, ())),
            number in by_keyword,
            met[number],
            tuple(exact.get(number, ())),
        )
        for number in order
    )


def split_text(text: str) -> list[tuple[str, list[str]]]:
    """Split a patch for K: patterns into the lines before the diff and the changed lines."""
    lines = text.split("\n")
    start = next(
        (
            at
            for at, line in enumerate(lines)
            if line.startswith(("diff --git ", "--- a/"))
        ),
        len(lines),
    )
    changed = [
        line
        for line in lines[start:]
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    ]
    return [("", lines[:start]), ("^[+-].*", changed)]
