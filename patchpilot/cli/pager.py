# SPDX-License-Identifier: GPL-2.0-or-later
"""Show a long text in the pager that git uses outside a repository."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys


def choose_pager(configured: str | None) -> str:
    """Return the pager command that git would use (git-var(1), GIT_PAGER), or "" for none.

    `configured` is the value of core.pager.
    """
    command = os.environ.get("GIT_PAGER") or configured or os.environ.get("PAGER")
    if command is None:
        return "less" if shutil.which("less") else ""
    return "" if command == "cat" else command


def page_result(text: str, *, colored: bool) -> None:
    """Show a result in the user's pager, or print it on stdout if there is none.

    A repository's core.pager is ignored, because it may come from someone else.
    """
    from patchpilot.cli.output.stream import strip_colors, write_result
    from patchpilot.model.printable import escape_commands
    from patchpilot.settings.read_settings import read_user_pager

    configured = read_user_pager()
    if not choose_pager(configured) or os.environ.get("TERM") == "dumb":
        write_result(text, colored=colored)
        return
    if not colored and "\x1b" in text:
        text = strip_colors(text)
    show_in_pager(escape_commands(text), configured)


def show_in_pager(text: str, configured: str | None) -> None:
    """Show a text in the pager, or print it on stdout if there is none.

    `configured` is the value of core.pager.
    """
    sys.stdout.flush()
    command = choose_pager(configured)
    if not command or os.environ.get("TERM") == "dumb":
        sys.stdout.write(text)
        return
    # like git, make less exit if the text fits on the screen, and keep the text on the screen
    environment = {"LESS": "FRX", "LV": "-c", **os.environ}
    old_handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with (
            subprocess.Popen(
                ["sh", "-c", command], stdin=subprocess.PIPE, env=environment
            ) as process,
            contextlib.suppress(BrokenPipeError),
        ):
            process.communicate(text.encode("utf-8", "surrogateescape"))
        if process.returncode == 127:
            sys.stdout.write(text)
    finally:
        signal.signal(signal.SIGINT, old_handler)
