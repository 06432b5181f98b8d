# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that replace C tokens with equivalent ones.

Each of them declares the tokens that it changes.
"""

import re
from functools import partial

from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.file_text import file_text
from patchpilot.lint.fixing.fixer import (
    NAMED,
    ColumnSpan,
    FixSite,
    Proposal,
    fixer,
    replaced,
)

_BRACKETS = re.compile(r"\+(\s*return)\s*\((.*)\)\s*;\s*$")


def _spans(site: FixSite, pattern: str, better: str) -> Proposal:
    """Replaces every match in the line's code, or the group that the pattern has."""
    if site.added(site.number) is None:
        return None
    text = site.line.text[: len(site.line.raw)]
    matches = [match for match in re.finditer(pattern, text) if NOTE not in match[0]]
    return (
        [
            ColumnSpan(site.number, *one.span(one.lastindex or 0), better)
            for one in matches
        ]
        if matches
        else None
    )


for _name, _was, _is, _pattern, _better in (
    # `unsigned x` is written `unsigned int x`
    ("unsigned-int", "", "int", r"\b(?:un)?signed()(?=\s+(?!char\b|short\b|int\b|long\b|__)[a-z_]\w*\s*[=,;\[)])", " int"),  # noqa: E501
    # `long int` is written `long`
    ("drop-int", "int", "", r"\b(?:long|short|long unsigned|short unsigned)(\s+int)\b", ""),
    ("func-name", "__FUNCTION__", "__func__", r"\b__FUNCTION__\b", "__func__"),
    # older spellings of `inline`
    ("plain-inline", r"__inline(?:__)?", "inline", r"\b__inline(?:__)?\b", "inline"),
    # the comma at the end of the code
    ("drop-comma", ",", "", r",(?=[\s\x01]*$)", ""),
):  # fmt: skip
    fixer(_name, NAMED, tokens=((_was, _is),))(
        partial(_spans, pattern=_pattern, better=_better)
    )


@fixer("drop-zero", NAMED, tokens=((r"= (?:0|NULL|false)", r""),))
def drop_zero(site: FixSite) -> Proposal:
    """Removes the initializer `= 0` from a static or global variable."""
    text = site.line.text
    if "const" in text or text.count("=") != 1 or text.count(";") != 1 or "," in text:
        return None
    return _spans(site, r"(?<=[\w\]])\s*=\s*(?:0|NULL|false)\s*(?=;\s*$)", "")


@fixer("drop-extern", NAMED, tokens=((r"extern", r""),))
def drop_extern(site: FixSite) -> Proposal:
    """Removes `extern` from a prototype and realigns its continuation lines."""
    last, code = site.added(site.number), ""
    while last and ";" not in last.code:
        code += last.code[1:]
        last = site.added(last.number + 1)
    # of several names one may be a variable
    code += last.code[1:] if last else ","
    while (plain := re.sub(r"\([^()]*\)", "", code)) != code:
        code = plain
    whole = "," not in code and "(" not in code
    return _spans(site, r"^\+\s*(extern\s+)(?=[^;]*\()", "") if whole else None


@fixer("lower-hex", NAMED, tokens=((r"(0[xX]\w+)", r"(?i:\1)"),))
def lower_hex(site: FixSite) -> Proposal:
    """Converts hexadecimal digits to lower case, but not a suffix."""
    spans = []
    number = site.number
    # the finding is about the first of many
    while line := site.added(number):
        text = line.text[: len(line.raw)]
        digits = re.finditer(
            r"\b0[xX]([0-9a-fA-F]*[A-F][0-9a-fA-F]*)(?=[uUlL]*\b)", text
        )
        spans += [
            ColumnSpan(number, digit.start(), digit.end(), digit[0].lower())
            for digit in digits
        ]
        number += 1
    return spans


@fixer("one-semicolon", NAMED, tokens=((r";", r""),))
def one_semicolon(site: FixSite) -> Proposal:
    """Removes the second of two semicolons at the end of a line."""
    return (
        None
        if re.search(r"\bfor\b", site.line.text)
        else _spans(site, r";(\s*;)(?=\s*$)", "")
    )


