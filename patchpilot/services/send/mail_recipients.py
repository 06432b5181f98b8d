# SPDX-License-Identifier: GPL-2.0-or-later
"""Choose the recipients of a topic's messages.

They come from the recipient plan, the configuration, the command line, and the answers to
the pre-send questions.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from patchpilot.commits.repository import Repository
from patchpilot.errors import UsageError
from patchpilot.model.address import Address, split_usable
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.printable import counted
from patchpilot.model.recipient import TEAM, Recipient, RecipientPlan
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.compose_mails import patch_contents
from patchpilot.outgoing.git_recipients import (
    NO_ADDRESS,
    blind_copies,
    configured_recipients,
    drop_suppressed,
    expand,
    read_aliases,
    settings_with_recipients,
    suppressed_kinds,
)
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.preflight import is_list
from patchpilot.projects.project import Project
from patchpilot.series.recipient_edits import usable_recipients
from patchpilot.services.send.questions import answer, judge_answer
from patchpilot.topic.find_topic import find_topic
from patchpilot.topic.topic_project import project_of
from patchpilot.topic.topic_recipients import Planned, plan_series


def addressees(
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    series: Series,
    planned: Planned | None = None,
    project: Project | None = None,
) -> RecipientPlan:
    """Return the recipients of a series, including Bcc, and warnings for the sender.

    An undisclosed fix goes only to its plan's recipients and to those in this call; tags, files,
    saved edits, cover letter and configuration add nobody. `planned` and `project` are the series'
    recipient plan and project, if already known.
    """
    project = project or project_of(repository, request.profile, series)
    transport = transports.find(request.via)
    secret = draft.is_undisclosed
    plan = RecipientPlan(())
    if secret or request.auto:
        if planned is None or planned.undisclosed != secret:
            profile = project.name if secret else request.profile
            planned = plan_series(
                series, repository, profile=profile, undisclosed=secret
            )
        plan = planned.plan
    recipients, remarks = plan.recipients, plan.warnings
    by_address: dict[str, Recipient] = {}
    blind: tuple[Address, ...] = ()
    if secret:
        # with --no-auto, the user names the maintainers; the security team still gets a copy
        _add(
            by_address,
            [
                recipient
                for recipient in recipients
                if request.auto or recipient.role == TEAM
            ],
        )
        settings = settings_with_recipients(repository, account, transport)
        if settings:
            remarks += (f"not used for an undisclosed fix: {', '.join(settings)}",)
    elif request.auto:
        own = configured_recipients(
            repository, account, transport, patch_contents(series.patches)
        )
        all_recipients = [
            recipient
            for recipient in (*recipients, *_file_recipients(series))
            if recipient.by_hand
            or account.sender is None
            or recipient.address.key != account.sender.key
        ]
        _add(by_address, drop_suppressed(all_recipients, suppressed_kinds(account)))
        gone = {
            recipient.address.email
            for recipient in all_recipients
            if recipient.address.key not in by_address
        }
        if gone:
            remarks += (f"omitted by sendemail.suppresscc: {', '.join(sorted(gone))}",)
        _add(by_address, own.recipients)
        blind, invalid = split_usable(blind_copies(repository, account))
        remarks += (*own.warnings, *(f"sendemail.bcc: {remark}" for remark in invalid))
    _add(by_address, _given_recipients(repository, request))
    if not secret:
        _add(by_address, _lists(project, draft, request, recipients, by_address))
    usable, invalid = _split_usable(
        sorted(by_address.values(), key=lambda recipient: recipient.header != "to")
    )
    return plan._replace(
        recipients=usable,
        warnings=(*remarks, *invalid),
        bcc=tuple(address.header() for address in blind),
    )


def _lists(
    project: Project,
    draft: Draft,
    request: SendRequest,
    planned: Sequence[Recipient],
    named: Mapping[str, Recipient],
) -> Iterator[Recipient]:
    """Yield the project's list if MAINTAINERS has none, and the list for regressions."""
    if request.auto and planned and not any(map(is_list, named.values())):
        for address in project.lists.main[:1]:
            why = (f"{project.title}'s list",)
            yield Recipient(Address("", address), "list", None, "cc", why)
    if draft.answers.get("regression", "no") != "no" and project.lists.regressions:
        tracker = Address("", project.lists.regressions)
        why = ("answered: this fixes a regression",)
        yield Recipient(tracker, "regressions list", None, "cc", why)


