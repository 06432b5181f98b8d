# SPDX-License-Identifier: GPL-2.0-or-later
"""The detector for misspellings that codespell's dictionary lists.

It checks the subject, the message and new comments. A separate rule uses the kernel's own list.
"""

import mmap
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from patchpilot.lint.detector import Arguments, Hit, detector, hit_on
from patchpilot.lint.detectors.generic import subject_line
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import is_prose, pasted, quoted_titles
from patchpilot.lint.new_side import c_hunks
from patchpilot.lint.word_lists import word_set

_WORD = re.compile(r"(?<![\w/.@_-])[A-Za-z][a-z]{3,}(?![\w/@_(]|\.\w|-\w|['’][a-z])")


@detector(
    "codespell",
)
def misspelled_word(context: Context, _arguments: Arguments) -> Iterator[Hit]:
    """Reports each word that is misspelled according to codespell, once."""
    known = _kernel_list(context)
    seen: set[str] = set()
    for where, text in _texts(context):
        for found in _WORD.finditer(text):
            word = found[0].lower()
            if word in seen:
                continue
            right = correction(word)
            if right and word not in known and not _means_itself(context, found[0]):
                seen.add(word)
                yield hit_on(where, "", found.start() + 1, word=found[0], right=right)


def _texts(context: Context) -> Iterator[tuple[int, str]]:
    patch = context.patch
    yield subject_line(context), patch.subject.title
    quoted, titles = pasted(context), quoted_titles(patch.message)
    for at, line in enumerate(patch.message):
        if at not in quoted and (is_prose(line) or re.match(r"^\s{0,4}[-*] ", line)):
            start, end = titles.get(at, (0, 0))
            yield (
                patch.message_line + at,
                line[:start] + " " * (end - start) + line[end:],
            )
    for hunk in c_hunks(context):
        for new in hunk.lines:
            if new.added and (new.comment or "/*" in new.text or "//" in new.text):
                yield (
                    new.patch_line,
                    new.text if new.comment else new.text[new.text.find("/") :],
                )
    for change in patch.files:
        if change.path.endswith((".rst", ".yaml", ".txt", "Kconfig")):
            for added in change.lines("+"):
                if re.search(r"[a-z] [a-z]", added.text):
                    yield added.patch_line, added.text


def _means_itself(context: Context, word: str) -> bool:
    """Whether the word is a name in this patch: part of a path, or an identifier in its code."""
    if any(re.search(rf"\b{word}\(", line) for line in context.patch.lines):
        return True
    return word.lower() in " ".join(context.patch.paths).lower() or (
        word[0].isupper()
        and not word.isupper()
        and word.lower() in word_set("codespell", "names")
    )


@lru_cache(maxsize=1 << 15)
def correction(word: str) -> str | None:
    """Returns codespell's only correction of a lower-case word, or None if it has none or
    several.
    """
    if word in word_set("codespell", "not_misspelled"):
        return None
    index = _dictionary()
    right = index.right(word) if index else None
    if right is None:
        return None
    first = right.partition(",")[0].strip()
    # text after the last comma marks words that codespell itself does not correct
    return (
        None
        if not first or ("," in right and right.rstrip().rpartition(",")[2].strip())
        else first
    )


class _Words:
    """The dictionary.

    Words are looked up among those with the same first two letters instead of reading it all.
    """

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._starts: dict[bytes, int] = {}
        self._ranges: dict[bytes, tuple[int, int]] = {}
        at = 0
        for letter in b"abcdefghijklmnopqrstuvwxyz":
            key = b"\n" + bytes((letter,))
            found = data.find(key, at)
            if found >= 0:
                self._starts[key] = found
                at = found

    def right(self, word: str) -> str | None:
        """Returns the correction in the entry of a word, or None."""
        key = f"\n{word}->".encode()
        if key[:3] not in self._ranges:
            self._ranges[key[:3]] = self._range(key[:3])
        start, end = self._ranges[key[:3]]
        found = self._data.find(key, start, end)
        if found < 0:
            return None
        stop = self._data.find(b"\n", found + 1)
        return self._data[
            found + len(key) : stop if stop >= 0 else len(self._data)
        ].decode("utf-8", "replace")

    def _range(self, beginning: bytes) -> tuple[int, int]:
        """Returns where the lines with this beginning are; an empty range where there are none."""
        start = self._starts.get(beginning[:2], len(self._data))
        end = min(
            (other for other in self._starts.values() if other > start),
            default=len(self._data),
        )
        last = self._data.rfind(beginning, start, end)
        if last < 0:
            return 0, 0
        stop = self._data.find(b"\n", last + 1)
        return self._data.find(beginning, start, end), stop if stop >= 0 else len(
            self._data
        )


@cache
def _dictionary() -> _Words | None:
    from importlib.util import find_spec

    spec = find_spec("codespell_lib")
    if not spec or not spec.origin:
        return None
    file = Path(spec.origin).parent / "data" / "dictionary.txt"
    try:
        with file.open("rb") as stream:
            return _Words(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return None


def _kernel_list(context: Context) -> "_KernelList":
    return _KernelList(context)


class _KernelList:
    """The tree's scripts/spelling.txt, read at the first misspelling: its words are reported by the
    checkpatch.pl rule.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._words: frozenset[str] | None = None

    def __contains__(self, word: str) -> bool:
        if self._words is None:
            self._words = self._read()
        return word in self._words

    def _read(self) -> frozenset[str]:
        data = (
            self._context.tree.read("scripts/spelling.txt")
            if self._context.tree
            else None
        )
        folder = self._context.options.data_dir
        if data is None and folder and (folder / "spelling.txt").is_file():
            data = (folder / "spelling.txt").read_bytes()
        lines = (data or b"").decode("utf-8", "replace").split("\n")
        return frozenset(
            line.partition("||")[0].strip().lower() for line in lines if "||" in line
        )
