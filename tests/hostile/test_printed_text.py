# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that text from a patch cannot add lines to the output."""

from pathlib import Path

from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.snippets import PROSE, SIGN_OFF, mail


def test_line_break_in_a_file_name_is_escaped(workdir: Path) -> None:
    name = '"{}/n\\nother.patch:1: error: forged"'
    hunk = "@@ -1,1 +1,2 @@\n int a;\n+int b;   \n"
    diff = (
        f"diff --git {name.format('a')} {name.format('b')}\n--- {name.format('a')}\n+++"
        f" {name.format('b')}\n{hunk}"
    )
    file = workdir / "x.patch"
    file.write_text(
        mail("frob: wait for the link before it is used", f"{PROSE}\n\n{SIGN_OFF}", diff)
    )
    for form in ("text", "checkpatch", "github"):
        outcome = call("check --strict --format", form, file)
        assert outcome.code == ExitCode.FINDINGS
        assert not [line for line in outcome.out.splitlines() if line.startswith("other.patch")]
