# SPDX-License-Identifier: GPL-2.0-or-later
"""Test the comparison of a backport with the commit that it names."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.history.origin import compare_with_origin, find_explanation
from patchpilot.model.origin import Origin
from tests.kit.cli import call
from tests.kit.mails import ADA
from tests.kit.repos import Repo

AUTHOR = "Ann Author <ann@author.example>"
TAGS = (
    "Reported-by: Rob Reporter <rob@report.example>\n"
    "Reviewed-by: Rae Reviewer <rae@review.example>\n"
    f"Signed-off-by: {AUTHOR}\n"
)
TEXT = "The ring overflows, because nobody subtracts n.\n"
OLD = ["int ring(int n)", "{", *(f"\tstep({number});" for number in range(1, 60)), "}"]
FIXED = {
    "\tstep(20);": '\tif (n > 7)\n\t\tstep(20 - n);\n\tpr_warn("ring is full\\n");',
    "\tstep(45);": "\tlast(45);",
}


def build(changes: dict[str, str], branch: bool = False) -> str:
    lines = [changes.get(line, line) for line in OLD]
    if branch:
        # other context, and other line numbers
        lines[:2] = ["/* a ring */", "", "long ring(int n)", "{"]
        lines = [line.replace("step(19)", "old_step(19)") for line in lines]
    return "\n".join(lines) + "\n"


class World:
    """A repository with a fix in mainline, and a branch with other context."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.repo.commit(f"ring: add it\n\nSigned-off-by: {AUTHOR}", self._files(build({})))
        self.repo.branch("old")
        self.repo.commit("ring: be older", self._files(build({}, branch=True)))
        self.repo.checkout("master")
        self.fix = self.repo.commit(
            f"ring: subtract n\n\n{TEXT}\n{TAGS}", self._files(build(FIXED)), author=AUTHOR
        )
        self.repo.git("update-ref refs/remotes/origin/master HEAD")
        self.repo.checkout("old")

    @staticmethod
    def _files(text: str) -> dict[str, str]:
        return {"drivers/ring.c": text, "MAINTAINERS": "x\n", "Kbuild": "", "init/main.c": ""}

    def pick(
        self,
        text: str = build(FIXED, branch=True),
        *,
        tags: str = TAGS,
        note: str = "",
        below: str = "",
        author: str = AUTHOR,
        mark: str = "commit {} upstream.",
    ) -> str:
        message = (
            f"ring: subtract n\n\n{mark.format(self.fix)}\n\n{TEXT}\n{tags}{note}"
            f"Signed-off-by: {ADA}{below}"
        )
        return self.repo.commit(message, {"drivers/ring.c": text}, author=author)

    def compare(self, commit: str) -> Origin:
        with Repository.open(self.repo.path) as repository:
            origin = compare_with_origin(repository, format_commit_patch(repository, commit))
        assert origin is not None
        return origin

    def check(self, *options: str) -> dict[str, Any]:
        document = json.loads(self.repo.patchpilot("check HEAD --format json", *options).out)
        patch: dict[str, Any] = document["patches"][0]
        return patch


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "clone")


def test_backport_with_other_context_has_the_same_lines(world: World) -> None:
    origin = world.compare(world.pick())
    assert (origin.commit.id, origin.same, origin.differences) == (world.fix, "context", ())
    patch = world.check()
    assert patch["origin"]["commit"] == world.fix
    assert patch["origin"]["same"] == "context"
    assert patch["origin"]["differences"] == []
    assert patch["findings"] == []


def test_backport_to_another_path_has_the_same_lines(world: World) -> None:
    world.repo.git("mv drivers/ring.c drivers/old_ring.c")
    world.repo.git("commit -q -m move")
    world.repo.put("drivers/old_ring.c", build(FIXED, branch=True))
    world.repo.git("commit -qa", f"-mring: subtract n\n\ncommit {world.fix} upstream.\n\n{TAGS}")
    origin = world.compare(world.repo.git("rev-parse HEAD"))
    assert origin.same == "context"
    assert "path" in {each.kind for each in origin.differences}


