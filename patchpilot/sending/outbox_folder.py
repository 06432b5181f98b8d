# SPDX-License-Identifier: GPL-2.0-or-later
"""Write the messages of a plan to files."""

from pathlib import Path

from patchpilot.errors import InputError
from patchpilot.outgoing.transport import Sending
from patchpilot.write_file import replace_file


def write_outbox(sending: Sending, folder: Path) -> tuple[Path, ...]:
    """Write each message to a file in a folder, and return the paths in order.

    The folder is created if necessary. Raise `InputError` if it cannot be written, or if it
    contains other messages, which the user might send by mistake.
    """
    mails = {f"{mail.number:04d}.eml": mail.raw for mail in sending.send.entries}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        other_files = sorted(file.name for file in folder.glob("*.eml") if file.name not in mails)
        if other_files:
            raise InputError(
                f"{folder} contains other messages: {', '.join(other_files[:3])}",
                hint="choose an empty directory, or remove the messages",
            )
        for name, raw in mails.items():
            replace_file(folder / name, raw)
    except OSError as error:
        raise InputError(
            f"cannot write to {folder}: {error.strerror or error}",
            hint="choose a writable directory",
        ) from error
    return tuple(folder / name for name in mails)
