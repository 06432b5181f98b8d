# SPDX-License-Identifier: GPL-2.0-or-later
"""The follow stage: `r` replies to the mail under the cursor, `i` declines a review point."""

from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.screens.follow_screen import FollowScreen
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.confirm import Confirm
from patchpilot.tui.widgets.thread_tree import ThreadTree
from tests.kit.cli import call
from tests.kit.life import Life, life
from tests.kit.topics import unpacked
from tests.kit.walk import asked, keys, said, settle, text_of, until
from tests.screens.test_follow import REVIEW, app_on

# replies are written and sent to a real server
pytestmark = pytest.mark.long


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Life]:
    """A topic that was sent, with a question and a request."""
    with life(tmp_path) as lived:
        lived.tell(lived.send(), REVIEW)
        yield lived


async def at_row(pilot: Pilot[int], words: str) -> None:
    """Follow, with the cursor on the first row that has these words."""
    await settle(pilot)
    assert isinstance(pilot.app, PatchpilotApp)
    asked(pilot.app)
    await keys(pilot, Stage.FOLLOW)
    tree = pilot.app.screen.query_one(ThreadTree)
    tree.go(next(at for at, row in enumerate(tree.rows) if words in row))


async def test_r_replies_to_the_mail_under_the_cursor(
    one: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    def edited(_: object, text: str, __: str = "") -> str:
        given.append(text)
        return f"{text.rstrip()}\n\nThe old one is `wrong`.\n"

    monkeypatch.setattr("patchpilot.tui.actions.reply_action.edit_text", edited)
    before = len(one.server.take())
    app = app_on(one.repo.path, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview")
        assert "The old one is `wrong`." in text_of(app)
        assert "In-Reply-To: <" in text_of(app)
        assert "to 1 person" in text_of(app)
        await pilot.press("escape")
        assert len(one.server.take()) == before
        assert (
            "The old one is `wrong`." in call("track", "reply", "--format", "json").out
        )
        await until(pilot, lambda: isinstance(app.screen, FollowScreen), "the stage")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview again")
        app.screen.query_one(Input).value = "send"
        await pilot.press("enter")
        await until(pilot, lambda: len(one.server.take()) > before, "the mail")
        await settle(pilot)
    assert "> Why do you change line 1?" in given[0]
    assert "The old one is `wrong`." in given[1]
    mail = message_from_bytes(unpacked(one.server.take()[-1]))
    assert mail["To"] == "Rita Reviewer <rita@example.net>"
    assert mail["Subject"].startswith("Re: ")
    assert "no drafts" in call("track", "reply").out


async def test_the_same_reply_is_not_sent_again(
    one: Life, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = lambda _, text, __="": f"{text.rstrip()}\n\nIt was wrong.\n"  # noqa: E731
    monkeypatch.setattr("patchpilot.tui.actions.reply_action.edit_text", answer)
    before = len(one.server.take())
    app = app_on(one.repo.path, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview")
        app.screen.query_one(Input).value = "send"
        await pilot.press("enter")
        await until(pilot, lambda: len(one.server.take()) > before, "the mail")
        await settle(pilot)
        await at_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: "this reply was sent on" in said(app), "the refusal")
        assert isinstance(app.screen, FollowScreen)
    assert len(one.server.take()) == before + 1


async def test_i_declines_a_point_and_takes_it_back(one: Life, tmp_path: Path) -> None:
    app = app_on(one.repo.path, tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await at_row(pilot, "Please add a test")
        await pilot.press("i")
        await until(
            pilot, lambda: "[–] Please add a test for it." in text_of(app), "the sign"
        )
        assert "declined" in call("track", "show", "1", "--ledger").out
        await pilot.press("i")
        await until(
            pilot, lambda: "[ ] Please add a test for it." in text_of(app), "no sign"
        )
