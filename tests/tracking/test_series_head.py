# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the five rows with which every view of a tracked series starts."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from patchpilot.archive.track_store import TrackEntry
from patchpilot.cli.output.track_report import format_series
from patchpilot.model.action import actions_in_advice
from patchpilot.outgoing.outbox import Outbox
from patchpilot.reading.mbox import parse
from patchpilot.reading.read_thread import read_thread
from patchpilot.threads import known_series
from patchpilot.threads.known_series import open_store
from patchpilot.threads.series_record import summarize_series
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.series_head import format_head_rows
from patchpilot.tui.screens.follow_rows import pinned_rows
from tests.kit import story
from tests.kit.cli import call
from tests.kit.mails import (
    ADA,
    MATT,
    RITA,
    build_mail,
    build_mbox,
    build_patch_mail,
    build_reply,
    build_stable_failure_notice,
)
from tests.kit.outbox import build_message, build_send

TITLE = "pump: start at 10"
PAIR = (
    build_mail("[PATCH 0/2] pump: two fixes", "Two fixes.\n", sender=ADA, id="v1"),
    build_patch_mail(f"[PATCH 1/2] {TITLE}", id="p1", reply_to="v1", minutes=1),
    build_patch_mail("[PATCH 2/2] valve: open it", id="p2", reply_to="v1", minutes=2),
)


def read_series(*mails: bytes) -> Tracked:
    (status,) = read_thread(parse(build_mbox(*mails)))
    entry = TrackEntry(1, "v1@example.org", "", None, "t.mbox", "", None, None)
    return Tracked(
        **summarize_series(status, {}).summary(),
        entry=entry,
        unread=frozenset(),
        posted=status,
        is_read=True,
        as_of=status.now,
    )


def read_head_rows(*mails: bytes) -> dict[str, str]:
    return {name: str(row_text) for name, row_text in format_head_rows(read_series(*mails))}


def test_question_makes_it_the_authors_turn() -> None:
    head = read_head_rows(*story.BEGINNING)
    assert list(head) == ["state", "turn", "next", "open", "landed"]
    assert head["state"].startswith("changes-requested: Rita Reviewer requested")
    assert head["turn"] == "yours"
    assert head["next"] == "answer the review by Rita Reviewer and send v2"
    assert head["open"].endswith("by Rita Reviewer")
    assert head["landed"] == "nowhere yet"


def test_requests_on_an_earlier_version_come_after_waiting() -> None:
    sent = story.V1, story.REVIEW, story.V2
    of_stranger = story.TAG.replace(b"From: Rita Reviewer <rita@", b"From: Rita <rita@a.")
    for mails in (sent, (*sent, of_stranger)):
        assert read_head_rows(*mails)["turn"].startswith("others")
        step = read_head_rows(*mails)["next"]
        assert step.startswith("wait for")
        assert step.endswith("; in the meantime answer the open requests")
    assert "answer the open requests" not in read_head_rows(*sent, story.TAG)["next"]


def test_only_the_current_topic_shows_keys() -> None:
    for is_own in (False, True):
        series = replace(read_series(*story.BEGINNING), own=is_own)
        text = " ".join(pinned_rows(series, 200, 9)[0].plain.split())
        keys = " (r) and send v2 (v)" if is_own else " and send v2"
        assert text == f"next answer the review by Rita Reviewer{keys}"


def test_differing_patch_states_are_shown() -> None:
    ask = build_reply("[PATCH 2/2] x", "Please rename it.", id="r", reply_to="p2", minutes=60)
    for mails, has_states in ((PAIR, False), ((*PAIR, ask), True)):
        texts = [row.plain for row in pinned_rows(read_series(*mails), 200, 9)]
        states = "patches  1 sent · 2 changes requested"
        assert (states in texts) is has_states, texts


def test_applied_series_has_no_open_requests() -> None:
    head = read_head_rows(*story.ACCEPTED)
    assert head["turn"] == "others: you are waiting until it is merged into mainline"
    assert head["open"] == "nothing"
    assert story.SHA[:12] in head["landed"]


