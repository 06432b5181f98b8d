# SPDX-License-Identifier: GPL-2.0-or-later
"""Block public sends of undisclosed security fixes. These blocks cannot be overridden."""

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.outbox import Send
from patchpilot.projects.project import Lists


def refuse_public_server(draft: Draft, account: Account) -> None:
    """Raise `RefusedError` if a third-party server, such as b4's web endpoint, would send an
    undisclosed fix.
    """
    if draft.is_undisclosed and account.destination:
        raise RefusedError(
            f"cannot send an undisclosed security fix through {account.destination}",
            hint=Action(
                "doctor",
                (),
                "run `{}` to set up your own mail server",
            ),
        )


def refuse_unanswered_disclosure(draft: Draft, series: Series, lists: Lists) -> None:
    """Raise `RefusedError` if a fix has private tags but the security question is not answered."""
    tags = (tag for patch in series.patches for tag in patch.tags("Cc"))
    if "security" not in draft.answers and lists.is_private_request(tags):
        raise RefusedError(
            f"security question not answered: Cc: {lists.private_stable} is for fixes that are"
            " not public yet",
            hint=Action("", ("--security",), "answer once: {} no, or --security yes"),
        )


def refuse_public_mails(draft: Draft, send: Send) -> None:
    """Raise `RefusedError` if messages about an undisclosed fix are pending in a public send.

    This happens if the fix was marked as undisclosed after the messages were created.
    """
    if send.undisclosed or not draft.is_undisclosed:
        return
    if send.waiting_messages:
        raise RefusedError(
            "the remaining messages were made for a public send, but the fix is now undisclosed",
            hint=Action(
                "send",
                (),
                "plan them again, for the maintainers and the security team: {}",
            ),
        )
