# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that rewrite expressions in kernel style: types, comparisons, parentheses and
permissions.

The rules' pages document the assumptions of each fixer.
"""

import re

from patchpilot.cache.cached_re import compile_cached
from patchpilot.lint.c.c_patterns import BALANCED
from patchpilot.lint.c.line_scan import as_bytes
from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import NAMED, ColumnSpan, FixSite, Proposal, fixer

_OUTSIDE = compile_cached(
    r"^(?:scripts|samples|usr|tools|Documentation)/|^arch/[^/]+/boot/"
)
"""Where code runs outside of the kernel and has no kernel types."""
_C99_TYPE = compile_cached(r"(?<![\w.>])(u?)int(8|16|32|64)_t(?!\w)")
_OPERAND = r"(?:(?:->|\.)?[A-Za-z_]\w*|\[[\w+\-*. >]*\])+"
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


def _code(site: FixSite) -> str:
    """Returns the sanitized text of the finding's line if the patch adds it; "" if not."""
    return site.line.text[: len(site.line.raw)] if site.added(site.number) else ""


def _expression(site: FixSite) -> str:
    """Returns the code of the finding's line; "" in a macro, whose arguments may be expressions
    without parentheses.
    """
    text = _code(site)
    return "" if re.match(r"\+\s*#", text) or text.rstrip().endswith("\\") else text


@fixer(
    "kernel-types", NAMED, tokens=((r"uint(\d+)_t", r"u\1"), (r"int(\d+)_t", r"s\1"))
)
def kernel_types(site: FixSite) -> Proposal:
    """Rewrites `uint32_t` as `u32`, unless the line already has a variable of that name."""
    text = _code(site)
    tree = site.context.tree
    has_types = (
        tree.exists("include/linux/types.h") if tree else site.context.project.kernel
    )
    if (
        not has_types
        or _OUTSIDE.search(site.line.file)
        or re.search(r"\b[us](?:8|16|32|64)\b", text)
    ):
        return None
    return tuple(
        ColumnSpan(site.number, *match.span(), f"{'u' if match[1] else 's'}{match[2]}")
        for match in _C99_TYPE.finditer(text)
        if NOTE not in match[0]
    )


@fixer("null-test", NAMED, tokens=((r"\(?", r"!?"), (r"(?:[!=]= NULL)?(?: ?\))?", r"")))
def null_test(site: FixSite) -> Proposal:
    """Rewrites `p == NULL` as `!p`, and `p != NULL` as `p` if only its truth value matters.

    Parentheses that are no longer necessary are removed.
    """
    text = _expression(site)
    spans = []
    for match in _NULL_TEST.finditer(text):
        before, after = (
            _before(site, text[1 : match.start()]).rstrip(),
            text[match.end() :].rstrip(" \t\\"),
        )
        if NOTE in match[0] or not _is_operand(site, before, after):
            continue
        if (
            re.search(r"!\s*\($", before)
            if match[2] == "=="
            else not _is_truth(before, after or _next_code(site))
        ):
            continue
        start, end = match.span()
        outer = re.search(r"(?:[(!=]|&&|\|\||\breturn)\s*(\()\s*$", text[:start])
        closing = re.match(r"\s*\)", text[end:])
        if (
            outer
            and closing
            and re.match(r"\s*(?:[);?]|&&|\|\||$)", text[end + closing.end() :])
        ):
            start, end = outer.start(1), end + closing.end()
        not_ = "!" if match[2] == "==" else ""
        spans += [
            ColumnSpan(site.number, start, match.start(), not_),
            ColumnSpan(site.number, match.end(1), end, ""),
        ]
    return spans


def _is_truth(before: str, after: str) -> bool:
    """Whether only the truth of what is between two pieces of code counts: in a condition, a bool,
    or as an operand of a logical operator.
    """
    while not (_LOGICAL.search(before[-2:]) or re.match(r"\s*(?:&&|\|\||\?)", after)):
        after = after.lstrip()
        if _LOOP.search(before) or _BOOL.search(before):
            return after.startswith(";")
        if not before.endswith("("):
            return False
        before = before[:-1].rstrip()
        if re.search(r"\w$", before) and not before.endswith("return"):
            return (
                after.startswith((")", ",")) and _CONDITION.search(before) is not None
            )
        if not after.startswith(")"):
            return False
        after = after[1:]
    return True


