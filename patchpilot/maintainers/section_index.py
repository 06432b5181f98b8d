# SPDX-License-Identifier: GPL-2.0-or-later
"""An index of the patterns in MAINTAINERS by folder.

It reduces the patterns to match against a path from thousands to dozens. It is plain data
(strings, tuples, bytes), so that it can be cached between runs. Sections are parsed on demand.
"""

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from patchpilot.maintainers.file_patterns import folder_of
from patchpilot.maintainers.perl_patterns import PerlPattern, needed_words
from patchpilot.maintainers.section import RoleWords, Section, is_ignored, parse_section

Plain = dict[str, Any]


class Keyword(NamedTuple):
    """A K: line: its section, and its index among all entries.

    get_maintainer.pl sorts by that index, as text.
    """

    section: int
    place: int
    pattern: PerlPattern


class MaintainersFile:
    """The MAINTAINERS of a tree.

    `text` is the decoded file, or several files concatenated; `words` are the tree's role names.
    """

    def __init__(
        self,
        text: str,
        index: Plain,
        words: RoleWords,
        is_folder: Callable[[str], bool] = lambda _path: False,
    ) -> None:
        self.text = text
        self.index = index
        self.words = words
        self.is_folder = is_folder
        self._starts, self._lines = array("L"), array("L")
        self._starts.frombytes(index["starts"])
        self._lines.frombytes(index["lines"])
        self._sections: dict[int, Section] = {}

    def __len__(self) -> int:
        return len(self._starts) - 1

    def section(self, number: int) -> Section:
        """Return the section with this number (from 0, in file order)."""
        if number not in self._sections:
            body = self.text[self._starts[number] : self._starts[number + 1]]
            self._sections[number] = parse_section(body, number, self._lines[number])
        return self._sections[number]

    @property
    def sections(self) -> Iterator[Section]:
        """Yield all sections, in file order."""
        return (self.section(number) for number in range(len(self)))

    def find_section(self, name: str) -> Section | None:
        """Return the first section with this name, or None."""
        at = self.text.find(f"\n{name}\n")
        if at < 0:
            return (
                next(
                    (section for section in self.sections if section.name == name), None
                )
                if self.text.startswith(name)
                else None
            )
        number = bisect_right(self._starts, at + 1) - 1
        candidate = self.section(number) if 0 <= number < len(self) else None
        return (
            candidate
            if candidate and candidate.name == name
            else next(
                (section for section in self.sections if section.name == name), None
            )
        )

    def candidates(self, path: str) -> Iterator[tuple[int, int, str, str]]:
        """Yield (section, index, letter, pattern) of every F: and X: line that may match the
        path.
        """
        folders: dict[str, str] = self.index["folders"]
        at = -1
        while True:
            rows = folders.get(path[: at + 1])
            if rows:
                for row in rows.split("\n"):
                    number, index, letter, pattern = row.split(" ", 3)
                    yield int(number), int(index), letter, pattern
            at = path.find("/", at + 1)
            if at < 0:
                return

    @cached_property
    def name_patterns(self) -> tuple[tuple[int, int, PerlPattern], ...]:
        """Return (section, index, pattern) of every N: line."""
        return tuple(
            (number, index, PerlPattern(source, words=words))
            for number, index, source, words in self.index["names"]
        )

    @cached_property
    def keywords(self) -> tuple[Keyword, ...]:
        """Return every K: line."""
        return tuple(
            Keyword(number, index, PerlPattern(source, words=words))
            for number, index, source, words in self.index["keys"]
        )


def make_empty_maintainers() -> MaintainersFile:
    """Return an empty MAINTAINERS."""
    return MaintainersFile("", build(""), RoleWords())


def build(text: str) -> Plain:
    """Build the index of a MAINTAINERS text.

    A section's heading is the last line before its entries that is neither blank nor a comment.
    """
    starts, lines = array("L"), array("L")
    folders: dict[str, list[str]] = {}
    names: list[tuple[int, int, str, tuple[str, ...]]] = []
    keys: list[tuple[int, int, str, tuple[str, ...]]] = []
    heading, heading_line, index, at = 0, 1, 0, 0
    inside = False
    for number, line in enumerate(text.split("\n"), 1):
        here = at
        at += len(line) + 1
        if line[1:2] == ":" and "A" <= line[0] <= "Z":
            if not inside:
                inside = True
                starts.append(heading)
                lines.append(heading_line)
            letter, value = line[0], line[2:].lstrip()
            section = len(starts) - 1
            if letter in "FX":
                folders.setdefault(folder_of(value), []).append(
                    f"{section} {index} {letter} {value}"
                )
            elif letter == "N":
                names.append((section, index, value, needed_words(value)))
            elif letter == "K":
                keys.append((section, index, value, needed_words(value)))
            index += 1
        elif not is_ignored(line):
            inside, heading, heading_line = False, here, number
            index += 1
    starts.append(len(text))
    return {
        "starts": starts.tobytes(),
        "lines": lines.tobytes(),
        "folders": {folder: "\n".join(rows) for folder, rows in folders.items()},
        "names": names,
        "keys": keys,
    }
