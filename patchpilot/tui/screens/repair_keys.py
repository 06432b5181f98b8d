# SPDX-License-Identifier: GPL-2.0-or-later
"""Change the subject prefix and the draft of the messages from the Mail and Send stages."""

from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions_in_advice
from patchpilot.tui.actions.questions import ask_questions, set_subject_prefix
from patchpilot.tui.widgets.choose import Callback, LineDialog, ask_for_answer

if TYPE_CHECKING:
    from patchpilot.outgoing.transport import Sending
    from patchpilot.tui.stage.stage_screen import AnyScreen


def ask_subject_prefix(screen: "AnyScreen", sending: "Sending | None", on_done: Callback) -> None:
    from patchpilot.sending.state import check_subject_prefix, list_tree_prefixes

    advised_prefixes = [
        action.arguments[1]
        for warning in (sending.warnings if sending else ())
        for action in actions_in_advice(warning.hint)
        if action.arguments[:1] == ("--subject-prefix",)
    ]
    proposed = (*advised_prefixes, sending.draft.prefix if sending else "")[0] or "PATCH "
    trees = ", ".join(f"PATCH {tree_prefix}" for tree_prefix in list_tree_prefixes())
    text = f"Subject prefix: PATCH, or one that names the tree:\n{trees}"
    question = LineDialog(text, check_subject_prefix, value=proposed)
    ask_for_answer(screen, question, lambda prefix: set_subject_prefix(screen, prefix, on_done))


def ask_who_receives_patches(screen: "AnyScreen", sending: "Sending", on_done: Callback) -> None:
    """Ask whether recipients of one patch receive all patches, as `send --to-cover` decides."""
    from patchpilot.sending.questions import make_cover_question

    ask_questions(screen, [make_cover_question(sending.blockers)], on_done)


def edit_draft(screen: "AnyScreen", on_done: Callback) -> None:
    from patchpilot.sending.edit_draft import edit_draft_texts
    from patchpilot.topic.edit_commits import DRAFT_FILE
    from patchpilot.tui.actions.editing import edit_text, report_edit

    session = screen.session
    original = ""
    edited: str | None = None

    def edit_original(text: str) -> str | None:
        nonlocal original, edited
        original, edited = text, edit_text(screen, text, DRAFT_FILE)
        return edited

    try:
        with session.open_repository() as repository:
            edit_draft_texts(repository, edit_original, session.make_send_request())
    except PatchpilotError as error:
        screen.show_error(error, partial(edit_draft, screen, on_done))
        return
    screen.close_error()
    report_edit(screen, edited, original, "the cover letter, changelog and notes")
    on_done()
