# SPDX-License-Identifier: GPL-2.0-or-later
"""Collect contacts and lists with their roles like get_maintainer.pl."""

from typing import NamedTuple

from patchpilot.maintainers.load import RoleWords, Section, ascii_lower, list_and_remark
from patchpilot.model.address import explain_unsafe_address
from patchpilot.model.get_maintainer import GetMaintainerOptions
from patchpilot.recipients.get_maintainer.address_format import (
    Merger,
    format_mailbox,
    split_mailbox,
    split_mailboxes,
)
from patchpilot.recipients.get_maintainer.patch_scan import ChangedRange


class GetMaintainerRequest(NamedTuple):
    """The input of get_maintainer.pl, which consists of the files in the script's order and the
    data parsed from patches.
    """

    files: tuple[str, ...]
    exact: frozenset[str]
    fixes: tuple[str, ...] = ()
    ranges: tuple[ChangedRange, ...] = ()


class RoleRow:
    """An address as it will be printed, and its role."""

    __slots__ = ("printed_address", "role")

    def __init__(self, name: str, role: str) -> None:
        self.printed_address = name
        self.role = role


class CollectedRoles:
    """The contacts and lists collected so far.

    The other attributes contain the values of lines such as trees and statuses, in order.
    """

    def __init__(self, switches: GetMaintainerOptions, words: RoleWords, merger: Merger) -> None:
        self.switches = switches
        self.words = words
        self.merger = merger
        self.rows: list[RoleRow] = []
        self.lists: list[RoleRow] = []
        self.trees: list[str] = []
        self.names: list[str] = []
        self.pages: list[str] = []
        self.statuses: list[str] = []
        self._known_names: set[str] = set()
        self._known_addresses: set[str] = set()
        self._known_lists: set[str] = set()

    def add_section(self, section: Section) -> None:
        """Add a section's contacts and values, in the order of its lines."""
        name = shorten_name(section.name, self.words.name_length)
        role = f"{self.words.maintainer(find_section_status(section))}:{name}"
        self.names.append(section.name)
        for entry in section.entries:
            value = entry.value
            if entry.letter == "L":
                self._add_list(value, name)
            elif entry.letter == "M" and self.switches.m:
                self._add_each(value, role)
            elif entry.letter == "R" and self.switches.r:
                self._add_each(
                    value,
                    f"{self.words.reviewer}:{name}"
                    if self.words.reviewer_has_section
                    else self.words.reviewer,
                )
            elif entry.letter == "T":
                self.trees.append(value)
            elif entry.letter == "W":
                self.pages.append(value)
            elif entry.letter == "S":
                self.statuses.append(value)

    def _add_list(self, value: str, name: str) -> None:
        address, remark = list_and_remark(value)
        key = ascii_lower(address)
        suffix = "" if name == self.words.rest else f":{name}"
        if "subscribers-only" in remark:
            is_requested, list_role = self.switches.s, self.words.subscriber_list
        elif "moderated" in remark:
            is_requested, list_role = (
                self.switches.l and self.switches.moderated,
                self.words.moderated_list,
            )
        else:
            is_requested, list_role = self.switches.l, self.words.open_list
        if is_requested and key not in self._known_lists:
            self._known_lists.add(key)
            self.lists.append(RoleRow(address, list_role + suffix))

    def _add_each(self, value: str, role: str) -> None:
        for box in split_mailboxes(value):
            self.add(box, role)

    def add(self, box: str, role: str) -> None:
        """Add a mailbox, unless its name or address is known."""
        name, address = split_mailbox(box)
        if not address:
            return
        low_name, low_address = ascii_lower(name), ascii_lower(address)
        if self.switches.remove_duplicates:
            if (name and low_name in self._known_names) or low_address in self._known_addresses:
                return
            if name:
                self._known_names.add(low_name)
            self._known_addresses.add(low_address)
        self.rows.append(RoleRow(format_mailbox(name, address, with_name=self.switches.n), role))

    def add_role(self, box: str, role: str) -> None:
        """Add a role to the contact with this name or address."""
        name, address = split_mailbox(box)
        mailbox = format_mailbox(name, address, with_name=self.switches.n)
        for row in self.rows:
            if self.switches.remove_duplicates:
                row_name, row_address = split_mailbox(row.printed_address)
                is_same = name == row_name or address == row_address
            else:
                is_same = mailbox == row.printed_address
            if is_same and (not role or role not in row.role):
                row.role = f"{row.role},{role}" if row.role else role

    def drop_rest(self) -> None:
        """Drop the catch-all section's maintainers if another section has any. This is a rule in
        Xen's script.
        """
        rest_role = f"{self.words.maintainer('supported')}:{self.words.rest}"
        other_rows = [row for row in self.rows if row.role != rest_role]
        if len(self.rows) > 1 and any(
            row.role.partition(":")[0] != self.words.reviewer for row in other_rows
        ):
            self.rows = other_rows

    def omit_dangerous(self) -> tuple[str, ...]:
        """Drop addresses that a mail program could parse as options. Return a warning for each.

        git send-email passes every line to the mail program.
        """
        omitted = []
        for rows in (self.rows, self.lists):
            for row in list(rows):
                email = split_mailbox(row.printed_address)[1] or row.printed_address.partition(" ")[
                    0
                ].strip('"')
                if reason := explain_unsafe_address(email):
                    rows.remove(row)
                    omitted.append(f"{email} is not a valid address and was omitted: {reason}")
        return tuple(omitted)

    def settle_names(self) -> None:
        """Write each contact's address as in .mailmap or, if it is not there, as in its first
        mention.
        """
        for row in (*self.rows, *self.lists):
            row.printed_address = self.merger.apply(row.printed_address)

    def settle_chiefs(self) -> None:
        """Drop contacts who should not get every patch, or add them if an option requests it."""
        for name, address in self.words.chiefs:
            chief = format_mailbox(name, address, with_name=self.switches.n)
            if self.switches.git_chief_penguins:
                self.rows.append(RoleRow(chief, "chief penguin"))
            else:
                self.rows = [row for row in self.rows if chief not in row.printed_address]


def find_section_status(section: Section) -> str | None:
    """Return the last S: line of a section as written, or None."""
    values = section.values("S")
    return values[-1] if values else None


def shorten_name(name: str, length: int) -> str:
    """Truncate a section's name to this many bytes, ending with "..."."""
    data = name.encode("utf-8", "surrogateescape")
    if not length or len(data) <= length:
        return name
    return data[: length - 3].rstrip(b" \t\n\r\f\v").decode("utf-8", "surrogateescape") + "..."
