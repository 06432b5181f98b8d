# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the warnings and errors in make's output, each with the object that it belongs to."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.model.printable import printable

ERROR, WARNING, SPARSE, KERNEL_DOC = "error", "warning", "sparse", "kernel-doc"
KCONFIG = "kconfig"
COCCINELLE, MODPOST, UNDEFINED = "coccinelle", "modpost", "undefined"
_OBJECT = re.compile(
    r"\s{2}(?:CC|AS|HOSTCC|LDS|DTC|SCHEMA|CPP|RUSTC)\s+(?:\[M\]\s+)?(\S+)$"
)
_PLACE = re.compile(
    r"(?P<path>[^\s:][^:]*):(?P<line>\d+):(?:(?P<column>\d+):)?"
    r" (?P<level>fatal error|[Ee]rror|[Ww]arning|note): (?P<text>.*)"
)
_DTC = re.compile(
    r"(?:Error: )?(?P<path>[^\s:]+\.dtsi?):(?P<line>\d+)\.(?P<column>\d+)-[\d.]+:?"
    r" (?:(?P<level>Warning|ERROR) )?(?P<text>.*)"
)
_FLAG = re.compile(r" \[-W[\w+=,.-]*\]$|\[-W[\w+=,.-]*\]$")
_QUOTED = re.compile(r"['\u2018`](?:struct |union |enum )?\*?([A-Za-z_]\w{2,})")
_IN_MACRO = ("in expansion of macro", "expanded from macro")
_LONGEST = 400


class Diagnostic(NamedTuple):
    """A warning or an error: its kind, its file and line, and its text.

    `places` are the files and lines of the macro expansions around it: a warning in a header
    belongs to the line that uses the header's macro.
    """

    kind: str
    path: str
    line: int
    column: int
    text: str
    places: tuple[tuple[str, int], ...] = ()


class ObjectReport(NamedTuple):
    """The diagnostics printed for an object, and whether it was compiled."""

    diagnostics: tuple[Diagnostic, ...]
    is_built: bool


def pair_with_objects(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (object, line) for each line of make's output; the object is "" before the first
    one.
    """
    name = ""
    for line in lines:
        if named := object_in(line):
            name = named
        elif not line.startswith("  CHECK "):
            yield name, line


def object_in(line: str) -> str:
    """Return the object named in a line of make's output, or ""."""
    found = _OBJECT.match(line)
    return found[1] if found else ""


def read_diagnostics(lines: Sequence[str], top: str) -> tuple[Diagnostic, ...]:
    """Parse the output of compilers, sparse, dtc and kernel-doc about files below `top`."""
    found: list[Diagnostic] = []
    for line in lines:
        place = _PLACE.match(line) or _DTC.match(line)
        if not place:
            continue
        path, number = _strip_top(place["path"], top), int(place["line"])
        level, text = place["level"], printable(place["text"])[:_LONGEST]
        if level == "note":
            if found and any(words in text for words in _IN_MACRO):
                last = found[-1]
                found[-1] = last._replace(places=(*last.places, (path, number)))
            continue
        kind = _kind(level, text, place["column"])
        column = int(place["column"] or 0)
        found.append(Diagnostic(kind, path, number, column, text))
    return tuple(dict.fromkeys(found))


def names_in(text: str) -> frozenset[str]:
    """Return the quoted identifiers in a diagnostic's text."""
    return frozenset(_QUOTED.findall(text))


def _kind(level: str | None, text: str, column: str | None) -> str:
    if level in ("Error", "Warning", "ERROR", None):
        # from Kconfig, or from dtc, which prints no "error:" for a syntax error
        return WARNING if level == "Warning" else ERROR
    if column is None and not _FLAG.search(text):
        return KERNEL_DOC
    if level != "warning":
        return ERROR
    return WARNING if _FLAG.search(text) else SPARSE


def _strip_top(path: str, top: str) -> str:
    """Strip the tree's directory from a path."""
    # a Makefile may include another from a sibling directory: amdgpu/../display/…
    text = os.path.normpath(path.removeprefix(f"{top}/"))
    return re.sub(r"^(?:\.\./)+", "", text)
