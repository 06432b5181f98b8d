# SPDX-License-Identifier: GPL-2.0-or-later
"""The short way to a check: it reads the words as the whole command line does, leaves to it what is not plain, and needs nothing of it."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.cli.check import check_options
from patchpilot.cli.check.fast_args import read
from patchpilot.cli.commands import check as verb
from patchpilot.config import FAIL_ON
from tests.kit.cli import call, spawn

_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0\n\r"), max_size=6)
_FLAGS = (
    "--strict", "--statistics", "--checkpatch", "--checkpatch-compat", "--offline", "-q", "--quiet", "-v", "--verbose", "--color", "--no-color",
)  # fmt: skip
_WORDS = st.one_of(
    st.sampled_from(
        [*_FLAGS, "-", "--", "-qv", "-h", "--help", "--stric", "a.patch", "HEAD~2..", "-Cx", "-o=x", "--strict=1", "", "--jobs", "-C"]
    ),
    st.tuples(
        st.sampled_from(["--base", "--select", "--ignore", "--data", "--kernel", "-C", "--repo", "--tree", "--profile", "-o", "--output"]),
        _TEXT,
    ),
    st.tuples(st.sampled_from(["--fail-on", "--format"]), st.sampled_from([*FAIL_ON, *check_options.FORMATS, "x", "Error"])),
    st.tuples(
        st.sampled_from(["--jobs", "--max-line-length"]),
        st.sampled_from(["1", "40", "080", "256", "1000", "0", "1001", "+50", "1_0", " 80"]),
    ),
)
_ARGV = st.lists(st.tuples(_WORDS, st.booleans()), max_size=5).map(
    lambda pairs: [
        word
        for part, joined in pairs
        for word in ([part] if isinstance(part, str) else [f"{part[0]}={part[1]}"] if joined and part[0][1] == "-" else list(part))
    ]
)


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


@given(argv=_ARGV)
@settings(max_examples=300)
def test_what_is_read_is_what_the_command_line_reads(argv: list[str]) -> None:
    quick = read(["check", *argv])
    if quick is not None:
        with pytest.MonkeyPatch.context() as patched:
            assert _by_the_library(argv, patched) == quick


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
        ["rules"],
        [],
        *(["check", *words] for words in (["--help"], ["--", "-x"], ["-qv"], ["--jobs", "0"], ["--format", "xml"], ["--tree"], ["--frob"])),
        *(["check", *words] for words in (["--tree", "--strict"], ["--strict=yes"], ["--tree="])),
    ],
)
def test_what_is_not_plain_is_left_to_the_library(argv: list[str]) -> None:
    assert read(argv) is None


@pytest.mark.parametrize(
    "words", [("--strict",), ("--format", "json"), ("--select", "frob"), ("-v",), ("--kernel", "new"), ("--fail-on", "often")]
)
def test_both_ways_end_alike(tmp_path: Path, words: tuple[str, ...]) -> None:
    patch = tmp_path / "a.patch"
    patch.write_text("From: Ada Fixer <ada@example.org>\nSubject: [PATCH] frob: Wäit.\n\ntext\n---\ndiff --git a/a.c b/a.c\n")
    assert spawn("check", *words, str(patch)) == call("check", *words, str(patch))


def test_a_plain_check_loads_no_command_line_library(tmp_path: Path) -> None:
    patch = tmp_path / "a.patch"
    patch.write_text("From: Ada Fixer <ada@example.org>\nSubject: [PATCH] frob: wait\n\ntext\n---\ndiff --git a/a.c b/a.c\n")
    program = (
        "import os, sys; from patchpilot.__main__ import main; sys.argv = ['patchpilot', 'check', '--fail-on', 'never', "
        f"{str(patch)!r}]; os._exit = lambda code: sys.exit(any(name in sys.modules for name in ('click', 'dataclasses', 'inspect'))); main()"
    )
    # the first run reads the rule packs, with all that takes
    codes = [subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode for _ in range(2)]
    assert codes[1] == 0
