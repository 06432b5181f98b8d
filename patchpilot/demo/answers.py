# SPDX-License-Identifier: GPL-2.0-or-later
"""Send the replies in the interactive demo.

The list, the maintainers and the stable trees reply a few seconds after receiving a message.
"""

import contextlib
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime

from patchpilot.commits.git_command import git
from patchpilot.demo import demo_mails, upstream
from patchpilot.demo.demo_mails import PACE, Sent
from patchpilot.demo.demo_people import KERNEL_LIST, LISTS, NET_LIST
from patchpilot.demo.demo_repository import TOPIC
from patchpilot.demo.sandbox import Sandbox
from patchpilot.errors import PatchpilotError
from patchpilot.model.mail import parse_mail
from patchpilot.model.patch import Subject, parse_subject

DELAYS = (3.0, 6.0, 9.0)
"""Seconds from the message to the first, second and third reply."""


def list_sent_versions(subject: str, commit: str) -> list[str]:
    """Return the stable versions of a backport, or of a request for a commit; otherwise []."""
    if match := re.match(r"\[PATCH (\d+\.\d+)\b", subject):
        return [match[1]]
    request, _, names = subject.rpartition('") to ')
    is_request = request.startswith(f"Please apply {commit[:12]} (")
    return re.findall(r"\d+\.\d+", names) if is_request else []


class Answers:
    """Replies to sent messages in the interactive demo.

    Call `answer` repeatedly. It reads messages from the SMTP sink, and adds replies to the archive
    when they are due.
    """

    def __init__(self, sandbox: Sandbox, delays: tuple[float, float, float] = DELAYS) -> None:
        self.sandbox, self.delays = sandbox, delays
        self._seen = 0
        self._versions: set[int] = set()
        self._merged: tuple[str, str, str, datetime] | None = None
        self._due: list[tuple[float, Callable[[], None]]] = []

    def answer(self) -> None:
        messages = self.sandbox.sink.take()
        for message in messages[self._seen :]:
            if not set(LISTS).isdisjoint(message.recipients):
                self._answer_message(message.data.replace(b"\r\n", b"\n"))
        self._seen = len(messages)
        now = time.monotonic()
        due_actions = [action for due_time, action in self._due if due_time <= now]
        self._due = [(due_time, action) for due_time, action in self._due if due_time > now]
        for action in due_actions:
            # the user may do something else than the demo suggests, so do not fail
            with contextlib.suppress(PatchpilotError):
                action()

    def _answer_message(self, raw: bytes) -> None:
        mail = parse_mail(raw)
        if self._merged:
            commit, title, body, date = self._merged
            for branch in list_sent_versions(mail.subject, commit):
                review = demo_mails.make_stable_review(commit, title, body, branch, date)
                self.sandbox.archive.add(review)
        if mail.in_reply_to:
            return
        subject = parse_subject(mail.subject)
        version = subject.version
        if version in self._versions or not self._is_about_topic(subject):
            return
        self._versions.add(version)
        sent = Sent(
            mail.message_id,
            mail.subject,
            mail.body,
            mail.date or datetime.now(UTC),
            tuple(
                recipient
                for recipient in (*mail.to, *mail.cc)
                if recipient.email not in (NET_LIST, KERNEL_LIST)
            ),
        )
        archive = self.sandbox.archive
        # the user may have changed v1, so report a problem only if the message contains it
        has_warning = demo_mails.UNUSED in sent.body
        actions: tuple[Callable[[], None], ...] = (lambda: self._merge(sent, raw),)
        if version == 1:
            actions = (
                lambda: archive.add(demo_mails.make_question(sent)),
                lambda: archive.add(demo_mails.make_review(sent)),
                lambda: archive.add(demo_mails.make_build_report(sent, has_warning=has_warning)),
            )
        start = time.monotonic()
        self._due += [
            (start + delay, action) for delay, action in zip(self.delays, actions, strict=False)
        ]

    def _is_about_topic(self, subject: Subject) -> bool:
        """Return whether a message has a commit or the cover letter of the demo's branch."""
        # the user may have renamed or deleted the branch
        command = ("log", "--format=%s", f"origin/master..{TOPIC}", "--")
        log = git(self.sandbox.work, *command, ok=(0, 128)).text
        titles = [" ".join(title.split()) for title in log.splitlines()]
        is_cover = subject.number == 0 and len(titles) > 1
        return is_cover or subject.title in titles

    def _merge(self, sent: Sent, raw: bytes) -> None:
        commit, title, body, merge_date = upstream.land(self.sandbox, raw, sent)
        self._merged = (commit, title, body, merge_date + 4 * PACE)
