# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no transport turns text in a commit into a header.

Invalid text is not reported as a network error.
"""

import os
import subprocess
from pathlib import Path

import pytest

from patchpilot.errors import InputError, RefusedError
from patchpilot.model.message import parse_message
from patchpilot.outgoing.header_guard import (
    refuse_other_recipients,
    refuse_unsafe_headers,
)
from patchpilot.outgoing.send_email.git_send_email import split_arguments
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import SIGNED, topic

EVE = "\rBcc: eve@evil.example"
TRANSPORTS = pytest.mark.parametrize("via", ["git-send-email", "b4"])


def create_commit(repo: Repo, subject: str, author: str) -> None:
    """Create a commit with any subject and author. git accepts carriage returns in them."""
    (repo.path / "widget.c").write_text("int y;\n")
    repo.git("add -A")
    result = subprocess.run(
        [
            "git",
            "-C",
            str(repo.path),
            "commit-tree",
            "-p",
            "HEAD",
            repo.git("write-tree"),
        ],
        input=f"{subject}\n\nWas wrong.\n\n{SIGNED}\n".encode(),
        env=os.environ | {"GIT_AUTHOR_NAME": author},
        capture_output=True,
        check=True,
    )
    repo.git("reset -q --hard", result.stdout.decode().strip())


@TRANSPORTS
@pytest.mark.parametrize(
    ("subject", "author"),
    [(f"widget: change it{EVE}", "Ada"), ("widget: change it", f"Ada{EVE}")],
)
def test_force_does_not_allow_a_carriage_return(
    tmp_path: Path, via: str, subject: str, author: str
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 0, server=server)
        create_commit(repo, subject, author)
        arguments = (
            "send",
            "-C",
            repo.path,
            "--via",
            via,
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
        )
        for more in (("--yes",), ("--dry-run",), ("--outbox", tmp_path / "o")):
            outcome = call(*arguments, *more)
            outcome.expect(2, "carriage return", repo.git("rev-parse --short=12 HEAD"))
        assert not server.take()
        assert not list((tmp_path / "o").glob("*"))


@pytest.mark.parametrize(
    "head",
    [
        b"From: a@x\nSubject: s\nBcc: e@x",
        b"From: a@x\nSubject: s\nresent-To: e@x",
        b"From: a@x\nSubject: s\rBcc: e@x",
        b"From: a@x\nSubject: s\0",
        b"From: a@x\nTo: b@x\nSubject: s\nTo: e@x",
        b"From: a@x\nSubject: s\nno header",
    ],
)
def test_message_with_unexpected_headers_is_refused(head: bytes) -> None:
    good = b"From: a@x\nTo: b@x\nSubject: s\n and more\nX-Own: y\n\nBcc: text\rhere\n"
    refuse_unsafe_headers([parse_message(good, "a@x", ("b@x",))])
    with pytest.raises(InputError):
        refuse_unsafe_headers([parse_message(head + b"\n\ntext\n", "a@x", ())])


@pytest.mark.parametrize(
    ("sender", "recipients"),
    [("a@x", ("b@x", "-X/tmp/log@x")), ("-X/tmp/log@x", ("b@x",))],
)
def test_option_in_an_envelope_is_refused(sender: str, recipients: tuple[str, ...]) -> None:
    with pytest.raises(
        InputError, match="'-X/tmp/log@x' cannot be a recipient: it begins with '-'"
    ):
        refuse_unsafe_headers(
            [parse_message(b"From: a@x\nTo: b@x\nSubject: s\n\ntext\n", sender, recipients)]
        )


@pytest.mark.parametrize(
    ("planned", "sent_to", "message"),
    [
        (("a@example.org",), ("A@example.org",), ""),
        (("a@example.org", "me@example.org"), ("a@example.org",), ""),
        (("a@example.org",), ("a@example.org", "me@example.org"), ""),
        (
            ("a@example.org",),
            ("a@example.org", "eve@example.net"),
            "adds eve@example.net",
        ),
        (("a@example.org",), ("eve@example.net",), "adds eve@example.net"),
        (("a@example.org", "b@example.org"), ("a@example.org",), "omits b@example.org"),
    ],
)
def test_envelope_matches_the_plan(
    planned: tuple[str, ...], sent_to: tuple[str, ...], message: str
) -> None:
    mail = parse_message(b"From: Me <me@example.org>\nSubject: x\n\nx\n", "me@example.org", sent_to)
    if not message:
        refuse_other_recipients(mail, planned, "git send-email")
        return
    with pytest.raises(RefusedError, match=message):
        refuse_other_recipients(mail, planned, "git send-email")


def test_recipient_that_looks_like_option_is_parsed() -> None:
    assert split_arguments(("-i", "a@x", "-X/tmp/log@x")) == (
        "",
        ("a@x", "-X/tmp/log@x"),
    )
    assert split_arguments(("--ours", "-f", "me@x", "-i", "-f", "-i"), 1) == (
        "me@x",
        ("-f", "-i"),
    )


def test_undecodable_patch_names_its_commit(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 0, server=server)
        (repo.path / "widget.c").write_bytes(b"int widget; /* gr\xf6\xdfer */\n")
        repo.git("commit -qam", f"widget: bytes\n\nWas wrong.\n\n{SIGNED}")
        arguments = (
            "send",
            "-C",
            repo.path,
            "--to",
            "l@lists.example.org",
            "--force",
            "x",
            "--yes",
            "--via",
        )
        outcome = call(*arguments, "b4")
        outcome.expect(2, repo.git("rev-parse --short=12 HEAD"), "--via git-send-email")
        assert call(*arguments, "git-send-email").code == 0
        assert len(server.take()) == 1


def test_header_command_cannot_add_a_blind_copy(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.headerCmd 'echo Bcc: eve@evil.example'")
        outcome = repo.patchpilot("send --to l@lists.example.org --force x --yes")
        outcome.expect(2, "sendemail.headerCmd: Bcc:")
        assert not server.take()


def test_unknown_value_of_suppresscc_is_a_usage_error(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.suppresscc nonsense")
        outcome = repo.patchpilot("send --to l@lists.example.org --force x --yes")
        outcome.expect(2, "nonsense")
