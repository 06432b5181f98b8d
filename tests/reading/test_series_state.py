# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which source determines the state of a series.

The sources are messages, people who forward it, the repository, and sends.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from patchpilot.model.address import Address
from patchpilot.reading.posted_series import PostedSeries
from patchpilot.reading.read_thread import with_commits
from patchpilot.reading.series_state import decide
from patchpilot.reading.thread_values import (
    CLAIMED,
    Claim,
    LandedCommit,
    PatchState,
    Proof,
    SeriesState,
    decide_topic,
)
from patchpilot.threads.series_record import find_unchanged_span
from patchpilot.threads.story import list_posted_events
from tests.kit import story
from tests.kit.mails import ADA, MATT, RITA, build_described_mail, build_patch_mail, build_reply
from tests.kit.story import read_first_series

MAINLINE = LandedCommit("torvalds/linux", "a" * 40, "v6.9", "in the repository")
STABLE = LandedCommit("stable/linux-6.6.y", "b" * 40, "v6.6.20", "by cherry-pick")
NACKED = (
    story.V1,
    build_reply(
        f"[PATCH] {story.TITLE}",
        "NAK, this is the wrong place for the check.",
        id="no",
        reply_to="v1",
        minutes=60,
    ),
)


def test_commit_overrides_mails() -> None:
    series = read_first_series(story.V1)
    assert series.state is SeriesState.SENT
    landed = with_commits(series, [MAINLINE])
    assert (landed.state, landed.why) == (SeriesState.IN_MAINLINE, "first in v6.9")
    assert landed.landed == (MAINLINE,)
    merged = with_commits(series, [MAINLINE, STABLE])
    assert merged.state is SeriesState.IN_STABLE
    assert [(branch.version, branch.state, branch.note) for branch in merged.stable] == [
        ("6.6", "released", "v6.6.20")
    ]


def test_commit_that_a_message_reports_is_counted_once() -> None:
    note = make_event("applied", tree="net-next", commit="e" * 12)
    series = add_evidence(read_first_series(story.V1), (note,), (IN_NET,))
    assert series.landed == (IN_NET,)
    other = add_evidence(series, (note._replace(commit="f" * 12),), (IN_NET,))
    assert [it.commit for it in other.landed] == ["f" * 12, "e" * 40]


def test_merge_into_mainline_proves_what_was_claimed() -> None:
    patches = [
        build_patch_mail("[PATCH 1/2] pump: start at 10", id="p1", minutes=1),
        build_patch_mail("[PATCH 2/2] valve: open it", id="p2", reply_to="p1", minutes=2),
    ]
    notes = [
        build_reply(
            f"[PATCH {number}/2] {title}",
            "Applied this patch to pumps-next, thanks.",
            sender=MATT,
            id=f"a{number}",
            reply_to=f"p{number}",
            minutes=60 + number,
        )
        for number, title in ((1, "pump: start at 10"), (2, "valve: open it"))
    ]
    series = read_first_series(*patches, *notes)

    def list_claims(posted: PostedSeries) -> list[bool]:
        events = [it.text for it in list_posted_events(posted) if "applied to" in it.text]
        return ["(claimed)" in text for text in events]

    first = MAINLINE._replace(patch=1, title="pump: start at 10")
    second = MAINLINE._replace(commit="c" * 40, patch=2, title="valve: open it")
    assert list_claims(series) == [True]
    # without a cover letter, a reply to the first patch is about the series
    assert list_claims(with_commits(series, [second])) == [True, False]
    merged = with_commits(series, [first, second])
    assert list_claims(merged) == [False]
    assert not any(it.how == CLAIMED for it in merged.landed)


def test_mails_decide_if_no_commit_is_found() -> None:
    for mails in ((story.V1,), story.BEGINNING, story.WHOLE):
        by_mail = read_first_series(*mails)
        again = with_commits(by_mail, [])
        assert (again.state, again.why, again.landed, again.stable) == (
            by_mail.state,
            by_mail.why,
            by_mail.landed,
            by_mail.stable,
        )


