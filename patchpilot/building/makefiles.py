# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the Kconfig symbols with which kbuild builds an object.

They are read from the Makefiles in the folders above it.
"""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from patchpilot.building.kconfig import Read

_RULE = re.compile(
    r"\s*([\w./-]*?)-?(y|m|objs|\$\(CONFIG_\w+\)|\$\([^)]*\))\s*[:+?]?=\s*(.*)"
)
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
"""A Makefile whose objects may be listed in included files or have computed names."""
_ALWAYS = ("y", "m", "objs")
_DEEPEST = 8


class Need(NamedTuple):
    """The symbols that an object needs, and the module that it is a part of, or ""."""

    symbols: tuple[str, ...]
    module: str = ""


class _Line(NamedTuple):
    """A line of a Makefile: the list it adds to, the required symbols, and the added names."""

    name: str
    symbols: tuple[str, ...]
    words: tuple[str, ...]


def needs_of(read: Read, path: str) -> tuple[Need, ...]:
    """Return the requirements for building a source file's object.

    There is one requirement for each way in which Makefiles add the object. If no Makefile names
    it, but the nearest Makefile with modules includes other Makefiles or computes names, it may be
    part of these modules; otherwise there are no requirements. Conditions other than on a single
    symbol count as met.
    """
    folder, _, name = path.rpartition("/")
    target = name.rpartition(".")[0] + ".o"
    found: list[Need] = []
    while folder:
        lines = _makefile(read, folder)
        for need in _object_needs(lines, target, 0):
            above = _folder_symbols(read, folder)
            module = f"{folder}/{need.module}" if need.module else ""
            found += [Need(_once(need.symbols + one), module) for one in above]
        folder, _, last = folder.rpartition("/")
        target = f"{last}/{target}"
    ways = set(found) or set(_computed_needs(read, path.rpartition("/")[0]))
    ways = ways or {need for _, need in _neighbor_makefiles(read, path)}
    return tuple(sorted(ways, key=lambda need: len(need.symbols)))


def target_of(read: Read, path: str) -> str:
    """Return the make target for a source file's object.

    A module's Makefile may include that of a sibling directory. kbuild then identifies the objects
    by their path relative to the module (`amdgpu/../display/…`).
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
    """Yield sibling directories whose Makefile includes the one in the file's directory, with the
    needs of their modules.
    """
    parts = path.split("/")
    for depth in range(1, len(parts) - 2):
        above, (group, own) = "/".join(parts[:depth]), parts[depth : depth + 2]
        words = (word for line in _makefile(read, above) for word in line.words)
        for word in dict.fromkeys(words):
            if not (word.startswith(f"{group}/") and word.endswith("/")):
                continue
            folder = f"{above}/{word.rstrip('/')}"
            if path.startswith(f"{folder}/") or folder == f"{above}/{group}":
                continue
            lines = _makefile(read, folder)
            for line in lines:
                if line.name != _INCLUDE or own.lower() not in line.words[0].lower():
                    continue
                for need in _module_needs(read, folder, lines, line.symbols):
                    yield folder, need


def _module_needs(
    read: Read, folder: str, lines: list[_Line], more: tuple[str, ...] = ()
) -> Iterator[Need]:
    """Yield the needs of the modules in a directory's Makefile."""
    for line in lines:
        for word in line.words if line.name == "obj" else ():
            if word.endswith(".o"):
                module = f"{folder}/{word.removesuffix('.o')}"
                for above in _folder_symbols(read, folder):
                    yield Need(_once(line.symbols + more + above), module)


def _computed_needs(read: Read, folder: str) -> Iterator[Need]:
    """Yield the needs of modules that may contain a directory's objects without naming them."""
    while folder:
        text = _text(read, folder)
        if needs := list(_module_needs(read, folder, list(_parse_lines(text)))):
            yield from needs if _COMPUTED.search(text) else ()
            return
        folder = folder.rpartition("/")[0]


def _folder_symbols(read: Read, folder: str) -> list[tuple[str, ...]]:
    """Return the sets of symbols that make kbuild enter a directory."""
    parent, _, last = folder.rpartition("/")
    target, above = f"{last}/", parent
    while above:
        lines = _makefile(read, above)
        hits = [line.symbols for line in lines if target in line.words]
        if hits:
            upper = _folder_symbols(read, above)
            return [_once(hit + one) for hit in hits for one in upper]
        above, _, name = above.rpartition("/")
        target = f"{name}/{target}"
    return [()]


def _object_needs(lines: list[_Line], target: str, depth: int) -> Iterator[Need]:
    for line in lines:
        if target not in line.words or depth > _DEEPEST:
            continue
        if line.name in _OBJECT_LISTS:
            module = target.removesuffix(".o") if line.name == "obj" else ""
            yield Need(line.symbols, module)
            continue
        for name in (f"{line.name}.o", f"$({line.name}-y)", f"$({line.name}-objs)"):
            for need in _object_needs(lines, name, depth + 1):
                yield Need(_once(line.symbols + need.symbols), need.module)


def _makefile(read: Read, folder: str) -> list[_Line]:
    return list(_parse_lines(_text(read, folder)))


def _text(read: Read, folder: str) -> str:
    return read(f"{folder}/Kbuild") or read(f"{folder}/Makefile") or ""


def _parse_lines(text: str) -> Iterator[_Line]:
    conditions: list[tuple[str, ...]] = []
    for line in text.replace("\\\n", " ").split("\n"):
        condition = _CONDITION.match(line)
        if condition:
            _note_condition(conditions, condition[1], condition[2])
            continue
        around = tuple(name for names in conditions for name in names)
        if included := _INCLUDES.match(line):
            yield _Line(_INCLUDE, _once(around), (included[1],))
            continue
        found = _RULE.match(line.partition("#")[0])
        if found and found[1]:
            own = () if found[2] in _ALWAYS else tuple(_SYMBOL.findall(found[2]))
            yield _Line(found[1], _once(around + own), tuple(found[3].split()))


def _note_condition(conditions: list[tuple[str, ...]], word: str, rest: str) -> None:
    if word == "endif":
        if conditions:
            conditions.pop()
    elif word == "else":
        if conditions:
            conditions[-1] = ()
    else:
        is_on = word == "ifdef" or (
            word == "ifeq" and rest.rstrip(" )").endswith((",y", ", y"))
        )
        is_on = is_on or (word == "ifneq" and rest.rstrip().endswith(",)"))
        conditions.append(tuple(_SYMBOL.findall(rest)) if is_on else ())


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
