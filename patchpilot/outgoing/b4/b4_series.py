# SPDX-License-Identifier: GPL-2.0-or-later
"""A topic sent through b4: its branch put into b4's books, b4's mails taken as letters, and carried."""

import re
from collections.abc import Mapping, Sequence

from patchpilot.commits.b4_prep import DESCRIPTION, TIP_COMMIT, PrepBranch, is_tip, prep_branch
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, MissingError, RefusedError, UsageError
from patchpilot.model.address import Address
from patchpilot.model.patch import parse_subject
from patchpilot.model.progress import Progress, silent
from patchpilot.model.rendered_mail import RenderedMail
from patchpilot.outgoing.b4 import b4_transport
from patchpilot.outgoing.b4.additions import additions, put_in, refuse_signed
from patchpilot.outgoing.b4.draft_texts import cover_of
from patchpilot.outgoing.b4.enrollment import books, enrol, reopen
from patchpilot.outgoing.b4.journal import opened
from patchpilot.outgoing.b4.tracking import write_record
from patchpilot.outgoing.b4.web_endpoint import post, renamed
from patchpilot.outgoing.compose_mails import SeriesText, patch_ids_of
from patchpilot.outgoing.credentials import Credential
from patchpilot.outgoing.mail_account import Account
from patchpilot.outgoing.mail_state import MailState, Outcome, Report, Stop
from patchpilot.outgoing.outbox import Outbox, Send
from patchpilot.outgoing.outgoing_mail import OutgoingMail
from patchpilot.outgoing.smtp import Submission
from patchpilot.series.draft import Draft
from patchpilot.series.message_ids import with_kept_ids

Books = Mapping[str, Sequence[str]]
"""A branch's section in b4's books: key → values."""


def make(
    repository: Repository,
    account: Account,
    draft: Draft,
    wording: SeriesText,
    ids: Sequence[str],
    to: Sequence[Address],
    cc: Sequence[Address],
    *,
    base: str | None = None,
    reflect: bool,
) -> tuple[tuple[OutgoingMail, ...], tuple[RenderedMail, ...], tuple[str, ...], Books]:
    """The mails b4 makes of the checked-out branch, remarks about how they will go, and the books b4 needs then; the repository is as before.

    `base` is what the person said the topic is based on.
    """
    branch = _branch(repository, ids)
    if not account.configured and not account.endpoint:
        raise MissingError(
            "no mail server is set, and b4 would then choose a web endpoint by itself",
            hint="git config --global sendemail.smtpserver HOST (see `patchpilot doctor`)",
        )
    if draft.in_reply_to and account.endpoint:
        raise UsageError("b4's web endpoint cannot answer a given mail (--in-reply-to)", hint="use --via git-send-email")
    if repository.git("status", "--porcelain", "--untracked-files=no").out.strip():
        raise RefusedError("b4 sends only from a clean working tree", hint="commit or stash your changes first")
    sign = signing(repository) or bool(account.endpoint)
    # nothing is sent yet, so nothing of it may stay: the books are opened again when the first mail is about to leave
    with opened(repository, branch):
        known = enrol(repository, branch, repository.resolve(f"{ids[0]}^"), base)
        known = _with_texts(repository, known, draft, wording, len(ids))
        try:
            mails = b4_transport.capture(repository, account, to, cc, cover=wording.cover is not None, sign=sign)
        except b4_transport.UndecodableError as error:
            raise InputError(f"{_not_utf8(repository, ids)}: {error.message}", hint=error.hint) from error
        # a signature covers the Message-ID, and the web endpoint gives its own
        mails = mails if sign else with_kept_ids(draft, "b4 to-self" if reflect else "b4", mails)
        wanted = books(repository, branch) if known.strategy == DESCRIPTION else {}
    letters = _letters(repository, mails, ids)
    notes = {patch.commit: draft.notes.get(patch.patch_id, "") for patch in draft.patches if patch.commit}
    texts = additions(wording, notes, letters)
    if sign:
        refuse_signed(texts, why="b4 signs them as it makes them")
    mails = put_in(mails, letters, texts, draft.in_reply_to or None)
    remarks = [f"the Message-IDs shown here are the ones that leave; b4's record of v{known.revision} gets them"]
    if sign:
        remarks = [
            "b4 signs anew at every preview, with new Message-IDs: a send shows its own before anything leaves,"
            f" and b4's record of v{known.revision} gets them"
        ]
    if account.endpoint:
        remarks = ["the web endpoint takes the series as a whole, with new Message-IDs; whether each mail arrived is not told"]
    if known.by_us:
        remarks.append(
            f"the send puts {branch} into b4's books by its branch description; its commits are untouched (`patchpilot draft --no-b4` takes it out)"
        )
    if sign:
        remarks.append("signed by patatt, as b4 is configured")
    if reflect:
        remarks.append("b4's --reflect: the headers name everybody, the envelope only you")
    return letters, mails, tuple(remarks), wanted


