# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Tags stage.

It shows the details of a candidate, and choices below the candidates that affect other stages.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.git_command import git
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens.tags_screen import TagsScreen
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage, StageState
from tests.kit.walk import current_screen, keys, running, text_of, until, visible

pytestmark = pytest.mark.long


On = Callable[[Path], PatchpilotApp]


async def test_not_a_fix_is_respected_by_other_stages(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24)) as pilot:
        assert len(app.session.open_questions) == 3
        await keys(pilot, Stage.TAGS)
        await visible(pilot, "5.15 has it because")
        await keys(pilot, "x")
        await visible(pilot, "int acme_mcp_nvm_num_images")
        await keys(pilot, "f")
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
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.NOTHING
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


async def test_enter_writes_the_tag_of_the_selected_candidate(
    fixed_clone: Path, app: PatchpilotApp
) -> None:
    named_commit = git(fixed_clone, "rev-parse", "v6.2-rc1^{commit}").text.strip()[:12]
    async with running(app, (120, 36), Stage.TAGS, "G", "k", "enter") as pilot:
        await pilot.press(*"v6", "full_stop", *"2-rc1", "enter")
        await visible(pilot, "you named it")
        await keys(pilot, "space", "home")
        selected_commit = app.screen.selected_item.commit[:12]  # type: ignore[attr-defined]
        assert selected_commit != named_commit
        await keys(pilot, "enter")
        await visible(pilot, f"Fixes: {selected_commit}")
        assert named_commit not in text_of(app)


async def test_frame_and_cursor_follow_the_chosen_and_the_written_commit(
    fixed_clone: Path, app: PatchpilotApp
) -> None:
    named_commit = git(fixed_clone, "rev-parse", "v6.2-rc1^{commit}").text.strip()[:12]
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        assert "(likely, " in text_of(app)
        await keys(pilot, "G", "k", "enter")
        await pilot.press(*"v6", "full_stop", *"2-rc1", "enter")
        await visible(pilot, f"press w to add Fixes: {named_commit} ")
        await visible(pilot, f"Where the bug is, if {named_commit} introduced it")
        await keys(pilot, "w", "ctrl+s")
        await until(
            pilot, lambda: f"Fixes: {named_commit}" in git(fixed_clone, "log", "-1").text, "the tag"
        )
        await visible(pilot, "1 valid Fixes: tag")
        await until(
            pilot,
            lambda: (
                getattr(current_screen(app, TagsScreen).selected_item, "commit", "")[:12]
                == named_commit
            ),
            "the cursor on the written commit",
        )
        assert "Where the bug is ─" in text_of(app)
        # a candidate that no tag names is conditional
        await keys(pilot, "home")
        await visible(pilot, "Where the bug is, if ")
        # with two tags, the branches have the bug of either
        await keys(pilot, "w", "space")
        await visible(pilot, f"[✓] Replace Fixes: {named_commit}")
        await keys(pilot, "down", "space", "ctrl+s")
        await visible(pilot, "2 valid Fixes: tags")
        await visible(pilot, "Where the bug is ─")
        assert len(current_screen(app, TagsScreen)._shown_culprits) == 2


async def test_written_tag_is_replaced(fixed_clone: Path, app: PatchpilotApp) -> None:
    before = git(fixed_clone, "log", "-1", "--format=%B").text
    async with running(app, (120, 36), Stage.TAGS, "j", "w", "ctrl+s") as pilot:
        await visible(pilot, "1 valid Fixes: tag")
        wrong = git(fixed_clone, "log", "-1", "--format=%B").text
        assert wrong.count("\nFixes: ") == 1
        await keys(pilot, "home", "w", "space", "ctrl+s")
        await until(
            pilot,
            lambda: git(fixed_clone, "log", "-1", "--format=%B").text not in (before, wrong),
            "the other tag",
        )
        tags = git(fixed_clone, "log", "-1", "--format=%(trailers:key=Fixes)").text.split("\n")
        assert len(list(filter(None, tags))) == 1
        assert tags[0] not in wrong
        await keys(pilot, "u")
        await visible(pilot, "Undo")
        await keys(pilot, "enter")
        await until(
            pilot,
            lambda: git(fixed_clone, "log", "-1", "--format=%B").text == wrong,
            "the first tag",
        )


