# SPDX-License-Identifier: GPL-2.0-or-later
"""What is certain to repair before a send is shown as it is written, written at once, and undone at
once.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.commits.run import git
from patchpilot.config import Settings
from patchpilot.demo.demo_repository import make_repositories
from patchpilot.errors import RefusedError
from patchpilot.model.send_problem import SendProblem
from patchpilot.model.send_request import SendRequest
from patchpilot.services.repair import (
    CERTAIN,
    PREFIX,
    SIGN_OFF,
    apply_repairs,
    find_repairs,
    undo_repairs,
)
from patchpilot.services.send.plan_send import plan
from patchpilot.settings.read_settings import read_settings
from tests.kit.walk import copy_clone


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[Repository]:
    """The newcomer's clone in the sandbox: a fix with errors of style and message, no tags and no
    prefix.
    """
    work = copy_clone(make_repositories(tmp_path / "sandbox"), tmp_path)
    with Repository.open(work) as opened:
        yield opened


def head(repository: Repository) -> tuple[str, str]:
    """The newest commit's message, and its files as they are checked out."""
    return git(repository.top, "log", "-1", "--format=%B").text, git(
        repository.top, "status", "--porcelain", "-uno"
    ).text


def test_all_that_is_certain_is_repaired_and_only_the_sign_off_is_left(
    repository: Repository,
) -> None:
    settings = read_settings(repository)
    planned = plan(repository, SendRequest())
    before, was = head(repository), git(repository.top, "rev-parse", "HEAD").text
    repairs = find_repairs(repository, settings, planned)
    assert head(repository) == before
    assert repairs.words[0].startswith("3 safe fixes: ")
    assert (
        'Fixes: 33248b1ba072 ("acme: read the number of flash images at probe")'
        in repairs.words
    )
    assert "subject prefix: [PATCH net]" in repairs.words
    assert any(
        line.startswith("+\tif ((rsp & ACME_MSG_CODE_MASK) == ACME_MSG_UNSUPPORTED)")
        for line in repairs.diff
    )
    assert not repairs.left
    done = apply_repairs(repository, settings, planned, repairs)
    message, dirty = head(repository)
    assert not dirty
    assert message.strip() == repairs.changes[-1].new.strip()
    assert (
        'Commit 33248b1ba072 ("acme: read the number of flash images'
        in message.replace("\n", " ")
    )
    assert "\nFixes: 33248b1ba072 (" in message
    assert "Signed-off-by: Robin" not in message
    again = plan(repository, SendRequest())
    assert [problem.name for problem in again.blockers] == ["no-signoff"]
    assert again.send.entries[0].subject.startswith("[PATCH net] ")
    # the commit itself is checked out
    assert not [one for one in again.warnings if one.name == "check-warnings"]
    assert not find_repairs(repository, settings, again).words
    undo_repairs(repository, done)
    assert (head(repository), git(repository.top, "rev-parse", "HEAD").text) == (
        before,
        was,
    )
    assert (
        plan(repository, SendRequest()).send.entries[0].subject.startswith("[PATCH] ")
    )


def test_a_sign_off_is_written_only_where_it_is_asked_for(
    repository: Repository,
) -> None:
    planned = plan(repository, SendRequest())
    assert SIGN_OFF not in CERTAIN
    repairs = find_repairs(repository, read_settings(repository), planned, (SIGN_OFF,))
    assert repairs.words == ("Signed-off-by: Robin Newland <robin@example.net>",)
    assert repairs.diff[-1] == "+Signed-off-by: Robin Newland <robin@example.net>"
    apply_repairs(repository, Settings(), planned, repairs)
    assert "\nSigned-off-by: Robin Newland <robin@example.net>" in head(repository)[0]


def test_the_tree_is_not_certain_where_a_patch_has_no_fixes_tag(
    repository: Repository,
) -> None:
    repairs = find_repairs(
        repository,
        read_settings(repository),
        plan(repository, SendRequest()),
        (PREFIX,),
    )
    assert (repairs.prefix, repairs.words) == ("", ())
    assert repairs.left == (
        "target tree: not certain, because not every patch has a Fixes: tag",
    )


def test_what_was_shown_is_not_written_to_other_commits(repository: Repository) -> None:
    settings = read_settings(repository)
    planned = plan(repository, SendRequest())
    repairs = find_repairs(repository, settings, planned)
    git(repository.top, "commit", "-q", "--amend", "-m", "net/acme: something else")
    before = head(repository)
    with pytest.raises(
        RefusedError, match="the commits have changed since the fixes were shown"
    ):
        apply_repairs(repository, settings, planned, repairs)
    assert head(repository) == before


def test_nothing_is_left_written_where_a_later_step_fails(
    repository: Repository,
) -> None:
    settings = read_settings(repository)
    planned = plan(repository, SendRequest())
    before = head(repository)
    broken = replace(find_repairs(repository, settings, planned), prefix="PATCH v7")
    with pytest.raises(Exception, match="must not contain"):
        apply_repairs(repository, settings, planned, broken)
    assert head(repository) == before


def test_a_cover_letter_is_left_to_its_author(repository: Repository) -> None:
    planned = plan(repository, SendRequest())
    lacking = replace(
        planned,
        warnings=(
            *planned.warnings,
            SendProblem("no-cover", "a series of 2 patches without a cover letter"),
        ),
    )
    assert any(
        line.startswith("cover letter: ")
        for line in find_repairs(repository, read_settings(repository), lacking).left
    )
