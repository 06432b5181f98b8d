# SPDX-License-Identifier: GPL-2.0-or-later
"""Run each file for CI from a clean clone on the histories that a forge has, step by step."""

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.kit.ci_runner import run_action, run_gitlab_job, run_jenkins_stage
from tests.kit.ci_schemas import find_github_problems
from tests.kit.repos import Repo
from tests.kit.topics import SIGNED

CLEAN = "/* SPDX-License-Identifier: GPL-2.0 */\nint frob(int x);\n"
FLAW = "int grob(int x ) ;\n"


def describe(title: str) -> str:
    return (
        f"frob: {title}\n\nOld boards need a moment until the link is up, and the driver uses it"
        f" too\nearly. Wait for the link.\n\n{SIGNED}\n"
    )


def make_flaw(author: Repo) -> None:
    author.commit(describe("wait for the link"), {"lib/frob.h": CLEAN + FLAW})


def merge_base(author: Repo) -> None:
    make_flaw(author)
    author.git("merge -q --no-edit origin/master")


def add_empty_commit(author: Repo) -> None:
    make_flaw(author)
    author.git("commit -q --allow-empty -m 'trigger CI'")


def do_nothing(author: Repo) -> None:
    author.git("reset -q --hard origin/master")


def merge_upstream(author: Repo) -> None:
    """Merge flawed commits of another tree, which is the mainline of this one."""
    make_flaw(author)
    author.git("checkout -q -b upstream origin/master~1")
    author.commit(describe("ask the link"), {"lib/up.h": CLEAN + "int  up ;\n"})
    author.git("push -q origin upstream")
    author.git("checkout -q topic")
    author.git("merge -q --no-edit upstream")


def stack_fixups(author: Repo) -> None:
    """Add lines above the flaw, and rename the file."""
    make_flaw(author)
    author.commit("fixup! frob: wait", {"lib/frob.h": CLEAN + "int a;\n" * 3 + FLAW})
    author.git("mv lib/frob.h lib/grob.h")
    author.commit("fixup! frob: wait", {})


