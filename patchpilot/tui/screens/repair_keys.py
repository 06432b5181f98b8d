# SPDX-License-Identifier: GPL-2.0-or-later
"""Changes of the messages from Mail and Send: the subject prefix, the draft and the transport."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions
from patchpilot.tui.actions.questions import set_prefix
from patchpilot.tui.widgets.choose import Choose, LineDialog

if TYPE_CHECKING:
    from patchpilot.services.send.sending import Sending
    from patchpilot.tui.stage.stage_screen import AnyScreen


def choose_prefix(
    screen: "AnyScreen", result: "Sending | None", then: Callable[[], None]
) -> None:
    """Let the user choose the subject prefix.

    The trees of the profile are offered, with the suggested one first.
    """
    from patchpilot.services.send.send_state import tree_prefixes

    known = result.draft.prefix if result else ""
    answers = [
        ("PATCH", "PATCH (no target tree)"),
        *((f"PATCH {mark}", f"PATCH {mark}") for mark in tree_prefixes()),
        ("other", "Other prefix …"),
    ]
    advised = (
        [action for warning in result.warnings for action in actions(warning.hint)]
        if result
        else []
    )
    first = next(
        (
            action.arguments[1]
            for action in advised
            if action.arguments[:1] == ("--subject-prefix",)
        ),
        known,
    )
    answers.sort(key=lambda answer: answer[0] != first)

    def chosen(choice: str | None) -> None:
        if choice == "other":
            screen.app.push_screen(
                LineDialog("Subject prefix:", _is_prefix, value=known or "PATCH "),
                taken,
            )
        else:
            taken(choice)

    def taken(value: str | None) -> None:
        if value:
            set_prefix(screen, value, then)

    text = (
        "Which tree should the subject name? Some subsystems require it: [PATCH net] for fixes,"
        " [PATCH net-next] for new features."
    )
    screen.app.push_screen(Choose(text, answers), chosen)


def _is_prefix(text: str) -> tuple[bool, str]:
    from patchpilot.services.send.send_state import judge_prefix

    whole, reason = judge_prefix(text)
    return bool(whole), reason or (
        "" if whole == text.strip() else f"the prefix will be [{whole}]"
    )


def edit_draft(screen: "AnyScreen", then: Callable[[], None]) -> None:
    """Edit the cover letter, changelog and notes as one text in the user's editor."""
    from patchpilot.services.send.edit_draft import edit
    from patchpilot.tui.actions.editing import edit_text, ended

    session = screen.session
    words = ""

    def editor(text: str) -> str | None:
        nonlocal words
        edited = edit_text(screen, text)
        words = ended(edited, text, "the cover letter, changelog and notes")
        return edited

    try:
        with session.repository() as repository:
            edit(
                repository,
                editor,
                session.target,
                session.topic_base,
            )
    except PatchpilotError as error:
        screen.show_error(error, partial(edit_draft, screen, then))
        return
    screen.notify(words)
    then()


def switch_transport(screen: "AnyScreen", plan: "Sending | None") -> None:
    """Switch from the plan's transport to the next one and plan the send again."""
    from patchpilot.services.send.transport_names import next_transport

    before = plan.request.via if plan else ""
    screen.session.via = next_transport(before)
    screen.session.changed("via")
    screen.notify(
        f"transport: {screen.session.via}{f' instead of {before}' if before else ''}; press o to"
        " switch again",
    )
    screen.tui.jobs.begin(screen.stage)
