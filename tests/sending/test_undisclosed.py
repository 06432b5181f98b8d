# SPDX-License-Identifier: GPL-2.0-or-later
"""Test sending an undisclosed security fix.

The tests check who receives it, and that no server is queried about it. Each test uses a repository
and the command line, because any part of the program may add a recipient. Tests that send use a
mail server, because only the envelope contains the actual recipients.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import MailState
from patchpilot.outgoing.b4 import b4_send
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox
from patchpilot.tracking.reply.answered_mail import find_answered_mail
from patchpilot.tracking.reply.plan import (
    choose_reply_sender,
    open_reply_draft,
    plan_reply,
    save_reply_draft,
)
from tests.kit.cli import Outcome as Called
from tests.kit.cli import call
from tests.kit.outbox import list_problem_names
from tests.kit.prep import create_prep_repository
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import SIGNED, topic, unpacked
from tests.kit.web_server import run_web_server

MAINTAINERS = """\
WIDGET
M:\tWilma Widget <wilma@example.org>
R:\tRea Reviewer <rea@example.net>
L:\twidget@lists.example.org
S:\tMaintained
F:\twidget.c
"""
MESSAGE = f"""widget: change line 1

Line 1 was wrong.

Cc: stable@vger.kernel.org
Reported-by: Rob Port <rob@example.net>
Tested-by: Tia Test <tia@example.net>
Reviewed-by: Rea Reviewer <rea@example.net>
Co-developed-by: Cody Dev <cody@example.net>
Signed-off-by: Cody Dev <cody@example.net>
{SIGNED}"""
COVER = """widget: one line

It was wrong.

