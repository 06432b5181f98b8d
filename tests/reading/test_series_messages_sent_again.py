# SPDX-License-Identifier: GPL-2.0-or-later
"""Test versions that repeat an earlier version or replace some of its patches."""

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.requests import review_points
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import read_only_series

STEPS = ("open the valve", "read the level", "stop the pump", "close the valve")
COVER = build_described_mail("c [PATCH 0/4] pump: stop in time")


def make_step_patch(
    number: int, subject_prefix: str = "PATCH", *, value: int = 0, **options: object
) -> bytes:
    """Return one of four patches. Each has a different diff, which `value` changes."""
    number_suffix = f" {number}/4" if "/4" not in subject_prefix else ""
    message = build_patch_mail(
        f"[{subject_prefix}{number_suffix}] pump: {STEPS[number - 1]}", **options
    )
    return message.replace(b"-EINVAL", b"-%d" % (100 * number + value))


SERIES = (
    COVER,
    *(make_step_patch(n, id=f"p{n}", reply_to="c", minutes=n) for n in range(1, 5)),
)


def read_status(*mails: bytes) -> PostedSeries:
    return read_only_series(*SERIES, *mails)


def list_patch_states(series: PostedSeries) -> list[str]:
    return [post.message_id.partition("@")[0] for post in series.latest.patches]


def build_step_reply(parent_id: str, body: str, minutes: int, sender: str = RITA) -> bytes:
    number = int(parent_id[1:]) if parent_id[1:] else 0
    title = STEPS[number - 1] if number else "stop in time"
    subject = f"[PATCH {number}/4] pump: {title}"
    return build_reply(
        subject,
        body,
        id=f"a{minutes}",
        reply_to=parent_id,
        minutes=minutes,
        sender=sender,
    )


TAG = build_step_reply("p1", f"Reviewed-by: {RITA}", 50)
REQUEST = build_step_reply("p2", "Please name the constant.", 60)
TO_BE_CHANGED = build_step_reply("p3", "Please check the return value.", 70)
BELOW = "<p3@example.org> <a70@example.org>"
THIRD = make_step_patch(3, "PATCH v2", value=1, id="q3", reply_to="p3", minutes=900)


def test_reply_replaces_the_patch_with_its_number() -> None:
    series = read_status(TAG, REQUEST, TO_BE_CHANGED, THIRD)
    assert [revision.label for revision in series.revisions] == ["v1", "v2"]
    assert list_patch_states(series) == ["p1", "p2", "q3", "p4"]
    assert series.subject == "pump: stop in time"
    latest = series.latest
    assert (latest.message_id, latest.sent) == (
        "q3@example.org",
        latest.patches[2].mail.date,
    )
    assert [(tag.trailer, tag.version, tag.patch) for tag in series.trailers] == [
        (f"Reviewed-by: {RITA}", 2, 1)
    ]
    assert [(patch_state.number, str(patch_state.state)) for patch_state in series.patches] == [
        (1, "under-review"),
        (2, "changes-requested"),
        (3, "sent"),
        (4, "sent"),
    ]
    assert series.state == "changes-requested"


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        # each of these messages replaces a patch: it replies to a review of the patch, has no
        # number, or follows another replacement
        ((make_step_patch(3, "PATCH v2", id="q3", reply_to="a70", references=BELOW, minutes=900),), ["p1", "p2", "q3", "p4"]),  # noqa: E501
        ((build_described_mail("q3+900>p3 [PATCH v2] pump: stop the pump"),), ["p1", "p2", "q3", "p4"]),  # noqa: E501
        ((THIRD, make_step_patch(1, "PATCH v2", id="q1", reply_to="p1", minutes=1900)), ["q1", "p2", "q3", "p4"]),  # noqa: E501
        ((THIRD, make_step_patch(3, "PATCH v3", id="r3", reply_to="q3", minutes=1900)), ["p1", "p2", "r3", "p4"]),  # noqa: E501
        # each of these messages starts a new version: it replies to another patch, or belongs to a
        # series of another length
        ((make_step_patch(3, "PATCH v2", id="q3", reply_to="p2", minutes=900),), ["q3"]),
        ((make_step_patch(3, "PATCH v2 3/3, 3/4", id="q3", reply_to="c", minutes=900),), ["q3"]),
    ],
)  # fmt: skip
def test_partial_resend_keeps_the_other_patches(
    mails: tuple[bytes, ...], expected: list[str]
) -> None:
    assert list_patch_states(read_status(TO_BE_CHANGED, *mails)) == expected


def test_unchanged_resend_keeps_the_other_patches() -> None:
    resend = build_described_mail("q3+900>p3 [PATCH] pump: stop the pump")
    series = read_status(TAG, resend.replace(b"-EINVAL", b"-300"))
    assert [revision.label for revision in series.revisions] == ["v1"]
    assert list_patch_states(series) == ["p1", "p2", "q3", "p4"]
    assert [tag.patch for tag in series.trailers] == [1]


def test_full_resend_inherits_no_patches() -> None:
    whole = (
        make_step_patch(n, "PATCH v2", id=f"q{n}", reply_to=f"p{n}", minutes=900 + n)
        for n in range(1, 5)
    )
    assert list_patch_states(read_status(*whole)) == ["q1", "q2", "q3", "q4"]


def test_applied_patch_stays_applied() -> None:
    applied = build_step_reply("p1", "Applied, thanks.", 80, MATT)
    series = read_status(applied, build_step_reply("p3", "Applied, thanks.", 81, MATT), THIRD)
    assert [str(patch_state.state) for patch_state in series.patches] == [
        "accepted",
        "sent",
        "sent",
        "sent",
    ]


