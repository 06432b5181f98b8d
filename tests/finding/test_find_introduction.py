# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot find --good --bad`: what may have introduced a bug."""

from pathlib import Path

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import read_symptom
from patchpilot.finding.find_introduction import find_introduction
from patchpilot.finding.report_bug import save_bug_report
from tests.kit.repos import Repo

FILE = "drivers/net/acme/ring.c"
OLD = """\
static int acme_ring_start(struct ring *ring)
{
\treturn ring->id;
}
"""
NEW = """\
static int acme_ring_fill(struct ring *ring)
{
\tpr_err("cannot fill the ring of queue %d\\n", ring->id);
\treturn ring->page->id;
}

static int acme_ring_start(struct ring *ring)
{
\treturn acme_ring_fill(ring);
}
"""
TITLE = "acme: allocate pages in advance"
TRACE = """\
[  102.5] CPU: 3 PID: 811 Comm: fio Not tainted 6.2.0-13-amd64 #1
[  102.5] RIP: 0010:acme_ring_fill.isra.0+0x2b/0x110 [acme]
[  102.5]  acme_ring_start+0x51/0x90 [acme]
"""


@pytest.fixture
def repo(workdir: Path) -> Repo:
    """Create a repository in which a commit between v6.1 and v6.2 adds acme_ring_fill()."""
    linux_repo = Repo(workdir / "linux")
    base = {"Makefile": "VERSION = 6\n", "Kbuild": "x\n", "Kconfig": "x\n", "MAINTAINERS": "x\n"}
    linux_repo.commit("Linux 6.1\n", {**base, FILE: OLD})
    linux_repo.tag("v6.1")
    linux_repo.commit("acme: fix the start of acme_ring_start()\n", {FILE: OLD + "/* x */\n"})
    linux_repo.commit(f"{TITLE}\n\nIt is faster.\n", {FILE: NEW})
    for number in range(8):
        linux_repo.commit(
            f"acme: say more of the ring {number}\n\nThe ring of a queue fills.\n",
            {f"drivers/net/acme/main{number}.c": f"int acme{number};\n"},
        )
    linux_repo.tag("v6.2")
    linux_repo.git("update-ref refs/remotes/origin/master HEAD")
    return linux_repo


@pytest.mark.parametrize(
    ("log", "match"),
    [
        (TRACE, "adds acme_ring_fill()"),
        ("[ 1.0] acme: cannot fill the ring of queue 3\n", "adds 'cannot fill'"),
    ],
)
@pytest.mark.parametrize("bad", ["v6.2", "6.2.0-13-amd64"])
def test_commit_that_adds_what_the_log_names_is_first(
    repo: Repo, log: str, match: str, bad: str
) -> None:
    result = repo.patchpilot("find - --good v6.1 --bad", bad, "--json", stdin=log.encode())
    assert result.code == 0, result.err
    first = result.json["candidates"][0]
    assert (first["subject"], first["release"]) == (TITLE, "v6.2")
    assert match in [text[: len(match)] for text in first["matches"]]
    assert not result.json["likely"]


def test_commit_of_a_stable_branch_has_its_first_stable_release(repo: Repo) -> None:
    repo.git("checkout -q --detach v6.1")
    makefile = "VERSION = 6\nPATCHLEVEL = 1\n"
    repo.commit("acme: fill the ring at once\n", {FILE: NEW, "Makefile": makefile})
    for release in ("6.1.1", "6.1.2"):
        repo.commit(f"Linux {release}\n", {"Makefile": f"{makefile}SUBLEVEL = {release[-1]}\n"})
        repo.tag(f"v{release}")
    repo.git("update-ref refs/remotes/stable/linux-6.1.y HEAD")
    repo.git("checkout -q --detach origin/master")
    for bad in ("v6.1.2", "6.1.2", "stable/linux-6.1.y"):
        words = ("--good", "v6.1", "--bad", bad, "--json")
        answer = repo.patchpilot("find -", *words, stdin=TRACE.encode()).json
        assert [fix["release"] for fix in answer["candidates"]] == ["v6.1.1"], bad


def test_commit_that_shares_only_words_is_not_listed(repo: Repo) -> None:
    log = "tide 0000:03:00.0: the queue of the ring is too fast"
    outcome = repo.patchpilot("find - --good v6.1 --bad v6.2", stdin=log.encode())
    assert outcome.out.startswith("no commit fits, of 10 commits in v6.1..v6.2\n")
    assert "%" not in outcome.out
    assert "next: test " in outcome.out


def test_version_of_the_log_is_the_bad_one(repo: Repo) -> None:
    outcome = repo.patchpilot("find - --good 6.1", stdin=TRACE.encode())
    assert "a list to read, from 10 commits in 6.1..6.2.0-13-amd64" in outcome.out
    # the commands name revisions that git knows
    assert "git bisect start v6.2 v6.1" in outcome.out
    assert "patchpilot send --regression v6.1..v6.2" in outcome.out


