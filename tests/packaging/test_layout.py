# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that each test file is in the folder of the package that it tests, named after a module.

`tests/topic/test_base.py` and `tests/topic/test_base_clones.py` test `patchpilot/topic/base.py`.
"""

import re
from pathlib import Path

import pytest

from tests.kit.source import ROOT, SOURCE

TESTS = ROOT / "tests"

OTHER_FOLDERS = {
    "bench": "benchmarks, with tests of these programs",
    "hostile": "one kind of hostile input, passed to every command",
    "journey": "a fact or workflow of several commands",
    "kit": "helpers",
    "lab": "tools that measure, with tests of these programs",
    "language": "texts of all packages",
    "packaging": "the wheel, the site, CI and this folder",
    "packs": "the data in checks/",
    "upgrades": "what version 0.1 wrote",
}
"""Folders that test no package of patchpilot, and what they contain or test."""

PROGRAMS = {"bench", "lab"}
"""Folders in which a test has the name of a program in the same folder."""


def list_modules(folder: Path) -> set[str]:
    """Return the modules of a package, and for the command line also its commands."""
    folders = [folder, folder / "commands"] if folder == SOURCE / "cli" else [folder]
    return {
        file.stem.removeprefix("_")
        for path in folders
        for file in path.glob("*.py")
        if file.stem != "__init__"
    }


def find_tested_module(file: str) -> str | None:
    """Return the module that a test file is named after, or None if its package has no such module.

    The longest name counts: `test_range_diff_x` tests `range_diff`.
    """
    path = Path(file)
    is_program = path.parts[0] in PROGRAMS
    name = path.stem.removeprefix("test_")
    return max(
        (
            module
            for module in list_modules((TESTS if is_program else SOURCE) / path.parent)
            if name == module or name.startswith(f"{module}_")
        ),
        key=len,
        default=None,
    )


def list_test_files() -> list[str]:
    return [file.relative_to(TESTS).as_posix() for file in sorted(TESTS.rglob("test_*.py"))]


def test_every_file_is_named_after_a_module_of_its_package() -> None:
    assert [
        file
        for file in list_test_files()
        if file.partition("/")[0] not in OTHER_FOLDERS.keys() - PROGRAMS
        and find_tested_module(file) is None
    ] == []


def test_other_folders_exist_and_are_no_packages() -> None:
    for name in OTHER_FOLDERS:
        assert (TESTS / name).is_dir(), name
        assert not (SOURCE / name).is_dir(), name


def test_readme_names_existing_files_and_every_other_folder() -> None:
    text = (TESTS / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`(?:tests/)?([a-z_\d/]+\.py)`", text)
    assert len(named) > 30
    assert [
        name for name in named if not (TESTS / name).exists() and not (ROOT / name).exists()
    ] == []
    assert set(re.findall(r"^\| \[?`(\w+)`", text, re.MULTILINE)) == set(OTHER_FOLDERS)


@pytest.mark.parametrize(
    ("file", "module"),
    [
        ("commits/test_run.py", "run"),
        ("commits/test_range_diff_mails.py", "range_diff"),
        ("commits/test_ranges.py", None),
        ("cli/test_prepare.py", "prepare"),
        ("cli/commands/test_parser.py", None),
        ("services/test_run.py", None),
        ("test_write_file.py", "write_file"),
        ("lab/test_fuzz_commands.py", "fuzz_commands"),
    ],
)
def test_module_of_a_file_is_found(file: str, module: str | None) -> None:
    assert find_tested_module(file) == module
