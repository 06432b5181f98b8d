# SPDX-License-Identifier: GPL-2.0-or-later
"""Detect misspellings and repeated words.

The subject, the message, new comments and sentences in new strings are searched for misspellings
listed in codespell's dictionary and for similar words. A separate rule uses the kernel's own list.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from itertools import pairwise
from pathlib import Path
from string import ascii_lowercase

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.lint.c.line_scan import ScannedLine, from_byte_text, scan_patch, to_byte_text
from patchpilot.lint.detector import (
    Hits,
    TypedHits,
    detector,
    make_hit,
    typed_detector,
)
from patchpilot.lint.detectors.generic import find_subject_line
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.lint.message_parts import (
    find_pasted_lines,
    find_quoted_titles,
    find_tag_lines,
    is_corrected_mistake,
    is_prose,
)
from patchpilot.lint.new_side import NewLine, find_c_hunks
from patchpilot.lint.pack_patterns import compile_lazily
from patchpilot.lint.word_lists import load_word_set
from patchpilot.model.c_scanner import COMMENT
from patchpilot.model.rule import FindingFix

_RUN = compile_lazily(r"[\w\-'`]+")
_PROSE_WORD = r"\b[A-Z]?[a-z]{2,}\b"
_TWO_WORDS = compile_lazily(rf"({_PROSE_WORD}) (?=({_PROSE_WORD}))")
# a limited word keeps the search linear in long words without spaces
_DOUBLE = compile_lazily(r"([a-z]{2,64}) \1", re.IGNORECASE)
_LISTING = compile_lazily(r"[bcCdDlMnpPs?\-][rwxsStT\-]{9}")
_HEX = compile_lazily(r"\b[0-9a-f]{2,}\b", re.IGNORECASE)
_HEX_WORDS = frozenset(["add", "added", "bad", "be"])
_FILE_NAME = compile_lazily(r"[a-z]\w*\.\w", re.IGNORECASE)
_ENDS_IN_COMMENT = compile_lazily(rf"{COMMENT}+\s*$")
_LAST_WORD = compile_lazily(rf"({_PROSE_WORD})\s*$")
_FIRST_IN_COMMENT = compile_lazily(r"^\+\s*\*\s*([A-Za-z][a-z]+) ")
_ABOUT_WORDS = compile_lazily(
    r"\b(?:typos?|spelling|(?:repeated|duplicated?|doubled?|unexpected|redundant|extra) (?:\w+"
    r" )?words?)\b|\bdrop .*word",
    re.IGNORECASE,
)


@typed_detector(
    "checkpatch-words",
)
def check_words(context: Context) -> TypedHits:
    yield from _find_misspellings(context)
    yield from _find_repeated_words(context)


def read_checkpatch_data(context: Context, name: str) -> bytes | None:
    """Return the contents of a checkpatch.pl data file, or None if it does not exist.

    The file is in the directory given with --data, by default in the tree's scripts/.
    """
    folder = context.options.data_dir
    if folder is not None:
        file = Path(folder) / name
        return file.read_bytes() if file.is_file() else None
    return context.tree.read(f"scripts/{name}") if context.tree is not None else None


def _find_misspellings(context: Context) -> TypedHits:
    mistakes = load_kernel_misspellings(context)
    if not mistakes:
        return
    single, phrases = mistakes
    lines = scan_patch(context).lines
    # skip quoted subjects, because the patch cannot correct another commit's subject
    log = [line.raw if line.in_log or line.in_header else "" for line in lines]
    quoted = {} if context.options.checkpatch_compat else find_quoted_titles(log)
    for line in lines:
        raw = line.raw
        if (
            line.starts_file
            or line.starts_hunk
            or not (line.log_after or raw[:1] == "+" or raw[:8].lower() == "subject:")
        ):
            continue
        last_end = -1
        for start, end in _find_listed_mistakes(raw, single, phrases):
            # like checkpatch.pl, skip the second of two adjacent misspellings
            if start and start - 1 < last_end:
                continue
            last_end = end + 1
            first, last = quoted.get(line.number - 1, (0, 0))
            typo = raw[start:end]
            better = _match_case(typo, single.get(typo.lower()) or phrases.get(typo.lower()) or "")
            is_quoted = first <= start < last
            if is_quoted or (
                line.log_after
                and not context.options.matches_script
                and is_corrected_mistake(context, raw, start, end, better)
            ):
                continue
            fix = FindingFix("suggest", f"{from_byte_text(typo)} → {better}")
            yield (
                "TYPO_SPELLING",
                make_hit(
                    line.number,
                    "",
                    max(1, start),
                    fix,
                    typo=from_byte_text(typo),
                    better=better,
                ),
            )


def _find_listed_mistakes(
    raw: str, single: Mapping[str, str], phrases: Mapping[str, str]
) -> list[tuple[int, int]]:
    spans = [
        (match.start(), match.end()) for match in _RUN.finditer(raw) if match[0].lower() in single
    ]
    lower = raw.lower()
    for phrase in phrases:
        start = lower.find(phrase)
        while start >= 0:
            end = start + len(phrase)
            if not (start and _RUN.match(raw, start - 1, start)) and not _RUN.match(
                raw, end, end + 1
            ):
                spans.append((start, end))
            start = lower.find(phrase, end)
    return sorted(spans)


def _match_case(typo: str, better: str) -> str:
    if typo.isupper():
        return better.upper()
    return better[:1].upper() + better[1:] if typo[:1].isupper() else better


@cached_per_patch
def load_kernel_misspellings(
    context: Context,
) -> tuple[Mapping[str, str], Mapping[str, str]] | None:
    """Return the corrections for the words and for the phrases in the kernel's list, or None."""
    mistakes = parse_spelling(read_checkpatch_data(context, "spelling.txt"))
    conf = context.options.conf
    if conf is None or not (listed := _parse_dictionary(conf.dictionary)):
        return mistakes
    single, phrases = mistakes or ({}, {})
    return {**single, **listed}, phrases


