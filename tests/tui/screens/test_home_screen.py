# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the Home screen.

It lists the topics of all repositories. A topic can be opened wherever its branch is, and the user
can return.
"""

import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from patchpilot.home import branches as home_branches
from patchpilot.home import read as read_home
from patchpilot.home.read import read_topics
from patchpilot.home.topic import HomeEvent, HomeTopic
from patchpilot.reading.thread_values import Turn
from patchpilot.resources import NO_DRAFTS_IN_DEMO, SEND_QUESTIONS, find_sent_time, save_draft_file
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app
from patchpilot.tui.palette import list_commands
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.saved_state import SavedState
from patchpilot.tui.view.stages import Stage
from patchpilot.tui.widgets.choose import Choose
from tests.kit import story
from tests.kit.cli import call
from tests.kit.life import Life, create_life
from tests.kit.mails import build_mbox
from tests.kit.walk import current_screen, running, settle, still, text_of, until, visible

pytestmark = pytest.mark.long


Start = Callable[..., PatchpilotApp]


@pytest.fixture
def topic_with_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Life]:
    """Create a topic with a question by a reviewer, and another repository with a topic that was
    not sent.
    """
    # the test kit uses a fixed date for commits
    monkeypatch.setattr(home_branches, "RECENT", 10**9)
    with create_life(tmp_path) as topic_life:
        topic_life.add_reply(topic_life.send(), "Why do you change line 1?")
        other_repository = topic_life.create_repository("other")
        (other_repository.path / "widget.c").write_text("int another;\n")
        other_repository.git(
            "commit",
            "-q",
            "-a",
            "--amend",
            "-m",
            "gadget: fix it\n\nBecause.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
        )
        yield topic_life


@pytest.fixture
def start_home(tmp_path: Path) -> Start:
    def start_app(repository: Path | None, *, at_home: bool = True) -> PatchpilotApp:
        saved_state = SavedState(tmp_path / "state" / "walk.json")
        saved_state.save_values(theme="patchpilot-dark")
        return create_app(repository, memory=saved_state, at_home=open_home)

    return start_app


def find_other_folder(topic_with_question: Life) -> Path:
    return topic_with_question.repo.path.parent / "other"


async def open_home(pilot: Pilot[int], *texts: str) -> None:
    app = pilot.app
    assert isinstance(app, PatchpilotApp)
    await until(
        pilot,
        lambda: isinstance(app.screen, HomeScreen) and all(text in text_of(app) for text in texts),
        " and ".join(texts),
    )


async def open_topic(pilot: Pilot[int], title: str, key: str = "enter") -> None:
    """When all topics have been read, move to a topic and open it with this key."""
    screen = pilot.app.screen
    assert isinstance(screen, HomeScreen)
    await until(pilot, lambda: screen._topics and not screen._doing, "all topics")
    titles = [topic.title for topic in screen._topics or ()]
    await pilot.press("home", *["j"] * titles.index(title))
    await until(
        pilot,
        lambda: (topic := screen._selected_topic()) and topic.title == title,
        title,
    )
    await pilot.press(key)


async def test_held_enter_opens_one_topic(topic_with_question: Life, start_home: Start) -> None:
    app = start_home(topic_with_question.repo.path)
    async with app.run_test(size=(160, 40)) as pilot:
        await open_home(pilot, "Your turn", "Rita Reviewer asked 1 question")
        await open_topic(pilot, "widget: change line 1")
        await until(pilot, lambda: app.stage_screen and app.stage is Stage.FOLLOW, "Follow")
        await settle(pilot)
        session, screens = app.session, list(app.screen_stack)
        app.open_topic(topic_with_question.repo.path, Stage.COMMIT)
        await settle(pilot)
        assert app.session is session
        assert app.screen_stack == screens


async def test_series_without_branch_opens_at_follow(
    topic_with_question: Life, start_home: Start
) -> None:
    repo = topic_with_question.repo
    app = start_home(repo.path)
    async with app.run_test(size=(160, 40)) as pilot:
        await open_home(pilot, "Your turn", "Rita Reviewer asked 1 question")
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        topics = [topic for topic in screen._topics or () if topic.series]
        # a clone without commits on top of its base has no topic
        repo.git("reset -q --hard HEAD~1")
        screen._open_selected_topic(topics[0]._replace(repository=""), None)
        await until(pilot, lambda: app.stage_screen and app.jobs.is_open, "the series")
        await settle(pilot)
        assert app.stage_screen
        assert app.stage is Stage.FOLLOW
        assert "Why do you change line 1?" in text_of(app)
        assert "reading topic" not in text_of(app)


async def test_backport_without_branch_opens_with_its_fix(
    topic_with_question: Life, start_home: Start
) -> None:
    repo = topic_with_question.repo
    fix = repo.git("rev-parse HEAD~1")
    app = start_home(repo.path)
    async with app.run_test(size=(160, 40)) as pilot:
        await open_home(pilot, "Your turn", "Rita Reviewer asked 1 question")
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        topic = next(topic for topic in screen._topics or () if topic.series)
        repo.git("reset -q --hard HEAD~1")
        screen._open_selected_topic(topic._replace(branch=None, backported=fix), Stage.FOLLOW)
        await until(pilot, lambda: app.stage_screen and app.jobs.is_open, "the series")
        await settle(pilot)
        assert "reading topic" not in text_of(app)
        assert app.session.commit
        assert app.session.commit.id == fix


async def test_topic_opens_at_its_next_stage(topic_with_question: Life, start_home: Start) -> None:
    call("draft -C", find_other_folder(topic_with_question))
    read_topics()
    app = start_home(topic_with_question.repo.path)
    async with app.run_test(size=(160, 40)) as pilot:
        await open_home(
            pilot,
            "Your turn",
            "Rita Reviewer asked 1 question",
            "Not started",
            "1 your turn",
        )
        await open_topic(pilot, "widget: change line 1")
        await until(pilot, lambda: app.stage_screen and app.stage is Stage.FOLLOW, "Follow")
        await settle(pilot)
        assert app.session.directory == topic_with_question.repo.path
        assert "Why do you change line 1?" in text_of(app)
        await pilot.press("0")
        await open_home(pilot, "Not started")
        await pilot.press("escape")
        await until(
            pilot,
            lambda: app.stage_screen and app.stage is Stage.FOLLOW,
            "Follow again",
        )
        await pilot.press("0")
        await open_home(pilot, "Not started")
        await pilot.press("2")
        await until(pilot, lambda: app.stage_screen and app.stage is Stage.CHECKS, "Checks")
        await settle(pilot)


async def test_topic_opens_in_its_own_directory(
    topic_with_question: Life, start_home: Start
) -> None:
    call("draft -C", find_other_folder(topic_with_question))
    app = start_home(topic_with_question.repo.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "Not started")
        await open_topic(pilot, "gadget: fix it")
        await until(pilot, lambda: app.stage_screen and app.session.topic, "its topic")
        await settle(pilot)
        assert app.session.directory == find_other_folder(topic_with_question)
        assert app.stage is Stage.COMMIT
        assert "gadget: fix it" in text_of(app)


async def test_digit_opens_that_stage(topic_with_question: Life, start_home: Start) -> None:
    call("draft -C", find_other_folder(topic_with_question))
    read_topics()
    app = start_home(topic_with_question.repo.path)
    async with app.run_test(size=(160, 40)) as pilot:
        await open_home(pilot, "Rita Reviewer asked 1 question", "Not started")
        await open_topic(pilot, "gadget: fix it", key="3")
        await until(
            pilot,
            lambda: app.stage_screen and app.stage is Stage.RECIPIENTS,
            "To/Cc",
        )
        await settle(pilot)
        assert app.session.directory == find_other_folder(topic_with_question)
        assert "gadget: fix it" in text_of(app)


@pytest.mark.parametrize(
    ("letter", "branch", "target"), [("s", "topic", None), ("o", "master", "..topic")]
)
async def test_other_branch_is_switched_to_or_read(
    topic_with_question: Life,
    start_home: Start,
    letter: str,
    branch: str,
    target: str | None,
) -> None:
    call("draft -C", find_other_folder(topic_with_question))
    repo = topic_with_question.repo
    repo.git("checkout -q master")
    app = start_home(find_other_folder(topic_with_question))
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "Rita Reviewer asked")
        await open_topic(pilot, "widget: change line 1")
        await until(pilot, lambda: isinstance(app.screen, Choose), "the question")
        assert "topic is not checked out" in text_of(app)
        await pilot.press(letter)
        await until(pilot, lambda: app.stage_screen and app.session.topic, "its topic")
        await settle(pilot)
        assert repo.git("branch --show-current") == branch
        assert (app.session.target or "").endswith(target or "")
        assert app.session.topic.branch == "topic"  # type: ignore[union-attr]
        assert [commit.subject for commit in app.session.topic.commits] == ["widget: change line 1"]  # type: ignore[union-attr]


async def test_uncommitted_changes_keep_the_branch(
    topic_with_question: Life, start_home: Start
) -> None:
    repo = topic_with_question.repo
    repo.git("checkout -q master")
    (repo.path / "widget.c").write_text("int uncommitted;\n")
    app = start_home(find_other_folder(topic_with_question))
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "Rita Reviewer asked")
        await open_topic(pilot, "widget: change line 1")
        await until(pilot, lambda: isinstance(app.screen, Choose), "the question")
        await pilot.press("s")
        await until(pilot, lambda: "uncommitted" in text_of(app), "git's error")
        assert isinstance(app.screen, HomeScreen)
        # the error stays in the row, with its hint below, until the topic opens
        app.notify("another message")
        await still(pilot)
        row = next(line for line in text_of(app).split("\n") if "widget: change line 1" in line)
        assert "✗" in row
        assert "cannot switch to topic" in row, row
        details = text_of(app).partition("error  ")[2]
        assert "cannot switch to topic" in details
        assert "uncommitted" in details, details
        repo.git("checkout -q -- widget.c")
        await open_topic(pilot, "widget: change line 1")
        await until(pilot, lambda: isinstance(app.screen, Choose), "the question")
        await pilot.press("s")
        await until(pilot, lambda: app.session.topic is not None, "the topic")
        await pilot.press("0")
        await open_home(pilot, "widget: change line 1")
        assert "cannot switch" not in text_of(app)


async def test_unreachable_archive_stays_above_the_topics(
    start_home: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_known_topics(monkeypatch, make_topics())
    reached = read_home.update_topics
    problem = (make_topics(), "lore.example.org: the connection timed out")
    monkeypatch.setattr(read_home, "update_topics", lambda *_, **__: problem)
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "could not be reached")
        app.notify("another message")
        await still(pilot)
        words = " ".join(text_of(app).replace("│", " ").split())
        assert "✗ some archives could not be reached: lore.example.org: the" in words
        assert "press g to try again" in words
        monkeypatch.setattr(read_home, "update_topics", reached)
        await pilot.press("g")
        await until(pilot, lambda: "could not be" not in text_of(app), "the topics alone")


async def test_home_is_shown_outside_a_topic(
    topic_with_question: Life, start_home: Start, tmp_path: Path
) -> None:
    read_topics()
    (tmp_path / "empty").mkdir()
    app = start_home(tmp_path / "empty", at_home=False)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "Rita Reviewer asked")
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_list_contains_every_group(
    topic_with_question: Life, start_home: Start, tmp_path: Path
) -> None:
    (tmp_path / "m").write_bytes(build_mbox(*story.ACCEPTED))
    call("track add --mbox", tmp_path / "m")
    app = start_home(topic_with_question.repo.path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "Your turn", "Waiting", "accepted")
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        await until(pilot, lambda: not screen._doing and screen._topics, "quiet")
        await pilot.press("slash", *"pointer", "enter")
        await pilot.pause()
        assert [row.about.title for row in screen._topic_list.rows] == [
            "demo: check the pointer before use"
        ]
        await pilot.press("enter")
        await until(pilot, lambda: app.stage_screen and app.stage is Stage.FOLLOW, "Follow")
        await settle(pilot)
        assert "demo: check the pointer before use" in text_of(app)


async def test_escape_ends_the_filter(
    start_home: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_known_topics(monkeypatch, make_topics())
    app = start_home(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await open_home(pilot, "usb: dwc3")
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        await pilot.press("slash", *"DWC3", "enter")
        await pilot.pause()
        assert [row.about.key for row in screen._topic_list.rows] == ["2"]
        assert "1 of 5 topics" in text_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "1 of" not in text_of(app)
        assert "end filter" not in text_of(app)
        order = [row.about.key for row in screen._topic_list.rows if row.about]
        assert order == ["2", "1", "4", "5", "3"]
        await pilot.press("o")
        await pilot.pause()
        assert [row.about.key for row in screen._topic_list.rows if row.about][:2] == [
            "1",
            "2",
        ]
        assert "by subject" in text_of(app)


def set_known_topics(monkeypatch: pytest.MonkeyPatch, home_topics: tuple[HomeTopic, ...]) -> None:
    for name, value in (
        ("read_cached_topics", home_topics),
        ("read_topics", home_topics),
        ("update_topics", (home_topics, "")),
    ):
        monkeypatch.setattr(read_home, name, lambda *_, value=value, **__: value)


def make_topics() -> tuple[HomeTopic, ...]:
    """Return one topic of each kind. Their ages are given in words."""
    current_time = time.time()
    hour_seconds, home = 3600.0, f"{Path.home()}/src/linux/.git"
    report = "kernel test robot reports: build failure"
    events = (
        HomeEvent(current_time - 0.3 * hour_seconds, "problem", report),
        HomeEvent(current_time - 30 * hour_seconds, "sent", "v2 sent, 3 patches"),
        HomeEvent(current_time - 73 * hour_seconds, "reply", "review by Maya Okafor"),
        HomeEvent(current_time - 147 * hour_seconds, "sent", "v1 sent, 3 patches"),
    )
    return (
        HomeTopic(
            "1", "net/acme: allow old cards", home, "acme-old-cards", 1, 1, Turn.YOURS, "under-review", "Maya Okafor asked 2 questions",  # noqa: E501
            current_time - 5.5 * hour_seconds, {"Reviewed-by": 1}, step="answer the question by Maya Okafor", series=1, unread=2,  # noqa: E501
        ),
        HomeTopic(
            "2", "usb: dwc3: fix a race", home, "usb-dwc3-race", 2, 3, Turn.YOURS, "changes-requested",  # noqa: E501
            "kernel test robot: build-failure: drivers/usb/dwc3/core.c:72:7: warning: unused variable", current_time - 0.3 * hour_seconds, {}, "build failure",  # noqa: E501
            failed=True, step="kernel test robot reports a build failure: fix it and send v3", series=2, unread=1, events=events,  # noqa: E501
        ),
        HomeTopic("3", "spi: dma: unmap on error", home, "spi-dma", 0, 2, Turn.YOURS, "not-sent", "not sent", current_time - 73 * hour_seconds),  # noqa: E501
        HomeTopic(
            "4", "mm: readahead: [bold]less[/bold]", "", None, 3, 7, Turn.WAITING, "under-review", "5 replies",  # noqa: E501
            current_time - 147 * hour_seconds, {"Reviewed-by": 5, "Acked-by": 1}, step="wait for the maintainer", series=4,  # noqa: E501
        ),
        HomeTopic(
            "5", "gtp: remove a tab", "", None, 1, 1, Turn.FINISHED, "in-mainline", "in-mainline: first in v7.1-rc2", current_time - 260 * hour_seconds,  # noqa: E501
            step="done: it is in mainline", series=5,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    "size", [(80, 24), (120, 36), (160, 50)], ids=lambda size: f"{size[0]}x{size[1]}"
)
@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_home_looks_as_it_did(
    snap_compare: Any,
    start_home: Start,
    tmp_path: Path,
    theme: str,
    size: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    set_known_topics(monkeypatch, make_topics())
    app = start_home(tmp_path)
    app.memory.save_values(theme=theme)

    async def draw_home(pilot: Pilot[int]) -> None:
        await open_home(pilot, "usb: dwc3")
        await until(pilot, lambda: not current_screen(app, HomeScreen)._doing, "all topics")
        await pilot.press("j")
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=draw_home)


STANDING = {
    "commit": ["done", "2 commits, 9 lines changed", ""],
    "checks": ["blocked", "3 errors, 1 warning", ""],
    "recipients": ["to do", "4 in To; 3 open notes", ""],
    "preview": ["done", "READY", ""],
}


async def test_next_stage_is_the_first_unfinished(
    start_home: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = tuple(topic for topic in make_topics() if topic.branch == "spi-dma")
    set_known_topics(monkeypatch, alone)
    app = start_home(tmp_path)
    app.memory.save_values(f"{alone[0].repository}:spi-dma", standings=STANDING)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "spi: dma", "2 Checks", "1 your turn")
        assert "stage 2 Checks: 3 errors, 1 warning" in text_of(app)


async def test_demo_sends_no_drafts(
    start_home: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_draft_file("requests", "0123", "Subject: backport of 0123 to 6.1\n\nPlease.\n")
    monkeypatch.setenv("PATCHPILOT_DEMO", str(tmp_path))
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "backport of 0123 to 6.1", "1 unsent")
        words = " ".join(re.sub("[│┃]", " ", text_of(app)).split())
        assert NO_DRAFTS_IN_DEMO in words, words
        assert "the command that sends it" not in words
        await pilot.press("enter")
        await until(pilot, lambda: "Its file is " in text_of(app), "the path")


async def test_recent_request_is_listed(start_home: Start, tmp_path: Path) -> None:
    file = save_draft_file("requests", "0123", "Subject: backport of 0123 to 6.1\n\nPlease.\n")
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "backport of 0123 to 6.1", "draft: Enter opens it", "1 unsent")
        for key, shown in (("g", "1 unsent"), ("enter", "git send-email")):
            await pilot.press(key)
            await until(pilot, lambda text=shown: text in text_of(app), "the draft")
            words = " ".join(re.sub("[│┃]", " ", text_of(app)).split())
            assert SEND_QUESTIONS in words, words
        await pilot.press("escape")
        for answer in ("o", "y"):
            await until(pilot, lambda: "1 unsent" in text_of(app), "the draft")
            await pilot.press("m")
            await until(pilot, lambda: "Did you send this draft?" in text_of(app), "the question")
            await pilot.press(answer)
        await until(pilot, lambda: "git send-email printed the Message-ID" in text_of(app), "offer")
        await pilot.press("escape")
        await open_home(pilot, "No topics yet")
        # another draft of the same request was not sent
        save_draft_file("requests", "0123", file.read_text())
        await pilot.press("g")
        await open_home(pilot, "backport of 0123 to 6.1")
        os.utime(file, (0, 0))
        await pilot.press("g")
        await open_home(pilot, "No topics yet")


async def test_draft_is_edited_in_the_editor(
    start_home: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = save_draft_file("requests", "0123", "Subject: backport of 0123 to 6.1\n\nPlease.\n")
    monkeypatch.setenv("GIT_EDITOR", "sed -i 's/Please/Kindly/;s/[.]$/!/'")
    async with start_home(tmp_path).run_test(size=(100, 30)) as pilot:
        await open_home(pilot, "draft: Enter opens it")
        assert "e edit draft" in text_of(pilot.app)
        await pilot.press("e")
        await until(pilot, lambda: "Kindly!" in file.read_text(), "the edited file")
        file.write_text(file.read_text().replace("Kindly", "Please"))
        await pilot.press("enter")
        await until(pilot, lambda: "Please!" in text_of(pilot.app), "the draft")
        await pilot.press("e")
        await until(pilot, lambda: "Kindly!" in text_of(pilot.app), "the edited draft")


async def test_draft_can_be_discarded(start_home: Start, tmp_path: Path) -> None:
    file = save_draft_file("requests", "0123", "Subject: backport of 0123 to 6.1\n\nPlease.\n")
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "backport of 0123 to 6.1", "1 unsent")
        await pilot.press("m")
        await until(pilot, lambda: "Discard it" in text_of(app), "the question")
        await pilot.press("d")
        await open_home(pilot, "No topics yet")
    assert not file.exists()
    assert find_sent_time("requests", "0123") is None


async def test_draft_names_what_is_missing(start_home: Start, tmp_path: Path) -> None:
    save_draft_file("reports", "acme", "Subject: acme: FILL IN\nTo: FILL IN: who\n\nIt hangs.\n")
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "draft: 2 FILL IN left")
        assert "replace each FILL IN (2 left)" in text_of(app)


def test_home_takes_no_command() -> None:
    result = call("--home check")
    assert result.code == 2
    assert "--home takes no command" in result.err


async def test_empty_home_lists_working_keys(start_home: Start, tmp_path: Path) -> None:
    app = start_home(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await open_home(pilot, "No topics yet", "in your clone")
        every = [command.does for command in list_commands(app, app.screen)]
        assert not any(Stage.CHECKS.label in does for does in every)
        await pilot.press("question_mark")
        await until(pilot, lambda: "check the archives" in text_of(app), "the keys of Home")


async def test_row_of_the_open_topic_follows_its_stages(app: PatchpilotApp) -> None:
    async with running(app, (120, 36), Stage.COMMIT) as pilot:
        await pilot.press("0")
        await open_home(pilot, "1 Commit")
        app.session.open_questions = frozenset(("security",))
        app.redraw_stage()
        await visible(pilot, "1 Commit: Enter, then a to answer 1 question")
