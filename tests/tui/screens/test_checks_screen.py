# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how the Checks stage shows findings in the list, in the patch and in the detail view."""

from collections.abc import Callable, Hashable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.commits.git_command import git
from patchpilot.demo import acme
from patchpilot.errors import PatchpilotError
from patchpilot.model.rule import Severity
from patchpilot.tags import rank_culprits
from patchpilot.tui.actions.editing import open_file
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.checks_screen import ChecksScreen
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.lists import RowList
from patchpilot.tui.widgets.panel import Panel
from tests.kit.walk import (
    current_screen,
    keys,
    last_message,
    opened,
    running,
    settle,
    text_of,
    until,
    visible,
)

pytestmark = pytest.mark.long


On = Callable[[Path], PatchpilotApp]


async def open_checks(pilot: Pilot[int], *names: str) -> DiffView:
    """Open the Checks stage, and select the first finding with one of these names."""
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await settle(pilot)
    await keys(pilot, Stage.CHECKS)
    diff_view = app.screen.query_one("#patch", DiffView)
    for name in names:
        diff_view.select_note(find_key(app, name))
        await settle(pilot)
    return diff_view


def list_shown_findings(app: PatchpilotApp) -> list[str]:
    return [row.finding.name for row in current_screen(app, ChecksScreen)._shown_findings.values()]


def find_key(app: PatchpilotApp, name: str) -> Hashable:
    """Return the key of the first finding with this name."""
    rows = current_screen(app, ChecksScreen)._shown_findings.values()
    return next(row.key for row in rows if row.finding.name == name)


def read_commit_message(repository: Path) -> str:
    return git(repository, "log", "-1", "--format=%B").text


async def test_panels_follow_one_cursor(newcomer_app: PatchpilotApp) -> None:
    async with newcomer_app.run_test(size=(120, 36)) as pilot:
        view = await open_checks(pilot)
        screen = newcomer_app.screen
        panels = [screen.query_one(name, Panel) for name in ("#finding-list", "#detail-panel")]
        listed = screen.query_one("#findings", RowList)
        total = len(list_shown_findings(newcomer_app))

        def read_selection() -> tuple[str, str, str]:
            name = listed.selected_item.finding.name
            return name, panels[1].heading, panels[0].count.split()[0]

        # the first error is selected first
        assert listed.selected_item.finding.severity is Severity.ERROR
        first = list_shown_findings(newcomer_app)[0]
        assert read_selection() == (first, first, f"1/{total}")
        assert view.note
        assert view.note.key == find_key(newcomer_app, first)
        screen_text = text_of(newcomer_app)
        assert "✗ 2 Checks 4" in screen_text.split("\n")[1]
        assert " 3 errors, 1 warning " in screen_text, screen_text
        await keys(pilot, "f", "F")
        assert read_selection() == (
            list_shown_findings(newcomer_app)[0],
            list_shown_findings(newcomer_app)[0],
            f"1/{total}",
        )
        await keys(pilot, "j")
        names = list_shown_findings(newcomer_app)
        assert view.note.key == find_key(newcomer_app, names[1])
        await keys(pilot, "tab", "G")
        view.go_to_line(view.notes[-1].line)
        await settle(pilot)
        assert listed.selected_item.key == view.notes[-1].key
        name = listed.selected_item.finding.name
        assert read_selection() == (name, name, f"{names.index(name) + 1}/{total}")


async def test_key_line_names_the_fix_of_the_selected_finding(
    newcomer_app: PatchpilotApp,
) -> None:
    async with newcomer_app.run_test(size=(80, 24)) as pilot:
        await open_checks(pilot, "no-sign-off")
        await visible(pilot, "a sign off")
        listed = newcomer_app.screen.query_one("#findings", RowList)
        listed.select_row(find_key(newcomer_app, "missing-fixes"))
        await settle(pilot)
        assert listed.selected_item.finding.name == "missing-fixes"
        assert "a sign off" not in text_of(newcomer_app)


