# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `send`: a plan the person can see, then exactly that, each mail once."""

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.commits.b4_prep import prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.commits.rewrite import without_covers
from patchpilot.errors import InputError, MissingError, RefusedError, unknown
from patchpilot.model.address import Address
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.outgoing.compose_mails import PatchBody, SeriesText, letters, sheets_of_commits, sheets_of_patches
from patchpilot.outgoing.header_guard import refuse_breaks, refuse_foreign
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.mail_state import MailState, Outcome, Stop, never_stop
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.outgoing_mail import OutgoingMail, new_message_ids, to_self
from patchpilot.outgoing.preflight import refusals, warnings
from patchpilot.outgoing.send_email import git_send_email
from patchpilot.outgoing.send_plan import NO_SERVER, TRANSPORTS, WAITING, MailResult, SendPlan, SendProblem, SendRequest, SendResult
from patchpilot.outgoing.sender_lock import one_at_a_time, sole_sender
from patchpilot.projects.detection import layered
from patchpilot.series.cover_letter import GIT_SUBJECT
from patchpilot.series.draft import Draft, Drafts
from patchpilot.series.message_ids import forget_ids, kept_ids
from patchpilot.series.recipient_edits import Edits, EditStore, branch_key, on_one_line
from patchpilot.services.check.subject_prefix import mark_warnings
from patchpilot.services.send.concurrent_sends import refuse_rivals, sent_before
from patchpilot.services.send.finish_send import finish, finish_sends
from patchpilot.services.send.mail_recipients import Addressees, addressees
from patchpilot.services.send.mail_text import wording_of
from patchpilot.services.send.preflight_facts import gather
from patchpilot.services.send.questions import judge_answer
from patchpilot.services.send.reroll import is_remembered, reroll
from patchpilot.services.send.resume import leave_out_for_good
from patchpilot.services.topic.find_topic import as_asked, base_of_topic, find_draft, read_topic
from patchpilot.services.topic.topic_project import profile_of
from patchpilot.services.track.review_summary import tag_warnings

_REFUSED = re.compile(r"^([^\s:@]+@[^\s:]+): 5\d\d")


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
    progress("making the mails")
    made, mails, remarks, books = _make(repository, request, account, draft, wording, series, ids, people)
    refuse_foreign([mail.raw for mail in mails])
    judged = sent_before(draft)
    facts = gather(repository, request, project, account, draft, wording.version, series, ids, people, made, mails, progress)
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
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    wording: SeriesText,
    series: Series,
    ids: tuple[str, ...],
    people: Addressees,
) -> tuple[tuple[OutgoingMail, ...], tuple[RenderedMail, ...], tuple[str, ...], Mapping[str, Sequence[str]]]:
    """The mails as their transport makes them, what is to be said about the way, and what b4's books need then."""
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


def _carry_edits(before: str | None, after: str | None) -> None:
    """A branch that comes into b4's books is known by its change-id from then on: what was edited of its recipients goes with it."""
    store = EditStore()
    if before and after and before != after and store.load(after) == Edits():
        edits = store.load(before)
        if edits != Edits():
            store.save(after, edits)


def deliver(
    repository: Repository, planned: SendPlan, *, terminal: bool = False, stopping: Stop = never_stop, progress: Progress = silent
) -> SendResult:
    """Send what was planned, and only that. The outbox has every step in writing; refusals that stand end it before anything leaves."""
    if planned.refused:
        return result_of_plan(planned)
    if planned.request.offline and planned.waiting:
        raise RefusedError("nothing is sent with --offline", hint="leave it out, or --outbox DIR writes the mails")
    if planned.waiting and planned.lacks_server:
        raise MissingError(NO_SERVER.message, hint=NO_SERVER.hint)
    with contextlib.ExitStack() as held, Outbox() as outbox:
        # the others wait while this is checked and written, not while it is sent
        with one_at_a_time():
            held.enter_context(sole_sender(planned.draft.change_id))
            send = _claimed(outbox, planned)
        if planned.left_out:
            leave_out_for_good(repository, send, planned.left_out)
        return _carry(repository, outbox, send, planned, terminal, stopping, progress)


