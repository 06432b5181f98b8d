# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the generated reference pages contain every setting, variable and error."""

import re
import runpy
from pathlib import Path

from patchpilot.cli.help_topics import TOPICS
from patchpilot.config import KEYS
from tests.cli.test_main_misuses import CASES
from tests.kit.source import trees

OF_THE_SYSTEM = {"HOME", "PATH", "SHELL", "TERM"}
INTERNAL = {
    *("GIT_INDEX_FILE", "GIT_NOTES_REWRITE_REF", "GIT_PYTHON_REFRESH"),
    *("PATCHPILOT_DEMO", "PATCHPILOT_SENDING", "_PATCHPILOT_WORDS"),
}
"""Variables that git or patchpilot sets for the programs that it starts."""
PAGES = runpy.run_path(str(Path(__file__).parents[2] / ".ci" / "reference_pages.py"))


def test_settings_page_is_complete() -> None:
    page = PAGES["settings_page"]()
    rows = re.findall(r"^\| `([\w-]+)` \| (?:`|\(empty)", page, re.M)
    assert rows == [key.name for key in KEYS]
    named = set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", TOPICS["environment"]))
    assert named
    table = page.partition("## Environment variables")[2]
    assert named - set(re.findall(r"\w+", table)) == set()


def test_every_error_row_has_three_cells() -> None:
    rows = re.findall(r"^\| `.*", PAGES["troubleshooting_page"](), re.M)
    assert len(rows) == len(CASES)
    for row in rows:
        assert len(re.findall(r"(?<!\\)\|", row)) == 4, row


def test_every_environment_variable_is_documented() -> None:
    read = re.compile(r"environ(?:\.get\(\s*|\[)\"(?P<name>\w+)\"")
    names = {name for path, _ in trees("environ") for name in read.findall(path.read_text())}
    assert {"CI", "NO_COLOR"} <= names
    documented = set(re.findall(r"\b[A-Z][A-Z_]+\b", TOPICS["environment"]))
    assert names - documented - OF_THE_SYSTEM - INTERNAL == set()
