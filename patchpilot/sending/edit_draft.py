# SPDX-License-Identifier: GPL-2.0-or-later
"""Implement the `draft` command: show and change the draft of a topic.

The draft contains the cover letter, changelog, notes, subject prefix and answers.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from patchpilot.archive.track_store import Store
from patchpilot.commits.b4_prep import PrepBranch, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, PatchpilotError, RefusedError, UsageError
from patchpilot.model.action import Action
from patchpilot.model.address import Address
from patchpilot.model.bounded import parse_limited_number, parse_stored_time
from patchpilot.model.draft import Draft
from patchpilot.model.json_form import json_form
from patchpilot.model.mail import parse_id_option
from patchpilot.model.printable import format_count
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import CURRENT_TOPIC, SendRequest
from patchpilot.outgoing.b4.enrollment import unenroll_branch
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.sending.next_version import prepare_next_draft
from patchpilot.series.cover_letter import (
    fill_template,
    read_template,
    split_subject_and_body,
    strip_template_comments,
)
from patchpilot.series.draft import Drafts, complete_prefix, refuse_header_breaks
from patchpilot.series.draft_text import (
    format_draft_text,
    read_draft_file,
    update_from_text,
)
from patchpilot.threads.review_summary import find_series_of_send
from patchpilot.topic.b4_record import write_draft_to_b4
from patchpilot.topic.edit_commits import (
    DRAFT_FILE,
    discard_edit,
    edit_text,
    find_editor_name,
    merge_edited_text,
    save_invalid_edit,
)
from patchpilot.topic.find import Topic, find_draft, finish_topic
from patchpilot.topic.reroll import (
    STUBS,
    find_last_send,
    make_changelog_hints,
    make_send_link,
    set_changelog,
)
from patchpilot.topic.state import TopicState, compute_topic_state
from patchpilot.topic.workplace import Workplace
from patchpilot.tracking.reminder import check_reminder

Edit = Callable[[str], str | None]
"""A function that returns the edited text, or None if the user canceled."""


@json_form("draft sends b4 topic=state")
class DraftResult(NamedTuple):
    """A topic's draft, its sends, its branch in b4's tracking data, and its state."""

    draft: Draft
    sends: tuple[Send, ...]
    b4: PrepBranch | None
    state: TopicState


class DraftChanges(NamedTuple):
    """The changes to make to a draft; a field that is None stays unchanged.

    Each entry in `notes` consists of a patch, given by its number or a part of its subject, and the
    text of its note.
    """

    subject: str | None = None
    text: str | None = None
    changelog: str | None = None
    notes: tuple[tuple[str, str], ...] = ()
    prefix: str | None = None
    version: int | None = None
    in_reply_to: str | None = None
    imported: Path | None = None


def show_draft(repository: Repository, request: SendRequest = CURRENT_TOPIC) -> DraftResult:
    """Return the draft of the request's topic.

    A new draft is created if necessary.
    """
    return _make_draft_result(repository, finish_topic(repository, request))


def change_draft(
    repository: Repository, changes: DraftChanges, request: SendRequest = CURRENT_TOPIC
) -> DraftResult:
    """Change a topic's draft and save it."""
    subject, text = changes.subject, changes.text
    if subject is None and text is not None:
        subject, text = split_subject_and_body(text)
    refuse_header_breaks(subject, changes.in_reply_to)
    topic = finish_topic(repository, request)
    before = draft = topic.draft
    if changes.imported:
        draft = _import_draft_text(repository, draft, read_draft_file(changes.imported))
    if changes.subject is None and subject and not text and draft.cover_subject:
        # a single line replaces the text of a cover letter that already has a subject
        subject, text = None, subject
    draft = replace(
        draft,
        cover_subject=draft.cover_subject if subject is None else subject.strip(),
        cover_text=draft.cover_text if text is None else text.strip("\n"),
    )
    if changes.version is not None:
        draft = replace(draft, version=_check_version_unsent(draft, changes.version))
    if changes.changelog is not None:
        draft = set_changelog(draft, changes.changelog, repository)
    for patch, text in changes.notes:
        draft = replace(draft, notes={**draft.notes, _find_patch(draft, patch): text})
    if changes.prefix is not None:
        draft = replace(draft, prefix=complete_prefix(changes.prefix))
    if changes.in_reply_to is not None:
        draft = replace(
            draft,
            in_reply_to=parse_id_option(changes.in_reply_to) if changes.in_reply_to.strip() else "",
        )
    write_draft_to_b4(repository, draft)
    with Drafts() as drafts:
        return _make_draft_result(
            repository, topic._replace(draft=drafts.keep(before, draft, "set"))
        )


