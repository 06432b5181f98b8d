# SPDX-License-Identifier: GPL-2.0-or-later
"""Which patches are one series, and which series are revisions of one work."""

import pytest

from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from patchpilot.reading.posted_series import PostedTopic
from patchpilot.reading.revisions import find_topics
from patchpilot.reading.status import read_thread
from tests.kit.mails import ADA, mail, mbox, patch, reply


def topics(*mails: bytes) -> tuple[PostedTopic, ...]:
    return find_topics([classify(one) for one in parse(mbox(*mails))])


def versions(topic: PostedTopic) -> list[int]:
    return [revision.version for revision in topic.revisions]


def test_same_subject_and_author_are_one_work() -> None:
    found = topics(
        patch("[PATCH] demo: check it", id="a"),
        patch("[PATCH net v2] demo: check it", id="b", minutes=9),
    )
    assert [versions(one) for one in found] == [[1, 2]]


def test_same_subject_of_another_author_is_another_work() -> None:
    other = "Otto Other <otto@example.com>"
    found = topics(
        patch("[PATCH] demo: check it", id="a"),
        patch("[PATCH v2] demo: check it", id="b", author=other),
    )
    assert [versions(one) for one in found] == [[1], [2]]


def test_one_title_for_two_files_at_the_same_time_is_two_works() -> None:
    first = patch("[PATCH] demo: a typo fix", id="a")
    second = patch("[PATCH] demo: a typo fix", id="b", minutes=10)
    assert [
        versions(one) for one in topics(first, second.replace(b"/pump.c", b"/tap.c"))
    ] == [
        [1],
        [1],
    ]
    assert [versions(one) for one in topics(first, second)] == [[1]]
    later = patch("[PATCH] demo: a typo fix", id="b", minutes=2000)
    assert [
        versions(one) for one in topics(first, later.replace(b"/pump.c", b"/tap.c"))
    ] == [[1, 1]]


# what the header is called
def series_of(
    title: str,
    patches: str,
    *,
    version: int = 1,
    id: str,  # noqa: A002
    minutes: int,
) -> list[bytes]:
    marks = f"PATCH v{version}" if version > 1 else "PATCH"
    cover = mail(f"[{marks} 0/1] {title}", "Fixes.\n", id=id, minutes=minutes)
    return [
        cover,
        patch(
            f"[{marks} 1/1] {patches}", id=f"{id}1", reply_to=id, minutes=minutes + 1
        ),
    ]


def test_a_common_title_of_cover_letters_joins_no_series() -> None:
    half_a_year = 60 * 24 * 180
    before = series_of("demo: minor fixes", "demo: clear it", id="a", minutes=0)
    first = series_of(
        "demo: minor fixes", "demo: use another walk", id="b", minutes=half_a_year
    )
    second = series_of(
        "demo: minor fixes",
        "demo: use another walk",
        version=2,
        id="c",
        minutes=half_a_year + 1000,
    )
    assert sorted(versions(one) for one in topics(*before, *first, *second)) == [
        [1],
        [1, 2],
    ]
    renamed = series_of(
        "demo: minor fixes", "demo: clear all of it", version=2, id="d", minutes=9000
    )
    assert [versions(one) for one in topics(*before, *renamed)] == [[1, 2]]


def test_a_request_to_pull_with_patches_of_two_series_does_not_make_them_one() -> None:
    series = [
        patch(
            f"[PATCH {n}/2] demo: check {n}",
            id=f"s{n}",
            reply_to="s1" if n > 1 else None,
            minutes=n,
        )
        for n in (1, 2)
    ]
    single = patch("[PATCH v3] demo: wait longer", id="w", minutes=50)
    titles = ("demo: wait longer", "demo: check 1", "demo: check 2")
    pull = [
        mail(
            "[PATCH net 0/3] pull-request: demo 2024-03-04",
            " demo.c | 6 ++\n",
            id="q",
            minutes=90,
        ),
        *(
            patch(
                f"[PATCH net {n}/3] {title}", id=f"q{n}", reply_to="q", minutes=90 + n
            )
            for n, title in enumerate(titles, 1)
        ),
    ]
    assert sorted(versions(one) for one in topics(*series, single, *pull)) == [
        [1, 1],
        [3],
    ]


def test_a_mail_without_number_and_diff_that_patches_answer_is_their_cover_letter() -> (
    None
):
    words = mail(
        "[PATCH] demo: check everything", "These patches check it all.\n", id="c"
    )
    patches = [
        patch(f"[PATCH {n}/2] demo: check {n}", id=f"p{n}", reply_to="c", minutes=n)
        for n in (1, 2)
    ]
    (found,) = topics(words, *patches)
    assert (
        found.latest.head.is_cover,
        [post.number for post in found.latest.patches],
    ) == (
        True,
        [1, 2],
    )
    alone = topics(
        mail("[PATCH] demo: check everything", "The patch is missing.\n", id="c")
    )
    assert not alone[0].latest.head.is_cover


def test_a_fix_in_the_thread_of_a_series_has_versions_of_its_own() -> None:
    series = [
        patch(f"[PATCH {n}/2] pump: {name}", id=f"p{n}", minutes=n)
        for n, name in ((1, "read the level"), (2, "stop at ten"))
    ]
    fix = patch(
        "[PATCH v2] valve: find out whether there is a probe",
        id="f",
        reply_to="p1",
        minutes=900,
    ).replace(b"pump.c", b"probe.c")
    assert sorted(versions(one) for one in topics(*series, fix)) == [[1], [2]]
    again = patch("[PATCH v2] pump: stop at ten", id="g", reply_to="p2", minutes=900)
    assert [versions(one) for one in topics(*series, again)] == [[1, 2]]


def test_a_change_id_joins_what_was_renamed() -> None:
    note = "change-id: 20240304-demo-check-abcdef012345\n"
    found = topics(
        patch("[PATCH] demo: check it", id="a", notes=note),
        patch("[PATCH v2] pump: something else", id="b", notes=note, minutes=9),
    )
    assert [versions(one) for one in found] == [[1, 2]]


def test_a_link_to_the_last_version_joins_what_was_renamed() -> None:
    link = "- Link to v1: https://lore.kernel.org/r/a@example.org\n"
    found = topics(
        patch("[PATCH] demo: check it", id="a"),
        patch("[PATCH v2] pump: something else", id="b", notes=link, minutes=9),
    )
    assert [versions(one) for one in found] == [[1, 2]]
    assert found[0].subject == "pump: something else"


def test_a_link_to_a_version_that_is_not_there_is_kept() -> None:
    link = "- Link to v1: https://lore.kernel.org/r/gone@example.org\n"
    assert topics(patch("[PATCH v2] demo: check it", id="b", notes=link))[
        0
    ].missing == {"gone@example.org": 1}


def test_an_answer_to_the_last_version_joins_what_was_renamed() -> None:
    found = topics(
        patch("[PATCH] demo: check it", id="a"),
        patch("[PATCH v2] pump: else", id="b", reply_to="a", minutes=9),
    )
    assert [versions(one) for one in found] == [[1, 2]]


def test_a_slightly_reworded_subject_is_found() -> None:
    found = topics(
        patch("[PATCH] demo: check the pump pointer early", id="a"),
        patch("[PATCH v2] demo: check the pump pointer", id="b", minutes=9),
    )
    assert [versions(one) for one in found] == [[1, 2]]


def test_two_works_of_an_author_stay_apart() -> None:
    found = topics(
        patch("[PATCH] demo: check it", id="a"),
        patch("[PATCH] valve: open it", id="b", minutes=9),
    )
    assert len(found) == 2


