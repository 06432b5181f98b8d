# SPDX-License-Identifier: GPL-2.0-or-later
"""A send of a topic, from plan to result, shared by the services, the CLI and the TUI."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patchpilot.model.action import Advice
from patchpilot.model.json_form import json_form
from patchpilot.model.message import MailState
from patchpilot.model.printable import counted, one_line
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
)
@dataclass(frozen=True, slots=True)
class Sending(SeriesToSend):
    """A send: its messages, its blocking problems, and, afterwards, its result.

    `send` contains every message as rendered by the transport; for a resumed send, it is the
    outbox's record with the changes to save on sending. `settled` maps positions of messages in an
    unknown state to their outcomes. `passed` lists the checks without findings. `outcome` is "" at
    first, then `sent`, `partial` or `failed`. `last` is the topic's last recorded send, `link` the
    archive's URL of its first accepted message ("" for none), and `now` the next steps.
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

    @property
    def is_unfinished(self) -> bool:
        """Return whether the last send has messages that were not sent or have an unknown
        outcome.
        """
        return self.last is not None and self.last.state != "sent"

    @property
    def is_sent(self) -> bool:
        """Return whether this version of the topic was sent."""
        last = None if self.is_unfinished else self.last
        names = {problem.name for problem in self.blockers}
        return bool(last and last.version >= self.send.version) or (
            bool(names) and names <= sent_names(names)
        )

    @property
    def headline(self) -> str:
        """Return the last send's version and number of accepted messages, as text."""
        assert self.last is not None
        entries = self.last.entries
        accepted = sum(entry.state is MailState.ACCEPTED for entry in entries)
        return f"v{self.last.version}: {accepted} of {counted(len(entries), 'message')} accepted"

    @property
    def refused(self) -> bool:
        """Return whether problems that are not overridden block the send."""
        return bool(self.blockers) and not self.request.force

    @property
    def state(self) -> str:
        """Return `planned`, `refused`, `sent`, `partial` or `failed`."""
        return self.outcome or ("refused" if self.refused else "planned")

    @property
    def sender(self) -> str | None:
        """Return the sender's name and address, or None if the mail account has no address."""
        return str(self.account.sender) if self.account.sender else None

    @property
    def delivery(self) -> tuple[tuple[str, Advice, str], ...]:
        """Return how the messages are sent: label, value, and style of each row.

        The style is "main" for rows that are always shown, "note" for a note, or "".
        """
        account, only_me = self.account, self.request.to_self
        tag = (
            f", and the tag sent/{self.draft.change_id}-v{self.send.version}"
            if self.send.head
            else ""
        )
        recorded = f"Message-ID and state of each message in the outbox{tag}"
        alone = "only you receive these messages; nothing is recorded as sent"
        source = f"from {account.password_from}" if account.password_from else ""
        rows: tuple[tuple[str, Advice, str], ...] = (
            ("topic", self.draft.change_id, ""),
            ("base", (self.send.base or "")[:12], ""),
            ("transport", f"{self.request.via}, {account.label}", "main"),
            ("sender", self.sender or "", "main"),
            ("envelope", account.envelope or "", ""),
            ("password", source, "main"),
            ("test", alone if only_me else "", ""),
            *(("note", remark, "note") for remark in self.remarks),
            ("recorded", "" if only_me else recorded, ""),
            ("content", "sent exactly as shown", ""),
        )
        return tuple(row for row in rows if row[1])

    @property
    def checks(self) -> tuple[CheckLine, ...]:
        """Return the lines of the pre-flight card: problems, then notes, then passed checks.

        A problem in several patches is shown on one line.
        """
        blocking = CheckState.OVERRIDDEN if self.request.force else CheckState.PROBLEM
        titles = tuple(f"{patch.subject.title}: " for patch in self.series.patches)
        rows: dict[tuple[str, str], list[CheckLine]] = {}
        for state, problems in (
            (blocking, self.blockers),
            (CheckState.NOTE, self.warnings),
        ):
            for problem in problems:
                title = next((t for t in titles if problem.message.startswith(t)), "")
                rows.setdefault(
                    (problem.name, problem.message.removeprefix(title)), []
                ).append(CheckLine(state, problem.name, problem.message, problem.hint))
        return (
            *(
                same[0]._replace(message=f"{result} ({len(same)} patches)")
                if len(same) > 1
                else same[0]
                for (_, result), same in rows.items()
            ),
            *self.passed,
        )

    @property
    def verdict(self) -> str:
        """Summarize on one line whether the messages can be sent, or the result.

        It contains the number of blocking problems or, if there are none, the number of messages
        and recipients, and the reason if the transport cannot send.
        """
        unable = (
            self.blocking_problem
            if self.send.waiting_messages and not self.outcome
            else None
        )
        if self.refused:
            count = sum(line.state is CheckState.PROBLEM for line in self.checks)
            return (
                f"not ready: {counted(count, 'problem')}"
                f" {'blocks' if count == 1 else 'block'} sending"
            )
        forced = (
            f"; {counted(len(self.blockers), 'problem')} overridden:"
            f" {one_line(self.request.force or '')}"
            if self.blockers
            else ""
        )
        missing = f", but {unable.message}" if unable else ""
        return f"{self.outcome or 'ready'}{missing}: {self.format_counts}{forced}"

    @property
    def format_counts(self) -> str:
        """Return the number of messages (to send or accepted) and recipients, as text."""
        entries = self.send.entries
        count = (
            sum(entry.state is MailState.ACCEPTED for entry in entries)
            if self.outcome
            else len(self.send.waiting_messages)
        )
        of_all = f" of {len(entries)}" if count != len(entries) else ""
        recipients = len(self.recipients) + len(self.send.bcc)
        whom = (
            "yourself only"
            if self.request.to_self
            else counted(recipients, "recipient")
        )
        return f"{count}{of_all} mail{'s' if len(entries) > 1 else ''} to {whom}"


SENT = frozenset({"already-sent", "version-sent"})
"""Problems that only report an earlier send."""


def sent_names(names: set[str]) -> set[str]:
    """Return the names of a plan's problems that only mean that the version was already sent.

    They include the next version's missing changelog, because b4 starts that version immediately.
    """
    return set(
        SENT | {"no-changelog", "unfinished"} if "already-sent" in names else SENT
    )
