# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the commit that introduced a bug in small git histories."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.services.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.services.tags.stable_request_tag import (
    StableRequest,
    propose_stable_tags,
)
from tests.kit.cli import call
from tests.kit.repos import Repo
from tests.tags import culprits
from tests.tags.culprits import (
    CULPRIT,
    FIX,
    LATER,
    SIGNED,
    RingHistory,
    create_ring_history,
)


def find_fixes(path: Path, target: str = "HEAD", **words: object) -> FixesResult:
    with Repository.open(path) as repository:
        return find_culprits(repository, FixesRequest(target, **words))  # type: ignore[arg-type]


def test_commit_that_added_the_removed_line_comes_first(story: RingHistory) -> None:
    result = story.ask()
    first = result.candidates[0]
    assert first.commit == story.culprit
    assert first.first_release == "v1.1"
    assert result.sure
    assert result.tags == (
        f'Fixes: {story.culprit[:12]} ("ring: support a mask and a table")',
    )
    assert any(
        "1 of 1 removed lines (ring.c:6)" in evidence for evidence in first.evidence
    )
    assert sum(candidate.confidence for candidate in result.candidates) <= 1.3


def test_blame_skips_whitespace_changes(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "-b", "indented", story.later)
    story.commit("ring: indent", LATER.replace("\tring->", "\t\tring->"))
    story.commit("ring: fix the mask", FIX.replace("\tring->", "\t\tring->"))
    assert story.ask().candidates[0].commit == story.culprit


def test_renamed_file_is_followed(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "-b", "moved", story.later)
    story.repo.git("mv", "ring.c", "buffer.c")
    story.repo.commit("ring: rename the file" + SIGNED)
    story.repo.commit("ring: fix the mask" + SIGNED, {"buffer.c": FIX})
    assert story.ask().candidates[0].commit == story.culprit


def test_added_lines_blame_similar_lines(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "-b", "leak", story.later)
    freed = LATER.replace(
        "\tring->open = false;\n",
        "\tring->open = false;\n\tring_table_free(ring->table);\n",
    )
    story.commit(
        "ring: fix a leak of the table\n\nring->table is never freed.\n", freed
    )
    assert story.culprit in [
        candidate.commit for candidate in story.ask().candidates[:2]
    ]


def test_existing_tags_are_not_read(tmp_path: Path) -> None:
    plain = create_ring_history(tmp_path / "plain")
    later = plain.later[:12]
    tags = (
        f'Fixes: {plain.start[:12]} ("ring: add ring buffers")\n    fixes: {later}\n> Fixes:'
        f' {later} ("ring: remember\nthat it is closed")'
    )
    tagged = create_ring_history(
        tmp_path / "tagged",
        f"ring: fix the mask\n\nThe mask must be one less than the size.\n\n{tags}\n",
    )
    assert tagged.culprit == plain.culprit
    result, other = find_fixes(tmp_path / "plain"), find_fixes(tmp_path / "tagged")
    assert [(c.commit, c.confidence, c.evidence) for c in result.candidates] == [
        (c.commit, c.confidence, c.evidence) for c in other.candidates
    ]
    assert [verdict.target.id if verdict.target else None for verdict in other.present][
        :1
    ] == [plain.start]


def test_backport_references_are_excluded(story: RingHistory) -> None:
    before = story.ask(story.fix)
    story.repo.commit(
        f'Revert "ring: fix the mask"\n\nThis reverts commit {story.fix}.\n\nFixes:'
        f' {story.start[:12]} ("x")\n',
        {"ring.c": LATER},
    )
    story.repo.git("checkout", "-q", "-b", "stable", story.culprit)
    story.repo.commit(
        f"ring: fix the mask\n\n[ Upstream commit {story.fix} ]\n\nFixes: {story.start[:12]}"
        ' ("x")\n',
        {"ring.c": CULPRIT + "\n"},
    )
    after = story.ask(story.fix)
    assert before.candidates == after.candidates


