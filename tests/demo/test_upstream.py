# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which messages the demo's stable maintainer sends after the merge."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patchpilot.commits.git_command import git
from patchpilot.demo import robin, upstream
from patchpilot.demo.demo_history import CULPRIT_SUBJECT, MASK_SUBJECT, TEMPERATURE
from patchpilot.demo.demo_mails import Sent
from patchpilot.demo.sandbox import open_sandbox
from patchpilot.model.mail import parse_mail


@pytest.mark.parametrize(
    ("culprit", "subjects"),
    [
        # the bug is in 6.12, and not in 6.1
        (MASK_SUBJECT, ["[PATCH 6.12 "]),
        pytest.param(CULPRIT_SUBJECT, ["[PATCH 6.12 ", "FAILED: 6.1"], marks=pytest.mark.long),
        pytest.param(TEMPERATURE[0], ["[PATCH 6.12 "], marks=pytest.mark.long),
        pytest.param("", ["[PATCH 6.12 ", "FAILED: 6.1"], marks=pytest.mark.long),
    ],
)
def test_stable_maintainer_writes_about_affected_branches(
    culprit: str, subjects: list[str], tmp_path: Path
) -> None:
    with open_sandbox(tmp_path / "sandbox") as sandbox:
        robin.fix_first_version(sandbox.work)
        message = git(sandbox.work, "log", "-1", "--format=%B").text.rstrip("\n")
        if culprit:
            find = ("log", "-1", "--format=%h", "--abbrev=12", "--grep", culprit, "origin/master")
            commit = git(sandbox.work, *find).text.strip()
            message += f'\nFixes: {commit} ("{culprit}")\n'
        git(sandbox.work, "commit", "-q", "--amend", "-F", "-", stdin=message.encode())
        raw = git(sandbox.work, "format-patch", "-1", "--stdout").text.encode()
        mail = parse_mail(raw)
        sent = Sent("v1@example.net", mail.subject, mail.body, datetime.now(UTC))
        upstream.land(sandbox, raw, sent)
        written = [mail.subject for mail in sandbox.archive._mails.values()]
    stable = [
        re.sub(r'patch ".*" failed to apply to (.*)-stable tree', r"\1", subject)
        for subject in written
        if subject.startswith(("[PATCH 6", "FAILED"))
    ]
    assert [subject[: len(start)] for subject, start in zip(stable, subjects, strict=True)] == (
        subjects
    )
