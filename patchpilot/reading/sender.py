# SPDX-License-Identifier: GPL-2.0-or-later
"""Find the real sender of a message.

Because of DMARC, mailing lists rewrite the From: header and put the sender into other headers.
"""

import re
import unicodedata
from functools import lru_cache

from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.mail import Mail
from patchpilot.model.rewritten_sender import find_original_sender, split_list_name

UNSEEN = "from an address not seen before"
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u043a\u043c\u0442\u043d\u0432"
    "\u03bf\u03b1\u03b9\u03bd\u03c1\u03c5\u03ba\u03c4\u0131\u0261",
    "aeopcyxijshdqwkmthboaivpuktig",
)
"""Maps Cyrillic and Greek letters to the Latin letters that they look like."""


def real_sender(mail: Mail) -> Address:
    """Return the original From: address of a message, undoing a list's rewriting.

    The address is not verified; see `Identities.sender`.
    """
    if original := find_original_sender(mail.sender, mail.header):
        return _clean_name(original)
    name, _ = split_list_name(mail.sender.name)
    return Address(name, mail.sender.email) if name else _clean_name(mail.sender)


def _clean_name(address: Address) -> Address:
    return Address(" ".join(address.name.strip(" '\"").split()), address.email)


def is_sent_to_self(mail: Mail) -> bool:
    """Return whether a message is a test copy that was sent with `send --to-self`.

    The sender is the only recipient. X-Original-To and X-Original-Cc contain the real recipients.
    """
    addressed = {address.key for address in (*mail.to, *mail.cc)}
    if addressed != {mail.sender.key}:
        return False
    real = {
        address.key
        for name in ("X-Original-To", "X-Original-Cc")
        for address in parse_addresses(mail.header(name) or "")
    }
    return bool(real - addressed)


def is_same_person(first: Address, second: Address) -> bool:
    """Return whether two addresses appear to belong to one person.

    Either the mailboxes or only the names are equal. Equal names prove nothing.
    """
    if first.key == second.key:
        return True
    names, other_names = (
        name_words(_display_name(first)),
        name_words(_display_name(second)),
    )
    return any(
        len(first_words) > 1 and first_words == second_words
        for first_words, second_words in (
            (names, other_names),
            (_latin_words(names), _latin_words(other_names)),
        )
    )


def _display_name(address: Address) -> str:
    """Return the display name.

    If there is none, derive a name from an address such as `first.last@…`.
    """
    local = address.email.partition("@")[0]
    return address.name or (local.replace(".", " ") if local.count(".") == 1 else "")


def _latin_words(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if word.isascii())


@lru_cache(maxsize=1024)
def name_words(name: str) -> frozenset[str]:
    """Return the words of a name in lower case, without accents, initials, brackets and
    punctuation.
    """
    plain = "".join(
        char
        for char in unicodedata.normalize("NFKD", name[:200])
        if not unicodedata.combining(char)
    )
    bare = re.sub(r"\(.*?\)|\[.*?\]|<.*?>|\S+@\S+", " ", _replace_lookalikes(plain.lower()))
    return frozenset(word for word in re.findall(r"[^\W\d_]+", bare) if len(word) > 1)


def _replace_lookalikes(name: str) -> str:
    """Replace letters that look like Latin ones in words that are otherwise Latin.

    Words in other scripts are kept.
    """
    words = ((word, word.translate(_LOOKALIKES)) for word in re.split(r"(\s+)", name))
    return "".join(latin if latin.isascii() else word for word, latin in words)
