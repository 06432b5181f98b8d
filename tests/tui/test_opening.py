# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the first frame is drawn before Textual is imported."""

from pathlib import Path

from tests.kit.terminal import PROGRAM, Terminal
from tests.tui.test_app_terminal import COLOUR


def test_first_frame_precedes_textual(fixed_clone: Path, used_state_file: Path) -> None:
    with Terminal(PROGRAM, fixed_clone) as walk:
        walk.wait_for("1 Commit", "8 Follow", "acme-old-cards")
        assert "quit" not in walk.seen
        assert not COLOUR.search(walk.seen)
