# SPDX-License-Identifier: GPL-2.0-or-later
"""Test finding the commit that introduced a bug in small git histories."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.errors import InputError, UsageError
from patchpilot.tags import rank_culprits
from patchpilot.tags.find_culprits import (
    FixesRequest,
    FixesResult,
    find_culprits,
)
from patchpilot.tags.rank_culprits import RankedCulprits
from patchpilot.tags.stable_request_tag import (
    StableRequest,
    propose_stable_tags,
)
from tests.kit import culprits
from tests.kit.cli import call
from tests.kit.culprits import CULPRIT, FIX, LATER, SIGNED, RingHistory, create_ring_history
from tests.kit.repos import Repo


def find_fixes(path: Path, target: str = "HEAD", **options: object) -> FixesResult:
    with Repository.open(path) as repository:
        return find_culprits(repository, FixesRequest(target, **options))  # type: ignore[arg-type]


def test_commit_that_added_the_removed_line_comes_first(
    ring_history: RingHistory,
) -> None:
    result = ring_history.find_fixes()
    first = result.candidates[0]
    assert first.commit == ring_history.culprit
    assert first.first_release == "v1.1"
    assert result.sure
    assert result.tags == (
        f'Fixes: {ring_history.culprit[:12]} ("ring: support a mask and a table")',
    )
    assert any("1 of 1 removed lines (ring.c:6)" in evidence for evidence in first.evidence)
    assert sum(candidate.confidence for candidate in result.candidates) <= 1.3


def test_blame_skips_whitespace_changes(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b indented", ring_history.later)
    ring_history.commit_ring("ring: indent", LATER.replace("\tring->", "\t\tring->"))
    ring_history.commit_ring("ring: fix the mask", FIX.replace("\tring->", "\t\tring->"))
    assert ring_history.find_fixes().candidates[0].commit == ring_history.culprit


def test_renamed_file_is_followed(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b moved", ring_history.later)
    ring_history.repo.git("mv ring.c buffer.c")
    ring_history.repo.commit("ring: rename the file" + SIGNED)
    ring_history.repo.commit("ring: fix the mask" + SIGNED, {"buffer.c": FIX})
    assert ring_history.find_fixes().candidates[0].commit == ring_history.culprit


STATUS = """\
static int chip_fault(struct regmap *regmap, int index, long *val)
{
	int regval = chip_read(regmap, index);

	*val = (regval & 0x04) >> 2;
	return 0;
}

