# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests of LINUX_VERSION_CODE that have one result from a version on."""

import pytest

from patchpilot.lint.fixing.version_tests import dropped

OLD, NEW, LATER = (
    f"LINUX_VERSION_CODE {sign}"
    for sign in (
        "< KERNEL_VERSION(4, 15, 0)",
        ">= KERNEL_VERSION(3,0,0)",
        ">= KERNEL_VERSION(6, 2, 0)",
    )
)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        (NEW, "a"),
        (OLD, "b"),
        (LATER, None),
        (f"({NEW}) /* since 2011 */", "a"),
        ("LINUX_VERSION_CODE >= KERNEL_VERSION(6, 1, 0)", "a"),
        ("LINUX_VERSION_CODE > KERNEL_VERSION(6, 1, 0)", None),
        ("LINUX_VERSION_CODE == KERNEL_VERSION(5, 1, 0)", "b"),
        ("LINUX_VERSION_CODE != KERNEL_VERSION(5, 1, 0)", "a"),
        (f"{NEW} && !({OLD})", "a"),
        (f"defined(FROB) || {NEW}", "a"),
        (f"defined FROB && {OLD}", "b"),
        (f"FROB_RELEASE >= FROB_VERSION(7, 4) && {OLD} || {LATER}", None),
        (f"{LATER} || {NEW} && {OLD}", None),
        (f"({LATER} || {NEW}) && {OLD}", "b"),
        (f"{NEW} \\", None),
        (f"{OLD} + 1", None),
        ("1", None),
        ("LINUX_VERSION_CODE >= 0x30000", None),
    ],
)
def test_a_condition_is_resolved_where_it_is_the_same_in_all_later_versions(
    condition: str, left: str | None
) -> None:
    lines = [
        f"#if {condition}".replace("/* since 2011 */", "\x01" * 16),
        "a",
        "# else",
        "b",
        "#endif",
    ]
    gone = dropped(lines, (6, 1))
    assert [line for at, line in enumerate(lines) if at not in gone] == (
        [left] if left else lines
    )


def test_branches_and_nested_conditions() -> None:
    lines = [
        f"#if {OLD}",
        "#ifdef A",
        "a",
        "#endif",
        f"#elif {NEW}",
        f"#if {LATER}",
        "b",
        "#endif",
        "#elif B",
        "c",
        "#endif",
        f"#if {NEW}",
        "d",
    ]
    gone = dropped(lines, (6, 1))
    assert [line for at, line in enumerate(lines) if at not in gone] == [
        f"#if {LATER}",
        "b",
        "#endif",
        f"#if {NEW}",
        "d",
    ]
