# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `track show --range-diff` compares revisions using only their messages."""

import json
from pathlib import Path

import pytest

from tests.kit.cli import call
from tests.kit.mails import PUMP_TITLE as TITLE
from tests.kit.mails import build_mbox, build_pump_version


@pytest.fixture(autouse=True)
def followed_series(workdir: Path) -> None:
    (workdir / "m").write_bytes(
        build_mbox(
            build_pump_version(1, 10),
            build_pump_version(2, 10),
            build_pump_version(3, 11),
        )
    )
    assert call("track add --mbox m").code == 0


def test_newest_two_are_compared() -> None:
    outcome = call("track show --range-diff 1")
    assert outcome.code == 0
    assert outcome.out.startswith(
        f"v2 -> v3: 1 changed\n1 ! 1: {TITLE}\n    @@ pump.c: int pump_start(void)\n"
    )
    assert "    -+\ta = 10;\n    ++\ta = 11;\n" in outcome.out


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (("v1", "v2"), "v1 -> v2: 1 same"),
        (("1",), "v1 -> v3: 1 changed"),
        (("v3", "v1"), "v3 -> v1: 1 changed"),
        (("<patch2@example.org>", "v3"), "v2 -> v3: 1 changed"),
    ],
)
def test_revisions_are_named_by_version_or_id(names: tuple[str, ...], first: str) -> None:
    assert call("track show --range-diff 1", *names).out.split("\n")[0] == first


def test_json_lists_each_patch() -> None:
    outcome = call("track show --range-diff 1 v1 v3 --format json")
    comparison = json.loads(outcome.out)
    assert (comparison["old"]["label"], comparison["new"]["message_id"]) == (
        "v1",
        "patch3@example.org",
    )
    (patch,) = comparison["patches"]
    assert (patch["difference"], patch["old"], patch["new"], patch["subject"]) == (
        "changed",
        1,
        1,
        TITLE,
    )
    assert "++\ta = 11;" in patch["diff"]


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (
            ("1", "v7"),
            2,
            "error: series 1 has no version 'v7'\nhint: it has: v1, v2, v3",
        ),
        (("1", "v3", "v3"), 2, "error: v3 cannot be compared with itself"),
        (("1", "v1", "v2", "v3"), 2, "error: 3 revisions given; at most 2"),
        (("7",), 2, "error: no tracked series has the number 7"),
    ],
)
def test_incomparable_revisions_are_an_error(argv: tuple[str, ...], code: int, words: str) -> None:
    outcome = call("track show --range-diff", *argv)
    assert outcome.code == code
    assert words in outcome.err


def test_damaged_or_single_revision_is_an_error(workdir: Path) -> None:
    (workdir / "damaged").write_bytes(
        build_mbox(
            build_pump_version(1, 10),
            build_pump_version(2, 10).replace(b"-\ta = 1;\n", b""),
        )
    )
    (workdir / "one").write_bytes(
        build_mbox(
            build_pump_version(1, 10, prefix="PATCH net").replace(b"start at 10", b"stop at 10")
        )
    )
    call("track remove 1")
    assert call("track add --mbox damaged").code == 0
    outcome = call("track show --range-diff 2")
    assert outcome.code == 2
    assert "error: v2: patch2@example.org: line " in outcome.err
    assert call("track add --mbox one").code == 0
    outcome = call("track show --range-diff 3")
    assert (outcome.code, outcome.out) == (2, "")
    assert "error: series 3 has only one version whose patches are stored" in outcome.err


def test_rfc_is_identified_by_its_label(workdir: Path) -> None:
    (workdir / "m").write_bytes(
        build_mbox(
            build_pump_version(1, 9, prefix="RFC PATCH"),
            build_pump_version(1, 10),
            build_pump_version(2, 10),
        )
    )
    call("track remove 1")
    call("track add --mbox m")
    assert call("track show --range-diff 2 'RFC v1' v1").out.startswith("RFC v1 -> v1: 1 changed\n")