async def test_errors_come_first(fixed_clone: Path, app: PatchpilotApp) -> None:
    """Warnings on lines above an error are listed after it, in the order of their lines."""
    file = fixed_clone / acme.MCP
    lines = "".join(f"extern int acme_count_{number};\n" for number in range(12))
    code = "static int acme_count(int card)\n{\n\tif(card)\n\t\treturn 1;\n\treturn 0;\n}\n"
    file.write_text(f"{file.read_text()}\n{lines}\n{code}")
    git(fixed_clone, "commit", "-q", "-a", "--amend", "--no-edit", "--signoff")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_checks(pilot)
        rows = list(current_screen(app, ChecksScreen)._shown_findings.values())
        errors = [row.finding.severity is Severity.ERROR for row in rows]
        assert errors == [True, *[False] * (len(rows) - 1)]
        lines = [row.line for row in rows]
        assert lines[1:] == sorted(lines[1:])
        assert lines[0] > lines[4]
        listed = app.screen.query_one("#findings", RowList)
        assert listed.selected_item is rows[0]
        assert listed.scroll_offset.y == 0
        await keys(pilot, "f")
        assert listed.selected_item is rows[1]


async def test_stage_bar_counts_warnings_as_work(fixed_clone: Path, app: PatchpilotApp) -> None:
    git(fixed_clone, "commit", "-q", "--amend", "--no-edit", "--signoff")
    async with app.run_test(size=(120, 36)) as pilot:
        await open_checks(pilot)
        assert list_shown_findings(app) == ["missing-fixes"]
        assert "● 2 Checks 1" in text_of(app).split("\n")[1]


async def test_small_terminal_shows_the_detail_as_a_card(
    newcomer_app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_culprits, "SURE", 0.5)
    async with newcomer_app.run_test(size=(80, 24)) as pilot:
        view = await open_checks(pilot, "no-space-after-keyword")
        assert "Fix  press a" not in text_of(newcomer_app)
        await keys(pilot, "enter")
        rows = text_of(newcomer_app)
        for words in ("Fix  press a", "+       if ((rsp", "missing Signed-off-by"):
            assert words in rows
        await keys(pilot, "escape")
        assert "Fix  press a" not in text_of(newcomer_app)
        assert newcomer_app.focused is newcomer_app.screen.query_one("#findings")
        # a finding about a missing line is shown at the end of the message
        key = find_key(newcomer_app, "no-sign-off")
        assert [view.rows[note.line] for note in view.notes if note.key == key] == ["---"]
        # the fix is as wide as the card
        view.select_note(find_key(newcomer_app, "missing-fixes"))
        await keys(pilot, "enter")
        await visible(pilot, "+Cc: stable@vger.kernel.org")
        # a search also matches words in findings
        assert {note.role for note in view.notes} == {"error", "warning"}
        name = view.notes[-1].text.partition(":")[0]
        await keys(pilot, "escape")
        view.go_to_line(0)
        await pilot.press("slash", *name, "enter")
        await settle(pilot)
        assert name in view.searchable[view.cursor]


async def test_sign_off_is_added_after_its_text_is_shown(
    fixed_clone: Path, app: PatchpilotApp
) -> None:
    before = read_commit_message(fixed_clone)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_checks(pilot, "no-sign-off")
        await keys(pilot, "a")
        assert isinstance(app.screen, Choose)
        screen_text = " ".join(text_of(app).replace("┃", " ").split())
        assert "Developer's Certificate of Origin" in screen_text
        assert "s  Sign off" in text_of(app)
        await keys(pilot, "escape")
        assert read_commit_message(fixed_clone) == before
        await keys(pilot, "a", "enter")
        await until(
            pilot,
            lambda: (
                "Signed-off-by: Robin Newland <robin@example.net>"
                in read_commit_message(fixed_clone)
            ),
            "the sign-off",
        )
        await until(
            pilot,
            lambda: app.session.fresh_result(Stage.CHECKS) is not None,
            "the checks",
        )
        await settle(pilot)
        assert "added Signed-off-by: to 1 commit; press u to undo" in last_message(app)
        assert "no-sign-off" not in list_shown_findings(app)


