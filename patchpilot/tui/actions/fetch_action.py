# SPDX-License-Identifier: GPL-2.0-or-later
"""git fetch from a stage: whether a fix is in mainline and the stable branches is read from the
local refs.
"""

from typing import TYPE_CHECKING

from patchpilot.model.printable import printable
from patchpilot.tui.stage.trust_dialog import trusting
from patchpilot.tui.widgets.choose import Choose, ask_yes

if TYPE_CHECKING:
    from patchpilot.tui.stage.stage_screen import StageScreen


def fetch(screen: "StageScreen") -> None:
    """Run git fetch when the user says so, then read the topic and the stage again."""
    from patchpilot.topic.edit_commits import fetch_all, remotes
    from patchpilot.tui.actions.editing import suspended

    with screen.session.repository() as repository:
        top, known = repository.top, remotes(repository)
    if not known:
        screen.notify("no remote to fetch from", timeout=3)
        return

    def run() -> None:
        # on the terminal: git may ask for a password, shows its progress, and Ctrl-C stops it
        with suspended(screen.app, leaves_no_text=True):
            done = fetch_all(top)
        if not done:
            screen.notify(
                "git fetch failed: run it in a shell to see why. The status is updated from what"
                " was fetched",
                severity="warning",
            )
        screen.session.changed("followed")
        screen.reread()
        screen.action_reload()

    names = ", ".join(printable(remote) for remote in known)
    text = (
        f"Fetch from {names}?\n(git fetch --all --tags)\n\nThis shows whether the patch is in"
        " mainline and the stable branches."
    )
    question = Choose(text, (("yes", "Fetch"), ("no", "Cancel")))
    ask_yes(screen.app, question, lambda: trusting(screen.app, run))
