# SPDX-License-Identifier: GPL-2.0-or-later
"""Convert exceptions to errors to display. The traceback of a bug is logged."""

from patchpilot.errors import ExitCode, PatchpilotError, write_bug_hint


def to_patchpilot_error(error: BaseException) -> PatchpilotError:
    """Return an error unchanged if the user can fix it.

    Otherwise, return an internal error whose hint names the log.
    """
    return error if isinstance(error, PatchpilotError) else to_internal_error(error)


def to_internal_error(error: BaseException) -> PatchpilotError:
    """Convert an unhandled exception to an internal error whose hint names the log."""
    message = f"internal error: {type(error).__name__}"
    return PatchpilotError(message, hint=write_bug_hint(error), exit_code=ExitCode.BUG)
