# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the help overview fits on a terminal, that options are grouped, and that man pages,
documentation and completion have the same options.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.cli.command import (
    COMMANDS,
    format_overview,
    list_base_options,
    list_common_options,
)
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import list_documented_commands, write_man_pages
from patchpilot.config import KEYS
from tests.kit.cli import call

MAX_COMMANDS, MAX_SETTINGS, MAX_OPTIONS = 34, 22, 347
"""Maximum number of commands, settings and options in all help pages; lower them if possible."""
MAN = Path(__file__).parents[2] / "man"


def test_overview_fits_a_terminal() -> None:
    lines = call("--help").out.rstrip("\n").split("\n")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert call("-h").out == call("--help").out == format_overview() + "\n"
    assert all(name in format_overview() for name in COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_short_and_long_help_agree(command: str) -> None:
    output = call(command, "--help").out
    assert output.startswith(f"Usage: patchpilot {command}")
    assert call(command, "-h").out == call("help", command).out == output


def test_command_line_stays_small() -> None:
    commands = list_documented_commands()
    printed = [
        spelling
        for command in commands
        for spelling in re.findall(
            r"(?<![\w-])--[a-z][\w-]*", call(*command.name.split(), "-h").out
        )
    ]
    assert len(commands) <= MAX_COMMANDS
    assert len(KEYS) <= MAX_SETTINGS
    assert len(printed) <= MAX_OPTIONS


def test_shared_options_are_printed_once() -> None:
    shared = call("help options").out
    for option in (*list_common_options(("text", "json")), *list_base_options()):
        assert option.spellings[-1] in shared
    assert "--offline" not in call("check --help").out


@pytest.mark.parametrize("command", ["send", "draft"])
def test_option_with_the_letter_of_a_shared_one_is_printed(command: str) -> None:
    assert re.search(r"^  -v, --reroll-count N  ", call(command, "--help").out, re.MULTILINE)


def test_unknown_topic_suggests_the_nearest() -> None:
    assert all(name in call("help").out for name in (*TOPICS, *COMMANDS))
    assert call("help exit-codes").out.startswith("Exit codes\n")
    assert "did you mean 'targets'" in call("help target").err


def test_man_pages_are_up_to_date(tmp_path: Path) -> None:
    write_man_pages(tmp_path)
    fresh = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert {file.name: file.read_text() for file in MAN.iterdir()} == fresh, (
        "run: rm man/*; .venv/bin/python -m patchpilot.cli.manual man"
    )


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_man_pages_pass_mandoc() -> None:
    pages = sorted(map(str, MAN.iterdir()))
    outcome = subprocess.run(
        ["mandoc", "-Tlint", *pages], capture_output=True, text=True, check=False
    )
    assert (outcome.returncode, outcome.stdout) == (0, "")


def test_man_pages_are_linked() -> None:
    texts = {file.stem: file.read_text() for file in MAN.iterdir()}
    for name, text in texts.items():
        named = re.findall(r"^\\fB(patchpilot\S*?)\\fR\(1\)", text, re.MULTILINE)
        assert {reference.replace("\\-", "-") for reference in named} <= texts.keys(), name
        assert text.isascii(), name
    listed = texts["patchpilot-track"].partition(".SH COMMANDS")[2]
    inner = [name for name in texts if name.startswith("patchpilot-track-")]
    assert len(inner) > 5
    for name in inner:
        word = name.removeprefix("patchpilot-track-").replace("-", "\\-")
        assert f"\\fB{word}\\fR" in listed, name


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_man_pages_are_valid() -> None:
    outcome = subprocess.run(
        [
            "groff",
            "-Kutf8",
            "-man",
            "-Tutf8",
            "-ww",
            "-z",
            *sorted(map(str, MAN.iterdir())),
        ],
        capture_output=True,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("patchpilot che", "check"),
        ("patchpilot check --fo", "--format"),
        ("patchpilot check --format sa", "sarif"),
    ],
)
def test_completion_includes_the_value(line: str, wanted: str) -> None:
    words = line.split()[1:]
    outcome = subprocess.run(
        [sys.executable, "-m", "patchpilot"],
        env={
            **os.environ,
            "_PATCHPILOT_COMPLETE": "1",
            "_PATCHPILOT_WORDS": "\x1f".join(words),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    completions = [line.partition("\t")[0] for line in outcome.stdout.split("\n")]
    assert wanted in completions, outcome.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    assert "patchpilot" in call("completion", shell).out
