# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates the pre-flight card: a verdict on a plan, and a line for each check.

`send --dry-run` and the TUI show the same texts.
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
    """The outcome of a pre-send check, shown at the start of its line."""

    PROBLEM = "problem"
    OVERRIDDEN = "overridden"
    NOTE = "note"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """A pre-send check: its state, name, result and hint."""

    state: CheckState
    name: str
    message: str
    hint: Advice = ""


@dataclass(frozen=True, slots=True)
class PreflightCard:
    """The verdict on a plan and the checks: problems first, then notes, then passed checks."""

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
    """Returns the pre-flight card of a plan.

    `blockers` are the problems to show, by default the plan's own.
    """
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
    """Returns one line that states whether the messages can be sent.

    The line contains the number of problems that block sending. If there are none, the line
    contains the number of messages and recipients, and the reason if the transport cannot
    send. `ready` is the word used if nothing blocks sending.
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
    """Returns the number of messages to send and the number of recipients, as text."""
    mails, people = len(plan.waiting), len(plan.recipients) + len(plan.bcc)
    of_all = f" of {len(plan.mails)}" if mails != len(plan.mails) else ""
    whom = "yourself only" if plan.request.to_self else counted(people, "recipient")
    return f"{mails}{of_all} mail{'s' if len(plan.mails) > 1 else ''} to {whom}"
