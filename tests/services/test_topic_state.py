# SPDX-License-Identifier: GPL-2.0-or-later
"""How far a topic is: each moment of its life, and what the verbs say of it."""

from pathlib import Path

from tests.kit.cli import call
from tests.kit.life import LIST, life


def test_the_draft_names_the_version_after_the_last_sent(tmp_path: Path) -> None:
    with life(tmp_path) as one:
        assert "next:     v1" in one.run("draft").out
        one.send()
        assert "next:     v2" in one.run("draft").out


def test_a_resend_of_v2_is_too_soon_after_v2(tmp_path: Path) -> None:
    with life(tmp_path) as one:
        one.send()
        one.run("draft", "--changelog", "- better", "-v", "2")
        one.send()
        told = one.run("send", "--resend", "--dry-run", "--to", LIST).out
        assert "v2 was sent less than an hour ago" in told
        assert "v1" not in told.partition("note")[2].partition("[too-soon]")[0]


def test_tags_are_looked_for_in_a_series_without_an_archive(tmp_path: Path) -> None:
    with life(tmp_path) as one:
        one.send(publish=False)
        done = one.run("trailers", "--yes")
        assert "not followed" not in done.err
        assert "track update" in done.err


def test_another_repositorys_series_of_this_subject_is_not_this_topics(tmp_path: Path) -> None:
    with life(tmp_path) as one:
        other = one.another("other")
        (other.path / "widget.c").write_text("int quite_different;\n")
        other.git("commit", "-q", "-a", "--amend", "--no-edit")
        one.send()
        one.update()
        assert call("trailers", "-C", other.path, "--yes").code == 3
        assert "next:     v1" in call("draft", "-C", other.path).out
