# SPDX-License-Identifier: GPL-2.0-or-later
"""Test parsing and formatting addresses."""

import email.utils
import re
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.model.address import (
    Address,
    AddressState,
    check_email_address,
    decode_mailboxes,
    is_header_safe,
    parse_address,
    parse_addresses,
    parse_only_mailbox,
    split_usable_addresses,
)

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    max_size=30,
).map(lambda text: " ".join(text.split()))


@given(
    st.text("Aa\u00e9.-_'+@<>,;:\"()\\[] \t\u00a0=?", max_size=40),
    st.sampled_from(["{}", "{} <a.b+c@d-e.org>", "Ada, {}, b@c", "a@b.c,{}"]),
)
def test_address_list_matches_the_email_package(text: str, form: str) -> None:
    value = form.format(text)
    lenient = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
    expected = tuple(
        Address(name, pair)
        for name, pair in email.utils.getaddresses([value], **lenient)
        if "@" in pair
    )
    assert parse_addresses(value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada Fixer <ada@example.org>", Address("Ada Fixer", "ada@example.org")),
        (
            '"Ada F. Fixer" <ada@example.org> # v5.4',
            Address("Ada F. Fixer", "ada@example.org"),
        ),
        ("ada@example.org", Address("", "ada@example.org")),
        ("<ada@example.org>", Address("", "ada@example.org")),
        ("nobody", None),
        ("", None),
        (
            '"Ada \\"the fixer\\" Lovelace" <ada@example.org>',
            Address('Ada "the fixer" Lovelace', "ada@example.org"),
        ),
        (r'"back\\slash" <ada@example.org>', Address("back\\slash", "ada@example.org")),
        ('"Ada <ada@example.org>', Address('"Ada', "ada@example.org")),
        ('" <ada@example.org>', Address('"', "ada@example.org")),
        ("  Ada   < ada@example.org > trailing", Address("Ada", "ada@example.org")),
        ("see ada@example.org, please", Address("", "ada@example.org")),
    ],
)
def test_trailer_value_has_an_address(text: str, expected: Address | None) -> None:
    assert parse_address(text) == expected


@given(NAMES)
def test_name_survives_a_header_round_trip(name: str) -> None:
    address = Address(name, "ada@example.org")
    assert parse_addresses(address.header())[0].email == "ada@example.org"
    if not any(char in name for char in '"\\()<>'):
        assert parse_addresses(address.header())[0].name.split() == name.split()


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
        ("o'neil+x=y{z}@example.org", AddressState.GOOD),
        ("-X/tmp/log@example.org", AddressState.BAD),
        ("--passwordeval=touch${IFS}x#@x.example", AddressState.BAD),
        ("a${IFS}b@example.org", AddressState.BAD),
        ("a$(id)@example.org", AddressState.BAD),
        ("a`id`@example.org", AddressState.BAD),
        ('"a b"@example.org', AddressState.BAD),
        ("a,-Xb@example.org", AddressState.BAD),
        ("a\tb@example.org", AddressState.BAD),
        ("a\u2028b@example.org", AddressState.BAD),
        ("ada@-x.example.org", AddressState.BAD),
        ("-ada@[127.0.0.1]", AddressState.BAD),
        ("-ada@buildhost", AddressState.BAD),
    ],
)
def test_address_is_classified(email: str, state: AddressState) -> None:
    assert check_email_address(email).state == state


@given(st.from_regex(r"\A[\w.+-]{1,66}@([\w-]{1,64}[.]){1,2}(org|test|arpa|onion|c0m)\Z"))
def test_ordinary_addresses_match_email_validator(email: str) -> None:
    with mock.patch("patchpilot.model.address._USUAL", re.compile("(?!)")):
        verdict = check_email_address(email)
    assert check_email_address(email) == verdict


def test_dangerous_address_has_a_reason() -> None:
    good, bad = (
        Address("Ada", "ada@example.org"),
        Address("Eve", "-X/tmp/log@example.org"),
    )
    assert split_usable_addresses([good, bad]) == (
        (good,),
        (
            "-X/tmp/log@example.org is not a valid address and was omitted: "
            "it begins with '-', which a mail program would read as an option",
        ),
    )


@given(
    st.text(max_size=20),
    st.sampled_from(["", "@example.org", "@buildhost", "@[127.0.0.1]"]),
)
def test_valid_address_is_not_an_option(local: str, domain: str) -> None:
    wire = check_email_address(local + domain).wire
    assert wire is None or (wire[:1] != "-" and not re.search(r"[\s,\"`\x00-\x1f]|\$[({]", wire))


def test_option_like_name_is_quoted() -> None:
    assert Address("-o/tmp/x Eve", "eve@example.org").header() == '"-o/tmp/x Eve" <eve@example.org>'


