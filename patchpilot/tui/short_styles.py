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


def _split_style(style: str) -> tuple[str, ...]:
    return _PARTS.fullmatch(style).groups("")  # type: ignore[union-attr]


@lru_cache(4096)
def _style_change_codes(old: str, new: str) -> str:
    """Return the escape sequence that changes one style to another, omitting unchanged colors."""
    (old_attributes, *old_colors), (new_attributes, *new_colors) = (
        _split_style(old),
        _split_style(new),
    )
    if old_attributes != new_attributes:
        return f"\x1b[0;{new}m"
    pairs = zip(old_colors, new_colors, ("39", "49"), strict=True)
    codes = ";".join(
        new_color or default_code
        for old_color, new_color, default_code in pairs
        if new_color != old_color
    )
    return f"\x1b[{codes}m" if codes else ""


@lru_cache(4096)
def _has_same_spaces(first: str, second: str) -> bool:
    (attributes, _, ground), (other_attributes, _, other_ground) = (
        _split_style(first),
        _split_style(second),
    )
    codes = {*attributes.split(";"), *other_attributes.split(";")}
    return ground == other_ground and codes <= {"", "1", "2"}


def shorten_output(data: str) -> str:
    """Return terminal output with the same appearance but fewer style changes."""
    parts, style, written_style = list[str](), "", ""
    for index, part in enumerate(_STYLE.split(data)):
        if index % 2:
            style = part.removeprefix("0")
            continue
        text = _MOVES.sub("", part)
        if text.strip(" ") or (text and not _has_same_spaces(written_style, style)):
            parts.append(_style_change_codes(written_style, style))
            written_style = style
        parts.append(part)
    return "".join((*parts, _style_change_codes(written_style, "")))


class ShortStyles(LinuxDriver):
    """Textual's driver for terminals, with shorter output."""

    def write(self, data: str) -> None:
        super().write(shorten_output(data))
