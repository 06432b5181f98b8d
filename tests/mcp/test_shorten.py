# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that answers fit in their limit, and list what was omitted."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from patchpilot.mcp.shorten import compact, format_answer, shorten_text

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=400),
    lambda inner: (
        st.lists(inner, max_size=12) | st.dictionaries(st.text(max_size=12), inner, max_size=6)
    ),
    max_leaves=30,
)


def make_document(patches: int, findings: int) -> dict[str, Any]:
    finding = {"name": "trailing-space", "message": "trailing whitespace", "line": 1}
    patch = {"subject": "größer", "findings": [finding] * findings}
    return {"exit_code": 1, "patches": [patch] * patches, "summary": {"errors": findings}}


def test_short_document_is_complete() -> None:
    document = make_document(2, 3)
    assert json.loads(format_answer(document)) == document


def test_long_lists_lose_their_ends_and_are_counted() -> None:
    text = format_answer(make_document(1, 5000))
    answer = json.loads(text)
    shown = len(answer["patches"][0]["findings"])
    assert len(text.encode()) <= 12_000
    assert shown > 20
    assert answer["shortened"] == [f"patches.findings: {5000 - shown} more in the list"]
    assert answer["summary"] == {"errors": 5000}


def test_every_patch_has_a_share_if_the_first_is_large() -> None:
    document = make_document(3, 2)
    document["patches"][0] = {"subject": "large", "findings": [{"message": "x" * 90}] * 4000}
    answer = json.loads(format_answer(document))
    assert [patch["subject"] for patch in answer["patches"]] == ["large", "größer", "größer"]


def test_long_texts_are_cut() -> None:
    text = format_answer({"diff": "ä" * 40_000, "subject": "frob: fix"})
    answer = json.loads(text)
    assert len(text.encode()) <= 12_000
    assert answer["subject"] == "frob: fix"
    assert answer["shortened"] == [f"diff: {40_000 - len(answer['diff']) + 1} characters"]


@settings(max_examples=20)
@given(st.dictionaries(st.text(max_size=12), VALUES, max_size=8))
def test_any_document_fits(document: dict[str, Any]) -> None:
    text = format_answer(document, 3000)
    assert len(text.encode("utf-8", "replace")) <= 3000
    assert isinstance(json.loads(text), dict)


def test_compact_keeps_false_and_zero() -> None:
    document = {"a": None, "b": [], "c": {"d": ""}, "e": False, "f": 0, "g": [None, {"h": 1}]}
    assert compact(document, {"h"}) == {"e": False, "f": 0, "g": [None, {}]}


def test_long_page_ends_with_a_note() -> None:
    text = shorten_text("a line of text\n" * 2000)
    assert len(text.encode()) <= 12_000
    assert text.endswith("bytes omitted]\n")
    assert shorten_text("short") == "short"
