# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the code does not use private names of libraries."""

import ast
import importlib
import inspect
import pkgutil
import re
from functools import cache
from types import FunctionType

import patchpilot.tui
from patchpilot.extras import EXTRA_OF
from tests.kit.source import trees

DOCUMENTED = {"_exit", "_replace"}
"""Names documented by the standard library: os._exit, and _replace of named tuples."""
LIBRARIES = ("codespell_lib", "platformdirs", "re2", *EXTRA_OF)
USES = tuple(f"{word} {name}" for word in ("from", "import") for name in LIBRARIES)
SQL_COMMANDS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "REPLACE")


@cache
def _parse_modules() -> tuple[ast.Module, ...]:
    return tuple(tree for _, tree in trees(*USES))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _list_textual_bases(widget_class: type) -> list[type]:
    return [base for base in widget_class.__mro__ if base.__module__.startswith("textual.")]


def _find_private_imports() -> set[tuple[str, str]]:
    result = set()
    for tree in _parse_modules():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module.partition(".")[0] in ("patchpilot", "__future__"):
                continue
            is_private_module = any(map(_is_private, node.module.split(".")))
            result |= {
                (node.module, alias.name)
                for alias in node.names
                if is_private_module or _is_private(alias.name)
            }
    return result


def _find_private_attributes() -> set[str]:
    used_names, own_names = set(), set()
    for node in (node for tree in _parse_modules() for node in ast.walk(tree)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                own_names.add(node.name)
            case ast.Attribute(ctx=ast.Store()):
                own_names.add(node.attr)
            case ast.Attribute() if _is_private(node.attr):
                used_names.add(node.attr)
            case ast.Name(ctx=ast.Store()):
                own_names.add(node.id)
    return used_names - own_names


def _find_overridden_attributes() -> set[str]:
    result = set()
    for module in pkgutil.walk_packages(patchpilot.tui.__path__, "patchpilot.tui."):
        for module_member in vars(importlib.import_module(module.name)).values():
            if not inspect.isclass(module_member) or not module_member.__module__.startswith(
                "patchpilot"
            ):
                continue
            textual_bases = _list_textual_bases(module_member)
            result |= {
                name
                for name, value in vars(module_member).items()
                if _is_private(name)
                and isinstance(value, FunctionType)
                and value.__module__.startswith("patchpilot")
                and any(name in vars(base) for base in textual_bases)
            }
    return result


def test_private_library_names_are_not_used() -> None:
    assert _find_private_imports() == set()
    assert _find_private_attributes() == DOCUMENTED
    assert _find_overridden_attributes() == set()


def test_sql_has_no_numbered_placeholders() -> None:
    """Python 3.12 takes `?1` for a name, and warns if its values are a sequence."""
    numbered = re.compile(rf"(?s)^\s*(?:{'|'.join(SQL_COMMANDS)})\b.*\?\d")
    assert numbered.search("SELECT ?1")
    statements = [
        (file.name, node.value)
        for file, tree in trees(*SQL_COMMANDS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(statements) > 1000
    assert not [(name, text) for name, text in statements if numbered.search(text)]
