# SPDX-License-Identifier: GPL-2.0-or-later
"""Test recognizing a known sender's new address by a signature.

The tests create the keys, and no key is looked up.
"""

import base64
from pathlib import Path

import dkim
import nacl.signing
import patatt
import pytest

from patchpilot.archive.signatures import find_proven_senders, look_up_dkim_key
from patchpilot.model.mail import Mail, parse_mail
from patchpilot.reading.identities import Identities
from tests.kit.mails import build_described_mail, build_patch_mail
from tests.kit.patches import ADA

NEW = "Ada Fixer <ada@work.example.com>"
KNOWN = Identities().add_addresses([ADA])


class Signer:
    """A key pair."""

    def __init__(self, seed: int) -> None:
        key = nacl.signing.SigningKey(bytes([seed]) * 32)
        self.private = base64.b64encode(bytes(key))
        self.public = base64.b64encode(bytes(key.verify_key))

    def sign_as_developer(self, raw_mail: bytes, signing_identity: str) -> Mail:
        message = patatt.PatattMessage(raw_mail)
        message.sign("ed25519", self.private, signing_identity, None)
        return parse_mail(message.as_bytes())

    def sign_with_dkim(self, raw_mail: bytes, domain: str, *, length: bool = False) -> Mail:
        header = dkim.sign(
            raw_mail,
            b"s1",
            domain.encode(),
            self.private,
            signature_algorithm=b"ed25519-sha256",
            include_headers=[b"from", b"subject"],
            length=length,
        )
        return parse_mail(header.replace(b"\r\n", b"\n") + raw_mail)

    def record(self, domain: str) -> "dict[str, bytes]":
        return {f"s1._domainkey.{domain}.": b"v=DKIM1; k=ed25519; p=" + self.public}


ADAS, EVES = Signer(1), Signer(2)


@pytest.fixture(scope="module")
def first_mail() -> Mail:
    return ADAS.sign_as_developer(
        build_described_mail("v1 [PATCH] demo: check it"), "ada@example.org"
    )


def find_sender_key_proofs(new_mail: Mail, first_mail: Mail) -> list[str]:
    return [
        str(address)
        for address in find_proven_senders([new_mail], [first_mail], KNOWN, lambda _: None)
    ]


def test_same_developer_key_proves_a_new_address(first_mail: Mail) -> None:
    assert find_sender_key_proofs(
        ADAS.sign_as_developer(
            build_patch_mail("[PATCH v2] demo: check it", author=NEW),
            "ada@work.example.com",
        ),
        first_mail,
    ) == [NEW]
    new_address = "Otto Other <ada@work.example.com>"
    assert find_sender_key_proofs(
        ADAS.sign_as_developer(
            build_patch_mail("[PATCH v2] demo: check it", author=new_address),
            "ada@work.example.com",
        ),
        first_mail,
    ) == ["ada@work.example.com"]


def test_wrong_key_or_changed_message_proves_nothing(first_mail: Mail) -> None:
    raw_mail = build_patch_mail("[PATCH v2] demo: check it", author=NEW)
    assert find_sender_key_proofs(parse_mail(raw_mail), first_mail) == []
    assert (
        find_sender_key_proofs(EVES.sign_as_developer(raw_mail, "ada@work.example.com"), first_mail)
        == []
    )
    good = ADAS.sign_as_developer(raw_mail, "ada@work.example.com")
    assert (
        find_sender_key_proofs(
            parse_mail(good.raw.replace(b"Check the pointer", b"Trust the pointer")),
            first_mail,
        )
        == []
    )


def test_forwarded_signed_patch_proves_nothing(first_mail: Mail) -> None:
    head, _, body = first_mail.raw.partition(b"\n\n")
    forwarded = (
        head.replace(b"From: Ada Fixer <ada@example.org>", b"From: Ada Fixer <eve@evil.example>")
        + b"\n\nFrom: Ada Fixer <ada@example.org>\n\n"
        + body
    )
    assert find_sender_key_proofs(parse_mail(forwarded), first_mail) == []


def find_domain_proofs(
    new_mail: Mail, known_identities: Identities, *signing_records: "dict[str, bytes]"
) -> list[str]:
    records = {
        name: record_text for record in signing_records for name, record_text in record.items()
    }
    return [
        str(address)
        for address in find_proven_senders([new_mail], [], known_identities, records.get)
    ]


