# SPDX-License-Identifier: GPL-2.0-or-later
"""Test `patchpilot find --good --bad`: what may have introduced a bug."""

from pathlib import Path

import pytest

from tests.kit.cli import call
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
    result = call(
        "find", "-C", repo.path, "-", "--good", "v6.1", "--bad", bad, "--json", stdin=log.encode()
    )
    assert result.code == 0, result.err
    first = result.json["candidates"][0]
    assert (first["subject"], first["release"]) == (TITLE, "v6.2")
    assert match in [text[: len(match)] for text in first["matches"]]
    assert not result.json["likely"]


def test_version_of_the_log_is_the_bad_one(repo: Repo) -> None:
    outcome = call("find", "-C", repo.path, "-", "--good", "6.1", stdin=TRACE.encode())
    assert "a list to read, from 10 commits in 6.1..6.2.0-13-amd64" in outcome.out
    assert "git bisect start" in outcome.out


def test_range_without_commits_is_an_error(repo: Repo) -> None:
    for words, error in (
        (("--good", "v6.2", "--bad", "v6.1"), "nothing to search"),
        (("--bad", "v6.2"), "--bad needs --good"),
        (("--good", "v6.1", "--in", "v6.1"), "--good excludes --in"),
        (("--good", "5.4.3"), "5.4.3"),
    ):
        call("find", "-C", repo.path, "-", *words, stdin=TRACE.encode()).expect(2, error)