def test_unicode_domain_is_encoded() -> None:
    assert check_email_address("ada@bücher.example.org").wire == "ada@xn--bcher-kva.example.org"


@given(st.text(max_size=20), st.text(max_size=20))
def test_line_break_is_never_safe_in_a_header(before: str, after: str) -> None:
    assert not is_header_safe(Address(f"{before}\n{after}", "ada@example.org"))
    assert not is_header_safe(Address("Ada", f"ada{before}\r\nBcc: {after}@example.org"))


@pytest.mark.parametrize(
    "name",
    [
        "Ada Fixer",
        "Ada F. Fixer",
        'Ada "x" Fixer',
        "back\\slash",
        "Fixer, Ada",
        "",
        "a (b)",
        "[ada]",
    ],
)
def test_formatted_name_round_trips(name: str) -> None:
    address = Address(name, "ada@example.org")
    assert parse_address(address.header()) == address
    assert parse_addresses(address.header()) == (address,) or "[" in name
    assert str(address) == address.header()


def test_header_has_no_control_characters() -> None:
    assert Address("Ada\n\tB\x7f", "ada@example.org").header() == "Ada  B <ada@example.org>"
    assert Address("\x00", "ada@example.org").header() == "ada@example.org"
    assert Address("Ada F. Fixer", "ada@example.org").trailer() == "Ada F. Fixer <ada@example.org>"
    assert Address("", "ada@example.org").trailer() == "ada@example.org"


def test_mailboxes_are_compared_case_insensitively() -> None:
    assert Address("A", "Ada@Example.ORG").key == Address("B", "ada@example.org").key


def test_invalid_address_does_not_hide_others() -> None:
    addresses = parse_addresses(
        "Ada <ada@example.org>, a@b@c, undisclosed-recipients:;, nobody, Bob <bob@example.com>"
    )
    assert {"ada@example.org", "bob@example.com"} <= {address.email for address in addresses}
    assert all("@" in address.email for address in addresses)


def test_deeply_nested_addresses_are_found() -> None:
    addresses = parse_addresses("(" * 60_000 + " ada@example.org, bob@example.com")
    assert addresses == (Address("", "ada@example.org"), Address("", "bob@example.com"))


def test_invalid_address_has_a_reason() -> None:
    assert (
        check_email_address("ada@example.org").wire,
        check_email_address("ada@example.org").reason,
    ) == (
        "ada@example.org",
        "",
    )
    assert check_email_address("root@buildhost").wire == "root@buildhost"
    assert check_email_address("ada@[127.0.0.1]").wire == "ada@[127.0.0.1]"
    bad = check_email_address("ada@@example.org")
    assert bad.wire is None
    assert bad.reason


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        (Address("Ada", "ada@example.org"), True),
        (Address("", "ada@example.org"), True),
        (Address("A\x00da", "ada@example.org"), False),
        (Address("A\x7fda", "ada@example.org"), False),
        (Address("Ada", "ada\x1f@example.org"), False),
        (Address("Ada", "ada@"), False),
        (Address("Ada", "a da@example.org"), False),
    ],
)
def test_only_encodable_addresses_are_safe(address: Address, safe: bool) -> None:
    assert is_header_safe(address) is safe


EVE = "eve@evil.example"
DISGUISES = (
    f'"Matt <matt@example.com>" <{EVE}>',
    f'"Matt \\" <matt@example.com>" <{EVE}>',
    f"=?utf-8?q?Matt_=3Cmatt=40example=2Ecom=3E?= <{EVE}>",
    f"=?utf-8?b?TWF0dCA8bWF0dEBleGFtcGxlLmNvbT4=?= <{EVE}>",
    f"=?utf-8?q?Matt?= =?utf-8?q?_=3Cmatt=40example=2Ecom=3E?= <{EVE}>",
    f"=?utf-8?q?Matt_=22_=3Cmatt=40example=2Ecom=3E?= <{EVE}>",
    f'"=?utf-8?q?Matt=22_=3Cmatt=40example=2Ecom=3E?=" <{EVE}>',
    f"{EVE} (Matt <matt@example.com>)",
    f"{EVE} (=?utf-8?q?=29_Matt_=3Cmatt=40example=2Ecom=3E?=)",
    f"(Matt <matt@example.com>) {EVE}",
    f"(a (b) Matt <matt@example.com>) <{EVE}>",
    f'"matt@example.com" <{EVE}>',
)
TWO_MAILBOXES = (
    f"Matt <matt@example.com> <{EVE}>",
    f"Matt <matt@example.com>:{EVE};",
    f"Team: Matt <matt@example.com>, {EVE};",
    f"matt@example.com {EVE}",
    f"matt@example.com <{EVE}>",
    f"Matt <matt@example.com>, Eve <{EVE}>",
    f"Matt <matt@example.com> =?utf-8?q?<{EVE}>?=",
    f"matt@example.com){EVE}",
    f'Matt <matt@example.com> \\" " <{EVE}> "',
    f"Matt <matt@example.com> ( <{EVE}>",
    f"Matt <matt@example.com> {' ' * 5000} <{EVE}>",
    f"matt@example.com\0@{EVE}",
    f"<@{EVE}:matt@example.com>",
    "=?utf-8?q?Matt_=3Cmatt=40example=2Ecom=3E?=",
    "matt @ example.com",
    '"matt@example.com"@evil.example',
    "",
)


