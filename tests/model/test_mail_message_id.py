# SPDX-License-Identifier: GPL-2.0-or-later
"""Test Message-IDs in headers, in texts and in user input."""

import pytest

from patchpilot.errors import InputError
from patchpilot.model.mail import (
    add_brackets,
    find_batch_part,
    find_linked_ids,
    message_id_in_header,
    message_ids_in_header,
    parse_bracketed_id,
    parse_message_id,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@b", "a@b"),
        (" <a@b> ", "a@b"),
        ("id:a@b", "a@b"),
        ("mid:<a@b>", "a@b"),
        ("Message-ID: <a@b>", "a@b"),
        ("https://lore.kernel.org/all/a%40b/T/#u", "a@b"),
        ("https://lore.kernel.org/r/a@b", "a@b"),
        ("https://lore.kernel.org/all/", None),
        ("Ada <a@b>", None),
        ("a b@c", None),
        ("", None),
    ],
)
def test_message_id_is_read_from_user_input(text: str, expected: str | None) -> None:
    assert parse_message_id(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<a@b>", "a@b"),
        ("msgid: <a@b>", "a@b"),
        ("a@b", None),
        ("<a>", None),
        ("Ada <a@b>", None),
    ],
)
def test_message_id_is_not_an_address(text: str, expected: str | None) -> None:
    assert parse_bracketed_id(text) == expected


def test_headers_are_read_and_written() -> None:
    assert message_ids_in_header("<a@b>\n <c@d>\t<e f> junk") == ("a@b", "c@d")
    assert message_id_in_header(" <a@b> (comment)") == "a@b"
    assert message_id_in_header(" none ") == "none"
    assert add_brackets("a@b") == "<a@b>"
    with pytest.raises(InputError, match="not a Message-ID"):
        add_brackets("a@b\nBcc: c@d")


def test_messages_are_found_by_url_and_line() -> None:
    text = (
        "see (https://lore.kernel.org/r/a%40b), or\n"
        "Message-ID: <c@d>\n"
        "https://example.org/x y@z\n"
        "v1: https://lore.kernel.org/all/e@f/T/\n"
    )
    assert list(find_linked_ids(text)) == [
        ("c@d", None),
        ("a@b", text.index("https")),
        ("e@f", text.rindex("https")),
    ]


@pytest.mark.parametrize(
    ("message_id", "expected"),
    [
        ("20240101120000.12345-2-ada@example.org", "20240101120000.12345"),
        ("1712345678-2345-3-git-send-email-ada@example.org", "1712345678-2345"),
        ("1712345678-2345-git-send-email-ada@example.org", "1712345678-2345"),
        ("20240101-topic-v2-1-0123456789ab@example.org", "20240101-topic-v2"),
        (f"{'0123456789' * 4}.1712345678.git.ada@example.org", "1712345678.git"),
        ("x@example.org", None),
    ],
)
def test_messages_of_a_send_share_a_prefix(message_id: str, expected: str | None) -> None:
    assert find_batch_part(message_id) == expected