@lru_cache(maxsize=4)
def _parse_dictionary(data: bytes) -> Mapping[str, str]:
    """Parse lines of codespell's form `wrong->right[, other,]` into single words."""
    words: dict[str, str] = {}
    for entry in data.decode("utf-8", "surrogateescape").split("\n"):
        # entries with ", disabled" are corrections that are often wrong
        wrong, _, right = entry.strip().partition("->")
        right, _, rest = right.partition(",")
        if right and "disabled" not in rest and _RUN.fullmatch(wrong):
            words[to_byte_text(wrong.lower())] = right
    return words


@lru_cache(maxsize=4)
def parse_spelling(
    data: bytes | None,
) -> tuple[Mapping[str, str], Mapping[str, str]] | None:
    """Parse lines of the form `wrong||right` into single words and phrases.

    Keys are in lower case, with one character per byte.
    """
    if data is None:
        return None
    single: dict[str, str] = {}
    phrases: dict[str, str] = {}
    for entry in data.decode("utf-8", "surrogateescape").split("\n"):
        wrong, _, right = entry.strip().partition("||")
        if wrong and right and not wrong.startswith("#"):
            key = to_byte_text(wrong.lower())
            (single if key.isalnum() or _RUN.fullmatch(key) else phrases)[key] = right
    return single, phrases


def _is_intended(context: Context, line: ScannedLine, word: str) -> bool:
    """Return whether a repeated word may be intentional.

    It may be in pasted text, in a quote, in a name or in "that that", or the patch may remove
    repeated words.
    """
    double = f"{re.escape(word)} {re.escape(word)}"
    return (
        word.lower() in ("that", "had")
        or line.number - context.patch.message_line in find_pasted_lines(context)
        or f"{word} {word} <" in line.raw
        or f"{word} {word}" in _names_in_tags(context)
        or re.search(rf"([\"'`])[^\"'`]*\b{double}\b[^\"'`]*\1", line.raw, re.IGNORECASE)
        is not None
        or _ABOUT_WORDS.search(context.patch.subject.title) is not None
    )


