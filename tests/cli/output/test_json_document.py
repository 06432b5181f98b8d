# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that JSON documents cannot control a terminal."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.cli.output.json_document import format_json

_ACTIVE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@given(st.text(st.characters()))
def test_json_is_safe_on_a_terminal(text: str) -> None:
    whole = format_json("x", {"text": text})
    assert not _ACTIVE.search(whole)
    assert json.loads(whole)["text"] == re.sub("[\ud800-\udfff]", "\ufffd", text)


@pytest.mark.parametrize("sign", ["\x9b31m", "\x7f", "\u202e", "\u2066"])
def test_json_keeps_controls_as_escapes(sign: str) -> None:
    assert json.loads(format_json("x", {"text": sign}))["text"] == sign
    assert sign not in format_json("x", {"text": sign})