def test_rejected_series_is_not_merged_by_title() -> None:
    rejection = read_first_series(*NACKED)
    assert rejection.state is SeriesState.REJECTED
    assert with_commits(rejection, [MAINLINE, STABLE]).state is SeriesState.REJECTED


def test_project_can_set_the_reply_timeout() -> None:
    series = read_first_series(build_described_mail("a [PATCH] demo: check it", author=ADA))
    limit = series.last_activity + series.waiting
    waiting, stalled = (replace(series, now=limit + timedelta(seconds=late)) for late in (0, 1))
    assert [decide(waiting).state, decide(stalled).state] == ["sent", "stalled"]
    # a cached summary is valid until this time, after which a new one is computed
    (_, end), (start, _) = (
        find_unchanged_span(state, 10_000_000_000) for state in (waiting, stalled)
    )
    assert start == end == limit.timestamp()


@pytest.mark.parametrize(
    ("series", "sent", "partly", "expected"),
    [
        (None, False, False, "not-sent"),
        (None, True, False, "sent"),
        (SeriesState.ACCEPTED, True, False, "accepted"),
        # the series was sent from another machine, so only the archive has it
        (SeriesState.UNDER_REVIEW, False, False, "under-review"),
        # the messages of a newer version are missing
        (SeriesState.ACCEPTED, True, True, "partly-sent"),
        (None, False, True, "partly-sent"),
    ],
)
def test_topic_state_follows_the_series_state(
    series: SeriesState | None, sent: bool, partly: bool, expected: str
) -> None:
    assert decide_topic(series, sent=sent, partly=partly) == expected


def make_story_reply(
    body: str,
    minutes: int,
    *,
    sender: str = RITA,
    parent_id: str = "v1",
    name: str = "",
) -> bytes:
    return build_reply(
        f"[PATCH] {story.TITLE}",
        body,
        sender=sender,
        id=name or f"m{minutes}",
        reply_to=parent_id,
        minutes=minutes,
    )


ASKED_FOR = SeriesState.CHANGES_REQUESTED
WISH = make_story_reply("Please check it at the caller instead.", 60)
ANSWERED = make_story_reply("The caller has no pointer.", 90, sender=ADA, parent_id="m60")


@pytest.mark.parametrize(
    ("mails", "expected"),
    [
        ((WISH,), ASKED_FOR),
        (
            (WISH, make_story_reply(f"Reviewed-by: {RITA}", 99)),
            SeriesState.UNDER_REVIEW,
        ),
        # the reviewer agreed first and then requested a change
        ((make_story_reply(f"Reviewed-by: {RITA}", 30), WISH), ASKED_FOR),
        # a reply sent at the same time is not later
        (
            (make_story_reply(f"Reviewed-by: {RITA}", 60, name="t"), WISH),
            ASKED_FOR,
        ),
        # a different person agrees
        (
            (WISH, make_story_reply(f"Reviewed-by: {MATT}", 99, sender=MATT)),
            ASKED_FOR,
        ),
        # a reply without a tag does not close a request
        (
            (WISH, ANSWERED, make_story_reply("Ok, makes sense.", 99, parent_id="m90")),
            ASKED_FOR,
        ),
        (
            (
                WISH,
                make_story_reply("Please ignore that, I misread it.", 99, parent_id="m60"),
            ),
            ASKED_FOR,
        ),
        (
            (WISH, make_story_reply("I'll fix it when applying.", 99, sender=MATT)),
            ASKED_FOR,
        ),
    ],
)
def test_request_is_open_until_its_author_agrees(
    mails: tuple[bytes, ...], expected: SeriesState
) -> None:
    assert read_first_series(story.V1, *mails).state is expected


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("withdrawn", SeriesState.WITHDRAWN),
        ("refused", SeriesState.REJECTED),
        ("redone", SeriesState.CHANGES_REQUESTED),
    ],
)
def test_version_ends_only_after_a_later_message(what: str, expected: SeriesState) -> None:
    series = read_first_series(story.V1)
    sent_at = series.latest.sent
    assert sent_at
    for seconds, expected_state in (
        (-1, SeriesState.SENT),
        (0, expected),
        (1, expected),
    ):
        now = sent_at + timedelta(seconds=seconds)
        event = Claim(what, now, "m@example.org", Address("Matt", ""), sentence="so")
        assert decide(replace(series, events=(event,)))[0] is expected_state, seconds


