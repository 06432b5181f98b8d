# SPDX-License-Identifier: GPL-2.0-or-later
"""Choose the recipients of a topic's messages.

They come from the recipient plan, the configuration, the command line and the answers to the
pre-send questions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.address import Address, split_usable_addresses
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.printable import format_count
from patchpilot.model.recipient import TEAM, Recipient, RecipientPlan
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.git_recipients import (
    NO_ADDRESS,
    choose_to_cover,
    drop_suppressed_recipients,
    expand_aliases,
    find_configured_recipients,
    list_command_files,
    list_recipient_settings,
    list_suppressed_kinds,
    read_aliases,
    read_blind_copies,
)
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.preflight import is_mailing_list
from patchpilot.projects.project import Project
from patchpilot.recipients.topic import PlannedRecipients, plan_series
from patchpilot.sending.questions import (
    is_regression_fix,
    save_draft_answer,
    validate_answer,
)
from patchpilot.sending.thread_recipients import find_thread_recipients
from patchpilot.series.recipient_edits import require_usable_recipients
from patchpilot.topic.find import find_topic
from patchpilot.topic.project import project_of


def choose_recipients(
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    series: Series,
    recipient_plan: PlannedRecipients | None = None,
    project: Project | None = None,
) -> RecipientPlan:
    """Return the recipients of a series, including Bcc, and warnings for the sender.

    An undisclosed fix goes only to the recipients in its plan and on the command line; tags, files,
    saved edits, the cover letter and the configuration are ignored. Pass `recipient_plan` and
    `project` if they are already known.
    """
    project = project or project_of(repository, request.profile, series)
    transport = transports.find_transport(request.via)
    is_undisclosed = draft.is_undisclosed
    plan = RecipientPlan(())
    if is_undisclosed or request.auto:
        if recipient_plan is None or recipient_plan.undisclosed != is_undisclosed:
            recipient_plan = plan_series(
                series,
                repository,
                profile=request.profile,
                undisclosed=is_undisclosed,
                prefix=draft.prefix,
                participants=find_thread_recipients(draft),
            )
        plan = recipient_plan.plan
    recipients, notes = plan.recipients, plan.warnings
    by_address: dict[str, Recipient] = {}
    bcc_addresses: tuple[Address, ...] = ()
    if is_undisclosed:
        # with --no-auto, the user names the maintainers, but the security team still receives a
        # copy
        _merge_recipients(
            by_address,
            [recipient for recipient in recipients if request.auto or recipient.role == TEAM],
        )
        settings = list_recipient_settings(repository, account, transport)
        if settings:
            notes += (f"not used for an undisclosed fix: {', '.join(settings)}",)
    elif request.auto:
        files = list_command_files(series, draft, requested_cover=request.cover)
        configured = find_configured_recipients(repository, account, transport, files)
        all_recipients = [
            recipient
            for recipient in (*recipients, *_recipients_in_patch_files(series))
            if recipient.by_hand
            or account.sender is None
            or recipient.address.key != account.sender.key
        ]
        _merge_recipients(
            by_address,
            drop_suppressed_recipients(all_recipients, list_suppressed_kinds(account)),
        )
        omitted_addresses = {
            recipient.address.email
            for recipient in all_recipients
            if recipient.address.key not in by_address
        }
        if omitted_addresses:
            notes += (f"omitted by sendemail.suppresscc: {', '.join(sorted(omitted_addresses))}",)
        _merge_recipients(by_address, configured.recipients)
        bcc_addresses, invalid = split_usable_addresses(read_blind_copies(repository, account))
        notes += (
            *configured.warnings,
            *(f"sendemail.bcc: {problem}" for problem in invalid),
        )
    given, given_bcc = _parse_given_recipients(repository, request)
    _merge_recipients(by_address, given)
    bcc_addresses += tuple(address for address in given_bcc if address not in bcc_addresses)
    if not is_undisclosed:
        _merge_recipients(
            by_address,
            _list_recipients(project, draft, request, recipients, by_address),
        )
    if choose_to_cover(draft, account) == "all":
        by_address = {key: one._replace(patches=()) for key, one in by_address.items()}
    usable_recipients, invalid = _split_usable_recipients(
        sorted(by_address.values(), key=lambda recipient: recipient.header != "to")
    )
    return plan._replace(
        recipients=usable_recipients,
        warnings=(*notes, *invalid),
        bcc=tuple(address.header() for address in bcc_addresses),
    )


def _list_recipients(
    project: Project,
    draft: Draft,
    request: SendRequest,
    planned_recipients: Sequence[Recipient],
    by_address: Mapping[str, Recipient],
) -> Iterator[Recipient]:
    """Yield the mailing lists to add.

    Add the project's list if MAINTAINERS names no list, and the regressions list if the topic fixes
    a regression.
    """
    if request.auto and planned_recipients and not any(map(is_mailing_list, by_address.values())):
        for address in project.lists.main[:1]:
            reasons = (f"{project.title}'s list",)
            yield Recipient(Address("", address), "list", None, "cc", reasons)
    if is_regression_fix(draft) and project.lists.regressions:
        tracker = Address("", project.lists.regressions)
        reasons = ("answered: this fixes a regression",)
        yield Recipient(tracker, "regressions list", None, "cc", reasons)


def save_question_answer(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Save the answer to a pre-send question.

    Return a description of the changes to the recipients, or "" if there are none.
    """
    effect = describe_answer_effect(repository, name, value, request)
    save_draft_answer(repository, name, value, request)
    return effect


