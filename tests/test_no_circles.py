# SPDX-License-Identifier: GPL-2.0-or-later
"""No module of patchpilot imports one that imports it, at whatever distance; imports inside functions and for types count too."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import patchpilot

ROOT = Path(patchpilot.__file__).parent


def test_no_module_imports_itself_through_others() -> None:
    found = circles(imports())
    assert not found, "\n".join("imports in a circle: " + ", ".join(sorted(circle)) for circle in found)


def test_circles_are_found() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["d", "e"]]


def test_imports_inside_functions_and_for_types_are_read() -> None:
    text = "import one.a\nif TYPE_CHECKING:\n    from one import b\ndef f():\n    from one.c import x\n"
    assert set(_named(ast.parse(text), {"one.a", "one.b", "one.c", "one.d"})) == {"one.a", "one.b", "one.c"}


def imports() -> dict[str, set[str]]:
    """Which modules of patchpilot each of them imports."""
    files = {_module(file): file for file in ROOT.rglob("*.py")}
    return {
        # Python imports the packages around a module before it, named or not
        name: {other for other in _named(ast.parse(file.read_bytes()), files) if other != name and not name.startswith(f"{other}.")}
        for name, file in files.items()
    }


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named(tree: ast.AST, known: Iterable[str]) -> Iterator[str]:
    modules = set(known)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not in use here"
            for alias in node.names:
                names = (f"{node.module}.{alias.name}", str(node.module))
                yield from [name for name in names if name in modules][:1]


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The groups of modules of which each reaches every other (Tarjan's strongly connected components of more than one)."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    result: list[set[str]] = []

    def visit(name: str) -> None:
        order[name] = low[name] = len(order)
        stack.append(name)
        for other in sorted(graph.get(name, ())):
            if other not in order:
                visit(other)
            if other in stack:
                low[name] = min(low[name], low[other])
        if low[name] == order[name]:
            group = set(stack[stack.index(name) :])
            del stack[stack.index(name) :]
            if len(group) > 1:
                result.append(group)

    for name in sorted(graph):
        if name not in order:
            visit(name)
    return result
