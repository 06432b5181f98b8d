# SPDX-License-Identifier: GPL-2.0-or-later
"""An exception as an error that can be shown; the traceback of a bug is written to a file."""

from patchpilot.errors import ExitCode, PatchpilotError, bug_hint


def as_error(error: BaseException) -> PatchpilotError:
    """The error itself where the user can fix it, otherwise one that names the log."""
    return error if isinstance(error, PatchpilotError) else as_bug(error)


def as_bug(error: BaseException) -> PatchpilotError:
    """An exception that nothing in the TUI handled; the error names the log."""
    message = f"internal error: {type(error).__name__}"
    return PatchpilotError(message, hint=bug_hint(error), exit_code=ExitCode.BUG)
