# SPDX-License-Identifier: GPL-2.0-or-later
"""No module and no folder of patchpilot imports one that imports it, at whatever distance.

Imports inside functions and for types count too.
"""

import ast
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

import patchpilot

ROOT = Path(patchpilot.__file__).parent


def test_no_module_imports_itself_through_others() -> None:
    found = circles(imports())
    assert not found, "\n".join(
        "imports in a circle: " + ", ".join(sorted(circle)) for circle in found
    )


def test_no_folder_imports_itself_through_others() -> None:
    found = circles(folders(imports(is_left_out=_registers)))
    assert not found, "\n".join(
        "folders in a circle: " + ", ".join(sorted(circle)) for circle in found
    )


def test_circles_of_folders_are_found_where_no_module_is_in_one() -> None:
    graph = {
        "p.one.a": {"p.two.b"},
        "p.two.c": {"p.one.d"},
        "p.two.b": {"p.errors"},
        "p.errors": set[str](),
    }
    assert not circles(graph)
    assert circles(folders(graph, packages={"p", "p.one", "p.two"})) == [
        {"p.one", "p.two"}
    ]


def test_circles_are_found() -> None:
    graph = {
        "a": {"b"},
        "b": {"c"},
        "c": {"a", "d"},
        "d": {"e"},
        "e": {"d"},
        "f": {"a"},
    }
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["d", "e"]]


def test_imports_inside_functions_and_for_types_are_read() -> None:
    text = (
        "import one.a\n"
        "if TYPE_CHECKING:\n"
        "    from one import b\n"
        "def f():\n"
        "    from one.c import x\n"
    )
    assert set(_named(ast.parse(text), {"one.a", "one.b", "one.c", "one.d"})) == {
        "one.a",
        "one.b",
        "one.c",
    }


def imports(
    is_left_out: Callable[[str, ast.AST], bool] = lambda name, node: False,
) -> dict[str, set[str]]:
    """Which modules of patchpilot each of them imports, without the functions that are left out, by
    their module.
    """
    files = {_module(file): file for file in ROOT.rglob("*.py")}
    found = {}
    for name, file in files.items():
        named = set(
            _named(ast.parse(file.read_bytes()), files, partial(is_left_out, name))
        )
        # Python imports the packages around a module before it, named or not
        found[name] = {
            other
            for other in named
            if other != name and not name.startswith(f"{other}.")
        }
    return found


def _registers(name: str, node: ast.AST) -> bool:
    """Whether this is a function of lint: its packs load the detectors and fixers, which register
    themselves.
    """
    return name.startswith("patchpilot.lint.") and isinstance(node, ast.FunctionDef)


def folders(
    graph: Mapping[str, set[str]], packages: Collection[str] | None = None
) -> dict[str, set[str]]:
    """Which folders each folder imports; a module right below patchpilot is one of its own."""
    known = (
        {_module(file) for file in ROOT.rglob("__init__.py")}
        if packages is None
        else packages
    )

    def folder(module: str) -> str:
        above = module.rpartition(".")[0]
        return module if module in known or "." not in above else above

    found: dict[str, set[str]] = {}
    for name, others in graph.items():
        found.setdefault(folder(name), set()).update(
            {folder(other) for other in others} - {folder(name)}
        )
    return found


def _module(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _named(
    tree: ast.AST,
    known: Iterable[str],
    is_left_out: Callable[[ast.AST], bool] = lambda node: False,
) -> Iterator[str]:
    modules = set(known)
    for node in _walk(tree, is_left_out):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "relative imports are not in use here"
            for alias in node.names:
                names = (f"{node.module}.{alias.name}", str(node.module))
                yield from [name for name in names if name in modules][:1]


def _walk(tree: ast.AST, is_left_out: Callable[[ast.AST], bool]) -> Iterator[ast.AST]:
    yield tree
    for child in ast.iter_child_nodes(tree):
        if not is_left_out(child):
            yield from _walk(child, is_left_out)


def circles(graph: Mapping[str, set[str]]) -> list[set[str]]:
    """The groups of modules of which each reaches every other (Tarjan's strongly connected
    components of more than one).
    """
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