def test_a_series_is_put_together_by_its_threading() -> None:
    found = topics(
        mail(
            "[PATCH v2 0/2] demo: two",
            "Two.\n\n 2 files changed, 2 insertions(+)\n",
            id="c0",
        ),
        patch("[PATCH v2 2/2] demo: b", id="c2", reply_to="c0", minutes=200),
        patch("[PATCH v2 1/2] demo: a", id="c1", reply_to="c0", minutes=100),
    )
    assert len(found) == 1
    assert [post.number for post in found[0].latest.posts] == [0, 1, 2]


def test_a_series_without_threading_is_put_together_by_its_time() -> None:
    found = topics(
        patch("[PATCH 1/2] demo: a", id="c1"),
        patch("[PATCH 2/2] demo: b", id="c2", minutes=1),
    )
    assert [len(one.latest.posts) for one in found] == [2]


def test_a_resend_is_a_revision_of_its_own() -> None:
    found = topics(
        patch("[PATCH] demo: a", id="a"),
        patch("[RESEND PATCH] demo: a", id="b", minutes=9),
        patch("[PATCH v2] demo: a", id="c", minutes=19),
    )
    assert [(revision.version, revision.resend) for revision in found[0].revisions] == [
        (1, False),
        (1, True),
        (2, False),
    ]


def test_an_rfc_and_a_pull_request_are_revisions() -> None:
    found = topics(
        patch("[RFC PATCH] demo: a", id="a"),
        patch("[PATCH] demo: a", id="b", minutes=9),
        mail(
            "[GIT PULL] demo: a",
            "The following changes\n\n 1 file changed, 1 insertion(+)\n",
            id="c",
            minutes=99,
        ),
    )
    assert len(found) == 1
    assert [
        (revision.rfc, revision.pull_request) for revision in found[0].revisions
    ] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_a_backport_is_no_revision() -> None:
    found = topics(
        patch("[PATCH] demo: a", id="a"),
        patch("[PATCH 6.1.y] demo: a", id="b", minutes=9),
    )
    assert [one.latest.backport_to for one in found] == [None, "6.1.y"]


@pytest.mark.parametrize(
    "via",
    [
        "\"'Ada Fixer' via demo-list\" <demo@lists.example.org>",
        '"Ada Fixer via demo" <demo@lists.example.org>',
    ],
)
def test_a_sender_rewritten_by_the_list_is_the_same_author(via: str) -> None:
    rewritten = mail(
        "[PATCH v2] demo: check it",
        patch("x").decode().partition("\n\n")[2],
        sender=via,
        id="b",
        minutes=9,
        Reply_To=ADA,
    )
    assert [
        versions(topic)
        for topic in topics(patch("[PATCH] demo: check it", id="a"), rewritten)
    ] == [[1, 2]]


DAY = 24 * 60
CHANGE = "change-id: 20240304-demo-{}-abcdef012345\n"


def test_revisions_stand_as_they_were_sent_an_rfc_in_several_versions_first() -> None:
    marks = ["[RFC PATCH]", "[RFC PATCH v2]", "[RFC PATCH v3]", "[PATCH]", "[PATCH v2]"]
    found = topics(
        *(
            patch(f"{mark} demo: check it", id=f"m{at}", minutes=at * DAY)
            for at, mark in enumerate(marks)
        )
    )
    assert [(revision.version, revision.rfc) for revision in found[0].revisions] == [
        (1, True),
        (2, True),
        (3, True),
        (1, False),
        (2, False),
    ]
    assert found[0].latest.version == 2


def test_a_link_to_another_work_joins_nothing() -> None:
    depends = "This depends on the clock series v2: https://lore.kernel.org/r/clock2@example.org\n"
    found = topics(
        patch("[PATCH v2] clock: run slower", id="clock2"),
        patch("[PATCH] demo: check the pump", id="a", minutes=5),
        patch("[PATCH v2] demo: check the pump", id="b", notes=depends, minutes=9),
    )
    assert [versions(one) for one in found] == [[2], [1, 2]]


def test_a_patch_that_moved_between_two_works_joins_them_not() -> None:
    moved = "dt-bindings: pump: document the valve"
    found = topics(
        mail("[PATCH 0/2] board: enable the pump", CHANGE.format("board"), id="a0"),
        patch(f"[PATCH 1/2] {moved}", id="a1", reply_to="a0"),
        mail(
            "[PATCH v2 0/1] board: enable the pump",
            CHANGE.format("board"),
            id="b0",
            minutes=DAY,
        ),
        mail(
            "[PATCH 0/1] valve: a driver",
            CHANGE.format("valve"),
            id="c0",
            minutes=2 * DAY,
        ),
        patch(f"[PATCH 1/1] {moved}", id="c1", reply_to="c0", minutes=2 * DAY),
    )
    assert [versions(one) for one in found] == [[1, 2], [1]]


def test_a_work_with_a_new_change_id_carries_on() -> None:
    found = topics(
        patch(
            "[PATCH v3] pump: run without a valve", id="a", notes=CHANGE.format("one")
        ),
        mail(
            "[PATCH v4 0/2] demo: boards without valves",
            CHANGE.format("two"),
            id="b0",
            minutes=DAY,
        ),
        patch(
            "[PATCH v4 1/2] demo: ask whether there is one",
            id="b1",
            reply_to="b0",
            minutes=DAY,
        ),
        patch(
            "[PATCH v4 2/2] pump: run without a valve",
            id="b2",
            reply_to="b0",
            minutes=DAY,
        ),
    )
    assert [versions(one) for one in found] == [[3, 4]]


def test_the_same_title_years_later_is_another_patch() -> None:
    found = topics(
        patch("[PATCH] demo: fix a typo", id="a"),
        patch("[PATCH] demo: fix a typo", id="b", minutes=900 * DAY),
    )
    assert [versions(one) for one in found] == [[1], [1]]


def test_a_wholly_new_title_is_found_by_the_files() -> None:
    found = topics(
        patch("[PATCH] demo: pump: avoid a warning", id="a"),
        patch("[PATCH v2] demo: pump: bail out", id="b", minutes=DAY),
    )
    assert [versions(one) for one in found] == [[1, 2]]


def test_what_went_on_itself_is_not_what_a_lone_version_was() -> None:
    found = topics(
        patch("[PATCH] demo: avoid a warning", id="a"),
        patch("[PATCH v2] demo: avoid a warning", id="a2", minutes=DAY),
        patch("[PATCH v2] demo: bail out when stuck", id="b", minutes=2 * DAY),
    )
    assert [versions(one) for one in found] == [[1, 2], [2]]


@pytest.mark.parametrize(
    "cover", ["[PATCH v2 0/2]", "[RESEND PATCH v2 0/3]", "[RFC v2 0/3]"]
)
def test_patches_under_a_cover_that_is_marked_otherwise_are_one_sending(
    cover: str,
) -> None:
    found = topics(
        mail(f"{cover} demo: pumps", "Three patches.\n", id="c0"),
        *(
            patch(
                f"[PATCH v2 {number}/3] demo: step {number}",
                id=f"c{number}",
                reply_to="c0",
                minutes=1,
            )
            for number in (1, 2, 3)
        ),
    )
    assert [(len(one.revisions), len(one.latest.patches)) for one in found] == [(1, 3)]


def test_a_mail_the_author_sent_to_themselves_is_no_revision() -> None:
    whom = {
        "to": ADA,
        "X_Original_To": "Matt <matt@example.com>",
        "X_Original_Cc": "demo@lists.example.org",
    }
    mails = parse(
        mbox(
            patch("[PATCH] demo: check it", id="t", **whom),
            patch("[PATCH] demo: check it", id="a", minutes=9),
        )
    )
    (status,) = read_thread(mails)
    assert [revision.head.message_id for revision in status.topic.revisions] == [
        "a@example.org"
    ]
    assert not status.replies


