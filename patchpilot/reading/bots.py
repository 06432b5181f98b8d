# SPDX-License-Identifier: GPL-2.0-or-later
"""List the bots that send mail to contributors, as defined in bots.toml in this folder.

A subject alone does not identify a bot, because people reply with the same subject, and some people
run scripts that send from their own address. Therefore, each row also matches the sender or the
text.
"""

import re
import tomllib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from patchpilot.model.address import Address
from patchpilot.reading.mail_kinds import MailKind


class Bot(NamedTuple):
    """A row of bots.toml; its fields are documented there."""

    name: str
    kind: MailKind
    sender: str = ""
    subject: str = ""
    text: str = ""
    header: str = ""
    bot: bool = True
    semi: bool = False


_ADDRESSES = re.compile(
    r"patchwork-bot\+[a-z0-9._-]+@kernel\.org|pr-tracker-bot@kernel\.org|tip-bot2@linutronix\.de|tip-bot@zytor\.com|tipbot@zytor\.com"
    r"|akpm@linux-foundation\.org|(?:gregkh@linuxfoundation\.org|greg@kroah\.com|gregkh@suse\.de)"
    r"|sashal@kernel\.org|sasha\.levin@oracle\.com|alexander\.levin@(?:microsoft|verizon)\.com"
)
"""The exact addresses of bots, and of maintainers whose scripts report on patches."""


@cache
def _robots() -> tuple[Bot, ...]:
    file = files("patchpilot.reading") / "bots.toml"
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    senders = table["senders"]
    rows = [Bot(**{**row, "kind": MailKind(row["kind"])}) for row in table["bot"]]
    return tuple(bot._replace(sender=senders.get(bot.sender, bot.sender)) for bot in rows)


def known_robot(sender: str, subject: str, text: str, headers: Callable[[], str]) -> Bot | None:
    """Return the first bot whose row in bots.toml matches a message, or None."""
    for robot in _robots():
        if (
            _matches(robot.sender, sender)
            and _matches(robot.subject, subject)
            and _matches(robot.text, text)
            and (not robot.header or _matches(robot.header, headers()))
        ):
            return robot
    return None


def is_bot_address(address: Address) -> bool:
    """Return whether an address belongs to a known bot or reporting script."""
    return bool(_ADDRESSES.fullmatch(address.key))


def _matches(pattern: str, text: str) -> bool:
    return not pattern or bool(_compiled(pattern).search(text))


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.MULTILINE)
