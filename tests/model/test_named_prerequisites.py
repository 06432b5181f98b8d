# SPDX-License-Identifier: GPL-2.0-or-later
"""Test reading the prerequisites that people name."""

import pytest

from patchpilot.model.named_prerequisites import (
    choose_for_version,
    find_named_prerequisites,
    find_patch_prerequisites,
)

ID, OTHER, THIRD = "a1f84a3bcdef", "1b9508fab123", "fd21073cc456"
STABLE = "stable@vger.kernel.org"


@pytest.mark.parametrize(
    ("line", "ids"),
    [
        (f"Cc: <{STABLE}> # 3.3.x: {ID[:7]}: sched: Check for idle", [ID[:7]]),
        (f"Cc: {STABLE} # 5.10.x: {ID}", [ID]),
        (f"Cc: {STABLE} # v5.10: {ID} sched: check", [ID]),
        (f"cc: stable <{STABLE}>  # 5.10.x: commit {ID}: sched: check", [ID]),
        (f"CC: <{STABLE}> [5.10.x: {ID}: sched: check]", [ID]),
        (f'Cc: stable@kernel.org # 5.10.x: {ID} ("sched: check, then act")', [ID]),
        (f"Cc: {STABLE} # {ID}: sched: check", [ID]),
        (f"Cc: {STABLE} # 5.10.x: {ID}:\n    sched: check", [ID]),
        (f"Cc: {STABLE} # 5.10.x: {ID}, {OTHER} and {THIRD}", [ID, OTHER, THIRD]),
        (f"Cc: {STABLE} # 5.10+, needs {ID}", [ID]),
        (f'Cc: {STABLE} # depends on commit {ID} ("x")', [ID]),
        (f"Cc: {STABLE} # 5.10+: requires {ID}, {OTHER}", [ID, OTHER]),
        (f"Cc: {STABLE} # v5.10+", []),
        (f"Cc: {STABLE} # 20231005", []),
        (f"Cc: {STABLE} # since {ID}", []),
        (f"Cc: {STABLE} # 5.10+, fixes {ID}", []),
        (f'Depends-on: {ID} ("sched: check")', [ID]),
        (f"Depends-On: {ID}, {OTHER}", [ID, OTHER]),
        (f"Prerequisite: {ID}", [ID]),
        (f'Requires: {ID} ("x")', [ID]),
        ("Requires: firmware 1.2", []),
        (f'This depends on commit {ID} ("sched:\ncheck").', [ID]),
        (f"It needs the upstream commit {ID}.", [ID]),
        (f"It is like commit {ID}.", []),
        (
            f"Depends-on: https://lore.example.org/r/x-{ID}@y",
            [f"https://lore.example.org/r/x-{ID}@y"],
        ),
        ('Depends-on: series-12 ("net: add it")', [""]),
    ],
)
def test_named_ids_are_read(line: str, ids: list[str]) -> None:
    message = f"net: fix it\n\nIt was wrong.\n\n{line}\nSigned-off-by: A <a@example.org>\n"
    assert [named.id for named in find_named_prerequisites(message)] == ids


def test_title_version_and_line_are_read() -> None:
    (named,) = find_named_prerequisites(
        f"x\n\nCc: <{STABLE}> # 5.10.x: {ID}: sched: Check, twice\n"
    )
    assert (named.title, named.version, named.by) == (
        "sched: Check, twice",
        "5.10",
        "Cc: stable # 5.10.x",
    )
    (named,) = find_named_prerequisites('x\n\nDepends-on: patch-7 ("net: add it")\n')
    assert (named.title, named.by) == ("net: add it", "Depends-on:")


@pytest.mark.parametrize(
    ("version", "expected"),
    [("5.10", [ID]), ("5.15", [ID]), ("6.1", [OTHER]), ("6.6", [OTHER]), ("5.4", [ID])],
)
def test_lines_for_a_version(version: str, expected: list[str]) -> None:
    lines = f"Cc: {STABLE} # 5.10.x: {ID}\nCc: {STABLE} # 6.1.x: {OTHER}\nDepends-on: {THIRD}\n"
    named = find_named_prerequisites(f"x\n\n{lines}")
    assert [row.id for row in choose_for_version(named, version)] == [*expected, THIRD]
    assert len(choose_for_version(named, None)) == 3


def test_lines_below_a_patch() -> None:
    lines = (
        "base-commit: " + "a" * 40,
        "prerequisite-patch-id: " + "b" * 40,
        "prerequisite-change-id: 20240101-foo-0123456789ab:v2",
        "prerequisite-message-id: <20240101-foo-v2-0-0123456789ab@example.org>",
    )
    assert [(row.kind, row.id[:12]) for row in find_patch_prerequisites(lines)] == [
        ("patch-id", "b" * 12),
        ("change-id", "20240101-foo"),
        ("message-id", "20240101-foo"),
    ]
