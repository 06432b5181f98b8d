# SPDX-License-Identifier: GPL-2.0-or-later
"""`track watch`: news are printed and notified of, by the terminal or by programs, and an interrupt
leaves nothing behind.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from email.header import Header
from pathlib import Path

import pytest

from patchpilot.archive.track_store import default_file
from tests.kit.archive import archive_server
from tests.kit.cli import call
from tests.kit.mails import reply
from tests.kit.terminal import WALK, Terminal
from tests.reading import story

HOSTILE = "$(touch owned) `touch owned` \"; touch owned #' --help & \x1b]0;owned\x07"
DOC = Path(__file__).parents[2] / "docs" / "how-to" / "follow-a-patch.md"


def _program(folder: Path, name: str, exit_code: int = 0) -> Path:
    """A program that writes its arguments down, one to a line of a JSON list."""
    file = folder / name
    file.write_text(
        f"#!{sys.executable}\nimport json, pathlib, sys\nwith"
        f" pathlib.Path({str(folder / 'called')!r}).open('a') as log:"
        f" log.write(json.dumps(sys.argv[1:]) + '\\n')\nsys.exit({exit_code})\n"
    )
    file.chmod(0o755)
    return file


def _calls(folder: Path) -> list[list[str]]:
    file = folder / "called"
    return (
        [json.loads(line) for line in file.read_text().splitlines()]
        if file.exists()
        else []
    )


def _hostile_review() -> bytes:
    return reply(
        f"[PATCH] {story.TITLE}",
        "Please add a Fixes: tag.",
        sender=f"{Header(HOSTILE, 'utf-8').encode()} <rita@example.net>",
        id="h1",
        reply_to="v1",
        minutes=60,
    )


def test_news_are_printed_once_with_the_next_step(workdir: Path) -> None:
    with archive_server("public-inbox", workdir / "pi", story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(story.REVIEW, story.ANSWER)
        outcome = call("track", "watch", "--once")
        assert (outcome.code, outcome.err) == (1, "")
        assert outcome.out.splitlines()[:2] == [
            f"  1  {story.TITLE}",
            "     review by Rita Reviewer",
        ]
        assert "then send v2 with the requested" in outcome.out.splitlines()[2]
        again = call("track", "watch", "--once")
        assert (again.code, again.out) == (0, "")


def test_each_mail_is_named_by_what_it_is(workdir: Path) -> None:
    with archive_server("stand-in", workdir, *story.BEGINNING, story.V2) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(
            story.TAG, story.APPLIED, story.answer("I see, that is how it is.", to="v2")
        )
        lines = call("track", "watch", "--once").out.splitlines()
    assert {line.strip() for line in lines[1:-1]} == {
        "Reviewed-by Rita Reviewer", "applied by patchwork-bot+netdevbpf@kernel.org", "reply by Matt Maintainer"  # noqa: E501
    }  # fmt: skip


def test_mails_of_the_author_are_no_news(workdir: Path) -> None:
    with archive_server("stand-in", workdir, story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(story.V2)
        outcome = call("track", "watch", "--once", "--interval", "60")
    assert (outcome.code, outcome.out) == (0, "")


def test_programs_get_the_news_as_arguments_and_no_shell_reads_them(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workdir / "bin"
    folder.mkdir()
    _program(folder, "notify-send")
    command = _program(folder, "tell it")
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    with archive_server("stand-in", workdir, story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(_hostile_review())
        outcome = call(
            "track",
            "watch",
            "--once",
            "--notify",
            "desktop",
            "--notify-command",
            f"'{command}' -t mine",
        )
    assert (outcome.code, outcome.err) == (1, "")
    desktop, own = _calls(folder)
    assert desktop[:3] == ["--app-name=patchpilot", "--", f"series 1: {story.TITLE}"]
    assert own[:3] == ["-t", "mine", f"series 1: {story.TITLE}"]
    assert own[3].startswith("review by $(touch owned)")
    assert "&amp;" in desktop[3], "notify-send reads markup"
    assert "\x1b" not in "".join((*desktop, *own, outcome.out))
    assert not (workdir / "owned").exists()


def test_settings_of_the_user_say_how_and_those_of_a_repository_do_not(
    workdir: Path,
) -> None:
    own, foreign = _program(workdir, "own"), _program(workdir, "foreign")
    subprocess.run(
        ["git", "config", "--global", "patchpilot.notify-command", str(own)], check=True
    )
    subprocess.run(["git", "init", "-q", "repo"], check=True)
    subprocess.run(
        ["git", "-C", "repo", "config", "patchpilot.notify-command", str(foreign)],
        check=True,
    )
    foreign.unlink()
    with archive_server("stand-in", workdir, story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(story.REVIEW)
        outcome = call("track", "watch", "--once", "-C", "repo")
    assert (outcome.code, outcome.err) == (1, "")
    assert len(_calls(workdir)) == 1


def test_a_program_that_fails_is_a_warning_and_the_news_stay(workdir: Path) -> None:
    failing = _program(workdir, "failing", exit_code=3)
    for command, said in (
        (failing, f"{failing} failed: exit 3"),
        ("nowhere.at.all", "nowhere.at.all is not installed"),
    ):
        with archive_server("stand-in", workdir, story.V1) as server:
            call("track", "add", "v1@example.org", "--lore", server.url)
            server.add(story.REVIEW)
            outcome = call("track", "watch", "--once", "--notify-command", command)
        assert outcome.code == 1
        assert "review by Rita Reviewer" in outcome.out
        assert f"patchpilot: warning: {said}" in outcome.err
        call("track", "remove", "1")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (
            ["--notify", "bel"],
            "--notify: 'bel' is not one of bell, osc9, osc777, desktop, none",
        ),
        (["--notify-command", "a 'b"], 'notify-command: "a \'b": No closing quotation'),
        (["--interval", "5"], "60"),
    ],
)
def test_wrong_words_are_reported_before_anything_is_asked(
    workdir: Path, argv: list[str], said: str
) -> None:
    outcome = call("track", "watch", "--once", *argv)
    assert (outcome.code, outcome.out) == (2, "")
    assert said in outcome.err


def test_a_terminal_gets_the_sequences_that_were_chosen(workdir: Path) -> None:
    with archive_server("stand-in", workdir, story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(_hostile_review())
        ways = ("--notify", "bell", "--notify", "osc9", "--notify", "osc777")
        with Terminal([*WALK, "track", "watch", "--once", *ways], workdir) as terminal:
            terminal.wait_for("\x1b]777;")
            assert terminal.process.wait(30) == 1
            seen = terminal.seen
    assert re.search(
        r"\x07(\x1b\[\S*)?\x1b\]9;series 1: demo: check the pointer before use: review by ",
        seen,
    )
    fields = re.search(r"\x1b\]777;notify;([^\x07]*)\x07", seen)
    assert fields
    assert len(fields[1].split(";")) == 2, "a sender's semicolon would end the text"
    assert "\x1b]0;owned" not in seen


def test_an_interrupt_ends_it_at_once_and_leaves_nothing_behind(workdir: Path) -> None:
    with archive_server("stand-in", workdir, story.V1) as server:
        call("track", "add", "v1@example.org", "--lore", server.url)
        server.add(story.REVIEW)
        before = {
            file
            for folder in (default_file().parent, workdir)
            for file in folder.rglob("*")
        }
        for ending, interval in ((signal.SIGINT, "60"), (signal.SIGTERM, "900")):
            process = subprocess.Popen(
                [*WALK, "track", "watch", "--interval", interval],
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            # the first time there is news to wait for
            if ending is signal.SIGINT:
                assert process.stdout
                assert b"demo" in process.stdout.readline()
            else:
                time.sleep(3)
            started = time.monotonic()
            process.send_signal(ending)
            out, err = process.communicate(timeout=20)
            assert (process.returncode, err.decode().strip()) == (
                130,
                "patchpilot: interrupted",
            ), out
            assert time.monotonic() - started < 5
            with pytest.raises(ProcessLookupError):
                os.killpg(process.pid, 0)
        after = {
            file
            for folder in (default_file().parent, workdir)
            for file in folder.rglob("*")
        }
        assert {file.name for file in after - before} <= {"backups"} | {
            file.name for file in after if "backups" in file.parts
        }
        assert call("track", "show", "1").code == 0


def _units() -> dict[str, str]:
    """The unit files of the page, by name."""
    _, *files = DOC.read_text().split("    # ~/.config/systemd/user/")
    named = (file.partition("\n") for file in files)
    return {
        name: (
            "\n".join(
                line.removeprefix("    ")
                for line in body.partition("\n\n#")[0].splitlines()
            )
            + "\n"
        )
        for name, _, body in named
    }


def test_the_unit_files_of_the_documentation_are_valid(workdir: Path) -> None:
    units = _units()
    assert set(units) == {"patchpilot-watch.service", "patchpilot-watch.timer"}
    (command,) = re.findall(
        r"(?m)^ExecStart=%h/\.local/bin/patchpilot (.*)$",
        units["patchpilot-watch.service"],
    )
    assert call(*command.split(), "--offline").code == 0
    assert "SuccessExitStatus=1" in units["patchpilot-watch.service"]
    if shutil.which("systemd-analyze"):
        home = Path(os.environ["HOME"])
        program = home / ".local" / "bin" / "patchpilot"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        for name, text in units.items():
            (workdir / name).write_text(text)
        done = subprocess.run(
            ["systemd-analyze", "--user", "verify", *units], capture_output=True, text=True, check=False,  # noqa: E501
            env={**os.environ, "XDG_RUNTIME_DIR": str(workdir)},
        )  # fmt: skip
        assert (done.returncode, done.stdout + done.stderr) == (0, "")
