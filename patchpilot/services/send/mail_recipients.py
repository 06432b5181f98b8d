# SPDX-License-Identifier: GPL-2.0-or-later
"""Determines the recipients of a topic's messages.

They come from the recipient plan, the configuration, the command line, and the answers to
the pre-send questions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from patchpilot.commits.repository import Repository
from patchpilot.errors import MissingError, UsageError
from patchpilot.model.address import Address, sort_out
from patchpilot.model.counted import counted
from patchpilot.model.draft import Draft
from patchpilot.model.patch import Series
from patchpilot.model.recipient import TEAM, Recipient
from patchpilot.model.send_request import SendRequest
from patchpilot.outgoing import transports
from patchpilot.outgoing.git_recipients import (
    configured_recipients,
    expand,
    is_suppressed,
    read_aliases,
    settings_with_recipients,
)
from patchpilot.outgoing.mail_account import Account, read_account
from patchpilot.outgoing.preflight import is_list
from patchpilot.projects.project import Project
from patchpilot.series.recipient_edits import usable_recipients
from patchpilot.topic.topic_project import project_of

if TYPE_CHECKING:
    from patchpilot.topic.topic_recipients import Planned


@dataclass(frozen=True, slots=True)
class Addressees:
    """The recipients of a series with reasons, and remarks for the sender.

    `bcc` are blind copies, and `trees` are the subsystem's trees (`T:`).
    """

    recipients: tuple[Recipient, ...]
    bcc: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def addressees(
    repository: Repository,
    request: SendRequest,
    account: Account,
    draft: Draft,
    series: Series,
    planned: "Planned | None" = None,
    project: Project | None = None,
) -> Addressees:
    """Returns the recipients of a series; each recipient gets every message.

    `planned` and `project` are the series' recipient plan and project, if the caller has
    already read them.
    """
    project = project or project_of(repository, request.profile, series)
    if draft.is_undisclosed:
        return _undisclosed(
            repository, replace(request, profile=project.name), account, series, planned
        )
    by_address: dict[str, Recipient] = {}
    recipients: tuple[Recipient, ...] = ()
    trees: tuple[str, ...] = ()
    remarks: list[str] = []
    blind: tuple[Address, ...] = ()
    if request.auto:
        recipients, trees, said = _planned(repository, request, series, planned)
        remarks += said
        mails = [
            "\n".join(patch.lines).encode("utf-8", "surrogateescape") + b"\n"
            for patch in series.patches
        ]
        own = configured_recipients(
            repository, account, transports.find(request.via), mails
        )
        _add(
            by_address,
            [
                recipient
                for recipient in recipients
                if not is_suppressed(recipient, own.suppressed)
            ],
        )
        _add(by_address, own.recipients)
        remarks += own.remarks
        blind, said = sort_out(own.bcc)
        remarks += (f"sendemail.bcc: {remark}" for remark in said)
        if "self" in own.suppressed and account.sender:
            by_address.pop(account.sender.key, None)
        _add(by_address, _in_files(series))
    _add(by_address, _named(repository, request))
    # some projects have their one list nowhere in MAINTAINERS
    if (
        request.auto
        and recipients
        and not any(is_list(recipient) for recipient in by_address.values())
    ):
        _add(
            by_address,
            [
                Recipient(
                    Address("", address),
                    "list",
                    None,
                    "cc",
                    (f"{project.title}'s list",),
                )
                for address in project.lists.main[:1]
            ],
        )
    if draft.answers.get("regression", "no") != "no" and project.lists.regressions:
        tracker = Address("", project.lists.regressions)
        _add(
            by_address,
            [
                Recipient(
                    tracker,
                    "regressions list",
                    None,
                    "cc",
                    ("answered: this fixes a regression",),
                )
            ],
        )
    usable, said = _usable(_to_first(by_address))
    return Addressees(
        usable, tuple(address.header() for address in blind), trees, (*remarks, *said)
    )


def _undisclosed(
    repository: Repository,
    request: SendRequest,
    account: Account,
    series: Series,
    planned: "Planned | None",
) -> Addressees:
    """The recipients of a fix that is not public yet: those of its plan, and whom this very call
    names.

    Nobody is added by a tag, a file, an edit that was kept, a cover letter or the configuration.
    """
    by_address: dict[str, Recipient] = {}
    recipients, trees, remarks = _planned(
        repository, request, series, planned, undisclosed=True
    )
    # with --no-auto the call names the maintainers; the security team gets its copy all the same
    _add(by_address, [one for one in recipients if request.auto or one.role == TEAM])
    _add(by_address, _named(repository, request))
    settings = settings_with_recipients(
        repository, account, transports.find(request.via)
    )
    ignored = (
        (f"not used for an undisclosed fix: {', '.join(settings)}",) if settings else ()
    )
    usable, said = _usable(_to_first(by_address))
    return Addressees(usable, (), trees, (*remarks, *said, *ignored))


def _to_first(by_address: dict[str, Recipient]) -> tuple[Recipient, ...]:
    return tuple(sorted(by_address.values(), key=lambda one: one.header != "to"))


def answer_named(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Saves an answer to a pre-send question, and returns the resulting changes in recipients.

    The text is empty if the recipients do not change.
    """
    from patchpilot.services.send.questions import answer

    changed = answer_effect(repository, name, value, request)
    answer(repository, name, value, target=request.target, base=request.base)
    return changed


