# SPDX-License-Identifier: GPL-2.0-or-later
"""Test verdicts for an unpacked tree. They depend only on the tree's content."""

import json
from pathlib import Path
from typing import Any

from tests.kit.archive import serve_archive
from tests.kit.backport_world import FIXED, World, format_function
from tests.kit.cli import call


def read_first_branch_result(*arguments: object) -> dict[str, Any]:
    result = call("backport", *arguments, "--format", "json")
    assert result.code == 0, result.err
    branch_result: dict[str, Any] = json.loads(result.out)["branches"][0]
    return branch_result


def write_patch(world: World, folder: Path) -> Path:
    file = folder / "fix.patch"
    file.write_text(world.repo.git("format-patch --stdout -1", world.fix) + "\n")
    return file


def write_crlf_patch(world: World, folder: Path) -> Path:
    file = write_patch(world, folder)
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    return file


FITTING = format_function(l19="check(19);", l20="check(20);")


def write_tree(folder: Path, content: str = FITTING) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    (tree / "w.c").write_text(content)
    (tree / "Makefile").write_text("VERSION = 5\nPATCHLEVEL = 15\n")
    return tree


def test_applied_content_is_reported(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, format_function(**FIXED))
    answer = read_first_branch_result(write_patch(world, workdir), "--onto", tree)
    assert (answer["verdict"], answer["landed_as"], answer["version"]) == (
        "already-fixed",
        None,
        "5.15",
    )
    assert "already applied" in answer["reason"]
    assert "no git history" in answer["reason"]


def test_patch_can_apply_to_a_directory(world: World, workdir: Path) -> None:
    tree = write_tree(workdir)
    answer = read_first_branch_result(write_patch(world, workdir), "--onto", tree)
    assert (answer["verdict"], answer["affected"]) == ("clean", None)
    assert answer["commands"][0].startswith("patch -p1 -d ")


def test_error_gives_line_of_failing_patch(world: World, workdir: Path) -> None:
    answer = read_first_branch_result(
        write_patch(world, workdir), "--onto", write_tree(workdir, format_function())
    )
    assert answer["verdict"] == "conflict"
    assert answer["conflicts"][0]["path"] == "w.c"


def test_missing_file_is_a_conflict(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, "")
    (tree / "w.c").unlink()
    assert (
        read_first_branch_result(write_patch(world, workdir), "--onto", tree)["conflicts"][0][
            "kind"
        ]
        == "file does not exist"
    )


def test_directory_and_branch_can_be_combined(world: World, workdir: Path) -> None:
    tree = write_tree(workdir)
    outcome = world.run_backport(world.fix, "--onto", tree, "--onto", "master", "--format", "json")
    assert [branch["verdict"] for branch in json.loads(outcome.out)["branches"]] == [
        "already-fixed",
        "clean",
    ]


def test_patch_file_matches_its_merged_commit(world: World, workdir: Path) -> None:
    outcome = world.run_backport(
        write_patch(world, workdir), "--onto", world.culprit, "--format", "json"
    )
    assert json.loads(outcome.out)["commit"] == world.fix
    assert json.loads(outcome.out)["branches"][0]["verdict"] == "conflict"


def test_uncommitted_patch_is_checked_as_git_am_commits_it(world: World, workdir: Path) -> None:
    file = write_patch(world, workdir)
    file.write_text(file.read_text().replace("do not forget", "do forget"))
    before = world.repo.git("for-each-ref '--format=%(refname) %(objectname)'")
    parent = world.repo.git("rev-parse", f"{world.fix}^").strip()
    arguments = ("backport", "-C", world.repo.path, "--base", parent, file)
    outcome = call(*arguments, "--onto", "master", "--format", "json")
    document = json.loads(outcome.out)
    commit = document["asked"]
    assert document["commit"] == world.fix
    assert document["branches"][0]["verdict"] == "already-fixed"
    assert world.repo.git("show -s --format=%P", commit).strip() == parent
    assert "do forget" in world.repo.git("show -s --format=%s", commit)
    # a second run gives the same result, and does not change the user's files
    committed = json.loads(call(*arguments, "--onto", "master", "--format", "json").out)
    assert committed["asked"] == commit
    assert before == world.repo.git("for-each-ref '--format=%(refname) %(objectname)'")
    assert not world.repo.git("status --porcelain --untracked-files=no")


