# SPDX-License-Identifier: GPL-2.0-or-later
"""Strings and log messages in C: broken, glued, with formats that do not say what they print."""

from collections.abc import Iterable, Iterator

from patchpilot.cache import patterns as re
from patchpilot.lint.clang.c_patterns import BALANCED, LOG_FUNCTIONS, LVAL, STRING
from patchpilot.lint.clang.line_scan import ScannedLine, as_text
from patchpilot.lint.detector import Arguments, Hit, by_type, detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

_BEGINS_WITH_STRING = lazy(rf"^\+\s*{STRING}")
_ENDS_IN_QUOTE = lazy(r'"\s*$')
_MAY_END_SO = lazy(r'(?:\\(?:[ntr]|[0-7]{1,3}|x[0-9a-fA-F]{1,2})|;\s*|\{\s*)"\s*$')
_WORD_ENDS = lazy(r'[^\\]\w"$')
_WORD_BEGINS = lazy(r'^\+[\t ]+"\w')
_STRING = lazy(STRING)
_GLUED_AFTER = lazy(rf"{STRING}[A-Z_]")
_GLUED_BEFORE = lazy(rf"([A-Za-z0-9_]+){STRING}")
_PART = lazy(r'(?:^|")([X\t]*)(?:"|$)')
_BIG_L = lazy(r"%[*\d.$]*L([diouxX])")
_BIG_Z = lazy(r"%[*\d.$]*Z([diouxX])")
_HEX_DECIMAL = lazy(r"0x%[*\d.$lzth]*[diou]")
_TESTED = lazy(rf"\bif\s*\(\s*({LVAL})\s*\)")
_FREED = r"\b(kfree|usb_free_urb|debugfs_remove(?:_recursive)?|(?:kmem_cache|mempool|dma_pool)_destroy)\s*\(\s*%s\s*\)\s*;"
_PRINTK = lazy(r"printk(?:_ratelimited|_once)?\s*\(")
_LEVEL_IN_LOG = lazy(rf"\b{LOG_FUNCTIONS}\s*\(.*\b(KERN_[A-Z]+)\b")
_TRACE_WORDS = (
    r"(?i:[=-]{0,40}>|<[=-]{0,40}|\[|\]|start|called|entered|entry|enter|in|inside|here|begin"
    r"|exit|end|done|leave|completed|out|return|[.!:\s]{0,40})"
)
_TRACING = lazy(rf'^\+.*\([^"]*"{_TRACE_WORDS}{{0,3}}%s(?:\s*\(\s*\)\s*)?{_TRACE_WORDS}{{0,3}}(?:\\n)?"\s*,\s*__func__\s*\)\s*;')
_SEQ_PRINTF = lazy(r'\bseq_printf\s*\(.*"\s*\)\s*;\s*$')
_ATTRIBUTE = lazy(rf"\b__attribute__\s*\(\s*({BALANCED})\s*\)")
_ATTRIBUTE_BODY = lazy(r"\s*\(\s*(.*)\)\s*")
_ATTRIBUTE_WORD = lazy(rf"\s*(\w+)\s*({BALANCED})?")
_UAPI = lazy(r"\binclude/uapi/")
_FORMAT_KIND = lazy(r"^\s*\(\s*(\w+)\s*,\s*(.*)")
_ATTRIBUTES = {
    **{
        word: f"__{word}"
        for word in [
            "alias",
            "aligned",
            "always_inline",
            "assume_aligned",
            "cold",
            "copy",
            "designated_init",
            "gnu_inline",
            "malloc",
            "mode",
            "nonstring",
        ]
    },
    **{word: f"__{word}" for word in ["no_caller_saved_registers", "noclone", "noreturn", "packed", "pure", "section", "used", "weak"]},
    "const": "__attribute_const__",
    "externally_visible": "__visible",
    "format": "__printf or __scanf",
    "noinline": "noinline",
}
_PLACEHOLDERS = {
    "EMBEDDED_FUNCTION_NAME": "name",
    "NEEDLESS_IF": "call",
    "PREFER_DEFINED_ATTRIBUTE_MACRO": "attribute macro",
    "PREFER_DEFINED_ATTRIBUTE_MACRO/unused": "",
    "PRINTF_L": "conversion",
    "PRINTF_Z": "conversion",
    "UNNECESSARY_KERN_LEVEL": "level",
}


