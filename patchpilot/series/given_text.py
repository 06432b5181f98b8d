# SPDX-License-Identifier: GPL-2.0-or-later
"""Read a UTF-8 text file of limited size that the user names."""

import sys
from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.model.action import Advice

LARGEST = 4 << 20
"""Maximum size in bytes; far more than anybody writes."""


def read_text_option(file: str | Path, hint: Advice) -> str:
    """Return the text of a file, or of standard input for `-`.

    Raise InputError if it cannot be read, is too large or is not UTF-8.
    """
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as stream:
                data = stream.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read {file}: {getattr(error, 'strerror', None) or error}",
            hint=hint,
        ) from error
    if len(data) > LARGEST:
        raise InputError(f"{file}: larger than {LARGEST >> 20} MiB", hint=hint)
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: not UTF-8 at byte {error.start}", hint=hint) from error
