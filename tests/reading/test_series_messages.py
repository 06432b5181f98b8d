# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which patches form a series, and which series are versions of the same work."""

import pytest

from patchpilot.reading.mail_classifier import classify
from patchpilot.reading.mbox import parse
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from patchpilot.reading.series_messages import find_series
from tests.kit.mails import (
    ADA,
    OTTO,
    build_described_mail,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
)
from tests.kit.story import read_only_series


def read_series(*mails: bytes | str) -> tuple[PostedSeries, ...]:
    """Return the series in the messages. A message is described as in `build_described_mail`."""
    posts = (build_described_mail(mail) if isinstance(mail, str) else mail for mail in mails)
    return find_series([classify(mail) for mail in parse(build_mbox(*posts))])


def list_series_versions(topic: PostedSeries) -> list[int]:
    return [revision.version for revision in topic.revisions]


def join_versions(*mails: bytes | str) -> str:
    """Format the version numbers of each series, such as `1 2, 1`."""
    return ", ".join(
        " ".join(map(str, list_series_versions(topic))) for topic in read_series(*mails)
    )


def list_versions(*mails: bytes | str) -> str:
    """Format the ids of the posts in each version of each series, such as `a b | c, d`."""
    return ", ".join(
        " | ".join(
            " ".join(post.message_id.partition("@")[0] for post in revision.posts)
            for revision in topic.revisions
        )
        for topic in read_series(*mails)
    )


DAY = 24 * 60
CHANGE = "change-id: 20240304-demo-{}-abcdef012345\n"
V1 = "- Link to v1: https://lore.kernel.org/r/a@example.org\n"
DEPENDS = "This depends on the clock series v2: https://lore.kernel.org/r/clock2@example.org\n"
MOVED = "dt-bindings: pump: document the valve"
CHECK, CHECK_V2 = "a [PATCH] demo: check it", "b+9 [PATCH v2] demo: check it"
RENAMED = "b+9 [PATCH v2] pump: something else"


def make_file_patch(name: str, line: str, **options: object) -> bytes:
    return build_described_mail(line, **options).replace(b"pump.c", name.encode())


def make_rewritten_version(display_name: str) -> bytes:
    """Return the next version as it looks after a list has rewritten its From: header."""
    body = build_patch_mail("x").decode().partition("\n\n")[2]
    subject = "[PATCH v2] demo: check it"
    return build_mail(subject, body, sender=display_name, id="b", minutes=9, Reply_To=ADA)


TYPO = "[PATCH] demo: a typo fix"
TWO_OF_PUMP = ("p1+1 [PATCH 1/2] pump: read it", "p2+2 [PATCH 2/2] pump: stop at ten")
PROBE = "f+900>p1 [PATCH v2] valve: find out whether there is a probe"
PUMP = "a [PATCH] demo: check the pump"
PUMP_V2 = "b+9 [PATCH v2] demo: check the pump well"
GERRIT = f"Check it.\n\nChange-Id: I{'0123456789' * 4}\n"
VALVES = ("v1 [PATCH 1/2] valve: open 1", "v2>v1 [PATCH 2/2] valve: open 2")
PULL = (
    "q+90 [PATCH net 0/2] pull-request: demo",
    "q1+91>q [PATCH net 1/2] demo: check 1",
    "q2+92>q [PATCH net 2/2] demo: check 2",
)


def _make_series(
    name: str, prefixes: str, title: str, steps: tuple[str, ...], sent_day: int
) -> list[str]:
    """Return a series. It has a cover letter if a title is given."""
    count = len(steps)
    return [
        *([f"{name}+{sent_day}d [{prefixes} 0/{count}] {title}"] if title else []),
        *(
            f"{name}{number}+{sent_day}d>{name} [{prefixes} {number}/{count}] demo: {step}"
            for number, step in enumerate(steps, 1)
        ),
    ]


