# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the Kconfig symbols that an object depends on, by parsing the Makefiles in its directory and
the parent directories.
"""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.building.kconfig import Read

_RULE = re.compile(r"\s*([\w./-]*?)-?(y|m|objs|\$\(CONFIG_\w+\)|\$\([^)]*\))\s*[:+?]?=\s*(.*)")
_CONDITION = re.compile(r"\s*(ifdef|ifndef|ifeq|ifneq|else|endif)\b(.*)")
_INCLUDE = "include"
_INCLUDES = re.compile(r"\s*-?include\s+([^#]*)")
_SYMBOL = re.compile(r"CONFIG_(\w+)")
_OBJECT_LISTS = (
    "obj",
    "lib",
    "core",
    "drivers",
    "net",
    "libs",
    "init",
    "subdir",
    "virt",
)
_COMPUTED = re.compile(
    r"^\s*-?include\s|\$\((?:addprefix|patsubst|foreach)\s|\$\(\w+:%?[\w./-]*=",
    re.MULTILINE,
)
"""Matches a Makefile whose objects may be listed in included files or have computed names."""
_ALWAYS = ("y", "m", "objs")
_MAX_DEPTH = 8


class Need(NamedTuple):
    """The symbols that an object depends on, and the module that contains it ("" if none does)."""

    symbols: tuple[str, ...]
    module: str = ""


class _Line(NamedTuple):
    """A line of a Makefile: the list to which it adds, the symbols on which it depends, and the
    words that it adds.
    """

    name: str
    symbols: tuple[str, ...]
    words: tuple[str, ...]


def needs_of(read: Read, path: str) -> tuple[Need, ...]:
    """Return the alternative requirements for building a source file.

    There is one for each Makefile line that adds the object, or () if no line adds it. If no
    Makefile names the object, but the nearest Makefile with modules includes other files or
    computes names, the object is assumed to belong to these modules. If a line depends on several
    symbols, these conditions are assumed to be met.
    """
    folder, _, name = path.rpartition("/")
    target = name.rpartition(".")[0] + ".o"
    needs: list[Need] = []
    while folder:
        lines = _makefile(read, folder)
        for need in _object_needs(lines, target, 0):
            folder_symbols = _folder_symbols(read, folder)
            module = f"{folder}/{need.module}" if need.module else ""
            needs += [
                Need(_unique(need.symbols + alternative), module) for alternative in folder_symbols
            ]
        folder, _, folder_name = folder.rpartition("/")
        target = f"{folder_name}/{target}"
    alternatives = set(needs) or set(_computed_needs(read, path.rpartition("/")[0]))
    alternatives = alternatives or {need for _, need in _neighbor_makefiles(read, path)}
    return tuple(sorted(alternatives, key=lambda need: len(need.symbols)))


def modules_of(read: Read, path: str) -> frozenset[str]:
    """Return the modules that may contain a source file, with "_" as in a trace; see `needs_of`."""
    modules = (need.module.rpartition("/")[2] for need in needs_of(read, path))
    return frozenset(module.replace("-", "_") for module in modules if module)


def target_of(read: Read, path: str) -> str:
    """Return the make target for a source file.

    If a module's Makefile includes the Makefile of a sibling directory, the target is relative to
    the module (`amdgpu/../display/…`).
    """
    stem, _, suffix = path.rpartition(".")
    if suffix == "dts":
        return f"{stem}.dtb"
    target = f"{stem}.o"
    for folder, need in _neighbor_makefiles(read, path):
        if need in needs_of(read, path):
            return f"{folder}/{os.path.relpath(target, folder)}"
    return target


def _neighbor_makefiles(read: Read, path: str) -> Iterator[tuple[str, Need]]:
    """Yield sibling directories whose Makefile includes the Makefile in the file's directory, each
    with the requirements of one of their modules.
    """
    parts = path.split("/")
    for depth in range(1, len(parts) - 2):
        parent, (group, subfolder) = "/".join(parts[:depth]), parts[depth : depth + 2]
        entries = (entry for line in _makefile(read, parent) for entry in line.words)
        for entry in dict.fromkeys(entries):
            if not (entry.startswith(f"{group}/") and entry.endswith("/")):
                continue
            folder = f"{parent}/{entry.rstrip('/')}"
            if path.startswith(f"{folder}/") or folder == f"{parent}/{group}":
                continue
            lines = _makefile(read, folder)
            for line in lines:
                if line.name != _INCLUDE or subfolder.lower() not in line.words[0].lower():
                    continue
                for need in _module_needs(read, folder, lines, line.symbols):
                    yield folder, need


def _module_needs(
    read: Read, folder: str, lines: list[_Line], extra_symbols: tuple[str, ...] = ()
) -> Iterator[Need]:
    """Yield the requirements of the modules in a directory's Makefile."""
    for line in lines:
        for object_name in line.words if line.name == "obj" else ():
            if object_name.endswith(".o"):
                module = f"{folder}/{object_name.removesuffix('.o')}"
                for folder_symbols in _folder_symbols(read, folder):
                    yield Need(_unique(line.symbols + extra_symbols + folder_symbols), module)


