# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/kit is what tests need, and tests/lab is tools: its page lists each of them."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = TESTS / "lab" / "README.md"
_IMPORT = re.compile(
    r"\bfrom (tests[.\w]*) import (\([^)]*\)|.*)|\bimport (tests[.\w]*)"
)
_RUN = re.compile(r"\"-m\", \"(tests[.\w]*)\"")
_TOOL = 'if __name__ == "__main__":'


@cache
def _modules() -> dict[str, Path]:
    """Every module of the tests → its file; a package by its own name."""
    found = {}
    for file in TESTS.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


@cache
def _imports(module: str) -> frozenset[str]:
    """The modules of the tests that a module imports or runs."""
    text = _modules()[module].read_text(encoding="utf-8")
    found = {name for run in _RUN.findall(text) for name in (run, f"{run}.__main__")}
    for package, names, imported in _IMPORT.findall(text):
        found |= {package, imported}
        found |= {f"{package}.{name}" for name in re.findall(r"\w+", names)}
    return frozenset(found & _modules().keys())


def _reached(modules: Iterable[str], room: str) -> set[str]:
    """The modules of a room that these modules import, and what those import in turn."""
    found: set[str] = set()
    left = list(modules)
    while left:
        further = {
            name for name in _imports(left.pop()) if name.startswith(f"{room}.")
        } - found
        found |= further
        left += further
    return found


def _room(name: str) -> set[str]:
    return {module for module in _modules() if module.startswith(f"{name}.")}


def _tools() -> set[str]:
    """The modules of the laboratory that are programs.

    A package with a __main__ by its own name.
    """
    programs = {
        module
        for module in _room("tests.lab")
        if _TOOL in _modules()[module].read_text(encoding="utf-8")
    }
    return {module.removesuffix(".__main__") for module in programs}


def _rows() -> dict[str, set[str]]:
    """Each tool on the page → the tests that its row names."""
    rows = re.findall(
        r"^\| `(\w+)`(.*)", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {
        f"tests.lab.{tool}": set(re.findall(r"`([\w.]*test_\w+)`", rest))
        for tool, rest in rows
    }


def _tests_of(tool: str) -> set[str]:
    """The tests that import or run a tool, by their names below `tests`."""
    parts = {tool, *_room(tool)}
    return {
        module.removeprefix("tests.") for module in _suite() if _imports(module) & parts
    }


def _suite() -> set[str]:
    """Every module that is neither of the kit nor of the laboratory."""
    return (
        _modules().keys()
        - _room("tests.kit")
        - _room("tests.lab")
        - {"tests.kit", "tests.lab"}
    )


def test_the_kit_has_what_tests_need_and_no_tool() -> None:
    kit = _room("tests.kit")
    assert _reached(_suite(), "tests.kit") == kit
    assert not [module for module in kit if _imports(module) & _room("tests.lab")]
    assert not [
        module
        for module in kit
        if _TOOL in _modules()[module].read_text(encoding="utf-8")
    ]


def test_the_laboratory_is_its_tools_and_their_parts() -> None:
    programs = {
        name for tool in _tools() for name in (tool, f"{tool}.__main__")
    } & _modules().keys()
    assert _room("tests.lab") - {"tests.lab"} == programs | _reached(
        programs, "tests.lab"
    )


def test_the_page_lists_every_tool_and_the_tests_that_try_it() -> None:
    assert _rows() == {tool: _tests_of(tool) for tool in _tools()}