def test_claim_closes_no_request() -> None:
    ask = "> +\tint x;\n\nPlease make this unsigned."
    questions = [
        build_reply(f"[PATCH {n}/2] x", ask, id=f"r{n}", reply_to=f"p{n}", minutes=60)
        for n in (1, 2)
    ]
    took = build_reply(
        "[PATCH 1/2] x",
        "Applied, thanks!",
        sender=MATT,
        id="a1",
        reply_to="p1",
        minutes=90,
    )
    head = read_head_rows(*PAIR, *questions, took)
    assert head["state"].startswith("partly-accepted (claimed; proven: changes-requested)")
    assert head["open"] == "2 requests by Rita Reviewer"


def test_tags_are_added_with_a_new_version() -> None:
    tag = build_reply("[PATCH] x", f"Acked-by: {MATT}", sender=MATT, id="t", reply_to="v1")
    assert "tag" not in read_head_rows(story.V1, tag)["next"]
    assert read_head_rows(*story.BEGINNING, tag)["next"].endswith("add 1 tag, then send v2")
    repeated_mail = build_reply(
        "[PATCH net v2] x",
        "Please drop the check.",
        sender=MATT,
        reply_to="v2",
        minutes=1600,
    )
    assert "tag" not in read_head_rows(story.V1, tag, story.V2, repeated_mail)["next"]


def test_reply_bodies_are_optional() -> None:
    ask = build_reply("[PATCH 2/2] x", "Please rename it.", id="r", reply_to="p2", minutes=60)
    series = read_series(*PAIR, ask)
    text = format_series(series)
    assert "review        Rita Reviewer, on v1 2/2" in text
    assert "Please rename it." not in text
    assert "Please rename it." in format_series(series, with_mails=True)


def test_rows_fill_the_terminal() -> None:
    text = format_series(read_series(*story.ACCEPTED), max_width=60)
    assert max(map(len, text.splitlines())) <= 60


def test_tag_condition_is_a_sentence() -> None:
    words = (
        "Nice.\n\nWith the nit about the name of the\nfunction that starts the pump fixed"
        f" (see\nmy mail on the first version for what\nI mean there), feel free to add\n\n"
        f"Reviewed-by: {RITA}\nTested-by: {RITA}\n"
    )
    tag = build_reply("[PATCH] x", words, id="t", reply_to="v1", minutes=9)
    (status,) = read_thread(parse(build_mbox(story.V1, tag)))
    for credit in status.trailers:
        assert credit.conditional
        assert credit.conditional.startswith("With the nit about the name of the")
        assert credit.conditional.endswith("feel free to add")
    assert "on a condition: “With the nit" in format_series(read_series(story.V1, tag))


def test_mbox_age_refers_to_its_last_message() -> None:
    series = read_series(*story.BEGINNING)
    latest = f"{series.as_of:%Y-%m-%d %H:%M}"
    words = f"{latest}, the latest message of t.mbox: days count until then"
    assert series.as_of == series.last_activity
    assert f"  as of     {words}" in format_series(series).splitlines()


def test_offline_days_count_to_the_last_poll(workdir: Path) -> None:
    last_poll = datetime(2024, 3, 20, 9, tzinfo=UTC)
    entry = TrackEntry(1, "v1@example.org", "", "u", None, "", last_poll.isoformat(), None)
    with open_store(offline=True) as store:
        assert known_series.find_stall_time(entry, store) == last_poll
    with open_store() as store:
        assert known_series.find_stall_time(entry, store) == store.reader.now


def test_missing_patch_is_named() -> None:
    assert "missing" not in read_head_rows(*PAIR)["open"]
    cover, first, _ = PAIR
    assert read_head_rows(cover, first)["open"].startswith("2/2 of v1 missing in the archive")
    nine = build_patch_mail(f"[PATCH 2/9] {TITLE}", id="v1")
    assert "1/9, 3/9, 4/9 and 5 more of v1 missing" in read_head_rows(nine)["open"].replace(
        " and 4/9", ", 4/9"
    )


HELPER = "Sasha Levin <sashal@kernel.org>"
BACKPORT = build_patch_mail(f"[PATCH 5.10.y] {TITLE}", id="v1")


def build_helper_report(build: str, minutes: int) -> bytes:
    return build_reply(
        f"[PATCH 5.10.y] {TITLE}",
        f"[ Sasha's backport helper bot ]\n\nHi,\n\n| stable/linux-5.10.y | Success | {build} |\n",
        sender=HELPER,
        id=f"h{minutes}",
        reply_to="v1",
        minutes=minutes,
    )


