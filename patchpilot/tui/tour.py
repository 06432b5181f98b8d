# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour: what a newcomer reads at each stage of the demo, and the demo started from within the TUI."""

from typing import TYPE_CHECKING

from patchpilot.tui.stages import Stage

if TYPE_CHECKING:
    from patchpilot.tui.stage_app import StageApp

OFFER = (
    "Welcome to patchpilot: from a commit to a mail on the list, and on until it has landed.\n\n"
    "There is a tour: two minutes on a made-up fix in a made-up kernel tree, with a mail server and an archive on this machine only. "
    "Nothing of yours is touched, nothing leaves. (Later: patchpilot demo.)"
)

HINTS = {
    Stage.COMMIT: "This is Robin's fix, as newcomers write them. Read it (j, k, ] for the next hunk), then n goes on.",
    Stage.CHECKS: "What maintainers would say. f: next finding. m mends what is safe, e opens your editor; M does all of it for you, in the tour.",
    Stage.RECIPIENTS: "Who must get it, and why. Space takes somebody out, a adds somebody. It is right as it is: n.",
    Stage.TAGS: "Which commit brought the bug? Enter on the first one, tick the sign-off, then write the tags.",
    Stage.BACKPORTS: "Which stable branches have the bug, and whether the fix fits. Enter opens a branch.",
    Stage.PREVIEW: "The mail as it will be. x names the tree it is for: Enter takes PATCH net. Then n.",
    Stage.SEND: "s sends, to the mail server in this sandbox. You type a word, as you would for a real list.",
    Stage.FOLLOW: "Answers come in some seconds (] jumps to the next). Then M: Robin answers Maya and makes v2. "
    f"Look at it ({Stage.PREVIEW.number}), send it ({Stage.SEND.number}), see it land.",
}
LANDING = "v2 is sent; in some seconds it is taken. Then f (git fetch) shows it in mainline and in one stable branch. q ends the tour."
"""At the last stage, once the second version is on its way."""


def offer(app: "StageApp") -> None:
    """Ask once whether the tour is wanted, and take it."""
    from patchpilot.tui.widgets.choose import Choose

    def answered(choice: str | None) -> None:
        app.memory.keep(tour="offered")
        if choice == "tour":
            take(app)

    app.push_screen(Choose(OFFER, (("no", "start with my own commits"), ("tour", "take the tour first"))), answered)


def take(app: "StageApp") -> None:
    """The demo, on this terminal; then back here."""
    from patchpilot.demo.start import run_demo

    with app.suspend():
        run_demo()
    app.refresh(layout=True)
