# SPDX-License-Identifier: GPL-2.0-or-later
"""Find added uses of Kconfig symbols that the tree does not define, and added selects that ignore
dependencies.

No code from the tree is run.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from patchpilot.building.choose_symbols import SymbolChoice
from patchpilot.building.configuration import host_arch, source_arch
from patchpilot.building.diagnostics import KCONFIG
from patchpilot.building.kconfig import Kconfig
from patchpilot.building.tree_state import TreeState
from patchpilot.model.build_problem import BuildProblem
from patchpilot.model.patch import DiffLine, FileChange

_IN_CODE = re.compile(r"\bCONFIG_([A-Z][A-Z0-9_]+?)(?:_MODULE)?\b(?!_?\*)")
_IN_KCONFIG = re.compile(r"^\s*(?:select|imply|depends on|if|visible if)\s+(.*)")
_SELECT = re.compile(r"\s+select\s+(\w+)")
_CONFIG = re.compile(r"^[ \t]*(?:menu)?config[ \t]+(\w+)", re.MULTILINE)
_MAX_SELECTS = 20
_WORD = re.compile(r"\b[A-Z][A-Z0-9_]+\b")
_COMMENT = re.compile(r"^\s*(?:\*|/\*|//|#)(?!\s*(?:if|ifdef|ifndef|elif)\b)")
_CODE = (".c", ".h", ".S", ".dts", ".dtsi")


def kconfig_problems(state: TreeState, changes: Sequence[FileChange]) -> Iterator[BuildProblem]:
    """Yield the problems with Kconfig symbols in a commit's added lines."""
    yield from _undefined_symbols(state, changes)
    # ignore a Kconfig that nests files or symbols a thousand levels deep, because no real one does
    with suppress(RecursionError):
        yield from _unmet_dependencies(state, changes)


def _unmet_dependencies(state: TreeState, changes: Sequence[FileChange]) -> Iterator[BuildProblem]:
    """Yield a problem for each added `select` of a symbol whose dependencies may not be met."""
    selects = (
        (change, line, select[1])
        for change in changes
        for line in change.lines("+")
        if is_kconfig(change.path) and (select := _SELECT.match(line.text))
    )
    kconfig = None
    for change, line, target in islice(selects, _MAX_SELECTS):
        kconfig = kconfig or Kconfig(state.read, source_arch(host_arch()))
        lines = (state.read(change.path) or "").split("\n")
        for name in _CONFIG.findall("\n".join(lines[: line.new_line]))[-1:]:
            if SymbolChoice(kconfig).leaves_unmet(name, target):
                problem = f"unmet direct dependencies detected for {target}"
                problem += f": CONFIG_{name} selects it, and can be on without them"
                yield _problem(problem, change, line)


def _problem(text: str, change: FileChange, line: DiffLine) -> BuildProblem:
    return BuildProblem(KCONFIG, text, change.path, line.new_line, line.patch_line)


def is_kconfig(path: str) -> bool:
    return path.rpartition("/")[2].startswith("Kconfig")


def _undefined_symbols(state: TreeState, changes: Sequence[FileChange]) -> Iterator[BuildProblem]:
    first_uses: dict[str, tuple[FileChange, DiffLine]] = {}
    for change in changes:
        for line in change.lines("+"):
            for name in _find_symbols(change.path, line.text):
                first_uses.setdefault(name, (change, line))
    if not first_uses:
        return
    pattern = rf"^\s*(menu)?config\s+({'|'.join(first_uses)})\s*$"
    rows = state.grep((pattern,), "-h", "-E", paths=("*Kconfig*",))
    defined = {row.split()[-1] for row in rows}
    for name, (change, line) in first_uses.items():
        if name not in defined:
            yield _problem(f"no Kconfig file defines CONFIG_{name}", change, line)


def _find_symbols(path: str, text: str) -> Iterator[str]:
    name = path.rpartition("/")[2]
    if path.startswith(("Documentation/", "tools/", "scripts/")):
        return
    if is_kconfig(path):
        match = _IN_KCONFIG.match(text.partition(" #")[0])
        yield from _WORD.findall(match[1]) if match else ()
        return
    is_code = name.startswith(("Makefile", "Kbuild")) or name.endswith(_CODE)
    if is_code and not _COMMENT.match(text):
        yield from _IN_CODE.findall(text)
