# SPDX-License-Identifier: GPL-2.0-or-later
"""The verb `send`: a plan the person can see, then exactly that, each mail once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.commits.range import is_network_target, read_targets, resolve_commits
from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, RefusedError, UsageError, unknown
from patchpilot.model.address import Address, parse_address
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, silent
from patchpilot.model.recipient import Recipient
from patchpilot.outgoing import send_email
from patchpilot.outgoing.account import Account, read_account
from patchpilot.outgoing.compose import Sheet, Wording, letters, sheets_of_commits, sheets_of_patches
from patchpilot.outgoing.draft import Draft, Drafts, KnownPatch, follow, new_change_id
from patchpilot.outgoing.letter import Letter, new_message_ids, to_self
from patchpilot.outgoing.outbox import Outbox, Send, sole_sender
from patchpilot.outgoing.plan import TRANSPORTS, MailResult, Problem, Request, SendPlan, SendResult
from patchpilot.outgoing.transport import Captured, MailState, Outcome, Stop, never_stop

WAITING = (MailState.PENDING, MailState.REJECTED)


def plan(repository: Repository, request: Request, *, progress: Progress = silent) -> SendPlan:
    """Everything up to the act: nothing leaves, and the draft is remembered."""
    if request.via not in TRANSPORTS:
        raise unknown("transport", request.via, TRANSPORTS)
    account = read_account(repository, request.identity)
    if account.sender is None:
        raise MissingError(
            "git does not know who you are",
            hint="git config --global user.name 'Your Name'; git config --global user.email you@example.org",
        )
    series, ids = _read(repository, request)
    progress("reading the draft")
    base = _base(repository, request, ids)
    draft = _draft(repository, request, series, ids)
    recipients = _recipients(request)
    wording = _wording(request, draft, base, ids)
    progress("making the mails")
    made, mails, remarks = _make(repository, request, account, draft, wording, series, ids, recipients)
    return SendPlan(
        request=request,
        draft=draft,
        account=account,
        letters=made,
        mails=mails,
        recipients=recipients,
        bcc=(),
        refusals=_refusals(recipients),
        warnings=(),
        version=wording.version,
        base=base,
        head=ids[-1] if ids else None,
        remarks=remarks,
    )


def _make(
    repository: Repository,
    request: Request,
    account: Account,
    draft: Draft,
    wording: Wording,
    series: Series,
    ids: tuple[str, ...],
    recipients: tuple[Recipient, ...],
) -> tuple[tuple[Letter, ...], tuple[Captured, ...], tuple[str, ...]]:
    """The mails as their transport makes them, and what is to be said about the way."""
    assert account.sender is not None
    to, cc = _headers(recipients)
    if request.via == "b4":
        from patchpilot.outgoing import b4_series

        return b4_series.make(repository, account, draft, wording, ids, to, cc, reflect=request.to_self)
    sheets = (
        sheets_of_commits(repository, ids, wording, account.sender)
        if ids
        else sheets_of_patches(repository, series.patches, series.cover, wording)
    )
    made = letters(sheets, wording, _message_ids(draft, wording, sheets, account.sender), lambda _: (to, cc))
    if request.to_self:
        made = tuple(to_self(one, account.sender) for one in made)
    return made, send_email.capture(repository, account, [one.file() for one in made], identity=request.identity), ()


def deliver(
    repository: Repository, planned: SendPlan, *, terminal: bool = False, stopping: Stop = never_stop, progress: Progress = silent
) -> SendResult:
    """Send what was planned, and only that. The outbox has every step in writing; refusals that stand end it before anything leaves."""
    if planned.refused:
        return result_of_plan(planned)
    with sole_sender(planned.draft.change_id), Outbox() as outbox:
        send = outbox.get(planned.send_id) if planned.send_id else outbox.add(_record(planned), planned.letters, planned.mails)
        return _carry(repository, outbox, send, planned, terminal, stopping, progress)


def _carry(
    repository: Repository, outbox: Outbox, send: Send, planned: SendPlan, terminal: bool, stopping: Stop, progress: Progress
) -> SendResult:
    account, b4 = planned.account, send.transport == "b4"
    waiting = send.entries if b4 else tuple(one for one in send.entries if one.state in WAITING)
    credential = None
    if account.needs_login:
        from patchpilot.outgoing.credentials import ask

        credential = ask(repository, account, terminal=terminal)

    def report(index: int, outcome: Outcome) -> None:
        entry = waiting[index]
        progress(f"{outcome.state}: {entry.mail.subject}", entry.place + 1, len(send.entries))
        outbox.mark(send.id, entry.place, outcome)

    try:
        if b4:
            from patchpilot.outgoing import b4_series

            login = b4_series.carry(repository, account, send, report, credential=credential, stopping=stopping)
        else:
            files = [one.file for one in waiting]
            login = send_email.deliver(
                repository,
                account,
                files,
                report,
                identity=planned.request.identity,
                credential=credential,
                stopping=stopping,
                bcc=send.bcc,
            ).login
        if credential and login:
            from patchpilot.outgoing.credentials import tell

            tell(repository, credential, accepted=login == "accepted")
    finally:
        outbox.end(send.id)
        outbox.settle(send.id)
    return result_of_send(outbox.get(send.id))


def result_of_plan(planned: SendPlan) -> SendResult:
    """A plan as a result: nothing left."""
    return SendResult(
        state="refused" if planned.refused else "planned",
        messages=tuple(MailResult(one.message_id, one.subject, one.to, one.cc, MailState.PENDING, "") for one in planned.mails),
        refusals=planned.refusals,
        warnings=planned.warnings,
        version=planned.version,
        transport=planned.request.via,
        account=planned.account.label,
        change_id=planned.draft.change_id,
    )


def result_of_send(send: Send) -> SendResult:
    """A send as the outbox has it."""
    return SendResult(
        state=send.state if send.state != "planned" else "failed",
        messages=tuple(
            MailResult(one.mail.message_id, one.mail.subject, one.mail.to, one.mail.cc, one.state, one.detail) for one in send.entries
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
    states = {one.state for one in send.entries}
    if states & set(WAITING):
        lines.append("send what is missing, with the same Message-IDs: patchpilot send --resume")
    lines += [
        f"look whether it arrived: https://lore.kernel.org/all/{one.mail.message_id}/ (minutes may pass)"
        for one in send.entries
        if one.state is MailState.UNKNOWN
    ]
    if MailState.UNKNOWN in states:
        lines.append("then: patchpilot send --resume --unknown sent, or --unknown lost to send it again with the same Message-ID")
    return tuple(lines)


def write_outbox(planned: SendPlan, folder: Path) -> tuple[Path, ...]:
    """Leave the mails' bytes in a folder, one file each, in order; the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for letter, mail in zip(planned.letters, planned.mails, strict=True):
        path = folder / f"{letter.number:04d}.eml"
        path.write_bytes(mail.raw)
        paths.append(path)
    return tuple(paths)


