# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for Kconfig, Makefiles and MAINTAINERS."""

from collections.abc import Iterator

from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.detector import Hit, TypedHits, make_hit, typed_detector
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context

SECTION_ORDER = "MRLSWQBCPTFXNK"
_CONFIG = lazy(r"^\+\s*(?:config|menuconfig|choice)\b")
_PROMPT = lazy(r"^\+\s*(?:bool|tristate|prompt)\s*[\"']")
_HELP = lazy(r"^\+\s*help\s*$")
_NEXT_ENTRY = lazy(
    r"^(?:config|menuconfig|choice|endchoice|if|endif|menu|endmenu|source)\b"
)
_ENTRY = lazy(r"^[+ ]([A-Z]):\s*(.*)")
_TABBED_ENTRY = lazy(r"^\+[A-Z]:\t\S")


@typed_detector(
    "checkpatch-kbuild",
)
def kbuild(context: Context) -> TypedHits:
    """Yield the hits, with their types, about Kconfig, Makefiles and MAINTAINERS."""
    lines = scan(context)
    for line in lines.lines:
        if not line.left or line.sign != "+" or line.starts_file:
            continue
        path, text = line.file, line.text
        if (
            "Kconfig" in path
            and _CONFIG.match(text)
            and _lacks_help(lines, line, least := _help_lines(context))
        ):
            yield "CONFIG_DESCRIPTION", make_hit(line.number, least=least)
        if path == "MAINTAINERS":
            yield from (("MAINTAINERS_STYLE", hit) for hit in _section_entry(line))


def _help_lines(context: Context) -> int:
    """Return the number of lines of help text that the project requires for a new option."""
    return context.project.style.help_lines


def _lacks_help(lines: LineScan, entry: ScannedLine, least: int) -> bool:
    """Return whether an added Kconfig entry has a prompt but too little help text, as far as
    the patch shows.
    """
    prompt = helped = False
    length = 0
    for line in lines.lines[entry.number :]:
        text = line.text
        if text[:1] == "-":
            continue
        if text[:1] not in ("+", " ") or not text:
            break
        if _PROMPT.match(text):
            prompt = True
            continue
        if _HELP.match(text):
            helped = True
            continue
        content = text[1:].partition("#")[0].lstrip(" \t\r\f\v")
        if not content:
            continue
        if _NEXT_ENTRY.match(content):
            break
        length += helped
    return prompt and length < least


def _section_entry(line: ScannedLine) -> Iterator[Hit]:
    entry = _ENTRY.match(line.raw)
    if not entry or line.raw[0] != "+":
        return
    if not _TABBED_ENTRY.match(line.raw):
        yield make_hit(line.number, "tab", entry=entry[1])
    above = _ENTRY.match(line.previous.raw) if line.previous is not None else None
    if not above:
        return
    rank = SECTION_ORDER.find(entry[1])
    above_rank = SECTION_ORDER.find(above[1])
    if rank < 0:
        yield make_hit(line.number, "unknown", entry=entry[1])
    elif above_rank >= 0 and rank < above_rank:
        yield make_hit(
            line.number, entry=entry[1], above=above[1], order=", ".join(SECTION_ORDER)
        )
    elif entry[1] in "FX" and entry[1] == above[1] and above[2] > entry[2]:
        yield line.hit(None, "pattern", pattern=entry[2], above=above[2])
