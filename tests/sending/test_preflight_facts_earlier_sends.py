# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the facts about earlier sends and about claims that a commit is in mainline."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from patchpilot.commits.range import read_commits_series
from patchpilot.commits.repository import Repository
from patchpilot.model.message import MailState
from patchpilot.outgoing.outbox import Outbox
from patchpilot.projects.loading import find_project
from patchpilot.sending.preflight_facts import _find_upstream_commits, _format_too_soon_message
from tests.kit.outbox import CHANGE, record_send
from tests.kit.topics import SIGNED, topic


def warn_too_soon(
    now: datetime, version: int = 2, *, resend: bool = False, name: str = "linux"
) -> str:
    """Return the warning that the topic was sent only a short time ago."""
    with Outbox() as outbox:
        earlier_sends = outbox.received(CHANGE)
    return _format_too_soon_message(find_project(name), earlier_sends, version, now, resend)


@pytest.mark.parametrize(
    ("hours", "early"),
    [
        (0, True),
        (23.99, True),
        (24, False),
        (24 * 30, False),
    ],
)
def test_new_version_within_a_day_is_too_soon(
    hours: float, early: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Outbox() as outbox:
        sent_date = datetime.fromisoformat(record_send(outbox).begun)
    reason = warn_too_soon(sent_date + timedelta(hours=hours), name="netdev")
    assert bool(reason) == early
    assert not early or ("v1" in reason and "24" in reason)
    monkeypatch.setenv("PATCHPILOT_DEMO", "/sandbox")
    reason = warn_too_soon(sent_date + timedelta(hours=hours), name="netdev")
    assert not early or reason.endswith("(not needed in the demo)")


def test_possibly_received_messages_are_awaited() -> None:
    current_date = datetime.now(UTC)
    assert warn_too_soon(current_date, version=1) == ""
    with Outbox() as outbox:
        record_send(outbox, MailState.PENDING)
        record_send(outbox, MailState.REJECTED)
        record_send(outbox, send_kind="to-self")
        record_send(outbox, change_id="20261120-other-0123456789ab")
        record_send(outbox, version=3)
        assert warn_too_soon(current_date) == ""
        record_send(outbox, MailState.ACCEPTED, MailState.UNKNOWN)
        assert "v1" in warn_too_soon(current_date)
        record_send(outbox, version=2)
    # this version has already been sent, so it need not wait
    assert warn_too_soon(current_date) == ""


def test_resend_waits_after_same_version() -> None:
    with Outbox() as outbox:
        sent_date = datetime.fromisoformat(record_send(outbox, version=2).begun)
    assert "v2" in warn_too_soon(sent_date + timedelta(hours=1), resend=True)
    assert warn_too_soon(sent_date + timedelta(hours=1)) == ""
    assert warn_too_soon(sent_date + timedelta(hours=24), resend=True) == ""


def test_upstream_claim_is_verified(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    other_commit, not_there = repo.git("rev-parse master"), repo.git("rev-parse topic")
    repo.git("remote add origin", str(repo.path))
    repo.git("fetch -q origin master:refs/remotes/origin/master")
    for claim in (other_commit, not_there, "f" * 40):
        repo.commit(
            f"widget: backport\n\ncommit {claim} upstream.\n\n{SIGNED}",
            {f"{claim[:4]}.c": "x\n"},
        )
    ids = repo.git("rev-list --reverse -3 HEAD").split()
    with Repository.open(repo.path) as repository:
        assert _find_upstream_commits(repository, read_commits_series(repository, ids, None)) == {
            other_commit: True,
            not_there: False,
            "f" * 40: False,
        }