HISTORIES: Mapping[str, tuple[Callable[[Repo], None], tuple[str, int] | None]] = {
    "plain": (make_flaw, ("lib/frob.h", 3)),
    "merge commit": (merge_base, ("lib/frob.h", 3)),
    "empty commit": (add_empty_commit, ("lib/frob.h", 3)),
    "empty range": (do_nothing, None),
    "merged upstream": (merge_upstream, ("lib/frob.h", 3)),
    "stacked fixups": (stack_fixups, ("lib/grob.h", 6)),
}
"""The author's work, and the file and line of the flaw in its last commit."""
ARGUMENTS = {"merged upstream": "--not origin/upstream"}
"""The arguments of check that a history needs."""


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return a function that lets an author work, and returns a clean clone of the result."""
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    author = Repo(tmp_path / "author")
    author.commit(describe("add the link"), {"lib/frob.h": CLEAN})
    author.git("clone -q --bare .", str(tmp_path / "origin.git"))
    author.git("remote add origin", (tmp_path / "origin.git").as_uri())
    author.git("checkout -q -b topic")
    author.git("checkout -q -b base master")
    author.commit(describe("ask for the link"), {"lib/other.h": CLEAN})
    author.git("push -q origin base:master")
    author.git("fetch -q origin")
    author.git("checkout -q topic")

    def make_clone(history: str, *, fork: bool = False, depth: int | None = None) -> Path:
        HISTORIES[history][0](author)
        remote = "origin.git"
        if fork:
            author.git("clone -q --bare", str(tmp_path / "origin.git"), "../fork.git")
            author.git("push -q", (tmp_path / "fork.git").as_uri(), "topic")
            # GitHub has the commits of a pull request of a fork in refs/pull
            author.git("push -q origin topic:refs/pull/1/head")
        else:
            author.git("push -q origin topic")
        checkout = Repo(tmp_path / "checkout")
        checkout.git("remote add origin", (tmp_path / remote).as_uri())
        options = (f"--depth={depth}",) if depth else ()
        branch = "refs/pull/1/head" if fork else "topic"
        heads = () if depth else ("+refs/heads/*:refs/remotes/origin/*",)
        checkout.git("fetch -q", *options, "origin", f"+{branch}:refs/remotes/pull", *heads)
        checkout.git("checkout -q --detach refs/remotes/pull")
        return checkout.path

    return make_clone


SAMPLE = "stacked fixups"


def list_cases(names: Mapping[str, object]) -> list[object]:
    return [
        name if name == SAMPLE else pytest.param(name, marks=pytest.mark.long) for name in names
    ]


@pytest.mark.parametrize("history", list_cases(HISTORIES))
def test_github(clone: Callable[..., Path], history: str) -> None:
    folder = clone(history)
    run = run_action(folder, sarif="true", arguments=ARGUMENTS.get(history, ""))
    place = HISTORIES[history][1]
    assert run.passed is (place is None), run.log
    assert run.sarif is not None
    assert find_github_problems(run.sarif) == []
    assert "### patchpilot: " in run.summary
    if place is None:
        assert "no commits, because origin/master contains HEAD" in run.log
        return
    assert f"::error file={place[0]},line={place[1]}," in "\n".join(run.shown)
    places = {
        (where["artifactLocation"]["uri"], where["region"]["startLine"])
        for result in run.sarif["runs"][0]["results"]
        for where in [result["locations"][0]["physicalLocation"]]
        if result["properties"]["checkpatch"] == "SPACING"
    }
    assert places == {place}
    if history == "empty commit":
        assert "is an empty commit, which has no patch: skipped" in run.log


@pytest.mark.long
@pytest.mark.parametrize(
    ("event", "payload", "ref"),
    [
        ("push", {"before": "HEAD~1"}, "refs/heads/topic"),
        ("push", {"before": "0" * 40}, "refs/heads/topic"),
        ("push", {"before": "1" * 40}, "refs/heads/topic"),
        ("push", {"before": "origin/master"}, "refs/heads/master"),
        ("merge_group", {"merge_group": {"base_sha": "origin/master"}}, "refs/heads/queue"),
        ("workflow_dispatch", {}, "refs/heads/topic"),
        ("pull_request_target", {"pull_request": {"head": {"sha": "HEAD"}}}, "refs/heads/master"),
    ],
)
def test_github_events(
    clone: Callable[..., Path], event: str, payload: dict[str, object], ref: str
) -> None:
    run = run_action(clone("plain"), event, payload, ref=ref)
    assert not run.passed
    assert "::error file=lib/frob.h,line=3," in "\n".join(run.annotations), run.log


@pytest.mark.long
@pytest.mark.parametrize("event", ["push", "schedule"])
def test_github_event_without_a_base_is_an_error(clone: Callable[..., Path], event: str) -> None:
    run = run_action(clone("plain"), event, {"before": "0" * 40}, ref="refs/heads/master")
    assert (run.passed, len(run.annotations)) == (False, 1)
    assert "names no commits to compare with: set the input range" in run.annotations[0]


@pytest.mark.long
def test_github_fork_and_shallow_clone(clone: Callable[..., Path], tmp_path: Path) -> None:
    # the token of a fork may not upload
    run = run_action(clone("plain", fork=True), upload=lambda _: False, sarif="true")
    assert not run.passed
    assert "::error file=lib/frob.h,line=3," in "\n".join(run.annotations), run.log
    (tmp_path / "checkout").rename(tmp_path / "complete")
    run = run_action(clone("plain", depth=1), sarif="true")
    assert (run.passed, run.sarif) == (False, None)
    assert "set fetch-depth: 0 for actions/checkout" in run.annotations[0]


@pytest.mark.long
@pytest.mark.parametrize("fork", [False, True])
@pytest.mark.parametrize("history", HISTORIES)
def test_gitlab(clone: Callable[..., Path], tmp_path: Path, history: str, fork: bool) -> None:
    folder = clone(history, fork=fork)
    variables = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "master"}
    if fork:
        # the pipeline runs in the fork, whose branch is older
        repo = Repo(folder)
        repo.git("push -q", (tmp_path / "fork.git").as_uri(), "+origin/master~1:refs/heads/master")
        repo.git("remote set-url origin", (tmp_path / "fork.git").as_uri())
        variables |= {"CI_PROJECT_ID": "2", "CI_MERGE_REQUEST_PROJECT_ID": "1"}
        variables["CI_MERGE_REQUEST_PROJECT_URL"] = (tmp_path / "origin").as_uri()
    variables["ARGUMENTS"] = "" if fork else ARGUMENTS.get(history, "")
    completed, issues = run_gitlab_job("patchpilot", folder, installs=False, **variables)
    place = HISTORIES[history][1]
    assert completed.returncode == (1 if place else 0), completed.stderr
    assert issues is not None
    if place:
        assert "error: space prohibited" in completed.stdout
        places = [(one["location"]["path"], one["location"]["lines"]["begin"]) for one in issues]
        assert place in places
    else:
        assert issues == []


@pytest.mark.long
@pytest.mark.parametrize("history", HISTORIES)
def test_jenkins(clone: Callable[..., Path], history: str) -> None:
    folder = clone(history)
    steps, report = run_jenkins_stage(folder)
    place = HISTORIES[history][1]
    assert steps[-1].returncode == (1 if place else 0), steps[-1].stderr
    root = ET.parse(report).getroot()
    assert bool(int(root.attrib["failures"])) is (place is not None)


@pytest.mark.long
def test_shallow_clones_name_the_remedy(clone: Callable[..., Path]) -> None:
    folder = clone("stacked fixups", depth=1)
    variables = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "master"}
    completed, issues = run_gitlab_job("patchpilot", folder, installs=False, **variables)
    assert (completed.returncode, issues) == (3, None)
    assert "the clone is shallow" in completed.stderr
    steps, report = run_jenkins_stage(folder)
    assert (steps[-1].returncode, report.exists()) == (3, False)
