# SPDX-License-Identifier: GPL-2.0-or-later
"""Test each reviewer's verdict on each patch of the latest version."""

import pytest

from patchpilot.reading.review_table import ReviewTable, review_table
from tests.kit.mails import (
    MATT,
    RITA,
    build_described_mail,
    build_mail,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import read_first_series

ONE, TWO = "demo: check the pointer", "demo: count the pointers"
ASKS = "Please return -ENODEV instead."
TAG = f"Reviewed-by: {RITA}"
DAY = 1440


def make_series(version: int, *, tags: str = "", changed: bool = False) -> list[bytes]:
    """Return a version of two patches. The first patch contains `tags`, and may be different from
    v1's.
    """
    version_mark = f" v{version}" if version > 1 else ""
    posts = []
    for number, title in ((1, ONE), (2, TWO)):
        message = f"Check it.\n\n{tags}" if number == 1 and tags else "Check it.\n"
        post = build_patch_mail(
            f"[PATCH{version_mark} {number}/2] {title}",
            id=f"v{version}p{number}",
            message=message,
            minutes=version * DAY + number,
            **({"reply_to": f"v{version}p1"} if number == 2 else {}),
        )
        if tags and number == 1:
            post = post.replace(tags.encode() + b"\n", tags.encode())
        if changed and number == 1:
            post = post.replace(b"+\t\treturn -EINVAL;", b"+\t\treturn -ENODEV;")
        posts.append(post)
    return posts


def make_review_mail(
    body: str, parent_id: str, *, sender: str = RITA, days_later: int = 60
) -> bytes:
    version, number = int(parent_id[1]), int(parent_id[3])
    version_mark = f" v{version}" if version > 1 else ""
    title = (ONE, TWO)[number - 1]
    return build_reply(
        f"[PATCH{version_mark} {number}/2] {title}",
        body,
        sender=sender,
        id=f"x{parent_id}{days_later}",
        reply_to=parent_id,
        minutes=version * DAY + days_later,
    )


def build_review_table(*mails: bytes) -> ReviewTable:
    return review_table(read_first_series(*mails))


def list_reviewer_states(review_table: ReviewTable) -> dict[str, str]:
    return {
        person.name: " ".join(
            review.state if (review := review_table.review(patch, person)) else "none"
            for patch in review_table.patches
        )
        for person in review_table.reviewers
    }


CASES = {
    "nobody answered": (make_series(1), "never-looked never-looked"),
    "a tag in a reply": (
        [*make_series(1), make_review_mail(TAG, "v1p1")],
        "given never-looked",
    ),
    "a tag in the posted patch": (make_series(1, tags=TAG), "carried never-looked"),
    "a tag that the next version has": (
        [
            *make_series(1),
            make_review_mail(TAG, "v1p1"),
            *make_series(2, tags=TAG, changed=True),
        ],
        "carried never-looked",
    ),
    "a tag that the unchanged next version lacks": (
        [*make_series(1), make_review_mail(TAG, "v1p1"), *make_series(2)],
        "lost never-looked",
    ),
    "a posted tag that the unchanged next version lacks": (
        [*make_series(1, tags=TAG), *make_series(2)],
        "lost never-looked",
    ),
    "a tag that the changed next version lacks": (
        [*make_series(1), make_review_mail(TAG, "v1p1"), *make_series(2, changed=True)],
        "outdated never-looked",
    ),
    "a request": (
        [*make_series(1), make_review_mail(ASKS, "v1p2")],
        "never-looked asked",
    ),
    "a request for the version before": (
        [
            *make_series(1),
            make_review_mail(ASKS, "v1p1"),
            *make_series(2, changed=True),
        ],
        "asked never-looked",
    ),
    "a request, then a reply to the next version": (
        [
            *make_series(1),
            make_review_mail(ASKS, "v1p1"),
            *make_series(2, changed=True),
            make_review_mail("Thanks!", "v2p1"),
        ],
        "looked never-looked",
    ),
    "a request, then a tag": (
        [
            *make_series(1),
            make_review_mail(ASKS, "v1p1"),
            make_review_mail(TAG, "v1p1", days_later=90),
        ],
        "given never-looked",
    ),
    "a tag, then a remark on the same version": (
        [
            *make_series(1),
            make_review_mail(TAG, "v1p1"),
            make_review_mail(ASKS, "v1p1", days_later=90),
        ],
        "given never-looked",
    ),
    "a tag, then a NACK": (
        [
            *make_series(1),
            make_review_mail(TAG, "v1p1"),
            make_review_mail(f"Nacked-by: {RITA}", "v1p1", days_later=90),
        ],
        "asked never-looked",
    ),
    "a tag, then a request for the next version": (
        [
            *make_series(1),
            make_review_mail(TAG, "v1p1"),
            *make_series(2, tags=TAG),
            make_review_mail(ASKS, "v2p1"),
        ],
        "asked never-looked",
    ),
    "a request, then agreement, then another version": (
        [
            *make_series(1),
            make_review_mail(ASKS, "v1p1"),
            *make_series(2, changed=True),
            make_review_mail("Looks good to me.", "v2p1"),
            *make_series(3, changed=True),
        ],
        "looked never-looked",
    ),
    "a request, then agreement with the same version": (
        [
            *make_series(1),
            make_review_mail(ASKS, "v1p1"),
            make_review_mail("Looks good to me.", "v1p1", days_later=90),
        ],
        "looked never-looked",
    ),
    "agreement, then a request": (
        [
            *make_series(1),
            make_review_mail("Looks good to me.", "v1p1"),
            make_review_mail(ASKS, "v1p1", days_later=90),
        ],
        "asked never-looked",
    ),
    "a tag for the series in reply to a patch": (
        [*make_series(1), make_review_mail(f"For the whole series:\n\n{TAG}", "v1p1")],
        "given given",
    ),
    "a request after the tag that was in the post": (
        [*make_series(2, tags=TAG), make_review_mail(ASKS, "v2p1")],
        "asked never-looked",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_reviewer_state_follows_the_mails(name: str) -> None:
    mails, expected = CASES[name]
    states = list_reviewer_states(build_review_table(*mails))
    assert states["Rita Reviewer"] == expected
    assert states["Matt Maintainer"] == "never-looked never-looked"


def test_tag_records_version_and_mail() -> None:
    review_table = build_review_table(
        *make_series(1), make_review_mail(TAG, "v1p1"), *make_series(2, tags=TAG)
    )
    (review, *_) = review_table.patches[0].reviewers
    assert (review.tags, review.version, review.message_id) == (
        ("Reviewed-by",),
        1,
        "xv1p160@example.org",
    )
    assert (review_table.approved, review_table.version) == (1, 2)


def test_request_next_to_a_carried_tag_does_not_approve() -> None:
    review_table = build_review_table(*make_series(2, tags=TAG), make_review_mail(ASKS, "v2p1"))
    (review, *_) = review_table.patches[0].reviewers
    assert (review.state, review.tags) == ("asked", ("Reviewed-by",))
    assert review_table.approved == 0


def test_cover_letter_reply_covers_every_patch() -> None:
    title = "[PATCH 0/2] demo: pointers"
    cover = build_mail(title, "Both.\n", id="c", to=RITA, minutes=DAY)
    second_mail = build_described_mail(f"b+{DAY + 2}>c [PATCH 2/2] {TWO}")
    first_mail = build_described_mail(f"a+{DAY + 1}>c [PATCH 1/2] {ONE}")
    tag = build_reply(title, f"For the series:\n\n{TAG}", id="t", reply_to="c", minutes=2 * DAY)
    review_table = build_review_table(cover, first_mail, second_mail, tag)
    assert (
        list_reviewer_states(review_table)["Rita Reviewer"],
        review_table.approved,
    ) == (
        "given given",
        2,
    )
    assert [reviewer.name for reviewer in review_table.silent] == ["Matt Maintainer"]


def test_applier_is_not_asked_again() -> None:
    applied_reply = make_review_mail("Applied to demo/next, thanks!", "v1p1", sender=MATT)
    assert list_reviewer_states(build_review_table(*make_series(1), applied_reply))[
        "Matt Maintainer"
    ].startswith("applied")


def test_applied_series_settles_requests_about_every_patch() -> None:
    request = make_review_mail(ASKS, "v1p2", sender=MATT)
    applied_reply = make_review_mail("Series applied.", "v2p1", sender=MATT)
    table = build_review_table(*make_series(1), request, *make_series(2), applied_reply)
    assert list_reviewer_states(table)["Matt Maintainer"] == "applied applied"


def test_bots_lists_and_authors_are_not_reviewers() -> None:
    recipients = "lkp@intel.com, linux-kernel@vger.kernel.org, Ada Fixer <ada@example.org>"
    post = build_described_mail(f"p [PATCH] {ONE}", to=f"{recipients}, {RITA}")
    bot = build_reply(
        f"[PATCH] {ONE}",
        "kernel test robot noticed the following build warnings:\n\n>> a.c:1: warning: x",
        sender="kernel test robot <lkp@intel.com>",
        id="b",
        reply_to="p",
        minutes=60,
    )
    assert [reviewer.name for reviewer in build_review_table(post, bot).reviewers] == [
        "Rita Reviewer"
    ]
