# SPDX-License-Identifier: GPL-2.0-or-later
"""What a mail of a thread can be."""

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of mails, as JSON names them."""

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


STABLE = frozenset((Kind.STABLE_ADDED, Kind.STABLE_FAILED, Kind.STABLE_REVIEW, Kind.AUTOSEL))
"""Mails of the stable trees' machinery; they are not in the author's thread."""

WANTS_ANSWER = frozenset((Kind.REVIEW, Kind.QUESTION, Kind.NACK, Kind.BUILD_FAILURE, Kind.FORM_LETTER, Kind.AI_REVIEW))
"""Mails the author is expected to act on."""
