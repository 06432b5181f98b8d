# SPDX-License-Identifier: GPL-2.0-or-later
"""Write each style change only once.

Textual sets and resets all colors for each piece of text, which is most of the output on a slow
line.
"""

import re
from functools import lru_cache

from textual.drivers.linux_driver import LinuxDriver

_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_MOVES = re.compile(r"\x1b\[\d+;\d+H|\n")
_PARTS = re.compile(r"(.*?);?(38;2;\d+;\d+;\d+)?;?(48;2;\d+;\d+;\d+)?")


def _parts(style: str) -> tuple[str, ...]:
    return _PARTS.fullmatch(style).groups("")  # type: ignore[union-attr]


@lru_cache(4096)
def _codes(old: str, new: str) -> str:
    """Return the escape sequence that changes one style to another, omitting unchanged colors."""
    (kept, *colors), (wanted, *news) = _parts(old), _parts(new)
    if kept != wanted:
        return f"\x1b[0;{new}m"
    pairs = zip(colors, news, ("39", "49"), strict=True)
    codes = ";".join(to or none for was, to, none in pairs if to != was)
    return f"\x1b[{codes}m" if codes else ""


@lru_cache(4096)
def _has_same_spaces(first: str, second: str) -> bool:
    """Return whether a space looks the same in two styles, which may differ in color and weight."""
    (shown, _, ground), (other, _, other_ground) = _parts(first), _parts(second)
    codes = {*shown.split(";"), *other.split(";")}
    return ground == other_ground and codes <= {"", "1", "2"}


def shorten(data: str) -> str:
    """Return terminal output with the same appearance but fewer style changes."""
    written, style, pen = list[str](), "", ""
    for at, part in enumerate(_STYLE.split(data)):
        if at % 2:
            style = part.removeprefix("0")
            continue
        text = _MOVES.sub("", part)
        if text.strip(" ") or (text and not _has_same_spaces(pen, style)):
            written.append(_codes(pen, style))
            pen = style
        written.append(part)
    return "".join((*written, _codes(pen, "")))


class ShortStyles(LinuxDriver):
    """Textual's driver for terminals, with shorter output."""

    def write(self, data: str) -> None:
        super().write(shorten(data))