SET = "demo: let others set a pump"
WEIGH = ("demo: weighted pumps", ("refactor it", "weigh them", "add a call"))
WEIGHTED = (
    *_make_series("a", "RFC PATCH", *WEIGH, 0),
    *_make_series("b", "RFC PATCH v2", *WEIGH, 21),
)
STEPS = (
    "a1+1 [RFC PATCH 1/3] demo: step 1",
    "a2+2>a1 [RFC PATCH 2/3] demo: step 2",
    "a3+3>a1 [RFC PATCH 3/3] demo: step 3",
)
ALONE = "alone+100 [PATCH] demo: step 1"
STEPS_V2 = (
    "b1+901 [PATCH v2 1/2] demo: step 2",
    "b2+902>b1 [PATCH v2 2/2] demo: step 3",
)
SERIES: dict[str, tuple[list[bytes | str], str]] = {
    "same subject and author": ([CHECK, "b+9 [PATCH net v2] demo: check it"], "1 2"),
    "another author": ([CHECK, build_described_mail(CHECK_V2, author=OTTO)], "1, 2"),
    "one title for two files": (
        [f"a {TYPO}", make_file_patch("tap.c", f"b+10 {TYPO}")],
        "1, 1",
    ),
    "one title for a file": ([f"a {TYPO}", f"b+10 {TYPO}"], "1 1"),
    "two files at two times": (
        [f"a {TYPO}", make_file_patch("tap.c", f"b+2000 {TYPO}")],
        "1, 1",
    ),
    "a common title of cover letters": (
        [
            "a [PATCH 0/1] demo: minor fixes",
            "a1>a [PATCH 1/1] demo: clear it",
            "b+180d [PATCH 0/1] demo: minor fixes",
            "b1+180d>b [PATCH 1/1] demo: use another walk",
            "c+181d [PATCH v2 0/1] demo: minor fixes",
            "c1+181d>c [PATCH v2 1/1] demo: use another walk",
        ],
        "1, 1 2",
    ),
    "another patch below the same letter": (
        [
            "a [PATCH 0/1] demo: minor fixes",
            "a1>a [PATCH 1/1] demo: clear it",
            "d+9000 [PATCH v2 0/1] demo: minor fixes",
            "d1+9001>d [PATCH v2 1/1] demo: clear all of it",
        ],
        "1 2",
    ),
    "a fix in the thread of a series": (
        [*TWO_OF_PUMP, make_file_patch("probe.c", PROBE)],
        "1, 2",
    ),
    "a patch of the series in its thread": (
        [*TWO_OF_PUMP, "g+900>p2 [PATCH v2] pump: stop at ten"],
        "1 2",
    ),
    "a numbered patch in its thread": (
        [*TWO_OF_PUMP, make_file_patch("probe.c", PROBE.replace("v2]", "v2 2/2]"))],
        "1 2",
    ),
    "a change-id": (
        [
            build_described_mail(CHECK, notes=CHANGE.format("check")),
            build_described_mail(RENAMED, notes=CHANGE.format("check")),
        ],
        "1 2",
    ),
    "an answer": ([CHECK, "b+9>a [PATCH v2] pump: else"], "1 2"),
    "two works of an author": ([CHECK, "b+9 [PATCH] valve: open it"], "1, 1"),
    "a sender rewritten by the list": (
        [
            CHECK,
            make_rewritten_version("\"'Ada Fixer' via demo-list\" <demo@lists.example.org>"),
        ],
        "1 2",
    ),
    "a sender rewritten by another list": (
        [
            CHECK,
            make_rewritten_version('"Ada Fixer via demo" <demo@lists.example.org>'),
        ],
        "1 2",
    ),
    "a link to another work": (
        [
            "clock2 [PATCH v2] clock: run slower",
            "a+5 [PATCH] demo: check the pump",
            build_described_mail("b+9 [PATCH v2] demo: check the pump", notes=DEPENDS),
        ],
        "2, 1 2",
    ),
    "a patch that moved between two works": (
        [
            build_described_mail("a0 [PATCH 0/2] board: enable it", notes=CHANGE.format("board")),
            f"a1>a0 [PATCH 1/2] {MOVED}",
            build_described_mail(
                "b0+1d [PATCH v2 0/1] board: enable it", notes=CHANGE.format("board")
            ),
            build_described_mail("c0+2d [PATCH 0/1] valve: a driver", notes=CHANGE.format("valve")),
            f"c1+2d>c0 [PATCH 1/1] {MOVED}",
        ],
        "1 2, 1",
    ),
    "a new change-id": (
        [
            build_described_mail("a [PATCH v3] pump: run without it", notes=CHANGE.format("one")),
            build_described_mail(
                "b0+1d [PATCH v4 0/2] demo: no valves", notes=CHANGE.format("two")
            ),
            "b1+1d>b0 [PATCH v4 1/2] demo: ask whether there is one",
            "b2+1d>b0 [PATCH v4 2/2] pump: run without it",
        ],
        "3, 4",
    ),
    "the same title years later": (
        ["a [PATCH] demo: fix a typo", "b+900d [PATCH] demo: fix a typo"],
        "1, 1",
    ),
    "a new title for the same file": (
        [
            "a [PATCH] demo: pump: avoid a warning",
            "b+1d [PATCH v2] demo: pump: bail out",
        ],
        "1 2",
    ),
    "another change-id and title": (
        [
            build_described_mail(CHECK, notes=CHANGE.format("one")),
            build_described_mail("b+9 [PATCH v2] pump: else", notes=CHANGE.format("two") + V1),
        ],
        "1, 2",
    ),
    "another change-id and the same title": (
        [
            build_described_mail(CHECK, notes=CHANGE.format("one")),
            build_described_mail(CHECK_V2, notes=CHANGE.format("two")),
        ],
        "1, 2",
    ),
    "what came after a lone version": (
        [PUMP_V2, "a+99 [PATCH] demo: check the pump"],
        "2, 1",
    ),
    "a backport before a lone version": (
        ["a [PATCH 6.1.y] demo: check the pump", PUMP_V2],
        "1, 2",
    ),
    "another author before a lone version": (
        [build_described_mail(PUMP, author=OTTO), PUMP_V2],
        "1, 2",
    ),
    "patches that count versions of their own": (
        [
            "20240304100000.77-1-ada [PATCH v2 0/2] demo: fence off",
            "20240304100000.77-2-ada+1>20240304100000.77-1-ada [PATCH 1/2] [v6] demo: a tap",
            "20240304100000.77-3-ada+1>20240304100000.77-1-ada [PATCH 2/2] [v2] demo: a pump",
        ],
        "2",
    ),
    "a change-id of gerrit": (
        [
            build_described_mail(CHECK, message=GERRIT),
            make_file_patch("tap.c", RENAMED, message=GERRIT),
        ],
        "1 2",
    ),
    "a request to pull of other patches": ([*VALVES, *PULL], "1, 1"),
    "a request to pull of another author": (
        [
            build_described_mail("o1 [PATCH 1/2] demo: check 1", author=OTTO),
            build_described_mail("o2>o1 [PATCH 2/2] demo: check 2", author=OTTO),
            *PULL,
        ],
        "1, 1",
    ),
    "the only patch of a series sent alone": (
        [
            "a [PATCH 0/1] demo: all",
            "a1+1>a [PATCH 1/1] valve: open the door",
            "b+1d [PATCH] valve: open the door",
            "c+2d [PATCH v2 0/1] demo: all",
            "c1+2d>c [PATCH v2 1/1] demo: check the pump",
        ],
        "1 1 2",
    ),
    "a first name at two hosts": (
        [
            build_described_mail(CHECK, author="Ada <a@x.org>"),
            build_described_mail(CHECK_V2, author="Ada <a@y.org>"),
        ],
        "1, 2",
    ),
    "an address in capitals": (
        [
            build_described_mail(CHECK, author="Ada <a@x.org>"),
            build_described_mail(CHECK_V2, author="Ada <A@x.org>"),
        ],
        "1 2",
    ),
    "another name at an address": (
        [
            build_described_mail(CHECK, author="Ada <a@x.org>"),
            build_described_mail(CHECK_V2, author="Otto <a@x.org>"),
        ],
        "1 2",
    ),
    "a patch of another series": (
        [
            *WEIGHTED,
            *_make_series("c", "PATCH", SET, ("refactor it", "take a task", "export it"), 63),
        ],
        "1 2, 1",
    ),
    "two patches of another series": (
        [
            *WEIGHTED,
            *_make_series("c", "PATCH", SET, ("refactor it", "weigh them", "export it"), 63),
        ],
        "1 2 1",
    ),
    "a patch within a reply, and a question": (
        [
            CHECK,
            build_described_mail("b+5>a Re: [PATCH] demo: check it", author=OTTO),
            build_mail("A question about pumps", "Which one?\n", id="c", minutes=6),
            build_mail("Re: A question about pumps", "It.\n", id="d", reply_to="c", minutes=7),
        ],
        "1",
    ),
    "a patch sent alone after its series": ([*STEPS, ALONE], "1 1"),
    "a patch sent alone between two versions with it": (
        [
            *STEPS,
            ALONE,
            *(one.replace("/2]", "/3]") for one in STEPS_V2),
            "b3+903>b1 [PATCH v2 3/3] demo: step 1",
        ],
        "1 1 2",
    ),
}


