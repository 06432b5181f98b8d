# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds Kconfig symbols that a patch uses but no Kconfig file of the tree defines."""

import re
from collections.abc import Iterator, Sequence

from patchpilot.building.diagnostics import KCONFIG
from patchpilot.building.tree_state import TreeState
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.file_diff import DiffLine, FileChange

_IN_CODE = re.compile(r"\bCONFIG_([A-Z][A-Z0-9_]+?)(?:_MODULE)?\b(?!_?\*)")
_IN_KCONFIG = re.compile(r"^\s*(?:select|imply|depends on|if|visible if)\s+(.*)")
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_COMMENT = re.compile(r"^\s*(?:\*|/\*|//|#)(?!\s*(?:if|ifdef|ifndef|elif)\b)")
_CODE = (".c", ".h", ".S", ".dts", ".dtsi")


def unknown_symbols(
    state: TreeState, changes: Sequence[FileChange]
) -> Iterator[BuildProblem]:
    """Yield a problem for each undefined Kconfig symbol on an added line."""
    named: dict[str, tuple[FileChange, DiffLine]] = {}
    for change in changes:
        for line in change.lines("+"):
            for name in _names(change.path, line.text):
                named.setdefault(name, (change, line))
    if not named:
        return
    pattern = rf"^\s*(menu)?config\s+({'|'.join(named)})\s*$"
    rows = state.grep((pattern,), "-h", "-E", paths=("*Kconfig*",))
    known = {row.split()[-1] for row in rows}
    for name, (change, line) in named.items():
        if name not in known:
            text = f"no Kconfig file defines CONFIG_{name}"
            yield BuildProblem(
                KCONFIG, text, change.path, line.new_line, line.patch_line
            )


def _names(path: str, text: str) -> Iterator[str]:
    name = path.rpartition("/")[2]
    if path.startswith(("Documentation/", "tools/", "scripts/")):
        return
    if name.startswith("Kconfig"):
        found = _IN_KCONFIG.match(text.partition(" #")[0])
        yield from _WORD.findall(found[1]) if found else ()
        return
    is_code = name.startswith(("Makefile", "Kbuild")) or name.endswith(_CODE)
    if is_code and not _COMMENT.match(text):
        yield from _IN_CODE.findall(text)
