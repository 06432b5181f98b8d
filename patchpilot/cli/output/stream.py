# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes results to stdout."""

import sys

from patchpilot.model.printable import without_commands


def emit(data: str, *, colored: bool, exact: bool = False) -> None:
    """Write to stdout: `exact` data for programs always as UTF-8; text in the stream's own
    encoding, other characters as escapes.

    Text is read by people, in CI in a log: commands of the server that reads the log are taken out
    of it.

    click, which strips colors, is imported only where there are any.
    """
    data = data if exact else without_commands(data)
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
    if "\x1b" not in data:
        sys.stdout.write(data)
        sys.stdout.flush()
        return
    import click

    click.echo(data, nl=False, color=colored)


def tell(text: str, *, end: str = "\n") -> None:
    """Write text for people to stderr."""
    sys.stderr.write(without_commands(text) + end)
    sys.stderr.flush()