def describe_answer_effect(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Describe how an answer to a pre-send question would change the recipients.

    Return "" if it changes nothing. The answer is not saved.
    """
    topic = find_topic(repository, request)
    account = read_account(repository, request.identity)
    project = project_of(repository, request.profile, topic.series)
    return _describe_effect(
        repository, request, account, topic.draft, topic.series, project, (name, value)
    )


def describe_request_effects(
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    series: Series,
    project: Project,
) -> tuple[str, ...]:
    """Describe how each answer in a request changes the recipients, if it does."""
    effects = (
        (answer, _describe_effect(repository, request, account, draft, series, project, answer))
        for answer in request.answers
    )
    return tuple(f"{name}: {value}: {effect}" for (name, value), effect in effects if effect)


def _describe_effect(
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    series: Series,
    project: Project,
    answer: tuple[str, str],
) -> str:
    name, value = answer
    answered_draft = replace(
        draft, answers={**draft.answers, name: validate_answer(repository, name, value)}
    )

    def choose(draft: Draft) -> tuple[Recipient, ...]:
        return choose_recipients(
            repository, request, account, draft, series, project=project
        ).recipients

    if answered_draft.answers == draft.answers or _selects_same(answered_draft, draft):
        return ""
    recipients = choose(answered_draft)
    if answered_draft.is_undisclosed:
        # do not compare recipients for an undisclosed fix, because configured commands would
        # receive the patch
        return (
            f"{format_count(len(recipients), 'recipient')} only: "
            f"{', '.join(to.address.email for to in recipients)}"
            if recipients
            else ""
        )
    return describe_recipient_changes(choose(draft), recipients)


def _selects_same(draft: Draft, other: Draft) -> bool:
    """Return whether the answers of two drafts of a topic select the same recipients."""
    return draft.is_undisclosed == other.is_undisclosed and is_regression_fix(
        draft
    ) == is_regression_fix(other)


def describe_recipient_changes(before: Sequence[Recipient], after: Sequence[Recipient]) -> str:
    """Describe the added recipients, with reasons, and the removed ones.

    Return "" if the lists are equal.
    """
    old_by_key, new_by_key = (
        {person.address.key: person for person in recipients} for recipients in (before, after)
    )
    added = [
        (
            f"{recipient.address.email} ({recipient.reasons[-1]})"
            if recipient.reasons
            else recipient.address.email
        )
        for key, recipient in new_by_key.items()
        if key not in old_by_key
    ]
    removed = [
        recipient.address.email for key, recipient in old_by_key.items() if key not in new_by_key
    ]
    sentences = (
        [f"{format_count(len(added), 'more recipient')}: {', '.join(added)}"] if added else []
    )
    sentences += (
        [f"{format_count(len(removed), 'recipient')} removed: {', '.join(removed)}"]
        if removed
        else []
    )
    return "; ".join(sentences)


def _recipients_in_patch_files(series: Series) -> list[Recipient]:
    files = [
        patch
        for patch in (*((series.cover,) if series.cover else ()), *series.patches)
        if patch.commit is None
    ]
    return [
        Recipient(
            address,
            "named in the file",
            None,
            header,
            (f"{header.capitalize()}: of {file.source.rsplit('/', 1)[-1]}",),
        )
        for file in files
        for header in ("to", "cc")
        for address in file.addresses(header)
    ]


def _parse_given_recipients(
    repository: Repository, request: SendRequest
) -> tuple[list[Recipient], tuple[Address, ...]]:
    """Return the recipients of --to and --cc, and the addresses of --bcc."""
    aliases = read_aliases(repository) if request.to or request.cc or request.bcc else {}
    recipients = []
    blind_copies: list[Address] = []
    for header, texts in (("to", request.to), ("cc", request.cc), ("bcc", request.bcc)):
        for text in texts:
            addresses = expand_aliases(text, aliases, f"--{header}")
            if not addresses:
                raise UsageError(f"--{header}: {text!r} has no address", hint=NO_ADDRESS)
            addresses = require_usable_recipients(addresses, f"--{header}")
            if header == "bcc":
                blind_copies += addresses
                continue
            recipients += [
                Recipient(address, "added", None, header, (f"--{header}",), by_hand=True)
                for address in addresses
            ]
    return recipients, tuple(blind_copies)


def _split_usable_recipients(
    recipients: Sequence[Recipient],
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    usable_recipients, messages = [], []
    for recipient in recipients:
        _, problems = split_usable_addresses([recipient.address])
        if problems:
            messages += [f"{', '.join(recipient.reasons)}: {problem}" for problem in problems]
        else:
            usable_recipients.append(recipient)
    return tuple(usable_recipients), tuple(messages)


def _merge_recipients(by_address: dict[str, Recipient], recipients: Iterable[Recipient]) -> None:
    """Merge recipients with the same address and join their reasons.

    Manual entries and To: take precedence.
    """
    for recipient in recipients:
        existing_recipient = by_address.get(recipient.address.key)
        if existing_recipient is None:
            by_address[recipient.address.key] = recipient
            continue
        header = (
            recipient.header
            if recipient.by_hand or (recipient.header == "to" and not existing_recipient.by_hand)
            else existing_recipient.header
        )
        reasons = tuple(dict.fromkeys((*existing_recipient.reasons, *recipient.reasons)))
        by_address[recipient.address.key] = existing_recipient._replace(
            header=header,
            reasons=reasons,
            by_hand=existing_recipient.by_hand or recipient.by_hand,
            patches=existing_recipient.patches
            and recipient.patches
            and tuple(sorted({*existing_recipient.patches, *recipient.patches})),
        )
