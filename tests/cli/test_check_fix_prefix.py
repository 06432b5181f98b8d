# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `check --fix` adds a missing subject prefix if the history of the files has only one
prefix, and writes the word after it as the history does.
"""

from pathlib import Path

import pytest

from tests.kit.repos import Repo

PATH = "drivers/net/frob.c"


@pytest.mark.parametrize(
    ("prefixes", "fixed"),
    [(["net: frob"] * 6, True), (["net: frob"] * 4 + ["net"] * 2, False)],
)
def test_prefix_is_added_if_history_agrees(
    prefixes: list[str], fixed: bool, tmp_path: Path
) -> None:
    repo = Repo(tmp_path / "r")
    files = {
        "Makefile": "VERSION = 6\n",
        "MAINTAINERS": "",
        "Kconfig": "",
        "Kbuild": "",
    }
    for number, prefix in enumerate(prefixes):
        repo.commit(f"{prefix}: add part {number}", files | {PATH: f"int a{number};\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    repo.commit("Wait for the link", {PATH: "int b;\n"})
    arguments = ("--profile", "linux", "--select", "missing-prefix")
    repo.patchpilot("check --fix", *arguments)
    subject = repo.git("log -1 --format=%s").strip()
    assert subject == ("net: frob: wait for the link" if fixed else "Wait for the link")