def test_a_patch_to_its_author_alone_counts_where_nothing_says_that_it_was_a_test() -> (
    None
):
    # a Bcc: to a list leaves no trace in the headers; what a mail server adds names nobody else
    for headers in ({}, {"X_Original_To": "ada@example.org"}):
        (status,) = read_thread(
            parse(mbox(patch("[PATCH] demo: check it", id="a", to=ADA, **headers)))
        )
        assert versions(status.topic) == [1]


OTTO = "Otto Other <otto@example.com>"
V1 = "- Link to v1: https://lore.kernel.org/r/a@example.org\n"


def joined(*mails: bytes) -> list[list[int]]:
    return [versions(topic) for topic in topics(*mails)]


@pytest.mark.parametrize(
    ("first", "second", "notes", "expected"),
    [
        # a link that says "v1" joins whatever the title; a link within a sentence wants titles that
        # are alike
        ("[PATCH] demo: check it", "[PATCH v2] pump: something else", V1, [[1, 2]]),
        ("[PATCH] demo: check it", "[PATCH v3] pump: something else", V1, [[1, 3]]),
        (
            "[PATCH] demo: check it",
            "[PATCH v2] pump: something else",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[1], [2]],
        ),
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: all new words",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[1], [3]],
        ),
        (
            "[PATCH] demo: check it",
            "[PATCH v2] demo: check all",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[1, 2]],
        ),
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: check all",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[1, 3]],
        ),
        (
            "[PATCH v2] demo: check it",
            "[PATCH v2] pump: something else",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[2], [2]],
        ),
        (
            "[PATCH v3] demo: check it",
            "[PATCH v2] pump: something else",
            V1,
            [[3], [2]],
        ),
        # the version that the link names is not the one it leads to
        (
            "[PATCH v2] demo: check it",
            "[PATCH v3] pump: something else",
            V1,
            [[2], [3]],
        ),
    ],
)
def test_a_link_joins_with_what_it_says_it_is(
    first: str, second: str, notes: str, expected: list[list[int]]
) -> None:
    assert (
        joined(patch(first, id="a"), patch(second, id="b", notes=notes, minutes=9))
        == expected
    )


@pytest.mark.parametrize(
    ("subject", "notes", "expected"),
    [
        ("[PATCH v2] demo: check the pump well", V1, [[1, 2]]),
        ("[PATCH v2] pump: something else", V1, [[1], [2]]),
        (
            "[PATCH v2] demo: check the pump well",
            "See https://lore.kernel.org/r/a@example.org there\n",
            [[1], [2]],
        ),
    ],
)
def test_another_author_carries_on_only_where_link_and_title_say_so(
    subject: str, notes: str, expected: list[list[int]]
) -> None:
    later = patch(subject, id="b", notes=notes, minutes=9, author=OTTO)
    assert (
        joined(patch("[PATCH] demo: check the pump", id="a", Cc=OTTO), later)
        == expected
    )
    assert joined(patch("[PATCH] demo: check the pump", id="a"), later) == [
        [1],
        [2],
    ], "nobody knows who that is"


def test_change_ids_that_differ_part_what_is_not_alike() -> None:
    one, two = (f"change-id: 20240304-{name}-abcdef012345\n" for name in ("one", "two"))
    link = "- Link to v1: https://lore.kernel.org/r/a@example.org\n"
    assert joined(
        patch("[PATCH] demo: check it", id="a", notes=one),
        patch("[PATCH v2] pump: else", id="b", notes=two + link, minutes=9),
    ) == [
        [1],
        [2],
    ]
    assert joined(
        patch("[PATCH] demo: check it", id="a", notes=one),
        patch("[PATCH v2] demo: check it", id="b", notes=two, minutes=9),
    ) == [[1, 2]]
    assert joined(
        patch("[PATCH] demo: check it", id="a", notes=one),
        patch("[PATCH v2] pump: else", id="b", notes=link, minutes=9),
    ) == [[1, 2]]


@pytest.mark.parametrize(
    ("subject", "days", "expected"),
    [
        ("[PATCH] demo: check it", 549, [[1, 1]]),
        ("[PATCH] demo: check it", 551, [[1], [1]]),
        ("[RESEND PATCH] demo: check it", 551, [[1, 1]]),
        ("[RFC PATCH] demo: check it", 551, [[1, 1]]),
        ("[PATCH v2] demo: check it", 551, [[1, 2]]),
    ],
)
def test_a_first_version_of_the_same_title_long_after_is_another_work(
    subject: str, days: int, expected: list[list[int]]
) -> None:
    assert (
        joined(
            patch("[PATCH] demo: check it", id="a"),
            patch(subject, id="b", minutes=days * DAY),
        )
        == expected
    )


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("[PATCH v2] demo: check the pump well", [[1, 2]]),
        ("[PATCH v2] demo: check a valve now", [[1, 2]]),
        ("[PATCH v3] demo: check a valve now", [[1], [3]]),
        ("[PATCH v2] other: words all new", [[1], [2]]),
        ("[PATCH v2 6.1.y] demo: check the pump well", [[1], [2]]),
    ],
)
def test_a_lone_later_version_is_joined_by_title_and_by_files_where_it_is_the_next(
    subject: str, expected: list[list[int]]
) -> None:
    assert (
        joined(
            patch("[PATCH] demo: check the pump", id="a"),
            patch(subject, id="b", minutes=9),
        )
        == expected
    )


def test_a_lone_later_version_is_not_joined_to_what_came_after_it_or_went_on_or_is_a_backport() -> (
    None
):
    later = patch("[PATCH v2] demo: check the pump well", id="b", minutes=9)
    assert joined(later, patch("[PATCH] demo: check the pump", id="a", minutes=99)) == [
        [2],
        [1],
    ]
    went_on = (
        patch("[PATCH] demo: check the pump", id="a"),
        patch("[PATCH v2] demo: check the pump", id="c", minutes=5),
    )
    assert joined(*went_on, later) == [[1, 2], [2]]
    assert joined(patch("[PATCH 6.1.y] demo: check the pump", id="a"), later) == [
        [1],
        [2],
    ]
    assert joined(
        patch("[PATCH] demo: check the pump", id="a", author=OTTO), later
    ) == [[1], [2]]


def test_of_two_earlier_works_the_one_it_resembles_more_is_taken() -> None:
    found = topics(
        patch("[PATCH] demo: check the pump at start", id="a"),
        patch("[PATCH] demo: check the pump at exit", id="c", minutes=5),
        patch("[PATCH v2] demo: check the pump at exit now", id="b", minutes=9),
    )
    assert [(versions(one), one.revisions[0].head.message_id) for one in found] == [
        ([1], "a@example.org"),
        ([1, 2], "c@example.org"),
    ]


def test_dates_that_cannot_be_right_leave_the_order_to_the_numbers() -> None:
    first = patch("[PATCH] demo: check it", id="a", minutes=9)
    for date in (
        b"Thu, 01 Jan 1970 00:00:00 +0000",
        b"Mon, 01 Jan 2091 00:00:00 +0000",
        b"some day",
    ):
        second = patch("[PATCH v2] demo: check it", id="b").replace(
            b"Date: Mon, 04 Mar 2024 09:00:00 +0000", b"Date: " + date
        )
        assert date in second
        assert joined(first, second) == [[1, 2]], date
    early = patch("[PATCH v2] demo: check it", id="b").replace(
        b"Date: Mon, 04 Mar 2024", b"Date: Tue, 01 Jan 1991"
    )
    assert joined(first, early) == [[2, 1]]


