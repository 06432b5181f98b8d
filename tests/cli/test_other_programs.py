# SPDX-License-Identifier: GPL-2.0-or-later
"""Test command names and options that users know from git, b4 and other programs."""

import json
import re
from pathlib import Path

import pytest

from patchpilot.cli import other_programs
from patchpilot.cli.main import root
from tests.kit.cli import call

SAME = (
    ("-V", "--version"),
    ("help track add", "track add --help"),
    ("help track", "track --help"),
    ("help check", "check --help"),
    ("config --list", "config"),
    ("config -l", "config"),
    ("config --list --json", "config --format json"),
    ("config via --json", "config via --format json"),
    ("explain --json", "explain --format json"),
    ("explain --json --format json", "explain --format json"),
    ("explain --json missing-fixes", "explain missing-fixes --format json"),
    ("help help", "help help"),
    ("help setup mail", "setup mail --help"),
    ("help find", "find --help"),
    ("--help", "-h"),
    ("track show --help", "help track show"),
    ("config lore", "config lore --format text"),
    ("explain -q", "explain --quiet"),
    ("trust --help", "help trust"),
    ("--no-pager explain", "explain"),
)
"""Pairs of calls with the same result."""


REFUSED = (
    ("config --list via", "--list"),
    ("config --json --format text", "--json"),
    ("help track ad", "did you mean 'add'"),
    ("help check add", "check"),
    ("help targets add", "targets"),
    ("check main.c", "a source file needs -f"),
    ("check --colour main.c", "did you mean '--color'"),
    ("check --jbos 2", "did you mean '--jobs'"),
    ("check --no-such", "patchpilot check --help"),
    ("completion tcsh", "valid values: bash, zsh, fish"),
    ("chekc", "did you mean 'check'"),
    ("doctr", "did you mean 'doctor'"),
    ("set-up", "did you mean 'setup'"),
    ("ui", "did you mean 'tui'"),
    ("config nosuch", "valid settings: base"),
    ("config vai", "did you mean 'via'"),
    ("config --get via", "--get"),
    ("explain no-such-thing-at-all", "patchpilot explain"),
    ("setup stable --fetch --offline", "cannot be combined"),
    ("check --format txet main.c", "did you mean 'text'"),
    ("check --profile linus main.c", "did you mean 'linux'"),
    ("setup mal", "did you mean 'mail'"),
    ("setup mail --provider gmal --address a@example.org", "did you mean 'gmail'"),
    ("setup mail --encryption starttls", "tls"),
    ("track sho", "did you mean 'show'"),
    ("find", "WHAT is missing"),
    ("check -2", "name the commits: HEAD~2..,"),
    ("fixes -1", "HEAD for the latest one"),
    ("config via b4", "run `git config patchpilot.NAME VALUE`"),
    ("backport HEAD 6.1", "--onto linux-6.1.y"),
)
"""Rejected calls, each with a part of the error."""


@pytest.mark.parametrize(("habit", "words"), SAME)
def test_habit_from_another_tool_works(
    habit: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done, expected = call(*habit.split()), call(*words.split())
    assert (done.code, done.err) == (expected.code, expected.err)
    assert done.out == expected.out != ""
    if "json" in words:
        json.loads(done.out)


@pytest.mark.parametrize(("words", "part"), REFUSED)
def test_unsupported_habit_is_rejected(
    words: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("main.c").write_text("int x;\n")
    outcome = call(*words.split())
    assert outcome.code == 2
    assert not outcome.out
    assert part in outcome.err


OTHERS = (
    *((word, hint) for word, hint in other_programs._COMMANDS.items()),
    *(
        (f"{group} {word}", hint)
        for group, words in other_programs._SUBCOMMANDS.items()
        for word, hint in words.items()
    ),
    *(
        (f"{command} {option}", hint.format(command=command, option=option))
        for command, options in other_programs._OPTIONS.items()
        for option, hint in options.items()
    ),
)
"""Commands and options of other programs with their hints."""


@pytest.mark.parametrize(("words", "hint"), OTHERS)
def test_option_from_another_tool_gets_a_hint(words: str, hint: str) -> None:
    outcome = call(*words.split())
    assert outcome.code == 2
    assert f"hint: {hint}" in outcome.err


@pytest.mark.parametrize(("words", "hint"), OTHERS)
def test_hint_lists_existing_commands(words: str, hint: str) -> None:
    own = [
        call.split()
        for quoted in re.findall(r"`([^`]+)`", hint)
        for call in re.findall(r"patchpilot ([^|;]+)", quoted)
    ]
    own += [[words.split()[0], option] for option in re.findall(r"(?<!`)use (--\S+)", hint)]
    for argv in own:
        command = root
        for word in argv:
            if command.commands and word.isalpha() and word.islower():
                command = command.sub(word)
            if word.startswith("--"):
                known = {name for option in command.options for name in option.spellings}
                assert word in known
