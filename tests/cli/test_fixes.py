# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `fixes`: its JSON output, its exit codes and its errors."""

import json
from pathlib import Path

from tests.kit.culprits import FIX, RingHistory, create_ring_history


def test_commands_answer_in_json(ring_history: RingHistory) -> None:
    result = ring_history.run_command("fixes HEAD --format json --limit 1")
    body = json.loads(result.out)
    assert result.code == 0
    assert body["schema"] == "patchpilot/fixes/1"
    assert [candidate["commit"] for candidate in body["candidates"]] == [ring_history.culprit]
    stable = ring_history.run_json_command("stable HEAD --fixes", ring_history.culprit)
    assert stable["lines"] == ["Cc: stable@vger.kernel.org"]
    assert stable["eligible"] is True
    assert "Fixes: " in ring_history.run_command("fixes HEAD").out
    assert (
        "add: Cc: stable"
        in ring_history.run_command("stable HEAD --fixes", ring_history.culprit).out
    )


def test_verify_sets_the_exit_code(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", 'ring: fix\n\nFixes: 1234567 ("no such")\n')
    result = story.run_command("fixes", "--verify", "HEAD")
    assert result.code == 1
    assert "there is no commit 1234567" in result.out
    assert story.run_command("fixes", "--verify", story.later).code == 0
    assert story.run_command("fixes", "nowhere").code == 2


def test_bisect_log_can_be_a_file(ring_history: RingHistory, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"{ring_history.later} is the first bad commit\n")
    body = ring_history.run_json_command("fixes --bisect-log", tmp_path / "log")
    assert body["candidates"][0]["commit"] == ring_history.later
    assert body["tags"] == [
        f'Fixes: {ring_history.later[:12]} ("ring: remember that it is closed")'
    ]
    assert ring_history.run_command("fixes --bisect-log", tmp_path / "none").code == 2


def test_range_gets_one_result_per_commit(ring_history: RingHistory) -> None:
    body = ring_history.run_json_command("fixes", f"{ring_history.culprit}..{ring_history.fix}")
    assert [result["commit"] for result in body["results"]] == [
        ring_history.later,
        ring_history.fix,
    ]
    failure = ring_history.run_command("fixes 0001-x.patch")
    assert failure.code == 2
    assert "git am" in failure.err


def test_evidence_against_the_tag_is_reported(tmp_path: Path) -> None:
    probe = create_ring_history(tmp_path / "probe")
    story = create_ring_history(
        tmp_path / "r",
        f'ring: fix the mask\n\nText.\n\nFixes: {probe.start[:12]} ("ring: add ring buffers")',
    )
    body = story.run_json_command("fixes", "HEAD")
    first = body["candidates"][0]
    assert first["commit"] == story.culprit
    assert any("check the tag" in note for note in body["notes"]) == (first["confidence"] >= 0.8)


def test_empty_bisect_log_is_an_error(ring_history: RingHistory) -> None:
    result = ring_history.run_command("fixes --bisect-log /dev/null")
    assert result.code == 2
    assert "no bisect log" in result.err


def test_stable_error_names_missing_data(ring_history: RingHistory, tmp_path: Path) -> None:
    (tmp_path / "mail").write_text("Subject: [PATCH] x\n")
    for word in ("0001-x.patch", str(tmp_path / "mail"), "-"):
        failure = ring_history.run_command("stable", word)
        assert failure.code == 2
        assert "git am" in failure.err


def test_unsent_fix_suggests_squashing(ring_history: RingHistory) -> None:
    ring_history.repo.commit(
        "ring: fix the mask again\n", {"ring.c": FIX.replace("size - 1", "size - 2")}
    )
    for arguments in (("v1.2..HEAD",), ("HEAD", "--base", "v1.2")):
        result = ring_history.run_command("fixes", *arguments, "--format", "json")
        body = json.loads(result.out)
        last = body.get("results", [body])[-1]
        assert last["tags"] == []
        assert any("squash it" in note for note in last["notes"])
    ring_history.repo.git("update-ref refs/remotes/origin/next HEAD")
    body = ring_history.run_json_command("fixes v1.2..HEAD")
    assert not any("squash it" in note for note in body["results"][-1]["notes"])