@detector("checkpatch-strings", _PLACEHOLDERS, type=str)
def strings(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Hits of one type about strings, formats, log calls and attributes."""
    return by_type(context, _all, arguments["type"])


def quoted(line: ScannedLine) -> str:
    """The first string of a line as written, quotes included; empty when it has none."""
    found = _STRING.search(line.text) if '"' in line.text else None
    return line.raw[found.start() : found.end()] if found else ""


def _all(context: Context) -> Iterator[tuple[str, Hit]]:
    whole = c_text(context)
    attributes = "__attribute__" in whole
    for line in c_lines(context):
        if '"' in line.raw:
            yield from _broken(line)
            yield from _formats(line)
            yield from _calls(line)
        if attributes and "__attribute__" in line.raw and not _UAPI.search(line.file):
            yield from _attributes(line)
        if line.raw[-1:] == "\\" and line.code.count('"') % 2:
            yield "LINE_CONTINUATIONS", Hit(line.number)
        yield from _freed(line)
        if "KERN_" in line.text and not _PRINTK.search(line.text) and (found := _LEVEL_IN_LOG.search(line.text)):
            yield "UNNECESSARY_KERN_LEVEL", Hit(line.number, values={"level": found[1]})
    yield from _function_names(context)


def _broken(line: ScannedLine) -> Iterator[tuple[str, Hit]]:
    above = line.previous
    if above is not None and '"' in above.raw:
        if _BEGINS_WITH_STRING.match(line.text) and _ENDS_IN_QUOTE.search(above.text) and not _MAY_END_SO.search(above.raw):
            yield "SPLIT_STRING", Hit(line.number)
        if _WORD_BEGINS.match(line.raw) and _WORD_ENDS.search(above.raw):
            yield "MISSING_SPACE", Hit(line.number)
    text = line.text
    before = _GLUED_BEFORE.search(text)
    if _GLUED_AFTER.search(text) or (before and before[1] not in ("L", "u")):
        yield "CONCATENATED_STRING", Hit(line.number)


def _formats(line: ScannedLine) -> Iterator[tuple[str, Hit]]:
    if "%" not in line.raw:
        return
    big_l = big_z = False
    for part in _PART.finditer(line.text):
        text = line.raw[part.start(1) : part.end(1)].replace("%%", "__")
        if not big_l and (found := _BIG_L.search(text)):
            big_l = True
            yield "PRINTF_L", Hit(line.number, values={"conversion": found[1]})
        if not big_z and (found := _BIG_Z.search(text)):
            big_z = True
            yield "PRINTF_Z", Hit(line.number, values={"conversion": found[1]})
        if "0x%" in text and _HEX_DECIMAL.search(text):
            yield "PRINTF_0XDECIMAL", Hit(line.number)


def _calls(line: ScannedLine) -> Iterator[tuple[str, Hit]]:
    if "__func__" in line.raw and "%s" in line.raw and _TRACING.match(line.raw):
        yield "TRACING_LOGGING", Hit(line.number)
    if "seq_printf" in line.text and _SEQ_PRINTF.search(line.code) and "%" not in quoted(line).replace("%%", ""):
        yield "PREFER_SEQ_PUTS", Hit(line.number)


def _freed(line: ScannedLine) -> Iterator[tuple[str, Hit]]:
    above = line.previous
    if above is None or "if" not in above.text or ");" not in line.text.replace(" ", ""):
        return
    tested = _TESTED.search(above.text)
    if tested and (found := re.search(_FREED % re.escape(tested[1]), line.text, re.ASCII)):
        yield "NEEDLESS_IF", Hit(line.number, values={"call": found[1]})


def _attributes(line: ScannedLine) -> Iterator[tuple[str, Hit]]:
    found = _ATTRIBUTE.search(line.raw)
    if not found:
        return
    body = _ATTRIBUTE_BODY.sub(lambda inner: inner[1], found[1], count=1)
    for word in _ATTRIBUTE_WORD.finditer(body):
        macro = _ATTRIBUTES.get(word[1].strip("_"))
        if macro:
            if word[1].strip("_") == "format" and word[2] and (kind := _FORMAT_KIND.match(word[2])):
                macro = f"__{kind[1]}({kind[2]}"
            yield "PREFER_DEFINED_ATTRIBUTE_MACRO", Hit(line.number, values={"attribute": as_text(word[1]), "macro": as_text(macro)})
    if body.lstrip("_").startswith("unused"):
        yield "PREFER_DEFINED_ATTRIBUTE_MACRO", Hit(line.number, case="unused")


def _function_names(context: Context) -> Iterator[tuple[str, Hit]]:
    from patchpilot.lint.clang.walk import code

    walked = None
    for line in c_lines(context):
        if '"' not in line.text:
            continue
        text = quoted(line)
        if len(text) < 4:
            continue
        walked = walked or code(context)
        name = walked.function(line.number)
        if name and name in text and len(text) != len(name) + 2 and re.search(rf"\b{re.escape(name)}\b", text, re.ASCII):
            yield "EMBEDDED_FUNCTION_NAME", Hit(line.number, values={"name": name})
