# SPDX-License-Identifier: GPL-2.0-or-later
"""Store the user's edits to a topic's recipients, and apply them to each new recipient plan.

The edits stay valid after a rebase and for new versions.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.commits.repository_identity import parse_path_key
from patchpilot.errors import InputError, UsageError
from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    parse_whole_address,
)
from patchpilot.model.patch import Series
from patchpilot.model.recipient import Recipient, RecipientPlan
from patchpilot.resources import load_json, state_path, store_json
from patchpilot.series.change_id import find_change_ids

BY_HAND = "by hand"
_CONTROL = lazy_pattern("[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]")
"""Line breaks and other control characters; a tab counts as white space."""


class RecipientEdits(NamedTuple):
    """The user's edits to a recipient plan.

    `placed` contains (header, address) pairs that were added or moved manually, and `dropped` the
    removed addresses in lower case. `single` contains a patch's subject, an address, and whether
    the address gets this patch.
    """

    placed: tuple[tuple[str, Address], ...] = ()
    dropped: tuple[str, ...] = ()
    single: tuple[tuple[str, Address, bool], ...] = ()

    def edit_patch(self, patch: str, address: Address, *, is_recipient: bool) -> "RecipientEdits":
        """Record whether the patch with this subject is sent to an address."""
        return self._replace(single=(*self.single, (patch, address, is_recipient)))

    def place(self, header: str, address: Address) -> "RecipientEdits":
        """Add an address to a header ("to" or "cc"), or move it there."""
        other_edits = self.restore(address)
        return other_edits._replace(placed=(*other_edits.placed, (header, address)))

    def drop(self, address: Address) -> "RecipientEdits":
        other_edits = self.restore(address)
        return other_edits._replace(dropped=(*other_edits.dropped, address.key))

    def restore(self, address: Address, patch: str = "") -> "RecipientEdits":
        """Drop the edit for an address and one patch. If there is none, drop all edits for the
        address.
        """
        remaining = tuple(
            edit for edit in self.single if (edit[0], edit[1].key) != (patch, address.key)
        )
        if remaining != self.single:
            return self._replace(single=remaining)
        return RecipientEdits(
            tuple(edit for edit in self.placed if edit[1].key != address.key),
            tuple(key for key in self.dropped if key != address.key),
            tuple(edit for edit in self.single if edit[1].key != address.key),
        )

    def apply(self, plan: RecipientPlan, patches: Sequence[str] = ()) -> RecipientPlan:
        """Apply the edits to a plan for patches with these subjects.

        Added and moved recipients are marked as manual, and removed recipients are listed in a
        warning.
        """
        if self == RecipientEdits():
            return plan
        rows = {recipient.address.key: recipient for recipient in plan.recipients}
        removed = [rows.pop(key).address.email for key in self.dropped if key in rows]
        for header, address in self.placed:
            current = rows.get(address.key)
            if current is None:
                rows[address.key] = _add_address(address, header)
            elif current.header != header or current.patches:
                reason = f"placed in {header.title()} of every message manually"
                rows[address.key] = current._replace(
                    header=header,
                    by_hand=True,
                    patches=(),
                    reasons=(*current.reasons, reason),
                )
        all_numbers = {*range(1, len(patches) + 1)}
        for patch, address, is_recipient in self.single:
            if patch not in patches:
                continue
            current = rows.get(address.key)
            numbers = {*current.patches} or all_numbers if current else set()
            patch_numbers = {patches.index(patch) + 1}
            if numbers := numbers | patch_numbers if is_recipient else numbers - patch_numbers:
                rows[address.key] = (current or _add_address(address, "cc"))._replace(
                    by_hand=True,
                    patches=() if numbers == all_numbers else tuple(sorted(numbers)),
                )
            else:
                rows.pop(address.key, None)
        recipients = sorted(rows.values(), key=lambda recipient: recipient.header == "cc")
        removal_notes = (f"removed manually: {', '.join(removed)}",) if removed else ()
        return plan._replace(
            recipients=tuple(recipients), warnings=(*plan.warnings, *removal_notes)
        )


def _add_address(address: Address, header: str) -> Recipient:
    return Recipient(address, BY_HAND, None, header, ("added manually",), by_hand=True)


def find_topic_key(series: Series, repository: Repository | None) -> str:
    """Return the key that identifies a topic across rebases and versions.

    It is the change-id if there is one. Otherwise it is the branch or, without a branch, the author
    and the first title.
    """
    if change_id := next(find_change_ids(series), None):
        return f"change-id:{change_id}"
    key = find_branch_key(repository) if repository else None
    if key:
        return key
    first = series.patches[0] if series.patches else series.cover
    author = first.author.key if first and first.author else ""
    return f"title:{author}:{first.subject.title if first else ''}"


def find_branch_key(repository: Repository) -> str | None:
    """Return the key of the checked-out branch.

    It is the change-id in b4's tracking data or, if there is none, the branch's name. Return None
    if no branch is checked out.
    """
    branch = repository.branch
    if not branch:
        return None
    prep = prep_branch(repository, branch)
    if prep and prep.change_id:
        return f"change-id:{prep.change_id}"
    return f"branch:{parse_path_key(repository.key)}:{branch}"


def _edits_file(key: str) -> Path:
    import hashlib

    name = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return state_path() / "recipients" / f"{name}.json"


def load_edits(key: str) -> RecipientEdits:
    """Return a topic's edits. Without a file, there are none.

    Raise InputError if the file cannot be read.
    """
    file = _edits_file(key)
    try:
        data = load_json(file)
        return RecipientEdits(
            tuple(
                (
                    _validate_header(row["header"]),
                    Address(str(row["name"]), str(row["email"])),
                )
                for row in data["placed"]
            ),
            tuple(str(email) for email in data["dropped"]),
            tuple(
                (
                    str(row["patch"]),
                    Address(str(row["name"]), str(row["email"])),
                    bool(row["gets"]),
                )
                for row in data.get("single", ())
            ),
        )
    except FileNotFoundError:
        return RecipientEdits()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"cannot read {file}: {error}",
            hint=f"remove {file}; this discards the manual edits of the topic's recipients",
        ) from error


def save_edits(key: str, edits: RecipientEdits) -> None:
    """Store a topic's edits, or delete the file if there are none."""
    rows = [
        {"header": header, "name": address.name, "email": address.email}
        for header, address in edits.placed
    ]
    single = [
        {
            "patch": patch,
            "name": recipient.name,
            "email": recipient.email,
            "gets": is_recipient,
        }
        for patch, recipient, is_recipient in edits.single
    ]
    data = {
        "topic": key,
        "placed": rows,
        "dropped": list(edits.dropped),
        "single": single,
    }
    error = "your changes to the recipients were not saved"
    store_json(_edits_file(key), None if edits == RecipientEdits() else data, error)


