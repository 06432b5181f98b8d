# SPDX-License-Identifier: GPL-2.0-or-later
"""Change the subject prefix and the draft of the messages from the Mail and Send stages."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions_in_advice
from patchpilot.tui.actions.questions import set_prefix
from patchpilot.tui.widgets.choose import LineDialog, ask_answer

if TYPE_CHECKING:
    from patchpilot.services.send.sending import Sending
    from patchpilot.tui.stage.stage_screen import AnyScreen


def choose_prefix(
    screen: "AnyScreen", result: "Sending | None", then: Callable[[], None]
) -> None:
    from patchpilot.services.send.send_state import list_tree_prefixes

    advised = [
        action.arguments[1]
        for warning in (result.warnings if result else ())
        for action in actions_in_advice(warning.hint)
        if action.arguments[:1] == ("--subject-prefix",)
    ]
    known = (*advised, result.draft.prefix if result else "")[0] or "PATCH "
    trees = ", ".join(f"PATCH {mark}" for mark in list_tree_prefixes())
    text = f"Subject prefix: PATCH, or one that names the tree:\n{trees}"
    question = LineDialog(text, _is_prefix, value=known)
    ask_answer(screen.app, question, lambda prefix: set_prefix(screen, prefix, then))


def _is_prefix(text: str) -> tuple[bool, str]:
    from patchpilot.services.send.send_state import complete_subject_prefix

    whole, reason = complete_subject_prefix(text)
    return bool(whole), reason or (
        "" if whole == text.strip() else f"the prefix will be [{whole}]"
    )


def edit_draft(screen: "AnyScreen", then: Callable[[], None]) -> None:
    from patchpilot.services.send.edit_draft import edit_draft_texts
    from patchpilot.tui.actions.editing import edit_text, report_edit

    session = screen.session
    before = ""
    edited: str | None = None

    def editor(text: str) -> str | None:
        nonlocal before, edited
        before, edited = text, edit_text(screen, text)
        return edited

    try:
        with session.repository() as repository:
            edit_draft_texts(
                repository,
                editor,
                session.target,
                session.topic_base,
            )
    except PatchpilotError as error:
        screen.show_error(error, partial(edit_draft, screen, then))
        return
    screen.close_error()
    report_edit(screen, edited, before, "the cover letter, changelog and notes")
    then()
