# SPDX-License-Identifier: GPL-2.0-or-later
"""Write results to stdout."""

import re
import sys

from patchpilot.model.printable import escape_commands


def emit(data: str, *, colored: bool, exact: bool = False) -> None:
    """Write a result to stdout.

    `exact` data, for programs, is always written as UTF-8. Other text is written in the stream's
    encoding, with escapes for characters that it lacks. Commands to a CI server that reads the log
    are removed.
    """
    data = data if exact else escape_commands(data)
    coding = (sys.stdout.encoding or "").lower()
    if coding not in ("utf-8", "utf8"):
        if exact:
            sys.stdout.flush()
            sys.stdout.buffer.write(data.encode("utf-8", "surrogateescape"))
            sys.stdout.flush()
            return
        data = data.encode(coding or "ascii", "backslashreplace").decode(
            coding or "ascii"
        )
    sys.stdout.write(data if colored else strip_colors(data))
    sys.stdout.flush()


def strip_colors(text: str) -> str:
    """Strip the colors from a text."""
    return re.sub(r"\x1b\[[;?0-9]*[a-zA-Z]", "", text) if "\x1b" in text else text


def tell(text: str, *, end: str = "\n") -> None:
    """Write text for the user to stderr."""
    sys.stderr.write(escape_commands(text) + end)
    sys.stderr.flush()
