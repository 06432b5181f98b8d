# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that Neovim and Emacs show findings if they are configured as described in the guide."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kit.patches import DIFF, build_patch_text
from tests.kit.repos import Repo

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "use-in-an-editor.md"
OLDER = """
-- Debian 12 has Neovim 0.7
vim.lsp.start = vim.lsp.start or function(config)
  vim.lsp.buf_attach_client(0, vim.lsp.start_client(config))
end
"""
SHOW = """
vim.wait(60000, function() return #vim.diagnostic.get(0) > 0 end, 50)
local found = {}
for _, one in ipairs(vim.diagnostic.get(0)) do
  table.insert(found, { one.lnum, one.code or one.user_data.lsp.code })
end
vim.fn.writefile({ vim.fn.json_encode(found) }, "found.json")
vim.cmd("qall!")
"""
SHOW_AND_FIX = r"""
(dolist (file command-line-args-left)
  (find-file file)
  ;; what a terminal's command loop would do
  (run-hooks 'post-command-hook)
  (let ((tries 600))
    (while (and (> (setq tries (1- tries)) 0) (null (flymake-diagnostics)))
      (accept-process-output nil 0.1)
      (flymake-start)))
  (dolist (one (flymake-diagnostics))
    (princ (format "%s:%d:%s\n" (file-name-nondirectory file) (line-number-at-pos (flymake-diagnostic-beg one)) (flymake-diagnostic-text one))))
  (eglot-code-actions (point-min) (point-max) "quickfix" t)
  (save-buffer))
(setq command-line-args-left nil)
"""  # noqa: E501


def read_editor_snippet(language: str) -> str:
    match = re.search(rf"```{language}\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    assert match
    return match[1]


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """Create a repository with a staged source file and a message. Add the command to PATH."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start", {"frob.c": "int a;\n"})
    repo.git("config patchpilot.strict true")
    repo.put("frob.c", "int a;\nint b; \n")
    repo.git("add -A")
    repo.put(
        ".git/COMMIT_EDITMSG",
        "frob: add b\n\nThe caller has to see the the size.\n# a comment\n",
    )
    return repo


@pytest.mark.skipif(
    not shutil.which("nvim") and os.environ.get("CI") != "true",
    reason="nvim is not installed here",
)
def test_neovim_shows_findings(tmp_path: Path, repo: Repo) -> None:
    (tmp_path / "init.lua").write_text(OLDER + read_editor_snippet("lua"))
    (tmp_path / "show.lua").write_text(SHOW)
    for file, expected in (
        ("frob.c", [1, "trailing-space"]),
        (".git/COMMIT_EDITMSG", [2, "repeated-word"]),
    ):
        argv = [
            "nvim",
            "--headless",
            "-n",
            "-u",
            tmp_path / "init.lua",
            "-c",
            f"luafile {tmp_path}/show.lua",
            file,
        ]
        completed = subprocess.run(
            argv, cwd=repo.path, capture_output=True, timeout=120, check=False
        )
        assert completed.returncode == 0, completed.stderr
        assert expected in json.loads((repo.path / "found.json").read_text()), completed.stderr


@pytest.mark.skipif(not shutil.which("emacs"), reason="emacs is not installed here")
def test_emacs_shows_and_fixes_findings(tmp_path: Path, repo: Repo) -> None:
    (tmp_path / "init.el").write_text(
        f"(package-initialize)\n(unless (require 'eglot nil t) (kill-emacs 77))\n"
        f"{read_editor_snippet('elisp')}"
    )
    (tmp_path / "show.el").write_text(SHOW_AND_FIX)
    files = {
        "frob.c": "int a;\nint b;\n",
        ".git/COMMIT_EDITMSG": "frob: add b\n\nThe caller has to see the size.\n# a comment\n",
        "0001-frob.patch": build_patch_text(),
    }
    repo.put(
        "0001-frob.patch",
        build_patch_text(diff=DIFF.replace("rc = bar();", "rc = bar(); ")),
    )
    argv = [
        "emacs",
        "--batch",
        "-l",
        tmp_path / "init.el",
        "-l",
        tmp_path / "show.el",
        *(repo.path / file for file in files),
    ]
    completed = subprocess.run(
        argv, cwd=repo.path, capture_output=True, text=True, timeout=240, check=False
    )
    if completed.returncode == 77:
        pytest.skip("eglot is not installed here")
    assert completed.returncode == 0, completed.stderr
    assert "frob.c:2:patchpilot [trailing-space]: trailing whitespace" in completed.stdout
    assert "COMMIT_EDITMSG:3:patchpilot [repeated-word]: repeated word: 'the'" in completed.stdout
    assert (
        ":patchpilot [trailing-space]: trailing whitespace"
        in completed.stdout.partition("0001-frob.patch")[2]
    )
    assert {file: (repo.path / file).read_text() for file in files} == files
