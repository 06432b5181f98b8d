# SPDX-License-Identifier: GPL-2.0-or-later
"""Taking back what prepare wrote, from any stage."""

from typing import TYPE_CHECKING

from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from patchpilot.services.tags.undo_rewrite import UndoState
    from patchpilot.tui.screens.stage_screen import StageScreen


def undo(screen: "StageScreen") -> None:
    """Look what could be taken back, ask, do it."""
    from patchpilot.services.check.fix_commits import VERB
    from patchpilot.services.tags.undo_rewrite import undo_list, undo_restore

    def listed(states: "tuple[UndoState, ...]") -> None:
        state = next((state for state in states if state.state == "in-force"), None)
        if state is None:
            screen.notify("nothing was written into these commits that could be taken back", markup=False)
            return
        name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
        # check --fix writes into files as well, and they go back with the branch
        files = "The files it mended go back with it." if state.undo.verb == VERB else "Your files stay as they are."
        text = f"Take back what {state.undo.verb} wrote?\n\n{name} goes from {state.undo.new[:12]} back to {state.undo.old[:12]}. {files}"

        def answered(choice: str | None) -> None:
            if choice == "yes":
                screen.in_thread(
                    "taking back", lambda repository, _: undo_restore(repository, state.undo.number), lambda _: screen.reread()
                )

        screen.app.push_screen(Choose(text, (("yes", "take it back"), ("no", "leave it"))), answered)

    screen.in_thread("looking at the records", lambda repository, _: undo_list(repository), listed)
