# SPDX-License-Identifier: GPL-2.0-or-later
"""Report an object's undefined symbols that no module can provide."""

import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from patchpilot.building.diagnostics import MODPOST, UNDEFINED, Diagnostic
from patchpilot.building.makefiles import needs_of
from patchpilot.building.output_folder import OutputFolder
from patchpilot.building.tree_state import TreeState
from patchpilot.commits.confinement import Access, run_confined
from patchpilot.model.patch import FileChange
from patchpilot.model.printable import make_printable

_COMPILER_FUNCTION = re.compile(
    r"__(?:u?(?:div|mod|divmod)[dst]i[34]|(?:ashl|ashr|lshr|mul)[dt]i3|u?cmpdi2|aeabi_\w+)"
)
"""Functions of the compiler's library that the kernel does not have."""
_DIVISION = re.compile(r"[\w)\]]\s*[/%]=?\s*[\w(]|\bdo_div\b")
_NAME = re.compile(r"[A-Za-z]\w{2,}")
_MODPOST = re.compile(
    r"(?:WARNING|ERROR): modpost: (.*section mismatch.*|missing (MODULE_\w+)\(\).*)"
)
_QUOTABLE = re.compile(r"\w+(?= \(section)|MODULE_LICENSE\(\)")
_EXPORT = "EXPORT_[A-Z_]*SYMBOL[A-Z_]*"


def needed_symbols(
    output: OutputFolder, access: Access, target: str, path: str, command: str
) -> Iterator[Diagnostic]:
    """Yield a diagnostic for each undefined symbol and section mismatch of an object, and for a
    missing module license.
    """

    def run_tool(*arguments: str) -> list[str]:
        outcome = run_confined([*arguments, target], access, cwd=output.path, timeout=60)
        return f"{outcome.text}\n{outcome.error_text}".split("\n")

    for line in run_tool("nm", "-u", "--") if shutil.which("nm") else ():
        if match := re.match(r"\s*U (\S+)", line):
            yield Diagnostic(UNDEFINED, path, 0, 0, match[1])
    if output.has("scripts/mod/modpost"):
        name = re.sub(r"[-,]", "_", Path(target).stem)
        module = f"KBUILD_MODNAME='\"{name}\"'"
        is_whole = " -DMODULE " in command and module in command
        for line in run_tool("scripts/mod/modpost", "-w", "-N", "-o", "patchpilot.symvers"):
            match = _MODPOST.match(line)
            if match and (is_whole or not match[2]):
                # quote names as compilers do, so that `names_in` finds them
                text = _QUOTABLE.sub(r"'\g<0>'", make_printable(match[1]))
                yield Diagnostic(MODPOST, path, 0, 0, text)


def missing_symbols(
    state: TreeState,
    users: Mapping[str, str],
    source_arch: str,
    *,
    is_module: bool,
) -> Iterator[tuple[str, str]]:
    """Yield undefined symbols that cannot be resolved, each with the reason.

    `users` maps each symbol to the source file that uses it.
    """
    for name in users:
        if _COMPILER_FUNCTION.fullmatch(name):
            reason = "the kernel has no such function: use the functions of linux/math64.h"
            yield name, reason
    checkable = [name for name in users if _NAME.fullmatch(name)] if is_module else []
    if not checkable:
        return
    alternatives = "|".join(checkable)
    pattern = rf"{_EXPORT}\s*\(\s*({alternatives})\s*[,)]"
    exported = _grep_lines(state, pattern, source_arch)
    exported_names = {
        exported_name for _, line in exported for exported_name in re.findall(r"\w+", line)
    }
    for name in checkable:
        if name in exported_names:
            continue
        definitions = _definitions(state, name, source_arch)
        if definitions and (reason := _unavailable_reason(state, users[name], definitions)):
            yield name, reason


def _definitions(state: TreeState, name: str, source_arch: str) -> list[str]:
    function = rf"^[A-Za-z_].*[ *]{name}\s*\([^;]*$"
    variable = rf"^[A-Za-z_][^(]*[ *]{name}(\[.*\])?( =.*|;)$"
    matches = _grep_lines(state, f"{function}|{variable}", source_arch)
    return [path for path, line in matches if not line.startswith(("static", "extern"))]


def division_in(changes: Sequence[FileChange], path: str, name: str) -> int:
    """Return the added line whose division probably made the compiler call this function, or 0.

    Return 0 unless compilers call this function for divisions.
    """
    if not _COMPILER_FUNCTION.fullmatch(name):
        return 0
    lines = (line for change in changes if change.path == path for line in change.lines("+"))
    return next((line.new_line or 0 for line in lines if _DIVISION.search(line.text)), 0)


def _unavailable_reason(state: TreeState, user: str, definitions: Sequence[str]) -> str:
    """Return why a symbol that these files define is unavailable to `user`, or ""."""
    modules = _modules(state, user)
    built = [path for path in definitions if needs_of(state.read, path)]
    if not built:
        return f"{definitions[0]} defines it, and no Makefile names its object"
    if any(modules & _modules(state, path) for path in built):
        return ""
    return f"{built[0]} does not export it"


def _modules(state: TreeState, path: str) -> set[str]:
    return {need.module for need in needs_of(state.read, path)}


def _grep_lines(state: TreeState, pattern: str, source_arch: str) -> Iterator[tuple[str, str]]:
    """Yield (path, line) for source lines that match, except in other architectures."""
    for row in state.grep((pattern,), "-E", paths=("*.c", "*.S")):
        path, _, line = row.partition(":")
        if path.startswith("arch/") and not path.startswith(f"arch/{source_arch}/"):
            continue
        if path and not path.startswith(("tools/", "Documentation/", "scripts/")):
            yield path, line