HOUR = timedelta(hours=1)
SENT = datetime(2024, 3, 4, 9, tzinfo=UTC)


def make_event(event_kind: str, hours: float = 1, **options: Any) -> Claim:
    """Return an event that occurred this many hours after the patch was sent."""
    date = SENT + hours * HOUR
    event_author = Address(options.pop("by", "Matt"), "")
    return Claim(
        event_kind,
        date,
        f"{event_kind}@{hours:g}",
        event_author,
        sentence="so",
        **options,
    )


def add_evidence(
    series: PostedSeries,
    events: tuple[Claim, ...] = (),
    commits: tuple[LandedCommit, ...] = (),
) -> PostedSeries:
    return replace(series, events=events, commits=commits)


def decide_only_patch(series: PostedSeries) -> PatchState:
    """Return the state of the only patch in a series. The series must have the same state."""
    series_decision = decide(series)
    (patch_state,) = series_decision.patches
    assert (series_decision.state, series_decision.why) == (
        patch_state.state,
        patch_state.why,
    )
    assert (patch_state.number, patch_state.version, patch_state.message_id) == (
        1,
        1,
        "v1@example.org",
    )
    return patch_state


APPLIED = make_event("applied", tree="net", commit="1" * 40)
IN_MAINLINE = "so"
REFERENCED = "the stable trees refer to its upstream commit; 6.1 under review"


@pytest.mark.parametrize(
    ("events", "state", "reason", "proof"),
    [
        ([APPLIED], "accepted", "applied to net by Matt", "applied@1"),
        (
            [make_event("applied")],
            "accepted",
            "applied to the maintainer’s tree by Matt",
            "applied@1",
        ),
        (
            [make_event("applied", withdrawn="dropped")],
            "sent",
            "no reply yet",
            "v1@example.org",
        ),
        ([APPLIED, make_event("merged", 2)], "in-mainline", IN_MAINLINE, "merged@2"),
        (
            [make_event("merged", withdrawn="reverted")],
            "sent",
            "no reply yet",
            "v1@example.org",
        ),
        (
            [APPLIED, make_event("dropped", 2, tree="net")],
            "under-review",
            "dropped from net: so",
            "dropped@2",
        ),
        (
            [APPLIED, make_event("dropped", 1, tree="net")],
            "accepted",
            "applied to net by Matt",
            None,
        ),
        (
            [make_event("dropped", 0, tree="net"), APPLIED],
            "accepted",
            "applied to net by Matt",
            None,
        ),
        (
            [APPLIED, make_event("dropped", 2, tree="mm")],
            "accepted",
            "applied to net by Matt",
            None,
        ),
        (
            [make_event("applied", 2, by="Rita"), APPLIED],
            "accepted",
            "applied to net by Matt",
            None,
        ),
        (
            [make_event("review", version="6.1.y", commit="2" * 40)],
            "in-mainline",
            REFERENCED,
            "review@1",
        ),
        ([make_event("queued", version="6.1")], "in-mainline", "6.1 queued", "queued@1"),
        (
            [make_event("released", version="6.1")],
            "in-stable",
            "6.1 released",
            "released@1",
        ),
        (
            [make_event("failed", version="6.1")],
            "sent",
            "no reply yet",
            "v1@example.org",
        ),
        (
            [make_event("withdrawn")],
            "withdrawn",
            "withdrawn by its author: so",
            "withdrawn@1",
        ),
        (
            [make_event("refused"), make_event("withdrawn", 2)],
            "withdrawn",
            None,
            "withdrawn@2",
        ),
        ([make_event("refused")], "rejected", "Matt: so", "refused@1"),
        (
            [make_event("refused"), make_event("refused", 2, by="Rita")],
            "rejected",
            "Rita: so",
            "refused@2",
        ),
        (
            [make_event("redone")],
            "changes-requested",
            "Matt marked it for a new version (so)",
            "redone@1",
        ),
        (
            [make_event("redone"), make_event("refused")],
            "rejected",
            "Matt: so",
            "refused@1",
        ),
    ],
)
def test_state_follows_mail_evidence(
    events: list[Claim], state: str, reason: str | None, proof: str | None
) -> None:
    patch_state = decide_only_patch(add_evidence(read_first_series(story.V1), tuple(events)))
    assert (patch_state.state, patch_state.why) == (state, reason or patch_state.why)
    assert patch_state.proof.message_id == (proof or patch_state.proof.message_id)
    by_id = {event.message_id: event for event in events}
    if patch_state.proof.message_id in by_id:
        reported = by_id[patch_state.proof.message_id]
        assert (patch_state.proof.date, patch_state.proof.commit) == (
            reported.date,
            reported.commit,
        )