@pytest.mark.parametrize(
    ("notes", "earlier"),
    [
        (
            "Link to v1: https://lore.kernel.org/r/a%40example.org/\n",
            {"a@example.org": 1},
        ),
        (
            "Changes since v1: https://lore.kernel.org/all/a@example.org/T/#u\n",
            {"a@example.org": 1},
        ),
        (
            "v2: https://example.org/nothing\nv1: https://lore.kernel.org/r/a@example.org.\n",
            {"a@example.org": 1},
        ),
        (
            "[1] RFC v1: <https://lore.kernel.org/r/a@example.org>\n",
            {"a@example.org": 1},
        ),
        (
            "- prior version (v12): https://lore.kernel.org/r/a@example.org\n",
            {"a@example.org": 12},
        ),
        ("as in v1.2: https://lore.kernel.org/r/a@example.org\n", {}),
        ("as I wrote in v1: https://lore.kernel.org/r/a@example.org\n", {}),
        ("https://lore.kernel.org/r/a@example.org\n", {}),
        ("v1: https://user@example.org\n", {}),
        (
            f"{'x' * 88}\nv1: https://lore.kernel.org/r/a@example.org\n",
            {"a@example.org": 1},
        ),
    ],
)
def test_links_to_earlier_versions_are_reported_from_other_links(
    notes: str, earlier: dict[str, int]
) -> None:
    (post,) = topics(patch("[PATCH v13] demo: check it", id="b", notes=notes))[
        0
    ].latest.posts
    assert post.earlier == earlier
    assert ("a@example.org" in post.links) is (
        "a@example.org" in notes or "a%40" in notes
    )


def test_a_named_message_id_is_a_link() -> None:
    (post,) = topics(
        patch(
            "[PATCH v2] demo: check it",
            id="b",
            notes="Message-ID: <a@example.org>\nmessage-id: none\n",
        )
    )[0].latest.posts
    assert post.links == {"a@example.org"}


@pytest.mark.parametrize(
    ("marks", "minutes", "groups"),
    [
        (("PATCH 1/2", "PATCH 2/2"), 29, [[1, 2]]),
        (("PATCH 1/2", "PATCH 2/2"), 31, [[1], [2]]),
        (("PATCH 1/2", "PATCH v2 2/2"), 1, [[1], [2]]),
        (("PATCH 1/2", "PATCH 2/3"), 1, [[1], [2]]),
        (("PATCH 1/2", "PATCH RESEND 2/2"), 1, [[1], [2]]),
        (("PATCH 1/2", "RFC PATCH 2/2"), 1, [[1], [2]]),
        (("PATCH 1/2", "PATCH 1/2"), 1, [[1], [1]]),
        (("PATCH 1/1", "PATCH 1/1"), 1, [[1], [1]]),
        (("PATCH", "PATCH"), 1, [[None], [None]]),
    ],
)
def test_patches_without_threading_are_one_series_by_shape_and_time(
    marks: tuple[str, str], minutes: int, groups: list[list[int | None]]
) -> None:
    mails = [
        patch(f"[{mark}] demo: {at}", id=f"m{at}", minutes=at * minutes)
        for at, mark in enumerate(marks)
    ]
    assert [
        [post.number for post in revision.posts]
        for topic in topics(*mails)
        for revision in topic.revisions
    ] == groups


@pytest.mark.parametrize(
    ("ids", "together"),
    [
        (("20240304090000.123-1-ada", "20240304090000.123-2-ada"), True),
        (("20240304090000.123-1-ada", "20240304090001.123-2-ada"), False),
        (
            (
                "1709542800-1234-1-git-send-email-ada",
                "1709542800-1234-2-git-send-email-ada",
            ),
            True,
        ),
        (
            (
                "1709542800-1234-1-git-send-email-ada",
                "1709542800-1235-2-git-send-email-ada",
            ),
            False,
        ),
        (
            (
                "1709542800-1234-git-send-email-ada",
                "1709542800-1234-git-send-email-ada2",
            ),
            True,
        ),
        (("20240304-demo-v1-1-0123456789ab", "20240304-demo-v1-2-0123456789ab"), True),
        (("20240304-demo-v1-1-0123456789ab", "20240304-pump-v1-2-0123456789ab"), False),
        (("one", "two"), False),
    ],
)
def test_message_ids_of_one_run_keep_a_series_together_over_hours(
    ids: tuple[str, str], together: bool
) -> None:
    found = topics(
        *(
            patch(f"[PATCH {at}/2] demo: {at}", id=name, minutes=at * 300)
            for at, name in enumerate(ids, 1)
        )
    )
    assert (len(found) == 1) is together


def test_a_cover_that_miscounts_keeps_the_patches_sent_under_it() -> None:
    def cover(**more: object) -> bytes:
        return mail(
            "[PATCH 0/3] demo: two",
            "Two.\n\n 2 files changed, 2 insertions(+)\n",
            id="c0",
            **more,
        )  # type: ignore[arg-type]

    near = [
        patch(f"[PATCH {at}/2] demo: {at}", id=f"c{at}", reply_to="c0", minutes=at)
        for at in (1, 2)
    ]
    assert [post.number for post in topics(cover(), *near)[0].latest.posts] == [0, 1, 2]
    late = [
        patch(f"[PATCH {at}/2] demo: {at}", id=f"c{at}", reply_to="c0", minutes=31 + at)
        for at in (1, 2)
    ]
    assert [len(topic.latest.posts) for topic in topics(cover(), *late)] == [1, 2]
    other = patch("[PATCH v2 1/2] demo: 1", id="c1", reply_to="c0", minutes=1)
    assert [
        [post.number for post in revision.posts]
        for topic in topics(cover(), other)
        for revision in topic.revisions
    ] == [[0], [1]]


def test_the_letter_of_a_set_is_a_cover_whose_version_its_patches_have() -> None:
    cover = mail("[PATCHSET v4 1/2] demo: pumps", "The first of two sets.\n", id="c0")
    under = [
        patch(f"[PATCH {at}/2] demo: {at}", id=f"c{at}", reply_to="c0", minutes=at)
        for at in (1, 2)
    ]
    (found,) = topics(cover, *under)
    assert (versions(found), [post.number for post in found.latest.posts]) == (
        [4],
        [0, 1, 2],
    )


def test_a_note_with_the_patchs_subject_is_no_version() -> None:
    note = mail("[PATCH] demo: check the pump", "v2 was sent.\n", id="n", minutes=900)
    (found,) = topics(
        patch("[PATCH] demo: check the pump", id="a"),
        patch("[PATCH v2] demo: check the pump", id="b", minutes=600),
        note,
    )
    assert versions(found) == [1, 2]
    assert [versions(one) for one in topics(note)] == [[1]]


