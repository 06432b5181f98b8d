# SPDX-License-Identifier: GPL-2.0-or-later
"""A plan and the outcome of sending, as text for people."""

from collections.abc import Iterable

from patchpilot.cli.output.plain import printable
from patchpilot.outgoing.plan import Problem, SendPlan, SendResult


def preview(plan: SendPlan) -> str:
    """Every mail in full, then who gets them and why, how they go out, and what stands against it."""
    lines: list[str] = []
    total = len(plan.mails)
    for number, mail in enumerate(plan.mails, 1):
        lines += [
            f"━━━ mail {number} of {total} ━━━",
            printable(mail.raw.decode("utf-8", "surrogateescape").replace("\r\n", "\n")).rstrip("\n"),
            "",
        ]
    lines += ["━━━ recipients ━━━", *_recipients(plan), ""]
    lines += ["━━━ delivery ━━━", f"version:    v{plan.version}" + (f"   topic {plan.draft.change_id}" if plan.draft else "")]
    if plan.base:
        lines.append(f"base:       {plan.base[:12]}")
    lines.append(f"transport:  {plan.request.via}, {printable(plan.account.label)}")
    lines.append(
        f"sender:     {printable(str(plan.account.sender))}" + (f"   envelope {plan.account.envelope}" if plan.account.envelope else "")
    )
    if plan.account.password_from:
        lines.append(f"password:   from {plan.account.password_from}")
    if plan.request.to_self:
        lines.append("to-self:    only you get these mails; nothing is recorded as sent")
    lines += _remarks(plan)
    if not plan.request.to_self:
        tag = f", and the tag sent/{plan.draft.change_id}-v{plan.version}" if plan.head else ""
        lines.append(f"records:    each mail's Message-ID and state in the outbox{tag}")
    same = "these very bytes leave" if plan.request.via == "b4" else "Date and X-Mailer are set anew, all else leaves as shown"
    lines.append(f"bytes:      {same}")
    problems = [*_problems("refused", plan.refusals), *_problems("note", plan.warnings)]
    if problems:
        lines += ["", *problems]
    return "\n".join(lines) + "\n"


def _remarks(plan: SendPlan) -> list[str]:
    return [f"remark:     {printable(one)}" for one in plan.remarks]


def _recipients(plan: SendPlan) -> Iterable[str]:
    for one in plan.recipients:
        reason = "; ".join(one.reasons)
        role = f"{one.role}" + (f" ({one.section})" if one.section else "")
        yield f"{one.header.capitalize() + ':':4} {printable(str(one.address))}   [{printable(role)}] {printable(reason)}".rstrip()
    for address in plan.bcc:
        yield f"Bcc: {printable(address)}   sendemail.bcc"


def _problems(kind: str, problems: Iterable[Problem]) -> list[str]:
    lines = []
    for one in problems:
        lines.append(f"{kind}: {printable(one.message)}  [{one.name}]")
        if one.hint:
            lines.append(f"  {printable(one.hint)}")
    return lines


def outcome(result: SendResult) -> str:
    """What became of each mail, and what to do next."""
    lines = []
    for one in result.messages:
        lines.append(f"{one.state:9} {printable(one.subject)}  <{printable(one.message_id)}>")
        if one.detail and one.state != "accepted":
            lines.append(f"          {printable(one.detail)}")
    lines += _problems("refused", result.refusals)
    lines.append(f"{result.state}: v{result.version} through {result.transport}, {printable(result.account)}")
    lines += [f"  {printable(one)}" for one in result.advice]
    return "\n".join(lines) + "\n"