def answer_effect(
    repository: Repository, name: str, value: str, request: SendRequest
) -> str:
    """Returns the changes in recipients that an answer to a pre-send question would cause.

    The text is empty if the recipients would not change. The answer is not saved.
    """
    from patchpilot.services.send.questions import judge_answer
    from patchpilot.topic.find_topic import find_topic

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
        # no command of the configuration gets to see the patch, not even for the comparison
        return (
            f"{counted(len(now), 'recipient')} only: {', '.join(one.address.email for one in now)}"
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
    """Returns a description of the added recipients, with reasons, and the removed ones.

    The text is empty if the lists are the same.
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


def _planned(
    repository: Repository,
    request: SendRequest,
    series: Series,
    planned: "Planned | None",
    *,
    undisclosed: bool = False,
) -> tuple[tuple[Recipient, ...], tuple[str, ...], tuple[str, ...]]:
    """(recipients, trees, remarks) of the recipient plan; none of them where the tree has no
    MAINTAINERS.

    A plan of the other kind, of a public or an undisclosed fix, is replaced.
    """
    from patchpilot.topic.topic_recipients import plan_series

    try:
        if planned is None or planned.undisclosed != undisclosed:
            planned = plan_series(
                series, repository, profile=request.profile, undisclosed=undisclosed
            )
    except MissingError as error:
        return (), (), (f"no recipients from MAINTAINERS: {error.message}",)
    trees = tuple(tree for section in planned.plan.sections for tree in section.trees)
    return planned.plan.recipients, trees, planned.plan.warnings


def _in_files(series: Series) -> list[Recipient]:
    """Those that patch files name in their own To: and Cc:."""
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


def _named(repository: Repository, request: SendRequest) -> list[Recipient]:
    """Those of --to and --cc; aliases are followed."""
    aliases = read_aliases(repository) if request.to or request.cc else {}
    named = []
    for header, texts in (("to", request.to), ("cc", request.cc)):
        for text in texts:
            addresses = expand(text, aliases)
            if not addresses:
                raise UsageError(
                    f"--{header} {text}: not an address",
                    hint="pass 'Name <name@example.org>' or one of your aliases",
                )
            addresses = usable_recipients(addresses, f"--{header}")
            named += [
                Recipient(
                    address, "added", None, header, (f"--{header}",), by_hand=True
                )
                for address in addresses
            ]
    return named


def _usable(
    recipients: Sequence[Recipient],
) -> tuple[tuple[Recipient, ...], tuple[str, ...]]:
    """(those to whom a mail can be sent, a sentence for each of the others with its origin and the
    reason).
    """
    kept, remarks = [], []
    for recipient in recipients:
        _, omitted = sort_out([recipient.address])
        if omitted:
            remarks += [
                f"{', '.join(recipient.reasons)}: {remark}" for remark in omitted
            ]
        else:
            kept.append(recipient)
    return tuple(kept), tuple(remarks)


def _add(by_address: dict[str, Recipient], recipients: Sequence[Recipient]) -> None:
    """Each mailbox once: a second mention adds its reasons, and one added manually or in To: wins."""  # noqa: E501
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
        by_address[recipient.address.key] = replace(
            known,
            header=header,
            reasons=reasons,
            by_hand=known.by_hand or recipient.by_hand,
        )