@cached_per_patch
def _names_in_tags(context: Context) -> frozenset[str]:
    return frozenset(tag.address.name for _, tag in find_tag_lines(context) if tag.address)


def _find_repeated_words(context: Context) -> TypedHits:
    for line in scan_patch(context).lines:
        if (
            line.starts_file
            or line.starts_hunk
            or not (line.log_after or line.raw[:1] == "+")
            or _LISTING.search(line.raw)
        ):
            continue
        if " " in line.raw[1:] and _DOUBLE.search(line.raw):
            is_intended = cache(partial(_is_intended, context, line))
            for word, second in _find_doubled_words(line):
                # leave out the column, because findings in the message have none
                column = None if line.log_after else second
                case = "meant" if line.log_after and is_intended(word) else ""
                is_file = _FILE_NAME.match(line.raw, second)
                if (case or is_file) and not context.options.matches_script:
                    continue
                yield (
                    "REPEATED_WORD",
                    make_hit(line.number, case, column, word=word),
                )
        if carried := _find_carried_over_word(line):
            column = line.raw.index(carried, 1)
            yield (
                "REPEATED_WORD",
                make_hit(line.number, "line-break", column, carried=carried),
            )


def _find_doubled_words(line: ScannedLine) -> Iterator[tuple[str, int]]:
    raw, start = line.raw, 0 if line.log_after else 1
    offset = start
    while match := _TWO_WORDS.search(raw, offset):
        offset = match.end()
        first, second = match[1], match[2]
        if "struct" in first or "union" in first or "enum" in first:
            # skip the name after struct, union or enum
            offset += len(first) + len(second) + 1
            continue
        if first.lower() != second.lower() or first == "long":
            continue
        before = raw[match.start() - 1] if match.start() > start else ""
        after = raw[match.end(2)] if match.end(2) < len(raw) else ""
        if (before and before not in " \t\n\r\f\v") or after not in " \t.,;?!":
            continue
        if _HEX.search(first) and first.lower() not in _HEX_WORDS:
            continue
        yield first, match.start(2)


def _find_carried_over_word(line: ScannedLine) -> str | None:
    before = line.previous
    if before is None or line.raw[:1] != "+" or "*" not in line.raw or COMMENT not in before.text:
        return None
    opening = _FIRST_IN_COMMENT.match(line.raw)
    if not opening or not _ENDS_IN_COMMENT.search(before.text):
        return None
    last = _LAST_WORD.search(before.raw)
    return last[1] if last and last[1] == opening[1] else None


_WORD = lazy_pattern(r"(?<![\w/.@_-])[A-Za-z][a-z]{3,}(?![\w/@_(]|\.\w|-\w|['’‘´`ʼ′][a-z])")

_SENTENCE = lazy_pattern(r"\"(?:[^\"\\]*\w ){2}(?:[^\"\\]|\\.)*")
# longer words than any correct one are not compared with those: that would take much memory
_PLAIN = lazy_pattern(r"(?<![\w\"'`<%$&{-])[a-z]{6,40}(?![\w\"'`>}])")
_ENDINGS = (
    *("s", "es", "ed", "d", "ing", "er", "r", "ers", "rs", "ly", "y", "able", "ably"),
    *("ability", "ation", "ness", "less", "ful", "al", "ally", "or", "ors", "ies"),
    *("ied", "ier", "ity", "ish", "ist", "ism", "ment", "ments", "ings", "ic", "wise"),
)
_BEGINNINGS = lazy_pattern(
    r"(?:un|re|de|dis|pre|non|sub|over|under|mis|out|inter|multi|super|co|in|auto|micro|up|down"
    r"|back|post|anti|bi|tri|en|fore|self|mid|semi|pseudo|para|meta|hyper|ultra|trans|counter|on"
    r"|off|[a-z])(?=[a-z]{3})"
)
_MOST_WORDS = 1000
"""Maximum number of a patch's words that are compared with correct ones."""
_MIN_LENGTH, _LONG = 7, 10
"""Minimum length of an unknown word to be compared with words that differ by one letter: in
general, and if that is the first one.
"""


