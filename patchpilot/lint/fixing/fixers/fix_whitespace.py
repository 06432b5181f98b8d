# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers for leading and trailing whitespace in files where it has no meaning."""

import re
import sys

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import ScannedLine, expand, scan
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    fixer,
    indent_of,
    replaced,
    rewrite,
    white_space,
)
from patchpilot.lint.lint_context import Context, once
from patchpilot.model.rule import FixEdit

_TAB = 8
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
    if "\r" in raw or is_continued or not _is_free(line, kept):
        return None
    return replaced(line.number, kept)


@fixer("space-before-tab", is_prose=True)
def space_before_tab(site: FixSite) -> Proposal:
    """Replace whitespace that has a space before a tab with tabs that reach the same column."""

    def tabs(run: re.Match[str]) -> str:
        before = len(expand(run.string[1 : run.start()]))
        return white_space(len(expand(run.string[1 : run.end()])), before)

    return rewrite(site, r"[ \t]* \t[ \t]*", tabs, is_prose=True)


@fixer("indent")
def indent(site: FixSite) -> Proposal:
    """Indent a line with tabs.

    If tabs cannot reach the same column, a line of a new function is indented to the depth of its
    braces.
    """
    line, old = site.line, indent_of(site.line.raw)
    columns = len(expand(old))
    depth = code_depth(site, columns) if columns < _TAB or columns % _TAB else 0
    new = "\t" * depth or white_space(columns)
    # an indent narrower than a tab cannot be converted, and may be of another width
    is_unknown = columns < _TAB and not depth
    new_line = f"+{new}{line.raw[1 + len(old) :]}"
    return None if is_unknown else replaced(line.number, new_line)


_HEAD = compile_cached(
    r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b.*\)$|(?:\}\s*)?else$|do$"
)
_CONDITION = compile_cached(r"#\s*(?:el)?if\b.*\\$")
_UNKNOWN = compile_cached(r"\b(?:switch|case|default)\b|\\$|^#")


def code_depth(site: FixSite, columns: int) -> int:
    """Return the nesting depth of a line in a completely added function, or 0 if uncertain.

    The depth is determined by braces and conditions. A statement one column left of a tab stop is
    assumed to be copied from a diff.
    """
    above = site.line.previous.code[1:].strip() if site.line.previous else ""
    if columns % _TAB == _TAB - 1 and (
        above[-1:] in (*";{}:", "") or _HEAD.match(above)
    ):
        return columns // _TAB + 1
    return _depths(site.context).get(site.number, 0)


@once
def _depths(context: Context) -> dict[int, int]:
    """Map lines in completely added functions to their depth if it is certain, and continuation
    lines of an #if to 1.
    """
    depths: dict[int, int] = {}
    depth, nested, before = -sys.maxsize, 0, ";"
    for line in scan(context).lines:
        code = line.code[1:].rstrip() if line.added else "#"
        if code.startswith("{"):
            depth, nested, before = 1, 0, ";"
            continue
        code = code.lstrip()
        if _CONDITION.match(before):
            depths[line.number] = 1
            code = f"#if{code}"
        if _UNKNOWN.search(code):
            depth, before = -sys.maxsize, code
        elif code:
            depth -= len(code) - len(code.lstrip("}"))
            is_head = _HEAD.match(before)
            goes_on = before[-1] not in ";{}:" and not is_head
            nested = nested + 1 if is_head else nested * goes_on
            if not goes_on and depth > 0:
                depths[line.number] = depth + nested * (code[0] != "{")
            depth += code.count("{") - code.lstrip("}").count("}")
            before = code
    return depths


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
