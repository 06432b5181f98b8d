# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens the messages of a tracked series in the user's mail program."""

import os
import shlex
import shutil

from patchpilot.archive.track_store import Store
from patchpilot.commits.run import interactive
from patchpilot.commits.temporary_folder import TemporaryFolder
from patchpilot.errors import MissingError, UsageError
from patchpilot.services.track.track_export import as_mbox

PROGRAMS = ("neomutt", "mutt")
"""Those that are looked for where $MAILER names none. They take `-f FILE`, as mail(1) does."""


def open_in_mailer(number: int, store: Store) -> int:
    """Opens the messages of a series in a mail program and returns its exit code.

    The program is $MAILER, or neomutt or mutt if that variable is unset; both start at the
    first unread message. The program works on a temporary copy in which the messages already
    read are marked as read. Raises `MissingError` if no mail program is installed, or if no
    message can be read.
    """
    command = _command()
    lost: list[str] = []
    text = as_mbox([number], store, lost.append, unread=store.unread(number))
    if not text:
        raise MissingError(f"series {number} has no mail that can be read")
    with TemporaryFolder("mails") as folder:
        file = folder / f"series-{number}.mbox"
        file.write_bytes(text)
        return interactive([*command, "-f", str(file)])


def _command() -> list[str]:
    try:
        named = shlex.split(os.environ.get("MAILER", ""))
    except ValueError as error:
        raise UsageError(
            f"$MAILER: {error}",
            hint="use the name of a program, for example MAILER=neomutt",
        ) from error
    if named:
        return named
    found = next((name for name in PROGRAMS if shutil.which(name)), None)
    if found is None:
        raise MissingError(
            "no mail program found",
            hint="install neomutt, or name a program that takes -f FILE with $MAILER",
        )
    return [found]
