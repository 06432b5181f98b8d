# SPDX-License-Identifier: GPL-2.0-or-later
"""The tour: the hint for each stage of the demo, and starting the demo from the TUI."""

from typing import TYPE_CHECKING

from patchpilot.tui.stages import Stage

if TYPE_CHECKING:
    from patchpilot.tui.stage_app import StageApp

OFFER = (
    "Welcome to patchpilot, which takes a fix from the commit to the landed patch.\n\n"
    "The tour takes two minutes: an invented fix in an invented kernel tree, with a mail server and a mail archive on this machine only. "
    "Your files are not touched and no mail leaves this machine. To take it later, run `patchpilot demo`."
)

HINTS = {
    Stage.COMMIT: "This is a fix from Robin, a newcomer. Read it (j/k to scroll, ] for the next hunk), then press n for the next stage.",
    Stage.CHECKS: "Problems that reviewers would report. f: next finding, m: apply the safe fixes, e: edit. In the tour, M fixes everything for you.",
    Stage.RECIPIENTS: "Who gets the patch, and why. Space excludes a recipient, a adds one. The list is correct: press n.",
    Stage.TAGS: "Which commit introduced the bug? Press Enter on the first candidate, tick Signed-off-by, then write the tags.",
    Stage.BACKPORTS: "Which stable branches have the bug, and whether the fix applies there. Enter opens a branch. Then press n.",
    Stage.PREVIEW: "The mail exactly as it will be sent. Press x to name the target tree, Enter to choose PATCH net, then n.",
    Stage.SEND: 'Press s, then type "send" to confirm, as for a real list. Here the mail only goes to the sandbox\'s mail server.',
    Stage.FOLLOW: "Replies arrive in seconds; ] goes to the next one. Then M: Robin replies to Maya and prepares v2. "
    f"Preview it ({Stage.PREVIEW.number}), send it ({Stage.SEND.number}).",
}
LANDING = (
    "v2 is sent; a maintainer applies it in a few seconds. Then f (git fetch) shows it in mainline and one stable branch. q ends the tour."
)
"""The hint at the last stage once v2 is sent."""


def offer(app: "StageApp") -> None:
    """Offer the tour once, and start it on request."""
    from patchpilot.tui.widgets.choose import Choose

    def answered(choice: str | None) -> None:
        app.memory.keep(tour="offered")
        if choice == "tour":
            take(app)

    app.push_screen(Choose(OFFER, (("no", "Start with my own commits"), ("tour", "Take the tour first"))), answered)


def take(app: "StageApp") -> None:
    """Run the demo on this terminal, then return here."""
    from patchpilot.demo.start import run_demo

    with app.suspend():
        run_demo()
    app.refresh(layout=True)
