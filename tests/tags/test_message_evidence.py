# SPDX-License-Identifier: GPL-2.0-or-later
"""Test separating the prose of a message from its trailers."""

import pytest

from patchpilot.tags.message_evidence import (
    BLAMED,
    DESCRIBED,
    MENTIONED,
    PASSING,
    find_commit_ids,
    find_quoted_subjects,
    split_prose,
)

MESSAGE = """\
net: fix it

Since commit 0123456789ab ("net: break it all") the thing hangs at 0xdeadbeef.
Similar to commit abcdefabcdef, which fixed another.

Fixes: 1111111111111 ("net: first
 half of it")
  fixes: 2222222222222
Reported-by: Eve <eve@example.org>
"""


def test_trailers_are_removed_from_prose() -> None:
    subject, text = split_prose(MESSAGE)
    assert subject == "net: fix it"
    assert "1111111" not in text
    assert "half" not in text
    assert "2222222" not in text
    assert "Eve" not in text
    assert find_commit_ids(text) == {"0123456789ab": 1.0, "abcdefabcdef": 0.2}
    assert find_quoted_subjects(text) == ("net: break it all",)


def test_origin_of_a_function_is_not_blamed() -> None:
    text = "fill() was originally introduced in commit 0123456789ab. It leaks."
    assert find_commit_ids(text) == {"0123456789ab": 0.6}


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ('Commit {} ("ring: tidy\nring_read()") removed the check.', DESCRIBED),
        ("It hangs.\n\nThe commit {} (ring: tidy) has accidentally dropped the lock.", DESCRIBED),
        ("It hangs. However, commit {} modifies the mask.", DESCRIBED),
        ('Commit {} ("ring: tidy") broke the resume.', BLAMED),
        ("Commit {} causes a hang.", BLAMED),
        ('Commit {} ("ring: tidy") fixed the same in ring_write().', MENTIONED),
        ('The check was lost when commit {} ("ring: tidy") removed the lock.', MENTIONED),
        ('Commit {} ("ring: tidy") added a check, do the same as in ring_write().', PASSING),
    ],
)
def test_commit_that_is_the_subject_of_a_sentence(text: str, weight: float) -> None:
    assert find_commit_ids(text.format("0123456789ab")) == {"0123456789ab": weight}
