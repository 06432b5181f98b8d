# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for known misspellings and repeated words."""

import functools
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from patchpilot.lint.c.line_scan import ScannedLine, as_bytes, as_text, scan
from patchpilot.lint.c.mask_comments import COMMENT
from patchpilot.lint.detector import TypedHits, make_hit, typed_detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.lint.message_prose import corrects, pasted, quoted_titles
from patchpilot.model.finding import FindingFix
from patchpilot.model.source_tree import Tree, ground_of

_RUN = lazy(r"[\w\-'`]+")
_WORD = r"\b[A-Z]?[a-z]{2,}\b"
_TWO_WORDS = lazy(rf"({_WORD}) (?=({_WORD}))")
_DOUBLE = lazy(r"([a-z]{2,}) \1", re.IGNORECASE)
_LISTING = lazy(r"[bcCdDlMnpPs?\-][rwxsStT\-]{9}")
_HEX = lazy(r"\b[0-9a-f]{2,}\b", re.IGNORECASE)
_HEX_WORDS = frozenset(["add", "added", "bad", "be"])
_FILE_NAME = lazy(r"[a-z]\w*\.\w", re.IGNORECASE)
_ENDS_IN_COMMENT = lazy(rf"{COMMENT}+\s*$")
_LAST_WORD = lazy(rf"({_WORD})\s*$")
_FIRST_IN_COMMENT = lazy(r"^\+\s*\*\s*([A-Za-z][a-z]+) ")
_QUOTED_LINE = lazy(r">|\s+\*\s")
_ABOUT_WORDS = lazy(
    r"\b(?:typos?|spelling|(?:repeated|duplicated?|doubled?|unexpected|redundant|extra) (?:\w+"
    r" )?words?)\b|\bdrop .*word",
    re.IGNORECASE,
)


@typed_detector(
    "checkpatch-words",
)
def words(context: Context) -> TypedHits:
    """Yield the hits about words in the message and in added lines."""
    yield from _spelling(context)
    yield from _find_repeated(context)


def tool_data(context: Context, name: str) -> bytes | None:
    """Return the contents of a checkpatch.pl data file, or None if it does not exist.

    The file is read from --data or, if it is not there, from the tree's scripts/.
    """
    folder = context.options.data_dir
    if folder is not None:
        file = Path(folder) / name
        return file.read_bytes() if file.is_file() else None
    return context.tree.read(f"scripts/{name}") if context.tree is not None else None


def _spelling(context: Context) -> TypedHits:
    mistakes = mistakes_of(context)
    if not mistakes:
        return
    single, phrases = mistakes
    lines = scan(context).lines
    # the subject of another commit cannot be corrected here
    log = [line.raw if line.in_log or line.in_header else "" for line in lines]
    quoted = {} if context.options.checkpatch_compat else quoted_titles(log)
    for line in lines:
        raw = line.raw
        if (
            line.starts_file
            or line.starts_hunk
            or not (line.log_after or raw[:1] == "+" or raw[:8].lower() == "subject:")
        ):
            continue
        taken = -1
        for start, end in _find_misspelled(raw, single, phrases):
            # words must be separated by one character, so the second of two adjacent mistakes is
            # not reported
            if start and start - 1 < taken:
                continue
            taken = end + 1
            first, last = quoted.get(line.number - 1, (0, 0))
            typo = raw[start:end]
            better = _match_case(
                typo, single.get(typo.lower()) or phrases.get(typo.lower()) or ""
            )
            is_quoted = first <= start < last
            if is_quoted or (
                line.log_after
                and not context.options.matches_script
                and corrects(context, raw, start, end, better)
            ):
                continue
            fix = FindingFix("suggest", f"{as_text(typo)} → {better}")
            yield (
                "TYPO_SPELLING",
                make_hit(
                    line.number,
                    "",
                    max(1, start),
                    fix,
                    typo=as_text(typo),
                    better=better,
                ),
            )


def _find_misspelled(
    raw: str, single: Mapping[str, str], phrases: Mapping[str, str]
) -> Iterator[tuple[int, int]]:
    places = [
        (found.start(), found.end())
        for found in _RUN.finditer(raw)
        if found[0].lower() in single
    ]
    lower = raw.lower()
    for phrase in phrases:
        at = lower.find(phrase)
        while at >= 0:
            end = at + len(phrase)
            if not (at and _RUN.match(raw, at - 1, at)) and not _RUN.match(
                raw, end, end + 1
            ):
                places.append((at, end))
            at = lower.find(phrase, end)
    return iter(sorted(places))