def _claimed(outbox: Outbox, planned: SendPlan) -> Send:
    """The send as the outbox has it from now on, this process its only sender; RefusedError when somebody sent the same since the preview."""
    if not planned.request.to_self:
        refuse_rivals(outbox, planned)
    if planned.send_id:
        return outbox.take_up(planned.send_id, planned.settled, planned.left_out)
    _keep_choices(planned)
    return outbox.add(as_send(planned), planned.letters, planned.mails)


def _keep_choices(planned: SendPlan) -> None:
    """Write into the draft what this send was asked for: the next version has it too. A mail to oneself is no version, and leaves no trace."""
    if planned.request.to_self:
        return
    with Drafts() as drafts:
        before, now = drafts.get(planned.draft.change_id), planned.draft
        if before is None:
            return
        changelogs = {**before.changelogs, str(now.version): now.changelog} if now.changelog else before.changelogs
        after = replace(before, prefix=now.prefix, in_reply_to=now.in_reply_to, answers=now.answers, changelogs=changelogs)
        drafts.keep(before, after, f"send of v{planned.version}")


def _carry(
    repository: Repository, outbox: Outbox, send: Send, planned: SendPlan, terminal: bool, stopping: Stop, progress: Progress
) -> SendResult:
    account, b4 = planned.account, send.transport == "b4"
    if not _has_work(repository, send):
        return _ended(repository, send, planned)
    waiting = send.entries if b4 else tuple(entry for entry in send.entries if entry.state in WAITING)
    refuse_foreign([one.mail.raw for one in waiting])
    credential = None
    if account.needs_login:
        from patchpilot.outgoing.credentials import ask

        credential = ask(repository, account, terminal=terminal)

    def shown(what: str, done: int = 0, total: int | None = None) -> None:
        with contextlib.suppress(OSError):
            progress(what, done, total)

    def report(index: int, outcome: Outcome) -> None:
        entry = waiting[index]
        # on disk first: a terminal that is gone cannot be written to
        outbox.mark(send.id, entry.place, outcome)
        shown(f"{outcome.state}: {entry.mail.subject}", entry.place + 1, len(send.entries))

    try:
        if b4:
            from patchpilot.outgoing.b4 import b4_series

            known_as = branch_key(repository)
            login = b4_series.carry(repository, account, send, report, outbox, credential=credential, stopping=stopping, progress=shown)
            _carry_edits(known_as, branch_key(repository))
        else:
            files = [one.file for one in waiting]
            login = git_send_email.deliver(
                repository,
                account,
                files,
                report,
                identity=planned.request.identity,
                credential=credential,
                stopping=stopping,
                progress=shown,
                bcc=send.bcc,
            ).login
        if credential and login:
            from patchpilot.outgoing.credentials import tell

            tell(repository, credential, accepted=login == "accepted")
    finally:
        outbox.end(send.id)
        outbox.settle(send.id)
    return _ended(repository, outbox.get(send.id), planned)


def _ended(repository: Repository, done: Send, planned: SendPlan) -> SendResult:
    """The result of an attempt. A whole series is remembered: by its draft and a tag, by b4, and by what follows the answers."""
    result = result_of_send(done)
    if done.state == "sent":
        forget_ids(done.change_id, to_self=done.kind == "to-self")
    if done.state != "sent" or done.kind != "real" or is_remembered(done):
        return result
    return replace(result, advice=(*result.advice, *finish(repository, done, planned.draft)))


def _has_work(repository: Repository, send: Send) -> bool:
    """Whether a mail waits, or b4 has not yet noted a series that is through."""
    states = {entry.state for entry in send.entries}
    if states & set(WAITING):
        return True
    if send.transport != "b4" or send.kind != "real" or states != {MailState.ACCEPTED}:
        return False
    known = prep_branch(repository, send.branch or "")
    return known is not None and known.revision == send.version


def result_of_plan(planned: SendPlan) -> SendResult:
    """A plan as a result: nothing left."""
    return SendResult(
        state="refused" if planned.refused else "planned",
        messages=tuple(
            MailResult(one.message_id, one.subject, one.to, one.cc, state, "")
            for one, state in zip(planned.mails, planned.states or (MailState.PENDING,) * len(planned.mails), strict=True)
        ),
        refusals=planned.refusals,
        warnings=planned.warnings,
        version=planned.version,
        transport=planned.request.via,
        account=planned.account.label,
        change_id=planned.draft.change_id,
    )