async def test_unsure_tag_is_not_offered_to_all_fixes(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_culprits, "SURE", 0.999)
    async with app.run_test(size=(160, 50)) as pilot:
        for name in ("no-sign-off", "missing-fixes"):
            await open_checks(pilot, name)
            screen = app.screen
            assert isinstance(screen, ChecksScreen)
            assert "safe" not in [row.remedy for row in screen._every]
            assert not screen.can_fix_safe
            step = app.next_key(screen)
            assert step is None or step.key != "A"
        await visible(pilot, "at stage 4")
        assert "--fixes" not in text_of(app)
        assert "A review all fixes" not in text_of(app)


async def test_fixes_and_tags_share_a_dialog_and_an_undo(
    clone: Path, newcomer_app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rank_culprits, "SURE", 0.5)
    before = read_commit_message(clone)
    async with newcomer_app.run_test(size=(100, 60)) as pilot:
        await open_checks(pilot, "missing-fixes")
        screen_text = text_of(newcomer_app)
        assert "a add tag" in screen_text
        assert "A review all fixes" in screen_text
        await keys(pilot, "A", "escape")
        assert read_commit_message(clone) == before
        await keys(pilot, "A")
        screen_text = text_of(newcomer_app)
        assert "Apply 2 fixes and add 2 tags to 1 commit? 1 finding left" in screen_text
        assert "+Fixes: " in screen_text
        assert "if ((rsp" in screen_text
        assert "missing Signed-off-by" in screen_text
        assert "missing-fixes]" not in screen_text, "the tag is added"
        assert read_commit_message(clone) == before
        await keys(pilot, "enter")
        await until(pilot, lambda: "\nFixes: " in read_commit_message(clone), "the tag")
        await until(
            pilot,
            lambda: newcomer_app.session.fresh_result(Stage.CHECKS) is not None,
            "the checks",
        )
        await settle(pilot)
        assert newcomer_app.screen is newcomer_app.stage_screen, "no second dialog"
        assert "fixed " in last_message(newcomer_app)
        assert "and added the tags; press u to undo" in last_message(newcomer_app)
        assert "missing-fixes" not in list_shown_findings(newcomer_app)
        assert "Signed-off-by" not in read_commit_message(clone)
        assert "\tif ((rsp" in (clone / acme.MCP).read_text()
        assert "A review all fixes" not in text_of(newcomer_app)
        await keys(pilot, "u", "enter")
        await until(pilot, lambda: read_commit_message(clone) == before, "the message as it was")
        await settle(pilot)
        assert not git(clone, "status", "--porcelain", "-uno").text


async def test_strict_count_is_shown_with_its_key(fixed_clone: Path, app: PatchpilotApp) -> None:
    file = fixed_clone / acme.MCP
    file.write_text(
        file.read_text().replace("rc = -EOPNOTSUPP;", "rc = card == NULL ? 0 : -EOPNOTSUPP;")
    )
    git(fixed_clone, "commit", "-q", "--amend", "-a", "--no-edit")
    git(fixed_clone, "config", "patchpilot.experience", "regular")
    async with app.run_test(size=(80, 24)) as pilot:
        await open_checks(pilot)
        assert "o shows 1 minor" in text_of(app)
        await keys(pilot, "o", "f")
        assert "o shows 1 minor" not in text_of(app)
        assert "the findings of all rules" in text_of(app)


