# SPDX-License-Identifier: GPL-2.0-or-later
"""Test fixing and waiving findings in the TUI with real commits.

A fix is previewed, written on request, and undone with a key.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from patchpilot.checking.driver import PatchSource
from patchpilot.checking.result import FindingRow
from patchpilot.checking.topic_waivers import topic_waivers
from patchpilot.commits.repository import Repository
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.checks_screen import ChecksScreen
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.choose import Choose, Confirm
from patchpilot.tui.widgets.diff_view import DiffView
from patchpilot.tui.widgets.panel import TextPanel
from tests.kit.mails import ADA
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED_LINE
from tests.kit.walk import (
    current_screen,
    keys,
    last_message,
    opened,
    running,
    settle,
    still,
    text_of,
    until,
)

pytestmark = pytest.mark.long

On = Callable[[Path], PatchpilotApp]
FILE = "drivers/frob/frob.c"
BASE = "int frob_one(int a)\n{\n\treturn a;\n}\n\nint frob_two(int a)\n{\n\treturn a;\n}\n"
TEXT = (
    "Old boards need a moment until the link is up, so that the first\n"
    "transfer does not fail. Give it to them.\n"
    "\n"
)


@pytest.fixture
def untidy_branch(tmp_path: Path) -> Repo:
    """Create a branch of two commits. The first one has findings in its message and its code."""
    repo = Repo(tmp_path / "r")
    for name, value in (
        ("user.name", "Ada Fixer"),
        ("user.email", "ada@example.org"),
        ("patchpilot.base", "master"),
        ("patchpilot.strict", "true"),
    ):
        repo.git("config", name, value)
    repo.commit("frob: begin\n", {FILE: BASE}, author=ADA)
    repo.branch("topic")
    untidy_code = BASE.replace("\treturn a;", "\tif(a)\n\t\treturn frob(a,1 );\n\n\treturn a;", 1)
    repo.commit(
        f"frob: wait for the link\n\n{TEXT}Reviewed-By: Ben Reader <ben@example.org>\n"
        f"{SIGNED_LINE}",
        {FILE: untidy_code},
        author=ADA,
    )
    repo.commit(
        f"frob: count from one\n\n{TEXT}{SIGNED_LINE}",
        {FILE: untidy_code.replace("return a;", "return a + 1;")},
        author=ADA,
    )
    return repo


def read_checked_out_commit(repo: Repo) -> str:
    """Return the commit that is checked out. This also works during a checkout."""
    return repo.git("rev-parse HEAD")


def read_repository_state(repo: Repo) -> tuple[str, str, str]:
    """Return the branch, the file and the uncommitted changes.

    They are read without a lock, because a lock would delay the rewrite.
    """
    return (
        repo.git("rev-parse topic"),
        (repo.path / FILE).read_text(),
        repo.git("--no-optional-locks status --porcelain"),
    )


def list_rows(app: PatchpilotApp) -> list[FindingRow]:
    return list(current_screen(app, ChecksScreen)._shown_findings.values())


async def open_checks(pilot: Pilot[int]) -> DiffView:
    app = pilot.app
    await settle(pilot)
    await keys(pilot, Stage.CHECKS)
    return app.screen.query_one("#patch", DiffView)


async def test_long_fix_shows_tags_first(
    newcomer_app: PatchpilotApp,
) -> None:
    async with newcomer_app.run_test(size=(100, 20)) as pilot:
        await open_checks(pilot)
        await still(pilot)
        await keys(pilot, "A")
        await still(pilot)
        screen_text = text_of(newcomer_app)
        assert re.search(r"\d+ more lines below", screen_text)
        assert "Findings left to fix manually" not in screen_text
        assert isinstance(newcomer_app.screen, Choose)
        rows = list(newcomer_app.screen.query_one(DiffView).rows)
        texts = [row for row in rows if row.startswith("--- a/")]
        assert len(texts) == 2, "the message and the file have one diff each"
        assert "COMMIT_MSG" in texts[0]
        (tag,) = [number for number, row in enumerate(rows) if row.startswith("+Fixes: ")]
        assert rows.index(texts[0]) < tag < rows.index(texts[1])
        await pilot.press(*["pagedown"] * 9)
        await still(pilot)
        assert "Findings left to fix manually" in text_of(newcomer_app)
        assert "more lines below" not in text_of(newcomer_app)


async def test_one_finding_is_fixed_alone(untidy_branch: Repo, open_app_on: On) -> None:
    before = read_repository_state(untidy_branch)
    app = open_app_on(untidy_branch.path)
    async with app.run_test(size=(160, 50)) as pilot:
        view = await open_checks(pilot)
        screen = app.screen
        view.select_note(
            next(row.key for row in list_rows(app) if row.finding.name == "malformed-tag")
        )
        await settle(pilot)
        detail = str(screen.query_one("#detail-panel", TextPanel).text.render())
        assert "press a to apply" in detail
        assert "+Reviewed-by: Ben Reader" in detail
        await keys(pilot, "a")
        assert isinstance(app.screen, Choose)
        assert "+Reviewed-by: Ben Reader" in text_of(app)
        assert "frob(a, 1)" not in text_of(app)
        assert read_repository_state(untidy_branch) == before
        await pilot.press("enter")
        await until(
            pilot,
            lambda: read_checked_out_commit(untidy_branch) != before[0],
            "the commits to be written",
        )
        await settle(pilot)
        assert "fixed malformed-tag; press u to undo" in last_message(app)
        assert "Reviewed-by: Ben" in untidy_branch.git("log -1 --format=%b topic~1")
        assert read_repository_state(untidy_branch)[1] == before[1]


@pytest.mark.parametrize("word", ["published", "claim"])
async def test_commits_of_others_are_rewritten_when_the_word_is_typed(
    untidy_branch: Repo, open_app_on: On, word: str
) -> None:
    if word == "published":
        untidy_branch.git("update-ref refs/remotes/origin/topic topic")
        reason = "is already published in origin/topic"
    else:
        reason = "max@keeper.example"
        email = f"user.email={reason}"
        untidy_branch.git("-c", email, "commit", "-q", "--amend", "--no-edit")
    before = read_repository_state(untidy_branch)
    app = open_app_on(untidy_branch.path)
    async with app.run_test(size=(100, 30)) as pilot:
        await open_checks(pilot)
        for answer in (("escape",), (*word, "enter")):
            assert read_repository_state(untidy_branch) == before
            await keys(pilot, "A")
            await pilot.press("enter")
            await opened(pilot, Confirm)
            screen_text = text_of(app)
            assert reason in screen_text
            assert f'type "{word}" to confirm' in screen_text
            assert f"--{word}" not in screen_text.replace("b4 prep --claim", "")
            await pilot.press(*answer)
            await settle(pilot)
        await until(
            pilot,
            lambda: read_checked_out_commit(untidy_branch) != before[0],
            "the commits to be written",
        )
        await settle(pilot)
    assert untidy_branch.git("log -1 --format=%ce") == "ada@example.org"


async def test_uncommitted_work_blocks_a_fix(untidy_branch: Repo, open_app_on: On) -> None:
    (untidy_branch.path / FILE).write_text("mine\n")
    before = read_repository_state(untidy_branch)
    app = open_app_on(untidy_branch.path)
    async with app.run_test(size=(100, 30)) as pilot:
        await open_checks(pilot)
        await keys(pilot, "A", "enter")
        assert "uncommitted changes" in text_of(app)
        assert "git stash" in text_of(app)
        assert read_repository_state(untidy_branch) == before


async def test_waived_finding_is_listed(untidy_branch: Repo, open_app_on: On) -> None:
    app = open_app_on(untidy_branch.path)
    async with app.run_test(size=(100, 40)) as pilot:
        pager = await open_checks(pilot)
        screen = current_screen(app, ChecksScreen)
        at = next(
            shown.line
            for shown in screen._shown_findings.values()
            if shown.finding.name == "malformed-tag"
        )

        def list_waived() -> dict[str, str]:
            with Repository.open(untidy_branch.path) as repository:
                return {
                    waiver.rule: waiver.reason for waiver in topic_waivers(repository, (), "master")
                }

        pager.go_to_line(at)
        await keys(pilot, "i")
        await pilot.press("enter")
        await settle(pilot)
        assert list_waived() == {}
        await keys(pilot, "i")
        await pilot.press(*"he writes it so", "enter")
        await settle(pilot)
        await until(
            pilot,
            lambda: app.session.fresh_result(Stage.CHECKS) is not None,
            "the findings made anew",
        )
        assert list_waived() == {"malformed-tag": "he writes it so"}
        assert "1 waived" in app.session.stage_status(Stage.CHECKS).note
        assert "malformed-tag" not in {
            shown.finding.name for shown in screen._shown_findings.values()
        }
        with Repository.open(untidy_branch.path) as repository:
            from patchpilot.checking.topic import make_topic_driver

            assert app.session.topic is not None
            driver = make_topic_driver(
                repository,
                app.session.read_settings(repository),
                app.session.checked_topic,
            )
            same = driver.check_source(PatchSource(base="master"))
        assert [
            row.finding.suppression.reason for row in same.suppressed if row.finding.suppression
        ] == ["he writes it so"]
        await keys(pilot, "o")
        answers = [answer.words for answer in current_screen(app, Choose).answers]
        await pilot.press(*["down"] * answers.index("Waived findings"), "enter")
        await settle(pilot)
        await still(pilot)
        assert [(note.line, note.text.partition(":")[0]) for note in pager.notes] == [
            (at, "waived")
        ]
        assert "waived: he writes it so (your topic); press i to remove the waiver" in " ".join(
            text_of(app).split()
        )
        await keys(pilot, "i")
        await until(
            pilot,
            lambda: app.session.fresh_result(Stage.CHECKS) is not None,
            "the findings made anew",
        )
        await settle(pilot)
        assert list_waived() == {}
        assert "malformed-tag" in {row.finding.name for row in list_rows(app)}
        assert app.session.stage_status(Stage.CHECKS).state is StageState.BLOCKED


def test_fix_preview_matches_the_result(
    snap_compare: Callable[..., bool],
    untidy_branch: Repo,
    open_app_on: On,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    async def open_preview(pilot: Pilot[int]) -> None:
        await open_checks(pilot)
        await keys(pilot, "A")
        await still(pilot)

    assert snap_compare(
        open_app_on(untidy_branch.path), terminal_size=(80, 24), run_before=open_preview
    )


async def test_applied_fixes_are_not_offered_again(untidy_branch: Repo, open_app_on: On) -> None:
    """The fixes of the remaining findings would cause others."""
    code = BASE.replace("\treturn a;", "    if(a == 0){\n        return 1;\n    }\n\treturn a;", 1)
    untidy_branch.git("reset --hard -q master")
    untidy_branch.commit(
        f"frob: wait for the link\n\n{TEXT}{SIGNED_LINE}", {FILE: code}, author=ADA
    )
    app = open_app_on(untidy_branch.path)
    async with running(app, (120, 36), Stage.CHECKS, "A") as pilot:
        await keys(pilot, "enter")
        await until(pilot, lambda: "fixed " in last_message(app), "the fixes")
        await settle(pilot)
        screen = app.screen
        assert isinstance(screen, ChecksScreen)
        assert any(row.remedy == "safe" for row in screen._every)
        assert not screen.can_fix_safe
