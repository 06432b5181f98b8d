# SPDX-License-Identifier: GPL-2.0-or-later
"""Handle the options that all commands share, and write results.

Do not import the command-line library here.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patchpilot.cli.output.stream import print_message, write_result
from patchpilot.model.progress import PROGRESS_VARIABLE, Progress, ignore_progress
from patchpilot.urls import hide_url_credentials
from patchpilot.write_file import describe_written, write_file

if TYPE_CHECKING:
    from patchpilot.errors import PatchpilotError
    from patchpilot.topic.workplace import Workplace


class Common(NamedTuple):
    """The common options of a command line."""

    repo: Path | None
    tree: Path | None
    profile: str | None
    format: str
    output: Path | None
    offline: bool
    quiet: bool
    verbose: bool
    color: bool | None
    explain_base: bool = False

    def verify(self) -> None:
        """Raise UsageError if --profile names an unknown project, even if the command ignores
        it.
        """
        if self.profile:
            with self.workplace() as workplace:
                workplace.verify_profile()

    def workplace(self, *, uses_repository: bool = True) -> "Workplace":
        """Open the repository, tree and settings. The caller must close the result.

        Without `uses_repository`, read only files.
        """
        from patchpilot.topic.workplace import Workplace

        return Workplace(
            self.repo,
            self.tree,
            profile=self.profile,
            offline=self.offline,
            explain=_print_to_stderr if self.explain_base else None,
            uses_repository=uses_repository,
            # b4 takes each line on stderr for a failure of the checkpatch format
            warn=None if self.quiet or self.format == "checkpatch" else _print_warning,
        )

    @property
    def uses_color(self) -> bool:
        """Return whether to use color.

        The first of these that is set decides: --color, NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE (for
        text). Otherwise, color is used if stdout is a terminal.
        """
        import os

        if self.color is not None:
            return self.color
        if os.environ.get("NO_COLOR") or self.output:
            return False
        force_values = (os.environ.get(name) for name in ("FORCE_COLOR", "CLICOLOR_FORCE"))
        if self.format == "text" and any(value not in (None, "", "0") for value in force_values):
            return True
        return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    @property
    def columns(self) -> int | None:
        """Return the terminal's width if the result is text on a terminal, otherwise None."""
        if self.format != "text" or self.output or not sys.stdout.isatty():
            return None
        import shutil

        return shutil.get_terminal_size((80, 24)).columns

    def progress(self) -> Progress:
        """Return a progress line on stderr.

        The line is not shown with -q, or if the terminal cannot overwrite lines. A program that
        runs this one can ask for JSON lines in a file.
        """
        import os

        if os.environ.get(PROGRESS_VARIABLE):
            return write_progress_record
        return ProgressLine() if not self.quiet and can_overwrite_line() else ignore_progress

    def write(self, text: str, *, fold: bool = False, paged: bool = True) -> None:
        """Write the result to stdout or to the file given with -o, even if the result is empty.

        A line on stderr names the file.

        If `fold` is set, lines are wrapped to the width of the terminal. If `paged` is set, a
        result that does not fit on the terminal is shown in a pager, as in git.
        """
        if not text and not self.output:
            return
        if fold and (terminal_width := self.columns):
            from patchpilot.cli.output.stream import fold_text

            text = fold_text(text, terminal_width)
        data = text if not text or text.endswith("\n") else text + "\n"
        if self.output:
            write_file(self.output, data)
            self.report_written(self.output)
        elif paged and self.columns and data.count("\n") >= _terminal_lines():
            from patchpilot.cli.pager import page_result

            page_result(data, colored=self.uses_color)
        else:
            write_result(
                data,
                colored=self.uses_color,
                is_exact=self.format not in ("text", "markdown"),
            )

    def write_lines(self, texts: Iterable[str]) -> None:
        """Write each text to stdout, or to the file given with -o, as soon as it is available."""
        if not self.output:
            for text in texts:
                write_result(text, colored=False, is_exact=True)
            return
        write_file(self.output, "")
        with self.output.open("a", encoding="utf-8") as stream:
            for text in texts:
                stream.write(text)
                stream.flush()
        self.report_written(self.output)

    def report_written(self, file: Path) -> None:
        """Name a file that the command wrote, on stderr; devices and pipes are not named."""
        # b4 takes each line on stderr for a failure of the checkpatch format
        if not self.quiet and self.format != "checkpatch" and file.is_file():
            from patchpilot.model.printable import make_printable

            print_message(make_printable(describe_written(file)))

    def add_line(self, text: str) -> None:
        """Write a last line after `write_lines`."""
        if not self.output:
            write_result(text, colored=False, is_exact=True)
            return
        with self.output.open("a", encoding="utf-8") as stream:
            stream.write(text)


def _terminal_lines() -> int:
    import shutil

    return shutil.get_terminal_size((80, 24)).lines


def _print_to_stderr(line: str) -> None:
    from patchpilot.model.printable import make_printable

    print_message(make_printable(line))


def _print_warning(warning: "PatchpilotError") -> None:
    from patchpilot.cli.error_exit import print_notice

    print_notice("warning", f"{warning.message}; {warning.hint}")


def can_overwrite_line() -> bool:
    """Return whether stderr is a terminal that can overwrite a line (not if TERM=dumb)."""
    import os

    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


class ProgressLine:
    """A progress line on stderr that is overwritten by updates and finally cleared."""

    def __init__(self) -> None:
        self._last = 0.0
        self._shown = False

    def __call__(self, what: str, done: int = 0, total: int | None = None) -> None:
        """Draw the line, at most ten times per second."""
        import time

        from patchpilot.model.printable import crop_text, make_printable

        now = time.monotonic()
        if now - self._last < 0.1:
            return
        self._last, self._shown = now, True
        count = f" {done}/{total}" if total else f" {done}" if done else ""
        sys.stderr.write(
            "\r\x1b[K" + crop_text(make_printable(hide_url_credentials(what)), 60) + count
        )
        sys.stderr.flush()

    def wipe(self) -> None:
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def write_progress_record(what: str, done: int = 0, total: int | None = None) -> None:
    """Append the progress as a JSON line to a file that the calling program has created."""
    import json
    import os

    record = {"progress": done, "total": total, "message": hide_url_credentials(what)}
    # a program that this one starts may outlive the file
    with suppress(OSError):
        file = os.open(os.environ[PROGRESS_VARIABLE], os.O_WRONLY | os.O_APPEND)
        with os.fdopen(file, "wb") as stream:
            stream.write(f"{json.dumps(record)}\n".encode())


@contextmanager
def show_progress(common: Common) -> Iterator[Progress]:
    """Yield a progress line, and clear it afterwards."""
    progress = common.progress()
    try:
        yield progress
    finally:
        clear_progress(progress)


def clear_progress(progress: Progress) -> None:
    """Clear a progress line before anything else is written to the terminal."""
    if isinstance(progress, ProgressLine):
        progress.wipe()


def report_skipped_input(reason: str) -> None:
    """Warn on stderr that a file or message was skipped."""
    from patchpilot.cli.error_exit import print_notice
    from patchpilot.model.printable import make_one_line

    print_notice("warning", f"{make_one_line(reason.removesuffix(': skipped'))}: skipped")