@pytest.mark.parametrize(
    ("about", "states"),
    [
        # the message is about one patch, about a patch that has changed since, or about the series
        ("p1", ["accepted", "sent", "sent", "sent"]),
        ("p2", ["sent", "sent", "sent", "sent"]),
        ("c", ["accepted", "sent", "accepted", "accepted"]),
    ],
)
def test_unchanged_resend_stays_applied(about: str, states: list[str]) -> None:
    resend = [
        make_step_patch(n, "PATCH v2", value=int(n == 2), id=f"q{n}", reply_to="d", minutes=900 + n)
        for n in range(1, 5)
    ]
    cover = build_described_mail("d+900 [PATCH v2 0/4] pump: stop in time")
    series = read_status(build_step_reply(about, "Applied, thanks.", 80, MATT), cover, *resend)
    assert [str(patch_state.state) for patch_state in series.patches] == states


@pytest.mark.parametrize(
    ("minutes", "mark", "value", "labels"),
    [
        (2000, "PATCH", 0, ["v1", "v1 resend"]),
        (2000, "PATCH net-next", 0, ["v1", "v1 resend"]),
        (2000, "PATCH RESEND", 0, ["v1", "v1 resend"]),
        (2000, "PATCH v2", 0, ["v1", "v2"]),
        (2000, "PATCH", 1, ["v1", "v1"]),
    ],
)
def test_unchanged_unnumbered_version_is_a_resend(
    minutes: int, mark: str, value: int, labels: list[str]
) -> None:
    first_mail = build_described_mail("a [PATCH] pump: stop")
    tagged = f"Check the pointer before it is used.\n\nReviewed-by: {RITA}\n"
    resend = build_described_mail(f"b+{minutes} [{mark}] pump: stop", message=tagged)
    resend = resend.replace(b"-EINVAL", b"-EINVAL" if not value else b"-EIO")
    series = read_only_series(first_mail, resend)
    assert [revision.label for revision in series.revisions] == labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Please check the return value.", "changes-requested"),
        ("NAK, the pump must not stop.", "rejected"),
        ("Why is the valve open here?", "under-review"),
        ("Applied to pumps-next, thanks.", "accepted"),
    ],
)
def test_replies_survive_a_resend(text: str, expected: str) -> None:
    first_mail = build_described_mail("a [PATCH] pump: stop", to=f"{MATT}, demo@lists.example.org")
    review = build_mail(
        "Re: [PATCH] pump: stop",
        f"> -EINVAL\n\n{text}\n",
        sender=MATT,
        id="r",
        reply_to="a",
        minutes=60,
    )
    resend = build_described_mail("b+2000 [PATCH RESEND] pump: stop")
    assert (
        read_only_series(first_mail, review).state
        == read_only_series(first_mail, review, resend).state
        == expected
    )
    requests_changes = expected != "accepted"
    assert len(review_points(read_only_series(first_mail, review, resend))) == requests_changes
    changed_mail = build_described_mail("b+2000 [PATCH v2] pump: stop").replace(b"-EINVAL", b"-EIO")
    assert read_only_series(first_mail, review, changed_mail).state == "sent"


def test_added_patch_joins_a_series_without_a_count() -> None:
    cover = build_mail("[PATCHSET] pump: stop in time", "Some steps.\n", id="c")
    first, second = (
        build_described_mail(f"p{n}+{n}>c [PATCH {n}/2] pump: {STEPS[n - 1]}") for n in (1, 2)
    )
    third_mail = build_described_mail(f"p3+9000>c [PATCH 3/2] pump: {STEPS[2]}")
    series = read_only_series(cover, first, second, third_mail)
    assert list_patch_states(series) == ["p1", "p2", "p3"]


def test_squashed_series_is_its_next_version() -> None:
    squashed = build_patch_mail("[PATCH v2] pump: be in time", id="v2", reply_to="p1", minutes=60)
    series = read_status(squashed)
    assert [(it.version, it.patch_count) for it in series.revisions] == [(1, 4), (2, 1)]


@pytest.mark.parametrize("posted_before", [False, True])
def test_fix_in_the_thread_with_its_own_versions_is_a_series(posted_before: bool) -> None:
    """A second version of a fix that was posted in the thread is no version of the thread's
    series.
    """
    fix = "pump: repair the level"
    path = b"drivers/demo/pump.c" if posted_before else b"drivers/demo/level.c"
    mails = [build_patch_mail(f"[PATCH v2] {fix}", id="f2", reply_to="c", minutes=90)]
    if posted_before:
        mails.insert(0, build_patch_mail(f"[PATCH] {fix}", id="f1", reply_to="c", minutes=60))
    mails = [mail.replace(b"drivers/demo/pump.c", path) for mail in mails]
    all_series = read_thread(parse(build_mbox(*SERIES, *mails)))
    assert [it.latest.head.title for it in all_series] == ["pump: stop in time", fix]


@pytest.mark.parametrize(("author", "versions"), [(ADA, [1, 2]), (RITA, [1])])
def test_version_sent_as_a_reply_is_a_version(author: str, versions: list[int]) -> None:
    title = "pump: stop at ten"
    first = build_patch_mail(f"[PATCH] {title}", id="v1")
    second = build_patch_mail(
        f"Re: [PATCH v2] {title}", author=author, id="v2", reply_to="v1", minutes=60
    )
    series = read_thread(parse(build_mbox(first, second)))[0]
    assert [it.version for it in series.revisions] == versions
