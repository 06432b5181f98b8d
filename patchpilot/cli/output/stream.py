# SPDX-License-Identifier: GPL-2.0-or-later
"""Results on their way to stdout."""

import sys


def emit(data: str, *, colored: bool) -> None:
    """Write to stdout. The library that takes colours out again, and mends a stream that cannot say all, is asked only where there is need."""
    if "\x1b" not in data and (sys.stdout.encoding or "").lower() in ("utf-8", "utf8"):
        sys.stdout.write(data)
        sys.stdout.flush()
        return
    import click

    click.echo(data, nl=False, color=colored)
