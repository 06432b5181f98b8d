# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the tree of a series' messages, and its history with dates and evidence."""

from pathlib import Path

from patchpilot.threads.known_series import open_store
from patchpilot.threads.story import list_events as story_of
from patchpilot.threads.tracked import Tracked
from patchpilot.tracking.conversation import list_conversation
from patchpilot.tracking.follow_series import track_series_in_mbox
from tests.kit import story
from tests.kit.mails import MATT, build_mail, build_mbox, build_patch_mail


def follow_story(tmp_path: Path, *mails: bytes) -> Tracked:
    (tmp_path / "m").write_bytes(build_mbox(*mails))
    with open_store() as store:
        return track_series_in_mbox(tmp_path / "m", store=store)[0]


def format_thread_tree(series: Tracked) -> list[str]:
    return [
        "".join("│" if hidden_count else "└" for hidden_count in message.more)
        + f"{message.mail.kind} {message.message_id[:2]}"
        for message in list_conversation(series)
    ]


def test_replies_are_below_their_parent(
    tmp_path: Path,
) -> None:
    assert format_thread_tree(follow_story(tmp_path, *story.ACCEPTED, story.IN_REVIEW)) == [
        "patch v1",
        "└review r1",
        "└└other r2",
        "patch v2",
        "│trailers r3",
        "└applied r4",
        "stable-review s1",
    ]


def test_version_sent_as_a_reply_is_a_root(
    tmp_path: Path,
) -> None:
    second_mail = build_patch_mail(f"[PATCH v2] {story.TITLE}", id="v2", minutes=100, reply_to="v1")
    assert format_thread_tree(follow_story(tmp_path, story.V1, second_mail)) == [
        "patch v1",
        "patch v2",
    ]


def test_reply_cycle_is_shown_once(tmp_path: Path) -> None:
    def make_mail(message_id: str, parent_id: str, minutes: int) -> bytes:
        return build_mail(
            f"Re: [PATCH] {story.TITLE}",
            "Why?\n",
            sender=MATT,
            id=message_id,
            reply_to=parent_id,
            references="<v1@example.org>",
            minutes=minutes,
        )

    assert format_thread_tree(
        follow_story(tmp_path, story.V1, make_mail("a", "b", 10), make_mail("b", "a", 20))
    ) == [
        "patch v1",
        "question a@",
        "└question b@",
    ]


def test_history_lists_events_with_proof(tmp_path: Path) -> None:
    events = story_of(follow_story(tmp_path, *story.WHOLE))
    assert [
        (
            event.kind,
            event.text,
            f"{event.when:%d %H:%M}" if event.when else "",
            event.proof,
        )
        for event in events
    ] == [
        ("sent", "v1 sent", "04 09:00", "v1@example.org"),
        ("reply", "review by Rita Reviewer", "04 10:00", "r1@example.org"),
        ("sent", "v2 sent", "05 09:00", "v2@example.org"),
        ("good", "Reviewed-by Rita Reviewer", "05 10:00", "r3@example.org"),
        (
            "good",
            "applied to netdev/net.git (main) by patchwork-bot+netdevbpf@kernel.org",
            "05 18:20",
            story.SHA[:12],
        ),
        ("reply", "stable review of 6.6", "10 15:00", story.SHA[:12]),
        ("good", "queued for 6.1", "10 16:40", story.SHA[:12]),
        ("problem", "did not apply to 5.10", "10 18:20", story.SHA[:12]),
        (
            "problem",
            "“demo: check the return of the check” fixes it (accepted)",
            "",
            "f1@example.org",
        ),
    ]


def test_series_missing_from_the_archive_has_a_history(tmp_path: Path) -> None:
    with open_store() as store:
        entry = store.add("v1@example.org", "demo", None, None)
        from patchpilot.threads.known_series import read_tracked_series

        (event,) = story_of(read_tracked_series(entry.id, store=store))
    assert event.text == "sent; not in the archive yet"
