# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check -f` reports the same findings as checkpatch.pl -f.

The line numbers are those of the file.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.repos import Repo

CODE = """// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>

static int frob_open(void)
{
\tchar *name = "frob" ;
 \t/* wait for the link */
\tif (!name)
\t\treturn -ENOTSUPP;
\tBUG_ON(!name);
\tpr_info("%s has so many words that the line becomes longer than every limit\\n", name); /* and with words */
\treturn 0;
}
MODULE_LICENSE("GPL v2");
"""  # noqa: E501


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Create a repository with a file in drivers/frob, and change to its directory."""
    repo = Repo(tmp_path / "r")
    repo.commit(
        "frob: add\n",
        {
            "drivers/frob/frob.c": CODE,
            "drivers/frob/empty.c": "",
            "drivers/net/clean.h": "/* nothing */\n",
        },
    )
    (repo.path / "drivers/frob/firmware.bin").write_bytes(b"\x7fELF\0\0")
    monkeypatch.chdir(repo.path / "drivers/frob")
    return repo.path


def list_reported_types(*arguments: object) -> list[str]:
    options = ("--format", "checkpatch", "--noise", "0", "--fail-on", "never")
    result = call("check -f", *options, *arguments)
    assert result.err == ""
    return [
        line.split(": ")[0].partition(":")[2] + " " + line.split(": ")[1]
        for line in result.out.splitlines()
    ]


def test_whole_files_match_checkpatch_f(
    tree: Path,
) -> None:
    assert list_reported_types("frob.c") == [
        "6 WARNING:SPACING",
        "7 ERROR:CODE_INDENT",
        "7 WARNING:SPACE_BEFORE_TAB",
        "7 WARNING:LEADING_SPACE",
        # what the other formats report is printed as well
        "10 CHECK:AVOID_BUG",
        "11 CHECK:LONG_LINE_COMMENT",
    ]
    strict = list_reported_types("--strict", "frob.c")
    assert {"10 CHECK:AVOID_BUG", "11 CHECK:LONG_LINE_COMMENT"} <= set(strict)
    assert not {kind.rpartition(":")[2] for kind in strict} & {
        "ENOTSUPP",
        "MODULE_LICENSE",
        "COMMIT_MESSAGE",
        "MISSING_SIGN_OFF",
    }


def test_caret_is_below_the_column(
    tree: Path,
) -> None:
    (reported,) = json.loads(
        call("check -f --select space-before-semicolon --format json frob.c").out
    )["patches"]
    (finding,) = reported["findings"]
    assert (
        reported["source"],
        finding["path"],
        finding["line"],
        finding["patch_line"],
    ) == (
        "frob.c",
        "drivers/frob/frob.c",
        6,
        6,
    )
    lines = call("check -f --select space-before-semicolon --format jsonl frob.c").out.splitlines()
    assert json.loads(lines[0])["findings"][0]["patch_line"] == 6
    output = call("check -f --select space-before-semicolon frob.c").out.splitlines()
    assert output[0] == "1 file checked: 1 warning"
    assert output[1].startswith("frob.c:6: warning: ")
    assert output[1].endswith(" [space-before-semicolon]")
    assert output[2][output[3].index("^")] == ";"


def test_non_text_files_are_skipped(
    tree: Path,
) -> None:
    command = (
        f"git ls-files . ../net | xargs {sys.executable} -m patchpilot check -f --format checkpatch"
    )
    outcome = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert (outcome.returncode, outcome.stderr) == (123, "")
    assert {line.partition(":")[0] for line in outcome.stdout.splitlines()} == {
        "frob.c",
        "../net/clean.h",
    }
    assert list_reported_types("firmware.bin", "empty.c") == []


def test_file_outside_a_repository_is_checked(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alone").mkdir()
    monkeypatch.chdir(tmp_path / "alone")
    Path("frob.c").write_text(CODE)
    assert "10 CHECK:AVOID_BUG" in list_reported_types("--strict", "frob.c")
    assert list_reported_types("--tree", tree, tree / "drivers/frob/frob.c") == list_reported_types(
        "frob.c"
    )


@pytest.mark.parametrize(
    "words",
    [
        ("-",),
        ("--fix", "frob.c"),
        ("--since-version", "1", "frob.c"),
        (".",),
        ("nosuch.c",),
    ],
)
def test_unsupported_file_is_an_error(tree: Path, words: tuple[str, ...]) -> None:
    outcome = call("check -f", *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert "hint: " in outcome.err or "No such file" in outcome.err
