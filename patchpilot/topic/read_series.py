# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the series named by a call's TARGETs, or else the topic."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from patchpilot.commits.range import (
    ChooseMails,
    FromArchive,
    Skipped,
    commits_series,
    read_targets,
)
from patchpilot.errors import MissingError
from patchpilot.model.action import Action
from patchpilot.model.patch import Series

if TYPE_CHECKING:
    from patchpilot.commits.repository import Repository


def read_series(
    targets: Sequence[str],
    repository: "Repository | None",
    base: str | None = None,
    from_archive: FromArchive | None = None,
    stdin: bytes | None = None,
    skipped: Skipped | None = None,
    choose_mails: ChooseMails | None = None,
) -> tuple[Series, ...]:
    """Return the series named by each TARGET, in order; see `read_targets`.

    Without targets, return the topic: the commits of HEAD since its base.
    """
    if targets:
        return read_targets(
            targets, repository, from_archive, stdin, skipped, choose_mails
        )
    if repository is None:
        raise MissingError(
            "no TARGET given, and not in a git repository",
            hint=Action(
                "", ("-C", "DIR"), "name a patch file, or a repository with {}"
            ),
        )
    from patchpilot.topic.topic_base import topic_base

    base_of_topic = topic_base(repository, base)
    return (commits_series(repository, base_of_topic.commits, base_of_topic.start),)
