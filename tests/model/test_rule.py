# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the text of a rule's example."""

from typing import Any

import pytest

from patchpilot.model.rule import Example


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ({}, ""),
        ({"subject": "a: b"}, "Subject: a: b"),
        ({"message": "\nWhy.\n\n", "trailers": "Cc: x\n"}, "Why.\nCc: x"),
        ({"path": "a.c", "code": "\nint a;\n"}, "a.c:\nint a;"),
        ({"diff": "-a\n+b\n"}, "-a\n+b"),
        ({"code": "int a;", "diff": "-a\n"}, "int a;"),
        ({"patch": "\nFrom: x\n"}, "From: x"),
        ({"series": ("\none\n", "two\n")}, "one\ntwo"),
        ({"subject": "a", "patch": "b", "series": ("c",)}, "Subject: a\nb\nc"),
    ],
)
def test_example_text_contains_its_parts(parts: dict[str, Any], text: str) -> None:
    assert Example(bad=True, **parts).text == text
