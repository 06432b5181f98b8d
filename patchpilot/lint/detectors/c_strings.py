# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for strings and log messages in C: split strings, missing spaces and wrong formats."""

import re

from patchpilot.lint.c.c_patterns import BALANCED, STRING
from patchpilot.lint.c.line_scan import ScannedLine
from patchpilot.lint.detector import TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.lint.word_lists import word_table

_STRING = lazy(STRING)
_ATTRIBUTE = lazy(rf"\b__attribute__\s*\(\s*({BALANCED})\s*\)")
_ATTRIBUTE_BODY = lazy(r"\s*\(\s*(.*)\)\s*")
_ATTRIBUTE_WORD = lazy(rf"\s*(\w+)\s*({BALANCED})?")
_UAPI = lazy(r"\binclude/uapi/")
_FORMAT_KIND = lazy(r"^\s*\(\s*(\w+)\s*,\s*(.*)")


def first_string(line: ScannedLine) -> str:
    """Return the first string of a line as written, with its quotes, or ""."""
    found = _STRING.search(line.text) if '"' in line.text else None
    return line.raw[found.start() : found.end()] if found else ""


@typed_detector(
    "checkpatch-strings",
)
def strings(context: Context) -> TypedHits:
    """Yield the hits, with their types, about strings, formats, log calls and attributes."""
    whole = c_text(context)
    attributes = "__attribute__" in whole
    for line in c_lines(context):
        if attributes and "__attribute__" in line.raw and not _UAPI.search(line.file):
            yield from _attributes(line)
    yield from _function_names(context)


def _attributes(line: ScannedLine) -> TypedHits:
    found = _ATTRIBUTE.search(line.raw)
    if not found:
        return
    body = _ATTRIBUTE_BODY.sub(lambda inner: inner[1], found[1], count=1)
    for word in _ATTRIBUTE_WORD.finditer(body):
        macro = word_table("c", "attributes").get(word[1].strip("_"))
        if macro:
            if (
                word[1].strip("_") == "format"
                and word[2]
                and (kind := _FORMAT_KIND.match(word[2]))
            ):
                macro = f"__{kind[1]}({kind[2]}"
            yield (
                "PREFER_DEFINED_ATTRIBUTE_MACRO",
                line.hit(attribute=word[1], macro=macro),
            )
    if body.lstrip("_").startswith("unused"):
        yield "PREFER_DEFINED_ATTRIBUTE_MACRO", make_hit(line.number, "unused")


def _function_names(context: Context) -> TypedHits:
    from patchpilot.lint.c.walk import code

    walked = None
    for line in c_lines(context):
        if '"' not in line.text:
            continue
        text = first_string(line)
        if len(text) < 4:
            continue
        walked = walked or code(context)
        name = walked.function(line.number)
        if (
            name
            and name in text
            and len(text) != len(name) + 2
            and re.search(rf"\b{re.escape(name)}\b", text, re.ASCII)
        ):
            yield "EMBEDDED_FUNCTION_NAME", make_hit(line.number, name=name)
