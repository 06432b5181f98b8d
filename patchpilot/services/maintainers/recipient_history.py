# SPDX-License-Identifier: GPL-2.0-or-later
"""What the recipients of a topic did to the files that it changes."""

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.recipients.contact_history import FileHistory as FileHistory
from patchpilot.recipients.contact_history import file_history
from patchpilot.topic.find_topic import named_patches

SECONDS = 8.0


def recipient_history(
    repository: Repository, request: SendRequest, patch: int | None = None
) -> FileHistory:
    """The history of the files of a topic, or of one patch of it, below the topic's own commits.

    Nothing of patch files.
    """
    series, ids = named_patches(repository, request)
    patches = (
        series.patches
        if patch is None
        else (series.patches[patch % len(series.patches)],)
    )
    parents = repository.commit(ids[0]).parents if ids else ()
    paths = tuple(dict.fromkeys(path for one in patches for path in one.paths))
    return (
        file_history(repository, paths, parents[0], SECONDS)
        if parents and paths
        else FileHistory((), 0, {})
    )