def test_a_patch_sent_again_below_its_version_is_of_that_version() -> None:
    first = [
        patch(
            f"[PATCH {at}/2] demo: step {at}",
            id=f"a{at}",
            reply_to="a1" if at > 1 else None,
            minutes=at,
        )
        for at in (1, 2)
    ]
    second = [
        patch(
            f"[PATCH v2 {at}/2] demo: step {at}",
            id=f"b{at}",
            reply_to="b1" if at > 1 else None,
            minutes=900 + at,
        )
        for at in (1, 2)
    ]
    again = patch("[PATCH 2/2] demo: step 2", id="again", reply_to="b2", minutes=2000)
    (found,) = topics(*first, *second, again)
    assert versions(found) == [1, 2]
    assert [post.message_id for post in found.latest.patches] == [
        "b1@example.org",
        "again@example.org",
    ]
    (wanting,) = read_thread(
        parse(
            mbox(
                *second,
                reply(
                    "[PATCH v2 2/2] demo: step 2",
                    "Please name the pump.",
                    id="w",
                    reply_to="b2",
                    minutes=1000,
                ),
            )
        )
    )
    assert wanting.state == "changes-requested"
    corrected = read_thread(
        parse(
            mbox(
                *second,
                reply(
                    "[PATCH v2 2/2] demo: step 2",
                    "Please name the pump.",
                    id="w",
                    reply_to="b2",
                    minutes=1000,
                ),
                again,
            )
        )
    )
    assert [one.state for one in corrected] == ["under-review"]


@pytest.mark.parametrize(
    ("minutes", "expected"), [((0, 3), [1]), ((0, 3, 5), [1]), ((0, 90), [1, 1])]
)
def test_a_cover_letter_that_was_sent_twice_is_of_one_version(
    minutes: tuple[int, ...], expected: list[int]
) -> None:
    covers = [
        mail("[PATCH 0/2] demo: pumps", "Two steps.\n", id=f"c{at}", minutes=at)
        for at in minutes
    ]
    under = [
        patch(
            f"[PATCH {at}/2] demo: step {at}",
            id=f"p{at}",
            reply_to=f"c{minutes[1]}",
            minutes=minutes[1] + at,
        )
        for at in (1, 2)
    ]
    (found,) = topics(*covers, *under)
    assert (versions(found), len(found.latest.patches)) == (expected, 2)


def test_a_patch_that_was_split_off_a_series_is_no_version_of_it() -> None:
    first = [
        patch(
            f"[RFC PATCH {at}/3] demo: step {at}",
            id=f"a{at}",
            reply_to="a1" if at > 1 else None,
            minutes=at,
        )
        for at in (1, 2, 3)
    ]
    alone = patch("[PATCH] demo: step 1", id="alone", minutes=100)
    second = [
        patch(
            f"[PATCH v2 {at}/2] demo: step {at + 1}",
            id=f"b{at}",
            reply_to="b1" if at > 1 else None,
            minutes=900 + at,
        )
        for at in (1, 2)
    ]
    assert sorted(versions(one) for one in topics(*first, alone, *second)) == [
        [1],
        [1, 2],
    ]
    assert [versions(one) for one in topics(*first, alone)] == [[1, 1]]
    again = patch("[PATCH v2 3/3] demo: step 1", id="b3", reply_to="b1", minutes=903)
    assert [
        versions(one)
        for one in topics(
            *first, alone, *(one.replace(b"/2]", b"/3]") for one in second), again
        )
    ] == [[1, 1, 2]]


def test_a_series_that_carries_one_patch_of_another_is_another() -> None:
    def series(
        title: str, patches: list[str], prefix: str, *, name: str, minutes: int
    ) -> list[bytes]:
        cover = mail(
            f"[{prefix} 0/{len(patches)}] {title}", "Pumps.\n", id=name, minutes=minutes
        )
        return [
            cover,
            *(
                patch(
                    f"[{prefix} {at}/{len(patches)}] demo: {one}",
                    id=f"{name}{at}",
                    reply_to=name,
                    minutes=minutes + at,
                )
                for at, one in enumerate(patches, 1)
            ),
        ]

    first = series(
        "demo: weighted pumps",
        ["refactor it", "weigh them", "add a call"],
        "RFC PATCH",
        name="a",
        minutes=0,
    )
    second = series(
        "demo: weighted pumps",
        ["refactor it", "weigh them", "add a call"],
        "RFC PATCH v2",
        name="b",
        minutes=30000,
    )
    other = series(
        "demo: let others set a pump",
        ["refactor it", "take a task", "export it"],
        "RFC PATCH",
        name="c",
        minutes=90000,
    )
    assert [versions(one) for one in topics(*first, *second, *other)] == [[1, 2], [1]]
    renamed = series(
        "demo: let others set a pump",
        ["refactor it", "weigh them", "export it"],
        "PATCH",
        name="c",
        minutes=90000,
    )
    assert [versions(one) for one in topics(*first, *second, *renamed)] == [[1, 2, 1]]


def test_a_second_version_without_its_number_is_known_by_its_changelog() -> None:
    again = patch(
        "[PATCH] demo: check the pump",
        id="b",
        notes="-v2:\n- check it twice\n",
        minutes=600,
    )
    third = patch(
        "[PATCHv3] demo: check the pump",
        id="c",
        notes="-v2:\n- check it twice\n-v3:\n- typo\n",
        minutes=900,
    )
    first = patch("[PATCH] demo: check the pump", id="a")
    assert [
        revision.version for revision in topics(first, again, third)[0].revisions
    ] == [1, 2, 3]
    assert [
        revision.version
        for revision in topics(
            first, patch("[PATCH] demo: check the pump", id="b", minutes=600)
        )[0].revisions
    ] == [
        1,
        1,
    ]


def test_a_resend_without_its_number_is_of_the_version_before_it() -> None:
    first, second = (
        patch("[RFC] demo: check the pump", id="a"),
        patch("[RFCv2] demo: check the pump", id="b", minutes=600),
    )
    third, again = (
        patch(f"[{mark}] demo: check the pump", id=mark, minutes=900 + len(mark))
        for mark in ("PATCH V3", "RESEND PATCH")
    )
    (found,) = topics(first, second, third, again)
    assert [revision.label for revision in found.revisions] == [
        "RFC v1",
        "RFC v2",
        "v3",
        "v3 resend",
    ]


def test_a_letter_and_its_only_patch_without_numbers_are_one_sending() -> None:
    letters = [
        mail(f"[PATCH v{at}] demo: pumps", "One step.\n", id=f"c{at}", minutes=at * 900)
        for at in (1, 2)
    ]
    under = [
        patch(
            f"[PATCH v{at}] demo: check the pump",
            id=f"p{at}",
            reply_to=f"c{at}",
            minutes=at * 900 + 1,
        )
        for at in (1, 2)
    ]
    (found,) = topics(*letters, *under)
    assert (
        versions(found),
        [len(revision.patches) for revision in found.revisions],
    ) == (
        [1, 2],
        [1, 1],
    )


def test_a_letter_that_was_sent_again_with_its_version_is_of_that_version() -> None:
    first = mail("[PATCH 0/2] demo: pumps", "Two steps.\n", id="c")
    second = mail("[PATCH v2 0/2] demo: pumps", "Two steps.\n", id="d", minutes=2)
    under = [
        patch(
            f"[PATCH v2 {at}/2] demo: step {at}", id=f"p{at}", reply_to="c", minutes=1
        )
        for at in (1, 2)
    ]
    assert versions(topics(first, *under, second)[0]) == [2]


def test_patches_that_count_versions_of_their_own_have_the_cover_letters() -> None:
    cover = mail(
        "[PATCH v2 0/2] demo: fence off",
        "Two.\n\n 2 files changed\n",
        id="20240304100000.77-1-ada",
    )
    first = patch(
        "[PATCH 1/2] [v6] demo: a tap",
        id="20240304100000.77-2-ada",
        reply_to="20240304100000.77-1-ada",
        minutes=1,
    )
    second = patch(
        "[PATCH 2/2] [v2] demo: a pump",
        id="20240304100000.77-3-ada",
        reply_to="20240304100000.77-1-ada",
        minutes=1,
    )
    assert [versions(one) for one in topics(cover, first, second)] == [[2]]


