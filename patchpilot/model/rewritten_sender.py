# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the sender of a message whose From: header was rewritten by a mailing list.

Because of DMARC, lists put their own address into From:, and the sender into other headers.
"""

import re
from collections.abc import Callable

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.model.address import Address, find_addresses, parse_addresses, parse_only_mailbox

_VIA = lazy_pattern(
    r"^[\"'(]*(?P<name>.+?)[\"']*\s+\(?via\s+(?P<list>\S.*?)[\"')]*$", re.IGNORECASE
)
_MAX_NAME = 300


def split_list_name(name: str) -> tuple[str, str]:
    """Split a name such as `Ada via list` into the sender's name and the name of the list.

    Both are "" for another name.
    """
    match = _VIA.match(name[:_MAX_NAME])
    return (match["name"].strip(" '\""), match["list"]) if match else ("", "")


def is_list_sender(sender: Address) -> bool:
    """Return whether a sender is the address of the list that its name contains."""
    if not re.search(r"\bvia ", sender.name):
        return False
    words = re.findall(r"[a-z0-9]+", split_list_name(sender.name)[1].lower())
    email = re.sub(r"[^a-z0-9]", "", sender.email.lower())
    return bool(words) and ("".join(words) in email or email.startswith("devnull"))


def find_original_sender(
    sender: Address, read_header: Callable[[str], str | None]
) -> Address | None:
    """Return the sender whom a list replaced in From:, if another header has the address.

    `sender` is the address in From:, and `read_header` returns the value of a header. Return None
    if From: was not rewritten.
    """
    name, list_name = split_list_name(sender.name)
    list_addresses = {
        address.lower()
        for address in (
            *find_addresses(read_header("List-Post") or ""),
            re.sub(r"^.*<|>.*$", "", read_header("List-Id") or "").replace(".", "@", 1),
        )
    }
    if not list_name and sender.email.lower() not in list_addresses:
        return None
    if original := parse_only_mailbox(read_header("X-Original-From") or ""):
        return original
    # a list adds its own address to Reply-To
    others = {
        address.key: address
        for address in parse_addresses(read_header("Reply-To") or "")
        if address.key != sender.key and address.email.lower() not in list_addresses
    }
    if len(others) == 1:
        (reply_to,) = others.values()
        return Address(reply_to.name or name or sender.name, reply_to.email)
    if original := parse_only_mailbox(read_header("X-Original-Sender") or ""):
        return Address(name or sender.name, original.email)
    return None
