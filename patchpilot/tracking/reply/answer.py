# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the JSON output of `track reply`, which is a planned reply or the list of drafts."""

from dataclasses import dataclass
from typing import Literal

from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState, Message
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing.reply_drafts import ReplyDraft
from patchpilot.tracking.reply.plan import ReplyPlan

ReplyState = MailState | Literal["planned", "refused", "drafts"]
"""The state of a reply; `drafts` is used for the list of unsent replies."""


@json_form("name=problem.name blocks message=problem.message hint=problem.hint")
@dataclass(frozen=True, slots=True)
class ReplyProblem:
    """A problem with a reply, and whether it blocks sending."""

    problem: SendProblem
    blocks: bool


@json_form(
    "state detail message_id=plan.mail.message_id subject=plan.mail.subject "
    "in_reply_to=plan.draft.answers references=plan.mail.references to=plan.mail.to "
    "cc=plan.mail.cc text=plan.draft.text template=plan.draft.template "
    "transport=plan.transport.name problems drafts"
)
@dataclass(frozen=True, slots=True)
class PlannedReply:
    """A planned reply, and the sent message, which is None if nothing was sent."""

    plan: ReplyPlan
    sent: Message | None = None
    drafts: tuple[ReplyDraft, ...] = ()

    @property
    def state(self) -> ReplyState:
        if self.sent:
            return self.sent.state
        return "refused" if self.plan.refused else "planned"

    @property
    def detail(self) -> str:
        return self.sent.detail if self.sent else ""

    @property
    def problems(self) -> tuple[ReplyProblem, ...]:
        """Return the problems that block sending, followed by the warnings."""
        return (
            *(ReplyProblem(problem, True) for problem in self.plan.blockers),
            *(ReplyProblem(problem, False) for problem in self.plan.warnings),
        )


@json_form()
@dataclass(frozen=True, slots=True)
class UnsentReplies:
    """The drafts of unsent replies."""

    state: ReplyState
    drafts: tuple[ReplyDraft, ...]
