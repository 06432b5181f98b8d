# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour: offered at the first start, it runs the demo, where a card at each stage points at the panel it is about."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual import events
from textual.widget import Widget

from patchpilot.tui.saved_state import FILE, SavedState
from patchpilot.tui.stages import Stage, StageState

if TYPE_CHECKING:
    from patchpilot.tui.stage_app import StageApp

OFFER = (
    "patchpilot takes a fix from the commit to mainline and the stable kernels.\n\n"
    "The demo shows it with an invented fix in an invented kernel tree, with a mail server and a mail archive on this machine only. "
    "Your files are not touched and no mail leaves this machine. To see it later, run `patchpilot demo`."
)


class Step(NamedTuple):
    """A card of the tour: the stage, a title, a text, a key to try with what it does, and the panel it is about (a CSS selector), if not the main one."""

    stage: Stage
    title: str
    text: str
    first: str
    panel: str = ""


STEPS = (
    Step(
        Stage.COMMIT,
        "You are Robin: this is your first patch",
        "It reaches mainline and the stable kernels in eight stages, shown in the line above. This list shows what is left to do, in that order; "
        "the bottom line shows the keys that work. Each stage has a card like this one: look around first, or do the work at once.",
        "a answers the first question",
        "#next-panel",
    ),
    Step(
        Stage.CHECKS,
        "What maintainers and bots would report",
        "f goes to the next finding, Enter shows why its rule exists. Three steps: A applies all safe fixes after showing them (u undoes them), "
        "M rewrites the message for you (in the demo only), a adds your sign-off.",
        "A shows the safe fixes",
    ),
    Step(
        Stage.RECIPIENTS,
        "Who gets the mail, and why",
        "From MAINTAINERS, the tags of the commit and the history of the files. Space excludes or includes one. "
        "The list is complete here; answer the notes above it with a.",
        "a answers the first note",
    ),
    Step(
        Stage.TAGS,
        "Which commit introduced the bug?",
        "The most likely commit is first, with the evidence. w shows the message with Fixes:, Cc: stable and your sign-off "
        "before anything is written. Where A added the tags at stage 2, this stage is already done by A.",
        "x shows the fix and the commit",
    ),
    Step(
        Stage.BACKPORTS,
        "Which stable kernels need it?",
        "For each branch: does it have the bug (known once a commit is chosen at stage 4), and does the fix apply? "
        "There is nothing to do before the fix is in mainline.",
        "↓ selects another branch",
    ),
    Step(
        Stage.PREVIEW,
        "The mail as its readers see it",
        "Exactly what will be sent; x shows it byte for byte. There is nothing to do here: problems are fixed at the next stage.",
        "x shows it byte for byte",
    ),
    Step(
        Stage.SEND,
        "Sent once, after you confirm",
        "One line for each check, and one verdict. a fixes the selected one, A all that is safe; once nothing blocks, s sends. "
        "In the demo the mail goes to a server on this machine.",
        "a fixes the selected check",
    ),
    Step(
        Stage.FOLLOW,
        "From the first reply to the stable kernels",
        "Once you have sent it, replies arrive here (in the demo within seconds), and the first line says what to do. Then M answers "
        "and prepares v2 for you (in the demo only).",
        "",
    ),
)

TRY = "Try it now (keys of the stage close this card): {}.\nOr press Enter to go on."
"""The last sentence of the cards, so that nobody has to guess whether the keys work yet."""
END = "Press Enter to end the tour: you are then at what is to do next."
"""That of the last card."""
MERGED = ("in-mainline", "in-stable")
READ = 4.0
"""Seconds in which the user reads that the patch was merged, before the card comes."""
SEEN = "PATCHPILOT_TOUR"
"""The variable with the user's own state directory: that of the sandbox is removed with it."""


