# SPDX-License-Identifier: GPL-2.0-or-later
"""Compute the verdict of build and test bots on a version.

It is failed, warned, passed or unknown.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TYPE_CHECKING

from patchpilot.reading.mail_kinds import MailKind

if TYPE_CHECKING:
    from patchpilot.reading.mail_classifier import Classified

_FAILED = re.compile(
    r"(?<!\b0 )\bFAIL(?:ED|URES?)?\b|\b(?:build|boot|build/boot) failed\b|\bfound (?:the following )?(?:errors|warnings)\b"  # noqa: E501
)
_PASSED = re.compile(r"\bPASS(?:ED)?\b|\bBUILD SUCCESS\b|\bdid not trigger any issue\b")


class CiVerdict(StrEnum):
    """The verdict of the bots on a version, worst first."""

    FAILED = "failed"
    WARNED = "warned"
    PASSED = "passed"


def ci_verdict(mails: Iterable["Classified"]) -> CiVerdict | None:
    """Return the worst verdict in the bots' messages, or None if they contain none."""
    verdicts = {_mail_verdict(mail) for mail in mails if mail.bot}
    return next((verdict for verdict in CiVerdict if verdict in verdicts), None)


def _mail_verdict(mail: "Classified") -> CiVerdict | None:
    if mail.kind is MailKind.BUILD_FAILURE:
        return CiVerdict.WARNED if mail.only_warns else CiVerdict.FAILED
    if mail.kind is not MailKind.TEST_RESULT:
        return None
    text = mail.body.text
    return (
        CiVerdict.FAILED
        if _FAILED.search(text)
        else CiVerdict.PASSED
        if _PASSED.search(text)
        else None
    )