@pytest.mark.parametrize(("mails", "expected"), SERIES.values(), ids=SERIES)
def test_mails_are_joined_to_series(mails: list[bytes | str], expected: str) -> None:
    assert join_versions(*mails) == expected


def test_unnumbered_parent_is_the_cover_letter() -> None:
    words = build_mail("[PATCH] demo: check everything", "These check it all.\n", id="c")
    patches = [f"p{n}+{n}>c [PATCH {n}/2] demo: check {n}" for n in (1, 2)]
    (series,) = read_series(words, *patches)
    assert series.latest.head.is_cover
    assert [post.number for post in series.latest.patches] == [1, 2]
    assert not read_series(words)[0].latest.head.is_cover


def test_link_joins_renamed_versions() -> None:
    (series,) = read_series(CHECK, build_described_mail(RENAMED, notes=V1))
    assert list_series_versions(series) == [1, 2]
    assert series.subject == "pump: something else"


def test_link_to_a_missing_version_is_kept() -> None:
    link = "- Link to v1: https://lore.kernel.org/r/gone@example.org\n"
    assert read_series(build_described_mail("b [PATCH v2] demo: check it", notes=link))[
        0
    ].missing == {"gone@example.org": 1}


def test_series_is_assembled_by_threading() -> None:
    all_series = read_series(
        "c0 [PATCH v2 0/2] demo: two",
        "c2+200>c0 [PATCH v2 2/2] demo: b",
        "c1+100>c0 [PATCH v2 1/2] demo: a",
    )
    assert len(all_series) == 1
    assert [post.number for post in all_series[0].latest.posts] == [0, 1, 2]