def standing(planned: SendPlan) -> SendResult:
    """A send that was taken up, as it is planned; nothing is done."""
    assert planned.send_id
    with Outbox() as outbox:
        send = outbox.get(planned.send_id)
    return result_of_send(replace(send, entries=tuple(replace(entry, state=planned.states[entry.place]) for entry in send.entries)))


def result_of_send(send: Send) -> SendResult:
    """A send as the outbox has it."""
    return SendResult(
        state=send.state if send.state != "planned" else "failed",
        messages=tuple(
            MailResult(entry.mail.message_id, entry.mail.subject, entry.mail.to, entry.mail.cc, entry.state, entry.detail)
            for entry in send.entries
        ),
        version=send.version,
        transport=send.transport,
        account=send.account,
        change_id=send.change_id,
        advice=_advice(send),
    )


def _advice(send: Send) -> tuple[str, ...]:
    """What to do about mails that did not get through."""
    lines = []
    states = {entry.state for entry in send.entries}
    if states == {MailState.ACCEPTED} and send.kind == "real":
        lines.append(
            "the answers are followed (the archive has the mail in some minutes): patchpilot track update, then patchpilot track show"
        )
    if states == {MailState.ACCEPTED} and send.kind == "to-self":
        lines.append("save what arrives and try it: git am FILE; then send it without --to-self")
    refused = {found[1] for entry in send.entries if entry.state is MailState.REJECTED and (found := _REFUSED.match(entry.detail))}
    if refused and not states & {MailState.ACCEPTED, MailState.UNKNOWN}:
        lines += [f"nothing left; to leave {one} out: patchpilot maintainers --drop {one}, then patchpilot send" for one in sorted(refused)]
    elif refused:
        names = " ".join(f"--drop {one}" for one in sorted(refused))
        lines.append(
            f"send what is missing without {', '.join(sorted(refused))}: patchpilot send --resume {names}; with them: --resume alone"
        )
    elif states & set(WAITING):
        lines.append("send what is missing, with the same Message-IDs: patchpilot send --resume")
    unknown_state = [entry.mail.message_id for entry in send.entries if entry.state is MailState.UNKNOWN]
    if unknown_state:
        from patchpilot.services.settings import user_settings

        archive = user_settings(Path(send.repository), problems=[]).get("lore").rstrip("/")
        lines += [f"look whether it arrived: {archive}/{one}/ (minutes may pass)" for one in unknown_state]
    if MailState.UNKNOWN in states:
        lines.append("then: patchpilot send --resume --unknown sent, or --unknown lost to send it again with the same Message-ID")
    if len(unknown_state) > 1:
        lines.append(f"or one by one: patchpilot send --resume --unknown {unknown_state[0]}=sent")
    return tuple(lines)


def write_outbox(planned: SendPlan, folder: Path) -> tuple[Path, ...]:
    """Leave the mails' bytes in a folder (made with its parents), one file each, in order; the paths.

    InputError when it cannot be written, or holds mails that would stay between these: somebody may send all there is.
    """
    mails = {f"{letter.number:04d}.eml": mail.raw for letter, mail in zip(planned.letters, planned.mails, strict=True)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(file.name for file in folder.glob("*.eml") if file.name not in mails)
        if others:
            raise InputError(f"{folder} holds other mails: {', '.join(others[:3])}", hint="name an empty directory, or take them away")
        for name, raw in mails.items():
            (folder / name).write_bytes(raw)
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror or error}", hint="name a directory that can be written") from error
    return tuple(folder / name for name in mails)


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


def as_send(planned: SendPlan) -> Send:
    """A plan as the outbox keeps it, nothing of it sent."""
    return Send(
        id=0,
        change_id=planned.draft.change_id,
        repository=planned.draft.repository,
        branch=planned.draft.branch,
        version=planned.version,
        transport=planned.request.via,
        account=planned.account.label,
        sender=planned.account.sender.header() if planned.account.sender else "",
        kind="to-self" if planned.request.to_self else "real",
        base=planned.base,
        head=planned.head,
        force=planned.request.force,
        bcc=planned.bcc,
        begun="",
        entries=(),
        identity=planned.request.identity,
        books=planned.books,
    )