def edit_draft_texts(
    repository: Repository, editor: Edit, request: SendRequest = CURRENT_TOPIC
) -> DraftResult:
    """Let the user edit all texts of a draft at once.

    The draft is not changed if the user cancels. Concurrent changes by another process are merged.
    If the text cannot be imported, it is saved for the next edit.
    """
    topic = finish_topic(repository, request)
    draft, initial = topic.draft, _format_for_editing(repository, topic.draft)
    text = editor(initial)
    if text is not None and text != initial:
        draft = find_draft(repository, request)
        current = _format_for_editing(repository, draft)
        try:
            text, in_conflict = merge_edited_text(initial, text, current)
            if in_conflict:
                raise RefusedError("the draft changed while it was edited")
            imported_draft = _import_draft_text(repository, draft, text)
        except PatchpilotError as error:
            kept = save_invalid_edit(current, text, DRAFT_FILE, error)
            if initial != current:
                discard_edit(initial, DRAFT_FILE)
            raise kept from error
        write_draft_to_b4(repository, imported_draft)
        with Drafts() as drafts:
            draft = drafts.keep(draft, imported_draft, "edited")
    discard_edit(initial, DRAFT_FILE)
    return _make_draft_result(repository, topic._replace(draft=draft))


def _format_for_editing(repository: Repository, draft: Draft) -> str:
    offered_draft = _find_editable_draft(repository, draft)
    hints = make_changelog_hints(repository, offered_draft) if offered_draft.version > 1 else ()
    return format_draft_text(offered_draft, change_items=hints)


def export_draft(repository: Repository, request: SendRequest) -> str:
    """Return the texts of a draft in the format that `change_draft` imports.

    If a version was sent, include the changelog of the next version, with the changes since the
    sent version filled in.
    """
    return format_draft_text(_find_editable_draft(repository, find_draft(repository, request)))


def begin_next_version(repository: Repository, request: SendRequest) -> Draft:
    """Start the version after the last sent one, and save its draft.

    Its changelog lists the changes since then. Raise `UsageError` if no version was sent.
    """
    draft = find_draft(repository, request)
    with Drafts() as drafts:
        next_draft = prepare_next_draft(repository, draft, request.target, request.base)
        return drafts.keep(draft, next_draft, f"{STUBS}{next_draft.version - 1}")


def reset_draft(repository: Repository, request: SendRequest) -> tuple[Draft, DraftResult]:
    """Clear a topic's draft, and return the old and the new draft.

    The change-id, the record of sent versions, their changelogs and b4's data about a prep branch
    are kept.
    """
    draft = find_draft(repository, request)
    with Drafts() as drafts, Outbox() as outbox, drafts.transaction():
        saved_draft, last_version = (
            drafts.get(draft.change_id) or draft,
            outbox.last_version(draft.change_id),
        )
        changelogs = {
            number: text
            for number, text in saved_draft.changelogs.items()
            if int(number) <= last_version
        }
        kept_names = {f"changelogs.{number}" for number in changelogs}
        origins = {name: text for name, text in saved_draft.origins.items() if name in kept_names}
        cleared_draft = Draft(
            saved_draft.change_id,
            saved_draft.repository,
            saved_draft.branch,
            changelogs=changelogs,
            links=saved_draft.links,
            patches=saved_draft.patches,
        )
        drafts.save(replace(cleared_draft, origins=origins))
    return saved_draft, show_draft(repository, request)


def write_reminder(
    repository: Repository,
    confirm: Callable[[Sequence[SendProblem]], bool],
    request: SendRequest,
) -> str:
    """Return a polite reminder about the last version, to send as a reply to it.

    If there are reasons not to send it now, `confirm` asks the user. Raise `RefusedError` if the
    user does not confirm, and `UsageError` if no version was sent.
    """
    draft = find_draft(repository, request)
    last_send = find_last_send(draft)
    if last_send is None:
        raise UsageError("nothing from this topic has been sent yet", hint=Action("send"))
    followed = find_series_of_send(last_send, repository)
    series = next((it for it in followed if it.posted is not None), None)
    reminder = check_reminder(series, parse_stored_time(last_send.begun))
    if reminder.problems and not confirm(reminder.problems):
        if reminder.is_needless:
            raise RefusedError("the reminder was not printed, because none is needed")
        message_id = f"<{last_send.entries[0].message_id}>"
        options = ("--template", "ping", "--force", "REASON")
        raise RefusedError(
            "the reminder was not printed, because it is not due",
            hint=Action("track", ("reply", message_id, *options), "`{}` sends it now"),
        )
    name = (repository.identity or Address("", "")).name
    values = {
        "answers": reminder.lines,
        "date": last_send.begun[:10],
        "link": make_send_link(last_send, repository),
        "name": name,
        "version": str(last_send.version),
    }
    return strip_template_comments(fill_template(read_template("ping"), values)) + "\n"


