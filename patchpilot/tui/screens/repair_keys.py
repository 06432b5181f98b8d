# SPDX-License-Identifier: GPL-2.0-or-later
"""Repairs before a send, from Preview and Send.

They set the subject prefix, apply all safe fixes, and add the sign-off; each can be undone.
"""

from collections.abc import Callable, Collection
from functools import partial
from typing import TYPE_CHECKING

from patchpilot.errors import PatchpilotError
from patchpilot.model.action import actions
from patchpilot.model.counted import counted
from patchpilot.tui.actions.confirm_rewrite import confirm_rewrite
from patchpilot.tui.actions.questions import set_prefix
from patchpilot.tui.widgets.choose import Choose, LineDialog, ask_yes

if TYPE_CHECKING:
    from patchpilot.model.progress import Progress
    from patchpilot.services.repair import Repaired, Repairs
    from patchpilot.services.send.sending import Sending
    from patchpilot.topic.open_repository import Repository
    from patchpilot.tui.stage.stage_screen import StageScreen


def choose_prefix(
    screen: "StageScreen", result: "Sending | None", then: Callable[[], None]
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


def edit_draft(screen: "StageScreen", then: Callable[[], None]) -> None:
    """Edit the cover letter, changelog and notes as one text in the user's editor."""
    from patchpilot.services.send.edit_draft import edit
    from patchpilot.tui.actions.editing import edit_text

    session = screen.session
    try:
        with session.repository() as repository:
            edit(
                repository,
                lambda text: edit_text(screen, text),
                session.target,
                session.topic_base,
            )
    except PatchpilotError as error:
        screen.show_error(error, partial(edit_draft, screen, then))
        return
    then()


def switch_transport(screen: "StageScreen", plan: "Sending | None") -> None:
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


def repair(
    screen: "StageScreen",
    plan: "Sending",
    kinds: Collection[str],
    then: "Callable[[Repaired], None]",
    otherwise: "Callable[[Repairs], None]",
) -> None:
    """Find the repairs of these kinds, show them, and apply them after confirmation.

    `otherwise` is called if there are none.
    """
    from patchpilot.services.repair import SIGN_OFF, find_repairs

    session = screen.session

    def shown(repairs: "Repairs") -> None:
        if not repairs.words:
            otherwise(repairs)
        elif SIGN_OFF in kinds:
            answers = (("no", "Not now"), ("yes", "I certify this: add Signed-off-by"))
            question = Choose(_dco(plan, repairs), answers, title="Sign off")
            ask_yes(screen.app, question, partial(apply, repairs))
        else:
            words = [*repairs.words, *(f"fix manually: {one}" for one in repairs.left)]
            text = "\n".join(("Apply all safe fixes?", *words))
            answers = (("yes", "Apply"), ("no", "Cancel"))
            question = Choose(text, answers, "Fix", diff=repairs.diff)
            ask_yes(screen.app, question, partial(apply, repairs))

    def apply(repairs: "Repairs") -> None:
        from patchpilot.services.repair import apply_repairs

        def work(
            repository: "Repository", progress: "Progress", given: tuple[str, ...]
        ) -> "Repaired":
            return apply_repairs(
                repository, session.settings(repository), plan, repairs, given, progress
            )

        confirm_rewrite(screen, "repairing", work, then)

    screen.in_thread(
        "looking for safe fixes",
        lambda repository, progress: find_repairs(
            repository, session.settings(repository), plan, kinds, progress
        ),
        shown,
    )


def undo_repair(
    screen: "StageScreen", done: "Repaired", then: Callable[[], None]
) -> None:
    """Undo the last repair."""
    from patchpilot.services.repair import undo_repairs

    def undone(_: object) -> None:
        screen.notify(f"undone: {'; '.join(done.words)}")
        then()

    screen.in_thread(
        "undoing", lambda repository, _: undo_repairs(repository, done), undone
    )


def _dco(plan: "Sending", repairs: "Repairs") -> str:
    from patchpilot.services.repair import DCO, DCO_URL

    who = str(plan.account.sender) if plan.account.sender else ""
    if not who:
        raise PatchpilotError("git user.name and user.email are not set")
    return (
        f"Sign off {counted(len(repairs.changed), 'patch', 'patches')} as {who}?\n\n{DCO}\n\nThe"
        f" full text: {DCO_URL}"
    )
