# SPDX-License-Identifier: GPL-2.0-or-later
"""Send a topic with b4.

Enroll its branch, let b4 create the messages, and deliver them.
"""

import base64
import json
import quopri
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from email import message_from_bytes
from email.policy import compat32
from functools import partial

from patchpilot.commits.b4_prep import (
    DESCRIPTION,
    TIP_COMMIT,
    is_tip,
    prep_branch,
    read_tracking_data,
)
from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, MissingError, RefusedError, UsageError
from patchpilot.history.patch_similarity import patch_ids
from patchpilot.model.action import Action, Advice, Hint
from patchpilot.model.mail import add_brackets
from patchpilot.model.message import Message
from patchpilot.model.patch import parse_subject
from patchpilot.outgoing.b4.b4_send import (
    UndecodableError,
    capture_b4_messages,
    make_recipient_options,
    make_send_options,
)
from patchpilot.outgoing.b4.draft_texts import make_b4_cover
from patchpilot.outgoing.b4.enrollment import choose_base_name, read_branch_tracking
from patchpilot.outgoing.b4.web_endpoint import post_series
from patchpilot.outgoing.compose_mails import SeriesText, compute_patch_ids, insert_note
from patchpilot.outgoing.compose_message import remove_recipients, replace_fields
from patchpilot.outgoing.deliver_each import deliver_previewed_messages
from patchpilot.outgoing.outbox import Send
from patchpilot.outgoing.transport import Delivery, Sending
from patchpilot.series.change_id import format_tag_name
from patchpilot.series.message_ids import reuse_message_ids


def render_with_b4(repository: Repository, series: Sending) -> Sending:
    """Render the messages for the checked-out branch with b4.

    The result includes notes on how they are sent, and the tracking data that b4 needs for sending.
    """
    account, draft, text, ids = series.account, series.draft, series.text, series.ids
    branch = _find_checked_out_branch(repository, ids)
    if not account.configured and not account.destination:
        raise MissingError(
            "no mail server is set: b4 would choose a web endpoint by itself",
            hint=Action("doctor", (), "git config --global sendemail.smtpserver HOST (see `{}`)"),
        )
    if draft.in_reply_to and account.destination:
        raise UsageError(
            "b4's web endpoint does not support --in-reply-to",
            hint="use --via git-send-email",
        )
    if repository.git("status", "--porcelain", "--untracked-files=no").out.strip():
        raise RefusedError(
            "b4 sends only from a clean working tree",
            hint="commit or stash your changes first",
        )
    signs = is_b4_signing(repository) or bool(account.destination)
    tracking_data = _make_tracking_data(repository, branch, series)
    try:
        mails = capture_b4_messages(
            repository,
            account,
            *series.headers(),
            _make_settings(branch, tracking_data),
            make_send_options(
                text.cover is not None,
                signs,
                0 if tracking_data else _find_sent_version(repository, series),
            ),
        )
    except UndecodableError as error:
        raise InputError(
            f"{_find_undecodable_commit(repository, ids)}: {error.message}",
            hint=error.advice,
        ) from error
    # do not reuse Message-IDs of signed messages, because the web endpoint generates new ones and
    # signatures cover them
    if not signs:
        kind = "b4 to-self" if series.request.to_self else "b4"
        mails = reuse_message_ids(draft, kind, mails)
    mails = _add_commits(repository, mails, ids)
    if not account.destination:
        all_keys = {address.key for group in series.headers() for address in group}
        mails = tuple(
            remove_recipients(
                mail,
                all_keys
                - {address.key for group in series.headers(mail.number) for address in group},
            )
            for mail in mails
        )
    notes = {
        patch.commit: draft.notes.get(patch.patch_id, "") for patch in draft.patches if patch.commit
    }
    insertions = list_inserted_texts(text, notes, mails)
    if signs and any(note.strip() for note in insertions):
        raise RefusedError(
            "cannot add a note to these messages: b4 signs them as it makes them",
            hint=Action("draft", ("--edit",), "use --via git-send-email, or remove the note: {}"),
        )
    mails = insert_texts(mails, insertions, draft.in_reply_to or None)
    return series.rendered(
        mails, _list_remarks(series, branch, signs, tracking_data), tracking_data
    )


