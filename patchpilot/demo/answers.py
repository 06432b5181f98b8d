# SPDX-License-Identifier: GPL-2.0-or-later
"""Send the replies in the interactive demo.

The list, the maintainers and the stable trees reply a few seconds after receiving a message.
"""

import contextlib
import time
from collections.abc import Callable
from datetime import UTC, datetime

from patchpilot.demo import demo_mails, upstream
from patchpilot.demo.demo_mails import PACE, Sent
from patchpilot.demo.demo_people import KERNEL_LIST, NET_LIST
from patchpilot.demo.sandbox import Sandbox
from patchpilot.errors import PatchpilotError
from patchpilot.model.mail import parse_mail
from patchpilot.model.patch import parse_subject

DELAYS = (3.0, 6.0, 9.0)
"""Seconds from the message to the first, second and third reply."""


class Answers:
    """React to sent messages.

    Call `look` repeatedly: it reads messages from the sink, and adds due replies to the archive.
    """

    def __init__(
        self, sandbox: Sandbox, delays: tuple[float, float, float] = DELAYS
    ) -> None:
        self.sandbox, self.delays = sandbox, delays
        self._seen = 0
        self._versions: set[int] = set()
        self._merged: tuple[str, str, str, datetime] | None = None
        self._due: list[tuple[float, Callable[[], None]]] = []

    def answer(self) -> None:
        arrived = self.sandbox.sink.take()
        for received in arrived[self._seen :]:
            if NET_LIST in received.recipients:
                self._react(received.data.replace(b"\r\n", b"\n"))
        self._seen = len(arrived)
        now = time.monotonic()
        due = [act for when, act in self._due if when <= now]
        self._due = [(when, act) for when, act in self._due if when > now]
        for act in due:
            # the demo must not fail if the user departs from the script
            with contextlib.suppress(PatchpilotError):
                act()

    def _react(self, raw: bytes) -> None:
        mail = parse_mail(raw)
        if mail.subject.startswith("[PATCH 6.1") and self._merged:
            commit, title, body, when = self._merged
            review = demo_mails.stable_review(commit, title, body, "6.1", when)
            self.sandbox.archive.add(review)
            self._merged = None
        if mail.in_reply_to:
            return
        version = parse_subject(mail.subject).version
        if version in self._versions:
            return
        self._versions.add(version)
        sent = Sent(
            mail.message_id,
            mail.subject,
            mail.body,
            mail.date or datetime.now(UTC),
            tuple(
                other
                for other in (*mail.to, *mail.cc)
                if other.email not in (NET_LIST, KERNEL_LIST)
            ),
        )
        archive = self.sandbox.archive
        # the user may have changed v1, so report a problem only if the message has it
        built = (
            demo_mails.build_report
            if demo_mails.UNUSED in sent.body
            else demo_mails.build_success
        )
        acts: tuple[Callable[[], None], ...] = (
            (
                lambda: archive.add(demo_mails.question(sent)),
                lambda: archive.add(demo_mails.review(sent)),
                lambda: archive.add(built(sent)),
            )
            if version == 1
            else (lambda: self._land(sent, raw),)
        )
        begun = time.monotonic()
        self._due += [
            (begun + delay, act) for delay, act in zip(self.delays, acts, strict=False)
        ]

    def _land(self, sent: Sent, raw: bytes) -> None:
        commit, title, body, when = upstream.land(self.sandbox, raw, sent)
        self._merged = (commit, title, body, when + 4 * PACE)
