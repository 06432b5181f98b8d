# SPDX-License-Identifier: GPL-2.0-or-later
"""Read the series that a Message-ID or archive URL names, as it was sent."""

from pathlib import Path

from patchpilot.archive.archive import find_archive_url
from patchpilot.archive.open_archive import normalize_archive_address
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, NetworkError, UsageError
from patchpilot.model.mail import Mail, parse_message_id, parse_patch
from patchpilot.model.patch import Series
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.mbox import unique
from patchpilot.reading.posted_series import Revision
from patchpilot.reading.series_messages import revisions_in
from patchpilot.threads.known_series import undisclosed_error
from patchpilot.topic.own_archive import make_archive_opener


def read_archive_setting(directory: Path | None) -> str:
    """Return the archive in the user's `patchpilot.lore` setting; by default, it is lore.

    The setting is read from git's configuration, whether `directory` is in a repository or not.
    """
    from patchpilot.settings.read_settings import read_user_settings

    return read_user_settings(directory).get("lore")


def read_archive_address(repository: Repository | None) -> str:
    """Return the archive in the user's setting in the form in which tracked series name it.

    If the setting is invalid, return the default.
    """
    from patchpilot.settings.read_settings import read_user_settings

    setting = read_user_settings(repository, problems=[]).get("lore")
    return normalize_archive_address(setting).rstrip("/")


def fetch_named_series(
    target: str,
    *,
    lore: str,
    offline: bool = False,
    directory: Path | None = None,
) -> Series:
    """Return the patches of the version that a message belongs to or replies to.

    The source of each patch is its Message-ID. Raise InputError if no patch is found, and the same
    errors as `fetch_thread`.
    """
    message_id, mails = fetch_thread(target, lore=lore, offline=offline, directory=directory)
    revision = _find_revision(message_id, mails)
    if revision is None:
        raise InputError(
            f"{message_id}: no patch in this thread",
            hint="pass the Message-ID of the patch or its cover letter",
        )
    patches = tuple(parse_patch(post.mail.raw, post.message_id) for post in revision.posts)
    cover = next(
        (
            patch
            for patch, post in zip(patches, revision.posts, strict=True)
            if post.is_cover and not patch.has_diff
        ),
        None,
    )
    return Series(tuple(patch for patch in patches if patch is not cover), cover)


def fetch_thread(
    target: str,
    *,
    lore: str,
    offline: bool,
    directory: Path | None,
) -> tuple[str, tuple[Mail, ...]]:
    """Return the Message-ID that a target names, and the messages of its thread.

    Raise UsageError if the target is neither a Message-ID nor an archive URL, and RefusedError if
    the message is about an undisclosed fix. Raise NetworkError if the network must not be used or
    the archive cannot be reached.
    """
    message_id = parse_message_id(target)
    if message_id is None:
        raise UsageError(
            f"{target}: neither a Message-ID nor an archive URL",
            hint="use a Message-ID, for example <20240101120000.1-1-ada@example.org>",
        )
    if offline:
        raise NetworkError(
            f"cannot read {target} with --offline",
            hint="omit --offline, or name a file with the patches",
        )
    with Outbox() as outbox:
        if message_id in outbox.undisclosed_ids():
            raise undisclosed_error(message_id)
    with make_archive_opener(directory=directory)(find_archive_url(target, lore)) as archive:
        return message_id, unique(archive.thread(message_id))


def _find_revision(message_id: str, mails: tuple[Mail, ...]) -> Revision | None:
    revision_of = {
        post.message_id: revision for revision in revisions_in(mails) for post in revision.posts
    }
    mails_by_id = {mail.message_id: mail for mail in mails}
    visited: dict[str, None] = {}
    pending = [message_id]
    while pending:
        reference = pending.pop()
        if reference in revision_of:
            return revision_of[reference]
        if reference in mails_by_id and reference not in visited:
            visited[reference] = None
            # the last entry is visited first: the parent, then the references from the nearest to
            # the farthest
            pending += [
                *mails_by_id[reference].references,
                *filter(None, [mails_by_id[reference].in_reply_to]),
            ]
    return None
