# SPDX-License-Identifier: GPL-2.0-or-later
"""MAINTAINERS, indexed: which sections' patterns can take a path is told by the folders the path is in, so that one path asks dozens of
patterns instead of thousands.

The index is plain data (strings, tuples, bytes), so that it can be kept between runs; sections are parsed when they are asked for.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from patchpilot.maintainers.filepattern import folder_of
from patchpilot.maintainers.perlpattern import PerlPattern, needed_words
from patchpilot.maintainers.section import Section, is_ignored, parse_section, typed
from patchpilot.maintainers.words import Words

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Keyword:
    """A K: line: its section and its place among all lines that count, which is what get_maintainer.pl orders by (as text)."""

    section: int
    place: int
    pattern: PerlPattern


@dataclass(frozen=True)
class MaintainersFile:
    """The MAINTAINERS of a tree. `text` is the file (or files, one after another) decoded; `words` are the tree's own role words."""

    text: str
    index: Plain
    words: Words
    is_folder: Callable[[str], bool] = field(default=lambda _path: False)

    def __post_init__(self) -> None:
        starts = array("L")
        starts.frombytes(self.index["starts"])
        lines = array("L")
        lines.frombytes(self.index["lines"])
        self.__dict__.update(_starts=starts, _lines=lines, _sections={})

    def __len__(self) -> int:
        return len(self.__dict__["_starts"]) - 1

    def section(self, number: int) -> Section:
        """The section of this number (0-based, in file order)."""
        known: dict[int, Section] = self.__dict__["_sections"]
        if number not in known:
            starts, lines = self.__dict__["_starts"], self.__dict__["_lines"]
            known[number] = parse_section(self.text[starts[number] : starts[number + 1]], number, lines[number])
        return known[number]

    @property
    def sections(self) -> Iterator[Section]:
        """All sections, in file order."""
        return (self.section(number) for number in range(len(self)))

    def named(self, name: str) -> Section | None:
        """The first section of this name, or None."""
        at = self.text.find(f"\n{name}\n")
        if at < 0:
            return next((one for one in self.sections if one.name == name), None) if self.text.startswith(name) else None
        number = bisect_right(self.__dict__["_starts"], at + 1) - 1
        found = self.section(number) if 0 <= number < len(self) else None
        return found if found and found.name == name else next((one for one in self.sections if one.name == name), None)

    def candidates(self, path: str) -> Iterator[tuple[int, int, str, str]]:
        """(section, place, letter, pattern) of every F: and X: line that may take the path."""
        folders: dict[str, str] = self.index["folders"]
        at = -1
        while True:
            rows = folders.get(path[: at + 1])
            if rows:
                for row in rows.split("\n"):
                    number, place, letter, pattern = row.split(" ", 3)
                    yield int(number), int(place), letter, pattern
            at = path.find("/", at + 1)
            if at < 0:
                return

    @property
    def name_patterns(self) -> Iterator[tuple[int, int, PerlPattern]]:
        """(section, place, pattern) of every N: line."""
        known = self.__dict__.get("_names")
        if known is None:
            known = [(number, place, PerlPattern(source, words=words)) for number, place, source, words in self.index["names"]]
            self.__dict__["_names"] = known
        return iter(known)

    @property
    def keywords(self) -> tuple[Keyword, ...]:
        """Every K: line."""
        known: tuple[Keyword, ...] | None = self.__dict__.get("_keywords")
        if known is None:
            known = tuple(Keyword(number, place, PerlPattern(source, words=words)) for number, place, source, words in self.index["keys"])
            self.__dict__["_keywords"] = known
        return known


def build(text: str) -> Plain:
    """The index of a MAINTAINERS text. A section is the last line that is neither lettered, blank nor a comment, and the lettered lines below it."""
    starts, lines = array("L"), array("L")
    folders: dict[str, list[str]] = {}
    names: list[tuple[int, int, str, tuple[str, ...]]] = []
    keys: list[tuple[int, int, str, tuple[str, ...]]] = []
    heading, heading_line, place, at = 0, 1, 0, 0
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        here = at
        at += len(line) + 1
        if line[1:2] == ":" and (found := typed(line)):
            if not inside:
                inside = True
                starts.append(heading)
                lines.append(heading_line)
            letter, value = found
            section = len(starts) - 1
            if letter in "FX":
                folders.setdefault(folder_of(value), []).append(f"{section} {place} {letter} {value}")
            elif letter == "N":
                names.append((section, place, value, needed_words(value)))
            elif letter == "K":
                keys.append((section, place, value, needed_words(value)))
            place += 1
        elif not is_ignored(line):
            inside, heading, heading_line = False, here, number
            place += 1
    starts.append(len(text))
    return {
        "starts": starts.tobytes(),
        "lines": lines.tobytes(),
        "folders": {folder: "\n".join(rows) for folder, rows in folders.items()},
        "names": names,
        "keys": keys,
    }
