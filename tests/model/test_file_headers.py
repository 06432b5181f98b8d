# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what the headers of patch files say about a series."""

import pytest

from patchpilot.model.file_headers import FileHeaders, find_added_headers, read_file_headers
from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Patch, Series, parse_subject
from tests.kit.patches import DIFF


def make_file(subject: str, *headers: str, name: str = "0001.patch", body: str = DIFF) -> Patch:
    lines = ("From: Ada <ada@example.org>", f"Subject: {subject}", *headers)
    return parse_patch(("\n".join(lines) + f"\n\nText.\n---\n{body}").encode(), name)


@pytest.mark.parametrize(
    ("subject", "prefix", "version"),
    [
        ("[PATCH] a: b", "PATCH", 0),
        ("[RFC PATCH char-misc-next v3] a: b", "RFC PATCH char-misc-next", 3),
        ("[PATCH net v1 1/2] a: b", "PATCH net", 1),
        ("[PATCHv2 1/2] a: b", "PATCH", 2),
        ("[PATCH RESEND v2 02/12] a: b", "PATCH RESEND", 2),
        ("[RFC v4] a: b", "PATCH RFC", 4),
        ("[PATCH net-next-v3] a: b", "PATCH net-next", 3),
        ("a: b", "", 0),
        ("[media] a: b", "", 0),
    ],
)
def test_prefix_and_version_are_read_from_the_subject(
    subject: str, prefix: str, version: int
) -> None:
    headers = read_file_headers(Series((make_file(subject),)))
    assert (headers.prefix, headers.version) == (prefix, version)


def test_parent_outside_of_the_series_is_kept() -> None:
    first = make_file(
        "[PATCH 1/2] a: b",
        "Message-ID: <one@example.org>",
        "In-Reply-To: <parent@example.org>",
        "References: <top@example.org> <parent@example.org>",
    )
    second = make_file("[PATCH 2/2] a: c", "In-Reply-To: <one@example.org>")
    headers = read_file_headers(Series((first, second)))
    assert (headers.parent, headers.references) == ("parent@example.org", ("top@example.org",))
    assert read_file_headers(Series((second,), first)).parent == "parent@example.org"


def test_thread_inside_the_series_is_no_parent() -> None:
    cover = make_file("[PATCH 0/1] all", "Message-ID: <zero@example.org>", body="")
    patch = make_file("[PATCH 1/1] a: b", "In-Reply-To: <zero@example.org>")
    assert read_file_headers(Series((patch,), cover)).parent == ""


def test_commits_say_nothing() -> None:
    patch = make_file("[RFC PATCH v3] a: b")._replace(commit="1" * 40)
    assert read_file_headers(Series((patch,))) == FileHeaders()


def test_only_headers_of_the_user_are_kept() -> None:
    own = make_file(
        "[PATCH] a: b", "Organization: Frob", "X-Mailer: x", "Date: now", "Bcc: e@x.org"
    )
    assert find_added_headers(own) == {"Organization": "Frob"}
    delivered = make_file("[PATCH] a: b", "Organization: Frob", "Received: by mx")
    assert find_added_headers(delivered) == {}


def test_prefix_keeps_the_order_of_its_words() -> None:
    assert parse_subject("[RFC PATCH net,v2 n/3] x").prefix == "RFC PATCH net n/3"