def _list_remarks(
    series: Sending,
    branch: str,
    signs: bool,
    tracking_data: Mapping[str, Sequence[str]],
) -> Iterator[Advice]:
    version = series.draft.version
    if series.account.destination:
        yield (
            "the web endpoint takes the series as a whole, with new Message-IDs; it does not report"
            " on each message"
        )
    elif signs:
        yield (
            "b4 signs again for each preview, with new Message-IDs: `send` shows its own preview"
            f" before anything is sent, and b4's tracking data of v{version} gets its"
            " Message-IDs"
        )
    else:
        yield (
            "the messages are sent with the Message-IDs shown here; b4's tracking data of"
            f" v{version} gets them"
        )
    if "patchpilot-enrolled" in tracking_data:
        enrollment = (
            f"sending enrolls {branch} in b4 (branch-description strategy); its commits are"
            " not changed"
        )
        yield Hint((enrollment, Action("draft", ("--no-b4",), " (`{}` unenrolls it)")))
    if signs:
        yield "signed by patatt, as b4 is configured"
    if series.request.to_self:
        yield (
            "as with b4's --reflect, the headers name all recipients; the messages are sent only"
            " to you"
        )


def deliver_with_b4(delivery: Delivery) -> str:
    """Send the messages that the outbox does not list as accepted.

    b4 posts the whole series to the web endpoint. For a mail server, patchpilot sends the bytes of
    the preview; after all are accepted, their Message-IDs are added to b4's tracking data.
    """
    send = delivery.send
    if not delivery.account.destination:
        return deliver_previewed_messages(delivery)
    _refuse_changed_mails(delivery.repository, send)
    to, cc = (
        tuple(
            {
                address.key: address for entry in send.entries for address in getattr(entry, name)
            }.values()
        )
        for name in ("to", "cc")
    )
    # the web endpoint accepts only signed messages
    options = [
        *make_recipient_options(to, cc),
        *make_send_options(send.entries[0].number == 0, sign=True),
    ]
    post_series(delivery, options, _make_settings(send.branch or "", send.tracking_data))
    return ""


def _refuse_changed_mails(repository: Repository, send: Send) -> None:
    if repository.branch == send.branch and is_tip(
        repository, [entry.commit for entry in send.entries if entry.commit]
    ):
        return
    if not send.may_have_been_sent:
        raise RefusedError(
            f"b4 sends only the planned branch: {send.branch} at {(send.head or '')[:12]}"
            " is not checked out",
            hint=Action("send", (), "nothing was sent; plan it again with `{}`"),
        )
    raise RefusedError(
        "cannot resume: b4's web endpoint only accepts a whole series, and the commits have"
        " changed since part of the series was sent",
        hint=Action(
            "send",
            ("--reroll",),
            "send the changed commits as the next version: {}",
        ),
    )


def is_b4_signing(repository: Repository) -> bool:
    """Return whether b4 signs messages, which requires a patatt key and that signing is enabled."""
    is_disabled = (repository.config("b4.send-no-patatt-sign") or ("no",))[-1].lower() in (
        "yes",
        "true",
        "y",
    )
    return bool(repository.config("patatt.signingkey")) and not is_disabled


def _find_checked_out_branch(repository: Repository, ids: Sequence[str]) -> str:
    branch = repository.branch
    if branch is None or not is_tip(repository, ids):
        raise UsageError(
            "b4 sends only the checked-out branch",
            hint="switch to the topic branch and omit TARGET, or use --via git-send-email",
        )
    prep = prep_branch(repository, branch)
    if prep and prep.strategy == TIP_COMMIT and prep.cover_commit != repository.find("HEAD"):
        raise RefusedError(
            "b4 sends only the commits before its cover letter commit: this branch has commits"
            " after it",
            hint=(
                f"move the cover letter to the end with `git rebase -i {(prep.base or '')[:12]}`,"
                " or use --via git-send-email"
            ),
        )
    return branch


def _make_settings(
    branch: str, tracking_data: Mapping[str, Sequence[str]]
) -> list[tuple[str, str]]:
    return [
        (f"branch.{branch}.{key}", value)
        for key, values in tracking_data.items()
        for value in values
    ]


