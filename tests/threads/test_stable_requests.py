# SPDX-License-Identifier: GPL-2.0-or-later
"""Test what requests to the stable maintainers and reports of a trial name, the branches of trials,
and the next step after a request.
"""

from datetime import UTC, datetime

import pytest

from patchpilot.backports.trial_branch import is_trial_branch, name_trial_branch
from patchpilot.reading.mbox import parse
from patchpilot.reading.next_step import advise
from patchpilot.reading.read_thread import read_thread, with_commits
from patchpilot.reading.thread_values import LandedCommit, StableNeeds, Turn
from patchpilot.resources import mark_sent, update_draft_file
from patchpilot.threads.stable_requests import (
    REQUESTS,
    add_sent_marks,
    list_request_states,
    parse_trial_report,
)
from tests.kit.mails import build_described_mail, build_mbox

SHA = "0123456789abcdef0123456789abcdef01234567"


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


def test_next_step_follows_the_requests(workdir: object) -> None:
    (posted,) = read_thread(parse(build_mbox(build_described_mail("v1 [PATCH] pump: stop at ten"))))
    merge = LandedCommit("torvalds/linux", SHA, how="title", date=posted.now)
    needs = StableNeeds(is_tagged=False, lacking=("6.1", "6.6"))

    def read_step(known: StableNeeds = needs) -> tuple[Turn, str]:
        step = advise(add_sent_marks(with_commits(posted, [merge], (), known)))
        return step.need, str(step.advice)

    assert read_step()[1].startswith("wait for the stable branches 6.1, 6.6: it has no Cc: stable")
    update_draft_file(REQUESTS, SHA[:12], f'Subject: Please apply {SHA[:12]} ("pump") to 6.1\n')
    draft = "send the request for the stable branch 6.1: `patchpilot --home` lists its draft"
    assert read_step() == (Turn.YOURS, draft)
    before = list_request_states()
    mark_sent(REQUESTS, SHA[:12])
    assert list_request_states() != before
    sent = f"you sent the request on {datetime.now(UTC):%Y-%m-%d}"
    turn, words = read_step()
    assert turn is Turn.WAITING
    assert words.startswith("wait for the stable branch 6.6: it has no Cc: stable")
    assert words.endswith(f"; wait for the stable branch 6.1: {sent}")
    assert read_step(StableNeeds(is_tagged=True, lacking=("6.1",))) == (
        Turn.WAITING,
        f"wait for the stable branch 6.1: {sent}",
    )
    unknown = StableNeeds(is_tagged=False, lacking=None)
    assert read_step(unknown) == (Turn.WAITING, f"wait for the stable branches: {sent}")
