# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the maintainers and reviewers whom a patch adds to MAINTAINERS or removes from it."""

from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.patch import Patch

_ENTRY = lazy_pattern(r"\s*([MR]):\s*(\S.*)")
_SECTION = lazy_pattern(r"[A-Z0-9].*[A-Z0-9)]")
_MAX_CHANGED = 20


class ChangedContact(NamedTuple):
    """A contact whom a patch adds or removes: the letter of the line (M or R), its section ("" if
    the diff does not show it), and its line in the patch.
    """

    is_added: bool
    address: Address
    letter: str
    section: str
    patch_line: int

    @property
    def role(self) -> str:
        age = "new" if self.is_added else "former"
        return f"{age} {'maintainer' if self.letter == 'M' else 'reviewer'}"

    @property
    def change(self) -> str:
        """Return what the patch does, such as "removed from M: of FROB DRIVERS"."""
        place = f" of {self.section}" if self.section else ""
        return f"{'added to' if self.is_added else 'removed from'} {self.letter}:{place}"


def find_changed_contacts(patch: Patch) -> tuple[ChangedContact, ...]:
    """Return the removed contacts of a patch, then the added ones, at most 20 of each.

    A contact whose line is only moved or whose letter changes is not returned.
    """
    changed: dict[bool, dict[str, ChangedContact]] = {False: {}, True: {}}
    for change in patch.files:
        if not change.path.rpartition("/")[2].startswith("MAINTAINERS"):
            continue
        for hunk in change.hunks:
            section = ""
            for line in hunk.lines:
                entry = _ENTRY.fullmatch(line.text)
                if not entry and _SECTION.fullmatch(line.text) and line.text[1:2] != ":":
                    section = line.text
                if entry and line.kind in ("-", "+"):
                    is_added = line.kind == "+"
                    for address in parse_addresses(entry[2]):
                        contact = ChangedContact(
                            is_added, address, entry[1], section, line.patch_line
                        )
                        changed[is_added].setdefault(address.key, contact)
    return tuple(
        contact
        for is_added in (False, True)
        for contact in [
            contact
            for key, contact in changed[is_added].items()
            if key not in changed[not is_added] and "@" in key
        ][:_MAX_CHANGED]
    )