class Tour:
    """The cards of the demo: each appears once, when its stage is visited, until the user ends the tour."""

    def __init__(self, app: "StageApp") -> None:
        self._app = app
        self._memory = SavedState(Path(os.environ[SEEN]) / FILE) if os.environ.get(SEEN) else app.memory
        self._left = [] if self._memory.get("tour") == "seen" else list(STEPS)
        self._told = False

    def restart(self) -> None:
        """Show every card again, from the first."""
        self._left = list(STEPS)
        self._go(STEPS[0])

    def visit(self) -> None:
        """Show the card of the stage on screen, if it was not shown yet."""
        step = next((step for step in self._left if step.stage is self._app.stage), None)
        if step is not None and not self._app.screen.is_modal:
            self._left.remove(step)
            self._show(step)

    def _show(self, step: Step) -> None:
        from patchpilot.tui.widgets.tour_card import TourCard

        number = STEPS.index(step) + 1
        keys = "Enter go on" if number < len(STEPS) else "Enter end the tour"
        back = " · ← back" if number > 1 else ""
        text = f"{step.text}\n{TRY.format(step.first) if number < len(STEPS) else END}"

        def answered(answer: str | events.Key | None) -> None:
            if isinstance(answer, events.Key):
                self._app.call_later(self._press, answer.key, answer.character)
            elif answer == "next" and number < len(STEPS):
                self._go(STEPS[number])
            elif answer == "back":
                self._go(STEPS[max(0, number - 2)])
            else:
                self._end()

        title = f"{number}/{len(STEPS)} {step.title}"
        self._app.push_screen(TourCard(title, text, f"{keys}{back} · Esc skip the tour", lambda: self._panel(step)), answered)

    def _press(self, key: str, character: str | None) -> None:
        """Hand a key to the screen that is on top when the card is gone. (A message of the card itself would end with it.)"""
        self._app.post_message(events.Key(key, character))

    def _panel(self, step: Step) -> Widget | None:
        """The panel of a step as far as the stage shows it now."""
        screen = self._app.stage_screen
        if not isinstance(screen, Widget):
            return None
        shown = [widget for widget in screen.query(step.panel or "Panel.main") if widget.region]
        return shown[0] if shown else screen.main_panel

    def _go(self, step: Step) -> None:
        if step not in self._left:
            self._left.append(step)
        if step.stage is self._app.stage:
            self.visit()
        else:
            self._app.show_stage(step.stage)

    def _end(self) -> None:
        """No card is shown again, in this demo and the next ones."""
        self._left = []
        self._memory.keep(tour="seen")
        if self._app.session.status(Stage.SEND).state is not StageState.DONE:
            self._app.show_stage(Stage.COMMIT)
        self._app.notify("The tour is over. Now do it: Enter starts the selected item, n shows the next stage, ? all keys, : has the tour")

    def look(self) -> None:
        """Once the merged patch was fetched, say what comes after the demo; not while a dialog is open."""
        series = self._app.session.last(Stage.FOLLOW) or ()
        if (
            not self._told
            and any(one.is_read and one.status and one.status.state in MERGED and one.status.evidence.commits for one in series)
            and not self._app.screen.is_modal
        ):
            self._told = True
            self._app.set_timer(READ, self._merged)

    def _merged(self) -> None:
        from patchpilot.demo.own_tree import ALL_DONE, FOLDER, own_tree
        from patchpilot.tui.widgets.tour_card import TourCard

        def answered(answer: str | events.Key | None) -> None:
            if isinstance(answer, events.Key):
                self._app.call_later(self._press, answer.key, answer.character)

        self._app.push_screen(
            TourCard(
                "Merged. Now with your own tree",
                ALL_DONE + own_tree(os.environ.get(FOLDER, "")),
                "Enter close · q quit",
                self._main_panel,
                wide=True,
            ),
            answered,
        )

    def _main_panel(self) -> Widget | None:
        return self._app.stage_screen.main_panel if self._app.stage_screen else None

    def told_how(self) -> bool:
        """Show, once, how to do the same in one's own tree; whether it was shown now. Its answer may quit."""
        if self._told:
            return False
        from patchpilot.demo.own_tree import FOLDER, own_tree
        from patchpilot.tui.widgets.choose import Choose

        def answered(choice: str | None) -> None:
            if choice == "quit":
                self._app.exit(0)

        self._told = True
        answers = (("quit", "Quit the demo"), ("stay", "Stay in the demo"))
        self._app.push_screen(Choose(own_tree(os.environ.get(FOLDER, "")), answers, title="Now with your own tree"), answered)
        return True


def offer(app: "StageApp") -> None:
    """Offer the demo once, and start it on request."""
    from patchpilot.tui.widgets.choose import Choose

    def answered(choice: str | None) -> None:
        app.memory.keep(tour="offered")
        if choice == "tour":
            take(app)

    answers = (
        ("no", "Start with my own commits", "Opens the branch that is checked out. Nothing is sent until you have seen and confirmed it."),
        ("tour", "Take the tour first", "Starts the demo with a tour of eight short cards. When you quit it, you come back here."),
    )
    app.push_screen(Choose(OFFER, answers, title="Welcome to patchpilot"), answered)


def take(app: "StageApp") -> None:
    """In the demo show the cards again; else run the demo on this terminal, then return here."""
    if app.tour is not None:
        app.tour.restart()
        return
    from patchpilot.demo.start import run_demo

    with app.suspend():
        run_demo()
    app.refresh(layout=True)
