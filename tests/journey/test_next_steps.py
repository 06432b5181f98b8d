# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that all views show the same next step of a topic: text, JSON, list, Home and the TUI.

The topics are generated: each has some of the events of a series' life, in order.
"""

import json
import random
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from patchpilot.archive.track_store import Store
from patchpilot.home.read import read_topics
from patchpilot.model.progress import ignore_progress
from patchpilot.threads.known_series import add_series_mails, read_stored_series
from patchpilot.tracking.follow_series import track_series_in_mbox
from patchpilot.tui.screens.follow_rows import history_rows, pinned_rows
from patchpilot.tui.screens.home_rows import describe_next_step
from patchpilot.tui.view.action_keys import replace_commands
from patchpilot.tui.view.stages import Stage
from tests.kit.cli import call
from tests.kit.mails import (
    MATT,
    OTTO,
    RITA,
    build_applied_notice,
    build_described_mail,
    build_mbox,
    build_reply,
    build_stable_failure_notice,
    build_stable_queue_notice,
    build_stable_review,
)

TOPICS = 40
LIVES = (
    ("sent",),
    ("sent", "tag"),
    ("sent", "question"),
    ("sent", "review"),
    ("sent", "review", "answer"),
    ("sent", "robot"),
    ("sent", "review", "robot"),
    ("sent", "tag", "v2"),
    ("sent", "review", "v2", "tag"),
    ("sent", "nack"),
    ("sent", "withdrawal"),
    ("sent", "applied"),
    ("sent", "tag", "applied"),
    ("sent", "applied", "robot"),
    ("sent", "stable review"),
    ("sent", "queued"),
    ("sent", "failed"),
    ("sent", "failed", "backport"),
    ("sent", "failed", "backport by another"),
    ("sent", "failed", "queued"),
    ("sent", "applied", "failed", "backport"),
    ("sent", "other's v2"),
    ("sent", "fix of it"),
)


def list_lives(seed: int) -> Iterator[tuple[str, ...]]:
    """Yield every life, and then random combinations of their events."""
    yield from LIVES
    chooser = random.Random(seed)
    events = sorted({event for life in LIVES for event in life[1:]})
    while True:
        yield ("sent", *chooser.sample(events, chooser.randint(1, 4)))


REPLIES = {
    "tag": (RITA, f"Reviewed-by: {RITA}"),
    "question": (RITA, "Why do you stop at ten?"),
    "review": (RITA, "Please use an atomic counter here, and add a test."),
    "answer": ("Ada Fixer <ada@example.org>", "I will do both in the next version."),
    "nack": (MATT, f"This is wrong.\n\nNacked-by: {MATT}"),
    "withdrawal": ("Ada Fixer <ada@example.org>", "Please drop this, I withdraw it."),
    "robot": (
        "kernel test robot <lkp@intel.com>",
        "kernel test robot noticed the following build errors:\n\n>> a.c:1:3: error: bad syntax",
    ),
}
POSTS = {
    "sent": "v1 [PATCH] {title}",
    "v2": "v2 [PATCH v2] {title}",
    "other's v2": "v2 [PATCH v2] {title}",
    "backport": "b1 [PATCH 5.10.y] {title}",
    "backport by another": "b2 [PATCH 5.10.y] {title}",
    "fix of it": "f1 [PATCH] pump{number}: stop at nine",
}
OTHERS = ("other's v2", "backport by another", "fix of it")


def build_life(number: int, life: tuple[str, ...], *, is_tagged: bool) -> list[bytes]:
    """Return the messages of a topic with these events, two days apart."""
    minutes = count(0, 2880)
    return [build_event(number, event, next(minutes), is_tagged=is_tagged) for event in life]


def build_event(number: int, event: str, minutes: int, *, is_tagged: bool) -> bytes:
    title, commit = f"pump{number}: stop at ten", f"{number:02}" * 20
    options = {"id": f"{event.replace(' ', '-')}{number}", "minutes": minutes}
    if event in REPLIES:
        sender, text = REPLIES[event]
        parent = f"t{number}v1"
        return build_reply(f"[PATCH] {title}", text, sender=sender, reply_to=parent, **options)
    if event in POSTS:
        name, _, subject = POSTS[event].format(title=title, number=number).partition(" ")
        message = f"commit {commit} upstream.\n\n" if name.startswith("b") else "Explain it.\n"
        message += "\nCc: stable@vger.kernel.org\n" if event == "sent" and is_tagged else ""
        message += f'\nFixes: {commit[:12]} ("{title}")\n' if event == "fix of it" else ""
        author = {"author": OTTO} if event in OTHERS else {}
        line = f"t{number}{name}+{minutes} {subject}"
        return build_described_mail(line, message=message, **author)
    if event == "applied":
        return build_applied_notice(title, commit[:12], reply_to=f"t{number}v1", **options)
    build, version = {
        "stable review": (build_stable_review, "6.6"),
        "queued": (build_stable_queue_notice, "6.1"),
        "failed": (build_stable_failure_notice, "5.10"),
    }[event]
    return build(title, commit, version, **options)


def check_views(folder: Path, lives: list[tuple[str, ...]], seed: int) -> list[str]:
    """Track a topic for each life, compare its next step in all views, and return the steps."""
    chooser = random.Random(seed)
    mails = [
        mail
        for number, life in enumerate(lives, 10)
        for mail in build_life(number, life, is_tagged=chooser.random() < 0.5)
    ]
    file = folder / "topics.mbox"
    file.write_bytes(build_mbox(*mails))
    with Store() as store:
        track_series_in_mbox(file, store=store)
        entries = store.entries()
        tracked = {
            entry.id: add_series_mails(
                read_stored_series(entry, store, None, ignore_progress), store, None
            )
            for entry in entries
        }
    listed = {one["id"]: one for one in json.loads(call("track --format json").out)["series"]}
    homes = {topic.series: topic for topic in read_topics()}
    for number, series in tracked.items():
        step = series.next_step
        assert step, series.subject
        (shown,) = json.loads(call("track show", number, "--format", "json").out)["series"]
        lines = call("track show", number).out.splitlines()
        (text,) = [line for line in lines if line.startswith("  next ")]
        home = homes[number]
        keys = replace_commands(series.step.advice)
        pinned = " ".join(" ".join(row.plain for row in pinned_rows(series, 999, 99)).split())
        history = " ".join(" ".join(row.plain for row in history_rows(series, 999)).split())
        assert {
            "list": listed[number]["next_step"],
            "JSON": shown["next_step"],
            "text": text.removeprefix("  next ").strip(),
            "Home": str(home.step),
        } == dict.fromkeys(("list", "JSON", "text", "Home"), step)
        assert describe_next_step(home, {}) == keys
        # each step is on a separate line
        assert "".join(keys.replace("); ", ")").split()) in "".join(pinned.split())
        follow_keys = replace_commands(series.step.advice, Stage.FOLLOW)
        assert " ".join(follow_keys.split()) in history
        turns = {series.step.need, home.turn, shown["turn"], listed[number]["turn"]}
        assert len(turns) == 1
    return [series.next_step for series in tracked.values()]


@pytest.fixture(autouse=True)
def outside_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_views_agree_about_some_topics(tmp_path: Path) -> None:
    lives = [LIVES[number] for number in (3, 5, 11, 16, 17, 18)]
    steps = check_views(tmp_path, lives, 0)
    assert len({*steps}) >= 6


@pytest.mark.long
@pytest.mark.parametrize("seed", range(3))
def test_views_agree_about_all_topics(tmp_path: Path, seed: int) -> None:
    lives = [life for life, _ in zip(list_lives(seed), range(TOPICS), strict=False)]
    steps = check_views(tmp_path, lives, seed)
    assert len(steps) >= TOPICS - 4
    assert len({*steps}) >= 15
