# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the ASCII form of each glyph, and when it is used."""

import pytest

from patchpilot.model.printable import width
from patchpilot.tui.view.glyphs import _SIGNS, glyph, uses_ascii


def test_every_glyph_has_an_ascii_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in _SIGNS:
        monkeypatch.setenv("PATCHPILOT_ASCII", "0")
        assert width(glyph(name)) == 1
        monkeypatch.setenv("PATCHPILOT_ASCII", "1")
        assert glyph(name).isascii()


@pytest.mark.parametrize(
    ("env", "ascii_only"),
    [
        ({"LANG": "de_DE.UTF-8"}, False),
        ({"LANG": "de_DE.ISO-8859-1"}, True),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "C"}, True),
        ({"LANG": "en_US.UTF-8", "TERM": "linux"}, True),
        ({"LANG": "C", "PATCHPILOT_ASCII": "0"}, False),
        ({}, False),
    ],
)
def test_limited_terminal_gets_ascii(
    env: dict[str, str], ascii_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_ALL", "LC_CTYPE", "LANG", "TERM", "PATCHPILOT_ASCII"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert uses_ascii() is ascii_only
