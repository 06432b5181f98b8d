# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipient plans as text and as JSON."""

from collections.abc import Iterator
from typing import Any

from patchpilot.cli.output.json_document import document
from patchpilot.model.printable import printable
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.services.maintainers.maintainers_file import SelfTestResult, WhoResult
from patchpilot.topic.topic_recipients import Planned, PlanResult


def as_json(result: PlanResult) -> str:
    """The document of `maintainers`."""
    return document(
        "maintainers",
        {
            "tree": result.tree,
            "repository": result.repository,
            "results": [_json(planned) for planned in result.results],
        },
    )


def _json(planned: Planned) -> dict[str, Any]:
    return {
        "source": planned.source,
        "sources": list(planned.sources),
        "commits": list(planned.commits),
        "topic": planned.topic,
        "recipients": [
            recipient_body(who) | {"by_hand": who.by_hand} for who in planned.plan.recipients
        ],
        "sections": [
            {
                "name": section.name,
                "status": section.status,
                "trees": list(section.trees),
                "lists": list(section.lists),
            }
            for section in planned.plan.sections
        ],
        "warnings": list(planned.plan.warnings),
    }


def recipient_body(recipient: Recipient) -> dict[str, Any]:
    """A recipient as every document shows it."""
    return {
        "name": recipient.address.name,
        "email": recipient.address.email,
        "role": recipient.role,
        "section": recipient.section,
        "header": recipient.header,
        "reasons": list(recipient.reasons),
    }


def as_text(result: PlanResult, *, reasons: bool = True) -> str:
    """Each plan with its recipients by header, their reasons below them, and the warnings."""
    blocks = [
        "\n".join(_lines(planned, reasons, several=len(result.results) > 1))
        for planned in result.results
    ]
    return "\n\n".join(blocks)


def _lines(planned: Planned, reasons: bool, several: bool) -> Iterator[str]:
    if several or len(planned.sources) > 1:
        rest = (
            f" and {len(planned.sources) - 1} more (all recipients get all patches)"
            if len(planned.sources) > 1
            else ""
        )
        yield printable(f"{planned.source}{rest}")
    for header, people in (("To", planned.plan.to), ("Cc", planned.plan.cc)):
        for who in people:
            mark = " *" if who.by_hand else ""
            yield printable(f"{header}: {who.address.header()} ({_role(who)}){mark}")
            if reasons:
                for reason in who.reasons:
                    yield printable(f"      {reason}")
    if not planned.plan.recipients:
        yield "no recipients"
    yield from _sections(planned.plan)
    for warning in planned.plan.warnings:
        yield printable(f"warning: {warning}")
    if any(who.by_hand for who in planned.plan.recipients):
        yield "* set manually"


def _role(who: Recipient) -> str:
    return f"{who.role}, {who.section}" if who.section else who.role


def _sections(plan: RecipientPlan) -> Iterator[str]:
    for section in plan.sections:
        trees = f"; {', '.join(section.trees)}" if section.trees else ""
        yield printable(f"Section: {section.name} ({section.status or 'no status'}{trees})")


def who_json(result: WhoResult) -> str:
    """The document of `maintainers --who`."""
    sections = [
        {
            "name": section.name,
            "status": section.status,
            "line": section.line,
            "lines": list(section.lines),
        }
        for section in result.sections
    ]
    return document("maintainers-who", {"word": result.word, "sections": sections})


def who_text(result: WhoResult) -> str:
    """Section by section, the lines that match."""
    if not result.sections:
        return f"{printable(result.word)}: not in MAINTAINERS"
    return "\n".join(
        printable(f"{section.name} ({section.status or 'no status'}, line {section.line})")
        + "".join(printable(f"\n      {line}") for line in section.lines)
        for section in result.sections
    )


def self_test_json(result: SelfTestResult) -> str:
    """The document of `maintainers --self-test`."""
    problems = [
        {
            "path": problem.path,
            "line": problem.line,
            "kind": problem.kind,
            "message": problem.message,
            "text": problem.text,
        }
        for problem in result.problems
    ]
    return document(
        "maintainers-self-test",
        {"files": result.files, "sections": result.sections, "problems": problems},
    )


def self_test_text(result: SelfTestResult) -> str:
    """A line for each problem."""
    if not result.problems:
        return (
            f"{result.sections} sections in {result.files} file{'s' * (result.files != 1)}: no"
            " problems"
        )
    return "\n".join(
        printable(f"{problem.path}:{problem.line}: {problem.message}: {problem.text}")
        for problem in result.problems
    )
