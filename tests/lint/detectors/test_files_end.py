# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that new blank lines at the end of a file are found, and no others."""

import difflib
import random
import re
import subprocess
from pathlib import Path

import pytest

from patchpilot.lint.detectors.files import blank_line_at_end
from patchpilot.lint.engine import Places
from patchpilot.lint.lint_context import Context
from patchpilot.model.mail import parse_patch
from tests.kit.repos import Repo
from tests.kit.snippets import PROSE, SIGN_OFF, mail

BODY = "".join(f"int a{number};\n" for number in range(9))


def is_reported(before: str, after: str) -> bool:
    old, new = (text.splitlines(keepends=True) for text in (before, after))
    path = "drivers/frob/frob.c"
    diff = f"diff --git a/{path} b/{path}\n" + "".join(
        difflib.unified_diff(old, new, f"a/{path}" if old else "/dev/null", f"b/{path}")
    )
    patch = parse_patch(mail("frob: x", f"{PROSE}\n\n{SIGN_OFF}", diff).encode(), "a.patch")
    return bool(list(blank_line_at_end(Context(patch))))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (BODY, f"{BODY}\n", True),
        (BODY, f"{BODY}int b;\n\n\n", True),
        (BODY, f"{BODY}\t \n", True),
        (f"{BODY}\n", f"{BODY}\n\n", True),
        (f"{BODY}int b;\n", f"{BODY}\n", True),
        (f"{BODY}\n", f"{BODY}int b;\n\n", False),
        (f"{BODY}\n\n", f"{BODY}\n", False),
        (BODY, f"\n{BODY}", False),
        (BODY, BODY.replace("int a8", "\nint a8"), False),
        ("", f"{BODY}\n", True),
        ("", BODY, False),
    ],
)
def test_blank_line_at_the_end(before: str, after: str, expected: bool) -> None:
    assert is_reported(before, after) is expected


def test_blank_lines_at_the_end_are_those_of_git(tmp_path: Path) -> None:
    chance = random.Random(20261128)
    repo = Repo(tmp_path / "r")

    def write_files() -> dict[str, str]:
        lines = ("\n", "\n", "int a;\n", "int b;\n", "int c;\n")
        return {
            f"f{number}.c": "int first;\n"
            + "".join(chance.choice(lines) for _ in range(chance.randint(1, 14)))
            for number in range(120)
        }

    repo.commit("one\n", write_files())
    repo.commit("two\n", write_files())
    checked = subprocess.run(
        ["git", "diff", "--check", "HEAD^", "HEAD"], cwd=repo.path, capture_output=True, text=True
    ).stdout
    expected = set(re.findall(r"^(f\d+\.c):\d+: new blank line at EOF", checked, re.MULTILINE))
    patch = parse_patch(repo.git("format-patch -1 --stdout").encode(), "a.patch")
    hits = blank_line_at_end(Context(patch))
    found = {Places(patch).of(hit.patch_line or 0)[0] for hit in hits}
    assert len(expected) > 10
    assert found == expected