def test_unthreaded_series_is_assembled_by_time() -> None:
    all_series = read_series(
        "c1 [PATCH 1/2] demo: a",
        "c2+1 [PATCH 2/2] demo: b",
    )
    assert [len(series.latest.posts) for series in all_series] == [2]


def test_resend_is_a_revision() -> None:
    all_series = read_series(
        "a [PATCH] demo: a",
        "b+9 [RESEND PATCH] demo: a",
        "c+19 [PATCH v2] demo: a",
    )
    assert [(revision.version, revision.is_resend) for revision in all_series[0].revisions] == [
        (1, False),
        (1, True),
        (2, False),
    ]


def test_rfc_and_pull_request_are_revisions() -> None:
    all_series = read_series(
        "a [RFC PATCH] demo: a",
        "b+9 [PATCH] demo: a",
        build_mail(
            "[GIT PULL] demo: a",
            "The following changes\n\n 1 file changed, 1 insertion(+)\n",
            id="c",
            minutes=99,
        ),
    )
    assert len(all_series) == 1
    assert [
        (revision.is_rfc, revision.is_pull_request) for revision in all_series[0].revisions
    ] == [
        (True, False),
        (False, False),
        (False, True),
    ]


def test_backport_is_not_a_revision() -> None:
    all_series = read_series(
        "a [PATCH] demo: a",
        "b+9 [PATCH 6.1.y] demo: a",
    )
    assert [series.latest.backport_to for series in all_series] == [None, "6.1"]


def test_revisions_are_in_sending_order() -> None:
    prefixes = [
        "[RFC PATCH]",
        "[RFC PATCH v2]",
        "[RFC PATCH v3]",
        "[PATCH]",
        "[PATCH v2]",
    ]
    all_series = read_series(
        *(f"m{index}+{index * DAY} {mark} demo: check it" for index, mark in enumerate(prefixes))
    )
    assert [(revision.version, revision.is_rfc) for revision in all_series[0].revisions] == [
        (1, True),
        (2, True),
        (3, True),
        (1, False),
        (2, False),
    ]
    assert all_series[0].latest.version == 2


@pytest.mark.parametrize("cover", ["[PATCH v2 0/2]", "[RESEND PATCH v2 0/3]", "[RFC v2 0/3]"])
def test_cover_letter_with_another_prefix_joins_the_patches(
    cover: str,
) -> None:
    all_series = read_series(
        build_mail(f"{cover} demo: pumps", "Three patches.\n", id="c0"),
        *(f"c{number}+1>c0 [PATCH v2 {number}/3] demo: step {number}" for number in (1, 2, 3)),
    )
    assert [(len(series.revisions), len(series.latest.patches)) for series in all_series] == [
        (1, 3)
    ]


