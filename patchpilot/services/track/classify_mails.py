# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `track classify`: what each mail of some files is, without a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patchpilot.model.progress import Progress, silent
from patchpilot.threads.mail_classifier import Classified, classify
from patchpilot.threads.mbox import Skipped, ignored, read_mails


@dataclass(frozen=True, slots=True)
class ClassifiedMail:
    """A mail, where it was read from (`file`, or `file:N` in an mbox), and what it is."""

    source: str
    mail: Classified


def classify_files(
    files: Sequence[Path | str], *, progress: Progress = silent, skipped: Skipped = ignored
) -> tuple[ClassifiedMail, ...]:
    """Every mail of these files (mails, mboxes, gzipped or not, `-` for standard input) in order.

    InputError names a file that holds none; of several mails, one that is over a limit is reported
    to `skipped`."""
    classified = []
    for file in files:
        mails = read_mails(file, progress, skipped)
        for number, mail in enumerate(mails, 1):
            progress("classifying", number, len(mails))
            classified.append(
                ClassifiedMail(f"{file}:{number}" if len(mails) > 1 else str(file), classify(mail))
            )
    return tuple(classified)
