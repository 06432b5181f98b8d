# SPDX-License-Identifier: GPL-2.0-or-later
"""The short way to get_maintainer.pl's answer: the same words give the same answer as the whole
command line, without its library.
"""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.cli.commands import maintainers as verb
from patchpilot.cli.get_maintainer_args import ANSWERED, COMMON, OPTIONS, Call, read
from patchpilot.errors import UsageError
from tests.kit.cli import Outcome, call, spawn
from tests.kit.maintainers import patch, write_tree
from tests.kit.option_words import command_lines
from tests.kit.repos import Repo


@pytest.mark.parametrize(
    "words",
    [
        ("--norolestats", "--nol"),
        ("--separator", "; ", "--no-n"),
        ("--separator=,", "-norolestats"),
        ("--scm", "--subsystem", "--offline"),
        ("--git-min-percent", "many"),
        ("-q", "--rolestats"),
        ("--tree", "nowhere"),
    ],
)
def test_both_ways_give_one_answer(
    widget_tree: Path, widget_mail: Path, words: tuple[str, ...]
) -> None:
    argv = [
        "maintainers",
        "--tree",
        str(widget_tree),
        "--format=get_maintainer",
        *words,
        str(widget_mail),
    ]
    assert spawn(*argv) == call(*argv)


def test_a_patch_on_standard_input_goes_the_short_way_too(widget_tree: Path) -> None:
    argv = ["maintainers", "--format", "get_maintainer", "--norolestats", "-"]
    short = subprocess.run(
        [sys.executable, "-m", "patchpilot", *argv],
        cwd=widget_tree,
        input=patch().encode(),
        capture_output=True,
        check=False,
    )
    assert read(argv) is not None
    assert "ada@widgets.example" in short.stdout.decode()


_SHORT = tuple(option for option in COMMON if option.key in ANSWERED)
_SWITCHES = (
    "--norolestats",
    "-nol",
    "--separator",
    "--separator=;",
    "--git-min-percent",
    "--scm",
    "-f",
    "--sections",
)


def _by_the_library(argv: list[str], monkeypatch: pytest.MonkeyPatch) -> Call | None:
    """What the whole command line asks for.

    None where it refuses, shows a help, or asks for another form.
    """
    calls: list[Call] = []

    def drop_in(
        common: verb.Common, targets: tuple[str, ...], switches: dict[str, object]
    ) -> None:
        calls.append(Call(targets, switches, common.tree, common.repo, common.quiet))

    monkeypatch.setattr(verb, "_drop_in", drop_in)
    for name in ("_plan",):
        monkeypatch.setattr(verb, name, lambda *_: 0)
    monkeypatch.setattr("patchpilot.cli.common.Common.verify", lambda _: None)
    try:
        verb.command.main(args=argv, standalone_mode=False)
    except (click.ClickException, UsageError):
        return None
    return calls[0] if calls else None


@given(
    lines=st.one_of(command_lines(_SHORT), command_lines((*COMMON, *OPTIONS))),
    switches=st.lists(st.sampled_from(_SWITCHES), max_size=2),
    plain=st.booleans(),
)
@settings(max_examples=600)
def test_what_is_read_is_what_the_command_line_reads(
    lines: list[str], switches: list[str], plain: bool
) -> None:
    argv = [
        *(["--format=get_maintainer"] if plain else ["--format", "get_maintainer"]),
        *lines,
        *switches,
    ]
    quick = read(["maintainers", *argv])
    if quick is not None:
        with pytest.MonkeyPatch.context() as patched:
            assert _by_the_library(argv, patched) == quick


@pytest.mark.parametrize(
    "words",
    [
        ("maintainers", "x.patch"),
        ("maintainers", "--format", "json", "get_maintainer"),
        ("maintainers", "--format", "get_maintainer", "--help"),
        ("maintainers", "--format", "get_maintainer", "-o", "x"),
        ("maintainers", "--format", "get_maintainer", "--tree"),
        ("maintainers", "--format", "get_maintainer", "--per-patch", "x.patch"),
        ("check", "--format", "get_maintainer"),
        (),
    ],
)
def test_what_the_short_way_does_not_know_is_left_to_the_whole_command_line(
    words: tuple[str, ...],
) -> None:
    assert read(words) is None


def test_the_command_line_library_is_not_imported(
    widget_tree: Path, widget_mail: Path
) -> None:
    code = (
        "import os, sys\nos._exit = lambda code: sys.exit(f'{code} {sorted(set(sys.modules) &"
        ' {chr(99) + "lick", "inspect", "dataclasses"})}\')\nfrom patchpilot.__main__ import'
        " main\nmain()\n"
    )
    words = [
        "maintainers",
        "--tree",
        str(widget_tree),
        "--format",
        "get_maintainer",
        str(widget_mail),
    ]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.strip() == "0 []"
    assert "Ada Fixer" in done.stdout


def test_commits_ranges_and_folders_are_taken_as_patches(tmp_path: Path) -> None:
    repo = Repo(write_tree(tmp_path / "tree"))
    repo.commit("all")
    repo.commit(
        "widget: one\n\nSigned-off-by: Ada Fixer <ada@widgets.example>",
        {"drivers/widget/core.c": "int one;\n"},
    )
    repo.commit(
        "net: two\n\nSigned-off-by: Ada Fixer <ada@widgets.example>",
        {"drivers/net/port.c": "int two;\n"},
    )
    folder = tmp_path / "out"
    repo.git("format-patch", "-q", "-2", "-o", str(folder))

    def ask(word: object) -> Outcome:
        return call(
            "maintainers",
            "-C",
            repo.path,
            "--format",
            "get_maintainer",
            "--no-git-fallback",
            "--norolestats",
            "--nol",
            word,
        )

    head, both, files = ask("HEAD"), ask("HEAD~2..HEAD"), ask(folder)
    assert head.out.splitlines() == ["Eve Router <eve@net.example>"]
    assert {"Eve Router <eve@net.example>", "Ada Fixer <ada@widgets.example>"} <= set(
        both.out.splitlines()
    )
    assert both == files
    wrong = ask("nothing-of-that-name")
    assert (wrong.code, wrong.out) == (2, "")
    assert "nothing-of-that-name" in wrong.err


def test_a_terminal_that_cannot_write_a_name_gets_what_it_can(
    widget_tree: Path, widget_mail: Path
) -> None:
    file = widget_tree / "MAINTAINERS"
    file.write_text(
        file.read_text(encoding="utf-8").replace("Ada Fixer", "Łada Fixer"),
        encoding="utf-8",
    )
    words = [
        "maintainers",
        "--tree",
        str(widget_tree),
        "--format",
        "get_maintainer",
        str(widget_mail),
    ]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(
        [sys.executable, "-m", "patchpilot", *words],
        capture_output=True,
        env=env,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Fixer" in done.stdout
