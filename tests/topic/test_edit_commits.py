# SPDX-License-Identifier: GPL-2.0-or-later
"""Test editing text in an editor."""

import signal
from pathlib import Path

import pytest

from patchpilot.errors import ExitCode, MissingError, PatchpilotError
from patchpilot.resources import state_path
from patchpilot.topic.edit_commits import discard_edit, edit_text
from tests.kit.replies import track_reviewed_patch
from tests.kit.smtp import FaultySink
from tests.kit.terminal import TerminalCommand
from tests.kit.topics import topic


@pytest.mark.parametrize(
    ("editor", "text"),
    [
        ("sed -i s/a/b/", "b\n"),
        ("false", None),
        ("rm -f", None),
        ("f() { rm $1 && mkdir $1; }; f", None),
        (r"f() { printf 'x\377y' > $1; }; f", "x\ufffdy"),
        ("truncate -s 0", ""),
    ],
)
def test_missing_file_returns_none(editor: str, text: str | None) -> None:
    assert edit_text(editor, "a\n", "DRAFT.txt") == text


def test_text_survives_an_editor_failure() -> None:
    with pytest.raises(PatchpilotError, match="the text is kept in ") as error:
        edit_text("f() { echo mine > $1; false; }; f", "a\n", "DRAFT.txt")
    backup = Path(error.value.message.rpartition(" ")[2])
    assert backup.read_text() == "mine\n"
    assert edit_text("true", "other\n", "DRAFT.txt") == "other\n"
    assert edit_text("true", "a\n", "DRAFT.txt") == "mine\n"
    discard_edit("a\n", "DRAFT.txt")
    assert not backup.exists()


@pytest.mark.parametrize(
    ("editor", "reason"),
    [
        ("no-such-editor", "the editor 'no-such-editor' is not installed"),
        ("no-such-editor --wait", "the editor 'no-such-editor' is not installed"),
        ("LANG=C 'no-such-editor'", "the editor 'no-such-editor' is not installed"),
        ("~/no-such-editor", "the editor '~/no-such-editor' is not installed"),
        ("/dev/null -f", "the editor '/dev/null' is not executable"),
    ],
)
def test_missing_editor_is_named(editor: str, reason: str) -> None:
    with pytest.raises(MissingError, match=reason) as error:
        edit_text(editor, "a\n", "REPLY.txt")
    assert error.value.hint == "install it, or set GIT_EDITOR to another editor"
    assert list_edits() == []


@pytest.mark.parametrize("editor", ["sh -c 'exit 127'", "f() { no-such-filter; }; f", "false"])
def test_installed_editor_that_failed_is_not_missing(editor: str) -> None:
    assert edit_text(editor, "a\n", "REPLY.txt") is None


def list_edits() -> list[Path]:
    return list((state_path() / "edits").glob("*"))


_KILL = "f() { printf '%%s\\n' 'mine too' >> $1; kill -%s $PPID; sleep 9 <&- >&- 2>&-; }; f"
"""An editor that saves a line, and is still open when patchpilot gets a signal."""


@pytest.mark.parametrize("signal_name", ["TERM", "HUP"])
def test_text_survives_a_signal_during_the_edit(
    signal_name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic(tmp_path / "r", 1)
    command = ("draft", "-C", str(repo.path), "--edit")
    monkeypatch.setenv("GIT_EDITOR", _KILL % signal_name)
    screen = TerminalCommand(*command)
    assert screen.end() == ExitCode.INTERRUPTED
    (kept,) = list_edits()
    assert kept.read_text().endswith("mine too\n")
    assert kept.stat().st_mode & 0o77 == 0
    assert f"the text is kept in {kept}" in screen.seen.replace("\r\n", "")
    monkeypatch.setenv("GIT_EDITOR", f"cp -t {tmp_path}")
    assert TerminalCommand(*command).end() == 0
    assert (tmp_path / kept.name).read_text().endswith("mine too\n")
    assert list_edits() == []
    assert "mine too" in repo.patchpilot("draft --export -").out


def test_signal_before_any_change_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = topic(tmp_path / "r", 1)
    monkeypatch.setenv("GIT_EDITOR", "f() { kill -TERM $PPID; sleep 9 <&- >&- 2>&-; }; f")
    screen = TerminalCommand("draft", "-C", str(repo.path), "--edit")
    assert screen.end() == ExitCode.INTERRUPTED
    assert list_edits() == []


def test_reply_survives_a_signal_during_the_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultySink() as server:
        repo, review = track_reviewed_patch(tmp_path, server)
        command = ("track", "reply", str(review), "-C", str(repo.path), "--dry-run")
        monkeypatch.setenv("GIT_EDITOR", _KILL % "HUP")
        assert TerminalCommand(*command).end() == ExitCode.INTERRUPTED
        (kept,) = list_edits()
        assert kept.name.endswith("-REPLY.txt")
        assert kept.read_text().endswith("mine too\n")
        monkeypatch.setenv("GIT_EDITOR", "true")
        screen = TerminalCommand(*command)
        screen.end()
        assert "mine too" in screen.seen
        assert list_edits() == []


def test_interrupt_in_the_editor_does_not_stop_patchpilot() -> None:
    assert edit_text("kill -INT $PPID; sed -i s/a/b/", "a\n", "DRAFT.txt") == "b\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