def test_mail_to_self_is_not_a_revision() -> None:
    recipients = {
        "to": ADA,
        "X_Original_To": "Matt <matt@example.com>",
        "X_Original_Cc": "demo@lists.example.org",
    }
    mails = parse(
        build_mbox(
            build_patch_mail("[PATCH] demo: check it", id="t", **recipients),
            build_described_mail("a+9 [PATCH] demo: check it"),
        )
    )
    (status,) = read_thread(mails)
    assert [revision.head.message_id for revision in status.revisions] == ["a@example.org"]
    assert not status.replies


def test_patch_to_its_author_may_be_a_revision() -> None:
    # a Bcc: to a list is not in the headers, because mail servers add only the receiving address
    for headers in ({}, {"X_Original_To": "ada@example.org"}):
        status = read_only_series(
            build_patch_mail("[PATCH] demo: check it", id="a", to=ADA, **headers)
        )
        assert list_series_versions(status) == [1]


@pytest.mark.parametrize(
    ("first", "second", "notes", "expected"),
    [
        # a link with the label "v1" joins series whatever their titles are, unless it is within a
        # sentence
        ("[PATCH] demo: check it", "[PATCH v2] pump: something else", V1, "1 2"),
        ("[PATCH] demo: check it", "[PATCH v3] pump: something else", V1, "1 3"),
        (
            "[PATCH] demo: check it",
            "[PATCH v2] demo: check all",
            f"See {V1[14:]}",
            "1, 2",
        ),
        ("[PATCH v3] demo: check it", "[PATCH v2] pump: something else", V1, "3, 2"),
        # the label of the link names another version than the one to which it leads
        ("[PATCH v2] demo: check it", "[PATCH v3] pump: something else", V1, "2, 3"),
    ],
)
def test_link_type_decides_whether_series_are_joined(
    first: str, second: str, notes: str, expected: str
) -> None:
    later = make_file_patch("tap.c", f"b+9 {second}", notes=notes)
    assert join_versions(f"a {first}", later) == expected


@pytest.mark.parametrize(("mark", "expected"), [("v2", "1 2"), ("", "1, 1")])
def test_retitled_version_is_joined_by_its_changes(mark: str, expected: str) -> None:
    later = f"b+9 [PATCH {mark}] pump: something else"
    assert join_versions(PUMP, later) == expected
    assert join_versions(PUMP, make_file_patch("tap.c", later)) == expected.replace(
        " ", ", "
    ).replace(",,", ",")


@pytest.mark.parametrize(
    ("subject", "notes", "expected"),
    [
        ("[PATCH v2] demo: check the pump", V1, "1 2"),
        ("[PATCH v2] pump: something else", V1, "1, 2"),
        (
            "[PATCH v2] demo: check the pump",
            "See https://lore.kernel.org/r/a@example.org there\n",
            "1, 2",
        ),
    ],
)
def test_new_author_needs_link_and_title(subject: str, notes: str, expected: str) -> None:
    later_mail = build_described_mail(f"b+9 {subject}", notes=notes, author=OTTO)
    assert join_versions(build_described_mail(PUMP, Cc=OTTO), later_mail) == expected
    assert join_versions(PUMP, later_mail) == "1, 2", "nobody knows who that is"


@pytest.mark.parametrize(
    ("subject", "days", "expected"),
    [
        ("[PATCH] demo: check it", 549, "1 1"),
        ("[PATCH] demo: check it", 551, "1, 1"),
        ("[RESEND PATCH] demo: check it", 551, "1 1"),
        ("[RFC PATCH] demo: check it", 551, "1 1"),
        ("[PATCH v2] demo: check it", 551, "1 2"),
    ],
)
def test_old_series_with_the_same_title_is_separate(subject: str, days: int, expected: str) -> None:
    assert join_versions(CHECK, f"b+{days}d {subject}") == expected


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Thu, 01 Jan 1970 00:00:00 +0000", "1 2"),
        ("Mon, 01 Jan 2091 00:00:00 +0000", "1 2"),
        ("some day", "1 2"),
        ("Tue, 01 Jan 1991 00:00:00 +0000", "2 1"),
    ],
)
def test_impossible_dates_are_ignored(date: str, expected: str) -> None:
    second_mail = build_described_mail("b [PATCH v2] demo: check it").replace(
        b"Mon, 04 Mar 2024 09:00:00 +0000", date.encode()
    )
    assert join_versions("a+9 [PATCH] demo: check it", second_mail) == expected


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
def test_version_links_differ_from_other_links(notes: str, earlier: dict[str, int]) -> None:
    (post,) = read_series(build_described_mail("b [PATCH v13] demo: check it", notes=notes))[
        0
    ].latest.posts
    assert post.earlier == earlier