async def test_row_without_a_candidate_offers_no_tag(app: PatchpilotApp) -> None:
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        panel = current_screen(app, TagsScreen)._message_panel.text
        await until(pilot, lambda: "Fixes: " in str(panel.content), "the message with the tag")
        await keys(pilot, "G")
        await visible(pilot, "select a commit to add its Fixes: tag")
        assert "Fixes: " not in str(panel.content)


@pytest.mark.parametrize("way", ["enter", "space", "id"])
async def test_choice_for_a_merged_fix_reaches_the_stable_branches(
    fixed_clone: Path, tmp_path: Path, way: str
) -> None:
    def find(subject: str) -> str:
        log = git(fixed_clone, "log", "--format=%H", f"--grep=^{subject}", "origin/master")
        return log.text.split()[0]

    fix = find("acme: mask the sequence number off the response code")
    saved_state = SavedState(tmp_path / "state" / "walk.json")
    saved_state.save_values(theme="patchpilot-dark")
    app = create_app(fixed_clone, target=fix, memory=saved_state)
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        assert "adds: Cc: stable" not in text_of(app)
        assert "Message with tags added" not in text_of(app)
        if not current_screen(app, TagsScreen).shown_result.is_fix:
            await keys(pilot, "enter")
            await visible(pilot, "Another commit introduced it")
        if way == "id":
            chosen = git(fixed_clone, "rev-parse", "v6.1^{commit}").text.strip()
            await keys(pilot, "G", "k", "enter")
            await pilot.press(*chosen[:12], "enter")
        else:
            await keys(pilot, "home")
            chosen = current_screen(app, TagsScreen).selected_item.commit
            await keys(pilot, way)
        await visible(pilot, f"you chose {chosen[:12]}: LTS uses it")
        assert "adds: Cc: stable" not in text_of(app)
        await keys(pilot, Stage.BACKPORTS)
        await visible(pilot, f"Stable branches, if {chosen[:12]} introduced the bug")
        note = app.session.stage_status(Stage.BACKPORTS).note
        assert "branches need the fix" in note
        assert "likely" not in note
        assert "unknown" not in note
        assert "to confirm" not in note
        # the same choice again takes it back
        await keys(pilot, Stage.TAGS, "space")
        await visible(pilot, "press Enter on a commit: LTS uses it")
        assert not app.session.chosen_culprit


async def test_series_is_judged_as_a_whole(fixed_clone: Path, app: PatchpilotApp) -> None:
    (path,) = git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split()
    file = fixed_clone / path
    file.write_text(f"{file.read_text()}\n/* end */\n")
    message = "net/acme: mark the end\n\nReaders look for it.\n\nSigned-off-by: R N <r@n.example>"
    git(fixed_clone, "commit", "-q", "-a", "-m", message)
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        await visible(pilot, "1/2 net/acme: allow old cards")
        assert app.session.stage_status(Stage.TAGS).state is StageState.OFFERED
        await keys(pilot, "greater_than_sign")
        await visible(pilot, "< and > select the patch")
        status = app.session.stage_status(Stage.TAGS)
        assert status.state is StageState.OFFERED
        assert status.note.startswith('1/2 "net/acme: allow old cards')
        await keys(pilot, Stage.BACKPORTS)
        await visible(pilot, "its message names no bug: nothing to backport")
        assert app.session.stage_status(Stage.BACKPORTS).state is StageState.NOTHING
        await keys(pilot, "less_than_sign")
        await visible(pilot, "Prerequisites")


async def test_candidate_under_the_cursor_is_proposed(app: PatchpilotApp) -> None:
    async with running(app, (120, 36), Stage.TAGS) as pilot:
        await visible(pilot, "5.15 has it because")
        await keys(pilot, "j")
        await visible(pilot, "press w to add Fixes: d6600121f74b")
        await keys(pilot, "w")
        await visible(pilot, "[✓] Fixes: d6600121f74b")
