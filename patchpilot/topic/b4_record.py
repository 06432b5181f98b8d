# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep b4's tracking data for a `b4 prep` branch in sync with patchpilot.

This covers edits to the draft, and revisions sent by another transport.
"""

from patchpilot.commits.b4_prep import COMMIT, PrepBranch, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, RefusedError
from patchpilot.model.action import OVERRIDES, SHARED
from patchpilot.model.draft import Draft
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import cover_of, prefixes_of
from patchpilot.outgoing.outbox import Send
from patchpilot.topic.reroll import link_to


def find_prep_branch(
    repository: Repository, branch: str | None, change_id: str
) -> PrepBranch | None:
    """Return b4's tracking data for a topic's branch.

    Return None if b4 does not manage the branch, or only because patchpilot enrolled it for a send.
    """
    known = prep_branch(repository, branch) if branch else None
    return known if known and not known.by_us and known.change_id == change_id else None


def draft_for_b4(repository: Repository, draft: Draft) -> None:
    """Write a draft's cover letter, changelogs, version and prefixes to b4's tracking data.

    Raise RefusedError if the cover commit cannot be rewritten because it was pushed or a rebase is
    in progress.
    """
    known = find_prep_branch(repository, draft.branch, draft.change_id)
    if known is None:
        return
    from patchpilot.commits import rewrite
    from patchpilot.outgoing.b4.tracking import store

    cover, series = (
        cover_of(draft, known),
        {"revision": draft.version, "prefixes": prefixes_of(draft)},
    )
    if (cover, draft.version, tuple(prefixes_of(draft))) == (
        known.cover,
        known.revision,
        known.prefixes,
    ):
        return
    if known.cover_commit:
        ref = f"refs/heads/{known.branch}"
        oldest = (repository, ref, repository.resolve(ref), [known.cover_commit])
        # an operation in progress has its own hint
        rewrite.refuse_unless_safe(*oldest, tuple(OVERRIDES))
        try:
            # the other branch may be a backup, which keeps the old cover letter
            rewrite.refuse_unless_safe(*oldest, (SHARED,))
        except RefusedError as error:
            raise RefusedError(
                f"b4's cover letter cannot be rewritten: {error.message}",
                hint=(
                    "if only you use the branch, edit it with `b4 prep --edit-cover`; for commits"
                    " of others, run b4 prep --claim first"
                ),
            ) from error
    store(repository, known, cover, series, "draft", undo=True)


def lacks_note(repository: Repository, send: Send) -> PrepBranch | None:
    """Return b4's branch data if it lacks a complete send.

    Return None if b4 has recorded the send or does not manage the branch, or manages it only
    because patchpilot enrolled it for a send by another transport.
    """
    known = prep_branch(repository, send.branch) if send.branch else None
    first = send.entries[0].message_id
    if (
        known is None
        or known.change_id != send.change_id
        or any(first in ids for _, ids in known.history)
    ):
        return None
    by_b4 = (
        transports.is_known(send.transport)
        and transports.find(send.transport).keeps_tracking_data
    )
    return known if by_b4 or not known.by_us else None


def record_in_b4(repository: Repository, send: Send, draft: Draft) -> tuple[str, ...]:
    """Record a complete send in b4's tracking data, as if b4 had sent it.

    Return notes for the user.
    """
    from patchpilot.outgoing.b4.enrollment import restore_tracking
    from patchpilot.outgoing.b4.tracking import note_sent

    if send.branch:
        restore_tracking(repository, send.branch, send.tracking_data)
    known = lacks_note(repository, send)
    if known is None:
        return ()
    try:
        now = note_sent(
            repository,
            known,
            send.version,
            send.entries[0].message_id,
            cover_of(draft, known),
            link_to(send, repository),
        )
    except PatchpilotError as error:
        return (
            (
                f"b4 has no record of that v{send.version} was sent: {error.message}; b4 prep"
                f" --force-revision {send.version + 1} sets the next"
            ),
        )
    ids = (
        "; its commits have new ids"
        if now.cover_commit != known.cover_commit and known.strategy == COMMIT
        else ""
    )
    return (
        (
            f"b4 knows that v{send.version} was sent; the next revision of {known.branch} is"
            f" v{now.revision}{ids}"
        ),
    )
