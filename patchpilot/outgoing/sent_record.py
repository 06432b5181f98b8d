# SPDX-License-Identifier: GPL-2.0-or-later
"""A version of a topic that was sent, as others than the outbox know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A version that was sent as others than the outbox know it: `where` they keep it, whether its
    patches are the `same`, and of this topic.
    """

    version: int
    date: str
    where: str
    same: bool
    same_topic: bool
