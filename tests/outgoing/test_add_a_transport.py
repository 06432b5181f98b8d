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
from patchpilot.services.send.transport_names import next_transport
from tests.kit.cli import Outcome
from tests.kit.repos import Repo
from tests.kit.topics import apply, commits, topic

# each test sends a series in a separate process
pytestmark = pytest.mark.long

LIST = "widgets@lists.example.org"
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

    def run(self, command: str, *words: str, prelude: str = "") -> Outcome:
        argv = [
            sys.executable,
            "-c",
            prelude + RUN,
            str(self.added),
            command,
            "-C",
            str(self.repo.path),
            *words,
        ]
        outcome = subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        return Outcome(outcome.returncode, outcome.stdout, outcome.stderr)

    def send(self, *words: str, prelude: str = "") -> Outcome:
        return self.run(
            "send",
            "--via",
            "maildir",
            "--to",
            LIST,
            "--force",
            "a test",
            "--format",
            "json",
            *words,
            prelude=prelude,
        )

    def resume(self, *words: str) -> dict[str, Any]:
        outcome = self.run("send", "--resume", "--yes", "--format", "json", *words)
        return parse_json(outcome)

    def sent_messages(self) -> list[bytes]:
        if not self.maildir.exists():
            return []
        mails = [message.as_bytes() for message in mailbox.Maildir(self.maildir)]
        return sorted(
            mails,
            key=lambda raw: re.search(rb"^Subject: (.*)$", raw, re.MULTILINE).group(1),
        )  # type: ignore[union-attr]


@pytest.fixture
def setup(tmp_path: Path) -> TransportPlace:
    """Write the code on the page to a directory. Create a topic that is sent with it."""
    files = dict(CODE.findall(PAGE.read_text(encoding="utf-8")))
    assert set(files) == {"__init__.py", "maildir_transport.py"}
    folder = tmp_path / "added" / "maildir"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    place = TransportPlace(topic(tmp_path / "r", 2), folder.parent, tmp_path / "mails")
    place.repo.git("config --global maildir.folder", str(place.maildir))
    # use an archive that does not respond
    place.repo.git("config --global patchpilot.lore http://127.0.0.1:9/all/")
    return place


def parse_json(outcome: Outcome) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(outcome.out or pytest.fail(outcome.err))
    return result


def test_messages_are_sent_exactly_once(setup: TransportPlace, tmp_path: Path) -> None:
    document = parse_json(setup.send("--dry-run"))
    assert (document["state"], len(document["messages"]), setup.sent_messages()) == (
        "planned",
        2,
        [],
    )
    outcome = setup.send("--yes")
    result = parse_json(outcome)
    assert (outcome.code, result["state"]) == (0, "sent"), outcome.err
    assert [mail["message_id"] for mail in result["messages"]] == [
        mail["message_id"] for mail in document["messages"]
    ]
    mails = setup.sent_messages()
    assert len(mails) == 2
    assert apply(setup.repo, "master", mails, tmp_path) == commits(
        setup.repo, "master..topic"
    )
    second = setup.run(
        "send", "--via", "maildir", "--to", LIST, "--yes", "--format", "json"
    )
    assert "already-sent" in [
        refusal["name"] for refusal in parse_json(second)["refusals"]
    ]
    assert setup.resume()["state"] == "sent"
    assert len(setup.sent_messages()) == 2
    assert "sent/" in setup.repo.git("tag")


def test_preview_names_the_transport(setup: TransportPlace) -> None:
    output = setup.run("send", "--via", "maildir", "--to", LIST, "--dry-run").out
    output = " ".join(output.split())
    assert f"maildir, the maildir {setup.maildir}" in output
    assert "sent exactly as shown" in output


@pytest.mark.parametrize(("before", "word"), [(True, "lost"), (False, "sent")])
def test_killed_send_is_resumed_once(
    setup: TransportPlace, before: bool, word: str
) -> None:
    outcome = setup.send("--yes", prelude=KILLED.format(before=before))
    assert (outcome.code, len(setup.sent_messages())) == (-9, 1 if before else 2)
    doubtful = setup.resume()
    assert [mail["state"] for mail in doubtful["messages"]] == ["accepted", "unknown"]
    assert setup.resume("--unknown", word)["state"] == "sent"
    assert (
        len(
            {
                re.search(rb"^Message-ID: (.*)$", raw, re.MULTILINE)[1]
                for raw in setup.sent_messages()
            }
        )
        == len(setup.sent_messages())
        == 2
    )  # type: ignore[index]


def test_refused_message_is_resent_on_resume(
    setup: TransportPlace,
) -> None:
    setup.maildir.write_text("not a folder")
    result = parse_json(setup.send("--yes"))
    assert [mail["state"] for mail in result["messages"]] == ["rejected", "pending"]
    setup.maildir.unlink()
    assert setup.resume()["state"] == "sent"
    assert len(setup.sent_messages()) == 2


def test_message_to_self_has_one_recipient(setup: TransportPlace) -> None:
    result = parse_json(setup.send("--to-self", "--yes"))
    assert (result["state"], {tuple(mail["to"]) for mail in result["messages"]}) == (
        "sent",
        {("Ada Fixer <ada@example.org>",)},
    )
    assert all(
        LIST.encode() not in re.sub(rb"(?m)^X-Original-To:.*$", b"", raw)
        for raw in setup.sent_messages()
    )


def test_missing_setting_is_reported(setup: TransportPlace) -> None:
    setup.repo.git("config --global --unset maildir.folder")
    outcome = setup.send("--yes")
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
            setup.run("doctor", "--via", "maildir", "--offline", "--format", "json")
        )["checks"]
    }
    assert (probes["maildir"]["state"], probes["maildir"]["hint"]) == (
        "fail",
        "git config maildir.folder DIR",
    )


def test_doctor_and_config_list_the_transport(setup: TransportPlace) -> None:
    setup.repo.git("config --global patchpilot.via maildir")
    probes = {
        probe["name"]: probe["state"]
        for probe in parse_json(setup.run("doctor", "--offline", "--format", "json"))[
            "checks"
        ]
    }
    assert probes["maildir"] == "ok"
    assert "mail server" not in probes
    assert "git-send-email or b4 or maildir" in setup.run("config").out


def test_unknown_transport_suggests_the_nearest(
    setup: TransportPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "did you mean 'maildir'" in setup.run("send", "--via", "mialdir").err
    setup.repo.git("config --global patchpilot.via mialdir")
    outcome = setup.run("send", "--dry-run")
    outcome.expect(2, "git config patchpilot.via maildir")
    with monkeypatch.context() as added:
        added.setattr(
            patchpilot.outgoing,
            "__path__",
            [*patchpilot.outgoing.__path__, str(setup.added)],
        )
        transports._list_transport_classes.cache_clear()
        assert transports.list_transport_names() == ("git-send-email", "b4", "maildir")
        assert [next_transport(name) for name in ("", "b4", "maildir")] == [
            "b4",
            "maildir",
            "git-send-email",
        ]
    transports._list_transport_classes.cache_clear()
    for name in [
        name for name in sys.modules if name.startswith("patchpilot.outgoing.maildir")
    ]:
        del sys.modules[name]
    with pytest.raises(UsageError, match="unknown transport 'maildir'"):
        transports.find_transport("maildir")
