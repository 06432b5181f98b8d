# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix whitespace at both ends of a line, and blank lines."""

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
    """Return whether trailing whitespace has no meaning in the file.

    In test data, it may have one.
    """
    name = line.file.rpartition("/")[2]
    if name in ("Makefile", "Kbuild"):
        return _BUILT.match(kept) is not None and not kept.endswith("\\")
    if line.suffix == "txt" and _TESTS.search(line.file):
        return False
    return line.suffix in _FREE or name.startswith("Kconfig") or name == "MAINTAINERS"


@fixer("trailing-space")
def trailing_space(site: FixSite) -> Proposal:
    line, raw = site.line, site.line.raw
    kept = raw.rstrip(" \t\f\v")
    is_continued = kept.endswith("\\") and line.suffix not in _C
    if "\r" in raw or is_continued or not _is_free(line, kept):
        return None
    return replaced(line.number, kept)


@fixer("space-before-tab", is_prose=True)
def space_before_tab(site: FixSite) -> Proposal:
    """Replace spaces before a tab with tabs that reach the same column."""

    def tabs(match: re.Match[str]) -> str:
        before = len(expand(match.string[1 : match.start()]))
        return white_space(len(expand(match.string[1 : match.end()])), before)

    return rewrite(site, r"[ \t]* \t[ \t]*", tabs, is_prose=True)


@fixer("indent")
def indent(site: FixSite) -> Proposal:
    """Indent a line with tabs.

    If no tab reaches its column, indent a line in a new function to the depth of its braces.
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
    """Return the nesting depth of a line in a new function, based on braces and conditions, or 0 if
    it is uncertain.

    A statement one column before a tab stop was probably copied from a diff.
    """
    above = site.line.previous.code[1:].strip() if site.line.previous else ""
    if columns % _TAB == _TAB - 1 and (
        above[-1:] in (*";{}:", "") or _HEAD.match(above)
    ):
        return columns // _TAB + 1
    return _depths(site.context).get(site.number, 0)


@once
def _depths(context: Context) -> dict[int, int]:
    """Map lines in new functions to their nesting depth if it is certain.

    Lines of an #if are mapped to 1.
    """
    depths: dict[int, int] = {}
    depth, nesting, last_code = -sys.maxsize, 0, ";"
    for line in scan(context).lines:
        code = line.code[1:].rstrip() if line.added else "#"
        if code.startswith("{"):
            depth, nesting, last_code = 1, 0, ";"
            continue
        code = code.lstrip()
        if _CONDITION.match(last_code):
            depths[line.number] = 1
            code = f"#if{code}"
        if _UNKNOWN.search(code):
            depth, last_code = -sys.maxsize, code
        elif code:
            depth -= len(code) - len(code.lstrip("}"))
            is_head = _HEAD.match(last_code)
            goes_on = last_code[-1] not in ";{}:" and not is_head
            nesting = nesting + 1 if is_head else nesting * goes_on
            if not goes_on and depth > 0:
                depths[line.number] = depth + nesting * (code[0] != "{")
            depth += code.count("{") - code.lstrip("}").count("}")
            last_code = code
    return depths


@fixer("drop-blank-line")
def drop_blank_line(site: FixSite) -> Proposal:
    for number in (site.number, site.number - 1):
        line = site.added(number)
        if line and not line.raw[1:].strip():
            return FixEdit(number, 1, ())
    return None


@fixer("add-blank-line")
def add_blank_line(site: FixSite) -> Proposal:
    return FixEdit(site.number, 0, ("+",)) if site.added(site.number) else None
