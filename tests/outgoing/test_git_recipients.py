# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the plan includes the recipients in sendemail.* and b4.*.

These settings are disabled when messages are created.
"""

import os
import subprocess
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.model.address import Address
from patchpilot.outgoing.git_recipients import (
    expand_aliases,
    read_aliases,
)
from patchpilot.outgoing.mail_account import read_account
from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.topics import SIGNED, topic

_COMMANDS = ("tocmd", "cccmd")
SUPPRESSED = ("all", "body", "author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd")


def test_configured_recipients_are_added_once(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1, author="Other <other@example.org>")
    for name, value in (
        ("smtpserver", "127.0.0.1"),
        ("to", "List <list@lists.example.org>"),
        ("cc", "boss"),
        ("bcc", "archive@example.org"),
        ("cccmd", "echo 'Owner <owner@example.org>' #"),
        ("aliasesfile", str(tmp_path / "aliases")),
        ("aliasfiletype", "mutt"),
    ):
        repo.git("config --global", f"sendemail.{name}", value)
    (tmp_path / "aliases").write_text("alias boss The Boss <boss@example.org>\n")
    outcome = repo.patchpilot("send --dry-run --format json --force x")
    document = outcome.json
    reasons = {recipient["email"]: recipient["reasons"] for recipient in document["recipients"]}
    assert reasons == {
        "other@example.org": ["author of the patch"],
        "list@lists.example.org": ["sendemail.to"],
        "boss@example.org": ["sendemail.cc"],
        "owner@example.org": ["sendemail.ccCmd"],
    }
    assert document["bcc"] == ["archive@example.org"]
    message = document["messages"][0]
    assert (message["to"], message["cc"]) == (
        ["List <list@lists.example.org>"],
        [
            "Other <other@example.org>",
            "The Boss <boss@example.org>",
            "Owner <owner@example.org>",
        ],
    )


def test_manual_recipients_are_complete(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.git("config --global sendemail.cc boss@example.org")
    outcome = repo.patchpilot(
        "send --dry-run --format json --no-auto --to x@lists.example.org --force x"
    )
    assert [recipient["email"] for recipient in outcome.json["recipients"]] == [
        "x@lists.example.org"
    ]


def _write_command(folder: Path, text: str) -> str:
    """Write a program that logs the name of its file, and return its path."""
    command = folder / "command"
    command.write_text(f'#!/bin/sh\nbasename "$1" >>{folder}/log\n{text}\n')
    command.chmod(0o755)
    return str(command)


@pytest.mark.parametrize(
    "setting", ["headercmd", *(pytest.param(name, marks=pytest.mark.long) for name in _COMMANDS)]
)
def test_commands_run_once_for_each_message_with_the_names_of_git(
    tmp_path: Path, setting: str
) -> None:
    repo = topic(tmp_path / "r", 2)
    printed = "echo Cc: new@example.org" if setting == "headercmd" else "echo new@example.org"
    command = _write_command(tmp_path, f'case "$1" in */0002-*) {printed};; esac')
    repo.git(f"config --global sendemail.{setting}", command)
    repo.patchpilot("draft --cover-subject S --cover T")
    outcome = repo.patchpilot(
        "send --security no --regression no --to l@lists.example.org --dry-run --format json"
    )
    names = subprocess.run(
        ["git", "format-patch", "-q", "--cover-letter", "-o", tmp_path / "p", "master"],
        cwd=repo.path,
        check=True,
    ) and sorted(file.name for file in (tmp_path / "p").iterdir())
    assert sorted((tmp_path / "log").read_text().split()) == names
    receives = ["new@example.org" in str(mail) for mail in outcome.json["messages"]]
    assert receives == [True, False, True]


@pytest.mark.parametrize(
    "setting", ["headercmd", *(pytest.param(name, marks=pytest.mark.long) for name in _COMMANDS)]
)
def test_failing_command_stops_before_the_first_message(tmp_path: Path, setting: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)
        repo.git(f"config --global sendemail.{setting}", _write_command(tmp_path, "exit 3"))
        outcome = repo.patchpilot("send --to l@lists.example.org --force x --yes")
        outcome.expect(1, "exit code 3")
        assert not server.take()


def test_header_command_adds_headers_to_its_message(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 2)
    command = _write_command(tmp_path, 'case "$1" in *0001-*) echo "X-Own: yes";; esac')
    repo.git("config --global sendemail.headercmd", command)
    out = tmp_path / "out"
    repo.patchpilot("send --to l@lists.example.org --force x --outbox", out)
    assert ["X-Own: yes" in file.read_text() for file in sorted(out.iterdir())] == [True, False]


@pytest.mark.parametrize(
    "kind", ["all", *(pytest.param(kind, marks=pytest.mark.long) for kind in SUPPRESSED[1:])]
)
def test_suppressed_kinds_keep_the_maintainer(tmp_path: Path, kind: str) -> None:
    """Test each value of sendemail.suppresscc with a maintainer, a Cc: tag and a list."""
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 0, server=server)
        repo.commit(
            "widget: one\n\nText.\n\nCc: tagged@example.org\n" + SIGNED,
            {
                "widget.c": "int x;\n",
                "MAINTAINERS": "List\n\nMaintainers List\n----------------\n\nWIDGET\n"
                "M:\tMia <mia@example.org>\nR:\tRev <rev@example.org>\n"
                "L:\twidgets@lists.example.org\nS:\tMaintained\nF:\t*\n",
            },
        )
        repo.git("config --global sendemail.suppresscc", kind)
        assert repo.patchpilot("send --force x --yes").code == 0
        (mail,) = server.take()
    planned = {"mia@example.org", "rev@example.org", "widgets@lists.example.org"}
    assert planned <= set(mail.recipients)
    assert ("tagged@example.org" in mail.recipients) == (kind not in ("all", "body", "bodycc"))


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        (
            "mutt",
            "alias -group k me My Name <me@example.org> # note\n",
            {"me": ("My Name <me@example.org>",)},
        ),
        (
            "mailrc",
            'alias us "a@example.org b@example.org"\n',
            {"us": ("a@example.org", "b@example.org")},
        ),
        ("pine", "bob\tBob\tbob@example.org\n", {"bob": ("bob@example.org",)}),
        ("elm", "bob = Bob = bob@example.org\n", {"bob": ("bob@example.org",)}),
        (
            "sendmail",
            "# c\nall: a@example.org,\n  b@example.org\n",
            {"all": ("a@example.org", "b@example.org")},
        ),
        (
            "mailrc",
            'alias team nfs "Al Viro <al@example.org>"\n',
            {"team": ("nfs", "Al Viro <al@example.org>")},
        ),
        (
            "pine",
            "list\tA list\t(a@example.org,\n b@example.org)\n",
            {"list": ("a@example.org", "b@example.org")},
        ),
        ("sendmail", "broken: |program\nok: a@example.org\n", {"ok": ("a@example.org",)}),
        ("gnus", "(define-mail-alias)", {}),
        ("gnus", '(define-mail-alias "bob" "bob@example.org")\n', {"bob": ("bob@example.org",)}),
    ],
)
def test_alias_files_are_read(
    tmp_path: Path, kind: str, text: str, wanted: dict[str, tuple[str, ...]]
) -> None:
    repo = topic(tmp_path / "r", 0)
    (tmp_path / "aliases").write_text(text)
    repo.git("config --global sendemail.aliasesfile", str(tmp_path / "aliases"))
    repo.git("config --global sendemail.aliasfiletype", kind)
    with Repository.open(repo.path) as repository:
        assert read_aliases(repository) == wanted
    known_to_git = subprocess.run(
        ["git", "send-email", "--dump-aliases"], cwd=repo.path, capture_output=True, check=True
    )
    assert known_to_git.stdout.decode().split() == sorted(wanted)


def test_repository_aliases_require_trust(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.put(".al", "alias boss <boss@example.org>\n")
    repo.git("config --global sendemail.aliasfiletype mutt")
    arguments = ("send", "-C", repo.path, "--to", "boss", "--force", "x", "--dry-run")
    repo.git("config sendemail.aliasesfile", str(repo.path / ".al"))
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    outcome = call(*arguments)
    outcome.expect(1, "not trusted yet: sendemail.aliasesfile")
    assert call("trust", repo.path).code == 0
    assert "boss@example.org" in call(*arguments).out
    repo.put(".al", "alias boss <eve@evil.example>\n")
    outcome = call(*arguments)
    outcome.expect(1, "changed since you trusted them")


def test_alias_fifo_does_not_block(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 1)
    os.mkfifo(tmp_path / "aliases")
    repo.git("config --global sendemail.aliasesfile", str(tmp_path / "aliases"))
    repo.git("config --global sendemail.aliasfiletype mutt")
    with Repository.open(repo.path) as repository:
        assert read_aliases(repository) == {}


def test_alias_depth_is_limited() -> None:
    aliases = {"a": ("b", "A <a@example.org>"), "b": ("a",)}
    assert Address("A", "a@example.org") in expand_aliases("a", aliases, "--to")
    assert expand_aliases('"Doe, J." <j@example.org>, k@example.org', {}, "--to") == (
        Address("Doe, J.", "j@example.org"),
        Address("", "k@example.org"),
    )


def test_identity_has_its_own_server(tmp_path: Path) -> None:
    repo = topic(tmp_path / "r", 0)
    repo.git("config --global sendemail.smtpserver a.example.org")
    repo.git("config --global sendemail.work.smtpserver b.example.org")
    repo.git("config --global sendemail.work.smtppass s3cret")
    repo.git("config --global sendemail.work.smtpuser me")
    with Repository.open(repo.path) as repository:
        assert read_account(repository).server == "a.example.org"
        work = read_account(repository, "work")
        assert (
            work.server,
            "smtpPass" in work.password_from,
            "s3cret" in repr(work),
        ) == (
            "b.example.org",
            True,
            False,
        )
        repo.git("config --global sendemail.identity work")
        assert read_account(repository).server == "b.example.org"


def test_git_options_in_the_environment_are_respected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.git("config --global sendemail.work.from 'Ada at Work <ada@work.example>'")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_DIR", str(repo.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(repo.path))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'sendemail.identity'='work'")
    command = "send --dry-run --to l@lists.example.org --force x --format json"
    document = call(*command.split(), "-o", "-").json
    assert document["sender"] == "Ada at Work <ada@work.example>"
    outcome = call(*command.split(), "--identity", "homework")
    outcome.expect(2, "unknown sendemail identity 'homework'")
    assert "did you mean 'work'?" in outcome.err
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'format.headers'='Bcc: x@example.org'")
    call(*command.split()).expect(2, "format.headers: 'Bcc: x@example.org' cannot be")
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path))
    call(*command.split()).expect(2, f"GIT_WORK_TREE is {tmp_path}, but the working tree")


def test_trusted_repository_settings_are_used(
    tmp_path: Path,
) -> None:
    repo = topic(tmp_path / "r", 1)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.git("config format.subjectPrefix 'PATCH net'")
    repo.git("config format.cc 'Cyd <cyd@example.net>'")
    command = "send --dry-run --to l@lists.example.org --force x --format json"
    assert "not trusted yet: format.cc" in repo.patchpilot(command).err
    assert call("trust", repo.path).code == 0
    (mail,) = repo.patchpilot(command).json["messages"]
    assert mail["subject"].startswith("[PATCH net] ")
    assert mail["cc"] == ["Cyd <cyd@example.net>"]


@pytest.mark.parametrize("via", ["git-send-email", "b4"])
def test_stacked_topic_lists_prerequisites(tmp_path: Path, via: str) -> None:
    repo = topic(tmp_path / "r", 2)
    repo.git("config --global sendemail.smtpserver 127.0.0.1")
    repo.git("update-ref refs/remotes/origin/master master")
    repo.git("branch below topic~1")
    repo.git("branch -q -u below topic")
    words = f"send --dry-run --to l@lists.example.org --force x --via {via} --format json"
    document = repo.patchpilot(words).json
    (needs,) = [warning for warning in document["warnings"] if warning["name"] == "prerequisites"]
    assert "needs 1 commit that no remote branch has" in needs["message"]
    assert not [refusal for refusal in document["refusals"] if "apply" in refusal["message"]]
    assert document["base"] == repo.git("rev-parse below")
    output = repo.patchpilot(words.replace(" --format json", "")).out
    assert f"base-commit: {repo.git('rev-parse master')}" in output
    assert "prerequisite-patch-id: " in output
