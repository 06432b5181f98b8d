# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `prepare` and `undo`.

Tags are added, shown as a word diff and removed again. If the command is killed, the branch is in
its old or new state.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from patchpilot.tags import prepare_commits as service
from patchpilot.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from tests.kit.cli import call
from tests.kit.culprits import FIX, LATER, SIGNED, RingHistory, create_ring_history
from tests.kit.repos import Repo
from tests.kit.terminal import Terminal


def read_topic_message(story: RingHistory) -> str:
    return story.repo.git("log -1 --format=%B topic").strip()


def test_written_tags_can_be_undone(ring_history: RingHistory) -> None:
    before = ring_history.repo.git("rev-parse topic")
    result = ring_history.run_command("prepare HEAD --yes")
    assert result.code == 0, result.err
    assert "{+Fixes: " in result.out
    assert read_topic_message(ring_history).split("\n")[-3:] == [
        f'Fixes: {ring_history.culprit[:12]} ("ring: support a mask and a table")',
        "Cc: stable@vger.kernel.org",
        "Signed-off-by: Ada Fixer <ada@example.org>",
    ]
    second_outcome = ring_history.run_command("prepare HEAD --yes")
    assert "nothing to write" in second_outcome.err
    undone_outcome = ring_history.run_command("undo")
    assert undone_outcome.code == 0
    assert ring_history.repo.git("rev-parse topic") == before
    listing = ring_history.run_json_command("undo list")
    assert [record["state"] for record in listing["records"]] == ["restored"]


def test_open_findings_are_counted_after_writing(ring_history: RingHistory) -> None:
    ring_history.repo.git("commit -q --amend -m 'ring: mask it'")
    outcome = ring_history.run_command("prepare HEAD --fixes", ring_history.culprit[:12])
    assert outcome.code == 0, outcome.err
    head = ring_history.repo.git("rev-parse HEAD")
    note = outcome.err.splitlines()[-1]
    assert note.endswith(f"; see them: patchpilot check {head[:12]}")
    summary = ring_history.run_json_command("check", head)["summary"]
    assert summary["errors"] > 0
    assert f"check reports {summary['errors']} error" in note
    quiet = ring_history.run_command("prepare HEAD --fixes none --quiet")
    assert "check reports" not in quiet.err
    dry_run = ring_history.run_command("prepare HEAD --signoff --dry-run")
    assert "check reports" not in dry_run.err


def test_missing_stable_tag_is_explained(ring_history: RingHistory) -> None:
    ring_history.repo.git("commit -q --amend -m 'ring: fix a crash'")
    command = "prepare HEAD --fixes none --signoff --dry-run"
    missing = "no Cc: stable: no tag names the commit that introduced the bug"
    assert missing in ring_history.run_command(command).out
    assert missing not in ring_history.run_command(f"{command} --stable none").out
    ring_history.repo.git("commit -q --amend -m 'ring: rename it'")
    assert missing not in ring_history.run_command(command).out


def test_undisclosed_fix_gets_no_public_address(ring_history: RingHistory) -> None:
    text = read_topic_message(ring_history).replace(
        "Signed-off-by", "Cc: stable@kernel.org\nSigned-off-by"
    )
    ring_history.repo.git("commit -q --amend -F -", stdin=text)
    assert ring_history.run_command("prepare HEAD --yes").code == 0
    assert "Fixes:" in read_topic_message(ring_history)
    assert "vger" not in read_topic_message(ring_history)


def test_topic_answered_as_undisclosed_gets_no_public_address(
    ring_history: RingHistory,
) -> None:
    assert ring_history.run_command("draft --security yes").code == 0
    # the draft knows neither the new message nor the second commit
    ring_history.repo.git("commit -q --amend --date=now -m", f"ring: mask it{SIGNED}")
    ring_history.repo.commit(
        f"ring: fix the size{SIGNED}", {"ring.c": FIX.replace("size = 0", "size = 1")}
    )
    for target in ("HEAD~1", "HEAD"):
        options = (target, "--fixes", ring_history.culprit)
        (line,) = ring_history.run_json_command("stable", *options)["lines"]
        assert line == "Cc: stable@kernel.org"
    options = ("--yes", "--fixes", ring_history.culprit)
    assert ring_history.run_command("prepare", *options).code == 0
    messages = ring_history.repo.git("log -2 --format=%B topic")
    assert messages.count("Cc: stable@kernel.org\n") == 2
    assert "vger" not in messages
    assert ring_history.run_command("draft --security no").code == 0
    (line,) = ring_history.run_json_command("stable HEAD")["lines"] or ("",)
    assert not line, "the message has it"


