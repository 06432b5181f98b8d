# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what a report of a trial names, and the branches of trials."""

import pytest

from patchpilot.backports.trial_report import (
    is_trial_branch,
    name_trial_branch,
    parse_trial_report,
)


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        ("stable/linux-6.1.y by Tess", "Tested on linux-6.1.y by Tess."),
        ("linux-6.1.y", "Tested on linux-6.1.y by Me."),
        ("6.1.3 by Tess", "Tested on 6.1.3 by Tess."),
    ],
)
def test_remote_of_the_user_is_not_named(report: str, sentence: str) -> None:
    trial = parse_trial_report(report)
    branch = "stable/linux-6.1.y"
    assert trial.sentence("Me", branch) == sentence
    # the sentence is read back from the draft
    place = sentence.removeprefix("Tested on ").removesuffix(".")
    assert parse_trial_report(place).is_about("6.1", branch)
    assert not parse_trial_report(place).is_about("6.6", "stable/linux-6.6.y")


@pytest.mark.parametrize(
    ("report", "missing"),
    [
        ("6.12 by Tess", ""),
        ("6.12.3 by Tess", ""),
        ("6.12.y by Tess", ""),
        ("v6.12.0-18-amd64 by Tess", ""),
        ("linux-6.12.y by Tess", ""),
        ("6.12.4-rc1 by Tess", ""),
        ("6.1.99 by Tess", ""),
        ("6.12.4 by Tess", "6.12.4"),
        ("6.12.4+ by Tess", "6.12.4"),
        ("6.12.5-rc1 by Tess", "6.12.5"),
    ],
)
def test_release_after_the_latest_is_missing(report: str, missing: str) -> None:
    assert parse_trial_report(report).find_missing_release("6.12", 3) == missing


def test_branch_of_a_trial_is_recognized() -> None:
    bases = ("stable/linux-5.15.y", "v6.1.76", "v6.2-rc3", "a" * 40, "origin/my_topic")
    names = [name_trial_branch("0123456789abcdef", base) for base in bases]
    ends = ["5.15", "6.1.76", "6.2-rc3", "a" * 12, "my-topic"]
    assert names == [f"try-0123456789ab-{end}" for end in ends]
    assert all(map(is_trial_branch, [*names, "try-0123456789ab"]))
    assert not is_trial_branch("try-again")