SLIPS = {
    "line": ("\tif (n > 7)\n", "", "left-out", 24),
    "added": ("\t\tstep(20 - n);\n", "\t\tstep(20 - n);\n\t\tmsleep(100);\n", "added", 26),
    "constant": ("n > 7", "n > 8", "changed", 24),
    "string": ("ring is full", "ring is ful", "changed", 26),
    "hunk": ("\tlast(45);", "\tstep(45);", "left-out", 51),
    "order": (
        '\t\tstep(20 - n);\n\tpr_warn("ring is full\\n");\n',
        '\tpr_warn("ring is full\\n");\n\t\tstep(20 - n);\n',
        "order",
        25,
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_slip_is_reported_at_its_place(world: World, name: str) -> None:
    old, new, kind, line = SLIPS[name]
    good = build(FIXED, branch=True)
    assert old in good
    commit = world.pick(good.replace(old, new))
    differences = world.compare(commit).differences
    assert [(each.kind, each.path) for each in differences] == [(kind, "drivers/ring.c")]
    assert abs((differences[0].line or 0) - line) <= 2
    patch = world.check()
    findings = [each for each in patch["findings"] if each["name"] == "backport-differs"]
    assert [each["line"] for each in findings] == [differences[0].line]
    assert patch["origin"]["same"] == "lines"


def test_lines_at_another_place_than_git_applies_them_are_reported(world: World) -> None:
    good = build(FIXED, branch=True)
    moved = good.replace("\tlast(45);\n", "\tstep(45);\n").replace("step(55)", "last(45)")
    world.repo.checkout("master")
    world.repo.checkout("old")
    origin = world.compare(world.pick(moved.replace("last(45)", "step(55)") + "\tlast(45);\n"))
    assert origin.same == "lines"


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"author": str(ADA)}, "backport-author"),
        ({"tags": TAGS.replace("Reviewed-by: Rae", "Reviewed-by: Ray")}, ""),
        ({"tags": "\n".join(TAGS.split("\n")[1:])}, "backport-tags"),
        ({"tags": TAGS.replace("Rae Reviewer <rae", "Eve Other <eve")}, "backport-tags"),
        ({"tags": f"Acked-by: Eve Other <eve@other.example>\n{TAGS}"}, "backport-tags"),
    ],
)
def test_changed_author_and_tags_are_reported(
    world: World, options: dict[str, str], name: str
) -> None:
    world.pick(**options)
    assert {each["name"] for each in world.check()["findings"]} == ({name} if name else set())


@pytest.mark.parametrize("is_below", [False, True])
def test_upstream_author_may_review_the_backport(world: World, is_below: bool) -> None:
    text = build(FIXED, branch=True).replace("n > 7", "n > 8")
    note, review = "[ Ada: the limit is larger here ]\n", f"Reviewed-by: {AUTHOR}"
    if is_below:
        world.pick(text, note=note, below=f"\n{review}")
    else:
        world.pick(text, note=f"{note}{review}\n")
    assert world.check()["findings"] == []
    world.pick(text.replace("> 8", "> 9"), tags=f"{review}\n{TAGS}", note=note)
    assert {each["name"] for each in world.check()["findings"]} == {"backport-tags"}


@pytest.mark.parametrize("tags", ["{review}{note}", "{note}{review}"])
def test_review_by_the_author_counts_below_the_note(world: World, tags: str) -> None:
    note, review = "[ Ada: the limit is larger here ]\n", f"Reviewed-by: {AUTHOR}\n"
    world.pick(note=tags.format(note=note, review=review))
    file = world.repo.path / "0001.patch"
    file.write_text(world.repo.git("format-patch -1 --stdout --subject-prefix='PATCH 5.15.y'"))
    outcome = call("check", file, "--select", "self-given-tag")
    assert ("authors cannot review" in outcome.out) is tags.startswith("{review}")


@pytest.mark.parametrize(
    "note",
    [
        "[ Ada: the limit is larger here ]\n",
        "[ada@example.org: the limit is larger here]\n",
        "[backported to the old ring: adjust the limit]\n",
        "[ Ada: ring[0] has another\n  limit here ]\n",
        "[backported to the old ring:\nadjust the limit]\n",
        "Conflicts:\n\tdrivers/ring.c\n",
    ],
)
def test_explained_difference_is_listed_but_not_reported(world: World, note: str) -> None:
    world.pick(build(FIXED, branch=True).replace("n > 7", "n > 8"), note=note)
    patch = world.check()
    assert patch["findings"] == []
    assert patch["origin"]["explanation"] == " ".join(note.partition("\n\t")[0].split())
    assert [each["kind"] for each in patch["origin"]["differences"]] == ["changed"]


