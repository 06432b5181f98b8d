# SPDX-License-Identifier: GPL-2.0-or-later
"""Test matching patches if their titles, contents and order lead to different pairs."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.series.patch_pairing import (
    ALIKE,
    PatchFeatures,
    line_similarity,
    pair_patches,
    patch_similarity,
    title_key,
    title_similarity,
)

TITLES = (
    "net: usb: fix leak in probe",
    "net: usb: fix leak in remove",
    "net: usb: document the quirk",
    "net: usb: add the new device id",
)


def make_patch_features(
    title: str,
    lines: str = "",
    *,
    change: str = "",
    author_date: str = "",
    paths: str = "drivers/net/usb/x.c",
) -> PatchFeatures:
    """Return a patch that changes one line for each letter in `lines`.

    Unless a hash is given, it is computed from the lines.
    """
    return PatchFeatures(
        title,
        change or lines,
        author_date,
        frozenset(paths.split()),
        Counter(f"+{letter}" for letter in lines),
    )


@pytest.mark.parametrize(
    ("left", "other"),
    [
        (
            "usb: fix null-ptr-deref in read_urb()",
            "usb: serial: quatech2: fix null-ptr-deref in read_urb()",
        ),
        (
            "spi: cadence: add Marvell xSPI IP overlay changes",
            "spi: cadence: add Marvell IP modification changes",
        ),
        ("platform/x86: add Silicom platform driver", "add Silicom platform driver"),
        ("net: fix the leak in remove", "net: fix a leak in remove"),
        ("hwmon: adt7475: handel errors", "hwmon: adt7475: handle errors"),
        ("a: “quoted”  Words", 'a: "quoted" words'),
    ],
)
def test_reworded_title_reaches_similarity_threshold(left: str, other: str) -> None:
    assert title_similarity(left, other) == title_similarity(other, left) >= ALIKE


@pytest.mark.parametrize(
    ("left", "other"),
    [
        (
            "hwmon: (pmbus/mp2975) fix whitespace error",
            "hwmon: (pmbus/mp2975) add support for mp2973",
        ),
        (
            "net: usb: ax88179_178a: fix failed operations",
            "net: usb: ax88179_178a: avoid the second random address",
        ),
        ("lan78xx: enable 125 MHz CLK", "lan78xx: refactor interrupt handling"),
        ("", ""),
        ("a: b", ""),
    ],
)
def test_different_titles_for_same_driver_are_not_similar(left: str, other: str) -> None:
    assert title_similarity(left, other) == title_similarity(other, left) < ALIKE


def test_title_comparison_ignores_case_and_quotes() -> None:
    assert title_key(' A:  "b"\tc ') == "a: b c"
    assert title_similarity("A: b", "a:  B") == 1


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        # the patches are the same, but in a different order
        (
            [
                make_patch_features(TITLES[0], "abc"),
                make_patch_features(TITLES[1], "xyz"),
            ],
            [
                make_patch_features(TITLES[1], "xyz"),
                make_patch_features(TITLES[0], "abc"),
            ],
            {0: 1, 1: 0},
        ),
        # patches with similar titles were swapped and changed, so match them by title
        (
            [
                make_patch_features(TITLES[0], "abcd"),
                make_patch_features(TITLES[1], "wxyz"),
            ],
            [
                make_patch_features(TITLES[1], "wxy1"),
                make_patch_features(TITLES[0], "abc2"),
            ],
            {0: 1, 1: 0},
        ),
        # the titles were swapped: a matching diff takes precedence over a matching title
        (
            [
                make_patch_features(TITLES[0], "abc"),
                make_patch_features(TITLES[1], "xyz"),
            ],
            [
                make_patch_features(TITLES[1], "abc"),
                make_patch_features(TITLES[0], "xyz"),
            ],
            {0: 0, 1: 1},
        ),
        # both patches changed and their titles became similar: match them by content
        (
            [
                make_patch_features("x: fix leak in probe", "abcdefgh"),
                make_patch_features("x: fix leak in remove", "stuvwxyz"),
            ],
            [
                make_patch_features("x: fix a leak in remove path", "abcdefg1"),
                make_patch_features("x: fix a leak in the probe path", "stuvwxy1"),
            ],
            {0: 0, 1: 1},
        ),
        # a patch was split: match the half with the old title
        (
            [make_patch_features("x: clean up", "abcdef")],
            [
                make_patch_features("x: rename foo", "abcd"),
                make_patch_features("x: clean up", "ef"),
            ],
            {1: 0},
        ),
        # a patch was split under two new titles: match the larger half
        (
            [make_patch_features("x: clean up", "abcdef")],
            [
                make_patch_features("x: drop baz", "ef"),
                make_patch_features("x: rename foo", "abcd"),
            ],
            {1: 0},
        ),
        # two patches were squashed under one of the titles
        (
            [
                make_patch_features("x: one", "abc"),
                make_patch_features("x: more", "def"),
            ],
            [make_patch_features("x: one", "abcdef")],
            {0: 0},
        ),
        # a patch was moved to the end of the series, another dropped and another added
        (
            [
                make_patch_features(TITLES[0], "abc"),
                make_patch_features(TITLES[2], "def"),
                make_patch_features(TITLES[3], "ghi"),
            ],
            [
                make_patch_features(TITLES[3], "ghi"),
                make_patch_features("net: usb: convert to managed memory", "uvw"),
                make_patch_features(TITLES[0], "abd"),
            ],
            {0: 2, 2: 0},
        ),
        # patches with the same title are matched by content, then by order
        (
            [
                make_patch_features("x: fix style", "abcd"),
                make_patch_features("x: fix style", "wxyz"),
            ],
            [
                make_patch_features("x: fix style", "wxy1"),
                make_patch_features("x: fix style", "abc1"),
            ],
            {0: 1, 1: 0},
        ),
        (
            [make_patch_features("x: fix style"), make_patch_features("x: fix style")],
            [make_patch_features("x: fix style"), make_patch_features("x: fix style")],
            {0: 0, 1: 1},
        ),
        # many patches have the same title, but each changes a different file
        (
            [
                make_patch_features("fix spelling", "ab", paths="a.c"),
                make_patch_features("fix spelling", "cd", paths="b.c"),
                make_patch_features("fix spelling", "ef", paths="c.c"),
            ],
            [
                make_patch_features("fix spelling", "c1", paths="b.c"),
                make_patch_features("fix spelling", "e2", paths="c.c"),
            ],
            {0: 1, 1: 2},
        ),
        # a dropped patch does not match a new one at its position
        (
            [
                make_patch_features(TITLES[0], "abc"),
                make_patch_features(TITLES[2], "def"),
            ],
            [
                make_patch_features(TITLES[0], "abc"),
                make_patch_features("net: usb: resume early", "xyz"),
            ],
            {0: 0},
        ),
        # the same lines in another file make a different patch
        (
            [make_patch_features("x: one", "abc", change="1", paths="a.c")],
            [make_patch_features("x: other", "abc", change="2", paths="b.c")],
            {},
        ),
        ([], [make_patch_features("x: one", "a")], {}),
        ([make_patch_features("x: one", "a")], [], {}),
    ],
)
def test_patches_are_paired(
    old: list[PatchFeatures], new: list[PatchFeatures], pairs: dict[int, int]
) -> None:
    assert pair_patches(old, new) == pairs
    # both directions give the same pairs
    assert pair_patches(new, old) == {pair: index for index, pair in pairs.items()}


def test_thousands_of_equal_titles_are_paired() -> None:
    patches = [
        make_patch_features("treewide: fix style", change=str(index)) for index in range(2000)
    ]
    assert pair_patches(
        patches,
        [patch._replace(change=f"new {index}") for index, patch in enumerate(patches)],
    ) == {index: index for index in range(2000)}


@given(st.permutations(range(6)), st.sets(st.integers(0, 5)), st.sets(st.integers(0, 5)))
def test_reordered_patches_are_paired(
    order: list[int], dropped: set[int], reworked: set[int]
) -> None:
    arguments = ("leak", "race", "overflow", "typo", "deadlock", "warning")
    old = [
        make_patch_features(f"x: fix the {word}", f"{index}abcdefgh".replace("a", "ijklmn"[index]))
        for index, word in enumerate(arguments)
    ]
    remaining = [index for index in order if index not in dropped]
    new = [
        old[index]._replace(change=f"{index}*", lines=old[index].lines | {"+more": 1})
        if index in reworked
        else old[index]
        for index in remaining
    ]
    assert pair_patches(old, new) == dict(enumerate(remaining))


@pytest.mark.parametrize(
    ("left", "other", "low", "high"),
    [
        ("net: check it", "net: check it", 1.0, 1.0),
        ("", "", 0.0, 0.0),
        (" ", '"', 0.0, 0.0),
        ("", "net: check it", 0.0, 0.0),
        # compare the prefixes if the other title has no prefix or consists only of one
        ("net: leak", "net", 0.5, 0.8),
        ("net: leak", "leak", 0.5, 0.8),
        # a common prefix is ignored
        ("net: usb: leak", "net: usb: quirk", 0.0, 0.2),
        ("net: usb: leak", "net: pci: leak", 0.5, 0.8),
        ("net: usb: leak", "net: leak", 0.5, 0.8),
    ],
)
def test_common_prefix_does_not_affect_title_similarity(
    left: str, other: str, low: float, high: float
) -> None:
    for similarity in (title_similarity(left, other), title_similarity(other, left)):
        assert low <= similarity <= high


def test_long_title_is_compared_completely() -> None:
    # in texts of 200 characters or more, difflib ignores frequent characters
    long = "ab " * 90
    assert title_similarity(f"{long}c", f"{long}d") > 0.7


@pytest.mark.parametrize(
    ("left", "other", "expected"),
    [
        ({}, {}, 0.0),
        ({"a": 1}, {}, 0.0),
        ({"a": 1}, {"a": 1}, 1.0),
        ({"a": 2}, {"a": 1}, 2 / 3),
        ({"a": 1, "b": 1}, {"a": 1}, 2 / 3),
        ({"a": 1}, {"b": 3}, 0.0),
    ],
)
def test_similarity_is_the_share_of_common_characters(
    left: dict[str, int], other: dict[str, int], expected: float
) -> None:
    assert line_similarity(left, other) == expected
    assert line_similarity(other, left) == expected


@pytest.mark.parametrize(
    ("mine", "yours", "expected"),
    [
        (PatchFeatures("a: leak", paths=frozenset("x")), PatchFeatures("a: leak"), 1.0),
        (PatchFeatures("a: leak"), PatchFeatures("a: leak", paths=frozenset("x")), 1.0),
        (
            PatchFeatures("a: leak", paths=frozenset("x")),
            PatchFeatures("a: leak", paths=frozenset("y")),
            0.0,
        ),
        (PatchFeatures("a", lines={"x": 1}), PatchFeatures("b", lines={"x": 1}), 1.0),
        (PatchFeatures("a: leak", lines={"x": 1}), PatchFeatures("a: leak"), 1.0),
        (PatchFeatures("a: leak"), PatchFeatures("a: leak", lines={"x": 1}), 1.0),
        (
            PatchFeatures("a: leak", lines={"x": 1}),
            PatchFeatures("a: leak", lines={"y": 1}),
            0.8,
        ),
        # if at least a tenth of the lines are the same, the title counts
        (
            PatchFeatures("a: leak", lines={"x": 1, "y": 9}),
            PatchFeatures("a: leak", lines={"x": 1, "z": 9}),
            1.0,
        ),
        (
            PatchFeatures("a: leak", lines={"x": 1, "y": 9}),
            PatchFeatures("a: leak", lines={"x": 1, "z": 10}),
            0.8,
        ),
    ],
)
def test_title_weighs_less_without_common_lines(
    mine: PatchFeatures, yours: PatchFeatures, expected: float
) -> None:
    assert patch_similarity(mine, yours) == expected
    assert patch_similarity(yours, mine) == expected
