# SPDX-License-Identifier: GPL-2.0-or-later
"""Which sections of MAINTAINERS a path, and the text of a patch, belong to, and by which of their lines."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from patchpilot.maintainers.filepattern import depth, matches
from patchpilot.maintainers.perlpattern import PerlPattern
from patchpilot.maintainers.section import Section
from patchpilot.maintainers.section_index import Keyword, MaintainersFile


class PathMatch(NamedTuple):
    """A section that matches a path: by this line (`letter`, `pattern`), how deep it reaches, and whether it names the path most exactly."""

    section: int
    letter: str
    pattern: str
    depth: int
    exact: bool


class SectionMatch(NamedTuple):
    """A section that wants to see a patch: the deepest reach of its patterns, one reason a path or keyword, the paths that led to it; `met` is its
    place in the order in which get_maintainer.pl comes to it, file by file, keywords last; `exact` are the paths that no deeper pattern could name."""

    section: Section
    depth: int
    reasons: tuple[str, ...]
    paths: tuple[str, ...]
    by_keyword: bool = False
    met: int = 0
    exact: tuple[str, ...] = ()

    @property
    def is_rest(self) -> bool:
        """Whether only the catch-all pattern led here."""
        return self.depth < 0 and not self.by_keyword


def match_path(file: MaintainersFile, path: str, within: int = 0) -> tuple[PathMatch, ...]:
    """The sections that take a path, the deepest pattern first, ties in file order. Of a section's lines the last that matches counts, and a
    match of any X: line takes the section out: both as get_maintainer.pl has it. `within` leaves out F: lines that end so many folders above
    the path or more (0: none)."""
    places: dict[int, tuple[int, str, str]] = {}
    exact: set[int] = set()
    out: set[int] = set()
    slashes = path.count("/")
    for number, place, letter, pattern in file.candidates(path):
        if number in out or not matches(pattern, path, file.is_folder):
            continue
        if letter == "X":
            out.add(number)
            places.pop(number, None)
            continue
        reach = depth(pattern)
        if reach >= slashes:
            exact.add(number)
        if within and slashes - reach >= within:
            continue
        if number not in places or place > places[number][0]:
            places[number] = (place, letter, pattern)
    lowered = path.lower()
    for number, place, name in file.name_patterns:
        if number not in out and name.may_match(lowered) and name.search(path) and (number not in places or place > places[number][0]):
            places[number] = (place, "N", name.source)
    rows = [
        PathMatch(number, letter, pattern, depth(pattern) if letter == "F" else 0, number in exact)
        for number, (_, letter, pattern) in places.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.depth, row.section)))


def keyword_matches(file: MaintainersFile, texts: Sequence[tuple[str, Iterable[str]]]) -> tuple[Keyword, ...]:
    """The K: lines found in the lines of a patch: each of `texts` is a prefix pattern that a line must begin with, and the lines."""
    groups = [(prefix, list(lines)) for prefix, lines in texts]
    lowered = [[line.lower() for line in lines] for _, lines in groups]
    whole = ["\n".join(lines) for lines in lowered]
    keywords = []
    for keyword in file.keywords:
        for (prefix, lines), low, all_of in zip(groups, lowered, whole, strict=True):
            if keyword.pattern.may_match(all_of) and _in_lines(keyword.pattern, prefix, lines, low):
                keywords.append(keyword)
                break
    return tuple(keywords)


def _in_lines(pattern: PerlPattern, prefix: str, lines: list[str], lowered: list[str]) -> bool:
    whole = PerlPattern(pattern.source, prefix=prefix, words=pattern.words)
    return any(whole.may_match(low) and whole.search(line) for line, low in zip(lines, lowered, strict=True))


def keywords_in_text(file: MaintainersFile, text: str) -> tuple[Keyword, ...]:
    """The K: lines found in the text of a source file."""
    lowered = text.lower()
    return tuple(keyword for keyword in file.keywords if keyword.pattern.may_match(lowered) and keyword.pattern.search(text))


def match(file: MaintainersFile, paths: Iterable[str], text: str = "") -> tuple[SectionMatch, ...]:
    """The sections that want to see a patch which touches `paths`, most specific first, each with its reasons.

    `text` is the patch as a mail (message and diff), looked through for K: keywords: its message everywhere, its diff in changed lines.
    """
    return match_texts(file, paths, split_text(text) if text else ())


def match_texts(file: MaintainersFile, paths: Iterable[str], texts: Sequence[tuple[str, Iterable[str]]] = ()) -> tuple[SectionMatch, ...]:
    """As `match`, for texts already split: see `keyword_matches`."""
    depths: dict[int, int] = {}
    reasons: dict[int, list[str]] = {}
    touched: dict[int, list[str]] = {}
    exact: dict[int, list[str]] = {}
    for path in paths:
        for match in match_path(file, path):
            depths[match.section] = max(match.depth, depths.get(match.section, -2))
            reasons.setdefault(match.section, []).append(f"{path} matches {match.letter}: {match.pattern.strip()}")
            touched.setdefault(match.section, []).append(path)
            if match.exact:
                exact.setdefault(match.section, []).append(path)
    by_keyword = set()
    for keyword in sorted(keyword_matches(file, texts), key=lambda match: str(match.place)) if texts else ():
        number = keyword.section
        if number not in depths:
            by_keyword.add(number)
            depths[number] = 0
        reasons.setdefault(number, []).append(f"the patch matches K: {keyword.pattern.source.strip()}")
    met = {number: at for at, number in enumerate(depths)}
    order = sorted(depths, key=lambda number: (number in by_keyword, -depths[number], number))
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
    """A patch's lines as K: patterns are tried on them: those before the diff as they are, those of the diff where changed."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.startswith(("diff --git ", "--- a/"))), len(lines))
    changed = [line for line in lines[start:] if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))]
    return [("", lines[:start]), ("^[+-].*", changed)]
