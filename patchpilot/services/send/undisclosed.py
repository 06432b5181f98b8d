# SPDX-License-Identifier: GPL-2.0-or-later
"""What stops the send of a security fix that is not public yet, and no reason overrides."""

from patchpilot.errors import RefusedError
from patchpilot.model.action import Action
from patchpilot.model.draft import Draft
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import WAITING
from patchpilot.outgoing.outbox import Send


def refuse_public_server(draft: Draft, account: Account) -> None:
    """RefusedError where an undisclosed fix would go through a server of others, as b4's web
    endpoint is.
    """
    if draft.is_undisclosed and account.destination:
        raise RefusedError(
            f"an undisclosed security fix is not sent through {account.destination}",
            hint=Action(
                "doctor",
                (),
                "set your own mail server: `{}` knows the settings of your provider",
            ),
        )


def refuse_public_mails(draft: Draft, send: Send) -> None:
    """RefusedError where mails that wait were made for a public send of a fix that is undisclosed
    now.
    """
    if send.undisclosed or not draft.is_undisclosed:
        return
    if any(entry.state in WAITING for entry in send.entries):
        raise RefusedError(
            "the remaining messages were made for a public send, but the fix is undisclosed now",
            hint=Action(
                "send",
                (),
                "plan them again, for the maintainers and the security team: {}",
            ),
        )
