# SPDX-License-Identifier: GPL-2.0-or-later
"""Define the messages of a series that the tests use.

They contain v1, a review, v2, a tag, an "applied" message, stable trees, and a fix of the fix.
"""

from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from tests.kit.mails import (
    MATT,
    OTTO,
    RITA,
    build_applied_notice,
    build_described_mail,
    build_mail,
    build_mbox,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)

TITLE = "demo: check the pointer before use"
SHA = "0123456789abcdef0123456789abcdef01234567"

V1 = build_described_mail(f"v1 [PATCH] {TITLE}")
REVIEW = build_reply(
    f"[PATCH] {TITLE}",
    "Please add a Fixes: tag and name the net tree in the subject.",
    id="r1",
    reply_to="v1",
    minutes=60,
)
ANSWER = build_reply(
    f"[PATCH] {TITLE}",
    "Sure, will do in v2.",
    sender="Ada Fixer <ada@example.org>",
    id="r2",
    reply_to="r1",
    minutes=90,
)
V2 = build_described_mail(f"v2+1440 [PATCH net v2] {TITLE}", notes="Changes in v2:\n- Fixes tag")
TAG = build_reply(
    f"[PATCH net v2] {TITLE}",
    f"Reviewed-by: {RITA}",
    id="r3",
    reply_to="v2",
    minutes=1500,
)
APPLIED = build_applied_notice(TITLE, SHA[:12], id="r4", reply_to="v2", minutes=2000)
IN_REVIEW = build_stable_review(TITLE, SHA, "6.6", id="s1", minutes=9000)
QUEUED = build_stable_queue_notice(TITLE, SHA, "6.1", id="s2", minutes=9100)
FAILED = build_stable_failure_notice(TITLE, SHA, "5.10", id="s3", minutes=9200)
FIX_V1 = build_described_mail(
    "f1+9900 [PATCH] demo: check the return of the check",
    author=OTTO,
    message=f'Fix the check.\n\nFixes: {SHA[:12]} ("{TITLE}")\n',
)
FIX_V2 = build_described_mail(
    "f2+10900 [PATCH net v2] demo: check the return of the check", author=OTTO
)
FIX_APPLIED = build_applied_notice(
    "demo: check the return of the check",
    "fedcba987654",
    id="f3",
    reply_to="f2",
    minutes=11000,
)

BEGINNING = (V1, REVIEW)
ACCEPTED = (V1, REVIEW, ANSWER, V2, TAG, APPLIED)
WHOLE = (*ACCEPTED, IN_REVIEW, QUEUED, FAILED, FIX_V1, FIX_V2, FIX_APPLIED)


def read_first_series(*mails: bytes, confirmed_ids: frozenset[str] = frozenset()) -> PostedSeries:
    """Return the first series in the messages. `confirmed_ids` are the Message-IDs that the user
    confirmed.
    """
    return read_thread(parse(build_mbox(*mails)), confirmed=confirmed_ids)[0]


def read_only_series(*mails: bytes, confirmed_ids: frozenset[str] = frozenset()) -> PostedSeries:
    """Return the only series in the messages. `confirmed_ids` are the Message-IDs that the user
    confirmed.
    """
    (series,) = read_thread(parse(build_mbox(*mails)), confirmed=confirmed_ids)
    return series


def read_state(*mails: bytes) -> str:
    return str(read_first_series(*mails).state)


def build_answer_to(
    body: str,
    *,
    parent_id: str,
    sender: str = MATT,
    minutes: int = 2100,
    subject: str = f"[PATCH net v2] {TITLE}",
) -> bytes:
    return build_mail(
        f"Re: {subject}",
        f"> Check.\n\n{body}\n",
        sender=sender,
        id=f"x{minutes}",
        reply_to=parent_id,
        minutes=minutes,
    )


def next_step(series: PostedSeries) -> str:
    """Return the next step in one sentence."""
    return str(advise(series).advice)
