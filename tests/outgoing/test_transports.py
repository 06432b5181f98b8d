# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the transport in docs/how-to/add-a-transport.md is found and supports all features of
sending.
"""

import json
import mailbox
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import patchpilot.outgoing
from patchpilot.errors import UsageError
from patchpilot.outgoing import transports
from patchpilot.sending.transport_names import next_transport
from tests.kit.cli import Outcome
from tests.kit.outbox import LIST_EMAIL
from tests.kit.repos import Repo
from tests.kit.topics import apply, commits, topic

# each test sends a series in a separate process
pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs/how-to/add-a-transport.md"
CODE = re.compile(
    r"^`patchpilot/outgoing/maildir/(\w+\.py)` (?:has|defines) .*?^```python\n(.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
RUN = """
import sys
import patchpilot.outgoing
patchpilot.outgoing.__path__.append(sys.argv.pop(1))
from patchpilot.cli import main
sys.exit(main.run(sys.argv[1:]))
"""
KILLED = """
import mailbox, os, signal
add = mailbox.Maildir.add
def killed(box, raw):
    last = len(box) == 1
    if last and {before}:
        os.kill(os.getpid(), signal.SIGKILL)
    add(box, raw)
    if last:
        os.kill(os.getpid(), signal.SIGKILL)
mailbox.Maildir.add = killed
"""


@dataclass(frozen=True, slots=True)
class TransportPlace:
    """A topic of two patches, and the folder that contains the additional transport."""

    repo: Repo
    added: Path
    maildir: Path

    def run_patchpilot(self, command: str, *arguments: str, prelude: str = "") -> Outcome:
        argv = [
            sys.executable,
            "-c",
            prelude + RUN,
            str(self.added),
            command,
            "-C",
            str(self.repo.path),
            *arguments,
        ]
        completed = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return Outcome(completed.returncode, completed.stdout, completed.stderr)

    def send_topic(self, *arguments: str, prelude: str = "") -> Outcome:
        return self.run_patchpilot(
            "send",
            "--via",
            "maildir",
            "--to",
            LIST_EMAIL,
            "--force",
            "a test",
            "--format",
            "json",
            *arguments,
            prelude=prelude,
        )

    def resume_send(self, *arguments: str) -> dict[str, Any]:
        result = self.run_patchpilot("send", "--resume", "--yes", "--format", "json", *arguments)
        return parse_json(result)

    def sent_messages(self) -> list[bytes]:
        if not self.maildir.exists():
            return []
        mails = [message.as_bytes() for message in mailbox.Maildir(self.maildir)]
        return sorted(
            mails,
            key=lambda raw: re.search(rb"^Subject: (.*)$", raw, re.MULTILINE).group(1),
        )  # type: ignore[union-attr]


@pytest.fixture
def transport_setup(tmp_path: Path) -> TransportPlace:
    """Write the code on the page to a directory. Create a topic that is sent with it."""
    files = dict(CODE.findall(PAGE.read_text(encoding="utf-8")))
    assert set(files) == {"__init__.py", "maildir_transport.py"}
    folder = tmp_path / "added" / "maildir"
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    transport_place = TransportPlace(topic(tmp_path / "r", 2), folder.parent, tmp_path / "mails")
    transport_place.repo.git("config --global maildir.folder", str(transport_place.maildir))
    # use an archive that does not respond
    transport_place.repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
    return transport_place


def parse_json(outcome: Outcome) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(outcome.out or pytest.fail(outcome.err))
    return result


def test_messages_are_sent_exactly_once(transport_setup: TransportPlace, tmp_path: Path) -> None:
    document = parse_json(transport_setup.send_topic("--dry-run"))
    assert (
        document["state"],
        len(document["messages"]),
        transport_setup.sent_messages(),
    ) == (
        "planned",
        2,
        [],
    )
    outcome = transport_setup.send_topic("--yes")
    result = parse_json(outcome)
    assert (outcome.code, result["state"]) == (0, "sent"), outcome.err
    # a dry run does not save its Message-IDs
    subjects = [[mail["subject"] for mail in one["messages"]] for one in (document, result)]
    assert subjects[0] == subjects[1]
    mails = transport_setup.sent_messages()
    assert len(mails) == 2
    assert apply(transport_setup.repo, "master", mails, tmp_path) == commits(
        transport_setup.repo, "master..topic"
    )
    second = transport_setup.run_patchpilot(
        "send", "--via", "maildir", "--to", LIST_EMAIL, "--yes", "--format", "json"
    )
    assert "already-sent" in [refusal["name"] for refusal in parse_json(second)["refusals"]]
    assert transport_setup.resume_send()["state"] == "sent"
    assert len(transport_setup.sent_messages()) == 2
    assert "sent/" in transport_setup.repo.git("tag")


def test_preview_names_the_transport(transport_setup: TransportPlace) -> None:
    output = transport_setup.run_patchpilot(
        "send", "--via", "maildir", "--to", LIST_EMAIL, "--dry-run"
    ).out
    output = " ".join(output.split())
    assert f"maildir, the maildir {transport_setup.maildir}" in output
    assert "sent exactly as shown" in output


@pytest.mark.parametrize(("before", "word"), [(True, "lost"), (False, "sent")])
def test_killed_send_is_resumed_once(
    transport_setup: TransportPlace, before: bool, word: str
) -> None:
    outcome = transport_setup.send_topic("--yes", prelude=KILLED.format(before=before))
    assert (outcome.code, len(transport_setup.sent_messages())) == (
        -9,
        1 if before else 2,
    )
    doubtful = transport_setup.resume_send()
    assert [mail["state"] for mail in doubtful["messages"]] == ["accepted", "unknown"]
    assert transport_setup.resume_send("--unknown", word)["state"] == "sent"
    assert (
        len(
            {
                re.search(rb"^Message-ID: (.*)$", raw, re.MULTILINE)[1]
                for raw in transport_setup.sent_messages()
            }
        )
        == len(transport_setup.sent_messages())
        == 2
    )  # type: ignore[index]


def test_refused_message_is_resent_on_resume(
    transport_setup: TransportPlace,
) -> None:
    transport_setup.maildir.write_text("not a folder")
    result = parse_json(transport_setup.send_topic("--yes"))
    assert [mail["state"] for mail in result["messages"]] == ["rejected", "pending"]
    transport_setup.maildir.unlink()
    assert transport_setup.resume_send()["state"] == "sent"
    assert len(transport_setup.sent_messages()) == 2


def test_message_to_self_has_one_recipient(transport_setup: TransportPlace) -> None:
    result = parse_json(transport_setup.send_topic("--to-self", "--yes"))
    assert (result["state"], {tuple(mail["to"]) for mail in result["messages"]}) == (
        "sent",
        {("Ada Fixer <ada@example.org>",)},
    )
    assert all(
        LIST_EMAIL.encode() not in re.sub(rb"(?m)^X-Original-To:.*$", b"", raw)
        for raw in transport_setup.sent_messages()
    )


def test_missing_setting_is_reported(transport_setup: TransportPlace) -> None:
    transport_setup.repo.git("config --global --unset maildir.folder")
    outcome = transport_setup.send_topic("--yes")
    assert (
        outcome.code,
        [problem["name"] for problem in parse_json(outcome)["refusals"]],
    ) == (
        3,
        ["no-maildir"],
    )
    probes = {
        probe["name"]: probe
        for probe in parse_json(
            transport_setup.run_patchpilot(
                "doctor", "--via", "maildir", "--offline", "--format", "json"
            )
        )["checks"]
    }
    assert (probes["maildir"]["state"], probes["maildir"]["hint"]) == (
        "fail",
        "git config maildir.folder DIR",
    )


def test_doctor_and_config_list_the_transport(transport_setup: TransportPlace) -> None:
    transport_setup.repo.git("config --global patchpilot.via maildir")
    probes = {
        probe["name"]: probe["state"]
        for probe in parse_json(
            transport_setup.run_patchpilot("doctor", "--offline", "--format", "json")
        )["checks"]
    }
    assert probes["maildir"] == "ok"
    assert "mail server" not in probes
    assert "git-send-email or b4 or maildir" in transport_setup.run_patchpilot("config").out


def test_unknown_transport_suggests_the_nearest(
    transport_setup: TransportPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (
        "did you mean 'maildir'" in transport_setup.run_patchpilot("send", "--via", "mialdir").err
    )
    transport_setup.repo.git("config --global patchpilot.via mialdir")
    outcome = transport_setup.run_patchpilot("send", "--dry-run")
    outcome.expect(2, "git config patchpilot.via maildir")
    with monkeypatch.context() as added:
        added.setattr(
            patchpilot.outgoing,
            "__path__",
            [*patchpilot.outgoing.__path__, str(transport_setup.added)],
        )
        transports._list_transport_classes.cache_clear()
        assert transports.list_transport_names() == ("git-send-email", "b4", "maildir")
        assert [next_transport(name) for name in ("", "b4", "maildir")] == [
            "b4",
            "maildir",
            "git-send-email",
        ]
    transports._list_transport_classes.cache_clear()
    for name in [name for name in sys.modules if name.startswith("patchpilot.outgoing.maildir")]:
        del sys.modules[name]
    with pytest.raises(UsageError, match="unknown transport 'maildir'"):
        transports.find_transport("maildir")
