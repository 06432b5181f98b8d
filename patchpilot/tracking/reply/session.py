# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan the reply that the user requested.

Find the message, edit the draft, and save it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from patchpilot.archive.track_store import Store
from patchpilot.commits.range import resolve_patch
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError, UsageError, unknown_word_error
from patchpilot.model.action import Action
from patchpilot.model.mail import parse_message_id
from patchpilot.model.printable import join_words
from patchpilot.model.send_request import DEFAULT_TRANSPORT
from patchpilot.outgoing.reply_drafts import ReplyDraft, ReplyDrafts
from patchpilot.reading.mail_kinds import MailKind
from patchpilot.series.given_text import read_text_option
from patchpilot.topic.archive_target import read_archive_setting
from patchpilot.topic.edit_commits import REPLY_FILE, discard_edit
from patchpilot.tracking.reply.answered_mail import find_answered_mail
from patchpilot.tracking.reply.plan import (
    PATCH,
    ReplyPlan,
    choose_reply_sender,
    open_patch_draft,
    open_reply_draft,
    plan_reply,
    save_reply_draft,
)
from patchpilot.tracking.reply.text import REPLY, TEMPLATES, clean_edited_text

__all__ = [
    "REPLY",
    "Edit",
    "ReplyDraft",
    "ReplyRequest",
    "discard_reply_draft",
    "list_reply_templates",
    "list_unsent_drafts",
    "plan_requested_reply",
    "read_draft_text",
    "read_reply_text",
]

_TEMPLATES_OF = {
    MailKind.AUTOSEL: ("objection", "prerequisite", REPLY),
    MailKind.STABLE_ADDED: ("objection", "prerequisite", REPLY),
    MailKind.STABLE_REVIEW: ("objection", "prerequisite", REPLY),
    MailKind.TRAILERS: (REPLY, "thanks"),
    MailKind.ACK: (REPLY, "thanks"),
}
Edit = Callable[[str], str | None]
"""A function that returns the edited text, or None if the editor failed."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """The user's request for a reply.

    `target` is the message to answer, `patch` a commit to send as the reply, and `tags` are tags to
    add. `text` is the text of the reply if no editor is used. `force` is the reason to send despite
    blocking problems.
    """

    target: str
    template: str = REPLY
    via: str = DEFAULT_TRANSPORT
    patch: str | None = None
    tags: tuple[str, ...] = ()
    text: str | None = None
    identity: str | None = None
    force: str | None = None

    def with_text(self, text: str) -> "ReplyRequest":
        """Return the request with the text edited by the user."""
        return replace(self, text=text)


def read_reply_text(file: str) -> str:
    """Read the text of a reply from a file, or from standard input if the name is `-`.

    Raise `InputError` if the file cannot be read.
    """
    return read_text_option(file, "--message takes a text file in UTF-8")


def read_draft_text(repository: Repository, directory: Path | None, request: ReplyRequest) -> str:
    """Return the text of a reply's saved draft, or the filled-in template."""
    with Store() as store:
        answered_mail = find_answered_mail(request.target, request.template, store)
    sender = choose_reply_sender(repository, request.via, request.identity)
    return open_reply_draft(
        answered_mail,
        request.template,
        archive=read_archive_setting(directory),
        sender=sender,
        tags=request.tags,
    ).text


def list_reply_templates(kind: MailKind, *, own: bool) -> tuple[str, ...]:
    """Return the reply templates for a kind of message.

    `own` is set if the message belongs to the user's own series.
    """
    if own:
        return ("ping", "withdraw", REPLY)
    return _TEMPLATES_OF.get(kind, (REPLY,))


def plan_requested_reply(
    repository: Repository,
    directory: Path | None,
    request: ReplyRequest,
    editor: Edit | None,
) -> ReplyPlan:
    """Plan the reply, and save its draft unless the reply was already sent.

    Raise `RefusedError` if the editor fails.
    """
    reply_plan = _plan_from_draft(repository, directory, request, editor)
    if reply_plan.refused and any(
        problem.name == "sent-already" for problem in reply_plan.blockers
    ):
        with ReplyDrafts() as drafts:
            drafts.discard(reply_plan.draft)
    return reply_plan


def _plan_from_draft(
    repository: Repository,
    directory: Path | None,
    request: ReplyRequest,
    editor: Edit | None,
) -> ReplyPlan:
    if request.template not in TEMPLATES:
        raise unknown_word_error("template", request.template, TEMPLATES)
    with Store() as store:
        answered_mail = find_answered_mail(request.target, request.template, store)
    sender = choose_reply_sender(repository, request.via, request.identity)
    if request.patch:
        draft, mail = open_patch_draft(
            repository, answered_mail, resolve_patch(repository, request.patch), sender
        )
        draft = save_reply_draft(draft, sender)
        return plan_reply(
            repository,
            answered_mail,
            draft,
            request.via,
            patch=mail,
            identity=request.identity,
            force=request.force,
        )
    draft = open_reply_draft(
        answered_mail,
        request.template,
        archive=read_archive_setting(directory),
        sender=sender,
        tags=request.tags,
    )
    original_text = draft.text
    if request.text is not None:
        draft = draft._replace(text=clean_edited_text(request.text))
    elif editor:
        edited_text = editor(draft.text)
        if edited_text is None:
            raise RefusedError(
                "the editor failed; nothing was sent",
                hint="the draft was not changed",
            )
        draft = draft._replace(text=clean_edited_text(edited_text))
    draft = save_reply_draft(draft, sender)
    if editor:
        discard_edit(original_text, REPLY_FILE)
    return plan_reply(
        repository,
        answered_mail,
        draft,
        request.via,
        identity=request.identity,
        force=request.force,
    )


def discard_reply_draft(request: ReplyRequest, *, any_template: bool = False) -> str:
    """Delete a reply's draft, and return its template, or "" if there was none.

    With `any_template`, a target that names a message may also name its only draft, whatever the
    template. Raise `UsageError` if the message then has several other drafts.
    """
    message_id = parse_message_id(request.target) if any_template else None
    with ReplyDrafts() as drafts:
        of_message = [draft for draft in drafts.all() if draft.answers == message_id]
    template = PATCH if request.patch else request.template
    if of_message and template not in {draft.template for draft in of_message}:
        if len(of_message) > 1:
            names = join_words([draft.template for draft in of_message])
            raise UsageError(
                f"{request.target} has drafts from several templates: {names}",
                hint=Action("", ("--template", "NAME"), "choose one with {}"),
            )
        saved_draft: ReplyDraft | None = of_message[0]
    else:
        with Store() as store:
            answered_mail = find_answered_mail(request.target, request.template, store)
        with ReplyDrafts() as drafts:
            saved_draft = drafts.find(answered_mail.message_id, template)
    if saved_draft is None:
        return ""
    with ReplyDrafts() as drafts:
        drafts.discard(saved_draft)
    return saved_draft.template


def list_unsent_drafts() -> tuple[ReplyDraft, ...]:
    """Return the drafts of unsent replies, the latest first."""
    with ReplyDrafts() as drafts:
        return drafts.all()
