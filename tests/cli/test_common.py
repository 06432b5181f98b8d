# SPDX-License-Identifier: GPL-2.0-or-later
"""Test color and progress, which environment variables and the terminal determine."""

import io
import sys
from pathlib import Path

import pytest

from patchpilot.cli.common import Common, ProgressLine

COLORS = (
    ({}, False),
    ({"FORCE_COLOR": "1"}, True),
    ({"CLICOLOR_FORCE": "1"}, True),
    ({"FORCE_COLOR": ""}, False),
    ({"FORCE_COLOR": "0"}, False),
    ({"CLICOLOR_FORCE": "0"}, False),
    ({"FORCE_COLOR": "1", "TERM": "dumb"}, True),
    ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
)
"""Variables, and whether they color text that is not for a terminal."""


@pytest.mark.parametrize(("variables", "colored"), COLORS)
def test_variables_force_color_only_in_text(
    variables: dict[str, str],
    colored: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    common = Common(None, None, None, "text", None, False, False, False, None)
    assert common.uses_color == colored
    assert not common._replace(format="json").uses_color
    assert not common._replace(output=Path("result")).uses_color


def test_dumb_terminal_has_no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    common = Common(None, None, None, "text", None, False, False, False, None)
    monkeypatch.setenv("TERM", "xterm")
    assert isinstance(common.progress(), ProgressLine)
    monkeypatch.setenv("TERM", "dumb")
    assert not isinstance(common.progress(), ProgressLine)
