# SPDX-License-Identifier: GPL-2.0-or-later
"""One bad mail is skipped and reported, never fatal, wherever mails are read."""

import json
from pathlib import Path

import pytest

from patchpilot.errors import ExitCode
from tests.kit.cli import call
from tests.kit.snippets import PROSE, SIGN_OFF, mail

DIFF = "diff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1,1 +1,2 @@\n int a;\n+int b;\n"
GOOD = mail("frob: wait for the link before it is used", f"{PROSE}\n\n{SIGN_OFF}", DIFF)
DAMAGED = ["=?utf-8?b?/////?=", "=?utf-8?b?=?=", "=?\x00?q?a?=", "=?idna?q?a?=", "=?utf-7?q?+2AA-?="]


def _bad(header: str) -> str:
    return f"{header}\nMessage-ID: <bad@example.org>\nDate: Tue, 6 Jan 2026 10:00:00 +0000\n\n{PROSE}\n---\n{DIFF}"


@pytest.mark.parametrize("word", DAMAGED)
@pytest.mark.parametrize("name", ["Subject", "From", "To", "Cc", "Date", "Content-Type", "Message-ID"])
def test_a_damaged_encoded_word_is_no_bug(workdir: Path, name: str, word: str) -> None:
    file = workdir / "bad.eml"
    file.write_text(_bad(f"From: Ada Fixer <ada@example.org>\nSubject: [PATCH] frob: wait\n{name}: {word}"))
    first = workdir / "first.eml"
    first.write_text(_bad(f"{name}: {word}"))
    for one in (file, first):
        assert call("check", one).code in (ExitCode.OK, ExitCode.FINDINGS)
        outcome = call("track", "classify", "--format", "json", one)
        assert outcome.code == ExitCode.OK
        assert len(json.loads(outcome.out)["mails"]) == 1
        assert call("track", "add", "--mbox", one).code in (ExitCode.OK, ExitCode.USAGE)
