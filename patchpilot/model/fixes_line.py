# SPDX-License-Identifier: GPL-2.0-or-later
"""The only parser for `Fixes:` lines (Documentation/process/submitting-patches.rst).

It accepts everything that people and tools write: any case, indented, quoted, without a colon, or
with the word `commit` before the id. The bots, checkpatch.pl and get_maintainer.pl differ in what
they accept, so callers compare the parts with their own requirements.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.cache.cached_re import compile_late

_BLANK = r"[ \t\r\f\v]"


_LINE = compile_late(
    rf"^(?P<before>[ \t\r\f\v>|]*)(?P<name>fixes)(?P<colon>{_BLANK}*:|)(?P<space>{_BLANK}*)"
    rf"(?:(?P<word>commit:?{_BLANK}*)?(?P<id>[0-9a-f]{{5,}})(?P<gap>{_BLANK}*))?(?P<rest>[^\n]*)$",
    re.IGNORECASE | re.MULTILINE | re.ASCII,
)


_MENTION = compile_late(r"\bfixes:\s*[0-9a-f]{12,40}", re.IGNORECASE | re.ASCII)


DIGITS = 12
"""The digits of the id in a `Fixes:` tag; a longer id is for repositories where it is ambiguous."""


class FixesLine(NamedTuple):
    """The parts of a line that begins with `Fixes`, as written; joined, they are the line.

    `before` is the spaces or quote marks (`>`, `|`) before the name. `colon` includes the spaces
    before it, and is "" if there is none. `word` is "commit" before the id, with a colon and
    spaces after it. `id` has 5 or more digits, and `gap` is the spaces after it. If no commit is
    named, these parts are "" and `rest` is the whole value.
    """

    before: str
    name: str
    colon: str
    space: str
    word: str
    id: str
    gap: str
    rest: str

    @property
    def is_tag(self) -> bool:
        """Return whether bots accept the line as a tag: unquoted, with no space before the
        colon.
        """
        return self.colon == ":" and self.is_unquoted

    @property
    def is_unquoted(self) -> bool:
        """Return whether the line is unquoted, with only spaces before the name and none before
        the colon.
        """
        return self.colon in ("", ":") and not self.before.strip()

    @property
    def commit_id(self) -> str:
        """Return the id, or "" if it is missing or preceded by more than the word `commit`."""
        return "" if ":" in self.word else self.id

    @property
    def is_spaced(self) -> bool:
        """Return whether the id is separated from a word before it."""
        return not self.word or self.word[-1].isspace()

    @property
    def value(self) -> str:
        """Return the text after the colon and its spaces."""
        return f"{self.word}{self.id}{self.gap}{self.rest}"

    @property
    def ends_id(self) -> bool:
        """Return whether the id ends at a word boundary."""
        after = self.rest[:1]
        continued = (
            not self.gap and after.isascii() and (after.isalnum() or after == "_")
        )
        return bool(self.id) and not continued

    def has_digits(self, least: int, most: int = 40) -> bool:
        """Return whether the id is a whole word of this many digits."""
        return self.ends_id and least <= len(self.id) <= most


def read_fixes_line(line: str) -> FixesLine | None:
    """Parse a line that begins with `Fixes`; return None for other lines."""
    match = _LINE.match(line)
    return _parts(match) if match else None


def fixes_lines(message: str) -> Iterator[FixesLine]:
    """Parse the lines of a message that begin with `Fixes`, in order."""
    return map(_parts, _LINE.finditer(message))


def read_fixes_value(value: str) -> FixesLine:
    """Parse a `Fixes` tag with this value."""
    line = " ".join(value.split("\n"))
    read = read_fixes_line(f"Fixes: {line}")
    assert read is not None  # the name and colon are present
    return read


def mentions_fix(line: str) -> bool:
    """Return whether the line contains `Fixes:` with an id of 12 or more digits, in any
    position.
    """
    return _MENTION.search(line) is not None


def _parts(match: re.Match[str]) -> FixesLine:
    return FixesLine(**match.groupdict(""))
