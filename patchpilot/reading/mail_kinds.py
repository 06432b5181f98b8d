# SPDX-License-Identifier: GPL-2.0-or-later
"""The kinds of messages in a thread."""

from enum import StrEnum


class MailKind(StrEnum):
    """The kind of a message, as named in JSON."""

    REVIEW = "review"
    QUESTION = "question"
    ACK = "ack"
    NACK = "nack"
    TRAILERS = "trailers"
    APPLIED = "applied"
    BUILD_FAILURE = "build-failure"
    TEST_RESULT = "test-result"
    STABLE_ADDED = "stable-added"
    STABLE_FAILED = "stable-failed"
    STABLE_REVIEW = "stable-review"
    AUTOSEL = "autosel"
    BACKPORT_BOT = "backport-bot"
    FORM_LETTER = "form-letter"
    AI_REVIEW = "ai-review"
    PULL_MERGED = "pull-merged"
    MM_COMMIT = "mm-commit"
    TIP_COMMIT = "tip-commit"
    LINUX_NEXT = "linux-next"
    PATCH = "patch"
    COVER = "cover"
    OTHER = "other"


STABLE = frozenset(
    (
        MailKind.STABLE_ADDED,
        MailKind.STABLE_FAILED,
        MailKind.STABLE_REVIEW,
        MailKind.AUTOSEL,
    )
)
"""Messages from the stable trees' automation, which are not in the author's thread."""

WANTS_ANSWER = frozenset(
    (
        MailKind.REVIEW,
        MailKind.QUESTION,
        MailKind.NACK,
        MailKind.BUILD_FAILURE,
        MailKind.FORM_LETTER,
        MailKind.AI_REVIEW,
    )
)
"""Messages that the author is expected to act on."""
