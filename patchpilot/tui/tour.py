# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour, offered at the first start.

It runs the demo, in which a card at each stage explains the stage and names the next key.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.widget import Widget

from patchpilot.tui.stage.saved_state import FILE, SavedState
from patchpilot.tui.view.shown_keys import WAIT, NextKey
from patchpilot.tui.view.stages import Stage, StageState
from patchpilot.tui.widgets.keyline import KeyLine
from patchpilot.tui.widgets.stagebar import StageBar
from patchpilot.tui.widgets.tour_card import TourCard

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_app import StageApp
    from patchpilot.tui.stage.stage_screen import StageScreen

OFFER = (
    "patchpilot takes a fix from the commit to mainline and the stable kernels.\n\nThe demo shows"
    " it with an invented fix in an invented kernel tree, with a mail server and a mail archive on"
    " this machine only. Your files are not touched and no message leaves this machine. To see it"
    " later, run `patchpilot demo`."
)


class Step(NamedTuple):
    """A card of the tour: its stage, title, text, and the panel it is about.

    `panel` is a CSS selector, or "" for the main panel.
    """

    stage: Stage
    title: str
    text: str
    panel: str = ""


STEPS = (
    Step(
        Stage.COMMIT,
        "You are Robin: this is your first patch",
        (
            "It takes eight stages, shown in the second line, to reach mainline and the"
            " stable kernels. At each stage, a card like this one explains what the stage is"
            " for and which key to press next."
        ),
        "#next-panel",
    ),
    Step(
        Stage.CHECKS,
        "Findings of maintainers and bots",
        "Each finding is shown below its line. What can be fixed safely is shown before it is"
        " applied.",
    ),
    Step(
        Stage.RECIPIENTS,
        "Who receives the patch, and why",
        (
            "The recipients come from MAINTAINERS, the tags of the commit and the history of"
            " the files."
        ),
    ),
    Step(
        Stage.TAGS,
        "Which commit introduced the bug?",
        "The most likely commit is first, with the evidence for it below.",
    ),
    Step(
        Stage.BACKPORTS,
        "Which stable kernels need it?",
        "For each branch: does it have the bug, and does the fix apply? Backports come after the"
        " fix is in mainline.",
    ),
    Step(
        Stage.PREVIEW,
        "The message as its readers see it",
        "This message will be sent exactly as shown.",
    ),
    Step(
        Stage.SEND,
        "Sent once, after you confirm",
        (
            "There is one line for each check, and one verdict. In the demo, the message"
            " only goes to a mail server on this machine."
        ),
    ),
    Step(
        Stage.FOLLOW,
        "From the first reply to the stable kernels",
        (
            "Replies arrive here; in the demo, within seconds. The first line shows what to"
            " do next."
        ),
    ),
)

MERGED = ("in-mainline", "in-stable")
READ = 4.0
"""Seconds in which the user reads that the patch was merged, before the card comes."""
SEEN = "PATCHPILOT_TOUR"
"""The variable with the user's own state directory: that of the sandbox is removed with it."""