@pytest.mark.parametrize("value", DISGUISES)
def test_address_in_a_name_is_not_a_mailbox(value: str) -> None:
    decoded = decode_mailboxes(value)
    address = parse_only_mailbox(decoded)
    assert address is not None
    assert address.email == EVE
    assert [address.email for address in parse_addresses(decoded)] == [EVE]
    assert parse_address(decoded) in (
        address,
        address._replace(name=f'"{address.name}"'),
    )
    mailbox = parse_only_mailbox(address.header())
    assert mailbox == address


@pytest.mark.parametrize("value", TWO_MAILBOXES)
def test_only_mailbox_rejects_other_values(value: str) -> None:
    address = parse_only_mailbox(decode_mailboxes(value))
    assert address is None


@pytest.mark.parametrize(
    ("value", "name", "email"),
    [
        ("Ada Fixer <ada@example.org>", "Ada Fixer", "ada@example.org"),
        ('"Fixer, Ada" <ada@example.org>', "Fixer, Ada", "ada@example.org"),
        ("Fixer, Ada <ada@example.org>", "Fixer, Ada", "ada@example.org"),
        ('"A \\"B\\" C" D <ada@example.org>', 'A "B" C D', "ada@example.org"),
        (
            "Ada Fixer (Oracle) <ada@example.org>",
            "Ada Fixer (Oracle)",
            "ada@example.org",
        ),
        ("Ada [ext] F. <ada@example.org>", "Ada [ext] F.", "ada@example.org"),
        ("ada@example.org <Ada@example.org>", "ada@example.org", "Ada@example.org"),
        (
            "=?utf-8?q?M=C3=BCller=2C?= Ada <ada@example.org>",
            "Müller, Ada",
            "ada@example.org",
        ),
        (
            "=?utf-8?b?TcO8bGxlcg==?= =?utf-8?q?_A=2E?= <ada@example.org>",
            "Müller A.",
            "ada@example.org",
        ),
        ('"=?utf-8?q?M=C3=BCller?=" <ada@example.org>', "Müller", "ada@example.org"),
        (
            "Ada =?utf-8?q?=28M=C3=BCller=29?= <ada@example.org>",
            "Ada (Müller)",
            "ada@example.org",
        ),
        ("ada@example.org", "", "ada@example.org"),
        ("Team: ada@example.org;", "", "ada@example.org"),
    ],
)
def test_mailbox_name_is_decoded(value: str, name: str, email: str) -> None:
    assert parse_only_mailbox(decode_mailboxes(value)) == Address(name, email)


@given(
    st.text('ab@<>,;:"()\\ .=?q_', max_size=30),
    st.text('ab@<>,;:"()\\ .=?q_', max_size=30),
)
def test_address_in_surrounding_text_is_found(before: str, after: str) -> None:
    address = parse_only_mailbox(decode_mailboxes(f"{before} <ada@example.org> {after} <{EVE}>"))
    assert address is None or address.email == EVE


@pytest.mark.parametrize("unit", ["(", '"', "\\", "()", '""', "=?", "=?a?q?b?= ", '"=?a?q?b?="'])
def test_hostile_header_takes_linear_time(unit: str) -> None:
    value = unit * (200_000 // len(unit))
    assert parse_only_mailbox(decode_mailboxes(value)) is None


def test_value_without_an_address_is_unchanged() -> None:
    nobody = Address("Matt <matt@example.com>, Eve <eve@evil.example>", "")
    assert nobody.trailer() == nobody.header() == nobody.called == nobody.name


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Ada Fixer", "Ada Fixer"),
        ("", "ada@example.org"),
        ("Ada@example.org", "ada@example.org"),
        ("Matt <matt@example.com>", '"Matt <matt@example.com>" <ada@example.org>'),
        ("matt@example.com", '"matt@example.com" <ada@example.org>'),
        ("matt\uff20example.com", '"matt\uff20example.com" <ada@example.org>'),
    ],
)
def test_misleading_name_shows_the_real_address(name: str, called: str) -> None:
    address = Address(name, "ada@example.org")
    assert address.called == called
    assert parse_only_mailbox(address.trailer()) == address
