# SPDX-License-Identifier: GPL-2.0-or-later
"""Neovim, set up as the how-to says, shows findings."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


@pytest.mark.skipif(not shutil.which("nvim") and os.environ.get("CI") != "true", reason="nvim is not installed here")
def test_neovim_shows_findings_of_a_source_file_and_of_a_message(tmp_path: Path) -> None:
    snippet = re.search(r"```lua\n(.*?)```", HOW_TO.read_text(), re.DOTALL)
    assert snippet
    repo = Repo(tmp_path / "r")
    repo.commit("frob: start", {"frob.c": "int a;\n"})
    repo.put("frob.c", "int a;\nint b; \n")
    repo.git("add", "-A")
    repo.put(".git/COMMIT_EDITMSG", "frob: add b\n\nThe caller has to see the the size.\n# a comment\n")
    (tmp_path / "init.lua").write_text(OLDER + snippet[1])
    (tmp_path / "show.lua").write_text(SHOW)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    for file, expected in (("frob.c", [1, "trailing-space"]), (".git/COMMIT_EDITMSG", [2, "repeated-word"])):
        argv = ["nvim", "--headless", "-n", "-u", tmp_path / "init.lua", "-c", f"luafile {tmp_path}/show.lua", file]
        done = subprocess.run(argv, cwd=repo.path, env={**os.environ, "PATH": path}, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        assert expected in json.loads((repo.path / "found.json").read_text()), done.stderr
