# SPDX-License-Identifier: GPL-2.0-or-later
"""Parse addresses like checkpatch.pl's sign-off rules: name, comment, address and rest.

Text has one character per byte.
"""

from functools import lru_cache
from typing import NamedTuple

from patchpilot.lint.lazy_pattern import lazy

_RUN = lazy(r"\S+")
_QUOTED = lazy(r'"(.+)"')
_TO_QUOTE = lazy(r"[^\w \-]")
_FREE_QUOTE = lazy(r'(?<!\\)"')
_ENDS = lazy(r"[.,\"]+$")
_SPACES = " \t\n\r\f\v"


class Mailbox(NamedTuple):
    """The parsed value of a tag; any part may be empty.

    A name is in quotes if it has characters that a message header must quote.
    """

    name: str
    comment: str
    address: str
    rest: str

    def written(self) -> str:
        """Format the mailbox in its normal form."""
        address = _ENDS.sub("", self.address.strip(_SPACES))
        name = _quote_name(_inner(self.name))
        comment = (
            f" {self.comment.strip(_SPACES)}" if self.comment.strip(_SPACES) else ""
        )
        rest = f" {self.rest.strip(_SPACES)}" if self.rest.strip(_SPACES) else ""
        return (f"{name}{comment} <{address}>" if name else address) + rest


def parse_mailbox(text: str) -> Mailbox:
    """Parse a tag value of the form `Name (comment) <address> rest`.

    All parts are empty if a name is followed by an address without angle brackets.
    """
    name = address = rest = ""
    if angled := _split_angle_brackets(text):
        name, address, rest = angled
    elif bare := next(
        (run for run in _RUN.finditer(text) if "@" in run[0][1:-1]), None
    ):
        address, rest = bare[0], text[bare.end() :]
        name = (
            text[: text.index(address)]
            .strip(_SPACES)
            .removeprefix('"')
            .removesuffix('"')
        )
        if name and not (
            address.startswith("<")
            and address.endswith(">")
            and ">" not in address[1:-1]
            and len(address) > 2
        ):
            return Mailbox("", "", "", "")
    quoted = ""
    if match := _QUOTED.search(name):
        quoted = match[1]
        name = name[: match.start()] + name[match.end() :]
    name, comment = _strip_comments(name)
    name = f"{quoted} {_inner(name)}".strip(_SPACES)
    address = address.strip(_SPACES).removeprefix("<").removesuffix(">")
    return Mailbox(_quote_name(name), comment, address, rest.strip(_SPACES))


def _split_angle_brackets(text: str) -> tuple[str, str, str] | None:
    """Split a text into the parts before, in and after the last angle brackets with an address."""
    for run in reversed(list(_RUN.finditer(text))):
        end = text.rfind(">", run.start(), run.end())
        sign = text.rfind("@", run.start(), end - 1) if end > run.start() else -1
        start = text.rfind("<", run.start(), sign - 1) if sign > run.start() else -1
        if start >= 0:
            return text[:start], text[start + 1 : end], text[end + 1 :]
    return None


def find_closing_parenthesis(text: str, at: int) -> int:
    """Return the offset after the parenthesis that closes the one at `at`, or -1."""
    return _closings(text).get(at, -1)


@lru_cache(maxsize=8)
def _closings(text: str) -> dict[int, int]:
    """Map each closed parenthesis to its closing one.

    This takes one pass, because hostile text has thousands of unclosed ones.
    """
    result: dict[int, int] = {}
    opened: list[int] = []
    for index, char in enumerate(text):
        if char == "(":
            opened.append(index)
        elif char == ")" and opened:
            result[opened.pop()] = index + 1
    return result


def _strip_comments(name: str) -> tuple[str, str]:
    comments = ""
    at = name.find("(")
    while at >= 0:
        end = find_closing_parenthesis(name, at)
        if end < 0:
            at = name.find("(", at + 1)
            continue
        comments += name[at:end].strip(_SPACES)
        name = f"{name[:at].rstrip(_SPACES)} {name[end:].lstrip(_SPACES)}"
        at = name.find("(")
    return name, comments


def _inner(name: str) -> str:
    return name.strip(' "')


def _quote_name(name: str) -> str:
    return (
        '"' + _FREE_QUOTE.sub('\\\\"', name) + '"' if _TO_QUOTE.search(name) else name
    )
