# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no file in a branch makes the check of that branch less strict.

Files, formats and targets are combined. Plain git is run as a control and obeys the attributes.
"""

import itertools
from pathlib import Path

import pytest

from patchpilot.cli.check.check_options import FORMATS
from tests.kit.repos import Repo

MESSAGE = "ring: more\n\nMore of it.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
SOFTENERS = {
    ".patchpilot.toml": (
        'fail-on = "never"\n',
        'ignore = ["trailing-space"]\n',
        'select = ["long-line"]\n',
        '[[waiver]]\nrule = "trailing-space"\nreason = "r"\n',
    ),
    ".checkpatch.conf": ("--ignore TRAILING_WHITESPACE\n", "--types LONG_LINE\n"),
    ".gitattributes": ("*.c -diff\n", "*.c binary\n", "* -text -diff -merge\n"),
}
CASES = [(file, text) for file, texts in SOFTENERS.items() for text in texts]


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    repository = Repo(tmp_path / "r")
    repository.commit("ring: start\n", {"a.c": "int a;\n"})
    repository.git("tag base")
    repository.git("config patchpilot.base base")
    return repository


def commit_hostile_settings(repo: Repo, file: str, configuration: str) -> None:
    """Commit a file that could hide findings, and then commit code with findings."""
    repo.commit(MESSAGE, {file: configuration})
    repo.commit(MESSAGE, {"a.c": "int a;\nint b;   \n"})


@pytest.mark.parametrize(("file", "text"), CASES)
def test_branch_settings_come_from_its_base(repo: Repo, file: str, text: str) -> None:
    commit_hostile_settings(repo, file, text)
    for form, target in itertools.product(FORMATS, ("HEAD", "base..HEAD", "")):
        arguments = ("--fail-on", "error", "--format", form, *target.split())
        result = repo.patchpilot("check", *arguments)
        assert result.code == 1, arguments
        assert "trailing" in (result.out + result.err).lower(), arguments


@pytest.mark.parametrize(("file", "text"), CASES)
def test_change_to_check_settings_is_reported(repo: Repo, file: str, text: str) -> None:
    commit_hostile_settings(repo, file, text)
    result = repo.patchpilot("check --select changed-check-settings base..")
    assert (result.code, result.out.count("[changed-check-settings]")) == (1, 1)


@pytest.mark.parametrize("text", SOFTENERS[".gitattributes"])
def test_attributes_do_not_hide_changes(repo: Repo, text: str) -> None:
    commit_hostile_settings(repo, ".gitattributes", text)
    repo.git("config core.bigFileThreshold 1")
    assert "int b;" not in repo.git("show HEAD")
    result = repo.patchpilot("check --fail-on error HEAD")
    assert result.code == 1
    assert "int b;" in result.out