def test_an_address_without_a_name_is_whose_name_it_has() -> None:
    first = patch(
        "[PATCH] demo: check it",
        id="a",
        author="Otto Other <ottoo@example.com>",
        Cc="otto.other@example.net",
    )
    second = patch(
        "[PATCH v2] demo: check it", id="b", author="otto.other@example.net", minutes=9
    )
    assert [versions(one) for one in topics(first, second)] == [[1, 2]]


def test_a_patch_that_answers_without_references_belongs_to_its_series() -> None:
    first = patch("[PATCH 1/2] demo: step 1", id="a1")
    later = patch(
        "[PATCH 2/2] demo: step 2", id="a2", reply_to="a1", references="", minutes=90
    )
    assert [len(one.latest.posts) for one in topics(first, later)] == [2]
    alone = patch("[PATCH 2/2] demo: step 2", id="a2", minutes=90)
    assert [len(one.latest.posts) for one in topics(first, alone)] == [1, 1]


@pytest.mark.parametrize(
    ("cover", "second", "minutes", "posts"),
    [
        ("20240304090000.7-1-ada", "20240304090000.7-2-ada", 90, [2]),
        ("20240304090000.7-1-ada", "20240305090000.7-2-ada", 90, [1, 1]),
        ("20240304090000.7-1-ada", "20240305090000.7-2-ada", 29, [2]),
        ("20240304090000.7-1-ada", "20240305090000.7-2-ada", 30, [1, 1]),
    ],
)
def test_a_patch_is_under_a_cover_that_miscounts_by_its_run_or_by_its_time(
    cover: str, second: str, minutes: int, posts: list[int]
) -> None:
    letter = mail("[PATCH 0/3] demo: two", "Two.\n\n 1 file changed\n", id=cover)
    one = patch("[PATCH 1/2] demo: step 1", id=second, reply_to=cover, minutes=minutes)
    assert [len(found.latest.posts) for found in topics(letter, one)] == posts


def test_a_numbered_patch_in_the_thread_of_a_series_is_its_next_version() -> None:
    series = [
        patch(f"[PATCH {n}/2] pump: {name}", id=f"p{n}", minutes=n)
        for n, name in ((1, "read the level"), (2, "stop at ten"))
    ]
    for subject, found in (
        ("[PATCH v2 2/2] valve: find out whether there is a probe", [[1, 2]]),
        ("[PATCH v2] valve: find out whether there is a probe", [[1], [2]]),
    ):
        fix = patch(subject, id="f", reply_to="p1", minutes=900).replace(
            b"pump.c", b"probe.c"
        )
        assert sorted(versions(one) for one in topics(*series, fix)) == found, subject


def test_series_without_cover_letters_are_joined_by_one_patch_of_a_title() -> None:
    def series(
        name: str, steps: tuple[str, ...], minutes: int, cover: str = ""
    ) -> list[bytes]:
        count = len(steps)
        letter = mail(
            f"[PATCH 0/{count}] {cover}", "Pumps.\n", id=name, minutes=minutes
        )
        return [
            *([letter] if cover else []),
            *(
                patch(
                    f"[PATCH {at}/{count}] demo: {step}",
                    id=f"{name}{at}",
                    reply_to=name,
                    minutes=minutes + at,
                )
                for at, step in enumerate(steps, 1)
            ),
        ]

    steps = ("refactor it", "weigh them", "add a call")
    others = ("take a task", "refactor it", "export it")
    half = (*others[:2], "weigh them", "add more")
    cover, another = "demo: weighted pumps", "demo: let others set a tap"
    for first, second, count in (
        (series("a", steps, 0), series("b", others, 9000), 1),
        (series("a", steps, 0, cover), series("b", others, 9000), 1),
        (series("a", steps, 0, cover), series("b", others, 9000, another), 2),
        (series("a", steps, 0, cover), series("b", others, 9000, cover), 1),
        # a half of the patches and more is not little
        (series("a", half, 0, cover), series("b", (*steps, "test"), 9000, another), 1),
    ):
        assert len(topics(*first, *second)) == count


def of_file(name: str, mail_of_pump: bytes) -> bytes:
    """The patch for another file."""
    return mail_of_pump.replace(b"pump.c", name.encode())


SEE = "See https://lore.kernel.org/r/a@example.org there\n"
V2_LINK = "- Link to v2: https://lore.kernel.org/r/a@example.org\n"


@pytest.mark.parametrize(
    ("first", "second", "notes", "reply_to", "expected"),
    [
        # an answer joins, but not with a version after it
        ("[PATCH] demo: check it", "[PATCH v2] pump: else", "", "a", [[1, 2]]),
        ("[PATCH v2] demo: check it", "[PATCH v2] pump: else", "", "a", [[2, 2]]),
        ("[PATCH v3] demo: check it", "[PATCH v2] pump: else", "", "a", [[3], [2]]),
        ("[PATCH] demo: check it", "[PATCH] pump: else", "", "a", [[1], [1]]),
        ("[PATCH] demo: check it", "[PATCH v2 6.1.y] pump: else", "", "a", [[1], [2]]),
        # a link to an earlier version joins, one to another of the same version does not
        ("[PATCH] demo: check it", "[PATCH v2] pump: else", V1, None, [[1, 2]]),
        ("[PATCH] demo: check it", "[PATCH v2 6.1.y] pump: else", V1, None, [[1], [2]]),
        (
            "[PATCH v2] demo: check it",
            "[PATCH v2] pump: else",
            V2_LINK,
            None,
            [[2], [2]],
        ),
        # one in a sentence joins titles that have a word or two in common
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: check the valves",
            SEE,
            None,
            [[1, 3]],
        ),
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: no word alike",
            SEE,
            None,
            [[1], [3]],
        ),
        (
            "[PATCH v3] demo: check it",
            "[PATCH v3] demo: check the valves",
            SEE,
            None,
            [[3], [3]],
        ),
    ],
)
def test_what_a_later_version_answers_or_links_to_is_the_version_before(
    first: str, second: str, notes: str, reply_to: str | None, expected: list[list[int]]
) -> None:
    later = patch(second, id="b", notes=notes, reply_to=reply_to, minutes=9)
    assert joined(patch(first, id="a"), of_file("tap.c", later)) == expected


@pytest.mark.parametrize(
    ("mine", "yours", "expected"),
    [
        ("", "", [[1, 2]]),
        ("one", "", [[1, 2]]),
        ("", "two", [[1, 2]]),
        ("one", "one", [[1, 2]]),
        ("one", "two", [[1], [2]]),
    ],
)
def test_a_link_joins_unless_both_have_another_change_id(
    mine: str, yours: str, expected: list[list[int]]
) -> None:
    first, second = (
        f"change-id: 20240304-{name}-abcdef012345\n" if name else ""
        for name in (mine, yours)
    )
    later = patch(
        "[PATCH v2] pump: something else", id="b", notes=second + V1, minutes=9
    )
    assert joined(
        patch("[PATCH] demo: check it", id="a", notes=first), of_file("tap.c", later)
    ) == (expected)


@pytest.mark.parametrize(
    ("minutes", "file", "expected"),
    [
        (59, "tap.c", [[1], [1]]),
        (60, "tap.c", [[1, 1]]),
        (59, "pump.c", [[1]]),
        (60, "pump.c", [[1, 1]]),
        (550 * DAY, "pump.c", [[1, 1]]),
        (550 * DAY + 1, "pump.c", [[1], [1]]),
    ],
)
def test_first_versions_of_one_title_are_one_series_for_a_time(
    minutes: int, file: str, expected: list[list[int]]
) -> None:
    first = patch("[PATCH] demo: fix a typo", id="a")
    second = patch("[PATCH] demo: fix a typo", id="b", minutes=minutes)
    assert joined(first, of_file(file, second)) == expected
    assert joined(of_file(file, first), second) == expected


