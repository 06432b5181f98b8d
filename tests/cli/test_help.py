# SPDX-License-Identifier: GPL-2.0-or-later
"""Help: the overview fits a terminal, options are in sections, and man pages, documentation and
completion come from the same tables.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patchpilot.cli.help_sections import SECTIONS
from patchpilot.cli.help_topics import TOPICS
from patchpilot.cli.manual import pages, write
from patchpilot.cli.verbs import VERBS, overview
from tests.kit.cli import call

MAN = Path(__file__).parents[2] / "man"


def test_the_overview_fits_a_terminal() -> None:
    lines = call("--help").out.rstrip("\n").split("\n")
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert call("-h").out == call("--help").out == overview() + "\n"
    assert all(name in overview() for name in VERBS)


@pytest.mark.parametrize("verb", sorted(SECTIONS))
def test_every_option_is_in_a_section(verb: str) -> None:
    (page,) = [page for page in pages() if page.name == verb]
    titles = [title for title, _ in page.sections]
    assert "Options" not in titles
    named = [title for title, _ in SECTIONS[verb]]
    assert [title for title in titles if title in named] == named
    assert page.examples


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_short_help_is_part_of_the_long(verb: str) -> None:
    if verb == "tui":
        return
    short, long = call(verb, "-h").out, call(verb, "--help").out
    options = {line.split()[0] for line in short.split("\n") if line.startswith("  -")}
    assert options <= {
        line.split()[0] for line in long.split("\n") if line.startswith("  -")
    }
    assert len(short) < len(long) or "shows all options" not in short
    assert call("help", verb).out == long


def test_topics_are_shown_and_a_wrong_one_names_the_nearest() -> None:
    assert all(name in call("help").out for name in (*TOPICS, *VERBS))
    assert call("help", "exit-codes").out.startswith("Exit codes\n")
    assert "did you mean 'targets'" in call("help", "target").err


def test_the_man_pages_are_up_to_date(tmp_path: Path) -> None:
    write(tmp_path)
    fresh = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert {file.name: file.read_text() for file in MAN.iterdir()} == fresh, (
        "run: rm man/*; .venv/bin/python -m patchpilot.cli.manual man"
    )


@pytest.mark.skipif(not shutil.which("mandoc"), reason="needs mandoc")
def test_mandoc_has_nothing_to_say_of_the_man_pages() -> None:
    pages = sorted(map(str, MAN.iterdir()))
    done = subprocess.run(
        ["mandoc", "-Tlint", *pages], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_man_pages_refer_to_each_other_and_list_their_commands() -> None:
    texts = {file.stem: file.read_text() for file in MAN.iterdir()}
    for name, text in texts.items():
        named = re.findall(r"^\\fB(patchpilot\S*?)\\fR\(1\)", text, re.MULTILINE)
        assert {one.replace("\\-", "-") for one in named} <= texts.keys(), name
        assert text.isascii(), name
    listed = texts["patchpilot-track"].partition(".SH COMMANDS")[2]
    inner = [name for name in texts if name.startswith("patchpilot-track-")]
    assert len(inner) > 5
    for name in inner:
        word = name.removeprefix("patchpilot-track-").replace("-", "\\-")
        assert f"\\fB{word}\\fR" in listed, name


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_the_man_pages_are_valid() -> None:
    done = subprocess.run(
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
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("patchpilot che", "check"),
        ("patchpilot check --fo", "--format"),
        ("patchpilot check --format sa", "sarif"),
    ],
)
def test_bash_completes(words: str, wanted: str) -> None:
    source = call("completion", "bash").out
    assert "_PATCHPILOT_COMPLETE=bash_complete" in source
    script = (
        f"COMP_WORDS='{words}' COMP_CWORD={len(words.split()) - 1}"
        f" _PATCHPILOT_COMPLETE=bash_complete '{sys.executable}' -m patchpilot"
    )
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, check=False
    )
    assert f"plain,{wanted}" in done.stdout.split("\n"), done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(shell: str) -> None:
    assert "patchpilot" in call("completion", shell).out
