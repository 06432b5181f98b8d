# SPDX-License-Identifier: GPL-2.0-or-later
"""Test which mainline commit a commit, patch or message is, whatever was looked up before.

A repository has a fix in mainline, and a branch with an adapted backport for each format in which
projects and vendors name the mainline commit.
"""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from patchpilot.commits.range import format_commit_patch
from patchpilot.commits.repository import Repository
from patchpilot.history.fix_in_branch import History, LandedHow
from patchpilot.history.index_file import delete_index
from patchpilot.history.mainline_commit import (
    MainlineSearch,
    find_named_mainline_commit,
)
from patchpilot.history.stable_branches import find_mainline
from tests.kit.repos import Repo
from tests.projects.test_commit_marks_table import FORMS, NO_MARKS, format_form

LINES = [f"line {number}\n" for number in range(60)]
SUBJECT = "net: frob: stop the ring"
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(1, 20))]
PREFIXES = ["", "", "UPSTREAM: ", "BACKPORT: ", "FROMGIT: ", "UBUNTU: SAUCE: "]
WAYS = ["direct", "of a stable id", "of an id of a branch"]


def make_text(**changes: str) -> str:
    lines = list(LINES)
    for name, value in changes.items():
        lines[int(name[1:])] = f"{value}\n"
    return "".join(lines)


class Trees:
    """A repository with a fix on master and adapted backports on other branches."""

    def __init__(self, path: Path) -> None:
        self.repo = Repo(path)
        self.base = self.repo.commit("start", {"f.c": make_text()})
        self.culprit = self.repo.commit("net: frob: start the ring", {"f.c": make_text(l5="five")})
        self.fix = self.repo.commit(
            f'{SUBJECT}\n\nFixes: {self.culprit[:12]} ("net: frob: start the ring")\n',
            {"f.c": make_text(l5="five", l9="nine", l30="thirty")},
        )

    def backport(self, branch: str, message: str, text: str = "own", *, start: str = "") -> str:
        """Commit an adapted backport on a new branch, and return its id."""
        self.repo.git("checkout -q -b", branch, start or self.culprit)
        author = "Vera Vendor <vera@example.org>"
        files = {"f.c": make_text(l5="five", l30=f"{text} thirty", l40=text)}
        commit = self.repo.commit(message, files, author=author)
        self.repo.checkout("master")
        return commit


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    return Trees(tmp_path / "r")


@pytest.fixture
def repository(trees: Trees) -> Iterator[Repository]:
    with Repository.open(trees.repo.path) as repository:
        yield repository


def search(history: History) -> MainlineSearch:
    main = find_mainline(history.repository)
    assert main
    return MainlineSearch(history.repository, main, history)


def name_id(trees: Trees, way: str, number: int) -> str:
    """Return the id that a vendor's backport names."""
    if way == "direct":
        return trees.fix
    mark = (
        f"commit {trees.fix} upstream."
        if way == "of a stable id"
        else (f"(cherry picked from commit {trees.fix})")
    )
    return trees.backport(f"stable-{number}", f"{SUBJECT}\n\n{mark}\n", f"stable {number}")


@pytest.mark.parametrize("seed", SEEDS)
def test_every_form_leads_to_the_mainline_commit(trees: Trees, seed: int) -> None:
    rng = random.Random(seed)
    tips: dict[str, tuple[str, str]] = {}
    for number, form in enumerate(FORMS):
        way = rng.choice(WAYS)
        subject = f"{rng.choice(PREFIXES)}{SUBJECT}"
        mark = format_form(form, name_id(trees, way, number), SUBJECT)
        message = f"{subject}\n\n{mark}\n\nText.\n"
        tips[form] = way, trees.backport(f"vendor-{number}", message, f"vendor {number}")
    table: Counter[tuple[str, str]] = Counter()
    wrong = []
    with Repository.open(trees.repo.path) as repository, History(repository) as history:
        for form, (way, tip) in tips.items():
            patch = format_commit_patch(repository, tip)
            landing = history.landed(trees.fix, tip)
            answers = {
                "commit": search(history).of_ids([tip]),
                "patch": search(history).of_patch(patch),
                "without index": find_named_mainline_commit(repository, tip),
                "branch": trees.fix if landing and landing.commit == tip else None,
            }
            for question, answer in answers.items():
                result = "right" if answer == trees.fix else "wrong" if answer else "unknown"
                table[question, result] += 1
                wrong += [(form, way, question, result)] if result != "right" else []
    assert not wrong
    assert table == {
        (question, "right"): len(FORMS)
        for question in ("commit", "patch", "without index", "branch")
    }


def test_other_mentions_lead_nowhere(trees: Trees, repository: Repository) -> None:
    tips = [
        trees.backport(f"b-{number}", f"net: other {number}\n\n{format_form(form, trees.fix)}\n")
        for number, form in enumerate(NO_MARKS)
    ]
    with History(repository) as history:
        found = [search(history).of_ids([tip]) for tip in tips]
        landings = [history.landed(trees.fix, tip) for tip in tips]
    assert found == [None] * len(NO_MARKS)
    assert landings == [None] * len(NO_MARKS)


@pytest.mark.parametrize("is_asked_first", [False, True])
def test_answer_does_not_depend_on_the_index(trees: Trees, is_asked_first: bool) -> None:
    stable = trees.backport("stable", f"{SUBJECT}\n\ncommit {trees.fix} upstream.\n")
    vendor = trees.backport("v", f"{SUBJECT}\n\n(cherry picked from commit {stable})\n", "vendor")
    with Repository.open(trees.repo.path) as repository:
        delete_index(repository)
        if is_asked_first:
            with History(repository) as history:
                assert history.landed(trees.fix, stable)
        with History(repository) as history:
            landing = history.landed(trees.fix, vendor)
    assert landing
    assert (landing.commit, landing.how) == (vendor, LandedHow.MARKER)


