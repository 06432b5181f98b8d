# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that no words of an undisclosed fix are visible outside of its messages.

Other users of the machine see the arguments of processes, and tags leave with `git push --tags`.
The fix has unique words in its subject, message, functions and lines; every command runs on it.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.model.mail import parse_mail
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.smtp import FaultySink
from tests.kit.topics import configure_mail_server, unpacked

WORDS = re.compile(rb"zorb", re.IGNORECASE)
START = """\
#include <linux/slab.h>

int zorb_helper(int a)
{
	return a;
}

int zorb_start(struct zorb *z)
{
	int zorb_count = 1;

	kfree(z->zorb_data);
	return zorb_count;
}
"""
MESSAGE = """widget: fix use of freed zorbdata

The zorbbody is used after free in zorb_start(), found by zorbtool.

Fixes: {culprit} ("widget: add the driver")
Signed-off-by: Ada Fixer <ada@example.org>
"""
MAINTAINERS = "WIDGET\nM:\tWilma <wilma@example.org>\nS:\tMaintained\nF:\tdrivers/\n"

SHORT = ("send --yes --force x", "backport")
COMMANDS = (
    "send --dry-run",
    "send --dry-run --via b4",
    "send --to-self --yes",
    "send --yes --force x",
    "send --resume --dry-run",
    "send --reroll --dry-run --force x",
    "draft show",
    "maintainers",
    "check",
    "check --fix --dry-run",
    "fixes",
    "stable",
    "prepare",
    "trailers",
    "backport",
    "backport --to {branch}",
    "undo list",
    "track",
    "track show 1",
    "home",
)


class Arguments:
    """The arguments of all processes that are started, including those that git starts."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._log = folder / "arguments"
        (folder / "bin").mkdir()
        shim = folder / "bin" / "git"
        git = subprocess.run(["which", "git"], capture_output=True, text=True, check=True)
        shim.write_text(
            f"#!/bin/sh\nfor a; do printf '%s\\n' \"$a\"; done >>'{self._log}'\n"
            f'exec {git.stdout.strip()} "$@"\n'
        )
        shim.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        self._log.touch()
        log = self._log
        start = subprocess.Popen.__init__

        def record(self: object, args: object, *rest: object, **options: object) -> None:
            arguments = args if isinstance(args, list | tuple) else [args]
            with log.open("ab") as file:
                for argument in arguments:
                    file.write(os.fsencode(str(argument)) + b"\n")
            start(self, args, *rest, **options)  # type: ignore[call-overload]

        monkeypatch.setattr(subprocess.Popen, "__init__", record)

    def take_words(self) -> list[str]:
        """Return the recorded arguments that have a word of the fix, and forget all."""
        lines = self._log.read_bytes().split(b"\n")
        self._log.write_bytes(b"")
        return sorted({line.decode("utf-8", "replace") for line in lines if WORDS.search(line)})


def create_fix(folder: Path, server: FaultySink) -> Repo:
    """Create a fix and two stable branches, one without the function that the fix uses."""
    repo = Repo(folder / "r")
    repo.commit(
        "all: start",
        {
            "MAINTAINERS": MAINTAINERS,
            "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n",
            "Kbuild": "\n",
            "drivers/w.c": "int plain;\n",
        },
    )
    culprit = repo.commit("widget: add the driver", {"drivers/w.c": START})
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.commit(
        "widget: add a helper for zorb\n",
        {"drivers/w.c": START.replace("(int a)\n{", "(int a)\n{\n\tzorb_check(a);")},
    )
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.branch("topic")
    text = (repo.path / "drivers/w.c").read_text()
    fixed = text.replace(
        "\tkfree(z->zorb_data);\n\treturn zorb_count;",
        "\tzorb_count = zorb_helper(zorb_check(zorb_count));\n\tkfree(z->zorb_data);\n"
        "\tz->zorb_data = NULL;\n\treturn zorb_count;",
    )
    repo.commit(MESSAGE.format(culprit=culprit[:12]), {"drivers/w.c": fixed})
    configure_mail_server(repo, server)
    return repo


@pytest.fixture
def fix(tmp_path: Path) -> Iterator[tuple[Repo, FaultySink]]:
    with FaultySink() as server:
        yield create_fix(tmp_path, server), server


@pytest.mark.parametrize(
    "lines", [SHORT, pytest.param(COMMANDS, marks=pytest.mark.long)], ids=["short", "all"]
)
def test_no_words_in_arguments_of_processes(
    lines: tuple[str, ...],
    fix: tuple[Repo, FaultySink],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    repo, _ = fix
    arguments = Arguments(tmp_path, monkeypatch)
    visible = {}
    for line in (f"send --security yes --outbox {tmp_path / 'mails'}", *lines):
        call(line.format(branch="stable/linux-6.1.y"), "-C", repo.path)
        if words := arguments.take_words():
            visible[line] = words
    assert visible == {}


@pytest.mark.parametrize(
    ("via", "is_previewed"),
    [
        ("git-send-email", True),
        *(
            pytest.param(*values, marks=pytest.mark.long)
            for values in (("git-send-email", False), ("b4", False), ("b4", True))
        ),
    ],
)
def test_no_words_in_names(fix: tuple[Repo, FaultySink], via: str, is_previewed: bool) -> None:
    repo, server = fix
    if is_previewed:
        # a preview before the answer makes the draft and Message-IDs of a public fix
        assert repo.patchpilot(f"send --force x --via {via}").code == 1
    outcome = repo.patchpilot(f"send --security yes --yes --force x --format json --via {via}")
    assert outcome.json["state"] == "sent", outcome.err
    (mail,) = server.take()
    assert not WORDS.search(parse_mail(unpacked(mail)).message_id.encode())
    assert not WORDS.search(outcome.json["change_id"].encode())
    refs = repo.git("for-each-ref --format=%(refname)").splitlines()
    assert [ref for ref in refs if ref.startswith("refs/tags/")] == []
    state = [path.name for path in Path(os.environ["XDG_STATE_HOME"]).rglob("*")]
    assert [name for name in state if WORDS.search(name.encode())] == []
