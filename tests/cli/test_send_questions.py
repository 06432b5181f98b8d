# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the prompts of `send` on a terminal.

They are the confirmation, git's password prompt, and the editor for a changelog.
"""

from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand
from tests.kit.topics import topic

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH:UserWarning",
    "ignore:This process .* is multi-threaded:DeprecationWarning",
)


def make_send_arguments(path: Path, *extra_arguments: str) -> tuple[str, ...]:
    return (
        "send",
        "-C",
        str(path),
        "--to",
        "l@lists.example.org",
        "--force",
        "x",
        *extra_arguments,
    )


def test_only_typing_send_confirms_sending(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        screen = TerminalCommand(*make_send_arguments(repo.path))
        for question in ("attack a machine", "earlier release"):
            screen.wait_for(question)
            screen.type("no\n")
        screen.wait_for("How was this code tested?")
        screen.type("qemu\n")
        screen.wait_for("Type 'send' to confirm")
        screen.type("y\n")
        assert screen.end() == 1
        assert server.take() == ()
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("Type 'send' to confirm")
        assert "Subject: [PATCH] widget: change line 1" in screen.seen
        screen.type("send\n")
        assert screen.end() == 0
        assert len(server.take()) == 1


@pytest.mark.parametrize("option", ["--dry-run", "--to-self"])
def test_test_runs_announce_the_questions_of_the_real_send(tmp_path: Path, option: str) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        arguments = make_send_arguments(repo.path, option, "--yes")
        outcome = call(*arguments)
        (line,) = (line for line in outcome.err.splitlines() if "the real send will ask: " in line)
        assert "How was this code tested? (hardware/qemu/built/no)" in line
        assert "security" in line or "attack" in line
        assert "will ask" not in call(*arguments, "--quiet").err
        answered = call(*arguments, "--tested", "qemu", "--security", "no", "--regression", "no")
        assert "will ask" not in answered.err


def test_password_prompt_reaches_the_terminal(
    tmp_path: Path,
) -> None:
    with FaultySink(login=("ada", "s3cret")) as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config --global sendemail.smtpuser ada")
        screen = TerminalCommand(*make_send_arguments(repo.path, "--yes"))
        screen.wait_for("Password for")
        screen.type("s3cret\n")
        assert screen.end() == 0
        assert "s3cret" not in screen.seen
        assert (len(server.take()), server.logins) == (1, [("ada", True)])


def test_changelog_is_edited_for_a_new_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/EDITME new patch/added/' \"$1\"\n")
    editor.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(editor))
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        screen = TerminalCommand(*make_send_arguments(repo.path, "--yes"))
        assert screen.end() == 0
        repo.commit(
            "widget: more\n\nMore.\n\nSigned-off-by: Ada Fixer <ada@example.org>",
            {"more.c": "int m;\n"},
        )
        answers = ("--security", "no", "--regression", "no", "--tested", "built")
        screen = TerminalCommand(*make_send_arguments(repo.path, "--reroll", *answers))
        screen.wait_for("Type 'send' to confirm")
        assert "- added: widget: more" in screen.seen
        screen.type("send\n")
        assert screen.end() == 0
        assert len(server.take()) == 3


def test_open_questions_precede_the_confirmation(
    tmp_path: Path,
) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 1, server=server)
        repo.git("config patchpilot.profile linux")
        repo.git("commit --amend -q -m", "widget: fix a crash on removal\n\nFix it.\n")
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("attack a machine")
        screen.type("?\n")
        screen.wait_for("attackers read lists")
        screen.type("perhaps\n")
        screen.wait_for("invalid answer")
        screen.type("no\n")
        screen.wait_for("earlier release")
        screen.type("no\n")
        screen.wait_for("How was this code tested?")
        screen.type("maybe\n")
        screen.wait_for("use hardware, qemu, built or no")
        screen.type("hardware\n")
        screen.wait_for("Type 'send' to confirm")
        assert "To: l@lists.example.org" in screen.seen.rpartition("Send 1")[0][-300:]
        screen.type("n\n")
        assert screen.end() == 1
        screen = TerminalCommand(*make_send_arguments(repo.path))
        screen.wait_for("Type 'send' to confirm")
        assert "attack a machine" not in screen.seen
        assert "tested?" not in screen.seen
        screen.type("n\n")
        assert screen.end() == 1


def test_tree_and_recipients_of_a_series_are_asked(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 0, server=server)
        repo.git("config patchpilot.profile linux")
        sections = "".join(
            f"{name}\nM:\t{name.title()} <{name.lower()}@example.org>\nL:\tl@lists.example.org\n"
            f"S:\tMaintained\nF:\tdrivers/net/{name.lower()}.c\n\n"
            for name in ("FROB", "KNOB")
        )
        repo.checkout("master")
        repo.commit("add MAINTAINERS", {"MAINTAINERS": f"Maintainers\n-----------\n\n{sections}"})
        repo.checkout("topic")
        repo.git("rebase -q master")
        for name in ("frob", "knob"):
            repo.commit(
                f"net: {name}: count the links\n\nThe count is shown.\n\n"
                "Signed-off-by: Ada Fixer <ada@example.org>",
                {f"drivers/net/{name}.c": "int links;\n"},
            )
        screen = TerminalCommand("send", "-C", str(repo.path))
        screen.wait_for("Which tree should the subject name?")
        assert "attack a machine" not in screen.seen
        screen.type("banana\n")
        screen.wait_for("no known tree: 'banana'")
        screen.type("PATCH net-next\n")
        screen.wait_for("How was this code tested?")
        screen.type("\n")
        screen.wait_for("Should everyone receive all patches?")
        assert "frob@example.org> receives only 1/2" in screen.seen
        screen.type("all\n")
        screen.wait_for("Type 'send' to confirm")
        assert "[PATCH net-next 1/2]" in screen.seen
        screen.type("n\n")
        assert screen.end() == 1
        document = repo.patchpilot("send --dry-run --format json").json
    assert "split-recipients" not in {refusal["name"] for refusal in document["refusals"]}
    assert not any(recipient["patches"] for recipient in document["recipients"])


def test_test_of_patch_files_for_stable_is_asked(tmp_path: Path) -> None:
    with FaultySink() as server:
        repo = topic(tmp_path / "r", 2, server=server)

        def send_files(prefix: str, *options: str) -> tuple[str, ...]:
            repo.git("format-patch -q master -o", str(folder := tmp_path / prefix))
            for file in folder.iterdir():
                file.write_text(file.read_text().replace("[PATCH ", f"[{prefix} "))
            files = sorted(map(str, folder.glob("*.patch")))
            return make_send_arguments(repo.path, *options, *files)

        def list_notes(prefix: str, *options: str) -> list[str]:
            document = call(*send_files(prefix, "--dry-run", "--format", "json", *options)).json
            return [note["message"] for note in document["warnings"] if "test" in note["name"]]

        assert list_notes("PATCH") == []
        assert list_notes("PATCH 6.1.y") == ["not stated how it was tested"]
        assert list_notes("PATCH 6.1.y", "--tested", "no") == ["the backport was not tested"]
        screen = TerminalCommand(*send_files("PATCH 6.1.y"))
        screen.wait_for("How was this code tested?")
        screen.type("qemu\n")
        screen.wait_for("Type 'send' to confirm")
        assert "attack a machine" not in screen.seen
        screen.type("n\n")
        assert screen.end() == 1
        assert list_notes("PATCH 6.1.y") == []
