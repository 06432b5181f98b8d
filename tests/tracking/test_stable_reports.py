# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which stored messages are read for reports about commits on stable branches."""

import base64
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.reading.mail_reader import MailReader
from patchpilot.tracking.stable_reports import read_stable_reports
from tests.kit.cli import call
from tests.kit.mails import build_mbox, build_reply
from tests.kit.story import ACCEPTED, FAILED, SHA, TITLE


def encode(mail: bytes) -> bytes:
    header, _, body = mail.partition(b"\n\n")
    field = b"Content-Transfer-Encoding: base64"
    return b"\n".join((header, field, b"", base64.encodebytes(body)))


@pytest.mark.parametrize("failed", [FAILED, encode(FAILED)])
def test_only_messages_that_may_name_the_commit_are_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failed: bytes
) -> None:
    replies = [
        build_reply(f"[PATCH] {TITLE}", "Looks fine.", id=f"m{number}", reply_to="v1", minutes=99)
        for number in range(9)
    ]
    (tmp_path / "m").write_bytes(build_mbox(*ACCEPTED, *replies, failed))
    assert call("track add --mbox", tmp_path / "m").code == 0
    with Store() as store:
        stored = store.message_ids(1)
    parsed = []
    parse = MailReader.parse

    def count(reader: MailReader, raw: bytes) -> object:
        parsed.append(raw)
        return parse(reader, raw)

    monkeypatch.setattr(MailReader, "parse", count)
    reports = read_stable_reports(["f" * 40])
    assert not reports.failed
    assert len(parsed) <= 1 < len(stored)
    assert set(read_stable_reports([SHA]).failed) == {(SHA, "5.10")}
