# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for leading and trailing whitespace in files where it has no meaning."""

import re
from collections.abc import Iterator

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import COMMENT as NOTE
from patchpilot.lint.c.line_scan import ScannedLine, expand
from patchpilot.lint.fixing.fixer import (
    COMMENT,
    ColumnSpan,
    FixSite,
    Proposal,
    fixer,
    indent_of,
    replaced,
    rewrite,
)
from patchpilot.model.rule import FixEdit

_SPACES = " \t\r\f\v"
_C = ("c", "h", "S", "dts", "dtsi")
_FREE = frozenset(
    (*_C, "rst", "txt", "yaml", "yml", "lds", "asn1", "dtso", "dtsi", "s")
)
"""Kinds of files in which trailing whitespace has no meaning, unlike in Makefiles, Markdown,
scripts and test data.
"""
_TESTS = compile_cached(r"(?:^|/)(?:tests?|testing|selftests)/")
_BUILT = compile_cached(r"\+(?:#.*|[\w$()-]+-(?:\$\(\w+\)|[ym]|objs)\s*[+:]?=.*)")


def _is_free(line: ScannedLine, kept: str) -> bool:
    """Return whether trailing whitespace has no meaning in the line's file.

    Test data may depend on it.
    """
    name = line.file.rpartition("/")[2]
    if name in ("Makefile", "Kbuild"):
        return _BUILT.match(kept) is not None and not kept.endswith("\\")
    if line.suffix == "txt" and _TESTS.search(line.file):
        return False
    return line.suffix in _FREE or name.startswith("Kconfig") or name == "MAINTAINERS"


@fixer("trailing-space")
def trailing_space(site: FixSite) -> Proposal:
    """Remove trailing whitespace."""
    line, raw = site.line, site.line.raw
    kept = raw.rstrip(" \t\f\v")
    is_continued = kept.endswith("\\") and line.suffix not in _C
    # the scan masks trailing whitespace only within strings
    is_text = line.text[len(kept) : len(raw)].strip(_SPACES + NOTE)
    if "\r" in raw or is_continued or is_text or not _is_free(line, kept):
        return None
    return replaced(line.number, kept)


@fixer("space-before-tab", COMMENT)
def space_before_tab(site: FixSite) -> Proposal:
    """Replace whitespace that has a space before a tab with tabs that reach the same column."""

    def tabs(run: re.Match[str]) -> str:
        before = len(expand(run.string[1 : run.start()]))
        return _white_space(before, len(expand(run.string[1 : run.end()])))

    return rewrite(site, r"[ \t]* \t[ \t]*", tabs, in_comments=True)


@fixer("indent")
def indent(site: FixSite) -> Proposal:
    """Indent a line with tabs.

    If tabs cannot reach the same column, a line of a new function is indented to the depth of its
    braces.
    """
    line, old = site.line, indent_of(site.line.raw)
    end, columns = 1 + len(old), len(expand(old))
    if line.text[1:end].strip(" \t" + NOTE):
        return None
    depth = code_depth(site, columns) if columns < 8 or columns % 8 else 0
    if columns < 8 and _continues_condition(site):
        depth = 1
    new = "\t" * depth or _white_space(0, columns)
    # an indent of less than a tab cannot be converted, and may use another width
    is_unknown = columns < 8 and not depth
    return None if is_unknown or new == old else ColumnSpan(line.number, 1, end, new)


def _continues_condition(site: FixSite) -> bool:
    """Return whether the line continues the condition of an #if."""
    number = site.number
    while (above := site.added(number - 1)) and above.raw.endswith("\\"):
        number -= 1
    first = site.scan.lines[number - 1].text if number < site.number else ""
    return re.match(r"\+\s*#\s*(?:el)?if\b", first) is not None


_HEAD = compile_cached(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b.*\)$|(?:\}\s*)?else$|do$"
)
_UNKNOWN = compile_cached(r"\b(?:switch|case|default)\b|\\$|^#")


def code_depth(site: FixSite, columns: int) -> int:
    """Return the nesting depth of a line in a completely added function, or 0 if uncertain.

    The depth is determined by braces and conditions. A statement one column left of a tab stop is
    assumed to be copied from a diff.
    """
    above = site.line.previous.code[1:].strip() if site.line.previous else ""
    if columns % 8 == 7 and (above[-1:] in (*";{}:", "") or _HEAD.match(above)):
        return columns // 8 + 1
    depths: dict[int, int] | None = site.context.shared.get("fixing.depths")
    if depths is None:
        depths = site.context.shared["fixing.depths"] = dict(_depths(site))
    return depths.get(site.number, 0)


def _depths(site: FixSite) -> Iterator[tuple[int, int]]:
    """Yield the number and depth of each line in completely added functions, if the depth is
    certain.
    """
    depth, nested, before, is_known = 0, 0, ";", False
    for number in range(1, len(site.scan.lines) + 1):
        line = site.added(number)
        if line and line.code[1:2] == "{":
            depth, nested, before, is_known = 1, 0, ";", True
            continue
        code = line.code[1:].strip() if line else "#"
        is_known = is_known and not _UNKNOWN.search(code)
        if not is_known or not code:
            continue
        depth -= len(code) - len(code.lstrip("}"))
        is_head = _HEAD.match(before)
        goes_on = before[-1] not in ";{}:" and not is_head
        nested = nested + 1 if is_head else nested * goes_on
        if not goes_on and depth > 0:
            yield number, depth + (0 if code.startswith("{") else nested)
        depth += code.count("{") - code.lstrip("}").count("}")
        before = code


def _white_space(start: int, end: int) -> str:
    """Return whitespace from one column to another, with as many tabs as possible."""
    tabs = end // 8 - start // 8
    return "\t" * tabs + " " * (end % 8 if tabs else end - start)


@fixer("drop-blank-line")
def drop_blank_line(site: FixSite) -> Proposal:
    """Delete the blank line at the finding or directly above it."""
    for number in (site.number, site.number - 1):
        line = site.added(number)
        if line and not line.raw[1:].strip():
            return FixEdit(number, 1, ())
    return None


@fixer("add-blank-line")
def add_blank_line(site: FixSite) -> Proposal:
    """Add a blank line above the finding's line."""
    return FixEdit(site.number, 0, ("+",)) if site.added(site.number) else None
