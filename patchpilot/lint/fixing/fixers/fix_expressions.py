# SPDX-License-Identifier: GPL-2.0-or-later
"""Fix expressions: types, comparisons with NULL, and permissions.

The pages of the rules document the assumptions of each fixer.
"""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.fixing.fixer import FixSite, Proposal, fixer, rewrite_matches
from patchpilot.lint.fixing.fixers.fix_tokens import NO_MACRO

_OUTSIDE = compile_cached(r"^(?:scripts|samples|usr|tools|Documentation)/|^arch/[^/]+/boot/")
"""Directories with code that runs outside the kernel and does not use kernel types."""
_CONDITION = compile_cached(
    r"\b(?:if|while|likely|unlikely|(?:WARN|BUG)_ON(?:_ONCE)?|WARN(?:_ONCE)?|(?:[A-Za-z]\w*_)?(?:ASSERT|assert))$"
)
_BOOL = compile_cached(r"(?:^|[^\w(,])bool\s+\w+\s*=$")
_LOGICAL = compile_cached(r"&&|\|\||!$")
_LOOP = compile_cached(r"\bfor\s*\([^;]*;$")
_OPENS = compile_cached(r"(?:[(,?:;{]|&&|\|\||(?<![=<>!])=|\breturn)\s*$")
_CLOSES = compile_cached(r"\s*(?:[),;?:}]|&&|\|\|)")
_STATEMENT = r"(?:if|while|for|switch|return|sizeof|case|do|else)\b"
_VALUE = rf"(?:(?!{_STATEMENT})[A-Za-z_]\w*+|{BALANCED})(?:(?:->|\.)[A-Za-z_]\w*+|\[(?:[^][=]|\[[^][=]*\])*\]|{BALANCED})*+"  # noqa: E501
"""A name, a call or a parenthesized expression, with the members and elements that follow."""
_POINTER = rf"(?<![\w.>)\]])(?:\([\w\s]+\*[\s*]*\)\s*)?\**{_VALUE}"
"""Such a value, optionally preceded by a cast to a pointer or by stars."""
_NULL_TEST = rf"(\(\s*)?({_POINTER})\s*([=!]=)\s*NULL\b(\s*\))?"
_NEGATED = compile_cached(r"!\s*\($")
_OUTER = compile_cached(r"(?:[(!=]|&&|\|\||\breturn)\s*$")
_CLOSED = compile_cached(r"\s*(?:[);?]|&&|\|\||$)")


@fixer("kernel-types", tokens=((r"uint(\d+)_t", r"u\1"), (r"int(\d+)_t", r"s\1")))
def use_kernel_types(site: FixSite) -> Proposal:
    """Rewrite `uint32_t` as `u32`, unless the line has a variable of that name."""
    tree, is_kernel = site.context.tree, site.context.project.kernel
    has_types = tree.exists("include/linux/types.h") if tree else is_kernel
    if not has_types or _OUTSIDE.search(site.line.file):
        return None
    return rewrite_matches(
        site,
        r"(?<![\w.>])(u?)int(8|16|32|64)_t(?!\w)",
        lambda match: f"{match[1] or 's'}{match[2]}",
        whole=r"^(?!.*\b[us](?:8|16|32|64)\b)",
    )


@fixer("null-test", tokens=((r"[()]|[!=]= NULL|!(?!\S)", ""),))
def simplify_null_test(site: FixSite) -> Proposal:
    """Rewrite `p == NULL` as `!p`. If only the truth value matters, rewrite `p != NULL` as `p`.

    Parentheses that become unnecessary are removed.
    """
    previous_line = site.line.previous
    is_near = previous_line is not None and previous_line.hunk_start == site.line.hunk_start
    upper = previous_line.text.rstrip() if previous_line and is_near else ""
    next_code = (site.scan.raw_line(site.number, 1) or "")[1:].strip()

    def drop_null_test(match: re.Match[str]) -> str:
        before = match.string[1 : match.start(2)].rstrip() or upper
        end = match.start(4) if match[4] else match.end()
        after = match.string[end:].rstrip(" \t\\")
        # require that no neighboring operator binds more tightly
        is_operand = _OPENS.search(before) and (
            _CLOSES.match(after) or (not after and re.match(r"&&|\|\||\)", next_code))
        )
        is_equal = match[3] == "=="
        is_plain = is_equal or _is_truth_test(before, after or next_code)
        if not is_operand or not is_plain or (is_equal and _NEGATED.search(before)):
            return "{0}"
        is_outer = _OUTER.search(match.string[: match.start()] if match[1] else ".")
        is_closed = _CLOSED.match(match.string, match.end()) if match[4] else None
        value = "!{2}" if is_equal else "{2}"
        return value if is_outer and is_closed else f"{{1}}{value}{{4}}"

    return rewrite_matches(site, _NULL_TEST, drop_null_test, whole=NO_MACRO)


def _is_truth_test(before: str, after: str) -> bool:
    """Return whether only the truth value of an expression is used.

    The expression must be used in a condition, assigned to a bool, or part of a logical operation.
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


@fixer("octal-mode", tokens=((r"S_I\w+(?: \| S_I\w+)*|\b0[0-7]{3}\b", "0"),))
def use_octal_mode(site: FixSite) -> Proposal:
    mode = re.escape(site.finding.value("mode")) or r"\Z\A"
    octal = site.finding.value("octal")
    return rewrite_matches(site, rf"(?<![\w|]){mode}(?!\w|\s*\|)", octal)
