# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse the warnings and errors in make's output, and assign each to an object."""

import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patchpilot.model.printable import make_printable

ERROR, WARNING, SPARSE, KERNEL_DOC = "error", "warning", "sparse", "kernel-doc"
KCONFIG = "kconfig"
COCCINELLE, MODPOST, UNDEFINED = "coccinelle", "modpost", "undefined"
_OBJECT = re.compile(r"\s{2}(?:CC|AS|HOSTCC|LDS|DTC|SCHEMA|CPP|RUSTC)\s+(?:\[M\]\s+)?(\S+)$")
_LOCATION = re.compile(
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
_MAX_LENGTH = 400


class Diagnostic(NamedTuple):
    """A warning or error.

    `places` are the files and lines where the macros that lead to it are used. A warning inside a
    header's macro belongs to the line that uses the macro.
    """

    kind: str
    path: str
    line: int
    column: int
    text: str
    places: tuple[tuple[str, int], ...] = ()


class ObjectReport(NamedTuple):
    """The diagnostics of an object, and whether it was built."""

    diagnostics: tuple[Diagnostic, ...]
    is_built: bool


def pair_with_objects(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (object, line) for each line of make's output.

    The object is "" until make names one.
    """
    name = ""
    for line in lines:
        if new_name := object_in(line):
            name = new_name
        elif not line.startswith("  CHECK "):
            yield name, line


def object_in(line: str) -> str:
    """Return the object that a line of make's output names, or ""."""
    match = _OBJECT.match(line)
    return match[1] if match else ""


def read_diagnostics(lines: Sequence[str], top: str) -> tuple[Diagnostic, ...]:
    """Parse the output of compilers, sparse, dtc and kernel-doc about files in a directory."""
    diagnostics: list[Diagnostic] = []
    for line in lines:
        match = _LOCATION.match(line) or _DTC.match(line)
        if not match:
            continue
        path, number = _strip_top(match["path"], top), int(match["line"])
        level, text = match["level"], make_printable(match["text"])[:_MAX_LENGTH]
        if level == "note":
            if diagnostics and any(phrase in text for phrase in _IN_MACRO):
                last = diagnostics[-1]
                diagnostics[-1] = last._replace(places=(*last.places, (path, number)))
            continue
        kind = _diagnostic_kind(level, text, match["column"])
        column = int(match["column"] or 0)
        diagnostics.append(Diagnostic(kind, path, number, column, text))
    return tuple(dict.fromkeys(diagnostics))


def names_in(text: str) -> frozenset[str]:
    """Return the quoted identifiers in a diagnostic."""
    return frozenset(_QUOTED.findall(text))


def _diagnostic_kind(level: str | None, text: str, column: str | None) -> str:
    if level in ("Error", "Warning", "ERROR", None):
        # this is a message from Kconfig, or a syntax error that dtc prints without "error:"
        return WARNING if level == "Warning" else ERROR
    if column is None and not _FLAG.search(text):
        return KERNEL_DOC
    if level != "warning":
        return ERROR
    return WARNING if _FLAG.search(text) else SPARSE


def _strip_top(path: str, top: str) -> str:
    # paths of included Makefiles may lead out of the directory: amdgpu/../display/…
    text = os.path.normpath(path.removeprefix(f"{top}/"))
    return re.sub(r"^(?:\.\./)+", "", text)
