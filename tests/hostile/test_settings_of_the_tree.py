# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no file in a branch makes the check of that branch less strict.

Files, formats and targets are combined. Plain git is run as a control and obeys the attributes.
"""

import itertools
from pathlib import Path

import pytest

from patchpilot.cli.check.check_options import FORMATS
from tests.kit import cli
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


CALLS = list(itertools.product(FORMATS, ("HEAD", "base..HEAD", "")))


@pytest.mark.parametrize(
    ("file", "text", "calls"),
    [
        pytest.param(*case, calls, marks=marks, id=f"{case[0]}-{number}-{len(calls)}")
        for number, case in enumerate(CASES)
        # in `make test`, each form and target with one of the files
        for calls, marks in ((CALLS[number :: len(CASES)], ()), (CALLS, pytest.mark.long))
    ],
)
def test_branch_settings_come_from_its_base(
    repo: Repo, file: str, text: str, calls: list[tuple[str, str]]
) -> None:
    commit_hostile_settings(repo, file, text)
    for form, target in calls:
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


PACK = """
[[rule]]
id = "OUR001"
name = "our-marker"
severity = "error"
scope = "diff"
summary = "a marker"
why = "We do not send it."
reference = "ours"
bad = [{ code = "int OURS;" }]
good = [{ code = "int a;" }]
[rule.match]
detector = "like"
where = "added"
pattern = 'OURS'
"""
CHANGE = "[changed-check-settings]"
COUNTS, DOES_NOT_COUNT = "it counts in this check", "it does not count for this patch"


@pytest.fixture
def pack_repo(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Return a repository whose branch changes a pack that the settings of the base name."""
    monkeypatch.setenv("CI", "true")
    files = {".patchpilot.toml": 'packs = ["tools/ours.toml"]\n', "tools/ours.toml": PACK}
    repo.commit(MESSAGE, files)
    repo.git("tag -f base")
    repo.commit(MESSAGE, {"tools/ours.toml": PACK.replace('"error"', '"note"')})
    return repo


def test_change_to_a_pack_is_reported(pack_repo: Repo) -> None:
    check = "check --select changed-check-settings base.."
    output = pack_repo.patchpilot(check).out
    assert (output.count(CHANGE), DOES_NOT_COUNT in output) == (1, True)
    output = pack_repo.patchpilot(f"{check} --config-from HEAD").out
    assert (output.count(CHANGE), COUNTS in output) == (1, True)
    pack_repo.commit(MESSAGE, {"tools/theirs.toml": PACK})
    assert CHANGE not in pack_repo.patchpilot(check.replace("base..", "HEAD")).out


def test_finding_names_the_settings_in_use(
    pack_repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pack_repo.patchpilot("trust").code == 0
    monkeypatch.delenv("CI")
    monkeypatch.setattr(cli._Text, "isatty", lambda _: True)
    monkeypatch.setenv("TERM", "dumb")
    check = "check --select changed-check-settings"
    output = " ".join(pack_repo.patchpilot(f"{check} base..").out.split())
    assert (COUNTS in output, DOES_NOT_COUNT in output) == (True, False)
    # the working tree has the settings of another branch
    pack_repo.git("branch topic")
    pack_repo.git("checkout -q base")
    assert pack_repo.patchpilot("trust").code == 0
    output = " ".join(pack_repo.patchpilot(f"{check} base..topic").out.split())
    assert (COUNTS in output, DOES_NOT_COUNT in output) == (False, True)
    pack_repo.git("checkout -q topic")
    pack_repo.commit(MESSAGE, {".checkpatch.conf": "--ignore LONG_LINE\n"})
    output = " ".join(pack_repo.patchpilot(f"{check} HEAD").out.split())
    assert (COUNTS in output, DOES_NOT_COUNT in output) == (False, True)
