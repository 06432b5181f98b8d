# SPDX-License-Identifier: GPL-2.0-or-later
"""Format recipient plans as text and JSON."""

from collections.abc import Iterator

from patchpilot.cli.output.json_document import format_json
from patchpilot.model.printable import make_printable
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.recipients.topic import PlannedRecipients, PlanResult


def format_recipients_json(result: PlanResult) -> str:
    """Return the JSON document of `maintainers`."""
    return format_json("maintainers", result)


def format_recipients_text(result: PlanResult, *, with_reasons: bool = True) -> str:
    """Format each plan: the recipients by header, with reasons, then the warnings."""
    blocks = [
        "\n".join(
            _format_recipients(
                recipient_plan, with_reasons, is_one_of_several=len(result.results) > 1
            )
        )
        for recipient_plan in result.results
    ]
    return "\n\n".join(blocks)


def _format_recipients(
    recipient_plan: PlannedRecipients, with_reasons: bool, is_one_of_several: bool
) -> Iterator[str]:
    if is_one_of_several or len(recipient_plan.sources) > 1:
        more_reasons = (
            f" and {len(recipient_plan.sources) - 1} more"
            if len(recipient_plan.sources) > 1
            else ""
        )
        yield make_printable(f"{recipient_plan.source}{more_reasons}")
    for header, recipients in (
        ("To", recipient_plan.plan.to),
        ("Cc", recipient_plan.plan.cc),
    ):
        for recipient in recipients:
            mark = " *" if recipient.by_hand else ""
            yield make_printable(
                f"{header}: {recipient.address.header()} ({_describe_role(recipient)}){mark}"
            )
            if with_reasons:
                for reason in recipient.reasons:
                    yield make_printable(f"      {reason}")
    if not recipient_plan.plan.recipients:
        yield "no recipients"
    yield from _format_sections(recipient_plan.plan)
    for warning in recipient_plan.plan.warnings:
        yield make_printable(f"warning: {warning}")
    if any(recipient.by_hand for recipient in recipient_plan.plan.recipients):
        yield "* set manually"


def _describe_role(recipient: Recipient) -> str:
    section = f", {recipient.section}" if recipient.section else ""
    return f"{recipient.role}{section}{recipient.which}"


def _format_sections(plan: RecipientPlan) -> Iterator[str]:
    for section in plan.sections:
        trees = f"; {', '.join(section.trees)}" if section.trees else ""
        yield make_printable(f"Section: {section.name} ({section.status or 'no status'}{trees})")
