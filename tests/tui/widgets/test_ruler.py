# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the release ruler.

It shows the range of releases with the bug at every width, with and without Unicode.
"""

from typing import Any

import pytest
from textual.app import App, ComposeResult

from patchpilot.model.bug_range import (
    BugRange,
    ReleasePoint,
    ReleaseState,
    sort_release_points,
)
from patchpilot.tui.widgets.ruler import ReleaseRuler, draw_ruler

SERIES = ("6.12", "5.10", "6.1", "5.15", "6.6", "6.18")
ENTERS, FIX = (
    ReleasePoint("5.16-rc1", ReleaseState.ENTERS),
    ReleasePoint("7.2-rc1", ReleaseState.FIX),
)
NOTE = "5.15 has it because 33248b1ba072 was backported as fb2977215841"


def make_bug_range(**states: ReleaseState) -> BugRange:
    release_states = {"v5_10": ReleaseState.CLEAN, **states}
    release_points = [
        ReleasePoint(
            version,
            release_states.get(f"v{version.replace('.', '_')}", ReleaseState.AFFECTED),
        )
        for version in SERIES
    ]
    return BugRange(sort_release_points(release_points, ENTERS, FIX), (NOTE,))


def draw_ruler_lines(bug: BugRange, columns: int) -> list[str]:
    return [row.plain.rstrip() for row in draw_ruler(bug, columns)]


def test_releases_are_sorted() -> None:
    assert [point.version for point in make_bug_range().points] == [
        "5.10",
        "5.15",
        "5.16-rc1",
        "6.1",
        "6.6",
        "6.12",
        "6.18",
        "7.2-rc1",
    ]
    unreleased = sort_release_points(
        [ReleasePoint("6.1", ReleaseState.CLEAN)],
        ReleasePoint("", ReleaseState.ENTERS),
        ReleasePoint("", ReleaseState.UNRELEASED),
    )
    assert [point.state for point in unreleased] == [
        ReleaseState.CLEAN,
        ReleaseState.ENTERS,
        ReleaseState.UNRELEASED,
    ]
    versions, line, *_ = draw_ruler_lines(BugRange(unreleased), 80)
    assert versions.endswith(" unreleased")
    assert line.endswith("◆ the fix")
    candidates = sort_release_points(
        [ReleasePoint("6.1", ReleaseState.AFFECTED)],
        ReleasePoint("6.1-rc2", ReleaseState.ENTERS),
        FIX,
    )
    assert [point.version for point in candidates] == ["6.1-rc2", "6.1", "7.2-rc1"]


def test_states_are_below_releases() -> None:
    assert draw_ruler_lines(make_bug_range(), 156) == [
        (
            "  5.10                5.15                5.16-rc1            6.1                 6.6 "
            "                6.12                6.18                7.2-rc1"
        ),
        (
            "   ○───────────────────●╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌┳━━━━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━━━━◆"  # noqa: E501
            " the fix"
        ),
        (
            "  no bug              affected            bug enters          affected           "
            " affected            affected            affected"
        ),
        f"  {NOTE}",
    ]
    assert draw_ruler_lines(make_bug_range(), 76)[1:] == [
        "   ○────────●╌╌╌╌╌╌╌╌┳━━━━━━━━●━━━━━━━━●━━━━━━━━●━━━━━━━━●━━━━━━━━◆ the fix",
        "  no bug   affected enters   affected affected affected affected",
        f"  {NOTE}",
    ]


def test_state_needs_neither_color_nor_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHPILOT_ASCII", "1")
    rows = draw_ruler_lines(
        make_bug_range(
            v6_6=ReleaseState.FIXED,
            v6_12=ReleaseState.UNKNOWN,
            v6_18=ReleaseState.CLEAN,
        ),
        156,
    )
    assert all(row.isascii() for row in rows)
    assert "".join(sign for sign in rows[1] if sign not in "-.=") == "   oX+Xv?o* the fix"
    assert rows[2].split() == [
        "no",
        "bug",
        "affected",
        "bug",
        "enters",
        "affected",
        "fixed",
        "unknown",
        "no",
        "bug",
    ]


@pytest.mark.parametrize("columns", range(20, 170, 7))
def test_nothing_exceeds_its_width(columns: int) -> None:
    assert all(
        len(row) <= columns
        for row in draw_ruler_lines(make_bug_range(), columns)
        if not row.lstrip().startswith("┳")
    )


def test_narrow_ruler_becomes_a_list() -> None:
    assert draw_ruler_lines(make_bug_range(), 44) == [
        "○ 5.10 no bug  ● 5.15 affected",
        "┳ 5.16-rc1 bug enters  ● 6.1 affected",
        "● 6.6 affected  ● 6.12 affected",
        "● 6.18 affected  ◆ 7.2-rc1 the fix",
        "  5.15 has it because 33248b1ba072 was back…",
    ]


def test_released_fix_ends_the_bug() -> None:
    series = [
        ReleasePoint(version, state)
        for version, state in (
            ("6.1", ReleaseState.AFFECTED),
            ("6.6", ReleaseState.FIXED),
        )
    ]
    points = sort_release_points(
        [*series, ReleasePoint("6.12", ReleaseState.FIXED)],
        ENTERS,
        ReleasePoint("6.8-rc3", ReleaseState.FIX),
    )
    assert draw_ruler_lines(BugRange(points), 80) == [
        "  5.16-rc1         6.1              6.6              6.8-rc3          6.12",
        "   ┳━━━━━━━━━━━━━━━━●━━━━━━━━━━━━━━━━✓━━━━━━━━━━━━━━━━◆────────────────✓",
        "  bug enters       affected         fixed            the fix          fixed",
    ]


def test_empty_ruler_shows_unknown() -> None:
    assert draw_ruler_lines(BugRange(), 80) == ["  looking for the releases that have the bug …"]


def test_ruler_looks_unchanged(snap_compare: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)

    class Ruler(App[None]):
        def compose(self) -> ComposeResult:
            yield ReleaseRuler(ident="ruler")

        def on_mount(self) -> None:
            self.query_one(ReleaseRuler).show_bug(make_bug_range(v6_18=ReleaseState.FIXED))

    assert snap_compare(Ruler(), terminal_size=(120, 5))


def test_bug_entry_is_one_point() -> None:
    series = [
        ReleasePoint("6.1", ReleaseState.CLEAN),
        ReleasePoint("6.6", ReleaseState.AFFECTED),
        ReleasePoint("6.12", ReleaseState.AFFECTED),
    ]
    enters = ReleasePoint("6.6", ReleaseState.ENTERS)
    points = sort_release_points(series, enters, ReleasePoint("7.1", ReleaseState.FIX))
    assert [point.version for point in points] == ["6.1", "6.6", "6.12", "7.1"]
    assert points[1].state is ReleaseState.ENTERS
