# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse a commit message: the prefixes of its subject, its prose, and its tags.

Tags, logs, quotes, tables, lists, code and links are not prose. Pasted text (logs, traces, commands
and their output, quoted messages, tables) is recognized once for all rules about messages.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import permutations
from typing import NamedTuple

from patchpilot.cache.cached_re import cached_match, compile_cached, lazy_pattern
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.model.address import Address
from patchpilot.model.commit_references import read_fixes_line
from patchpilot.model.trailer import Trailer, is_trailer, parse_trailer

_LIST = compile_cached(
    r"^\s{0,4}(?:[-*+o•]|\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\[\d{1,2}\]|v\d+\s*:)\s+"
)
_LOG = compile_cached(
    r"^\s*(?:\[\s*\d+\.\d+\]|>|\$ |# |~\$|\w+@\w+[:~]|<[0-9]>|\[<[0-9a-f]+>\]|(?:BUG|WARNING|KASAN|Call Trace|RIP|Code|CPU"  # noqa: E501
    r"|EIP|Modules linked in|Hardware name)\b[^=]*[:#]"
    r"|[A-Z]:[\s*]|[0-9a-f]{8,16}:?\s)"
)
_CODE = compile_cached(
    r"^(?: {4,}|\t)|[;{}]\s*$|^\s*(?:#include|#define|if \(|for \(|return\b.*;)|^\S+\.[chS]:\d+|\|.*\||^\s*[-=~^_*#]{3,}\s*$"  # noqa: E501
    r"|^(?:\s*\S+\s{3,}\S)|:\s+[\d.,]+\s*\w*%?$"
)
_LINK = compile_cached(r"^\s*(?:\[\d+\]:?\s*)?<?(?:https?|ftp|git)://\S+>?\s*$")
_TREE = compile_cached(r"^\(?(?:cherry picked from|\[ ?\w)")


_PROMPT = compile_cached(
    r"^\s*(?:\$|#|%|>>>|=>|U-Boot>|\(gdb\)|[\w.-]*[~\]/][#$]|\[?\w[\w.-]*@[\w.-]+[\]:~"
    r" ]\S*?[#$])\s+\S",
)
_SPLAT = compile_cached(
    r"^\s*(?:(?:BUG|WARNING|INFO|Oops|UBSAN|KASAN|KMSAN|KCSAN|general protection fault|Unable to handle|Internal error|Kernel panic|kernel BUG"  # noqa: E501
    r"|unreferenced object|Call [Tt]race|Backtrace|Traceback|watchdog)(?: [^.=]{1,80})?:|-+\[ cut here \])"  # noqa: E501
)
_REGISTER = r"(?:RIP|R[A-D]X|R[SD]I|R[BS]P|R\d\d|FS|CR2|CS|E[A-D]X|EIP|PC|LR|SP|pc|lr|sp|x\d+)\s*:"
_PASTED = compile_cached(
    r"^\s*(?:>|\|.*\||\+[-=+]{3,}\+|[-=~_*]{4}[-=~_* ]*$|[0-9a-f]{4,16}:?(?:\s+[0-9a-f]{2,8}){3,}|#\d+\s|at \S+[:(]|File \""  # noqa: E501
    r"|(?:make|ld|gcc|cc1|clang)\b.{0,9}:\s|\S+[.:]\w+:\d+:(?:\d+:)? |\d+ \| |\S+ {3,}\S.* {2,}\S|"
    + _REGISTER
    + r")"
    r"|\w\+0x[0-9a-f]+/0x[0-9a-f]+"
)
_DIFF_STARTS = compile_cached(
    r"^(?:diff --git \S|@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@|--- (?:a/|/dev/null))"
)
_DIFF_GOES_ON = compile_cached(
    r"^(?:[-+ \\]|@@ |index [0-9a-f]+\.\.|(?:new|deleted) file mode |(?:rename|copy) (?:from|to) |diff --git \S)"  # noqa: E501
)


_TITLE = compile_cached(
    r"\bcommit\s+[0-9a-f]{7,40}[ \t:,]*\(\s*[\"']|^(?:subject:.*?)?\brevert(?:ed)? \"",
    re.IGNORECASE,
)
_REFERENCE = compile_cached(r".*\bcommit\s*\n\s*[0-9a-f]{7,40}\b", re.IGNORECASE)
"""A reference to a commit, wrapped before the id. Otherwise, a line with an id first is a log."""
_NAMED = compile_cached(r"\bcommit\s+[0-9a-f]{7,40}\s*$", re.IGNORECASE)
_FIXED_TITLE = compile_cached(r"[ \t:,]*\(\s*[\"']")
_TITLE_OPENS = compile_cached(r"\s*\(\s*[\"']")
_TITLE_ENDS = compile_cached(r"[\"']\s*\)|\"\s*$")


