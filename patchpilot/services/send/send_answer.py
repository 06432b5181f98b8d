# SPDX-License-Identifier: GPL-2.0-or-later
"""The output of `send`: the plan and its result."""

from dataclasses import dataclass

from patchpilot.model.json_form import json_form
from patchpilot.services.send.preflight_card import verdict
from patchpilot.services.send.send_plan import SendPlan, SendResult


@json_form(
    "state=result.state",
    "messages=result.messages",
    "verdict",
    "refusals=result.blockers",
    "warnings=plan.warnings",
    "recipients=plan.recipients",
    "bcc=plan.bcc",
    "transport=result.transport",
    "account=result.account",
    "sender",
    "version=result.version",
    "change_id=result.change_id",
    "base=plan.base",
    "to_self=plan.request.to_self",
    "forced=plan.request.force",
    "remarks=plan.remarks",
    "advice=result.advice",
)
@dataclass(frozen=True, slots=True)
class SendAnswer:
    """A plan and the result of sending it."""

    plan: SendPlan
    result: SendResult

    @property
    def verdict(self) -> str:
        """One line that states whether the messages can be sent, or the result of sending them."""
        planned = self.result.state == "planned"
        return verdict(
            self.plan, self.result.blockers, "ready" if planned else self.result.state
        )

    @property
    def sender(self) -> str | None:
        """The sender's name and address, or None if the mail account has no address."""
        return str(self.plan.account.sender) if self.plan.account.sender else None
