# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the output for get_maintainer.pl's options, using a separate process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.cli import Outcome, call, start_and_wait
from tests.kit.maintainers import build_widget_patch, write_widget_tree
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
def test_separate_process_agrees(
    widget_tree_folder: Path, widget_patch_file: Path, words: tuple[str, ...]
) -> None:
    argv = [
        "maintainers",
        "--tree",
        str(widget_tree_folder),
        "--format=get_maintainer",
        *words,
        str(widget_patch_file),
    ]
    assert start_and_wait(*argv) == call(*argv)


def test_patch_is_read_from_stdin(widget_tree_folder: Path) -> None:
    argv = ["maintainers", "--format", "get_maintainer", "--norolestats", "-"]
    short = subprocess.run(
        [sys.executable, "-m", "patchpilot", *argv],
        cwd=widget_tree_folder,
        input=build_widget_patch().encode(),
        capture_output=True,
        check=False,
    )
    assert "ada@widgets.example" in short.stdout.decode()


def test_slow_modules_are_not_imported(widget_tree_folder: Path, widget_patch_file: Path) -> None:
    code = (
        "import os, sys\nos._exit = lambda code: sys.exit(f'{code} {sorted(set(sys.modules) &"
        ' {"argparse", "inspect", "dataclasses"})}\')\nfrom patchpilot.__main__ import'
        " main\nmain()\n"
    )
    arguments = [
        "maintainers",
        "--tree",
        str(widget_tree_folder),
        "--format",
        "get_maintainer",
        str(widget_patch_file),
    ]
    outcome = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome.stderr.strip() == "0 []"
    assert "Ada Fixer" in outcome.stdout


def test_ranges_and_folders_are_accepted(tmp_path: Path) -> None:
    repo = Repo(write_widget_tree(tmp_path / "tree"))
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
    repo.git("format-patch -q -2 -o", str(folder))

    def find_maintainers(target: object) -> Outcome:
        return repo.patchpilot(
            "maintainers --format get_maintainer --no-git-fallback --norolestats --nol", target
        )

    head, both, files = (
        find_maintainers("HEAD"),
        find_maintainers("HEAD~2..HEAD"),
        find_maintainers(folder),
    )
    assert head.out.splitlines() == ["Eve Router <eve@net.example>"]
    assert {"Eve Router <eve@net.example>", "Ada Fixer <ada@widgets.example>"} <= set(
        both.out.splitlines()
    )
    assert both == files
    wrong = find_maintainers("nothing-of-that-name")
    assert (wrong.code, wrong.out) == (2, "")
    assert "nothing-of-that-name" in wrong.err


def test_unencodable_name_is_escaped(widget_tree_folder: Path, widget_patch_file: Path) -> None:
    file = widget_tree_folder / "MAINTAINERS"
    file.write_text(
        file.read_text(encoding="utf-8").replace("Ada Fixer", "Łada Fixer"),
        encoding="utf-8",
    )
    arguments = [
        "maintainers",
        "--tree",
        str(widget_tree_folder),
        "--format",
        "get_maintainer",
        str(widget_patch_file),
    ]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    outcome = subprocess.run(
        [sys.executable, "-m", "patchpilot", *arguments],
        capture_output=True,
        env=env,
        check=False,
    )
    assert (outcome.returncode, outcome.stderr) == (0, b"")
    assert b"Fixer" in outcome.stdout