def test_commit_fetched_after_the_index_was_made_counts(trees: Trees, tmp_path: Path) -> None:
    stable = trees.backport("stable", f"{SUBJECT}\n\ncommit {trees.fix} upstream.\n")
    vendor = trees.backport("v", f"{SUBJECT}\n\n(cherry picked from commit {stable})\n", "vendor")
    clone = Repo(tmp_path / "clone")
    clone.git("fetch -q", str(trees.repo.path), "master:refs/heads/main", "v:refs/heads/v")
    with Repository.open(clone.path) as repository, History(repository) as history:
        assert history.landed(trees.fix, vendor) is None
    clone.git("fetch -q", str(trees.repo.path), "stable:refs/heads/linux-6.1.y")
    with Repository.open(clone.path) as repository, History(repository) as history:
        landing = history.landed(trees.fix, vendor)
    assert landing
    assert landing.commit == vendor


@pytest.fixture
def two_ids(trees: Trees) -> tuple[str, str]:
    """Merge a fix from a -next branch and from a branch for fixes, into which it was picked."""
    text = make_text(l5="five", l9="nine", l30="thirty", l50="fifty")
    trees.repo.git("checkout -q -b next")
    first = trees.repo.commit("net: frob: clear it", {"f.c": text})
    trees.repo.git("checkout -q -b fixes", trees.fix)
    trees.repo.commit("other", {"other.c": "x\n"})
    trees.repo.git("cherry-pick -x", first)
    second = trees.repo.git("rev-parse HEAD")
    trees.repo.checkout("master")
    trees.repo.git("merge -q --no-ff -m fixes fixes")
    trees.repo.git("merge -q --no-ff -m next next")
    return first, second


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize("asked", [0, 1])
def test_two_ids_of_one_fix_are_one_fix(
    trees: Trees, repository: Repository, two_ids: tuple[str, str], named: int, asked: int
) -> None:
    message = f"net: frob: clear it\n\ncommit {two_ids[named]} upstream.\n"
    tip = trees.backport("stable", message)
    with History(repository) as history:
        landing = history.landed(two_ids[asked], tip)
        assert landing
        assert (landing.commit, landing.how) == (tip, LandedHow.MARKER)
        assert history.missing([two_ids[asked]], tip) == ()


@pytest.mark.parametrize("named", [0, 1])
@pytest.mark.parametrize("asked", [0, 1])
def test_fixes_of_both_ids_are_follow_ups(
    trees: Trees, repository: Repository, two_ids: tuple[str, str], named: int, asked: int
) -> None:
    later = trees.repo.commit(
        f'net: frob: clear it right\n\nFixes: {two_ids[named][:12]} ("net: frob: clear it")\n',
        {"f.c": make_text(l5="five", l9="nine", l30="thirty", l50="right")},
    )
    with History(repository) as history:
        assert history.fixers(two_ids[asked], later) == (later,)


def test_commit_of_next_that_was_picked_into_mainline(trees: Trees, tmp_path: Path) -> None:
    trees.repo.git("checkout -q -b next")
    first = trees.repo.commit("net: frob: clear it", {"f.c": make_text(l5="five", l50="fifty")})
    trees.repo.checkout("master")
    trees.repo.commit("other", {"other.c": "x\n"})
    second = trees.repo.commit(
        f"net: frob: clear it\n\n(cherry picked from commit {first})\n",
        {"f.c": make_text(l5="five", l9="nine", l30="thirty", l50="fifty")},
    )
    tip = trees.backport("stable", f"net: frob: clear it\n\ncommit {first} upstream.\n")
    clone = Repo(tmp_path / "clone")
    clone.git("fetch -q", str(trees.repo.path), "master:refs/heads/main", "stable:refs/heads/b")
    # the commit of -next is in one of the repositories only
    for path in (trees.repo.path, clone.path):
        with Repository.open(path) as repository, History(repository) as history:
            assert search(history).of_ids([tip]) == second
            landing = history.landed(second, tip)
            assert landing
            assert landing.commit == tip


def test_commit_that_names_several_is_none_of_them(trees: Trees, repository: Repository) -> None:
    other = trees.repo.commit("other", {"other.c": "x\n"})
    both = f"[ Upstream commits {trees.fix} and\n  {other} ]"
    squashed = trees.backport("stable", f"net: frob: both\n\n{both}\n")
    only_other = trees.backport("b", f"other\n\ncommit {other} upstream.\n", start=trees.base)
    with History(repository) as history:
        assert history.landed(trees.fix, squashed)
        assert history.landed(other, squashed)
        assert history.landed(squashed, only_other) is None


@pytest.mark.parametrize("has_subject", [False, True])
def test_fixes_tag_with_a_stable_id_means_the_mainline_commit(
    trees: Trees, repository: Repository, has_subject: bool
) -> None:
    stable = trees.backport(
        "stable", f"net: frob: start the ring\n\ncommit {trees.culprit} upstream.\n"
    )
    subject = ' ("net: frob: start the ring")' if has_subject else ""
    later = trees.repo.commit(
        f"net: frob: later\n\nFixes: {stable[:12]}{subject}\n", {"a.c": "1\n"}
    )
    with History(repository) as history:
        (culprit,) = history.culprits(later)
    assert culprit.commit == trees.culprit
