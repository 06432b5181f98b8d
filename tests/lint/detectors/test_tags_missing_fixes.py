# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a Fixes: tag is required if the subject claims to fix a crash.

If history is available, a missing tag is a warning.
"""

from pathlib import Path

from tests.kit.cli import call
from tests.kit.culprits import create_ring_history

TEXT = "\n\nThe mask must be one less than the size, or the last entry is written over.\n"


def test_crash_fix_without_a_tag_is_a_warning(
    tmp_path: Path,
) -> None:
    story = create_ring_history(tmp_path / "r", f"ring: fix crash in the mask{TEXT}")
    outcome = story.repo.patchpilot("check HEAD --profile linux --select missing-fixes")
    assert outcome.code == 1
    text = " ".join(outcome.out.split())
    assert 'subject contains "fix crash" but there is no Fixes: tag; add one, and Cc:' in text
    assert "help: `patchpilot fixes HEAD` finds the commit" in text
    file = tmp_path / "0001.patch"
    file.write_text(story.repo.git("format-patch -1 --stdout") + "\n")
    assert call("check", file, "--profile", "linux", "--select", "missing-fixes").code == 0, (
        "without history it is for --strict"
    )


def test_tag_or_explanation_ends_the_warning(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", f"ring: fix crash in the mask{TEXT}")
    arguments = ("-C", story.repo.path, "HEAD", "--profile", "linux")
    assert call("prepare", *arguments, "--not-a-fix").code == 0
    assert call("check", *arguments, "--select", "missing-fixes").code == 0
    assert call("prepare", *arguments, "--is-a-fix").code == 0
    assert call("check", *arguments, "--select", "missing-fixes").code == 0
