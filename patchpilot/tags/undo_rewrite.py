# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `undo` command: list or revert the rewrites by `prepare` and `check --fix`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from shlex import quote

from patchpilot.commits.branch_move_journal import (
    find_unfinished_move,
    restore_interrupted_move,
)
from patchpilot.commits.git_state import find_busy_operation
from patchpilot.commits.move_branch import move_checked_out_branch
from patchpilot.commits.notes import copy_notes
from patchpilot.commits.repository import Repository
from patchpilot.commits.undo_refs import Undo, read_undo_refs
from patchpilot.errors import RefusedError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.bounded import clamp_time
from patchpilot.model.json_form import json_form
from patchpilot.model.printable import format_count


@json_form(
    "number=undo.number ref=undo.ref old=undo.old new=undo.new verb=undo.command when state "
    "kept_by=undo.name"
)
@dataclass(frozen=True, slots=True)
class UndoState:
    """A recorded rewrite and the state of its branch.

    The state is "in-force" if the rewrite can be undone, "restored" if it was undone, "moved-on" if
    the branch has changed since, or "gone" if the branch does not exist.
    """

    undo: Undo
    state: str
    now: str | None

    @property
    def when(self) -> datetime:
        """Return the time of the rewrite."""
        return clamp_time(self.undo.when)


@json_form()
@dataclass(frozen=True, slots=True)
class UndoAnswer:
    """The result of `undo`.

    It consists of the action, which is "list" or "restore", the records of rewrites, and the refs
    of records that cannot be read.
    """

    action: str
    records: tuple[UndoState, ...]
    unread_refs: tuple[str, ...] = ()


def list_recorded_rewrites(repository: Repository) -> tuple[UndoState, ...]:
    return list_undo_records(repository).records


def list_undo_records(repository: Repository) -> UndoAnswer:
    """Return the records of rewrites, latest first, and the refs whose records cannot be read."""
    undos, unread = read_undo_refs(repository)
    return UndoAnswer("list", tuple(_read_undo_state(repository, undo) for undo in undos), unread)


def _read_undo_state(repository: Repository, undo: Undo) -> UndoState:
    tip = repository.find(undo.ref) if undo.ref else repository.find("HEAD")
    if tip is None:
        return UndoState(undo, "gone", None)
    return UndoState(
        undo,
        "in-force" if tip == undo.new else "restored" if tip == undo.old else "moved-on",
        tip,
    )


def undo_changes_files(repository: Repository, undo: Undo) -> bool:
    """Return whether undoing or redoing a rewrite changes files, and not only messages."""
    return repository.commit(undo.old).tree != repository.commit(undo.new).tree


def undo_branch_rewrite(repository: Repository, number: int | None = None) -> UndoState:
    """Reset a branch to its state before a recorded rewrite.

    Without `number`, undo the latest applied rewrite of the current branch. Raise `UsageError` if
    there is no such record, and `RefusedError` if the branch has changed since the rewrite.
    """
    unfinished_move = find_unfinished_move(repository)
    if unfinished_move:
        restore_interrupted_move(repository, unfinished_move)
        for state in list_recorded_rewrites(repository):
            if (state.undo.ref, {state.undo.old, state.undo.new}) == (
                unfinished_move.ref,
                {unfinished_move.old, unfinished_move.new},
            ):
                return state
    chosen = _find_undo_record(repository, number)
    undo = chosen.undo
    if chosen.state == "restored":
        return chosen
    name = (undo.ref or "HEAD").removeprefix("refs/heads/")
    if chosen.state == "gone":
        raise RefusedError(
            f"the branch {name} no longer exists",
            hint=f"run `git branch {quote(name)} {undo.old[:12]}` to restore it",
        )
    if chosen.state == "moved-on":
        command = (
            f"git rebase --onto {undo.old[:12]} {undo.new[:12]} {quote(name)}"
            if chosen.now and repository.is_ancestor(undo.new, chosen.now)
            else f"git branch rescue {undo.old[:12]}"
        )
        raise RefusedError(
            f"{name} has changed since this record was made",
            hint=f"run `{command}` to restore the old commits",
        )
    _refuse_busy_branch(repository, undo)
    copy_notes(repository, {new: old for old, new in undo.commits})
    move_checked_out_branch(repository, undo.ref, undo.old, undo.new, "patchpilot undo")
    return UndoState(undo, "restored", undo.old)


def _find_undo_record(repository: Repository, number: int | None) -> UndoState:
    answer = list_undo_records(repository)
    states = answer.records
    if number is not None:
        for state in states:
            if state.undo.number == number:
                return state
        numbers = ", ".join(str(state.undo.number) for state in states) or "none"
        unread = describe_unread_undos(
            name for name in answer.unread_refs if name.endswith(f"/{number}")
        )
        raise UsageError(
            f"no such undo record: {number}", hint=unread or f"valid numbers: {numbers}"
        )
    branch = f"refs/heads/{repository.branch}" if repository.branch else None
    branch_states = [state for state in states if state.undo.ref == branch]
    for state in branch_states:
        if state.state == "in-force":
            return state
    hint = Action("undo", ("list",), "`{}` shows every record")
    for state in states:
        if state.state == "in-force" or (state in branch_states and state.state == "moved-on"):
            name = (state.undo.ref or "HEAD").removeprefix("refs/heads/")
            description = f"`{{}}` restores {name} or shows how to restore it"
            hint = Action("undo", ("restore", str(state.undo.number)), description)
            break
    raise UsageError(f"nothing to undo on {repository.branch or 'a detached HEAD'}", hint=hint)


def describe_unread_undos(refs: Iterable[str]) -> str:
    """Return how to restore commits with the latest of these refs, or "" if there is none.

    They are refs of records that are not in this user's state directory.
    """
    names = sorted(refs, key=lambda name: int(name.rpartition("/")[2]))
    if not names:
        return ""
    count = format_count(len(names), "record")
    return (
        f"{count} of another machine, version or user;"
        f" `git branch rescue {quote(names[-1] + '^1')}` restores the old commits of {names[-1]}"
    )


def redo_rewrite(repository: Repository, number: int) -> UndoState:
    """Restore the rewritten state of a branch after `undo_branch_rewrite`.

    Raise `RefusedError` if the branch has changed since then.
    """
    chosen = next(
        (state for state in list_recorded_rewrites(repository) if state.undo.number == number),
        None,
    )
    if chosen is None or chosen.state != "restored":
        raise RefusedError(
            f"record {number} cannot be redone: the branch has changed since it was restored",
            hint="make the change again",
        )
    undo = chosen.undo
    _refuse_busy_branch(repository, undo)
    copy_notes(repository, dict(undo.commits))
    move_checked_out_branch(repository, undo.ref, undo.new, undo.old, "patchpilot redo")
    return UndoState(undo, "in-force", undo.new)


def _refuse_busy_branch(repository: Repository, undo: Undo) -> None:
    operation = find_busy_operation(repository, undo.ref)
    if operation:
        raise RefusedError(f"{operation.label} is in progress", hint=operation.hint)