@pytest.mark.parametrize("title", [TITLE, "acme: say more of the ring 6"])
def test_tests_lead_to_the_commit(repo: Repo, title: str) -> None:
    culprit = repo.git(f"log --format=%H --fixed-strings --grep='{title}'")
    good, bad, tests = "v6.1", "v6.2", 0
    while True:
        line = f"find - --good {good} --bad {bad} --json"
        answer = repo.patchpilot(line, stdin=TRACE.encode()).json
        if not answer["next"]:
            break
        tests += 1
        has_bug = culprit in repo.git("rev-list", f"v6.1..{answer['next']}").splitlines()
        good, bad = (good, answer["next"]) if has_bug else (answer["next"], bad)
    assert bad == culprit
    assert tests <= (3 if title == TITLE else 6)


def test_releases_are_tested_before_commits(repo: Repo) -> None:
    for version in ("6.3-rc1", "6.3", "6.6", "6.7"):
        for number in range(3):
            repo.commit(f"acme: change {version} {number}", {f"acme/{version}{number}.c": "x\n"})
        repo.tag(f"v{version}")
    log = TRACE.replace("acme_ring_fill", "other_open").replace("acme_ring_start", "other_run")
    log = log.replace("acme", "other")

    def find_next(good: str, bad: str) -> str:
        words = ("--good", good, "--bad", bad, "--json")
        answer = repo.patchpilot("find -", *words, stdin=log.encode()).json
        return str(answer["next"])

    # 6.6 has long-term support; there is none between v6.1 and v6.6
    assert find_next("v6.1", "v6.7") == "v6.6"
    assert find_next("v6.1", "v6.6") in ("v6.2", "v6.3")
    assert len(find_next("v6.3", "v6.6")) == 40


def test_report_of_a_regression_names_both_versions(repo: Repo) -> None:
    words = ("--good", "v6.1", "--bad", "v6.2", "--report")
    outcome = repo.patchpilot("find -", *words, stdin=TRACE.encode())
    report = Path(outcome.err.splitlines()[-1].removeprefix("wrote "))
    text = report.read_text()
    assert "with v6.2 I get this" in text
    assert "It works with v6.1." in text
    assert "#regzbot introduced: v6.1..v6.2" in text
    assert "regressions@lists.linux.dev" in text


def test_report_names_versions_that_others_know(repo: Repo) -> None:
    repo.git("branch works v6.1")
    log = TRACE.replace("Not tainted 6.2.0-13-amd64 #1", "")
    outcome = repo.patchpilot("find - --good works --report", stdin=log.encode())
    text = Path(outcome.err.splitlines()[-1].removeprefix("wrote ")).read_text()
    assert "with v6.2 I get this" in text
    assert "It works with v6.1." in text
    assert "#regzbot introduced: v6.1..v6.2" in text
    assert "HEAD" not in text


def test_suspect_in_a_report_was_not_bisected(repo: Repo) -> None:
    suspect = repo.git("rev-parse v6.1^{commit}")
    with Repository.open(repo.path) as repository:
        result = find_introduction(repository, read_symptom(repository, TRACE), "v6.1", "")
        text = save_bug_report(
            repository, result.found, TRACE, good=result.good, bad=result.bad, suspect=suspect
        ).read_text()
    assert "RIP: 0010:acme_ring_fill" in text
    assert f'I suspect {suspect[:12]} ("Linux 6.1"), but did not bisect.' in text
    assert "#regzbot introduced: v6.1..v6.2" in text
    assert "by bisection" not in text


def test_fix_is_searched_up_to_a_newer_version_that_works(repo: Repo) -> None:
    repo.commit("acme: change acme_ring_start() again\n", {FILE: NEW + "/* y */\n"})
    repo.git("update-ref refs/remotes/origin/master HEAD")
    makefile = "VERSION = 6\nPATCHLEVEL = {}\n"
    repo.git("checkout -q --detach v6.1")
    repo.commit("Linux 6.1.9\n", {"Makefile": makefile.format(1)})
    repo.tag("v6.1.9")
    repo.git("checkout -q --detach v6.2")
    repo.commit("Linux 6.2.1\n", {"Makefile": makefile.format(2)})
    repo.tag("v6.2.1")
    for good, bad in (("v6.2", "v6.1"), ("v6.2.1", "v6.1.9")):
        words = f"find - --good {good} --bad {bad} --report"
        outcome = repo.patchpilot(words, stdin=TRACE.encode())
        assert f"commits in {bad}..{good}, as {good} is newer and works" in outcome.out
        assert TITLE in outcome.out
        assert "acme_ring_start() again" not in outcome.out
        assert "git bisect start" not in outcome.out
        report = Path(outcome.err.splitlines()[-1].removeprefix("wrote ")).read_text()
        assert f"It works with {good}, which is newer." in report
        assert "regzbot" not in report


def test_range_without_commits_is_an_error(repo: Repo) -> None:
    for words, error in (
        (("--good", "v6.2", "--bad", "v6.2"), "nothing to search"),
        (("--bad", "v6.2"), "--bad needs --good"),
        (("--good", "v6.1", "--in", "v6.1"), "--good excludes --in"),
        (("--good", "5.4.3"), "5.4.3"),
    ):
        repo.patchpilot("find -", *words, stdin=TRACE.encode()).expect(2, error)
