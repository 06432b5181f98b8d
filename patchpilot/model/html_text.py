# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert the HTML text of a message to plain text with quote marks."""

import html
import re
from collections.abc import Iterator

_TAG = re.compile(r"<!--|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)\b[^<>]{0,4000}>", re.IGNORECASE)
_BREAKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "dd",
        "div",
        "dl",
        "dt",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "td",
        "th",
        "tr",
        "ul",
        "br",
    ]
)
_HIDDEN = ("head", "script", "style", "title")
_MAX_DEPTH = 20
_SPACES = re.compile(r"[ \t\r\n\f]+")


def convert_html(text: str) -> str:
    """Return the text of an HTML message as lines; lines in `<blockquote>` start with `> `.

    The running time is linear. Markup that is not closed stays in the text.
    """
    lines: list[str] = []
    for depth, line in _read_lines(text):
        words = html.unescape(line).replace("\xa0", " ").rstrip()
        if words or (lines and lines[-1]):
            lines.append(f"{'> ' * depth}{words}" if words else "")
    return "\n".join(lines).rstrip("\n") + "\n"


def _read_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with the number of quotes around it; its entities are not decoded."""
    depth = preformatted = at = 0
    hidden, pieces = "", list[str]()
    while match := _TAG.search(text, at):
        piece = "" if hidden else text[at : match.start()]
        pieces.append(piece if preformatted else _SPACES.sub(" ", piece))
        at, name = match.end(), (match["name"] or "").lower()
        if not name:
            end = text.find("-->", at)
            at = end + 3 if end >= 0 else len(text)
        elif name in _HIDDEN:
            hidden = "" if match["end"] else name
        elif name in _BREAKS and not hidden:
            line, pieces = "".join(pieces), []
            parts = line.split("\n") if preformatted else [line.lstrip()]
            yield from ((depth, part) for part in parts if part or name in ("br", "p"))
            step = -1 if match["end"] else 1
            depth = _limit(depth + step * (name == "blockquote"))
            preformatted = _limit(preformatted + step * (name == "pre"))
    if not hidden:
        pieces.append(text[at:])
    for part in "".join(pieces).split("\n"):
        yield depth, part


def _limit(depth: int) -> int:
    return min(max(depth, 0), _MAX_DEPTH)
