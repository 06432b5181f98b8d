# SPDX-License-Identifier: GPL-2.0-or-later
"""An exception of a job as an error that can be shown; the traceback of a bug is written to a file."""

from patchpilot.errors import ExitCode, PatchpilotError
from patchpilot.urls import public_url


def as_error(error: BaseException) -> PatchpilotError:
    """The error itself where the user can fix it, else one that names the log."""
    if isinstance(error, PatchpilotError):
        return error
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile(
        "w", prefix="patchpilot-bug-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as log:
        log.write(public_url("".join(traceback.format_exception(error))))
    return PatchpilotError(
        f"internal error: {type(error).__name__}", hint=f"report this bug with the traceback in {log.name}", exit_code=ExitCode.BUG
    )
