# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for whitespace at the start and end of lines, in files where it has no meaning."""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import ScannedLine, expand
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    ColumnSpan,
    FixSite,
    Proposal,
    delete,
    fixer,
    replaced,
)
from patchpilot.model.finding import FixEdit

_SPACES = " \t\r\f\v"
_C = ("c", "h", "S", "dts", "dtsi")
_FREE = frozenset(
    (*_C, "rst", "txt", "yaml", "yml", "lds", "asn1", "dtso", "dtsi", "s")
)
"""Kinds of files in which trailing white space has no meaning.

In Makefiles, Markdown, scripts and test data it may have one.
"""
_TESTS = compile_cached(r"(?:^|/)(?:tests?|testing|selftests)/")
_BUILT = compile_cached(r"\+(?:#.*|[\w$()-]+-(?:\$\(\w+\)|[ym]|objs)\s*[+:]?=.*)")


def _is_free(line: ScannedLine) -> bool:
    """Whether trailing white space has no meaning in the line's file.

    A test may expect it in its data.
    """
    name = line.file.rpartition("/")[2]
    if line.suffix == "txt" and _TESTS.search(line.file):
        return False
    return line.suffix in _FREE or name.startswith("Kconfig") or name == "MAINTAINERS"


@fixer("trailing-space")
def trailing_space(site: FixSite) -> Proposal:
    """Removes trailing whitespace."""
    line, raw = site.line, site.line.raw
    kept = raw.rstrip(" \t\f\v")
    name = line.file.rpartition("/")[2]
    if "\r" in raw or not (
        _is_free(line)
        or (
            name in ("Makefile", "Kbuild")
            and _BUILT.match(kept)
            and not kept.endswith("\\")
        )
    ):
        return None
    if kept.endswith("\\") and line.suffix not in _C:
        return None
    # trailing white space that the scan masks is inside a string
    if any(char not in _SPACES + NOTE for char in line.text[len(kept) : len(raw)]):
        return None
    return replaced(line.number, kept)


@fixer("space-before-tab")
def space_before_tab(site: FixSite) -> Proposal:
    """Replaces whitespace that has a space before a tab with tabs that reach the same column."""
    line, raw = site.line, site.line.raw
    spans = []
    for run in re.finditer(r"[ \t]* \t[ \t]*", raw[1:]):
        start, end = run.start() + 1, run.end() + 1
        if any(char not in " \t" + NOTE for char in line.text[start:end]):
            continue
        spans.append(
            ColumnSpan(
                line.number,
                start,
                end,
                _white_space(len(expand(raw[1:start])), len(expand(raw[1:end]))),
            )
        )
    return spans


@fixer("indent")
def indent(site: FixSite) -> Proposal:
    """Indents a line with tabs.

    If tabs cannot reach the same column, a line of a new function is indented to the depth of its
    braces.
    """
    line, raw = site.line, site.line.raw
    end = len(raw) - len(raw[1:].lstrip(" \t"))
    columns = len(expand(raw[1:end]))
    if any(char not in " \t" + NOTE for char in line.text[1:end]):
        return None
    depth = code_depth(site, columns) if columns < 8 or columns % 8 else 0
    if columns < 8 and _continues_condition(site):
        depth = 1
    # fewer columns than a tab cannot become tabs, and may be an indent of another width
    if columns < 8 and not depth:
        return None
    new_indent = "\t" * depth or _white_space(0, columns)
    return (
        ColumnSpan(line.number, 1, end, new_indent)
        if new_indent != raw[1:end]
        else None
    )


def _continues_condition(site: FixSite) -> bool:
    """Whether the line goes on with the condition of an #if."""
    number = site.number
    while (above := site.added(number - 1)) and above.raw.endswith("\\"):
        number -= 1
    return (
        number < site.number
        and re.match(r"\+\s*#\s*(?:el)?if\b", site.scan.lines[number - 1].text)
        is not None
    )


_HEAD = compile_cached(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b.*\)$|(?:\}\s*)?else$|do$"
)
_UNKNOWN = compile_cached(r"\b(?:switch|case|default)\b|\\$|^#")


def code_depth(site: FixSite, columns: int) -> int:
    """Returns the nesting depth of a line in a completely added function, or 0 if it is not
    certain.

    The depth is determined by braces and conditions. A statement one column left of a tab stop is
    assumed to be copied from a diff.
    """
    previous = site.line.previous.code[1:].strip() if site.line.previous else ""
    if columns % 8 == 7 and (
        not previous or previous[-1] in ";{}:" or _HEAD.match(previous)
    ):
        return columns // 8 + 1
    depths: dict[int, int] | None = site.context.shared.get("fixing.depths")
    if depths is None:
        depths = site.context.shared["fixing.depths"] = _depths(site)
    return depths.get(site.number, 0)


def _depths(site: FixSite) -> dict[int, int]:
    """Returns the depth of each line that is in a function whose lines are all added, as far as it
    is certain.
    """
    depths: dict[int, int] = {}
    depth, nested, before, is_known = 0, 0, ";", False
    for number in range(1, len(site.scan.lines) + 1):
        line = site.added(number)
        if line and line.code[1:2] == "{":
            depth, nested, before, is_known = 1, 0, ";", True
            continue
        code = line.code[1:].strip() if line else "#"
        if _UNKNOWN.search(code):
            is_known = False
        if not is_known or not code:
            continue
        depth -= len(code) - len(code.lstrip("}"))
        goes_on = before[-1] not in ";{}:" and not _HEAD.match(before)
        nested = nested + 1 if _HEAD.match(before) else nested if goes_on else 0
        if not goes_on and depth > 0:
            depths[number] = depth + (0 if code.startswith("{") else nested)
        depth += code.count("{") - code.count("}") + len(code) - len(code.lstrip("}"))
        before = code
    return depths


def _white_space(start: int, end: int) -> str:
    """Returns white space from one column to another: tabs as far as possible."""
    tabs = end // 8 - start // 8
    return "\t" * tabs + " " * (end % 8 if tabs else end - start)


@fixer("drop-blank-line")
def drop_blank_line(site: FixSite) -> Proposal:
    """Deletes the blank line at the finding or directly above it."""
    for number in (site.number, site.number - 1):
        line = site.added(number)
        if line and not line.raw[1:].strip():
            return delete([number])
    return None


@fixer("add-blank-line")
def add_blank_line(site: FixSite) -> Proposal:
    """Adds a blank line above the finding's line."""
    return FixEdit(site.number, 0, ("+",)) if site.added(site.number) else None
