# SPDX-License-Identifier: GPL-2.0-or-later
"""A version of a topic that was sent according to a source other than the outbox."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SentRecord:
    """A version that was sent according to a source other than the outbox.

    `where` is the source, `same` whether its patches are the same, `same_topic` whether it
    belongs to this topic.
    """

    version: int
    date: str
    where: str
    same: bool
    same_topic: bool
