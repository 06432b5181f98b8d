# SPDX-License-Identifier: GPL-2.0-or-later
"""Detectors for kernel interfaces that are misused, deprecated, or require a comment."""

import re
from collections.abc import Callable
from typing import NamedTuple

from patchpilot.lint.c.c_patterns import STRING
from patchpilot.lint.c.line_scan import LineScan, ScannedLine, scan
from patchpilot.lint.detector import TypedHits, make_hit, typed_detector
from patchpilot.lint.detectors.c_pattern import c_lines, c_text
from patchpilot.lint.detectors.words_typos import tool_data
from patchpilot.lint.lazy_pattern import lazy
from patchpilot.lint.lint_context import Context
from patchpilot.lint.word_lists import word_set
from patchpilot.model.source_tree import Tree

_ASM_INCLUDE = lazy(r"^.\s*#\s*include\s*<asm/(.*)\.h>")
_OWN_ASM = ("irq", "memory", "time", "reboot")
_CONST = lazy(r"\bconst\b")
_SETUP = lazy(r'\b__setup\("([^"]*)"')
_PARAMETERS = "Documentation/admin-guide/kernel-parameters.txt"
_STRUCT = lazy(r"\bstruct\s+(\w+)\b(?!\s*\{)")
_LICENSE = lazy(rf"\bMODULE_LICENSE\s*\(\s*({STRING})\s*\)")
_TEXT = lazy(rf"({STRING})")


@typed_detector(
    "checkpatch-api",
)
def api(context: Context) -> TypedHits:
    """Yield the hits, with their types, about kernel interfaces."""
    lines, whole = scan(context), c_text(context)
    for needles, rule in _BY_WORD:
        if any(needle in whole for needle in needles):
            for line in c_lines(context):
                if any(needle in line.raw for needle in needles):
                    yield from rule(ApiPlace(context, lines, line))
    yield from _const_structs(context, whole)


class ApiPlace(NamedTuple):
    """An added line of C under check, with its position in the patch."""

    context: Context
    lines: LineScan
    line: ScannedLine


def _asm_include(at: ApiPlace) -> TypedHits:
    found = _ASM_INCLUDE.match(at.line.raw)
    if (
        not found
        or at.context.tree is None
        or any(word in found[1] for word in _OWN_ASM)
    ):
        return
    header = f"{found[1]}.h"
    if at.line.file != f"include/linux/{header}" and _wraps_asm(
        at.context.tree, header
    ):
        kind = (
            "ARCH_INCLUDE_LINUX"
            if at.line.file.startswith("arch/")
            else "INCLUDE_LINUX"
        )
        yield kind, at.line.hit(header=header)


def _wraps_asm(tree: Tree, header: str) -> bool:
    text = tree.read(f"include/linux/{header}")
    return (
        text is not None
        and re.search(rb"#include[ \t\r\f\v]+<asm/%s>" % header.encode("latin-1"), text)
        is not None
    )


def _setup(at: ApiPlace) -> TypedHits:
    found = _SETUP.search(at.line.raw)
    if found and not any(
        found[1] in line.text
        for line in at.lines.lines
        if line.sign == "+" and line.file.endswith(_PARAMETERS)
    ):
        yield "UNDOCUMENTED_SETUP", at.line.hit(option=found[1])


def _license(at: ApiPlace) -> TypedHits:
    found = _LICENSE.search(at.line.text)
    if not found:
        return
    # checkpatch.pl looks at the first string of the line, in any macro
    said = (
        at.context.options.checkpatch_compat and _TEXT.search(at.line.text)
    ) or found
    name = at.line.raw[said.start(1) : said.end(1)]
    if name.strip('"') not in word_set("c", "module_licenses") or name[:1] != '"':
        yield "MODULE_LICENSE", at.line.hit(name=name)
    if name == '"GPL v2"' and not at.context.options.whole_files:
        yield "MODULE_LICENSE", at.line.hit(None, "v2")


_BY_WORD: tuple[tuple[tuple[str, ...], Callable[[ApiPlace], TypedHits]], ...] = (
    (("asm/",), _asm_include),
    (("__setup",), _setup),
    (("MODULE_LICENSE",), _license),
)
"""The words of which a line must have one, and its check."""


def _const_structs(context: Context, whole: str) -> TypedHits:
    if "struct" not in whole:
        return
    data = tool_data(context, "const_structs.checkpatch")
    if not data:
        return
    names = frozenset(data.decode("latin-1").split())
    for line in c_lines(context):
        if "struct" in line.text and not _CONST.search(line.text):
            name = next(
                (
                    found[1]
                    for found in _STRUCT.finditer(line.text)
                    if found[1] in names
                ),
                None,
            )
            if name:
                yield "CONST_STRUCT", make_hit(line.number, name=name)
