# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot undo`: restore commits that prepare, trailers or check --fix rewrote."""

from patchpilot.cli.command import Common, argument, common_options, make_command
from patchpilot.errors import ExitCode, UsageError
from patchpilot.tags.undo_rewrite import (
    UndoAnswer,
    UndoState,
    describe_unread_undos,
    list_undo_records,
    undo_branch_rewrite,
)


@make_command(
    epilog="\b\nExamples:\n  patchpilot undo list\n  patchpilot undo\n  patchpilot undo restore 3"
)
@common_options("text", "json")
@argument("action", choices=["list", "restore"], default="restore")
@argument("number", type=int, limits=(1, None), required=False)
def command(common: Common, action: str, number: int | None) -> int:
    """Restore a branch to its state before patchpilot rewrote it, or list the undo records.

    `restore` (the default) uses the latest record, or the record NUMBER; `list` lists the records.
    """
    with common.workplace() as workplace:
        repository = workplace.repository
        if action == "list":
            if number is not None:
                raise UsageError(
                    "`undo list` does not accept a number",
                    hint=f"run `patchpilot undo restore {number}` to restore the branch",
                )
            answer = list_undo_records(repository)
        else:
            answer = UndoAnswer(action, (undo_branch_rewrite(repository, number),))
    if common.format == "json":
        from patchpilot.cli.output.json_document import format_json

        common.write(format_json("undo", answer))
    elif action == "restore":
        (state,) = answer.records
        common.write(
            f"{_branch_name(state)} is restored to {state.undo.old[:12]}, as"
            f" before {state.undo.command}"
        )
    else:
        lines = [_format_undo(state) for state in answer.records]
        lines += filter(None, [describe_unread_undos(answer.unread_refs)])
        common.write("\n".join(lines) or "no records")
    return ExitCode.OK


def _branch_name(state: UndoState) -> str:
    from patchpilot.model.printable import make_printable

    return make_printable((state.undo.ref or "HEAD").removeprefix("refs/heads/"))


def _format_undo(state: UndoState) -> str:
    date = state.when.strftime("%Y-%m-%d %H:%M")
    return (
        f"{state.undo.number:4}  {date}  {state.undo.command}  {_branch_name(state)}:"
        f" {state.undo.old[:12]} → {state.undo.new[:12]}  {state.state}"
    )
