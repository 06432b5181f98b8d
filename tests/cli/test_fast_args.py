# SPDX-License-Identifier: GPL-2.0-or-later
"""The short way to a check: it reads the words as the whole command line does, leaves to it what is
not plain, and needs nothing of it.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given, settings

from patchpilot.cli.check.check_options import COMMON, OPTIONS, CheckOptions
from patchpilot.cli.check.fast_args import read
from patchpilot.cli.commands import check as verb
from patchpilot.cli.common import Common
from patchpilot.cli.option_table import CHOICE, FLAG, NUMBER, Option
from tests.kit.cli import call, spawn
from tests.kit.option_words import command_lines


def _by_the_library(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the whole command line reads; None where it refuses, or shows a help."""
    said: list[Any] = []
    monkeypatch.setattr(verb, "answer", lambda *words: said.append(words))
    # a profile that there is not is told by both, but not at the same moment
    monkeypatch.setattr("patchpilot.cli.common.Common.verify", lambda _: None)
    try:
        verb.command.main(args=argv, standalone_mode=False)
    except click.ClickException:
        return None
    return said[0] if said else None


@given(argv=command_lines((*COMMON, *OPTIONS)))
@settings(max_examples=600)
def test_what_is_read_is_what_the_command_line_reads(argv: list[str]) -> None:
    quick = read(["check", *argv])
    if quick is not None:
        with pytest.MonkeyPatch.context() as patched:
            assert _by_the_library(argv, patched) == quick


def test_the_table_has_an_option_for_each_value_and_no_other() -> None:
    assert {option.key for option in OPTIONS} == {
        *CheckOptions._fields,
        "explain_base",
    } - {"targets"}
    assert {option.key for option in COMMON} == {*Common._fields} - {"explain_base"}


@pytest.mark.parametrize(
    "option",
    [option for option in (*COMMON, *OPTIONS) if option.plain],
    ids=lambda option: option.key,
)
def test_each_plain_option_goes_the_short_way_and_means_the_same(
    option: Option, monkeypatch: pytest.MonkeyPatch
) -> None:
    value = {CHOICE: option.choices[-1:], NUMBER: ("80",), FLAG: ()}.get(
        option.kind, ("x",)
    )
    for spelling in (*option.spellings, *option.off):
        quick = read(["check", spelling, *value, "a.patch"])
        assert quick is not None
        assert quick == _by_the_library([spelling, *value, "a.patch"], monkeypatch)
        assert quick != read(["check", "a.patch"])


@pytest.mark.parametrize(
    "argv",
    [
        ["check", "a.patch"],
        [
            "check",
            "--strict",
            "--fail-on=never",
            "--format",
            "json",
            "--tree",
            "linux",
            "a.patch",
            "b.patch",
            "--ignore",
            "x",
            "--ignore=y",
        ],
        ["check", "-q", "--color", "--kernel", "6.1", "--data", "scripts", "-"],
        ["check"],
    ],
)
def test_plain_words_need_no_library(argv: list[str]) -> None:
    assert read(argv) is not None


@pytest.mark.parametrize(
    "argv",
    [
        ["explain"],
        [],
        *(
            ["check", *words]
            for words in (
                ["--help"],
                ["--", "-x"],
                ["-qv"],
                ["--jobs", "0"],
                ["--format", "xml"],
                ["--tree"],
                ["--frob"],
            )
        ),
        *(
            ["check", *words]
            for words in (["--tree", "--strict"], ["--strict=yes"], ["--tree="])
        ),
    ],
)
def test_what_is_not_plain_is_left_to_the_library(argv: list[str]) -> None:
    assert read(argv) is None


@pytest.mark.parametrize(
    "words",
    [
        ("--strict",),
        ("--format", "json"),
        ("--select", "frob"),
        ("-v",),
        ("--kernel", "new"),
        ("--fail-on", "often"),
    ],
)
def test_both_ways_end_alike(tmp_path: Path, words: tuple[str, ...]) -> None:
    patch = tmp_path / "a.patch"
    patch.write_text(
        "From: Ada Fixer <ada@example.org>\n"
        "Subject: [PATCH] frob: Wäit.\n"
        "\ntext\n"
        "---\n"
        "diff --git a/a.c b/a.c\n"
    )
    assert spawn("check", *words, str(patch)) == call("check", *words, str(patch))


def test_a_plain_check_loads_no_command_line_library(tmp_path: Path) -> None:
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
        " sys.modules for name in ('click', 'dataclasses', 'inspect'))); main()"
    )
    # the first run reads the rule packs, with all that takes
    codes = [
        subprocess.run(
            [sys.executable, "-c", program], capture_output=True, check=False
        ).returncode
        for _ in range(2)
    ]
    assert codes[1] == 0