def _before(site: FixSite, before: str) -> str:
    """The code before an operand in its line.

    Where there is none, the line above on the new side.
    """
    if before.strip():
        return before
    above = site.line.previous
    return (
        above.text.rstrip()
        if above and above.in_hunk and above.hunk_start == site.line.hunk_start
        else ""
    )


def _is_operand(site: FixSite, before: str, after: str) -> bool:
    """Whether what is between these texts is an operand of its own: nothing next to it binds more
    tightly.
    """
    return bool(_OPENS.search(before)) and (
        bool(_CLOSES.match(after)) or (not after.strip() and _continues(site))
    )


def _continues(site: FixSite) -> bool:
    """Whether the next line of the new side goes on with a logical operator or closes a
    parenthesis.
    """
    return re.match(r"&&|\|\||\)", _next_code(site)) is not None


def _next_code(site: FixSite) -> str:
    """Returns the next line of the new side, without its sign and indent."""
    return (site.scan.raw_line(site.number, 1) or "")[1:].strip()


_PARENTHESES = ((r"[( ]+", r""), (r"[) ]+", r""))


@fixer("plain-value", NAMED, tokens=_PARENTHESES)
def plain_value(site: FixSite) -> Proposal:
    """Removes the parentheses in `&(a->b)`, `*(a->b)` and `(a->b)()`."""
    text = _expression(site)
    spans: list[ColumnSpan] = []
    for match in re.finditer(
        rf"(?:[^&\w\s)\]]\s*|\A\+\s*|\breturn\s*)[&*]?\s*(\(\s*)({_OPERAND})(\s*\))",
        text,
    ):
        addressed = re.search(r"[&*]\s*$", text[: match.start(1)])
        called = text[match.end() : match.end() + 1] == "("
        if (
            re.search(r"->|\.", match[2])
            and NOTE not in match[0]
            and (addressed or called)
        ):
            spans += (
                ColumnSpan(site.number, *match.span(1), ""),
                ColumnSpan(site.number, *match.span(3), ""),
            )
    return spans


@fixer("plain-comparison", NAMED, tokens=_PARENTHESES)
def plain_comparison(site: FixSite) -> Proposal:
    """Removes the parentheses around a comparison in a condition.

    The comparison is an operand of `&&` or `||`, or the whole condition.
    """
    inside = as_bytes(site.finding.value("inside")).strip()
    if "\n" in inside or _LIST_ENDS.search(inside) or not _expression(site):
        return None
    number = site.number
    while line := site.added(number):
        text = line.text[: len(line.raw)]
        spans = [
            span
            for match in re.finditer(rf"(\(\s*){re.escape(inside)}(\s*\))", text)
            if re.search(r"(?:\(|&&|\|\||\+\s*)\s*$", text[: match.start()])
            and re.match(r"\s*(?:\)|&&|\|\||$)", text[match.end() :])
            for span in (
                ColumnSpan(number, *match.span(1), ""),
                ColumnSpan(number, *match.span(2), ""),
            )
        ]
        if spans:
            return spans
        if re.search(r"[;{]\s*$", text):
            return None
        number += 1
    return None


@fixer("octal-mode", NAMED, tokens=((r"S_I\w+(?: \| S_I\w+)*", r"0[0-7]{3}"),))
def octal_mode(site: FixSite) -> Proposal:
    """Rewrites symbolic permissions as the equivalent octal number."""
    text, mode, octal = (
        _code(site),
        site.finding.value("mode"),
        site.finding.value("octal"),
    )
    places = (
        list(re.finditer(rf"(?<![\w|]){re.escape(mode)}(?!\w|\s*\|)", text))
        if mode and octal
        else []
    )
    return [ColumnSpan(site.number, *place.span(), octal) for place in places]
