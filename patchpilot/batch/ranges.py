# SPDX-License-Identifier: GPL-2.0-or-later
"""Split an epoch into parts and check one part."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.mail_stream import list_epoch_commits
from patchpilot.checking.stream import open_range_stream
from patchpilot.lint.lint_context import DEFAULTS, Options


class EpochRange(NamedTuple):
    """A part of an epoch, which consists of the messages added by the revisions `A..B`.

    The first part has the revisions `B`, which means all up to B. Parts are numbered from the
    oldest message.
    """

    epoch: str
    revisions: str
    number: int

    @property
    def stem(self) -> str:
        """Return the start of the part's file name, which does not depend on the part's messages.

        It contains more than the epoch's name, because epochs of different lists often have the
        same name.
        """
        epoch = sha256(self.epoch.encode("utf-8", "surrogateescape")).hexdigest()[:8]
        return f"{Path(self.epoch).name}-{epoch}-{self.number:06}"

    @property
    def file(self) -> str:
        """Return the part's file name, which changes when the part grows."""
        return f"{self.stem}-{self.revisions.rpartition('..')[2][:12]}.jsonl"


def ranges(epoch: str, mails: int) -> Iterator[EpochRange]:
    """Yield the parts of an epoch, oldest first, with this many commits each.

    New messages only change the last part.
    """
    start = ""
    for number, end in enumerate(list_epoch_commits(epoch, mails)):
        yield EpochRange(epoch, f"{start}..{end}" if start else end, number)
        start = end


def check_range(
    epoch: str,
    revisions: str,
    options: Options | None = None,
    tree: Path | None = None,
) -> Iterator[str]:
    """Yield the JSON lines for the patches in the revisions `A..B` of an epoch, then the summary.

    The lines are the same as in `check --format jsonl`. `tree` is the source tree of the patches.
    The check runs in this process. Raise InputError if a revision is missing.
    """
    return iter(open_range_stream(options or DEFAULTS, epoch, revisions, tree))
