# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading CVE records and the mails about CVEs."""

import json
import random

import pytest

from patchpilot.reading.cve_record import (
    CvePair,
    CveState,
    find_cve_ids,
    find_linked_cve,
    is_mainline_release,
    parse_announcement,
    parse_commit_ids,
    parse_cve_id,
    parse_dyad,
    parse_json_record,
)
from tests.kit.cve_records import Pair, format_announcement, format_dyad, make_json

ONE, TWO, SIX = "1" * 40, "2a" * 20, "6b" * 20
CVE, TITLE = "CVE-2026-12345", "ring: fix a leak"
MANY: list[Pair] = [
    ("5.10", ONE, "5.10.3", TWO),
    ("5.10", ONE, "5.11-rc2", SIX),
    ("5.4.9", SIX, "0", "0"),
    ("0", "0", "5.11", TWO),
]


def split_mail(text: str) -> tuple[str, str]:
    head, _, body = text.partition("\n\n")
    return head.partition("Subject: ")[2].partition("\n")[0], body


def test_all_forms_of_a_record_agree() -> None:
    pairs = (
        CvePair(ONE, TWO, "5.10", "5.10.3"),
        CvePair(ONE, SIX, "5.10", "5.11-rc2"),
        CvePair(SIX, "", "5.4.9", ""),
        CvePair("", TWO, "", "5.11"),
    )
    assert parse_dyad(format_dyad([TWO, SIX], MANY)) == pairs
    record = parse_announcement(*split_mail(format_announcement(CVE, TITLE, MANY)))
    assert record
    assert (record.cve, record.state, record.title) == (CVE, CveState.PUBLISHED, TITLE)
    assert record.pairs == pairs
    assert record.fixes == (SIX, TWO)
    assert record.culprits == (ONE, SIX)
    stored = parse_json_record(json.dumps(make_json(CVE, TITLE, MANY)).encode())
    assert stored
    assert [(pair.culprit, pair.fix) for pair in stored.pairs] == [
        (ONE, TWO),
        (ONE, SIX),
        (SIX, ""),
        ("", TWO),
    ]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (ONE, (ONE,)),
        (f"{ONE}\n{TWO} {ONE}\n\n", (ONE, TWO)),
        ("000000000", ()),
        ("--upload-pack=x HEAD master", ()),
        (f"{ONE[:39]}\n{TWO.upper()}", (ONE[:39], TWO)),
        ("", ()),
    ],
)
def test_ids_in_files_are_hexadecimal(text: str, ids: tuple[str, ...]) -> None:
    assert parse_commit_ids(text) == ids


@pytest.mark.parametrize(
    ("release", "is_main"),
    [
        *((release, True) for release in ("2.6.12", "3.0", "6.13-rc2", "10.1", "2.6.39-rc1")),
        *((release, False) for release in ("2.6.32.1", "6.1.7", "0", "", "6", "next-1")),
    ],
)
def test_mainline_releases(release: str, *, is_main: bool) -> None:
    assert is_mainline_release(release) is is_main


def test_older_mails_with_short_ids_are_read() -> None:
    mail = format_announcement(CVE, TITLE, [("4.2", "869e7c62486e", "5.15.128", "790c2f9d15b5")])
    record = parse_announcement(*split_mail(mail))
    assert record
    assert record.pairs == (CvePair("869e7c62486e", "790c2f9d15b5", "4.2", "5.15.128"),)


def test_only_the_section_about_versions_is_read() -> None:
    """The description is the message of a commit, which anybody wrote."""
    spoof = f"\tIssue introduced in 6.1 with commit {SIX} and fixed in 6.2 with commit {SIX}"
    mail = format_announcement(CVE, TITLE, [("5.10", ONE, "5.11", TWO)], spoof)
    record = parse_announcement(*split_mail(mail))
    assert record
    assert record.pairs == (CvePair(ONE, TWO, "5.10", "5.11"),)


def test_replies_and_other_mails_announce_nothing() -> None:
    subject, body = split_mail(format_announcement(CVE, TITLE, MANY))
    quoted = body.replace("\n", "\n> ")
    assert parse_announcement(f"Re: {subject}", body) is None
    assert parse_announcement(subject, quoted) is None
    assert parse_announcement(f"CVE-2026-9: {TITLE}", body) is None
    assert parse_announcement("[PATCH] CVE-2026-12345: x", body) is None
    assert parse_announcement(f"REJECTED: {CVE}: {TITLE}", body) is None


def test_ids_of_cves_in_texts() -> None:
    text = "cve-2026-12345, (CVE-2024-1)\nXCVE-2025-11111 CVE-2025-22222. CVE-2026-12345"
    assert find_cve_ids(text) == (CVE, "CVE-2025-22222")
    assert parse_cve_id("cve-2026-12345") == CVE
    assert parse_cve_id("cve-2026-12345~1") is None
    assert find_linked_cve(f"<2026022048-{CVE}-4a1f@host>") == CVE
    assert find_linked_cve(f"https://cve.example/{CVE}?not=CVE-2026-12346") is None


def test_rejected_json_of_the_database_is_rejected() -> None:
    document = make_json(CVE, TITLE, [], "REJECTED")
    stored = parse_json_record(json.dumps(document).encode())
    assert stored
    assert stored.is_rejected


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"[" * 100_000,
        b'{"cveMetadata": {"cveId": "../../x"}}',
        b'{"cveMetadata": {"cveId": 7}, "containers": 1}',
        b'{"cveMetadata": ["cveId"]}',
        b"\xff\xfe",
        b"1" * 10_000,
    ],
)
def test_damaged_json_is_no_record(data: bytes) -> None:
    assert parse_json_record(data) is None


def test_damaged_records_raise_nothing() -> None:
    """Replace a part of each form by another one."""
    chance = random.Random(7)
    mail = format_announcement(CVE, TITLE, MANY)
    forms = (format_dyad([ONE], MANY), json.dumps(make_json(CVE, TITLE, MANY)), mail)
    pieces = (*forms, "\0", "{", "null", "[1]", ":", "\n", "9" * 50, "\udc80", "")
    for _ in range(300):
        text = chance.choice(forms)
        start, end = sorted(chance.choices(range(len(text)), k=2))
        text = text[:start] + chance.choice(pieces)[:200] + text[end:]
        stored = parse_json_record(text.encode("utf-8", "replace"))
        record = parse_announcement(*split_mail(text))
        pairs = (
            *parse_dyad(text),
            *(stored.pairs if stored else ()),
            *(record.pairs if record else ()),
        )
        for pair in pairs:
            assert all(set(commit) <= set("0123456789abcdef") for commit in pair[:2])
