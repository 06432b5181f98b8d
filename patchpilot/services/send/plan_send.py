# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `send`, first part: a plan of every mail with what blocks sending it; nothing is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import without_covers
from patchpilot.errors import MissingError, RefusedError, unknown
from patchpilot.model.address import Address
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.outgoing.compose_mails import PatchBody, SeriesText, letters, sheets_of_commits, sheets_of_patches
from patchpilot.outgoing.header_guard import refuse_breaks, refuse_foreign
from patchpilot.outgoing.mail_account import read_account
from patchpilot.outgoing.outgoing_mail import OutgoingMail, new_message_ids, to_self
from patchpilot.outgoing.preflight import refusals, warnings
from patchpilot.outgoing.send_email import git_send_email
from patchpilot.outgoing.send_plan import TRANSPORTS, SendPlan, SendProblem, SendRequest
from patchpilot.projects.detection import layered
from patchpilot.series.cover_letter import GIT_SUBJECT
from patchpilot.series.draft import Draft
from patchpilot.series.message_ids import kept_ids
from patchpilot.series.recipient_edits import on_one_line
from patchpilot.services.check.subject_prefix import mark_warnings
from patchpilot.services.send.concurrent_sends import sent_before
from patchpilot.services.send.finish_send import finish_sends
from patchpilot.services.send.mail_recipients import addressees
from patchpilot.services.send.mail_text import wording_of
from patchpilot.services.send.preflight_facts import TopicToSend, gather_facts
from patchpilot.services.send.questions import judge_answer
from patchpilot.services.send.reroll import reroll
from patchpilot.services.topic.find_topic import as_asked, base_of_topic, find_draft, read_topic
from patchpilot.services.topic.topic_project import profile_of
from patchpilot.services.track.review_summary import tag_warnings


def plan(repository: Repository, request: SendRequest, *, progress: Progress = silent) -> SendPlan:
    """Everything up to the act: nothing is sent, and the draft stays as it is but for the Message-IDs that are shown."""
    if request.via not in TRANSPORTS:
        raise unknown("transport", request.via, TRANSPORTS)
    on_one_line("--to", request.to)
    on_one_line("--cc", request.cc)
    account = read_account(repository, request.identity)
    if account.sender is None:
        raise MissingError(
            "git does not know who you are",
            hint="git config --global user.name 'Your Name'; git config --global user.email you@example.org",
        )
    progress("reading the topic")
    finished = finish_sends(repository)
    series, ids = read_topic(repository, request)
    refuse_breaks([repository.commit(id_) for id_ in ids])
    project = profile_of(repository, request.profile, series)
    draft = find_draft(repository, request, series, ids)
    if not request.profile:
        # commits have no prefix: the draft says which tree they are for
        project = layered(project, [draft.prefix.split()])
    request = replace(request, profile=project.name)
    draft = as_asked(reroll(draft, repository), request) if request.reroll else draft
    draft = replace(draft, answers={**draft.answers, **{name: judge_answer(repository, name, text) for name, text in request.answers}})
    base = base_of_topic(repository, request, ids)
    progress("looking up recipients")
    people = addressees(repository, request, account, draft, series, project=project)
    if not people.recipients and not request.to_self:
        raise RefusedError(
            "nobody to send to", hint="name them with --to and --cc; `patchpilot maintainers` finds them in a tree with MAINTAINERS"
        )
    wording = wording_of(repository, request, draft, series, base if ids else None)
    topic = TopicToSend(request, project, account, draft, series, ids, people, wording)
    progress("making the mails")
    made, mails, remarks, books = _make(repository, topic)
    refuse_foreign([mail.raw for mail in mails])
    judged = sent_before(draft)
    facts = gather_facts(repository, topic, made, mails, progress)
    against, told = refusals(facts), warnings(facts)
    if request.to_self:
        # a try harms nobody: it is for seeing what arrives, also of what is not ready
        told = (*(replace(one, message=f"a real send is refused: {one.message}") for one in against), *told)
        against = ()
    return SendPlan(
        request=request,
        draft=draft,
        account=account,
        letters=made,
        mails=mails,
        recipients=people.recipients,
        bcc=people.bcc,
        refusals=against,
        warnings=(
            *told,
            *mark_warnings(mails, project.name),
            *tag_warnings(repository, request, draft, ids),
            *(SendProblem("recipients", remark) for remark in people.remarks),
        ),
        version=wording.version,
        base=base,
        head=_head(repository, request, ids),
        remarks=(*finished, *remarks),
        judged=judged,
        books=books,
    )


def _head(repository: Repository, request: SendRequest, ids: Sequence[str]) -> str | None:
    """The commit that keeps what is sent: b4 sends what is checked out; else the newest patch, without b4's cover commit below it."""
    if not ids:
        return None
    return repository.find("HEAD") if request.via == "b4" else without_covers(repository, ids)[-1]


def _make(
    repository: Repository, topic: TopicToSend
) -> tuple[tuple[OutgoingMail, ...], tuple[RenderedMail, ...], tuple[str, ...], Mapping[str, Sequence[str]]]:
    """The mails as their transport makes them, what is to be said about the way, and what b4's books need then."""
    request, account, draft, wording, series, ids, people = (
        topic.request, topic.account, topic.draft, topic.text, topic.series, topic.ids, topic.recipients,
    )  # fmt: skip
    assert account.sender is not None
    to, cc = people.headers if people.recipients else ((account.sender,), ())
    if request.via == "b4":
        from patchpilot.outgoing.b4 import b4_series

        return b4_series.make(repository, account, draft, wording, ids, to, cc, base=request.base, reflect=request.to_self)
    sheets = (
        sheets_of_commits(repository, ids, wording, account.sender)
        if ids
        else sheets_of_patches(repository, series.patches, series.cover, wording)
    )
    made = letters(sheets, wording, _message_ids(draft, wording, sheets, account.sender, request), lambda _: (to, cc))
    if made and GIT_SUBJECT in made[0].subject:
        raise RefusedError(
            "the cover letter still has git's placeholder for its subject",
            hint=f"write it in {series.cover.source}"
            if series.cover
            else "write it: patchpilot draft --cover-subject TEXT, or patchpilot draft --edit",
        )
    if request.to_self:
        made = tuple(to_self(one, account.sender) for one in made)
    remarks = ("sendemail.headerCmd is not run: every mail has the headers shown",) if account.value("headercmd") else ()
    return made, git_send_email.capture(repository, account, [one.file() for one in made], people.bcc, request.identity), remarks, {}


def _message_ids(draft: Draft, wording: SeriesText, sheets: Sequence[PatchBody], sender: Address, request: SendRequest) -> tuple[str, ...]:
    """Those that the last preview of the same mails showed, else new ones."""
    content: list[str | bytes] = [sender.header(), wording.prefix, str(wording.version), wording.in_reply_to or ""]
    for sheet in sheets:
        content += [sheet.title, sheet.author.header(), sheet.body]
    return kept_ids(
        draft,
        "to-self" if request.to_self else "real",
        content,
        lambda: new_message_ids(draft.change_id, wording.version, len(sheets), sender, datetime.now(UTC).date()),
    )