@pytest.mark.parametrize(
    ("prefixes", "minutes", "groups"),
    [
        (("PATCH 1/2", "PATCH 2/2"), 29, "m0 m1"),
        (("PATCH 1/2", "PATCH 2/2"), 31, "m0, m1"),
        (("PATCH 1/2", "PATCH v2 2/2"), 1, "m0 | m1"),
        (("PATCH 1/2", "PATCH 2/3"), 1, "m0, m1"),
        (("PATCH 1/2", "PATCH RESEND 2/2"), 1, "m0, m1"),
        (("PATCH 1/2", "RFC PATCH 2/2"), 1, "m0, m1"),
        (("PATCH 1/2", "PATCH 1/2"), 1, "m0, m1"),
        (("PATCH 1/1", "PATCH 1/1"), 1, "m0, m1"),
        (("PATCH", "PATCH"), 1, "m0, m1"),
    ],
)
def test_unthreaded_patches_are_grouped_by_shape(
    prefixes: tuple[str, str], minutes: int, groups: str
) -> None:
    mails = (
        f"m{index}+{index * minutes} [{mark}] demo: {index}" for index, mark in enumerate(prefixes)
    )
    assert list_versions(*mails) == groups


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("20240304090000.123-1-ada", "20240304090000.123-2-ada", True),
        ("20240304090000.123-1-ada", "20240304090001.123-2-ada", False),
        ("1709542800-1234-1-git-send-email", "1709542800-1234-2-git-send-email", True),
        ("1709542800-1234-1-git-send-email", "1709542800-1235-2-git-send-email", False),
        ("1709542800-1234-git-send-email-a", "1709542800-1234-git-send-email-b", True),
        ("20240304-demo-v1-1-0123456789ab", "20240304-demo-v1-2-0123456789ab", True),
        ("20240304-demo-v1-1-0123456789ab", "20240304-pump-v1-2-0123456789ab", False),
        ("one", "two", False),
    ],
)
def test_message_ids_group_a_slow_send(first: str, second: str, together: bool) -> None:
    all_series = read_series(f"{first} [PATCH 1/2] demo: 1", f"{second}+300 [PATCH 2/2] demo: 2")
    assert (len(all_series) == 1) is together


@pytest.mark.parametrize(
    ("patches", "expected"),
    [
        (("1+1>0 [PATCH 1/2] demo: 1", "2+2>0 [PATCH 2/2] demo: 2"), "0 1 2"),
        (("1+32>0 [PATCH 1/2] demo: 1", "2+33>0 [PATCH 2/2] demo: 2"), "0, 1 2"),
        (("1+1>0 [PATCH v2 1/2] demo: 1",), "0 | 1"),
    ],
)
def test_wrong_count_in_cover_letter_keeps_patches(patches: tuple[str, ...], expected: str) -> None:
    assert list_versions("0 [PATCH 0/3] demo: two", *patches) == expected


def test_cover_letter_and_patches_have_the_same_version() -> None:
    cover = build_mail("[PATCHSET v4 1/2] demo: pumps", "The first of two sets.\n", id="c0")
    patches = [f"c{index}+{index}>c0 [PATCH {index}/2] demo: {index}" for index in (1, 2)]
    (series,) = read_series(cover, *patches)
    assert (
        list_series_versions(series),
        [post.number for post in series.latest.posts],
    ) == (
        [4],
        [0, 1, 2],
    )


def test_resent_patch_keeps_the_version() -> None:
    first = ("a1+1 [PATCH 1/2] demo: step 1", "a2+2>a1 [PATCH 2/2] demo: step 2")
    second = (
        "b1+901 [PATCH v2 1/2] demo: step 1",
        "b2+902>b1 [PATCH v2 2/2] demo: step 2",
    )
    resent_patch = "again+2000>b2 [PATCH 2/2] demo: step 2"
    (series,) = read_series(*first, *second, resent_patch)
    assert list_series_versions(series) == [1, 2]
    assert [post.message_id for post in series.latest.patches] == [
        "b1@example.org",
        "again@example.org",
    ]
    request = build_reply(
        "[PATCH v2 2/2] demo: step 2",
        "Please name the pump.",
        id="w",
        reply_to="b2",
        minutes=1000,
    )
    posts = [*map(build_described_mail, second), request]
    for mails, state in (
        (posts, "changes-requested"),
        ([*posts, build_described_mail(resent_patch)], "under-review"),
    ):
        assert [status.state for status in read_thread(parse(build_mbox(*mails)))] == [state]


