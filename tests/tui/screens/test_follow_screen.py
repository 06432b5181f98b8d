# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Follow stage.

It shows known data before the archive responds, review comments, the history, and the next
changelog.
"""

import threading
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from patchpilot.model.action import actions_in_advice
from patchpilot.threads import known_series
from patchpilot.tracking import update_series
from patchpilot.tracking.poll_archives import poll_archives
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.screens import first_question
from patchpilot.tui.screens.follow_screen import FollowScreen
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Confirm
from patchpilot.tui.widgets.lists import RowList
from patchpilot.tui.widgets.panel import Panel
from tests.kit.cli import call
from tests.kit.life import Life, create_life
from tests.kit.mails import MATT, build_mbox, build_pump_version, build_reply
from tests.kit.story import TITLE, V1
from tests.kit.topics import unpacked
from tests.kit.walk import current_screen, keys, last_message, running, settle, text_of, until

pytestmark = pytest.mark.long

REVIEW = "Why do you change line 1?\n\n> more\n\nPlease add a test for it."


@pytest.fixture
def sent_topic(tmp_path: Path) -> Iterator[Life]:
    """Create a topic that was sent. A reviewer has replied with a question and a request."""
    with create_life(tmp_path) as topic_life:
        topic_life.add_reply(topic_life.send(), REVIEW)
        yield topic_life


@pytest.fixture
def app(sent_topic: Life, tmp_path: Path) -> PatchpilotApp:
    saved_state = SavedState(tmp_path / "state" / "walk.json")
    saved_state.save_values(theme="patchpilot-dark")
    return create_app(sent_topic.repo.path, memory=saved_state)


async def test_known_series_is_shown_while_polling(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    poll = poll_archives

    def poll_slowly(*arguments: Any, **options: Any) -> Any:
        answered.wait(60)
        return poll(*arguments, **options)

    monkeypatch.setattr(update_series, "poll_archives", poll_slowly)
    # prefetch nothing
    app.jobs.ahead = []
    async with running(app, (120, 36)) as pilot:
        app.session.results.pop(Stage.FOLLOW, None)
        await pilot.press("8")
        await until(
            pilot,
            lambda: "Why do you change line 1?" in text_of(app),
            "the known mails",
        )
        assert Stage.FOLLOW in app.session.busy
        assert "checking the archive" in text_of(app)
        answered.set()
        await settle(pilot)
        assert "Why do you change line 1?" in text_of(app)


async def test_nothing_new_is_reported_only_after_polling(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered, poll = threading.Event(), poll_archives

    def poll_slowly(*arguments: Any, **options: Any) -> Any:
        answered.wait(60)
        return poll(*arguments, **options)

    monkeypatch.setattr(update_series, "poll_archives", poll_slowly)
    answered.set()
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        notes: list[str] = []
        monkeypatch.setattr(app.screen, "notify", lambda text, **_: notes.append(text))
        answered.clear()
        await pilot.press("g")
        await until(pilot, lambda: "checking the archive" in text_of(app), "the archive")
        assert notes == []
        answered.set()
        await settle(pilot)
        assert notes == ["nothing new"]


async def test_settled_point_is_put_into_the_changelog(
    sent_topic: Life, app: PatchpilotApp
) -> None:
    sent_topic.amend_patch()
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        screen = app.screen
        assert isinstance(screen, FollowScreen)
        assert "0/2 ticked" in text_of(app)
        move_to_row(app, "Please add a test")
        await pilot.press("space")
        await until(pilot, lambda: "1/2 ticked" in text_of(app), "a tick")
        assert "[✓] Please add a test for it." in text_of(app)
        assert "settle 1 open request" in text_of(app)
        assert app.session.fresh_result(Stage.SEND) is None
        move_to_row(app, "Why do you change")
        await pilot.press("space")
        await until(pilot, lambda: "2/2 ticked" in text_of(app), "both ticks")
        assert "settle" not in text_of(app), "the next step follows the tick"
        await pilot.press("space")
        await until(pilot, lambda: "1/2 ticked" in text_of(app), "one tick cleared")
        await keys(pilot, "v")
        await until(pilot, lambda: "v2 is started" in text_of(app), "v2")
    changelog = sent_topic.run("draft").out
    assert "EDITME review: Please add a test for it. (Rita Reviewer)" in changelog
    assert "Why do you change" not in changelog


async def test_history_and_reviewers_have_keys(app: PatchpilotApp) -> None:
    async with running(app, (80, 24), Stage.FOLLOW) as pilot:
        assert "» v1 sent" not in text_of(app)
        await keys(pilot, "x", "h")
        assert "» v1 sent" in text_of(app)
        assert "review by Rita Reviewer" in text_of(app)
        assert "next: answer the review by Rita Reviewer" in text_of(app)
        assert "landed  " in text_of(app), "the facts are above the history"
        await keys(pilot, "escape", "x", "r")
        assert "» v1 sent" not in text_of(app)
        assert "0 of 1 patch reviewed or acked" in text_of(app)
        assert "asked for changes (v1)" in text_of(app)


@pytest.mark.parametrize("versions", [2, 3])
async def test_versions_are_compared_in_the_reader(
    app: PatchpilotApp, tmp_path: Path, versions: int
) -> None:
    (tmp_path / "m").write_bytes(
        build_mbox(
            *[build_pump_version(version, 10 * version) for version in range(1, versions + 1)]
        )
    )
    assert call("track add --mbox", tmp_path / "m").code == 0
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        # the topic's own series has only one version
        await keys(pilot, "x")
        assert "Changes from" not in text_of(app)
        await keys(pilot, "escape")
        await show_other_series(pilot)
        title, conversation = (
            text_of(app).split("\n")[0],
            app.screen.query_one("#conversation", Panel),
        )
        assert title.strip().startswith(conversation.heading)
        assert "stages: " in title
        assert not conversation.note, "the note is about the topic"
        await keys(pilot, "x")
        assert text_of(app).count("c  Changes from") == 1
        await pilot.press("c")
        await until(
            pilot,
            lambda: f"v{versions - 1} and v{versions}: 1 changed" in text_of(app),
            "the range-diff",
        )
        assert "1 ! 1: pump: start at 10" in text_of(app)
        assert f"++\ta = {10 * versions};".replace("\t", "") in text_of(app).replace(
            " ", ""
        ).replace("a=", "a = ")
        await pilot.press("escape")
        assert isinstance(app.screen, FollowScreen)


async def test_incomparable_versions_are_an_error(app: PatchpilotApp, tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(
        build_mbox(
            build_pump_version(1, 10),
            build_pump_version(2, 10).replace(b"-\ta = 1;\n", b""),
        )
    )
    assert call("track add --mbox", tmp_path / "m").code == 0
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        await show_other_series(pilot)
        await keys(pilot, "x")
        await pilot.press("c")
        await until(
            pilot,
            lambda: "v2: patch2@example.org: line" in last_message(app) + text_of(app),
            "the error",
        )


async def test_late_result_is_drawn(
    app: PatchpilotApp,
) -> None:
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        screen = app.screen
        assert isinstance(screen, FollowScreen)
        (series,) = screen.shown_result
        again = replace(series, entry=series.entry._replace(updated="2024-05-01T00:00:00+00:00"))
        app.session.conversation = app.session.conversation._replace(series=again)
        app.call_later(lambda: (screen.on_resize(), screen.show_result((again,))))
        await settle(pilot)
        assert "Why do you change line 1?" in text_of(app)


async def test_page_down_cuts_no_line(sent_topic: Life, app: PatchpilotApp) -> None:
    line = "drivers/net/widget.c:7:5: warning: " + "unused variable and " * 6 + "end of the line"
    sent_topic.add_reply(
        sent_topic.first,
        "\n\n".join([f"line {number}" for number in range(60)] + [f">> {line}"]),
    )
    async with running(app, (100, 24), Stage.FOLLOW, "home") as pilot:
        assert "line 9" not in text_of(app)
        await keys(pilot, "pagedown", "pagedown")
        assert "line 9" in text_of(app)
        await keys(pilot, "pageup", "pageup")
        assert "line 9" not in text_of(app)
        await keys(pilot, "end")
        assert "end of the line" in " ".join(text_of(app).replace("│", " ").split())


async def test_new_mails_can_be_visited(sent_topic: Life, app: PatchpilotApp) -> None:
    sent_topic.add_reply(sent_topic.first, "\n\n".join(f"line {number}" for number in range(30)))
    async with running(app, (80, 24), Stage.FOLLOW) as pilot:
        sent_topic.add_reply(sent_topic.first, "A first answer.")
        sent_topic.add_reply(sent_topic.first, "A second answer.")
        await keys(pilot, "g")
        assert last_message(app) == "2 new messages: f goes to the next"
        sent_topic.add_reply(sent_topic.first, "A third answer.")
        await keys(pilot, "g")
        assert last_message(app) == "3 new messages: f goes to the next"
        assert "A first answer." not in text_of(app), "the user reads something else"
        await keys(pilot, "f", "f")
        assert "A first answer." in text_of(app)


async def test_repeated_bounce_is_reported_once(
    app: PatchpilotApp,
) -> None:
    async with running(app, (80, 24), Stage.FOLLOW) as pilot:
        screen = app.screen
        assert isinstance(screen, FollowScreen)
        (series,) = screen.shown_result
        bounces = series.unread | {"bounce@example.net", "again@example.net"}
        there = app.session.conversation
        app.session.conversation = there._replace(series=replace(there.series, unread=bounces))
        screen.show_result(screen.shown_result)
        await settle(pilot)
        assert last_message(app) == "2 new messages: press x to read it"


async def test_opened_series_is_read_first(
    sent_topic: Life, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    listed = known_series.read_all_series

    def read_slowly(**arguments: Any) -> Any:
        go_on.wait(60)
        return listed(**arguments)

    monkeypatch.setattr(known_series, "read_all_series", read_slowly)
    app.session.series = 1
    app.memory.save_values(f"{sent_topic.repo.path.resolve()}/.git:topic", stage="follow")
    async with app.run_test(size=(80, 24)) as pilot:
        await until(
            pilot,
            lambda: app.stage is Stage.FOLLOW and "reading" in text_of(app),
            "Follow",
        )
        await until(pilot, lambda: "Why do you change line 1?" in text_of(app), "the series")
        assert Stage.FOLLOW in app.session.busy
        go_on.set()
        await settle(pilot)


async def test_g_offers_git_fetch_for_a_series_of_another_topic(
    sent_topic: Life, app: PatchpilotApp, tmp_path: Path
) -> None:
    mbox = tmp_path / "applied.mbox"
    applied = build_reply(
        f"[PATCH] {TITLE}", "Applied, thanks.", sender=MATT, id="yes", reply_to="v1", minutes=60
    )
    mbox.write_bytes(build_mbox(V1, applied))
    sent_topic.run("track", "add", "--mbox", str(mbox))
    app.session.series = 2
    async with running(app, (100, 30), Stage.FOLLOW) as pilot:
        await until(pilot, lambda: TITLE in text_of(app), "the other series")
        await keys(pilot, "g")
        await until(pilot, lambda: "fetch from" in text_of(app).lower(), "the question")


async def test_r_answers_the_oldest_question(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []
    monkeypatch.setattr(
        "patchpilot.tui.actions.reply_action.reply_to_message",
        lambda _, message_id, *__: given.append(message_id),
    )
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        screen = app.screen
        assert isinstance(screen, FollowScreen)
        monkeypatch.setattr(FollowScreen, "selected_item", None)
        await pilot.press("r")
        await pilot.pause()
        assert given == [screen._items[0].point.message_id]


async def test_r_asks_whose_message_if_the_next_step_names_another(
    sent_topic: Life, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_topic.add_reply(sent_topic.first, "Nice work.", sender="Thea Tester <thea@example.net>")
    given: list[str] = []
    monkeypatch.setattr(
        "patchpilot.tui.actions.reply_action.reply_to_message",
        lambda _, message_id, *__: given.append(message_id),
    )
    async with running(app, (80, 24)) as pilot:
        for row_text, key in (("Thea Tester", "enter"), ("Thea Tester", "t"), ("Why do", "")):
            await select_row(pilot, row_text)
            await keys(pilot, "r")
            assert ("Whose message do you reply to?" in text_of(app)) is bool(key)
            await keys(pilot, *([key] if key else []))
        mails = current_screen(app, FollowScreen)._mails
        senders = {mail.message_id: mail.mail.sender.called for mail in mails}
        assert [senders[ident] for ident in given] == [
            "Rita Reviewer",
            "Thea Tester",
            "Rita Reviewer",
        ]


async def test_r_replies_while_the_next_step_updates(
    sent_topic: Life, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_topic.add_applied_notice(sent_topic.first)
    sent_topic.update()
    given: list[str] = []
    monkeypatch.setattr(
        "patchpilot.tui.actions.reply_action.reply_to_message",
        lambda _, message_id, *__: given.append(message_id),
    )
    async with running(app, (120, 36), Stage.FOLLOW) as pilot:
        series = current_screen(app, FollowScreen).own_series
        assert series
        assert ("update",) in [it.arguments for it in actions_in_advice(series.step.advice)]
        move_to_row(app, "Why do you change")
        await keys(pilot, "r")
        assert len(given) == 1


def test_mail_path_is_not_a_message_id(tmp_path: Path) -> None:
    bounce = tmp_path / "bounce.eml"
    bounce.write_text("Subject: Undelivered\n\n")
    assert first_question.find_mail_file(str(bounce)) == bounce
    assert first_question.find_mail_file("/nowhere/bounce.eml") is not None
    for name in ("<a.b@example.org>", "https://lore.kernel.org/r/a.b@example.org/", ""):
        assert first_question.find_mail_file(name) is None


async def test_mbox_file_can_be_followed(
    sent_topic: Life, tmp_path: Path, app: PatchpilotApp
) -> None:
    mail = tmp_path / "series.eml"
    mail.write_text(
        "From: Ada <ada@example.org>\nTo: list@example.org\n"
        "Subject: [PATCH] other: fix it\nMessage-ID: <other@example.org>\n"
        "Date: Mon, 1 Jan 2024 12:00:00 +0000\n\nIt is wrong.\n---\n"
        "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"
    )
    async with running(app, (100, 30), Stage.FOLLOW) as pilot:
        await pilot.press("0")
        await until(pilot, lambda: " new" in text_of(app), "Home")
        await pilot.press("w")
        await until(pilot, lambda: "mailing list" in text_of(app), "what there is")
        await pilot.press("s")
        await until(pilot, lambda: "bounce" in text_of(app), "the question")
        app.screen.query_one(Input).value = str(mail)
        await pilot.press("enter")
        await until(
            pilot,
            lambda: any(
                one.entry.message_id == "other@example.org"
                for one in app.session.last_result(Stage.FOLLOW) or ()
            ),
            "the series",
        )


async def test_new_series_appear_automatically(
    sent_topic: Life, tmp_path: Path, app: PatchpilotApp
) -> None:
    mail = tmp_path / "series.eml"
    mail.write_text(
        "From: Ada <ada@example.org>\nTo: list@example.org\n"
        "Subject: [PATCH] other: fix it\nMessage-ID: <other@example.org>\n"
        "Date: Mon, 1 Jan 2024 12:00:00 +0000\n\nIt is wrong.\n---\n"
        "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b\n"
    )
    async with running(app, (100, 30), Stage.FOLLOW) as pilot:
        await settle(pilot)
        call("track add --mbox", str(mail))
        await until(
            pilot,
            lambda: any(
                one.entry.message_id == "other@example.org"
                for one in app.session.last_result(Stage.FOLLOW) or ()
            ),
            "the series",
        )


async def test_resizing_keeps_the_cursor(
    app: PatchpilotApp,
) -> None:
    async with running(app, (100, 40), Stage.FOLLOW) as pilot:
        thread = app.screen.query_one("#thread", RowList)
        assert "Conversation · changes requested" in text_of(app)
        part = thread.selected_item
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        screen_text = text_of(app)
        assert "next  " in screen_text
        assert "open  " in screen_text
        for name in ("state  ", "turn  ", "landed  "):
            assert name not in screen_text, name
        assert "Why do you change line 1?" in screen_text
        assert thread.selected_item == part


async def show_other_series(pilot: Pilot[int]) -> None:
    assert isinstance(pilot.app, PatchpilotApp)
    pilot.app.session.series = 2
    await pilot.press("g")
    await until(pilot, lambda: "start at 10" in text_of(pilot.app), "the other series")
    await settle(pilot)


async def select_row(pilot: Pilot[int], row_text: str) -> None:
    """Open Follow, and move the cursor to the first row that contains these words."""
    await settle(pilot)
    assert isinstance(pilot.app, PatchpilotApp)
    await keys(pilot, Stage.FOLLOW)
    move_to_row(pilot.app, row_text)


def move_to_row(app: PatchpilotApp, row_text: str) -> None:
    thread = app.screen.query_one("#thread", RowList)
    thread.go_to_line(
        next(
            row_index for row_index, row in enumerate(thread.searchable_lines()) if row_text in row
        )
    )


async def test_r_replies_to_the_selected_mail(
    sent_topic: Life, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    def edit_reply(_: object, text: str, __: str = "") -> str:
        given.append(text)
        return f"{text.rstrip()}\n\nThe old one is `wrong`.\n"

    monkeypatch.setattr("patchpilot.tui.actions.reply_action.edit_text", edit_reply)
    before = len(sent_topic.server.take())
    async with app.run_test(size=(120, 36)) as pilot:
        await select_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview")
        assert "The old one is `wrong`." in text_of(app)
        assert "In-Reply-To: <" in text_of(app)
        assert "with git-send-email to 1 person" in text_of(app)
        await pilot.press("escape")
        assert len(sent_topic.server.take()) == before
        assert "The old one is `wrong`." in call("track reply --format json").out
        await until(pilot, lambda: isinstance(app.screen, FollowScreen), "the stage")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview again")
        app.screen.query_one(Input).value = "send"
        await pilot.press("enter")
        await until(pilot, lambda: len(sent_topic.server.take()) > before, "the mail")
        await settle(pilot)
    assert "> Why do you change line 1?" in given[0]
    assert "The old one is `wrong`." in given[1]
    mail = message_from_bytes(unpacked(sent_topic.server.take()[-1]))
    assert mail["To"] == "Rita Reviewer <rita@example.net>"
    assert mail["Subject"].startswith("Re: ")
    assert "no drafts" in call("track reply").out


async def test_identical_reply_is_not_resent(
    sent_topic: Life, app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = lambda _, text, __="": f"{text.rstrip()}\n\nIt was wrong.\n"  # noqa: E731
    monkeypatch.setattr("patchpilot.tui.actions.reply_action.edit_text", answer)
    before = len(sent_topic.server.take())
    async with app.run_test(size=(120, 36)) as pilot:
        await select_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, Confirm), "the preview")
        app.screen.query_one(Input).value = "send"
        await pilot.press("enter")
        await until(pilot, lambda: len(sent_topic.server.take()) > before, "the mail")
        await settle(pilot)
        await select_row(pilot, "Why do you change")
        await pilot.press("r")
        await until(pilot, lambda: "this reply was sent on" in last_message(app), "the refusal")
        assert isinstance(app.screen, FollowScreen)
    assert len(sent_topic.server.take()) == before + 1


async def test_keys_of_the_next_step_stay_visible(app: PatchpilotApp) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await select_row(pilot, "Why do you change")
        for message in ("", "2 new messages: f goes to the next"):
            app.notify(message)
            await settle(pilot)
            keys_shown = text_of(app).split("\n")[-1]
            assert keys_shown.startswith(" r reply  v start next version  "), message
        await pilot.press("v")
        await until(pilot, lambda: "v2 is started" in text_of(app), "v2")
        await until(pilot, lambda: " (e)" in text_of(app), "the next step")
        await until(
            pilot,
            lambda: text_of(app).split("\n")[-1].startswith(" Space tick  e edit changelog  "),
            "its keys",
        )
        assert "v start next version" not in text_of(app)


async def test_e_edits_the_changelog_of_the_started_version(
    app: PatchpilotApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = []

    def edit_changelog(_: object, text: str, __: str = "") -> str:
        given.append(text)
        return text.replace("EDITME", "written:")

    monkeypatch.setattr("patchpilot.tui.actions.editing.edit_text", edit_changelog)
    async with app.run_test(size=(120, 36)) as pilot:
        await select_row(pilot, "Why do you change")
        await pilot.press("e")
        await settle(pilot)
        assert not given, "no version is started"
        await keys(pilot, "v")
        await until(pilot, lambda: " (e)" in text_of(app), "the next step")
        await pilot.press("e")
        await until(pilot, lambda: "review v2" in " ".join(text_of(app).split()), "v2")
    assert "EDITME" in given[0]


async def test_i_declines_a_point(app: PatchpilotApp) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        await select_row(pilot, "Please add a test")
        await pilot.press("i")
        await until(pilot, lambda: "[–] Please add a test for it." in text_of(app), "the sign")
        assert "declined" in call("track show 1 --ledger").out
        await pilot.press("i")
        await until(pilot, lambda: "[ ] Please add a test for it." in text_of(app), "no sign")


async def test_kept_tag_is_not_asked_about_again(app: PatchpilotApp, sent_topic: Life) -> None:
    sent_topic.add_reply(sent_topic.first, "Reviewed-by: Rita Reviewer <rita@example.net>")
    assert sent_topic.run("trailers --yes").code == 0
    sent_topic.amend_patch()
    assert sent_topic.run("draft --changelog", "- add a test").code == 0
    async with running(app, (120, 50), Stage.FOLLOW) as pilot:
        assert "still holds" in text_of(app)
        await keys(pilot, "w")
        assert "the patch has changed since v1" in text_of(app)
        await keys(pilot, "space", "a")
        assert last_message(app) == "accepted 1 tag"
        assert "still holds" not in text_of(app)


async def test_needless_version_is_questioned(tmp_path: Path) -> None:
    saved_state = SavedState(tmp_path / "state" / "walk.json")
    with create_life(tmp_path) as topic_life:
        topic_life.send()
        topic_life.update()
        app = create_app(topic_life.repo.path, memory=saved_state)
        async with running(app, (120, 36), Stage.FOLLOW) as pilot:
            await keys(pilot, "v")
            assert "Nobody asked for a change of v1" in text_of(app)
            await keys(pilot, "escape")
            assert "v2 is started" not in text_of(app)
        topic_life.amend_patch()
        app = create_app(topic_life.repo.path, memory=saved_state)
        async with running(app, (120, 36), Stage.FOLLOW) as pilot:
            await keys(pilot, "v")
            await until(pilot, lambda: "v2 is started" in text_of(app), "v2")
