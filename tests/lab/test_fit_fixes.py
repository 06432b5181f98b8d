# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the program that fits the weights, and that the shipped weights are for the current
features.
"""

import json
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchpilot.commits.repository import Repository
from patchpilot.tags.blame_features import tally_blamed_lines
from patchpilot.tags.evidence_input import read_evidence_input
from patchpilot.tags.rank_culprits import weigh_candidates
from patchpilot.tags.ranker import describe_first, load_shipped_weights
from tests.kit.culprits import CULPRIT, LATER, SIGNED, create_ring_history
from tests.lab import fit_fixes


def test_every_weight_is_used(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r")
    with Repository.open(tmp_path / "r") as repository:
        scene = read_evidence_input(repository, repository.commit(story.fix))
        numbers = weigh_candidates(repository, scene, tally_blamed_lines(scene))
    counted = {name for row in numbers.values() for name in row}
    assert set(load_shipped_weights().candidate) == counted
    _, features = describe_first(numbers, load_shipped_weights().candidate)
    assert set(load_shipped_weights().first) == set(features)


def test_close_features_use_candidate_message_and_change(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r")
    story.repo.git("checkout -q", story.start)
    story.repo.commit("ring: allocate\n\nUses ring_table_alloc.\n" + SIGNED, {"ring.c": CULPRIT})
    teller = story.repo.git("rev-parse HEAD")
    story.repo.commit("ring: remember\n" + SIGNED, {"ring.c": LATER})
    story.repo.commit(
        "ring: fix the table\n\nring_table_alloc counts from one.\n" + SIGNED,
        {
            "ring.c": LATER.replace(
                "ring_table_alloc(ring->size)", "ring_table_alloc(ring->size + 1)"
            )
        },
    )
    with Repository.open(tmp_path / "r") as repository:
        scene = read_evidence_input(repository, repository.commit(repository.resolve("HEAD")))
        numbers = weigh_candidates(repository, scene, tally_blamed_lines(scene))
    assert (numbers[teller]["told"], numbers[teller]["brought_told"]) == (1, 1)
    assert (numbers[story.start]["told"], numbers[story.start]["brought_told"]) == (
        0,
        0,
    )
    assert [number for number in numbers if numbers[number]["speech_most"]] == [teller]


def test_fitted_weights_separate_true_candidates() -> None:
    right, wrong = {"good": 1.0, "noise": 0.5}, {"bad": 1.0, "noise": 0.5}
    weights = fit_fixes.maximize_likelihood(
        [([right, wrong, wrong], {0}) for _ in range(30)], fixed_weights={"noise": 0.25}
    )
    assert weights["good"] > 0 > weights["bad"]
    assert weights["noise"] == 0.25


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=300))
def test_calibration_curve_rises(pairs: list[tuple[float, bool]]) -> None:
    curve = fit_fixes.fit_isotonic_curve(pairs)
    assert curve == sorted(curve)
    assert all(a[1] <= b[1] for a, b in pairwise(curve))


def test_fitting_script_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    story = create_ring_history(tmp_path / "r")
    rows = [{"commit": story.fix, "fixes": [story.culprit], "fold": fold} for fold in range(5)]
    (tmp_path / "truth").write_text("".join(json.dumps(row) + "\n" for row in rows))
    monkeypatch.setattr(fit_fixes, "FILE", tmp_path / "out" / "fixes.toml")
    monkeypatch.setattr(fit_fixes, "STEPS", 20)
    arguments = [
        "--repo",
        str(tmp_path / "r"),
        "--truth",
        str(tmp_path / "truth"),
        "--jobs",
        "1",
        "--write",
    ]
    assert fit_fixes.main(arguments) == 0
    assert "held out, all folds: top-1 100.0%" in capsys.readouterr().out
    written = (tmp_path / "out" / "fixes.toml").read_text()
    assert "[candidate]" in written
    assert fit_fixes.main([*arguments, "--only", "removed"]) == 0
    assert "before: top-1 100.0%" in capsys.readouterr().out
    weights = tomllib.loads(fit_fixes.FILE.read_text())
    shipped = load_shipped_weights()
    assert weights["first"] == pytest.approx(shipped.first, abs=1e-4)
    assert {
        name: value
        for name, value in weights["candidate"].items()
        if abs(value - shipped.candidate[name]) > 1e-4
    }.keys() == {"removed"}