def test_unnumbered_resend_keeps_the_previous_version() -> None:
    (series,) = read_series(
        "a [RFC] demo: check the pump",
        "b+600 [RFCv2] demo: check the pump",
        "c+900 [PATCH V3] demo: check the pump",
        "d+999 [RESEND PATCH] demo: check the pump",
    )
    labels = [revision.label for revision in series.revisions]
    assert labels == ["RFC v1", "RFC v2", "v3", "v3 resend"]


def test_cover_letter_and_unnumbered_patch_are_one_revision() -> None:
    assert (
        list_versions(
            build_mail("[PATCH] demo: pumps", "One step.\n", id="c1"),
            "p1+1>c1 [PATCH] demo: check the pump",
            build_mail("[PATCH v2] demo: pumps", "One step.\n", id="c2", minutes=1800),
            "p2+1801>c2 [PATCH v2] demo: check the pump",
        )
        == "c1 p1 | c2 p2"
    )


def test_reply_without_references_joins_its_series() -> None:
    first = "a1 [PATCH 1/2] demo: step 1"
    later_mail = build_described_mail("a2+90>a1 [PATCH 2/2] demo: step 2", references="")
    assert list_versions(first, later_mail) == "a1 a2"
    assert list_versions(first, "a2+90 [PATCH 2/2] demo: step 2") == "a1, a2"


@pytest.mark.parametrize(
    ("day", "minutes", "count"), [(4, 90, 1), (5, 90, 2), (5, 29, 1), (5, 30, 2)]
)
def test_wrongly_counted_patches_are_matched_by_run_or_time(
    day: int, minutes: int, count: int
) -> None:
    cover, first = "20240304090000.7-1-ada", f"2024030{day}090000.7-2-ada"
    all_series = read_series(
        f"{cover} [PATCH 0/3] demo: two",
        f"{first}+{minutes}>{cover} [PATCH 1/2] demo: step 1",
    )
    assert len(all_series) == count


SEE = "See https://lore.kernel.org/r/a@example.org there\n"
V2_LINK = "- Link to v2: https://lore.kernel.org/r/a@example.org\n"


@pytest.mark.parametrize(
    ("first", "second", "notes", "reply_to", "expected"),
    [
        # a reply joins two series, unless it is a reply to a later version
        ("[PATCH] demo: check it", "[PATCH v2] pump: else", "", "a", "1 2"),
        ("[PATCH v2] demo: check it", "[PATCH v2] pump: else", "", "a", "2 2"),
        ("[PATCH v3] demo: check it", "[PATCH v2] pump: else", "", "a", "3, 2"),
        ("[PATCH] demo: check it", "[PATCH] pump: else", "", "a", "1, 1"),
        ("[PATCH] demo: check it", "[PATCH v2 6.1.y] pump: else", "", "a", "1, 2"),
        # a link to an earlier version joins two series, but a link to the same version does not
        ("[PATCH] demo: check it", "[PATCH v2] pump: else", V1, None, "1 2"),
        ("[PATCH] demo: check it", "[PATCH v2 6.1.y] pump: else", V1, None, "1, 2"),
        (
            "[PATCH v2] demo: check it",
            "[PATCH v2] pump: else",
            V2_LINK,
            None,
            "2, 2",
        ),
        # a link within a sentence does not join two series
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: check the valves",
            SEE,
            None,
            "1, 3",
        ),
        (
            "[PATCH] demo: check it",
            "[PATCH v3] demo: no word alike",
            SEE,
            None,
            "1, 3",
        ),
        (
            "[PATCH v3] demo: check it",
            "[PATCH v3] demo: check the valves",
            SEE,
            None,
            "3, 3",
        ),
    ],
)
def test_answered_or_linked_version_is_earlier(
    first: str, second: str, notes: str, reply_to: str | None, expected: str
) -> None:
    parent = f">{reply_to}" if reply_to else ""
    later = make_file_patch("tap.c", f"b+9{parent} {second}", notes=notes)
    assert join_versions(f"a {first}", later) == expected