_QUOTES = r"[\"'`*‘’“”]*"
_CORRECTED = compile_cached(rf"{_QUOTES}\s*(?:[-=]+>|→|⇒|/\w+/|,\w+,\w*$|\|\w+\|)")
_CORRECTS = compile_cached(
    r"(?:^|[\s;,(])(?:s[/,|]|(?:typos?|spell(?:ing|ed)|misspell\w*|mis-?spelt)\b(?:\W+\w+){0,2}\W+)$",
    re.IGNORECASE,
)
"""The text around a misspelled word that a line of the message mentions."""
_INSTEAD = r"\s*,?\s*(?:to|with|by|into|for|and not|instead of)\s+"


class Paragraph(NamedTuple):
    """A paragraph of prose: its lines, and the patch line of the first one."""

    start: int
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join(line.strip() for line in self.lines)

    def line_at(self, offset: int) -> int:
        """Return the patch line of the character at this offset in `text`."""
        line_start = 0
        for number, line in enumerate(self.lines):
            line_start += len(line.strip()) + 1
            if offset < line_start:
                return self.start + number
        return self.start + len(self.lines) - 1


@cached_per_patch
def find_paragraphs(context: Context) -> tuple[Paragraph, ...]:
    """Return the paragraphs of prose in the message, in order."""
    paragraphs: list[Paragraph] = []
    lines: list[str] = []
    start = context.patch.message_line
    for number, line in enumerate((*context.patch.message, ""), start):
        index = number - context.patch.message_line
        if line.strip() and index not in find_pasted_lines(context) and is_prose(line):
            if not lines:
                start = number
            lines.append(line)
        elif lines:
            paragraphs.append(Paragraph(start, tuple(lines)))
            lines = []
    return tuple(paragraphs)


@cached_per_patch
def find_pasted_lines(context: Context) -> frozenset[int]:
    """Return the indexes of the message's pasted lines.

    These are logs, traces, commands and their output, quoted messages, diffs and tables, but never
    tags.
    """
    return frozenset(find_quoted_lines(context.patch.message))


def find_quoted_lines(lines: Sequence[str]) -> Iterator[int]:
    diff = _find_quoted_diffs(lines)
    yield from diff
    introduced = False
    for start, end in _find_text_blocks(lines):
        block = [
            index
            for index in range(start, end)
            if index not in diff
            and not is_trailer(lines[index])
            and not (index > start and _REFERENCE.match("\n".join(lines[index - 1 : index + 1])))
        ]
        texts = [lines[index] for index in block]
        if (
            len(texts) > 1
            and texts[0].rstrip().endswith(":")
            and not _is_quote(texts[0])
            and not _SPLAT.match(texts[0])
        ):
            # leave out the line that introduces pasted text, because the author wrote it
            block, texts, introduced = block[1:], texts[1:], True
        if texts and _is_pasted(texts, introduced):
            yield from block
        elif texts:
            yield from (index for index in block if _is_quote(lines[index]))
        introduced = lines[end - 1].rstrip().endswith(":")


def _is_pasted(block: Sequence[str], introduced: bool) -> bool:
    """Return whether a block of lines is pasted text.

    A pasted block starts with a prompt or a report, has at least half of its lines in pasted form,
    or is indented below a line that ends in a colon.
    """
    if _PROMPT.match(block[0]) or _SPLAT.match(block[0]):
        return True
    if introduced and all(line[:1] in " \t" for line in block) and not any(map(_LIST.match, block)):
        return True
    alike = sum(1 for line in block if _is_quote(line) or _CODE.search(line))
    # in a block of two lines, one line may be the author's comment on the other
    return (alike * 2 > len(block) or (len(block) > 3 and alike * 2 == len(block))) and any(
        map(_is_quote, block)
    )


def _is_quote(line: str) -> bool:
    return bool(_LOG.match(line) or _PASTED.search(line) or cached_match(r"^(?: {4,}|\t)\S", line))