def delete_draft(repository: Repository, request: SendRequest) -> Draft:
    """Delete a topic's draft, but keep the record of sent versions."""
    draft = find_draft(repository, request)
    with Drafts() as drafts:
        drafts.remove(draft.change_id)
    return draft


def unenroll_from_b4(repository: Repository) -> str:
    """Unenroll the branch from b4.

    The commits of the branch and the branch description that the user wrote are kept. Raise
    `MissingError` if patchpilot did not enroll the branch, and `UsageError` if b4 keeps the cover
    letter in a commit.
    """
    name = repository.branch
    if name is None:
        raise UsageError(
            "no branch is checked out",
            hint="run `git switch` to check out the topic branch",
        )
    enrolled_branch = prep_branch(repository, name)
    if enrolled_branch is None:
        raise MissingError(f"{name} was not enrolled in b4 by patchpilot")
    if enrolled_branch.strategy != "branch-description":
        raise UsageError(
            f"cannot unenroll {name}: b4 keeps its cover letter in a commit",
            hint="run `b4 prep --cleanup`, or drop that commit with `git rebase -i`",
        )
    unenroll_branch(repository, name)
    return name


def _find_editable_draft(repository: Repository, draft: Draft) -> Draft:
    """Return the draft to edit. After a send, this is the next version's draft.

    The changelog of a started version is regenerated until the user edits it, because commits and
    addressed requests may change.
    """
    last_send, version = find_last_send(draft), str(draft.version)
    if last_send and draft.origins.get(f"changelogs.{version}", "").startswith(STUBS):
        other_changelogs = {key: text for key, text in draft.changelogs.items() if key != version}
        return prepare_next_draft(repository, replace(draft, changelogs=other_changelogs))
    if last_send and last_send.version >= draft.version:
        return prepare_next_draft(repository, draft)
    return draft


def _import_draft_text(repository: Repository, draft: Draft, text: str) -> Draft:
    """Import the edited texts into the draft.

    If the user did not change the generated changelog, the draft keeps neither the changelog nor
    its version.
    """
    offered_draft = _find_editable_draft(repository, draft)
    imported_draft = update_from_text(offered_draft, text)
    if offered_draft.version == draft.version or (
        imported_draft.changelog
        and imported_draft.changelog.strip() != offered_draft.changelog.strip()
    ):
        return imported_draft
    changelogs = {
        number: changelog
        for number, changelog in imported_draft.changelogs.items()
        if number != str(offered_draft.version)
    }
    return replace(
        imported_draft,
        version=draft.version,
        in_reply_to=draft.in_reply_to,
        changelogs=changelogs,
    )


def _check_version_unsent(draft: Draft, version: int) -> int:
    last_send = find_last_send(draft)
    if last_send and version <= last_send.version:
        raise UsageError(
            f"v{version} cannot be the next version: v{last_send.version} was already sent",
            hint=Action("send", ("--resend",), "`{}` sends it again"),
        )
    return version


def _find_patch(draft: Draft, name: str) -> str:
    if 1 <= parse_limited_number(name) <= len(draft.patches):
        return draft.patches[parse_limited_number(name) - 1].patch_id
    matches: Sequence[str] = [
        patch.patch_id for patch in draft.patches if name.lower() in patch.subject.lower()
    ]
    if len(matches) != 1:
        counted_patches = f"this topic has {format_count(len(draft.patches), 'patch', 'patches')}"
        if not matches:
            raise UsageError(
                f"no patch {name!r}: {counted_patches}",
                hint="use a patch's number, or a part of its subject",
            )
        raise UsageError(
            f"{len(matches)} patches match {name!r}",
            hint=f"use a longer part of the subject, or the patch's number ({counted_patches})",
        )
    return matches[0]


def _make_draft_result(repository: Repository, topic: Topic) -> DraftResult:
    draft = topic.draft
    with Outbox() as outbox:
        sends = outbox.sends(draft.change_id)
    with Store() as store:
        state = compute_topic_state(repository, topic, store=store)
    return DraftResult(
        draft,
        sends,
        prep_branch(repository, draft.branch) if draft.branch else None,
        state,
    )


def make_text_editor(workplace: Workplace, name: str = DRAFT_FILE) -> Edit:
    """Return a function that opens the user's editor on a text and returns the edited text.

    The editor is git's, and the file has this name. The function returns None if the editor fails;
    call `discard_edit` after the text has been stored.
    """
    editor = find_editor_name(workplace.repository.top)
    return lambda text: edit_text(editor, text, name)
