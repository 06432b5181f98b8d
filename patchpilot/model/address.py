# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse email addresses, and programs named in tags.

Addresses are parsed from headers and trailers, and validated before they become recipients. The
format of Assisted-by: tags is in Documentation/process/coding-assistants.rst. Encoded words (RFC
2047) are decoded here in one pass, because `email.header` fails on damaged base64 and takes
quadratic time for many words.
"""

import binascii
import codecs
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from patchpilot.cache.cached_re import lazy_pattern

_START = lazy_pattern(r"=\?(?P<charset>[^?*\s]*)(?:\*[^?\s]*)?\?(?P<encoding>[bBqQ])\?")
_NOT_FOR_MAIL = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape"))
"""Python codecs not used in email: they are slow, interpret escapes, or cannot encode again."""


def decode_words(value: str) -> str:
    """Decode the encoded words in the value of a header.

    Words that cannot be decoded stay unchanged.
    """
    if "=?" not in value:
        return value
    parts: list[str] = []
    pending = bytearray()
    charset = ""
    position = 0
    for start, end, name, data in _find_encoded_words(value):
        gap = value[position:start]
        # drop whitespace between encoded words, because a character may be split across two of them
        if pending and (gap.strip() or name != charset):
            parts.append(decode_text(bytes(pending), charset))
            pending.clear()
        if gap.strip() or position == 0:
            parts.append(gap)
        pending += data
        charset, position = name, end
    parts += [decode_text(bytes(pending), charset), value[position:]]
    return "".join(parts)


def decode_text(data: bytes, charset: str, errors: str = "replace") -> str:
    """Decode bytes; use UTF-8 if the charset is unknown or not used in email."""
    try:
        codec = codecs.lookup(charset).name
        if codec == "utf-7":
            return _decode_utf_7(data)
        return data.decode("utf-8" if codec in _NOT_FOR_MAIL else codec, errors)
    except (LookupError, ValueError):
        return data.decode("utf-8", errors)


def _decode_utf_7(data: bytes) -> str:
    """Decode UTF-7; raise ValueError if the text has half characters or hidden line ends."""
    text = data.decode("utf-7")
    text.encode("utf-8")
    plain = data.decode("latin-1")
    if _CONTROL.findall(text) != _CONTROL.findall(plain):
        raise ValueError("control characters")
    return text


def _find_encoded_words(value: str) -> list[tuple[int, int, str, bytes]]:
    result: list[tuple[int, int, str, bytes]] = []
    position = 0
    while opening := _START.search(value, position):
        end = value.find("?=", opening.end())
        if end < 0:
            break
        data = _decode_payload(value[opening.end() : end], opening["encoding"].lower())
        if data is None:
            position = opening.end()
            continue
        result.append((opening.start(), end + 2, opening["charset"].lower() or "utf-8", data))
        position = end + 2
    return result


def _decode_payload(text: str, encoding: str) -> bytes | None:
    """Decode the content of an encoded word, or return None if its base64 is damaged."""
    raw = text.encode("utf-8", "surrogateescape")
    if encoding == "q":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw.rstrip(b"=")) % 4))
    except binascii.Error:
        return None


_NAME_ADDR = lazy_pattern(r"^\s*(?P<name>[^<>]*?)\s*<\s*(?P<email>[^<>\s]+)\s*>")
_BARE = lazy_pattern(r"(?<![^\s<>()\",;:])(?P<email>[^\s<>()\",;:]+@[^\s<>()\",;:]+)")
_WHOLE = lazy_pattern(r"(?:[^<>]*<\s*[^<>\s]+\s*>|[\s,]*[^<>\s,;]+)[\s,]*")
_ATOM = r'[^\x00-\x20()<>@,:;"\\\[\]]+'
_PLAIN = lazy_pattern(
    rf"[ \t]*(?:(?:({_ATOM}(?: +{_ATOM})*) +)?<([\w.+-]+@[\w.-]+)>|([\w.+-]+@[\w.-]+))[ \t]*",
    re.ASCII,
)
"""A common mailbox, without quotes, comment or group."""
_MARK = lazy_pattern(r'\\.|["()]', re.DOTALL)
"""The start or end of a quoted string or comment; a backslash escapes the next character."""
_EMAIL = lazy_pattern(r"[^@\x00-\x20\x7f]+(?:@[^@\x00-\x20\x7f]+)?")
_ANY_ADDRESS = lazy_pattern(r"[^\s<>()\[\]{}\",;:]+@[^\s<>()\[\]{}\",;:]+")
_LIKE_ADDRESS = lazy_pattern("[<>@\uff20\ufe6b]")
_STRAY = lazy_pattern(r'[\\"()]')
_WITH_AT = lazy_pattern(r"[^\s<>,;:]*@[^\s<>,;:]*")
_QUOTED_STRING = lazy_pattern(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = r"=\?[^\s?\"()<>@,;:\\]+\?[bBqQ]\?[^\s?\"()<>@,;:\\]*\?="
_WORDS = lazy_pattern(rf"{_WORD}(?:[ \t]+{_WORD})*")
"""Adjacent encoded words, without characters that RFC 2047 forbids in a name."""
MAX_ADDRESS = 1000
MAX_HEADER = 64 * 1024
"""Maximum number of characters that are parsed; longer addresses or lists indicate an attack."""
_DOT_ATOMS = lazy_pattern(
    r"[\w+-]+(?:\.[\w+-]+)*@[a-z\d-]+(?:\.[a-z\d-]+)*",
    re.ASCII | re.IGNORECASE,
)
"""A common address, which the email package is known to parse correctly."""
_USUAL = lazy_pattern(
    r"(?=[^@]{1,64}@)[\w+-]+(?:\.[\w+-]+)*"
    r"@(?:(?!-|[^.]*--)[a-z\d-]{1,63}(?<!-)\.)+"
    r"(?!(?:arpa|invalid|local|localhost|onion|test)$)[a-z]{2,63}",
    re.ASCII,
)
"""A common address, for which email-validator need not be imported."""
_CONTROL = lazy_pattern(r"[\x00-\x1f\x7f]")
_QUOTED = lazy_pattern(r'^-|[()<>@,;:\\".\[\]\uff20\ufe6b]')
"""A name that must be quoted in a header (RFC 5322), or that programs could parse as an option."""
_DANGERS = (
    (
        lazy_pattern(r"^-"),
        "it begins with '-', which a mail program would read as an option",
    ),
    (lazy_pattern(r"\$[{(]|`"), "it has a shell expansion"),
    (
        lazy_pattern(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]"),
        "it has white space or a control character",
    ),
    (lazy_pattern(r'[",]'), "it has a quote or a comma"),
)


class Address(NamedTuple):
    """A mailbox, which consists of a display name (may be empty) and an email address."""

    name: str
    email: str

    def __str__(self) -> str:
        return self.header()

    def header(self) -> str:
        """Return `Name <email>` for a header, without RFC 2047 encoding.

        The name is quoted if RFC 5322 requires it or if it starts with '-'.
        """
        name = _CONTROL.sub(" ", self.name).strip()
        return f"{_quote_name(name)} <{self.email}>" if name and self.email else name or self.email

    def trailer(self) -> str:
        """Return `Name <email>` for a trailer in a kernel commit.

        If the name looks like an address, it is quoted.
        """
        name = _quote_name(self.name) if _LIKE_ADDRESS.search(self.name) else self.name
        return f"{name} <{self.email}>" if name and self.email else self.name or self.email

    @property
    def called(self) -> str:
        """Return the name to display.

        If there is no name, this is the address. If the name looks like an address, this is the
        name followed by the address.
        """
        if not self.name or self.name.lower() == self.key:
            return self.email
        return self.trailer() if _LIKE_ADDRESS.search(self.name) else self.name

    @property
    def key(self) -> str:
        """Return the address in lower case as a key for the mailbox."""
        return self.email.lower()


def _quote_name(name: str) -> str:
    if not _QUOTED.search(name):
        return name
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _find_enclosed_spans(text: str) -> list[tuple[int, int]]:
    spans = []
    start = depth = 0
    in_quotes = False
    for match in _MARK.finditer(text):
        was_inside = in_quotes or depth > 0
        if match[0] == '"' and not depth:
            in_quotes = not in_quotes
        elif match[0] == "(" and not in_quotes:
            depth += 1
        elif match[0] == ")" and depth:
            depth -= 1
        is_inside = in_quotes or depth > 0
        if is_inside and not was_inside:
            start = match.start()
        elif was_inside and not is_inside:
            spans.append((start, match.end()))
    return spans


def _mask_enclosed_parts(text: str) -> str:
    parts = []
    position = 0
    for start, end in _find_enclosed_spans(text):
        parts += [text[position:start], "," * (end - start)]
        position = end
    return "".join([*parts, text[position:]])


def decode_mailboxes(value: str) -> str:
    """Decode the encoded words (RFC 2047) in a header with addresses.

    The number of addresses does not change: decoded words become part of names, and are quoted if
    necessary.
    """
    if "=?" not in value:
        return value
    parts = []
    position = 0
    for start, end in _find_enclosed_spans(value):
        parts += [
            _WORDS.sub(_decode_name, value[position:start]),
            _WORDS.sub(_decode_part, value[start:end]),
        ]
        position = end
    return "".join([*parts, _WORDS.sub(_decode_name, value[position:])])


def _decode_name(match: re.Match[str]) -> str:
    return _quote_name(_CONTROL.sub(" ", decode_words(match[0])))


def _decode_part(match: re.Match[str]) -> str:
    return re.sub(r'[\\"()]', r"\\\g<0>", _CONTROL.sub(" ", decode_words(match[0])))


def parse_address(text: str) -> Address | None:
    """Return the first address in a trailer's value, or None."""
    text = text[:MAX_ADDRESS]
    structure = _mask_enclosed_parts(text)
    match = _NAME_ADDR.match(structure)
    if match:
        name = text[: match.end("name")].strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return Address(name, match["email"])
    bare = _BARE.search(structure)
    return Address("", bare["email"]) if bare else None


