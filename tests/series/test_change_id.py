# SPDX-License-Identifier: GPL-2.0-or-later
"""Test creating change-ids, and finding them in messages and in names of tags."""

import re

import pytest

from patchpilot.model.mail import parse_patch
from patchpilot.model.patch import Series
from patchpilot.series.change_id import (
    change_id_line,
    change_id_words,
    find_change_id,
    find_change_ids,
    format_tag_name,
    make_change_id,
    parse_sent_tag,
)
from patchpilot.series.recipient_edits import find_topic_key
from tests.kit.mails import build_patch_mail

OURS = "20240304-demo-check-abcdef012345"
GERRIT = "I" + "0123456789" * 4


def read_mailed_series(notes: str, subject: str = "[PATCH] demo: check it") -> Series:
    return Series((parse_patch(build_patch_mail(subject, id="a", notes=notes), "a.eml"),))


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("net: Fix the *leak*", "net-fix-the-leak"),
        ("", "patch"),
        ("…", "patch"),
        ("one two three four five six seven", "one-two-three-four-five-six"),
        (
            "abcdefghijklmnopqrstuvwxyz abcdefghijklm nopq",
            "abcdefghijklmnopqrstuvwxyz-abcdefghijklm",
        ),
    ],
)
def test_new_id_has_date_title_and_random_digits(title: str, words: str) -> None:
    match = re.fullmatch(r"\d{8}-(.+)-([0-9a-f]{12})", change_id := make_change_id(title))
    assert match is not None
    assert match[1] == words == change_id_words(change_id)
    assert make_change_id(title) != make_change_id(title)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (change_id_line(OURS), OURS),
        (f"Change-ID:{OURS}  ", OURS),
        (f"---\nbase-commit: {'a' * 40}\nchange-id: {OURS}\n\n-- \n2.43.0", OURS),
        # only the last change-id line counts, because a cover letter may mention an earlier one
        (f"change-id: 20230101-other-work-1\n\nchange-id: {OURS}", OURS),
        # ignore change-ids in quotations, indented lines, diffs and sentences
        (
            (
                f"> change-id: {OURS}\n change-id: {OURS}\n+change-id: {OURS}\nthe change-id:"
                f" {OURS} is new"
            ),
            None,
        ),
        ("change-id: abc", None),
        (f"change-id: {'x' * 121}", None),
        ("change-id: two words", None),
        ("change-id: ../../etc", None),
        (f"Change-Id: {GERRIT}", None),
        ("", None),
    ],
)
def test_last_change_id_line_is_used(text: str, expected: str | None) -> None:
    assert find_change_id(text.split("\n")) == expected


def test_gerrit_id_is_optional() -> None:
    lines = (f"Change-Id: {GERRIT}", "Signed-off-by: x")
    assert find_change_id(lines) is None
    assert find_change_id(lines, gerrit=True) == GERRIT


def test_cover_letter_id_comes_first() -> None:
    series = read_mailed_series(f"change-id: {OURS}\n")
    other = read_mailed_series("change-id: 20240101-else-1\n").patches[0]
    assert list(find_change_ids(Series(series.patches, cover=other))) == [
        "20240101-else-1",
        OURS,
    ]
    assert not list(find_change_ids(Series((series.patches[0]._replace(commit="c" * 40),))))
    assert not list(find_change_ids(read_mailed_series("")))


def test_gerrit_id_does_not_identify_topic() -> None:
    """Test that the topic is not identified by Gerrit's id in the first commit.

    Otherwise, dropping that patch would create a new topic, and removed recipients would be added
    again.
    """
    assert find_topic_key(read_mailed_series(f"change-id: {OURS}\n"), None) == f"change-id:{OURS}"
    assert find_topic_key(read_mailed_series(f"Change-Id: {GERRIT}\n"), None) == find_topic_key(
        read_mailed_series(""), None
    )


@pytest.mark.parametrize(("change_id", "version"), [(OURS, 1), ("a-v2-b", 12), ("x-v3", 3)])
def test_sent_tag_name_is_parsed(change_id: str, version: int) -> None:
    assert parse_sent_tag(format_tag_name(change_id, version)) == (change_id, version)
    assert parse_sent_tag(f"other/{change_id}-v{version}") is None
    assert parse_sent_tag(f"sent/{change_id}") is None or "-v" in change_id