MONTH = SENT + timedelta(days=30)
NEXT = LandedCommit("linux-next", "d" * 40, "next-20240310", date=MONTH)
IN_NET = LandedCommit("net-next", "e" * 40, None, date=MONTH)
NO_RELEASE = MAINLINE._replace(release=None, date=MONTH)
MERGED_STABLE = STABLE._replace(release=None, date=MONTH)
UNDONE = MAINLINE._replace(reverted_by="c" * 40, date=MONTH)
AGAIN = MAINLINE._replace(commit="9" * 40)
FAILED = make_event("failed", version="5.10")


@pytest.mark.parametrize(
    ("events", "commits", "state", "reason", "commit"),
    [
        ([], [IN_NET], "accepted", "in net-next", "e"),
        ([], [IN_NET, IN_NET._replace(tree="mm")], "accepted", "in net-next", "e"),
        ([], [IN_NET, NEXT], "in-next", "in linux-next since next-20240310", "d"),
        ([], [NEXT._replace(release=None)], "in-next", "in linux-next", "d"),
        ([make_event("merged")], [NEXT], "in-mainline", IN_MAINLINE, None),
        ([], [NEXT, MAINLINE], "in-mainline", "first in v6.9", "a"),
        ([], [NO_RELEASE], "in-mainline", "in no release yet", "a"),
        ([FAILED], [MAINLINE], "in-mainline", "first in v6.9; 5.10 did not apply", "a"),
        ([], [MERGED_STABLE], "in-stable", "6.6 merged, in no release yet", "b"),
        ([], [MAINLINE, STABLE], "in-stable", "6.6 released in v6.6.20", "b"),
        (
            [make_event("queued", version="6.1")],
            [MAINLINE],
            "in-mainline",
            "first in v6.9; 6.1 queued",
            "a",
        ),
        (
            [],
            [UNDONE],
            "changes-requested",
            "reverted in mainline by cccccccccccc",
            "c",
        ),
        (
            [APPLIED],
            [UNDONE],
            "changes-requested",
            "reverted in mainline by cccccccccccc",
            "c",
        ),
        ([], [AGAIN, UNDONE], "in-mainline", "first in v6.9", "9"),
        ([make_event("refused")], [NEXT], "rejected", "Matt: so", None),
    ],
)
def test_state_follows_repository_evidence(
    events: list[Claim],
    commits: list[LandedCommit],
    state: str,
    reason: str,
    commit: str | None,
) -> None:
    series = add_evidence(read_first_series(story.V1), tuple(events), tuple(commits))
    patch_state = decide_only_patch(series)
    assert (patch_state.state, patch_state.why) == (state, reason)
    assert (patch_state.proof.commit or "")[:1] == (commit or "")
    dates = {commit.commit: commit.date for commit in commits} | {"c" * 40: MONTH}
    if commit:
        assert patch_state.proof == Proof(
            dates[patch_state.proof.commit], None, patch_state.proof.commit
        )


