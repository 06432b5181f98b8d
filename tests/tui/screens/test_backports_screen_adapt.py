# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the dialog for a conflict (key z).

It lists how to apply the fix to the branch, starting with the most reliable method.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.backports.adapted_fix import Adaptation, AdaptedStep
from patchpilot.backports.topic import ConflictOptions
from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.backports_screen import resolution_options
from patchpilot.tui.view.stages import Stage
from tests.kit.walk import keys, running, text_of, visible, write_patches

ADAPTED = Adaptation(
    "context",
    0.82,
    tuple(AdaptedStep(f"a.c:{number}: the lines differ") for number in range(14)),
    {},
)


def test_uncertain_adaptation_is_only_edited() -> None:
    """The command line does not write it either."""

    def list_proposals(options: ConflictOptions) -> list[str]:
        return [proposal.words for proposal in resolution_options(1, options, print, print)]

    write, start, manual = "Write adapted patch", "Edit adaptation", "Resolve manually"
    assert list_proposals(ConflictOptions(ADAPTED)) == [write, start, manual]
    assert list_proposals(ConflictOptions(replace(ADAPTED, confidence=0.3))) == [
        manual,
        start,
    ]
    (only,) = resolution_options(1, ConflictOptions(), print, print)
    assert only.words == manual
    assert only.then == "a clone with 1 prerequisite, the fix, and git's conflicts if any are left"
    (only,) = resolution_options(0, ConflictOptions(), print, print)
    assert only.then == "a clone with git's conflict in it"
    branch = "stable/linux-6.1.y"
    text = ConflictOptions(ADAPTED).describe(branch)
    assert text.startswith("Adapted to stable/linux-6.1.y with a confidence of 82%:")
    assert text.count("\n- ") == len(ADAPTED.steps)
    assert (
        ConflictOptions().describe(branch)
        == "The fix as a whole cannot be adapted to stable/linux-6.1.y."
    )


@pytest.mark.long
async def test_z_writes_the_adaptation(
    fixed_clone: Path,
    app: PatchpilotApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from patchpilot.backports import topic as topic_backports

    files = git(
        fixed_clone, "diff-tree", "--no-commit-id", "--name-only", "-r", "HEAD"
    ).text.split()
    made = Adaptation(
        "context", 0.9, (AdaptedStep("a step"),), {files[0]: ("100644", b"adapted\n")}
    )
    monkeypatch.setattr(topic_backports, "adapt_conflicts", lambda *_: made)
    async with running(app, (120, 36)) as pilot:
        git(fixed_clone, "update-ref", "refs/remotes/origin/master", "HEAD")
        await keys(pilot, Stage.BACKPORTS, "a")
        await visible(pilot, "with a confidence of 90%")
        assert "- a step" in text_of(app)
        await keys(pilot, "enter")
        file = await write_patches(pilot, app, tmp_path / "out")
    assert "+adapted" in file.read_text()
    assert ": a step ]" in file.read_text()
