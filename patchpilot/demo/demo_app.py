# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the TUI in the demo, with a tour and prepared changes to the newcomer's commit."""

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from patchpilot.backports.branch_step import StepKind
from patchpilot.demo.before import CARD_LOG, SERVER_LOG
from patchpilot.demo.demo_repository import TOPIC
from patchpilot.demo.robin import (
    ANSWERS,
    find_question,
    fix_first_version,
    has_answers,
    has_replied,
    has_warning,
    is_answered,
    is_first_version,
    is_robins,
    list_backports,
    prepare_second_version,
    send_backports,
    withdraw_second_version,
)
from patchpilot.demo.sandbox import is_kept
from patchpilot.home.drafts import read_draft_topics
from patchpilot.projects.commit_marks import find_upstream_commits
from patchpilot.reading.thread_values import Turn
from patchpilot.sending.mails import describe_test
from patchpilot.settings.read_settings import find_demo_inbox
from patchpilot.setup.mail import TEST_CHECK, TEST_SUBJECT
from patchpilot.tui.app import PatchpilotApp
from patchpilot.tui.build_app import create_app, find_screen_class
from patchpilot.tui.run_app import run_app
from patchpilot.tui.screens.backports_rows import STEP_KEYS, StepKeys
from patchpilot.tui.screens.backports_screen import TESTED, BackportsScreen
from patchpilot.tui.screens.first_question import LINES, QUESTION, VERSION
from patchpilot.tui.screens.follow_screen import FollowScreen
from patchpilot.tui.screens.home_screen import HomeScreen
from patchpilot.tui.stage.stage_screen import AnyScreen, StageScreen
from patchpilot.tui.view.action_keys import first_named_stage, replace_commands
from patchpilot.tui.view.key_bindings import WAIT, NextKey, key_binding, more_key
from patchpilot.tui.view.rich_text import STRONG, highlight_code, plain_text
from patchpilot.tui.view.session import Session
from patchpilot.tui.view.stages import OPEN, Stage, StageState
from patchpilot.tui.widgets.choose import Choose, LineDialog, Reader, ask_for_confirmation
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.lists import RowList
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.title_line import TitleLine

CARDS = {
    Stage.COMMIT: "T ends the tour.",
    Stage.CHECKS: "In a shell: `patchpilot check`",
    Stage.RECIPIENTS: "In a shell: `patchpilot maintainers`",
    Stage.TAGS: "In a shell: `patchpilot prepare`",
    Stage.BACKPORTS: "In a shell: `patchpilot backport`",
    Stage.PREVIEW: "In a shell: `patchpilot send --dry-run`",
    Stage.SEND: "In a shell: `patchpilot send`",
    Stage.FOLLOW: "In a shell: `patchpilot track`",
}
"""Text of the tour at each stage: the command that does the same as its keys."""
BUGS = {
    SERVER_LOG: "A server with 6.1 logs this line. Is it fixed?",
    CARD_LOG: "Your card logs this line. Is it fixed?",
}
"""A line of dmesg → the introduction to it, in the order of the tour."""
QUESTION_TESTED = TESTED.partition("\n")[0]
TESTED_BY = "6.1 by Robin Newland"
TRIED = "you built 6.1 with it and booted it, and the line is gone."
"""The answer to the question about the test, and its reason: the demo has no kernel to build."""
NOT_SAVED = "the next demo starts at the beginning"
WRITTEN = "Mainline has no fix; your branch has one."
ARRIVES = 0.5
"""Seconds between two looks into the mailbox."""
LOOK = 0.1
"""Seconds between updates of the next key."""


class DemoFollow(FollowScreen):
    """The Follow stage in the demo, where replies arrive within seconds."""

    INTERVAL = 3.0

    def named_message(self) -> str:
        """Return the Message-ID of Maya's question until it is answered, because the tour asks for
        the answer.
        """
        posted = self.own_series.posted if self.own_series else None
        question = find_question(posted) if posted and not has_replied(posted) else None
        return question.message_id if question else super().named_message()

    @property
    def next_key(self) -> NextKey | None:
        own_series = self.own_series
        if own_series is None:
            return NextKey(str(Stage.SEND.number), "send the patch first")
        stage = first_named_stage(own_series.step.advice)
        if own_series.about.lacks_commits:
            return NextKey("g", "fetch what was merged")
        if own_series.about.landed:
            if stage is not Stage.BACKPORTS:
                return None
            reason = replace_commands(own_series.step.advice, Stage.FOLLOW)
            return NextKey(str(stage.number), "backport it", reason)
        if stage is Stage.SEND:
            return NextKey(str(Stage.SEND.number), "send the prepared version")
        if not is_demo_topic(self.session):
            return NextKey("0", f"go to {TOPIC}", "The demo answers only its own patch.")
        if own_series.posted is None or not is_answered(own_series.posted):
            return NextKey("", "Wait for the replies: they arrive in a few seconds")
        commit = self.session.commit
        if commit is not None and has_answers(commit.message):
            return NextKey(str(Stage.SEND.number), "send the prepared version")
        if has_replied(own_series.posted):
            reviewers = "Maya and the test robot" if has_warning(own_series.posted) else "Maya"
            return NextKey(
                "M",
                "make the changes for v2",
                f"v2 has what {reviewers} asked for.",
            )
        return NextKey(
            "r",
            "reply to Maya",
            "Write: “Older than 2.4; v2 will name it.”",
        )


