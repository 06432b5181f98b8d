# SPDX-License-Identifier: GPL-2.0-or-later
"""Compose the messages of a series for transports that do not create messages themselves.

Number the subjects, and assign Message-IDs and threading headers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError, UsageError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address, parse_addresses
from patchpilot.model.file_headers import find_added_headers, read_file_headers
from patchpilot.model.mail import add_brackets, parse_body_headers
from patchpilot.model.message import Message
from patchpilot.model.patch import Patch
from patchpilot.outgoing.compose_mails import (
    PatchBody,
    make_commit_bodies,
    make_patch_bodies,
)
from patchpilot.outgoing.compose_message import (
    compose_message,
    encode_address_list,
    encode_text_header,
)
from patchpilot.outgoing.git_recipients import (
    HEADER_COMMAND,
    list_command_files,
    read_format_headers,
    run_header_command,
)
from patchpilot.outgoing.header_guard import NEVER, ONCE
from patchpilot.outgoing.transport import Sending
from patchpilot.series.cover_letter import GIT_SUBJECT
from patchpilot.series.message_ids import make_message_ids, reuse_previewed_ids


def compose_series_messages(repository: Repository, series: Sending) -> tuple[Message, ...]:
    """Compose the messages of a series with their Message-IDs.

    Message-IDs are reused if the last preview had the same messages. All messages reply to the
    first one. A test copy is addressed to the sender only; X-Original-To and X-Original-Cc contain
    the real recipients.
    """
    sender, text = series.account.sender, series.text
    assert sender is not None
    bodies = (
        make_commit_bodies(repository, series.ids, text, sender)
        if series.ids
        else make_patch_bodies(series.series.patches, series.series.cover, text)
    )
    bodies = tuple(_protect_start(body, sender) for body in bodies)
    ids = _make_message_ids(series, bodies, sender)
    patches = series.draft.patches
    total, has_cover = len(patches), len(bodies) > len(patches)
    configured_headers = {
        name.title(): encode_text_header(name, value)
        for name, value in read_format_headers(repository)
        if name.lower() not in ("to", "cc")
    }
    printed_headers = _run_header_command(repository, series)
    file_headers = read_file_headers(series.series)
    above = (
        file_headers.references
        if file_headers.parent and file_headers.parent == series.draft.in_reply_to
        else ()
    )
    messages: list[Message] = []
    for number, body in enumerate(bodies, 0 if has_cover else 1):
        (to, cc) = series.headers(number)
        extra_headers = {
            **configured_headers,
            **(_file_headers(body.file) if body.file else {}),
            **printed_headers.get(number, {}),
        }
        if series.request.to_self:
            extra_headers |= {
                "X_Original_To": encode_address_list(to),
                "X_Original_Cc": encode_address_list(cc),
            }
            to, cc = (sender,), ()
        parents = [
            add_brackets(parent)
            for parent in (
                *above,
                series.draft.in_reply_to,
                messages and messages[0].message_id,
            )
            if parent
        ]
        mark = _format_subject_prefix(series, body, number, total)
        message = compose_message(
            ids[number],
            f"{text.presubject}[{mark}] {body.title}",
            body.author,
            to,
            cc,
            body.body,
            In_Reply_To=parents[-1] if parents else "",
            References="\n ".join(parents),
            **{name.replace("-", "_"): value for name, value in extra_headers.items()},
        )
        patch_id = patches[number - 1].patch_id or None if number else None
        messages.append(replace(message, number=number, commit=body.commit, patch_id=patch_id))
    if messages and GIT_SUBJECT in messages[0].subject:
        raise RefusedError(
            "the cover letter still has git's placeholder for its subject",
            hint=f"write it in {series.series.cover.source}"
            if series.series.cover
            else Hint(
                (
                    "write it: ",
                    Action("draft", ("--cover-subject", "TEXT")),
                    ", or ",
                    Action("draft", ("--edit",)),
                )
            ),
        )
    return tuple(messages)


def _protect_start(body: PatchBody, sender: Address) -> PatchBody:
    """Add a From: line above a commit message that starts like one, for example with `From: `.

    `git am` takes such lines at the start of a body for headers, but none below the first group.
    git send-email adds this line if the author is not the sender.
    """
    if not body.commit or body.author.header() != sender.header():
        return body
    lines = body.body.decode("utf-8", "surrogateescape").split("\n")
    if not parse_body_headers(lines)[0]:
        return body
    return body._replace(body=f"From: {body.author.header()}\n\n".encode() + body.body)


def _run_header_command(repository: Repository, series: Sending) -> dict[int, dict[str, str]]:
    """Return the headers that `sendemail.headerCmd` adds to each message, by number.

    The command is not run for an undisclosed fix. Its To: and Cc: are in the recipient plan. Raise
    UsageError for a header that is set anyway.
    """
    if series.draft.is_undisclosed or not series.account.value("headercmd"):
        return {}
    files = list_command_files(series.series, series.draft, requested_cover=series.request.cover)
    headers: dict[int, dict[str, str]] = {}
    for file in files:
        for name, value in run_header_command(repository, series.account, file):
            key = name.lower().encode()
            if key in NEVER or key in {*ONCE} - {b"to", b"cc", b"reply-to"}:
                raise UsageError(
                    f"{HEADER_COMMAND}: {name}: cannot be added to a message",
                    hint="run `git config --show-origin --get sendemail.headercmd`",
                )
            if name.lower() not in ("to", "cc"):
                headers.setdefault(file.number, {})[name.title()] = _encode_header(name, value)
    return headers


_ADDRESS_HEADERS = ("reply-to", "mail-followup-to")


def _file_headers(patch: Patch) -> dict[str, str]:
    """Return the headers that the user added to a patch file, encoded."""
    return {name: _encode_header(name, value) for name, value in find_added_headers(patch).items()}


def _encode_header(name: str, value: str) -> str:
    if name.lower() in _ADDRESS_HEADERS:
        return encode_address_list(parse_addresses(value))
    return encode_text_header(name, value)


def _format_subject_prefix(series: Sending, body: PatchBody, number: int, total: int) -> str:
    """Return the text in the brackets of the subject, such as `PATCH net v2 1/3`.

    If there are several messages, they are numbered, with leading zeros as in git. A patch file
    keeps its number, even if other patches of its series are not sent.
    """
    parts, version = [series.text.prefix], series.draft.version
    if version > 1:
        parts.append(f"v{version}")
    is_numbered = total > 1 or bool(series.text.cover or series.series.cover)
    if body.file and body.file.subject.number is not None and body.file.subject.total:
        number, total, is_numbered = body.file.subject.number, body.file.subject.total, True
    if is_numbered:
        parts.append(f"{number:0{len(str(total))}d}/{total}")
    return " ".join(parts)


def _make_message_ids(
    series: Sending, bodies: Sequence[PatchBody], sender: Address
) -> tuple[str, ...]:
    text = series.text
    content: list[str | bytes] = [
        sender.header(),
        text.prefix,
        str(series.draft.version),
        series.draft.in_reply_to,
        *(["undisclosed"] if series.draft.is_undisclosed else []),
    ]
    for body in bodies:
        content += [body.title, body.author.header(), body.body]
    return reuse_previewed_ids(
        series.draft,
        "to-self" if series.request.to_self else "real",
        content,
        lambda: make_message_ids(
            # words of an undisclosed fix must not be in headers, which servers log
            "" if series.draft.is_undisclosed else series.draft.change_id,
            series.draft.version,
            len(bodies),
            sender,
            datetime.now(UTC).date(),
        ),
    )