@pytest.mark.parametrize(
    ("reverted", "applied", "state"),
    [
        # this version was sent before or at the time of the revert, so it was reverted
        (0, 1, "changes-requested"),
        (1, 2, "changes-requested"),
        # this version was sent after the revert, so the earlier acceptance does not count
        (-2, 1, "accepted"),
        (-2, -1, "accepted"),
        (-2, -2, "sent"),
        (-2, -3, "sent"),
    ],
)
def test_version_after_a_revert_is_pending(reverted: float, applied: float, state: str) -> None:
    undone = UNDONE._replace(date=SENT + reverted * HOUR)
    series = read_first_series(story.V1)
    assert decide_only_patch(
        add_evidence(series, (make_event("applied", applied),), (undone,))
    ).state == (state)
    queued = make_event("queued", applied, version="6.1", commit="f" * 40)
    patch_state = decide_only_patch(add_evidence(series, (queued,), (undone,)))
    assert (patch_state.state == "in-mainline") is (state == "accepted")
    assert (patch_state.state == "sent") is (state == "sent")
    review = make_event("review", applied, version="6.1", commit="f" * 40)
    patch_state = decide_only_patch(add_evidence(series, (review,), (undone,)))
    assert (patch_state.state == "in-mainline") is (state == "accepted")


@pytest.mark.parametrize(
    ("events", "state", "reason", "proof"),
    [
        (
            [make_event("superseded", 2, by="Otto")],
            "superseded",
            "Otto so",
            "superseded@2",
        ),
        ([APPLIED, make_event("superseded", 2)], "accepted", None, "applied@1"),
    ],
)
def test_superseding_version_changes_the_state(
    events: list[Claim], state: str, reason: str | None, proof: str
) -> None:
    patch_state = decide_only_patch(add_evidence(read_first_series(story.V1), tuple(events)))
    assert (patch_state.state, patch_state.why, patch_state.proof.message_id) == (
        state,
        reason or patch_state.why,
        proof,
    )


def test_taken_over_series_follows_its_commit() -> None:
    superseded = (make_event("superseded", 2, by="Otto"),)
    series = add_evidence(read_first_series(story.V1), superseded, commits=(NEXT,))
    assert decide_only_patch(series).state == "in-next"


ONE, TWO = "demo: check the pointer", "demo: count the pumps"
BOTH = tuple(
    build_patch_mail(f"[PATCH {at}/2] {title}", id=f"p{at}", reply_to="p1" if at > 1 else None)
    for at, title in ((1, ONE), (2, TWO))
)


@pytest.mark.parametrize(
    ("events", "commits", "state", "reason", "states"),
    [
        ([], [], "sent", "no reply yet", "sent sent"),
        (
            [make_event("withdrawn", of=TWO)],
            [],
            "sent",
            "no reply yet",
            "sent withdrawn",
        ),
        ([make_event("withdrawn")], [], "withdrawn", None, "withdrawn withdrawn"),
        (
            [make_event("applied", of=ONE), make_event("withdrawn", of=TWO)],
            [],
            "accepted",
            "1/2 applied; 2/2 was withdrawn",
            "accepted withdrawn",
        ),
        (
            [
                make_event("applied", of=ONE),
                make_event("applied", 2, of=TWO, by="Rita"),
            ],
            [],
            "accepted",
            "applied to the maintainer’s tree by Rita",
            "accepted accepted",
        ),
        (
            [make_event("applied", of=ONE)],
            [],
            "partly-accepted",
            "1 of 2 applied; 2/2 has no reply",
            "accepted sent",
        ),
        (
            [],
            [NEXT._replace(title=ONE), MAINLINE._replace(title=TWO)],
            "in-next",
            "1 of 2 in mainline; 1/2 in linux-next",
            "in-next in-mainline",
        ),
        (
            [],
            [MAINLINE._replace(title=ONE), STABLE._replace(title=TWO)],
            "in-mainline",
            "1 of 2 in stable branches; 1/2 in mainline",
            "in-mainline in-stable",
        ),
        (
            [make_event("applied", of=TWO)],
            [MAINLINE._replace(title=ONE)],
            "accepted",
            "1 of 2 in mainline; 2/2 applied",
            "in-mainline accepted",
        ),
    ],
)
def test_least_advanced_patch_sets_the_series_state(
    events: list[Claim],
    commits: list[LandedCommit],
    state: str,
    reason: str | None,
    states: str,
) -> None:
    series = add_evidence(read_first_series(*BOTH), tuple(events), tuple(commits))
    decision = decide(series)
    assert (decision.state, decision.why) == (state, reason or decision.why)
    assert [patch_state.state for patch_state in decision.patches] == states.split()
    for number, patch_state in enumerate(decision.patches, 1):
        assert (patch_state.number, patch_state.message_id) == (
            number,
            f"p{number}@example.org",
        )
        if patch_state.state == "sent":
            assert patch_state.proof.message_id == patch_state.message_id


