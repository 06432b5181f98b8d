# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the preflight checks on real branches, with findings, target trees and earlier sends."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.model.message import MailState
from tests.kit.outbox import LIST_EMAIL
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic


def plan_send(
    repo: Repo, *arguments: object
) -> tuple[dict[str, str], dict[str, str], dict[str, Any]]:
    result = repo.patchpilot("send --dry-run --format json --to", LIST_EMAIL, *arguments)
    plan = result.json
    return *(
        {problem["name"]: problem["message"] for problem in plan[key]}
        for key in ("refusals", "warnings")
    ), plan  # type: ignore[return-value]


def test_errors_block_a_send_until_waived(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    assert "check-errors" not in plan_send(repo)[0]
    repo.commit(
        f"widget: add spaces\n\nThey are at the end.\n\n{SIGNED}",
        {"new.c": "int a;   \n"},
    )
    blockers, warned, _ = plan_send(repo)
    assert "widget: add spaces: " in blockers["check-errors"]
    assert "unchecked" not in warned
    assert repo.patchpilot("check --waive 'TRAILING_WHITESPACE=kept for a test'").code in (0, 1)
    blockers, warned, _ = plan_send(repo)
    assert "check-errors" not in blockers
    assert "kept for a test" in warned["waived"]


def test_partial_sends_are_recorded(
    tmp_path: Path,
) -> None:
    from patchpilot.commits.repository import Repository
    from patchpilot.model.send_request import SendRequest
    from patchpilot.outgoing.mail_state import Outcome
    from patchpilot.outgoing.outbox import Outbox
    from patchpilot.sending.plan import plan_sending

    repo = topic(tmp_path / "r", 2)
    blockers, warned, _ = plan_send(repo)
    assert "first-time" in warned
    assert not {"version-sent", "already-sent"} & blockers.keys()
    for states in (
        (MailState.ACCEPTED, MailState.REJECTED),
        (MailState.ACCEPTED, MailState.ACCEPTED),
    ):
        with Repository.open(repo.path) as repository, Outbox() as outbox:
            sending = plan_sending(repository, SendRequest(to=(LIST_EMAIL,), force="x"))
            send = outbox.add(sending.send)
            for entry, state in zip(send.entries[-2:], states, strict=True):
                outbox.mark(send.id, entry.position, Outcome(state))
            if len(send.entries) > 2 and MailState.REJECTED not in states:
                outbox.mark(send.id, 0, Outcome(MailState.ACCEPTED))
        repo.git(
            "commit -q --amend -m",
            f"widget: change line 2\n\nSaid in {len(states)} other words {states}.\n\n{SIGNED}",
        )
        blockers, warned, _ = plan_send(repo)
        assert "first-time" not in warned
        assert "version-sent" in blockers
        with Outbox() as outbox:
            outbox.forget(send.id)


@pytest.mark.parametrize("line", ["---\nAfter the cut.", "diff --git a/x b/x"])
def test_patch_changed_by_git_am_is_damaged(tmp_path: Path, line: str) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.commit(f"widget: cut\n\nBefore.\n{line}\n\n{SIGNED}", {"new.c": "int a;\n"})
    blockers, _, _ = plan_send(repo)
    assert blockers["damaged"].startswith("widget: cut")


def test_patches_are_applied_to_the_target_tree(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("remote add origin", str(repo.path))
    repo.git("fetch -q origin master:refs/remotes/origin/master")
    blockers, warned, _ = plan_send(repo)
    assert "no-target" not in warned
    assert not {"does-not-apply", "already-fixed"} & blockers.keys()
    repo.checkout("master")
    moved = (repo.path / "widget.c").read_text().replace("int line1;", "int other1;")
    repo.commit(f"widget: another way\n\nWhy.\n\n{SIGNED}", {"widget.c": moved})
    repo.git("fetch -q origin master:refs/remotes/origin/master")
    repo.checkout("topic")
    blockers, _, _ = plan_send(repo)
    assert "widget.c" in blockers["does-not-apply"]


@pytest.mark.parametrize("experience", ["regular", "newcomer"])
def test_send_counts_the_warnings_that_check_shows(tmp_path: Path, experience: str) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config patchpilot.experience", experience)
    repo.commit(
        f"widget: fix bug\n\n{'The widget hangs if ' * 10}it is busy.\n\n{SIGNED}",
        {"new.c": "int a;\n"},
    )
    check = repo.patchpilot("check --format json HEAD").json
    names = {finding["name"] for patch in check["patches"] for finding in patch["findings"]}
    assert ("vague-subject" in names) is (experience == "newcomer")
    warned = plan_send(repo)[1].get("check-warnings", "")
    assert ("vague subject" in warned) is (experience == "newcomer"), warned


@pytest.mark.parametrize("is_demo", [False, True])
def test_sandbox_is_not_to_be_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_demo: bool
) -> None:
    repo = topic(tmp_path / "r", 1)
    if is_demo:
        monkeypatch.setenv("PATCHPILOT_DEMO", "1")
    document = repo.patchpilot("send --to l@lists.example.org --dry-run --format json").json
    hints = {warning["name"]: warning["hint"] for warning in document["warnings"]}
    name, start = (
        ("not-buildable", "the sandbox's tree") if is_demo else ("not-built", "build it: ")
    )
    assert hints[name].startswith(start)
    assert len(hints.keys() & {"not-built", "not-buildable"}) == 1
