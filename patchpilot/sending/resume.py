# SPDX-License-Identifier: GPL-2.0-or-later
"""Resume the last send of a topic.

Only messages that were not accepted are sent, and they are not changed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from patchpilot.commits.repository import Repository
from patchpilot.errors import PatchpilotError, UsageError
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.address import Address, parse_address
from patchpilot.model.mail import parse_id_option
from patchpilot.model.message import WAITING, MailState, Message
from patchpilot.model.patch import Series
from patchpilot.model.progress import Progress, ignore_progress
from patchpilot.model.recipient import Recipient
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.mail_state import Outcome
from patchpilot.outgoing.outbox import Outbox, Send, remove_from_send
from patchpilot.outgoing.sender_lock import lock_topic_while_sending
from patchpilot.outgoing.transport import Sending
from patchpilot.sending.concurrent_sends import describe_send, find_later_sends
from patchpilot.sending.questions import add_request_answers
from patchpilot.sending.undisclosed import (
    refuse_public_mails,
    refuse_public_server,
)
from patchpilot.series.database import share_databases
from patchpilot.series.recipient_edits import (
    find_branch_key,
    load_edits,
    refuse_control_characters,
    save_edits,
)
from patchpilot.topic.find import find_draft

UNKNOWN_AS = ("keep", "sent", "lost")


Lookup = Callable[[Message], bool]
"""A function that returns whether an archive has a message with the same Message-ID and sender."""


def plan_resume(
    repository: Repository,
    request: SendRequest,
    unknown_as: str = "keep",
    *,
    by_id: Mapping[str, str] = MappingProxyType({}),
    drop: Sequence[str] = (),
    lookup: Lookup | None = None,
    progress: Progress = ignore_progress,
) -> Sending:
    """Plan to resume the last send of a topic.

    `unknown_as` is the outcome to assume for messages in an unknown state; `keep` leaves them
    unknown. `by_id` maps single Message-IDs to outcomes. With `lookup`, messages found in an
    archive are marked as accepted; no archive is searched for an undisclosed fix. `drop` lists
    recipients to remove from unsent messages. The results of the lookup are saved immediately
    (unless it is a dry run), but outcomes and removed recipients only when the plan is sent. Raise
    `UsageError` if the topic was never sent.
    """
    refuse_control_characters("--drop", drop)
    progress("looking for the last send")
    with share_databases(saves=not request.dry_run):
        return _plan_resume(repository, request, unknown_as, by_id, drop, lookup, progress)


def _plan_resume(
    repository: Repository,
    request: SendRequest,
    unknown_as: str,
    by_id: Mapping[str, str],
    drop: Sequence[str],
    lookup: Lookup | None,
    progress: Progress,
) -> Sending:
    draft = find_draft(repository, request._replace(prefix=None, version=None, in_reply_to=None))
    draft = add_request_answers(repository, Series(()), draft, request)
    lock = lock_topic_while_sending(draft.change_id, is_dry=request.dry_run)
    with lock, Outbox() as outbox:
        sends = outbox.sends(draft.change_id, kind="to-self" if request.to_self else "real")
        if not sends:
            raise UsageError(
                "nothing from this topic has been sent yet",
                hint=Action("send", (), "send it: {}"),
            )
        send = outbox.settle(sends[-1].id)
        refuse_public_mails(draft, send)
        _refuse_wrong_message_ids(send, by_id)
        if draft.is_undisclosed or send.undisclosed:
            lookup = None
        for entry in send.entries:
            if (
                entry.state is MailState.UNKNOWN
                and lookup
                and by_id.get(entry.message_id) != "sent"
            ):
                progress(f"looking for {entry.message_id}")
                if lookup(entry):
                    outbox.mark(
                        send.id,
                        entry.position,
                        Outcome(MailState.ACCEPTED, "the archive has it"),
                    )
                    outbox.note_archived([entry.message_id])
        send = outbox.get(send.id)
    outcomes = _outcomes_by_position(send, unknown_as, by_id)
    send = replace(
        send,
        entries=tuple(
            (
                replace(
                    entry,
                    state=outcomes[entry.position].state,
                    detail=outcomes[entry.position].detail,
                )
                if entry.position in outcomes
                else entry
            )
            for entry in send.entries
        ),
    )
    send = remove_from_send(send, _find_dropped_mailboxes(send, drop) if drop else ())
    identity = request.identity or send.identity
    transport = transports.find_transport(send.transport)
    account = transport.account(repository, identity)
    refuse_public_server(draft, account)
    later_sends = () if request.to_self else find_later_sends(send)
    # the reason for overriding problems applies only to the earlier send, so ask for a new one if
    # the patches were sent since
    force = request.force if later_sends else send.force
    # do not show removed recipients
    example = next(iter(send.waiting_messages), send.entries[0])
    return Sending(
        request=request._replace(via=send.transport, force=force, identity=identity),
        transport=transport,
        account=account,
        draft=draft,
        send=send,
        recipients=tuple(
            Recipient(address, "as planned", None, header, ("as in the first attempt",))
            for header, addresses in (("to", example.to), ("cc", example.cc))
            for address in addresses
        ),
        blockers=tuple(
            SendProblem(
                "sent-since",
                f"the same patches were sent since then, {describe_send(send)}",
                "the rest is probably not needed; use --force REASON to send these messages anyway",
            )
            for send in later_sends
        ),
        warnings=()
        if send.account == account.label
        else (SendProblem("account", f"first sent with {send.account}, now with {account.label}"),),
        remarks=(
            *(f"{entry.state}: {entry.subject}" for entry in send.entries),
            *(
                Hint(
                    (
                        f"dropped, including later versions: {address} (undo: ",
                        Action("maintainers", ("--restore", address)),
                        ")",
                    )
                )
                for address in send.left_out
            ),
        ),
        before=later_sends,
        settled=outcomes,
    )


def parse_unknown_options(options: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Parse the values of `--unknown`.

    Return the outcome for all messages (default: `keep`), and the outcomes by Message-ID. Raise
    `UsageError` for an invalid value.
    """
    default, by_id = "keep", {}
    for option in options:
        message_id, _, outcome = option.rpartition("=")
        if outcome not in UNKNOWN_AS:
            raise UsageError(
                f"--unknown {option!r}: neither {', '.join(UNKNOWN_AS[:-1])} nor {UNKNOWN_AS[-1]}",
                hint=(
                    "use --unknown sent (or lost) for all unknown messages, or --unknown"
                    " MESSAGE-ID=sent"
                    " (or lost) for one"
                ),
            )
        if message_id:
            by_id[parse_id_option(message_id, "--unknown")] = outcome
        else:
            default = outcome
    return default, by_id


