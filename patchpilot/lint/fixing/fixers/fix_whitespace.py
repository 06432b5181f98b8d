# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix whitespace at both ends of a line, and blank lines."""

import re
import sys

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.line_scan import ScannedLine, expand_tabs, scan_patch
from patchpilot.lint.fixing.fixer import (
    FixSite,
    Proposal,
    fixer,
    leading_whitespace,
    make_replacement,
    make_whitespace,
    rewrite_matches,
)
from patchpilot.lint.lint_context import Context, cached_per_patch
from patchpilot.model.rule import FixEdit

_C = ("c", "h", "S", "dts", "dtsi")
_FREE = frozenset((*_C, "rst", "txt", "yaml", "yml", "lds", "asn1", "dtso", "dtsi", "s"))
"""Kinds of files in which trailing whitespace has no meaning, unlike in Makefiles, Markdown,
scripts and test data.
"""
_TESTS = compile_cached(r"(?:^|/)(?:tests?|testing|selftests)/")
_BUILT = compile_cached(r"\+(?:#.*|[\w$()-]+-(?:\$\(\w+\)|[ym]|objs)\s*[+:]?=.*)")


def _is_free(line: ScannedLine, stripped: str) -> bool:
    """Return whether trailing whitespace may be removed. In test data, it may be significant."""
    name = line.file.rpartition("/")[2]
    if name in ("Makefile", "Kbuild"):
        return _BUILT.match(stripped) is not None and not stripped.endswith("\\")
    if line.suffix == "txt" and _TESTS.search(line.file):
        return False
    return line.suffix in _FREE or name.startswith("Kconfig") or name == "MAINTAINERS"


@fixer("trailing-space")
def strip_trailing_space(site: FixSite) -> Proposal:
    line, raw = site.line, site.line.raw
    stripped = raw.rstrip(" \t\f\v")
    is_continued = stripped.endswith("\\") and line.suffix not in _C
    if "\r" in raw or is_continued or not _is_free(line, stripped):
        return None
    return make_replacement(line.number, stripped)


@fixer("space-before-tab", is_prose=True)
def replace_spaces_before_tab(site: FixSite) -> Proposal:
    """Replace spaces before a tab with tabs that reach the same column."""

    def convert_to_tabs(match: re.Match[str]) -> str:
        before, after = (
            len(expand_tabs(match.string[1:end], site.tab_size)) for end in match.span()
        )
        return make_whitespace(after, before, tab_size=site.tab_size)

    return rewrite_matches(site, r"[ \t]* \t[ \t]*", convert_to_tabs, is_prose=True)


@fixer("indent")
def indent_with_tabs(site: FixSite) -> Proposal:
    """Indent a line with tabs.

    Indent a line in a new function to the depth of its braces, because eight spaces may be two
    levels. Another line must start at a tab stop, and no line near it may be indented by less than
    a tab.
    """
    line, old = site.line, leading_whitespace(site.line.raw)
    tab_size = site.tab_size
    columns = len(expand_tabs(old, tab_size))
    depth = find_nesting_depth(site, columns)
    new = "\t" * depth or make_whitespace(columns, tab_size=tab_size)
    is_unknown = not depth and (
        columns < tab_size
        or (columns % tab_size == 0 and line.hunk_start in _find_narrow_hunks(site.context))
    )
    new_line = f"+{new}{line.raw[1 + len(old) :]}"
    return None if is_unknown else make_replacement(line.number, new_line)


@cached_per_patch
def _find_narrow_hunks(context: Context) -> frozenset[int]:
    """Return the hunks that indent added code by two or more spaces, but less than a tab."""
    return frozenset(
        line.hunk_start
        for line in scan_patch(context).added
        if line.code.startswith("+  ")
        and line.code.strip("+ ")
        and 2 <= line.indent < context.options.tab_size - 1
    )


_HEAD = compile_cached(r"(?:\}\s*)?(?:else\s+)?(?:if|for|while)\b.*\)$|(?:\}\s*)?else$|do$")
_CONDITION = compile_cached(r"#\s*(?:el)?if\b.*\\$")
_UNKNOWN = compile_cached(r"\b(?:switch|case|default)\b|\\$|^#")


def find_nesting_depth(site: FixSite, columns: int) -> int:
    """Return the nesting depth of a line in a new function, or 0 if it is uncertain.

    The depth is based on braces and conditions. A line that starts one column before a tab stop was
    probably copied from a diff, and gets the depth of that tab stop.
    """
    previous = site.line.previous.code[1:].strip() if site.line.previous else ""
    is_statement = previous[-1:] in (*";{}:", "") or _HEAD.match(previous)
    if (columns + 1) % site.tab_size == 0 and is_statement:
        return (columns + 1) // site.tab_size
    return _find_line_depths(site.context).get(site.number, 0)


@cached_per_patch
def _find_line_depths(context: Context) -> dict[int, int]:
    """Map lines in new functions to their nesting depth if it is certain.

    Lines of an #if are mapped to 1.
    """
    depths: dict[int, int] = {}
    depth, nesting, last_code = -sys.maxsize, 0, ";"
    for line in scan_patch(context).lines:
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
    """Remove a blank line that the patch adds, and if a brace ends the block below it, all of
    them.
    """
    for number in (site.number, site.number - 1):
        if _is_added_blank_line(site, number):
            first, below = number, site.scan.raw_line(number, 1) or ""
            while below[1:].lstrip().startswith("}") and _is_added_blank_line(site, first - 1):
                first -= 1
            return FixEdit(first, number - first + 1, ())
    return None


def _is_added_blank_line(site: FixSite, number: int) -> bool:
    line = site.find_added_line(number)
    return line is not None and not line.raw[1:].strip()


@fixer("add-blank-line")
def add_blank_line(site: FixSite) -> Proposal:
    return FixEdit(site.number, 0, ("+",)) if site.find_added_line(site.number) else None
