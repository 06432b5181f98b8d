# SPDX-License-Identifier: GPL-2.0-or-later
"""Undo or redo the last rewrite of the commits, after confirmation."""

from typing import TYPE_CHECKING

from patchpilot.tui.widgets.choose import Choose, ask_yes

if TYPE_CHECKING:
    from patchpilot.services.tags.undo_rewrite import UndoState
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen


def undo(screen: "AnyScreen", *, again: bool = False) -> None:
    from patchpilot.services.tags.undo_rewrite import (
        list_recorded_rewrites,
        redo_rewrite,
        undo_branch_rewrite,
        undo_changes_files,
    )

    word, wanted = ("Redo", "restored") if again else ("Undo", "in-force")

    def handle_found(
        repository: "Repository", _: object
    ) -> "tuple[UndoState, bool] | None":
        ref = f"refs/heads/{repository.branch}" if repository.branch else None
        for state in list_recorded_rewrites(repository):
            if state.state == wanted and state.undo.ref == ref:
                return state, undo_changes_files(repository, state.undo)
        return None

    def handle_listed(record: "tuple[UndoState, bool] | None") -> None:
        if record is None:
            screen.notify(
                "nothing to redo: no rewrite of these commits was undone"
                if again
                else "nothing to undo: patchpilot did not rewrite these commits"
            )
            return
        state, with_files = record
        name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
        ends = (state.undo.new[:12], state.undo.old[:12])
        start, end = reversed(ends) if again else ends
        files = "change as well" if with_files else "do not change"
        text = (
            f"{word} the last change of the commits?\n\n{name} is set from {start} to {end}. The"
            f" files in the working tree {files}."
        )
        question = Choose(text, (("yes", word), ("no", "Cancel")), word)
        ask_yes(screen.app, question, lambda: act(state))

    def act(state: "UndoState") -> None:
        work, number = (
            (redo_rewrite if again else undo_branch_rewrite),
            state.undo.number,
        )
        screen.in_thread(
            f"{word.lower()}ing",
            lambda repository, _: work(repository, number),
            handle_done,
        )

    def handle_done(_: "UndoState") -> None:
        words = "redone; press u to undo" if again else "undone; press U to redo"
        screen.notify(words)
        screen.reread()

    screen.in_thread("reading the undo records", handle_found, handle_listed)
