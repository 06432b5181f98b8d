# SPDX-License-Identifier: GPL-2.0-or-later
"""`patchpilot demo`: try the whole workflow in a sandbox."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patchpilot.cli.command import make_command, option
from patchpilot.cli.common import ProgressLine, can_overwrite_line
from patchpilot.cli.output.stream import print_message
from patchpilot.errors import ExitCode, InputError, UsageError
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.settings.read_settings import is_in_demo

_WELCOME = """\
You are Robin Newland, in {work}, on a branch with a fix.
Mail is sent to a server in the sandbox, and replies arrive in its archive; no message leaves this machine.
Only the patches of the branch {topic} get replies; other patches are only stored.
Try: patchpilot check        `exit` ends the sandbox."""  # noqa: E501


@make_command(
    epilog=(
        "\b\nExamples:\n"
        "  patchpilot demo\n"
        "  patchpilot demo --shell\n"
        "  patchpilot demo --script\n"
        "  patchpilot demo --keep ~/sandbox"
    )
)
@option(
    "--script",
    is_flag=True,
    help="run the whole workflow without a terminal and print it",
)
@option(
    "--shell",
    is_flag=True,
    help="open your shell in the sandbox, to try the commands yourself",
)
@option(
    "--keep",
    metavar="DIR",
    type=Path,
    help="create the sandbox in DIR and keep it",
)
def command(script: bool, shell: bool, keep: Path | None) -> int:
    """Try all commands in a sandbox.

    The sandbox is a small kernel-like tree with stable branches, a mail server and an archive, all
    on this machine. Only the patches of its branch acme-old-cards get replies.
    """
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    if not script and not terminal:
        raise UsageError(
            "the shell needs a terminal" if shell else "the guided workflow needs a terminal",
            hint="`patchpilot demo --script` runs without one",
        )
    if is_in_demo() and not shell and not script:
        from patchpilot.demo.demo_app import run_demo

        return run_demo()
    line = ProgressLine() if can_overwrite_line() else None
    progress: Progress = line or ignore_progress
    if script:
        from patchpilot.demo.demo_script import run_script

        with _end_on_sigterm():
            run_script(keep, progress=progress)
        return ExitCode.OK
    from patchpilot.commits.run import ignore_interrupts
    from patchpilot.demo.answers import Answers
    from patchpilot.demo.sandbox import IN_SHELL, deliver_regularly, open_sandbox

    with (
        _end_on_sigterm(),
        open_sandbox(keep, progress) as sandbox,
        deliver_regularly(sandbox, after_delivery=Answers(sandbox).answer),
    ):
        if line:
            line.wipe()
        if shell:
            from patchpilot.demo.demo_repository import TOPIC

            print_message(_WELCOME.format(work=sandbox.work, topic=TOPIC))
        from patchpilot.demo.own_tree import (
            find_folder_outside_path,
            format_kept_text,
            format_own_tree_text,
        )

        argv = (
            [os.environ.get("SHELL") or "/bin/sh"]
            if shell
            else [sys.executable, "-P", "-m", "patchpilot", "demo"]
        )
        with _restore_terminal() as terminal_states:
            try:
                env = {**sandbox.env, **(IN_SHELL if shell else {})}
                # Ctrl-C at a prompt is for the program with the terminal, but reaches its parents
                with ignore_interrupts():
                    code = subprocess.call(argv, cwd=sandbox.work, env=env)
            except OSError as error:
                raise InputError(
                    f"cannot run {argv[0]}: {error.strerror or error}",
                    hint="set SHELL to the path of your shell",
                ) from error
            terminal_states.append(code >= 0)
        if not shell and code == 0:
            print_message(format_own_tree_text(find_folder_outside_path(), kept=bool(keep)))
        if keep:
            print_message(format_kept_text(sandbox.root, sandbox.work))
    return ExitCode.OK if shell else code


_PLAIN = (
    "".join(f"\x1b[?{mode}l" for mode in (1000, 1002, 1003, 1004, 1006, 1015, 2004, 1049))
    + "\x1b[<u\x1b[?25h\x1b[0m"
)
"""End mouse, paste and focus reports, the alternate screen, keyboard protocols, the hidden cursor
and colors.
"""


@contextmanager
def _restore_terminal() -> Iterator[list[bool]]:
    """Restore the terminal if the TUI is killed before it can do so.

    The caller appends True to the list if the TUI exited normally. SIGTERM kills the TUI as well.
    """
    import termios

    before = termios.tcgetattr(sys.stdin)
    exits: list[bool] = []
    try:
        yield exits
    except KeyboardInterrupt:
        exits.append(False)
        raise
    finally:
        if exits == [False]:
            sys.stdout.write(_PLAIN)
            sys.stdout.flush()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


@contextmanager
def _end_on_sigterm() -> Iterator[None]:
    """Treat SIGTERM like Ctrl-C in the demo: stop the servers and remove temporary files."""

    def _raise_interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    old = signal.signal(signal.SIGTERM, _raise_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, old)