def test_parent_domain_proves_the_same_mailbox() -> None:
    raw_mail = build_patch_mail(
        "[PATCH v2] demo: check it", author="Ada Fixer <ada@linux.example.org>"
    )
    signed = ADAS.sign_with_dkim(raw_mail, "example.org")
    assert find_domain_proofs(signed, KNOWN, ADAS.record("example.org")) == [
        "Ada Fixer <ada@linux.example.org>"
    ]
    assert find_domain_proofs(signed, KNOWN) == [], "without its key"
    assert find_domain_proofs(signed, KNOWN, EVES.record("example.org")) == [], "with another key"
    assert (
        find_domain_proofs(
            parse_mail(signed.raw.replace(b"Check", b"Trust")),
            KNOWN,
            ADAS.record("example.org"),
        )
        == []
    )


@pytest.mark.parametrize(
    ("author", "domain"),
    [
        ("Ada Fixer <ada@evil.example>", "evil.example"),
        ("Ada Fixer <ada@evil.example.org>", "evil.example.org"),
        ("Ada Fixer <eve@linux.example.org>", "example.org"),
        ("Ada Fixer <ada@notexample.org>", "notexample.org"),
    ],
)
def test_personal_domain_proves_nothing(author: str, domain: str) -> None:
    signed = EVES.sign_with_dkim(
        build_patch_mail("[PATCH v2] demo: check it", author=author), domain
    )
    assert find_domain_proofs(signed, KNOWN, EVES.record(domain)) == []


def test_partial_signature_proves_nothing() -> None:
    raw_mail = build_patch_mail(
        "[PATCH v2] demo: check it", author="Ada Fixer <ada@linux.example.org>"
    )
    assert (
        find_domain_proofs(
            ADAS.sign_with_dkim(raw_mail, "example.org", length=True),
            KNOWN,
            ADAS.record("example.org"),
        )
        == []
    )
    signed_twice = ADAS.sign_with_dkim(raw_mail, "example.org").raw.replace(
        b"From: ", b"From: Ada Fixer <ada@linux.example.org>\nFrom: ", 1
    )
    assert find_domain_proofs(parse_mail(signed_twice), KNOWN, ADAS.record("example.org")) == []


@pytest.mark.parametrize(
    "header",
    [
        "X-Developer-Signature: v=1\nX-Developer-Key: i=ada@work.example.com; a=ed25519; pk=x",
        "X-Developer-Signature: \nX-Developer-Key: i=a; a=ed25519; pk=\udce9",
        (
            "X-Developer-Signature: v=1; a=ed25519-sha256; t=9; l=x; i=a; h=from; bh=x;"
            " b=x\nX-Developer-Key: i=a; a=ed25519; pk=x"
        ),
        "DKIM-Signature: v=1",
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s1; h=from; bh=x; b=x",
        "DKIM-Signature: a=\udce9; d=example.org; c=x/y; l=-1; t=x; x=y",
        "DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=s1; h=from:from; bh=; b=;",
    ],
)
def test_damaged_signatures_prove_nothing(header: str, first_mail: Mail) -> None:
    raw_mail = (
        header.encode("utf-8", "surrogateescape")
        + b"\n"
        + build_patch_mail("[PATCH v2] x", author="Ada Fixer <ada@linux.example.org>")
    )
    assert (
        find_proven_senders(
            [parse_mail(raw_mail)], [first_mail], KNOWN, ADAS.record("example.org").get
        )
        == ()
    )
    assert (
        find_proven_senders(
            [parse_mail(raw_mail.partition(b"\n\n")[0] + b"\n\n")],
            [first_mail],
            KNOWN,
            ADAS.record("example.org").get,
        )
        == ()
    )


def test_key_is_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []

    def get_txt(name: str, timeout: int) -> bytes | None:
        lookups.append(name)
        if "down" in name:
            raise OSError("no network")
        return b"v=DKIM1; p=x" if "there" in name else None

    monkeypatch.setattr("dkim.dnsplug.get_txt", get_txt)
    assert look_up_dkim_key("there.", online=False) is None
    assert lookups == []
    assert [
        look_up_dkim_key("there.", online=True),
        look_up_dkim_key("there.", online=False),
        look_up_dkim_key("there.", online=True),
    ] == [b"v=DKIM1; p=x"] * 3
    assert lookups == ["there."]
    assert [look_up_dkim_key(name, online=True) for name in ("absent.", "down.")] == [
        None,
        None,
    ]
    assert lookups == ["there.", "absent.", "down."]
