# SPDX-License-Identifier: GPL-2.0-or-later
"""Plan a reply: open its draft, render the message, and find the problems that block sending it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from patchpilot.archive.track_store import Store
from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError, UsageError
from patchpilot.history.origin import find_origin_problem
from patchpilot.history.stable_branches import find_stable_branches
from patchpilot.model.action import Action
from patchpilot.model.address import Address, parse_addresses, split_usable_addresses
from patchpilot.model.mail import add_brackets
from patchpilot.model.message import Message
from patchpilot.model.patch import parse_stable_versions, parse_subject
from patchpilot.model.recipient import refuse_many_recipients
from patchpilot.model.send_problem import SendProblem
from patchpilot.outgoing import transports
from patchpilot.outgoing.compose_mails import (
    PatchBody,
    SeriesText,
    compute_patch_ids,
    make_commit_bodies,
)
from patchpilot.outgoing.compose_message import compose_message
from patchpilot.outgoing.git_recipients import read_blind_copies
from patchpilot.outgoing.hand_over import find_delivery_problem
from patchpilot.outgoing.header_guard import refuse_unsafe_headers
from patchpilot.outgoing.mail_account import Account, require_sender
from patchpilot.outgoing.outbox import Outbox
from patchpilot.outgoing.reply_drafts import ReplyDraft, ReplyDrafts
from patchpilot.outgoing.reply_mail import (
    find_reply_recipients,
    make_reply_references,
    make_reply_subject,
)
from patchpilot.outgoing.transport import Transport
from patchpilot.projects.commit_marks import find_upstream_commits, read_commit_marks
from patchpilot.projects.loading import is_list, projects
from patchpilot.reading.sender import real_sender
from patchpilot.recipients.from_message import find_backport_contacts
from patchpilot.series.message_ids import make_message_ids
from patchpilot.threads.known_series import read_tracked_series
from patchpilot.threads.own_addresses import find_own_addresses
from patchpilot.tracking.reminder import (
    REMINDER_PROBLEMS,
    Reminder,
    check_reminder,
)
from patchpilot.tracking.reply.answered_mail import AnsweredMail, is_undisclosed_mail
from patchpilot.tracking.reply.sent import (
    find_duplicate,
    is_message_id_used,
    is_sent_draft,
)
from patchpilot.tracking.reply.text import (
    PING,
    find_text_problems,
    find_text_warnings,
    make_reply_text,
)

PATCH = "patch"
"""Template name of a draft whose reply is a patch."""


@dataclass(frozen=True, slots=True)
class ReplyPlan:
    """A planned reply that has not been sent.

    `mail` is the message as rendered by the transport. `blockers` are the problems that block
    sending, and `force` is the reason for sending despite them. `is_confirmed` is set if the user
    was shown the plan and confirms it; a reminder that is not due then blocks no longer.
    """

    draft: ReplyDraft
    answered: AnsweredMail
    transport: Transport
    account: Account
    mail: Message
    blockers: tuple[SendProblem, ...]
    warnings: tuple[SendProblem, ...]
    bcc: tuple[str, ...] = ()
    identity: str | None = None
    force: str | None = None
    is_confirmed: bool = False

    @property
    def refused(self) -> bool:
        confirmed_names = REMINDER_PROBLEMS if self.is_confirmed else frozenset()
        names = {problem.name for problem in self.blockers}
        return bool(names - confirmed_names) and not self.force

    @property
    def recipient_counts(self) -> tuple[int, int]:
        """Return the number of individual recipients and of lists in To and Cc."""
        by_email = {address.email: address for address in (*self.mail.to, *self.mail.cc)}
        lists = sum(is_list(address) for address in by_email.values())
        return len(by_email) - lists, lists

    def list_missing(self, addresses: Iterable[Address]) -> list[str]:
        """Return the names of those addresses that do not receive the reply.

        A person may answer from another address, so that the name is enough.
        """
        bcc = parse_addresses(", ".join(self.bcc))
        reached = (self.mail.sender, *self.mail.to, *self.mail.cc, *bcc)
        known = {it.key for it in reached} | {it.called for it in reached[1:]}
        return [it.called for it in addresses if known.isdisjoint((it.key, it.called))]


def open_reply_draft(
    answered_mail: AnsweredMail,
    template: str,
    *,
    archive: str,
    sender: Address,
    tags: Sequence[str] = (),
) -> ReplyDraft:
    """Return the draft of a reply to this message, or a new one from the template.

    A new draft is not saved until it is edited.
    """
    with ReplyDrafts() as drafts:
        saved_draft = drafts.find(answered_mail.message_id, template)
    if saved_draft and not is_sent_draft(saved_draft):
        return saved_draft
    archive = "" if is_undisclosed_mail(answered_mail) else archive
    answers = _check_reminder(answered_mail).lines if template == PING else ""
    return _make_reply_draft(
        answered_mail,
        template,
        make_reply_subject(answered_mail.mail.mail.subject),
        make_reply_text(answered_mail.mail, template, sender, archive, tags, answers),
    )


def _check_reminder(answered_mail: AnsweredMail, repository: Repository | None = None) -> Reminder:
    """Return the facts for a reminder; whether it is needed depends on the repository as well."""
    series = None
    if answered_mail.entry:
        with Store() as store:
            series = read_tracked_series(answered_mail.entry.id, store=store, repository=repository)
    return check_reminder(series, answered_mail.mail.mail.date)


def _find_reminder_problems(
    repository: Repository, answered_mail: AnsweredMail, draft: ReplyDraft
) -> Iterator[SendProblem]:
    """Yield the reasons not to send a reminder now, or not with this text."""
    if draft.template == PING:
        reminder = _check_reminder(answered_mail, repository)
        yield from reminder.problems
        if untrue_text := reminder.find_untrue_text(draft.text):
            yield untrue_text


def open_patch_draft(
    repository: Repository, answered_mail: AnsweredMail, commit: str, sender: Address
) -> tuple[ReplyDraft, PatchBody]:
    """Return the draft and content of a patch that replies to this message.

    `commit` becomes the patch, for the stable tree that the message names (`[PATCH 6.1.y]`). Raise
    `UsageError` if it names no tree, and `RefusedError` if the commit does not name its upstream
    commit or lacks the sender's Signed-off-by.
    """
    subject = parse_subject(answered_mail.mail.mail.subject)
    versions = answered_mail.mail.placement.versions or parse_stable_versions(
        [word for mark in subject.marks for word in mark.split()]
    )
    if not versions:
        raise UsageError(
            "the mail names no stable tree",
            hint="reply to the FAILED mail of the tree that the patch is for",
        )
    if not find_upstream_commits(repository.commit(commit).message):
        raise RefusedError(
            f"commit {commit[:12]} does not name its upstream commit",
            hint="run `git cherry-pick -x` to backport the commit, then amend the message",
        )
    body = make_commit_bodies(repository, (commit,), SeriesText(), sender)[0]
    if f"<{sender.email}>".encode("utf-8", "surrogateescape") not in b"\n".join(
        line for line in body.body.split(b"\n") if line.startswith(b"Signed-off-by:")
    ):
        raise RefusedError(
            f"commit {commit[:12]} lacks your Signed-off-by:",
            hint=Action("prepare", (commit[:12], "--signoff"), "run `{}` to add it"),
        )
    subject_line = f"[PATCH {'/'.join(versions)}.y] {body.title}"
    with ReplyDrafts() as drafts:
        saved_draft = drafts.find(answered_mail.message_id, PATCH)
    draft = (saved_draft or _make_reply_draft(answered_mail, PATCH, subject_line, ""))._replace(
        subject=subject_line,
        text=body.body.decode("utf-8", "surrogateescape"),
    )
    return draft, body


def _find_backport_problems(repository: Repository, patch: PatchBody) -> Iterator[SendProblem]:
    """Yield the problem of a patch that changes other lines than its upstream commit."""
    problem = find_origin_problem(repository, patch.commit) if patch.commit else None
    if problem:
        yield problem


def _find_backport_recipients(repository: Repository, patch: PatchBody) -> tuple[Address, ...]:
    """Return the stable list and the contacts of the mainline commits that a patch names."""
    stable = find_stable_branches(repository).stable
    message = repository.commit(patch.commit).message if patch.commit else ""
    ids = filter(None, map(repository.find, read_commit_marks(message).upstream))
    contacts = find_backport_contacts([repository.commit(id_) for id_ in ids], stable.addresses)
    return (*(Address("", email) for email in stable.addresses), *contacts)


def _address_backport(
    to: Sequence[Address], cc: Sequence[Address], added: Sequence[Address]
) -> tuple[tuple[Address, ...], tuple[Address, ...]]:
    """Return the To: and Cc: addresses of a patch that replies to a message.

    A stable list is in To:, and the others, such as the sender of the FAILED message, in Cc:.
    """
    lists = {project.lists.stable for project in projects().values()}
    addresses: dict[str, Address] = {}
    for address in (*to, *cc, *added):
        addresses.setdefault(address.key, address)
    stable = tuple(address for key, address in addresses.items() if key in lists)
    first = stable or tuple(to)
    return first, tuple(address for address in addresses.values() if address not in first)


def _make_reply_draft(
    answered_mail: AnsweredMail, template: str, subject: str, text: str
) -> ReplyDraft:
    return ReplyDraft(answered_mail.message_id, template, "", subject, text)


def save_reply_draft(draft: ReplyDraft, sender: Address) -> ReplyDraft:
    """Save the draft of a reply; if its Message-ID was already sent, assign a new one."""
    message_id = draft.message_id
    if not message_id or is_message_id_used(message_id):
        message_id = make_message_ids("reply", 1, 0, sender, datetime.now(UTC).date())[0]
    with ReplyDrafts() as drafts:
        return drafts.keep(draft._replace(message_id=message_id))


def choose_reply_sender(
    repository: Repository, transport_name: str, identity: str | None = None
) -> Address:
    """Return the address that replies are sent from.

    Raise `MissingError` if git has no address for the user, and `UntrustedCommandsError` if sending
    would run untrusted commands from the repository's configuration. Nothing is written in either
    case.
    """
    transport = transports.find_transport(transport_name)
    account = transport.account(repository, identity)
    transport.refuse_untrusted(repository, account)
    return require_sender(account)


def plan_reply(
    repository: Repository,
    answered_mail: AnsweredMail,
    draft: ReplyDraft,
    transport_name: str,
    *,
    patch: PatchBody | None = None,
    identity: str | None = None,
    force: str | None = None,
) -> ReplyPlan:
    """Plan sending a draft, including its threading headers and recipients.

    Nothing is sent. With `patch`, the message contains the patch. Raise `RefusedError` if there are
    no recipients.
    """
    transport = transports.find_transport(transport_name)
    account = transport.account(repository, identity)
    sender = choose_reply_sender(repository, transport_name, identity)
    own_addresses = {
        address.lower()
        for address in (*find_own_addresses(repository, repository.top), sender.email)
    }
    to, cc, omitted_recipients = find_reply_recipients(
        answered_mail.mail.mail, real_sender(answered_mail.mail.mail), own_addresses
    )
    undisclosed = is_undisclosed_mail(answered_mail)
    if patch:
        added = () if undisclosed else _find_backport_recipients(repository, patch)
        to, cc = _address_backport(to, cc, [it for it in added if it.key not in own_addresses])
    public_lists = tuple(
        recipient for recipient in (*to, *cc) if undisclosed and is_list(recipient)
    )
    to = tuple(recipient for recipient in to if recipient not in public_lists)
    cc = tuple(recipient for recipient in cc if recipient not in public_lists)
    if not to:
        raise RefusedError(
            "no recipients: the mail names no recipient other than you",
            hint="reply to a mail that others sent or received",
        )
    refuse_many_recipients(len(to) + len(cc), force)
    references = map(add_brackets, make_reply_references(answered_mail.mail.mail))
    mail = compose_message(
        draft.message_id,
        draft.subject,
        patch.author if patch else sender,
        to,
        cc,
        patch.body if patch else draft.text.encode("utf-8", "surrogateescape"),
        In_Reply_To=add_brackets(answered_mail.message_id),
        References="\n ".join(references),
    )
    if patch:
        (patch_id,) = compute_patch_ids(repository, [patch.body])
        mail = replace(mail, commit=patch.commit, patch_id=patch_id)
    bcc_addresses, unusable_addresses = split_usable_addresses(
        () if undisclosed else read_blind_copies(repository, account)
    )
    bcc = tuple(address.header() for address in bcc_addresses)
    rendered_mail = transport.render_mail(repository, account, mail, bcc, identity)
    refuse_unsafe_headers([rendered_mail])
    with Outbox() as outbox:
        duplicate_problem = find_duplicate(outbox, draft)
    blockers = (
        *((duplicate_problem,) if duplicate_problem else ()),
        *(() if patch else find_text_problems(draft.text)),
        *(_find_backport_problems(repository, patch) if patch else ()),
        *_find_reminder_problems(repository, answered_mail, draft),
    )
    skipped_recipients = (
        *omitted_recipients,
        *(f"sendemail.bcc: {remark}" for remark in unusable_addresses),
    )
    text_warnings = (
        () if patch else tuple(find_text_warnings(draft.text, answered_mail.mail.mail.body))
    )
    warnings = (
        *filter(None, [find_delivery_problem(account)]),
        *(SendProblem("recipients", remark) for remark in skipped_recipients),
        *text_warnings,
    )
    if public_lists:
        names = ", ".join(public_list.email for public_list in public_lists)
        warnings = (
            *warnings,
            SendProblem(
                "security-on-list",
                f"not sent to a list, because the fix is undisclosed: {names}",
            ),
        )
    return ReplyPlan(
        draft,
        answered_mail,
        transport,
        account,
        rendered_mail,
        blockers,
        warnings,
        bcc,
        identity,
        force,
    )
