# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses: what comes in as text comes out as what the field means by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.address import Address, AddressState, is_header_safe, judge, parse_address, parse_addresses

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30).map(
    lambda text: " ".join(text.split())
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Fixer <ada@example.org>", Address("Ada Fixer", "ada@example.org")),
        ('"Ada F. Fixer" <ada@example.org> # v5.4', Address("Ada F. Fixer", "ada@example.org")),
        ("ada@example.org", Address("", "ada@example.org")),
        ("<ada@example.org>", Address("", "ada@example.org")),
        ("nobody", None),
    ],
)
def test_a_trailer_value_gives_its_address(text: str, expected: Address | None) -> None:
    assert parse_address(text) == expected


@given(NAMES)
def test_a_header_keeps_every_name(name: str) -> None:
    address = Address(name, "ada@example.org")
    assert parse_addresses(address.header())[0].email == "ada@example.org"
    if not any(char in name for char in '"\\()<>'):
        assert parse_addresses(address.header())[0].name.split() == name.split()


def test_several_addresses_keep_their_order() -> None:
    found = parse_addresses('"Fixer, Ada" <ada@example.org>, bob@example.com,\n Carol <carol@example.net>')
    assert [one.email for one in found] == ["ada@example.org", "bob@example.com", "carol@example.net"]


@pytest.mark.parametrize(
    ("email", "state"),
    [
        ("ada@example.org", AddressState.GOOD),
        ("ada@lists.kernel.test", AddressState.DOUBTFUL),
        ("root@buildhost", AddressState.DOUBTFUL),
        ("ada@[127.0.0.1]", AddressState.DOUBTFUL),
        ("ada@@example.org", AddressState.BAD),
        ("adä@example.org", AddressState.BAD),
        ("ada@exa mple.org", AddressState.BAD),
        ("", AddressState.BAD),
    ],
)
def test_addresses_are_judged_before_anything_is_written_to_them(email: str, state: AddressState) -> None:
    assert judge(email).state == state


def test_a_domain_in_another_script_goes_out_in_ascii() -> None:
    assert judge("ada@bücher.example.org").wire == "ada@xn--bcher-kva.example.org"


@given(st.text(max_size=20), st.text(max_size=20))
def test_no_address_with_a_line_break_is_safe_in_a_header(left: str, right: str) -> None:
    assert not is_header_safe(Address(f"{left}\n{right}", "ada@example.org"))
    assert not is_header_safe(Address("Ada", f"ada{left}\r\nBcc: {right}@example.org"))
