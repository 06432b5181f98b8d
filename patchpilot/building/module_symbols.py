# SPDX-License-Identifier: GPL-2.0-or-later
"""Check an object's undefined symbols, and report those that no module can provide."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from patchpilot.building.diagnostics import MODPOST, UNDEFINED, Diagnostic
from patchpilot.building.makefiles import needs_of
from patchpilot.building.tree_state import TreeState
from patchpilot.commits.run import environment, run
from patchpilot.model.patch import FileChange
from patchpilot.model.printable import printable

_COMPILER = re.compile(
    r"__(?:u?(?:div|mod|divmod)[dst]i[34]|(?:ashl|ashr|lshr|mul)[dt]i3|u?cmpdi2|aeabi_\w+)"
)
"""Functions in the compiler's library that the kernel lacks."""
_DIVISION = re.compile(r"[\w)\]]\s*[/%]=?\s*[\w(]|\bdo_div\b")
_NAME = re.compile(r"[A-Za-z]\w{2,}")
_MODPOST = re.compile(
    r"(?:WARNING|ERROR): modpost: (.*section mismatch.*|missing (MODULE_\w+)\(\).*)"
)
_QUOTABLE = re.compile(r"\w+(?= \(section)|MODULE_LICENSE\(\)")
_EXPORT = "EXPORT_[A-Z_]*SYMBOL[A-Z_]*"


def needed_symbols(
    output: Path, target: str, path: str, command: str
) -> Iterator[Diagnostic]:
    """Yield diagnostics for an object's undefined symbols, references to freed sections, and a
    missing module license.
    """

    def printed(*words: str) -> list[str]:
        done = run([*words, target], env=environment(), cwd=output, timeout=60)
        return f"{done.text}\n{done.error_text}".split("\n")

    for line in printed("nm", "-u", "--") if shutil.which("nm") else ():
        if found := re.match(r"\s*U (\S+)", line):
            yield Diagnostic(UNDEFINED, path, 0, 0, found[1])
    program = output / "scripts" / "mod" / "modpost"
    if program.is_file():
        name = re.sub(r"[-,]", "_", Path(target).stem)
        module = f"KBUILD_MODNAME='\"{name}\"'"
        is_whole = " -DMODULE " in command and module in command
        for line in printed(str(program), "-w", "-N", "-o", "patchpilot.symvers"):
            found = _MODPOST.match(line)
            if found and (is_whole or not found[2]):
                # quote the names as compilers do, so that they can be found in the diff
                text = _QUOTABLE.sub(r"'\g<0>'", printable(found[1]))
                yield Diagnostic(MODPOST, path, 0, 0, text)


def missing_symbols(
    state: TreeState,
    users: Mapping[str, str],
    source_arch: str,
    *,
    is_module: bool,
) -> Iterator[tuple[str, str]]:
    """Yield the undefined symbols that cannot be resolved, each with the reason.

    `users` maps each symbol to the source file of the object that uses it.
    """
    for name in users:
        if _COMPILER.fullmatch(name):
            why = "the kernel has no such function: use the functions of linux/math64.h"
            yield name, why
    plain = [name for name in users if _NAME.fullmatch(name)] if is_module else []
    if not plain:
        return
    either = "|".join(plain)
    pattern = rf"{_EXPORT}\s*\(\s*({either})\s*[,)]"
    exported = _grep_lines(state, pattern, source_arch)
    known = {word for _, line in exported for word in re.findall(r"\w+", line)}
    for name in plain:
        if name in known:
            continue
        places = _definitions(state, name, source_arch)
        if places and (why := _why_unavailable(state, users[name], places)):
            yield name, why


def _definitions(state: TreeState, name: str, source_arch: str) -> list[str]:
    """Return the files that define a global function or variable."""
    function = rf"^[A-Za-z_].*[ *]{name}\s*\([^;]*$"
    variable = rf"^[A-Za-z_][^(]*[ *]{name}(\[.*\])?( =.*|;)$"
    found = _grep_lines(state, f"{function}|{variable}", source_arch)
    return [path for path, line in found if not line.startswith(("static", "extern"))]


def division_in(changes: Sequence[FileChange], path: str, name: str) -> int:
    """Return the added line that may contain the division for which the compiler calls this
    function.

    Return 0 if the function is not for divisions or there is no such line.
    """
    if not _COMPILER.fullmatch(name):
        return 0
    lines = (
        line for change in changes if change.path == path for line in change.lines("+")
    )
    return next(
        (line.new_line or 0 for line in lines if _DIVISION.search(line.text)), 0
    )


def _why_unavailable(state: TreeState, user: str, places: Sequence[str]) -> str:
    """Return why a symbol defined in these files is unavailable to its user, or ""."""
    modules = _modules(state, user)
    linked = [path for path in places if needs_of(state.read, path)]
    if not linked:
        return f"{places[0]} defines it, and no Makefile names its object"
    if any(modules & _modules(state, path) for path in linked):
        return ""
    return f"{linked[0]} does not export it"


def _modules(state: TreeState, path: str) -> set[str]:
    return {need.module for need in needs_of(state.read, path)}


def _grep_lines(
    state: TreeState, pattern: str, source_arch: str
) -> Iterator[tuple[str, str]]:
    """Yield the source lines that match a pattern, with their files, except those for other
    architectures.
    """
    for row in state.grep((pattern,), "-E", paths=("*.c", "*.S")):
        path, _, line = row.partition(":")
        if path.startswith("arch/") and not path.startswith(f"arch/{source_arch}/"):
            continue
        if path and not path.startswith(("tools/", "Documentation/", "scripts/")):
            yield path, line
