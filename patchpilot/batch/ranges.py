# SPDX-License-Identifier: GPL-2.0-or-later
"""The parts of an epoch, and the check of one."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from patchpilot.checking.check_request import CheckRequest
from patchpilot.services.check.check_stream import epoch_commits, stream_range


class EpochRange(NamedTuple):
    """A part of an epoch: the mails that the revisions `A..B` of git added (`B`: all up to B).

    `number` counts the parts from the oldest mail on.
    """

    epoch: str
    revisions: str
    number: int

    @property
    def stem(self) -> str:
        """The beginning of the name of its file, whatever mails it has got.

        The epochs of different lists often have the same name.
        """
        epoch = sha256(self.epoch.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return f"{Path(self.epoch).name}-{epoch}-{self.number:06}"

    @property
    def file(self) -> str:
        """The name of the file with its lines; it changes when the part gets more mails."""
        return f"{self.stem}-{self.revisions.rpartition('..')[2][:12]}.jsonl"


def ranges(epoch: str, mails: int) -> Iterator[EpochRange]:
    """The parts of an epoch with so many commits each, the oldest first.

    New mails change the last part only.
    """
    start = ""
    for number, end in enumerate(epoch_commits(epoch, mails)):
        yield EpochRange(epoch, f"{start}..{end}" if start else end, number)
        start = end


def check_range(
    epoch: str,
    revisions: str,
    request: CheckRequest | None = None,
    tree: Path | None = None,
) -> Iterator[str]:
    """The JSON lines of the patches that the revisions `A..B` of an epoch added (as `check --format
    jsonl` prints them), and last the summary.

    `request` has the options of the check; its targets do not count. `tree` is the source tree that
    the patches are for. The work is done in this process. InputError where a revision is missing.
    """
    return iter(stream_range(request or CheckRequest(), epoch, revisions, tree))
