# SPDX-License-Identifier: GPL-2.0-or-later
"""Find earlier commits by the recipients of a topic to the files that it changes."""

from patchpilot.commits.repository import Repository
from patchpilot.model.send_request import SendRequest
from patchpilot.recipients.contact_history import FileHistory, read_file_history
from patchpilot.topic.find import read_named_patches

SECONDS = 8.0


def find_recipient_history(
    repository: Repository, request: SendRequest, patch: int | None = None
) -> FileHistory:
    """Return the contacts who changed the topic's files in earlier commits.

    The topic's own commits do not count. With `patch`, consider only the files of that patch. For
    patch files, return no contacts.
    """
    series, ids = read_named_patches(repository, request)
    patches = series.patches if patch is None else (series.patches[patch % len(series.patches)],)
    parents = repository.commit(ids[0]).parents if ids else ()
    paths = tuple(dict.fromkeys(path for patch in patches for path in patch.paths))
    if parents and paths:
        return read_file_history(repository, paths, parents[0], SECONDS)
    return FileHistory((), 0, {})