def test_cover_letter_alone_has_a_state() -> None:
    alone = build_described_mail("c [PATCH 0/2] demo: pumps")
    decision = decide(read_first_series(alone))
    assert (decision.why, decision.patches) == ("no reply yet", ())


ASKED = make_story_reply("Is the caller checked?", 60)


@pytest.mark.parametrize(
    ("mails", "state", "reason", "proof"),
    [
        ((), "sent", "no reply yet", "v1"),
        (
            (make_story_reply("See the log.", 60, sender=ADA),),
            "sent",
            "no reply yet",
            "v1",
        ),
        (
            (ASKED,),
            "under-review",
            "1 reply, with a question by Rita Reviewer",
            "m60",
        ),
        (
            (ASKED, make_story_reply(f"Reviewed-by: {MATT}", 70, sender=MATT)),
            "under-review",
            "2 replies, with a question by Rita Reviewer",
            "m70",
        ),
        (
            (make_story_reply(f"Reviewed-by: {MATT}", 70, sender=MATT),),
            "under-review",
            "1 reply",
            "m70",
        ),
        (
            (WISH, make_story_reply("Rename it, please.", 70, sender=MATT)),
            "changes-requested",
            "Matt Maintainer requested changes (review); so did Rita Reviewer (review)",
            "m70",
        ),
    ],
)
def test_state_follows_the_last_reply(
    mails: tuple[bytes, ...], state: str, reason: str, proof: str
) -> None:
    patch_state = decide_only_patch(read_first_series(story.V1, *mails))
    assert (patch_state.state, patch_state.why) == (state, reason)
    assert patch_state.proof.message_id == f"{proof}@example.org"


def test_verdict_on_an_old_version_does_not_end_the_new_one() -> None:
    withdrawn_mail = make_story_reply("Please ignore this patch.", 1500, sender=ADA)
    assert read_first_series(story.V1, withdrawn_mail).state == "withdrawn"
    assert read_first_series(story.V1, story.V2, withdrawn_mail).state == "sent"
    request = make_story_reply("Please check it at the caller instead.", 1500)
    assert read_first_series(story.V1, request, story.V2).state == "changes-requested"
    before = make_story_reply("Please check it at the caller instead.", 1400)
    assert read_first_series(story.V1, before, story.V2).state == "sent"


def test_corrected_resend_addresses_the_request() -> None:
    cover = build_described_mail("c [PATCH 0/2] demo: pumps")
    first, second = (
        build_described_mail(f"p{index}+1>c [PATCH {index}/2] {title}")
        for index, title in ((1, ONE), (2, TWO))
    )
    request = make_story_reply("Please count them once.", 60, parent_id="p2", name="w")
    resend = build_described_mail(f"p2b+90>p2 [PATCH 2/2] {TWO}")
    assert read_first_series(cover, first, second, request).state == "changes-requested"
    assert read_first_series(cover, first, second, request, resend).state == "under-review"
    general = make_story_reply("Please split it.", 70, parent_id="c", name="g")
    assert (
        read_first_series(cover, first, second, request, resend, general).state
        == "changes-requested"
    )
