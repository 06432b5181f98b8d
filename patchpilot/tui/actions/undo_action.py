# SPDX-License-Identifier: GPL-2.0-or-later
"""Undoes or redoes the last rewrite of the commits, after confirmation."""

from typing import TYPE_CHECKING

from patchpilot.tui.widgets.choose import Choose, ask_yes

if TYPE_CHECKING:
    from patchpilot.services.tags.undo_rewrite import UndoState
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import StageScreen


def undo(screen: "StageScreen") -> None:
    """Undo the last rewrite of this branch, after confirmation."""
    _ask(screen, "in-force", "Undo")


def redo(screen: "StageScreen") -> None:
    """Redo the rewrite of this branch that was undone last, after confirmation."""
    _ask(screen, "restored", "Redo")


def _ask(screen: "StageScreen", wanted: str, word: str) -> None:
    from patchpilot.services.tags.undo_rewrite import (
        changes_files,
        undo_list,
        undo_redo,
        undo_restore,
    )

    def found(repository: "Repository") -> "tuple[UndoState, bool] | None":
        ref = f"refs/heads/{repository.branch}" if repository.branch else None
        state = next(
            (
                state
                for state in undo_list(repository)
                if state.state == wanted and state.undo.ref == ref
            ),
            None,
        )
        return (state, changes_files(repository, state.undo)) if state else None

    def listed(record: "tuple[UndoState, bool] | None") -> None:
        if record is None:
            screen.notify(
                "nothing to undo: patchpilot did not rewrite these commits"
                if wanted == "in-force"
                else "nothing to redo: no rewrite of these commits was undone"
            )
            return
        state, with_files = record
        name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
        start, end = (
            (state.undo.new, state.undo.old)
            if wanted == "in-force"
            else (state.undo.old, state.undo.new)
        )
        files = (
            "The files in the working tree change as well."
            if with_files
            else "The files in the working tree do not change."
        )
        text = (
            f"{word} {state.undo.verb}?\n\n{name} is set from "
            f"{start[:12]} to {end[:12]}. {files}"
        )

        doing = "undoing" if wanted == "in-force" else "redoing"
        ask_yes(
            screen.app,
            Choose(text, (("yes", word), ("no", "Cancel")), word),
            lambda: screen.in_thread(
                doing, lambda repository, _: act(repository, state), done
            ),
        )

    def act(repository: "Repository", state: "UndoState") -> "UndoState":
        return (undo_restore if wanted == "in-force" else undo_redo)(
            repository, state.undo.number
        )

    def done(state: "UndoState") -> None:
        screen.notify(
            f"{state.undo.verb} undone; press U to redo"
            if wanted == "in-force"
            else f"{state.undo.verb} redone; press u to undo"
        )
        screen.reread()

    screen.in_thread(
        "reading the undo records", lambda repository, _: found(repository), listed
    )
