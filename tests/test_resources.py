# SPDX-License-Identifier: GPL-2.0-or-later
"""Test saving drafts without losing what the user wrote or sent."""

from pathlib import Path

import pytest

from patchpilot.resources import (
    describe_kept_drafts,
    find_sent_time,
    list_recent_drafts,
    mark_sent,
    save_new_draft_file,
    update_draft_file,
)

KIND, NAME = "requests", "0123456789ab"
FIRST, SECOND = "Subject: first\n\nPlease.\n", "Subject: second\n\nPlease.\n"


def edit(file: Path) -> str:
    text = f"{file.read_text()}It crashes without it.\n"
    file.write_text(text)
    return text


def read_kept(file: Path) -> list[str]:
    return [Path(line.split(" is kept as ")[1]).read_text() for line in describe_kept_drafts(file)]


def test_generated_draft_is_replaced() -> None:
    file = update_draft_file(KIND, NAME, FIRST)
    assert update_draft_file(KIND, NAME, SECOND) == file
    assert file.read_text() == SECOND
    assert list(list_recent_drafts(KIND)) == [file]
    assert describe_kept_drafts(file) == []


def test_edited_draft_stays_if_nothing_else_is_generated() -> None:
    file = update_draft_file(KIND, NAME, FIRST)
    edited = edit(file)
    assert update_draft_file(KIND, NAME, FIRST) == file
    assert file.read_text() == edited
    assert describe_kept_drafts(file) == []


@pytest.mark.parametrize("times", [1, 3])
def test_edited_drafts_are_kept_under_another_name(times: int) -> None:
    file = update_draft_file(KIND, NAME, FIRST)
    edited = []
    for number in range(times):
        edited.append(edit(file))
        update_draft_file(KIND, NAME, f"{SECOND}{number}\n")
    assert file.read_text() == f"{SECOND}{times - 1}\n"
    assert sorted(read_kept(file)) == sorted(edited)
    assert len(list(list_recent_drafts(KIND))) == times + 1, "the user may still send them"


def test_draft_of_unknown_origin_counts_as_edited() -> None:
    file = save_new_draft_file(KIND, NAME, FIRST)
    update_draft_file(KIND, NAME, SECOND)
    assert read_kept(file) == [FIRST]


@pytest.mark.parametrize("is_edited", [False, True])
def test_sent_draft_is_kept_with_its_mark(is_edited: bool) -> None:
    file = update_draft_file(KIND, NAME, FIRST)
    sent = edit(file) if is_edited else FIRST
    mark_sent(KIND, NAME)
    update_draft_file(KIND, NAME, FIRST)
    assert find_sent_time(KIND, NAME) is None
    assert read_kept(file) == [sent]
    assert list(list_recent_drafts(KIND)) == [file]


@pytest.mark.parametrize("length", [8, 50, 51, 80])
def test_each_new_draft_has_a_file_for_names_of_any_length(length: int) -> None:
    name = "f" * length
    files = [save_new_draft_file("reports", name, f"{number}\n") for number in range(12)]
    assert [file.read_text() for file in files] == [f"{number}\n" for number in range(12)]
    assert save_new_draft_file("reports", name, "3\n") == files[3], "the same report again"
    mark_sent("reports", files[0].stem)
    assert save_new_draft_file("reports", name, "0\n") not in files
