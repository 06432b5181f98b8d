# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize new addresses of known senders by their messages' signatures.

A valid signature alone proves nothing, because anyone can sign with a new domain and key. A
developer signature (patatt) counts if its key also signed a message from a known address. A DKIM
signature counts if its domain belongs to a known address with the same mailbox name.
"""

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from patchpilot.cache.entries import Kind, key_of, recall, remember
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.reading.identities import Identities
from patchpilot.reading.sender import name_words

KeyLookup = Callable[[str], bytes | None]
"""Return the TXT record of a DNS name; None if it does not exist, or if lookups are not allowed."""
_KEYS = Kind("dkim-key", (__file__,), keep=200)
_SECONDS = 5
_MOST_SIGNATURES = 5
_EMBEDDED = re.compile(r"(?:^|;)\s*(?P<name>i|a|pk)=(?P<value>[^;\s]+)")


def dns_key(name: str, *, online: bool) -> bytes | None:
    """Return a DKIM key's TXT record from the cache or, if `online`, from DNS."""
    key = key_of(_KEYS, [name.encode("utf-8", "surrogateescape")])
    known = recall(_KEYS, key)
    if isinstance(known, bytes) or not online:
        return known if isinstance(known, bytes) else None
    import dkim.dnsplug

    try:
        record: bytes | None = dkim.dnsplug.get_txt(name, _SECONDS)
    # dnspython and the system resolver raise all kinds of errors: no answer, no key
    except Exception:  # noqa: BLE001
        return None
    if record:
        remember(_KEYS, key, record)
    return record


def find_proven_senders(
    mails: Iterable[Mail],
    vouching: Iterable[Mail],
    identities: Identities,
    find_key: KeyLookup,
) -> tuple[Address, ...]:
    """Return the senders whose signatures prove their identity.

    `vouching` contains messages from known addresses. A sender's name is returned only if the known
    address uses it as well.
    """
    claiming = {mail.message_id: (mail, tuple(_developer_keys(mail))) for mail in mails}
    keys_claimed = {key for _, keys in claiming.values() for key in keys}
    # each check runs git, so check only messages that name one of these keys
    signed = (
        mail
        for mail in vouching
        if keys_claimed & {fields.get("pk") for fields in _embedded_keys(mail)}
    )
    signers = {
        key: address
        for mail in signed
        for key, address in _developer_keys(mail).items()
    }
    senders = []
    for mail, keys in claiming.values():
        signer = next(
            (signers[key] for key in keys if key in signers), None
        ) or _find_by_domain(mail, identities, find_key)
        if signer is not None:
            named = name_words(mail.sender.name) in identities.names.get(signer, ())
            senders.append(mail.sender if named else Address("", mail.sender.email))
    return tuple(senders)


def _developer_keys(mail: Mail) -> dict[str, str]:
    """Return the Ed25519 keys that validly sign a message from its sender."""
    if mail.header("X-Developer-Signature") is None or not mail.sender.email:
        return {}
    import patatt

    keys: dict[str, str] = {}
    for fields in _embedded_keys(mail):
        if fields.get("a") != "ed25519" or "i" not in fields or "pk" not in fields:
            continue
        # ignore a damaged header
        with contextlib.suppress(
            patatt.Error, RuntimeError, ValueError, IndexError, UnicodeError, OSError
        ):
            message = patatt.PatattMessage(_strip_from(mail.raw))
            message.get_sigs()
            message.validate(fields["i"], fields["pk"].encode("ascii"))
            # git takes the author from a From: line in the body, so whoever forwards a
            # patch is not its author
            if (message.canon_identity or "").lower() == mail.sender.key:
                keys[fields["pk"]] = mail.sender.key
    return keys


def _embedded_keys(mail: Mail) -> list[dict[str, str]]:
    """Return the fields of the X-Developer-Key headers: identity, algorithm and key."""
    headers = [
        header.value
        for header in mail.headers
        if header.name.lower() == "x-developer-key"
    ]
    return [
        {tag["name"]: tag["value"] for tag in _EMBEDDED.finditer(value)}
        for value in headers[:_MOST_SIGNATURES]
    ]


def _find_by_domain(
    mail: Mail, identities: Identities, find_key: KeyLookup
) -> str | None:
    """Return the known address with the sender's mailbox name if its domain or parent domain signed
    the message, otherwise None.
    """
    local, _, domain = mail.sender.key.rpartition("@")
    if mail.header("DKIM-Signature") is None:
        return None
    for key in identities.names:
        other, _, theirs = key.rpartition("@")
        if (
            not local
            or other != local
            or not (domain.endswith(f".{theirs}") or theirs.endswith(f".{domain}"))
        ):
            continue
        if _is_signed_by(mail, min(domain, theirs, key=len), find_key):
            return key
    return None


def _is_signed_by(mail: Mail, domain: str, find_key: KeyLookup) -> bool:
    """Return whether a valid DKIM signature of the domain covers the whole body and the only
    From: header.
    """
    import dkim

    if sum(header.name.lower() == "from" for header in mail.headers) != 1:
        return False

    def lookup(name: Any, **_: object) -> bytes | None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        return (
            find_key(text) if text.lower().endswith(f"._domainkey.{domain}.") else None
        )

    for number in range(_MOST_SIGNATURES):
        # ignore any error, because the next signature may be valid
        with contextlib.suppress(
            dkim.DKIMException,
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            UnicodeError,
        ):
            checked = dkim.DKIM(_strip_from(mail.raw))
            prepared = checked.verify_headerprep(number)
            if (
                prepared
                and b"l" not in prepared[0]
                and b"from" in prepared[1]
                and checked.verify(number, dnsfunc=lookup)
            ):
                return True
    return False


def _strip_from(raw: bytes) -> bytes:
    return raw.split(b"\n", 1)[1] if raw.startswith(b"From ") and b"\n" in raw else raw
