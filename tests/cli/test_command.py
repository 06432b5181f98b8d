# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the command-line parser accepts all spellings of an option, and rejects unknown
arguments.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from patchpilot.cli.check.check_options import FORMATS, OPTIONS
from patchpilot.cli.command import (
    CHOICE,
    DECIMAL,
    FLAG,
    NUMBER,
    HelpRequested,
    Option,
    Parser,
    list_common_options,
)
from patchpilot.cli.commands.check import command
from patchpilot.cli.common import Common
from patchpilot.errors import UsageError
from tests.kit.option_words import generate_command_lines

COMMON = list_common_options(FORMATS)


def parse_arguments(*arguments: str) -> dict[str, Any]:
    return Parser(command).parse(arguments)[0]


@given(argv=generate_command_lines((*COMMON, *OPTIONS)))
@settings(max_examples=600)
def test_any_arguments_are_parsed_or_refused(argv: list[str]) -> None:
    try:
        values = parse_arguments(*argv)
    except (UsageError, HelpRequested):
        return
    assert values.keys() == {
        *(option.key for option in (*COMMON, *OPTIONS)),
        "targets",
    }


def test_option_table_matches_the_parser() -> None:
    assert {option.key for option in COMMON} == {*Common._fields, "json"} - {"explain_base"}


@pytest.mark.parametrize("option", [*COMMON, *OPTIONS], ids=lambda option: option.key)
def test_option_spellings_are_equivalent(option: Option) -> None:
    text = {CHOICE: option.choices[-1:], NUMBER: ("80",), DECIMAL: ("80",)}.get(option.kind, ("x",))
    value = () if option.kind == FLAG else text
    first, *others = [parse_arguments(spelling, *value, "a") for spelling in option.spellings]
    assert first != parse_arguments("a")
    assert all(other == first for other in others)
    if value:
        joined = [
            f"{spelling}={value[0]}" if spelling.startswith("--") else spelling + value[0]
            for spelling in option.spellings
        ]
        assert all(parse_arguments(word, "a") == first for word in joined)
    for spelling in option.off:
        assert parse_arguments(spelling, "a")[option.key] is False


@pytest.mark.parametrize(
    ("words", "values"),
    [
        (["--", "-x", "--strict"], {"targets": ("-x", "--strict"), "strict": False}),
        (["-qv", "a"], {"quiet": True, "verbose": True, "targets": ("a",)}),
        (["-qofile"], {"quiet": True, "output": Path("file")}),
        (
            ["-", "--ignore", "x", "--ignore=y"],
            {"ignore": ("x", "y"), "targets": ("-",)},
        ),
        (["--write-baseline", "--strict"], {"write_baseline": "", "strict": True}),
        (["--write-baseline", "x"], {"write_baseline": "x", "targets": ()}),
        (["--base", "-x"], {"base": "-x"}),
    ],
)
def test_options_are_parsed_in_any_form(words: list[str], values: dict[str, Any]) -> None:
    parsed = parse_arguments(*words)
    assert {name: parsed[name] for name in values} == values


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["--jobs", "0"], "--jobs: '0' is not a number from 1 to 256"),
        (["--jobs", "many"], "--jobs: 'many' is not a number"),
        (["--format", "xml"], "--format: unknown value 'xml'"),
        (["--tree"], "--tree needs a value"),
        (["--frob"], "unknown option '--frob'"),
        (["--frob=1"], "unknown option '--frob'"),
        (["--strict=yes"], "--strict takes no value"),
        (["-qx"], "unknown option '-x'"),
    ],
)
def test_wrong_words_are_reported(words: list[str], part: str) -> None:
    with pytest.raises(UsageError) as error:
        parse_arguments(*words)
    assert part in error.value.message


def test_plain_check_imports_no_slow_modules(tmp_path: Path) -> None:
    patch = tmp_path / "a.patch"
    patch.write_text(
        "From: Ada Fixer <ada@example.org>\n"
        "Subject: [PATCH] frob: wait\n"
        "\ntext\n"
        "---\n"
        "diff --git a/a.c b/a.c\n"
    )
    program = (
        "import os, sys; from patchpilot.__main__ import main; sys.argv = ['patchpilot', 'check',"
        f" '--fail-on', 'never', {str(patch)!r}]; os._exit = lambda code: sys.exit(any(name in"
        " sys.modules for name in ('argparse', 'dataclasses', 'inspect', 'textwrap'))); main()"
    )
    # fill the cache of rule packs
    codes = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode
        for _ in range(2)
    ]
    assert codes[1] == 0
