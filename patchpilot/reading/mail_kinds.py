# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the kinds of messages in a thread."""

from enum import StrEnum


class MailKind(StrEnum):
    """A kind of message. The values are used in JSON."""

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
"""Messages sent by the stable trees' scripts outside the author's thread."""

ROUNDS = (MailKind.STABLE_REVIEW, MailKind.AUTOSEL)
"""Messages that contain the patch before it is added to a stable tree."""
OF_TREES = (MailKind.MM_COMMIT, MailKind.TIP_COMMIT, MailKind.APPLIED)
"""Reports that a patch was applied to a tree other than stable."""

TESTS = (MailKind.TEST_RESULT, MailKind.BACKPORT_BOT)
"""Results of tests, which may be successes or failures."""

WANTS_ANSWER = {
    MailKind.REVIEW: "answer the review by {who}",
    MailKind.NACK: "answer the objection by {who} (NACK) before sending a new version",
    MailKind.BUILD_FAILURE: "{who} reports a build failure",
    MailKind.FORM_LETTER: "follow the form letter by {who}",
    MailKind.AI_REVIEW: "check the findings of {who}",
    MailKind.QUESTION: "answer the question by {who}",
    MailKind.TEST_RESULT: "{who} reports a failed test",
    MailKind.BACKPORT_BOT: "{who} reports a failure of the backport",
}
"""The kinds of messages that the author should act on, and the action.

Of `TESTS`, only reports of a failure count (see `Classified.wants_answer`).
"""