@fixer("add-comma", NAMED, tokens=((r"", r","),))
def add_comma(site: FixSite) -> Proposal:
    """Adds a comma at the end of the code on the line."""
    return (
        _spans(site, r"(?<=[^\s\x01,;{(])()(?=[\s\x01]*$)", ",")
        if site.line.code.strip("+ \t")
        else None
    )


@fixer("drop-parentheses", NAMED, tokens=((r"\(", r""), (r"\)", r"")))
def drop_parentheses(site: FixSite) -> Proposal:
    """Rewrites a one-line `return (x);` as `return x;`."""
    line = site.added(site.number)
    match = _BRACKETS.match(line.text) if line else None
    if (
        not line
        or not match
        or NOTE in line.text
        or "," in match[2]
        or not _balanced(match[2])
        or not match[2].strip()
    ):
        return None
    inside = line.raw[match.start(2) : match.end(2)].strip()
    return replaced(site.number, f"+{match[1]} {inside};")


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth < 0:
            return False
    return depth == 0


@fixer("dts-space")
def dts_space(site: FixSite) -> Proposal:
    """Puts one space around `=` and one after each comma between values in a devicetree source."""
    line = site.added(site.number)
    if line is None:
        return None
    text = line.text[: len(line.raw)]
    equals = re.finditer(r"(?<=\S)([ \t]*)=([ \t]*)(?=\S)", text)
    spans = [
        ColumnSpan(site.number, equal.start(), equal.end(), " = ")
        for equal in equals
        if equal[0] != " = "
    ]
    spans += [
        ColumnSpan(site.number, match.start(1), match.end(1), " ")
        for match in re.finditer(r"(?<=[\">]),((?:)|[ \t]{2,})(?=[\"<&])", text)
    ]
    return spans


@fixer("gpl-license", NAMED, tokens=((r'"GPL v2"', r'"GPL"'),))
def gpl_license(site: FixSite) -> Proposal:
    """Replaces `MODULE_LICENSE("GPL v2")` with `MODULE_LICENSE("GPL")`."""
    line = site.added(site.number)
    match = (
        re.match(r'\+\s*MODULE_LICENSE\(\s*("GPL v2")\s*\)\s*;', line.raw)
        if line
        else None
    )
    return ColumnSpan(site.number, *match.span(1), '"GPL"') if match else None


_PRINTED = {
    "WARNING": "warn",
    "ERR": "err",
    "ALERT": "alert",
    "CRIT": "crit",
    "EMERG": "emerg",
    "INFO": "info",
    "NOTICE": "notice",
}
_PR = "|".join(_PRINTED.values())


@fixer(
    "pr-level",
    NAMED,
    tokens=(
        (r"printk(?:_once|_ratelimited)?", rf"pr_(?:{_PR})(?:_once|_ratelimited)?"),
        (r"KERN_[A-Z]+", r""),
    ),
)
def pr_level(site: FixSite) -> Proposal:
    """Rewrites `printk(KERN_ERR …)` as `pr_err(…)` in files that do not define their own prefix.

    The file must be new or in the tree.
    """
    if not site.added(site.number) or _may_have_prefix(site):
        return None
    text = site.line.text[: len(site.line.raw)]
    match = re.search(
        r"\b(printk(?:_once|_ratelimited)?)\s*\(\s*(KERN_([A-Z]+)\s*)(?=\S)", text
    )
    level = _PRINTED.get(match[3]) if match else None
    if not match or not level or text[match.end()] == ",":
        return None
    name = f"pr_{level}{match[1].removeprefix('printk')}"
    return (
        ColumnSpan(site.number, *match.span(1), name),
        ColumnSpan(site.number, *match.span(2), ""),
    )


def _may_have_prefix(site: FixSite) -> bool:
    """Whether the file, or a header next to it, may define `pr_fmt`."""
    text, is_whole = file_text(site, site.line.file)
    return not is_whole or re.search(r'\bpr_fmt\b|#\s*include\s*"', text) is not None
