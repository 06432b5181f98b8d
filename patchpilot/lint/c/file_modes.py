# SPDX-License-Identifier: GPL-2.0-or-later
"""File modes in C source: four octal digits, or the names defined in <linux/stat.h>."""

from patchpilot.lint.c.c_patterns import pattern

_NAMES = {
    "S_IRWXU": 0o700,
    "S_IRUSR": 0o400,
    "S_IWUSR": 0o200,
    "S_IXUSR": 0o100,
    "S_IRWXG": 0o070,
    "S_IRGRP": 0o040,
    "S_IWGRP": 0o020,
    "S_IXGRP": 0o010,
    "S_IRWXO": 0o007,
    "S_IROTH": 0o004,
    "S_IWOTH": 0o002,
    "S_IXOTH": 0o001,
    "S_IRWXUGO": 0o777,
    "S_IRUGO": 0o444,
    "S_IWUGO": 0o222,
    "S_IXUGO": 0o111,
}
_NAME = rf"(?:{'|'.join(sorted(_NAMES, key=len, reverse=True))})"
MODE_NAMES = rf"{_NAME}(?:\s*\|\s*{_NAME})*"
MODE = rf"(?:{MODE_NAMES}|0[0-7]{{3}})"


def mode_of(text: str) -> int:
    """Parse a file mode: four octal digits, or names joined by |."""
    if pattern(r"\s*0[0-7]{3}\s*$").match(text):
        return int(text, 8)
    mode = 0
    at = None
    for found in pattern(rf"\b({_NAME})\b(?:\s*\|\s*)?\s*").finditer(text):
        if at is not None and found.start() != at:
            break
        at = found.end()
        mode |= _NAMES[found[1]]
    return mode
