# SPDX-License-Identifier: GPL-2.0-or-later
"""A send as the contract's JSON."""

from collections.abc import Iterable
from typing import Any

from patchpilot.cli.output.send_text import verdict
from patchpilot.outgoing.send_plan import SendPlan, SendProblem, SendResult


def body(plan: SendPlan, result: SendResult) -> dict[str, Any]:
    """The document of `send`, without its schema line."""
    return {
        "state": result.state,
        "messages": [
            {
                "message_id": one.message_id,
                "subject": one.subject,
                "to": [str(address) for address in one.to],
                "cc": [str(address) for address in one.cc],
                "state": "unknown" if one.state == "sending" else str(one.state),
                "detail": one.detail,
            }
            for one in result.messages
        ],
        "verdict": verdict(plan, result.refusals, str(result.state)),
        "refusals": _problems(result.refusals),
        "warnings": _problems(plan.warnings),
        "recipients": [
            {
                "name": one.address.name,
                "email": one.address.email,
                "role": one.role,
                "section": one.section,
                "header": one.header,
                "reasons": list(one.reasons),
            }
            for one in plan.recipients
        ],
        "bcc": list(plan.bcc),
        "transport": result.transport,
        "account": result.account,
        "sender": str(plan.account.sender) if plan.account.sender else None,
        "version": result.version,
        "change_id": result.change_id,
        "base": plan.base,
        "to_self": plan.request.to_self,
        "forced": plan.request.force,
        "remarks": list(plan.remarks),
        "advice": list(result.advice),
    }


def _problems(problems: Iterable[SendProblem]) -> list[dict[str, str]]:
    return [{"name": one.name, "message": one.message, "hint": one.hint} for one in problems]
