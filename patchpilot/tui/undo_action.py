# SPDX-License-Identifier: GPL-2.0-or-later
"""Undo of the last rewrite of the commits, from any stage."""

from typing import TYPE_CHECKING

from patchpilot.tui.widgets.choose import Choose

if TYPE_CHECKING:
    from patchpilot.services.tags.undo_rewrite import UndoState
    from patchpilot.tui.screens.stage_screen import StageScreen


def undo(screen: "StageScreen") -> None:
    """Find the last rewrite, ask for confirmation, undo it."""
    from patchpilot.services.check.fix_commits import VERB
    from patchpilot.services.tags.undo_rewrite import undo_list, undo_restore

    def listed(states: "tuple[UndoState, ...]") -> None:
        state = next((state for state in states if state.state == "in-force"), None)
        if state is None:
            screen.notify("nothing to undo: patchpilot has not rewritten these commits", markup=False)
            return
        name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
        # check --fix changes files as well; they are restored with the branch
        files = "The fixed files are restored as well." if state.undo.verb == VERB else "Your files are not changed."
        text = f"Undo {state.undo.verb}?\n\n{name} is reset from {state.undo.new[:12]} to {state.undo.old[:12]}. {files}"

        def answered(choice: str | None) -> None:
            if choice == "yes":
                screen.in_thread("undoing", lambda repository, _: undo_restore(repository, state.undo.number), lambda _: screen.reread())

        screen.app.push_screen(Choose(text, (("yes", "Undo"), ("no", "Cancel"))), answered)

    screen.in_thread("reading the undo records", lambda repository, _: undo_list(repository), listed)
