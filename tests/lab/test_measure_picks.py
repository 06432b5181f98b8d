# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the order of missing fixes is measured by what a branch picked later."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.kit.repos import Repo
from tests.lab.measure_picks import Clone, Figures, Moment, Pick, measure_order, sort_tagged_first

KINDS = ("one", "two", "three")


@pytest.fixture
def source(tmp_path: Path) -> Repo:
    """Return a branch with two releases, the second of which picked a fix of three bugs."""
    repo = Repo(tmp_path / "source")
    bugs = [
        repo.commit(f"{kind}: add it", {f"{kind}.c": f"int {kind} = 0;\n" * 3}) for kind in KINDS
    ]
    repo.git("tag v1.0")
    repo.git("branch v1")
    fixes = [
        repo.commit(
            f'{kind}: set it\n\nFixes: {bug[:12]} ("{kind}: add it")\n'
            + ("Cc: stable@dpdk.org\n" if kind == "two" else ""),
            {f"{kind}.c": f"int {kind} = 1;\n" * 3},
        )
        for kind, bug in zip(KINDS, bugs, strict=True)
    ]
    repo.git("tag v2.0")
    repo.git("checkout -q v1")
    repo.git("tag v1.1")
    repo.commit(f"two: set it\n\n[ upstream commit {fixes[1]} ]\n", {"two.c": "int two = 1;\n" * 3})
    repo.git("tag v1.2")
    return repo


def test_moment_has_the_fixes_of_its_time(source: Repo, tmp_path: Path) -> None:
    clone = Clone(source.path, tmp_path / "clone", "master")
    (first, moment) = clone.list_moments(r"v(1)\.(\d+)", r"v2\.0")
    assert first.release == "v1.0"
    assert moment == Moment("1", "v1.1", "v1.2", "v2.0")
    fixes = clone.list_fixes(moment, [])
    subjects = [source.git("show -s --format=%s", fix).strip() for fix in fixes]
    assert (subjects[0], sorted(subjects)) == (
        "two: set it",
        [f"{k}: set it" for k in sorted(KINDS)],
    )
    assert clone.list_picked_later(moment) == {fixes[0]} == clone.list_tagged(fixes)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ((1, 1, 0, 0), Figures(1, 0.5, 0.5)),
        ((0, 0, 1), Figures(0, 1 / 3, 1 / 3)),
        ((0, 1, 1, 0), Figures(0.5, 0.5, 0.5)),
        ((1,) * 20 + (0,) * 30 + (1,), Figures(600 / 630, 1, 0.4)),
    ],
)
def test_figures_of_an_order(order: Sequence[int], expected: Figures) -> None:
    picks = [Pick(0, False, bool(is_picked)) for is_picked in order]
    assert measure_order(picks) == pytest.approx(expected)
    assert measure_order(sort_tagged_first(picks)) == pytest.approx(expected)