def _validate_header(value: object) -> str:
    if value not in ("to", "cc"):
        raise ValueError(f"unknown header: {value!r}")
    return str(value)


def refuse_control_characters(option: str, values: Sequence[str]) -> None:
    """Raise UsageError if an address in an option contains a control character such as a line
    break, which could inject headers.
    """
    for value in values:
        if _CONTROL.search(value):
            raise UsageError(
                f"{option}: {value!r} is not one line of printable text",
                hint=f"repeat {option} for each address",
            )


def parse_option_addresses(
    values: Sequence[str], option: str = "an address"
) -> tuple[Address, ...]:
    """Parse addresses given by the user.

    Raise InputError for an invalid address, and UsageError for an address with a control character.
    """
    refuse_control_characters(option, values)
    parsed = []
    for value in values:
        address = parse_whole_address(value)
        if address is None or address.email.count("@") != 1:
            raise InputError(
                f"{value!r} is not an address",
                hint="write name@example.org or 'Name <name@example.org>'",
            )
        parsed.append(address)
    return tuple(parsed)


def parse_new_recipients(values: Sequence[str], option: str) -> tuple[Address, ...]:
    """Parse the user's addresses, and check that they can receive messages.

    Raise InputError for an address that cannot.
    """
    return require_usable_recipients(parse_option_addresses(values, option), option)


def require_usable_recipients(addresses: Sequence[Address], option: str) -> tuple[Address, ...]:
    """Check that an option's addresses can receive messages, and return them.

    Raise InputError, with the reason, for an address that cannot.
    """
    for address in addresses:
        verdict = check_email_address(address.email)
        if verdict.state is AddressState.BAD:
            message = f"{option}: {address.email!r} cannot be a recipient: {verdict.reason}"
            raise InputError(message, hint="correct or drop this address")
    return tuple(addresses)
