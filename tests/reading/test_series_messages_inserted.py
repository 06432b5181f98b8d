# SPDX-License-Identifier: GPL-2.0-or-later
"""Test how patches sent into a series later, and superseding patches, are assigned to series."""

import pytest

from patchpilot.reading.mbox import parse
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import read_thread
from tests.kit.mails import OTTO, RITA, build_described_mail, build_mbox, build_reply


def build_patch(line: str, file: str = "pump", **options: object) -> bytes:
    return build_described_mail(line, **options).replace(b"pump", file.encode())


SET = (
    build_patch("c [PATCH v2 0/3] set: three patches"),
    build_patch("a1+1>c [PATCH v2 1/3] set: one", "one"),
    build_patch("a2+2>c [PATCH v2 2/3] set: two", "two"),
    build_patch("a3+3>c [PATCH v2 3/3] set: three", "three"),
)


def read(*mails: bytes) -> tuple[PostedSeries, ...]:
    return read_thread(parse(build_mbox(*mails)))


def list_versions(series: PostedSeries) -> list[list[str]]:
    return [[post.title for post in revision.patches] for revision in series.revisions]


@pytest.mark.parametrize("time", ["9", "40d"])
@pytest.mark.parametrize(
    "mark",
    ["PATCH v2 2.5/3", "PATCH 2.5/3", "PATCH v2 2a/3", "PATCHv2 2.1/3", "PATCH v2, 0.5/3"],
)
def test_patch_between_two_others_belongs_to_the_series(mark: str, time: str) -> None:
    (series,) = read(*SET, build_patch(f"x+{time}>a2 [{mark}] set: two and a half", "half"))
    assert list_versions(series) == [["set: one", "set: two", "set: three", "set: two and a half"]]
    assert series.latest.missing_patches == ()
    assert series.latest.version == 2


def test_tag_for_an_inserted_patch_counts_for_it_only() -> None:
    title = "[PATCH v2 2.5/3] set: two and a half"
    (series,) = read(
        *SET,
        build_patch(f"x+9>a2 {title}", "half"),
        build_reply(title, f"Reviewed-by: {RITA}", reply_to="x", minutes=20, id="r"),
    )
    (tag,) = series.trailers
    (post,) = [post for post in series.latest.patches if post.title == "set: two and a half"]
    assert tag.patch == post.number


def test_next_version_has_the_inserted_patch() -> None:
    titles = {"one": "one", "two": "two", "half": "two and a half", "three": "three"}
    (series,) = read(
        *SET,
        build_patch("x+9>a2 [PATCH v2 2.5/3] set: two and a half", "half"),
        *(
            build_patch(f"b{number}+9d [PATCH v3 {number}/4] set: {title}", file)
            for number, (file, title) in enumerate(titles.items(), 1)
        ),
    )
    assert [revision.version for revision in series.revisions] == [2, 3]


def test_inserted_patch_without_its_series_is_a_series() -> None:
    (series,) = read(build_patch("x [PATCH v2 2.5/3] set: two and a half", "half"))
    assert series.subject == "set: two and a half"


@pytest.mark.parametrize("version", ["", " v2"])
@pytest.mark.parametrize(
    "line",
    [
        "Supersedes: <o1@example.org>",
        "supersedes: o1@example.org",
        "Supersedes: https://lore.kernel.org/r/o1@example.org/",
        "Supersedes: <other@example.org>, <o1@example.org>",
        "",
    ],
)
@pytest.mark.parametrize("part", ["notes", "message"])
def test_superseding_patch_is_the_next_version(line: str, version: str, part: str) -> None:
    headers = {} if line else {"Supersedes": "<o1@example.org>"}
    text = {part: f"All is new.\n\n{line}\n"} if line else {}
    new = build_patch(f"n1+1d [PATCH{version}] all: new words", "other", **headers, **text)
    (series,) = read(build_patch("o1 [PATCH] old: words"), new)
    assert list_versions(series) == [["old: words"], ["all: new words"]]


def test_somebody_else_cannot_supersede_a_series() -> None:
    forged = build_patch(
        "n1+1d [PATCH] all: new words", "other", author=OTTO, Supersedes="<o1@example.org>"
    )
    assert len(read(build_patch("o1 [PATCH] old: words"), forged)) == 2


def test_version_in_the_thread_of_another_patch_joins_its_own_series_only() -> None:
    first, second = read(
        build_patch("o1 [PATCH] old: words"),
        build_patch("z+3 [PATCH] other: words", "other"),
        build_patch("n1+1d>z [PATCH v2] old: words"),
    )
    assert list_versions(first) == [["old: words"], ["old: words"]]
    assert list_versions(second) == [["other: words"]]
