# SPDX-License-Identifier: GPL-2.0-or-later
"""Compose the messages of a series for transports that do not create messages themselves.

Number the subjects, and assign Message-IDs and threading headers.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from patchpilot.commits.repository import Repository
from patchpilot.errors import RefusedError
from patchpilot.model.action import Action, Hint
from patchpilot.model.address import Address
from patchpilot.model.mail import add_brackets
from patchpilot.model.message import Message
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
from patchpilot.outgoing.git_recipients import read_format_headers
from patchpilot.outgoing.transport import SeriesToSend
from patchpilot.series.cover_letter import GIT_SUBJECT
from patchpilot.series.message_ids import make_message_ids, reuse_previewed_ids


def compose_series_messages(repository: Repository, series: SeriesToSend) -> tuple[Message, ...]:
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
    ids = _make_message_ids(series, bodies, sender)
    patches = series.draft.patches
    total, has_cover = len(patches), len(bodies) > len(patches)
    configured_headers = {
        name.title(): encode_text_header(name, value)
        for name, value in read_format_headers(repository)
        if name.lower() not in ("to", "cc")
    }
    messages: list[Message] = []
    for number, body in enumerate(bodies, 0 if has_cover else 1):
        (to, cc), extra_headers = series.headers(number), configured_headers
        if series.request.to_self:
            extra_headers = configured_headers | {
                "X_Original_To": encode_address_list(to),
                "X_Original_Cc": encode_address_list(cc),
            }
            to, cc = (sender,), ()
        parents = [
            add_brackets(parent)
            for parent in (
                series.draft.in_reply_to,
                messages and messages[0].message_id,
            )
            if parent
        ]
        message = compose_message(
            ids[number],
            f"{text.presubject}[{_format_subject_prefix(series, number, total, len(bodies) > 1)}]"
            f" {body.title}",
            body.author,
            to,
            cc,
            body.body,
            In_Reply_To=parents[-1] if parents else "",
            References="\n ".join(parents),
            **extra_headers,
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


def _format_subject_prefix(series: SeriesToSend, number: int, total: int, is_numbered: bool) -> str:
    """Return the text in the brackets of the subject, such as `PATCH net v2 1/3`.

    If there are several messages, they are numbered, with leading zeros as in git.
    """
    parts, version = [series.text.prefix], series.draft.version
    if version > 1:
        parts.append(f"v{version}")
    if is_numbered:
        parts.append(f"{number:0{len(str(total))}d}/{total}")
    return " ".join(parts)


def _make_message_ids(
    series: SeriesToSend, bodies: Sequence[PatchBody], sender: Address
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