To: Cora Cover <cora@example.net>
Cc: cover@lists.example.org
"""
TEAM = "security@kernel.org"
ONLY = ("wilma@example.org", TEAM)


@contextmanager
def serve_and_record() -> Iterator[tuple[str, list[str]]]:
    """Run a web server without content. Yield its address and the requests that it gets."""
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            requests.append(self.rfile.readline().decode("latin-1").strip())
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            return

    with run_web_server(Handler) as address:
        yield f"{address}/all", requests


def create_topic_with_recipients(
    path: Path, transport: str, server: FaultySink | None = None
) -> Repo:
    """Create a topic for the fix.

    Its tags, cover letter and configuration name recipients who must not get it.
    """
    if transport == "b4":
        repo = create_prep_repository(path, "branch-description", 1, server=server, cover=COVER)
    else:
        repo = topic(path, 1, server=server)
    branch = repo.git("rev-parse --abbrev-ref HEAD")
    repo.git("checkout -q master")
    culprit = repo.commit(
        "widget: break it\n\nAcked-by: Al Ack <al@example.net>",
        {"MAINTAINERS": MAINTAINERS},
        author="Cy <cy@example.net>",
    )
    repo.git("checkout -q", branch)
    repo.git("rebase -q master")
    fixes_line = f'Fixes: {culprit[:12]} ("widget: break it")\n'
    repo.git(
        "commit -q --amend -F -",
        stdin=MESSAGE.replace("Cc: stable", f"{fixes_line}Cc: stable"),
    )
    for name in ("to", "cc", "bcc"):
        repo.git("config --global", f"sendemail.{name}", f"{name}@configured.example")
        repo.git("config --global", f"sendemail.work.{name}", f"work-{name}@configured.example")
    for name in ("tocmd", "cccmd", "headercmd"):
        repo.git(
            "config",
            "--global",
            f"sendemail.{name}",
            f"touch {path.parent}/{name}.ran; echo"
            f" {'Cc: ' * (name == 'headercmd')}{name}@configured.example #",
        )
    for name in ("tocover", "cccover", "signedoffbycc"):
        repo.git("config --global", f"sendemail.{name}", "true")
    for name in ("to", "cc"):
        repo.git("config", f"b4.send-series-{name}", f"b4-{name}@configured.example")
        repo.git(
            "config",
            f"b4.send-auto-{name}-cmd",
            f"touch {path.parent}/b4-{name}.ran; echo b4@configured.example #",
        )
    # trust the settings, because they must have no effect even then
    assert call("trust", path).code == 0
    return repo


def send_topic(repo: Repo, transport: str, line: str = "", *arguments: str) -> Called:
    return repo.patchpilot(f"send --force x --format json --via {transport} {line}", *arguments)


@pytest.mark.parametrize(
    ("via", "words"),
    [
        ("git-send-email", ()),
        (
            "git-send-email",
            ("--identity", "work", "--cc", "Rea Reviewer <rea@example.net>"),
        ),
        ("b4", ("--cc", "Rea Reviewer <rea@example.net>")),
    ],
)
def test_undisclosed_envelope_is_minimal(tmp_path: Path, via: str, words: tuple[str, ...]) -> None:
    with FaultySink() as server:
        repo = create_topic_with_recipients(tmp_path / "r", via, server)
        assert repo.patchpilot("maintainers --add-cc kept@example.net").code == 0
        outcome = send_topic(repo, via, "--security yes --yes", *words)
        assert outcome.code == 0, outcome.err
        (mail,) = server.take()
    named = ("rea@example.net",) if "--cc" in words else ()
    assert sorted(mail.recipients) == sorted((*ONLY, *named))
    read = parse_mail(unpacked(mail))
    assert [address.email for address in read.to] == ["wilma@example.org"]
    assert sorted(address.email for address in read.cc) == sorted((TEAM, *named))
    assert not list(repo.path.parent.glob("*.ran"))


@pytest.mark.parametrize("cc", ["Cc: <stable@kernel.org> # 6.1+", "cc: stable@kernel.org"])
def test_private_tag_requires_an_answer(tmp_path: Path, cc: str) -> None:
    with FaultySink() as server:
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        text = MESSAGE.replace("Cc: stable@vger.kernel.org", cc)
        repo.git("commit -q --amend -F -", stdin=text)
        for arguments in (
            ("--yes",),
            ("--dry-run",),
            ("--cc", "x@example.net", "--yes"),
        ):
            outcome = send_topic(repo, "git-send-email", *arguments)
            outcome.expect(1, "security question not answered", "--security")
        assert server.take() == ()
        assert send_topic(repo, "git-send-email", "--security no --yes").code == 0
        (mail,) = server.take()
    assert "stable@kernel.org" in mail.recipients
    assert "stable@vger.kernel.org" not in mail.recipients


def test_alias_does_not_redirect_an_undisclosed_fix(tmp_path: Path) -> None:
    (tmp_path / "aliases").write_text(f"alias {TEAM} eve@evil.example\n")
    with FaultySink() as server:
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        for section in ("sendemail", "sendemail.work"):
            repo.git("config --global", f"{section}.aliasesfile", str(tmp_path / "aliases"))
            repo.git("config --global", f"{section}.aliasfiletype", "mutt")
        for name in ("tocmd", "cccmd", "headercmd"):
            repo.git("config --global --unset", f"sendemail.{name}")
        for arguments in ((), ("--identity", "work", "--reroll")):
            outcome = send_topic(repo, "git-send-email", *arguments, "--security", "yes", "--yes")
            assert outcome.code == 0, outcome
            assert set(server.take()[-1].recipients) == set(ONLY)


def test_recipient_added_by_transport_blocks_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "aliases").write_text(f"alias {TEAM} eve@evil.example\n")
    # pretend that git has a new way to add recipients
    monkeypatch.setattr("patchpilot.outgoing.send_email.git_send_email._OFF", ())
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.aliasesfile", str(tmp_path / "aliases"))
    repo.git("config --global sendemail.aliasfiletype mutt")
    arguments = ("--to", "wilma@example.org", "--cc", f"<{TEAM}>", "--security", "yes")
    outcome = send_topic(repo, "git-send-email", *arguments, "--dry-run")
    outcome.expect(1, f"it adds eve@evil.example, omits {TEAM}")


def test_recipient_added_by_b4_blocks_the_send(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words_of = b4_send.make_recipient_options
    more = ["--cc", "eve@evil.example"]
    monkeypatch.setattr(b4_send, "make_recipient_options", lambda *who: [*words_of(*who), *more])
    repo = create_prep_repository(tmp_path / "r", "branch-description", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    arguments = ("--to", "wilma@example.org", "--cc", TEAM, "--security", "yes")
    outcome = send_topic(repo, "b4", *arguments, "--dry-run")
    outcome.expect(1, "it adds eve@evil.example")


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_answer_applies_to_the_next_version(tmp_path: Path, via: str) -> None:
    with (
        FaultySink(Faults(gone_from=1)) as server,
        serve_and_record() as (url, requests),
    ):
        repo = create_topic_with_recipients(tmp_path / "r", via, server)
        repo.git("config --global patchpilot.lore", url)
        assert send_topic(repo, via, "--security yes --yes").json["state"] == "failed"
        server.faults.heal()
        assert send_topic(repo, via, "--resume --yes").json["state"] == "sent"
        (repo.path / "widget.c").write_text(
            (repo.path / "widget.c").read_text().replace("line2;", "second;")
        )
        repo.git("commit -q -a --amend --no-edit")
        repo.patchpilot("draft --changelog '- line 2, too'")
        outcome = send_topic(repo, via, "--reroll --yes")
        assert outcome.json["version"] == 2, outcome.err
        first_mail, second_mail = server.take()
    assert sorted(first_mail.recipients) == sorted(second_mail.recipients) == sorted(ONLY)
    assert b"Link to v1" not in second_mail.data
    assert parse_mail(unpacked(first_mail)).message_id.encode() not in second_mail.data
    assert requests == []


def test_draft_reset_keeps_fix_undisclosed(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        assert send_topic(repo, "git-send-email", "--security yes --yes").code == 0
        for arguments in (("reset",), ("--forget",)):
            assert repo.patchpilot("draft", *arguments).code == 0
            document = send_topic(repo, "git-send-email", "--dry-run").json
            assert {recipient["email"] for recipient in document["recipients"]} == set(ONLY)


def test_public_send_is_not_resumed_when_undisclosed(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(gone_from=1)) as server:
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        assert send_topic(repo, "git-send-email", "--security no --yes").json["state"] == "failed"
        server.faults.heal()
        outcome = send_topic(repo, "git-send-email", "--resume --security yes --yes")
        assert (outcome.code, server.take()) == (1, ())
        assert "made for a public send" in outcome.err


@pytest.mark.parametrize("words", [("--yes",), ("--dry-run",), ("--to-self", "--yes")])
def test_b4s_web_endpoint_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    with serve_and_record() as (url, requests):
        repo = create_topic_with_recipients(tmp_path / "r", "b4")
        repo.git("config --global b4.send-endpoint-web", url)
        outcome = send_topic(repo, "b4", "--security yes", *words)
    assert (
        outcome.code,
        "cannot send an undisclosed security fix through" in outcome.err,
        requests,
    ) == (
        1,
        True,
        [],
    )


def test_undisclosed_fix_queries_no_server(tmp_path: Path) -> None:
    with FaultySink() as server, serve_and_record() as (url, requests):
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        repo.git("config --global patchpilot.lore", url)
        repo.git("config --global patchpilot.patchwork", url)
        document = send_topic(repo, "git-send-email", "--security yes --yes").json
        message_id = document["messages"][0]["message_id"]
        with Store() as store:
            (entry,) = store.entries()
        assert (entry.lore, entry.message_id) == (None, message_id)
        here = ("-C", repo.path)
        for arguments in (
            ("track",),
            ("track", "update", "--fresh"),
            ("track", "update", "1", "--lore", url),
            ("track", "update", "--all"),
            ("track", "update", "--all", "--lore", url),
            ("track", "show", "1"),
            ("draft", "show"),
            ("send", "--dry-run", "--reroll"),
        ):
            assert "internal error" not in call(*arguments, *here).err
        for arguments in (
            ("track", "add", f"<{message_id}>"),
            ("track", "add", f"{url}/{message_id}/"),
            ("check", f"{url}/{message_id}/"),
        ):
            outcome = call(*arguments, *here)
            assert "undisclosed" in outcome.err, arguments
            assert outcome.code == 1
        with Outbox() as outbox:
            (sent,) = outbox.sends(document["change_id"])
            outbox.mark(sent.id, 0, Outcome(MailState.UNKNOWN))
        call("send", *here, "--resume", "--dry-run")
    assert requests == []


def test_replies_from_file_to_undisclosed_fix_stay_private(
    tmp_path: Path,
) -> None:
    with FaultySink() as server, serve_and_record() as (url, requests):
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        repo.git("config --global patchpilot.lore", url)
        repo.git("config --global patchpilot.patchwork", url)
        assert send_topic(repo, "git-send-email", "--security yes --yes").code == 0
        received = unpacked(server.take()[0])
        message_id = parse_mail(received).message_id
        reply = (
            f"From: Wilma Widget <wilma@example.org>\nTo: Ada Fixer <ada@example.org>\nCc: {TEAM},"
            " widget@lists.example.org\nSubject: Re: [PATCH] widget: change line 1\nMessage-ID:"
            f" <answer@example.org>\nIn-Reply-To: <{message_id}>\nReferences: <{message_id}>\nDate:"
            " Tue, 03 Mar 2026 12:00:00 +0000\n\n> Line 1 was wrong.\n\nWhy?\n"
        )
        mbox = tmp_path / "private.mbox"
        mbox.write_bytes(
            b"".join(
                b"From mboxrd@z Thu Jan  1 00:00:00 1970\n" + mail + b"\n"
                for mail in (received, reply.encode())
            )
        )
        assert call("track add --mbox", mbox).code == 0
        assert call("track update --lore", url).code == 0
        assert "Why?" in call("track show 1 --mails").out
        with Repository.open(repo.path) as opened, Store() as store:
            answered = find_answered_mail("<answer@example.org>", "reply", store)
            sender = choose_reply_sender(opened, "git-send-email")
            draft = save_reply_draft(
                open_reply_draft(answered, "ping", archive=url, sender=sender), sender
            )
            planned = plan_reply(opened, answered, draft, "git-send-email")
    assert sorted(planned.mail.recipients) == sorted(ONLY)
    assert "security-on-list" in {warning.name for warning in planned.warnings}
    assert url not in draft.text
    assert requests == []


def test_public_series_must_not_name_private_message(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = create_topic_with_recipients(tmp_path / "r", "git-send-email", server)
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all")
        private = send_topic(repo, "git-send-email", "--security yes --yes").json["messages"][0][
            "message_id"
        ]
        repo.patchpilot("draft --changelog", f"- as in https://lore.kernel.org/r/{private}")
        document = repo.patchpilot("send --security no --reroll --dry-run --format json").json
        assert "private-thread" in list_problem_names(document, "refusals")
        repo.patchpilot("draft --changelog '- sent to the list'")
        public_document = send_topic(repo, "git-send-email", "--security no --reroll --yes").json
        assert public_document["state"] == "sent"
        mail = server.take()[-1]
    assert "widget@lists.example.org" in mail.recipients
    assert private.encode() not in mail.data
    with Store() as store:
        assert [entry.lore for entry in store.entries()] == [
            None,
            "http://127.0.0.1:9/all",
        ]


def test_tags_naming_the_report_are_reported(tmp_path: Path) -> None:
    repo = create_topic_with_recipients(tmp_path / "r", "git-send-email")
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    tags = (
        "Closes: https://bugs.example.org/7\n"
        "Link: https://lore.kernel.org/r/private-report@example.org\n"
    )
    repo.git(
        "commit -q --amend -F -",
        stdin=MESSAGE.replace("Cc: stable", f"{tags}Cc: stable"),
    )
    document = repo.patchpilot("send --security yes --dry-run --format json").json
    named = [
        problem["message"] for problem in document["refusals"] if problem["name"] == "names-report"
    ]
    assert len(named) == 2
    assert "names-reporter" in list_problem_names(document, "warnings")
    public_document = repo.patchpilot("send --security no --dry-run --format json").json
    assert not {"names-report", "names-reporter"} & (
        list_problem_names(public_document, "refusals")
        | list_problem_names(public_document, "warnings")
    )