def test_mark_and_sign_off_explain_nothing() -> None:
    original = f"ring: subtract n\n\n{TEXT}\n{TAGS}"
    for mark in ("[ Upstream commit {} ]", "commit {} upstream.", "(cherry picked from commit {})"):
        message = f"ring: subtract n\n\n{mark.format('1' * 40)}\n\n{TEXT}\n{TAGS}"
        assert find_explanation(f"{message}Signed-off-by: {ADA}\n", original) == ""


@pytest.mark.parametrize(
    "mark", ["(cherry picked from commit {})", "[ Upstream commit {} ]", "Git-commit: {}"]
)
def test_rules_for_mainline_are_silent_about_what_the_origin_has(world: World, mark: str) -> None:
    ugly = build({**FIXED, "\tstep(45);": "\tif(n)last( 45 );"})
    world.repo.checkout("master")
    world.fix = world.repo.commit(
        f"Fixed the ring.\n\nThis patch fixes the ring.\n\n{TAGS}",
        {"drivers/ring.c": ugly},
        author=AUTHOR,
    )
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    assert world.check()["findings"]
    world.repo.checkout("old")
    world.repo.put("drivers/ring.c", build(FIXED, branch=True))
    world.repo.git("commit -qam older")
    message = (
        f"Fixed the ring.\n\n{mark.format(world.fix)}\n\nThis patch fixes the ring.\n\n{TAGS}"
        f"Signed-off-by: {ADA}"
    )
    text = build({**FIXED, "\tstep(45);": "\tif(n)last( 45 );"}, branch=True)
    world.repo.commit(message, {"drivers/ring.c": text}, author=AUTHOR)
    assert world.check("--strict")["findings"] == []


def test_fixes_tag_may_name_the_backport_of_the_culprit(world: World) -> None:
    world.repo.checkout("master")
    fixed = world.repo.git("rev-parse HEAD~1")
    tag = f'Fixes: {fixed[:12]} ("ring: add it")\n'
    world.fix = world.repo.commit(
        f"ring: subtract m\n\n{TEXT}\n{tag}{TAGS}",
        {"drivers/ring.c": build({**FIXED, "\tstep(50);": "\tstep(50 - m);"})},
        author=AUTHOR,
    )
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    world.repo.git("checkout -q --orphan other")
    culprit = world.repo.commit(
        f"ring: add it\n\ncommit {fixed} upstream.\n\nSigned-off-by: {AUTHOR}",
        {"drivers/ring.c": build(FIXED)},
    )
    for id_ in (fixed, culprit):
        message = (
            f"ring: subtract m\n\ncommit {world.fix} upstream.\n\n{TEXT}\n"
            f"{tag.replace(fixed[:12], id_[:12])}{TAGS}Signed-off-by: {ADA}"
        )
        text = build({**FIXED, "\tstep(50);": "\tstep(50 - m);"})
        world.repo.commit(message, {"drivers/ring.c": text}, author=AUTHOR)
        assert world.check("--strict")["findings"] == []
        world.repo.git("reset -q --hard HEAD~1")


def test_reverted_origin_is_reported(world: World) -> None:
    world.pick()
    world.repo.checkout("master")
    world.repo.commit(
        f'Revert "ring: subtract n"\n\nThis reverts commit {world.fix}.\n\nSigned-off-by: {ADA}',
        {"drivers/ring.c": build({})},
    )
    world.repo.git("update-ref refs/remotes/origin/master HEAD")
    world.repo.checkout("old")
    patch = world.check()
    assert [each["name"] for each in patch["findings"]] == ["backport-corrected-upstream"]
    assert [each["kind"] for each in patch["origin"]["follow_ups"]] == ["revert"]