def find_draft(repository: Repository, request: Request) -> Draft:
    """The draft of a TARGET's topic, made when there is none."""
    series, ids = _read(repository, request)
    return _draft(repository, request, series, ids)


def _read(repository: Repository, request: Request) -> tuple[Series, tuple[str, ...]]:
    """The series of the TARGET, and the commits it is made of (none for patch files)."""
    target = request.target
    if target is None or (not Path(target).exists() and target != "-" and not is_network_target(target)):
        ids = resolve_commits(repository, target, request.base)
        from patchpilot.commits.range import commits_series

        return commits_series(repository, ids, None), ids
    found = read_targets((target,), repository)
    if len(found) != 1:
        raise UsageError(f"{target} holds {len(found)} series", hint="send one series at a time")
    return found[0], ()


def _base(repository: Repository, request: Request, ids: Sequence[str]) -> str | None:
    """The commit the series stands on, for `base-commit:`."""
    if not ids:
        return None
    return repository.find(f"{ids[0]}^") if not request.base else repository.resolve(request.base)


def plan_resume(repository: Repository, request: Request, unknown_as: str = "keep", *, progress: Progress = silent) -> SendPlan:
    """The last send of the topic as a plan again: the same mails, of which only those not accepted will leave.

    `unknown_as` says what became of mails in state unknown: "keep" leaves them, "sent" and "lost" settle them.
    """
    account = read_account(repository, request.identity)
    series, ids = _read(repository, request)
    progress("looking for the last send")
    draft = _draft(repository, replace(request, prefix=None, version=None, in_reply_to=None), series, ids)
    with sole_sender(draft.change_id), Outbox() as outbox:
        sends = outbox.sends(draft.change_id, kind="to-self" if request.to_self else "real")
        if not sends:
            raise UsageError("nothing of this topic was sent yet", hint="send it: patchpilot send")
        send = outbox.settle(sends[-1].id)
        for one in send.entries:
            if one.state is MailState.UNKNOWN and unknown_as != "keep":
                state = MailState.ACCEPTED if unknown_as == "sent" else MailState.PENDING
                outbox.mark(send.id, one.place, Outcome(state, f"told by hand to be {unknown_as}"))
        send = outbox.get(send.id)
    return _plan_of_send(send, replace(request, via=send.transport, force=send.force), account, draft)


