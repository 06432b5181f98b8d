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

ROUNDS = (MailKind.STABLE_REVIEW, MailKind.AUTOSEL)
"""Messages that contain a patch before a stable tree takes it."""
OF_TREES = (MailKind.MM_COMMIT, MailKind.TIP_COMMIT, MailKind.APPLIED)
"""Reports from other trees."""

WANTS_ANSWER = {
    MailKind.REVIEW: "answer the review by {who}",
    MailKind.NACK: "answer the objection by {who} (NACK) before sending a new version",
    MailKind.BUILD_FAILURE: "{who} reports a build failure",
    MailKind.FORM_LETTER: "follow the form letter by {who}",
    MailKind.AI_REVIEW: "check the findings of {who}",
    MailKind.QUESTION: "answer the question by {who}",
}
"""Messages that the author is expected to act on, and how."""