class DemoBackports(BackportsScreen):
    """The LTS stage in the demo, which sends Robin's patches and shows the answer to them."""

    _followed: Any = None

    def on_mount(self) -> None:
        self.set_interval(DemoFollow.INTERVAL, self._check_archive)

    def _check_archive(self) -> None:
        """Fetch the messages after something was sent, and show what they report."""
        if not self.is_active or self._shown is None:
            return
        followed = self.session.last_result(Stage.FOLLOW)
        if followed is not self._followed:
            self._followed = followed
            self.refill_list()
        is_waiting = not self._step_kinds.isdisjoint((StepKind.SENT, StepKind.REQUESTED))
        if is_waiting and Stage.FOLLOW not in self.session.busy:
            self.tui.jobs.start_stage(Stage.FOLLOW)

    @property
    def step_keys(self) -> StepKeys:
        can_send = self.app.check_action("newcomer", ())
        return {**STEP_KEYS, StepKind.SEND: "M"} if can_send else STEP_KEYS


DEMO_SCREENS: dict[Stage, type[AnyScreen]] = {
    Stage.BACKPORTS: DemoBackports,
    Stage.FOLLOW: DemoFollow,
}
"""The stages with a screen of the demo."""


def is_demo_topic(session: Session) -> bool:
    """Return whether the open topic is the demo's branch, to which its replies and changes belong,
    and not a branch of the reader.
    """
    return session.topic is not None and session.topic.branch == TOPIC


def format_step(step: NextKey) -> str:
    return f"Press {step.key}: {step.does}" if step.key else step.does


def describe_new_mail(rows: Sequence[str], base: str | None) -> list[str]:
    """Return what to do with the messages in these lines of a mailbox, with a blank line below it.

    `base` is the parent of the topic's first commit. Return [] if there is nothing to do.
    """
    uses = []
    if any(row.startswith("diff --git ") for row in rows):
        uses.append(describe_test(base))
    if f"Subject: {TEST_SUBJECT}" in rows:
        uses.append(TEST_CHECK)
    return [*(f"{use[:1].upper()}{use[1:]}." for use in uses), *([""] if uses else [])]


class TourRow(Static):
    """The row below the stage bar with the tour's text for the stage."""

    DEFAULT_CSS = (
        "TourRow { height: 1; background: $panel; padding: 0 1; text-wrap: nowrap;"
        " text-overflow: ellipsis; }"
    )


