# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the data for Home.

It contains the topics in all repositories, whose turn it is, and cached data that is shown first.
"""

import json
import shutil
from pathlib import Path

import pytest

from patchpilot.errors import CancelledError
from patchpilot.home import branches as home_branches
from patchpilot.home import read as read_home
from patchpilot.home.branches import find_checkout, switch_branch
from patchpilot.home.read import (
    read_cached_topics,
    read_topics,
    update_topics,
)
from patchpilot.reading.thread_values import Turn
from tests.kit import story
from tests.kit.cli import call
from tests.kit.life import create_life
from tests.kit.mails import build_described_mail, build_mbox
from tests.kit.repos import Repo
from tests.kit.trees import Trees

KEY = "{}/.git"


def test_topics_are_sorted_by_turn(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as author:
        (tmp_path / "m").write_bytes(build_mbox(*story.ACCEPTED))
        assert call("track add --mbox", tmp_path / "m").code == 0
        author.add_reply(author.send(), "Why do you change line 1? Please add a test.")
        other = author.create_repository("other")
        (other.path / "widget.c").write_text("int another;\n")
        other.git("commit -q -a --amend -m 'gadget: fix it'")
        author.run("draft")
        other.patchpilot("draft")
        topics = read_topics()
        assert [topic.turn for topic in topics] == [
            Turn.YOURS,
            Turn.YOURS,
            Turn.WAITING,
        ]
        assert {(topic.branch, topic.version, topic.title) for topic in topics[:2]} == {
            ("topic", 1, "widget: change line 1"),
            ("topic", 0, "gadget: fix it"),
        }
        reviewed = next(topic for topic in topics if topic.title.startswith("widget: change"))
        assert reviewed.news.startswith("Rita")
        assert [event.words for event in reviewed.events] == [
            "review by Rita Reviewer",
            "v1 sent",
        ]
        assert reviewed.unread == 1
        assert "answer" in str(reviewed.step)
        applied = topics[-1]
        assert applied.state == "accepted"
        assert applied.tags
        assert applied.repository == ""


def test_read_data_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with create_life(tmp_path) as author:
        author.add_reply(author.send(), "Why do you change line 1?")
        (before,) = read_cached_topics()
        assert before.news == "v1 sent"
        read = read_topics()
        assert read_cached_topics() == read
        with monkeypatch.context() as patch:
            patch.delattr(read_home, "compute_topic_state")
            assert read_topics() == read
        author.run("track", "show")
        assert [topic.unread for topic in read_cached_topics()] == [0]
        author.amend_patch()
        assert [topic.news for topic in read_topics()] == [
            "v1 under-review: 1 reply, with a question by Rita Reviewer; your commits have changed"
            " since"
        ]


def test_series_is_named_after_its_fix_before_it_is_read(tmp_path: Path) -> None:
    with create_life(tmp_path, 2) as author:
        message = 'widget: change line 1\n\nIt was wrong.\n\nStable-dep-of: 0123456789ab ("x")\n'
        sign_off = "Signed-off-by: Ada Fixer <ada@example.org>\n"
        fix = author.repo.git("rev-parse HEAD")
        author.repo.git("reset -q --hard HEAD~1")
        author.repo.git("commit -q --amend -m", f"{message}{sign_off}")
        author.repo.git("cherry-pick", fix)
        author.send()
        (unread,) = read_cached_topics()
        (topic,) = read_topics()
        assert unread.title == topic.title == "widget: change line 2"


def test_unsent_branch_is_a_topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the kit's commits have a fixed date
    monkeypatch.setattr(home_branches, "RECENT", 10**9)
    with create_life(tmp_path) as author:
        repo = author.repo
        assert read_topics() == ()
        (topic,) = read_topics([KEY.format(repo.path.resolve())])
        assert (topic.branch, topic.turn, topic.patches, topic.state) == (
            "topic",
            Turn.YOURS,
            1,
            "not-sent",
        )
        assert read_cached_topics() == (topic,)
        repo.git("checkout -q master")
        tip = repo.git("rev-parse topic")
        repo.git("branch -D topic")
        assert read_topics([KEY.format(repo.path.resolve())]) == ()
        assert read_cached_topics() == ()
        # a branch counts as a topic even if it was opened as a range
        repo.git("branch topic", tip)
        author.run("draft", "master..topic")
        (topic,) = read_topics([KEY.format(repo.path.resolve())])
        assert topic.branch == "topic"


def test_sent_topic_is_listed_after_its_branch_is_deleted(
    tmp_path: Path,
) -> None:
    with create_life(tmp_path) as author:
        author.send()
        author.update()
        author.repo.git("checkout -q master")
        author.repo.git("branch -D topic")
        (topic,) = read_topics()
        assert (topic.branch, topic.turn, topic.title) == (
            None,
            Turn.WAITING,
            "widget: change line 1",
        )
        author.repo.path.rename(tmp_path / "moved")
        assert [topic.title for topic in read_topics()] == ["widget: change line 1"]


def test_update_shows_new_replies(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        ident = author.send()
        author._add_mail(
            ident,
            "Re: [PATCH] widget: change line 1",
            "On Monday Ada wrote:\n> x\n\nIs this tested?\n",
            "Rita Reviewer <rita@example.org>",
        )
        topics, trouble = update_topics(fresh=True)
        assert trouble == ""
        assert [(topic.turn, topic.news) for topic in topics] == [
            (Turn.YOURS, "Rita Reviewer asked 1 question")
        ]
        author.archive.__exit__(None, None, None)
        topics, trouble = update_topics(fresh=True)
        assert trouble
        assert [topic.news for topic in topics] == ["Rita Reviewer asked 1 question"]


def test_reply_by_an_unknown_sender_is_shown(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author._add_mail(
            author.send(),
            "Re: [PATCH] widget: change line 1",
            "On Monday Ada wrote:\n> x\n\nApplied to widget-next, thanks.\n",
            "Nobody Known <nobody@example.com>",
        )
        (topic,), _ = update_topics(fresh=True)
        assert topic.state == "sent"
        assert topic.news.startswith("Nobody Known")
        assert "no reply" not in topic.news


def test_topic_opens_in_its_worktree(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"a": "1\n"})
    repo.git("branch topic")
    key = KEY.format(repo.path.resolve())
    assert find_checkout(key, "topic").is_on_branch is False
    switch_branch(repo.path, "topic")
    assert find_checkout(key, "topic") == find_checkout(key, repo.git("branch --show-current"))
    repo.git("worktree add -q -b second", str(tmp_path / "tree"))
    assert find_checkout(key, "second").directory == tmp_path / "tree"


def test_partial_topic_list_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_home, "OFTEN", 0.0)
    (tmp_path / "a").write_bytes(build_mbox(*story.ACCEPTED))
    (tmp_path / "b").write_bytes(build_mbox(story.FIX_V1, story.FIX_V2))
    for name in ("a", "b"):
        assert call("track add --mbox", tmp_path / name).code == 0
    counts: list[int] = []

    def raise_canceled(what: str, done: int = 0, total: int | None = None) -> None:
        if "return of the check" in what:
            raise CancelledError

    with pytest.raises(CancelledError):
        read_topics(on_topics=lambda topics: counts.append(len(topics)), progress=raise_canceled)
    assert [topic.state for topic in read_cached_topics() if topic.state] == ["accepted"]
    assert len(read_topics(on_topics=lambda topics: counts.append(len(topics)))) == 2
    assert counts == [0, 1]


def test_merge_is_shown_without_a_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the kit's commits have a fixed date
    monkeypatch.setattr(home_branches, "RECENT", 10**9)
    with create_life(tmp_path) as author:
        author.send()
        author.update()
        copy = tmp_path / "copy"
        shutil.copytree(author.repo.path, copy, symlinks=True)
        shutil.rmtree(author.repo.path)
        author.repo.path = copy
        key = KEY.format(copy.resolve())
        assert "sent" in {topic.state for topic in read_topics([key])}
        author.merge_into_mainline()
        topics = {topic.branch: topic.state for topic in read_topics([key])}
        assert topics["topic"] == "in-mainline"


def test_merge_in_git_needs_no_archive(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        author.send()
        author.update()
        assert [topic.state for topic in read_topics()] == ["sent"]
        author.merge_into_mainline()
        (topic,) = read_topics()
        assert topic.state == "in-mainline"
        # all commits of the branch are in its base, so it is no longer a topic
        author.repo.git("reset -q --hard origin/master")
        assert [topic.state for topic in read_topics()] == ["in-mainline"]


def test_backport_is_named_after_the_fix(tmp_path: Path) -> None:
    with create_life(tmp_path) as author:
        message = author.repo.git("log -1 --format=%B")
        needed_by = 'Stable-dep-of: 0123456789ab ("widget: fix the leak")'
        author.repo.git("commit -q --amend -m", f"{message}\n{needed_by}")
        fix = "1" * 40
        message = f"widget: fix the leak\n\ncommit {fix} upstream.\n\nIt leaked."
        author.repo.commit(message, {"Kconfig": "menu\nend\n"})
        author.send("--subject-prefix", "PATCH 6.1")
        author.update()
        (topic,) = read_topics()
        assert (topic.branch, topic.title) == ("topic", "[6.1.y] widget: fix the leak")
        author.repo.git("switch -q master")
        author.repo.git("branch -q -D topic")
        (topic,) = read_topics()
        assert (topic.branch, topic.title) == (None, "[6.1.y] widget: fix the leak")
        assert topic.backported == fix


def test_series_without_a_branch_has_the_same_next_step_as_in_track(tmp_path: Path) -> None:
    trees = Trees(tmp_path / "r")
    title = "pump: check the pointer"
    (tmp_path / "m").write_bytes(build_mbox(build_described_mail(f"p1 [PATCH] {title}")))
    assert call("track add --mbox", tmp_path / "m").code == 0
    trees.commit(f"{title}\n\nCheck it.\n")
    (series,) = json.loads(trees.repo.patchpilot("track --json").out)["series"]
    (topic,) = read_topics([KEY.format(trees.repo.path.resolve())])
    assert (topic.state, str(topic.step)) == ("in-mainline", series["next_step"])
