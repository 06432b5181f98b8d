# SPDX-License-Identifier: GPL-2.0-or-later
"""A send of a topic, from the plan to the result.

It is shared by the services, the CLI and the TUI.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patchpilot.model.action import Advice
from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState
from patchpilot.model.printable import format_count, make_one_line
from patchpilot.model.send_problem import CheckLine, CheckState, SendProblem
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.transport import SeriesToSend


@json_form(
    "state",
    "messages=send.entries",
    "verdict",
    "refusals=blockers",
    "warnings",
    "recipients",
    "bcc=send.bcc",
    "transport=send.transport",
    "account=account.label",
    "sender",
    "version=send.version",
    "change_id=send.change_id",
    "base=send.base",
    "to_self=request.to_self",
    "forced=request.force",
    "remarks",
    "advice",
    "unverified",
)
@dataclass(frozen=True, slots=True)
class Sending(SeriesToSend):
    """A send of a topic: its messages, its blocking problems and, after sending, its result.

    `send` contains the messages as rendered by the transport. If the send is resumed, `send` is the
    record from the outbox with the changes to save when sending. `settled` maps the positions of
    messages in an unknown state to their outcomes. `unverified` is what is known against the
    delivery of messages that a program or local server accepted, or None. `passed` lists the checks
    without findings. `outcome` is "" before sending, then `sent`, `partial` or `failed`. `last` is
    the topic's last recorded send, `link` the archive URL of its first accepted message (or ""),
    and `now` contains the next steps.
    """

    blockers: tuple[SendProblem, ...] = ()
    warnings: tuple[SendProblem, ...] = ()
    passed: tuple[CheckLine, ...] = ()
    settled: Mapping[int, Outcome] = field(default_factory=dict)
    outcome: str = ""
    advice: tuple[Advice, ...] = ()
    last: Send | None = None
    link: str = ""
    now: tuple[Advice, ...] = ()
    unverified: SendProblem | None = None

    @property
    def is_unfinished(self) -> bool:
        """Return whether messages of the last send are unsent or have an unknown outcome."""
        return self.last is not None and self.last.state != "sent"

    @property
    def is_sent(self) -> bool:
        """Return whether this version of the topic was sent."""
        last_send = None if self.is_unfinished else self.last
        names = {problem.name for problem in self.blockers}
        return bool(last_send and last_send.version >= self.send.version) or (
            bool(names) and names <= sent_problem_names(names)
        )

    @property
    def headline(self) -> str:
        """Describe the last send: its version and number of accepted messages."""
        assert self.last is not None
        entries = self.last.entries
        count = sum(entry.state is MailState.ACCEPTED for entry in entries)
        counts = f"v{self.last.version}: {count} of {format_count(len(entries), 'message')}"
        return f"{counts} {'handed over, not verified' if self.unverified else 'accepted'}"

    @property
    def refused(self) -> bool:
        """Return whether the send is blocked by problems that are not overridden."""
        return bool(self.blockers) and not self.request.force

    @property
    def state(self) -> str:
        """Return `planned`, `refused`, `sent`, `partial` or `failed`."""
        return self.outcome or ("refused" if self.refused else "planned")

    @property
    def outcome_line(self) -> str:
        """State the outcome, the version and the transport."""
        note = ", not verified" if self.unverified else ""
        route = f"{self.send.transport}, {self.account.label}"
        return f"{self.state}{note}: v{self.send.version} via {route}"

    @property
    def server_reply(self) -> str:
        """Return why the first message that was not accepted was not, or ""."""
        return next(
            (
                entry.detail
                for entry in self.send.entries
                if entry.detail and entry.state is not MailState.ACCEPTED
            ),
            "",
        )

    @property
    def sender(self) -> str | None:
        """Return the sender's name and address, or None if the account has no address."""
        return str(self.account.sender) if self.account.sender else None

    @property
    def delivery(self) -> tuple[tuple[str, Advice, str], ...]:
        """Return rows that describe how the messages are sent.

        Each row has a label, a value and a style. The style is "main" for rows that are always
        shown, "note" for notes, and "" for other rows.
        """
        account, is_test = self.account, self.request.to_self
        tag = (
            f", and the tag sent/{self.draft.change_id}-v{self.send.version}"
            if self.send.head
            else ""
        )
        record_note = f"Message-ID and state of each message in the outbox{tag}"
        test_note = "only you receive these messages; nothing is recorded as sent"
        source = f"from {account.password_from}" if account.password_from else ""
        rows: tuple[tuple[str, Advice, str], ...] = (
            ("topic", self.draft.change_id, ""),
            ("base", (self.send.base or "")[:12], ""),
            ("transport", f"{self.request.via}, {account.label}", "main"),
            ("sender", self.sender or "", "main"),
            ("envelope", account.envelope or "", ""),
            ("password", source, "main"),
            ("test", test_note if is_test else "", ""),
            *(("note", remark, "note") for remark in self.remarks),
            ("recorded", "" if is_test else record_note, ""),
            ("content", "sent exactly as shown", ""),
        )
        return tuple(row for row in rows if row[1])

    @property
    def checks(self) -> tuple[CheckLine, ...]:
        """Return the lines of the pre-flight card: first problems, then notes, then passed checks.

        If several patches have the same problem, it is shown on one line.
        """
        blocker_state = CheckState.OVERRIDDEN if self.request.force else CheckState.PROBLEM
        titles = tuple(f"{patch.subject.title}: " for patch in self.series.patches)
        rows: dict[tuple[str, str], list[CheckLine]] = {}
        for state, problems in (
            (blocker_state, self.blockers),
            (CheckState.NOTE, self.warnings),
        ):
            for problem in problems:
                title = next(
                    (prefix for prefix in titles if problem.message.startswith(prefix)),
                    "",
                )
                rows.setdefault((problem.name, problem.message.removeprefix(title)), []).append(
                    CheckLine(state, problem.name, problem.message, problem.hint)
                )
        return (
            *(
                lines[0]._replace(message=f"{result} ({len(lines)} patches)")
                if len(lines) > 1
                else lines[0]
                for (_, result), lines in rows.items()
            ),
            *self.passed,
        )

    @property
    def verdict(self) -> str:
        """Summarize in one line whether the messages can be sent, or the result of sending them.

        The line contains the number of blocking problems or, if there are none, the numbers of
        messages and recipients, and the reason if the transport cannot send.
        """
        transport_problem = (
            self.blocking_problem if self.send.waiting_messages and not self.outcome else None
        )
        if self.refused:
            count = sum(line.state is CheckState.PROBLEM for line in self.checks)
            return (
                f"not ready: {format_count(count, 'problem')}"
                f" {'blocks' if count == 1 else 'block'} sending"
            )
        override_note = (
            f"; {format_count(len(self.blockers), 'problem')} overridden:"
            f" {make_one_line(self.request.force or '')}"
            if self.blockers
            else ""
        )
        transport_note = f", but {transport_problem.message}" if transport_problem else ""
        return f"{self.outcome or 'ready'}{transport_note}: {self.counts_text}{override_note}"

    @property
    def open_questions(self) -> tuple[CheckLine, ...]:
        """Return the lines of the pre-send questions that are not answered."""
        return tuple(check for check in self.checks if check.name.startswith("unanswered-"))

    @property
    def readiness(self) -> str:
        """Return the verdict before sending, which is "not ready" if a question is open."""
        count = len(self.open_questions)
        if self.blocking_problem and not self.refused:
            return f"not ready: {self.blocking_problem.message}"
        if self.refused or not count:
            return self.verdict
        return f"not ready: {format_count(count, 'question')} {'is' if count == 1 else 'are'} open"

    @property
    def counts_text(self) -> str:
        """Return the number of messages (to send or accepted) and of recipients as text."""
        entries = self.send.entries
        count = (
            sum(entry.state is MailState.ACCEPTED for entry in entries)
            if self.outcome
            else len(self.send.waiting_messages)
        )
        total_note = f" of {len(entries)}" if count != len(entries) else ""
        recipients = len(self.recipients) + len(self.send.bcc)
        recipient_text = (
            "yourself only" if self.request.to_self else format_count(recipients, "recipient")
        )
        return f"{count}{total_note} mail{'s' if len(entries) > 1 else ''} to {recipient_text}"


SENT_PROBLEMS = frozenset({"already-sent", "version-sent"})
"""Problems that only report an earlier send."""


def sent_problem_names(names: set[str]) -> set[str]:
    """Return the problems that only mean that the version was already sent.

    They include the next version's missing changelog, because b4 starts that version right after a
    send.
    """
    return set(
        SENT_PROBLEMS | {"no-changelog", "unfinished"} if "already-sent" in names else SENT_PROBLEMS
    )
