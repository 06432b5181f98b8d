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

from patchpilot.services.tags import prepare_commits as service
from patchpilot.services.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.kit.terminal import Terminal
from tests.tags.culprits import FIX, LATER, SIGNED, RingHistory, create_ring_history


def topic_message(story: RingHistory) -> str:
    return story.repo.git("log", "-1", "--format=%B", "topic").strip()


def test_written_tags_can_be_undone(story: RingHistory) -> None:
    before = story.repo.git("rev-parse", "topic")
    result = story.call("prepare", "HEAD", "--yes")
    assert result.code == 0, result.err
    assert "{+Fixes: " in result.out
    assert topic_message(story).split("\n")[-3:] == [
        f'Fixes: {story.culprit[:12]} ("ring: support a mask and a table")',
        "Cc: stable@vger.kernel.org",
        "Signed-off-by: Ada Fixer <ada@example.org>",
    ]
    second = story.call("prepare", "HEAD", "--yes")
    assert "nothing to write" in second.err
    undone = story.call("undo")
    assert undone.code == 0
    assert story.repo.git("rev-parse", "topic") == before
    listing = story.json("undo", "list")
    assert [record["state"] for record in listing["records"]] == ["restored"]


def test_undisclosed_fix_gets_no_public_address(story: RingHistory) -> None:
    text = topic_message(story).replace(
        "Signed-off-by", "Cc: stable@kernel.org\nSigned-off-by"
    )
    story.repo.git("commit -q --amend -F -", stdin=text)
    assert story.call("prepare", "HEAD", "--yes").code == 0
    assert "Fixes:" in topic_message(story)
    assert "vger" not in topic_message(story)


def test_non_interactive_write_needs_yes(
    story: RingHistory,
) -> None:
    before = story.repo.git("for-each-ref")
    result = story.call("prepare", "HEAD")
    assert result.code == 1
    assert "{+Fixes: " in result.out, "it shows what it would write"
    assert "nothing was written: stdin is not a terminal" in result.err
    assert "--yes" in result.err
    assert story.repo.git("for-each-ref") == before
    asked = story.call("prepare", "HEAD", "--format", "json")
    assert (asked.code, json.loads(asked.out)["written"]) == (1, False)
    assert story.call("prepare", "HEAD", "--stable", "none").code == 0, (
        "an option says what to write"
    )


def test_prepare_asks_before_writing(story: RingHistory) -> None:
    argv = [sys.executable, "-m", "patchpilot", "prepare", "HEAD"]
    for answer, written in (("\n", False), ("y\n", True)):
        with Terminal(argv, story.repo.path) as terminal:
            terminal.wait_for("Fixes: ", "Write this into 1 commit message? [y/N]")
            assert "Fixes:" not in topic_message(story)
            terminal.type(answer)
            terminal.wait_for(
                "written: topic is now" if written else "nothing was written"
            )
            assert terminal.end() == (0 if written else 1)
        assert terminal.seen.count("    ring: fix the mask") == 1
        assert ("Fixes:" in topic_message(story)) is written


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
    document = json.loads(
        call("fixes", "-C", repo.path, "HEAD", "--format", "json").out
    )
    assert (document["sure"], document["tags"], document["candidates"]) == (
        False,
        [],
        [],
    )
    assert subject in document["reason"]
    result = call("prepare", "-C", repo.path, "HEAD", "--yes")
    assert subject in result.err
    assert "Fixes:" not in repo.git("log", "-1", "--format=%B")
    assert (
        json.loads(call("stable", "-C", repo.path, "HEAD", "--format", "json").out)[
            "lines"
        ]
        == []
    )


CLEANUP = "ring: use strscpy()\n\nstrlcpy() reads the whole source. Use strscpy()."


