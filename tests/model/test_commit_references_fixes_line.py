# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing `Fixes:` lines in the forms in which people and tools write them."""

import pytest

from patchpilot.model.commit_references import (
    FixesLine,
    mentions_fixes_tag,
    parse_fixes_lines,
    read_fixes_line,
    read_fixes_value,
)

ID = "0123456789ab"


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        (
            f'Fixes: {ID} ("ring: go")',
            ("", "Fixes", ":", " ", "", ID, " ", '("ring: go")'),
        ),
        (f"  fixes {ID}", ("  ", "fixes", "", " ", "", ID, "", "")),
        (f"FIXES:commit  {ID}:x", ("", "FIXES", ":", "", "commit  ", ID, "", ":x")),
        (f"Fixes: commit: {ID}", ("", "Fixes", ":", " ", "commit: ", ID, "", "")),
        (f"> | Fixes : {ID}", ("> | ", "Fixes", " :", " ", "", ID, "", "")),
        ("Fixes: commit 0123", ("", "Fixes", ":", " ", "", "", "", "commit 0123")),
        ("Fixes: #12 ", ("", "Fixes", ":", " ", "", "", "", "#12 ")),
        ("Fixes the ring", ("", "Fixes", "", " ", "", "", "", "the ring")),
        ("Fixes:", ("", "Fixes", ":", "", "", "", "", "")),
    ],
)
def test_line_parts_are_kept_verbatim(line: str, parts: tuple[str, ...]) -> None:
    read = read_fixes_line(line)
    assert read == FixesLine(*parts)
    assert "".join(parts) == line


@pytest.mark.parametrize("line", ["", "Prefixes: 0123456789ab", "This fixes 0123456789ab", "Fix:"])
def test_other_lines_are_not_fixes_lines(line: str) -> None:
    assert read_fixes_line(line) is None


@pytest.mark.parametrize(
    ("line", "tag", "unquoted"),
    [
        ("Fixes: x", True, True),
        ("\tFixes: x", True, True),
        ("Fixes x", False, True),
        ("Fixes : x", False, False),
        ("> Fixes: x", False, False),
    ],
)
def test_tag_needs_a_colon(line: str, tag: bool, unquoted: bool) -> None:
    read = read_fixes_line(line)
    assert read is not None
    assert (read.is_tag, read.is_unquoted) == (tag, unquoted)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        (ID, True),
        (f"{ID}(x)", True),
        (f"{ID}é", True),
        (f"{ID}x", False),
        (f"{ID}_", False),
        (f"{ID} x", True),
        (ID[:6], False),
        (41 * "a", False),
        ("ring", False),
    ],
)
def test_id_must_be_a_whole_word(value: str, digits: bool) -> None:
    assert read_fixes_value(value).has_digits(7) is digits


def test_only_the_word_commit_may_precede_the_id() -> None:
    assert read_fixes_value(f"commit {ID}").commit_id == ID
    assert read_fixes_value(f"commit: {ID}").commit_id == ""
    assert read_fixes_value(f"commit: {ID}").id == ID
    assert read_fixes_value(f"commit {ID} (x)").value == f"commit {ID} (x)"


@pytest.mark.parametrize(
    ("value", "spaced"), [(ID, True), (f"commit {ID}", True), (f"commit{ID}", False)]
)
def test_id_needs_a_separator(value: str, spaced: bool) -> None:
    assert read_fixes_value(value).is_spaced is spaced


def test_every_fixes_line_is_parsed() -> None:
    message = f"ring: go\n\nIt\nfixes a bug.\n\nFixes: {ID}\nFixes:\nFixes: abcdef0\n"
    ids = [line.id for line in parse_fixes_lines(message)]
    assert ids == ["", ID, "", "abcdef0"]


@pytest.mark.parametrize(
    ("line", "mentions"),
    [
        (f"see Fixes: {ID}", True),
        (f"prefixes: {ID}", False),
        (f"Fixes: {ID[:11]}", False),
    ],
)
def test_mention_is_found_anywhere(line: str, mentions: bool) -> None:
    assert mentions_fixes_tag(line) is mentions