def answer_named(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Save an answer to a pre-send question, and return the resulting changes in recipients, or
    "".
    """
    changed = answer_effect(repository, name, value, request)
    answer(repository, name, value, target=request.target, base=request.base)
    return changed


def answer_effect(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Return the changes in recipients that an answer to a pre-send question would cause, or "",
    without saving the answer.
    """
    topic = find_topic(repository, request)
    series, draft = topic.series, topic.draft
    after = replace(
        draft, answers={**draft.answers, name: judge_answer(repository, name, value)}
    )
    if after.answers == draft.answers:
        return ""
    account, project = (
        read_account(repository, request.identity),
        project_of(repository, request.profile, series),
    )
    now = addressees(
        repository, request, account, after, series, project=project
    ).recipients
    if after.is_undisclosed:
        # do not pass the patch to configured commands, not even for the comparison
        return (
            f"{counted(len(now), 'recipient')} only: {', '.join(to.address.email for to in now)}"
            if now
            else ""
        )
    return difference(
        addressees(
            repository, request, account, draft, series, project=project
        ).recipients,
        now,
    )


def difference(before: Sequence[Recipient], after: Sequence[Recipient]) -> str:
    """Describe the added recipients, with reasons, and the removed ones; return "" for equal
    lists.
    """
    was, now = (
        {person.address.key: person for person in people} for people in (before, after)
    )
    new = [
        (
            f"{recipient.address.email} ({recipient.reasons[-1]})"
            if recipient.reasons
            else recipient.address.email
        )
        for key, recipient in now.items()
        if key not in was
    ]
    gone = [recipient.address.email for key, recipient in was.items() if key not in now]
    words = [f"{counted(len(new), 'more recipient')}: {', '.join(new)}"] if new else []
    words += (
        [f"{counted(len(gone), 'recipient')} removed: {', '.join(gone)}"]
        if gone
        else []
    )
    return "; ".join(words)


def _file_recipients(series: Series) -> list[Recipient]:
    """Return the recipients in the To: and Cc: headers of patch files."""
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


def _given_recipients(repository: Repository, request: SendRequest) -> list[Recipient]:
    """Return the recipients of --to and --cc, with aliases resolved."""
    aliases = read_aliases(repository) if request.to or request.cc else {}
    named = []
    for header, texts in (("to", request.to), ("cc", request.cc)):
        for text in texts:
            addresses = expand(text, aliases, f"--{header}")
            if not addresses:
                raise UsageError(
                    f"--{header}: {text!r} has no address", hint=NO_ADDRESS
                )
            addresses = usable_recipients(addresses, f"--{header}")
            named += [
                Recipient(
                    address, "added", None, header, (f"--{header}",), by_hand=True
                )
                for address in addresses
            ]
    return named


def _split_usable(
    recipients: Sequence[Recipient],
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """Return the valid recipients, and a sentence about each invalid one."""
    kept, remarks = [], []
    for recipient in recipients:
        _, omitted = split_usable([recipient.address])
        if omitted:
            remarks += [
                f"{', '.join(recipient.reasons)}: {remark}" for remark in omitted
            ]
        else:
            kept.append(recipient)
    return tuple(kept), tuple(remarks)


def _add(by_address: dict[str, Recipient], recipients: Iterable[Recipient]) -> None:
    """Merge recipients by address, joining their reasons; manual and To: entries take
    precedence.
    """
    for recipient in recipients:
        known = by_address.get(recipient.address.key)
        if known is None:
            by_address[recipient.address.key] = recipient
            continue
        header = (
            recipient.header
            if recipient.by_hand or (recipient.header == "to" and not known.by_hand)
            else known.header
        )
        reasons = tuple(dict.fromkeys((*known.reasons, *recipient.reasons)))
        by_address[recipient.address.key] = known._replace(
            header=header,
            reasons=reasons,
            by_hand=known.by_hand or recipient.by_hand,
            patches=known.patches
            and recipient.patches
            and tuple(sorted({*known.patches, *recipient.patches})),
        )
