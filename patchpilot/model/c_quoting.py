# SPDX-License-Identifier: GPL-2.0-or-later
"""Paths with quotes, backslashes or control characters, which git quotes like C strings."""

import re

_NAMED = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPES = {code: f"\\{name}" for name, code in _NAMED.items()}
_ESCAPE = rb'\\([abtnvfr"\\]|[0-3][0-7]{2})'


def unquote(text: str) -> str:
    """Return the path for a quoted name (`"quo\\"te\\011.c"`); other names are returned unchanged.

    A NUL is replaced with U+FFFD, because no path or program argument can contain one.
    """
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        return text.replace("\0", "\ufffd")
    path = re.sub(_ESCAPE, _byte, text[1:-1].encode("utf-8", "surrogateescape"))
    return path.decode("utf-8", "surrogateescape").replace("\0", "\ufffd")


def quote(path: str) -> str:
    """Quote a path in git's C style; bytes above ASCII are not escaped."""
    return (
        '"'
        + "".join(
            _ESCAPES.get(ord(sign))
            or (f"\\{ord(sign):03o}" if sign < " " or sign == "\x7f" else sign)
            for sign in path
        )
        + '"'
    )


def _byte(match: re.Match[bytes]) -> bytes:
    word = match[1].decode("ascii")
    return bytes([_NAMED[word] if word in _NAMED else int(word, 8)])