@pytest.mark.parametrize(("more", "expected"), [(0, [[1, 1, 2]]), (1, [[1], [1, 2]])])
def test_the_title_of_a_cover_letter_is_that_of_the_next_version_for_150_days(
    more: int, expected: list[list[int]]
) -> None:
    later = 150 * DAY + more
    before = series_of("demo: minor fixes", "demo: clear it", id="a", minutes=0)
    first = series_of(
        "demo: minor fixes", "demo: use a walk", id="b", minutes=later - 99
    )
    second = series_of(
        "demo: minor fixes", "demo: use a walk", version=2, id="c", minutes=later
    )
    assert sorted(joined(*before, *first, *second)) == expected


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("Ada <ada@example.com>", [[1], [2]]),
        ("Ada <Ada@example.org>", [[1, 2]]),
        ("Otto Other <ada@example.org>", [[1, 2]]),
    ],
)
def test_a_first_name_alone_names_no_author(
    author: str, expected: list[list[int]]
) -> None:
    assert (
        joined(
            patch("[PATCH] demo: check it", id="a", author="Ada <ada@example.org>"),
            patch("[PATCH v2] demo: check it", id="b", author=author, minutes=9),
        )
        == expected
    )


PULL = [
    mail("[PATCH net 0/2] pull-request: demo", " demo.c | 6 ++\n", id="q", minutes=90),
    patch("[PATCH net 1/2] demo: check 1", id="q1", reply_to="q", minutes=91),
    patch("[PATCH net 2/2] demo: check 2", id="q2", reply_to="q", minutes=92),
]


def numbered(count: int, title: str, *, id: str, **more: object) -> list[bytes]:  # noqa: A002
    """A series without a cover letter."""
    return [
        patch(
            f"[PATCH {at}/{count}] {title} {at}",
            id=f"{id}{at}",
            reply_to=f"{id}1" if at > 1 else None,
            **more,  # type: ignore[arg-type]
        )
        for at in range(1, count + 1)
    ]


def test_a_request_to_pull_is_of_the_series_with_most_of_its_patches() -> None:
    unrelated = numbered(4, "valve: open", id="v")
    related = numbered(2, "demo: check", id="s", minutes=10)
    later = patch("[PATCH] clock: run", id="k", minutes=200)
    again = patch("[PATCH v2] clock: run", id="l", minutes=300)
    found = joined(*unrelated, *related, *PULL, later, again)
    assert sorted(found) == [[1], [1, 1], [1, 2]]


def test_a_request_to_pull_is_of_no_series_that_has_none_of_its_patches() -> None:
    assert joined(*numbered(4, "valve: open", id="v"), *PULL) == [[1], [1]]
    others = numbered(2, "demo: check", id="o", author=OTTO)
    assert joined(*others, *PULL) == [[1], [1]]


def test_every_renamed_version_is_looked_for_among_all_series() -> None:
    found = joined(
        patch("[PATCH] valve: open it", id="v"),
        patch("[PATCH v2] valve: open it", id="v2", minutes=5),
        patch(
            "[PATCH] demo: check the pump pointer early",
            id="o",
            author=OTTO,
            minutes=10,
        ),
        patch("[PATCH 6.1.y] demo: check the pump pointer early", id="s", minutes=15),
        patch("[PATCH] demo: check the pump pointer early", id="a", minutes=20),
        patch("[PATCH] clock: run", id="c", minutes=25),
        patch("[PATCH v2] demo: check the pump pointer", id="b", minutes=30),
    )
    assert found == [[1, 2], [1], [1], [1, 2], [1]]


def test_a_renamed_version_is_of_the_series_that_it_resembles_most() -> None:
    closest = patch("[PATCH] demo: check the pump pointer", id="a")
    close = patch("[PATCH] demo: check the pump pointer of a valve", id="b", minutes=5)
    renamed = patch("[PATCH v3] demo: check this pump pointer", id="c", minutes=9)
    for first, second in ((closest, close), (close, closest)):
        (found,) = (
            one for one in topics(first, second, renamed) if len(one.revisions) > 1
        )
        assert found.revisions[0].head.message_id == "a@example.org"


@pytest.mark.parametrize(
    ("most", "expected"), [(2, [[1, 2], [1, 2]]), (1, [[1, 2], [1], [2]])]
)
def test_so_many_renamed_versions_are_looked_for(
    most: int, expected: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patchpilot.reading.revision_links._MAX_LATE", most)
    found = joined(
        patch("[PATCH] valve: open the big one", id="v"),
        patch("[PATCH v2] valve: open the big door", id="v2", minutes=5),
        patch("[PATCH] demo: check the pump pointer early", id="a", minutes=20),
        patch("[PATCH v2] demo: check the pump pointer", id="b", minutes=30),
    )
    assert sorted(found, key=len, reverse=True) == expected


def test_only_patches_and_cover_letters_are_sent_series() -> None:
    inline = patch(
        "Re: [PATCH] demo: check it", id="b", author=OTTO, reply_to="a", minutes=5
    )
    words = mail("A question about pumps", "Which one?\n", id="c", minutes=6)
    answer = mail(
        "Re: A question about pumps", "This one.\n", id="d", reply_to="c", minutes=7
    )
    assert joined(patch("[PATCH] demo: check it", id="a"), inline, words, answer) == [
        [1]
    ]


def undated(one: bytes) -> bytes:
    """The mail with a date that cannot be right."""
    return one.replace(b"Date: ", b"X-Date: ", 1)


def test_where_a_date_is_missing_revisions_are_in_the_order_of_their_numbers() -> None:
    def marked(*mails: bytes) -> list[tuple[int, bool]]:
        (found,) = topics(*mails)
        return [(revision.version, revision.rfc) for revision in found.revisions]

    def sent(mark: str, minutes: int) -> bytes:
        return patch(f"[{mark}] demo: check it", id=f"m{minutes}", minutes=minutes)

    rfc, first = sent("RFC PATCH", 20), sent("PATCH", 10)
    assert marked(first, rfc) == [(1, False), (1, True)]
    assert marked(undated(first), rfc) == [(1, True), (1, False)]
    assert marked(first, undated(sent("PATCH v2", 5))) == [(1, False), (2, False)]
    assert marked(undated(first), sent("PATCH v2", 30), sent("RFC PATCH v2", 40)) == [
        (1, False),
        (2, False),
        (2, True),
    ]
    too_old = sent("PATCH v2", 5).replace(b"04 Mar 2024", b"04 Mar 1990")
    assert marked(first, too_old) == [(1, False), (2, False)]
    old = sent("PATCH v2", 5).replace(b"04 Mar 2024", b"04 Mar 1991")
    assert marked(first, old) == [(2, False), (1, False)]


A, B = "demo: check the pump", "valve: open the door"
PAIR_OF = [
    patch(f"[PATCH {at}/2] {title}", id=f"s{at}", reply_to="s1" if at > 1 else None)
    for at, title in ((1, A), (2, B))
]


def later(
    mark: str,
    title: str,
    *,
    id: str,  # noqa: A002
    day: int,
    reply_to: str | None = None,
) -> bytes:
    """A patch sent so many days after."""
    return patch(f"[{mark}] {title}", id=id, minutes=day * DAY, reply_to=reply_to)


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ([later("PATCH", B, id="b", day=1)], [[1, 1]]),
        (
            [later("PATCH", B, id="b", day=1), later("PATCH v2", A, id="c", day=2)],
            [[1, 2], [1]],
        ),
        (
            [later("PATCH", B, id="b", day=1), later("PATCH", A, id="c", day=2)],
            [[1, 1, 1]],
        ),
        (
            [later("PATCH 1/1", B, id="b", day=1), later("PATCH v2", A, id="c", day=2)],
            [[1, 1, 2]],
        ),
        (
            [later("PATCH v2", B, id="b", day=1), later("PATCH v3", A, id="c", day=2)],
            [[1, 2, 3]],
        ),
        (
            [
                later("PATCH", B, id="b", day=1),
                later("PATCH v2 1/2", A, id="c", day=2),
                later("PATCH v2 2/2", B, id="d", day=2, reply_to="c"),
            ],
            [[1, 1, 2]],
        ),
        # it was left out before, and sent alone after
        (
            [later("PATCH v2", A, id="c", day=1), later("PATCH", B, id="b", day=2)],
            [[1, 2, 1]],
        ),
    ],
)
def test_a_patch_sent_alone_is_split_off_where_the_series_goes_on_without_it(
    mails: list[bytes], expected: list[list[int]]
) -> None:
    assert joined(*PAIR_OF, *mails) == expected