def test_public_address_in_an_undisclosed_fix_is_replaced(
    ring_history: RingHistory,
) -> None:
    assert ring_history.run_command("prepare HEAD --yes").code == 0
    public_message = read_topic_message(ring_history)
    assert "Cc: stable@vger.kernel.org" in public_message
    assert ring_history.run_command("draft --security yes").code == 0
    assert ring_history.run_command("prepare HEAD --yes").code == 0
    assert read_topic_message(ring_history) == public_message.replace(
        "stable@vger.kernel.org", "stable@kernel.org"
    )


def test_non_interactive_write_needs_yes(
    ring_history: RingHistory,
) -> None:
    before = ring_history.repo.git("for-each-ref")
    result = ring_history.run_command("prepare HEAD")
    assert result.code == 1
    assert "{+Fixes: " in result.out, "it shows what it would write"
    assert "nothing was written: stdin is not a terminal" in result.err
    assert "--yes" in result.err
    assert ring_history.repo.git("for-each-ref") == before
    asked_outcome = ring_history.run_command("prepare HEAD --format json")
    assert (asked_outcome.code, json.loads(asked_outcome.out)["written"]) == (1, False)
    assert ring_history.run_command("prepare HEAD --stable none").code == 0, (
        "an option says what to write"
    )


def test_prepare_asks_before_writing(ring_history: RingHistory) -> None:
    argv = [sys.executable, "-m", "patchpilot", "prepare", "HEAD"]
    for answer, written in (("\n", False), ("y\n", True)):
        with Terminal(argv, ring_history.repo.path) as terminal:
            terminal.wait_for("Fixes: ", "Write this into 1 commit message? [y/N]")
            assert "Fixes:" not in read_topic_message(ring_history)
            terminal.type(answer)
            terminal.wait_for("written: topic is now" if written else "nothing was written")
            assert terminal.end() == (0 if written else 1)
        assert terminal.seen.count("    ring: fix the mask") == 1
        assert ("Fixes:" in read_topic_message(ring_history)) is written


@pytest.mark.parametrize(
    ("subject", "before"),
    [
        ("ring: add ring buffers", ""),
        ("Linux 6.1", "empty"),
        ("Import Linux 6.1", "empty"),
    ],
)
def test_commit_that_only_imports_code_is_never_proposed(
    tmp_path: Path, subject: str, before: str
) -> None:
    repo = Repo(tmp_path / "r")
    if before:
        repo.commit(before + SIGNED, {"README": "\n"})
    repo.commit(subject + SIGNED, {"ring.c": LATER, "other.c": "int other;\n"})
    repo.tag("v6.1")
    repo.branch("topic")
    repo.commit(
        "ring: fix the crash\n\nThe mask must be one less than the size." + SIGNED,
        {"ring.c": FIX},
    )
    document = json.loads(repo.patchpilot("fixes HEAD --format json").out)
    assert (document["sure"], document["tags"], document["candidates"]) == (
        False,
        [],
        [],
    )
    assert subject in document["reason"]
    result = repo.patchpilot("prepare HEAD --yes")
    assert subject in result.err
    assert "Fixes:" not in repo.git("log -1 --format=%B")
    assert json.loads(repo.patchpilot("stable HEAD --format json").out)["lines"] == []


CLEANUP = "ring: use strscpy()\n\nstrlcpy() reads the whole source. Use strscpy()."