def _find_text_blocks(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    start = None
    for index, line in enumerate((*lines, "")):
        if line.strip():
            start = index if start is None else start
        elif start is not None:
            yield start, index
            start = None


def _find_quoted_diffs(lines: Sequence[str]) -> frozenset[int]:
    """Return the indexes of lines in diffs, including in diffs without a file header."""
    indexes: set[int] = set()
    inside = False
    for index, line in enumerate(lines):
        inside = bool((_DIFF_GOES_ON if inside else _DIFF_STARTS).match(line))
        if inside:
            indexes.add(index)
    return frozenset(indexes)


def find_quoted_titles(lines: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Return the column range of each quoted commit subject, by line index.

    A subject follows `commit <id> (`, `Fixes: <id> (` or `Revert`. A line contains at most one. An
    unclosed subject continues on the next line.
    """
    result: dict[int, tuple[int, int]] = {}
    inside = False
    for index, line in enumerate(lines):
        start = 0 if inside else _find_title_start(line, lines[index - 1] if index else "")
        if start is None:
            continue
        closed = _TITLE_ENDS.search(line, start)
        result[index] = (start, closed.start() if closed else len(line))
        # a subject has at most two lines, and ends with the paragraph
        inside = (
            closed is None
            and not inside
            and index + 1 < len(lines)
            and bool(lines[index + 1].strip())
        )
    return result


def is_corrected_mistake(context: Context, line: str, start: int, end: int, right: str) -> bool:
    """Return whether a misspelled word is in the message only because the patch corrects it.

    Either the patch removes the word, or the line names `right` as its replacement.
    """
    word = line[start:end]
    if word.lower() in _find_removed_words(context):
        return True
    replaced_by = rf"{_QUOTES}{_INSTEAD}{_QUOTES}{re.escape(right)}"
    return bool(
        _CORRECTED.match(line, end)
        or re.compile(replaced_by, re.IGNORECASE).match(line, end)
        or _CORRECTS.search(line[max(0, start - 60) : start])
    )


@cached_per_patch
def _find_removed_words(context: Context) -> frozenset[str]:
    """Return the words that the patch removes and does not add, in lower case."""
    removed, added = (
        {
            word.lower()
            for change in context.patch.files
            for line in change.lines(sign)
            for word in re.findall(r"[A-Za-z]{4,}", line.text)
        }
        for sign in "-+"
    )
    return frozenset(removed - added)


def _find_title_start(line: str, before: str) -> int | None:
    fixes = read_fixes_line(line)
    is_fixes_tag = fixes and fixes.is_tag and fixes.space and not fixes.word
    if fixes and is_fixes_tag and 7 <= len(fixes.id) <= 40:
        opening = _FIXED_TITLE.match(fixes.rest)
        if opening:
            return len(line) - len(fixes.rest) + opening.end()
    opening = _TITLE.search(line) or (_TITLE_OPENS.match(line) if _NAMED.search(before) else None)
    return opening.end() if opening else None


@lru_cache(maxsize=512)
def is_prose(line: str) -> bool:
    """Return whether a line looks like a sentence, not a tag, log, list, table, code or link."""
    if len(re.findall(r"[^\W\d_]{2,}", line)) < 2 and not cached_match(r"^[a-z]+[.,]?$", line):
        return False
    return not (
        _LIST.match(line)
        or _LOG.match(line)
        or _CODE.search(line)
        or _LINK.match(line)
        or _TREE.match(line)
        or is_trailer(line)
    )


@cached_per_patch
def find_tag_lines(context: Context) -> tuple[tuple[int, Trailer], ...]:
    """Return (patch line, trailer) for each tag in any paragraph of the message."""
    patch = context.patch
    return tuple(
        (patch.message_line + index, trailer)
        for index, line in enumerate(patch.message)
        if line[:1].isalpha()
        and (is_trailer(line) or line.startswith("Datasheet:"))
        and (trailer := parse_trailer(line, index))
    )


def find_tags_by_name(context: Context, *keys: str) -> list[tuple[int, Trailer]]:
    """Return (patch line, trailer) for each tag with one of these keys, in lower case.

    The tag need not be a known one.
    """
    return [(line, tag) for line, tag in _find_trailer_lines(context) if tag.key in keys]


@cached_per_patch
def _find_trailer_lines(context: Context) -> tuple[tuple[int, Trailer], ...]:
    """Return (patch line, trailer) for each line in the form of a trailer, whatever its name."""
    patch = context.patch
    return tuple(
        (patch.message_line + index, trailer)
        for index, line in enumerate(patch.message)
        if (trailer := parse_trailer(line, index, any_name=True))
    )


def is_same_person(first: Address, second: Address) -> bool:
    """Return whether two addresses belong to the same person.

    They do if their email addresses are equal, or if their names consist of the same words.
    """
    return first.key == second.key or (
        bool(first.name) and _split_name(first.name) == _split_name(second.name)
    )


def may_be_same_person(sender: Address, person: Address) -> bool:
    """Return whether the sender may be this person with another address.

    Their names match if one contains the other, if they are equal when their words are joined, or
    if only a given name is shortened. Otherwise, their addresses must have the same local part, and
    this must contain part of a name. If the sender has no name, the sender's local part must
    contain the person's local part or part of the person's name.
    """
    person_words = _split_name(person.name)
    local, person_local = (
        re.sub(r"[^a-z]", "", address.key.partition("@")[0]) for address in (sender, person)
    )
    if sender.name and "@" not in sender.name:
        sender_words = _split_name(sender.name)
        return bool(sender_words and person_words) and (
            sender_words <= person_words
            or person_words <= sender_words
            or _is_login_of_name(sender_words, person_words)
            or _is_login_of_name(person_words, sender_words)
            or _have_shortened_name(sender_words, person_words)
            or (local == person_local and any(part in person_local for part in person_words))
        )
    return any(len(part) >= _LEAST_NAME and part in local for part in (person_local, *person_words))


_LEAST_NAME = 4
"""A shorter name may occur in an address by chance."""


def _is_login_of_name(joined: frozenset[str], words: frozenset[str]) -> bool:
    """Return whether `joined` is a single word that consists of these words in any order."""
    return (
        len(joined) == 1
        and 1 < len(words) <= _MOST_NAMES
        and any("".join(order) in joined for order in permutations(words))
    )


_MOST_NAMES = 4


def _have_shortened_name(first: frozenset[str], second: frozenset[str]) -> bool:
    """Return whether two names differ in only one word that is a prefix of the other, such as Jeff
    and Jeffrey.
    """
    differing = sorted(first ^ second)
    return (
        not first.isdisjoint(second)
        and len(differing) == 2
        and differing[1].startswith(differing[0])
    )


def _split_name(name: str) -> frozenset[str]:
    """Return the words of a name, without a company in parentheses."""
    return frozenset(
        word
        for word in re.findall(r"[^\W\d_]+", re.sub(r"\([^)]*\)|\bvia\b.*", "", name).lower())
        if len(word) > 1
    )


_PREFIX = lazy_pattern(
    r"^([\w./+@,*{}|&<>=-]+(?:\s?\([^)]*\)|\[[^\]]*\])?(?:"
    r" [\w./(),-]+){0,2})\s*:(?!:)\s*(?=\S)(.*)$"
)
_DRIVER = lazy_pattern(r"^(\([\w/,. -]+\))\s+(.*)$")
_GENERATED = lazy_pattern(r"(?:Revert|Reapply) \"|Merge |Linux \d")


def split_prefix(title: str) -> tuple[tuple[str, ...], str]:
    """Split a title into its prefixes and the rest.

    "net: phy: fix it" becomes (("net", "phy"), "fix it").
    """
    prefixes: list[str] = []
    remaining = title
    while match := _PREFIX.match(remaining):
        if len(match[1]) > 50 or (prefixes and len(match[1].split()) > 2):
            break
        prefixes.append(match[1])
        remaining = match[2]
    # in hwmon, the driver is in parentheses: "hwmon: (driver) do it"
    if prefixes and (match := _DRIVER.match(remaining)):
        prefixes.append(match[1])
        remaining = match[2]
    return tuple(prefixes), remaining


def normalize_prefix(title: str) -> str:
    """Return the normalized prefixes of a title, such as "net: phy" for "net:phy : fix it"."""
    return ": ".join(split_prefix(title)[0])


def find_written_prefix(title: str) -> str:
    """Return the prefixes of a title as written ("net: phy:"), or ""."""
    parts, summary = split_prefix(title)
    return title[: len(title) - len(summary)].strip() if parts else ""


def is_plain(title: str) -> bool:
    """Return whether a title describes a change. Titles of reverts, merges and releases do not."""
    return bool(title) and not _GENERATED.match(title)
