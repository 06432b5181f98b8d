# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot send` on a terminal and in scripts."""

import os
import shlex
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from patchpilot.model.mail import join_mbox, parse_mail
from patchpilot.outgoing.sender_lock import lock_topic_while_sending
from tests.kit.cli import Outcome, call
from tests.kit.repos import Repo
from tests.kit.smtp import Faults, FaultySink
from tests.kit.topics import SIGNED, topic, unpacked

LIST = "Widgets <widgets@lists.example.org>"


def send_topic(repo: Repo, line: str = "", *arguments: object) -> Outcome:
    return repo.patchpilot(f"send --force 'a test' --to '{LIST}' {line}", *arguments)


def test_dry_run_shows_everything(tmp_path: Path) -> None:
    with FaultySink() as server:
        outcome = send_topic(topic(tmp_path / "r", 2, server=server), "--dry-run")
        assert server.take() == ()
    assert outcome.code == 0
    for text in (
        "Subject: [PATCH 1/2] widget: change line 1",
        "message-id: <",
        "added: --to",
        "127.0.0.1:",
        "git-send-email",
        "int changed2;",
    ):
        # newer versions of git write Message-ID
        assert text.lower() in outcome.out.lower()


def read_files(*folders: Path) -> dict[Path, bytes]:
    """Return the content of all files below these folders."""
    return {
        file: file.read_bytes()
        for folder in folders
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("is_used", [False, True])
def test_dry_run_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_used: bool
) -> None:
    state = tmp_path / "state"
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        arguments = ["--security", "no", "--cover-letter"]
        if is_used:
            assert send_topic(repo, "--yes").code == 0
            arguments = ["--reroll", "--security", "yes"]
        before = read_files(tmp_path / "r", state)
        for extra in ((), ("--format", "json"), *([("--resume",)] if is_used else [])):
            chosen = ["--resume"] if "--resume" in extra else [*arguments, *extra]
            assert send_topic(repo, "--dry-run", *chosen).code == 0
        assert read_files(tmp_path / "r", state) == before


def test_sending_without_a_terminal_needs_yes(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo).code == 1
        assert server.take() == ()
        outcome = send_topic(repo, "--yes --format json")
        assert (outcome.code, len(server.take())) == (0, 1)
    document = outcome.json
    assert (document["schema"], document["state"]) == ("patchpilot/send/1", "sent")
    message = document["messages"][0]
    assert message["state"] == "accepted"
    assert message["message_id"].encode() in server.take()[0].data
    assert message["to"] == [LIST]