async def test_reviewer_is_started_by_a_key(
    newcomer_app: PatchpilotApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = tmp_path / "answer"
    answer.write_text('{"path": "message", "line": 1, "problem": "gives no reason"}')
    config = tmp_path / "gitconfig"
    config.write_text(
        "[user]\nname = Ada\nemail = ada@example.org\n"
        f'[patchpilot "reviewer.mine"]\ncommand = cat {answer}\nlocal = true\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    async with running(newcomer_app, (100, 30), Stage.CHECKS) as pilot:
        await keys(pilot, "o", "r")
        await visible(pilot, "review by mine")
        assert "gives no reason" in text_of(newcomer_app)


async def test_commits_between_two_rewrites_cause_no_error(
    newcomer_app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixes and the tags are two rewrites; the topic is not read in between."""
    app = newcomer_app
    topics: set[str] = set()
    errors: list[PatchpilotError] = []

    def note_error(_: ChecksScreen, error: PatchpilotError, retry: object = None) -> None:
        errors.append(error)

    monkeypatch.setattr(ChecksScreen, "show_error", note_error)
    async with running(app, (120, 36), Stage.CHECKS, "A") as pilot:
        topics.add(app.session.topic.key if app.session.topic else "")
        await pilot.press("enter")

        def is_fixed() -> bool:
            app.jobs.notice_changes()
            topics.add(app.session.topic.key if app.session.topic else "")
            return "fixed 2 findings and added the tags" in text_of(app)

        await until(pilot, is_fixed, "the fixes")
        await settle(pilot)
        topics.add(app.session.topic.key if app.session.topic else "")
    assert not errors
    assert len(topics) == 2


async def test_edited_file_is_amended_or_named_as_uncommitted(
    fixed_clone: Path, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path,) = git(fixed_clone, "show", "--name-only", "--format=", "HEAD").text.split()
    monkeypatch.setenv("GIT_EDITOR", 'sh -c \'echo "/* x */" >>"$1"\'')
    before = git(fixed_clone, "rev-parse", "HEAD").text
    async with running(app, (120, 36)) as pilot:
        await open_checks(pilot)
        for uncommitted in (True, False):
            open_file(app.stage_screen, path, 1)  # type: ignore[arg-type]
            await opened(pilot, Choose)
            await keys(pilot, "down" if uncommitted else "enter", "enter" if uncommitted else "x")
            await keys(pilot, "g")
            assert (f"changes in {path} are not committed" in text_of(app)) is uncommitted
            assert (git(fixed_clone, "rev-parse", "HEAD").text == before) is uncommitted
            # the file is offered again although the editor changes nothing
            monkeypatch.setenv("GIT_EDITOR", "true")


async def test_all_fixes_are_offered_only_if_there_is_one(
    clone: Path, newcomer_app: PatchpilotApp
) -> None:
    git(clone, "checkout", "-q", "-b", "first-fix", "origin/master")
    file = clone / acme.MCP
    file.write_text(file.read_text().replace("rc = -EINVAL;", "rc = -ENODEV;"))
    git(clone, "commit", "-q", "-a", "-m", "Fixed bug")
    async with newcomer_app.run_test(size=(120, 36)) as pilot:
        await keys(pilot, "2")
        await settle(pilot)
        remedies = {row.remedy for row in current_screen(newcomer_app, ChecksScreen)._every}
        assert "safe" in remedies, "only its rule has a fix"
        assert "a sign off" in text_of(newcomer_app)
        assert "A review all fixes" not in text_of(newcomer_app)
        next_key = newcomer_app.next_key(newcomer_app.screen)  # type: ignore[arg-type]
        assert next_key is None or next_key.key != "A"
        await keys(pilot, "A")
        assert newcomer_app.screen is newcomer_app.stage_screen


async def test_first_and_last_finding_are_announced(newcomer_app: PatchpilotApp) -> None:
    async with newcomer_app.run_test(size=(120, 36)) as pilot:
        await open_checks(pilot)
        screen = newcomer_app.screen
        assert isinstance(screen, ChecksScreen)
        for key, message in (("f", "this is the last one"), ("F", "this is the first one")):
            for _ in screen._shown_findings:
                assert message not in last_message(newcomer_app)
                selected = screen._selected
                await keys(pilot, key)
                if screen._selected == selected:
                    break
            assert message in last_message(newcomer_app)


async def test_build_is_offered_until_the_commits_were_built(app: PatchpilotApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await open_checks(pilot)
        assert app.session.topic
        app.session.builds = app.session.topic.key
        await keys(pilot, "o")
        assert "Build the commits" in text_of(app), "nothing was built yet"