def test_patch_without_a_base_is_a_usage_error(world: World, workdir: Path) -> None:
    file = write_patch(world, workdir)
    file.write_text(
        file.read_text().replace("do not forget", "do forget").replace("check(", "cook(")
    )
    outcome = world.run_backport(file, "--onto", "master")
    assert outcome.code == 2
    assert "does not apply to" in outcome.err
    assert "--base" in outcome.err


def test_message_id_is_fetched(world: World, workdir: Path) -> None:
    file = write_patch(world, workdir)
    mail = file.read_bytes().partition(b"\n")[2]
    with serve_archive(
        "stand-in", workdir / "inbox", b"Message-ID: <fix@example.org>\n" + mail
    ) as archive:
        world.repo.git("config --global patchpilot.lore", archive.url)
        outcome = call(
            *("backport", "-C", world.repo.path, "<fix@example.org>"),
            *("--onto", world.culprit, "--format", "json"),
        )
    document = json.loads(outcome.out)
    assert document["commit"] == world.fix
    assert document["branches"][0]["verdict"] == "conflict"


def test_file_without_a_diff_is_an_error(workdir: Path) -> None:
    (workdir / "x.patch").write_text("From: A <a@example.org>\nSubject: [PATCH] x\n\ntext\n")
    outcome = call("backport x.patch --onto", write_tree(workdir, "x\n"))
    assert outcome.code == 2
    assert "no diff" in outcome.err


def test_truncated_patch_is_an_error(world: World, workdir: Path) -> None:
    patch_text = write_patch(world, workdir).read_text()
    (workdir / "half.patch").write_text(patch_text[: patch_text.index("+\tcheck(20, all);")])
    tree = write_tree(workdir)
    outcome = call("backport half.patch --onto", tree)
    assert outcome.code == 2
    assert "half.patch: line" in outcome.err
    assert "truncated" in outcome.err


def test_crlf_patch_is_checked_as_git_am_reads_it(world: World, workdir: Path) -> None:
    dos = write_crlf_patch(world, workdir)
    tree = write_tree(workdir)
    answer = read_first_branch_result(dos, "--onto", tree)
    assert answer["verdict"] == "clean"
    assert "CR LF" in answer["reason"]
    (tree / "w.c").write_text(format_function())
    assert "CR LF" in read_first_branch_result(dos, "--onto", tree)["reason"]


def test_crlf_patch_fits_a_crlf_file(world: World, workdir: Path) -> None:
    dos = write_crlf_patch(world, workdir)
    tree = write_tree(workdir, "")
    (tree / "w.c").write_bytes(FITTING.replace("\n", "\r\n").encode())
    answer = read_first_branch_result(dos, "--onto", tree)
    assert answer["verdict"] == "clean"
    assert "CR LF" not in answer["reason"]


def test_bare_diff_is_named_after_its_file(world: World, workdir: Path) -> None:
    (workdir / "bare.diff").write_text(world.repo.git("diff", f"{world.fix}^", world.fix) + "\n")
    tree = write_tree(workdir)
    assert call("backport bare.diff --onto", tree).out.startswith("bare.diff\n")
    outcome = world.run_backport(workdir / "bare.diff", "--onto", "master")
    assert outcome.code == 2
    assert "the diff has no subject" in outcome.err


def test_missing_repository_error_lists_the_requirements(
    workdir: Path,
) -> None:
    outcome = call("backport HEAD")
    assert outcome.code == 3


