# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixers that replace C tokens with equivalent ones.

Each of them declares the tokens that it changes.
"""

import re
from collections.abc import Iterator
from functools import partial

from patchpilot.lint.c.mask_comments import COMMENT as NOTE
from patchpilot.lint.fixing.fixer import (
    NAMED,
    SPACE,
    ColumnSpan,
    FixSite,
    Proposal,
    fixer,
)


def replaced_code(
    site: FixSite, pattern: str, better: str, whole: str = ""
) -> Iterator[ColumnSpan]:
    """Replace every match in the line's code, or the groups that the pattern has, if
    the line matches `whole`.
    """
    text = site.line.text[: len(site.line.raw)] if site.added(site.number) else ""
    for match in re.finditer(pattern, text) if re.search(whole, text) else ():
        if NOTE not in match[0]:
            for group in range(1, match.re.groups + 1) or (0,):
                yield ColumnSpan(site.number, *match.span(group), better)


for _name, _was, _is, _pattern, _better, _whole in (
    # `unsigned x` is written `unsigned int x`
    ("unsigned-int", "", "int", r"\b(?:un)?signed()(?=\s+(?!char\b|short\b|int\b|long\b|__)[a-z_]\w*\s*[=,;\[)])", " int", ""),  # noqa: E501
    ("func-name", "__FUNCTION__", "__func__", r"\b__FUNCTION__\b", "__func__", ""),
    # older spellings of `inline`
    ("plain-inline", r"__inline(?:__)?", "inline", r"\b__inline(?:__)?\b", "inline", ""),
    # the comma at the end of the code
    ("drop-comma", ",", "", r",(?=[\s\x01]*$)", "", ""),
    ("add-comma", "", ",", r"(?<=[^\s\x01,;{(+])()(?=[\s\x01]*$)", ",", ""),
    # the initializer of a single static or global variable
    ("drop-zero", r"= (?:0|NULL|false)", "", r"(?<=[\w\]])\s*=\s*(?:0|NULL|false)\s*(?=;\s*$)", "", r"^(?!.*\bconst\b)[^=,;]*=[^=,;]*;[^=,;]*$"),  # noqa: E501
    ("gpl-license", '"GPL v2"', '"GPL"', r"\+\s*MODULE_LICENSE\(\s*(\"X{6}\")\s*\)\s*;", '"GPL"', ""),  # noqa: E501
):  # fmt: skip
    fixer(_name, NAMED, tokens=((_was, _is),))(
        partial(replaced_code, pattern=_pattern, better=_better, whole=_whole)
    )


@fixer("drop-extern", NAMED, tokens=((r"extern", r""),))
def drop_extern(site: FixSite) -> Proposal:
    """Remove `extern` from a prototype and realigns its continuation lines."""
    last, code = site.added(site.number), ""
    while last and ";" not in last.code:
        code += last.code[1:]
        last = site.added(last.number + 1)
    # of several names one may be a variable
    code += last.code[1:] if last else ","
    while (plain := re.sub(r"\([^()]*\)", "", code)) != code:
        code = plain
    is_whole = "," not in code and "(" not in code
    return (
        replaced_code(site, r"^\+\s*(extern\s+)(?=[^;]*\()", "") if is_whole else None
    )


@fixer("lower-hex", NAMED, tokens=((r"(0[xX]\w+)", r"(?i:\1)"),))
def lower_hex(site: FixSite) -> Iterator[ColumnSpan]:
    """Convert hexadecimal digits to lower case, but not a suffix."""
    number = site.number
    # the finding is about the first of many
    while line := site.added(number):
        text = line.text[: len(line.raw)]
        for digits in re.finditer(
            r"\b0[xX][0-9a-fA-F]*[A-F][0-9a-fA-F]*(?=[uUlL]*\b)", text
        ):
            yield ColumnSpan(number, *digits.span(), digits[0].lower())
        number += 1


def _dts_space(site: FixSite) -> Iterator[ColumnSpan]:
    """Put one space around `=` and one after each comma between values in a devicetree source."""
    for pattern, better in (
        (r"(?<=\S)((?! = )[ \t]*=[ \t]*)(?=\S)", " = "),
        (r"(?<=[\">]),((?:)|[ \t]{2,})(?=[\"<&])", " "),
    ):
        yield from replaced_code(site, pattern, better)


fixer("dts-space", SPACE)(_dts_space)