def _refuse_wrong_message_ids(send: Send, by_id: Mapping[str, str]) -> None:
    """Raise UsageError if the user gives an outcome for a message that is not in the send.

    Raise the same error if the state of the message is known and contradicts the given outcome.
    """
    mails = {entry.message_id: entry for entry in send.entries}
    unknown_ids = [entry.message_id for entry in send.entries if entry.state is MailState.UNKNOWN]
    hint: Advice = (
        f"unknown: {', '.join(unknown_ids)}"
        if unknown_ids
        else Action("send", ("--resume",), "`{}` sends the rest")
    )
    allowed_states = {
        "sent": (MailState.ACCEPTED,),
        "lost": WAITING,
        "keep": tuple(MailState),
    }
    for message_id, outcome in by_id.items():
        if message_id not in mails:
            raise UsageError(
                f"--unknown {message_id}: no mail from the last send has this Message-ID",
                hint=hint,
            )
        state = mails[message_id].state
        if state is not MailState.UNKNOWN and state not in allowed_states[outcome]:
            raise UsageError(
                f"--unknown {message_id}={outcome}: the state of this mail is {state}",
                hint=hint,
            )


def _outcomes_by_position(send: Send, default: str, by_id: Mapping[str, str]) -> dict[int, Outcome]:
    outcomes = {}
    for entry in send.entries:
        outcome = by_id.get(entry.message_id, default)
        if entry.state is MailState.UNKNOWN and outcome != "keep":
            state = MailState.ACCEPTED if outcome == "sent" else MailState.PENDING
            outcomes[entry.position] = Outcome(state, f"marked as {outcome} with --unknown")
    return outcomes


def _find_dropped_mailboxes(send: Send, dropped: Sequence[str]) -> tuple[str, ...]:
    """Return the mailboxes to drop.

    Raise UsageError if one of them is not a recipient, or if a message would have no recipients
    left.
    """
    addresses = [parse_address(text) or Address("", text.strip()) for text in dropped]
    pending_messages = send.waiting_messages
    if not pending_messages:
        raise UsageError(
            "no pending mail to drop a recipient from",
            hint=Action("send", ("--resume",), "`{}` shows the state of each message"),
        )
    recipients = {name.lower() for entry in pending_messages for name in entry.recipients}
    for address in addresses:
        if address.key not in recipients:
            raise UsageError(
                f"{address.email} is not a recipient of the pending messages",
                hint=f"recipients: {', '.join(sorted(recipients))}",
            )
    keys = tuple(address.key for address in addresses)
    if any({name.lower() for name in entry.recipients} <= set(keys) for entry in pending_messages):
        raise UsageError(
            "no recipients would be left", hint=Action("send", (), "plan it again: {}")
        )
    return keys


def exclude_recipients_permanently(repository: Repository, send: Send, keys: Sequence[str]) -> None:
    """Save the removed recipients, so that they are omitted from later versions."""
    key = find_branch_key(repository)
    if send.kind == "to-self" or key is None or send.branch != repository.branch:
        return
    edits = load_edits(key)
    for mailbox in keys:
        edits = edits.drop(Address("", mailbox))
    save_edits(key, edits)


def make_archive_lookup(url: str) -> Lookup:
    """Return a function that looks up a message in a public-inbox archive.

    The archive must return the message itself, not an error page, a login page or another message.
    """

    def has_message(message: Message) -> bool:
        from patchpilot.archive.open_archive import open_archive

        try:
            with open_archive(url) as archive:
                mail = archive.mail(message.message_id, fresh=True)
        except PatchpilotError:
            return False
        return mail.sender.key == message.sender.key

    return has_message
