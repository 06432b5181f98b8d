# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail addresses: parsed from headers and trailers, and checked before a mail is addressed to them."""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from patchpilot.cache import patterns as re

_NAME_ADDR = re.compile(r"^\s*(?P<name>[^<>]*?)\s*<\s*(?P<email>[^<>\s]+)\s*>")
_BARE = re.compile(r"(?<![^\s<>()\",;:])(?P<email>[^\s<>()\",;:]+@[^\s<>()\",;:]+)")
_ATOM = r'[^\x00-\x20()<>@,:;"\\\[\]]+'
_PLAIN = re.compile(rf"[ \t]*(?:(?:({_ATOM}(?: +{_ATOM})*) +)?<([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))[ \t]*", re.ASCII)
"""A mailbox as nearly all headers have them: nothing quoted, no comment, no group."""
MAX_ADDRESS = 1000
MAX_HEADER = 64 * 1024
"""Characters that are parsed: no address or list of recipients is longer, except in an attack."""
_DOT_ATOMS = re.compile(r"[\w+-]+(?:\.[\w+-]+)*@[a-z\d-]+(?:\.[a-z\d-]+)*", re.ASCII | re.IGNORECASE)
"""An address as nearly all are, which the email package takes."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_QUOTED = re.compile(r'^-|[()<>@,;:\\".\[\]]')
"""A name that a header quotes (RFC 5322), or that a program would read as an option where it is an argument."""
_DANGERS = (
    (re.compile(r"^-"), "it begins with '-', which a mail program would read as an option"),
    (re.compile(r"\$[{(]|`"), "it has a shell expansion"),
    (re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]"), "it has white space or a control character"),
    (re.compile(r'[",]'), "it has a quote or a comma"),
)


class Address(NamedTuple):
    """A mailbox: display name as text (may be empty) and the address itself."""

    name: str
    email: str

    def __str__(self) -> str:
        return self.header()

    def header(self) -> str:
        """`Name <email>` as a header has it in text form, not encoded; quoted where RFC 5322 wants it, or after '-'."""
        name = _CONTROL.sub(" ", self.name).strip()
        if not name:
            return self.email
        if _QUOTED.search(name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"{name} <{self.email}>"

    def trailer(self) -> str:
        """`Name <email>` as a kernel trailer has it: never quoted."""
        return f"{self.name} <{self.email}>" if self.name else self.email

    @property
    def key(self) -> str:
        """The key by which two addresses are the same mailbox: the address in lower case."""
        return self.email.lower()


def parse_address(text: str) -> Address | None:
    """The address in a trailer's value or a single header value, or None where there is none."""
    text = text[:MAX_ADDRESS]
    match = _NAME_ADDR.match(text)
    if match:
        name = match["name"].strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return Address(name, match["email"])
    bare = _BARE.search(text)
    return Address("", bare["email"]) if bare else None


@lru_cache(maxsize=256)
def parse_addresses(text: str) -> tuple[Address, ...]:
    """All addresses of a To: or Cc: header value (already decoded), in order."""
    plain = [_PLAIN.fullmatch(part) for part in text.split(",")] if len(text) <= MAX_HEADER else [None]
    if all(plain):
        return tuple(Address(re.sub(" +", " ", found[1] or ""), found[2] or found[3]) for found in plain if found)
    import email.utils

    # newer Pythons discard the whole list for one odd address without this argument, which 3.11 before 3.11.10 lacks
    lenient: dict[str, bool] = {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
    text = text[:MAX_HEADER]
    try:
        return tuple(Address(name, found) for name, found in email.utils.getaddresses([text], **lenient) if "@" in found)
    except RecursionError:
        return tuple(Address("", found["email"]) for found in _BARE.finditer(text))


class AddressState(StrEnum):
    """The result of checking an address."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


class AddressVerdict(NamedTuple):
    """The verdict on an address: its state, why, and the ASCII form to use in mail (None when bad)."""

    state: AddressState
    reason: str
    wire: str | None


def danger(email: str) -> str:
    """Why an address must not be passed to a program, "" where it may: a mail program could read it as an option or split it."""
    return next((reason for pattern, reason in _DANGERS if pattern.search(email)), "")


def judge(email: str) -> AddressVerdict:
    """Check an address for `danger`, then with email-validator, without network access.

    Bad addresses are rejected by every mail server or are dangerous. Intranet, `.test` and literal addresses are doubtful, not bad. A domain in
    another script is given in its ASCII form; a local part that is not ASCII is bad (SMTPUTF8 is not used on kernel lists).
    """
    from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

    if reason := danger(email):
        return AddressVerdict(AddressState.BAD, reason, None)
    try:
        good = validate_email(email, check_deliverability=False, allow_smtputf8=False)
        return AddressVerdict(AddressState.GOOD, "", good.ascii_email or email)
    except EmailNotValidError as error:
        reason = str(error)
    try:
        odd = validate_email(
            email,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
            allow_domain_literal=True,
            globally_deliverable=False,
        )
        return AddressVerdict(AddressState.DOUBTFUL, reason, odd.ascii_email or email)
    except (EmailNotValidError, EmailSyntaxError):
        return AddressVerdict(AddressState.BAD, reason, None)


def sort_out(addresses: Iterable[Address]) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """(the addresses that a mail can be sent to, a sentence for each of the others with the reason)."""
    kept, omitted = [], []
    for address in addresses:
        verdict = judge(address.email)
        if verdict.state is AddressState.BAD:
            omitted.append(f"{address.email} is not a valid address and was omitted: {verdict.reason}")
        else:
            kept.append(address)
    return tuple(kept), tuple(omitted)


def is_header_safe(address: Address) -> bool:
    """Whether the address is valid in a header: no control character, parsable by the email package."""
    if _DOT_ATOMS.fullmatch(address.email) and not _CONTROL.search(address.name):
        return True
    from email.errors import MessageError
    from email.headerregistry import Address as HeaderAddress

    if _CONTROL.search(address.name) or _CONTROL.search(address.email):
        return False
    try:
        HeaderAddress(display_name=address.name, addr_spec=address.email)
    except (MessageError, ValueError, IndexError, AttributeError):
        return False
    return True
