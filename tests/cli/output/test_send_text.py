# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the first and last line of a preview. They state whether the topic can be sent, and what
blocks it.
"""

import sys
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.send_problem import CheckState
from patchpilot.model.send_request import SendRequest
from patchpilot.sending.plan import plan_sending
from patchpilot.sending.plan_rows import merge_reasons
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.terminal import Terminal
from tests.kit.topics import topic


@pytest.fixture
def blocked_topic(tmp_path: Path) -> Repo:
    """Create a topic that has two problems: it is sent to no list, and a commit has no sign-off."""
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.commit("widget: name the widget\n\nIt had no name.", {"widget.c": "int widget;\n"})
    return repo


def test_every_problem_suggests_a_command(
    blocked_topic: Repo,
) -> None:
    outcome = blocked_topic.patchpilot("send --to ada@example.com --dry-run")
    rows = outcome.out.rstrip("\n").split("\n")
    problems = blocked_topic.patchpilot("send --to ada@example.com --dry-run --format json").json[
        "refusals"
    ]
    assert {"no-list", "no-signoff"} <= {problem["name"] for problem in problems}
    assert (rows[0], rows[-1]) == (f"not ready: {len(problems)} problems block sending",) * 2
    first = rows[: rows.index("━━━ summary ━━━")]
    assert sum(row.startswith("problem: ") for row in first) == len(problems)
    assert any("prepare --signoff" in row for row in first)


def test_problems_are_on_stderr(
    blocked_topic: Repo,
) -> None:
    for arguments in (("--dry-run",), ("--dry-run", "--format", "json"), ("--yes",)):
        outcome = blocked_topic.patchpilot("send --to ada@example.com", *arguments)
        outcome.expect(1, "not ready: ", "no Signed-off-by; add it: patchpilot prepare --signoff")


def test_quiet_shows_no_message(blocked_topic: Repo) -> None:
    outcome = blocked_topic.patchpilot("send --to ada@example.com --dry-run -q")
    assert outcome.out.startswith("not ready: ")
    assert "Subject: " not in outcome.out
    assert "problem: " in outcome.out


def test_dry_run_counts_messages_or_names_open_questions(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    command = "send --to widgets@lists.example.org --force 'a test' --dry-run"
    rows = repo.patchpilot(command).out.rstrip("\n").split("\n")
    assert rows[0] == rows[-1]
    assert rows[0] == (
        "ready, 2 questions open: 2 mails to 1 recipient; answer with --security and --regression;"
        " NOT SENT (dry run)"
    )
    outcome = repo.patchpilot(f"{command} --security no --regression no")
    rows = outcome.out.rstrip("\n").split("\n")
    assert rows[0] == rows[-1]
    assert rows[0] == "ready: 2 mails to 1 recipient; NOT SENT (dry run)"


@pytest.mark.parametrize("answer", ["", " --security no"])
def test_dry_run_and_send_give_the_same_verdict(tmp_path: Path, answer: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        command = f"send --to widgets@lists.example.org --force x{answer}"
        planned = repo.patchpilot(f"{command} --dry-run")
        document = repo.patchpilot(f"{command} --dry-run --json").json
        sent = repo.patchpilot(f"{command} --yes")
        assert len(server.take()) == 1
    verdict = planned.out.splitlines()[0].removesuffix("; NOT SENT (dry run)")
    assert sent.out.splitlines()[0] == verdict
    assert verdict.startswith(f"{document['verdict']}; answer with --")
    assert f"ready, {'1 question' if answer else '2 questions'} open: 1 mail" in verdict
    assert (planned.code, sent.code) == (0, 0)


def test_last_lines_match_service_results(
    blocked_topic: Repo,
) -> None:
    with Repository.open(blocked_topic.path) as repository:
        card = plan_sending(repository, SendRequest(to=("ada@example.com",)))
    rows = (
        blocked_topic.patchpilot("send --to ada@example.com --dry-run").out.rstrip("\n").split("\n")
    )
    assert card.verdict == rows[-1]
    last = " ".join(
        " ".join(
            rows[next(index for index, row in enumerate(rows) if row.startswith("ok: ")) :]
        ).split()
    )
    for check in card.checks:
        assert f"{check.state}: {check.message}" in last
    states = {check.name: check.state for check in card.checks}
    assert states["no-signoff"] is CheckState.PROBLEM
    assert "sign-off" not in states
    # `check` also reports that the sign-off is missing
    assert "check" not in states
    assert states["version"] is CheckState.OK


def test_check_passes_only_without_findings(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver mail.example.org")
    with Repository.open(repo.path) as repository:
        passed = {
            check.name: check.message
            for check in plan_sending(repository, SendRequest(to=("w@lists.example.org",))).passed
        }
    assert passed["sign-off"] == "Signed-off-by present in all 2 patches"
    assert passed["recipients"] == "recipients: 1 list, 0 others"
    assert passed["round-trip"] == "git am recreates all 2 commits"
    assert "mail server: mail.example.org:25" in passed["server"]
    assert not {"security", "regression", "cover", "prefix", "upstream"} & set(passed)


def test_missing_mail_server_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    repo = topic(tmp_path / "r", 1)
    outcome = repo.patchpilot("send --to widgets@lists.example.org --force 'a test' --yes")
    rows = outcome.out.split("\n")
    assert (outcome.code, rows[0]) == (3, "not ready: 1 problem blocks sending")
    assert rows[1].startswith("problem: no mail server configured")
    assert "Subject: " not in outcome.out
    reported = repo.patchpilot("send --to ada@example.com --yes --format json").json
    assert (reported["state"], reported["refusals"][0]["name"]) == (
        "refused",
        "no-server",
    )
    document = repo.patchpilot("send --to ada@example.com --dry-run --format json").json
    assert len(document["refusals"]) == 1
    assert document["verdict"] == "not ready: 1 problem blocks sending"
    result = repo.patchpilot("send --to widgets@lists.example.org --force 'a test' --dry-run")
    assert next(row for row in result.out.split("\n") if row.startswith("note: ")).startswith(
        "note: no mail server configured"
    )


def test_messages_are_paged_on_a_terminal(blocked_topic: Repo, tmp_path: Path) -> None:
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        "send",
        "--to",
        "ada@example.com",
        "--dry-run",
    ]
    with Terminal(
        argv, blocked_topic.path, env={"GIT_PAGER": f"cat > {tmp_path}/paged"}
    ) as terminal:
        assert terminal.end() == 1
    assert "Subject: [PATCH] widget: name the widget" in (tmp_path / "paged").read_text()
    assert "Subject: " not in terminal.seen
    rows = terminal.seen.replace("\r", "").rstrip("\n").split("\n")
    assert rows[-1].startswith("not ready: ")


def test_reason_for_blocking_is_printed_once() -> None:
    reasons = [f"boot/{name}.c matches F: boot/ (BOOT)" for name in "abcde"]
    assert merge_reasons([*reasons, "added: --to", "cmd/x.c matches F: cmd/ (CMD)"]) == (
        "boot/a.c, boot/b.c, boot/c.c and 2 more match F: boot/ (BOOT)",
        "added: --to",
        "cmd/x.c matches F: cmd/ (CMD)",
    )
