# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the title line: its parts, and where it is cut."""

from pathlib import Path

from patchpilot.commits.git_command import git
from patchpilot.commits.repository import Repository
from patchpilot.model.printable import width
from patchpilot.topic.facts import TopicFacts, summarize_topic
from patchpilot.tui.view.session import OpenTopic
from patchpilot.tui.view.title import format_title_row, title_texts
from patchpilot.tui.widgets.title_line import format_title_line

SUBJECT = "net/acme: allow old cards that cannot count their images"


TOPIC = OpenTopic(None, "acme-old-cards", None, ())


FACTS = TopicFacts(2, "net/main", "5f2c1d0a91e2" + "0" * 28, guessed=True, profile="netdev")


def test_title_is_cut_from_the_right() -> None:
    places = title_texts(TOPIC, FACTS)
    shown = [format_title_row(SUBJECT, places, "", wide) for wide in (200, 120, 80, 50)]
    assert [width(row) for row in shown] == [200, 120, 80, 50]
    assert (
        shown[0]
        .rstrip()
        .endswith("acme-old-cards · v2 · 0 patches · base net/main (guessed) 5f2c1d0a91e2 · netdev")
    )
    assert shown[1].startswith(f" {SUBJECT}  ")
    assert shown[1].rstrip().endswith("acme-old-cards · v2 · 0 patches · base net/main (guessed)")
    assert shown[2].rstrip().endswith(f"{SUBJECT}   acme-old-cards · v2")
    assert shown[3].startswith(" net/acme: allow old cards")
    assert SUBJECT in shown[0]
    assert (
        format_title_row(SUBJECT, places, "reading 3/10", 80)
        .rstrip()
        .endswith("  acme-old-cards · v2 · 0 patches · reading 3/10")
    )
    assert (
        format_title_row(SUBJECT, places, "reading " * 5, 80)
        .rstrip()
        .endswith("  reading reading reading reading reading")
    )
    assert "\n" not in format_title_row("a\nb\x1b[31m", places, "x\ny", 80)


def test_title_style_starts_at_its_text() -> None:
    # Textual would never finish searching a line like this
    for doing in ("", "* reading the history of the files"):
        for wide in range(120):
            spans = format_title_line(SUBJECT, ("my-fix",), doing, wide).spans
            assert all(0 <= span.start <= span.end for span in spans), (doing, wide)


def test_topic_facts_are_shown(fixed_clone: Path) -> None:
    with Repository.open(fixed_clone) as repository:
        found = summarize_topic(repository, None, None, "")
        assert (found.version, found.base, found.guessed, found.profile) == (
            1,
            "origin/master",
            True,
            "linux",
        )
        assert found.start == git(fixed_clone, "rev-parse", "HEAD^").text.strip()
        named = summarize_topic(repository, None, "HEAD^", "netdev")
        assert (named.base, named.guessed, named.profile) == ("HEAD^", False, "netdev")
        assert summarize_topic(repository, "HEAD^..HEAD", None, "").base == ""