def test_the_only_patch_of_a_series_is_not_split_off_it() -> None:
    first = series_of("demo: all", B, id="a", minutes=0)
    second = series_of("demo: all", A, version=2, id="c", minutes=2 * DAY)
    assert joined(*first, later("PATCH", B, id="b", day=1), *second) == [[1, 1, 2]]


NEWS = "Changes in v2:\n- checked"


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ([("PATCH", ""), ("PATCH", NEWS)], [1, 2]),
        ([("PATCH", NEWS)], [1]),
        ([("RFC PATCH", ""), ("PATCH", NEWS)], [1, 1]),
        ([("PATCH", ""), ("PATCH", NEWS), ("PATCH v2", "")], [1, 1, 2]),
        ([("PATCH", ""), ("PATCH", "Thanks to all.")], [1, 1]),
        ([("PATCH v2", ""), ("PATCH v2", "Changes in v3:\n- checked")], [2, 2]),
        ([("PATCH", ""), ("RESEND PATCH", "")], [1, 1]),
        ([("PATCH", ""), ("PATCH v2", ""), ("RESEND PATCH", "")], [1, 2, 2]),
        ([("PATCH", ""), ("PATCH v2", ""), ("RESEND PATCH v3", "")], [1, 2, 3]),
        ([("RESEND PATCH", ""), ("PATCH v2", "")], [1, 2]),
    ],
)
def test_a_version_without_its_number_is_that_of_its_changelog_or_of_what_it_resends(
    mails: list[tuple[str, str]], expected: list[int]
) -> None:
    found = joined(
        *(
            patch(
                f"[{mark}] demo: check it", id=f"m{at}", notes=notes, minutes=at * DAY
            )
            for at, (mark, notes) in enumerate(mails)
        )
    )
    assert found == [expected]


def test_a_change_id_of_gerrit_joins_what_was_renamed() -> None:
    message = f"Check it.\n\nChange-Id: I{'0123456789' * 4}\n"
    first = patch("[PATCH] demo: check it", id="a", message=message)
    second = patch(
        "[PATCH v2] pump: something else", id="b", message=message, minutes=9
    )
    assert joined(first, of_file("tap.c", second)) == [[1, 2]]


LINK = "https://lore.kernel.org/r/a@example.org\n"


@pytest.mark.parametrize(
    ("words", "version"),
    [
        (f"- Link to v1: {LINK}", 1),
        (f"v1: {LINK}", 1),
        (f"[1] v1: <{LINK}", 1),
        (f"Link to v2: {LINK}", 2),
        (f"Link to v1:\n{LINK}", 1),
        (f"Link to v1:\n  * {LINK}", 1),
        (f"Link to v1:  \n{LINK}", 1),
        (f"Link to v1\n{LINK}", None),
        (f"Link to v1:\n\n{LINK}", None),
        (f"Link to v1:\nand more {LINK}", None),
        (f"see {LINK}", None),
        (f"in v1 {'of it ' * 9}{LINK}", None),
        (LINK, None),
    ],
)
def test_a_link_is_to_the_version_that_the_words_before_it_name(
    words: str, version: int | None
) -> None:
    (found,) = topics(patch("[PATCH v3] demo: check it", id="b", notes=words))
    post = found.latest.head
    assert post.links == {"a@example.org"}
    assert post.earlier == ({} if version is None else {"a@example.org": version})


def sets(*mails: bytes) -> list[list[tuple[str, ...]]]:
    """The ids of the posts of every revision of every series."""
    return [
        [
            tuple(post.message_id.partition("@")[0] for post in revision.posts)
            for revision in topic.revisions
        ]
        for topic in topics(*mails)
    ]


def letter(name: str, *, minutes: int = 0, title: str = "demo: all") -> bytes:
    """A cover letter for two patches."""
    return mail(f"[PATCH 0/2] {title}", "What it does.\n", id=name, minutes=minutes)


def numbered_patch(
    marks: str,
    *,
    id: str,  # noqa: A002
    minutes: int = 0,
    to: str | None = None,
) -> bytes:
    """A patch of a series."""
    return patch(f"[{marks}] demo: step {id}", id=id, minutes=minutes, reply_to=to)


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        # a series of one patch: its letter is known by its number
        (
            [
                numbered_patch("PATCH 1/1", id="p"),
                mail("[PATCH 0/1] demo: all", "What.\n", id="c", minutes=1),
            ],
            [[("c", "p")]],
        ),
        # sent without threads: what is next to it in time, of the latest of that form
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 1/2", id="q", minutes=5),
                numbered_patch("PATCH 2/2", id="r", minutes=6),
            ],
            [[("p",)], [("q", "r")]],
        ),
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 2/2", id="q", minutes=29),
            ],
            [[("p", "q")]],
        ),
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 2/2", id="q", minutes=30),
            ],
            [[("p",)], [("q",)]],
        ),
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 2/3", id="q", minutes=1),
            ],
            [[("p",)], [("q",)]],
        ),
        # some of the numbers again, below it: they replace what they correct
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 2/2", id="q", to="p"),
                numbered_patch("PATCH 2/2", id="r", minutes=90, to="q"),
            ],
            [[("p", "q", "r")]],
        ),
        (
            [
                numbered_patch("PATCH 1/2", id="p"),
                numbered_patch("PATCH 2/2", id="q", to="p"),
                numbered_patch("PATCH v2 2/2", id="r", minutes=90, to="q"),
            ],
            [[("p", "q"), ("p", "r")]],
        ),
        # a letter that was sent twice, once alone
        (
            [
                letter("c"),
                letter("d", minutes=5),
                numbered_patch("PATCH 1/2", id="p", minutes=5, to="d"),
            ],
            [[("c", "d", "p")]],
        ),
        (
            [
                letter("c"),
                letter("d", minutes=45),
                numbered_patch("PATCH 1/2", id="p", minutes=45, to="d"),
            ],
            [[("c",), ("d", "p")]],
        ),
        (
            [
                letter("c"),
                letter("d", minutes=5, title="valve: all"),
                numbered_patch("PATCH 1/2", id="p", minutes=5, to="d"),
            ],
            [[("c",)], [("d", "p")]],
        ),
    ],
)
def test_what_was_sent_together_is_one_revision(
    mails: list[bytes], expected: list[list[tuple[str, ...]]]
) -> None:
    assert sets(*mails) == expected
