# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the verdict for every kind of branch."""

from pathlib import Path

import pytest

from patchpilot.projects.loading import default_project
from tests.kit.backport_world import FIXED, GROUND, World, format_function
from tests.kit.repos import Repo

MOVED = "/* one\n * two\n */\n" + format_function(**GROUND)
QUICK = {"w.c": format_function(l10="quick(10);")}
Commits = tuple[tuple[str, dict[str, str]], ...]


@pytest.mark.parametrize(
    ("start", "commits", "expected", "reason"),
    [
        ("base", (), {"verdict": "not-affected", "affected": False}, "{culprit:.12}"),
        (
            "base",
            (("x\n\n[ Upstream commit {culprit} ]\n", QUICK),),
            {"affected": True, "culprit_as": "{tip}"},
            "",
        ),
        (
            "culprit",
            (
                (
                    "Revert\n\nThis reverts commit {culprit}.\n",
                    {"w.c": format_function()},
                ),
            ),
            {"verdict": "not-affected"},
            "",
        ),
        (
            "groundwork",
            (("top", {"other.c": "gone\n"}),),
            {"verdict": "clean", "applies": "clean", "affected": True},
            "",
        ),
        (
            "groundwork",
            (("top", {"w.c": MOVED}),),
            {"verdict": "clean"},
            "offset 3 lines",
        ),
        (
            "groundwork",
            (("top", {"w.c": format_function(**GROUND, l22="other(22);")}),),
            {"verdict": "clean-3way", "applies": "clean-3way"},
            "",
        ),
        ("fix", (), {"verdict": "already-fixed", "landed_as": "{fix}"}, ""),
        (
            "culprit",
            (("work: y\n\ncommit {fix} upstream.\n", {"w.c": "adapted\n"}),),
            {"verdict": "already-fixed", "landed_as": "{tip}", "landed_by": "marker"},
            "",
        ),
        # a branch with the fixed content needs no fix, even if no commit message names it
        (
            "culprit",
            (("all at once", {"w.c": format_function(**FIXED)}),),
            {"verdict": "already-fixed", "landed_as": None, "commands": []},
            "changes nothing",
        ),
    ],
)
def test_branch_has_the_expected_verdict(
    world: World, start: str, commits: Commits, expected: dict[str, object], reason: str
) -> None:
    commit_ids = vars(world)
    branch_commits = ((message.format(**commit_ids), files) for message, files in commits)
    tip = world.create_stable_branch("6.12", commit_ids[start], *branch_commits)
    result = world.read_branch_result(world.fix, "--onto", tip)
    assert {name: result[name] for name in expected} == {
        name: value.format(**commit_ids, tip=tip) if isinstance(value, str) else value
        for name, value in expected.items()
    }
    assert reason.format(**commit_ids) in result["reason"]


def test_conflict_shows_both_sides(world: World) -> None:
    result = world.read_branch_result(
        world.fix, "--onto", world.create_stable_branch("6.12", world.culprit)
    )
    assert result["verdict"] == "conflict"
    conflict = result["conflicts"][0]
    assert (conflict["path"], conflict["line"]) == ("w.c", 22)
    assert "\tstep(20);" in conflict["ours"]
    assert "\tcheck(20, all);" in conflict["theirs"]


def test_reverted_backport_is_needed_again(world: World) -> None:
    first = world.create_stable_branch(
        "6.1",
        world.groundwork,
        (
            f"y\n\ncommit {world.fix} upstream.\n",
            {"w.c": format_function(l20="check(20, all);")},
        ),
    )
    world.repo.checkout("linux-6.1.y")
    undone_commit = world.repo.commit(
        f"Revert\n\nThis reverts commit {first}.\n",
        {"w.c": format_function(**GROUND)},
    )
    world.repo.checkout("master")
    result = world.read_branch_result(world.fix, "--onto", undone_commit)
    assert result["verdict"] == "clean"
    assert f"reverted by {undone_commit[:12]}" in result["reason"]


def test_affected_is_unknown_without_a_fixes_tag(
    world: World,
) -> None:
    answer = world.read_branch_result(
        world.groundwork, "--onto", world.create_stable_branch("6.1", world.culprit)
    )
    assert (answer["verdict"], answer["affected"]) == ("clean", None)


