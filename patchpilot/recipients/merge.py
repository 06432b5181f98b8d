# SPDX-License-Identifier: GPL-2.0-or-later
"""Merge recipients while they are collected.

Each contact is listed once, with all reasons. The name and address that were added first are used.
To: takes precedence over Cc:.
"""

from collections.abc import Collection
from functools import lru_cache

from patchpilot.maintainers.load import ascii_lower
from patchpilot.model.address import Address, is_header_safe
from patchpilot.model.recipient import Recipient
from patchpilot.recipients.get_maintainer.address_format import (
    Mailmap,
    Merger,
    format_mailbox,
    split_mailbox,
)


class _Row:
    def __init__(self, box: str, role: str, section: str | None, header: str) -> None:
        self.box, self.role, self.section, self.header = box, role, section, header
        self.reasons: list[str] = []
        self.patches: set[int] | None = set()


class MergedRecipients:
    """The recipients collected so far, merged by contact.

    Mailboxes that share a name or an address belong to the same contact.
    """

    def __init__(self, mailmap: Mailmap) -> None:
        self._rows: list[_Row] = []
        self._by_name: dict[str, _Row] = {}
        self._by_address: dict[str, _Row] = {}
        self.mailmap = mailmap
        self._merger = Merger(mailmap)
        self.skipped: set[str] = set()

    @property
    def count(self) -> int:
        return len(self._rows)

    def skip(self, address: Address | None) -> None:
        """Exclude the sender's mailbox."""
        if address and address.email:
            self.skipped.add(address.key)

    def add(
        self,
        box: str,
        role: str,
        header: str,
        reason: str,
        section: str | None = None,
        patches: Collection[int] = (),
    ) -> None:
        """Add a mailbox for these patches, or for all patches if none are given.

        If the mailbox is already present, add the reason, and move it from Cc to To if necessary.
        """
        name, email = split_mailbox(box)
        if "@" not in email or ascii_lower(email) in self.skipped:
            return
        row = (self._by_name.get(ascii_lower(name)) if name else None) or self._by_address.get(
            ascii_lower(email)
        )
        if row is None:
            mapped_name, mapped_email = split_mailbox(
                self.mailmap.apply(format_mailbox(name, email))
            )
            row = (
                self._by_name.get(ascii_lower(mapped_name)) if mapped_name else None
            ) or self._by_address.get(ascii_lower(mapped_email))
            if ascii_lower(mapped_email) in self.skipped:
                return
        if row is None:
            row = _Row(format_mailbox(name, email), role, section, header)
            self._rows.append(row)
            row.box = self._merger.apply(row.box)
            for each_name, each_email in ((name, email), split_mailbox(row.box)):
                if each_name:
                    self._by_name.setdefault(ascii_lower(each_name), row)
                self._by_address.setdefault(ascii_lower(each_email), row)
        if header == "to" and row.header == "cc":
            row.header, row.role, row.section = "to", role, section
        if row.patches is not None and patches:
            row.patches.update(patches)
        else:
            row.patches = None
        if reason not in row.reasons:
            row.reasons.append(reason)

    def recipients(self) -> tuple[Recipient, ...]:
        """Return the recipients. To comes before Cc, and contacts before lists; the rest of the
        order is the order of addition.
        """
        recipients = [
            Recipient(
                _parse_mailbox(row.box),
                row.role,
                row.section,
                row.header,
                tuple(row.reasons),
                patches=tuple(sorted(row.patches or ())),
            )
            for row in self._rows
        ]
        return tuple(
            sorted(
                (recipient for recipient in recipients if _is_safe_address(recipient.address)),
                key=_rank_recipient,
            )
        )

    @property
    def unsafe(self) -> tuple[str, ...]:
        """Return the mailboxes omitted because a header must not contain them."""
        return tuple(row.box for row in self._rows if not _is_safe_address(_parse_mailbox(row.box)))


@lru_cache(maxsize=4096)
def _is_safe_address(address: Address) -> bool:
    return is_header_safe(address)


def _rank_recipient(recipient: Recipient) -> tuple[bool, bool]:
    return recipient.header == "cc", recipient.role.endswith("list")


def _parse_mailbox(box: str) -> Address:
    name, email = split_mailbox(box)
    if name[:1] == name[-1:] == '"' and len(name) > 1:
        name = name[1:-1].replace('\\"', '"')
    return Address(name, email)