@detector(
    "codespell",
)
def misspelled_word(context: Context) -> Hits:
    """Report each word that codespell considers misspelled. Each word is reported only once."""
    reported: set[str] = set()
    nearest_words: dict[str, str | None] = {}
    for patch_line, text in _lines_to_check(context):
        for match in _WORD.finditer(text):
            word = match[0].lower()
            if word in reported:
                continue
            right = find_correction(word)
            if right is None and _PLAIN.match(text, match.start()):
                if len(nearest_words) < _MOST_WORDS and word not in nearest_words:
                    nearest_words[word] = find_nearest_word(context, word)
                right = nearest_words.get(word)
            if (
                right
                and not _is_in_kernel_list(context, word)
                and not _is_name(context, match[0])
                and not is_corrected_mistake(context, text, *match.span(), right)
            ):
                reported.add(word)
                yield make_hit(patch_line, "", match.start() + 1, word=match[0], right=right)


def _is_in_kernel_list(context: Context, word: str) -> bool:
    single, _ = load_kernel_misspellings(context) or ({}, {})
    return word in single


def _lines_to_check(context: Context) -> Iterator[tuple[int, str]]:
    patch = context.patch
    yield find_subject_line(patch), patch.subject.title
    quoted, titles = find_pasted_lines(context), find_quoted_titles(patch.message)
    for index, line in enumerate(patch.message):
        if index not in quoted and (is_prose(line) or re.match(r"^\s{0,4}[-*] ", line)):
            start, end = titles.get(index, (0, 0))
            yield (
                patch.message_line + index,
                line[:start] + " " * (end - start) + line[end:],
            )
    for hunk in find_c_hunks(context):
        yield from _words_in_code(line for line in hunk.lines if line.added)
    for change in patch.files:
        if change.path.endswith((".rst", ".yaml", ".txt", "Kconfig")):
            for added in change.lines("+"):
                if re.search(r"[a-z] [a-z]", added.text):
                    yield added.patch_line, added.text


def _words_in_code(lines: Iterable[NewLine]) -> Iterator[tuple[int, str]]:
    for line in lines:
        if line.comment:
            yield line.patch_line, line.text
        elif "/*" in line.text or "//" in line.text:
            yield line.patch_line, line.text[line.text.find("/") :]
        elif sentence := _SENTENCE.search(line.text):
            yield line.patch_line, " " * sentence.start() + sentence[0]


def _is_name(context: Context, word: str) -> bool:
    return (
        word in _find_called_functions(context)
        or word.lower() in " ".join(context.patch.paths).lower()
        or (
            word[0].isupper()
            and not word.isupper()
            and word.lower() in load_word_set("codespell", "names")
        )
    )


@lru_cache(maxsize=1 << 15)
def find_correction(word: str) -> str | None:
    """Return codespell's correction of a lower-case word, or None unless there is exactly one."""
    if word in load_word_set("codespell", "not_misspelled"):
        return None
    key = f"\n{word}->".encode()
    lines = _select_entries(word[:2])
    offset = lines.find(key)
    if offset < 0:
        return None
    right = lines[offset + len(key) :].partition(b"\n")[0].decode("utf-8", "replace")
    first = right.partition(",")[0].strip()
    # text after the last comma is a reason not to correct the word
    return (
        None if not first or ("," in right and right.rstrip().rpartition(",")[2].strip()) else first
    )