def parse_whole_address(text: str) -> Address | None:
    """Return the address that a text consists of, with or without a name.

    Return None if a part of the text would be lost, such as the name in `Name <name@example.org`.
    """
    is_whole = _WHOLE.fullmatch(_mask_enclosed_parts(text))
    return parse_address(text) if is_whole else None


def parse_only_mailbox(text: str) -> Address | None:
    """Return the mailbox in a header value if it is the only address, or None.

    A From: header with several or ambiguous addresses identifies nobody.
    """
    structure = _mask_enclosed_parts(text)
    if len(text) > MAX_ADDRESS or _STRAY.search(structure):
        return None
    address = parse_address(text)
    addresses = {address.lower() for address in _WITH_AT.findall(structure)}
    if address is None or not addresses <= {address.key} or not _EMAIL.fullmatch(address.email):
        return None
    name = text[: structure.index("<")].strip() if "<" in structure else ""
    return Address(_QUOTED_STRING.sub(lambda part: _unescape_quotes(part[1]), name), address.email)


def find_addresses(text: str) -> tuple[str, ...]:
    """Return every part of a text that looks like an address, including in names and comments."""
    return tuple(_ANY_ADDRESS.findall(text))


def _unescape_quotes(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


@lru_cache(maxsize=256)
def parse_addresses(text: str) -> tuple[Address, ...]:
    """Return the addresses in the decoded value of a To: or Cc: header, in order."""
    plain = (
        [_PLAIN.fullmatch(part) for part in text.split(",")] if len(text) <= MAX_HEADER else [None]
    )
    if all(plain):
        return tuple(
            Address(re.sub(" +", " ", match[1] or ""), match[2] or match[3])
            for match in plain
            if match
        )
    import email.utils

    # without strict=False, newer Python versions reject the whole list if one address is unusual;
    # 3.11.0 to 3.11.9 do not have this argument
    lenient: dict[str, bool] = (
        {"strict": False} if getattr(email.utils, "supports_strict_parsing", False) else {}
    )
    text = text[:MAX_HEADER]
    try:
        return tuple(
            Address(name, pair)
            for name, pair in email.utils.getaddresses([text], **lenient)
            if "@" in pair
        )
    except RecursionError:
        return tuple(Address("", match["email"]) for match in _BARE.finditer(text))


class AddressState(StrEnum):
    """The result of checking an address."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


class AddressVerdict(NamedTuple):
    """The result of checking an address, with the reason.

    `wire` is the address in ASCII, to which messages are sent; it is None for a bad address.
    """

    state: AddressState
    reason: str
    wire: str | None


def explain_unsafe_address(email: str) -> str:
    """Return why an address is not safe as an argument of a program, or "" if it is safe.

    A program might parse it as an option, or split it.
    """
    return next((reason for pattern, reason in _DANGERS if pattern.search(email)), "")


def check_email_address(email: str) -> AddressVerdict:
    """Check an address without network access.

    An address is bad if it is unsafe or if every mail server would reject it. Intranet, `.test` and
    literal addresses are doubtful. Internationalized domains are converted to ASCII; non-ASCII
    local parts are bad, because kernel lists do not use SMTPUTF8.
    """
    if reason := explain_unsafe_address(email):
        return AddressVerdict(AddressState.BAD, reason, None)
    if len(email) < 250 and _USUAL.fullmatch(email):
        return AddressVerdict(AddressState.GOOD, "", email)
    from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

    try:
        result = validate_email(email, check_deliverability=False, allow_smtputf8=False)
        return AddressVerdict(AddressState.GOOD, "", result.ascii_email or email)
    except EmailNotValidError as error:
        reason = str(error)
    try:
        lenient_result = validate_email(
            email,
            check_deliverability=False,
            allow_smtputf8=False,
            test_environment=True,
            allow_domain_literal=True,
            globally_deliverable=False,
        )
        return AddressVerdict(AddressState.DOUBTFUL, reason, lenient_result.ascii_email or email)
    except (EmailNotValidError, EmailSyntaxError):
        return AddressVerdict(AddressState.BAD, reason, None)


_NOREPLY = lazy_pattern(
    r"(?:^|[.+_-])(?:no-?reply|do-?not-?reply)@|@(?:[\w-]+\.)*noreply\.", re.IGNORECASE
)


def is_noreply_address(email: str) -> bool:
    """Return whether nobody reads mail to an address, such as GitHub's `users.noreply`."""
    return bool(_NOREPLY.search(email))


def split_usable_addresses(
    addresses: Iterable[Address],
) -> tuple[tuple[Address, ...], tuple[str, ...]]:
    """Return the usable addresses, and a warning for each unusable one."""
    usable, omitted = [], []
    for address in addresses:
        verdict = check_email_address(address.email)
        if verdict.state is AddressState.BAD:
            omitted.append(
                f"{address.email} is not a valid address and was omitted: {verdict.reason}"
            )
        elif is_noreply_address(address.email):
            omitted.append(f"{address.email} receives no mail and was omitted (noreply address)")
        else:
            usable.append(address)
    return tuple(usable), tuple(omitted)


def is_header_safe(address: Address) -> bool:
    """Return whether an address can be written in a header.

    It must contain no control character, and the email package must be able to parse it.
    """
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


# a given name followed by a surname is a person, and not a program with the same name
_PROGRAM = lazy_pattern(
    r"(?:claude|copilot|github copilot|chatgpt|gpt-?\d\S*|gemini|codex|cursor(?: agent)?|devin"
    r"|aider|llama|deepseek\S*|grok|qwen\S*)\b"
    r"(?: (?:code|ai|bot|agent|opus|sonnet|haiku|cli|pro|flash|\(?[a-z]{0,9}[\d.]{1,5}[a-z]{0,9}\)?"
    r")){0,4} ?(?:<|$)",
    re.IGNORECASE,
)
_ADDRESS = lazy_pattern(
    r"<(?:noreply@(?:anthropic|openai|cursor)\.com|cursoragent@cursor\.com|copilot@github\.com"
    r"|\d+\+copilot@users\.noreply\.github\.com)>",
    re.IGNORECASE,
)
_FORM = lazy_pattern(r"[^\s:<>@\[\]]+:[^\s<>@\[\]]+")
_MAILBOX = lazy_pattern(r"\s*<[^<>]*@[^<>]*>")
_BRACKETED = lazy_pattern(r"\[([^][]*)\]")
EVERYDAY_TOOLS = frozenset(
    [
        "cc",
        "clang",
        "emacs",
        "gcc",
        "git",
        "ld",
        "make",
        "nano",
        "neovim",
        "nvim",
        "vi",
        "vim",
        "vscode",
    ]
)
"""Common tools, which should not be listed in Assisted-by:."""


def is_program_value(value: str) -> bool:
    """Return whether the value of a tag is a program, not a person."""
    return bool(_PROGRAM.match(value) or _ADDRESS.search(value))


def starts_with_agent(value: str) -> bool:
    """Return whether the value of an Assisted-by: tag starts with an agent and its model."""
    return bool(_FORM.match(value))


def find_assistant_errors(value: str) -> dict[str, str]:
    """Return the errors in the value of an Assisted-by: tag, each with the text that is wrong.

    An error is `address`, `brackets` or `everyday`.
    """
    faults = {}
    if mailbox := _MAILBOX.search(value):
        faults["address"] = mailbox[0].strip()
    if bracketed := _BRACKETED.search(value):
        faults["brackets"] = bracketed[0]
    tools = _BRACKETED.sub(r" \1 ", _MAILBOX.sub("", value)).replace(",", " ").split()
    if everyday := [tool for tool in tools[1:] if tool.lower() in EVERYDAY_TOOLS]:
        faults["everyday"] = everyday[0]
    return faults


def correct_assistant(value: str) -> str:
    """Return the value of an Assisted-by: tag with its format corrected.

    The agent and the model stay the same.
    """
    plain = _BRACKETED.sub(r" \1 ", _MAILBOX.sub("", value)).replace(",", " ").split()
    return " ".join(
        [
            *plain[:1],
            *(tool for tool in plain[1:] if tool.lower() not in EVERYDAY_TOOLS),
        ]
    )