@pytest.mark.parametrize("options", [(), ("-C", "."), ("--jobs", "2")])
def test_mailed_backport_is_compared(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    world.pick(build(FIXED, branch=True).replace("n > 7", "n > 8"))
    mail = world.repo.git("format-patch -1 --stdout --subject-prefix 'PATCH 6.1.y'")
    (tmp_path / "x.patch").write_text(mail + "\n")
    monkeypatch.chdir(world.repo.path / "drivers")
    document = call("check --json", *options, tmp_path / "x.patch").json
    assert (document["repository"] is None) is ("-C" not in options)
    assert document["patches"][0]["origin"]["same"] == "lines"
    names = [each["name"] for each in document["patches"][0]["findings"]]
    assert "backport-differs" in names


STOP = "void stop(int n)\n{\n}\n\n"
CALL = FIXED | {"\tstep(45);": "\tstop(45);"}


@pytest.fixture
def older(world: World) -> World:
    """Return a branch without stop(), which the fix in mainline calls."""
    repo = world.repo
    repo.checkout(f"{world.fix}^")
    repo.commit("ring: add stop()", {"drivers/ring.c": STOP + build({})})
    message = f"ring: subtract n\n\n{TEXT}\n{TAGS}"
    world.fix = repo.commit(message, {"drivers/ring.c": STOP + build(CALL)}, author=AUTHOR)
    repo.git("update-ref refs/remotes/origin/master HEAD")
    repo.git("branch -q linux-6.1.y old")
    repo.checkout("old")
    return world


def list_unknown_functions(document: dict[str, Any]) -> list[str]:
    return [
        f"{each['severity']}: {each['path']}:{each['line']}: {each['message']}"
        for patch in document["patches"]
        for each in patch["findings"]
        if each["name"] == "backport-unknown-function"
    ]


def test_call_of_a_function_that_the_branch_lacks_is_reported(older: World) -> None:
    older.pick(build(CALL, branch=True))
    (finding,) = list_unknown_functions(older.repo.patchpilot("check --json HEAD").json)
    assert finding == "error: drivers/ring.c:51: the branch does not have stop()"
    # an identical patch is checked as well, and log() comes from a library, as in mainline
    older.repo.git("reset -q --hard HEAD~1")
    older.pick(build(CALL | {"\tstep(30);": "\tlog(30);"}, branch=True))
    assert "log()" in str(list_unknown_functions(older.repo.patchpilot("check --json HEAD").json))


@pytest.mark.parametrize("is_static", [True, False])
def test_functions_of_the_branch_and_of_the_backport_are_known(
    older: World, is_static: bool
) -> None:
    stop = STOP.replace("void", "static void") if is_static else STOP
    older.repo.commit("ring: have it", {"init/main.c": STOP} if is_static else {"x.h": STOP})
    older.pick(stop + build(CALL, branch=True))
    assert not list_unknown_functions(older.repo.patchpilot("check --json HEAD").json)


def test_calls_of_mailed_backports_are_compared_with_their_branch(
    older: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    adding = older.repo.commit("ring: add stop()", {"drivers/stop.c": STOP})
    older.pick(build(CALL, branch=True))
    older.repo.git(f"format-patch -q -o {tmp_path} --subject-prefix 'PATCH 6.1.y' {adding}~1..")
    first, second = sorted(tmp_path.glob("*.patch"))
    monkeypatch.chdir(older.repo.path)
    (finding,) = list_unknown_functions(call("check --json", second).json)
    assert "stop()" in finding
    assert not list_unknown_functions(call("check --json", first, second).json)


LONG = "\tring_log(device, level, RING_FULL | RING_WAIT, n - 20, first, second, third, number);"


@pytest.mark.parametrize(
    "change", ["x", *(pytest.param(c, marks=pytest.mark.long) for c in ("", "  "))]
)
@pytest.mark.parametrize(
    "at", [70, *(pytest.param(at, marks=pytest.mark.long) for at in (4, 30, 59, 60, 83))]
)
def test_part_of_a_long_line_that_differs_is_shown(world: World, at: int, change: str) -> None:
    fixed = FIXED | {"\tstep(45);": LONG}
    files = {"drivers/ring.c": build(fixed)}
    world.repo.checkout(f"{world.fix}^")
    world.fix = world.repo.commit(f"ring: subtract n\n\n{TEXT}\n{TAGS}", files, author=AUTHOR)
    world.repo.checkout("old")
    other = LONG[:at] + change + LONG[at + (1 if change.strip() or not change else 0) :]
    (difference,) = world.compare(
        world.pick(build(fixed | {"\tstep(45);": other}, branch=True))
    ).differences
    ours, theirs = re.findall(r"'(\+[^']*)'", difference.message)
    assert ours != theirs
    assert max(len(ours), len(theirs)) <= 64
