# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that rewrite expressions in kernel style: types, comparisons, parentheses and
permissions.

The rules' pages document the assumptions of each fixer.
"""

import re
from collections.abc import Iterator

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.c.line_scan import as_bytes
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    NAMED,
    ColumnSpan,
    FixSite,
    Proposal,
    fixer,
    rewrite,
)
from patchpilot.lint.fixing.fixers.fix_statements import MOST_LINES
from patchpilot.lint.fixing.fixers.fix_tokens import BRACKETS

_OUTSIDE = compile_cached(
    r"^(?:scripts|samples|usr|tools|Documentation)/|^arch/[^/]+/boot/"
)
"""Where code runs outside of the kernel and has no kernel types."""
_CONDITION = compile_cached(
    r"\b(?:if|while|likely|unlikely|(?:WARN|BUG)_ON(?:_ONCE)?|WARN(?:_ONCE)?|(?:[A-Za-z]\w*_)?(?:ASSERT|assert))$"
)
_BOOL = compile_cached(r"(?:^|[^\w(,])bool\s+\w+\s*=$")
_LOGICAL = compile_cached(r"&&|\|\||!$")
_LOOP = compile_cached(r"\bfor\s*\([^;]*;$")
_OPENS = compile_cached(r"(?:[(,?:;{]|&&|\|\||(?<![=<>!])=|\breturn)\s*$")
_CLOSES = compile_cached(r"\s*(?:[),;?:}]|&&|\|\|)")
_STATEMENT = r"(?:if|while|for|switch|return|sizeof|case|do|else)\b"
_WHOLE = r"(?<![\w.>)\]])"
_VALUE = rf"(?:(?!{_STATEMENT})[A-Za-z_]\w*+|{BALANCED})(?:(?:->|\.)[A-Za-z_]\w*+|\[(?:[^][=]|\[[^][=]*\])*\]|{BALANCED})*+"  # noqa: E501
"""A name, a call or what is in parentheses, with the members and elements that follow."""
_POINTER = rf"{_WHOLE}(?:\([\w\s]+\*[\s*]*\)\s*)?\**{_VALUE}"
"""Such a value, also after a cast to a pointer or stars."""
_NULL_TEST = compile_cached(rf"({_POINTER})\s*([=!]=)\s*NULL\b")
_LIST_ENDS = compile_cached(r"[;,]|&&|\|\||[^=!<>]=(?!=)|\?")


_NO_MACRO = r"\A(?!\+\s*#)(?!.*\\\s*$)"
"""A line outside macros, whose arguments may be expressions without parentheses."""


@fixer(
    "kernel-types", NAMED, tokens=((r"uint(\d+)_t", r"u\1"), (r"int(\d+)_t", r"s\1"))
)
def kernel_types(site: FixSite) -> Proposal:
    """Rewrite `uint32_t` as `u32`, unless the line already has a variable of that name."""
    tree, is_kernel = site.context.tree, site.context.project.kernel
    has_types = tree.exists("include/linux/types.h") if tree else is_kernel
    if not has_types or _OUTSIDE.search(site.line.file):
        return None
    return rewrite(
        site,
        r"(?<![\w.>])(u?)int(8|16|32|64)_t(?!\w)",
        lambda match: f"{match[1] or 's'}{match[2]}",
        whole=r"^(?!.*\b[us](?:8|16|32|64)\b)",
    )


@fixer("null-test", NAMED, tokens=((r"[()]|[!=]= NULL|!(?!\S)", ""),))
def null_test(site: FixSite) -> Iterator[ColumnSpan]:
    """Rewrite `p == NULL` as `!p`, and `p != NULL` as `p` if only its truth value matters.

    Parentheses that are no longer necessary are removed.
    """
    text = site.line.text[: len(site.line.raw)] if site.added(site.number) else ""
    text, above = text if re.search(_NO_MACRO, text) else "", site.line.previous
    below = (site.scan.raw_line(site.number, 1) or "")[1:].strip()
    for match in _NULL_TEST.finditer(text):
        start, end = match.span()
        before, after = text[1:start].rstrip(), text[end:].rstrip(" \t\\")
        if not before and above and above.hunk_start == site.line.hunk_start:
            before = above.text.rstrip() if above.in_hunk else ""
        # nothing next to an operand of its own binds more tightly
        is_operand = _OPENS.search(before) and (
            _CLOSES.match(after) or (not after and re.match(r"&&|\|\||\)", below))
        )
        is_equal = match[2] == "=="
        if (
            NOTE in match[0]
            or not is_operand
            or (is_equal and re.search(r"!\s*\($", before))
            or not (is_equal or _is_truth(before, after or below))
        ):
            continue
        outer = re.search(r"(?:[(!=]|&&|\|\||\breturn)\s*(\()\s*$", text[:start])
        closing = compile_cached(r"\s*\)(?=\s*(?:[);?]|&&|\|\||$))").match(text, end)
        first, last = (
            (outer.start(1), closing.end()) if outer and closing else (start, end)
        )
        yield ColumnSpan(site.number, first, start, "!" if is_equal else "")
        yield ColumnSpan(site.number, match.end(1), last, "")


def _is_truth(before: str, after: str) -> bool:
    """Return whether only the truth of what is between two pieces of code counts: in a
    condition, a bool, or as an operand of a logical operator.
    """
    while not (_LOGICAL.search(before[-2:]) or re.match(r"\s*(?:&&|\|\||\?)", after)):
        after = after.lstrip()
        if _LOOP.search(before) or _BOOL.search(before):
            return after.startswith(";")
        if not before.endswith("("):
            return False
        before = before[:-1].rstrip()
        if re.search(r"(?<!\breturn)\b\w+$", before):
            return after[:1] in (")", ",") and _CONDITION.search(before) is not None
        if not after.startswith(")"):
            return False
        after = after[1:]
    return True


@fixer("plain-comparison", NAMED, tokens=BRACKETS)
def plain_comparison(site: FixSite) -> Proposal:
    """Remove the parentheses around a comparison that is an operand or a whole condition."""
    inside = as_bytes(site.finding.value("inside")).strip()
    if "\n" in inside or _LIST_ENDS.search(inside):
        return None
    pattern = rf"((?:\(|&&|\|\||^\+)\s*)\(\s*({re.escape(inside)})\s*\)(?=\s*(?:\)|&&|\|\||$))"
    return rewrite(site, pattern, "{1}{2}", rows=range(MOST_LINES), whole=_NO_MACRO)


@fixer("octal-mode", NAMED, tokens=((r"S_I\w+(?: \| S_I\w+)*|\b0[0-7]{3}\b", "0"),))
def octal_mode(site: FixSite) -> Proposal:
    """Rewrite symbolic permissions as the equivalent octal number."""
    mode = re.escape(site.finding.value("mode")) or r"\Z\A"
    octal = site.finding.value("octal")
    return rewrite(site, rf"(?<![\w|]){mode}(?!\w|\s*\|)", octal)
