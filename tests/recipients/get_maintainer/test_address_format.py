# SPDX-License-Identifier: GPL-2.0-or-later
"""Test splitting, formatting and correcting mailboxes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.recipients.get_maintainer.address_format import (
    Mailmap,
    Merger,
    format_mailbox,
    read_ignored,
    split_mailbox,
    split_mailboxes,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Fixer <ada@x.example>", ("Ada Fixer", "ada@x.example")),
        ("Ada F. Fixer <ada@x.example>", ('"Ada F. Fixer"', "ada@x.example")),
        ('"Ada F. Fixer" <ada@x.example>', ('"Ada F. Fixer"', "ada@x.example")),
        ("Zoë Fixer <z@x.example>", ('"Zoë Fixer"', "z@x.example")),
        ("<ada@x.example>", ("", "ada@x.example")),
        ("ada@x.example (remark)", ("", "ada@x.example")),
        ("nobody", ("", "")),
    ],
)
def test_mailbox_is_split(text: str, expected: tuple[str, str]) -> None:
    assert split_mailbox(text) == expected


@given(st.text(max_size=60))
def test_formatted_mailbox_round_trips(text: str) -> None:
    name, address = split_mailbox(text)
    if address and name and "<" not in name and "\n" not in text:
        assert split_mailbox(format_mailbox(name, address)) == (name, address)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ada <a@x.example>", 1),
        ("Ada <a@x.example>, Bo <b@x.example>", 2),
        ('"Bo, Jr." <b@x.example>, a@x.example', 2),
        ('"Bo, Jr." <b@x.example>', 1),
        ("J. Doe <j@x.example>, Bo <b@x.example>", 1),
        ("a@x.example (one, two), b@x.example", 2),
        ("a@x.example, not an address", 1),
    ],
)
def test_malformed_list_is_kept(text: str, count: int) -> None:
    assert len(split_mailboxes(text)) == count


MAP = """\
Ada Fixer <ada@new.example> <ada@old.example>
Bo Brand <bo@x.example>
<cy@new.example> <cy@old.example>
Dee Good <dee@x.example> Dee Bad <bad@x.example> # remark
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A Fixer <ada@old.example>", "Ada Fixer <ada@new.example>"),
        ("bo@x.example", "Bo Brand <bo@x.example>"),
        ("Cy <cy@old.example>", "Cy <cy@new.example>"),
        ("Dee Bad <bad@x.example>", "Dee Good <dee@x.example>"),
        ("Other <bad@x.example>", "Other <bad@x.example>"),
        ("Eve <eve@x.example>", "Eve <eve@x.example>"),
    ],
)
def test_mailmap_corrects_names_and_addresses(text: str, expected: str) -> None:
    assert Mailmap(MAP).apply(text) == expected


def test_first_spelling_replaces_later_ones() -> None:
    merger = Merger(Mailmap())
    assert merger.apply("Ada Fixer <ada@one.example>") == "Ada Fixer <ada@one.example>"
    assert merger.apply("ada fixer <ada@two.example>") == "Ada Fixer <ada@one.example>"
    assert merger.apply("A. F. <ADA@one.example>") == "Ada Fixer <ada@one.example>"
    assert Merger(Mailmap(), merge=False).all(["A <a@x.example>", "A <b@x.example>"]) == [
        "A <a@x.example>",
        "A <b@x.example>",
    ]


def test_ignore_file_is_read() -> None:
    assert read_ignored("# none\n\n Ada <ada@x.example>  # why\nno address\n") == {
        "Ada <ada@x.example>  "
    }
