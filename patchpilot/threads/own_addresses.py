# SPDX-License-Identifier: GPL-2.0-or-later
"""Determine the user's email addresses."""

import re
from pathlib import Path

from patchpilot.commits.private_config import read_config_values
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError
from patchpilot.history.stable_branches import find_mainline_tip
from patchpilot.model.address import Address, parse_address
from patchpilot.outgoing.outbox import Outbox

_SENDERS = r"^(user\.email|author\.email|sendemail\.([^.]+\.)?from)$"
_MAPPED = re.compile(r"<([^<>\s]+@[^<>\s]+)>")


def find_own_addresses(
    repository: Repository | None = None, directory: Path | None = None
) -> tuple[str, ...]:
    """Return the author's addresses from git's configuration and from earlier sends.

    If there is a repository, add the author's other addresses in mainline's .mailmap. Other copies
    of this file are not trusted, because the patches of other people can change them.
    """
    try:
        values = read_config_values(directory, _SENDERS)
    except MissingError:
        values = {}
    parsed = [
        address
        for texts in values.values()
        for text in texts
        for address in (parse_address(text) or _parse_bare_address(text),)
    ]
    with Outbox() as outbox:
        parsed += [parse_address(sender) for sender in outbox.senders()]
    emails = list(dict.fromkeys(address.email for address in parsed if address))
    if repository is not None and (tip := find_mainline_tip(repository)):
        text = (repository.blob(tip, ".mailmap") or b"").decode("utf-8", "replace")
        keys = {email.lower() for email in emails}
        for line in text.splitlines():
            addresses = _MAPPED.findall(line.partition("#")[0])
            if keys & {email.lower() for email in addresses}:
                emails += addresses
    return tuple({email.lower(): email for email in reversed(emails)}.values())[::-1]


def _parse_bare_address(text: str) -> Address | None:
    return Address("", text.strip()) if re.fullmatch(r"[^<>\s]+@[^<>\s]+", text.strip()) else None
