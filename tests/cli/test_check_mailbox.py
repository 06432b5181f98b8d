# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `check` on a thread, an mbox and a digest.

It checks the latest version of each series, and skips messages that contain a diff but are not
patches.
"""

import json

import pytest

from tests.kit.cli import call
from tests.kit.mails import ADA
from tests.kit.snippets import HUNK, PATH, PROSE, SIGN_OFF, build_file_diff, mail

DIFF = build_file_diff(PATH, HUNK)


def build_thread_mail(
    name: str,
    subject: str,
    sent_day: int,
    *,
    parent_id: str = "",
    sender: str = ADA,
    body: str = "",
) -> str:
    """Return a message of the thread with the Message-ID <name@example.org>."""
    mail_text = (
        mail(subject, f"{PROSE}\n\n{SIGN_OFF}", DIFF)
        .partition("\n")[2]
        .replace("Tue, 6 Jan", f"{('Mon', 'Tue', 'Wed')[sent_day % 3]}, {sent_day} Jan")
    )
    head, _, mail_body = mail_text.partition("\n\n")
    head = head.replace(f"From: {ADA}", f"From: {sender}") + f"\nMessage-ID: <{name}@example.org>"
    head += (
        f"\nIn-Reply-To: <{parent_id}@example.org>\nReferences: <{parent_id}@example.org>"
        if parent_id
        else ""
    )
    return f"{head}\n\n{body or mail_body}"


def make_series(version: int, sent_day: int) -> list[str]:
    subject_prefix = f"PATCH v{version}" if version > 1 else "PATCH"
    first_mail = build_thread_mail(
        f"v{version}-1",
        f"[{subject_prefix} 1/2] frob: wait for the link before it is used",
        sent_day,
    )
    return [
        first_mail,
        build_thread_mail(
            f"v{version}-2",
            f"[{subject_prefix} 2/2] frob: use the link",
            sent_day,
            parent_id=f"v{version}-1",
        ),
    ]


STABLE = "Greg Kroah-Hartman <gregkh@linuxfoundation.org>"
REVIEW = f"On Tue, Ada wrote:\n> {PROSE.splitlines()[0]}\n\nBetter like this:\n\n{DIFF}\nThanks\n"
NOTICE = (
    "This is a note to let you know that I've just added the patch titled\n\n    frob\n\nto the"
    f" 6.1-stable tree\n\n{DIFF}"
)
FAILED = (
    "The patch below does not apply to the 6.1-stable tree.\n\nthanks,\n\ngreg k-h\n\n----"
    f" original commit in Linus's tree ----\n\n{DIFF}"
)
OTHERS = [
    build_thread_mail(
        "review",
        "Re: [PATCH 1/2] frob: wait for the link before it is used",
        7,
        parent_id="v1-1",
        sender="Rita <rita@example.org>",
        body=REVIEW,
    ),
    build_thread_mail(
        "added",
        'Patch "frob: wait for the link" has been added to the 6.1-stable tree',
        9,
        sender=STABLE,
        body=NOTICE,
    ),
    build_thread_mail(
        "failed",
        'FAILED: patch "[PATCH] frob: wait for the link" failed to apply to 6.1-stable tree',
        9,
        sender=STABLE,
        body=FAILED,
    ),
]


def make_mbox(mails: list[str]) -> bytes:
    return "".join(
        f"From mboxrd@z Thu Jan  1 00:00:00 1970\n{message}\n" for message in mails
    ).encode()


def make_digest(mails: list[str]) -> bytes:
    parts = "".join(
        f"--=_part\n{'' if index else 'Content-Type: message/rfc822'}\n"
        f"{'' if index else chr(10)}{mail}\n"
        for index, mail in enumerate(mails)
    )
    digest_header = (
        "From: list@example.org\nSubject: frob Digest, Vol 1\nMIME-Version: 1.0\nContent-Type:"
        ' multipart/digest;\n\tboundary="=_part"\n\n'
    )
    return f"{digest_header}{parts}--=_part--\n".encode()


def check_and_list_subjects(data: bytes) -> list[tuple[str, int]]:
    result = call("check --format json --fail-on never -", stdin=data)
    assert result.code == 0, result.err
    return [
        (patch["subject"], int(patch["source"].rpartition(":")[2]))
        for patch in json.loads(result.out)["patches"]
    ]


@pytest.mark.parametrize("form", [make_mbox, make_digest])
def test_only_the_latest_version_is_checked(form: object) -> None:
    first, second = make_series(1, 6), make_series(2, 8)
    data = form([*first, OTHERS[0], *second, *OTHERS[1:]])  # type: ignore[operator]
    titles = ["frob: wait for the link before it is used", "frob: use the link"]
    assert check_and_list_subjects(data) == list(zip(titles, (4, 5), strict=True))


def test_all_series_are_checked_without_duplicates() -> None:
    other_mail = build_thread_mail(
        "other",
        "[PATCH] grob: do not count twice",
        6,
        sender="Ben Other <ben@example.org>",
    )
    assert [
        title
        for title, _ in check_and_list_subjects(
            make_mbox([*make_series(1, 6), other_mail, other_mail, *make_series(2, 8)])
        )
    ] == [
        "grob: do not count twice",
        "frob: wait for the link before it is used",
        "frob: use the link",
    ]


def test_unsent_messages_are_all_checked() -> None:
    written = [
        mail(f"[PATCH {at}/2] frob: wait for link {at}", f"{PROSE}\n\n{SIGN_OFF}", DIFF)
        for at in (1, 2)
    ]
    assert len(check_and_list_subjects("\n".join(written).encode())) == 2
