# SPDX-License-Identifier: GPL-2.0-or-later
"""Kconfig, Makefiles, MAINTAINERS and device trees."""

from collections.abc import Iterable, Iterator

from patchpilot.lint.clang.line_scan import LineScan, ScannedLine, as_text, scan
from patchpilot.lint.detector import Arguments, Hit, by_type, detector
from patchpilot.lint.devicetree_bindings import bindings_of
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.projects.loading import projects

SECTION_ORDER = "MRLSWQBCPTFXNK"
_CONFIG = lazy(r"^\+\s*(?:config|menuconfig|choice)\b")
_PROMPT = lazy(r"^\+\s*(?:bool|tristate|prompt)\s*[\"']")
_HELP = lazy(r"^\+\s*help\s*$")
_NEXT_ENTRY = lazy(r"^(?:config|menuconfig|choice|endchoice|if|endif|menu|endmenu|source)\b")
_ENTRY = lazy(r"^[+ ]([A-Z]):\s*(.*)")
_TABBED_ENTRY = lazy(r"^\+[A-Z]:\t\S")
_OLD_FLAGS = lazy(r"\+(EXTRA_[A-Z]+FLAGS)")
_FLAGS = {"EXTRA_AFLAGS": "asflags-y", "EXTRA_CFLAGS": "ccflags-y", "EXTRA_CPPFLAGS": "cppflags-y", "EXTRA_LDFLAGS": "ldflags-y"}
_DTS_COMPATIBLE = lazy(r'^\+\s*compatible\s*=\s*"')
_C_COMPATIBLE = lazy(r'^\+.*\.compatible\s*=\s*"')
_QUOTED = lazy(r'"([a-zA-Z0-9\-,.+_]+)"')
_VENDOR = lazy(r"^([a-zA-Z0-9\-]+),")


@detector("checkpatch-kbuild", type=str)
def kbuild(context: Context, arguments: Arguments) -> Iterable[Hit]:
    """Hits of one type about Kconfig, Makefiles, MAINTAINERS and device trees."""
    return by_type(context, _all, arguments["type"])


def _all(context: Context) -> Iterator[tuple[str, Hit]]:
    lines = scan(context)
    for line in lines.lines:
        if not line.left or line.sign != "+" or line.starts_file:
            continue
        path, text = line.file, line.text
        if "Kconfig" in path and _CONFIG.match(text) and _without_help(lines, line, least := _help_lines(context)):
            message = f"a new option needs a help text of at least {least} lines that says what it is for and who wants it"
            yield "CONFIG_DESCRIPTION", Hit(line.number, message)
        if path == "MAINTAINERS":
            yield from (("MAINTAINERS_STYLE", Hit(line.number, message)) for message in _section_entry(line))
        if ("Makefile" in path or "Kbuild" in path) and "EXTRA_" in text and (found := _OLD_FLAGS.search(text)) and found[1] in _FLAGS:
            yield "DEPRECATED_VARIABLE", Hit(line.number, f"{found[1]} is obsolete: set {_FLAGS[found[1]]}")
        if context.tree is not None and "compatible" in text and _is_compatible(line):
            yield from (("UNDOCUMENTED_DT_STRING", Hit(line.number, message)) for message in _undocumented(context, line))


def _help_lines(context: Context) -> int:
    """How many lines of help the project wants of a new option."""
    return projects()[context.options.profile].style.help_lines


def _without_help(lines: LineScan, entry: ScannedLine, least: int) -> bool:
    """Whether an added Kconfig entry has a prompt and less help than that many lines, as far as the patch shows it."""
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


def _section_entry(line: ScannedLine) -> Iterator[str]:
    entry = _ENTRY.match(line.raw)
    if not entry or line.raw[0] != "+":
        return
    if not _TABBED_ENTRY.match(line.raw):
        yield f"exactly one tab goes after {entry[1]}:"
    above = _ENTRY.match(line.previous.raw) if line.previous is not None else None
    if not above:
        return
    rank = SECTION_ORDER.find(entry[1])
    above_rank = SECTION_ORDER.find(above[1])
    if rank < 0:
        yield f"{entry[1]}: is no entry that MAINTAINERS knows"
    elif above_rank >= 0 and rank < above_rank:
        yield f"{entry[1]}: goes before {above[1]}: (the order is {', '.join(SECTION_ORDER)})"
    elif entry[1] in "FX" and entry[1] == above[1] and above[2] > entry[2]:
        yield f"{as_text(entry[2])} goes before {as_text(above[2])}: file patterns are sorted"


def _is_compatible(line: ScannedLine) -> bool:
    if line.suffix in ("dts", "dtsi"):
        return _DTS_COMPATIBLE.match(line.text) is not None
    return line.suffix in ("c", "h") and _C_COMPATIBLE.match(line.text) is not None


def _undocumented(context: Context, line: ScannedLine) -> Iterator[str]:
    assert context.tree is not None
    bindings = bindings_of(context.tree)
    if not bindings.is_there and not context.options.checkpatch_compat:
        return
    for compatible in _QUOTED.findall(line.raw):
        if not bindings.documents(compatible):
            yield f"no binding in Documentation/devicetree/bindings describes {compatible!r}"
        vendor = _VENDOR.match(compatible)
        if vendor and not bindings.knows_vendor(vendor[1]):
            yield f"the vendor {vendor[1]!r} is not in vendor-prefixes.yaml"