def carry(
    repository: Repository,
    account: Account,
    send: Send,
    report: Report,
    outbox: Outbox,
    *,
    credential: Credential | None,
    stopping: Stop,
    progress: Progress = silent,
) -> str:
    """Send what the outbox has not yet as accepted; "" or how the login went."""
    branch = send.branch or ""
    if not (send.books or prep_branch(repository, branch)) or repository.branch != branch or repository.find("HEAD") != send.head:
        if not send.may_have_left:
            raise RefusedError(
                f"b4 sends only the branch that is checked out as it was planned: {branch} at {(send.head or '')[:12]}",
                hint="nothing was sent of it: plan it again with `patchpilot send`",
            )
        _carry_as_shown(account, send, report, credential, stopping)
        return ""
    with opened(repository, branch, send.id):
        reopen(repository, branch, send.books)
        _carry(repository, account, send, report, outbox, credential, stopping, progress)
    return ""


def _carry_as_shown(account: Account, send: Send, report: Report, credential: Credential | None, stopping: Stop) -> None:
    """Send the mails that wait without b4: the branch was changed since they were made, and b4 would make others of it."""
    if account.endpoint and not account.configured:
        raise RefusedError(
            "b4's web endpoint takes a series as a whole, and its commits were changed since a part of it was sent",
            hint="send the changed commits as the next version: patchpilot send --reroll",
        )
    own = (account.sender.email if account.sender else "",)
    with Submission(account, credential) as way:
        for index, one in enumerate(send.entries):
            if one.state not in (MailState.PENDING, MailState.REJECTED):
                continue
            if stopping():
                return
            report(index, Outcome(MailState.SENDING))
            outcome = way.send(one.mail.envelope_from, own if send.kind == "to-self" else one.mail.recipients, one.mail.raw)
            report(index, outcome)
            if outcome.state is not MailState.ACCEPTED:
                return


def _carry(
    repository: Repository,
    account: Account,
    send: Send,
    report: Report,
    outbox: Outbox,
    credential: Credential | None,
    stopping: Stop,
    progress: Progress,
) -> None:
    if account.endpoint:
        _post(repository, send, report, outbox)
        return
    known = prep_branch(repository, send.branch or "")
    assert known is not None
    b4_transport.deliver(
        repository,
        account,
        send.entries,
        report,
        known=known,
        to=_everybody(send, "to"),
        cc=_everybody(send, "cc"),
        cover=send.entries[0].number == 0,
        sign=signing(repository),
        reflect=send.kind == "to-self",
        credential=credential,
        stopping=stopping,
        progress=progress,
    )


def _everybody(send: Send, name: str) -> tuple[Address, ...]:
    """Whom a header names in any mail of the series."""
    people = {one.key: one for entry in send.entries for one in getattr(entry.mail, name)}
    return tuple(people.values())


def _post(repository: Repository, send: Send, report: Report, outbox: Outbox) -> None:
    """Through the web endpoint; the outbox learns the Message-IDs that b4 gave this run."""
    first = send.entries[0].mail
    noted = post(
        repository,
        send.entries,
        report,
        branch=send.branch or "",
        version=send.version,
        to=_everybody(send, "to"),
        cc=_everybody(send, "cc"),
        cover=send.entries[0].number == 0,
        reflect=send.kind == "to-self",
    )
    if noted is None:
        return
    for entry in send.entries:
        name = renamed(entry.mail.message_id, first.message_id, noted)
        raw = entry.mail.raw.replace(entry.mail.message_id.encode(), name.encode()).replace(first.message_id.encode(), noted.encode())
        outbox.rename(send.id, entry.place, name, raw)


def signing(repository: Repository) -> bool:
    """Whether the person has set b4 up to sign: a patatt key named, and not switched off."""
    off = (repository.config("b4.send-no-patatt-sign") or ("no",))[-1].lower() in ("yes", "true", "y")
    return bool(repository.config("patatt.signingkey")) and not off


