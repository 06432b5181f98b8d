# SPDX-License-Identifier: GPL-2.0-or-later
"""Recognize new addresses of known senders by the signatures of their messages.

A valid signature alone proves nothing, because anyone can sign with a new domain and key. A
developer signature (patatt) is accepted if its key also signed a message from a known address. A
DKIM signature is accepted if its domain belongs to a known address with the same local part.
"""

import contextlib
import re
from collections.abc import Callable, Iterable
from typing import Any

from patchpilot.cache.entries import (
    CacheKind,
    cache_value,
    make_cache_key,
    read_cached_value,
)
from patchpilot.model.address import Address
from patchpilot.model.mail import Mail
from patchpilot.reading.identities import Identities
from patchpilot.reading.sender import name_words

KeyLookup = Callable[[str], bytes | None]
"""Return the TXT record of a DNS name, or None if it does not exist or must not be looked up."""
_KEYS = CacheKind("dkim-key", (__file__,), keep=200)
_SECONDS = 5
_MAX_SIGNATURES = 5
_KEY_FIELD = re.compile(r"(?:^|;)\s*(?P<name>i|a|pk)=(?P<value>[^;\s]+)")


def look_up_dkim_key(name: str, *, online: bool) -> bytes | None:
    """Return the TXT record of a DKIM key from the cache or, if `online`, from DNS."""
    key = make_cache_key(_KEYS, [name.encode("utf-8", "surrogateescape")])
    cached = read_cached_value(_KEYS, key)
    if isinstance(cached, bytes) or not online:
        return cached if isinstance(cached, bytes) else None
    import dkim.dnsplug

    try:
        record: bytes | None = dkim.dnsplug.get_txt(name, _SECONDS)
    # dnspython and the system's resolver raise many kinds of errors
    except Exception:  # noqa: BLE001
        return None
    if record:
        cache_value(_KEYS, key, record)
    return record


def find_proven_senders(
    mails: Iterable[Mail],
    vouching: Iterable[Mail],
    identities: Identities,
    find_key: KeyLookup,
) -> tuple[Address, ...]:
    """Return the senders whose identity a signature proves.

    `vouching` contains messages from known addresses. A sender's name is returned only if it is
    also used with the known address.
    """
    keys_by_mail = {
        mail.message_id: (mail, tuple(_find_signed_developer_keys(mail))) for mail in mails
    }
    claimed_keys = {key for _, keys in keys_by_mail.values() for key in keys}
    # each check runs git, so check only messages with one of these keys
    candidates = (
        mail
        for mail in vouching
        if claimed_keys & {fields.get("pk") for fields in _parse_developer_keys(mail)}
    )
    signers = {
        key: address
        for mail in candidates
        for key, address in _find_signed_developer_keys(mail).items()
    }
    senders = []
    for mail, keys in keys_by_mail.values():
        signer = next((signers[key] for key in keys if key in signers), None) or _find_by_domain(
            mail, identities, find_key
        )
        if signer is not None:
            has_known_name = name_words(mail.sender.name) in identities.names.get(signer, ())
            senders.append(mail.sender if has_known_name else Address("", mail.sender.email))
    return tuple(senders)


def _find_signed_developer_keys(mail: Mail) -> dict[str, str]:
    """Map each Ed25519 key with which the sender signed a message to the sender's address."""
    if mail.header("X-Developer-Signature") is None or not mail.sender.email:
        return {}
    import patatt

    keys: dict[str, str] = {}
    for fields in _parse_developer_keys(mail):
        if fields.get("a") != "ed25519" or "i" not in fields or "pk" not in fields:
            continue
        # ignore a damaged signature header
        with contextlib.suppress(
            patatt.Error, RuntimeError, ValueError, IndexError, UnicodeError, OSError
        ):
            message = patatt.PatattMessage(_strip_mbox_line(mail.raw))
            message.get_sigs()
            message.validate(fields["i"], fields["pk"].encode("ascii"))
            # git uses a From: line in the body as the author, but only the sender's identity is
            # proven
            if (message.canon_identity or "").lower() == mail.sender.key:
                keys[fields["pk"]] = mail.sender.key
    return keys


def _parse_developer_keys(mail: Mail) -> list[dict[str, str]]:
    """Return the fields of the X-Developer-Key headers: identity, algorithm and key."""
    headers = [header.value for header in mail.headers if header.name.lower() == "x-developer-key"]
    return [
        {tag["name"]: tag["value"] for tag in _KEY_FIELD.finditer(value)}
        for value in headers[:_MAX_SIGNATURES]
    ]


def _find_by_domain(mail: Mail, identities: Identities, find_key: KeyLookup) -> str | None:
    """Return the known address that has the sender's local part and whose domain (or parent domain)
    signed the message, or None.
    """
    local, _, domain = mail.sender.key.rpartition("@")
    if mail.header("DKIM-Signature") is None:
        return None
    for key in identities.names:
        known_local, _, known_domain = key.rpartition("@")
        if (
            not local
            or known_local != local
            or not (domain.endswith(f".{known_domain}") or known_domain.endswith(f".{domain}"))
        ):
            continue
        if _is_signed_by(mail, min(domain, known_domain, key=len), find_key):
            return key
    return None


def _is_signed_by(mail: Mail, domain: str, find_key: KeyLookup) -> bool:
    """Return whether the domain's DKIM signature is valid and covers the whole body and the only
    From: header.
    """
    import dkim

    if sum(header.name.lower() == "from" for header in mail.headers) != 1:
        return False

    def lookup(name: Any, **_: object) -> bytes | None:
        text = name.decode("ascii", "replace") if isinstance(name, bytes) else str(name)
        return find_key(text) if text.lower().endswith(f"._domainkey.{domain}.") else None

    for number in range(_MAX_SIGNATURES):
        # on any error, try the next signature
        with contextlib.suppress(
            dkim.DKIMException,
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            UnicodeError,
        ):
            signature = dkim.DKIM(_strip_mbox_line(mail.raw))
            prepared = signature.verify_headerprep(number)
            if (
                prepared
                and b"l" not in prepared[0]
                and b"from" in prepared[1]
                and signature.verify(number, dnsfunc=lookup)
            ):
                return True
    return False


def _strip_mbox_line(raw: bytes) -> bytes:
    return raw.split(b"\n", 1)[1] if raw.startswith(b"From ") and b"\n" in raw else raw
