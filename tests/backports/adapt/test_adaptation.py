# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `backport --adapt` adapts a conflicting fix like a stable maintainer, or reports that
it cannot.
"""

from pathlib import Path

import pytest

from patchpilot.model.mail import parse_patch
from tests.kit.backport_world import World, format_function, track_failed_backports
from tests.kit.repos import Repo


def write_adapted_patch(world: World, folder: Path, *arguments: object) -> str:
    result = world.run_backport(
        world.fix, "--onto", "linux-6.6.y", "--adapt", "--write", folder, *arguments
    )
    # the exit code is 1 if a branch needs the fix but nothing was written
    assert result.code == ("nothing written" in result.out), result.err
    return result.out


def test_adapted_patch_follows_stable_conventions(world: World, tmp_path: Path) -> None:
    tip = world.create_renamed_branch()
    assert "adapted (context, confidence 0." in write_adapted_patch(
        world, tmp_path / "out", "--signoff"
    )
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    patch = parse_patch(file.read_bytes(), str(file))
    assert patch.header("Subject") == "[PATCH 6.6.y] work: do not forget step 20"
    assert patch.message[0] == f"commit {world.fix} upstream."
    text = list(patch.message)
    signed = text.index("Signed-off-by: Ada Fixer <ada@example.org>")
    note = " ".join(" ".join(text[signed + 1 :]).split())
    assert note.startswith("[ ")
    words = "w.c: made the change in the branch's line, which has verify instead of check"
    assert words in note
    assert "check the changed line" not in note, "advice is for the user"
    assert patch.trailers[-1].name == "Signed-off-by"
    assert "+\tverify(20, all);" in file.read_text()
    assert "verify(20, all);" in world.apply_to_clone(tip, [file], tmp_path / "clone")


def test_note_names_the_conflicting_commit(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    branch = world.repo.git("rev-parse --short=12 linux-6.6.y")
    output = write_adapted_patch(world, tmp_path / "out")
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    note = " ".join(file.read_text().split())
    assert f'instead of check (since {branch} "work: rename") ]' in note
    assert f'instead of check (since {branch} "work: rename"); check the changed line' in " ".join(
        output.split()
    )
    # the note names a person, so it needs that person's sign-off
    hint = "help: your sign-off belongs below your note: remove"
    again = f"backport {world.fix[:12]} --onto linux-6.6.y --adapt --write {tmp_path / 'out'}"
    assert f"{hint} {file.parent}, then run `patchpilot {again} --signoff`" in output
    assert "--signoff" not in write_adapted_patch(world, tmp_path / "signed", "--signoff")


def test_whitespace_difference_is_noted(world: World, tmp_path: Path) -> None:
    world.create_stable_branch(
        "6.6",
        world.groundwork,
        (
            "work: spaces",
            {"w.c": format_function(l10="quick(10);", l19="  check(19);", l20="  check(20);")},
        ),
    )
    write_adapted_patch(world, tmp_path / "out", "--signoff")
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    assert "w.c: the lines around the change differ in white space only" in file.read_text()
    assert "+\tcheck(20, all);" in file.read_text()


def test_note_has_no_placeholders(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    write_adapted_patch(world, tmp_path / "out", "--signoff")
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    note = file.read_text().partition("\n---\n")[2]
    assert note.strip().startswith(
        "Adapted to 6.6: the message lists what differs from upstream commit"
        f" {world.fix[:12]}.\n\n1:  "
    )
    assert "your own Signed-off-by" not in note


def test_adapted_patch_replies_to_the_failed_message(world: World, tmp_path: Path) -> None:
    world.create_renamed_branch()
    track_failed_backports(world.fix, tmp_path, "6.6")
    assert "linux-6.6.y: in reply to <failed-6.6-2@" in write_adapted_patch(
        world, tmp_path / "out", "--signoff"
    )
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    patch = parse_patch(file.read_bytes(), str(file))
    assert (patch.header("Subject"), patch.message[0]) == (
        "[PATCH 6.6.y] work: do not forget step 20",
        f"commit {world.fix} upstream.",
    )
    assert (patch.header("In-Reply-To") or "").startswith("<failed-6.6-2@")
    assert [address.email for address in patch.addresses("To")] == ["stable@vger.kernel.org"]


def test_unknown_project_has_no_mailing_list(
    tmp_path: Path,
) -> None:
    repo = Repo(tmp_path / "tool")
    repo.commit("start", {"w.c": format_function(l19="check(19);", l20="verify(20);")})
    old_commit = repo.git("rev-parse HEAD")
    repo.commit("names", {"w.c": format_function(l19="check(19);", l20="check(20);")})
    fix_commit = repo.commit(
        "fix", {"w.c": format_function(l19="check(19);", l20="check(20, all);")}
    )
    outcome = repo.patchpilot(
        "backport", fix_commit, "--onto", old_commit, "--adapt", "--write", tmp_path / "out"
    )
    assert outcome.code == 0, outcome.err
    (file,) = (tmp_path / "out").rglob("*.patch")
    patch = parse_patch(file.read_bytes(), str(file))
    assert not patch.addresses("To")
    assert patch.message[0] == f"[ Upstream commit {fix_commit} ]"


def test_json_describes_the_adaptation(world: World) -> None:
    world.create_renamed_branch()
    (branch,) = world.read_backport_json(world.fix, "--onto", "linux-6.6.y", "--adapt")["branches"]
    adaptation = branch["adaptation"]
    assert (branch["verdict"], adaptation["kind"], adaptation["files"]) == (
        "conflict",
        "context",
        ["w.c"],
    )
    assert 0.5 <= adaptation["confidence"] <= 1
    assert len(adaptation["steps"]) == 1
    (plain,) = world.read_backport_json(world.fix, "--onto", "linux-6.6.y")["branches"]
    assert plain["adaptation"] is None


def test_unlikely_adaptation_is_not_written(world: World, tmp_path: Path) -> None:
    world.create_stable_branch(
        "6.6",
        world.groundwork,
        (
            "work: another way",
            {"w.c": format_function(l10="quick(10);", l19="check(19);", l20="check(20, none);")},
        ),
    )
    output = write_adapted_patch(world, tmp_path / "out")
    assert "nothing written: adapted with a confidence of 0." in output
    assert not list((tmp_path / "out").rglob("*.patch"))
    assert "--adapt --resolve" in output


@pytest.mark.parametrize("note", ["[ Mia: some is enough,\n  all is missing here ]\n", ""])
def test_maintainer_backport_is_used_unchanged(world: World, tmp_path: Path, note: str) -> None:
    tip = world.create_renamed_branch()
    branch_lines = {
        "l10": "quick(10);",
        "l19": "check(19);",
        "l20": "verify(20, some);",
    }
    backport = world.create_stable_branch(
        "6.12",
        tip,
        (
            f"work: adapted\n\ncommit {world.fix} upstream.\n\nIt was lost.\n\n"
            f"Signed-off-by: Ada Fixer <ada@example.org>\n{note}"
            "Signed-off-by: Mia Maintainer <mia@example.org>\n",
            {"w.c": format_function(**branch_lines)},
        ),
    )
    document = world.read_backport_json(world.fix, "--onto", "linux-6.6.y", "--adapt")
    adaptation = document["branches"][0]["adaptation"]
    assert (adaptation["kind"], adaptation["confidence"]) == ("backport", 0.95)
    taken = f"took the backport to 6.12, {backport[:12]}, which applies here unchanged"
    assert adaptation["steps"] == [taken]
    assert adaptation["start"] == backport
    output = write_adapted_patch(world, tmp_path / "out", "--signoff")
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    text = file.read_text()
    assert "+\tverify(20, some);" in text
    message, _, below = text.partition("\n---\n")
    assert f"{note}Signed-off-by: Mia Maintainer <mia@example.org>\n[ " in message
    assert taken in " ".join(message.split())
    # that it was taken from another branch does not explain the lines
    assert ("the message lists what differs" in below) == bool(note)
    assert ("not the lines of upstream; explain them" in output) != bool(note)


def test_range_diff_shows_the_adaptation(world: World) -> None:
    world.create_renamed_branch()
    arguments = (world.fix, "--onto", "linux-6.6.y", "--range-diff")
    (branch,) = world.read_backport_json(*arguments)["branches"]
    lines = branch["adaptation"]["range_diff"].splitlines()
    assert "work: do not forget step 20" in lines[0]
    assert any("verify(20, all);" in line for line in lines)
    output = world.run_backport(*arguments).out
    assert all(line in output for line in lines)
