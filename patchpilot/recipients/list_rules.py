# SPDX-License-Identifier: GPL-2.0-or-later
"""What is known beside MAINTAINERS: lists with a rule of their own, and addresses that mail no longer reaches. Data of checks/recipients/."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

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
class GoneAddress:
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
class KnownLists:
    """All of it, for one kind of tree."""

    lists: tuple[RuleList, ...] = ()
    gone: tuple[GoneAddress, ...] = ()

    def bounces(self, email: str) -> GoneAddress | None:
        """What is known of an address that bounces, or None."""
        return next((one for one in self.gone if one.takes(email)), None)


@cache
def known(profile: str = "linux") -> KnownLists:
    """What is known for a profile: its own lists (netdev's are those of Linux), and what bounces everywhere. PackError names a malformed file."""
    lists = _rows("linux" if profile == "netdev" else profile, "list")
    gone = _rows("gone", "gone")
    try:
        return KnownLists(
            tuple(
                RuleList(
                    list_["address"],
                    list_["role"],
                    re.compile(list_["message"], re.MULTILINE),
                    list_["reason"],
                    list_["reference"],
                    tuple(list_.get("tags", ())),
                )
                for list_ in lists
            ),
            tuple(
                GoneAddress(one.get("address", "").lower(), one.get("domain", "").lower(), one["why"], one.get("instead", ""))
                for one in gone
            ),
        )
    except (KeyError, TypeError, re.error) as error:
        raise PackError(f"recipients/{profile}.toml or gone.toml: {error}", hint="reinstall patchpilot") from error


def _rows(name: str, table: str) -> list[dict[str, Any]]:
    """The tables of a data file; none where there is no such file."""
    file = data_dir("checks") / "recipients" / f"{name}.toml"
    if not file.is_file():
        return []
    try:
        rows: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8")).get(table, [])
    except tomllib.TOMLDecodeError as error:
        raise PackError(f"recipients/{file.name}: {error}", hint="reinstall patchpilot") from error
    return rows
