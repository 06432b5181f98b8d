# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that a posted backport is applied instead of the commit that it names."""

from pathlib import Path

import pytest

from patchpilot.commits.confinement import find_confinement
from tests.backports.test_targets_stable_mails import KINDS, make_adapted_diff, make_stable_mail
from tests.kit.backport_world import World, format_function
from tests.kit.confinement import use_confinement
from tests.kit.mails import build_mail, build_mbox

OWN = {"w.c": format_function(l10="quick(10);", l20="own(7);")}
POSTED = ["review", "y", "autosel", "added"]


def make_branch(world: World) -> str:
    """Create a branch with other code than mainline, on which the fix conflicts."""
    world.repo.checkout(world.culprit)
    world.repo.commit("own", OWN)
    return world.create_stable_branch("6.6", "HEAD")


def make_diff(world: World, **lines: str) -> str:
    old = format_function(l10="quick(10);", l20="own(7);")
    new = format_function(l10="quick(10);", **({"l20": "own(7, 1);"} | lines))
    world.repo.put("old.c", old)
    world.repo.put("new.c", new)
    diff = world.repo.git("diff --no-index old.c new.c", must_succeed=False)
    return diff.replace("old.c", "w.c").replace("new.c", "w.c") + "\n"


@pytest.mark.parametrize(
    "kind", [POSTED[0], *(pytest.param(kind, marks=pytest.mark.long) for kind in POSTED[1:])]
)
def test_posted_backport_is_applied_where_its_commit_conflicts(
    world: World, tmp_path: Path, kind: str
) -> None:
    assert kind in KINDS
    tip = make_branch(world)
    file = tmp_path / "mail"
    file.write_bytes(make_stable_mail(world, kind, "stable", diff=make_diff(world)))
    result = world.read_backport_json(file, "--onto", tip, "--effort", "0")
    (branch,) = result["branches"]
    assert (result["commit"], branch["verdict"], branch["conflicts"]) == (world.fix, "clean", [])
    assert result["origin"]["same"] == "lines"
    assert any("own(7, 1)" in hint for hint in branch["hints"]), (branch["hints"], result["origin"])
    outcome = world.run_backport(file, "--onto", tip, "--write", tmp_path / "out")
    assert outcome.code == 0, outcome.err
    (patch,) = (tmp_path / "out").rglob("*.patch")
    text = patch.read_text()
    assert text.count(world.fix) == 1
    assert "review patch" not in text
    world.apply_to_clone(tip, [patch], tmp_path / "clone")
    world.repo.git("config patchpilot.branches linux-6.6.y=cherry-pick")
    words = ("--onto", "linux-6.6.y", "--write", tmp_path / "own")
    world.run_backport(file, *words).expect(0)
    (patch,) = (tmp_path / "own").rglob("*.patch")
    text = patch.read_text()
    assert f"(cherry picked from commit {world.fix})" in text
    assert f"commit {world.fix} upstream" not in text


def test_mails_are_applied_in_their_order(world: World, tmp_path: Path) -> None:
    other = world.repo.commit("work: second", {"w.c": format_function(l30="other(30);")})
    tip = make_branch(world)
    first = make_stable_mail(world, "review", "stable", diff=make_diff(world))
    change = make_diff(world).replace("own(7, 1);", "own(7, 2);").replace("own(7);", "own(7, 1);")
    second = build_mail(
        "[PATCH 6.6 018/203] work: second", f"commit {other} upstream.\n\nText.\n---\n{change}"
    )
    for mails, verdicts in ((first, second), ["clean", "clean"]), ((second,), ["conflict"]):
        file = tmp_path / "mbox"
        file.write_bytes(build_mbox(*mails))
        files = [tmp_path / f"{number}.patch" for number in range(len(mails))]
        for name, mail in zip(files, mails, strict=True):
            name.write_bytes(mail)
        for targets in [file], files:
            result = world.read_backport_json(*targets, "--onto", tip, "--effort", "0")
            rows = result["series"] if len(mails) > 1 else [result]
            assert [row["branches"][0]["verdict"] for row in rows] == verdicts


def test_commits_of_a_stable_range_are_applied_as_they_are(world: World) -> None:
    other = world.repo.commit("work: second", {"w.c": format_function(l30="other(30);")})
    tip = make_branch(world)
    texts = (
        format_function(l10="quick(10);", l20="own(7, 1);"),
        format_function(l10="quick(10);", l20="own(7, 2);"),
    )
    world.repo.checkout(tip)
    for upstream, text in zip((world.fix, other), texts, strict=True):
        title = world.repo.git(f"log -1 --format=%s {upstream}")
        last = world.repo.commit(f"{title}\n\ncommit {upstream} upstream.\n", {"w.c": text})
    result = world.read_backport_json(
        f"{tip}..{last}", "--all", "--onto", tip, "--effort", "0", "--build", "grep -c 7,.2 w.c"
    )
    assert [row["commit"] for row in result["series"]] == [world.fix, other]
    assert [row["branches"][0]["verdict"] for row in result["series"]] == ["clean", "clean"]
    assert [build["exit_code"] for build in result["builds"]] == [0]


def test_posted_backport_that_does_not_apply_is_named(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.6", world.groundwork)
    file = tmp_path / "mail"
    diff = make_adapted_diff(world, 3)
    file.write_bytes(make_stable_mail(world, "review", "stable", diff=diff))
    branch = world.read_branch_result(file, "--onto", tip, "--effort", "0")
    assert branch["verdict"] == "clean"
    assert any("the posted patch does not apply" in hint for hint in branch["hints"])


@pytest.mark.parametrize("path", [".git/hooks/post-checkout", "dir/.GIT/config", "../outside.c"])
def test_posted_file_outside_the_tree_is_not_applied(
    world: World, tmp_path: Path, path: str
) -> None:
    tip = make_branch(world)
    new_file = (
        f"diff --git a/{path} b/{path}\nnew file mode 100755\nindex 000000000000..0123456789ab\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+#!/bin/sh\n"
    )
    file = tmp_path / "mail"
    file.write_bytes(make_stable_mail(world, "review", "stable", diff=make_diff(world) + new_file))
    result = world.read_backport_json(file, "--onto", tip, "--effort", "0")
    assert result["branches"][0]["verdict"] == "conflict"


def test_command_builds_a_posted_backport_without_the_users_files(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = make_branch(world)
    file = tmp_path / "mail"
    file.write_bytes(make_stable_mail(world, "review", "stable", diff=make_diff(world)))
    secret = tmp_path / "secret"
    secret.write_text("key\n")

    def build(command: str) -> int:
        result = world.read_backport_json(file, "--onto", tip, "--build", command)
        return int(result["builds"][0]["exit_code"])

    assert build("grep -c own.7,.1 w.c") == 0
    assert build("false") == 1
    if find_confinement().is_complete:
        assert build(f"cat {secret}") == 1
    use_confinement(monkeypatch)
    ran = tmp_path / "ran"
    outcome = world.run_backport(file, "--onto", tip, "--build", f"touch {ran}")
    assert outcome.code == 3
    assert "a mail contains the code to build" in outcome.err
    assert not ran.exists()
    world.run_backport(world.fix, "--onto", world.culprit, "--build", f"touch {ran}").expect(0)
    assert ran.exists()