def test_hunks_are_counted_by_result(world: World, workdir: Path) -> None:
    repo = world.repo
    content = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20, all);"}
    repo.commit(
        "more",
        {
            "w.c": format_function(**content, l32="a(32);", l44="b(44);", l56="c(56);"),
            "other.c": format_function(l5="d(5);", l25="e(25);"),
        },
    )
    file = workdir / "more.patch"
    file.write_text(repo.git("format-patch --stdout -1 HEAD") + "\n")
    tree = write_tree(workdir, format_function(**content, l32="a(32);", l44="else(44);"))
    answer = read_first_branch_result(file, "--onto", tree)
    assert answer["verdict"] == "conflict"
    assert answer["reason"].startswith(
        "of 5 hunks, 1 is already applied, 3 do not apply and 1 applies; "
    )
    assert [conflict["kind"] for conflict in answer["conflicts"]] == [
        "file does not exist",
        "already applied",
        "context not found",
    ]
    (tree / "other.c").write_text(format_function(l5="d(5);", l25="e(25);"))
    (tree / "w.c").write_text(format_function(**content, l32="a(32);"))
    answer = read_first_branch_result(file, "--onto", tree)
    assert answer["reason"].startswith("of 5 hunks, 3 are already applied and 2 apply; ")


def test_tag_branch_and_directory_agree(world: World, workdir: Path) -> None:
    fitting = {"l10": "quick(10);", "l19": "check(19);", "l20": "check(20);"}
    contents = {
        "clean": format_function(**fitting),
        "clean-3way": format_function(**fitting, l22="other(22);"),
        "conflict": format_function(l10="quick(10);", l20="quite_other(20);"),
    }
    for number, (verdict, content) in enumerate(contents.items()):
        tip = world.create_stable_branch(f"5.{number}", world.culprit, ("own", {"w.c": content}))
        world.repo.git("tag", f"old-{number}", tip)
        folder = workdir / verdict
        folder.mkdir()
        (folder / "w.c").write_text(content)
        answers = [
            read_first_branch_result("-C", world.repo.path, world.fix, "--onto", onto)
            for onto in (f"old-{number}", tip, folder)
        ]
        assert [answer["verdict"] for answer in answers] == [verdict] * 3
        assert [answer["applies"] for answer in answers] == [verdict] * 3


def test_cover_letter_alone_is_not_a_patch(workdir: Path) -> None:
    (workdir / "cover.eml").write_text(
        "From: Rita <rita@example.net>\nSubject: [PATCH 0/2] w: quick\n\nPlease add a Fixes: tag.\n"
    )
    outcome = call("backport cover.eml --onto", write_tree(workdir, format_function()))
    assert outcome.code == 2
    assert "cover.eml contains no patch" in outcome.err


def test_adapted_fix_is_probably_there_with_the_lines(world: World, workdir: Path) -> None:
    adapted = format_function(l18="more(18);", l19="verify(19);", l20="check(20, all);")
    tree = write_tree(workdir, adapted)
    patch = write_patch(world, workdir)
    answer = read_first_branch_result(patch, "--onto", tree)
    assert (answer["verdict"], "probably there" in answer["reason"]) == ("unknown", True)
    assert answer["present"] == [{"path": "w.c", "line": 23, "text": "check(20, all);"}]
    output = call("backport", patch, "--onto", tree).out
    assert "there: w.c:23: check(20, all);" in output
    assert "next: compare the lines" in output
    for content in ("check(20);\n\tcheck(20, all);", "check(20, one);"):
        (tree / "w.c").write_text(format_function(l19="verify(19);", l20=content))
        assert read_first_branch_result(patch, "--onto", tree)["verdict"] == "conflict"


def test_merge_shows_that_the_content_is_there(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, format_function(**FIXED, l18="more(18);"))
    answer = read_first_branch_result("-C", world.repo.path, world.fix, "--onto", tree.resolve())
    assert (answer["verdict"], answer["landed_by"]) == ("already-fixed", "content")


def test_next_step_works_in_a_directory(world: World, workdir: Path) -> None:
    tree = write_tree(workdir, format_function(l19="other();", l20="entirely();", l21="new();"))
    patch = write_patch(world, workdir)
    output = call("backport", patch, "--onto", tree).out
    assert f"--onto {tree} --adapt" in output
    output = call("backport", patch, "--onto", tree, "--adapt").out
    assert f"next: adapt it manually: patch -p1 --merge -d {tree} < {patch}" in output
