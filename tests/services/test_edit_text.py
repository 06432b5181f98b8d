# SPDX-License-Identifier: GPL-2.0-or-later
"""Test editing text in an editor."""

import signal
from pathlib import Path

import pytest

from patchpilot.errors import PatchpilotError
from patchpilot.topic.edit_commits import edit_text


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
    assert not backup.exists()


def test_interrupt_in_the_editor_does_not_stop_patchpilot() -> None:
    assert edit_text("kill -INT $PPID; sed -i s/a/b/", "a\n", "DRAFT.txt") == "b\n"
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
