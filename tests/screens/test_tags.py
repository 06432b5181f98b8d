# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Tags stage.

It shows the details of a candidate, and choices below the candidates that affect other stages.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.git_command import git
from patchpilot.tags.find_culprits import FixesResult
from patchpilot.tags.rank_culprits import Candidate
from patchpilot.tags.topic_culprits import find_related_hunk
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.tags_rows import (
    evidence_rows,
)
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.walk import keys, running, text_of, until, visible

pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]
PATCH = """\
commit 1
diff --git a/a.c b/a.c
index 1..2 100644
--- a/a.c
+++ b/a.c
@@ -1 +1,2 @@ one
+unrelated
@@ -9 +9,3 @@ two
+if (rsp != OK)
+        rc = -EINVAL;
diff --git a/b.c b/b.c
--- a/b.c
+++ b/b.c
@@ -1 +1,2 @@ three
+rc = -EINVAL;
""".splitlines()
FIX = [
    "diff --git a/a.c b/a.c",
    "--- a/a.c",
    "+++ b/a.c",
    "@@ -9,2 +9,2 @@ two",
    "-if (rsp != OK)",
    "+if (rsp & MASK)",
    "         rc = -EINVAL;",
]


def test_hunk_being_fixed_comes_first() -> None:
    assert PATCH[find_related_hunk(PATCH, FIX)] == "@@ -9 +9,3 @@ two"
    assert find_related_hunk([], []) == find_related_hunk(["no patch"], FIX) == 0


def test_evidence_has_signs_for_and_against() -> None:
    one = Candidate(
        "1" * 40,
        "a: b",
        'Fixes: 111111111111 ("a: b")',
        0.4,
        ("the message mentions this commit",),
        None,
        ("last changed none",),
    )
    result = FixesResult("2" * 40, "a: c", (), (one,), False, "the evidence is weak")
    assert [row.plain for row in evidence_rows(result, one, None, 80)] == [
        "✓ the message mentions this commit",
        "– last changed none",
        "! uncertain: the evidence is weak",
        "",
        'Fixes: 111111111111 ("a: b")',
        "first release: none yet",
    ]


async def test_not_a_fix_is_respected_by_other_stages(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        assert app.session.open_questions == 3
        await keys(pilot, Stage.TAGS)
        await visible(pilot, "5.15 has it because")
        await keys(pilot, "x")
        await visible(pilot, "acme_mcp.c")
        assert "Your fix" in text_of(app)
        assert "Where the bug is" not in text_of(app)
        await keys(pilot, "escape", "G")
        assert "Evidence" in text_of(app)
        await keys(pilot, "enter")
        await visible(pilot, "you answered that it is not a fix")
        assert "Where the bug is" not in text_of(app)
        assert app.session.stage_status(Stage.TAGS).state is StageState.DONE
        await keys(pilot, Stage.BACKPORTS)
        assert "you answered that it is not a fix: nothing to backport" in text_of(app)
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.DONE
        await keys(pilot, Stage.CHECKS)
        assert "missing-fixes" not in text_of(app)
        await keys(pilot, Stage.PREVIEW)
        assert not [
            question
            for question in app.session.fresh_result(Stage.PREVIEW).warnings
            if "unanswered" in question.name
        ]
        # undo restores everything
        await keys(pilot, Stage.TAGS, "enter")
        await visible(pilot, "This is not a fix")


async def test_user_can_add_a_candidate_and_tag_several(
    fixed_clone: Path, app: PatchpilotApp
) -> None:
    named_commit = git(fixed_clone, "rev-parse", "v6.2-rc1^{commit}").text.strip()

    async def wait_for_tags(pilot: Pilot[int], count: int) -> None:
        def has_all_tags() -> bool:
            return text_of(app).count("{+Fixes: ") == count

        await until(pilot, has_all_tags, f"{count} tags in the message")

    async with running(app, (120, 36), Stage.TAGS, "G", "k", "enter") as pilot:
        await pilot.press(*"v6", "full_stop", *"2-rc1", "enter")
        await visible(pilot, "you named it")
        await visible(pilot, f"{{+Fixes: {named_commit[:12]}")
        await keys(pilot, "space", "home", "space")
        await wait_for_tags(pilot, 2)
        assert text_of(app).count("[✓]") == 2
        await keys(pilot, "w")
        await visible(pilot, "2 Fixes: tags")
        await keys(pilot, "escape", "space")
        await wait_for_tags(pilot, 1)
