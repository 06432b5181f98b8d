# SPDX-License-Identifier: GPL-2.0-or-later
"""`backport --adapt`: the patch that a stable maintainer would make of a fix that conflicts, or none."""

from pathlib import Path

from patchpilot.model.mail import parse_patch
from tests.backports.world import World, source
from tests.kit.cli import call


def adapted(world: World, folder: Path, *words: object) -> str:
    done = call("backport", "-C", world.repo.path, world.fix, "--onto", "linux-6.6.y", "--adapt", "--write", folder, *words)
    assert done.code == 0, done.err
    return done.out


def other_start(world: World) -> str:
    """A branch where the name in the fix's line differs."""
    return world.branch("6.6", world.groundwork, ("work: rename", {"w.c": source(l10="quick(10);", l19="verify(19);", l20="verify(20);")}))


def test_the_adapted_patch_is_in_the_form_of_the_stable_tree_and_explains_itself(world: World, tmp_path: Path) -> None:
    tip = other_start(world)
    assert "adapted (context, confidence 0." in adapted(world, tmp_path / "out", "--signoff")
    (file,) = (tmp_path / "out" / "6.6").iterdir()
    patch = parse_patch(file.read_bytes(), str(file))
    assert patch.header("Subject") == "[PATCH 6.6.y] work: do not forget step 20"
    assert patch.message[0] == f"[ Upstream commit {world.fix} ]"
    text = list(patch.message)
    signed = text.index("Signed-off-by: Ada Fixer <ada@example.org>")
    assert text[signed + 1].startswith("[ ")
    assert "w.c:22: the lines around the change differ in the branch" in text[signed + 1]
    assert patch.trailers[-1].name == "Signed-off-by"
    assert "+\tverify(20, all);" in file.read_text()
    clone = tmp_path / "clone"
    world.repo.git("clone", "-q", "--shared", "--no-checkout", ".", str(clone))
    world.repo.git("-C", str(clone), "checkout", "-q", "--detach", tip)
    world.repo.git("-C", str(clone), "am", "-q", str(file))
    assert "verify(20, all);" in (clone / "w.c").read_text()


def test_json_has_kind_confidence_steps_and_files(world: World) -> None:
    other_start(world)
    (branch,) = world.ask(world.fix, "--onto", "linux-6.6.y", "--adapt")["branches"]
    found = branch["adaptation"]
    assert (branch["verdict"], found["kind"], found["files"]) == ("conflict", "context", ["w.c"])
    assert 0.5 <= found["confidence"] <= 1
    assert len(found["steps"]) == 1
    (plain,) = world.ask(world.fix, "--onto", "linux-6.6.y")["branches"]
    assert plain["adaptation"] is None


def test_what_is_not_likely_to_be_right_is_written_on_request_only(world: World, tmp_path: Path) -> None:
    world.branch("6.6", world.groundwork, ("work: another way", {"w.c": source(l10="quick(10);", l19="check(19);", l20="nothing();")}))
    out = adapted(world, tmp_path / "out")
    assert "nothing written: adapted with a confidence of 0." in out
    assert not list((tmp_path / "out").rglob("*.patch"))
    adapted(world, tmp_path / "out", "--try")
    assert len(list((tmp_path / "out").rglob("*.patch"))) == 1
