# SPDX-License-Identifier: GPL-2.0-or-later
"""Test that `find` lists no commit that the searched branch has as a backport."""

from pathlib import Path
from typing import Any

import pytest

from patchpilot.commits.repository import Repository
from patchpilot.finding.find_fix import find_later_fixes, rank_fix_candidates, read_symptom
from tests.kit.repos import Repo

FILE = "drivers/net/acme/ring.c"
BODY = "int acme_ring_fill(struct ring *r)\n{\n\tint a = 1;\n\tint b = 2;\n\n\treturn use(r);\n}\n"
FIRST = "acme: check the ring before it is filled"
SECOND = "acme: check the number in the ring"
LOG = "BUG: kernel NULL pointer dereference\nRIP: 0010:acme_ring_fill+0x2b/0x110 [acme]\n"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """Create a bug in v6.1, and two fixes in mainline."""
    repo = Repo(tmp_path / "r")
    repo.commit("Linux 6.1", {FILE: BODY, "Makefile": "VERSION = 6\nPATCHLEVEL = 1\n"})
    repo.tag("v6.1")
    for number in range(12):
        repo.commit(f"net: change {number}", {f"net/core{number}.c": "int x;\n"})
    fixed = BODY.replace("\treturn", "\tif (!r)\n\t\treturn 0;\n\treturn")
    repo.commit(f"{FIRST}\n\nThe pointer may be NULL.\n", {FILE: fixed})
    repo.commit(f"{SECOND}\n\nIt may be 0.\n", {FILE: fixed.replace("int b = 2", "int b = r->b")})
    return repo


def find(repo: Repo, *arguments: str) -> dict[str, Any]:
    result = repo.patchpilot("find", *arguments, "--json", stdin=LOG.encode())
    return result.json  # type: ignore[no-any-return]


def subjects(document: dict[str, Any]) -> list[str]:
    return [candidate["subject"] for candidate in document["candidates"]]


def add_backport(repo: Repo, *, is_marked: bool) -> None:
    fix = repo.git("rev-parse master~1")
    repo.git("checkout -q -b linux-6.1.y v6.1")
    repo.git("cherry-pick", fix)
    if is_marked:
        repo.git("commit -q --amend -m", f"{FIRST}\n\ncommit {fix} upstream.\n")
    repo.checkout("master")


@pytest.mark.parametrize("is_marked", [True, False])
@pytest.mark.parametrize("symptom", ["-", "acme_ring_fill"])
def test_backported_commit_is_not_listed(repo: Repo, symptom: str, is_marked: bool) -> None:
    assert {FIRST, SECOND} <= set(subjects(find(repo, symptom, "--in", "v6.1")))
    add_backport(repo, is_marked=is_marked)
    document = find(repo, symptom, "--in", "linux-6.1.y")
    assert FIRST not in subjects(document)
    assert SECOND in subjects(document)
    (note,) = [note for note in document["notes"] if "under another id" in note]
    assert f'("{FIRST}")' in note


def test_fix_of_a_backport_is_found(repo: Repo) -> None:
    add_backport(repo, is_marked=True)
    fix = repo.git("rev-parse master~1")
    repo.commit(f'acme: right\n\nFixes: {fix[:12]} ("{FIRST}")\n', {FILE: BODY})
    with Repository.open(repo.path) as repository:
        found = find_later_fixes(repository, "linux-6.1.y")
    assert "acme: right" in [candidate.subject for candidate in found.candidates]


@pytest.mark.parametrize("is_marked", [True, False])
def test_backported_commit_has_no_weight_in_a_bisection(repo: Repo, is_marked: bool) -> None:
    add_backport(repo, is_marked=is_marked)
    with Repository.open(repo.path) as repository:
        search = rank_fix_candidates(repository, read_symptom(repository, LOG), tree="linux-6.1.y")
    listed = [fix.subject for fix in search.fixes]
    assert FIRST not in listed
    assert SECOND in listed
