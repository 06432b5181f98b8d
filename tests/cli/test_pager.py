# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that long output is paged on a terminal."""

from pathlib import Path

import pytest

from tests.kit.terminal import PROGRAM, Terminal


@pytest.mark.long
def test_long_output_is_paged(tmp_path: Path) -> None:
    def run_paged(*argv: str) -> tuple[str, bool]:
        pager_output = tmp_path / "paged"
        pager_output.unlink(missing_ok=True)
        env = {"GIT_PAGER": f"cat > {pager_output}"}
        with Terminal((*PROGRAM, *argv), tmp_path, env=env) as terminal:
            assert terminal.end() == 0
        return terminal.seen, pager_output.exists() and bool(pager_output.read_text())

    long, is_paged = run_paged("explain")
    assert (is_paged, long) == (True, "")
    assert not run_paged("setup", "stable", "--offline")[1]
    assert not run_paged("explain", "--json")[1]
    direct, is_paged = run_paged("--no-pager", "explain")
    assert not is_paged
    assert "missing-fixes" in direct