def _make_tracking_data(
    repository: Repository, branch: str, series: Sending
) -> dict[str, tuple[str, ...]]:
    """Return the configuration section of the branch, with b4's data and the texts of this draft.

    Return {} if b4 stores them in a commit. If the user enrolled the branch, its cover letter is
    replaced only if the draft has one. Nothing is written until the series is sent.
    """
    draft, text, count = series.draft, series.text, len(series.ids)
    prep = prep_branch(repository, branch)
    if prep and not prep.by_us and _find_sent_version(repository, series):
        return {}
    prefixes = [word for word in text.prefix.split() if word != "PATCH"]
    if prep and not prep.by_us:
        cover = make_b4_cover(draft, prep)
        if "EDITME" in cover and count > 1:
            raise RefusedError(
                "the b4 cover letter has not been written yet",
                hint=Action("draft", ("--edit",), "write it: b4 prep --edit-cover, or {}"),
            )
    else:
        title = draft.cover_subject or (draft.patches[0].subject if draft.patches else "")
        if count > 1 and not draft.has_cover:
            raise RefusedError(
                "no cover letter: b4 requires one for a series",
                hint=Action("draft", ("--edit",), "write it: {}"),
            )
        changelog = f"---\n{draft.changelog.strip()}" if draft.changelog else ""
        parts = (title, draft.cover_text.strip(), changelog)
        cover = "\n\n".join(part for part in parts if part)
        # b4 takes a text of one line for the text below the subject, and adds it to the patch
        cover += "" if "\n" in cover else "\n\n---"
    if prep and prep.strategy != DESCRIPTION:
        if (cover, draft.version, prefixes) != (
            prep.cover,
            prep.revision,
            list(prep.prefixes),
        ):
            raise RefusedError(
                f"b4 keeps the cover letter of this branch in a commit with v{prep.revision} and"
                f" {'prefixes ' + ' '.join(prep.prefixes) if prep.prefixes else 'no prefixes'},"
                " and `send`"
                " does not change commits",
                hint=Action(
                    "draft",
                    ("--edit",),
                    "`{}` writes them there; or use --via git-send-email",
                ),
            )
        return {}
    section = read_branch_tracking(repository, branch)
    if prep:
        data = read_tracking_data(repository, prep)
    else:
        base = repository.resolve(f"{series.ids[0]}^")
        base_branch = choose_base_name(repository, branch, base, series.request.base)
        data = {"series": {"base-branch": base_branch, "presubject": text.presubject}}
        if "description" in section:
            section["patchpilot-description"] = section["description"]
        section["patchpilot-enrolled"] = ("true",)
    values: dict[str, object] = {
        "change-id": draft.change_id,
        "revision": draft.version,
        "prefixes": prefixes,
    }
    if prep is None or prep.by_us:
        # if the topic depends on another topic, add the same lines as format-patch --base, as b4
        # does
        prerequisite_ids = patch_ids(repository, text.unpublished)
        values["prerequisites"] = [
            *([f"base-commit: {text.base}"] if prerequisite_ids else []),
            *(f"patch-id: {id_}" for id_ in prerequisite_ids.values() if id_),
        ]
    data = {**data, "series": {**data["series"], **values}}
    return {
        **section,
        "b4-prep-cover-strategy": (DESCRIPTION,),
        "description": (cover,),
        "b4-tracking": (json.dumps(data),),
    }


def _find_sent_version(repository: Repository, series: Sending) -> int:
    """Return the version that b4 resends from its tag, or 0 if b4 does not resend.

    b4 resends only if the user requested a resend and the tag exists. The web endpoint cannot
    resend, and b4 would drop the RFC prefix.
    """
    version = series.draft.version
    tag = f"refs/tags/{format_tag_name(series.draft.change_id, version)}"
    is_resend = (
        series.request.resend
        and not series.account.destination
        and "RFC" not in series.text.prefix.upper().split()
    )
    return version if is_resend and repository.find(tag) else 0


def _add_commits(
    repository: Repository, mails: Sequence[Message], ids: Sequence[str]
) -> tuple[Message, ...]:
    """Add the commit ids to b4's messages.

    Raise RefusedError if the messages are not for the requested commits.
    """
    patch_mails = [mail for mail in mails if not _is_cover_mail(mail)]
    titles = [parse_subject(patch_mail.subject).title for patch_mail in patch_mails]
    subjects = [" ".join(repository.commit(id_).subject.split()) for id_ in ids]
    if len(titles) != len(subjects) or not _titles_agree(titles, subjects):
        raise RefusedError(
            f"b4 would send {len(patch_mails)} patches instead of the {len(ids)} selected patches",
            hint="b4 sends the whole branch; omit TARGET",
        )
    patch_ids = compute_patch_ids(repository, [patch_mail.raw for patch_mail in patch_mails])
    commits = dict(
        zip(
            (patch_mail.message_id for patch_mail in patch_mails),
            zip(ids, patch_ids, strict=True),
            strict=True,
        )
    )
    messages = []
    for index, mail in enumerate(mails):
        commit, patch_id = commits.get(mail.message_id, (None, None))
        number = parse_subject(mail.subject).number
        messages.append(
            replace(
                mail,
                number=index + 1 if number is None else number,
                file=mail.raw,
                commit=commit,
                patch_id=patch_id,
            )
        )
    return tuple(messages)


