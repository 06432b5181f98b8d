# SPDX-License-Identifier: GPL-2.0-or-later
"""Private names of libraries that the code uses: each is listed with where the library has it, so
that a version without it fails here first.
"""

import ast
import importlib
import inspect
import pkgutil
from functools import cache
from types import FunctionType

import pytest

import patchpilot.tui
from patchpilot.extras import EXTRA_OF
from tests.kit.source import trees

MODULES = {
    "textual._compositor": ("ChopsUpdate", "CompositorUpdate", "LayoutUpdate"),
    "textual._widget_navigation": ("Direction",),
}
"""Private modules, and what is imported from each."""
ATTRIBUTES = {
    "_batch_count": "textual.app.App",
    "_close_messages_no_wait": "textual.message_pump.MessagePump",
    "_closed": "textual.message_pump.MessagePump",
    "_driver": "textual.app.App",
    "_exception": "textual.app.App",
    "_filters": "textual.app.App",
    "_heights": "textual.widgets._option_list.OptionList",
    "_index_to_line": "textual.widgets._option_list.OptionList",
    "_previous_cursor_position": "textual.app.App",
    "_running": "textual.message_pump.MessagePump",
}
"""Private attributes that are read or called."""
DOCUMENTED = {"_exit", "_fields"}
"""Names of the standard library that its documentation has: os._exit, a named tuple's fields."""
OVERRIDDEN = {
    "_action_command_list": "textual.command.CommandPalette",
    "_display": "textual.app.App",
    "_dispatch_message": "textual.message_pump.MessagePump",
    "_fatal_error": "textual.app.App",
    "_handle_exception": "textual.app.App",
    "_move_page": "textual.widgets._option_list.OptionList",
    "_watch_theme": "textual.app.App",
}
"""Private methods that a class of ours replaces."""


LIBRARIES = ("click", "codespell_lib", "platformdirs", "re2", "unidiff", *EXTRA_OF)
USES = tuple(f"{word} {name}" for word in ("from", "import") for name in LIBRARIES)


@cache
def _trees() -> tuple[ast.Module, ...]:
    """The modules that import a library."""
    return tuple(tree for _, tree in trees(*USES))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _textual(kind: type) -> list[type]:
    return [one for one in kind.__mro__ if one.__module__.startswith("textual.")]


def _imports() -> set[tuple[str, str]]:
    found = set()
    for tree in _trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not node.module:
                continue
            if node.module.partition(".")[0] in ("patchpilot", "__future__"):
                continue
            whole = any(map(_is_private, node.module.split(".")))
            found |= {
                (node.module, one.name)
                for one in node.names
                if whole or _is_private(one.name)
            }
    return found


def _attributes() -> set[str]:
    """The private attributes that are used and that no class or function of ours defines."""
    used, ours = set(), set()
    for node in (node for tree in _trees() for node in ast.walk(tree)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                ours.add(node.name)
            case ast.Attribute(ctx=ast.Store()):
                ours.add(node.attr)
            case ast.Attribute() if _is_private(node.attr):
                used.add(node.attr)
            case ast.Name(ctx=ast.Store()):
                ours.add(node.id)
    return used - ours


def _overridden() -> set[str]:
    found = set()
    for module in pkgutil.walk_packages(patchpilot.tui.__path__, "patchpilot.tui."):
        for kind in vars(importlib.import_module(module.name)).values():
            if not inspect.isclass(kind) or not kind.__module__.startswith(
                "patchpilot"
            ):
                continue
            above = _textual(kind)
            found |= {
                name
                for name, value in vars(kind).items()
                if _is_private(name)
                and isinstance(value, FunctionType)
                and value.__module__.startswith("patchpilot")
                and any(name in vars(base) for base in above)
            }
    return found


def test_each_private_name_of_a_library_is_listed() -> None:
    listed = {(name, one) for name, names in MODULES.items() for one in names}
    assert _imports() == listed
    assert _attributes() == ATTRIBUTES.keys() | DOCUMENTED
    assert _overridden() == OVERRIDDEN.keys()


@pytest.mark.parametrize(
    ("name", "owner"), [*ATTRIBUTES.items(), *OVERRIDDEN.items()], ids=str
)
def test_the_library_has_it(name: str, owner: str) -> None:
    module, _, kind = owner.rpartition(".")
    known = getattr(importlib.import_module(module), kind)
    modules = {importlib.import_module(one.__module__) for one in _textual(known)}
    text = "".join(map(inspect.getsource, modules))
    assert hasattr(known, name) or f"self.{name}" in text


@pytest.mark.parametrize("module", MODULES)
def test_the_module_has_what_is_imported(module: str) -> None:
    assert all(hasattr(importlib.import_module(module), one) for one in MODULES[module])
