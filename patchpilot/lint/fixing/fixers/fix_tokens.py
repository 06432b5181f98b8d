# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that replace C tokens with equivalent ones.

Each of them declares the tokens that it changes.
"""

import re
from functools import partial

from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    NAMED,
    ColumnSpan,
    FixSite,
    Proposal,
    fixer,
)


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


@fixer("add-comma", NAMED, tokens=((r"", r","),))
def add_comma(site: FixSite) -> Proposal:
    """Adds a comma at the end of the code on the line."""
    return (
        _spans(site, r"(?<=[^\s\x01,;{(])()(?=[\s\x01]*$)", ",")
        if site.line.code.strip("+ \t")
        else None
    )


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