int chip_get(struct regmap *regmap, int attr, long *val)
{
	if (attr == CHIP_FAULT)
		return chip_fault(regmap, 1, val);
	return -EINVAL;
}
"""


def test_commit_that_only_renamed_a_line_is_not_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("Linux 6.1", {"chip.c": STATUS, "Kbuild": ""})
    text = STATUS.replace("(regval & 0x04) >> 2", "regval & CHIP_OPEN")
    culprit = repo.commit("chip: use a macro for the open bit" + SIGNED, {"chip.c": text})
    text = text.replace("chip_fault(struct regmap *regmap, int index, long", "chip_get_status(")
    text = text.replace(
        "chip_get_status(",
        "chip_get_status(struct regmap *regmap, int index,\n\t\tu32 bit, long",
        1,
    )
    text = text.replace("regval & CHIP_OPEN", "regval & bit")
    text = text.replace(
        "chip_fault(regmap, 1, val);",
        "chip_get_status(regmap, 1, CHIP_OPEN, val);\n\tif (attr == CHIP_ALARM)\n"
        "\t\treturn chip_get_status(regmap, 1, CHIP_HIGH, val);",
    )
    mover = repo.commit("chip: support the high alarm" + SIGNED, {"chip.c": text})
    fixed = text.replace("regval & bit", "!!(regval & bit)")
    message = (
        "chip: fix the value of a fault\n\nchip_get_status() returns 4 for CHIP_OPEN, not 1.\n"
    )
    repo.commit(message, {"chip.c": fixed})
    # other evidence may put it first
    ranked = [(mover, 0.6), (culprit, 0.3)]
    monkeypatch.setattr(rank_culprits, "rank_by_confidence", lambda *_: ranked)
    first, second, *_ = find_fixes(repo.path).candidates
    assert (first.confidence, second.confidence) == (0.6, 0.3)
    assert (first.commit, second.against) == (culprit, ("only renamed the lines",))


def test_added_lines_blame_similar_lines(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b leak", ring_history.later)
    freed = LATER.replace(
        "\tring->open = false;\n",
        "\tring->open = false;\n\tring_table_free(ring->table);\n",
    )
    ring_history.commit_ring(
        "ring: fix a leak of the table\n\nring->table is never freed.\n", freed
    )
    assert ring_history.culprit in [
        candidate.commit for candidate in ring_history.find_fixes().candidates[:2]
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
    assert [verdict.target.id if verdict.target else None for verdict in other.present][:1] == [
        plain.start
    ]


def test_backport_references_are_excluded(ring_history: RingHistory) -> None:
    before = ring_history.find_fixes(ring_history.fix)
    ring_history.repo.commit(
        f'Revert "ring: fix the mask"\n\nThis reverts commit {ring_history.fix}.\n\nFixes:'
        f' {ring_history.start[:12]} ("x")\n',
        {"ring.c": LATER},
    )
    ring_history.repo.git("checkout -q -b stable", ring_history.culprit)
    ring_history.repo.commit(
        f"ring: fix the mask\n\n[ Upstream commit {ring_history.fix} ]\n\nFixes:"
        f' {ring_history.start[:12]} ("x")\n',
        {"ring.c": CULPRIT + "\n"},
    )
    after = ring_history.find_fixes(ring_history.fix)
    assert before.candidates == after.candidates


def test_blamed_commit_takes_precedence(tmp_path: Path) -> None:
    path = tmp_path / "r"
    first = create_ring_history(path)
    first.repo.git("checkout -q -b told", first.later)
    first.commit_ring(
        f"ring: fix the mask\n\nThe bug was introduced by commit {first.later[:12]}.\n",
        FIX,
    )
    result = find_fixes(path)
    assert result.candidates[0].commit == first.later
    assert "the message states that this commit introduced the bug" in result.candidates[0].evidence


@pytest.mark.parametrize(
    ("sentence", "phrase", "is_certain"),
    [
        ("Commit {} broke the mask.", "states that this commit introduced the bug", True),
        ("Commit {} changed the mask.", "states what this commit changed", False),
    ],
)
def test_described_commit_comes_first(
    tmp_path: Path, sentence: str, phrase: str, is_certain: bool
) -> None:
    path = tmp_path / "r"
    first = create_ring_history(path)
    first.repo.git("checkout -q -b told", first.later)
    first.commit_ring(f"ring: fix the mask\n\n{sentence.format(first.later[:12])}\n", FIX)
    result = find_fixes(path)
    assert result.candidates[0].commit == first.later
    assert f"the message {phrase}" in result.candidates[0].evidence
    assert result.sure == is_certain
    assert sum(candidate.confidence for candidate in result.candidates) <= 1


def test_mentioned_commit_is_not_named_as_the_cause(tmp_path: Path) -> None:
    path = tmp_path / "r"
    first = create_ring_history(path)
    first.repo.git("checkout -q -b told", first.later)
    first.commit_ring(f"ring: fix the mask\n\nSeen with {first.later[:12]}.\n", FIX)
    later = next(each for each in find_fixes(path).candidates if each.commit == first.later)
    assert "the message mentions this commit" in later.evidence
    assert "the message does not mention this commit" not in later.lacks


def test_revert_names_its_commit(ring_history: RingHistory) -> None:
    ring_history.commit_ring(
        f'Revert "ring: remember"\n\nThis reverts commit {ring_history.later}.\n',
        CULPRIT,
    )
    result = ring_history.find_fixes()
    assert result.candidates[0].commit == ring_history.later
    assert result.sure
    assert result.candidates[0].confidence > 0.9


def test_bisection_overrides_contradicting_blame(ring_history: RingHistory) -> None:
    result = ring_history.find_fixes(
        bisect_log=f"{ring_history.later} is the first bad commit\ncommit {ring_history.later}\n"
    )
    assert result.candidates[0].commit == ring_history.later
    assert any("contradicts" in note for note in result.notes)
    agreeing = ring_history.find_fixes(bisect_log=f"{ring_history.culprit} is the first bad commit")
    assert agreeing.candidates[0].commit == ring_history.culprit
    assert not agreeing.notes


def test_unfinished_bisection_limits_candidates(ring_history: RingHistory) -> None:
    log = (
        f"git bisect start\n# bad: [{ring_history.later}] x\ngit bisect bad {ring_history.later}\n"
        f"git bisect good {ring_history.start}\n"
    )
    result = ring_history.find_fixes(bisect_log=log)
    assert {candidate.commit for candidate in result.candidates} <= {
        ring_history.culprit,
        ring_history.later,
    }
    assert "2 commits left to test" in result.notes[0]


def test_bisection_of_another_tree_is_refused(ring_history: RingHistory) -> None:
    with pytest.raises(UsageError):
        ring_history.find_fixes(bisect_log=f"{'9' * 40} is the first bad commit")
    with pytest.raises(InputError):
        ring_history.find_fixes(bisect_log="hello")
    with pytest.raises(InputError, match="no bisect log"):
        ring_history.find_fixes(bisect_log="")


def test_duplicated_change_needs_two_tags(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start" + SIGNED, {"a.c": "int a;\n", "b.c": "int b;\n"})
    bug = "void run(void)\n{\n\tstart(queue->first + 1);\n}\n"
    first_commit = repo.commit("a: run the queue" + SIGNED, {"a.c": "int a;\n" + bug})
    second_commit = repo.commit("b: run the queue" + SIGNED, {"b.c": "int b;\n" + bug})
    good = bug.replace("first + 1", "first")
    repo.commit(
        "queues: fix the start of the queue" + SIGNED,
        {"a.c": "int a;\n" + good, "b.c": "int b;\n" + good},
    )
    result = find_fixes(tmp_path / "r")
    assert {first_commit, second_commit} == {
        candidate.commit for candidate in result.candidates[:2]
    }
    if result.sure:
        assert [tag.split()[1] for tag in result.tags] == [
            first_commit[:12],
            second_commit[:12],
        ]


def test_merges_have_no_culprit(ring_history: RingHistory) -> None:
    ring_history.repo.checkout("master")
    ring_history.repo.commit("other" + SIGNED, {"other.c": "int more;\n"})
    ring_history.repo.git("merge -q --no-ff -m 'Merge topic' topic")
    merged, first = (
        ring_history.find_fixes(),
        ring_history.find_fixes(ring_history.start),
    )
    assert (merged.sure, merged.candidates) == (False, ())
    assert "merge" in merged.reason
    assert "there is no earlier commit" in first.reason


def test_fix_that_only_adds_a_file_has_no_sure_candidate(
    ring_history: RingHistory,
) -> None:
    ring_history.repo.commit("ring: fix by a new file" + SIGNED, {"new.c": "int n;\n"})
    result = ring_history.find_fixes()
    assert not result.sure
    assert result.reason


def test_whitespace_change_is_reported(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b blanks", ring_history.later)
    ring_history.commit_ring("ring: indent", LATER.replace("\tring->", "\t\tring->"))
    result = ring_history.find_fixes()
    assert "whitespace" in result.reason
    assert not result.sure


def test_fix_within_the_series_should_be_squashed(ring_history: RingHistory) -> None:
    ring_history.repo.git("update-ref refs/remotes/origin/master", ring_history.later)
    second = FIX.replace("ring->size - 1", "ring->size - 2")
    ring_history.commit_ring("ring: fix the mask again", second)
    assert any("squash" in note for note in ring_history.find_fixes().notes)


def test_backported_culprit_has_its_mainline_id(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b linux-1.0.y", ring_history.start)
    ring_history.repo.commit("unrelated" + SIGNED, {"other.c": "int stable;\n"})
    ring_history.commit_ring(
        f"ring: support a mask and a table\n\n[ Upstream commit {ring_history.culprit} ]\n",
        CULPRIT,
    )
    ring_history.commit_ring(
        "ring: fix the mask",
        CULPRIT.replace("mask = ring->size", "mask = ring->size - 1"),
    )
    first = ring_history.find_fixes().candidates[0]
    assert first.commit == ring_history.culprit
    assert any("backport" in evidence for evidence in first.evidence)


def test_shallow_clone_is_reported(ring_history: RingHistory, tmp_path: Path) -> None:
    clone = Repo(tmp_path / "c")
    clone.git("fetch -q --depth=2", f"file://{ring_history.repo.path}", "topic:topic")
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
    story.repo.git("clone -q --bare --depth 2", f"file://{tmp_path}/r", str(tmp_path / "shallow"))
    story.repo.git(
        "clone -q --bare --depth 2 -b v1.2", f"file://{tmp_path}/r", str(tmp_path / "untagged")
    )
    with Repository.open(tmp_path / "shallow") as repository:
        tagged = propose_stable_tags(repository, StableRequest("HEAD"))
    with Repository.open(tmp_path / "untagged") as repository:
        untagged = propose_stable_tags(repository, StableRequest("HEAD"))
    assert not tagged.culprits
    assert not untagged.culprits
    assert "names a commit that is not in this repository" in tagged.notes[0]
    assert all(any("--unshallow" in note for note in result.notes) for result in (tagged, untagged))


def test_verify_checks_existing_tags_only(tmp_path: Path) -> None:
    story = create_ring_history(tmp_path / "r", 'ring: fix\n\nFixes: 1234567 ("no such")\n')
    result = story.find_fixes(verify=True)
    assert result.has_problem
    assert result.candidates == ()
    assert culprits.SIGNED


def test_shallow_verification_is_incomplete(tmp_path: Path) -> None:
    repo = create_ring_history(tmp_path / "r").repo
    old_commit = repo.git("rev-parse HEAD~1")
    repo.git("branch old", old_commit)
    for n in (1, 2):
        repo.commit(
            read_fixes_tag(repo, repo.git("rev-parse HEAD~2")),
            {"ring.c": FIX + f"int n{n};\n"},
        )
    repo.git("clone -q --depth 2", repo.path.as_uri(), str(tmp_path / "shallow"))
    clone = Repo(tmp_path / "shallow")
    result = call("fixes -C", clone.path, "--verify", "HEAD")
    assert result.code == 0
    assert result.out.count("could not be checked: ") == 1
    assert result.err.count("git fetch --unshallow") == 1
    # in a shallow clone, the path to an ancestor may be missing
    clone.git("fetch -q --depth 1 origin old:old")
    clone.commit(read_fixes_tag(clone, old_commit), {"b": ""})
    result = call("fixes -C", clone.path, "--verify", "HEAD")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("    verified: well-formed, exists\n")


def test_verification_states_what_was_verified(ring_history: RingHistory) -> None:
    verified = {}
    for name, commit in (
        ("culprit", ring_history.culprit),
        ("start", ring_history.start),
        ("later", ring_history.later),
    ):
        ring_history.repo.git("checkout -q -B", name, ring_history.later)
        ring_history.commit_ring(read_fixes_tag(ring_history.repo, commit), FIX)
        (tag,) = ring_history.find_fixes(verify=True).present
        verified[name] = tag.verified[2:]
    assert verified == {
        "culprit": ("an ancestor", "changed these lines"),
        "start": ("an ancestor", "changed this function"),
        "later": ("an ancestor", "changed this file"),
    }


def test_tag_for_a_commit_to_other_files_is_unlikely(ring_history: RingHistory) -> None:
    ring_history.repo.git("checkout -q -b other", ring_history.later)
    other = ring_history.repo.commit(f"table: add it{SIGNED}", {"table.c": "int table;\n"})
    ring_history.repo.git("tag v1.9")
    ring_history.commit_ring(read_fixes_tag(ring_history.repo, other), FIX)
    outcome = ring_history.run_command("fixes --verify HEAD")
    assert f"is unlikely: {other[:12]} changes none of this patch's files" in outcome.out
    assert "verified: well-formed, exists, an ancestor\n" in outcome.out
    assert outcome.code == 0
    outcome = ring_history.run_command("check HEAD --strict")
    assert f"commit {other[:12]} in the Fixes: tag changes none of the files" in outcome.out


def read_fixes_tag(repo: Repo, commit: str) -> str:
    return (
        "ring: fix it\n\n"
        + repo.git("log -1 --abbrev=12 '--format=Fixes: %h (\"%s\")'", commit)
        + SIGNED[1:]
    )


@pytest.mark.parametrize(("profile", "troubled"), [("linux", True), ("dpdk", False)])
def test_verify_checks_the_tag_layout(
    ring_history: RingHistory, profile: str, troubled: bool
) -> None:
    culprit = ring_history.repo.git("log -1 --format=%h --abbrev=12 HEAD^")
    subject = ring_history.repo.git("log -1 --format=%s HEAD^")
    ring_history.repo.commit(
        f'ring: fix it\n\nFixes: {culprit} ("{subject}")\n{SIGNED}',
        {"ring.c": FIX + "int users;\n"},
    )
    (verdict,) = ring_history.find_fixes(verify=True, profile=profile).present
    assert [problem.kind for problem in verdict.problems] == (["blank-around"] if troubled else [])


def test_verify_reports_a_patch_of_the_series(
    ring_history: RingHistory,
) -> None:
    ring_history.repo.git("update-ref refs/remotes/origin/master master")
    first_commit = ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    ring_history.repo.commit(
        f'ring: fix the count\n\nFixes: {first_commit[:12]} ("ring: count the users")' + SIGNED[1:],
        {"ring.c": FIX + "long users;\n"},
    )
    result = ring_history.find_fixes(verify=True)
    assert [problem.kind for problem in result.present[0].problems] == ["own-series"]
    assert result.present[0].suggestion is None
    assert result.has_problem


def test_verify_reports_an_unreleased_bug(ring_history: RingHistory) -> None:
    first_commit = ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    tag = f'Fixes: {first_commit[:12]} ("ring: count the users")'
    ring_history.repo.commit(
        f"ring: fix the count\n\n{tag}" + SIGNED[1:], {"ring.c": FIX + "long users;\n"}
    )
    ring_history.repo.tag("v1.3")
    result = ring_history.find_fixes(verify=True)
    assert [problem.kind for problem in result.present[0].problems] == ["same-release"]
    assert not result.has_problem
    tag = f'Fixes: {ring_history.culprit[:12]} ("ring: support a mask and a table")'
    ring_history.repo.commit(
        f"ring: fix the mask again\n\n{tag}" + SIGNED[1:],
        {"ring.c": FIX + "char users;\n"},
    )
    assert ring_history.find_fixes(verify=True).present[0].problems == ()


def test_series_internal_fix_gets_no_tag(
    ring_history: RingHistory,
) -> None:
    first_commit = ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    fix_commit = ring_history.commit_ring("ring: fix the count of users", FIX + "long users;\n")
    for reported in ({}, {"base": "v1.2"}, {"series": (first_commit, fix_commit)}):
        result = ring_history.find_fixes(**reported)
        assert (result.candidates[0].commit, result.tags) == (first_commit, ())
        assert "this fixes an earlier patch of this series: squash it" in result.notes[0]


def test_weak_evidence_suggests_no_squashing(
    ring_history: RingHistory, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = rank_culprits.find_likely_culprits

    def find_weak_culprit(*arguments: Any, **options: Any) -> RankedCulprits:
        ranking = search(*arguments, **options)
        return RankedCulprits((ranking.candidates[0]._replace(confidence=0.02),))

    monkeypatch.setattr(rank_culprits, "find_likely_culprits", find_weak_culprit)
    ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    ring_history.commit_ring("ring: fix the count of users", FIX + "long users;\n")
    result = ring_history.find_fixes()
    assert result.candidates[0].subject == "ring: count the users"
    assert not result.sure
    assert result.notes == ()


def test_commit_that_is_no_fix_is_not_to_be_squashed(ring_history: RingHistory) -> None:
    ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    ring_history.commit_ring("ring: use a long for users", FIX + "long users;\n")
    result = ring_history.find_fixes()
    assert result.candidates[0].subject == "ring: count the users"
    assert not any("squash" in note for note in result.notes)


def test_unreleased_bug_needs_no_backport(ring_history: RingHistory) -> None:
    ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    ring_history.commit_ring("ring: fix the count of users", FIX + "long users;\n")
    ring_history.repo.tag("v1.3")
    never = ring_history.find_stable(fixes=["HEAD~1"]).advice
    older = ring_history.find_stable(fixes=["HEAD~1", ring_history.culprit]).advice
    assert (never.lines, never.eligible) == ((), False)
    assert never.reasons == ("v1.3 has both the bug and the fix, so no release has only the bug",)
    assert (older.lines, older.eligible) == (
        ("Cc: stable@vger.kernel.org",),
        True,
    )


def test_check_and_stable_agree(ring_history: RingHistory) -> None:
    newest = ring_history.commit_ring("ring: count the users", FIX + "int users;\n")
    for named in (newest, ring_history.culprit):
        message = f"ring: fix a crash with many users\n\nFixes: {named[:12]}"
        ring_history.commit_ring(message, FIX + f"long users_{named[:8]};\n")
        is_requested = "[missing-stable]" in ring_history.run_command("check HEAD --strict").out
        assert (
            is_requested
            == ring_history.find_stable().advice.eligible
            == (named == ring_history.culprit)
        )


def test_unrelated_release_is_ignored(
    ring_history: RingHistory,
) -> None:
    ring_history.repo._clock += 3 * 365 * 86400
    ring_history.commit_ring("ring: fix the mask and more", FIX + "int users;\n")
    for tag in ("v1.0", "v1.1", "v1.2"):
        ring_history.repo.git("tag -d", tag)
    ring_history.repo.tag("v1.9")
    assert ring_history.find_stable(fixes=[ring_history.culprit]).advice.eligible