class Tour:
    """The tour's card for the current stage, which names the next key.

    Cards are shown until the user ends the tour.
    """

    def __init__(self, app: "StageApp") -> None:
        self._app = app
        self._memory = (
            SavedState(Path(os.environ[SEEN]) / FILE)
            if os.environ.get(SEEN)
            else app.memory
        )
        self._is_on: bool = self._memory.get("tour") != "seen"
        self._told = self._has_begun = self._is_due = False

    def begin(self) -> None:
        """Show the card of the stage on screen from now on."""
        self._has_begun = True
        self.tell()

    def tell(self) -> None:
        """What is next, or where a panel is, may have changed: look once at what all changes of
        this moment lead to.
        """
        if self._has_begun and not self._is_due:
            self._is_due = True
            self._app.call_later(self._look)

    def restart(self) -> None:
        """Show the cards again, from the first."""
        self._is_on = True
        self._app.show_stage(Stage.COMMIT)

    def _look(self) -> None:
        self._is_due = False
        screen = cast("StageScreen | None", self._app.stage_screen)
        if screen is not None and screen.is_whole:
            self._show(screen)
            self._look_for_merge()

    def _show(self, screen: "StageScreen") -> None:
        cards = list(screen.query(TourCard))
        is_shown = (
            self._is_on
            and self._app.screen is screen
            and screen.stage not in self._app.session.errors
            and not screen.has_class("-small")
        )
        screen.set_class(is_shown, "-toured")
        if not is_shown:
            for card in cards:
                card.hide()
            screen.query_one(KeyLine).show_only(None)
        elif not cards:
            screen.mount(TourCard(), after=screen.query_one(StageBar))
            self._app.call_after_refresh(self.tell)
        elif not cards[0].is_mounted:
            self._app.call_after_refresh(self.tell)
        else:
            step, key = STEPS[screen.stage.number - 1], self._key(screen)
            (card,) = cards
            card.fill(
                f"{screen.stage.number}/{len(STEPS)} {step.title}",
                key.why or step.text,
                key.key,
                key.does,
            )
            card.count = "Esc ends the tour"
            card.display = True
            screen.query_one(KeyLine).show_only(key)
            card.point_at(self._panel(screen, step))

    def _key(self, screen: "StageScreen") -> NextKey:
        """What is next at this stage; where nothing is, the key of the stage to go to."""
        session, stage = self._app.session, screen.stage
        if session.fresh(stage) is None:
            # what is shown is of before, as the version that was sent
            return WAIT
        if stage in session.busy:
            only = screen.query_one(KeyLine).only
            return only if only and only.key else WAIT
        if (key := screen.next_key) is not None:
            return key
        if (
            session.status(Stage.SEND).state is StageState.DONE
            and stage is not Stage.SEND
        ):
            return NextKey(str(Stage.FOLLOW.number), "read the replies")
        return NextKey("n", f"go on to {list(Stage)[stage.number].label}")

    @staticmethod
    def _panel(screen: "StageScreen", step: Step) -> Widget | None:
        """The panel of a step as far as the stage shows it now."""
        shown = [
            widget
            for widget in screen.query(step.panel or "Panel.main")
            if widget.region
        ]
        return shown[0] if shown else screen.main_panel

    def end(self) -> bool:
        """No card is shown again, in this demo and the next ones; whether there was one."""
        was_on, self._is_on = self._is_on, False
        if was_on:
            self._memory.keep(tour="seen")
            self._look()
            self._app.notify(
                "The tour is over. Press Enter to start the selected item, n for the"
                " next stage, ? for all keys, and : to find the tour again"
            )
        return was_on

    def _look_for_merge(self) -> None:
        """Once the merged patch was fetched, say what comes after the demo.

        Not while a dialog is open.
        """
        series = self._app.session.last(Stage.FOLLOW) or ()
        if (
            not self._told
            and any(
                one.is_read
                and one.status
                and one.status.state in MERGED
                and one.status.evidence.commits
                for one in series
            )
            and not self._app.screen.is_modal
        ):
            self._told = True
            self._app.set_timer(READ, self._merged)

    def _merged(self) -> None:
        from patchpilot.demo.own_tree import ALL_DONE

        self._is_on = False
        self._memory.keep(tour="seen")
        self._tell_how(
            "The patch was merged. Now try your own tree", ALL_DONE, at="stay"
        )

    def told_how(self) -> bool:
        """Show, once, how to do the same in one's own tree; whether it was shown now.

        Its answer may quit.
        """
        if self._told:
            return False
        self._told = True
        self._tell_how("Now try your own tree")
        return True

    def _tell_how(self, title: str, before: str = "", *, at: str = "quit") -> None:
        from patchpilot.demo.own_tree import FOLDER, own_tree
        from patchpilot.tui.widgets.choose import Choose

        def answered(choice: str | None) -> None:
            if choice == "quit":
                self._app.exit(0)

        answers = (("quit", "Quit the demo"), ("stay", "Stay in the demo"))
        self._app.push_screen(
            Choose(
                before + own_tree(os.environ.get(FOLDER, "")),
                answers,
                title=title,
                at=at,
            ),
            answered,
        )


def offer(app: "StageApp") -> None:
    """Offer the demo once, and start it on request."""
    from patchpilot.tui.widgets.choose import Choose

    def answered(choice: str | None) -> None:
        app.memory.keep(tour="offered")
        if choice == "tour":
            take(app)

    answers = (
        (
            "no",
            "Start with my own commits",
            (
                "Opens the branch that is checked out. Nothing is sent before you have"
                " reviewed and confirmed it."
            ),
        ),
        (
            "tour",
            "Take the tour first",
            (
                "Starts the demo with a tour of eight short cards. When you quit the"
                " demo, you return here."
            ),
        ),
    )
    app.push_screen(Choose(OFFER, answers, title="Welcome to patchpilot"), answered)


def take(app: "StageApp") -> None:
    """Show the tour: in the demo from its first card, otherwise by running the demo.

    The demo runs on this terminal, and the TUI resumes after it.
    """
    if app.tour is not None:
        app.tour.restart()
        return
    from patchpilot.demo.start import run_demo

    with app.suspend():
        run_demo()
    app.refresh(layout=True)
