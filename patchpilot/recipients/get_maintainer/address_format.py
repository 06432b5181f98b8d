# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse and format addresses, split address lists and apply .mailmap like get_maintainer.pl."""

import re
from collections.abc import Iterable

from patchpilot.cache.cached_re import lazy_pattern
from patchpilot.maintainers.load import ascii_lower

_SPACE = " \t\n\r\f\v"
_NAMED = lazy_pattern(r"^([^<]+)<(.+@.*)>.*$")
_ANGLED = lazy_pattern(r"^\s*<(.+@\S*)>.*$", re.ASCII)
_BARE = lazy_pattern(r"^(.+@\S*).*$", re.ASCII)
_MUST_QUOTE = lazy_pattern(r"[^\w \-]", re.ASCII)
_LONE_QUOTE = lazy_pattern(r'(?<!\\)"')
_TOKEN = r'[ \t]*(?:"(?:[^"\\\r]|\\.)*"|\[(?:[^\[\]\r\\]|\\.)*\]|[^()<>@,;:\\".\[\]\x00-\x20\x7f]+|[<>@,:.])[ \t]*'  # noqa: E501
_COMMENT = r'("(?:[^"\\]|\\.)*")|\((?:[^()\\]|\\.)*\)'


def split_mailbox(mailbox: str) -> tuple[str, str]:
    """Split a mailbox into (name, address).

    The name is quoted if headers require this. The address is "" if there is none.
    """
    name = address = ""
    if match := _NAMED.match(mailbox):
        name, address = match[1], match[2]
    elif match := _ANGLED.match(mailbox) or _BARE.match(mailbox):
        address = match[1]
    return _quote_name(name), address.strip(_SPACE)


def _quote_name(name: str) -> str:
    name = name.strip(_SPACE).removeprefix('"').removesuffix('"')
    if _MUST_QUOTE.search(name):
        escaped = _LONE_QUOTE.sub(r'\\"', name)
        return f'"{escaped}"'
    return name


def format_mailbox(name: str, address: str, *, with_name: bool = True) -> str:
    """Format `Name <address>`, or only the address."""
    name = _quote_name(name)
    address = address.strip(_SPACE)
    return f"{name} <{address}>" if with_name and name else address


def split_mailboxes(value: str) -> list[str]:
    """Split the value of an M: or R: line into mailboxes.

    Text other than a well-formed list is returned unchanged.
    """
    if "," not in value:
        return [value]
    plain = re.sub(_COMMENT, lambda match: match[1] or " ", value)
    token_pattern = re.compile(_TOKEN)
    boxes: list[str] = []
    start = position = 0
    box: list[str] = []
    while position < len(plain):
        token = token_pattern.match(plain, position)
        if not token:
            return [value]
        token_text = token[0].strip(" \t")
        if token_text == ",":
            if box and not _is_mailbox(box):
                return [value]
            if box:
                boxes.append(plain[start:position])
            box, start = [], token.end()
        else:
            box.append(token_text)
        position = token.end()
    if box and not _is_mailbox(box):
        return [value]
    return [*boxes, plain[start:]] if box else boxes


def _is_mailbox(tokens: list[str]) -> bool:
    """Return whether these tokens are an address (`addr-spec`) or a name followed by an address in
    angle brackets.
    """
    if "<" in tokens:
        start = tokens.index("<")
        return (
            all(token not in "<>@,:." for token in tokens[:start])
            and tokens[-1] == ">"
            and _is_address(tokens[start + 1 : -1])
        )
    return _is_address(tokens)


def _is_address(tokens: list[str]) -> bool:
    if tokens.count("@") != 1:
        return False
    at_sign = tokens.index("@")
    return all(
        len(part) % 2 == 1
        and all(
            (token == ".") == bool(position % 2) and token not in "<>@,:"
            for position, token in enumerate(part)
        )
        for part in (tokens[:at_sign], tokens[at_sign + 1 :])
    )


_MAP_LINE = r"^(?P<real>[^<]*)<(?P<first>[^>]+)>(?:\s*(?P<wrong>[^<]*)<(?P<second>[^>]+)>)?$"


class Mailmap:
    """A .mailmap file (gitmailmap(5)).

    Only lines with a requested address are parsed.
    """

    def __init__(self, text: str = "") -> None:
        self._text = text
        self._names: dict[str, str] = {}
        self._addresses: dict[str, str] = {}
        self._read: set[str] = set()

    def apply(self, box: str) -> str:
        """Return the mailbox with the name and address that .mailmap gives."""
        name, address = split_mailbox(box)
        if address not in self._read:
            self._read.add(address)
            self._read_lines(address)
        mailbox = format_mailbox(name, address)
        key = mailbox if mailbox in self._names or mailbox in self._addresses else address
        return format_mailbox(self._names.get(key, name), self._addresses.get(key, address))

    def _read_lines(self, address: str) -> None:
        position = self._text.find(address)
        while position >= 0 and address:
            end = self._text.find("\n", position)
            end = len(self._text) if end < 0 else end
            self._read_line(self._text[self._text.rfind("\n", 0, position) + 1 : end])
            position = self._text.find(address, end)

    def _read_line(self, line: str) -> None:
        parts = re.match(_MAP_LINE, line.partition("#")[0].strip(_SPACE), re.ASCII)
        if not parts:
            return
        real, first, second = (
            parts["real"].rstrip(_SPACE),
            parts["first"],
            parts["second"],
        )
        wrong = (parts["wrong"] or "").rstrip(_SPACE)
        name, address = split_mailbox(f"{real} <{first}>") if real else ("", first)
        if second is None:
            if real:
                self._names[address] = name
        elif wrong:
            key = format_mailbox(*split_mailbox(f"{wrong} <{second}>"))
            self._names[key], self._addresses[key] = name, address
        else:
            self._addresses[second] = address
            if real:
                self._names[second] = name


def read_ignored(content: str) -> frozenset[str]:
    """Return the addresses in a .get_maintainer.ignore file, as written."""
    lines = (line.strip(_SPACE).partition("#")[0] for line in content.split("\n"))
    return frozenset(line for line in lines if line.strip(_SPACE) and "@" in line)


class Merger:
    """Merges mailboxes that share a name or address. Later ones are replaced with the first one."""

    def __init__(self, mailmap: Mailmap, merge: bool = True) -> None:
        self.mailmap = mailmap
        self.merge = merge
        self.by_name: dict[str, tuple[str, str]] = {}
        self.by_address: dict[str, tuple[str, str]] = {}

    def apply(self, mailbox: str) -> str:
        """Return the mailbox that replaces this one."""
        mapped = self.mailmap.apply(format_mailbox(*split_mailbox(mailbox)))
        if not self.merge:
            return mapped
        name, address = split_mailbox(mapped)
        existing = (self.by_name.get(ascii_lower(name)) if name else None) or self.by_address.get(
            ascii_lower(address)
        )
        if existing is None:
            existing = (name, address)
            self.by_name[ascii_lower(name)] = self.by_address[ascii_lower(address)] = existing
        return self.mailmap.apply(format_mailbox(*existing))

    def all(self, mailboxes: Iterable[str]) -> list[str]:
        """Return the merged mailboxes, in order."""
        return [self.apply(mailbox) for mailbox in mailboxes]