def test_failed_backport_is_the_authors_turn() -> None:
    head = read_head_rows(BACKPORT, build_helper_report("Failed", 9))
    assert head["turn"] == "yours"
    assert head["next"] == (
        "Sasha Levin reports a failure of the backport: fix it and send v2:"
        " `patchpilot send --reroll FILES`"
    )
    assert head["open"] == "1 request by Sasha Levin"
    # the current branch has the mainline fix, so stage 5 leads to the patch files
    (row, *_) = pinned_rows(read_series(BACKPORT, build_helper_report("Failed", 9)), 120, 3)
    assert "send v2: stage 5" in row.plain
    # every row may take as many lines as the next step
    *_, row = pinned_rows(read_series(BACKPORT, build_helper_report("Failed", 9)), 28, 2)
    assert " ".join(row.plain.split()) == "open 1 request by Sasha Levin"


def test_next_version_of_a_backport_names_the_branch_that_was_sent() -> None:
    with Outbox() as outbox:
        outbox.add(build_send(replace(build_message(1), message_id="v1@example.org")))
    command = "git switch widget && patchpilot send --reroll"
    series = read_series(BACKPORT, build_helper_report("Failed", 9))
    assert str(series.step.advice).endswith(f"fix it and send v2: `{command}`")
    assert [action.command for action in actions_in_advice(series.step.advice)] == [command]
    # a key would send the commits of another branch
    (row, *_) = pinned_rows(series, 120, 3)
    assert "git switch widget" in row.plain


def test_next_version_of_a_backport_names_the_files_that_were_sent() -> None:
    files = ("/src/my patches/0001.patch", "/src/my patches/0002.patch")
    message = replace(build_message(1), message_id="v1@example.org")
    with Outbox() as outbox:
        outbox.add(build_send(message, head=None, files=files))
    series = read_series(BACKPORT, build_helper_report("Failed", 9))
    assert str(series.step.advice).endswith(
        "`patchpilot send --reroll '/src/my patches/0001.patch' '/src/my patches/0002.patch'`"
    )
    (row, *_) = pinned_rows(series, 120, 3)
    assert "send v2: stage 5" in row.plain


def test_backport_names_its_branch_and_waits_for_the_stable_trees() -> None:
    series = read_series(BACKPORT)
    assert series.title == f"[5.10.y] {series.subject}"
    assert format_series(series).splitlines()[0].endswith(series.title)
    assert read_head_rows(BACKPORT)["turn"] == "others: you are waiting for the stable trees"
    assert read_series(*PAIR).title == "pump: two fixes"


def test_later_success_settles_a_failure() -> None:
    for reports in (
        [build_helper_report("Success", 9)],
        [build_helper_report("Failed", 9), build_helper_report("Success", 19)],
    ):
        assert read_head_rows(BACKPORT, *reports)["turn"].startswith("others")


def test_reply_without_references_is_placed_by_subject_or_quoted_lines(tmp_path: Path) -> None:
    patch = build_patch_mail(f"[PATCH] {TITLE}", id="v1")

    def reply(subject: str, quoted: str) -> bytes:
        body = f"> {quoted}\n\nPlease check the caller.\n"
        return build_mail(subject, body, sender=RITA, id="r", to=ADA, minutes=30)

    for placed in (
        reply(f"Re: [PATCH] {TITLE}", "something else"),
        reply("Re: your patch", "+\tif (!pump)\n> +\t\treturn -EINVAL;"),
    ):
        assert read_head_rows(patch, placed)["open"] == "1 request by Rita Reviewer"
    lost = reply("Re: your patch", "something else that is long")
    assert read_head_rows(patch, lost)["open"] == "nothing"
    mbox = tmp_path / "t.mbox"
    mbox.write_bytes(build_mbox(patch, lost))
    shown = call("track show --mbox", mbox).out
    assert "1 message could not be assigned to a patch: “Re: your patch”" in shown
    assert "could not be assigned" in call("track add --mbox", mbox).out


def test_failed_message_and_fetch_are_named() -> None:
    failed = build_stable_failure_notice(TITLE, "0123456789ab" * 3 + "cdef", "6.6", id="failed")
    text = format_series(read_series(build_patch_mail(f"[PATCH] {TITLE}", id="v1"), failed))
    assert "6.6    did not apply  <failed@example.org>" in text
    assert "first release unknown until you fetch: git fetch --all --tags" in text