def test_reason_for_forced_send_is_recorded(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.commit("fixup! widget: change line 1\n\nNo sign-off.", {"widget.c": "gone\n"})
        outcome = repo.patchpilot("send --to someone@example.org --yes --format json")
        assert outcome.code == 1
        assert outcome.json["state"] == "refused"
        assert {"fixup", "no-signoff", "no-list"} <= {
            refusal["name"] for refusal in outcome.json["refusals"]
        }
        assert server.take() == ()
        assert send_topic(repo, "--yes").code == 0
    assert "forced: a test" in repo.patchpilot("draft").out


def test_identical_version_is_not_sent_twice(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 0
        second_outcome = repo.patchpilot("send --yes --format json --to", LIST)
        assert (second_outcome.code, len(server.take())) == (1, 1)
        assert "already-sent" in {refusal["name"] for refusal in second_outcome.json["refusals"]}
        assert send_topic(repo, "--resume --yes").code == 0
        repo.commit(
            "widget: more\n\nMore.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"more.c": "int m;\n"},
        )
        second_outcome = repo.patchpilot("send --yes --format json --to", LIST)
        assert "version-sent" in {refusal["name"] for refusal in second_outcome.json["refusals"]}
        assert len(server.take()) == 1


def test_unchanged_reroll_has_a_hint(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 0
        repo.patchpilot("draft --changelog ''")
        second_outcome = repo.patchpilot("send --reroll --dry-run --format json --to", LIST)
        blockers = {refusal["name"]: refusal["hint"] for refusal in second_outcome.json["refusals"]}
        assert "--reroll" not in blockers["already-sent"]
        assert "--resend" in blockers["already-sent"]
        assert "patchpilot draft --changelog" in blockers["already-sent"]
        repo.patchpilot("draft --changelog '- the description says why'")
        document = repo.patchpilot("send --reroll --dry-run --format json --to", LIST).json
        assert not {"already-sent", "no-changelog"} & {
            word["name"] for word in document["refusals"]
        }
        assert len(server.take()) == 1


@pytest.mark.parametrize(
    ("change", "name", "message"),
    [
        ("true", "same-commits", "v2 has the same commits as v1: only the changelog differs"),
        (
            "git commit -q --amend --no-edit --reset-author --date=2020-01-01",
            "same-diffs",
            "v2 has the same diffs and messages as v1",
        ),
        pytest.param(
            "git commit -q --amend --no-edit --trailer 'Acked-by: A <a@b.org>'",
            "only-tags",
            "v2 differs from v1 only in tags",
            marks=pytest.mark.long,
        ),
        pytest.param(
            "patchpilot draft --subject-prefix 'PATCH net'", "", "", marks=pytest.mark.long
        ),
        pytest.param(
            "git commit -q --amend -m 'widget: change' -m Because -s",
            "",
            "",
            marks=pytest.mark.long,
        ),
    ],
)
def test_new_version_states_what_differs(
    change: str, name: str, message: str, tmp_path: Path
) -> None:
    names = {"same-commits", "same-diffs", "only-tags"}
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--yes").code == 0
        program, _, arguments = change.partition(" ")
        if program != "true":
            (repo.git if program == "git" else repo.patchpilot)(arguments)
        repo.patchpilot("draft --changelog '- say why'")
        outcome = repo.patchpilot("send --reroll --dry-run --format json --to", LIST)
        problems = {
            problem["name"]: problem["message"]
            for key in ("refusals", "warnings")
            for problem in outcome.json[key]
            if problem["name"] in names
        }
        assert problems == ({name: message} if name else {})
        blocked = {problem["name"] for problem in outcome.json["refusals"]}
        assert ("same-commits" in blocked) == (name == "same-commits")


def find_warnings(repo: Repo, arguments: str) -> dict[str, tuple[str, str]]:
    document = repo.patchpilot(f"send --dry-run --format json --to '{LIST}'", *arguments.split())
    return {row["name"]: (row["message"], row["hint"]) for row in document.json["warnings"]}


def test_uncommitted_edits_of_sent_files_are_named(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    (repo.path / "Kconfig").write_text("menu\nconfig\n")
    assert "uncommitted" not in find_warnings(repo, "")
    with (repo.path / "widget.c").open("a") as file:
        file.write("int forgotten;\n")
    head = repo.git("rev-parse --short=12 HEAD").strip()
    message = "changes in widget.c are not committed, and are not sent"
    assert find_warnings(repo, "")["uncommitted"] == (
        message,
        "git commit --amend widget.c",
    )
    # the second commit does not change this file
    (repo.path / "gadget.c").write_text("int g;\n")
    repo.git("add gadget.c")
    repo.git("commit -q -m", "gadget: wait\n\nIt was late.", "gadget.c")
    assert find_warnings(repo, "")["uncommitted"] == (
        message,
        f"git commit --fixup={head} widget.c, then git rebase -i --autosquash {head}^",
    )
    # the edits are on top of the branch, not of another one
    other = repo.git("commit-tree HEAD^^{tree} -p master -m", "widget: change another line").strip()
    assert "uncommitted" not in find_warnings(repo, f"master..{other}")
    repo.git("commit -q --amend --no-edit widget.c")
    assert "uncommitted" not in find_warnings(repo, "")


def test_new_source_file_that_was_not_added_is_named(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    (repo.path / ".gitignore").write_text("*.mod.c\n")
    for name in ("notes.txt", "widget.mod.c", "other/a.c", "widget.rej"):
        (repo.path / name).parent.mkdir(exist_ok=True)
        (repo.path / name).write_text("text\n")
    assert "untracked" not in find_warnings(repo, "")
    (repo.path / "gadget.c").write_text("int g;\n")
    assert find_warnings(repo, "")["untracked"] == (
        "gadget.c is not in git, and not sent",
        "git add gadget.c, then git commit --amend",
    )
    head = repo.git("rev-parse HEAD")[:12]
    repo.put("doc/a.txt", "text\n")
    repo.git("add doc")
    repo.git("commit -q -m", f"doc: add a page\n\nIt is new.\n\n{SIGNED}")
    assert find_warnings(repo, "")["untracked"] == (
        "gadget.c is not in git, and not sent",
        f"git add gadget.c, then git commit --fixup={head}, then git rebase -i --autosquash"
        f" {head}^",
    )
    # the Makefile of the topic names a new folder
    repo.commit(
        f"widget: build more\n\nIt is new.\n\n{SIGNED}", {"lib/Makefile": "obj-y += new/\n"}
    )
    (repo.path / "lib/new").mkdir()
    (repo.path / "lib/new/x.c").write_text("int x;\n")
    (repo.path / "lib/new.c").write_text("int y;\n")
    assert find_warnings(repo, "")["untracked"] == (
        "lib/new.c and 1 more file are not in git, and not sent",
        "git add lib/new.c lib/new/x.c, then git commit --amend",
    )


def test_outbox_directory_sends_nothing(
    tmp_path: Path,
) -> None:
    output_folder = tmp_path / "not" / "yet"
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        for _ in range(2):
            assert send_topic(repo, "--outbox", output_folder).code == 0
        assert server.take() == ()
    files = sorted(output_folder.iterdir())
    assert [file.name for file in files] == ["0001.eml", "0002.eml"]
    assert b"X-Mailer: git-send-email" in files[0].read_bytes()
    (output_folder / "0007.eml").write_text("another's")
    send_topic(repo, "--outbox", output_folder).expect(2, "0007.eml")
    send_topic(repo, "--outbox", repo.path / "widget.c" / "x").expect(2, "directory")


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_to_self_is_not_a_revision(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert send_topic(repo, "--to-self --yes --via", via).code == 0
        (mail,) = server.take()
        assert mail.recipients == ("ada@example.org",)
        assert b"widgets@lists.example.org" in mail.data
        assert "sent:" not in repo.patchpilot("draft").out
        assert send_topic(repo, "--yes --via", via).code == 0
        test, real = (unpacked(received) for received in server.take())
    sent = parse_mail(real).message_id
    for name, mails in (("both", (test, real)), ("again", (real, test))):
        (tmp_path / name).write_bytes(join_mbox(mails))
        (series,) = call("track add --format json --mbox", tmp_path / name).json["series"]
        assert [series_["message_id"] for series_ in series["revisions"]] == [sent]


def test_resend_is_marked(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        assert repo.patchpilot("draft --ping").code == 2
        assert send_topic(repo, "--yes").code == 0
        assert send_topic(repo, "--yes --resend").code == 0
        first_mail, second_mail = server.take()
    assert b"Subject: [PATCH RESEND] widget" in second_mail.data
    # a resend has the same body as the first send
    assert second_mail.data.partition(b"\r\n\r\n")[2] == first_mail.data.partition(b"\r\n\r\n")[2]
    early = repo.patchpilot("draft --ping")
    early.expect(1, "the reminder was not printed, because it is not due")
    assert "a reminder is due on" in early.err
    assert early.out == ""
    command = early.err.rpartition("`patchpilot ")[2].partition("`")[0]
    assert command, early.err
    assert command.endswith(" --template ping --force REASON")
    words = [*shlex.split(command), "--dry-run", "--format", "json"]
    reminder = repo.patchpilot(*words).json
    assert reminder["state"] == "planned"
    assert "https://lore.kernel.org/all/" in reminder["text"]
    # the series is not tracked, so that it is not known whether there are replies
    assert "answer" not in reminder["text"]
    (repo.path / "widget.c").write_text("int other;\n")
    repo.git("commit -q --amend -a --no-edit")
    changed_refusals = send_topic(repo, "--dry-run --resend --format json").json["refusals"]
    assert [warning["name"] for warning in changed_refusals if "a resend" in warning["message"]]


def test_outdated_plan_is_refused(tmp_path: Path) -> None:
    from patchpilot.commits.repository import Repository
    from patchpilot.errors import RefusedError
    from patchpilot.model.send_request import SendRequest
    from patchpilot.sending.mails import deliver_mails
    from patchpilot.sending.plan import plan_sending

    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        with Repository.open(repo.path) as repository:
            request = SendRequest(to=(LIST,), force="x")
            sending, other = (
                plan_sending(repository, request),
                plan_sending(repository, request),
            )
            assert deliver_mails(repository, sending).state == "sent"
            with pytest.raises(RefusedError, match="since the preview"):
                deliver_mails(repository, other)
        assert len(server.take()) == 1


def test_second_sender_is_refused(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        change_id = send_topic(repo, "--format json").json["change_id"]
        with lock_topic_while_sending(change_id):
            outcome = send_topic(repo, "--yes")
        outcome.expect(1, "is already sending this topic")
        assert server.take() == ()


def test_control_c_stops_between_messages(tmp_path: Path) -> None:
    pressed = threading.Event()
    with FaultySink(Faults()) as server:
        repo = topic(tmp_path / "r", 3, server=server)
        argv = [
            sys.executable,
            "-m",
            "patchpilot",
            "-C",
            str(repo.path),
            "send",
            "--to",
            LIST,
            "--force",
            "x",
            "--yes",
        ]
        process: list[subprocess.Popen[bytes]] = []

        def press_ctrl_c(number: int) -> None:
            if number == 2:
                pressed.set()
                os.kill(process[0].pid, signal.SIGINT)

        server.faults.on_mail = press_ctrl_c
        process.append(
            subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        _, error_output = process[0].communicate(timeout=60)
        assert pressed.is_set()
        assert process[0].returncode == 130, error_output
        assert len(server.take()) == 2
        assert send_topic(repo, "--resume --yes").code == 0
        assert len(server.take()) == 3


def test_unconfigured_machine_gets_hints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = topic(tmp_path / "r", 1)
    (Path(os.environ["HOME"]) / ".gitconfig").write_text("")
    outcome = send_topic(repo, "--yes")
    outcome.expect(3, "user.email")
    repo.git("config user.name 'Ada Fixer'")
    repo.git("config user.email ada@example.org")
    monkeypatch.setattr("patchpilot.outgoing.mail_account.LOCAL_PROGRAMS", ())
    outcome = send_topic(repo, "--yes")
    outcome.expect(3, "patchpilot setup mail")


def test_missing_password_is_explained(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.smtpuser ada")
        outcome = send_topic(repo, "--yes")
        outcome.expect(1, "no password for ada")
        assert server.take() == ()


def test_hint_drops_a_rejected_recipient(
    tmp_path: Path,
) -> None:
    with FaultySink(Faults(reject=frozenset({"gone@example.org"}))) as server:
        repo = topic(tmp_path / "r", 2, server=server)
        outcome = send_topic(repo, "--cc gone@example.org --yes --format json")
        document = outcome.json
        assert (outcome.code, document["state"], server.take()) == (4, "failed", ())
        assert "550 no such user" in document["messages"][0]["detail"]
        assert "--drop gone@example.org" in document["advice"][0]
        assert send_topic(repo, "--yes").code == 0
        assert len(server.take()) == 2


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_rejected_recipient_is_skipped(tmp_path: Path, via: str) -> None:
    gone = "gone@example.org"
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.patchpilot("draft --cover-subject 'widget: mend' --cover 'All were wrong.'")

        def reject_recipient(number: int) -> None:
            server.faults.reject = frozenset({gone}) if number > 1 else frozenset()

        server.faults.on_mail = reject_recipient
        arguments = ("--via", via, "--format", "json", "--yes")
        reported = send_topic(
            repo,
            "--cc",
            '"Bob, Gone" <gone@example.org>',
            "--cc",
            '"Ünï, x" <u@example.org>',
            *arguments,
        ).json
        assert [message["state"] for message in reported["messages"]][:2] == [
            "accepted",
            "rejected",
        ]
        assert f"--resume --drop {gone}" in reported["advice"][0]
        assert send_topic(repo, "--resume --drop who@example.org", *arguments).code == 2
        outcome = send_topic(repo, "--resume --drop", gone, *arguments)
        assert (outcome.code, outcome.json["state"]) == (0, "sent"), outcome.err
        mails = server.take()
    assert [sorted(mail.recipients) for mail in mails] == [
        [gone, "u@example.org", "widgets@lists.example.org"],
        *([["u@example.org", "widgets@lists.example.org"]] * 2),
    ]
    headers = [mail.data.partition(b"\r\n\r\n")[0] for mail in mails]
    assert [gone.encode() in header for header in headers] == [True, False, False]
    assert [str(address) for address in outcome.json["messages"][1]["cc"]] == [
        '"Ünï, x" <u@example.org>'
    ]
    assert f"dropped: {gone}" in repo.patchpilot("draft").out


def test_drop_needs_a_resumed_send(tmp_path: Path) -> None:
    outcome = send_topic(topic(tmp_path / "r", 1), "--drop x@example.org --dry-run")
    outcome.expect(2, "--resume")


def test_unreachable_server_leaves_everything_pending(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
    outcome = send_topic(repo, "--yes --format json")
    assert outcome.code == 4
    assert [message["state"] for message in outcome.json["messages"]] == [
        "pending",
        "pending",
    ]


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_self_test_needs_no_recipients(tmp_path: Path, via: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.commit("fixup! widget: change line 1\n\nNot ready.", {"widget.c": "gone\n"})
        repo.patchpilot("draft --cover-subject 'widget: mend' --cover 'All were wrong.'")
        outcome = repo.patchpilot("send --to-self --yes --via", via)
        assert outcome.code == 0, outcome.err
        assert "to yourself only" in outcome.out
        assert "blocks a real send: fixup!" in outcome.out
        assert {received.recipients for received in server.take()} == {("ada@example.org",)}


def test_missing_b4_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib import util

    known = util.find_spec
    monkeypatch.setattr(
        util,
        "find_spec",
        lambda name, *more: None if name == "b4" else known(name, *more),
    )
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    before = repo.git("config --local --list")
    outcome = send_topic(repo, "--via b4 --dry-run")
    outcome.expect(3, "b4 is not installed", "pip install")
    assert repo.git("config --local --list") == before


def test_too_many_recipients_stop_a_send(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    crowd = ", ".join(f"p{number}@example.org" for number in range(201))
    arguments = (
        "send",
        "-C",
        repo.path,
        "--no-auto",
        "--to",
        crowd,
        "--outbox",
        tmp_path / "out",
    )
    outcome = call(*arguments)
    outcome.expect(1, "201 recipients, more than 200", "--force REASON")
    assert not (tmp_path / "out").exists()
    assert call(*arguments, "--force", "a change of the whole tree").code == 0
