# SPDX-License-Identifier: GPL-2.0-or-later
"""Addresses as sign-off rules compare them: name, comment after the name, address proper, what follows it. Text is one character a byte."""

from dataclasses import dataclass

from patchpilot.lint.lazy import lazy

_ANGLED = lazy(r"^(.*)<(\S+@\S+)>(.*)$")
_BARE = lazy(r"(\S+@\S+)(.*)$")
_QUOTED = lazy(r'"(.+)"')
_TO_QUOTE = lazy(r"[^\w \-]")
_FREE_QUOTE = lazy(r'(?<!\\)"')
_ENDS = lazy(r"[.,\"]+$")
_BLANK = " \t\n\r\f\v"


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What a tag's value was taken apart into; all parts may be empty. A name with signs that mail must quote is quoted."""

    name: str
    comment: str
    address: str
    rest: str

    def written(self) -> str:
        """How the parts are best written."""
        address = _ENDS.sub("", self.address.strip(_BLANK))
        name = _quoted(_inner(self.name))
        comment = f" {self.comment.strip(_BLANK)}" if self.comment.strip(_BLANK) else ""
        rest = f" {self.rest.strip(_BLANK)}" if self.rest.strip(_BLANK) else ""
        return (f"{name}{comment} <{address}>" if name else address) + rest


def parse_mailbox(text: str) -> Mailbox:
    """Take `Name (comment) <address> rest` apart; a name with a bare address behind it is no mailbox, all parts are empty then."""
    name = address = rest = ""
    if found := _ANGLED.match(text):
        name, address, rest = found.groups()
    elif found := _BARE.search(text):
        address, rest = found.groups()
        name = text[: text.index(address)].strip(_BLANK).removeprefix('"').removesuffix('"')
        if name and not (address.startswith("<") and address.endswith(">") and ">" not in address[1:-1] and len(address) > 2):
            return Mailbox("", "", "", "")
    quoted = ""
    if found := _QUOTED.search(name):
        quoted = found[1]
        name = name[: found.start()] + name[found.end() :]
    name, comment = _without_comments(name)
    name = f"{quoted} {_inner(name)}".strip(_BLANK)
    address = address.strip(_BLANK).removeprefix("<").removesuffix(">")
    return Mailbox(_quoted(name), comment, address, rest.strip(_BLANK))


def balanced(text: str, at: int) -> int:
    """The index behind the parenthesis that closes the one at `at`; -1 when none does."""
    depth = 0
    for index in range(at, len(text)):
        if text[index] == "(":
            depth += 1
        elif text[index] == ")":
            depth -= 1
            if depth == 0:
                return index + 1
    return -1


def _without_comments(name: str) -> tuple[str, str]:
    comments = ""
    at = name.find("(")
    while at >= 0:
        end = balanced(name, at)
        if end < 0:
            at = name.find("(", at + 1)
            continue
        comments += name[at:end].strip(_BLANK)
        name = f"{name[:at].rstrip(_BLANK)} {name[end:].lstrip(_BLANK)}"
        at = name.find("(")
    return name, comments


def _inner(name: str) -> str:
    return name.strip(' "')


def _quoted(name: str) -> str:
    return '"' + _FREE_QUOTE.sub('\\\\"', name) + '"' if _TO_QUOTE.search(name) else name
