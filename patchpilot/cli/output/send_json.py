# SPDX-License-Identifier: GPL-2.0-or-later
"""A send as JSON."""

from collections.abc import Iterable
from typing import Any

from patchpilot.cli.output.recipients_report import recipient_body
from patchpilot.model.send_problem import SendProblem
from patchpilot.services.send.preflight_card import verdict
from patchpilot.services.send.send_plan import SendPlan, SendResult


def body(plan: SendPlan, result: SendResult) -> dict[str, Any]:
    """The document of `send`, without its schema line."""
    return {
        "state": result.state,
        "messages": [
            {
                "message_id": message.message_id,
                "subject": message.subject,
                "to": [str(address) for address in message.to],
                "cc": [str(address) for address in message.cc],
                "state": "unknown" if message.state == "sending" else str(message.state),
                "detail": message.detail,
            }
            for message in result.messages
        ],
        "verdict": verdict(
            plan, result.refusals, "ready" if result.state == "planned" else str(result.state)
        ),
        "refusals": _problems(result.refusals),
        "warnings": _problems(plan.warnings),
        "recipients": [recipient_body(recipient) for recipient in plan.recipients],
        "bcc": list(plan.bcc),
        "transport": result.transport,
        "account": result.account,
        "sender": str(plan.account.sender) if plan.account.sender else None,
        "version": result.version,
        "change_id": result.change_id,
        "base": plan.base,
        "to_self": plan.request.to_self,
        "forced": plan.request.force,
        "remarks": [str(remark) for remark in plan.remarks],
        "advice": [str(line) for line in result.advice],
    }


def _problems(problems: Iterable[SendProblem]) -> list[dict[str, str]]:
    return [
        {"name": problem.name, "message": problem.message, "hint": str(problem.hint)}
        for problem in problems
    ]
