# SPDX-License-Identifier: GPL-2.0-or-later
"""Test eighty invalid command lines.

Each prints only the error and the hint in misuses.toml, and exits with the code in that file.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from patchpilot.cli.command import COMMANDS
from patchpilot.cli.main import Commands
from patchpilot.config import KEYS, USER_KEYS
from tests.kit.cli import call
from tests.kit.repos import Repo

CASES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("misuses.toml").read_text(encoding="utf-8")
)["misuse"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Create a repository with three commits and a topic, and files that are not patches."""
    folder = tmp_path_factory.mktemp("misuse")
    repo = Repo(folder / "linux")
    repo.commit(
        "start\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {
            "MAINTAINERS": "FROB\nM:\tMax <max@example.org>\nF:\tdrivers/\n",
            "drivers/a.c": "int a;\n",
        },
    )
    repo.commit(
        "drivers: a: use b\n\nText.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"drivers/a.c": "int b;\n"},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("checkout -q -b topic")
    repo.commit(
        "drivers: a: use c\n\nText.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        {"drivers/a.c": "int c;\n"},
    )
    (folder / "empty.patch").write_text("")
    (folder / "notes.txt").write_text("This is no patch.\nIt has two lines.\n")
    (folder / "folder").mkdir()
    (folder / "broken.toml").write_text("[[rule]\n")
    (folder / "broken.json").write_text("{")
    return folder


def run_in_site(
    site: Path, argv: list[str], *, subfolder: str = "linux"
) -> tuple[int, list[str], str]:
    old_folder = Path.cwd()
    os.chdir(site / subfolder)
    try:
        result = call(*argv)
    finally:
        os.chdir(old_folder)
    lines = result.err.replace(str(site), "PLACE").rstrip("\n").split("\n")
    return result.code, lines, result.out


def _list_option_spellings(name: str) -> set[str]:
    command = Commands().get(name)
    commands = (command, *command.commands.values()) if command else ()
    options = [option for current_command in commands for option in current_command.options]
    return {spelling for option in options for spelling in (*option.spellings, *option.off)}


def test_at_least_eighty_misuses_are_listed() -> None:
    assert len(CASES) >= 80
    assert len({tuple(case["argv"]) for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: " ".join(case["argv"]))
def test_misuse_has_a_hint(site: Path, case: dict[str, Any]) -> None:
    exit_code, lines, out = run_in_site(site, case["argv"], subfolder=case.get("at", "linux"))
    assert (exit_code, lines) == (case["code"], [case["error"], case["hint"]])
    assert not out
    assert case["error"].startswith("patchpilot: error: ")
    # the hint may use only options of this command or of a command that it names
    ours = re.sub(r"`(?!patchpilot)[^`]*`", "", case["hint"])
    names = (*case["argv"][:1], *re.findall(r"patchpilot ([a-z0-9]+)", ours))
    known = {"--help"}.union(*map(_list_option_spellings, names))
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", ours)) <= known
    assert case["hint"].startswith("hint: ")


def test_source_file_hint_names_the_right_command() -> None:
    takes = [
        name
        for name in COMMANDS
        if "-f files" in (text := call(name, "--help").out) or "--file" in text
    ]
    hint = next(case["hint"] for case in CASES if "a source file" in case["hint"])
    assert takes == ["check", "maintainers"]
    assert re.findall(r"`patchpilot ([\w-]+) -f ", hint) == takes[:1]


def test_settings_list_is_complete() -> None:
    hint = next(case["hint"] for case in CASES if "valid settings" in case["hint"])
    named = hint.partition("valid settings: ")[2].split(", ")
    assert named == sorted(key.name for key in (*KEYS, *USER_KEYS))