def _branch(repository: Repository, ids: Sequence[str]) -> str:
    branch = repository.branch
    if branch is None or not is_tip(repository, ids):
        raise UsageError(
            "b4 sends the branch that is checked out", hint="git switch to the topic and name no TARGET, or use --via git-send-email"
        )
    known = prep_branch(repository, branch)
    if known and known.strategy == TIP_COMMIT and known.cover_commit != repository.find("HEAD"):
        raise RefusedError(
            "b4 sends only the patches below its cover letter commit, and this branch has others above it",
            hint=f"move the cover letter to the tip: git rebase -i {(known.base or '')[:12]}, its line last; or use --via git-send-email",
        )
    return branch


def _with_texts(repository: Repository, known: PrepBranch, draft: Draft, wording: SeriesText, count: int) -> PrepBranch:
    """b4's record with this draft's texts. A branch the person enrolled keeps its own cover unless the draft has one."""
    prefixes = [word for word in wording.prefix.split() if word != "PATCH"]
    if not known.by_us:
        cover = cover_of(draft, known)
        if "EDITME" in cover and count > 1:
            raise RefusedError("b4's cover letter is not written yet", hint="write it: b4 prep --edit-cover, or patchpilot draft --edit")
    else:
        title = draft.cover_subject or (draft.patches[0].subject if draft.patches else "")
        if count > 1 and not draft.has_cover:
            raise RefusedError("b4 sends a cover letter with every series, and none is written", hint="write it: patchpilot draft --edit")
        cover = "\n\n".join(
            part for part in (title, draft.cover_text.strip(), f"---\n{draft.changelog.strip()}" if draft.changelog else "") if part
        )
    if known.strategy != DESCRIPTION and (cover != known.cover or wording.version != known.revision or prefixes != list(known.prefixes)):
        raise RefusedError(
            f"b4 keeps the cover letter of this branch in a commit, with v{known.revision} and"
            f" {'prefixes ' + ' '.join(known.prefixes) if known.prefixes else 'no prefixes'}; send does not change commits",
            hint="`patchpilot draft --edit` writes them there; or use --via git-send-email",
        )
    return write_record(repository, known, change_id=draft.change_id, revision=wording.version, prefixes=prefixes, cover=cover)


def _letters(repository: Repository, mails: Sequence[RenderedMail], ids: Sequence[str]) -> tuple[OutgoingMail, ...]:
    """b4's mails with what we know of their commits; RefusedError when they are not the commits that were asked for."""
    patches = [mail for mail in mails if not _is_cover(mail)]
    titles = [parse_subject(patch.subject).title for patch in patches]
    wanted = [" ".join(repository.commit(id_).subject.split()) for id_ in ids]
    if len(titles) != len(wanted) or not _same_titles(titles, wanted):
        raise RefusedError(
            f"b4 would send {len(patches)} patches that are not the {len(ids)} chosen", hint="b4 sends the whole branch: name no TARGET"
        )
    patch_ids = patch_ids_of(repository, [patch.raw for patch in patches])
    commits = dict(zip((patch.message_id for patch in patches), zip(ids, patch_ids, strict=True), strict=True))
    letters = []
    for at, one in enumerate(mails):
        commit, patch_id = commits.get(one.message_id, (None, None))
        number = parse_subject(one.subject).number
        letters.append(
            OutgoingMail(
                number=(at + 1 if number is None else number),
                message_id=one.message_id,
                subject=one.subject,
                author=one.sender,
                to=one.to,
                cc=one.cc,
                body=one.raw.partition(b"\n\n")[2],
                in_reply_to=one.in_reply_to,
                commit=commit,
                patch_id=patch_id,
            )
        )
    return tuple(letters)


def _not_utf8(repository: Repository, ids: Sequence[str]) -> str:
    """The first commit whose patch is not UTF-8."""
    for id_ in ids:
        try:
            repository.git("show", "--format=%B", id_).out.decode("utf-8")
        except UnicodeDecodeError:
            return f"commit {id_[:12]}"
    return "the series"


def _same_titles(titles: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether most titles agree: one that b4 garbles is told of as damage, not as another patch."""
    return titles == wanted or sum(one == other for one, other in zip(titles, wanted, strict=True)) * 2 >= len(wanted) - 1


def _is_cover(mail: RenderedMail) -> bool:
    return parse_subject(mail.subject).number == 0 or not re.search(rb"^diff --git ", mail.raw, re.MULTILINE)