def test_blamed_commit_takes_precedence(tmp_path: Path) -> None:
    path = tmp_path / "r"
    first = create_ring_history(path)
    first.repo.git("checkout", "-q", "-b", "told", first.later)
    first.commit(
        f"ring: fix the mask\n\nThe bug was introduced by commit {first.later[:12]}.\n",
        FIX,
    )
    result = find_fixes(path)
    assert result.candidates[0].commit == first.later
    assert (
        "the message states that this commit introduced the bug"
        in result.candidates[0].evidence
    )


def test_revert_names_its_commit(story: RingHistory) -> None:
    story.commit(
        f'Revert "ring: remember"\n\nThis reverts commit {story.later}.\n', CULPRIT
    )
    result = story.ask()
    assert result.candidates[0].commit == story.later
    assert result.sure
    assert result.candidates[0].confidence > 0.9


def test_bisection_overrides_contradicting_blame(story: RingHistory) -> None:
    result = story.ask(
        bisect_log=f"{story.later} is the first bad commit\ncommit {story.later}\n"
    )
    assert result.candidates[0].commit == story.later
    assert any("contradicts" in note for note in result.notes)
    agreeing = story.ask(bisect_log=f"{story.culprit} is the first bad commit")
    assert agreeing.candidates[0].commit == story.culprit
    assert not agreeing.notes


def test_unfinished_bisection_limits_candidates(story: RingHistory) -> None:
    log = (
        f"git bisect start\n# bad: [{story.later}] x\ngit bisect bad {story.later}\ngit bisect good"
        f" {story.start}\n"
    )
    result = story.ask(bisect_log=log)
    assert {candidate.commit for candidate in result.candidates} <= {
        story.culprit,
        story.later,
    }
    assert "2 commits left to test" in result.notes[0]


def test_bisection_of_another_tree_is_refused(story: RingHistory) -> None:
    with pytest.raises(UsageError):
        story.ask(bisect_log=f"{'9' * 40} is the first bad commit")
    with pytest.raises(InputError):
        story.ask(bisect_log="hello")
    with pytest.raises(InputError, match="no bisect log"):
        story.ask(bisect_log="")


