# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that folders and modules of patchpilot that code names in a string exist.

A cache key or an import that names a folder that was moved would otherwise go unnoticed.
"""

import ast
import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import patchpilot
from patchpilot.lint import rule_store
from tests.kit.source import trees

PACKAGE = Path(patchpilot.__file__).parent


def _nodes(word: str) -> Iterator[tuple[Path, ast.AST]]:
    """Yield the nodes of the modules that contain the word."""
    for file, tree in trees(word, root=PACKAGE):
        for node in ast.walk(tree):
            yield file, node


def _named_sources() -> list[tuple[str, str]]:
    return [
        (file.relative_to(PACKAGE).as_posix(), argument.value)
        for file, node in _nodes("package_sources")
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "package_sources"
        for argument in node.args
        if isinstance(argument, ast.Constant)
    ]


def _imported_names() -> list[tuple[str, str]]:
    """Return the names that code imports by a string, each up to its first variable part."""
    return [
        (file.relative_to(PACKAGE).as_posix(), name)
        for file, node in _nodes("import_module")
        if isinstance(node, ast.Call) and "import_module" in ast.unparse(node.func)
        for argument in node.args
        if (name := _constant_part(argument))
    ]


def _constant_part(argument: ast.expr) -> str:
    if isinstance(argument, ast.JoinedStr):
        first = argument.values[0]
        text = first.value if isinstance(first, ast.Constant) else ""
        return str(text).rpartition(".")[0]
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def test_sources_of_cached_values_exist() -> None:
    sources = _named_sources()

    assert len(sources) >= 4
    assert [(module, name) for module, name in sources if not (PACKAGE / name).exists()] == []


def test_the_key_of_the_rules_names_what_reads_a_pack(tmp_path: Path) -> None:
    program = (
        "import sys; from patchpilot.lint.rule_store import load_rules; load_rules();"
        "print(*(m for m in sys.modules if m.startswith('patchpilot.')))"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    names = subprocess.check_output(
        [sys.executable, "-c", program], env=environment, text=True
    ).split()
    imported = {PACKAGE.parent / name.replace(".", "/") for name in names if name.count(".") > 1}

    assert len(imported) > 40
    named = (*map(Path, rule_store._KIND.code), PACKAGE / "cache")
    assert [file for file in imported if not any(file.is_relative_to(each) for each in named)] == []


def test_modules_imported_by_a_string_exist() -> None:
    names = _imported_names()

    assert len(names) >= 2
    assert [(module, name) for module, name in names if not _is_module(name)] == []


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


@pytest.mark.parametrize("name", ["patchpilot.topic.followed", "patchpilot.services"])
def test_a_folder_that_is_gone_is_noticed(name: str) -> None:
    assert not _is_module(name)
