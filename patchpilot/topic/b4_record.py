# SPDX-License-Identifier: GPL-2.0-or-later
"""Keep b4's tracking data for a `b4 prep` branch in sync with patchpilot.

The data is updated after edits to the draft, and after another transport has sent a version.
"""

from patchpilot.commits.b4_prep import COMMIT, PrepBranch, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, RefusedError
from patchpilot.model.action import OVERRIDES, SHARED
from patchpilot.model.draft import Draft
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import list_prefix_words, make_b4_cover
from patchpilot.outgoing.outbox import Send
from patchpilot.topic.reroll import make_send_link


def find_prep_branch(
    repository: Repository, branch: str | None, change_id: str
) -> PrepBranch | None:
    """Return b4's tracking data for a topic's branch.

    Return None if b4 does not manage the branch, or if it manages the branch only because
    patchpilot enrolled it for a send.
    """
    prep = prep_branch(repository, branch) if branch else None
    return prep if prep and not prep.by_us and prep.change_id == change_id else None


def write_draft_to_b4(repository: Repository, draft: Draft) -> None:
    """Write a draft's cover letter, changelogs, version and prefixes to b4's tracking data.

    Raise RefusedError if the cover commit cannot be rewritten because it was pushed or a rebase is
    in progress.
    """
    prep = find_prep_branch(repository, draft.branch, draft.change_id)
    if prep is None:
        return
    from patchpilot.commits import rewrite
    from patchpilot.outgoing.b4.tracking import store_tracking_data

    cover, series = (
        make_b4_cover(draft, prep),
        {"revision": draft.version, "prefixes": list_prefix_words(draft)},
    )
    if (cover, draft.version, tuple(list_prefix_words(draft))) == (
        prep.cover,
        prep.revision,
        prep.prefixes,
    ):
        return
    if prep.cover_commit:
        ref = f"refs/heads/{prep.branch}"
        rewritten_range = (
            repository,
            ref,
            repository.resolve(ref),
            [prep.cover_commit],
        )
        # report an operation in progress, such as a rebase, with a separate hint
        rewrite.refuse_unsafe_rewrite(*rewritten_range, tuple(OVERRIDES))
        try:
            # do not change another branch with the same cover letter, because it may be a backup
            rewrite.refuse_unsafe_rewrite(*rewritten_range, (SHARED,))
        except RefusedError as error:
            raise RefusedError(
                f"b4's cover letter cannot be rewritten: {error.message}",
                hint=(
                    "if only you use the branch, edit it with `b4 prep --edit-cover`; for commits"
                    " of others, run b4 prep --claim first"
                ),
            ) from error
    store_tracking_data(repository, prep, cover, series, "draft", undo=True)


def find_branch_without_send(repository: Repository, send: Send) -> PrepBranch | None:
    """Return b4's tracking data for a branch if this complete send is missing from the data.

    Return None if b4 has recorded the send or does not manage the branch. Also return None if b4
    manages the branch only because patchpilot enrolled it for a send by another transport.
    """
    prep = prep_branch(repository, send.branch) if send.branch else None
    message_id = send.entries[0].message_id
    if (
        prep is None
        or prep.change_id != send.change_id
        or any(message_id in ids for _, ids in prep.history)
    ):
        return None
    by_b4 = (
        transports.is_known_transport(send.transport)
        and transports.find_transport(send.transport).keeps_tracking_data
    )
    return prep if by_b4 or not prep.by_us else None


def record_send_in_b4(repository: Repository, send: Send, draft: Draft) -> tuple[str, ...]:
    """Record a complete send in b4's tracking data, as if b4 had sent it.

    Return notes for the user.
    """
    from patchpilot.outgoing.b4.enrollment import restore_tracking
    from patchpilot.outgoing.b4.tracking import record_sent_revision

    if send.branch:
        restore_tracking(repository, send.branch, send.tracking_data)
    prep = find_branch_without_send(repository, send)
    if prep is None:
        return ()
    try:
        updated = record_sent_revision(
            repository,
            prep,
            send.version,
            send.entries[0].message_id,
            make_b4_cover(draft, prep),
            make_send_link(send, repository),
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
        if updated.cover_commit != prep.cover_commit and prep.strategy == COMMIT
        else ""
    )
    return (
        (
            f"b4 knows that v{send.version} was sent; the next revision of {prep.branch} is"
            f" v{updated.revision}{ids}"
        ),
    )