def test_duplicated_change_needs_two_tags(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start" + SIGNED, {"a.c": "int a;\n", "b.c": "int b;\n"})
    bug = "void run(void)\n{\n\tstart(queue->first + 1);\n}\n"
    first = repo.commit("a: run the queue" + SIGNED, {"a.c": "int a;\n" + bug})
    two = repo.commit("b: run the queue" + SIGNED, {"b.c": "int b;\n" + bug})
    good = bug.replace("first + 1", "first")
    repo.commit(
        "queues: fix the start of the queue" + SIGNED,
        {"a.c": "int a;\n" + good, "b.c": "int b;\n" + good},
    )
    result = find_fixes(tmp_path / "r")
    assert {first, two} == {candidate.commit for candidate in result.candidates[:2]}
    if result.sure:
        assert [tag.split()[1] for tag in result.tags] == [first[:12], two[:12]]


def test_merges_have_no_culprit(story: RingHistory) -> None:
    story.repo.checkout("master")
    story.repo.commit("other" + SIGNED, {"other.c": "int more;\n"})
    story.repo.git("merge", "-q", "--no-ff", "-m", "Merge topic", "topic")
    merged, first = story.ask(), story.ask(story.start)
    assert (merged.sure, merged.candidates) == (False, ())
    assert "merge" in merged.reason
    assert "there is no earlier commit" in first.reason


def test_fix_that_only_adds_a_file_has_no_sure_candidate(story: RingHistory) -> None:
    story.repo.commit("ring: fix by a new file" + SIGNED, {"new.c": "int n;\n"})
    result = story.ask()
    assert not result.sure
    assert result.reason


def test_whitespace_change_is_reported(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "-b", "blanks", story.later)
    story.commit("ring: indent", LATER.replace("\tring->", "\t\tring->"))
    result = story.ask()
    assert "whitespace" in result.reason
    assert not result.sure


def test_fix_within_the_series_should_be_squashed(story: RingHistory) -> None:
    story.repo.git("update-ref", "refs/remotes/origin/master", story.later)
    second = FIX.replace("ring->size - 1", "ring->size - 2")
    story.commit("ring: fix the mask again", second)
    assert any("squash" in note for note in story.ask().notes)


def test_backported_culprit_has_its_mainline_id(story: RingHistory) -> None:
    story.repo.git("checkout", "-q", "-b", "linux-1.0.y", story.start)
    story.repo.commit("unrelated" + SIGNED, {"other.c": "int stable;\n"})
    story.commit(
        f"ring: support a mask and a table\n\n[ Upstream commit {story.culprit} ]\n",
        CULPRIT,
    )
    story.commit(
        "ring: fix the mask",
        CULPRIT.replace("mask = ring->size", "mask = ring->size - 1"),
    )
    first = story.ask().candidates[0]
    assert first.commit == story.culprit
    assert any("backport" in evidence for evidence in first.evidence)


def test_shallow_clone_is_reported(story: RingHistory, tmp_path: Path) -> None:
    clone = Repo(tmp_path / "c")
    clone.git("fetch", "-q", "--depth=2", f"file://{story.repo.path}", "topic:topic")
    result = find_fixes(tmp_path / "c", "topic")
    assert not result.sure
    assert "shallow" in result.reason
    assert any("--unshallow" in note for note in result.notes)


def test_stable_ignores_a_shallow_boundary(
    tmp_path: Path,
) -> None:
    story = create_ring_history(
        tmp_path / "r", f'ring: fix the mask\n\nFixes: {"0" * 11}1 ("ring: gone")'
    )
    story.repo.git(
        "clone",
        "-q",
        "--bare",
        "--depth",
        "2",
        f"file://{tmp_path}/r",
        str(tmp_path / "shallow"),
    )
    story.repo.git(
        "clone",
        "-q",
        "--bare",
        "--depth",
        "2",
        "-b",
        "v1.2",
        f"file://{tmp_path}/r",
        str(tmp_path / "untagged"),
    )
    with Repository.open(tmp_path / "shallow") as repository:
        tagged = propose_stable_tags(repository, StableRequest("HEAD"))
    with Repository.open(tmp_path / "untagged") as repository:
        untagged = propose_stable_tags(repository, StableRequest("HEAD"))
    assert not tagged.culprits
    assert not untagged.culprits
    assert "names a commit that is not in this repository" in tagged.notes[0]
    assert all(
        any("--unshallow" in note for note in result.notes)
        for result in (tagged, untagged)
    )


def test_verify_checks_existing_tags_only(tmp_path: Path) -> None:
    story = create_ring_history(
        tmp_path / "r", 'ring: fix\n\nFixes: 1234567 ("no such")\n'
    )
    result = story.ask(verify=True)
    assert result.has_problem
    assert result.candidates == ()
    assert culprits.SIGNED


def test_shallow_verification_is_incomplete(tmp_path: Path) -> None:
    repo = create_ring_history(tmp_path / "r").repo
    old = repo.git("rev-parse", "HEAD~1")
    repo.git("branch", "old", old)
    for n in (1, 2):
        repo.commit(
            fix_of(repo, repo.git("rev-parse", "HEAD~2")),
            {"ring.c": FIX + f"int n{n};\n"},
        )
    repo.git(
        "clone", "-q", "--depth", "2", repo.path.as_uri(), str(tmp_path / "shallow")
    )
    clone = Repo(tmp_path / "shallow")
    result = call("fixes", "-C", clone.path, "--verify", "HEAD")
    assert result.code == 0
    assert result.out.count("could not be checked: ") == 1
    assert result.err.count("git fetch --unshallow") == 1
    # in a shallow clone, the path to an ancestor may be missing
    clone.git("fetch", "-q", "--depth", "1", "origin", "old:old")
    clone.commit(fix_of(clone, old), {"b": ""})
    result = call("fixes", "-C", clone.path, "--verify", "HEAD")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("    correct\n")


def fix_of(repo: Repo, commit: str) -> str:
    return (
        "ring: fix it\n\n"
        + repo.git("log", "-1", "--abbrev=12", '--format=Fixes: %h ("%s")', commit)
        + SIGNED[1:]
    )


@pytest.mark.parametrize(("profile", "troubled"), [("linux", True), ("dpdk", False)])
def test_verify_checks_the_tag_layout(
    story: RingHistory, profile: str, troubled: bool
) -> None:
    culprit = story.repo.git("log", "-1", "--format=%h", "--abbrev=12", "HEAD^")
    subject = story.repo.git("log", "-1", "--format=%s", "HEAD^")
    story.repo.commit(
        f'ring: fix it\n\nFixes: {culprit} ("{subject}")\n{SIGNED}',
        {"ring.c": FIX + "int users;\n"},
    )
    (verdict,) = story.ask(verify=True, profile=profile).present
    assert [problem.kind for problem in verdict.problems] == (
        ["blank-around"] if troubled else []
    )


def test_verify_reports_a_patch_of_the_series(
    story: RingHistory,
) -> None:
    story.repo.git("update-ref", "refs/remotes/origin/master", "master")
    first = story.commit("ring: count the users", FIX + "int users;\n")
    story.repo.commit(
        f'ring: fix the count\n\nFixes: {first[:12]} ("ring: count the users")'
        + SIGNED[1:],
        {"ring.c": FIX + "long users;\n"},
    )
    result = story.ask(verify=True)
    assert [problem.kind for problem in result.present[0].problems] == ["own-series"]
    assert result.present[0].suggestion is None
    assert result.has_problem


def test_verify_reports_an_unreleased_bug(story: RingHistory) -> None:
    first = story.commit("ring: count the users", FIX + "int users;\n")
    tag = f'Fixes: {first[:12]} ("ring: count the users")'
    story.repo.commit(
        f"ring: fix the count\n\n{tag}" + SIGNED[1:], {"ring.c": FIX + "long users;\n"}
    )
    story.repo.tag("v1.3")
    result = story.ask(verify=True)
    assert [problem.kind for problem in result.present[0].problems] == ["same-release"]
    assert not result.has_problem
    tag = f'Fixes: {story.culprit[:12]} ("ring: support a mask and a table")'
    story.repo.commit(
        f"ring: fix the mask again\n\n{tag}" + SIGNED[1:],
        {"ring.c": FIX + "char users;\n"},
    )
    assert story.ask(verify=True).present[0].problems == ()


def test_series_internal_fix_gets_no_tag(
    story: RingHistory,
) -> None:
    first = story.commit("ring: count the users", FIX + "int users;\n")
    fix = story.commit("ring: fix the count of users", FIX + "long users;\n")
    for reported in ({}, {"base": "v1.2"}, {"series": (first, fix)}):
        result = story.ask(**reported)
        assert (result.candidates[0].commit, result.tags) == (first, ())
        assert (
            "this fixes an earlier patch of this series: squash it" in result.notes[0]
        )


def test_unreleased_bug_needs_no_backport(story: RingHistory) -> None:
    story.commit("ring: count the users", FIX + "int users;\n")
    story.commit("ring: fix the count of users", FIX + "long users;\n")
    story.repo.tag("v1.3")
    never = story.stable(fixes=["HEAD~1"]).advice
    older = story.stable(fixes=["HEAD~1", story.culprit]).advice
    assert (never.lines, never.eligible) == ((), False)
    assert never.reasons == (
        "v1.3 has both the bug and the fix, so no release has only the bug",
    )
    assert (older.lines, older.eligible) == (
        ("Cc: stable@vger.kernel.org",),
        True,
    )


def test_check_and_stable_agree(story: RingHistory) -> None:
    newest = story.commit("ring: count the users", FIX + "int users;\n")
    for named in (newest, story.culprit):
        message = f"ring: fix a crash with many users\n\nFixes: {named[:12]}"
        story.commit(message, FIX + f"long users; /* {named} */\n")
        is_requested = "[missing-stable]" in story.call("check", "HEAD", "--strict").out
        assert (
            is_requested == story.stable().advice.eligible == (named == story.culprit)
        )


def test_unrelated_release_is_ignored(
    story: RingHistory,
) -> None:
    story.repo._clock += 3 * 365 * 86400
    story.commit("ring: fix the mask and more", FIX + "int users;\n")
    for tag in ("v1.0", "v1.1", "v1.2"):
        story.repo.git("tag", "-d", tag)
    story.repo.tag("v1.9")
    assert story.stable(fixes=[story.culprit]).advice.eligible