@pytest.mark.parametrize(
    ("first_id", "second_id", "expected"),
    [
        ("", "", "1 2"),
        ("one", "", "1 2"),
        ("", "two", "1 2"),
        ("one", "one", "1 2"),
        ("one", "two", "1, 2"),
    ],
)
def test_series_with_different_change_ids_stay_separate(
    first_id: str, second_id: str, expected: str
) -> None:
    first, second = (CHANGE.format(name) if name else "" for name in (first_id, second_id))
    later = make_file_patch("tap.c", RENAMED, notes=second + V1)
    assert join_versions(build_described_mail(CHECK, notes=first), later) == expected


@pytest.mark.parametrize(
    ("minutes", "file", "expected"),
    [
        (60, "tap.c", "1, 1"),
        (60, "pump.c", "1 1"),
        (550 * DAY, "pump.c", "1 1"),
        (550 * DAY + 1, "pump.c", "1, 1"),
    ],
)
def test_recent_versions_with_the_same_title_are_joined(
    minutes: int, file: str, expected: str
) -> None:
    first = "a [PATCH] demo: fix a typo"
    second = f"b+{minutes} [PATCH] demo: fix a typo"
    assert join_versions(first, make_file_patch(file, second)) == expected
    assert join_versions(make_file_patch(file, first), build_described_mail(second)) == expected


def break_date(message: bytes) -> bytes:
    return message.replace(b"Date: ", b"X-Date: ", 1)


def test_undated_revisions_are_ordered_by_number() -> None:
    def list_labels(*mails: bytes | str) -> list[str]:
        (series,) = read_series(*mails)
        return [revision.label for revision in series.revisions]

    rfc = "r+20 [RFC PATCH] demo: check it"
    first = "f+10 [PATCH] demo: check it"
    second_mail = build_described_mail("s+5 [PATCH v2] demo: check it")
    assert list_labels(first, rfc) == ["v1", "RFC v1"]
    assert list_labels(break_date(build_described_mail(first)), rfc) == ["RFC v1", "v1"]
    assert list_labels(first, break_date(second_mail)) == ["v1", "v2"]
    later = ("t+30 [PATCH v2] demo: check it", "u+40 [RFC PATCH v2] demo: check it")
    assert list_labels(break_date(build_described_mail(first)), *later) == [
        "v1",
        "RFC v2",
        "v2",
    ]
    assert list_labels(first, second_mail.replace(b"Mar 2024", b"Mar 1990")) == [
        "v1",
        "v2",
    ]
    assert list_labels(first, second_mail.replace(b"Mar 2024", b"Mar 1991")) == [
        "v2",
        "v1",
    ]


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
def test_words_before_a_link_name_its_version(words: str, version: int | None) -> None:
    (series,) = read_series(build_described_mail("b [PATCH v3] demo: check it", notes=words))
    post = series.latest.head
    assert post.earlier == ({} if version is None else {"a@example.org": version})


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        # a message without a thread joins the posting closest in time that has the same subject
        # form
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q+5 [PATCH 1/2] demo: step q",
                "r+6 [PATCH 2/2] demo: step r",
            ],
            "p, q r",
        ),
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q+29 [PATCH 2/2] demo: step q",
            ],
            "p q",
        ),
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q+30 [PATCH 2/2] demo: step q",
            ],
            "p, q",
        ),
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q+1 [PATCH 2/3] demo: step q",
            ],
            "p, q",
        ),
        # replies with the same numbers replace the original patches
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q>p [PATCH 2/2] demo: step q",
                "r+90>q [PATCH 2/2] demo: step q",
            ],
            "p q r",
        ),
        (
            [
                "p [PATCH 1/2] demo: step p",
                "q>p [PATCH 2/2] demo: step q",
                "r+90>q [PATCH v2 2/2] demo: step r",
            ],
            "p q | p r",
        ),
        (
            [
                "c [PATCH 0/2] demo: all",
                "d+45 [PATCH 0/2] demo: all",
                "p+45>d [PATCH 1/2] demo: step p",
            ],
            "c | d p",
        ),
        (
            [
                "c [PATCH 0/2] demo: all",
                "d+5 [PATCH 0/2] valve: all",
                "p+5>d [PATCH 1/2] demo: step p",
            ],
            "c, d p",
        ),
    ],
)
def test_series_sent_together_is_one_revision(mails: list[str], expected: str) -> None:
    assert list_versions(*mails) == expected
