# SPDX-License-Identifier: GPL-2.0-or-later
"""Test sending with b4.

b4's bugs have no effect, and its tracking data stays correct. The preview mentions b4's web
endpoint and signatures.
"""

import base64
import json
import quopri
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.model.mail import parse_mail
from patchpilot.model.message import parse_message
from patchpilot.outgoing.b4.b4_series import insert_texts
from tests.kit.b4 import run_b4
from tests.kit.cli import Outcome
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import apply, commits, topic, unpacked
from tests.kit.web_server import run_web_server

# b4 takes seconds to start
pytestmark = pytest.mark.long


def send_topic(repo: Repo, line: str = "", *arguments: str) -> Outcome:
    return repo.patchpilot(
        f"send --via b4 --to l@lists.example.org --force x --format json {line}",
        *arguments,
    )


def find_first_message_id(outcome: Outcome) -> str:
    return outcome.json["messages"][0]["message_id"]


@pytest.mark.parametrize("strategy", ["branch-description", "commit"])
def test_b4_tracking_data_records_sent_message_id(tmp_path: Path, strategy: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        if strategy == "commit":
            run_b4(repo, "prep -e master")
        trees = repo.git("log '--format=%T %an %s' master..topic")
        outcome = send_topic(repo, "--yes")
        assert outcome.code == 0, outcome.err
        (mail,) = server.take()
    sent = find_first_message_id(outcome)
    assert sent.encode() in mail.data
    assert sent in run_b4(repo, "prep --show-info").stdout
    with Repository.open(repo.path) as repository:
        prep = prep_branch(repository, "topic")
    assert prep is not None
    assert (prep.revision, prep.strategy, dict(prep.history)["v1"]) == (
        2,
        strategy,
        (sent,),
    )
    assert repo.git("tag -l 'sent/*'") == f"sent/{prep.change_id}-v1"
    after = repo.git("log '--format=%T %an %s' master..topic")
    assert [line.split()[0] for line in after.split("\n")] == [
        line.split()[0] for line in trees.split("\n")
    ]


def test_dropped_recipients_stay_dropped_after_enrolling(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 0, server=server)
        section = (
            "WIDGET DRIVER\n"
            "M:\tWanda Widget <wanda@example.net>\n"
            "R:\tGone Person <gone@example.org>\n"
            "S:\tMaintained\n"
            "F:\twidget.c\n"
        )
        repo.checkout("master")
        repo.commit(
            "MAINTAINERS: begin",
            {"MAINTAINERS": f"List of maintainers\n-------------------\n\n{section}"},
        )
        repo.checkout("topic")
        repo.git("reset -q --hard master")
        repo.commit(
            "widget: mend\n\nIt was wrong.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"widget.c": "int x;\n"},
        )

        def list_recipients(*arguments: str) -> set[str]:
            return {
                recipient_entry["email"]
                for recipient_entry in send_topic(repo, "--dry-run", *arguments).json["recipients"]
            }

        assert "gone@example.org" in list_recipients("--via", "git-send-email")
        assert repo.patchpilot("maintainers --drop gone@example.org").code == 0
        assert "gone@example.org" not in list_recipients()
        assert "gone@example.org" not in list_recipients("--via", "git-send-email")
        assert repo.patchpilot("draft --format json").json["draft"]["cover_subject"] == ""


def test_failed_send_leaves_no_trace(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(reject_all=True)) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config branch.topic.description", "mine\n\nand more")
        config = (repo.path / ".git" / "config").read_bytes()
        for arguments in (("--to-self", "--yes"), ("--yes",)):
            failed = send_topic(repo, *arguments).json
            assert failed["state"] == "failed"
            assert (repo.path / ".git" / "config").read_bytes() == config
        server.faults.heal()
        outcome = send_topic(repo, "--resume --yes")
        assert (outcome.code, outcome.json["change_id"]) == (
            0,
            failed["change_id"],
        )
        assert len(server.take()) == 1
        assert find_first_message_id(outcome) in run_b4(repo, "prep --show-info").stdout
        assert repo.patchpilot("draft --no-b4").code == 0
        assert repo.git("config branch.topic.description") == "mine\n\nand more"


def test_preview_keeps_the_tracking_data(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        run_b4(repo, "-c b4.prep-cover-strategy=branch-description prep -e master")
        repo.git("config branch.topic.b4-prep-cover-strategy branch-description")
        config = (repo.path / ".git" / "config").read_bytes()
        assert send_topic(repo, "--dry-run -v 3 --subject-prefix 'PATCH net'").code == 0
        assert (repo.path / ".git" / "config").read_bytes() == config


def test_b4_requirements_are_reported(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        assert "cover letter" in send_topic(repo, "--yes").err
        repo.patchpilot("draft --cover-subject 'widget: mend' --cover 'All were wrong.'")
        (repo.path / "widget.c").write_text("dirty\n")
        assert "clean working tree" in send_topic(repo, "--yes").err
        repo.git("checkout -q -- widget.c")
        assert "checked-out" in send_topic(repo, "--yes HEAD~1").err
        assert server.take() == ()


def test_web_endpoint_is_never_the_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    repo = topic(tmp_path / "r", 1)
    outcome = send_topic(repo, "--yes")
    outcome.expect(3, "web endpoint by itself")


@pytest.mark.parametrize("count", [1, 2])
def test_notes_are_sent_with_b4(tmp_path: Path, count: int) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", count, server=server)
        cover = (
            ("--cover-subject", "widget: mend", "--cover", "All were wrong.") if count > 1 else ()
        )
        assert repo.patchpilot("draft", *cover, "--note", str(count), "geprüft: größer").code == 0
        arguments = (
            "--regression",
            repo.git("rev-parse master"),
            "--in-reply-to",
            "<asked@example.org>",
        )
        outcome = send_topic(repo, "--yes", *arguments)
        assert outcome.code == 0, outcome.err
        raw = [unpacked(received) for received in server.take()]
        first = find_first_message_id(outcome)
    read = [parse_mail(message) for message in raw]
    assert [mail.in_reply_to for mail in read] == [
        "asked@example.org",
        *([first] * (len(raw) - 1)),
    ]
    assert all(mail.references[0] == "asked@example.org" for mail in read)
    patches = raw[-count:]
    assert (
        "geprüft: größer"
        in patches[-1].decode().partition("\n---\n")[2].partition("\ndiff --git")[0]
    )
    assert not any(b"#regzbot" in message for message in raw)
    assert apply(repo, "master", patches, tmp_path) == commits(repo, "master..topic")


def test_note_is_refused_if_b4_signs(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    create_key(repo)
    repo.patchpilot("draft --note 1 tested")
    assert "b4 signs them" in send_topic(repo, "--dry-run").err


@pytest.mark.parametrize("coding", ["7bit", "quoted-printable", "base64", ""])
def test_note_is_added_in_any_encoding(coding: str) -> None:
    body = b"Why.\n---\n a.c | 2 +-\n\ndiff --git a/a.c b/a.c\n"
    coded = {"quoted-printable": quopri.encodestring, "base64": base64.encodebytes}.get(
        coding, bytes
    )(body)
    head = b"From: A B <a@example.org>\nSubject: [PATCH] a: b\nMessage-Id: <1@example.org>\n"
    head += b"Content-Transfer-Encoding: " + coding.encode() + b"\n" if coding else b""
    mail = parse_message(head + b"\n" + coded, "a@example.org", ("l@example.org",))
    (noted,) = insert_texts([replace(mail, commit="c")], ["größer"], None)
    message = message_from_bytes(noted.raw)
    assert message.get_payload(decode=True).decode() == body.decode().replace(
        "---\n", "---\ngrößer\n\n", 1
    )
    assert noted.recipients == mail.recipients
    if coding in ("7bit", ""):
        assert (
            message["Content-Transfer-Encoding"],
            message.get_content_charset(),
        ) == (
            "8bit",
            "utf-8",
        )


@contextmanager
def serve_endpoint(response: str) -> Iterator[tuple[str, list[dict[str, object]]]]:
    """Run a web endpoint that sends this response; yield its address and the posted data."""
    posted_data: list[dict[str, object]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted_data.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = response.encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with run_web_server(Handler) as address:
        yield f"{address}/", posted_data


def create_key(repo: Repo) -> None:
    subprocess.run(
        [sys.executable, "-c", "import patatt; patatt.command()", "genkey"],
        cwd=repo.path,
        capture_output=True,
        check=False,
    )
    from patatt import get_data_dir

    key = next((Path(get_data_dir()) / "private").glob("*.key")).stem
    repo.git("config --global patatt.signingkey", f"ed25519:{key}")


@pytest.mark.parametrize(
    ("answer", "state", "mail"),
    [
        ('{"result": "success"}', "sent", "accepted"),
        ('{"result": "error", "message": "no"}', "failed", "rejected"),
        ("<html>log in first", "partial", "unknown"),
        (
            "<html>CRITICAL: upstream: Connection refused; Error from endpoint",
            "partial",
            "unknown",
        ),
        ('{"result": "queued"}', "partial", "unknown"),
    ],
)
def test_web_endpoint_gets_the_whole_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, state: str, mail: str
) -> None:
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    repo = topic(tmp_path / "r", 1)
    create_key(repo)
    with serve_endpoint(answer) as (url, posted):
        repo.git("config --global b4.send-endpoint-web", url)
        output = repo.patchpilot("send --via b4 --to l@lists.example.org --force x --dry-run")
        assert "web endpoint" in output.out
        assert "signed by patatt" in output.out
        assert posted == []
        outcome = send_topic(repo, "--yes")
    document = outcome.json
    assert (document["state"], document["messages"][0]["state"]) == (state, mail)
    (request,) = posted
    text = request["messages"][0]
    assert "X-Developer-Signature" in text
    if state == "sent":
        assert find_first_message_id(outcome) in text


def test_tree_python_is_not_run(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        for name in ("b4", "patchpilot", "email"):
            repo.put(
                f"{name}/__init__.py",
                f"open({str(tmp_path / 'ran')!r}, 'a').write({name!r})\n",
            )
        assert send_topic(repo, "--dry-run").code == 0
        assert repo.patchpilot("setup hooks").code == 0
        repo.git(
            "commit -q --allow-empty -s -m",
            "widget: wait for the link\n\nIt comes late, and then nobody looks.",
        )
    assert not (tmp_path / "ran").exists()
