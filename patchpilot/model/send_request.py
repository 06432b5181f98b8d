# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the user's request to send a topic."""

from typing import NamedTuple

DEFAULT_TRANSPORT = "git-send-email"


class SendRequest(NamedTuple):
    """The options of `send`.

    `answers` contains each pre-send question and its answer. `depends_on` contains the Message-IDs
    of the series that this series requires. `more_targets` are further patch files of the series.
    With `dry_run`, planning writes nothing.
    """

    target: str | None = None
    more_targets: tuple[str, ...] = ()
    via: str = DEFAULT_TRANSPORT
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    auto: bool = True
    prefix: str | None = None
    version: int | None = None
    cover: bool = False
    in_reply_to: str | None = None
    depends_on: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    base: str | None = None
    reroll: bool = False
    resend: bool = False
    range_diff: bool = False
    to_self: bool = False
    force: str | None = None
    identity: str | None = None
    profile: str = ""
    offline: bool = False
    dry_run: bool = False


CURRENT_TOPIC = SendRequest()
"""The topic of the branch that is checked out."""
