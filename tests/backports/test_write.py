# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that the patches written by `backport` can be sent unchanged."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from patchpilot.backports.branch_result import BranchResult
from patchpilot.backports.message import is_last_signer, make_backport_message
from patchpilot.backports.patches import MadeCommit
from patchpilot.backports.result import BackportResult
from patchpilot.backports.stable_request import _find_first_paragraph
from patchpilot.backports.write import (
    WrittenBackport,
    format_backport_note,
    recall_backport,
    remember_backport,
)
from patchpilot.errors import InputError
from patchpilot.history.branch_verdict import BranchVerdict
from patchpilot.history.origin import find_explanation
from patchpilot.model.address import Address
from patchpilot.model.commit import Commit
from patchpilot.model.mail import parse_patch
from patchpilot.model.trailer import explain_refused_trailers, parse_trailers
from patchpilot.projects.loading import find_project
from patchpilot.resources import mark_sent, update_draft_file
from patchpilot.threads.stable_requests import REQUESTS, name_patches_mark
from tests.kit.backport_world import FIXED, GROUND, World, format_function, track_failed_backports
from tests.kit.cli import Outcome, call
from tests.kit.patches import ADA

DATE = datetime(2024, 3, 4, tzinfo=UTC)
HIDDEN = Commit("1" * 40, "", (), ADA, DATE, ADA, DATE, "work: x\u202ey\n\nWhy.\n")


def write_backports(
    world: World,
    folder: Path,
    *arguments: object,
    fix_commit: str = "",
    exit_code: int = 0,
) -> Outcome:
    result = world.run_backport(fix_commit or world.fix, "--write", folder, *arguments)
    assert result.code == exit_code, result.err
    return result


def test_clean_backport_is_one_message(world: World, tmp_path: Path) -> None:
    tip = world.create_stable_branch("6.12", world.groundwork)
    write_backports(world, tmp_path / "out", "--signoff")
    file = next((tmp_path / "out" / "6.12").iterdir())
    patch = parse_patch(file.read_bytes(), str(file))
    assert patch.header("Subject") == "[PATCH 6.12.y] work: do not forget step 20"
    assert patch.message[0] == f"commit {world.fix} upstream."
    assert str(patch.sender) == "Ada Author <author@example.org>"
    assert [address.email for address in patch.addresses("To")] == ["stable@vger.kernel.org"]
    assert [address.email for address in patch.addresses("Cc")] == [
        "author@example.org",
        "rita@example.org",
        "ada@example.org",
    ]
    assert patch.trailers[-1].name == "Signed-off-by"
    assert f"base-commit: {tip}" in file.read_text()
    assert "This differs" not in file.read_text()


