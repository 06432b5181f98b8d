# SPDX-License-Identifier: GPL-2.0-or-later
"""Test preparing a conflict in a clone, and continuing when the user has resolved it."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from patchpilot.backports.branch_verdicts import (
    BackportRequest,
    compute_backport_verdicts,
)
from patchpilot.backports.work_clone import find_resolution_folder
from patchpilot.commits.repository import Repository
from patchpilot.home.read import read_topics
from patchpilot.resources import mark_sent
from patchpilot.threads.stable_requests import REQUESTS, name_patches_mark
from tests.kit.backport_world import FIXED, World, format_function, track_failed_backports
from tests.kit.cli import call


def run_git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-c", "core.editor=true", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def resolve_conflict(world: World, *arguments: object) -> dict[str, Any]:
    result: dict[str, Any] = world.read_backport_json(world.fix, "--resolve", "6.12", *arguments)[
        "resolve"
    ]
    return result


def commit_resolution(clone: Path, resolved_content: str = "") -> None:
    """Commit the resolution. If a text is given, first write it to the file."""
    if resolved_content:
        (clone / "w.c").write_text(resolved_content)
    run_git(clone, "add", "-u")
    run_git(clone, "cherry-pick", "--continue")


@pytest.fixture
def conflicting_branch(world: World) -> World:
    """Return a branch that has the prerequisite and a conflicting line 20."""
    world.create_stable_branch(
        "6.12",
        world.culprit,
        ("own", {"w.c": format_function(l10="quick(10);", l20="own(20);")}),
    )
    return world


def test_conflict_is_resolved_in_two_calls(conflicting_branch: World, tmp_path: Path) -> None:
    first_result = resolve_conflict(conflicting_branch)
    assert (first_result["state"], first_result["conflicted"]) == ("conflict", ["w.c"])
    clone = Path(first_result["folder"])
    assert "<<<<<<<" in (clone / "w.c").read_text()
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    second = conflicting_branch.read_backport_json(
        conflicting_branch.fix, "--resolve", "linux-6.12.y", "--write", tmp_path / "out"
    )["resolve"]
    assert second["state"] == "done"
    content = Path(second["files"][0]).read_text()
    assert "Subject: [PATCH 6.12.y] work: do not forget step 20" in content
    assert f"commit {conflicting_branch.fix} upstream." in content
    assert "+\town(20, all);" in content
    assert "This differs from upstream" in content
    assert not any(word in content for word in ("yourname", "your name"))
    assert "0001-work-do-not-forget-step-20.patch: not the lines" in second["advice"][0]
    assert "commit --amend" in second["advice"][0]
    again = f"--resolve linux-6.12.y --write {tmp_path / 'out'} --signoff"
    assert second["advice"][1].startswith("then write them again: patchpilot backport ")
    assert second["advice"][1].endswith(again)
    amend_message(clone, "[ Ada: the branch calls own() ]")
    third = resolve_conflict(conflicting_branch, "--write", tmp_path / "out", "--signoff")
    assert third["advice"][0].startswith("send them: ")
    assert "[ Ada: the branch calls own() ]" in Path(third["files"][0]).read_text()


def test_fixes_of_a_range_are_resolved_in_order(conflicting_branch: World) -> None:
    world = conflicting_branch
    tag = f'Fixes: {world.culprit[:12]} ("work: be quick")'
    contents = (
        format_function(**{**FIXED, "l20": "check(20, all, twice);"}),
        format_function(**{**FIXED, "l20": "check(20, all, twice);", "l40": "check(40);"}),
    )
    fixes = [
        world.repo.commit(f"work: fix {number}\n\n{tag}\n", {"w.c": content})
        for number, content in enumerate(contents)
    ]
    target = f"{world.fix}^..{fixes[-1]}"

    def resolve() -> dict[str, Any]:
        document = world.read_backport_json(target, "--resolve", "6.12", "--signoff")
        result: dict[str, Any] = document["resolve"]
        return result

    for words in ("all", "all, twice"):
        first = resolve()
        assert (first["state"], first["conflicted"]) == ("conflict", ["w.c"])
        assert f"patchpilot backport '{target}' --resolve" in first["advice"][-1]
        clone = Path(first["folder"])
        commit_resolution(clone, format_function(l10="quick(10);", l20=f"own(20, {words});"))
    # the last one applies
    done = resolve()
    assert done["state"] == "done"
    assert [Path(file).name[:4] for file in done["files"]] == ["0001", "0002", "0003"]
    upstream = [run_git(clone, "log", "-1", "--format=%b", f"HEAD~{it}") for it in (2, 1, 0)]
    for commit, message in zip((world.fix, *fixes), upstream, strict=True):
        assert message.startswith(f"commit {commit} upstream.")


def test_adapt_fills_in_conflicting_files(conflicting_branch: World, tmp_path: Path) -> None:
    first_result = resolve_conflict(conflicting_branch, "--adapt")
    assert (first_result["state"], first_result["conflicted"]) == ("conflict", ["w.c"])
    clone = Path(first_result["folder"])
    assert "own(20, all);" in (clone / "w.c").read_text()
    assert first_result["advice"][1] == "read and correct the draft in: w.c"
    commit_resolution(clone)
    second_result = resolve_conflict(conflicting_branch, "--write", tmp_path / "out")
    message = Path(second_result["files"][0]).read_text().partition("\n---\n")[0]
    assert "line, which has own, step instead of check (the branch lacks" in " ".join(
        message.split()
    )
    assert "check the" not in message, "advice is for the user"


def test_note_is_written_above_the_sign_off_of_a_resolved_patch(
    conflicting_branch: World,
) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    outcome = conflicting_branch.run_backport(
        conflicting_branch.fix,
        *("--resolve", "6.12", "--signoff", "--note", "the branch calls own()"),
    )
    assert "was not written" not in outcome.out
    assert "explain them in the message" not in outcome.out
    (file,) = (clone.parent / f"{clone.name}.patches").glob("*.patch")
    lines = file.read_text().partition("\n---\n")[0].splitlines()
    assert lines[-2].endswith(": the branch calls own() ]")
    assert lines[-1].startswith("Signed-off-by: ")


def test_note_on_a_draft_that_was_changed_is_left_out(conflicting_branch: World) -> None:
    clone = Path(resolve_conflict(conflicting_branch, "--adapt")["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, most);"))
    done = resolve_conflict(conflicting_branch, "--signoff")
    message = Path(done["files"][0]).read_text().partition("\n---\n")[0]
    assert "\n[ " not in message
    assert "not the lines of upstream" in done["advice"][0]
    words = "omitted the notes on the draft of 'work: do not forget step 20': you changed w.c"
    assert words in done["advice"]
    amend_message(clone, "[ Ada: the branch calls own() ]")
    done = resolve_conflict(conflicting_branch, "--signoff")
    assert "\n[ Ada: the branch calls own() ]\n" in Path(done["files"][0]).read_text()
    assert done["advice"][0] == words


def test_resolution_replies_to_the_failed_message(
    conflicting_branch: World, tmp_path: Path
) -> None:
    track_failed_backports(conflicting_branch.fix, tmp_path, "6.12")
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    resolved_result = resolve_conflict(conflicting_branch)
    assert (
        "In-Reply-To: <failed-6.12-2@example.org>" in Path(resolved_result["files"][0]).read_text()
    )
    resolved_with_option = resolve_conflict(conflicting_branch, "--in-reply-to", "mine@example.org")
    assert "In-Reply-To: <mine@example.org>" in Path(resolved_with_option["files"][0]).read_text()


def test_prerequisites_are_committed_first(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    resolved = world.read_backport_json(world.fix, "--resolve", "6.6")["resolve"]
    log = run_git(Path(resolved["folder"]), "log", "--format=%s", "-3").split("\n")
    assert log[:2] == ["work: do not forget step 20", "work: check first"]
    assert resolved["state"] == "done"
    assert len(resolved["files"]) == 2


def test_unfinished_resolution_is_resumed(
    conflicting_branch: World,
) -> None:
    first_result = resolve_conflict(conflicting_branch)
    (Path(first_result["folder"]) / "w.c").write_text("half done\n")
    second_result = resolve_conflict(conflicting_branch)
    assert second_result["folder"] == first_result["folder"]
    assert second_result["state"] == "conflict"
    assert (Path(first_result["folder"]) / "w.c").read_text() == "half done\n"


def test_conflicts_in_a_directory_cannot_be_resolved(
    conflicting_branch: World, tmp_path: Path
) -> None:
    outcome = conflicting_branch.run_backport(conflicting_branch.fix, "--resolve", tmp_path)
    assert outcome.code == 2


def test_written_resolution_is_found_again(conflicting_branch: World) -> None:
    def find_known_resolution() -> Path | None:
        with Repository.open(conflicting_branch.repo.path) as repository:
            result = compute_backport_verdicts(repository, BackportRequest(conflicting_branch.fix))[
                -1
            ]
            return find_resolution_folder(
                repository,
                conflicting_branch.fix,
                next(branch for branch in result.branches if branch.version == "6.12"),
            )

    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    assert find_known_resolution() is None
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    resolved_result = resolve_conflict(conflicting_branch)
    assert find_known_resolution() == Path(resolved_result["files"][0]).parent


def test_printed_steps_work_in_their_order(conflicting_branch: World, tmp_path: Path) -> None:
    repository = conflicting_branch.repo.path
    first_result = resolve_conflict(conflicting_branch)
    enter, _, resume, back, again = first_result["advice"]
    script = f"""{enter}
        git checkout -q --theirs w.c
        {resume.replace("git ", "git -c core.editor=true ")}
        {back}
        pwd
    """
    shell = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert shell.stdout.splitlines()[-1] == str(repository)
    assert f"backport {conflicting_branch.fix[:12]} --resolve" in again
    assert again.endswith(" --signoff")
    assert resolve_conflict(conflicting_branch)["state"] == "done"


def amend_message(clone: Path, *lines: str) -> None:
    message = run_git(clone, "log", "-1", "--format=%B").rstrip("\n")
    run_git(clone, "commit", "--amend", "-m", "\n".join([message, *lines]))


def test_sign_off_is_below_the_note_of_a_resolution(
    conflicting_branch: World, tmp_path: Path
) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    run_git(clone, "commit", "--amend", "--no-edit", "-s")
    amend_message(clone, "[ Ada: the branch calls own() ]")
    unsigned = resolve_conflict(conflicting_branch)
    again = f"patchpilot backport {conflicting_branch.fix[:12]} --resolve linux-6.12.y --signoff"
    assert any(f"below your note: run `{again}`" in line for line in unsigned["advice"])
    signed = resolve_conflict(conflicting_branch, "--signoff", "--write", tmp_path / "out")
    assert not any("--signoff" in line for line in signed["advice"])
    head = Path(signed["files"][0]).read_text().partition("\n---\n")[0]
    note, sign_off = head.split("\n")[-2:]
    assert note == "[ Ada: the branch calls own() ]"
    assert sign_off.startswith("Signed-off-by: ")


def test_missing_sign_off_of_a_resolution_is_named(conflicting_branch: World) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="check(20, all);"))
    amend_message(
        clone, "[ Rita: it calls own() ]", "Signed-off-by: Rita Reviewer <rita@example.org>"
    )
    again = f"patchpilot backport {conflicting_branch.fix[:12]} --resolve linux-6.12.y --signoff"
    hint = f"they lack your Signed-off-by; `{again}` writes them with it"
    unsigned = [line for line in resolve_conflict(conflicting_branch)["advice"] if "lack" in line]
    run_git(clone, "commit", "--amend", "--no-edit", "-s")
    signed = resolve_conflict(conflicting_branch)["advice"]
    assert (unsigned, hint in signed) == ([hint], False)


def test_sign_off_of_a_resolution_is_not_repeated(conflicting_branch: World) -> None:
    first_result = resolve_conflict(conflicting_branch, "--signoff")
    assert "--signoff" in first_result["advice"][-1]
    clone = Path(first_result["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    before = run_git(clone, "log", "-1", "--format=%B").count("Signed-off-by:")
    signed = resolve_conflict(conflicting_branch, "--signoff")
    content = Path(signed["files"][0]).read_text()
    assert before > 0
    assert content.count("Signed-off-by:") == before


def test_earlier_clone_is_used_and_named_if_the_fix_is_to_be_adapted(
    conflicting_branch: World,
) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    for state in ("conflict", "done"):
        if state == "done":
            commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
        resolution = resolve_conflict(conflicting_branch, "--adapt")
        assert resolution["state"] == state
        note = resolution["advice"][0]
        assert note.startswith("this clone was prepared without --adapt; to start over: rm -r ")
    subprocess.run(shlex.split(note.partition("over: ")[2]), check=True)
    assert not list(clone.parent.glob(f"{clone.name}*"))
    resolution = resolve_conflict(conflicting_branch, "--adapt")
    assert "own(20, all);" in (clone / "w.c").read_text()
    assert "start over" not in "".join(resolution["advice"])
    for arguments in ((), ("--adapt",)):
        advice = resolve_conflict(conflicting_branch, *arguments)["advice"]
        assert advice == resolution["advice"]


def test_fix_that_cannot_be_adapted_is_opened_without_prerequisites(world: World) -> None:
    split = format_function(**FIXED) + "\nint start(void)\n{\n\topen(1);\n\treturn 0;\n}\n"
    groundwork = world.repo.commit("work: add start()", {"w.c": split})
    fix = world.repo.commit(
        f'work: allocate first\n\nFixes: {world.culprit[:12]} ("work")\n',
        {"w.c": split.replace("\topen(1);", "\topen(0);\n\topen(1);")},
    )
    world.create_stable_branch("6.6", world.culprit)
    clone = Path(world.read_backport_json(fix, "--resolve", "6.6")["resolve"]["folder"])
    assert "work: add start()" in run_git(clone, "log", "--format=%s", "-3")
    document = world.read_backport_json(fix, "--adapt", "--resolve", "6.6")
    assert "the fix cannot be adapted" in " ".join(document["branches"][0]["hints"])
    note = document["resolve"]["advice"][0]
    assert note.startswith("this clone was prepared with prerequisites; to start over: rm -r ")
    subprocess.run(shlex.split(note.partition("over: ")[2]), check=True)
    resolution = world.read_backport_json(fix, "--adapt", "--resolve", "6.6")["resolve"]
    assert (resolution["state"], resolution["conflicted"]) == ("conflict", ["w.c"])
    assert groundwork[:12] not in run_git(clone, "log", "--format=%B", "-2")
    assert "start over" not in "".join(resolution["advice"])
    (clone / "w.c").write_text("int resolved;\n")
    run_git(clone, "add", "w.c")
    run_git(clone, "-c", "core.editor=true", "cherry-pick", "--continue")
    head = run_git(clone, "rev-parse", "HEAD")
    # the command that is printed has no --adapt
    resolution = world.read_backport_json(fix, "--resolve", "6.6", "--signoff")["resolve"]
    assert (resolution["state"], run_git(clone, "rev-parse", "HEAD")) == ("done", head)


def test_dropped_change_is_left_in_conflict_and_named_if_it_is_missing(world: World) -> None:
    start, inline = "#include <a.h>\n#include <c.h>\n\n", "if (len > 1514)\n\t\treturn 0;"
    calls = {"l10": "quick(10);", "l30": "if (!is_fit(len))\n\t\treturn 0;"}
    helper = (
        "static bool is_fit(int len)\n{\n\tif (len < 0)\n\t\treturn false;\n\n"
        "\tif (len > 1514)\n\t\treturn false;\n\n\treturn len < size;\n}\n\n"
    )
    old = f"{start}{format_function(l10='quick(10);', l30=inline)}"
    new = f"{start}{helper}{format_function(**calls)}"
    fixed = new.replace("#include <c.h>", "#include <b.h>\n#include <c.h>").replace("1514", "1518")
    culprit = world.repo.commit("work: be strict", {"w.c": old})
    world.repo.commit("work: add is_fit()", {"w.c": new})
    tag = f'Fixes: {culprit[:12]} ("work: be strict")'
    fix = world.fix = world.repo.commit(f"work: accept longer frames\n\n{tag}\n", {"w.c": fixed})
    world.create_stable_branch("6.12", culprit)
    conflict = resolve_conflict(world, "--adapt")
    clone = Path(conflict["folder"])
    assert conflict["conflicted"] == ["w.c"]
    assert "<<<<<<<" in (clone / "w.c").read_text()
    assert "omitted" not in (clone / ".git" / "MERGE_MSG").read_text()
    commit_resolution(clone, old.replace("#include <c.h>", "#include <b.h>\n#include <c.h>"))
    amend_message(clone, "[ Ada: the branch does not have this code ]")
    missing = f"no code of the fix {fix[:12]} is changed in w.c; check that this is right"
    done = resolve_conflict(world, "--signoff")
    assert missing in done["advice"]
    world.repo.git("config --global sendemail.smtpserver 127.0.0.1")
    sent = world.repo.patchpilot("send", "--dry-run", *done["files"])
    assert "changes only comments and #include lines" in sent.out + sent.err
    (patch,) = map(Path, done["files"])
    patch.write_text(re.sub(r"(?m)^@@ -(\d+),\d+", r"@@ -\1,99", patch.read_text()))
    sent = world.repo.patchpilot("send", "--dry-run", patch)
    assert "malformed" in sent.out + sent.err
    assert "#include lines" not in sent.out + sent.err
    (clone / "w.c").write_text(old.replace("1514", "1518"))
    run_git(clone, "commit", "-q", "-a", "--amend", "--no-edit")
    assert missing not in resolve_conflict(world, "--signoff")["advice"]


def test_undeclared_variable_of_a_resolution_is_named(world: World) -> None:
    def format_with(name: str, **changes: str) -> str:
        lines = {"l0": f"int {name} = 0;", "l10": "quick(10);", **changes}
        return format_function(**lines, l50=f"{name} = step(50);")

    culprit = world.repo.commit("work: count", {"w.c": format_with("count")})
    world.repo.commit("work: rename count", {"w.c": format_with("total", l30="own(30);")})
    fixed = format_with("total", l30="own(30, all);", l40="check(total);")
    tag = f'Fixes: {culprit[:12]} ("work: count")'
    world.fix = world.repo.commit(f"work: check the total\n\n{tag}\n", {"w.c": fixed})
    own = format_with("count", l30="other(30);")
    world.create_stable_branch("6.12", culprit, ("own", {"w.c": own}))
    clone = Path(resolve_conflict(world)["folder"])
    assert "check(total);" in (clone / "w.c").read_text()
    words = "w.c: the changed function does not declare total: it will not compile"
    commit_resolution(clone, format_with("count", l40="check(total);"))
    assert words in resolve_conflict(world)["advice"]
    (clone / "w.c").write_text(format_with("count", l40="check(count);"))
    run_git(clone, "commit", "-q", "-a", "--amend", "--no-edit")
    assert not any("compile" in line for line in resolve_conflict(world)["advice"])


def test_undeclared_variable_of_a_renamed_function_is_named(world: World) -> None:
    def format_renamed(head: str, name: str, **changes: str) -> str:
        body = format_function(l10="quick(10);", l20=f"step({name}, 20);", **changes)
        return body.replace("int work(void)", head)

    head, renamed = "int work(struct item *xfer)", "int do_work(struct item *t)"
    culprit = world.repo.commit("work: take an item", {"w.c": format_renamed(head, "xfer")})
    world.repo.commit("work: rename work()", {"w.c": format_renamed(renamed, "t")})
    fixed = format_renamed(renamed, "t", l19="if (!t->buf)\n\t\treturn 0;")
    tag = f'Fixes: {culprit[:12]} ("work: take an item")'
    world.fix = world.repo.commit(f"work: check the buffer\n\n{tag}\n", {"w.c": fixed})
    world.create_stable_branch("6.12", culprit)
    draft = world.read_backport_json(world.fix, "--adapt", "--resolve", "6.12")
    steps = draft["branches"][0]["adaptation"]["steps"]
    assert any(step.startswith("the branch does not have t;") for step in steps)
    clone = Path(draft["resolve"]["folder"])
    commit_resolution(clone, format_renamed(head, "xfer", l19="if (!t->buf)\n\t\treturn 0;"))
    words = "w.c: the changed function does not declare t: it will not compile"
    assert words in resolve_conflict(world)["advice"]
    (clone / "w.c").write_text(format_renamed(head, "xfer", l19="if (!xfer->buf)\n\t\treturn 0;"))
    run_git(clone, "commit", "-q", "-a", "--amend", "--no-edit")
    assert not any("compile" in line for line in resolve_conflict(world)["advice"])


def test_resolutions_for_two_branches_have_separate_folders(
    conflicting_branch: World, tmp_path: Path
) -> None:
    own = format_function(l10="quick(10);", l20="own(20);")
    conflicting_branch.create_stable_branch(
        "6.6", conflicting_branch.culprit, ("own", {"w.c": own})
    )
    out, files = tmp_path / "out", []
    for version in ("6.12", "6.6"):
        arguments = (conflicting_branch.fix, "--resolve", version, "--write", out)
        clone = Path(conflicting_branch.read_backport_json(*arguments)["resolve"]["folder"])
        commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
        files += conflicting_branch.read_backport_json(*arguments)["resolve"]["files"]
    assert [Path(file).parent.name for file in files] == ["6.12", "6.6"]
    assert "[PATCH 6.12.y] " in Path(files[0]).read_text()
    # a patch of the same name that this clone did not write may be edited, or another fix
    shutil.rmtree(clone)
    clone = Path(conflicting_branch.read_backport_json(*arguments)["resolve"]["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, none);"))
    error = conflicting_branch.run_backport(*arguments)
    assert (error.code, "already has other patches" in error.err) == (2, True)


def test_only_the_patches_of_the_last_resolution_are_left(
    conflicting_branch: World, tmp_path: Path
) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    (file,) = map(Path, resolve_conflict(conflicting_branch)["files"])
    out = tmp_path / "out"
    shutil.copytree(file.parent, out / "6.12")
    for folder in (file.parent, out / "6.12"):
        (folder / "0002-earlier.patch").write_text("")
    assert resolve_conflict(conflicting_branch)["files"] == [str(file)]
    assert list(file.parent.glob("*.patch")) == [file]
    arguments = (conflicting_branch.fix, "--resolve", "6.12", "--write", out)
    error = conflicting_branch.run_backport(*arguments)
    assert (error.code, "already has other patches" in error.err) == (2, True)
    (out / "6.12" / "0002-earlier.patch").unlink()
    assert conflicting_branch.run_backport(*arguments).code == 0
    shutil.rmtree(clone)
    assert resolve_conflict(conflicting_branch)["state"] == "conflict"
    assert not file.parent.exists()


def test_edited_and_signed_patches_of_a_resolution_are_kept(
    conflicting_branch: World, tmp_path: Path
) -> None:
    clone = Path(resolve_conflict(conflicting_branch)["folder"])
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    (file,) = map(Path, resolve_conflict(conflicting_branch, "--signoff")["files"])
    signed = file.read_text()
    resolve_conflict(conflicting_branch)
    assert file.read_text() == signed
    run_git(
        clone, "commit", "--amend", "-q", "--no-edit", "--trailer", "Signed-off-by: Eve <e@x.y>"
    )
    resolve_conflict(conflicting_branch)
    assert "Signed-off-by: Eve <e@x.y>" in file.read_text()
    edited = file.read_text().replace("---\n", "---\nv2: use the other lock\n", 1)
    file.write_text(edited)
    kept = f"you edited {file.name}, so it is kept; remove it to write it again"
    for options in ((), ("--signoff",)):
        assert kept in resolve_conflict(conflicting_branch, *options)["advice"]
        assert file.read_text() == edited
    run_git(clone, "commit", "--amend", "-qm", run_git(clone, "log", "-1", "--format=%B") + "x")
    assert kept in resolve_conflict(conflicting_branch)["advice"]
    assert file.read_text() == edited
    file.unlink()
    assert kept not in resolve_conflict(conflicting_branch, "--signoff")["advice"]
    assert "v2: use" not in file.read_text()
    # the patches in one folder are no edits of those in another
    out = ("--write", tmp_path / "out")
    for options in (out, ("--signoff",), (*out, "--signoff")):
        assert kept not in resolve_conflict(conflicting_branch, *options)["advice"]


def test_follow_ups_are_written_or_named_after_a_resolution(world: World) -> None:
    tag = f'Fixes: {world.fix[:12]} ("work: do not forget step 20")'
    fits = world.repo.commit(
        f"work: also\n\n{tag}\n", {"w.c": format_function(**FIXED, l50="also();")}
    )
    unfit = world.repo.commit(
        f"work: more\n\n{tag}\n",
        {"w.c": format_function(**FIXED, l50="also();", l40="more();")},
    )
    own = format_function(l10="quick(10);", l20="own(20);", l40="own(40);")
    world.create_stable_branch("6.12", world.culprit, ("own", {"w.c": own}))
    clone = Path(resolve_conflict(world, "--adapt")["folder"])
    commit_resolution(clone)
    run_git(clone, "commit", "--amend", "--no-edit", "-s")
    resolution = resolve_conflict(world, "--adapt")
    (_, file), advice = map(Path, resolution["files"]), "\n".join(resolution["advice"])
    assert f"commit {fits} upstream." in file.read_text()
    assert "Subject: [PATCH 6.12.y 2/2] work: also" in file.read_text()
    assert f"not written: {unfit[:12]}" in advice
    assert "--resolve linux-6.12.y --signoff` writes them with it" in advice


def test_unfinished_resolution_is_named_by_each_command(
    conflicting_branch: World, tmp_path: Path
) -> None:
    world = conflicting_branch
    track_failed_backports(world.fix, tmp_path, "6.12")

    def read_all() -> list[str]:
        path = world.repo.path
        outcomes = (
            world.run_backport(world.fix),
            call("track show 1 -C", path),
            call("track -C", path),
        )
        home = (str(topic.step) for topic in read_topics([f"{path.resolve()}/.git"]))
        texts = (*(outcome.out for outcome in outcomes), "\n".join(home))
        return [" ".join(text.split()) for text in texts]

    clone = Path(resolve_conflict(world)["folder"])
    (backport, *others) = read_all()
    for text in (backport, *others):
        assert f"the conflict on 6.12 is open in {clone}" in text
    command = f"patchpilot backport {world.fix} --resolve linux-6.12.y --signoff"
    assert backport.endswith(f"is open in {clone}; continue: {command}")
    commit_resolution(clone, format_function(l10="quick(10);", l20="own(20, all);"))
    for text in read_all():
        assert f"the conflict on 6.12 is resolved in {clone}; write the patches" in text
    out = tmp_path / "out"
    resolve_conflict(world, "--write", out, "--signoff")
    backport, *others = read_all()
    for text in (backport, *others):
        assert f"the conflict on 6.12 is resolved in {clone}; send the patches" in text
    assert backport.endswith(f"send the patches: patchpilot send {out / '6.12'}")
    assert "linux-6.12.y resolved" in backport
    mark_sent(REQUESTS, name_patches_mark(world.fix, "6.12"))
    assert not any(str(clone) in text for text in read_all())
