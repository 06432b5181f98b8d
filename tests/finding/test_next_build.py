# SPDX-License-Identifier: GPL-2.0-or-later
"""Test choosing the next build of a bisection."""

from patchpilot.finding.next_build import UNLIKELY_FIXED, choose_next_build


def test_build_halves_the_probability() -> None:
    line = {str(number): [str(number + 1)] for number in range(1000)}
    even = choose_next_build(line, {}, 1000)
    assert even
    assert abs(int(even.commit) - 500) < 20
    likely = {"700": 0.9}
    first = choose_next_build(line, likely, 1000)
    assert first
    assert first.commit in ("700", "701")
    assert first.builds < even.builds
    second = choose_next_build(line, likely, 1000, (first.commit,))
    assert second
    assert 690 < int(second.commit) < 702
    assert choose_next_build({"1": ["2"]}, likely, 1) is None
    assert choose_next_build({"1": ["2"]}, likely, 1, is_good=False) == ("1", 1)


def test_latest_commit_is_built_first_if_there_is_probably_no_fix() -> None:
    line = {str(number): [str(number + 1)] for number in range(20)}
    likely = {"12": 0.23}
    usual = choose_next_build(line, likely, 20, is_good=False)
    assert usual
    assert usual.commit != "0"
    first = choose_next_build(line, likely, 20, is_good=False, unfixed=UNLIKELY_FIXED)
    assert first
    assert first.commit == "0"