def find_nearest_word(context: Context, word: str) -> str | None:
    """Return the only correct word that differs by one letter or by two swapped letters, or None.

    Correct words are codespell's corrections, inflections of these, and words that begin with one.
    """
    if word in load_word_set("codespell", "right"):
        return None
    right = _load_corrections()
    if _count_words(context)[word] > 1 or _is_word_form(word, right):
        return None
    swapped = {
        word[:index] + word[index + 1] + word[index] + word[index + 2 :]
        for index in range(len(word) - 1)
    }
    variants = swapped if len(word) < _MIN_LENGTH else swapped | _one_letter_variants(word)
    candidates = {variant for variant in variants if variant != word and variant in right}
    return candidates.pop() if len(candidates) == 1 else None


def _one_letter_variants(word: str) -> set[str]:
    """Return the words made by removing, adding or replacing one letter other than the last."""
    parts = [(word[:index], word[index:]) for index in range(len(word) + 1)]
    return {
        start + letter + end
        for start, tail in parts
        for letter in ("", *"abcdefghijklmnopqrstuvwxyz")
        for end in (tail, tail[1:])
        if start or len(word) >= _LONG
    } - {word + "s", word[:-1], *(word[:-1] + letter for letter in "dersyn")}


def _is_word_form(word: str, right: Collection[str]) -> bool:
    """Return whether a word is a correct word with a prefix or suffix, or a compound of such
    words.
    """
    if any(stem in right for stem in _word_stems(word)):
        return True
    beginnings = [
        *(match.end() for match in [_BEGINNINGS.match(word)] if match),
        *(offset for offset in range(1, len(word) - 2) if offset == 1 or word[:offset] in right),
    ]
    return any(stem in right for offset in beginnings for stem in _word_stems(word[offset:]))


def _word_stems(word: str) -> Iterator[str]:
    yield word
    for ending in _ENDINGS:
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) > 2:
            yield from (stem, stem + "e", stem + "y")
            if stem[-1] == stem[-2]:
                yield stem[:-1]


@cached_per_patch
def _find_called_functions(context: Context) -> frozenset[str]:
    return frozenset(re.findall(r"\b(\w+)\(", "\n".join(context.patch.lines)))


@cached_per_patch
def _count_words(context: Context) -> Counter[str]:
    return Counter(
        word
        for line in context.patch.lines[context.patch.message_line - 1 :]
        for word in re.findall(r"[a-z]{6,}", line.lower())
    )


@cache
def _load_corrections() -> Collection[str]:
    data = _read_dictionary()
    kind = CacheKind("codespell.right", (__file__,))
    key = make_cache_key(kind, (str(len(data)).encode(), data[-4096:]))
    corrections = read_cached_value(kind, key)
    if not isinstance(corrections, frozenset):
        text = data.decode("utf-8", "replace").lower()
        corrections = frozenset(re.findall(r"(?<=[>, ])[a-z]{3,}(?=[,\s])", text))
        cache_value(kind, key, corrections)
    return corrections


@cache
def _select_entries(beginning: str) -> bytes:
    """Return the dictionary's lines that start with these two letters."""
    data, key = _split_dictionary()[beginning[0]], f"\n{beginning}".encode()
    start, last = data.find(key), data.rfind(key)
    return data[start : data.find(b"\n", last + 1) + 1]


@cache
def _split_dictionary() -> Mapping[str, bytes]:
    """Return the dictionary's lines by first letter.

    Searching the whole dictionary for each word of a patch would take too long.
    """
    data, start, sections = _read_dictionary(), 0, {}
    for letter, following in pairwise(f"{ascii_lowercase}{{"):
        end = data.find(f"\n{following}".encode(), start)
        sections[letter] = data[start : end + 1 or None]
        start = max(start, end)
    return sections


@cache
def _read_dictionary() -> bytes:
    """Return codespell's dictionary, with lines `wrong->right`, or b"" without codespell."""
    from importlib.util import find_spec

    spec = find_spec("codespell_lib")
    if not spec or not spec.origin:
        return b""
    try:
        return (Path(spec.origin).parent / "data" / "dictionary.txt").read_bytes()
    except OSError:
        return b""