def _match_case(typo: str, better: str) -> str:
    if typo.isupper():
        return better.upper()
    return better[:1].upper() + better[1:] if typo[:1].isupper() else better


_TREES: dict[int, tuple[Tree, tuple[Mapping[str, str], Mapping[str, str]] | None]] = {}


def mistakes_of(context: Context) -> tuple[Mapping[str, str], Mapping[str, str]] | None:
    """Map misspellings to correct words and phrases; each tree is read once."""
    tree = ground_of(context.tree) if context.tree is not None else None
    if context.options.data_dir is None and tree is not None:
        kept = _TREES.get(id(tree))
        if kept is None or kept[0] is not tree:
            _TREES.clear()
            kept = _TREES[id(tree)] = (
                tree,
                parse_spelling(tool_data(context, "spelling.txt")),
            )
        return kept[1]
    return parse_spelling(tool_data(context, "spelling.txt"))


@functools.lru_cache(maxsize=4)
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
            key = as_bytes(wrong.lower())
            (single if key.isalnum() or _RUN.fullmatch(key) else phrases)[key] = right
    return single, phrases


def _is_meant(context: Context, line: ScannedLine, word: str) -> bool:
    """Return whether a repeated word may be intended: in a log or quote, in a patch that
    removes repeated words, or "that that".
    """
    at = line.number - context.patch.message_line
    double = f"{re.escape(word)} {re.escape(word)}"
    return (
        word.lower() in ("that", "had")
        or at in pasted(context)
        or _QUOTED_LINE.match(line.raw) is not None
        or re.search(
            rf"([\"'`])[^\"'`]*\b{double}\b[^\"'`]*\1", line.raw, re.IGNORECASE
        )
        is not None
        or _ABOUT_WORDS.search(context.patch.subject.title) is not None
    )


def _find_repeated(context: Context) -> TypedHits:
    for line in scan(context).lines:
        if (
            line.starts_file
            or line.starts_hunk
            or not (line.log_after or line.raw[:1] == "+")
            or _LISTING.search(line.raw)
        ):
            continue
        if " " in line.raw[1:] and _DOUBLE.search(line.raw):
            for word, second in _doubles(line):
                # without a column, a finding in the message has no position
                column = None if line.log_after else second
                case = (
                    "meant" if line.log_after and _is_meant(context, line, word) else ""
                )
                is_file = _FILE_NAME.match(line.raw, second)
                if (case or is_file) and not context.options.matches_script:
                    continue
                yield (
                    "REPEATED_WORD",
                    make_hit(line.number, case, column, word=word),
                )
        if carried := _carried_over_word(line):
            column = line.raw.index(carried, 1)
            yield (
                "REPEATED_WORD",
                make_hit(line.number, "line-break", column, carried=carried),
            )


def _doubles(line: ScannedLine) -> Iterator[tuple[str, int]]:
    """Yield each repeated word, with the position of its repetition."""
    raw, start = line.raw, 0 if line.log_after else 1
    at = start
    while found := _TWO_WORDS.search(raw, at):
        at = found.end()
        first, second = found[1], found[2]
        if "struct" in first or "union" in first or "enum" in first:
            # the following name is not part of a sentence
            at += len(first) + len(second) + 1
            continue
        if first.lower() != second.lower() or first == "long":
            continue
        before = raw[found.start() - 1] if found.start() > start else ""
        after = raw[found.end(2)] if found.end(2) < len(raw) else ""
        if (before and before not in " \t\n\r\f\v") or after not in " \t.,;?!":
            continue
        if _HEX.search(first) and first.lower() not in _HEX_WORDS:
            continue
        yield first, found.start(2)


def _carried_over_word(line: ScannedLine) -> str | None:
    before = line.previous
    if (
        before is None
        or line.raw[:1] != "+"
        or "*" not in line.raw
        or COMMENT not in before.text
    ):
        return None
    opening = _FIRST_IN_COMMENT.match(line.raw)
    if not opening or not _ENDS_IN_COMMENT.search(before.text):
        return None
    last = _LAST_WORD.search(before.raw)
    return last[1] if last and last[1] == opening[1] else None
