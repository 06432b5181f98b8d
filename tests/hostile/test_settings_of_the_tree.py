# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no file added by a branch weakens the check of that branch: file × format × target.

Plain git, which hides what an attribute hides, is the control.
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
    made = Repo(tmp_path / "r")
    made.commit("ring: start\n", {"a.c": "int a;\n"})
    made.git("tag base")
    made.git("config patchpilot.base base")
    return made


def planted(repo: Repo, file: str, text: str) -> None:
    """Commit a file that would hide findings, and then code with findings."""
    repo.commit(MESSAGE, {file: text})
    repo.commit(MESSAGE, {"a.c": "int a;\nint b;   \n"})


@pytest.mark.parametrize(("file", "text"), CASES)
def test_gate_of_a_branch_uses_the_settings_of_its_base(
    repo: Repo, file: str, text: str
) -> None:
    planted(repo, file, text)
    for form, target in itertools.product(FORMATS, ("HEAD", "base..HEAD", "")):
        words = ("--fail-on", "error", "--format", form, *target.split())
        done = repo.patchpilot("check", *words)
        assert done.code == 1, words
        assert "trailing" in (done.out + done.err).lower(), words


@pytest.mark.parametrize(("file", "text"), CASES)
def test_changing_fixture_values_is_a_finding(repo: Repo, file: str, text: str) -> None:
    planted(repo, file, text)
    done = repo.patchpilot("check --select changed-check-settings base..")
    assert (done.code, done.out.count("[changed-check-settings]")) == (1, 1)


@pytest.mark.parametrize("text", SOFTENERS[".gitattributes"])
def test_plain_git_does_not_show_what_an_attribute_hides(repo: Repo, text: str) -> None:
    planted(repo, ".gitattributes", text)
    repo.git("config core.bigFileThreshold 1")
    assert "int b;" not in repo.git("show HEAD")
    done = repo.patchpilot("check --fail-on error HEAD")
    assert done.code == 1
    assert "int b;" in done.out
