# SPDX-License-Identifier: GPL-2.0-or-later
"""Where nothing can be taken back, the way to what was is named."""

from pathlib import Path

from patchpilot.errors import ExitCode
from tests.kit.repos import Repo


def test_a_branch_that_moved_on_has_a_way_back(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("first\n", {"a.c": "int a;\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.commit("a: second\n\nwhy\n", {"a.c": "int b;\n"})
    assert "undo list" in repo.patchpilot("undo").err
    assert repo.patchpilot("prepare --signoff --fixes none --stable none").code == 0
    repo.commit("a: third\n", {"a.c": "int c;\n"})
    reported = repo.patchpilot("undo")
    assert reported.code == ExitCode.USAGE
    assert "`patchpilot undo restore 1` shows how to restore it" in reported.err
    assert "git rebase --onto" in repo.patchpilot("undo restore", 1).err