def _plan_of_send(send: Send, request: Request, account: Account, draft: Draft) -> SendPlan:
    letters_ = tuple(
        Letter(one.number, one.mail.message_id, one.mail.subject, one.mail.sender, one.mail.to, one.mail.cc, b"", commit=one.commit)
        for one in send.entries
    )
    people = [("to", one) for one in send.entries[0].mail.to] + [("cc", one) for one in send.entries[0].mail.cc]
    changed = () if send.account == account.label else (Problem("account", f"first sent by {send.account}, now by {account.label}"),)
    return SendPlan(
        request=request,
        draft=draft,
        account=account,
        letters=letters_,
        mails=tuple(one.mail for one in send.entries),
        recipients=tuple(Recipient(address, "as planned", None, header, ("the first attempt",)) for header, address in people),
        bcc=send.bcc,
        refusals=(),
        warnings=changed,
        version=send.version,
        base=send.base,
        head=send.head,
        remarks=tuple(f"{one.state}: {one.mail.subject}" for one in send.entries),
        send_id=send.id,
    )


def _draft(repository: Repository, request: Request, series: Series, ids: Sequence[str]) -> Draft:
    """The topic's draft, recognised or new, with what this call says written into it."""
    from patchpilot.outgoing.compose import patch_ids_of

    contents = ["\n".join(one.lines).encode("utf-8", "surrogateescape") for one in series.patches]
    patches = tuple(
        KnownPatch(patch_id or "", one.subject.title, one.commit)
        for one, patch_id in zip(series.patches, patch_ids_of(repository, contents), strict=True)
    )
    branch = repository.branch if ids and repository.find("HEAD") == ids[-1] else None
    with Drafts() as drafts:
        known = drafts.recognise(str(repository.common_dir.resolve()), branch, patches, tuple(repository.refs))
        draft = known or Draft(new_change_id(patches[0].subject if patches else "patch"), str(repository.common_dir.resolve()), branch)
        draft = follow(draft, branch, patches)
        if request.version:
            draft = replace(draft, version=request.version)
        if request.prefix:
            draft = replace(draft, prefix=request.prefix)
        if request.in_reply_to:
            draft = replace(draft, in_reply_to=request.in_reply_to.strip().strip("<>"))
        return drafts.save(draft)


def _wording(request: Request, draft: Draft, base: str | None, ids: Sequence[str]) -> Wording:
    cover = (draft.cover_subject, draft.cover_text) if draft.has_cover else None
    if request.cover and cover is None:
        raise UsageError("a cover letter is asked for, and none is written", hint="write it: patchpilot draft --edit")
    by_commit = {one.commit: draft.notes[one.patch_id] for one in draft.patches if one.commit and one.patch_id in draft.notes}
    return Wording(
        prefix=draft.prefix or "PATCH",
        version=draft.version,
        cover=cover if request.cover or len(draft.patches) > 1 else None,
        notes=by_commit,
        change_id=draft.change_id,
        base=base if ids else None,
        in_reply_to=draft.in_reply_to or None,
    )


def _message_ids(draft: Draft, wording: Wording, sheets: Sequence[Sheet], sender: Address) -> tuple[str, ...]:
    return new_message_ids(draft.change_id, wording.version, len(sheets), sender, datetime.now(UTC).date())


def _recipients(request: Request) -> tuple[Recipient, ...]:
    found: dict[str, Recipient] = {}
    for header, texts in (("to", request.to), ("cc", request.cc)):
        for text in texts:
            address = parse_address(text)
            if address is None:
                raise UsageError(f"--{header} {text}: no address in it", hint="write it as 'Name <name@example.org>'")
            found[address.key] = Recipient(address, "added", None, header, (f"--{header}",), by_hand=True)
    return tuple(found.values())


def _headers(recipients: Sequence[Recipient]) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    to = tuple(one.address for one in recipients if one.header == "to")
    cc = tuple(one.address for one in recipients if one.header == "cc")
    return (to, cc) if to else (cc, ())


def _refusals(recipients: Sequence[Recipient]) -> tuple[Problem, ...]:
    if not recipients:
        raise RefusedError("nobody to send to", hint="name them with --to and --cc")
    return ()


def _record(planned: SendPlan) -> Send:
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
    )
