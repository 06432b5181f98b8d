# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that settings change an envelope and a message as they do with the installed git.

git send-email and `send` hand the same commit to the same program, with and without a setting.
"""

import email
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.kit.repos import Repo
from tests.kit.topics import SIGNED, topic

HEADERS = ("From", "Reply-To", "X-New", "Organization", "Content-Transfer-Encoding", "X-Mailer")
LIST, SENDER = "l@lists.example.org", "ada@example.org"
CASES: dict[str, tuple[tuple[str, str], ...]] = {
    "sendemail.identity": (
        ("sendemail.identity", "work"),
        ("sendemail.work.cc", "work@example.org"),
        ("sendemail.cc", "home@example.org"),
    ),
    "sendemail.from": (("sendemail.from", "Me <me@example.org>"),),
    "sendemail.envelopesender": (("sendemail.envelopesender", "bounces@example.org"),),
    "sendemail.envelopesender auto": (("sendemail.envelopesender", "auto"),),
    "sendemail.to": (("sendemail.to", "New <new@example.org>"),),
    "sendemail.cc": (("sendemail.cc", "one@example.org, Two <two@example.org>"),),
    "sendemail.bcc": (("sendemail.bcc", "blind@example.org"),),
    "sendemail.tocmd": (("sendemail.tocmd", "echo new@example.org #"),),
    "sendemail.cccmd": (("sendemail.cccmd", "echo new@example.org #"),),
    "sendemail.aliasesfile": (
        ("sendemail.aliasesfile", "{aliases}"),
        ("sendemail.aliasfiletype", "mutt"),
        ("sendemail.to", "friends"),
    ),
    "sendemail.signedoffbycc": (("sendemail.signedoffbycc", "false"),),
    "sendemail.suppressfrom": (("sendemail.suppressfrom", "true"),),
    "sendemail.suppresscc author": (("sendemail.suppresscc", "author"),),
    "sendemail.suppresscc sob": (("sendemail.suppresscc", "sob"),),
    "sendemail.suppresscc misc-by": (("sendemail.suppresscc", "misc-by"),),
    "sendemail.suppresscc bodycc": (("sendemail.suppresscc", "bodycc"),),
    "sendemail.suppresscc body": (("sendemail.suppresscc", "body"),),
    "sendemail.suppresscc all": (("sendemail.suppresscc", "all"),),
    "sendemail.smtpserveroption": (
        ("sendemail.smtpserveroption", "-v"),
        ("sendemail.smtpserveroption", "-O"),
    ),
    "sendemail.smtpserver": (("sendemail.smtpserver", "{program}"), ("sendemail.sendmailcmd", "")),
    "sendemail.transferencoding": (("sendemail.transferencoding", "base64"),),
    "sendemail.xmailer": (("sendemail.xmailer", "false"),),
    "sendemail.smtpuser": (("sendemail.smtpuser", "ada"), ("sendemail.smtppass", "secret")),
    "format.headers": (("format.headers", "Organization: New"),),
    "format.to": (("format.to", "new@example.org"),),
    "format.cc": (("format.cc", "new@example.org"),),
}
"""The settings of each case; {aliases} and {program} are files."""


class Sent(NamedTuple):
    """What a program was given: the options before the recipients, these, and the headers.

    The sender, of whom only git sends a copy to the sign-off, is omitted.
    """

    options: tuple[str, ...]
    recipients: frozenset[str]
    headers: tuple[str | None, ...]


def write_program(folder: Path) -> Path:
    program = folder / "keep"
    program.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" >"{folder}/arguments"\ncat >"{folder}/message"\n'
    )
    program.chmod(0o755)
    return program


def read_sent(folder: Path) -> Sent:
    """Return what the program was given, and forget it."""
    arguments = (folder / "arguments").read_text().splitlines()
    (folder / "arguments").unlink()
    end = arguments.index("-i")
    message = email.message_from_bytes((folder / "message").read_bytes())
    headers = [message[name] for name in HEADERS]
    headers[-1] = "present" if headers[-1] else None
    recipients = frozenset(arguments[end + 1 :]) - {SENDER}
    return Sent(tuple(arguments[:end]), recipients, tuple(headers))


def send_with_git(repo: Repo, folder: Path) -> Sent:
    repo.git("send-email --quiet --confirm=never -1 HEAD")
    return read_sent(folder)


def send_here(repo: Repo, folder: Path) -> Sent:
    repo.patchpilot("send --security no --regression no --force x --yes")
    return read_sent(folder)


def list_changes(before: Sent, after: Sent) -> dict[str, object]:
    return {
        "options": after.options if after.options != before.options else None,
        "added": after.recipients - before.recipients,
        "removed": before.recipients - after.recipients,
        "headers": [
            (name, new)
            for name, old, new in zip(HEADERS, before.headers, after.headers, strict=True)
            if old != new
        ],
    }


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.long] if number else [])
        for number, name in enumerate(CASES)
    ],
)
def test_setting_has_the_effect_that_it_has_in_git(name: str, tmp_path: Path) -> None:
    changes = {}
    for sender in (send_with_git, send_here):
        folder = tmp_path / sender.__name__
        folder.mkdir()
        repo = topic(folder / "r", 0)
        repo.commit(
            "widget: change it\n\nIt was wrong.\n\nAcked-by: Ann <ann@example.org>\n"
            f"Cc: Carl <carl@example.org>\n{SIGNED}",
            {"widget.c": "int größer;\n"},
            author="Otto Author <otto@example.org>",
        )
        program = write_program(folder)
        (folder / "aliases").write_text("alias friends Fay <fay@example.org>, fox@example.org\n")
        repo.git("config --global sendemail.sendmailcmd", str(program))
        repo.git("config --global patchpilot.lore http://127.0.0.1:9/all")
        repo.git("config --global format.to", LIST)
        before = sender(repo, folder)
        for key, value in CASES[name]:
            text = value.format(aliases=folder / "aliases", program=program)
            if text:
                repo.git("config --global --add", key, text)
            else:
                repo.git("config --global --unset", key)
        repo.git("commit -q --amend --no-edit --date=2026-01-02T03:04:05")
        changes[sender.__name__] = list_changes(before, sender(repo, folder))
        for key in ("format.to", *dict(CASES[name])):
            repo.git("config --global --unset-all", key, must_succeed=False)
    assert changes["send_here"] == changes["send_with_git"]
