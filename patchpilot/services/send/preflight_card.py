# SPDX-License-Identifier: GPL-2.0-or-later
"""The pre-flight card: one verdict on a plan and a line for each check, in the same words for `send
--dry-run` and the TUI.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from patchpilot.model.action import Advice
from patchpilot.model.counted import counted
from patchpilot.model.printable import one_line
from patchpilot.model.send_problem import SendProblem
from patchpilot.services.send.send_plan import SendPlan


class CheckState(StrEnum):
    """What a check came to; the word starts its line."""

    PROBLEM = "problem"
    OVERRIDDEN = "overridden"
    NOTE = "note"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A check before sending: its state, its name, what it found, and what repairs it."""

    state: CheckState
    name: str
    message: str
    hint: Advice = ""


@dataclass(frozen=True, slots=True)
class PreflightCard:
    """The verdict, and the checks: problems first, then notes, then what is in order."""

    verdict: str
    checks: tuple[CheckLine, ...]

    @property
    def problems(self) -> tuple[CheckLine, ...]:
        """The checks that block sending."""
        return tuple(
            check for check in self.checks if check.state is CheckState.PROBLEM
        )


def preflight_card(
    plan: SendPlan, blockers: Sequence[SendProblem] | None = None
) -> PreflightCard:
    """The card of a plan; `blockers` are its problems where they are not the plan's own."""
    blocking = plan.blockers if blockers is None else blockers
    state = CheckState.OVERRIDDEN if plan.request.force else CheckState.PROBLEM
    lines = [
        CheckLine(state, problem.name, problem.message, problem.hint)
        for problem in blocking
    ]
    lines += [
        CheckLine(CheckState.NOTE, problem.name, problem.message, problem.hint)
        for problem in plan.warnings
    ]
    lines += [
        CheckLine(CheckState.OK, check.name, check.message) for check in plan.passed
    ]
    return PreflightCard(verdict(plan, blocking), tuple(lines))


def verdict(
    plan: SendPlan, blockers: Sequence[SendProblem], ready: str = "ready"
) -> str:
    """Whether the mails can be sent, in one line: how many problems block that, else what would be
    sent and what is missing here.

    `ready` is the word for mails that nothing blocks.
    """
    if blockers and not plan.request.force:
        # a mail server that is missing has its line among the checks too
        unlisted = plan.waiting and plan.blocked and plan.blocked not in blockers
        count = len(blockers) + bool(unlisted)
        return (
            f"NOT SENT: {counted(count, 'problem')}"
            f" {'blocks' if count == 1 else 'block'} sending"
        )
    forced = (
        f"; {counted(len(blockers), 'problem')} overridden: {one_line(plan.request.force or '')}"
        if blockers
        else ""
    )
    missing = (
        f", but {plan.blocked.message}"
        if ready == "ready" and plan.waiting and plan.blocked
        else ""
    )
    return f"{ready}{missing}: {in_numbers(plan)}{forced}"


def in_numbers(plan: SendPlan) -> str:
    """The number of mails to send, and of their recipients."""
    mails, people = len(plan.waiting), len(plan.recipients) + len(plan.bcc)
    of_all = f" of {len(plan.mails)}" if mails != len(plan.mails) else ""
    whom = "yourself only" if plan.request.to_self else counted(people, "recipient")
    return f"{mails}{of_all} mail{'s' if len(plan.mails) > 1 else ''} to {whom}"
