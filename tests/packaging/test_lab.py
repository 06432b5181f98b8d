# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that tests/lab contains only programs and the modules that they use.

Also test that its README lists the tests that use each program.
"""

import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS / "lab" / "README.md"
_IMPORT = re.compile(r"\bfrom tests\.lab import (\w+)|\btests\.lab\.(\w+)")
_PROGRAM = 'if __name__ == "__main__":'


@cache
def _read_files(pattern: str) -> dict[Path, str]:
    return {file: file.read_text("utf-8") for file in TESTS.glob(pattern)}


def _find_named_modules(document_text: str) -> set[str]:
    return {name for names in _IMPORT.findall(document_text) for name in names if name}


def _list_lab_programs() -> set[str]:
    return {
        file.stem
        for file, program_text in _read_files("lab/*.py").items()
        if _PROGRAM in program_text
    }


def test_every_module_is_used() -> None:
    imported = {
        name for text in _read_files("lab/*.py").values() for name in _find_named_modules(text)
    }
    assert {file.stem for file in _read_files("lab/*.py") if not file.stem.startswith("test_")} - {
        "__init__"
    } <= (_list_lab_programs() | imported)


def test_kit_contains_no_program() -> None:
    for file, text in _read_files("kit/*.py").items():
        assert _PROGRAM not in text, file
        assert not re.search(r"^(?:from|import) tests\.lab", text, re.MULTILINE), file


def test_page_lists_every_program() -> None:
    tests: dict[str, set[str]] = {name: set() for name in _list_lab_programs()}
    for file, text in _read_files("**/test_*.py").items():
        for name in _find_named_modules(text) & tests.keys():
            parts = file.relative_to(TESTS).with_suffix("").parts
            tests[name].add(".".join(parts))
    rows = re.findall(r"^\| `(\w+)`(.*)", PAGE.read_text("utf-8"), re.MULTILINE)
    assert tests == {name: set(re.findall(r"`([\w.]*test_\w+)`", cells)) for name, cells in rows}
