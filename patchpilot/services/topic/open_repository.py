# SPDX-License-Identifier: GPL-2.0-or-later
"""The repository a front end works in."""

from pathlib import Path

from patchpilot.commits.repository import Repository as Repository


def open_repository(directory: Path | None = None) -> Repository:
    """The repository of a directory, by default of the current one; MissingError where there is none."""
    return Repository.open(directory)