def test_commands_agree_on_non_fixes(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", CLEANUP)
    result = story.call("prepare", "HEAD", "--yes")
    assert "its message names no bug" in result.out
    assert "Fixes:" not in topic_message(story)
    stable = story.json("stable", "HEAD")
    assert (stable["lines"], stable["eligible"], stable["culprits"]) == ([], False, [])
    assert "its message names no bug" in stable["reasons"][0]
    document = story.json("fixes", "HEAD")
    assert not document["is_fix"]
    assert any("its message names no bug" in note for note in document["notes"])
    assert document["candidates"][0]["commit"] == story.culprit, (
        "whoever asks for the culprit is answered"
    )
    assert "missing-fixes" not in story.call("check", "HEAD", "--strict").out
    assert story.call("prepare", "HEAD", "--is-a-fix").code == 0
    assert f"Fixes: {story.culprit[:12]}" in topic_message(story)


UNCLEAR = "ring: return an error early\n\nThe mask does not cover the last slot."


def test_bug_in_the_text_prompts_a_question(
    tmp_path: Path,
) -> None:
    story = create_ring_history(tmp_path / "r", UNCLEAR + SIGNED)
    arguments = ("-C", story.repo.path, "HEAD")
    result = call("prepare", *arguments, "--yes")
    assert f"--is-a-fix writes Fixes: {story.culprit[:12]}" in " ".join(
        result.err.split()
    )
    assert "Fixes:" not in topic_message(story)
    sending = ("send", *arguments, "--dry-run", "--to", "l@lists.example.org")
    assert "no-fixes-tag" in call(*sending).out
    backport = f"commit {story.culprit} upstream.\n\n"
    story.repo.git(
        "commit -q --amend -m", UNCLEAR.replace("The mask", f"{backport}The mask")
    )
    assert "no-fixes-tag" not in call(*sending).out
    story.repo.git("commit -q --amend -m", UNCLEAR + SIGNED)
    assert call("prepare", *arguments, "--is-a-fix").code == 0
    assert f"Fixes: {story.culprit[:12]}" in topic_message(story)
    assert "no-fixes-tag" not in call(*sending).out


def test_not_a_fix_can_be_withdrawn(story: RingHistory) -> None:
    fixed = ("-C", story.repo.path, "HEAD")
    assert "missing-fixes" in call("check", *fixed, "--strict").out
    result = call("prepare", *fixed, "--not-a-fix")
    assert "you answered that it is not a fix" in result.out
    assert "missing-fixes" not in call("check", *fixed, "--strict").out
    assert "you answered that it is not a fix" in call("stable", *fixed).out
    assert "ring: fix the mask: not a fix" in story.call("draft", "HEAD").out
    story.repo.git(
        "commit",
        "--amend",
        "-q",
        "-m",
        "ring: fix the mask\n\nIt must be one less." + SIGNED,
    )
    assert "Fixes" not in call("prepare", *fixed, "--yes").out.replace(
        "no Fixes:", ""
    ), "an amended commit is the same"
    assert call("prepare", *fixed, "--is-a-fix", "--dry-run").code == 0
    assert "you answered" in call("stable", *fixed).out, "a dry run keeps no answer"
    assert call("prepare", *fixed, "--is-a-fix").code == 0
    assert f"Fixes: {story.culprit[:12]}" in topic_message(story)


def test_unwaive_withdraws_not_a_fix(story: RingHistory) -> None:
    fixed = ("-C", story.repo.path, "HEAD")
    call("prepare", *fixed, "--not-a-fix")
    assert (
        "missing-fixes"
        in call("check", *fixed, "--strict", "--unwaive", "missing-fixes").out
    )
    assert "you said" not in call("stable", *fixed).out


def test_dry_run_writes_nothing(story: RingHistory) -> None:
    before = story.repo.git("for-each-ref")
    result = story.call("prepare", "HEAD", "--dry-run", "--format", "json")
    body = json.loads(result.out)
    assert (body["schema"], body["written"]) == ("patchpilot/prepare/1", False)
    (commit,) = [commit for commit in body["commits"] if commit["changed"]]
    assert story.call("stable", commit["new"]).code == 2, "a dry run writes no object"
    assert "{+Fixes:" in body["commits"][0]["diff"]
    assert story.repo.git("for-each-ref") == before


def test_contacts_and_links_become_ordered_trailers(story: RingHistory) -> None:
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
    result = story.call(
        "prepare", "HEAD", "--stable", "none", "--fixes", story.culprit, *arguments
    )
    assert result.code == 0, result.err
    names = [line.partition(":")[0] for line in topic_message(story).split("\n")[4:]]
    assert names == [
        "Fixes", "Reported-by", "Reported-by", "Closes", "Closes", "Link", "Suggested-by", "Co-developed-by", "Signed-off-by", "Signed-off-by", "Tested-by",  # noqa: E501
    ]  # fmt: skip


def test_unknown_trailers_are_not_moved(tmp_path: Path) -> None:
    story = create_ring_history(
        tmp_path / "r",
        "ring: fix the mask\n\nText.\n\nX-Odd-tag: one\nReviewed-by: Rae <rae@example.org>",
    )
    assert story.call("prepare", "HEAD", "--stable", "none").code == 0
    lines = topic_message(story).split("\n")
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
    result = story.call("prepare", "HEAD", "--stable", "none")
    assert result.code == 0
    assert (
        f'Fixes: {story.culprit[:12]} ("ring: support a mask and a table")'
        in topic_message(story)
    )
    assert topic_message(story).count("Fixes:") == 1


def test_topic_is_rewritten_from_its_base(story: RingHistory) -> None:
    story.repo.commit("ring: add a comment" + SIGNED, {"other.c": "/* ring */\n"})
    result = story.call(
        "prepare",
        "--base",
        story.later,
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


def test_moved_branch_is_not_restored(story: RingHistory) -> None:
    assert story.call("prepare", "HEAD", "--yes").code == 0
    story.repo.commit("on top" + SIGNED, {"new.c": "\n"})
    result = story.call("undo", "restore", "1")
    assert result.code == 1
    assert "git rebase --onto" in result.err
    assert story.call("undo", "restore", "7").code == 2
    assert story.call("undo").code == 2


def test_detached_head_is_prepared(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "--detach", story.fix)
    assert story.call("prepare", "HEAD", "--yes", "--shared").code == 0
    assert story.repo.git("rev-parse", "topic") == story.fix
    assert "Fixes:" in story.repo.git("log", "-1", "--format=%B", "HEAD")
    assert story.call("undo").code == 0
    assert story.repo.git("rev-parse", "HEAD") == story.fix


def test_protected_commits_are_refused(story: RingHistory) -> None:
    story.repo.git("update-ref", "refs/remotes/origin/topic", story.fix)
    result = story.call("prepare", "HEAD", "--yes")
    assert result.code == 1
    assert "--published" in result.err
    assert story.call("prepare", "HEAD", "--yes", "--published").code == 0


def test_kill_leaves_the_branch_intact(story: RingHistory) -> None:
    """Kill the command at random times. The repository must be intact, and nothing must be lost."""
    rng = random.Random(7)
    old = story.fix
    argv = [
        sys.executable,
        "-m",
        "patchpilot",
        "prepare",
        "-C",
        str(story.repo.path),
        "HEAD",
        "--fixes",
        story.culprit,
        "--stable",
        "none",
    ]
    started = time.monotonic()
    subprocess.run([*argv, "--dry-run"], capture_output=True, check=True)
    duration = time.monotonic() - started
    for _ in range(4):
        story.repo.git("update-ref", "refs/heads/topic", old)
        process = subprocess.Popen(
            argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(duration * rng.uniform(0.3, 1.1))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.05)
        tip = story.repo.git("rev-parse", "topic")
        assert tip == old or story.repo.git(
            "log", "-1", "--format=%P %T", tip
        ) == story.repo.git("log", "-1", "--format=%P %T", old)
        story.repo.git("fsck", "--connectivity-only")
        if tip != old:
            records = story.json("undo", "list")["records"]
            assert any(
                record["old"] == old and record["new"] == tip for record in records
            )


def test_earlier_patch_in_the_series_gets_no_tag(
    story: RingHistory,
) -> None:
    """Test that no tag names a commit that the same run rewrites, which would change its id."""
    story.commit("ring: fix the mask again", FIX.replace("size - 1", "size - 2"))
    result = story.call(
        "prepare", "--base", "v1.2", "--fixes", "auto", "--format", "json"
    )
    assert result.code == 0, result.err
    first, second = json.loads(result.out)["commits"]
    assert f"Fixes: {story.culprit[:12]}" in first["message"]
    assert "Fixes:" not in second["message"]
    assert "Cc: stable" not in second["message"]
    assert any(
        'fixes an earlier patch of this series: squash it into "ring: fix the mask"'
        in note
        for note in second["notes"]
    )


def test_named_patch_of_the_series_gets_no_tag(story: RingHistory) -> None:
    story.commit("ring: fix the mask again", FIX.replace("size - 1", "size - 2"))
    result = story.call(
        "prepare", "--base", "v1.2", "--fixes", story.fix, "--format", "json"
    )
    second = json.loads(result.out)["commits"][1]
    assert "Fixes:" not in second["message"]
    assert any("squash it" in note for note in second["notes"])


def test_existing_series_tag_is_reported(story: RingHistory) -> None:
    text = f'ring: fix the mask again\n\nText.\n\nFixes: {story.fix[:12]} ("ring: fix the mask")'
    story.repo.commit(
        text + SIGNED[1:], {"ring.c": FIX.replace("size - 1", "size - 2")}
    )
    result = story.call("prepare", "--base", "v1.2", "--dry-run", "--format", "json")
    assert any(
        "squash it" in load for load in json.loads(result.out)["commits"][1]["notes"]
    )


def set_confidence(
    confidence: float, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Make the search return this confidence, and another commit that is equally likely."""

    def found(repository: Any, request: FixesRequest, **words: Any) -> FixesResult:
        result = find_culprits(repository, request, **words)
        first = result.candidates[0]._replace(confidence=confidence)
        other = first._replace(
            commit=repository.resolve("v1.2"),
            subject="ring: remember that it is closed",
        )
        return replace(
            result,
            candidates=(first, other),
            sure=not reason,
            reason=reason,
            tags=() if reason else result.tags,
        )

    monkeypatch.setattr(service, "find_culprits", found)


@pytest.mark.parametrize("words", [(), ("--fixes", "auto")])
def test_unsupported_culprit_is_skipped(
    story: RingHistory, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_confidence(
        0.4,
        "several commits are about equally likely: review the first ones",
        monkeypatch,
    )
    result = story.call(
        "prepare",
        "HEAD",
        "--signoff",
        "--trailer",
        "Cc: Eve R <eve@example.org>",
        *words,
    )
    assert result.code == 0, result.err
    assert "no Fixes: written" in result.err
    assert (
        f'unsure between {story.culprit[:12]} ("ring: support a mask and a table", 40%) and'
        f" {story.later[:12]} (" in result.err
    )
    assert "--fixes COMMIT" in result.err
    assert "no Fixes:" not in result.out
    assert "Fixes:" not in topic_message(story)
    assert "Cc: stable" not in topic_message(story)
    assert "Cc: Eve R <eve@example.org>" in topic_message(story)


def test_uncertain_tag_has_a_note(
    story: RingHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_confidence(0.55, "", monkeypatch)
    result = story.call("prepare", "HEAD", "--signoff")
    assert "{+Fixes: " in result.out
    assert "# Fixes: 55% sure, check it: " in result.out
    assert "unsure" not in result.err
