# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the recipients screen.

It groups recipients by reason, has a detail view, and shows notes as cards with remedies.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.sending.questions import save_draft_answer
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.recipients_rows import OUT
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import LineDialog
from patchpilot.tui.widgets.lists import List, RowList
from patchpilot.tui.widgets.panel import TextPanel
from tests.kit.walk import keys, last_message, running, settle, text_of, until, visible

pytestmark = pytest.mark.long


On = Callable[[Path], PatchpilotApp]


def list_recipient_rows(app: PatchpilotApp) -> list[str]:
    people = app.screen.query_one("#people", List)
    return [
        str(people.get_option_at_index(row_index).prompt)
        for row_index in range(people.option_count)
    ]


async def test_space_excludes_a_recipient(
    app: PatchpilotApp,
) -> None:
    async with running(app, (120, 36)) as pilot:
        await keys(pilot, Stage.RECIPIENTS)
        before = list_recipient_rows(app)
        assert before[0] == "ACME FASTWIRE ETHERNET DRIVER (Supported) · 2"
        assert "● 3 To/Cc 3" in text_of(app).split("\n")[1], "notes are open"
        assert "3 open notes" in text_of(app)
        why = " ".join(str(app.screen.query_one("#recipient-why", TextPanel).text.render()).split())
        assert "matches F: drivers/net/ethernet/acme/" in why
        assert "67%, 2 of 3 commits in the last three years" in why
        await keys(pilot, "space")
        assert list_recipient_rows(app)[1].startswith("– --  Maya Okafor")
        assert app.screen.query_one("#people", List).highlighted == 1
        await keys(pilot, "space", "t")
        assert "Cc  Maya Okafor" in " ".join(list_recipient_rows(app))
        await keys(pilot, "t")
        assert "To  Maya Okafor" in " ".join(list_recipient_rows(app))
        # on a small terminal, Enter opens the detail view
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert "matches F:" not in text_of(app)
        await keys(pilot, "enter")
        assert "matches F:" in text_of(app)
        await keys(pilot, "escape")
        assert "matches F:" not in text_of(app)


async def test_note_names_the_tree(fixed_clone: Path, open_app_on: On) -> None:
    git(fixed_clone, "remote", "add", "net", "https://git.example.org/netdev/net.git")
    other = {
        f"GIT_{role}_{part}": "net@example.org"
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    ahead = git(
        fixed_clone,
        "commit-tree",
        "origin/master^{tree}",
        "-p",
        "origin/master^",
        "-m",
        "net: more",
        env=other,
    ).text.strip()
    git(fixed_clone, "update-ref", "refs/remotes/net/main", ahead)
    app = open_app_on(fixed_clone)
    async with running(app, (120, 36)) as pilot:
        await keys(pilot, Stage.RECIPIENTS)

        def list_note_titles() -> list[str]:
            return [row.key for row in app.screen.query_one("#advice", RowList).rows]

        assert list_note_titles()[:4] == [
            "security question open",
            "regression question open",
            "target tree not named",
            "other tree",
        ]
        await keys(pilot, "f")
        assert app.focused is app.screen.query_one("#advice"), "the cursor is visible"
        await keys(pilot, "f", "a", "f")
        await until(
            pilot,
            lambda: "target tree not named" not in list_note_titles(),
            "the tree to be named",
        )
        rows = app.screen.query_one("#advice", RowList).rows
        (other_tree,) = (row for row in rows if row.key == "other tree")
        assert "run git rebase net/main" in other_tree.text.plain


async def test_o_shows_one_patch_of_a_series(fixed_clone: Path, app: PatchpilotApp) -> None:
    async with running(app, (120, 36)) as pilot:
        await keys(pilot, Stage.RECIPIENTS, "o")
        assert app.session.view == "series"
        (fixed_clone / "COPYING").write_text("other words\n")
        git(fixed_clone, "commit", "-q", "-a", "-m", "net/acme: second")
        app.jobs.read_topic()
        await until(
            pilot,
            lambda: app.session.topic and len(app.session.topic.commits) == 2,
            "both commits",
        )
        await visible(pilot, "Recipients of the series")
        # the first patch is the fix
        await keys(pilot, "greater_than_sign", "o")
        await visible(pilot, "Recipients of patch: net/acme: second")
        # an edit applies to the patch that is displayed
        people = app.screen.query_one("#people", RowList)
        who = people.selected_item[1].address.email
        await keys(pilot, "space")
        await until(
            pilot,
            lambda: (
                Stage.RECIPIENTS in app.session.results
                and people.selected_item
                and people.selected_item[0] == OUT
            ),
            "excluded from one patch",
        )
        await keys(pilot, "o")
        await until(
            pilot,
            lambda: any(who in row and ", patch 1" in row for row in list_recipient_rows(app)),
            "still a recipient of the other",
        )


async def test_undisclosed_fix_has_few_recipients(fixed_clone: Path, app: PatchpilotApp) -> None:
    with Repository.open(fixed_clone) as repository:
        save_draft_answer(repository, "security", "yes")
    async with running(app, (120, 36)) as pilot:
        await keys(pilot, Stage.RECIPIENTS)
        shown = [
            row.split()[1:3] for row in list_recipient_rows(app) if row.split()[1] in ("To", "Cc")
        ]
        assert shown == [
            ["To", "Maya"],
            ["To", "Piet"],
            ["To", "Lena"],
            ["Cc", "security@kernel.org"],
        ]
        for key in ("w", "t"):
            app.message = ""
            await keys(pilot, key)
            assert not isinstance(app.screen, LineDialog)
            assert "undisclosed fix is sent to the maintainers" in last_message(app)
        assert list_recipient_rows(app)[1].split()[1] == "To"
        await keys(pilot, Stage.SEND)
        await until(pilot, lambda: app.session.last_result(Stage.SEND) is not None, "the plan")
        planned = app.session.last_result(Stage.SEND)
        roles = sorted(one.role for one in planned.recipients)
        assert roles == ["maintainer", "maintainer", "maintainer", "security team"]
