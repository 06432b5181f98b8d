# SPDX-License-Identifier: GPL-2.0-or-later
"""Write each change of style only once.

Textual sets and resets all colors of each piece of text, which is most of what a slow line carries.
"""

import re
from functools import lru_cache

from textual.drivers.linux_driver import LinuxDriver

_STYLE = re.compile(r"\x1b\[([\d;]*)m")
_MOVES = re.compile(r"\x1b\[\d+;\d+H|\n")
_PARTS = re.compile(r"(.*?);?(38;2;\d+;\d+;\d+)?;?(48;2;\d+;\d+;\d+)?")
_SEEN_ON_SPACE = re.compile("[4-9]")
"""Underline, reverse and the like, and the backgrounds of small palettes."""


def _parts(style: str) -> tuple[str, ...]:
    """Return the attributes, the color and the background."""
    return _PARTS.fullmatch(style).groups("")  # type: ignore[union-attr]


@lru_cache(4096)
def _codes(old: str, new: str) -> str:
    """Return the escape sequence from one style to another, without the colors that stay."""
    (kept, *colors), (wanted, *news) = _parts(old), _parts(new)
    if kept != wanted:
        return f"\x1b[0;{new}m" if new else "\x1b[0m"
    pairs = zip(colors, news, ("39", "49"), strict=True)
    return f"\x1b[{';'.join(to or none for was, to, none in pairs if to != was)}m"


@lru_cache(4096)
def _on_space(style: str) -> str:
    """Return what can be seen of a style on a space."""
    attributes, _, ground = _parts(style)
    return style if _SEEN_ON_SPACE.search(attributes) else ground


def shorten(data: str) -> str:
    """Return terminal output that shows the same with fewer changes of style."""
    written, style, pen = list[str](), "", ""
    for at, part in enumerate(_STYLE.split(data)):
        if at % 2:
            style = part.removeprefix("0")
            continue
        text = _MOVES.sub("", part)
        is_blank = not text.strip(" ")
        if style != pen and not (
            is_blank and (not text or _on_space(style) == _on_space(pen))
        ):
            written.append(_codes(pen, style))
            pen = style
        written.append(part)
    return "".join(written) + (_codes(pen, "") if pen else "")


class ShortStyles(LinuxDriver):
    """Textual's driver for terminals, with shorter output."""

    def write(self, data: str) -> None:
        super().write(shorten(data))