def test_json_output_matches_the_contract(world: World) -> None:
    world.create_stable_branch("6.1", world.base)
    world.create_stable_branch("6.12", world.groundwork)
    result = world.read_backport_json(world.fix)
    assert result["schema"] == "patchpilot/backport/1"
    assert (result["commit"], result["culprits"]) == (world.fix, [world.culprit])
    assert [branch["branch"] for branch in result["branches"]] == [
        "linux-6.1.y",
        "linux-6.12.y",
    ]
    assert set(result["branches"][0]) >= {
        "branch", "version", "tip", "verdict", "landed_as", "queued", "culprit_as", "reason",
        "conflicts", "prerequisites", "commands", "affected", "applies", "prerequisites_partial", "search",  # noqa: E501
    }  # fmt: skip
    assert [series["version"] for series in result["missing"]] == [
        maintained.version
        for maintained in default_project().stable.find_maintained()
        if maintained.version not in ("6.1", "6.12")
    ]


def test_series_is_applied_cumulatively(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    result = world.read_backport_json(f"{world.culprit}..{world.fix}", "--onto", tip)
    assert [entry["branches"][0]["verdict"] for entry in result["series"]] == [
        "clean",
        "clean",
    ]
    assert result["commit"] == world.fix


def test_newer_branches_without_the_fix_are_listed(world: World) -> None:
    world.create_stable_branch("6.1", world.groundwork)
    world.create_stable_branch("6.12", world.groundwork)
    older, newer = world.read_backport_json(world.fix)["branches"]
    assert (older["lacking_newer"], newer["lacking_newer"]) == (["linux-6.12.y"], [])


def test_later_fixes_and_reverts_are_required(world: World) -> None:
    follow = world.repo.commit(
        f'work: really\n\nFixes: {world.fix[:12]} ("work: do not forget step 20")\n',
        {"other.c": format_function(l1="x();")},
    )
    answer = world.read_branch_result(
        world.fix, "--onto", world.create_stable_branch("6.12", world.groundwork)
    )
    assert [(follower["commit"], follower["kind"]) for follower in answer["followers"]] == [
        (follow, "fix")
    ]


def test_release_candidate_commit_is_queued(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.branch("candidate", "linux-6.12.y")
    tip = world.repo.commit(f"y\n\n[ Upstream commit {world.fix} ]\n", {"w.c": "x\n"})
    world.repo.checkout("master")
    world.repo.git("update-ref refs/remotes/stable-rc/linux-6.12.y", tip)
    result = world.read_branch_result(world.fix)
    assert (result["branch"], result["queued"], result["verdict"]) == (
        "linux-6.12.y",
        True,
        "clean",
    )


def test_patch_queue_commit_is_queued(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.git("checkout -q --orphan queue")
    world.repo.git("rm -rfq .")
    tip = world.repo.commit(
        "queue", {"queue-6.12/work-fix.patch": f"[ Upstream commit {world.fix} ]\n"}
    )
    world.repo.git("checkout -qf master")
    world.repo.git("update-ref refs/remotes/stable-queue/master", tip)
    assert world.read_branch_result(world.fix)["queued"] is True


def test_fail_on_conflict_sets_the_exit_code(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    assert world.run_backport(world.fix, "--onto", tip, "--fail-on", "conflict").code == 1
    assert world.run_backport(world.fix, "--onto", "master", "--fail-on", "affected").code == 0
    assert world.run_backport(world.fix, "--onto", tip, "--fail-on", "affected").code == 1


def test_text_and_markdown_agree(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    output = world.run_backport(world.fix, "--onto", "linux-6.12.y").out
    assert "conflict" in output
    assert world.groundwork[:12] in output
    table = world.run_backport(world.fix, "--onto", tip, "--format", "markdown").out
    assert "| branch | verdict |" in table
    assert world.groundwork[:12] in table


def test_subject_is_escaped(
    world: World,
) -> None:
    evil_commit = world.repo.commit("work: \x1b[31mred\x1b[0m | <b>bold</b>\n", {"other.c": "x\n"})
    for form in ("text", "markdown"):
        output = world.run_backport(evil_commit, "--onto", world.base, "--format", form).out
        assert "\x1b" not in output
    assert "<b>" not in output
    assert "\\|" in output


def test_errors_have_a_hint(world: World, tmp_path: object) -> None:
    outcome = world.run_backport(world.fix)
    assert outcome.code == 3
    assert "setup stable --fetch" in outcome.err
    outcome = world.run_backport(world.fix, "--onto", "mastr")
    assert outcome.code == 2
    assert "'master'" in outcome.err
    merge_base = world.create_stable_branch("6.1", world.base, ("x", {"n.c": "1\n"}))
    world.repo.git("merge -q --no-ff -m merge", merge_base)
    outcome = world.run_backport("HEAD", "--onto", world.base)
    assert outcome.code == 2
    assert "merge" in outcome.err


def test_root_commit_is_accepted(world: World) -> None:
    world.repo.git("checkout -q --orphan elsewhere")
    world.repo.git("rm -rfq .")
    tip = world.repo.commit("elsewhere", {"e.c": "1\n"})
    assert world.read_branch_result(world.base, "--onto", tip)["verdict"] == "clean"


def test_other_projects_use_their_branch_pattern(world: World) -> None:
    world.repo.git("branch 23.11", world.groundwork)
    world.repo.git("branch 24.11", world.fix)
    result = world.read_backport_json(world.fix)
    assert [(branch["branch"], branch["verdict"]) for branch in result["branches"]] == [
        ("23.11", "clean"),
        ("24.11", "already-fixed"),
    ]


def test_worktree_and_bare_clone_agree(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.culprit)
    before = world.read_branch_result(world.fix, "--onto", tip)
    world.repo.git("worktree add -q --detach ../linked master")
    world.repo.git("clone -q --bare . ../bare.git")
    for name in ("linked", "bare.git"):
        clone = World.__new__(World)
        clone.repo = Repo.__new__(Repo)
        clone.repo.path = world.repo.path.parent / name
        assert clone.read_branch_result(world.fix, "--onto", tip) == before


def test_moved_line_is_not_a_whitespace_change(world: World) -> None:
    content = format_function(**FIXED)
    moved_commit = world.repo.commit(
        "work: first things first",
        {
            "w.c": (
                content.replace("\tstep(30);\n", "").replace(
                    "\tstep(40);\n", "\tstep(40);\n\tstep(30);\n"
                )
            )
        },
    )
    spaced_commit = world.repo.commit(
        "work: room",
        {
            "other.c": (
                format_function().replace(
                    "\tstep(30);\n\tstep(31);\n", "\tstep(30);\n\n\tstep( 31 );\n"
                )
            )
        },
    )
    tip = world.create_stable_branch("6.12", world.fix)
    assert not world.read_backport_json(moved_commit, "--onto", tip)["rules"]
    assert "whitespace only" in world.read_backport_json(spaced_commit, "--onto", tip)["rules"][0]


def test_version_selects_its_branch(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.groundwork)
    for word in ("6.12", "6.12.y"):
        result = world.read_branch_result(world.fix, "--onto", word)
        assert (result["branch"], result["tip"]) == ("linux-6.12.y", tip)


def test_missing_series_hint_names_the_fetch(world: World) -> None:
    outcome = world.run_backport(world.fix, "--onto", "5.15")
    assert outcome.code == 2
    assert "git fetch stable linux-5.15.y" in outcome.err
    assert "nothere" in world.run_backport(world.fix, "--onto", "nothere").err


@pytest.mark.parametrize("is_named", [True, False])
def test_project_ignores_other_stable_trees(tmp_path: Path, is_named: bool) -> None:
    def run_backport(profile: str, sign_option: str, *arguments: str) -> str:
        repo = Repo(tmp_path / profile)
        repo.commit("start", {sign_option if not is_named else "a.c": "x\n"})
        repo.commit("fix", {"a.c": "y\n"})
        result = repo.patchpilot(
            "backport HEAD", *arguments, *(["--profile", profile] if is_named else [])
        )
        assert result.code in (2, 3)
        assert "kernel.org" not in result.err
        return result.err

    boot = run_backport("u-boot", "common/spl/spl.c")
    assert "no stable branch has been fetched" in boot
    assert "--onto" in boot
    assert "setup stable" not in boot
    assert "patchpilot setup stable --fetch" in run_backport("dpdk", "lib/eal/x.c")


def test_foreign_version_is_not_a_series(tmp_path: Path) -> None:
    repo = Repo(tmp_path / "r")
    repo.commit("start", {"common/spl/spl.c": "x\n"})
    outcome = repo.patchpilot("backport HEAD --onto 6.1")
    assert outcome.code == 2
    assert "no commit, branch or directory" in outcome.err
    assert "kernel.org" not in outcome.err
    repo.commit("dpdk", {"lib/eal/x.c": "x\n"})
    outcome = repo.patchpilot("backport HEAD --onto 24.11")
    assert "git fetch stable 24.11" in outcome.err


def test_backport_gets_the_verdict_of_its_mainline_commit(world: World) -> None:
    repo = world.repo
    message = repo.git("log -1 --format=%B", world.fix).replace(
        "Signed-off-by", "Tested-by: Tess <tess@example.org>\nSigned-off-by"
    )
    repo.branch("topic", world.groundwork)
    our_commit = repo.commit(
        message,
        {"w.c": format_function(**FIXED)},
        author="Ada Author <author@example.org>",
    )
    repo.checkout("master")
    tip = world.create_stable_branch(
        "6.12",
        world.groundwork,
        (
            f"x\n\ncommit {world.fix} upstream.\n",
            {"w.c": format_function(l10="quick(10);", l20="check(20, all);")},
        ),
    )
    result = world.read_backport_json(our_commit, "--onto", tip)
    assert (result["commit"], result["asked"], result["upstream"]) == (
        world.fix,
        our_commit,
        True,
    )
    assert result["branches"][0]["verdict"] == "already-fixed"
    assert world.read_backport_json(world.fix, "--onto", tip)["asked"] is None
    output = repo.patchpilot("backport", our_commit, "--onto", tip).out
    assert f"{our_commit[:12]}, merged as this commit" in output
    repo.git("checkout -q topic")
    repo.git("commit -q --amend -m", f"{message}\n(cherry picked from commit {world.fix})\n")
    output = repo.patchpilot("backport", "HEAD", "--onto", tip).out
    assert ", a backport of this commit" in output


def test_same_title_does_not_mean_same_commit(
    world: World,
) -> None:
    repo = world.repo
    repo.branch("topic", world.groundwork)
    other_commit = repo.commit(
        "work: do not forget step 20\n",
        {"other.c": format_function(l30="other(30);")},
        author="Ada Author <author@example.org>",
    )
    repo.checkout("master")
    answer = world.read_backport_json(
        other_commit, "--onto", world.create_stable_branch("6.12", world.groundwork)
    )
    assert (answer["commit"], answer["asked"]) == (other_commit, None)


def test_later_fix_is_reported_as_a_hint(world: World) -> None:
    tip = world.create_stable_branch("6.12", world.groundwork)
    refixed = format_function(**(FIXED | {"l20": "check(20, most);"}))
    later_fix = world.repo.commit("work: fix step 20 again", {"w.c": refixed})
    world.repo.commit("work: fix another step", {"w.c": refixed + "/* end */\n"})
    result = world.read_branch_result(world.fix, "--onto", tip)
    assert result["hints"] == [
        f'a later commit fixes the same lines: {later_fix[:12]} ("work: fix step 20 again")'
    ]


def test_import_without_history_is_no_evidence(world: World) -> None:
    def import_code(content: str) -> dict[str, object]:
        files = {f"n{number}.c": "int n;\n" for number in range(60)}
        version = f"6.{len(world.repo.git('branch').splitlines())}"
        tip = world.create_stable_branch(
            version, world.base, ("Vendor release", {**files, "w.c": content})
        )
        return world.read_branch_result(world.fix, "--onto", tip)

    answer = import_code(format_function(l10="quick(10);", l19="check(19);", l20="check(20);"))
    assert (answer["verdict"], answer["affected"]) == ("clean", None)
    assert "1 of 1 lines that it adds are" in str(answer["reason"])
    answer = import_code(format_function(l50="new(50);"))
    assert (answer["verdict"], answer["affected"]) == ("not-affected", False)
    assert "no line that it adds is there" in str(answer["reason"])
    answer = import_code(format_function(**FIXED))
    assert answer["verdict"] == "already-fixed"