def _computed_needs(read: Read, folder: str) -> Iterator[Need]:
    """Yield the requirements of modules that may contain a directory's objects but do not name
    them.
    """
    while folder:
        text = _text(read, folder)
        if needs := list(_module_needs(read, folder, list(_parse_lines(text)))):
            yield from needs if _COMPUTED.search(text) else ()
            return
        folder = folder.rpartition("/")[0]


def _folder_symbols(read: Read, folder: str) -> list[tuple[str, ...]]:
    """Return the alternative sets of symbols that make kbuild enter a directory."""
    parent, _, last = folder.rpartition("/")
    target, ancestor = f"{last}/", parent
    while ancestor:
        lines = _makefile(read, ancestor)
        line_symbols = [line.symbols for line in lines if target in line.words]
        if line_symbols:
            ancestor_symbols = _folder_symbols(read, ancestor)
            return [
                _unique(own_symbols + symbols)
                for own_symbols in line_symbols
                for symbols in ancestor_symbols
            ]
        ancestor, _, name = ancestor.rpartition("/")
        target = f"{name}/{target}"
    return [()]


def _object_needs(lines: list[_Line], target: str, depth: int) -> Iterator[Need]:
    for line in lines:
        if target not in line.words or depth > _MAX_DEPTH:
            continue
        if line.name in _OBJECT_LISTS:
            module = target.removesuffix(".o") if line.name == "obj" else ""
            yield Need(line.symbols, module)
            continue
        for name in (f"{line.name}.o", f"$({line.name}-y)", f"$({line.name}-objs)"):
            for need in _object_needs(lines, name, depth + 1):
                yield Need(_unique(line.symbols + need.symbols), need.module)


def _makefile(read: Read, folder: str) -> list[_Line]:
    return list(_parse_lines(_text(read, folder)))


def _text(read: Read, folder: str) -> str:
    return read(f"{folder}/Kbuild") or read(f"{folder}/Makefile") or ""


def _parse_lines(text: str) -> Iterator[_Line]:
    conditions: list[tuple[str, ...]] = []
    for line in text.replace("\\\n", " ").split("\n"):
        condition = _CONDITION.match(line)
        if condition:
            _update_conditions(conditions, condition[1], condition[2])
            continue
        outer_symbols = tuple(name for names in conditions for name in names)
        if include_match := _INCLUDES.match(line):
            yield _Line(_INCLUDE, _unique(outer_symbols), (include_match[1],))
            continue
        match = _RULE.match(line.partition("#")[0])
        if match and match[1]:
            symbols = () if match[2] in _ALWAYS else tuple(_SYMBOL.findall(match[2]))
            yield _Line(match[1], _unique(outer_symbols + symbols), tuple(match[3].split()))


def _update_conditions(conditions: list[tuple[str, ...]], directive: str, argument: str) -> None:
    if directive == "endif":
        if conditions:
            conditions.pop()
    elif directive == "else":
        if conditions:
            conditions[-1] = ()
    else:
        is_on = directive == "ifdef" or (
            directive == "ifeq" and argument.rstrip(" )").endswith((",y", ", y"))
        )
        is_on = is_on or (directive == "ifneq" and argument.rstrip().endswith(",)"))
        conditions.append(tuple(_SYMBOL.findall(argument)) if is_on else ())


def _unique(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