class DemoApp(PatchpilotApp):
    """The TUI with a tour that names the next key at each stage."""

    BINDINGS: ClassVar[list[BindingType]] = [
        key_binding("M", "newcomer", "do it for me", "let the demo change, answer or send it"),
        more_key("T", "tour", "tour", "end the tour, or start it again"),
        key_binding("q", "leave", "quit", f"quit; {NOT_SAVED}"),
    ]

    WELCOME = "This is a sandbox: no message leaves this machine."
    is_touring = True

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._screen_of = lambda stage: DEMO_SCREENS.get(stage) or find_screen_class(stage)
        self._dmesg, self._is_written = SERVER_LOG, False
        self._has_sent_backports, self._mailbox_text = False, ""
        self._is_revised = False

    def on_mount(self) -> None:
        self.set_interval(LOOK, self._show_tour)
        self.set_interval(ARRIVES, self._open_mailbox)
        self.call_after_refresh(self._ask_first_question)

    def _ask_first_question(self) -> None:
        if isinstance(self.screen, HomeScreen):
            self.screen.action_ask()

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        title = getattr(screen, "title_text", "")
        if not self.is_touring:
            pass
        elif isinstance(screen, Choose) and title.endswith(" question"):
            name = title.partition(" ")[0].lower()
            # the answers are about Robin's fix
            if is_demo_topic(self.session):
                screen.why += f"\n\n`Demo`  You are Robin: {ANSWERS[name]}"
        elif isinstance(screen, Choose) and title == QUESTION:
            screen.why = f"`Demo`  {BUGS[self._dmesg]} Press Enter.\n\n{self._dmesg}"
        elif isinstance(screen, LineDialog):
            values = {LINES["log"]: self._dmesg, VERSION: "v6.1", QUESTION_TESTED: TESTED_BY}
            question = screen.text.partition("\n")[0]
            screen.value = screen.value or values.get(question, "")
            if question == QUESTION_TESTED:
                screen.text += f"\n\n`Demo`  You are Robin: {TRIED}"
            if screen.text == VERSION:
                self._is_written = self._dmesg == CARD_LOG
        return super().push_screen(screen, *args, **options)

    def action_leave(self) -> None:
        """Ask first, because the demo cannot be continued, and may have commits of the user."""
        if self.sending:
            super().action_leave()
            return
        root = Path(os.environ.get("PATCHPILOT_DEMO", os.devnull))
        fate = f"kept in {root}" if is_kept(root) else "deleted"
        text = f"Quit the demo?\n\nIts sandbox is {fate}: {NOT_SAVED}."
        answers = ("no", "Go on with the demo"), ("yes", "Quit")
        question = Choose(text, answers, "Demo", letters=("g", "q"))
        ask_for_confirmation(self, question, super().action_leave)

    def _open_mailbox(self) -> None:
        """Show the messages that arrived in Robin's mailbox, which are test copies."""
        file = find_demo_inbox()
        text = file.read_text(encoding="utf-8") if file and file.exists() else ""
        # there is no screen while the app is closing
        is_stage = any(isinstance(screen, StageScreen) for screen in self.screen_stack[-1:])
        if text not in ("", self._mailbox_text) and is_stage:
            self._mailbox_text = text
            commits = self.session.topic.commits if self.session.topic else ()
            parents = commits[0].parents if commits else ()
            rows = text.splitlines()
            heading = describe_new_mail(rows, next(iter(parents), None))
            self.push_screen(Reader(f"New in Robin's mailbox, {file}", [*heading, *rows]))

    def action_tour(self) -> None:
        self.is_touring = not self.is_touring
        if self.is_touring and self.stage_screen:
            self.action_stage(Stage.COMMIT)
        elif self.stage_screen:
            self.stage_screen.redraw_keys()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enable the key for the newcomer's next changes only in the tour, and if there are any."""
        if action != "newcomer":
            return super().check_action(action, parameters)
        if not (self.is_touring and is_demo_topic(self.session)):
            return False
        screen, commit = self.stage_screen, self.session.commit
        if isinstance(screen, DemoFollow):
            series = screen.own_series
            if series is None or series.about.landed:
                return False
            return series.posted is None or is_robins(series.posted)
        if self.stage is Stage.BACKPORTS:
            return self._can_send_backports
        return self.stage in (Stage.COMMIT, Stage.CHECKS) and bool(
            commit and is_first_version(commit.lines)
        )

    @property
    def _can_send_backports(self) -> bool:
        session, result = self.session, self.session.last_result(Stage.BACKPORTS)
        if self._has_sent_backports or session.target or not (result and result.upstream):
            return False
        return bool(list_backports(session.directory or Path(), result.commit))

    def action_newcomer(self) -> None:
        screen = self.stage_screen
        if screen is None or self.screen is not screen:
            return
        work = prepare_second_version if screen.stage is Stage.FOLLOW else fix_first_version
        if isinstance(screen, BackportsScreen):
            work = partial(send_backports, commit=screen.shown_result.commit)
            self._has_sent_backports = True

        def handle_next(message: str) -> None:
            self.notify(message)
            screen.redraw_keys()
            if isinstance(screen, BackportsScreen):
                screen.mark_patches_sent()
            else:
                self.session.mark_changed("draft")
                screen.reread_topic()

        screen.run_in_thread(
            "preparing the patch for you",
            lambda repository, _: work(repository.top),
            handle_next,
        )

    def _notice_undo(self) -> None:
        """Remove the changelog and the ticks of v2 once the changes of v2 were undone."""
        screen, commit = self.stage_screen, self.session.commit
        if screen is None or commit is None or not is_demo_topic(self.session):
            return
        was_revised, self._is_revised = self._is_revised, has_answers(commit.message)
        if was_revised and not self._is_revised:
            screen.run_in_thread(
                "removing the changelog and the ticks",
                lambda repository, _: withdraw_second_version(repository.top),
                self._report_withdrawal,
            )

    def _report_withdrawal(self, message: str) -> None:
        if message and self.stage_screen:
            self.notify(message)
            self.session.mark_changed("draft")
            self.stage_screen.reread_topic()

    def _show_tour(self) -> None:
        screen = self.stage_screen or next(
            (screen for screen in self.screen_stack if isinstance(screen, HomeScreen)),
            None,
        )
        if screen is None or not getattr(screen, "has_all_widgets", screen.is_mounted):
            return
        commit = self.session.commit
        self._notice_undo()
        is_backport = commit is not None and bool(find_upstream_commits(commit.message))
        is_small = screen.has_class("-small")
        is_backport = is_backport and isinstance(screen, StageScreen)
        is_shown = self.is_touring and not is_small and not is_backport
        row = next(iter(screen.query(TourRow)), None)
        if row is None:
            row = TourRow(markup=False)
            bars = [*screen.query(TitleLine), *screen.query(StageBar)]
            screen.mount(row, after=bars[-1])
        row.display = is_shown
        screen.set_class(is_shown, "-touring")
        if is_shown:
            text = self._format_card(screen)
            if row.content != text:
                row.update(text)
                screen.query(KeyLine).first().redraw_keys()

    def _format_card(self, screen: Screen[Any]) -> Text:
        if isinstance(screen, StageScreen):
            next_key, card = self.next_key(screen), CARDS[screen.stage]
            head = f"Tour {screen.stage.number}/{len(CARDS)}  "
            branches = getattr(self._merged_by_others, "branches", ())
            if lacking := [branch.version for branch in branches if branch.wants_fix]:
                verb = "lack" if lacking[1:] else "lacks"
                card = f"{', '.join(map(str, lacking))} {verb} this mainline fix."
        else:
            head, card = "Tour  ", WRITTEN if self._is_written else BUGS[self._dmesg]
            next_key = NextKey("w", "find the fix")
            if self._is_written:
                next_key = NextKey("Enter", "open your branch")
            topic = screen.query_one(RowList).selected_item
            if self._is_written and topic and topic.branch != TOPIC:
                next_key = NextKey("", f"Select your branch {TOPIC}, then press Enter")
            if topic and topic.version and topic.turn is Turn.YOURS:
                step = replace_commands(topic.step)
                next_key = NextKey("Enter", "open the topic", step)
            if self._has_sent_backports:
                unsent = "The draft stays unsent: the demo sends no drafts."
                why = unsent if read_draft_topics() else "Nothing is left to do."
                next_key = NextKey("q", "quit the demo", why)
            if any(worker.group == "open" and not worker.is_finished for worker in self.workers):
                next_key = WAIT
        key_text = format_step(next_key)
        if len(f" {head}{key_text}  {card}") > screen.size.width:
            card = ""
        return Text.assemble(
            plain_text(head, STRONG),
            plain_text(key_text, "reverse bold"),
            "  ",
            highlight_code(next_key.why or card),
        )

    @property
    def _merged_by_others(self) -> Any:
        """Return the verdicts about the open commit if others wrote it and it is in mainline, or
        None.
        """
        verdicts = self.session.fresh_result(Stage.BACKPORTS)
        is_merged = self.session.target and verdicts and verdicts.upstream
        return verdicts if is_merged else None

    def next_key(self, screen: AnyScreen) -> NextKey:
        session, stage = self.session, screen.stage
        if stage in session.errors:
            return NextKey("g", "try it again")
        if screen.current_result is None:
            return WAIT
        is_sent = session.stage_status(Stage.SEND).state is StageState.DONE
        key = screen.next_key if isinstance(screen, DemoFollow) else super().next_key(screen)
        if screen.is_working:
            # until the work is done, the screen shows old data, such as the version that was sent
            # before
            return WAIT._replace(why=f"Then: {format_step(key)}." if key else "")
        is_others = self._merged_by_others is not None
        if is_others and key is None:
            self._dmesg = CARD_LOG
            return NextKey("0", "go Home")
        if key is not None:
            return key
        is_open = session.stage_status(stage).state in OPEN
        if stage is Stage.CHECKS and is_open and self.check_action("newcomer", ()):
            return NextKey("M", "fix the message", "No tool can write that sentence.")
        if stage is Stage.BACKPORTS and self._can_send_backports:
            return NextKey("M", "send the backport", "Robin sends it to stable@.")
        if stage is Stage.FOLLOW or getattr(screen.current_result, "upstream", False):
            return NextKey("q", "quit the demo: the patch was merged")
        if is_sent and stage is not Stage.SEND:
            return NextKey(str(Stage.FOLLOW.number), "read the replies")
        return NextKey("n", f"go on to {list(Stage)[stage.number].label}")


def run_demo() -> int:
    return run_app(
        None,
        None,
        None,
        lambda opening: create_app(opening=opening, app_class=DemoApp, at_home=True),
        draw_first=False,
    )
