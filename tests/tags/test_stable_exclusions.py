# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which fixes the stable trees do not accept."""

import pytest

from patchpilot.model.patch import parse_diff
from patchpilot.tags.stable_exclusions import Exclusion, find_exclusion

CODE = ("-\tif (ring->size)", "+\tif (ring->size > 1)")
MAX_LINES = 100


def exclude(
    subject: str,
    message: str = "",
    changed: tuple[str, ...] = CODE,
    path: str = "drivers/ring.c",
    size: int = 9,
) -> Exclusion | None:
    diff = (
        f"diff --git a/{path} b/{path}",
        f"--- a/{path}",
        f"+++ b/{path}",
        "@@ -1,3 +1,3 @@",
        " {",
        *changed,
        " }",
    )
    files = parse_diff(diff, 1).files
    assert files
    return find_exclusion(subject, ["", *message.split("\n")], files, size, MAX_LINES)


@pytest.mark.parametrize(
    ("message", "quote"),
    [
        ("This is a theoretical race.", '"theoretical" in line 3'),
        ("Ada found it.\n\nIt has never been seen in practice.", '"has never been seen" in line 5'),
        ("In theory, the ring\nmay be freed twice.", '"In theory" in line 3'),
        ("It is not likely to\nhappen in practice.", "in line 3"),
        ("Nobody has hit it: there are no known users affected.", "no known users"),
    ],
)
def test_theoretical_problem_is_excluded(message: str, quote: str) -> None:
    exclusion = exclude("ring: fix a race", message)
    assert exclusion
    assert "theoretical" in exclusion.rule
    assert quote in exclusion.text


@pytest.mark.parametrize(
    "message",
    [
        "This is not theoretical.",
        "A theoretical race, but syzbot found it.",
        "The interrupt is never seen by the driver.",
        "The completion is never triggered if the ring is full.",
        "While at it, also check the size of the table.",
        "I hit this theoretical race on two boards.",
    ],
)
def test_real_problem_is_accepted(message: str) -> None:
    assert exclude("ring: fix a race", message) is None


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        ("ring: fix the mask", "While at it, also clean up the coding style."),
        ("ring: fix the mask", "While here, drop an unused variable."),
        ("ring: fix the mask", "The mask is wrong. Also remove a redundant check."),
        ("ring: fix two issues", "The mask and the table are wrong."),
        ("ring: fix the mask and clean up", "The mask is wrong."),
    ],
)
def test_second_change_is_excluded(subject: str, message: str) -> None:
    exclusion = exclude(subject, message)
    assert exclusion
    assert "only one thing" in exclusion.rule


@pytest.mark.parametrize(
    ("subject", "changed", "path"),
    [
        ("ring: fix a comment", ("-\t/* the rign */", "+\t/* the ring */"), "ring.c"),
        ("ring: fix indentation", ("-  x = 1;", "+\tx = 1;"), "ring.c"),
        (
            "ring: fix typo in a message",
            ('-\tpr_info("rign full\\n");', '+\tpr_info("ring full\\n");'),
            "ring.c",
        ),
        ("docs: fix the ring's name", ("-rign", "+ring"), "Documentation/ring.rst"),
    ],
)
def test_trivial_fix_is_excluded(subject: str, changed: tuple[str, ...], path: str) -> None:
    exclusion = exclude(subject, changed=changed, path=path)
    assert exclusion
    assert "trivial" in exclusion.rule


@pytest.mark.parametrize(
    ("subject", "changed", "path"),
    [
        ("ring: fix typo in the mask", ("-\tx = MASK_A;", "+\tx = MASK_B;"), "ring.c"),
        (
            "ring: fix the compatible",
            ('-\t.name = "acme,rign",', '+\t.name = "acme,ring",'),
            "r.c",
        ),
        ("ring: unlock later", ("-\tunlock(a);", "+\tdone(a);", "+\tunlock(a);"), "ring.c"),
        (
            "arm64: dts: fix typo",
            ("-\tclocks = <&a>;", "+\tclocks = <&b>;"),
            "arch/arm64/boot/a.dts",
        ),
    ],
)
def test_changed_code_is_accepted(subject: str, changed: tuple[str, ...], path: str) -> None:
    assert exclude(subject, changed=changed, path=path) is None


def test_large_fix_is_excluded() -> None:
    assert exclude("ring: fix the mask", size=MAX_LINES) is None
    exclusion = exclude("ring: fix the mask", size=MAX_LINES + 1)
    assert exclusion
    assert exclusion.reason == (
        "stable-kernel-rules.rst: not bigger than 100 lines, with context: 101 lines"
    )