def _find_undecodable_commit(repository: Repository, ids: Sequence[str]) -> str:
    for id_ in ids:
        try:
            repository.git("show", "--format=%B", id_).out.decode("utf-8")
        except UnicodeDecodeError:
            return f"commit {id_[:12]}"
    return "the series"


def _titles_agree(titles: Sequence[str], subjects: Sequence[str]) -> bool:
    """Return whether most titles match.

    Some may differ, because b4 can garble a title.
    """
    return (
        titles == subjects
        or sum(subject == title for subject, title in zip(titles, subjects, strict=True)) * 2
        >= len(subjects) - 1
    )


def _is_cover_mail(mail: Message) -> bool:
    return parse_subject(mail.subject).number == 0 or not re.search(
        rb"^diff --git ", mail.raw, re.MULTILINE
    )


_ENCODING = re.compile(
    rb"^content-transfer-encoding:[^\n]*(?:\n[ \t][^\n]*)*",
    re.IGNORECASE | re.MULTILINE,
)


def list_inserted_texts(
    series_text: SeriesText,
    notes: Mapping[str, str],
    mails: Sequence[Message],
) -> tuple[str, ...]:
    """Return the text to insert into each message, which is the note about its patch.

    For the first message, this also contains the texts of the series that are not in the cover
    letter.
    """
    insertions = [notes.get(mail.commit or "", "") for mail in mails]
    if insertions:
        insertions[0] = "\n\n".join(
            part for part in (insertions[0], *series_text.extras) if part.strip()
        )
    return tuple(insertions)


def insert_texts(
    mails: Sequence[Message],
    texts: Sequence[str],
    parent: str | None,
) -> tuple[Message, ...]:
    """Insert texts into the messages.

    With `parent`, also make the messages replies to it.
    """
    results = []
    for mail, text in zip(mails, texts, strict=True):
        raw = mail.raw
        if text.strip():
            raw = _replace_body(raw, partial(_insert_text, text=text, is_patch=bool(mail.commit)))
        if parent:
            # only the first message replies to the parent; the other messages reply to the first
            # one
            chain = [parent] + [mails[0].message_id] * bool(mail.in_reply_to)
            references = "\n ".join(map(add_brackets, chain))
            raw = replace_fields(
                raw,
                {
                    "In-Reply-To": add_brackets(mail.in_reply_to or parent),
                    "References": references,
                },
            )
        results.append(mail.replace_raw(raw))
    return tuple(results)


def _insert_text(body: bytes, text: str, *, is_patch: bool) -> bytes:
    if is_patch:
        return insert_note(body, text)
    before, separator, after = body.partition(b"\n---\n")
    return (
        before.rstrip(b"\n")
        + b"\n\n"
        + text.strip("\n").encode("utf-8", "surrogateescape")
        + b"\n"
        + separator
        + after
    )


def _replace_body(raw: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Replace a message's body, keeping its encoding.

    If the body is no longer ASCII, set the encoding to 8bit.
    """
    head, separator, body = raw.partition(b"\n\n")
    coding = (
        str(
            message_from_bytes(head + separator, policy=compat32).get(
                "Content-Transfer-Encoding", ""
            )
        )
        .strip()
        .lower()
    )
    if coding == "quoted-printable":
        return head + separator + quopri.encodestring(change(quopri.decodestring(body)))
    if coding == "base64":
        return head + separator + base64.encodebytes(change(base64.b64decode(body)))
    body = change(body)
    if not body.isascii() and coding in ("", "7bit"):
        head = _set_8bit_encoding(head)
    return head + separator + body


def _set_8bit_encoding(head: bytes) -> bytes:
    message = message_from_bytes(head + b"\n\n", policy=compat32)
    if message.get_content_charset() not in ("utf-8", "utf8"):
        head = re.sub(
            rb"\ncontent-type:[^\n]*(?:\n[ \t][^\n]*)*",
            b"",
            b"\n" + head,
            flags=re.IGNORECASE,
        )[1:]
        head += b'\nContent-Type: text/plain; charset="utf-8"'
    head = _ENCODING.sub(b"Content-Transfer-Encoding: 8bit", head)
    return head if _ENCODING.search(head) else head + b"\nContent-Transfer-Encoding: 8bit"
