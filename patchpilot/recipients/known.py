# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known beside MAINTAINERS: lists with a rule of their own, and addresses that mail no longer reaches. Data of checks/recipients/."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache

from patchpilot.errors import PackError
from patchpilot.resources import data_dir


@dataclass(frozen=True, slots=True)
class RuleList:
    """A list that gets a patch whose message matches and which has one of `tags` (lower case; any when empty)."""

    address: str
    role: str
    message: "re.Pattern[str]"
    reason: str
    reference: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Gone:
    """An address or a whole domain that bounces, why, and what to write to instead ("" when nobody knows)."""

    address: str
    domain: str
    why: str
    instead: str

    def takes(self, email: str) -> bool:
        """Whether it speaks of this address."""
        lowered = email.lower()
        return lowered == self.address if self.address else lowered.rpartition("@")[2] == self.domain


@dataclass(frozen=True, slots=True)
class Known:
    """All of it, for one kind of tree."""

    lists: tuple[RuleList, ...] = ()
    gone: tuple[Gone, ...] = ()

    def bounces(self, email: str) -> Gone | None:
        """What is known of an address that bounces, or None."""
        return next((one for one in self.gone if one.takes(email)), None)


@cache
def known(profile: str = "linux") -> Known:
    """What is known for a profile; nothing where there is no file of its name (netdev is Linux). PackError names a malformed file."""
    file = data_dir("checks") / "recipients" / f"{'linux' if profile in ('', 'netdev') else profile}.toml"
    if not file.is_file():
        return Known()
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
        lists = tuple(
            RuleList(
                one["address"],
                one["role"],
                re.compile(one["message"], re.MULTILINE),
                one["reason"],
                one["reference"],
                tuple(one.get("tags", ())),
            )
            for one in data.get("list", ())
        )
        gone = tuple(
            Gone(one.get("address", "").lower(), one.get("domain", "").lower(), one["why"], one.get("instead", ""))
            for one in data.get("gone", ())
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, re.error) as error:
        raise PackError(f"{file.name}: {error}", hint="reinstall patchpilot") from error
    return Known(lists, gone)