def test_commands_agree_on_non_fixes(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", CLEANUP)
    result = story.run_command("prepare", "HEAD", "--yes")
    assert "its message names no bug" in result.out
    assert "Fixes:" not in read_topic_message(story)
    stable = story.run_json_command("stable", "HEAD")
    assert (stable["lines"], stable["eligible"], stable["culprits"]) == ([], False, [])
    assert "its message names no bug" in stable["reasons"][0]
    document = story.run_json_command("fixes", "HEAD")
    assert not document["is_fix"]
    assert any("its message names no bug" in note for note in document["notes"])
    assert document["candidates"][0]["commit"] == story.culprit, (
        "whoever asks for the culprit is answered"
    )
    assert "missing-fixes" not in story.run_command("check", "HEAD", "--strict").out
    assert story.run_command("prepare", "HEAD", "--is-a-fix").code == 0
    assert f"Fixes: {story.culprit[:12]}" in read_topic_message(story)


UNCLEAR = "ring: return an error early\n\nThe mask does not cover the last slot."


def test_bug_in_the_text_prompts_a_question(
    tmp_path: Path,
) -> None:
    story = create_ring_history(tmp_path / "r", UNCLEAR + SIGNED)
    arguments = ("-C", story.repo.path, "HEAD")
    result = call("prepare", *arguments, "--yes")
    error = " ".join(result.err.split())
    assert "its message describes a failure, but claims no fix" in error
    assert f"to write Fixes: {story.culprit[:12]}" in error
    assert "patchpilot prepare --is-a-fix" in error
    assert "Fixes:" not in read_topic_message(story)
    sending = ("send", *arguments, "--dry-run", "--to", "l@lists.example.org")
    assert "no-fixes-tag" in call(*sending).out
    backport = f"commit {story.culprit} upstream.\n\n"
    story.repo.git("commit -q --amend -m", UNCLEAR.replace("The mask", f"{backport}The mask"))
    assert "no-fixes-tag" not in call(*sending).out
    story.repo.git("commit -q --amend -m", UNCLEAR + SIGNED)
    assert call("prepare", *arguments, "--is-a-fix").code == 0
    assert f"Fixes: {story.culprit[:12]}" in read_topic_message(story)
    assert "no-fixes-tag" not in call(*sending).out


def test_not_a_fix_can_be_withdrawn(ring_history: RingHistory) -> None:
    fixed = ("-C", ring_history.repo.path, "HEAD")
    assert "missing-fixes" in call("check", *fixed, "--strict").out
    result = call("prepare", *fixed, "--not-a-fix")
    assert "you answered that it is not a fix" in result.out
    assert "missing-fixes" not in call("check", *fixed, "--strict").out
    assert "you answered that it is not a fix" in call("stable", *fixed).out
    assert "ring: fix the mask: not a fix" in ring_history.run_command("draft HEAD").out
    ring_history.repo.git(
        "commit --amend -q -m", "ring: fix the mask\n\nIt must be one less." + SIGNED
    )
    assert "Fixes" not in call("prepare", *fixed, "--yes").out.replace("no Fixes:", ""), (
        "an amended commit is the same"
    )
    assert call("prepare", *fixed, "--is-a-fix", "--dry-run").code == 0
    assert "you answered" in call("stable", *fixed).out, "a dry run keeps no answer"
    assert call("prepare", *fixed, "--is-a-fix").code == 0
    assert f"Fixes: {ring_history.culprit[:12]}" in read_topic_message(ring_history)


def test_unwaive_withdraws_not_a_fix(ring_history: RingHistory) -> None:
    fixed = ("-C", ring_history.repo.path, "HEAD")
    call("prepare", *fixed, "--not-a-fix")
    assert "missing-fixes" in call("check", *fixed, "--strict", "--unwaive", "missing-fixes").out
    assert "you said" not in call("stable", *fixed).out


def test_dry_run_writes_nothing(ring_history: RingHistory) -> None:
    before = ring_history.repo.git("for-each-ref")
    result = ring_history.run_command("prepare HEAD --dry-run --format json")
    body = json.loads(result.out)
    assert (body["schema"], body["written"]) == ("patchpilot/prepare/1", False)
    (commit,) = [commit for commit in body["commits"] if commit["changed"]]
    assert ring_history.run_command("stable", commit["new"]).code == 2, "a dry run writes no object"
    assert "{+Fixes:" in body["commits"][0]["diff"]
    assert ring_history.repo.git("for-each-ref") == before


def test_contacts_and_links_become_ordered_trailers(ring_history: RingHistory) -> None:
    arguments = [
        "--trailer",
        "Reported-by: Eve R <eve@example.org>",
        "--trailer",
        "Closes: https://bugzilla.example.org/1",
        "--trailer",
        "Link: <a.b@example.org>",
    ]
    arguments += [
        "--trailer",
        "Co-developed-by: Cy D <cy@example.org>",
        "--trailer",
        "Tested-by: Tom <tom@example.org>",
        "--trailer",
        "Suggested-by: Sue <sue@example.org>",
    ]
    arguments += [
        "--trailer",
        "https://syzkaller.appspot.com/bug?extid=0123456789abcdef",
    ]
    result = ring_history.run_command(
        "prepare HEAD --stable none --fixes", ring_history.culprit, *arguments
    )
    assert result.code == 0, result.err
    names = [line.partition(":")[0] for line in read_topic_message(ring_history).split("\n")[4:]]
    assert names == [
        "Fixes", "Reported-by", "Reported-by", "Closes", "Closes", "Link", "Suggested-by", "Co-developed-by", "Signed-off-by", "Signed-off-by", "Tested-by",  # noqa: E501
    ]  # fmt: skip


def test_unknown_trailers_are_not_moved(tmp_path: Path) -> None:
    story = create_ring_history(
        tmp_path / "r",
        "ring: fix the mask\n\nText.\n\nX-Odd-tag: one\nReviewed-by: Rae <rae@example.org>",
    )
    assert story.run_command("prepare", "HEAD", "--stable", "none").code == 0
    lines = read_topic_message(story).split("\n")
    assert (
        lines.index("X-Odd-tag: one")
        < lines.index("Reviewed-by: Rae <rae@example.org>")
        < lines.index("Signed-off-by: Ada Fixer <ada@example.org>")
    )


def test_badly_written_tag_is_fixed(tmp_path: Path) -> None:
    probe = create_ring_history(tmp_path / "probe")
    story = create_ring_history(
        tmp_path / "r",
        f"ring: fix the mask\n\nText.\n\nFixes: commit {probe.culprit[:8]}\n",
    )
    result = story.run_command("prepare", "HEAD", "--stable", "none")
    assert result.code == 0
    assert (
        f'Fixes: {story.culprit[:12]} ("ring: support a mask and a table")'
        in read_topic_message(story)
    )
    assert read_topic_message(story).count("Fixes:") == 1


@pytest.mark.parametrize(("arguments", "is_kept"), [((), True), (("--replace",), False)])
def test_other_tags_are_replaced_on_request(
    ring_history: RingHistory, arguments: tuple[str, ...], is_kept: bool
) -> None:
    repo = ring_history.repo
    other = repo.git("rev-list --max-parents=0 HEAD").strip()
    for commit in (other, ring_history.culprit):
        result = ring_history.run_command(
            "prepare HEAD --stable none --fixes", commit, *(arguments if commit != other else ())
        )
        assert result.code == 0, result.err
    message = read_topic_message(ring_history)
    assert (f"Fixes: {other[:12]}" in message) == is_kept
    assert f"Fixes: {ring_history.culprit[:12]}" in message
    assert "\n\n\n" not in message
    assert "--fixes COMMIT" in ring_history.run_command("prepare --replace").err


def test_topic_is_rewritten_from_its_base(ring_history: RingHistory) -> None:
    ring_history.repo.commit("ring: add a comment" + SIGNED, {"other.c": "/* ring */\n"})
    result = ring_history.run_command(
        "prepare --base",
        ring_history.later,
        "--trailer",
        "https://example.org/x",
        "--stable",
        "none",
        "--format",
        "json",
    )
    body = json.loads(result.out)
    assert [commit["changed"] for commit in body["commits"]] == [True, True]
    assert "Fixes" not in body["commits"][1]["message"]
    assert body["written"]


def test_moved_branch_is_not_restored(ring_history: RingHistory) -> None:
    assert ring_history.run_command("prepare HEAD --yes").code == 0
    ring_history.repo.commit("on top" + SIGNED, {"new.c": "\n"})
    result = ring_history.run_command("undo restore 1")
    assert result.code == 1
    assert "git rebase --onto" in result.err
    assert ring_history.run_command("undo restore 7").code == 2
    assert ring_history.run_command("undo").code == 2


def test_detached_head_is_prepared(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q --detach", ring_history.fix)
    assert ring_history.run_command("prepare HEAD --yes --shared").code == 0
    assert ring_history.repo.git("rev-parse topic") == ring_history.fix
    assert "Fixes:" in ring_history.repo.git("log -1 --format=%B HEAD")
    assert ring_history.run_command("undo").code == 0
    assert ring_history.repo.git("rev-parse HEAD") == ring_history.fix


def test_protected_commits_are_refused(ring_history: RingHistory) -> None:
    ring_history.repo.git("update-ref refs/remotes/origin/topic", ring_history.fix)
    result = ring_history.run_command("prepare HEAD --yes")
    assert result.code == 1
    assert "--published" in result.err
    assert ring_history.run_command("prepare HEAD --yes --published").code == 0


def test_kill_leaves_the_branch_intact(ring_history: RingHistory) -> None:
    """Kill the command at random times. The repository must be intact, and nothing must be lost."""
    rng = random.Random(7)
    old = ring_history.fix
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        "prepare",
        "-C",
        str(ring_history.repo.path),
        "HEAD",
        "--fixes",
        ring_history.culprit,
        "--stable",
        "none",
    ]
    start_time = time.monotonic()
    subprocess.run([*argv, "--dry-run"], capture_output=True, check=True)
    duration = time.monotonic() - start_time
    for _ in range(4):
        ring_history.repo.git("update-ref refs/heads/topic", old)
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(duration * rng.uniform(0.3, 1.1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.05)
        tip = ring_history.repo.git("rev-parse topic")
        assert tip == old or ring_history.repo.git(
            "log -1 '--format=%P %T'", tip
        ) == ring_history.repo.git("log -1 '--format=%P %T'", old)
        ring_history.repo.git("fsck --connectivity-only")
        if tip != old:
            records = ring_history.run_json_command("undo list")["records"]
            assert any(record["old"] == old and record["new"] == tip for record in records)


def test_earlier_patch_in_the_series_gets_no_tag(
    ring_history: RingHistory,
) -> None:
    """Test that no tag names a commit that the same run rewrites, which would change its id."""
    ring_history.commit_ring("ring: fix the mask again", FIX.replace("size - 1", "size - 2"))
    result = ring_history.run_command("prepare --base v1.2 --fixes auto --format json")
    assert result.code == 0, result.err
    first_commit, second_commit = json.loads(result.out)["commits"]
    assert f"Fixes: {ring_history.culprit[:12]}" in first_commit["message"]
    assert "Fixes:" not in second_commit["message"]
    assert "Cc: stable" not in second_commit["message"]
    assert any(
        'fixes an earlier patch of this series: squash it into "ring: fix the mask"' in note
        for note in second_commit["notes"]
    )


def test_named_patch_of_the_series_gets_no_tag(ring_history: RingHistory) -> None:
    ring_history.commit_ring("ring: fix the mask again", FIX.replace("size - 1", "size - 2"))
    result = ring_history.run_command(
        "prepare --base v1.2 --fixes", ring_history.fix, "--format", "json"
    )
    second_commit = json.loads(result.out)["commits"][1]
    assert "Fixes:" not in second_commit["message"]
    assert any("squash it" in note for note in second_commit["notes"])


def test_existing_series_tag_is_reported(ring_history: RingHistory) -> None:
    text = (
        f"ring: fix the mask again\n\nText.\n\nFixes: {ring_history.fix[:12]}"
        ' ("ring: fix the mask")'
    )
    ring_history.repo.commit(text + SIGNED[1:], {"ring.c": FIX.replace("size - 1", "size - 2")})
    result = ring_history.run_command("prepare --base v1.2 --dry-run --format json")
    assert any("squash it" in note for note in json.loads(result.out)["commits"][1]["notes"])


def set_confidence(first_confidence: float, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the search return this confidence, and another commit that is equally likely."""

    def find_two_candidates(repository: Any, request: FixesRequest, **options: Any) -> FixesResult:
        result = find_culprits(repository, request, **options)
        first_candidate = result.candidates[0]._replace(confidence=first_confidence)
        second_candidate = first_candidate._replace(
            commit=repository.resolve("v1.2"),
            subject="ring: remember that it is closed",
        )
        return replace(
            result,
            candidates=(first_candidate, second_candidate),
            sure=not reason,
            reason=reason,
            tags=() if reason else result.tags,
        )

    monkeypatch.setattr(service, "find_culprits", find_two_candidates)


def test_unsupported_culprit_is_skipped(
    ring_history: RingHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_confidence(
        0.4,
        "several commits are about equally likely: review the first ones",
        monkeypatch,
    )
    result = ring_history.run_command(
        "prepare HEAD --signoff --trailer 'Cc: Eve R <eve@example.org>'"
    )
    assert result.code == 0, result.err
    assert "no Fixes: written" in result.err
    assert (
        f'unsure between {ring_history.culprit[:12]} ("ring: support a mask and a table", 40%) and'
        f" {ring_history.later[:12]} (" in result.err
    )
    assert "--fixes COMMIT" in result.err
    assert "no Fixes:" not in result.out
    assert "Fixes:" not in read_topic_message(ring_history)
    assert "Cc: stable" not in read_topic_message(ring_history)
    assert "Cc: Eve R <eve@example.org>" in read_topic_message(ring_history)


@pytest.mark.parametrize(
    "words", [("--yes",), ("--fixes", "auto"), ("--fixes", "auto", "--format", "json")]
)
def test_requested_tag_is_a_question_if_it_is_not_certain(
    ring_history: RingHistory, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_confidence(0.4, "the evidence is weak", monkeypatch)
    before = ring_history.repo.git("for-each-ref")
    result = ring_history.run_command("prepare HEAD", *words)
    assert result.code == 1
    assert f"  1   40%  Fixes: {ring_history.culprit[:12]} (" in result.err
    assert "last changed 1 of 1 removed lines" in result.err
    assert "--fixes COMMIT" in result.err
    assert ring_history.repo.git("for-each-ref") == before
    assert ring_history.run_command("prepare HEAD", *words, "--dry-run").code == 0


def test_question_about_the_culprit_is_answered(ring_history: RingHistory) -> None:
    repo, subject = ring_history.repo, "ring: fix the mask"
    # the fix only adds a line, so no candidate is certain
    fix = LATER.replace("int ring_open", "/* once */\nint ring_open")
    ring_history.repo.git("checkout -q -B topic", ring_history.later)
    ring_history.commit_ring(f"{subject}\n\nIt may crash.", fix)
    argv = [sys.executable, "-m", "patchpilot", "prepare", "HEAD", "--fixes", "auto"]
    for answer, tag in (("ffffff\n", ""), ("n\n", ""), (f"{ring_history.later[:12]}\n", "later")):
        with Terminal(argv, repo.path) as terminal:
            terminal.wait_for("not certain: ", "n: none of these, or a commit]")
            terminal.type(answer)
            if answer.startswith("f"):
                terminal.wait_for("error: ")
                continue
            assert terminal.end() == 0
        assert (f"Fixes: {ring_history.later[:12]}" in read_topic_message(ring_history)) == bool(
            tag
        )


def test_uncertain_tag_has_a_note(
    ring_history: RingHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_confidence(0.55, "", monkeypatch)
    result = ring_history.run_command("prepare HEAD --signoff")
    assert "{+Fixes: " in result.out
    assert "# Fixes: 55% sure: " in result.out
    assert "unsure" not in result.err
