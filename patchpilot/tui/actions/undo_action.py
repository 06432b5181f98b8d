# SPDX-License-Identifier: GPL-2.0-or-later
"""Undo or redo the last rewrite of the commits, after confirmation."""

from typing import TYPE_CHECKING

from patchpilot.tags.undo_rewrite import (
    UndoState,
    list_recorded_rewrites,
    redo_rewrite,
    undo_branch_rewrite,
    undo_changes_files,
)
from patchpilot.tui.widgets.choose import Choose, ask_for_confirmation

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository
    from patchpilot.tui.stage.stage_screen import AnyScreen


def undo_last_rewrite(screen: "AnyScreen", *, is_redo: bool = False) -> None:
    action, wanted_state = ("Redo", "restored") if is_redo else ("Undo", "in-force")

    def find_record(repository: "Repository", _: object) -> "tuple[UndoState, bool] | None":
        ref = f"refs/heads/{repository.branch}" if repository.branch else None
        for state in list_recorded_rewrites(repository):
            if state.state == wanted_state and state.undo.ref == ref:
                return state, undo_changes_files(repository, state.undo)
        return None

    def confirm_undo(record: "tuple[UndoState, bool] | None") -> None:
        if record is None:
            screen.notify(
                "nothing to redo: no rewrite of these commits was undone"
                if is_redo
                else "nothing to undo: patchpilot did not rewrite these commits"
            )
            return
        state, with_files = record
        name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
        commit_ids = (state.undo.new[:12], state.undo.old[:12])
        start, end = reversed(commit_ids) if is_redo else commit_ids
        files_text = "change as well" if with_files else "do not change"
        text = (
            f"{action} the last change of the commits?\n\n{name} is set from {start} to {end}. The"
            f" files in the working tree {files_text}."
        )
        undo = redo_rewrite if is_redo else undo_branch_rewrite
        ask_for_confirmation(
            screen,
            Choose(text, (("yes", action), ("no", "Cancel")), action),
            lambda: screen.run_in_thread(
                f"{action.lower()}ing",
                lambda repository, _: undo(repository, state.undo.number),
                report_undo,
            ),
        )

    def report_undo(_: "UndoState") -> None:
        screen.notify("redone; press u to undo" if is_redo else "undone; press U to redo")
        screen.reread_topic()

    screen.run_in_thread("reading the undo records", find_record, confirm_undo)