def test_prerequisites_precede_the_fix(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    write_backports(world, tmp_path / "out")
    files = sorted((tmp_path / "out" / "6.6").iterdir())
    first, second = (parse_patch(file.read_bytes(), str(file)) for file in files)
    assert first.header("Subject") == "[PATCH 6.6.y 1/2] work: check first"
    assert [str(tag) for tag in first.tags("Stable-dep-of")] == [
        f'Stable-dep-of: {world.fix[:12]} ("work: do not forget step 20")'
    ]
    assert second.header("Subject") == "[PATCH 6.6.y 2/2] work: do not forget step 20"
    # both have the lines of upstream
    assert not any("differs from" in file.read_text() for file in files)


def test_unsafe_tag_is_reported() -> None:
    stable = find_project("linux").stable
    commit = MadeCommit(
        "id",
        HIDDEN,
        "",
        refused=explain_refused_trailers([("Stable-dep-of", HIDDEN.reference)]),
    )
    assert (
        format_backport_note(commit, "6.6")
        == f'not added: Stable-dep-of: {"1" * 12} ("work: x<U+202E>y"): contains <U+202E>'
    )
    assert "Stable-dep-of" not in make_backport_message(HIDDEN, stable, dep_of=HIDDEN)
    with pytest.raises(InputError, match="cannot write your Signed-off-by:"):
        make_backport_message(HIDDEN, stable, signer=Address("A\x85da", "ada@example.org"))


def test_adapt_adds_no_prerequisites(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.checkout("master")
    world.repo.commit("work: a file of its own", {"own.c": "int own(void)\n{\n\treturn 1;\n}\n"})
    tags = f'Fixes: {world.culprit[:12]} ("work: be quick")'
    fix_commit = world.repo.commit(
        f"work: own is two\n\n{tags}\n", {"own.c": "int own(void)\n{\n\treturn 2;\n}\n"}
    )
    arguments = [
        "backport",
        "-C",
        world.repo.path,
        fix_commit,
        "--onto",
        "linux-6.6.y",
        "--write",
    ]
    adapted_outcome = call(*arguments, tmp_path / "adapted", "--adapt")
    assert "prerequisites:" in adapted_outcome.out
    assert (
        "nothing written: the fix cannot be adapted: omit --adapt to write it with its"
        " prerequisites" in " ".join(adapted_outcome.out.split())
    )
    assert not list(tmp_path.rglob("*.patch"))
    assert "with its prerequisites" not in call(*arguments, tmp_path / "whole").out
    assert len(list((tmp_path / "whole").rglob("*.patch"))) == 2


def test_git_am_accepts_the_output(world: World, tmp_path: Path) -> None:
    three_way = (
        "top",
        {"w.c": format_function(**GROUND, l22="other(22);")},
    )
    tips = {
        "6.6": world.create_stable_branch("6.6", world.culprit),
        "6.12": world.create_stable_branch("6.12", world.groundwork, three_way),
    }
    write_backports(world, tmp_path / "out", "--signoff", "--note", "context differs")
    for version, tip in tips.items():
        clone = tmp_path / version
        files = sorted((tmp_path / "out" / version).iterdir())
        assert "check(20, all);" in world.apply_to_clone(tip, files, clone)
        author = world.repo.git("-C", str(clone), "log", "-1", "--format=%an <%ae> %ad")
        assert author == world.repo.git("log -1 '--format=%an <%ae> %ad'", world.fix)


def test_adapted_patch_explains_its_changes(world: World, tmp_path: Path) -> None:
    content = format_function(**GROUND, l22="other(22);")
    world.create_stable_branch("6.12", world.groundwork, ("top", {"w.c": content}))
    write_backports(world, tmp_path / "out", "--signoff", "--note", "line 22 is another one here")
    text = next((tmp_path / "out" / "6.12").iterdir()).read_text()
    message, _, notes = text.partition("\n---\n")
    assert message.endswith(
        "[ Ada: line 22 is another one here ]\nSigned-off-by: Ada Fixer <ada@example.org>"
    )
    assert (
        f"Adapted to 6.12: the message lists what differs from upstream commit {world.fix[:12]}."
        in notes
    )
    assert "other(22);" in notes.partition("diff --git")[0]


def test_note_is_in_the_last_patch_if_none_differs(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    note = "unchanged, but it is preceded by the commit that it needs"
    output = write_backports(world, tmp_path / "same", "--signoff", "--note", note).out
    assert "was not written" not in output
    assert "--note" not in write_backports(world, tmp_path / "none", "--signoff").out
    texts = [
        " ".join(it.read_text().split()) for it in sorted((tmp_path / "same").rglob("*.patch"))
    ]
    assert [note in text for text in texts] == [False, True]
    output = write_backports(world, tmp_path / "unsigned", "--note", note).out
    assert "the text of --note was not written" in output
    content = format_function(**GROUND, l22="other(22);")
    world.create_stable_branch("6.12", world.groundwork, ("top", {"w.c": content}))
    output = write_backports(world, tmp_path / "other", "--signoff", "--note", note).out
    assert "was not written" not in output


def test_other_context_is_no_difference(world: World, tmp_path: Path) -> None:
    content = format_function(**GROUND, l22="other(22);")
    world.create_stable_branch("6.12", world.groundwork, ("top", {"w.c": content}))
    output = write_backports(world, tmp_path / "out", "--signoff").out
    text = next((tmp_path / "out" / "6.12").iterdir()).read_text()
    assert "differs from" not in text
    assert "other(22);" not in text.partition("diff --git")[0]
    assert "--note" not in output


def test_other_lines_are_named_in_the_output(world: World, tmp_path: Path) -> None:
    # the branch has one of the two lines already, so the merge adds only the other
    changes = {"l30": "one(30);", "l50": "two(50);"}
    fix = world.repo.commit(
        "work: two\n\nIt crashed.\n", {"w.c": format_function(**FIXED, **changes)}
    )
    half = format_function(**FIXED, l30="one(30);")
    world.create_stable_branch("6.12", world.fix, ("half", {"w.c": half}))
    output = write_backports(world, tmp_path / "out", fix_commit=fix).out
    text = next((tmp_path / "out" / "6.12").iterdir()).read_text()
    assert f"This differs from upstream commit {fix[:12]}:" in text
    assert "your name" not in text
    assert "0001-work-two.patch: not the lines of upstream" in output
    assert "--note TEXT --signoff" in " ".join(output.split())


def test_unmerged_fix_is_not_written(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.branch("topic", world.groundwork)
    unmerged_fix = world.repo.commit("work: mine", {"w.c": format_function(l40="mine(40);")})
    world.repo.checkout("master")
    outcome = write_backports(world, tmp_path / "out", fix_commit=unmerged_fix, exit_code=1)
    assert "not in mainline" in outcome.out
    assert not (tmp_path / "out").exists()


def test_send_command_is_printed(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.groundwork)
    world.create_stable_branch("6.12", world.groundwork)
    output = write_backports(world, tmp_path / "out").out
    sends = [line.strip() for line in output.split("\n") if "patchpilot send" in line]
    assert sends == [
        f"patchpilot send {tmp_path}/out/{version}/*.patch" for version in ("6.12", "6.6")
    ]
    assert "they lack your Signed-off-by; remove them and run `patchpilot backport` again" in output
    assert "no FAILED message is known for linux-6.6.y, linux-6.12.y;" in output
    assert "Signed-off-by" not in write_backports(world, tmp_path / "more", "--signoff").out


@pytest.mark.parametrize("signs", [False, True])
def test_backport_without_the_senders_sign_off_blocks_the_send(
    world: World, tmp_path: Path, signs: bool
) -> None:
    # the author signed off the mainline commit, and a maintainer applied it
    fix_commit = world.repo.commit(
        "work: go on\n\nIt hung.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
        "Signed-off-by: Rita Reviewer <rita@example.org>",
        {"other.c": format_function(l40="on(40);")},
    )
    world.create_stable_branch("6.12", world.fix)
    option = ["--signoff"] if signs else []
    write_backports(world, tmp_path / "out", *option, fix_commit=fix_commit)
    file = next((tmp_path / "out" / "6.12").iterdir())
    plan = call("send", "-C", world.repo.path, "--dry-run", file, "--json").json
    refusals = {row["name"]: (row["message"], row["hint"]) for row in plan["refusals"]}
    assert ("no-signoff" not in refusals) == signs
    text = " ".join(call("send", "-C", world.repo.path, "--dry-run", file).out.split())
    assert ("ok: Signed-off-by present" in text) == signs
    if not signs:
        message, hint = refusals["no-signoff"]
        assert message == "a backport without your Signed-off-by as the last one"
        assert hint == "write them again with --signoff"
    assert "sendemail.from" not in text


def test_suggested_folder_is_outside_of_the_tree(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    before = world.repo.git("status --porcelain --ignored")
    output = " ".join(world.run_backport(world.fix).out.split())
    folder = f"{world.repo.path}-backports/{world.fix[:12]}"
    assert output.endswith(f"--write {folder} --signoff")
    write_backports(world, Path(folder))
    assert before == world.repo.git("status --porcelain --ignored")
    output = " ".join(world.run_backport(world.fix).out.split())
    assert output.endswith(f"next: send its patches: patchpilot send {folder}/6.6")
    assert call("send", "-C", world.repo.path, "--dry-run", f"{folder}/6.6", "--json").json


def test_empty_result_is_a_success(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.12", world.fix)
    world.create_stable_branch("6.1", world.base)
    assert "nothing written" in write_backports(world, tmp_path / "out").out


def test_plain_conflict_suggests_resolve(world: World, tmp_path: Path) -> None:
    world.create_stable_branch(
        "6.12",
        world.culprit,
        ("own", {"w.c": format_function(l10="quick(10);", l20="own(20);")}),
    )
    assert "--resolve linux-6.12.y" in write_backports(world, tmp_path / "out", exit_code=1).out


def test_existing_patches_are_not_overwritten(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    write_backports(world, tmp_path / "out")
    outcome = world.run_backport(world.fix, "--write", tmp_path / "out")
    assert outcome.code == 2
    assert "already has patches" in outcome.err


def test_patches_marked_as_sent_are_not_written_again(world: World, tmp_path: Path) -> None:
    for version in ("6.12", "6.18"):
        world.create_stable_branch(version, world.groundwork)
    mark_sent(REQUESTS, name_patches_mark(world.fix, "6.12"))
    out = write_backports(world, tmp_path / "out").out
    assert re.search(
        r"linux-6\.12\.y: nothing written: backport sent on 20[-0-9]+; --all writes it again", out
    )
    assert [folder.name for folder in (tmp_path / "out").iterdir()] == ["6.18"]
    write_backports(world, tmp_path / "all", "--all")
    assert len([*(tmp_path / "all").iterdir()]) == 2


@pytest.mark.parametrize("needs_first", [True, False])
def test_patch_is_written_on_top_of_those_that_were_sent(
    world: World, tmp_path: Path, needs_first: bool
) -> None:
    tip = world.create_stable_branch("6.12", world.groundwork)
    line = {"l20": "check(20, all, twice);"} if needs_first else {"l40": "check(40);"}
    message = f'work: twice\n\nFixes: {world.culprit[:12]} ("work: be quick")\n'
    second = world.repo.commit(message, {"w.c": format_function(**{**FIXED, **line})})
    mark_sent(REQUESTS, name_patches_mark(world.fix, "6.12"))
    out = write_backports(
        world, tmp_path / "out", "--signoff", fix_commit=f"{world.fix}^..{second}"
    ).out
    (file,) = (tmp_path / "out" / "6.12").iterdir()
    assert "Subject: [PATCH 6.12.y] work: twice" in file.read_text()
    assert "nothing written" not in out
    assert f"applies after patches that were sent or queued: {world.fix[:12]}" in " ".join(
        out.split()
    )
    world.repo.git("checkout", "-q", "--detach", tip)
    world.repo.git("cherry-pick", world.fix)
    world.repo.git("am", "-q", str(file))
    assert (world.repo.path / "w.c").read_text() == format_function(**{**FIXED, **line})


def test_branches_that_take_the_fix_by_its_tag_are_not_written(
    world: World, tmp_path: Path
) -> None:
    lines = {**FIXED, "l30": "before(30);"}
    before = world.repo.commit("work: before", {"w.c": format_function(**lines)})
    fix = world.repo.commit(
        "work: on\n\nIt hangs.\n\nCc: stable@vger.kernel.org\n"
        f'Fixes: {world.culprit[:12]} ("work: be quick")\n',
        {"w.c": format_function(**{**lines, "l30": "before(30, on);"})},
    )
    world.create_stable_branch("6.18", before)
    world.create_stable_branch("6.12", world.fix)
    output = world.run_backport(fix).out.partition("\nwait for 6.18: ")[2]
    waits, _, step = output.partition("next: ")
    assert waits.startswith("the stable maintainers take it by its Cc: stable tag")
    assert step.startswith(f"patchpilot backport {fix} --onto linux-6.12.y --write ")
    for name, options, versions in (
        ("default", (), {"6.12"}),
        ("named", ("--onto", "linux-6.18.y"), {"6.18"}),
        ("all", ("--all",), {"6.12", "6.18"}),
    ):
        outcome = world.run_backport(fix, *options, "--write", tmp_path / name)
        assert outcome.code == 0, outcome.err
        assert {folder.name for folder in (tmp_path / name).iterdir()} == versions
        left_out = "linux-6.18.y: nothing written: the stable maintainers take it"
        assert (left_out in outcome.out) == (name == "default")


def test_answered_message_is_identified(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    write_backports(world, tmp_path / "out", "--in-reply-to", "2026111-failed@example.org")
    assert (
        "In-Reply-To: <2026111-failed@example.org>"
        in next((tmp_path / "out" / "6.12").iterdir()).read_text()
    )


@pytest.mark.parametrize("bad", ["no-id", "a@b\nBcc: x@example.org", "<a b@c>"])
def test_malformed_message_id_is_refused(world: World, tmp_path: Path, bad: str) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    outcome = world.run_backport(world.fix, "--write", tmp_path / "out", "--in-reply-to", bad)
    assert outcome.code == 2


def test_request_contains_trees_commit_and_reason(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.groundwork)
    tested = ("--tested", "6.12.3 by Tess Tester")
    outcome = world.run_backport(world.fix, "--request", "--all", *tested)
    assert outcome.out.startswith(
        "To: stable@vger.kernel.org\nCc: Ada Author <author@example.org>,\n"
        " Rita Reporter <rita@example.org>\nSubject: Please apply "
    )
    assert world.fix in outcome.out
    assert "It was lost." in outcome.out
    assert "6.12" in outcome.out
    # verdicts are printed to stderr, so that the message on stdout can be sent unchanged
    assert "conflict" in outcome.err
    assert "git send-email FILE" in outcome.err
    assert "press Enter when git asks for recipients and for a Message-ID" in outcome.err
    assert "\nTested on 6.12.3 by Tess Tester.\n" in outcome.out
    assert f"--request{chr(10)}" in world.run_backport(world.fix).out
    note = "It is seen as: " + "step 20 is lost, " * 9
    assert max(map(len, write_request(world, "--note", note).splitlines()[5:])) < 80


def test_own_tag_is_a_paragraph_of_the_request(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    output = write_request(world, "--tested", "6.12.3 by Ada Fixer")
    assert "\n\nTested-by: Ada Fixer" in output


def test_request_without_a_reason_is_an_error(world: World) -> None:
    fix = world.repo.commit(
        "work: on\n\nSigned-off-by: Ada Fixer <ada@example.org>\n",
        {"other.c": format_function(l40="on(40);")},
    )
    world.create_stable_branch("6.12", world.fix)
    outcome = world.run_backport(fix, "--request", "--all")
    assert (outcome.code, outcome.out) == (2, "")
    assert "no reason for the request" in outcome.err
    tested = ("--tested", "6.12.1 by Tess Tester")
    outcome = world.run_backport(fix, "--request", "--note", "It hangs.", "--all", *tested)
    assert "Why: It hangs." in outcome.out


def test_tree_without_the_code_is_not_affected(world: World) -> None:
    added = format_function().replace("work", "more").replace("step", "go")
    world.repo.commit("work: more\n", {"w.c": f"{format_function(**FIXED)}\n{added}"})
    fixed = added.replace("go(20)", "go(all)")
    text = f"{format_function(**FIXED)}\n{fixed}"
    fix_commit = world.repo.commit("work: fix more\n\nIt crashed.\n", {"w.c": text})
    world.create_stable_branch("6.6", world.base)
    assert world.read_branch_result(fix_commit)["verdict"] == "not-affected"
    world.run_backport(fix_commit, "--request").expect(2, "no stable tree needs the fix")


def test_duplicate_sign_off_is_skipped() -> None:
    stable = find_project("linux").stable
    for tags, count in (
        ("Signed-off-by: Ada Fixer <ada@example.org>\n", 1),
        (
            "Signed-off-by: ada fixer <ADA@example.org>\nLink: https://example.org/1\n",
            1,
        ),
        (
            "Signed-off-by: Ada Fixer <ada@example.org>\n"
            "Signed-off-by: Mia Keeper <mia@example.org>\n",
            3,
        ),
    ):
        original = HIDDEN._replace(message=f"work: x\n\nWhy.\n\n{tags}")
        message = make_backport_message(original, stable, signer=ADA)
        assert message.count("Signed-off-by:") == count


def test_long_notes_are_wrapped_and_leave_the_trailers_readable() -> None:
    stable = find_project("linux").stable
    note = f"the branch has {'no such ring ' * 9}yet, so use rings[0]"
    for tags, is_wrapped in (("Fixes: 1\nCc: a@example.org\n", True), ("", False)):
        original = HIDDEN._replace(message=f"work: x\n\nWhy.\n\n{tags}")
        message = make_backport_message(original, stable, notes=(note, note), signer=ADA)
        lines = message.split("\n")
        tail = lines[next(at for at, line in enumerate(lines) if line.startswith("[ Ada")) :]
        assert (max(map(len, tail)) <= 75, len(tail)) == (is_wrapped, 8 if is_wrapped else 4)
        assert [tag.key for tag in parse_trailers(lines)][-1] == "signed-off-by"
        assert " ".join(message.split()).count(f"[ Ada: {note} ]") == 2
        unsigned = make_backport_message(original, stable, notes=(note,) * 9, adapter=ADA)
        assert is_last_signer(f"{unsigned}Signed-off-by: {ADA.header()}\n", ADA)
        assert find_explanation(message, original.message) == f"[ Ada: {note} ]"
        assert not find_explanation(message, message)


def write_request(world: World, *arguments: object) -> str:
    tested = ("--tested", "6.12.3 by Tess Tester")
    result = world.run_backport(world.fix, "--request", "--all", *tested, *arguments)
    assert result.code == 0, result.err
    return result.out


def test_only_tested_trees_are_requested(world: World) -> None:
    for version in ("6.12", "6.18"):
        world.create_stable_branch(version, world.groundwork)
    mail = write_request(world)
    assert "please apply this commit to 6.12:" in mail
    assert "\nTested on 6.12.3 by Tess Tester.\n" in mail
    assert "It applies to 6.18 as well, but was not tested there." in mail
    outcome = world.run_backport(world.fix, "--request", "--all")
    assert outcome.code == 0
    assert "please apply this commit to" in outcome.out
    assert "\nI have not tested it there yet.\n" in outcome.out
    assert "stable trees take only tested fixes" in outcome.err
    assert "--tested" in outcome.err


def test_edited_request_is_kept(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    file = tmp_path / "request"
    asks = (world.fix, "--request", "-o", file, "--tested")
    for _ in range(2):
        assert "another text" not in world.run_backport(*asks, "6.12.3 by Tess Tester").err
    edited = file.read_text().replace("Tess", "Tessa")
    file.write_text(edited)
    for number, tester in ((1, "Tom"), (2, "Tim")):
        outcome = world.run_backport(*asks, f"6.12.3 by {tester}")
        assert f"{file} had another text, which is kept as {file}.{number}" in outcome.err
        assert f"by {tester}." in file.read_text()
    assert Path(f"{file}.1").read_text() == edited


def test_request_names_newer_trees_that_it_leaves_out(world: World) -> None:
    for version in ("6.12", "6.18"):
        world.create_stable_branch(version, world.groundwork)
    text = "work: on\n\nIt hangs.\n"
    untagged = world.repo.commit(text, {"other.c": format_function(l40="on(40);")})
    asks = (untagged, "--request", "--tested", "6.12.3 by Tess Tester")
    outcome = world.run_backport(*asks)
    mail = " ".join(outcome.out.split())
    assert "please apply this commit to 6.12:" in mail
    assert "It applies to 6.18 as well, but was not tested there." in mail
    assert "newer trees get a fix first: this omits 6.18;" in outcome.err
    both = world.run_backport(*asks, "--tested", "6.18 by Tess Tester")
    assert "please apply this commit to 6.12 and 6.18:" in both.out
    assert "this omits" not in both.err
    # what was asked for before is neither untested nor left out
    subject = f'Subject: Please apply {untagged[:12]} ("x") to 6.18'
    update_draft_file(REQUESTS, untagged[:12], f"{subject}\n\nTested on 6.18 by A.\n")
    mark_sent(REQUESTS, untagged[:12])
    outcome = world.run_backport(*asks)
    assert "I asked for it on 6.18 on 20" in " ".join(outcome.out.split())
    assert "as well, but" not in outcome.out
    assert "this omits" not in outcome.err
    # it is not asked for twice
    tested = ("--tested", "6.12.3 by Tess Tester", "--tested", "6.18 by Tess Tester")
    outcome = world.run_backport(untagged, "--request", *tested)
    assert "please apply this commit to 6.12:" in " ".join(outcome.out.split())
    again = (untagged, "--request", "--tested", "6.18 by Tess Tester")
    refused = world.run_backport(*again)
    refused.expect(2, "you sent the request for 6.18 on 20")
    assert f"backport {untagged[:12]} --request --all" in refused.err
    assert "please apply this commit to 6.18:" in world.run_backport(*again, "--all").out


def test_request_names_adapted_and_merged_branches(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.create_renamed_branch()
    mail = " ".join(write_request(world, "--adapt").split())
    assert "On 6.6, it needs an adapted backport, which was not built or tested." in mail


def test_tagged_fix_waits_before_it_is_requested(world: World) -> None:
    fix = world.repo.commit(
        "work: on\n\nIt hangs.\n\nCc: stable@vger.kernel.org\n"
        f'Fixes: {world.culprit[:12]} ("work: be quick")\n',
        {"other.c": format_function(l40="on(40);")},
    )
    world.create_stable_branch("6.12", world.groundwork)
    output = " ".join(world.run_backport(fix).out.split())
    assert "next: wait for 6.12: the stable maintainers take it by its Cc: stable tag" in output
    world.repo.tag("v6.2-rc1")
    wait = world.read_backport_json(fix)["wait"]
    assert wait["release"] == "v6.2-rc1"
    released = date.fromisoformat(world.repo.git("log -1 --format=%cs v6.2-rc1"))
    assert date.fromisoformat(wait["until"]) == released + timedelta(days=42)
    is_over = datetime.now(UTC).date() > released + timedelta(days=42)
    output = " ".join(world.run_backport(fix).out.split())
    assert ("next: test it on 6.12, then ask: " in output) == is_over
    assert ("ask them if a branch lacks it after" in output) != is_over
    outcome = world.run_backport(fix, "--request", "--tested", "6.12.3 by Tess Tester")
    assert ("not requested: the stable maintainers take it" in outcome.err) != is_over


@pytest.mark.parametrize(
    ("message", "path", "reason"),
    [
        ("It may be lost in theory.", "other.c", 'no "theoretical" problems'),
        ("It is lost. While at it, clean up the coding style.", "other.c", "only one thing"),
        ("The table was wrong.", "Documentation/work.rst", "documentation only"),
    ],
)
def test_fix_that_stable_does_not_take_is_not_requested(
    world: World, message: str, path: str, reason: str
) -> None:
    text = f'work: on\n\n{message}\n\nFixes: {world.culprit[:12]} ("work: be quick")\n'
    fix = world.repo.commit(text, {path: format_function(l40="on(40);")})
    world.create_stable_branch("6.12", world.groundwork)
    outcome = world.run_backport(fix, "--request")
    assert (outcome.code, outcome.out) == (2, "")
    assert reason in outcome.err
    assert "--request --all" in outcome.err
    assert "then ask:" not in world.run_backport(fix).out
    assert world.run_backport(fix, "--request", "--all").code == 0


def test_branch_that_may_not_have_the_bug_is_not_requested(world: World) -> None:
    fix = world.repo.commit("work: on\n\nIt hangs.\n", {"other.c": format_function(l40="on(40);")})
    world.create_stable_branch("6.12", world.groundwork)
    refused = world.run_backport(fix, "--request")
    refused.expect(2, "not known whether 6.12 has the bug")
    assert f"patchpilot backport {fix[:12]} --request --tested '6.12 by NAME'" in refused.err
    assert "--request" not in world.run_backport(fix).out
    # a person who tried the fix there saw the bug
    world.create_stable_branch("6.18", world.groundwork)
    tested = world.run_backport(fix, "--request", "--tested", "6.12.3 by Tess Tester")
    assert "Tested on 6.12.3 by Tess Tester." in tested.out
    assert "Tested-by:" not in tested.out
    # this is the reason why the branch has the bug
    assert "Tess Tester tried it there (6.12.3); applies" in tested.err
    arguments = ("--request", "--tested", "6.12.3", "--format", "json")
    result = json.loads(world.run_backport(fix, *arguments).out)
    tried, newer = result["branches"]
    assert (tried["version"], tried["affected"]) == ("6.12", True)
    assert tried["reason"].startswith("you tried it there (6.12.3); applies cleanly")
    assert newer["affected"] is None
    assert newer["reason"].startswith("not known whether the branch has the bug")


def test_newer_branches_are_examined_before_a_request(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.create_stable_branch("6.18", world.groundwork)
    old = ("--request", "--onto", "linux-6.12.y")
    world.run_backport(world.fix, *old).expect(2, "6.18", "not examined")
    newest = world.run_backport(world.fix, "--request", "--onto", "linux-6.18.y")
    assert "6.18" not in newest.err.partition("not requested:")[2]


def test_request_names_newer_branches_that_were_not_fetched(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    outcome = world.run_backport(world.fix, "--request", "--onto", "linux-6.12.y")
    assert "These newer trees were not examined: 6.18." in outcome.out
    assert "patchpilot setup stable --fetch" in outcome.out + outcome.err
    assert "not in this repository: 5.10, 5.15, 6.1, 6.6, 6.18" in world.run_backport(world.fix).out


def test_branches_that_began_after_the_fix_are_not_examined(world: World) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.git("tag v6.14-rc2 master")
    outcome = world.run_backport(world.fix, "--request", "--onto", "linux-6.12.y")
    assert "please apply" in outcome.out
    assert "not examined" not in outcome.out
    assert "setup stable --fetch" not in outcome.out + outcome.err
    assert "not in this repository: 5.10, 5.15, 6.1, 6.6\n" in world.run_backport(world.fix).out


def test_request_does_not_claim_untested_builds(
    world: World,
) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    mail = write_request(world)
    assert "git applies it to 6.12 without conflicts." in mail
    world.create_stable_branch("6.6", world.culprit)
    mail += write_request(world)
    for claim in ("I have", "checked", "built", "follows", "unchanged"):
        assert claim not in mail
    assert "It conflicts on 6.6." in mail


def test_request_excludes_the_sender(
    world: World,
) -> None:
    world.create_stable_branch("6.12", world.groundwork)
    world.repo.put(
        "MAINTAINERS",
        "Maintainers List\n----------------\n\nWORK\n"
        "M:\tMia Keeper <mia@example.org>\nR:\tRob Reader <rob@example.org>\n"
        "L:\twork@lists.example.org\nS:\tMaintained\nF:\tw.c\n",
    )
    world.repo.git("config user.email ada@example.org")
    head = write_request(world).partition("\nSubject: ")[0]
    for address in ("author", "rita", "mia", "rob", "work@lists"):
        assert address in head
    assert "ada@example.org" not in head


def test_build_runs_in_the_fixed_tree(world: World) -> None:
    world.create_stable_branch("6.6", world.culprit)
    result = world.read_backport_json(world.fix, "--build", "grep -c all w.c")
    assert result["builds"][0]["exit_code"] == 0
    assert world.read_backport_json(world.fix, "--build", "false")["builds"][0]["exit_code"] == 1


def read_reply(patch_folder: Path) -> set[str | None]:
    return {
        parse_patch(file.read_bytes(), str(file)).header("In-Reply-To")
        for file in patch_folder.iterdir()
    }


def test_backport_replies_to_the_failed_message(world: World, tmp_path: Path) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.create_stable_branch("6.12", world.groundwork)
    track_failed_backports(world.fix, tmp_path, "6.6", "5.15")
    outcome = write_backports(world, tmp_path / "out")
    assert read_reply(tmp_path / "out" / "6.6") == {"<failed-6.6-2@example.org>"}
    assert read_reply(tmp_path / "out" / "6.12") == {None}
    assert "linux-6.6.y: in reply to <failed-6.6-2@example.org>" in outcome.out
    assert "no FAILED message is known for linux-6.12.y;" in outcome.out
    write_backports(world, tmp_path / "other", "--in-reply-to", "mine@example.org")
    assert read_reply(tmp_path / "other" / "6.6") == {"<mine@example.org>"}


@pytest.mark.parametrize("branch", ["linux-6.6.y", "stable/linux-6.6.y"])
def test_failed_message_is_known_by_its_form(world: World, tmp_path: Path, branch: str) -> None:
    world.create_stable_branch("6.6", world.culprit)
    world.repo.git("update-ref refs/remotes/stable/linux-6.6.y linux-6.6.y")
    sender = "Vera Sol <vera@example.org>"
    track_failed_backports(world.fix, tmp_path, "6.6", sender=sender, X_stable="review")
    outcome = write_backports(world, tmp_path / "out", "--onto", branch)
    assert read_reply(tmp_path / "out" / "6.6") == {"<failed-6.6-2@example.org>"}
    assert f"{branch}: in reply to <failed-6.6-2@example.org>" in outcome.out


def test_written_patches_have_no_findings(world: World, tmp_path: Path) -> None:
    steps = {"l10": "quick(10);", "l19": "check(19);"}
    message = (
        "work: go on where it stopped\n"
        "\nThe state was lost when step 20 went on, so the work hung for good.\n"
        '\nFixes: {} ("work: be quick")\n'
        "Signed-off-by: Bea Fixer <bea@example.org>\n"
    )
    ground = (
        "work: check before step 20\n"
        "\nWhoever goes on has to know the state, or the work starts from the beginning.\n"
        "\nSigned-off-by: Bea Fixer <bea@example.org>\n"
    )
    world.repo.commit(
        ground,
        {"w.c": format_function(**steps, l20="near(20);")},
        author="Bea Fixer <bea@example.org>",
    )
    files = {"w.c": format_function(**steps, l20="on(20);")}
    fix_commit = world.repo.commit(
        message.format(world.culprit[:12]), files, author="Bea Fixer <bea@example.org>"
    )
    world.create_stable_branch("6.6", world.fix)
    world.create_stable_branch(
        "6.12",
        f"{fix_commit}^",
        ("top", {"w.c": format_function(**steps, l20="near(20);", l22="other(22);")}),
    )
    outcome = world.run_backport(
        fix_commit,
        "--write",
        tmp_path / "out",
        "--signoff",
        "--note",
        "context differs",
    )
    assert outcome.code == 0, outcome.err
    for version, count in (("6.6", 2), ("6.12", 1)):
        written = sorted((tmp_path / "out" / version).iterdir())
        assert len(written) == count
        outcome = world.repo.patchpilot("check", *written, "--format", "json")
        document = json.loads(outcome.out)
        findings = [
            (finding["rule"], finding["message"])
            for entry in [*document["patches"], document["series"]]
            for finding in entry["findings"]
        ]
        assert not findings


def test_author_of_the_backport_signs_off_once(world: World, tmp_path: Path) -> None:
    message = "work: on\n\nIt was lost.\n\nSigned-off-by: Ada Fixer <ada@example.org>\n"
    fix_commit = world.repo.commit(message, {"other.c": format_function(l40="on(40);")})
    world.create_stable_branch("6.12", world.fix)
    world.run_backport(fix_commit, "--write", tmp_path / "out", "--signoff")
    assert next((tmp_path / "out" / "6.12").iterdir()).read_text().count("Signed-off-by: Ada") == 1


def test_partial_prerequisites_are_marked(world: World, tmp_path: Path) -> None:
    repo = world.repo
    for number in range(14):
        repo.commit(
            f"other: step {number}",
            {"other.c": format_function(l30=f"prepare({number});")},
        )
    _, fix = world.commit_prerequisite_and_fix({"other.c": format_function(l30="prepare(all);")})
    tip = world.create_stable_branch("6.12", world.fix)
    options = ("--write", tmp_path / "out", "--signoff")
    result = world.read_backport_json(fix, "--onto", "6.12", *options)
    assert [len(backport["files"]) for backport in result["written"]] == [2]
    part = (tmp_path / "out" / "6.12" / "0001-work-more.patch").read_text()
    assert "[ Ada: only the changes to w.c ]\nSigned-off-by: Ada" in part
    assert "Only part of upstream commit" in part.partition("\n---\n")[2]
    sent = world.repo.patchpilot("send", "--dry-run", tmp_path / "out" / "6.12")
    assert "6.12.y" in sent.out, sent.err
    assert "backport-differs" not in sent.out
    assert "other.c" not in part
    clone = tmp_path / "clone"
    patches = sorted((tmp_path / "out" / "6.12").iterdir())
    assert "check(20, all, right);" in world.apply_to_clone(tip, patches, clone)
    assert "prepare(all);" not in (clone / "other.c").read_text()


def test_announced_text_is_included() -> None:
    text = "It hangs. It prints:\n\n  acme: bad state 7"
    assert _find_first_paragraph(f"{text}\n\nReset the ring.") == text
    text = "work() calls:\n\n\tlist_del(&it->list);\n\nSo this can loop forever."
    assert _find_first_paragraph(f"{text}\n\nUse the safe macro.") == text
    assert (
        _find_first_paragraph("work() calls:\n\n\tfree();\n\nCc: x") == "work() calls:\n\n\tfree();"
    )


def test_written_patches_are_remembered_until_removed(tmp_path: Path) -> None:
    commit = "1234567890ab" * 3
    branch = BranchResult("stable/linux-6.1.y", "6.1", "", BranchVerdict.CLEAN, "")
    assert recall_backport(commit, branch) is None
    for send in ("", "git send-email"):
        file = tmp_path / "out" / "6.1" / "0001-x.patch"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("x")
        backport = WrittenBackport(branch.branch, (file,), send=send)
        remember_backport([BackportResult(commit, "x")], backport)
        recalled = recall_backport(commit, branch)
        assert recalled
        assert recalled.files == (file,)
        # without a mailing list, there is no command that sends them
        assert bool(recalled.send) is bool(send)
        assert recall_backport(commit, replace(branch, branch="stable/linux-6.6.y")) is None
        file.unlink()
        assert recall_backport(commit, branch) is None
