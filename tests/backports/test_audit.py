# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the list of the fixes that a branch lacks, and verdicts on each fix of a list."""

import json
from pathlib import Path
from typing import Any

import pytest

from patchpilot.backports import audit
from patchpilot.backports.audit import Audit
from tests.kit.backport_world import FIXED, GROUND, World, format_function
from tests.kit.cli import Outcome

OTHER = {"other.c": format_function(l5="other(5);")}


def read_lines(outcome: Outcome) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows and the totals of the only branch."""
    assert outcome.code == 0, outcome.err
    *rows, last = [json.loads(line) for line in outcome.out.splitlines()]
    (branch,) = last["summary"]["branches"]
    return rows, branch


def run_missing(world: World, tip: str, *arguments: object) -> Outcome:
    return world.run_backport("--missing", "--onto", tip, "--format", "jsonl", *arguments)


def commit_fix(world: World, name: str, bug: str, files: dict[str, str]) -> str:
    subject = world.repo.git("show -s --format=%s", bug)
    return world.repo.commit(f'{name}\n\nFixes: {bug[:12]} ("{subject}")\n', files)


def test_row_is_the_verdict_of_the_single_fix(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    rows, branch = read_lines(run_missing(world, tip))
    (row,) = rows
    single = world.read_branch_result(world.fix, "--onto", tip)
    for key in ("verdict", "affected", "applies", "reason", "prerequisites", "landed_as"):
        assert row[key] == single[key]
    assert (row["commit"], row["culprit"]) == (world.fix, world.culprit)
    assert (row["culprit_in_branch"], row["carried"]) == (world.culprit, False)
    assert (branch["missing"], branch["judged"], branch["verdicts"]) == (1, 1, {"clean": 1})


@pytest.mark.parametrize(
    "mark", ["[ Upstream commit {} ]", "commit {} upstream.", "(cherry picked from commit {})"]
)
def test_bug_that_was_backported_is_carried(world: World, mark: str) -> None:
    quick = {"w.c": format_function(l10="quick(10);")}
    tip = world.create_stable_branch(
        "6.6", world.base, (f"work: be quick\n\n{mark.format(world.culprit)}\n", quick)
    )
    (row,), branch = read_lines(run_missing(world, tip, "--carried"))
    assert (row["culprit_in_branch"], row["carried"], branch["carried"]) == (tip, True, 1)
    assert row["verdict"] == "conflict"


def test_branch_lacks_no_fix_that_it_has(world: World) -> None:
    fixed = {"w.c": format_function(**FIXED)}
    message = f"work: step 20\n\ncommit {world.fix} upstream.\n"
    for start, commits in (
        (world.fix, ()),
        (world.groundwork, ((message, fixed),)),
        (world.groundwork, (("all at once", fixed),)),
        (world.base, ()),
    ):
        name = f"6.{len(world.repo.git('branch').splitlines())}"
        tip = world.create_stable_branch(name, start, *commits)
        rows, branch = read_lines(run_missing(world, tip))
        assert (rows, branch["missing"]) == ([], 0)


def test_fix_and_bug_that_were_reverted_are_apart(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    world.repo.git("revert --no-edit", world.fix)
    rows, branch = read_lines(run_missing(world, tip))
    assert (rows, branch["apart_counts"]) == ([], {"reverted": 1})
    world.repo.checkout("linux-6.6.y")
    world.repo.git("revert --no-edit", world.culprit)
    rows, branch = read_lines(run_missing(world, "linux-6.6.y"))
    assert (rows, branch["missing"]) == ([], 0)


def test_filters_set_fixes_apart(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    world.repo.tag("v6.2")
    fix = commit_fix(world, "other: fix", world.base, OTHER)
    world.create_stable_branch(
        "6.9", world.groundwork, ("x\n\ncommit " + fix + " upstream.", OTHER)
    )

    def list_fixes(*arguments: object) -> tuple[list[str], dict[str, int]]:
        rows, branch = read_lines(run_missing(world, tip, "--list", *arguments))
        return [row["commit"] for row in rows], branch["apart_counts"]

    assert list_fixes() == ([fix, world.fix], {})
    assert list_fixes("other.c") == ([fix], {})
    assert list_fixes("--since", "v6.2") == ([fix], {})
    assert list_fixes("--since", "1d") == ([], {})
    stale = run_missing(world, tip, "--list", "--since", "1d").err
    assert "warning: the latest mainline commit here is of " in stale
    assert list_fixes("--carried") == ([], {"not-carried": 2})
    assert list_fixes("--not-in", "6.9") == ([world.fix], {"in-other-branch": 1})
    skipped = list_fixes("--skip", f"{fix[:12]}=not for us")
    assert skipped == list_fixes() == ([world.fix], {"skipped": 1})


def test_skip_list_may_be_a_file_of_the_user(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    skip_list = tmp_path / "skip"
    skip_list.write_text(f"# ours\n{world.fix[:12]} # breaks board 7")
    configuration = tmp_path / "gitconfig"
    configuration.write_text(f"[patchpilot]\n\tskip-list = {skip_list}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(configuration))
    _, branch = read_lines(run_missing(world, tip, "--skip", f"{world.culprit[:8]}=a b"))
    (apart,) = branch["apart"]
    assert (apart["kind"], apart["reason"]) == ("skipped", "breaks board 7")
    assert skip_list.read_text().splitlines()[-1] == f"{world.culprit[:8]} a b"
    skip_list.write_text(f"{world.fix[:12]} x\nabcdef012345 other clone\n")
    assert f"{skip_list}: no commit abcdef012345 in" in run_missing(world, tip).err
    skip_list.write_text(f"{world.fix[:12]}\n")
    run_missing(world, tip).expect(2, f"{skip_list}:1: no reason")


def test_skip_list_of_the_repository_requires_trust(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    skip_list = tmp_path / "skip"
    skip_list.write_text(f"{world.fix[:12]} breaks board 7\n")
    world.repo.git("config patchpilot.skipList", str(skip_list))
    outcome = run_missing(world, tip, "--skip", f"{world.culprit[:8]}=a b")
    outcome.expect(1, "are not trusted yet: patchpilot.skiplist", "patchpilot trust")
    assert skip_list.read_text().count("\n") == 1
    assert world.repo.patchpilot("trust").code == 0
    _, branch = read_lines(run_missing(world, tip))
    assert branch["apart_counts"] == {"skipped": 1}


def test_code_that_is_not_compiled_is_apart(world: World, tmp_path: Path) -> None:
    world.repo.commit(
        "build",
        {
            "drivers/Makefile": "obj-$(CONFIG_A) += a.o\nobj-y += net/\n",
            "drivers/net/Makefile": "obj-$(CONFIG_B) += b.o\nb-objs := b1.o b2.o\n",
            **{f"drivers/{name}": "int x;\n" for name in ("a.c", "net/b1.c", "c.h")},
        },
    )
    tip = world.create_stable_branch("6.6", "master")
    bug = world.repo.git("rev-parse master")
    commit_fix(world, "a: fix", bug, {"drivers/a.c": "int y;\n"})
    kept = commit_fix(world, "b: fix", bug, {"drivers/net/b1.c": "int y;\n"})
    both = commit_fix(world, "h: fix", bug, {"drivers/c.h": "int y;\n"})
    config = tmp_path / "config"
    config.write_text("# CONFIG_A is not set\nCONFIG_B=m\n")
    rows, branch = read_lines(run_missing(world, tip, "--config", config, "--list"))
    assert [row["commit"] for row in rows] == [both, kept]
    (apart,) = branch["apart"]
    assert (apart["kind"], apart["reason"]) == ("not-compiled", "CONFIG_A is not set")


def test_fix_without_culprit_is_counted_and_judged_with_all(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.fix)
    fix = world.repo.commit("other: x\n\nCc: stable@vger.kernel.org\n", OTHER)
    assert read_lines(run_missing(world, tip))[1]["apart_counts"] == {"no-culprit": 1}
    (row,), _ = read_lines(run_missing(world, tip, "--all"))
    assert (row["commit"], row["culprit"], row["affected"]) == (fix, None, None)


def test_list_of_fixes_goes_on_after_one_that_fails(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    ids = f"# mine\n{'0' * 12} lost\n{world.fix[:12]} work: step 20\n".encode()
    expected = [("0" * 12, "unknown"), ("work: do not forget step 20", "clean")]
    file = tmp_path / "ids"
    file.write_bytes(ids)
    for target, stdin in (("-", ids), (file, b"")):
        outcome = world.repo.patchpilot("backport", target, "--onto", tip, "--json", stdin=stdin)
        assert [(row["subject"], row["verdict"]) for row in outcome.json["fixes"]] == expected
    outcome = world.run_backport("0" * 12, world.fix, "--onto", tip, "--json")
    assert [(row["subject"], row["verdict"]) for row in outcome.json["fixes"]] == expected


def test_mbox_is_judged_one_by_one_as_lines(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    mbox = tmp_path / "fixes.mbox"
    patch = world.repo.git("format-patch -1 --stdout", world.fix)
    wrong = patch.replace("check(20", "missing(20").replace("forget step", "lose step")
    mbox.write_text(f"{wrong}\n{patch}\n")
    rows, _ = read_lines(world.run_backport(mbox, "--onto", tip, "--format", "jsonl"))
    assert sorted(row["verdict"] for row in rows) == ["clean", "unknown"]


def test_patches_are_written_without_the_ones_that_do_not_apply(
    world: World, tmp_path: Path
) -> None:
    tip = world.create_renamed_branch()
    good = commit_fix(world, "other: fix", world.base, OTHER)
    outcome = run_missing(world, tip, "--write", tmp_path / "out")
    summary = json.loads(outcome.out.splitlines()[-1])["summary"]
    (written,) = summary["written"]
    assert (written["count"], written["left"]) == (1, 1)
    (patch,) = written["files"]
    assert good in Path(patch).read_text()
    assert "neither built nor tested" in Path(patch).read_text()
    (left,) = map(json.loads, Path(written["left_file"]).read_text().splitlines())
    assert (left["commit"], left["verdict"]) == (world.fix, "conflict")
    assert "conflict" in left["reason"]
    world.apply_to_clone(tip, written["files"], tmp_path / "clone")


def test_fixes_are_in_the_order_in_which_they_are_likely_to_be_picked(
    world: World, tmp_path: Path
) -> None:
    """Commits after the ones that the branch picked are first, then the tagged and urgent ones."""
    repo, base = world.repo, world.base

    def fix(name: str, more: str = "") -> str:
        line = f'Fixes: {base[:12]} ("{repo.git("show -s --format=%s", base)}")'
        return repo.commit(f"{name}\n\n{line}\n{more}", {f"{len(name)}.c": "int x;\n"})

    stable = "Cc: stable@vger.kernel.org\n"
    undone, passed_over = fix("net: too much"), fix("net: a fix", stable)
    picked = [fix(f"gpu: fix {'x' * count}", stable) for count in range(9)]
    plain = fix("net: another fix")
    tagged, in_gpu = fix("net: the tagged fix", stable), fix("gpu: tag", stable)
    crash = fix("net: fix a crash of tagged", stable)
    again = fix("net: fix it, but not completely", stable)
    repo.commit(f'x\n\nFixes: {again[:12]} ("y")\n', {"y.c": ""})
    commits = [
        (f"gpu: fix {number}\n\ncommit {commit} upstream.\n", {f"p{number}.c": ""})
        for number, commit in enumerate(picked)
    ]
    undo = f"net: too much\n\ncommit {undone} upstream.\n", {"z.c": ""}
    tip = world.create_stable_branch("6.6", world.fix, *commits, undo)
    repo.checkout("linux-6.6.y")
    repo.git("revert --no-edit", tip)
    rows, branch = read_lines(run_missing(world, "linux-6.6.y", "--list"))
    expected = [in_gpu, crash, tagged, again, passed_over, plain]
    assert [row["commit"] for row in rows] == expected
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["rank_reasons"] == [
        "newer than all picked commits",
        "Cc: stable",
        "9 of 9 commits of gpu were picked",
    ]
    assert rows[3]["rank_reasons"][-1] == "it was fixed later"
    assert rows[4]["rank_reasons"][0] == "9 later commits were picked"
    (apart,) = branch["apart"]
    assert (apart["commit"], apart["kind"]) == (undone, "reverted-in-branch")
    text = world.run_backport("--missing", "--list", "--onto", "linux-6.6.y").out
    assert f"  {in_gpu[:12]}  gpu: tag\n      newer than all picked" in text
    assert "     1  reverted in the branch" in text
    outcome = run_missing(world, "linux-6.6.y", "--write", tmp_path / "out")
    (written,) = json.loads(outcome.out.splitlines()[-1])["summary"]["written"]
    titles = [Path(file).name.partition("-")[2] for file in written["files"]]
    assert titles[0].startswith("net-a-fix")
    assert [title[:7] for title in titles[-2:]] == ["net-fix", "x.patch"]


def test_interrupted_audit_keeps_its_rows_and_continues(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    fix = commit_fix(world, "other: fix", world.base, OTHER)
    judge = Audit._judge_shares

    def stop_after_first(self: Audit, todo: Any) -> Any:
        yield from judge(self, todo[:1])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Audit, "_judge_shares", stop_after_first)
        outcome = run_missing(world, tip)
        text = world.run_backport("--missing", "--onto", tip)
    row, last = map(json.loads, outcome.out.splitlines())
    assert (outcome.code, row["commit"], last["summary"]["complete"]) == (130, fix, False)
    assert (text.code, "1 of 2 fixes are judged; --continue" in text.out) == (130, True)
    judged: list[str] = []

    def note(self: Audit, todo: Any) -> Any:
        judged.extend(fix.commit for _, fix in todo)
        return judge(self, todo)

    monkeypatch.setattr(Audit, "_judge_shares", note)
    rows, _ = read_lines(run_missing(world, tip, "--continue"))
    assert ([row["commit"] for row in rows], judged) == ([fix, world.fix], [world.fix])
    # the patches are those of the verdicts that were shown
    assert len(read_lines(run_missing(world, tip, "--write", tmp_path / "out"))[0]) == 2
    assert judged == [world.fix]


def test_processes_give_the_same_rows(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    monkeypatch.setattr(audit, "_SHARE", 2)
    monkeypatch.setattr(audit, "_WORTH_A_PROCESS", 4)
    content = dict(GROUND)
    for number in range(5):
        content[f"l{number}"] = f"x({number});"
        commit_fix(world, f"x {number}", world.base, {"other.c": format_function(**content)})
    first, second = (run_missing(world, tip, "--jobs", jobs).out for jobs in (1, 2))
    assert first == second
    assert first.count("\n") == 7


def test_text_has_totals_first_and_few_lines(world: World) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    text = world.run_backport("--missing", "--onto", tip).out
    assert text.startswith(f"{tip} lacks 1 mainline fix of its bugs")
    assert f"next: patchpilot backport --missing --onto {tip} --write " in text


def test_options_of_an_audit_are_refused_elsewhere(world: World, tmp_path: Path) -> None:
    outcome = world.run_backport(world.fix, "--onto", world.base, "--carried")
    outcome.expect(2, "--carried has no effect", "--missing")
    outcome = world.run_backport("--missing", "--onto", tmp_path)
    outcome.expect(2, "a directory has no history")
    outcome = world.run_backport("--missing", "--onto", world.base, "--skip", "x=y")
    outcome.expect(2, "not COMMIT=REASON")
    outcome = world.run_backport("--missing", "--onto", world.base, "--skip", "abcdef012345=y")
    outcome.expect(2, "--skip: no commit abcdef012345 in this repository")
