# SPDX-License-Identifier: GPL-2.0-or-later
"""What b4 keeps of a `b4 prep` branch follows what patchpilot does: a draft that was edited, a
revision that was sent by another transport.
"""

from patchpilot.commits import rewrite
from patchpilot.commits.b4_prep import COMMIT, PrepBranch, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError
from patchpilot.model.draft import Draft
from patchpilot.outgoing import transports
from patchpilot.outgoing.b4.draft_texts import cover_of, prefixes_of
from patchpilot.outgoing.b4.tracking import note_sent, store
from patchpilot.outgoing.outbox import Send
from patchpilot.topic.reroll import link_to


def kept_by_b4(
    repository: Repository, branch: str | None, change_id: str
) -> PrepBranch | None:
    """What b4 knows of a topic's branch.

    None where b4 does not manage it, or only because patchpilot enrolled it to send it.
    """
    known = prep_branch(repository, branch) if branch else None
    return known if known and not known.by_us and known.change_id == change_id else None


def draft_for_b4(repository: Repository, draft: Draft) -> None:
    """Write a draft's cover letter, changelogs, version and prefixes where b4 keeps them.

    RefusedError where the cover commit cannot be rewritten: it was pushed, or a rebase is in
    progress.
    """
    known = kept_by_b4(repository, draft.branch, draft.change_id)
    if known is None:
        return
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
        rewrite.refuse_unless_safe(
            repository, ref, repository.resolve(ref), [known.cover_commit]
        )
    store(repository, known, cover, series, "draft", undo=True)


def noted_by_transport(send: Send) -> bool:
    """Whether the transport of a send notes itself, in b4's tracking data, that a series was sent."""  # noqa: E501
    return (
        transports.is_known(send.transport)
        and transports.find(send.transport).keeps_tracking_data
    )


def noted_for_b4(repository: Repository, send: Send, draft: Draft) -> tuple[str, ...]:
    """After a whole send that b4 did not end: b4 gets to know of it as of a send of its own.

    What the user should know about it.
    """
    known = prep_branch(repository, send.branch) if send.branch else None
    if (
        known is None
        or known.change_id != send.change_id
        or (known.by_us and not noted_by_transport(send))
    ):
        return ()
    if noted_by_transport(send) and known.revision > send.version:
        return ()
    try:
        now = note_sent(
            repository,
            known,
            send.version,
            send.entries[0].mail.message_id,
            cover_of(draft, known),
            link_to(send, repository),
        )
    except PatchpilotError as error:
        return (
            (
                f"b4 does not know that v{send.version} was sent: {error.message}; b4 prep"
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
