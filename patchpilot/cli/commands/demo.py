# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot demo`: the whole journey on a sandbox."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from patchpilot.cli.options import ProgressLine
from patchpilot.cli.verb_command import verb
from patchpilot.errors import ExitCode, UsageError
from patchpilot.model.progress import Progress, silent

_WELCOME = """\
You are Robin Newland, in {work}, on a branch with a fix.
Mail goes to a server of the sandbox, and answers come to its archive; nothing leaves this machine.
Try: patchpilot check        `exit` ends the sandbox."""


@verb(epilog="\b\nExamples:\n  patchpilot demo\n  patchpilot demo --shell\n  patchpilot demo --script\n  patchpilot demo --keep ~/sandbox")
@click.option("--script", is_flag=True, help="run the journey through the verbs and print it, without a terminal")
@click.option("--shell", is_flag=True, help="open your shell in the sandbox, its servers running, to try the verbs by hand")
@click.option("--keep", metavar="DIR", type=click.Path(path_type=Path), help="leave the sandbox there for playing")
def command(script: bool, shell: bool, keep: Path | None) -> int:
    """Make a small kernel-like tree with stable branches, a mail server and an archive on this machine only, and walk a fix through it."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not script and not terminal:
        raise UsageError(
            "a shell needs a terminal" if shell else "the walk needs a terminal",
            hint="`patchpilot demo --script` does the same without one",
        )
    line = ProgressLine() if sys.stderr.isatty() else None
    progress: Progress = line or silent
    if script:
        from patchpilot.demo.demo_script import run_script

        with _told_to_end():
            run_script(keep, progress=progress)
        return ExitCode.OK
    from patchpilot.demo.answers import Answers
    from patchpilot.demo.sandbox import open_sandbox, ticking

    with _told_to_end(), open_sandbox(keep, progress) as sandbox, ticking(sandbox, then=Answers(sandbox).look):
        if line:
            line.wipe()
        if shell:
            click.echo(_WELCOME.format(work=sandbox.work), err=True)
        walk = [os.environ.get("SHELL") or "/bin/sh"] if shell else [sys.executable, "-P", "-m", "patchpilot", "tui"]
        with _terminal_given_back() as given_back:
            code = subprocess.call(walk, cwd=sandbox.work, env=sandbox.env)
            given_back.append(code >= 0)
        if keep:
            click.echo(f"the sandbox stays in {keep}, without its mail server and archive: . {keep}/env; cd {sandbox.work}", err=True)
    return ExitCode.OK if shell else code


_PLAIN = "".join(f"\x1b[?{mode}l" for mode in (1000, 1002, 1003, 1004, 1006, 1015, 2004, 1049)) + "\x1b[<u\x1b[?25h\x1b[0m"
"""What ends mouse, paste and focus reports, the screen apart, strange keys, a hidden cursor and colours."""


@contextmanager
def _terminal_given_back() -> Iterator[list[bool]]:
    """The terminal as it was, where what draws on it was killed and could not see to that: True in the list says that it could."""
    import termios

    before = termios.tcgetattr(sys.stdin)
    said: list[bool] = []
    try:
        yield said
    finally:
        if said == [False]:
            sys.stdout.write(_PLAIN)
            sys.stdout.flush()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextmanager
def _told_to_end() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does: its servers stop, and what is temporary goes."""

    def end(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)
